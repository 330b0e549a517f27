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
	size_t n_gain;
	struct { const char *input; double gain; } gain[MERGE_MAX_INPUTS]; /* borrowed from the recipe */
	char **sentences;
	size_t n_sentences;
};
void effect_of(const struct recipe *r, struct effect *out);
void effect_fini(struct effect *ef);
json_t *effect_json(const struct effect *ef);
#endif
