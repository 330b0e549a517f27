/* stack: the layers of a model, and of the parts a vision model is made of: which module a tensor
 * belongs to, which layer of it, and what it is called in another layer. Modules go by mergekit's
 * names (text_decoder, vision_tower, multi_modal_projector …), the names of their kind (text,
 * vision, projector, audio), or a component of the tensors' own names; "default" is all there is.
 * Pure functions; any thread. */
#ifndef CUPEL_MODEL_STACK_H
#define CUPEL_MODEL_STACK_H
#include "base/str.h"
#include "model/model.h"

/* What the part of a model is called that a tensor stands in: "default" for the language model. */
const char *module_of(const struct tensor *t);
bool module_has(const char *module, const struct tensor *t);
/* Layer of a tensor in its module's stack, -1 outside. */
int module_layer(const char *module, const struct tensor *t);
/* Layers of the module; 0 if it has none. */
int64_t module_depth(const char *module, const struct model *m);
/* Of a tensor outside the stack: whether it comes after the layers (final norm, head). Of a tower
 * in "default" nothing does: the layers are those of the language model. */
bool module_ends(const char *module, const struct tensor *t);
/* The name that a tensor of some layer has in layer `to`. */
void layer_name(struct str *out, const char *name, int64_t to);
/* "text_decoder, vision_tower": those that a model has tensors of. */
void module_list(struct str *out, const struct model *m);
#endif
