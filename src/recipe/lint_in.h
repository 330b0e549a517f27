/* lint_in: what the parts of lint share. Private to recipe/. */
#ifndef CUPEL_RECIPE_LINT_IN_H
#define CUPEL_RECIPE_LINT_IN_H
#include "base/str.h"
#include "recipe/keys.h"
#include "recipe/lint.h"

struct lint {
	const struct recipe *r;
	struct findings *out;
	size_t n;        /* inputs */
	int base;
};
/* A finding whose text is put together: message and hint are used up. */
void lint_say(struct lint *l, enum severity sev, const struct mark *at, const char *path,
	const char *code, struct str *message, struct str *hint);
void lint_keys(struct lint *l);      /* names of keys, at every level */
void lint_params(struct lint *l);    /* every parameter, in every scope */
void lint_meaning(struct lint *l);   /* method, base, counts, weights, dtypes */
void lint_output(struct lint *l);    /* dtype, tokenizer, template, seed */
/* Path of the parameters of an input: "models[0].parameters"; -1 slice, -2 module, -3 recipe.
 * Caller frees. */
char *lint_scope_path(const struct recipe *r, int scope);
#endif
