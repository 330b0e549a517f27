/* stored_as: how a model's weights are stored, in words. Pure functions of an opened model; any
 * thread. */
#ifndef CUPEL_MODEL_STORED_AS_H
#define CUPEL_MODEL_STORED_AS_H
#include "model/model.h"

/* "Q4_K (120 tensors), Q6_K (12)": the formats that are decoded while they are read; NULL if there
 * are none. Caller frees. */
char *stored_decoded(const struct model *m);
/* The number format of most weights; what is decoded counts as BF16. */
enum dtype stored_dtype_main(const struct model *m);
/* Weights packed in a way that is not decoded: "GPTQ, 4 bits in groups of 128"; NULL if there are
 * none. Caller frees. */
char *stored_foreign(const struct model *m);
/* The command that makes one like it, with its parameters: "convert.py -i SOURCE …"; NULL where
 * nobody has described one. Caller frees. */
char *stored_recipe(const struct model *m);
/* What makes such a model readable; one clause. */
const char *stored_converter(const struct model *m);
#endif
