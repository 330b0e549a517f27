/* parts: one output made by several processes, on any hosts that see the files: each writes whole
 * shards, balanced by bytes, into one folder, and --join makes the output of it.
 *	.OUT.cupel-parts/                      OUT, when it is whole
 *	    model-00002-of-00005.safetensors   at its full size; its tensors as they come
 *	    .part-2-of-3.journal               the tensors that part 2 has finished
 *	    .part-2-of-3.lock                  who is at work on it
 * A part that was stopped is run again, and goes on where its journal ends. One thread. */
#ifndef CUPEL_ENGINE_PARTS_H
#define CUPEL_ENGINE_PARTS_H
#include "engine/output.h"

/* Per shard: its part, from 0. The same for everybody. Caller frees. */
uint32_t *parts_deal(const struct shards *s, unsigned n);
/* Opens an output for one part, or for joining: finished tensors are marked. */
bool parts_begin(struct output *o, struct pool *pool, const struct run_options *opt,
	struct err *e);
bool parts_join(struct output *o, struct pool *pool, const struct run_options *opt, struct err *e);
void parts_clear(struct output *o);   /* what is no part of an output, before it is published */
bool parts_private(const char *name); /* a file of the folder that is none of the output's */
#endif
