/* open: the model that a reference of a recipe names, adapters applied. The model is the caller's
 * reference. Any thread; say is called on the caller's. */
#ifndef CUPEL_RECIPE_OPEN_H
#define CUPEL_RECIPE_OPEN_H
#include "model/lora.h"
#include "model/model.h"
#include "recipe/recipe.h"

struct ref_places { /* see model_resolve */
	const struct model_roots *roots;
	const char *near_dir;
	char *(*alias)(void *ctx, const char *name);
	void *ctx;
	/* May be NULL. A model that is no file, asked first; NULL with e clear: it is none. */
	struct model *(*made)(void *ctx, const struct recipe_ref_text *ref, struct err *e);
	void *made_ctx;
};
/* say (may be NULL) hears about each adapter, with say_ctx. */
struct model *ref_open(const struct recipe_ref_text *ref, const struct ref_places *p,
	lora_say_fn *say, void *say_ctx, struct err *e);
/* MODEL[@REVISION][+ADAPTER[:SCALE]…] as a command line has it; what is not of that form is a
 * path, whatever it holds. */
struct model *ref_open_text(const char *text, const struct ref_places *p, struct err *e);
/* PATH[@REV][+ADAPTER[:SCALE]…] with paths under public names: publish_name of absolute ones;
 * model stands for the first if not NULL. Caller frees. */
char *ref_public(const struct recipe_ref_text *ref, const char *model);
#endif
