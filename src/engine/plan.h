/* plan: a recipe applied to opened models: for every output tensor its sources, evaluated
 * parameters, shape, dtype, and a content key. Making one for an edit costs microseconds per
 * tensor: inputs are opened once (struct inputs) and shared by every plan over the same models.
 * Plans and inputs are reference counted and immutable. Any thread may read. */
#ifndef CUPEL_ENGINE_PLAN_H
#define CUPEL_ENGINE_PLAN_H
#include "catalog/catalog.h"
#include "merge/method.h"
#include "model/model.h"
#include "recipe/lint.h"
#include "recipe/recipe.h"
#include "recipe/vocabulary.h"

struct plan;
struct plan_options;
struct input {
	const char *text;          /* as the recipe writes it */
	const char *label;         /* shortest unambiguous tail, for the screen */
	struct model *model;       /* NULL if it could not be opened (then error says why) */
	/* another recipe's result: by this plan; its inputs are inside. NULL: a stored model */
	struct plan *made_by;
	struct hash recipe;        /* of that recipe; zero: none, or a file of its own */
	/* The same before its embedding was laid out for the output's vocabulary: what is hashed
	 * and recorded. */
	struct model *stored;
	struct err error;
	const char *left_out;      /* what its adapters hold and it has no place for; NULL */
};
struct inputs {
	struct input *v;           /* models in recipe order; the base appended if not listed */
	size_t n;
	int base;                  /* index or -1 */
	int lineage_base;          /* index into v, or -1: lineage.model */
	struct model *figure_base;
		/* base for task-vector figures: recipe's, else the lineage base if it can be
	                            * found (base_model metadata, catalog); may be NULL; may be one
	                             * of v's */
	const char *figure_base_name;
	int donor;                 /* index of the tokenizer/template donor, -1 none */
	/* What the recipe's tokenizer section makes of them; NULL: it has none, or the error says
	 * why it cannot be followed. */
	struct vocabulary *vocabulary;
	struct err vocabulary_error;
};
struct inputs *inputs_open(const struct recipe *r, const struct model_roots *roots,
	struct catalog *c, struct err *e); /* c may be NULL; NULL only when nothing can be opened */
/* The same with options for the recipes among the inputs; NULL: none. */
struct inputs *inputs_open_for(const struct recipe *r, const struct model_roots *roots,
	struct catalog *c, const struct plan_options *o, struct err *e);
struct inputs *inputs_ref(struct inputs *in);
void inputs_unref(struct inputs *in);
bool inputs_fit(const struct inputs *in, const struct recipe *r); /* same models: reuse */

struct plan_tensor {
	struct merge_spec spec;
	const long *source;        /* per spec input: tensor index in that model */
	const int *input;          /* per spec input: index into inputs->v (absent ones left out) */
	/* name, role, layer, shape of the output */
	const struct tensor *like;
	const char *from;          /* its name in the models: another one in a stack of layers */
	int slice;                 /* of the recipe; -1: copied, the recipe names no such module */
	enum dtype dtype;          /* stored dtype of the output */
	uint64_t bytes;            /* stored */
	struct hash key;           /* of everything that decides its values: source keys + spec */
	double t;                  /* place in the stack its gradients were evaluated at */
	/* integers: not merged; the inputs must agree, and their bytes are kept */
	bool verbatim;
};
enum rng_kind { RNG_COUNTER, RNG_MERGEKIT };
struct plan {
	const struct recipe *recipe;
	struct inputs *inputs;
	struct plan_tensor *tensors; /* output order: that of the config donor's files */
	size_t n;
	uint64_t output_bytes;     /* sum of the safetensors files, headers included */
	uint64_t seed;
	enum arithmetic arithmetic;
	enum rng_kind rng;
	uint64_t parameters;
	/* extra tensors not in every input and not written: names, NULL-ended */
	const char *const *ignored;
};
struct recipe_written { /* a document that is on disk */
	const char *name, *folder;
};
struct plan_options {
	bool has_seed;
	uint64_t seed;             /* --seed wins over the recipe's */
	enum arithmetic arithmetic;
	enum rng_kind rng;
	uint64_t shard_size;       /* 0 = default 5 GB */
	const struct recipe_written *written; /* read there, not computed; borrowed */
	size_t n_written;
	/* Where inputs were for a run of this recipe, by the names they have in it; borrowed.
	 * Looked at for names that lead nowhere, or first. */
	const struct catalog_input *places;
	size_t n_places;
	bool places_first;
};
/* findings gets shape, vocabulary and contract problems; an error among them means NULL plus e. */
struct plan *plan_make(const struct recipe *r, struct inputs *in, const struct plan_options *o,
	struct findings *f, struct err *e);
/* How its numbers are computed, for records: "float32", "mergekit", "mergekit rng=mergekit"; and
 * back. */
const char *plan_arithmetic(const struct plan *p);
bool plan_arithmetic_parse(const char *text, struct plan_options *o);
/* Whether findings of this code say what lint_models does not: what is left out or copied, what the
 * output's files no longer tell right. */
bool plan_tells(const char *code);
struct plan *plan_ref(struct plan *p);
void plan_unref(struct plan *p);
#endif
