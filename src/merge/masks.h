/* masks: which elements mergekit's random methods keep on a CPU (--rng mergekit): one MT19937 draws
 * for all tensors one after another, u = (word & 0xffffff) * 2^-24, an element is kept if u is
 * below its probability. A merge_spec's streams say where each input's draws begin.
 * The holder owns the marks; they are written by one thread in window order, then only read. */
#ifndef CUPEL_MERGE_MASKS_H
#define CUPEL_MERGE_MASKS_H
#include "base/rng.h"
#include "merge/method.h"

/* of one input: the generator per window */
struct masks { uint32_t (*mark)[624]; size_t windows; };
bool masks_init(struct masks *m, const struct mt19937 *begin, uint64_t elements, struct err *e);
void masks_fini(struct masks *m);
/* Window number `window` from the one before; in order. */
void masks_mark(struct masks *m, uint64_t window);
void masks_seek(const struct masks *m, uint64_t first, struct mt19937 *g);
/* One bit an element, set where it is kept: draw < below (a count of 2^-24). n is a multiple of 16
 * but for the tensor's end. */
void masks_keep(struct mt19937 *g, uint32_t below, uint8_t *bits, size_t n);
void masks_uniform(struct mt19937 *g, float *u, size_t n);
#endif
