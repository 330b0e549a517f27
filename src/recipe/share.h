/* share: one run as one file: a recipe that mergekit runs, and above it, as comments, what cupel
 * knows of the run. The format, every line of it optional:
 *
 *	# merged by cupel 0.1.0                 merged and quantized by
 *	# name agent3
 *	# seed 7
 *	# arithmetic float32
 *	# recipe hash HEX                       plan hash
 *	# output hash HEX                       hash of the quantized output
 *	# inputs
 *	#   input owner/name  revision HEX  hash HEX
 *	#     model-00001-of-00002.safetensors  4976698672 bytes  sha256 HEX
 *	# results, ± is one standard error
 *	#   arc_easy acc 0.686 ± 0.0095  n 2376  {"shots": 0}  of the q8-hi
 *	# plan
 *	#   | preset: Q4_K_M
 *	# recipe
 *
 * What follows is the recipe, its own comments included.
 * Two blanks part the fields of a line, and never stand inside one. A struct share owns its
 * strings: share_fini. Any thread. */
#ifndef CUPEL_RECIPE_SHARE_H
#define CUPEL_RECIPE_SHARE_H
#include "base/json.h"
#include "base/vec.h"
#include "recipe/lint.h"

struct share_file {
	char *name;
	uint64_t bytes;            /* 0 unknown */
	char *sha256;              /* NULL unknown */
};
struct share_input {
	char *role, *name;         /* "base", "input", "donor"; as the recipe writes it */
	char *revision, *hash;     /* NULL unknown */
	bool made;                 /* by a document of the file */
	vec(struct share_file) files;
};
struct share_result {
	char *task, *metric;
	double value, stderr_;     /* stderr NaN: unknown */
	int64_t n;                 /* 0 unknown */
	bool estimated;
	json_t *protocol;          /* object or NULL */
	char *variant;             /* what was measured, where it is not the output itself; NULL */
	int64_t line;
};
struct share {
	char *version, *name, *arithmetic, *recipe_hash, *output_hash;
	bool quantized;            /* the hashes are of plan and quantized output */
	bool has_seed;
	uint64_t seed;
	vec(struct share_input) inputs;
	vec(struct share_result) results;
	char *plan;                /* text, or NULL */
	size_t body;               /* read: where the recipe begins in the text */
};
/* False, and an empty share, if the text does not begin as one. */
bool share_read(struct share *s, const char *text, size_t n);
void share_write(const struct share *s, struct str *out); /* all that stands above the recipe */
void share_fini(struct share *s);
/* The files of a model with the SHA-256 that the hub's cache names them by; none for models
 * elsewhere. */
void share_files(struct share_input *in, const char *path);

/* --- what of it is here --- */
enum share_state {
	SHARE_ABSENT, SHARE_PARTIAL,
	SHARE_SAME,                /* the hash, or every file's SHA-256, is equal */
	SHARE_DIFFERENT,           /* a hash, a SHA-256 or a size is not */
	SHARE_UNHASHED,            /* nothing tells without reading all of it */
	SHARE_MADE,                /* by a document of the file */
};
/* m NULL: it could not be opened. Nothing is read. detail: "model-2.safetensors has 12 bytes, not
 * 14" of a difference, "3/7" of a part; else NULL; caller frees. */
enum share_state share_look(const struct share_input *in, const struct model *m, char **detail);
/* A finding for every input of the recipe on its line, one on the seed, one on line 1 that sums up.
 * models as for lint_models; seed: that it gets here, NULL: the recipe's. Nothing for a recipe that
 * is no shared one. */
void share_lint(const struct recipe *r, struct model *const *models, size_t n,
	const uint64_t *seed, struct findings *out);
#endif
