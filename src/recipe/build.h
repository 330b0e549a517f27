/* build: from the YAML tree to struct recipe; what does not fit becomes a problem, never a crash.
 * Everything is allocated in the recipe's arena. Private to recipe/. */
#ifndef CUPEL_RECIPE_BUILD_H
#define CUPEL_RECIPE_BUILD_H
#include "base/vec.h"
#include "recipe/recipe.h"

struct builder {
	struct arena *arena;
	struct recipe *r;
	vec(struct recipe_problem) problems;
	vec(struct recipe_input) models;
	vec(struct recipe_slice) slices;
	vec(struct recipe_module) modules;
};
void recipe_build(struct builder *b);   /* fills b->r from b->r->tree */
/* documents.c: names that stand twice, rings. b: one builder per document. */
void documents_check(struct builder *b, size_t n);
void build_problem(struct builder *b, const struct mark *at, const char *path, const char *code,
	const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
bool build_given(const struct yaml_node *n); /* neither missing nor null */
/* The list under a key, or NULL, with a problem when it is something else. */
const struct yaml_node *build_list(struct builder *b, const struct yaml_node *n, const char *path);
void build_stack(struct builder *b); /* build_stack.c: models, slices, modules, inputs */
/* build_setting.c */
struct setting build_setting(struct builder *b, const struct yaml_node *n, const char *path);
struct recipe_params build_params(struct builder *b, const struct yaml_node *map, const char *path);
/* build_tokenizer.c: tokenizer_source, tokenizer, unsafe_truncate_embeddings */
void build_tokenizer(struct builder *b, const struct yaml_node *top);
/* build_ref.c */
struct recipe_ref_text build_ref(struct builder *b, const struct yaml_node *n, const char *path);
/* PATH[@REV][+ADAPTER[@REV][:SCALE]…]; false if it is not of that form. text must outlive r. */
bool build_ref_text(struct arena *a, const char *text, struct recipe_ref_text *r);
#endif
