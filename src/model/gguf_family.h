/* gguf_family: how GGUF holds a family of models: what it calls it, and what is another there than
 * at Hugging Face (model/gguf.h says how each is undone when read). Constant data; any thread. */
#ifndef CUPEL_MODEL_GGUF_FAMILY_H
#define CUPEL_MODEL_GGUF_FAMILY_H
#include <stdbool.h>

struct gguf_family {
	const char *arch;  /* general.architecture */
	bool rope_rows;    /* q and k rows are stored pairwise */
	bool norm_plus;    /* norms are stored with 1 added */
	bool halves;       /* gate and up are halves of one tensor at Hugging Face */
	bool alternate;    /* … or its alternate rows */
};
/* model_type → its row; false: nobody has described it. */
bool gguf_family(const char *model_type, struct gguf_family *out);
#endif
