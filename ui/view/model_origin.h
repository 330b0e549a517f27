/* model_origin: what the card beside the tree says of a model's lineage: its ancestors, the parts
 * of the leaves, licences that are carried along, what its weights are nearest to.
 * Adds lines to a model_card. UI thread only. */
#ifndef CUPEL_UI_MODEL_ORIGIN_H
#define CUPEL_UI_MODEL_ORIGIN_H
#include "lineage/measured.h"
#include "ui/view/model_card.h"

/* wide: room for a tree; else a line each. */
void origin_lines(struct model_card *c, const struct lineage *l, size_t node, bool wide);
void became_line(struct model_card *c, const struct lineage *l, size_t node);
void measured_lines(struct model_card *c, const struct lineage *l, const struct measured *m);
#endif
