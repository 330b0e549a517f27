/* look_work: the inside of look.h, shared by look.c (rows, work) and look_figure.c. Nobody else
 * includes it. */
#ifndef CUPEL_ENGINE_LOOK_WORK_H
#define CUPEL_ENGINE_LOOK_WORK_H
#include "engine/look.h"
#include "engine/memo.h"
#include "engine/pair_figure.h"
#include "engine/pump.h"

struct look_slots {
	struct slot *all;              /* NULL: nothing to read */
	int vector[LOOK_MAX];          /* of each model in it, -1 */
	int reference;                 /* vector compared with, -1 none */
	struct slot *alone[LOOK_MAX];  /* models whose tensor has another shape */
};
struct look {
	struct model *model[LOOK_MAX], *base;
	size_t n;
	void (*changed)(void *ctx);
	void *ctx;
	struct memo *memo;
	struct pump *pump;
	struct look_row *rows;
	struct look_slots *slots;
	size_t n_rows;
	atomic_bool want_exact, skip_sample, dirty;
	atomic_uint_fast64_t generation;
	atomic_int_fast64_t told_ns;
};
#endif
