/* leaves: every stored model that a plan reads, however deep in recipes within recipes: what the
 * result comes from. Borrowed from the plan. */
#ifndef CUPEL_ENGINE_LEAVES_H
#define CUPEL_ENGINE_LEAVES_H
#include "engine/plan.h"

struct leaf {
	const struct plan *plan;   /* whose input it is */
	size_t at;                 /* its number there */
	bool inner;                /* of a recipe inside; else of the plan itself */
	struct model *model;
	struct hash hash;          /* for whoever hashes them */
	double coefficient;        /* leaves_coefficients: its part in the result */
};
struct leaves {
	struct leaf *v;
	size_t n;
	size_t recipes;            /* inside; each once */
	size_t inputs;             /* that those have in all */
};
/* The plan's own inputs in order, recipes left out; then those of the recipes, each model once. */
struct leaves leaves_find(const struct plan *p);
void leaves_fini(struct leaves *l);
const struct leaf *leaves_of_input(const struct leaves *l, size_t i); /* NULL: it is a recipe */
/* What the result is a sum of, recipes inside worked out: false where a method on the way is not
 * linear, or tensors differ in it. But for the rounding of each step. */
bool leaves_coefficients(const struct plan *p, struct leaves *l);
#endif
