/* knobs: the values of a recipe a person can turn, as rows: an input with its parameters, a filter
 * under it, a global. Built anew from each snapshot; values and marks are found again by target.
 * knobs_init/knobs_fini own what is in it; settings are borrowed from the recipe.
 * UI thread only. */
#ifndef CUPEL_UI_KNOBS_H
#define CUPEL_UI_KNOBS_H
#include "base/vec.h"
#include "ui/view/doc.h"
#include "ui/widget/slider.h"

enum knob_kind { KNOB_NUMBER, KNOB_FLAG, KNOB_GRADIENT, KNOB_FILTERS, KNOB_TEXT, KNOB_NONE };
struct knob {
	const struct param_def *def;
	struct recipe_target target;
	const struct setting *setting; /* what is written there, or NULL */
	enum knob_kind kind;
	double value;     /* NaN when not written */
	double fallback;  /* what holds then; NaN when nothing does */
	bool ignored;     /* written or not, it has no effect: on the base, or by the method */
	bool changed;     /* differs from the saved recipe */
};
#define KNOB_COLUMNS 4
struct knob_row {
	char *label;
	/* index in models; -1 a global, -2 a per-input parameter for all inputs (of a slice, of the
	 * recipe: the knobs' targets say) */
	int input;
	int depth;        /* how far the label is moved in */
	bool filter;      /* a filter under the row above */
	int slice;        /* of the recipe; -1: of all */
	/* knobs; 0: the heading of a slice or module */
	struct knob knob[KNOB_COLUMNS];
	int n;
};
struct knobs {
	vec(struct knob_row) rows;
	const struct param_def *columns[KNOB_COLUMNS]; /* per-input parameters */
	int n_columns;
};
void knobs_build(struct knobs *k, const struct doc *d);
void knobs_fini(struct knobs *k);
/* Slider of a knob; step and ends from the method's row. */
struct slider knob_slider(const struct knob *k);
/* A new snapshot with this knob at `value` (flags: 0/1; gradients: every value moved by the change
 * of their mean). NULL with a reason. */
struct recipe *knob_set(const struct recipe *r, const struct knob *k, double value, struct err *e);
struct recipe *knob_nudge(const struct recipe *r, const struct knob *k, int steps, bool coarse,
	struct err *e);
/* "weight of Code 1.3 → 1.4" */
char *knob_say(const struct doc *d, const struct knob *k, const struct recipe *after);
bool knob_same(const struct knob *a, const struct recipe_target *t);
#endif
