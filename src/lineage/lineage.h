/* lineage: where models come from, as a graph: nodes are models, known here or by name only; edges
 * lead from a model to what it was made of, with the recipe where there is one. Built from runs,
 * imported cards, `base_model` metadata and provenance in files. Of a model that several of these
 * speak of, the strongest is believed (run, provenance, card, metadata); what the others say beside
 * it is kept apart, in `also`. Owned by its holder: lineage_free.
 * Made on any thread that may read the catalog; constant after that, but for what lineage_ready
 * fills in: any thread may ask for that. */
#ifndef CUPEL_LINEAGE_LINEAGE_H
#define CUPEL_LINEAGE_LINEAGE_H
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/json.h"
#include "catalog/catalog.h"

#define LINEAGE_NONE SIZE_MAX

struct lineage_node {
	char *name;             /* shortest unambiguous: "owner/name" or the catalog's name */
	int64_t model;          /* row of the catalog, 0: known by name only */
	int64_t run;            /* that made it, or 0 */
	char *license;          /* its own, or NULL */
	/* what ancestors ask for beside that: "non-commercial use only (cc-by-nc-4.0) from X" */
	char *carried;
	char *conflict;         /* a sentence: its own licence and a carried one contradict */
	char *dtype;            /* of the stored weights, or NULL */
	char *state;            /* "on disk", "dropped", "elsewhere", "never written" … */
	char *path, *kind, *architecture; /* or NULL */
	double bits;            /* per weight; 0 unknown */
	uint64_t parameters, bytes;
	int64_t card;           /* newest imported one about it, or 0 … */
	char *card_source;      /* … and its file, or NULL */
	bool ambiguous;         /* several registered models are called so: none of them is meant */
};
struct lineage_edge {
	size_t child, parent;   /* nodes */
	char *relation;         /* base merge quantized finetune adapter */
	char *source;           /* "run 41", "card README.md", "metadata", "provenance" */
	char *method;           /* of the recipe, or NULL */
	char *recipe;           /* YAML, or NULL; edges of one recipe share it */
	double coefficient;     /* of the parent in the child where that is a sum, else NaN */
	bool approximate;       /* near it only: `why` says when */
	const char *why;        /* why it is NaN, or approximate; constant; NULL */
	char *brief;            /* the recipe in short: "nuslerp .7/.3", or NULL */
	int64_t run, card;      /* that say so, or 0 */
	int strength;           /* 0: a run … 4: a guess of the catalog's */
	int64_t position;
	/* coefficient, approximate, why and brief are still to be had from the recipe: see
	 * lineage_ready */
	bool pending;
};
struct lineage {
	struct lineage_node *nodes;
	size_t n_nodes;
	struct lineage_edge *edges; /* sorted by child, then as the recipe lists them */
	size_t n_edges;
	size_t n_broken;        /* edges left out because they would close a circle */
	size_t *first;          /* edges of child i: first[i] … first[i + 1] */
	/* numbers of edges by parent; those to parent i: first_child[i] … first_child[i + 1] */
	size_t *by_parent, *first_child;
	size_t *order;          /* all nodes, parents before children */
	struct lineage_edge *also; /* stated of the same children, by a weaker source; by child */
	size_t n_also;
	struct names *names;    /* private */
	pthread_mutex_t lock;   /* of what lineage_ready fills in */
	char **texts;           /* of recipes */
	size_t n_texts;
};
/* A part of a leaf that came one way. */
struct lineage_part {
	size_t node;            /* the last that all ways have in common forks here: its parent */
	double coefficient;
};
/* What a model is made of in the end: what no recipe and no quantization made. */
struct lineage_leaf {
	size_t node;
	double coefficient;     /* NaN: a method on the way is not a sum */
	size_t paths;           /* ways that lead there; > 1: counted more than once */
	char *via;              /* "Agent3, Agent2" */
	bool approximate;
	const char *why;        /* constant, or NULL */
	char *at;               /* the model whose recipe is no sum, or NULL */
	struct lineage_part *parts; /* by way, where there are several */
	size_t n_parts;
};

struct lineage *lineage_load(struct catalog *c, struct err *e); /* the whole graph */
void lineage_free(struct lineage *l);
/* Recipes are read when somebody wants to know: call this before looking at coefficient,
 * approximate, why or brief of the edges of a node. What is below (leaves, walk, JSON, made_by) has
 * called it for what it returns. lineage_ready_all: for every node, on all cores. */
void lineage_ready(const struct lineage *l, size_t node);
void lineage_ready_all(const struct lineage *l);
/* By path, name, or the name's last part; a word that fits several models finds none of them.
 * LINEAGE_NONE: no such model. */
size_t lineage_find(const struct lineage *l, const char *word);
size_t lineage_of_model(const struct lineage *l, int64_t model); /* by the catalog's row */
/* free() v after lineage_leaves_free's strings: lineage_leaves_free does both. */
struct lineage_leaf *lineage_leaves(const struct lineage *l, size_t node, size_t *n);
/* Ancestors counted more than once, leaves or not, nearest first; the same struct. */
struct lineage_leaf *lineage_doubled(const struct lineage *l, size_t node, size_t *n);
void lineage_leaves_free(struct lineage_leaf *v, size_t n);
/* "0.35 via Agent3 + 0.25 via Agent2". Caller frees. */
char *lineage_parts_text(const struct lineage *l, const struct lineage_leaf *leaf);
/* "≈0.60, counted twice: 0.35 via Agent3 + 0.25 via Agent2"; "?" where there is no number. Caller
 * frees. */
char *lineage_leaf_text(const struct lineage *l, const struct lineage_leaf *leaf);
/* How a node was made, in short: "nuslerp .7/.3", "Q4_K_M", "finetune". NULL: nothing is known.
 * Borrowed. */
const char *lineage_made_by(const struct lineage *l, size_t node);
json_t *lineage_json(const struct lineage *l, size_t node); /* the contract of `lineage` */
bool lineage_is_made(const struct lineage *l, size_t node); /* merged or quantized of its parents */
/* Whether `from` is node or comes from it. */
bool lineage_descends(const struct lineage *l, size_t from, size_t node);

/* The ancestors of a node as a tree: what was shown before is shown again by name, `shared`. */
struct lineage_row {
	size_t node;
	size_t edge;            /* that led here; LINEAGE_NONE: the node asked for */
	int depth;
	bool shared;            /* stands above with its parents */
	bool cut;               /* its parents are left out: too deep, or too many rows */
	bool last;              /* of its siblings */
	uint64_t lines;         /* bit d: an ancestor at depth d has later siblings */
};
struct lineage_row *lineage_walk(const struct lineage *l, size_t node, size_t max_rows, size_t *n);

/* Every model once, under the one it belongs to: a quantization under its source, a fine-tune under
 * its base, a merge under the nearest ancestor that its parents share, else under the first of
 * them. parent[i]: LINEAGE_NONE for a root. shown[i]: registered, or known by name only and what
 * registered models hang together by. Both have n_nodes entries and are the caller's. */
void lineage_forest(const struct lineage *l, size_t *parent, bool *shown);
/* The shown ones in the order of drawing, parents before children, siblings by name; edge is
 * LINEAGE_NONE. Caller frees. */
struct lineage_row *lineage_forest_rows(const struct lineage *l, size_t *n);
#endif
