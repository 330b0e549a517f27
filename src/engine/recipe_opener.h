/* recipe_opener: what one act of opening inputs shares: where names are looked for, and the recipes
 * among the inputs, each made into a model once however often it is named, and never of itself.
 * Its maker's; one thread. What was opened outlives it. */
#ifndef CUPEL_ENGINE_RECIPE_OPENER_H
#define CUPEL_ENGINE_RECIPE_OPENER_H
#include "base/vec.h"
#include "engine/plan.h"

struct opened_recipe {
	struct recipe *recipe;
	struct plan *plan;         /* NULL: at work on it, or it failed */
	struct model *model;
	struct err error;
	bool open;                 /* being made: who asks for it now is part of it */
};
struct recipe_opener {
	const struct model_roots *roots;
	struct catalog *catalog;
	struct plan_options options;   /* of every recipe inside: seed, arithmetic */
	vec(struct opened_recipe) done;
};
void recipe_opener_fini(struct recipe_opener *o);
/* What a reference of r names, if that is a recipe: another document, or a file PATH.yml; a new
 * reference. NULL: it is a model (e is clear), or the file cannot be read. near_dir may be NULL. */
struct recipe *recipe_named(const struct recipe *r, const struct recipe_ref_text *ref,
	const char *near_dir, struct err *e);
/* The model that a recipe makes, as ref_open asks for it (ref_places.made): a document of r, or a
 * recipe file. */
struct recipe_maker {
	const struct recipe *r;
	const char *near_dir;
	struct recipe_opener *opener;
	struct plan *plan;         /* out: a reference, if a model was made */
	struct hash hash;          /* out: of the document; zero for a file */
};
struct model *recipe_make(void *maker, const struct recipe_ref_text *ref, struct err *e);
#endif
