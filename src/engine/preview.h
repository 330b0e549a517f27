/* preview: live figures of a plan. One pass over the inputs leaves sums, histograms and a sample; after
 * that every edit is answered from them. preview_show adopts a plan and returns at once; figures
 * sharpen in the background (sample → sums → exact) and `changed` is called from a worker, coalesced.
 * One owner thread calls preview_*; the getters never block and never read a file. */
#ifndef CUPEL_ENGINE_PREVIEW_H
#define CUPEL_ENGINE_PREVIEW_H
#include "engine/plan.h"
#include "recipe/effect.h"
#include "system/pool.h"

enum figure_state { FIG_NONE, FIG_SAMPLED, FIG_CLOSED, FIG_EXACT, FIG_FAILED };
struct figure {
	double value, lo, hi;      /* lo, hi: 95 % interval when sampled; else = value */
	enum figure_state state;
};
const char *figure_state_name(enum figure_state s);

enum stat_id { /* rows of stat/stats.def */
#define STAT(id, ...) STAT_##id,
#include "stat/stats.def"
#undef STAT
	STAT_COUNT
};
struct stat_info {
	const char *name, *title, *unit, *formula, *help;
	bool per_input;            /* a value per input, else one per tensor */
	int better;                /* -1 lower, +1 higher, 0 neither */
};
const struct stat_info *stat_info(enum stat_id s);
enum stat_id stat_by_name(const char *name); /* unique prefix allowed; STAT_COUNT if none */

struct preview;
struct preview *preview_new(struct pool *pool, struct catalog *c, void (*changed)(void *ctx),
	void *ctx);
void preview_free(struct preview *v);
void preview_show(struct preview *v, struct plan *p);   /* takes its own reference */
void preview_want_exact(struct preview *v, bool on);    /* background exact pass of the present plan */
/* t: tensor index of the plan; input: index into plan->inputs->v (ignored if not per_input). */
struct figure preview_figure(struct preview *v, size_t t, enum stat_id s, int input);
/* The same over many tensors as one long vector (sums added, then the formula). */
struct figure preview_group(struct preview *v, const size_t *tensors, size_t n, enum stat_id s,
	int input);
/* NearSwap and diff: share swapped etc. as functions of t. */
struct swap_point { double t; struct figure full, mean_shift, frozen; };
bool preview_swap(struct preview *v, const size_t *tensors, size_t n, int input, double t,
	struct swap_point *out);
double preview_swap_solve(struct preview *v, const size_t *tensors, size_t n, int input,
	double fraction);          /* t at which `fraction` of the elements is fully swapped; NaN unknown */
/* Survivors per element (measured: TIES by sign election, DARE by density), like effect's coverage. */
bool preview_coverage(struct preview *v, double *coverage, size_t *n);
struct preview_progress {
	double done;               /* 0…1 of what is wanted */
	const char *phase;         /* "sample", "sums", "exact", "ready" */
	uint64_t nonfinite;        /* NaN/Inf elements met in the inputs */
	double read_seconds_ago;
	char error[256];
};
void preview_progress(struct preview *v, struct preview_progress *out);
uint64_t preview_generation(struct preview *v); /* changes when any figure did */
/* Blocking: for verbs. Figures of every tensor, exact if asked. */
bool preview_wait(struct preview *v, bool exact, struct err *e);
#endif
