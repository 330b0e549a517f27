/* run: writes what a plan says: streams windows through the kernels on all threads, shards, index,
 * config, tokenizer files, card, provenance; commits a run. Output gets its final name only when
 * whole; a journal beside it lets a killed run resume. Called by one thread. */
#ifndef CUPEL_ENGINE_RUN_H
#define CUPEL_ENGINE_RUN_H
#include "engine/plan.h"
#include "system/pool.h"

struct run_options {
	const char *output;        /* folder */
	uint64_t shard_size;       /* bytes, 0 = 5e9 */
	bool force, resume, sync;
	/* Part `part` of `parts` (from 1; 0 none), or all of them joined (engine/parts.h). A part
	 * is no run of the catalog; force drops parts that do not fit. */
	unsigned part, parts;
	bool join;
	bool steps;                /* output may be a folder with outputs in it: they stay */
	int64_t parent_run, job;   /* 0 none; progress is written to the job's row */
	const char *command;       /* for the catalog */
};
struct run_progress {
	uint64_t done, total;      /* output bytes */
	double rate, left, seconds;
	const char *tensor;
};
struct run_result {
	int64_t run;
	char output[4096];
	uint64_t bytes, tensors;
	double seconds;
	uint64_t seed;
	struct hash hash;
	uint64_t nonfinite;        /* in the inputs */
	uint64_t resumed;          /* tensors found done */
	unsigned part, parts;      /* 0: it is whole */
	uint64_t files;            /* of the part, or all */
	/* The output is whole, and the catalog could not be told (locked, full, damaged): why.
	 * ERR_NONE: it was. */
	struct err unremembered;
};
struct run_estimate { /* for the write sheet, before anything starts */
	uint64_t bytes, free_bytes, memory;
	double seconds;            /* from the last measured rate, or a default */
	bool fits, exists;         /* exists: OUT is there already */
	char output[4096];         /* the name it would have when none is given: RECIPE-METHOD-N */
};
bool run_estimate(const struct plan *p, const char *output, unsigned threads,
	struct run_estimate *out, struct err *e);
/* progress is called at most some times a second from one thread; returning false cancels. */
bool run_merge(struct plan *p, struct catalog *c, struct pool *pool, const struct run_options *o,
	bool (*progress)(void *ctx, const struct run_progress *p), void *ctx,
	struct run_result *out, struct err *e);
/* Streams one output tensor through the kernels as the run would: fn gets every window
 * (WINDOW_ELEMS elements, the last shorter), in window order: its inputs in w, the float32 results
 * before the one rounding in merged, and what a reader of the file would see in stored. The exact
 * preview is this.
 * pool NULL: all on the calling thread, which may be a worker. *stop true: ERR_CANCELLED. */
typedef bool run_window_fn(void *ctx, const struct plan_tensor *t, const struct merge_window *w,
	const float *merged, const float *stored, struct err *e);
bool run_tensor(const struct plan *p, size_t t, struct pool *pool, run_window_fn *fn, void *ctx,
	atomic_bool *stop, struct err *e);
#endif
