/* quant_files: what an MLX folder holds beside its weights: config.json with what is quantized how,
 * tokenizer files, a card, and cupel.json, which lists what may be replaced by a later --force.
 * The holder owns the list: quant_files_fini. One thread. */
#ifndef CUPEL_ENGINE_QUANT_FILES_H
#define CUPEL_ENGINE_QUANT_FILES_H
#include "base/vec.h"
#include "engine/quantize.h"

struct quant_files {
	vec(struct quantize_file) v;
};
bool quant_files_make(const struct quant_plan *p, const struct quant_layout *l, const char *name,
	struct quant_files *out, struct err *e);
void quant_files_fini(struct quant_files *f);
#endif
