/* lint: every key of a recipe: its effect, or why it has none; and, with the models opened, what
 * does not fit together. Findings are owned by the list. Any thread, one list per thread. */
#ifndef CUPEL_RECIPE_LINT_H
#define CUPEL_RECIPE_LINT_H
#include "model/model.h"
#include "recipe/recipe.h"

enum severity { SEV_NOTE, SEV_WARNING, SEV_ERROR };
struct finding {
	enum severity severity;
	int line, column;
	char *key, *path;   /* last component; whole YAML path */
	const char *code;   /* "unknown-parameter", "base-skipped", "weights-sum" … constant text */
	char *message, *hint;
};
struct lint_code { /* a row of codes.def */
	const char *name, *help;
};
const struct lint_code *lint_code_at(size_t i); /* NULL past the end */
struct findings {
	struct finding *v;
	size_t n, cap;
	size_t errors, warnings;
};
void findings_add(struct findings *f, enum severity sev, const struct mark *at, const char *path,
	const char *code, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));
void findings_sort(struct findings *f);  /* by line, column */
void findings_fini(struct findings *f);
const char *severity_name(enum severity s);

/* From the text alone; the recipe's problems are among the findings. */
void lint_text(const struct recipe *r, struct findings *out);
/* The same of every document of its file, and what is said of documents: one that nobody uses. */
void lint_file(const struct recipe *r, struct findings *out);
/* false with the first error of lint_file in e: what every verb asks before it reads a weight. */
bool lint_ok(const struct recipe *r, struct err *e);
/* A relative model path that the working directory and the recipe's folder both have. */
void lint_paths(const struct recipe *r, struct findings *out);
/* With inputs: per input of models (and base last if not listed) an opened model or NULL.
 * Compares config, vocabulary, eos, template, shapes; names the donor. */
void lint_models(const struct recipe *r, struct model *const *inputs, size_t n, int base,
	struct findings *out);
/* What is wrong with the layers that a source takes of a model; with a module's name. NULL:
 * nothing; caller frees. */
char *lint_layers(const struct recipe *r, size_t source, const struct model *m);
char *lint_module(const struct recipe *r, size_t module, const struct model *m);
/* Notes on what is read in another form than it is stored: packed weights, parts of models that
 * see, mixed formats. Part of lint_models, and of plans. first: whose tensors the output has; the
 * others are under its names. */
void lint_inputs(const struct recipe *r, struct model *const *inputs, size_t n, int first,
	struct findings *out);
/* Tensor-name knowledge: filters that match nothing, with the nearest names. Part of lint_models,
 * and of plans; the model of first is there. */
void lint_filters(const struct recipe *r, struct model *const *inputs, size_t n, int first,
	struct findings *out);

/* Whose tokenizer, chat template and eos the output gets (DEFINITIONS, "Donor"): an index of
 * inputs, -1 if none has a tokenizer. why: one sentence, caller frees; may be NULL. inputs[i] may
 * be NULL. */
int recipe_donor(
	const struct recipe *r, struct model *const *inputs, size_t n, int base, char **why);
/* Every key of the recipe with its line and what it does, or why nothing; in the order of the text.
 */
struct lint_key {
	struct mark mark;
	char *path, *value, *effect;
	bool dead;
};
struct lint_keys {
	struct lint_key *v;
	size_t n, cap;
};
void lint_explain(const struct recipe *r, struct lint_keys *out);
void lint_keys_fini(struct lint_keys *k);
#endif
