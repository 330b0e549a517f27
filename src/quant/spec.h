/* spec: a plan file while it is read. Internal to quant/; one thread. */
#ifndef CUPEL_QUANT_SPEC_H
#define CUPEL_QUANT_SPEC_H
#include "base/arena.h"
#include "quant/plan.h"

struct spec_own {
	struct quant_spec s; /* first: a struct quant_spec * is one of these */
	atomic_int refs;
	struct arena arena;
	regex_t *re;         /* those compiled */
	size_t n_re;
};
/* Does a role word of a rule name this role: the role itself, a prefix, a pattern? */
bool quant_role_match(const char *word, const char *role);
bool quant_rule_match(const struct quant_rule *r, const struct quant_target *t, int64_t layers);
#endif
