/* preset: the named mixtures: llama-quantize's file types, mlx-lm's modes and recipes, and qxAB.
 * A preset decides every tensor from names, shapes and counts alone, as the tool it is named after
 * does. Constant data; any thread. */
#ifndef CUPEL_QUANT_PRESET_H
#define CUPEL_QUANT_PRESET_H
#include <regex.h>
#include "quant/target.h"

enum ftype { /* numbered as in general.file_type */
#define PRESET(id, number, name, base, help) FTYPE_##id = number,
#include "quant/presets.def"
#undef PRESET
};
enum mlx_kind { MLX_UNIFORM, MLX_MIXED, MLX_QX };
struct quant_preset {
	enum quant_container container;
	char name[24];       /* "Q4_K_M", "q4-hi", "qx63-hi" */
	/* GGUF */
	enum ftype ftype;
	struct quant_type base; /* what the bulk of it is; MLX: also config.json's global entry */
	/* MLX */
	enum mlx_kind kind;
	struct quant_type high; /* of the tensors that get more; AFFINE */
	bool hi_idle;        /* "-hi" was given where it changes nothing */
};
/* Any case; Q3_K = Q3_K_M and so on. False with the nearest names in e's hint. */
bool quant_preset_parse(const char *name, struct quant_preset *out, struct err *e);
/* Rows for `cupel types`, menus and completion: the i-th name and one line about it; false past the
 * end. qxAB is listed once, as qx63. */
bool quant_preset_at(size_t i, const char **name, enum quant_container *c, const char **help);

/* llama-quantize's options. */
struct quant_pattern {
	const regex_t *re;   /* searched anywhere in the name */
	enum dtype type;
};
struct quant_policy {
	bool imatrix;        /* one will be used: some types change */
	bool pure;           /* no mixture: every tensor gets the base type */
	bool leave_output;   /* output.weight stays as it is */
	bool has_output, has_embedding;
	enum dtype output, embedding; /* for output.weight; for token_embd.weight */
	const struct quant_pattern *patterns; /* the first that matches wins */
	size_t n_patterns;
};
enum quant_why {
	QUANT_KEPT,          /* not of a kind that is quantized, or nothing fits its rows */
	QUANT_BASE,          /* the preset's base type */
	QUANT_MIXED,         /* the preset gives this one another type */
	QUANT_OPTION,        /* pure, leave_output_tensor, output_tensor_type … */
	QUANT_RULE,          /* a rule of the plan */
};
struct quant_choice {
	struct quant_type type;
	struct quant_type wanted; /* before the fallback; the same where none was needed */
	bool fallback;       /* rows are no whole blocks of `wanted` */
	enum quant_why why;
	int rule;            /* of the plan, -1 */
};
/* One choice to a target, targets in GGUF's order. False: nothing fits (Q1_0 and rows of another
 * size). */
bool quant_policy_llama(const struct quant_targets *t, const struct quant_preset *p,
	const struct quant_policy *o, struct quant_choice *out, struct err *e);
/* The same for MLX. */
bool quant_policy_mlx(const struct quant_targets *t, const struct quant_preset *p,
	struct quant_choice *out, struct err *e);
/* Makes `wanted` fit the target's rows: the next type that does, as the container's tool would
 * choose. False: none does (only types with blocks of 64 or 128). */
bool quant_fit(const struct quant_target *t, enum quant_container c, struct quant_type wanted,
	struct quant_choice *out);
/* mixed_* and K-quants "_M": the layers that get more bits. i of n. */
bool quant_more_bits(int64_t i, int64_t n);
#endif
