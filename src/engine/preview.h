/* preview: live figures of a plan. One pass over the inputs leaves sums, histograms and a sample;
 * after that every edit is answered from them. preview_show adopts a plan and returns at once,
 * every figure with a closed form already new; the others sharpen in the background (sample → sums
 * → exact) and `changed` is called from a worker, at most every 16 ms. An edit never restarts the
 * pass over the
 * inputs: what it found belongs to them.
 * One owner thread calls preview_*; the getters never block on a file. */
#ifndef CUPEL_ENGINE_PREVIEW_H
#define CUPEL_ENGINE_PREVIEW_H
#include "engine/plan.h"
#include "recipe/effect.h"
#include "stat/stats.h"
#include "system/pool.h"

struct preview;
struct preview *preview_new(struct pool *pool, struct catalog *c, void (*changed)(void *ctx),
	void *ctx);                /* c may be NULL: nothing is remembered then */
void preview_free(struct preview *v);
void preview_show(struct preview *v, struct plan *p);   /* takes its own reference */
/* background exact pass of the present plan */
void preview_want_exact(struct preview *v, bool on);
/* What is on screen: these tensors' work is done first. */
void preview_focus(struct preview *v, const size_t *tensors, size_t n);
/* t: tensor index of the plan; input: index into plan->inputs->v (ignored if not per_input). A
 * tensor that this input lacks is FIG_FAILED. Figures against the base use inputs->figure_base. */
struct figure preview_figure(struct preview *v, size_t t, enum stat_id s, int input);
/* The same over many tensors as one long vector (sums added, then the formula); tensors that the
 * input lacks are left out, and so are integers (they are no weights). tensors NULL: all. */
struct figure preview_group(struct preview *v, const size_t *tensors, size_t n, enum stat_id s,
	int input);
/* NearSwap and diff: share swapped etc. between base and input as functions of t. */
bool preview_swap(struct preview *v, const size_t *tensors, size_t n, int input, double t,
	struct swap_point *out);   /* false: not known yet, or no base */
/* Over all tensors by counting, at n points whose t are given. Blocking: for verbs. */
bool preview_swap_exact(struct preview *v, int input, struct swap_point *p, size_t n,
	struct err *e);
double preview_swap_solve(struct preview *v, const size_t *tensors, size_t n, int input,
	/* t at which `fraction` of the elements is fully swapped; NaN unknown */
	double fraction);
/* Survivors per element (measured: TIES after trimming and sign election, DARE by its mask), like
 * effect's coverage. coverage has room for MERGE_MAX_INPUTS + 1; interval, if not NULL, as much:
 * half widths, 0 when exact. */
bool preview_coverage(struct preview *v, double *coverage, double *interval, size_t *n);
struct preview_progress {
	double done;               /* 0…1 of what is wanted */
	const char *phase;         /* "sample", "sums", "exact", "ready", "failed" */
	uint64_t nonfinite;        /* NaN/Inf elements met in the inputs */
	/* since the inputs were read whole; NaN if from the catalog or not yet */
	double read_seconds_ago;
	char error[256];
};
void preview_progress(struct preview *v, struct preview_progress *out);
/* Nothing runs any more and every result is told by the generation; "ready" can be seen before. */
bool preview_idle(struct preview *v);
uint64_t preview_generation(struct preview *v); /* changes when any figure did */
/* Blocking: for verbs. Figures of every tensor, exact if asked. Stops at process_cancelled. */
bool preview_wait(struct preview *v, bool exact, struct err *e);
#endif
