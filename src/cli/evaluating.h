/* evaluating: what `eval` measures and how it is remembered: a model, stored or made by a recipe
 * while it is read; texts; the result of each with what it was measured by. Main thread; the holder
 * owns both structs. */
#ifndef CUPEL_CLI_EVALUATING_H
#define CUPEL_CLI_EVALUATING_H
#include "cli/verb.h"
#include "engine/plan.h"
#include "infer/perplexity.h"
#include "infer/tokenizer.h"

struct eval_subject {
	const char *word;          /* as it was named */
	struct recipe *recipe;     /* of a recipe, else NULL */
	struct plan *merge;
	struct model *model;
	struct tokenizer *tokenizer; /* the donor's, of a recipe */
	struct net *net;
};
bool eval_subject_open(struct eval_subject *s, struct cli *c, const char *word, struct err *e);
void eval_subject_close(struct eval_subject *s);

struct eval_how {
	uint64_t context, chunks;  /* chunks 0: all */
	bool special;
	int64_t job;               /* that is told how far it is; 0 none */
	uint64_t done, total;      /* bytes of text, all models and texts together */
};
struct eval_text {
	const char *path;
	char *bytes;
	size_t n;
	struct hash hash;
	struct perplexity result;
};
bool eval_text_read(struct eval_text *t, const char *path, struct err *e);
/* Says on stderr what it will cost, then how far it is. */
bool eval_text_measure(struct eval_text *t, struct eval_subject *s, struct eval_how *how,
	struct cli *c, struct err *e);
void eval_text_fini(struct eval_text *t);

/* One run with a score to each text; the chunks' values are kept for comparing in pairs. *id: the
 * run, 0 if the catalog keeps nothing. A catalog that cannot is a warning on stderr. */
void eval_remember(struct cli *c, const struct eval_subject *s, const struct eval_text *v, size_t n,
	double seconds, int64_t *id);
#endif
