/* build: the graph while it grows: nodes by what they are called, edges as they are found.
 * Private to src/lineage. One thread. */
#ifndef CUPEL_LINEAGE_BUILD_H
#define CUPEL_LINEAGE_BUILD_H
#include "catalog/cards.h"
#include "lineage/lineage.h"
#include "lineage/names.h"
#include "recipe/recipe.h"

enum strength { SAYS_RUN, SAYS_PROVENANCE, SAYS_CARD, SAYS_METADATA, SAYS_GUESS };

struct row_node {
	int64_t row;
	size_t node;
};
struct draft {
	struct catalog_model *models;   /* node i is models[i] */
	size_t n_models;
	vec(struct lineage_node) nodes;
	vec(char *) hashes;             /* per node: of its content, or NULL; borrowed */
	vec(struct lineage_edge) edges;
	vec(char *) texts;              /* of recipes, which edges share */
	struct row_node *rows;          /* of models, by row */
	struct names *names;
};

/* Who speaks, and of whom. */
struct origin {
	size_t child;
	enum strength strength;
	const char *source;             /* "run 41" */
	int64_t run, card;
	const struct catalog_input *in; /* of the run: where its recipe's models were */
	size_t n_in;
};

/* resolve.c: the node a word means, made if there is none. hash, path: of its content, where it
 * was; or NULL. `of` is never meant. */
size_t draft_node(struct draft *d, const char *word, const char *path, const char *hash, size_t of);
size_t draft_of_row(const struct draft *d, int64_t model); /* LINEAGE_NONE: no such row */
size_t draft_named(struct draft *d, const char *name, const char *path, const char *state);

/* gather.c */
struct lineage_edge *draft_edge(struct draft *d, const struct origin *o, size_t parent,
	const char *relation);
void draft_runs(struct draft *d, struct catalog_making *v, size_t n); /* takes their recipes */
void draft_stated(struct draft *d, const struct catalog_edge *v, size_t n,
	const struct catalog_card *cards, size_t n_cards);
/* settle.c: the strongest edges of each child, without circles, sorted and indexed. */
void draft_settle(struct draft *d, struct lineage *l);
/* licence.c */
void licence_carry(struct lineage *l);

/* share.c: what a recipe is a sum of, as far as its text tells. */
struct share {
	double c[MERGE_MAX_INPUTS];     /* per input of the recipe; NaN: not known from the text */
	bool approximate;
	const char *why;                /* constant, or NULL */
	char *brief;                    /* "nuslerp .7/.3" */
};
void share_of(const struct recipe *r, struct share *s); /* free(s->brief) */
void edge_fini(struct lineage_edge *e);
#endif
