/* plan_work: what the parts of plan.c share: the planner at work, what the recipe and the models
 * must be (plan_check.c), what is said of them (plan_say.c). Private to engine/. */
#ifndef CUPEL_ENGINE_PLAN_WORK_H
#define CUPEL_ENGINE_PLAN_WORK_H
#include <stdatomic.h>
#include "base/arena.h"
#include "engine/inputs.h"

struct plan_all { /* the allocation behind struct plan */
	struct plan p;
	atomic_int refs;
	struct arena arena;
};
struct planner {
	const struct recipe *r;
	struct inputs *in;
	struct plan_all *all;
	struct findings *f;
	struct err *e;
	bool failed, varies;       /* varies: some parameter depends on the tensor */
	enum dtype dtype;          /* stored dtype by the recipe; DT_UNKNOWN: by promotion */
	double (*input)[P_COUNT];  /* of every input; the tensor at work, or all of them */
	double *global;
	int *everyone;             /* 0, 1, 2 …: inputs of a tensor that all have */
};

const struct mark *plan_mark(const struct planner *w, int input);
/* Input k of those a row is made of. */
int plan_row_input(const struct planner *w, const struct input_row *row, size_t k);
/* An error: among the findings, and the first of them is the plan's. Returns false. */
bool plan_problem(struct planner *w, const struct mark *at, const char *where, const char *code,
	const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* plan_check.c: before any tensor */
bool plan_allowed(struct planner *w);
/* plan_say.c: what tensors some models lack, what is left over */
void plan_say_missing(struct planner *w, const struct input_row *rows, size_t n);
void plan_say_rest(struct planner *w, const struct input_row *rows, size_t n);
void plan_remark(struct planner *w, enum severity sev, const struct mark *at, const char *code,
	const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
#endif
