/* recipe: a mergekit YAML file as an immutable snapshot: its text byte for byte, what it says, and
 * where it says it. Edits make a new snapshot (undo is a list of pointers).
 * A file may hold several documents that use each other by name: a struct recipe is one of them,
 * and a reference to one holds all.
 * Reference counted: recipe_ref/recipe_unref. Any thread may read. */
#ifndef CUPEL_RECIPE_RECIPE_H
#define CUPEL_RECIPE_RECIPE_H
#include "base/err.h"
#include "base/hash.h"
#include "merge/method.h"
#include "recipe/yaml.h"

enum setting_kind {
	SETTING_NUMBER, SETTING_BOOL, SETTING_TEXT, SETTING_GRADIENT, SETTING_FILTERS,
	SETTING_BAD, /* none of these: a problem of the recipe says why */
};
struct setting { /* scalar, list (gradient) or list of {filter, value} */
	enum setting_kind kind;
	struct mark mark;
	const char *text;      /* scalar as written */
	double number;         /* NUMBER, BOOL (0/1); numeric text converts */
	bool is_numeric;
	size_t n;              /* GRADIENT: values; FILTERS: entries */
	const struct setting *values; /* GRADIENT: scalars; FILTERS: the value of each entry */
	const char *const *filters;   /* FILTERS: pattern, NULL for none, or "*" */
	const struct mark *filter_marks;
};
struct recipe_param {
	const char *name;
	struct mark name_mark;
	struct setting value;
};
struct recipe_params {
	const struct recipe_param *v;
	size_t n;
	struct mark mark;
};
struct recipe_ref_text { /* PATH[@REV][+LORA[:SCALE]…] or the object form */
	const char *text;      /* as written: the input's name in JSON and messages */
	const char *path, *revision;
	size_t n_loras;
	const struct recipe_lora { const char *path, *revision; double scale; } *loras;
	struct mark mark;
};
struct recipe_input { /* an entry of models:, or a slice source */
	struct recipe_ref_text model;
	bool has_range;
	int64_t from, to;      /* layer_range */
	struct recipe_params params;
	struct mark mark;
	int slice;             /* the slice it is a source of */
	int input;             /* among recipe_inputs: entries of the same model share one */
};
/* A run of layers of the output: an entry of slices:, or a whole models: list. */
struct recipe_slice {
	const struct recipe_input *sources;
	size_t first, n_sources;      /* they are models[first …] of the recipe */
	struct recipe_ref_text base;  /* of this slice alone; text NULL if none */
	struct recipe_params params;
	struct mark mark;
	bool ranged;           /* an entry of slices:; false: whole models */
	bool adds_base;        /* whole models that lack the base: it is merged with them */
	int base_input;        /* its base among the inputs, -1: none, or none of its sources */
	int module;
	const char *path;      /* "slices[1]", "modules.default.slices[0]"; of models: "" */
};
struct recipe_module {
	const char *name;      /* "default" where the recipe has no modules: */
	struct recipe_params params;
	struct mark mark;
	size_t first, n;       /* its slices */
};
enum token_rule_kind {
	TOKEN_AS_OTHERS, /* no source: what tokens without a rule get */
	TOKEN_ZERO,
	TOKEN_MODEL,     /* the row the token has in that model */
	TOKEN_OF_MODEL,  /* the row of another token of that model, by id or text */
};
struct token_rule { /* an entry of tokenizer.tokens */
	const char *token;
	enum token_rule_kind kind;
	struct recipe_ref_text model;
	int64_t id;            /* -1: text says it */
	const char *text;
	bool force;            /* for models that have the token, too */
	struct mark mark;
};
struct recipe_tokenizer {
	const char *source;    /* tokenizer_source, or tokenizer.source; NULL if neither is given */
	struct recipe_ref_text model; /* the same, when it is neither union nor base */
	struct mark mark;
	bool is_union, is_base;
	size_t n_tokens;       /* rules under tokenizer.tokens */
	const struct token_rule *tokens;
	int64_t pad_to_multiple_of; /* 0 = none */
	bool truncate;         /* unsafe_truncate_embeddings: all to the fewest rows */
	struct mark truncate_mark;
};
/* What is wrong with a recipe that could be read: each is an error of lint. */
struct recipe_problem {
	struct mark mark;
	const char *path, *code, *message,
		*hint; /* path: "models[0].parameters.weight"; hint may be NULL */
};
struct recipe {
	const char *path;      /* file, or NULL */
	const char *text;      /* the whole file */
	size_t text_n;
	const char *method_name;
	const struct method *method;  /* NULL if unknown */
	struct mark method_mark;
	struct recipe_ref_text base;  /* text NULL if none */
	/* What is merged: models:, or the sources of all slices of all modules, one after
	 * another. */
	const struct recipe_input *models;
	size_t n_models;
	const struct recipe_slice *slices;  /* one where models: is given */
	size_t n_slices;
	const struct recipe_module *modules; /* one where modules: is not given */
	size_t n_modules;
	bool named_modules;    /* modules: is given */
	struct recipe_params params;
	const struct recipe_ref_text *const *inputs; /* see recipe_input_ref */
	size_t n_inputs;
	const char *dtype, *out_dtype, *name, *chat_template;
	struct recipe_tokenizer tokenizer;
	bool has_seed;
	uint64_t seed;
	size_t documents;      /* in the file, empty ones left out */
	size_t document;       /* which of them this is */
	const struct recipe *const *file; /* all of them; borrowed */
	const struct yaml_node *tree;
	const struct recipe_problem *problems;
	size_t n_problems;
};
/* Text that is no YAML, or no map: NULL with line and column in e->where. Anything else gives a
 * recipe, with its problems listed: lint and the workbench want those too. Who wants to run it asks
 * recipe_valid, or lint_ok (recipe/lint.h), first. */
