/* packed_in: what the parts of packed.c share. Private to model/; one thread, while a model is
 * opened. */
#ifndef CUPEL_MODEL_PACKED_IN_H
#define CUPEL_MODEL_PACKED_IN_H
#include "base/str.h"
#include "model/build.h"

struct fold {
	struct model_build *b;
	struct source names;
	unsigned char *dead;  /* scales and biases that went into another tensor */
	const json_t *global; /* config.json's quantization, or NULL */
	size_t packed;        /* MLX modules found */
	struct err *e;
	struct str key;
};

/* The living tensor called as the first n bytes of base and `end`; NULL. */
const struct tensor *fold_sibling(struct fold *f, const char *base, size_t n, const char *end,
	long *at);
/* The bytes of `from` become bytes of `into`; `from` is gone. */
void fold_take(struct fold *f, size_t into, size_t from);
/* A logical tensor of so many columns, in a format that has a name alone. */
void fold_columns(struct fold *f, size_t t, uint64_t columns);
/* False, with what is wrong with a module. */
bool fold_bad(struct fold *f, const struct tensor *w, const char *what);
/* packed_ct.c: compressed-tensors and ModelOpt. wt: PATH.weight_packed. */
bool fold_compressed(struct fold *f, size_t wt);
/* wt: PATH.weight of four-bit codes, st: their scales. */
bool fold_modelopt(struct fold *f, size_t wt, size_t st);
/* exl2.c: wt: PATH.q_weight. */
bool fold_exl2(struct fold *f, size_t wt);
/* Scales of activations, of no use to weights, of the module whose weight was folded. */
void fold_drop_inputs(struct fold *f, const char *path, size_t n);
#endif
