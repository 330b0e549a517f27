#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/mt_jump.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/draws.h"

static const char *const names[2][2] = {
	{"float32", "float32 rng=mergekit"},
	{"mergekit", "mergekit rng=mergekit"},
};

const char *plan_arithmetic(const struct plan *p)
{
	return names[p->arithmetic == ARITH_MERGEKIT][p->rng == RNG_MERGEKIT];
}

bool plan_arithmetic_parse(const char *text, struct plan_options *o)
{
	for (int a = 0; text && a < 2; a++)
		for (int r = 0; r < 2; r++)
			if (str_eq(text, names[a][r])) {
				o->arithmetic = a ? ARITH_MERGEKIT : ARITH_FLOAT32;
				o->rng = r ? RNG_MERGEKIT : RNG_COUNTER;
				return true;
			}
	return false;
}

bool draws_allowed(const struct method *m, enum arithmetic a, struct err *e)
{
	struct str s = STR_INIT;

	if (a != ARITH_MERGEKIT || m->mergekit)
		return true;
	str_add(&s, "");
	for (size_t i = 0; i < method_count(); i++)
		if (method_at(i)->mergekit)
			str_addf(&s, "%s%s", s.n ? ", " : "", method_at(i)->name);
	err_set(e, ERR_USAGE, "--arithmetic", "leave it out: float32 is closer to the exact result",
		"mergekit's arithmetic is not there for %s, only for %s", m->name, s.s);
	str_fini(&s);
	return false;
}

bool draws_work(const struct merge_spec *s, struct err *e)
{
	return s->arithmetic != ARITH_MERGEKIT || s->work == DT_F32 || s->work == DT_BF16 ||
		s->work == DT_F16 || err_set(e, ERR_INPUT, s->name,
		"say dtype: float32, bfloat16 or float16 in the recipe",
		"mergekit's arithmetic is there for these dtypes, and the models have %s",
		dtype_name(s->work));
}

struct drawing { /* a tensor that draws, and what mergekit sorts it by */
	struct plan_tensor *t;
	const char *name;
	size_t index;
};

static const char *input_name(const struct plan *p, const struct plan_tensor *t)
{
	const char *most = "";

	for (int k = 0; k < t->spec.n_inputs; k++) {
		const struct model *m = p->inputs->v[t->input[k]].model;
		const char *name = m->source.tensors[t->source[k]].name;

		most = strcmp(name, most) > 0 ? name : most;
	}
	return most;
}

static int by_name(const void *a, const void *b)
{
	const struct drawing *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : x->index < y->index ? -1 : x->index > y->index;
}

struct jumps { /* a few sizes of tensors make up a model */
	struct mt_jump v[32];
	uint64_t n[32];
	size_t used;
};

static void jump(struct jumps *j, struct mt19937 *g, uint64_t n)
{
	size_t i = 0;

	while (i < j->used && j->n[i] != n)
		i++;
	if (i == j->used) {
		if (i == sizeof j->n / sizeof *j->n)
			i = (size_t)(n % i);
		else
			j->used++;
		mt_jump_init(&j->v[i], n);
		j->n[i] = n;
	}
	mt_jump_apply(&j->v[i], g);
}

static void place(struct plan_tensor *t, struct arena *a, struct jumps *j, struct mt19937 *g)
{
	const struct merge_spec *s = &t->spec;
	struct mt19937 *v = arena_new(a, struct mt19937, (size_t)s->n_inputs);
	struct hash h, both[2];
	bool ranks = method_param(s->method, "epsilon"); /* these need no number to keep nothing */

	for (int k = 0; k < s->n_inputs; k++) {
		if (k == s->base || !(s->input[k][P_DENSITY] < 1.0))
			continue;
		v[k] = *g;
		if (ranks && s->input[k][P_DENSITY] <= 0.0)
			continue;
		jump(j, g, s->elements);
	}
	t->spec.streams = v;
	h = hash_bytes(v, (size_t)s->n_inputs * sizeof *v);
	for (int i = 0; i < 2; i++) /* the key was made without */
		both[i] = i ? h : t->key;
	t->key = hash_bytes(both, sizeof both);
}

size_t draws_place(struct plan *p, struct arena *a)
{
	struct drawing *v = xnew(struct drawing, p->n + 1);
	struct jumps *j = xnew(struct jumps, 1);
	struct mt19937 g;
	size_t n = 0, ties = 0;

	mt19937_seed(&g, (uint32_t)p->seed);
	for (size_t i = 0; i < p->n; i++)
		if (p->tensors[i].spec.method->random && !p->tensors[i].verbatim)
			v[n++] = (struct drawing){&p->tensors[i], input_name(p, &p->tensors[i]), i};
	qsort(v, n, sizeof *v, by_name);
	for (size_t i = 1; i < n; i++)
		ties += strcmp(v[i - 1].name, v[i].name) == 0;
	for (size_t i = 0; i < n; i++)
		place(v[i].t, a, j, &g);
	free(j);
	free(v);
	return ties;
}