struct recipe *recipe_parse(const char *text, size_t n, const char *path, struct err *e);
struct recipe *recipe_load(const char *path, struct err *e);
/* The above give the document that the file is for: the one without a name, else the last that no
 * other uses. This gives the one of that number; RECIPE_FINAL: the same as above. */
#define RECIPE_FINAL SIZE_MAX
#define RECIPE_MAX_DOCUMENTS 256
struct recipe *recipe_parse_document(const char *text, size_t n, const char *path, size_t document,
	struct err *e);
struct recipe *recipe_ref(const struct recipe *r);
void recipe_unref(const struct recipe *r);
/* Of r and of the documents it uses; the first problem in e. */
bool recipe_valid(const struct recipe *r, struct err *e);
/* The number of the document that is called so, -1 none. Names of a file with one document are
 * nobody's. */
long recipe_document_called(const struct recipe *r, const char *name);
/* The document that a reference of r means; NULL: it is a model. A document comes before a folder
 * of that name. */
const struct recipe *recipe_of_ref(const struct recipe *r, const struct recipe_ref_text *ref);
size_t recipe_final(const struct recipe *r);  /* number of the document its file is for */
/* Documents that r uses, directly or not: used[i] is set for each, and for r itself. */
void recipe_uses(const struct recipe *r, bool *used);
/* How many times over a weight of each document is computed for one of r's: 1 for r, 0 for those
 * it does not use. There is no ring. */
void recipe_times(const struct recipe *r, double *times);
/* A name of r's for messages: "step1", else "the recipe on line 12". Caller frees. */
char *recipe_title(const struct recipe *r);
/* Every model that r names, in order: base, inputs, sources of slices, tokenizer. */
typedef void recipe_ref_fn(void *ctx, const struct recipe_ref_text *ref);
void recipe_each_ref(const struct recipe *r, recipe_ref_fn *fn, void *ctx);
/* Inputs: the models there are, each once, in the order in which the recipe first names them; the
 * base model last if a models: list lacks it. So with models: alone input i is models[i]. */
size_t recipe_inputs(const struct recipe *r);
const struct recipe_ref_text *recipe_input_ref(const struct recipe *r, size_t i);
/* The base of the first slice, its index among the inputs, -1 if none. */
int recipe_base(const struct recipe *r);
bool recipe_ref_same(const struct recipe_ref_text *a, const struct recipe_ref_text *b);
/* Written as slices: layers of models, not whole ones. */
bool recipe_stacks(const struct recipe *r);
/* The base that a slice names, or else the recipe; text NULL if none does. */
const struct recipe_ref_text *recipe_slice_base(const struct recipe *r, size_t slice);
/* What a tensor of a slice is merged from: its sources, and the base last where a models: list
 * lacks it. k counts them; recipe_slice_source gives the place in models (n_models: that base),
 * recipe_slice_input the place among the inputs. base: which k it is, -1 none. */
