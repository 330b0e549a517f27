#include "config.h"
#include "engine/plan_key.h"
#include <string.h>
#include "base/rng.h"
#include "base/str.h"

struct hash plan_key(const struct plan_tensor *t, const struct hash *source)
{
	const struct merge_spec *s = &t->spec;
	struct {
		uint64_t seed, name, elements;
		int dtype, arithmetic, work, base, n, verbatim;
	} fixed;
	struct str b = STR_INIT;
	struct hash h;

	memset(&fixed, 0, sizeof fixed);
	fixed.elements = s->elements;
	fixed.dtype = (int)t->dtype;
	fixed.arithmetic = (int)s->arithmetic;
	fixed.work = s->arithmetic == ARITH_MERGEKIT || s->streams ? (int)s->work : 0;
	fixed.base = s->base;
	fixed.n = s->n_inputs;
	fixed.verbatim = t->verbatim;
	if (s->method->random) {
		fixed.seed = s->seed;
		fixed.name = s->name_hash;
	}
	str_add(&b, s->method->name);
	str_addn(&b, (const char *)&fixed, sizeof fixed);
	str_addn(&b, (const char *)s->shape, (size_t)s->rank * sizeof *s->shape);
	str_addn(&b, (const char *)s->global, P_COUNT * sizeof *s->global);
	for (int k = 0; k < s->n_inputs; k++) {
		str_addn(&b, (const char *)&source[k], sizeof *source);
		str_addn(&b, (const char *)s->input[k], sizeof *s->input);
		if (s->method->random)
			str_addn(&b, (const char *)&s->rng_index[k], sizeof *s->rng_index);
	}
	if (s->streams) /* what the tensors before it have drawn shows */
		str_addn(&b, (const char *)s->streams, (size_t)s->n_inputs * sizeof *s->streams);
	h = hash_bytes(b.s, b.n);
	str_fini(&b);
	return h;
}

struct hash plan_place(const struct plan *p, size_t tensor)
{
	const struct plan_tensor *t = &p->tensors[tensor];
	struct hash source[MERGE_MAX_INPUTS];

	for (int k = 0; k < t->spec.n_inputs; k++)
		source[k] = model_tensor_place(p->inputs->v[t->input[k]].model,
			(size_t)t->source[k]);
	return plan_key(t, source);
}
