/* making: a comparison while it is made: subjects (variants with all that is said of them), their
 * cells, their differences. Private to src/compare; one thread per comparison. */
#ifndef CUPEL_COMPARE_MAKING_H
#define CUPEL_COMPARE_MAKING_H
#include "catalog/cards.h"
#include "compare/compare.h"

/* What becomes a variant. Strings are its own. */
struct subject {
	char *name;
	int64_t model, run;
	char *word;                  /* a file's, where there is neither */
	char *quantization;          /* of the artifact; "" none; NULL not known */
	char *stem;                  /* its name without what says how it is stored */
	int64_t root;                /* model that it is a quantization of, or itself; 0 unknown */
	struct catalog_score *scores; /* newest first */
	size_t n_scores;
	char *recipe;                /* of the run that made it, or of its card; or NULL */
	char *recipe_hash;           /* of its meaning, or NULL */
	char *hash;                  /* of its contents, or NULL */
	uint64_t bytes, parameters;
	double bits;
	bool asked;                  /* named by who asks; else found as a parent or source */
};
struct making {
	struct catalog *c;
	const struct compare_ask *ask;
	struct catalog_model *models;
	size_t n_models;
	struct { struct subject *v; size_t n, cap; } subjects;
	struct comparison *out;
	size_t damaged;              /* sets of answers that could not be read */
	char **words;                /* of files, for models; NULL: not loaded yet */
	size_t n_words;
	struct catalog_edge *edges;  /* NULL: not loaded yet */
	size_t n_edges;
	bool *parent;                /* parent[i * n + j]: j is a parent of i; n subjects */
};

/* --- resolve.c --- */
/* Appends the subjects that a word stands for: one, or several where a word has figures of
 * several quantizations; the first of them. SIZE_MAX: none; that is an error if it was asked
 * for. */
size_t making_resolve(struct making *m, const char *word, bool asked, struct err *e);
/* The same of a model's name or a file's word as it stands, asked by nobody. */
size_t making_exactly(struct making *m, const char *word, struct err *e);
/* The same, or of another owner. */
size_t making_parent(struct making *m, const char *word, struct err *e);
const struct catalog_model *making_model(const struct making *m, int64_t id);
size_t making_find(const struct making *m, const struct subject *s); /* SIZE_MAX: not there */
void making_subject_fini(struct subject *s);
void making_fini(struct making *m);

/* --- parents.c --- */
/* Subjects that subject i was made of, or quantized from, are appended if they are not there yet;
 * m->parent says which they are. After all words are resolved. */
bool making_parents(struct making *m, size_t i, struct err *e);
/* The default of what subject i is compared against, among its parents; SIZE_MAX none. */
size_t making_default(const struct making *m, size_t i);
/* Subjects that nobody asked for and nobody needs go; keep: one that is needed, or SIZE_MAX.
 * Returns where it is now. */
size_t making_drop(struct making *m, size_t keep);

/* --- protocol.c --- */
/* How it was measured, without what was measured: "lm-eval 0.4 hf 0-shot"; "" not said. */
char *protocol_measured(const json_t *p);
/* How the model was stored when it was measured: "q8-hi"; "" not quantized; NULL not said. */
char *protocol_quantization(const json_t *p);
/* "owner/Name-3B-q8-hi-mlx" → "name-3b", and "q8-hi" in *quantization or NULL. */
char *protocol_stem(const char *name, char **quantization);
/* What all of n texts have in common, part by part; NULL nothing. */
char *protocol_shared(char *const *texts, size_t n);

/* --- cells.c --- */
/* Rows with their cells, without differences and without the mean. */
void making_cells(struct making *m);

/* --- differences.c --- */
/* Columns, differences, verdicts and the mean row. */
void making_differences(struct making *m);

/* --- sentences.c, labels.c, recipes.c --- */
void making_sentences(struct making *m);
void making_labels(struct making *m);
void making_recipes(struct making *m);
#endif
