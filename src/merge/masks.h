/* masks: which elements mergekit's random methods keep on a CPU (--rng mergekit): one MT19937 draws
 * for all tensors one after another, u = (word & 0xffffff) * 2^-24, an element is kept if u is
 * below its probability. A merge_spec's streams say where each input's draws begin.
 * The holder owns the marks; they are written by one thread in window order, then only read. */
#ifndef CUPEL_MERGE_MASKS_H
#define CUPEL_MERGE_MASKS_H
#include "base/rng.h"
#include "merge/method.h"

/* of one input: the generator per window */
struct masks { uint32_t (*mark)[624]; uint64_t every; };
bool masks_init(struct masks *m, const struct mt19937 *begin, const struct merge_spec *s,
	struct err *e);
void masks_fini(struct masks *m);
/* Window number `window` from the one before; in order. */
void masks_mark(struct masks *m, uint64_t window);
void masks_seek(const struct masks *m, uint64_t first, struct mt19937 *g);
/* One bit an element, set where it is kept: draw < below (a count of 2^-24). n is a multiple of 16
 * but for the tensor's end. */
void masks_keep(struct mt19937 *g, uint32_t below, uint8_t *bits, size_t n);
void masks_numbers(struct mt19937 *g, uint32_t *out, size_t n); /* counts of 2^-24 */
#endif
