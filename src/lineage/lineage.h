/* lineage: where models come from, as a graph: nodes are models, known here or by name only; edges
 * lead from a model to what it was made of, with the recipe where there is one. Built from runs,
 * imported cards, `base_model` metadata and provenance in files. Owned by its holder: lineage_free.
 * Made on any thread that may read the catalog; constant after that. */
#ifndef CUPEL_LINEAGE_LINEAGE_H
#define CUPEL_LINEAGE_LINEAGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/json.h"
#include "catalog/catalog.h"

struct lineage_node {
	char *name;             /* shortest unambiguous: "owner/name" or the catalog's name */
	int64_t model;          /* row of the catalog, 0: known by name only */
	int64_t run;            /* that made it, or 0 */
	char *license;          /* its own, or NULL */
	/* what ancestors ask for beside that ("non-commercial from X"), or NULL */
	char *carried;
	char *dtype;            /* of the stored weights, or NULL */
	char *state;            /* "on disk", "dropped", "elsewhere" … */
};
struct lineage_edge {
	size_t child, parent;   /* nodes */
	char *relation;         /* base merge quantized finetune adapter */
	char *source;           /* "run 41", "card README.md", "metadata", "provenance" */
	char *method;           /* of the recipe, or NULL */
	char *recipe;           /* YAML, or NULL */
	double coefficient;     /* of the parent in the child if the method is a sum, else NaN */
};
struct lineage {
	struct lineage_node *nodes;
	size_t n_nodes;
	struct lineage_edge *edges; /* sorted by child, then as the recipe lists them */
	size_t n_edges;
	size_t n_broken;        /* edges left out because they would close a circle */
};
/* What a model is made of in the end. */
struct lineage_leaf {
	size_t node;
	double coefficient;     /* NaN: a method on the way is not a sum */
	size_t paths;           /* ways that lead there; > 1: counted more than once */
	char *via;              /* "Agent3, Agent2" */
};

struct lineage *lineage_load(struct catalog *c, struct err *e); /* the whole graph */
void lineage_free(struct lineage *l);
size_t lineage_find(const struct lineage *l, const char *word); /* SIZE_MAX: no such model */
/* free() v after lineage_leaves_free's strings: lineage_leaves_free does both. */
struct lineage_leaf *lineage_leaves(const struct lineage *l, size_t node, size_t *n);
void lineage_leaves_free(struct lineage_leaf *v, size_t n);
json_t *lineage_json(const struct lineage *l, size_t node); /* the contract of `lineage` */
#endif
