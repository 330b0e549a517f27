/* quantizing: what the verbs about quantization share: a model or recipe, a plan, an importance
 * matrix, and what comes of them; measured errors. Main thread. */
#ifndef CUPEL_CLI_QUANTIZING_H
#define CUPEL_CLI_QUANTIZING_H
#include "cli/verb.h"
#include "quant/gguf_keys.h"
#include "quant/imatrix.h"
#include "quant/measure.h"
#include "quant/plan.h"
#include "engine/quantize.h"

struct quantizing {
	struct cli *c;
	struct model *model;
	struct plan *merge;        /* whose result the model is; NULL: a stored one */
	struct quant_targets *targets;
	struct imatrix *imatrix;   /* NULL: none */
	struct imatrix_cover cover;
	struct quant_plan *plan;
	struct findings findings;
	uint64_t bytes;            /* of the file, or of the folder's safetensors files */
	struct quant_sums *sums;   /* one to a target, of the type it gets; NULL: not measured */
};
/* MODEL|RECIPE, a preset or plan file, --imatrix or NULL. False with a reason; quantizing_close in
 * any case. */
bool quantizing_open(struct quantizing *q, struct cli *c, const char *name, const char *plan,
	const char *imatrix, struct err *e);
/* The error of every tensor; progress on stderr, signals cancel. */
bool quantizing_measure(struct quantizing *q, bool exact, struct err *e);
/* The best plan under the target (--target), measured; its spec is q->plan->spec. */
bool quantizing_target(struct quantizing *q, const char *target, bool exact, struct err *e);
void quantizing_close(struct quantizing *q);
/* The same with what is at hand: r, merged as o says, or the model called name if r is NULL. */
struct quantizing_from {
	const char *name;
	const struct recipe *recipe;
	const struct plan_options *merge;
	const struct quant_spec *spec;
	const char *imatrix;
};
bool quantizing_from(struct quantizing *q, struct cli *c, const struct quantizing_from *from,
	struct err *e);
/* Writes it, with progress on stderr; signals cancel. The catalog may be NULL. */
bool quantizing_run(struct quantizing *q, struct catalog *cat, struct quantize_options *o,
	struct run_result *r, struct err *e);
/* And answers; ends the job's row. The verb's exit status. */
int quantizing_write(struct quantizing *q, struct quantize_options *o, struct err *e);

json_t *quantizing_json(const struct quantizing *q, uint64_t context);
void quantizing_print(const struct quantizing *q, uint64_t context, bool tensors);
/* Warnings on stderr, as merging does. */
void quantizing_say(const struct quantizing *q);
#endif
