/* virtual: a model that is stored nowhere: made of others while it is read (an adapter applied, a
 * vocabulary laid out anew, another recipe's result). To everyone else it is a model like any.
 * It holds a reference to each model it is made of. read and key are called by any thread, at any
 * time; whatever they share is theirs to lock. */
#ifndef CUPEL_MODEL_VIRTUAL_H
#define CUPEL_MODEL_VIRTUAL_H
#include "model/model.h"

struct virtual_tensor {
	struct tensor about;       /* name, shape, dtype, role, layer; strings are copied */
	/* The very tensor of another model, bytes and all; NULL: computed by read. A reference is
	 * taken. */
	struct model *origin;
	size_t at;                 /* its number there */
};
struct virtual_ops {
	/* Elements [first, first+n) of computed tensor t: see source_ops.read. The same element is
	 * the same bits however it is asked for. */
	bool (*read)(void *ctx, size_t t, uint64_t first, size_t n, float *out, struct err *e);
	/* Of everything that decides the values of computed tensor t, sources by their
	 * model_tensor_place: the same before and after contents are hashed. */
	struct hash (*key)(void *ctx, size_t t);
	void (*free)(void *ctx);   /* once, with the last reference; may be NULL */
};
struct virtual_about {
	struct model *like;        /* config, tokenizer, path and format are taken from it */
	const char *label;         /* as messages call it; also its name */
	/* Replace like's; NULL keeps it. References are taken. */
	json_t *config, *tokenizer_config;
	const char *architecture, *arch_class; /* the same; copied */
	/* Where its tokenizer files are, if they are not like's: they are read there, and it is
	 * its path. */
	const char *folder;
	const char *note;          /* for `inspect` and the run's record: what it is made of */
};
/* Takes ctx in any case. NULL: two tensors of one name. */
struct model *model_virtual(const struct virtual_about *a, const struct virtual_tensor *v, size_t n,
	const struct virtual_ops *ops, void *ctx, struct err *e);
/* The tensor whose stored bytes this is: itself in a stored model, its origin in a virtual one;
 * NULL where it is computed. */
struct model *model_origin(const struct model *m, size_t t, size_t *at);
#endif
