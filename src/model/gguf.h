/* gguf: the parts of the GGUF reader. Internal to model/; the rules by which its tensors get
 * Hugging Face names and values stand here.
 *
 *  - A tensor whose stem the role table knows for the family gets that family's name. Others keep
 *    the name they have in the file.
 *  - q and k rows of the llama family (llama, mistral, mixtral, granite*) are brought back from
 *    ggml's pairwise rope order; biases too.
 *  - Stacked experts become one tensor to an expert where the family writes them so (mixtral, qwen,
 *    olmoe, deepseek, glm); granitemoe's gate and up halves become input_linear, gpt-oss's
 * alternate rows gate_up_proj, as those families stack them.
 *  - ssm_a holds -exp(A_log): read back as A_log. Norms of gemma and qwen3_next are stored with 1
 *    added: read without. Dimensions of 1 that ggml dropped or added are as in the family.
 *
 * A tensor's dtype, bytes and hash are those of the file; only decoded reads change places. */
#ifndef CUPEL_MODEL_GGUF_H
#define CUPEL_MODEL_GGUF_H
#include "model/build.h"

struct gguf_arch {
	const char *gguf, *family, *arch_class;
	unsigned how;
};
enum {
	GGUF_ROPE_ROWS = 1, /* q and k rows are stored pairwise */
	GGUF_NORM_PLUS = 2, /* norms are stored with 1 added */
	GGUF_HALVES = 4,    /* the family has gate and up as halves of one tensor */
	GGUF_ALTERNATE = 8, /* … as alternate rows of one tensor */
};
/* The row for general.architecture; for one nobody lists, a row with its own name as family. The
 * result lives in the build. */
const struct gguf_arch *gguf_arch(struct model_build *b);
/* config.json as the keys tell it. New reference. */
json_t *gguf_config(const struct model_build *b, const struct gguf_arch *a, bool tied);
/* Turns n tensors as they stand in the files into b->tensors. */
void gguf_name_tensors(struct model_build *b, const struct gguf_arch *a, const struct tensor *v,
	size_t n);
/* A key of the architecture: "ARCH.name". Borrowed; NULL if absent. */
const json_t *gguf_key(const struct model_build *b, const char *name);
/* The same, of one layer, where the key may be a number or an array. */
int64_t gguf_layer_int(const struct model_build *b, const char *name, int layer, int64_t dflt);
#endif
