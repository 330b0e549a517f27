/* vocabulary: what a recipe's tokenizer section does to its models: one vocabulary for all, and the
 * models with their embeddings laid out for it (model/vocab_rows.h). Reads tokenizers, no weights.
 * The holder owns it: vocabulary_free. Immutable; any thread. */
#ifndef CUPEL_RECIPE_VOCABULARY_H
#define CUPEL_RECIPE_VOCABULARY_H
#include "base/vec.h"
#include "model/vocab_rows.h"
#include "recipe/lint.h"

struct vocabulary_input {
	uint32_t tokens;           /* of its tokenizer; 0: it has none, the first's is assumed */
	uint32_t rows;             /* of its embedding, or fewer if the config says so */
	struct vocab_counts rows_from; /* of its embedding in the output's layout */
};
struct vocabulary {
	struct vocab_layout *layout;   /* NULL: rows are only cut */
	struct model *source;          /* whose tokenizer files the output's are built on; a ref */
	int donor;                     /* the same as an input; -1: it is none of them */
	uint32_t rows;                 /* of the output */
	size_t n;
	struct vocabulary_input *v;
	/* what is odd, each a text; severity WARNING */
	vec(char *) warnings;
};
bool vocabulary_asked(const struct recipe *r);
/* models[i] are traded in for what is merged. NULL models are not there and give an error. other:
 * the model that tokenizer_source names, where that is none of the inputs; else NULL. */
struct vocabulary *vocabulary_apply(const struct recipe *r, struct model **models, size_t n,
	int base, struct model *other, struct err *e);
void vocabulary_free(struct vocabulary *v);
/* The tokenizer_source that is no input and has to be opened for vocabulary_apply; NULL if none. */
const struct recipe_ref_text *vocabulary_other(const struct recipe *r);
/* What it does, or with v NULL why it cannot be done. */
void vocabulary_say(const struct vocabulary *v, const struct recipe *r, const struct err *e,
	struct findings *out);
/* "15 tokens; 15 rows of its own, 6 of another model or token"; the second with the input's name
 * before it. Caller frees. */
char *vocabulary_counts(const struct vocabulary *v, size_t i);
#endif
