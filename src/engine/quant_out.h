/* quant_out: the files a quantization writes, while they grow: in the folder .OUT.cupel-tmp beside
 * OUT, with a journal .OUT.cupel-journal of finished tensors and a lock. They get their names when
 * all are whole: a GGUF's parts beside OUT, the first one last; an MLX folder as a whole.
 * One owner; quant_out_write by any thread, quant_out_done by one at a time. */
#ifndef CUPEL_ENGINE_QUANT_OUT_H
#define CUPEL_ENGINE_QUANT_OUT_H
#include <pthread.h>
#include "engine/quantize.h"
#include "system/line_file.h"

struct quant_done { /* a finished target */
	bool done;
	struct hash hash;          /* of its stored bytes, all arrays one after the other */
	uint64_t nonfinite;
};
struct quant_out {
	const struct quant_plan *plan;
	const struct quant_layout *layout;
	struct quant_done *v;      /* per target */
	size_t resumed;
	char *path, *name;         /* absolute; its last component */
	bool replace;
	/* private */
	char *tmp, *journal_path;
	int *fd;
	struct line_file journal;
	pthread_mutex_t writing;
	struct process_lock *lock;
};
/* head: lines that must be the same for a resumed run. NULL: refused, with the reason. */
struct quant_out *quant_out_open(const struct quant_plan *p, const struct quant_layout *l,
	const struct quantize_options *o, const char *head, struct err *e);
bool quant_out_write(struct quant_out *q, struct quant_place at, const void *bytes, size_t n,
	struct err *e);
/* Reads it back and hashes it: arrays of at most three places. */
bool quant_out_hash(const struct quant_out *q, size_t target, struct hash *h, struct err *e);
bool quant_out_done(struct quant_out *q, size_t target, const struct quant_done *d, struct err *e);
bool quant_out_put(struct quant_out *q, const struct quantize_file *f, struct err *e);
bool quant_out_publish(struct quant_out *q, bool sync, struct err *e);
void quant_out_close(struct quant_out *q); /* what is not published stays for --resume */
/* tests: killed after so many finished targets and named files; 0 never */
void quant_out_die_after(size_t steps);
#endif
