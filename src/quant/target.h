/* target: the tensors that a quantized file of a model will hold: their names and shapes there, in
 * the order in which they stand, and where their weights come from in the model. Made from headers
 * alone.
 * Reference counted: quant_targets_ref/_unref; holds a reference to the model. Immutable; any
 * thread may read. */
#ifndef CUPEL_QUANT_TARGET_H
#define CUPEL_QUANT_TARGET_H
#include "model/model.h"
#include "quant/type.h"

enum target_value { /* what happens to each number */
	TARGET_SAME,
	TARGET_NEGATED_EXP, /* -exp(x): ssm_a */
	TARGET_PLUS_ONE,    /* x + 1: norms of gemma and qwen3_next in GGUF */
};
struct quant_target {
	const char *name;    /* in the file: "blk.0.ffn_up.weight", "model.layers.0.mlp.up_proj…" */
	const char *role;    /* "attn_q", "ffn_down_exps" … */
	int layer;           /* -1 outside the stack */
	int rank;
	uint64_t shape[TENSOR_MAX_RANK]; /* outermost first, as stored; GGUF's ne is the reverse */
	uint64_t elements, row; /* row: elements of the innermost dimension */
	/* The model's tensors it is made of: one, or the experts that become the outermost axis.
	 * None: computed from the config (rope_freqs). */
	const uint32_t *from;
	size_t n_from;
	/* Of `parts` (1 or 2) the part-th: that half of the rows of each expert of `from`. */
	uint8_t part, parts;
	uint8_t value;       /* enum target_value */
	/* > 0: that many heads, in each of which rows h/2+k become rows 2k+1, rows k rows 2k. */
	uint32_t rope_heads;
	enum dtype keep;     /* stored as this where it is not quantized */
	bool quantizable;    /* by its kind; whether rows are whole blocks is the plan's to see */
	enum dtype source;   /* as it is in the model; DT_UNKNOWN: packed, see source_text */
	const char *source_text;
};
struct quant_targets {
	enum quant_container container;
	struct model *model;       /* NULL in tests */
	const char *architecture;  /* GGUF: general.architecture; MLX: model_type */
	const char *family;        /* model_type */
	const struct quant_target *v;
	size_t n;
	/* What the mixing policies ask. Of GGUF: by the keys the file will have. */
	int64_t layers, heads, heads_kv; /* heads: of layer 0; heads_kv 0 where that has none */
	int64_t experts;
	bool tied;                 /* no head of its own */
	uint64_t parameters;       /* logical, of the model */
	enum dtype floats;         /* what most weights are stored as: BF16, F16 or F32 */
};
/* NULL: the family has no place in that container, or a tensor has no name there; e says which. */
struct quant_targets *quant_targets_new(struct model *m, enum quant_container c, struct err *e);
struct quant_targets *quant_targets_ref(struct quant_targets *t);
void quant_targets_unref(struct quant_targets *t);
/* MLX: the module's path, the name without ".weight"; n is its length. */
const char *quant_target_module(const struct quant_target *t, size_t *n);
/* Whether llama-quantize takes a tensor of this name on; dims: without outer ones. */
bool quant_gguf_quantizable(const char *name, int dims);
/* GGUF's order: what stands outside blocks by name, then layer by layer, by name. */
int quant_name_order(const char *a, const char *b);
#endif
