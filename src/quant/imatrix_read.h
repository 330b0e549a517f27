/* imatrix_read: an importance matrix while it is read. Internal to quant/; one thread. */
#ifndef CUPEL_QUANT_IMATRIX_READ_H
#define CUPEL_QUANT_IMATRIX_READ_H
#include "base/arena.h"
#include "base/vec.h"
#include "quant/imatrix.h"

struct imatrix_own {
	struct imatrix m; /* first: a struct imatrix * is one of these */
	struct arena arena;
	struct { struct imatrix_entry *v; size_t n, cap; } entries;
	float *values;    /* all entries' */
	size_t used, cap;
};
/* Room for n more values; NULL when there is none. */
float *imatrix_take(struct imatrix_own *o, uint64_t n);
/* Every value finite and not negative, else the name with e. */
bool imatrix_sane(const struct imatrix_own *o, const char *name, const float *v, uint64_t n,
	struct err *e);
bool imatrix_read_gguf(struct imatrix_own *o, const char *path, struct err *e);
#endif
