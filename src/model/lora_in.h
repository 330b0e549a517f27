/* lora_in: what the parts of lora share. Private to model/. A struct lora owns its adapter, its
 * config's patterns and its arena; immutable once open, but for the cache of factors, which has a
 * lock. */
#ifndef CUPEL_MODEL_LORA_IN_H
#define CUPEL_MODEL_LORA_IN_H
#include <pthread.h>
#include <regex.h>
#include "base/arena.h"
#include "base/vec.h"
#include "model/lora.h"
#include "model/virtual.h"

enum lora_kind { LORA_PEFT, LORA_MLX, LORA_FULL };
struct lora_pattern { /* modules whose rank or alpha is another */
	const char *key;
	double value;
	bool plain;                /* a name or its end; else compiled */
	regex_t compiled;
};
struct lora_patterns {
	struct lora_pattern *v;
	size_t n, cap;
};
struct lora_config {
	enum lora_kind kind;
	double rank, alpha;        /* PEFT */
	double scale;              /* MLX: the factor itself */
	bool rslora, transposed;   /* transposed: fan_in_fan_out */
	struct lora_patterns ranks, alphas;
	const char *base, *targets, *init; /* NULL if not said */
	const char *const *named;  /* modules it lists, to change or to keep; NULL-ended */
};
/* Strings are the arena's. */
bool lora_config_read(struct lora_config *c, const json_t *j, const char *where, struct arena *a,
	struct err *e);
void lora_config_fini(struct lora_config *c);
double lora_config_rank(const struct lora_config *c, const char *module);
double lora_config_alpha(const struct lora_config *c, const char *module);

struct lora_pair { /* B A of one module */
	const char *module;
	size_t a, b;               /* tensors of the adapter */
	bool embedding;            /* stored for the transposed weight */
	uint64_t rank, experts;    /* experts: 1 but for stacks of them */
	float factor;
};
struct lora_saved { /* a tensor kept whole, under the model's name */
	const char *name;
	size_t at;
};
struct lora {
	struct model *adapter;
	struct lora_config config;
	struct lora_facts facts;
	struct arena arena;
	vec(struct lora_pair) pairs;
	vec(struct lora_saved) saved;
};

/* One changed tensor of a model: left [rows, rank] and right [rank, columns] are factors of what is
 * added, of each of `experts` in turn. */
struct lora_change {
	size_t t;                  /* in the model */
	long saved;                /* in the adapter: instead of the model's own; -1 */
	long left, right;          /* in the adapter; -1: nothing is added */
	bool left_turned, right_turned; /* stored transposed */
	uint64_t rank, rows, columns, experts;
	long expert;               /* the one whose factors these are, of a stack; -1: all */
	float factor;
	bool twice;                /* what is added is rounded by itself first, as peft does for
	                            * embeddings */
	enum dtype dtype;          /* rounded to */
};
/* lora_read.c: changes computed as they are read. Takes both models and the array. */
struct lora_reader *lora_reader_new(struct model *base, struct model *adapter,
	struct lora_change *v, size_t n, const size_t *change_of);
extern const struct virtual_ops lora_reader_ops;
#endif
