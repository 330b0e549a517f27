/* content: hashes of whole models. Tensors that a pass has hashed cost nothing; the rest is read,
 * on all threads. Called by one thread. */
#ifndef CUPEL_ENGINE_CONTENT_H
#define CUPEL_ENGINE_CONTENT_H
#include "model/model.h"
#include "system/pool.h"

/* out[i] of models[i]; what is learned is remembered (model_hash_store). *stop true:
 * ERR_CANCELLED. */
bool content_hashes(struct model *const *models, size_t n, struct pool *pool, atomic_bool *stop,
	struct hash *out, struct err *e);
#endif
