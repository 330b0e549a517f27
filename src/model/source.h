/* source: anything that has tensors whose weights can be read: a file, a folder, a recipe nobody
 * has written yet. The one way anyone sees weights. Reference counted: source_ref/source_unref.
 * Metadata is borrowed from the source and lives as long. read is safe from any number of threads
 * at once. */
#ifndef CUPEL_MODEL_SOURCE_H
#define CUPEL_MODEL_SOURCE_H
#include <stdatomic.h>
#include "base/err.h"
#include "base/hash.h"
#include "tensor/tensor.h"

/* The size of a window: elements are read in runs that start at multiples of WINDOW_ELEMS (the last
 * is shorter), so results depend on shape alone. 256 Ki elements = 1 MiB of float32. */
#define WINDOW_ELEMS ((size_t)256 * 1024)

struct source;
struct source_ops {
	/* Decode elements [first, first+n) of tensor t into out, in Hugging Face row order. first
	 * is a multiple of 256 (a tensor's tail may be any length). */
	bool (*read)(
		struct source *s, size_t t, uint64_t first, size_t n, float *out, struct err *e);
	/* Stored bytes [offset, offset+n) of tensor t as they are in the file (for copies and
	 * hashes). NULL if the source has none (a virtual one). */
	bool (*read_raw)(struct source *s, size_t t, uint64_t offset, size_t n, void *out,
		struct err *e);
	void (*free)(struct source *s);
};
struct source {
	const struct source_ops *ops;
	atomic_int refs;               /* set to 1 by whoever makes the source */
	const char *label;             /* for messages */
	const struct tensor *tensors;  /* in file order */
	size_t n_tensors;
	struct source_index *index;    /* names; source_index_init makes it */
};
struct source *source_ref(struct source *s);
void source_unref(struct source *s); /* the last one calls ops->free */
/* For whoever makes a source: after tensors are set, and in ops->free. Of two equal names the first
 * is found; returns the number of the second, or -1 if all differ. */
long source_index_init(struct source *s);
void source_index_fini(struct source *s);
bool source_read(struct source *s, size_t t, uint64_t first, size_t n, float *out, struct err *e);
bool source_read_raw(
	struct source *s, size_t t, uint64_t offset, size_t n, void *out, struct err *e);
/* Index of a tensor by Hugging Face name, or -1. Hashed; built by source_index_init. */
long source_find(const struct source *s, const char *name);
uint64_t tensor_windows(const struct tensor *t); /* ceil(elements / WINDOW_ELEMS) */
#endif
