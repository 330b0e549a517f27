/* quantize: writes what a quantization plan says: streams the model's numbers (a stored model's, or
 * those of a recipe nobody has written) through the encoders on all threads, into one GGUF file,
 * its parts, or an MLX folder; commits a run. Files get their final names only when all are whole;
 * a journal beside them lets a killed run resume. Memory is bounded by threads, not by sizes.
 * Called by one thread. */
#ifndef CUPEL_ENGINE_QUANTIZE_H
#define CUPEL_ENGINE_QUANTIZE_H
#include "engine/run.h"
#include "quant/imatrix.h"
#include "quant/layout.h"

struct quantize_options {
	const char *output;        /* GGUF: the file; MLX: the folder */
	uint64_t split;            /* bytes; 0: GGUF one file, MLX its default shards */
	bool force, resume, sync;
	bool nonfinite;            /* NaN and infinities are written as zeros, else refused */
	int64_t job, parent_run;   /* 0 none */
	const char *command;       /* for the catalog */
	struct plan *merge;        /* whose result the model is; NULL: a stored one */
	const struct imatrix *imatrix; /* NULL none */
};
struct quantize_file { /* written beside the weights: config.json, tokenizer.json … */
	const char *name;
	const char *bytes;         /* NULL: copied from path */
	size_t n;
	const char *path;
};
bool quantize_run(struct quant_plan *p, struct catalog *c, struct pool *pool,
	const struct quantize_options *o,
	bool (*progress)(void *ctx, const struct run_progress *p), void *ctx,
	struct run_result *out, struct err *e);
/* The size of what would be written, all weight files together: exact. 0: e says why. */
uint64_t quantize_size(const struct quant_plan *p, const struct quantize_options *o,
	struct err *e);
#endif
