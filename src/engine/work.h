/* work: one output tensor on its way through the kernels: reads its inputs in parts that stay in
 * cache, hands them to observe and apply. What decides when and on which thread is in stream.c and
 * exact.c; the bits do not depend on it.
 * A struct work is shared by the workers on that tensor (they only read it; fold and settle are the
 * scheduler's to serialise); a struct desk belongs to one worker. */
#ifndef CUPEL_ENGINE_WORK_H
#define CUPEL_ENGINE_WORK_H
#include "engine/plan.h"

/* Elements read at once: a few inputs of it fit the second cache. */
#define WORK_PART ((size_t)16384)

struct work {
	const struct plan *plan;
	const struct plan_tensor *t;
	size_t index;              /* in the plan */
	const struct method *m;
	void *state;
	uint64_t windows;          /* of WINDOW_ELEMS, for the result */
	uint64_t window, pass_windows; /* what passes see: elements of a window, how many */
	int passes;
	size_t unit;               /* elements that the kernels want together; 1 usually */
};
bool work_begin(struct work *w, const struct plan *p, size_t index, struct err *e);
void work_end(struct work *w);

struct desk { /* buffers of one worker, grown on demand */
	float *in[MERGE_MAX_INPUTS], *out;
	unsigned char *raw;
	size_t part, n_in;
};
void desk_fini(struct desk *d);

size_t work_span(const struct work *w, int pass, uint64_t window); /* elements; 0: left out */
/* A whole window of a pass into a partial of partial_size bytes. */
bool work_observe(const struct work *w, int pass, uint64_t window, void *partial, struct desk *d,
	struct err *e);

/* Elements [first, first+n) of the result, in parts, in order. bytes, if not NULL, gets the stored
 * bytes of every input part that lies plainly in its file, for hashing; k counts the spec's
 * inputs. */
typedef bool work_part_fn(void *ctx, uint64_t first, size_t n, const float *const *in,
	const float *out, struct err *e);
typedef void work_bytes_fn(void *ctx, int k, uint64_t first, size_t n, const void *stored);
bool work_apply(const struct work *w, uint64_t first, uint64_t n, struct desk *d,
	work_part_fn *part,
	work_bytes_fn *bytes, void *ctx, struct err *e);

/* The model and tensor of a spec's input. */
struct model *work_model(const struct work *w, int k);
const struct tensor *work_source(const struct work *w, int k);
/* Elements of it are its stored bytes in order. */
bool work_plain(const struct model *m, const struct tensor *t);
#endif