size_t recipe_slice_inputs(const struct recipe *r, size_t slice, int *base);
int recipe_slice_source(const struct recipe *r, size_t slice, size_t k);
int recipe_slice_input(const struct recipe *r, size_t slice, size_t k);
/* The layers of the output that a slice makes: [*first, *first + n); 0 of whole models. */
int64_t recipe_slice_layers(const struct recipe *r, size_t slice, int64_t *first);
int recipe_source_of(const struct recipe *r, size_t input); /* first in models, or n_models */
struct hash recipe_hash(const struct recipe *r); /* canonical: of the meaning, not the bytes */
/* Of what decides the rows of the embeddings: tokenizer, unsafe_truncate_embeddings. */
struct hash recipe_tokenizer_hash(const struct recipe *r);
bool recipe_save(const struct recipe *r, const char *path, struct err *e);

/* Value of a setting for a tensor at layer position t (spec 2.2): false = "no value", look further
 * out. */
bool setting_eval(const struct setting *s, enum param_type type, const char *tensor, double t,
	double *value, struct err *e);
/* A scope: an entry of models (models[i] is i; n_models the base that models: lacks), or one of
 * these. RECIPE_ALL is the recipe's; where there is one slice, or one module, what is written in
 * theirs too. */
#define RECIPE_ALL (-1)
#define RECIPE_MOST_SLICES 1024
#define RECIPE_OF_SLICE(s) (-2 - (int)(s))
#define RECIPE_OF_MODULE(m) (-2 - RECIPE_MOST_SLICES - (int)(m))
#define RECIPE_IS_SLICE(scope) ((scope) <= -2 && (scope) > RECIPE_OF_MODULE(0))
/* Precedence: source, slice, module, recipe, default. scope: an entry of models, or for a global
 * parameter that of a slice; RECIPE_ALL is that of the first. NaN if nothing says it and there is
 * no default; e is filled only when that is an error (required and missing, or a value of the
 * wrong kind). */
double recipe_param(const struct recipe *r, const struct param_def *p, int scope,
	const char *tensor, double t, struct err *e);
/* The same for the base that models: lacks, in any slice (source n_models). */
double recipe_param_in(const struct recipe *r, const struct param_def *p, size_t slice, int source,
	const char *tensor, double t, struct err *e);
/* The setting that edits of (param, scope) act on; NULL if not written in that scope. */
const struct setting *recipe_setting(const struct recipe *r, const char *param, int scope);
/* What is written for a slice, from the inside out: its own, its module's, the recipe's. */
const struct setting *recipe_slice_setting(const struct recipe *r, const char *param, size_t slice);

/* Edits: a new snapshot that differs in that scalar alone; everything else byte for byte.
 * NULL with a reason. A missing key is inserted as DEFINITIONS says. */
struct recipe_target { /* which scalar of a setting */
	const char *param;
	int input;    /* a scope */
	int filter;   /* entry of a FILTERS setting, -1 */
	int value;    /* value of a gradient, -1 */
};
struct recipe *recipe_edit_number(const struct recipe *r, const struct recipe_target *t,
	double value, double step, struct err *e);
struct recipe *recipe_edit_remove(const struct recipe *r, const struct recipe_target *t,
	struct err *e);
/* Replace a whole setting's value by flow text: "[0, 0.5, 1]", "0.7". */
struct recipe *recipe_edit_text(const struct recipe *r, const struct recipe_target *t,
	const char *value, struct err *e);
/* Top-level scalar: merge_method, dtype, out_dtype, base_model, name … NULL value removes. */
struct recipe *recipe_edit_top(const struct recipe *r, const char *key, const char *value,
	struct err *e);
/* A new recipe text from models: method chosen by its needs. Caller unrefs. */
struct recipe *recipe_new(const char *method, const char *const *models, size_t n,
	const char *base, struct err *e);
#endif
