/* cards: what the catalog keeps beside runs and scores: model cards with their text, which model is
 * said to come from which, and the answers to single questions behind a score.
 * Strings are the caller's or freed with the list. Any thread, as catalog.h. */
#ifndef CUPEL_CATALOG_CARDS_H
#define CUPEL_CATALOG_CARDS_H
#include "catalog/catalog.h"

struct catalog_card {
	int64_t id, model;          /* model 0: not registered here */
	char *name;                 /* the model in the card's words */
	char *source, *hash;        /* file, and hash of its bytes */
	char *text;                 /* NULL in a list */
	char *license;
	char *recipe_text;
	char *facts;                /* JSON object: library, tags, quantization, tables, claims … */
	char *imported;             /* ISO 8601 UTC */
};
/* parent is where child comes from; both are names as stated: a name, owner/name or a path. */
struct catalog_edge {
	int64_t id, card, model;    /* model: the child, if registered; else 0 */
	char *child, *parent, *relation; /* base merge quantized finetune adapter */
	char *source;               /* "card", "metadata", "provenance" */
	int64_t position;           /* among the child's parents */
	double weight;              /* of the recipe where it is one number, else NaN */
};
/* A card whose bytes are known changes nothing but what was missing (its model): *added false. */
bool catalog_card_put(struct catalog *c, const struct catalog_card *card,
	const struct catalog_edge *edges, size_t n_edges, int64_t *id, bool *added, struct err *e);
/* Newest first; model 0: all. */
struct catalog_card *catalog_cards(struct catalog *c, int64_t model, size_t *n, struct err *e);
/* Of that name, owner and all, or without its owner; without their text, newest first. */
struct catalog_card *catalog_cards_named(struct catalog *c, const char *name, size_t *n,
	struct err *e);
/* Those whose name or text has all words of a filter of runs (catalog_runs); none for a filter that
 * is more than words. */
struct catalog_card *catalog_cards_found(struct catalog *c, const char *filter, size_t *n,
	struct err *e);
struct catalog_card *catalog_card_get(struct catalog *c, int64_t id, struct err *e);
void catalog_cards_free(struct catalog_card *v, size_t n);

/* What files other than cards say: replaces what `source` said of the model before. */
bool catalog_edges_put(struct catalog *c, int64_t model, const char *source,
	const struct catalog_edge *v, size_t n, struct err *e);
struct catalog_edge *catalog_edges(struct catalog *c, size_t *n, struct err *e); /* all */
void catalog_edges_free(struct catalog_edge *v, size_t n);

/* --- what was made here: every run that wrote something, whole --- */
struct catalog_making {
	/* id kind name started method output output_hash, the texts and path of its recipe */
	struct catalog_run run;
	struct catalog_input *in;
	size_t n_in;
};
/* Newest first. */
struct catalog_making *catalog_makings(struct catalog *c, size_t *n, struct err *e);
void catalog_makings_free(struct catalog_making *v, size_t n);
/* Changes when what a lineage is made of did: models, finished runs, cards and edges. A job's
 * progress does not count. */
uint64_t catalog_lineage_version(struct catalog *c);

/* --- answers: one value for each question, of one score --- */
/* keys: what the question is, the same number for the same question whoever answers it; sorted,
 * each once. values: 1 right, 0 wrong, or what the metric gives for one. */
struct catalog_answers {
	size_t n;
	uint64_t *keys;
	float *values;
};
/* The score is named by its fact. Sets of questions are kept once, however many answer them. */
bool catalog_answers_put(struct catalog *c, const char *fact, const struct catalog_answers *a,
	struct err *e);
/* Of the score with this id: n 0 and true where there are none. */
bool catalog_answers(struct catalog *c, int64_t score, struct catalog_answers *a, struct err *e);
void catalog_answers_fini(struct catalog_answers *a);
#endif
