/* target_build: targets while they are put together. Internal to quant/; one thread. */
#ifndef CUPEL_QUANT_TARGET_BUILD_H
#define CUPEL_QUANT_TARGET_BUILD_H
#include "base/arena.h"
#include "base/vec.h"
#include "quant/target.h"

struct targets_build {
	struct quant_targets t; /* first: a struct quant_targets * is one of these */
	atomic_int refs;
	struct arena arena;
	vec(struct quant_target) v;
	struct { char *key; size_t at; } *stacks; /* experts gathered: name → its number in v */
	size_t n_stacks, cap_stacks;
};
/* A target like the model's tensor i: name is copied. */
struct quant_target *target_add(struct targets_build *b, size_t i, const char *name);
/* The stack of that name, begun if there is none; tensor i becomes its next expert. False: the
 * shapes differ. */
bool target_stack(struct targets_build *b, size_t i, const char *name, struct err *e);
/* The last one becomes a half of its rows. */
void target_half(struct quant_target *t, int part);
bool targets_gguf(struct targets_build *b, struct err *e);
bool targets_mlx(struct targets_build *b, struct err *e);
int64_t target_config(const struct model *m, const char *key); /* also of its text part; -1 */
#endif
