/* effect: what a recipe really does, in closed form, before a byte is read: coverage (how many
 * survivors an element has), expected gain per model, and the sentences that say it.
 * Formulas: DEFINITIONS, "Gain and coverage". Any thread. */
#ifndef CUPEL_RECIPE_EFFECT_H
#define CUPEL_RECIPE_EFFECT_H
#include "base/json.h"
#include "recipe/recipe.h"

struct effect {
	size_t n_coverage;       /* 0 = the method has none; else none, one, two … */
	double coverage[MERGE_MAX_INPUTS + 1];
	size_t n_gain;           /* models with a task vector, in the order of the recipe */
	struct {
		const char *input;   /* borrowed from the recipe */
		const char *label;   /* its shortest name; borrowed */
		int index;           /* among the inputs */
		double weight, density, gain;
		double alone; /* factor on an element that no other model has: 1/density, … */
	} gain[MERGE_MAX_INPUTS];
	double weight_sum, gain_sum; /* "2.39 task vectors in sum, not 0.70"; NaN without gains */
	bool varies;             /* over layers or tensors: figures are those of the middle */
	char **sentences;
	size_t n_sentences;
};
void effect_of(const struct recipe *r, struct effect *out);
void effect_fini(struct effect *ef);
json_t *effect_json(const struct effect *ef);

/* The figures behind it. p[k] = probability that k of n independent models survive; n + 1 entries.
 */
void effect_coverage(const double *density, size_t n, double *p);
/* gain[k] = E[w_k / sum of the survivors' weights | k survives], a sum of 0 counting as 1. false
 * where no exact form is at hand: negative weights among more than 20 models. */
bool effect_gains(const double *weight, const double *density, size_t n, double *gain);
#endif
