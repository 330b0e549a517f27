/* look: live figures of one to four opened models, side by side: the Tensors view and the verb
 * diff.
 * Rows are tensors by Hugging Face name, whatever the containers. Figures come from the sample at
 * once (state sampled) and from one pass over the weights (state exact); what a pass found is kept
 * in the catalog and never read again. `changed` is called from a worker, at most every 16 ms.
 * The look holds references on its models. One owner thread calls look_*; getters never read. */
#ifndef CUPEL_ENGINE_LOOK_H
#define CUPEL_ENGINE_LOOK_H
#include "catalog/catalog.h"
#include "model/model.h"
#include "stat/stats.h"
#include "system/pool.h"

#define LOOK_MAX 4
struct look_row {
	/* of the first model that has it: name, role, layer, expert, shape */
	const struct tensor *like;
	long tensor[LOOK_MAX];      /* index in each model, -1 if it lacks it */
	long base;                  /* index in the base, -1 */
	bool other_shape;           /* shapes differ: no figure compares them */
};
struct look;
/* base may be NULL, or one of the models. c may be NULL. */
struct look *look_new(struct pool *pool, struct catalog *c, struct model *const *models, size_t n,
	struct model *base, void (*changed)(void *ctx), void *ctx);
void look_free(struct look *l);
/* first model's order, then what only others have */
size_t look_rows(const struct look *l);
const struct look_row *look_row(const struct look *l, size_t row);
void look_focus(struct look *l, const size_t *rows, size_t n);

/* Of one model: NORM, DELTA_NORM (against the base), ZEROS, STD, ABS_MAX, NONFINITE.
 * Against the reference (the first model; the base when there is one model): COSINE,
 * ONE_MINUS_COSINE,
 * RELATIVE_L2, MAX_ABS, SIGN_AGREEMENT, INPUT_CONFLICT, DELTA_COSINE, DELTA_RATIO, MEAN_SHIFT
 * (mean |m-x|); the reference is x in their formulas, `model` is m. Others are FIG_FAILED. */
struct figure look_figure(struct look *l, size_t row, enum stat_id s, int model);
/* Tensors together as one long vector; integers are left out. rows NULL: all. */
struct figure look_group(struct look *l, const size_t *rows, size_t n, enum stat_id s, int model);

/* Swap curve from the reference to `model`; frozen for an output of that dtype. false: not
 * known. */
bool look_swap(struct look *l, const size_t *rows, size_t n, int model, double t, enum dtype out,
	struct swap_point *p);
/* The same by counting: reads everything; p[k].t are given. Blocking; one thread, which works
 * too. */
bool look_swap_exact(struct look *l, struct pool *pool, int model, enum dtype out,
	struct swap_point *p,
	size_t n, struct err *e);

/* Distribution of magnitudes, n bins of equal width in log2 over [from, to): of the difference to
 * the reference (delta) or of the weights themselves. From the sample until the tensor was read. */
struct look_histogram {
	double from, to;            /* edges of the whole range; values */
	double median, p99, max;    /* of the magnitudes; max NaN until exact */
	double zero;                /* share exactly zero */
	enum figure_state state;
};
bool look_histogram(struct look *l, size_t row, int model, bool delta, double *bins, size_t n,
	struct look_histogram *out);

struct look_progress {
	double done;                /* 0…1 of what is wanted */
	const char *phase;          /* "sample", "sums", "ready", "failed" */
	uint64_t nonfinite;
	double read_seconds_ago;    /* NaN if from the catalog or not yet */
	char error[256];
};
void look_progress(struct look *l, struct look_progress *out);
bool look_idle(struct look *l); /* nothing runs any more, and the generation tells of all it did */
uint64_t look_generation(struct look *l);
bool look_wait(struct look *l, bool exact, struct err *e); /* blocking: for verbs */
#endif
