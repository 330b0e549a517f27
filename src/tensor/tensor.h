/* tensor: what a tensor is, without its weights: name, dtype, logical shape, place. Immutable once
 * its source is open; strings belong to the source's arena. Any thread may read. */
#ifndef CUPEL_TENSOR_TENSOR_H
#define CUPEL_TENSOR_TENSOR_H
#include <stdint.h>
#include "tensor/dtype.h"

#define TENSOR_MAX_RANK 8
struct tensor {
	const char *name;       /* Hugging Face name, whatever the container */
	const char *stored;     /* the name in the file (differs for GGUF and packed MLX) */
	enum dtype dtype;       /* as stored; DT_UNKNOWN prints dtype_text */
	const char *dtype_text; /* "BF16", "Q4_K", "affine4g32": what to show */
	int rank;
	uint64_t shape[TENSOR_MAX_RANK]; /* outermost first, logical */
	uint64_t elements;      /* logical */
	uint64_t bytes;         /* stored, scales and biases included */
	const char *role;       /* "attn_q", "ffn_down_exps", …; "other" if unknown */
	int layer;              /* -1 outside the stack */
	int expert;             /* -1 unless one tensor per expert */
	int file;               /* index into the model's files */
	uint64_t offset;        /* of the stored bytes in that file */
	bool readable;          /* decoded reads work; else metadata only */
};
#endif
