/* swap_sample: a slot's sample prepared for NearSwap: for every t the counts of a swap from vector
 * x to vector m cost a binary search per block. Made when first asked for and kept with the slot.
 * Owner thread of the preview or look only. */
#ifndef CUPEL_ENGINE_SWAP_SAMPLE_H
#define CUPEL_ENGINE_SWAP_SAMPLE_H
#include "engine/pair_figure.h"

struct swap_sample;
/* NULL while there is no sample. */
const struct swap_sample *swap_sample_of(struct slot_pair p, enum dtype out);
/* MO_N, MO_FULL, MO_SHIFT, MO_CHANGED, MO_FROZEN of every block at t; sample->n rows. */
void swap_sample_rows(const struct swap_sample *s, double t, double (*rows)[MO_COUNT]);
void swap_samples_free(struct swap_sample *s); /* all of a slot */
#endif
