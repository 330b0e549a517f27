/* overhear: content hashes of stored tensors, taken from bytes that are read for something else, so
 * that nobody has to read them again. Bytes come in runs, from any thread; a piece (HASH_PIECE) is
 * learned when its runs came one after the other, a tensor when all of its pieces were. What came
 * out of order is forgotten: someone else hashes it then. Bounded memory. */
#ifndef CUPEL_ENGINE_OVERHEAR_H
#define CUPEL_ENGINE_OVERHEAR_H
#include "model/model.h"

struct overhear;
struct overhear *overhear_new(void);
void overhear_free(struct overhear *o);  /* nobody tells it anything any more */
/* Bytes [offset, offset+n) of tensor t as stored. */
void overhear(struct overhear *o, const struct model *m, size_t t, uint64_t offset,
	const void *bytes, size_t n);
#endif
