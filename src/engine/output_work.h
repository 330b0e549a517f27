/* output_work: what opening an output consists of, for output.c and parts.c. One thread. */
#ifndef CUPEL_ENGINE_OUTPUT_WORK_H
#define CUPEL_ENGINE_OUTPUT_WORK_H
#include "engine/output.h"

bool output_target(struct output *o, const struct run_options *opt, struct err *e);
bool output_room(const struct output *o, uint64_t bytes, struct err *e);
bool output_shard(struct output *o, size_t i, struct err *e); /* makes and opens a file */
/* Of the tensors marked as done, those whose bytes are not there are so no more. */
void output_verify(struct output *o, struct pool *pool);
#endif
