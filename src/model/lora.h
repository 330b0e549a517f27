/* lora: an adapter, and a model with an adapter applied while it is read.
 *
 *	W + scale * alpha / rank * B A      (alpha / sqrt(rank) if use_rslora)
 *
 * in float32, summed over the rank in order, rounded once to the dtype W is stored in (bfloat16
 * where W is quantized): what peft's merge_and_unload saves for a model of that dtype. Modules that
 * the adapter saves whole take the place of the model's, whatever the scale.
 * An opened adapter belongs to the caller: lora_free. lora_apply's model keeps what it needs. One
 * thread each; the model is for any thread. */
#ifndef CUPEL_MODEL_LORA_H
#define CUPEL_MODEL_LORA_H
#include "model/model.h"

struct lora;
struct lora_facts {
	const char *kind;          /* "LoRA", "LoRA (MLX)", "full weights (MLX)" */
	const char *base;          /* the model it was trained on, as it says; NULL */
	uint64_t rank_least, rank_most;
	double alpha;              /* NAN where the adapter gives a factor alone */
	double factor;             /* of rank_most: what B A is multiplied by at scale 1 */
	bool rslora, patterns;     /* patterns: rank or alpha differ between modules */
	size_t pairs, saved;       /* modules changed by B A; tensors that are kept whole */
	const char *targets;       /* "q_proj, v_proj": what the changed modules are called */
	const char *saves;         /* the same of the saved ones; NULL for none */
	const char *asked;         /* target_modules as configured: a list, a pattern; NULL */
	const char *caution;       /* what its making means for the base; NULL */
	const char *absent;        /* modules its config lists and it has no tensors of; NULL */
	uint64_t parameters, bytes;
};
/* A folder with an adapter and no model, or the adapter's file in it. */
bool lora_is(const char *path);
struct lora *lora_open(const char *path, struct err *e);
void lora_free(struct lora *l);
const struct lora_facts *lora_facts(const struct lora *l);
char *lora_text(const struct lora *l); /* the facts in one line; caller frees */
json_t *lora_json(const struct lora *l);

/* What there is to say about an adapter on this model: warning false for what is only good to
 * know. */
typedef void lora_say_fn(void *ctx, bool warning, const char *text, const char *hint);
/* label: what messages call the result, "model+lora:0.5". Takes a reference to base. say may be
 * NULL. NULL: the adapter is for another model, or of a kind that is refused by name. */
struct model *lora_apply(struct model *base, const char *path, double scale, const char *label,
	lora_say_fn *say, void *ctx, struct err *e);
#endif
