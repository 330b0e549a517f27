/* plan: what every tensor of a quantized file will be: a preset, then the rules of a plan file in
 * their order, with sizes known to the byte before a weight is read.
 *
 * A plan file (struct quant_spec) is an immutable snapshot of its YAML text, as a recipe is; edits
 * make a new one, byte for byte the same elsewhere. A plan (struct quant_plan) is a spec applied to
 * a model's targets. Both are reference counted and immutable; any thread may read. */
#ifndef CUPEL_QUANT_PLAN_H
#define CUPEL_QUANT_PLAN_H
#include "quant/preset.h"
#include "recipe/lint.h"
#include "recipe/yaml.h"

#define QUANT_MAX_RULES 4096
#define QUANT_MAX_RANGES 32
/*	preset: Q4_K_M              a name of quant_preset_at, or qxAB
 *	rules:                      in their order; of several that match, the last counts
 *	  - role: ffn_down          a role, a prefix of roles (attn, ffn, ssm, norm, embd), or
 *	                            a list; with * and ?
 *	    layers: 0-3,36-39       numbers and ranges; a list; negative ones count from the end
 *	    match: "ffn_(up|gate)"  an extended regular expression, searched in the tensor's name
 *	    type: Q6_K              keep: as in the model
 *	pure, leave_output_tensor: true        as llama-quantize's options
 *	output_tensor_type, token_embedding_type: TYPE  */
struct quant_rule {
	const char *const *roles; /* none: any */
	size_t n_roles;
	struct { int64_t from, to; } ranges[QUANT_MAX_RANGES]; /* inclusive */
	size_t n_ranges;         /* 0: any layer, and what has none */
	const char *match;       /* NULL: any name */
	const regex_t *re;
	bool keep;
	struct quant_type type;
	struct mark mark;
};
struct quant_spec {
	const char *path;        /* file, or NULL */
	const char *text;        /* of a preset named on the command line: "preset: NAME\n" */
	size_t text_n;
	struct quant_preset preset;
	struct quant_policy policy; /* but for imatrix */
	const struct quant_rule *rules;
	size_t n_rules;
	const struct yaml_node *tree;
};
/* A type that cannot be written, a key nobody knows: NULL with line, column and the nearest names
 * in e. */
struct quant_spec *quant_spec_parse(const char *text, size_t n, const char *path, struct err *e);
/* A preset's name, or else the path of a plan file. */
struct quant_spec *quant_spec_load(const char *preset_or_path, struct err *e);
struct quant_spec *quant_spec_ref(const struct quant_spec *s);
void quant_spec_unref(const struct quant_spec *s);
struct hash quant_spec_hash(const struct quant_spec *s); /* of the meaning, not the bytes */
bool quant_spec_save(const struct quant_spec *s, const char *path, struct err *e);
/* Edits: a new snapshot; NULL with a reason. A role's type becomes a rule: the rule that says just
 * that role (and these layers; from < 0: all) is changed if nothing below takes its place, else one
 * is appended. type NULL removes such a rule. */
struct quant_spec *quant_spec_edit_type(const struct quant_spec *s, const char *role,
	int64_t from, int64_t to, const char *type, struct err *e);
struct quant_spec *quant_spec_edit_preset(const struct quant_spec *s, const char *preset,
	struct err *e);

struct quant_plan {
	const struct quant_spec *spec;
	struct quant_targets *targets;
	const struct quant_choice *v;    /* one to a target */
	const uint64_t *bytes;           /* of its weights as stored, without padding */
	const struct rule_count { size_t matched, decided; } *rules; /* one to a rule */
	uint64_t weight_bytes;           /* sum of bytes */
	double bits_per_weight;          /* 8 weight_bytes / the model's parameters */
	size_t fallbacks, requantized;   /* tensors */
};
/* findings: what the rules match or not, fallbacks, what is quantized already. imatrix: one will be
 * used. NULL: a type fits nothing of a tensor's rows. */
struct quant_plan *quant_plan_make(const struct quant_spec *s, struct quant_targets *t,
	bool imatrix, struct findings *f, struct err *e);
struct quant_plan *quant_plan_ref(struct quant_plan *p);
void quant_plan_unref(struct quant_plan *p);
/* Why this tensor is what it is, in a clause: "Q4_K_M", "rule 2 (line 7)", "norms are kept". */
void quant_plan_why(const struct quant_plan *p, size_t i, struct str *out);

/* --- sizes --- */

/* GGUF: the whole file, when its keys (without their count, magic and version) take kv_bytes.
 * alignment 0: 32. */
uint64_t quant_gguf_bytes(const struct quant_plan *p, uint64_t kv_bytes, uint32_t alignment);
/* Offset of each tensor's data from the start of the data section, and where that starts. */
uint64_t quant_gguf_layout(const struct quant_plan *p, uint64_t kv_bytes, uint32_t alignment,
	uint64_t *offsets);

/* MLX: which arrays lie where. A module becomes .weight, .scales and .biases. */
struct mlx_array {
	char *name;
	const char *st_dtype;    /* "U32", "BF16", "U8" */
	int rank;
	uint64_t shape[TENSOR_MAX_RANK];
	uint64_t bytes, offset;  /* offset: in its file */
	uint32_t target;
	uint8_t what;            /* 0 weights or codes, 1 scales, 2 biases */
	uint32_t shard;
};
struct mlx_shard {
	char *name;              /* "model.safetensors", "model-00001-of-00002.safetensors" */
	char *header;            /* length word, JSON, padding */
	size_t header_n;
	uint64_t bytes;          /* of the whole file */
	size_t from, n;          /* its arrays */
};
struct mlx_layout {
	struct mlx_array *v;     /* in the order of the files */
	size_t n;
	struct mlx_shard *shards;
	size_t n_shards;
	uint64_t total;          /* of all files */
	uint64_t data;           /* of the arrays */
};
#define MLX_SHARD_BYTES (UINT64_C(5) << 30)
struct mlx_layout *quant_mlx_layout(const struct quant_plan *p, uint64_t shard_bytes); /* 0: that */
void quant_mlx_layout_free(struct mlx_layout *l);
/* model.safetensors.index.json; caller frees. */
char *quant_mlx_index(const struct quant_plan *p, const struct mlx_layout *l);
/* config.json's "quantization": the global entry and one to each module that differs. New
 * reference. */
json_t *quant_mlx_config(const struct quant_plan *p);

/* Weights by the plan, and what `context` tokens take (model_memory); bytes. false: the config does
 * not say. */
bool quant_plan_memory(const struct quant_plan *p, uint64_t context, uint64_t *weights,
	uint64_t *kv);

/* --- groups: the rows of tables: what shares a role and a type --- */
struct quant_group {
	const char *role;        /* "norms, router…" are under their own roles */
	size_t tensors;
	uint64_t parameters, bytes;
	struct quant_type type;  /* of the first; see mixed */
	bool mixed;              /* several types */
	bool quantizable;
	const uint32_t *v;       /* targets */
};
struct quant_groups {
	struct quant_group *v;
	size_t n;
	uint32_t *members;
};
/* In the order of the model: embedding, layers, head. */
void quant_groups_of(const struct quant_plan *p, struct quant_groups *out);
void quant_groups_fini(struct quant_groups *g);
#endif
