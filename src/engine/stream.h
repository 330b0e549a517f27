/* stream: many output tensors through their kernels on all threads. Pieces of tensors are handed
 * out in order; while the last pieces of one tensor are at work, the next tensors' passes have
 * begun, so that no core waits at a boundary. Memory is bounded by threads and inputs, not by
 * sizes.
 * Called by one thread, which works too. */
#ifndef CUPEL_ENGINE_STREAM_H
#define CUPEL_ENGINE_STREAM_H
#include "engine/plan.h"
#include "system/pool.h"

struct stream_done { /* a tensor that is whole */
	size_t tensor;             /* plan index */
	struct hash hash;          /* of its stored bytes */
	const struct hash *input;  /* per spec input: its content hash, zero where not known */
	uint64_t nonfinite;        /* in its inputs */
};
struct stream_sink {
	/* Stored bytes of a tensor from `offset`; pieces come from any worker, in any order. */
	bool (*piece)(void *ctx, size_t tensor, uint64_t offset, const void *bytes, size_t n,
		struct err *e);
	/* After a tensor's last piece; one call at a time. */
	bool (*done)(void *ctx, const struct stream_done *d, struct err *e);
	/* Now and then, from the calling thread's share of the work; false cancels. */
	bool (*tick)(void *ctx, size_t tensor);
	void *ctx;
};
/* order: plan indices. *stop true: ERR_CANCELLED. */
bool stream_run(const struct plan *p, const uint32_t *order, size_t n, struct pool *pool,
	const struct stream_sink *sink, atomic_bool *stop, struct err *e);
/* Memory it will take, for the write sheet. */
uint64_t stream_memory(const struct plan *p, unsigned threads);
#endif
