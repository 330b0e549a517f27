/* template: chat templates: the built-in ones, and which text a recipe's chat_template means.
 * Texts are constant or borrowed from models. Any thread. */
#ifndef CUPEL_RECIPE_TEMPLATE_H
#define CUPEL_RECIPE_TEMPLATE_H
#include "model/model.h"
#include "recipe/recipe.h"

struct chat_template {
	const char *name, *text; /* Jinja */
};
const struct chat_template *template_at(size_t i); /* NULL past the end */
bool template_means(const char *text); /* auto, a built-in one, a text; or nothing at all */
/* What the output's template is when the recipe says chat_template; NULL: it does not, or auto
 * found none. auto: the most frequent of the models' (blanks at the ends aside), of equals the
 * first; *from: the model it was found in, -1 otherwise. models[i] may be NULL. Caller frees. */
char *template_of(const struct recipe *r, struct model *const *models, size_t n, int *from);
#endif
