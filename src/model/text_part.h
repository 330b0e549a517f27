/* text_part: names of tensors of a language model, alone or as a part of one that sees or hears.
 *
 *	alone                 in a part
 *	model.X               model.language_model.X   language_model.model.X   …
 *	lm_head.X             lm_head.X                language_model.lm_head.X …
 *
 * Pure functions over an opened source; any thread. */
#ifndef CUPEL_MODEL_TEXT_PART_H
#define CUPEL_MODEL_TEXT_PART_H
#include "base/str.h"
#include "model/model.h"

/* The name as a language model alone has it; name itself if it is no part's. buf holds it. */
const char *text_part_plain(const char *name, struct str *buf);
/* The tensor of s that has this name, in whatever layout either has; -1. */
long text_part_find(const struct source *s, const char *name, struct str *buf);
/* A name of a language model's tensor, alone or in a part; not of a tower or projector. */
bool text_part_has(const char *name);
/* It sees or hears: it has a tower beside its language model, or its config speaks of one. */
bool model_sees(const struct model *m);
/* m with its tensors under the names that the same parts have in `like`, for models of which one
 * is, or may be, a part of the other: same bytes, other names. NULL if the names agree, or if there
 * is nothing in common. Takes references. */
struct model *text_view(struct model *m, const struct model *like);
#endif
