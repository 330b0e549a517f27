/* lint_in: what the parts of lint share. Private to recipe/. */
#ifndef CUPEL_RECIPE_LINT_IN_H
#define CUPEL_RECIPE_LINT_IN_H
#include "base/str.h"
#include "recipe/keys.h"
#include "recipe/lint.h"

struct lint {
	const struct recipe *r;
	struct findings *out;
	size_t n;        /* inputs; in lint_meaning those of the slice */
	int base;        /* among them, -1 if none */
	size_t slice;    /* lint_meaning: the slice that is looked at */
};
struct lint_tensor { /* an output tensor and its place in the slice */
	const struct tensor *like;
	double t;
};
/* A finding whose text is put together: message and hint are used up. */
void lint_say(struct lint *l, enum severity sev, const struct mark *at, const char *path,
	const char *code, struct str *message, struct str *hint);
void lint_keys(struct lint *l);      /* names of keys, at every level */
void lint_params(struct lint *l);    /* every parameter, in every scope */
void lint_meaning(struct lint *l);   /* method, base, counts, weights, dtypes */
void lint_output(struct lint *l);    /* dtype, tokenizer, template, seed */
/* Every value that breaks a rule of the method in some layers or tensors only. like: the tensors of
 * the slice, NULL: names and layers that the recipe itself tells apart. */
void lint_values(struct lint *l, const struct lint_tensor *v, size_t n);
/* Path of the parameters of a scope (recipe_setting): "models[0].parameters". Caller frees. */
char *lint_scope_path(const struct recipe *r, int scope);
/* Of a source in models: "slices[0].sources[1].model"; of the base that they lack: "base_model". */
char *lint_model_path(const struct recipe *r, int source);
#endif
