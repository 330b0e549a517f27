/* vocab_layout: one vocabulary for several models, and for each of its rows where every model's
 * row comes from. Rules of mergekit 0.1.5: a model keeps the rows of the tokens it has; a token it
 * lacks gets what the token's rule says, else the row of the only model that has it, else the
 * base's, else the mean of the rows of those that have it; a token nobody has is zero; rows beyond
 * the tokens are the mean of the model's others.
 * Reference counted: vocab_layout_ref/_unref. Immutable; any thread. */
#ifndef CUPEL_MODEL_VOCAB_LAYOUT_H
#define CUPEL_MODEL_VOCAB_LAYOUT_H
#include "model/vocab_table.h"

enum vocab_row_kind {
	ROW_OWN,       /* the model's own row */
	ROW_ZERO,
	ROW_OF,        /* another model's, or another of its own */
	ROW_MEAN,      /* of those that have the token */
	ROW_PAD,       /* no token: the mean of the model's rows that are tokens */
};
struct vocab_row {
	enum vocab_row_kind kind;
	int model;         /* OWN, OF */
	uint32_t at;       /* its row there */
};
struct vocab_rule { /* of a token: what the recipe says */
	const char *token;
	size_t n;
	enum { RULE_DEFAULT, RULE_ZERO, RULE_MODEL, RULE_TOKEN, RULE_ID } kind;
	int model;
	const char *text;  /* RULE_TOKEN */
	int64_t id;        /* RULE_ID */
	bool force;
};
struct vocab_member { /* a model whose rows are laid out */
	const char *name;
	const struct vocab_table *table; /* NULL: that of the first is assumed */
	uint32_t rows;     /* of its embedding; ids at or above have none */
};
#define VOCAB_MEMBERS 64 /* bits of a mask */
struct vocab_ask {
	const struct vocab_member *v;
	size_t n;          /* up to VOCAB_MEMBERS */
	int first;         /* whose vocabulary a union begins with: the base, else the first */
	int base;          /* whose rows come before a mean; -1 none */
	bool join;         /* tokens of all; else those of `of` */
	const struct vocab_table *of; /* of a member, or of a model that is none */
	uint32_t of_rows;  /* its tokens at or above are left out; UINT32_MAX: none are */
	const struct vocab_rule *rules;
	size_t n_rules;
	uint32_t multiple; /* rows are rounded up to a multiple of this; 0, 1: not */
};
struct layout_token {
	const char *text;
	size_t n;
	uint32_t id;
	unsigned flags;    /* enum vocab_flag */
	bool fresh;        /* the tokenizer it is built on lacks it */
	bool promoted;     /* … or has it as an ordinary token, and here it is an added one */
};
struct vocab_layout {
	struct arena arena;
	atomic_int refs;
	struct layout_token *v;  /* by id */
	size_t n;
	uint32_t top;      /* rows that stand for tokens, gaps included */
	uint32_t rows;     /* with padding */
	size_t fresh, promoted, cut; /* cut: tokens of the tokenizer it is built on left out, */
	uint32_t limit;    /* … for their ids are this or more */
	size_t gaps;       /* ids below top that are no token */
	size_t models;
	const int32_t *const *old;    /* [model][id below top]: its row there, -1 none */
	const uint8_t *taken;         /* [id below top]: it is a token */
	int base;
	const struct row_rule *rules; /* by id */
	size_t n_rules;
	struct hash key;   /* of all that decides rows */
};
/* NULL: a rule that cannot be followed, a vocabulary that makes no sense. */
struct vocab_layout *vocab_layout_make(const struct vocab_ask *a, struct err *e);
struct vocab_layout *vocab_layout_ref(struct vocab_layout *l);
void vocab_layout_unref(struct vocab_layout *l);
/* Row `row` of model `model`, where the models in the mask `members` have such a tensor. A rule
 * that names another is an error of vocab_layout_check. */
struct vocab_row vocab_layout_row(const struct vocab_layout *l, uint64_t members, int model,
	uint32_t row);
/* Rules must find their rows among `members`; tensor is for the message. */
bool vocab_layout_check(const struct vocab_layout *l, uint64_t members,
	const struct vocab_member *v, const char *tensor, struct err *e);
/* Every row of the model is its own, in place, and it has just as many. */
bool vocab_layout_same(const struct vocab_layout *l, int model, uint32_t rows);
struct vocab_counts { uint32_t own, zero, of, mean, pad; };
struct vocab_counts vocab_layout_count(const struct vocab_layout *l, uint64_t members, int model);
#endif
