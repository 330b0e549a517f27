/* origins: what the files of a model say about where it comes from: its card's front matter,
 * config.json, adapter_config.json, the keys of a GGUF or a safetensors header, and the recipe or
 * list of inputs that a merge leaves beside its weights. Headers and small texts only.
 * The holder owns it: origins_fini. Any thread. */
#ifndef CUPEL_ENGINE_ORIGINS_H
#define CUPEL_ENGINE_ORIGINS_H
#include "base/vec.h"
#include "catalog/cards.h"
#include "model/model.h"

struct origins {
	/* names as stated; relation NULL: only that it is based on it */
	vec(struct catalog_edge) stated; /* metadata */
	size_t firm;                     /* so many of these are no mere hint of the config */
	vec(struct catalog_edge) made;   /* provenance: inputs of the recipe that made it */
	char *relation;                  /* base_model_relation, or NULL */
	char *license;
	char *dtype;                     /* that most bytes have; NULL without a model */
	bool merge;                      /* tagged as a merge, or it has what a merge leaves */
};
/* m may be NULL: then only the files beside it are looked at. */
void origins_read(struct origins *o, const char *path, const struct model *m);
/* Into an empty one, only what the front matter of README.md there states. */
void origins_read_card(struct origins *o, const char *dir);
void origins_fini(struct origins *o);
/* The first model named firmly, or NULL. */
const char *origins_parent(const struct origins *o);
/* Looks again at the files of a registered model; *changed: they say something else than before. */
bool origins_refresh(struct catalog *c, const struct catalog_model *row, bool *changed,
	struct err *e);
/* Into the catalog, in place of what was known from these files. kind: of the row, says what a
 * name without a relation is. */
bool origins_store(const struct origins *o, struct catalog *c, int64_t model, const char *name,
	const char *kind, struct err *e);
#endif
