#include "config.h"
#include "quant/best.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"

struct cell { /* the tensors of one role in one layer: they get one type */
	const char *role;
	int layer;
	struct solve_option *v; /* one to a type */
	size_t choice;
	bool fixed;             /* no type fits */
};
struct table {
	const struct quant_plan *start;
	const struct quant_errors *x;
	uint32_t pad;
	struct { struct cell *v; size_t n, cap; } cells;
	uint64_t rest;          /* bytes of what is not to be chosen */
};

static uint64_t padded(uint64_t n, uint32_t pad)
{
	return n + (pad - n % pad) % pad;
}

size_t quant_best_types(const struct quant_targets *t, struct quant_type *out, size_t max)
{
	double most = 0;
	struct quant_type type;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].quantizable) {
			double bits = quant_type_bits(quant_plain(t->v[i].keep));
			most = bits > most ? bits : most;
		}
	for (size_t i = 0; n < max && quant_type_at(t->container, i, &type); i++)
		if (!quant_type_is_float(type) && quant_type_bits(type) < most)
			out[n++] = type;
	return n;
}

/* Routers are small, and decide what all the rest does: they stay as they are. */
static bool chosen(const struct quant_target *x)
{
	return x->quantizable && strncmp(x->role, "ffn_gate_inp", 12);
}

static struct cell *cell_of(struct table *t, const struct quant_target *x)
{
	for (size_t i = t->cells.n; i--; )
		if (t->cells.v[i].layer == x->layer && !strcmp(t->cells.v[i].role, x->role))
			return &t->cells.v[i];
	struct cell *c = vec_push(&t->cells);
	c->role = x->role;
	c->layer = x->layer;
	c->v = xnew(struct solve_option, t->x->n_types + 1);
	return c;
}

static void add_target(struct table *t, size_t i)
{
	const struct quant_target *x = &t->start->targets->v[i];
	const double *errors = t->x->v + i * t->x->n_types;
	struct cell *c;
	uint64_t bytes;

	if (!chosen(x)) {
		t->rest += padded(t->start->bytes[i], t->pad);
		return;
	}
	c = cell_of(t, x);
	for (size_t k = 0; k < t->x->n_types; k++) {
		struct quant_type type = t->x->types[k];
		if (type.mode == QUANT_AFFINE)
			type.dtype = x->keep;
		if (c->v[k].bytes == UINT64_MAX || !isfinite(errors[k]) ||
			!quant_type_bytes(type, x->elements, x->row, &bytes)) {
			c->v[k].bytes = UINT64_MAX;
			continue;
		}
		c->v[k].bytes += padded(bytes, t->pad);
		c->v[k].error += errors[k];
	}
}

/* What no type fits stays as it is. */
static void fix_cells(struct table *t)
{
	const struct quant_plan *p = t->start;

	for (size_t k = 0; k < t->cells.n; k++) {
		struct cell *c = &t->cells.v[k];
		c->fixed = true;
		for (size_t j = 0; j < t->x->n_types; j++)
			c->fixed &= c->v[j].bytes == UINT64_MAX;
		for (size_t i = 0; c->fixed && i < p->targets->n; i++)
			if (chosen(&p->targets->v[i]) && p->targets->v[i].layer == c->layer &&
				!strcmp(p->targets->v[i].role, c->role))
				t->rest += padded(p->bytes[i], t->pad);
	}
}

static bool choose(struct table *t, uint64_t budget, bool *exact, uint64_t *least, struct err *e)
{
	struct solve_group *g = xnew(struct solve_group, t->cells.n + 1);
	size_t *choice = xnew(size_t, t->cells.n + 1), n = 0;
	struct solve_result r = { .choice = choice };
	bool ok;

	for (size_t k = 0; k < t->cells.n; k++)
		if (!t->cells.v[k].fixed)
			g[n++] = (struct solve_group){ t->cells.v[k].v, t->x->n_types };
	ok = solve(g, n, budget > t->rest ? budget - t->rest : 0, &r, least, e);
	*least += t->rest;
	*exact = ok && r.exact;
	n = 0;
	for (size_t k = 0; ok && k < t->cells.n; k++)
		if (!t->cells.v[k].fixed)
			t->cells.v[k].choice = choice[n++];
	free(g);
	free(choice);
	return ok;
}

/* --- as rules --- */

static int by_layer(const void *a, const void *b)
{
	const struct cell *const *x = a, *const *y = b;

	return (*x)->layer - (*y)->layer;
}

/* "0-3,7": the layers of one type; at most so many ranges to a rule. */
static void add_rules(struct str *s, struct cell *const *v, size_t n, size_t choice,
	const char *type)
{
	size_t ranges = 0;

	for (size_t i = 0; i < n; i++) {
		size_t j = i;
		if (v[i]->choice != choice)
			continue;
		while (j + 1 < n && v[j + 1]->choice == choice &&
			v[j + 1]->layer == v[j]->layer + 1)
			j++;
		if (ranges == QUANT_MAX_RANGES) {
			str_addf(s, "\", type: %s}\n", type);
			ranges = 0;
		}
		if (!ranges++)
			str_addf(s, "  - {role: %s, layers: \"", v[i]->role);
		else
			str_addc(s, ',');
		str_addf(s, "%d", v[i]->layer);
		if (j > i)
			str_addf(s, "-%d", v[j]->layer);
		i = j;
	}
	if (ranges)
		str_addf(s, "\", type: %s}\n", type);
}

/* The commonest type of a role is a rule for all of it; what differs follows. */
static void role_rules(struct str *s, const struct table *t, struct cell **v, size_t n)
{
	size_t *count = xnew(size_t, t->x->n_types + 1), common = 0;
	char name[QUANT_TYPE_NAME];

	qsort(v, n, sizeof *v, by_layer);
	for (size_t i = 0; i < n; i++)
		count[v[i]->choice]++;
	for (size_t k = 0; k < t->x->n_types; k++)
		common = count[k] > count[common] ? k : common;
	str_addf(s, "  - {role: %s, type: %s}\n", v[0]->role,
		quant_type_name(t->x->types[common], name));
	for (size_t k = 0; k < t->x->n_types; k++)
		if (k != common && count[k])
			add_rules(s, v, n, k, quant_type_name(t->x->types[k], name));
	free(count);
}

static char *text_of(const struct table *t)
{
	struct cell **v = xnew(struct cell *, t->cells.n + 1);
	bool *done = xnew(bool, t->cells.n + 1);
	struct str s = STR_INIT;
	bool any = false;

	str_addf(&s, "preset: %s\n", t->start->spec->preset.name);
	for (size_t k = 0; k < t->cells.n; k++) {
		size_t n = 0;
		if (done[k] || t->cells.v[k].fixed)
			continue;
		for (size_t i = k; i < t->cells.n; i++)
			if (!t->cells.v[i].fixed &&
				!strcmp(t->cells.v[i].role, t->cells.v[k].role)) {
				v[n++] = &t->cells.v[i];
				done[i] = true;
			}
		if (!any)
			str_add(&s, "rules:\n");
		any = true;
		role_rules(&s, t, v, n);
	}
	free(v);
	free(done);
	return str_steal(&s);
}

struct quant_spec *quant_best(const struct quant_plan *start, const struct quant_errors *x,
	uint64_t budget, uint32_t pad, bool *exact, uint64_t *least, struct err *e)
{
	struct table t = { .start = start, .x = x, .pad = pad };
	struct quant_spec *s = NULL;

	for (size_t i = 0; i < start->targets->n; i++)
		add_target(&t, i);
	fix_cells(&t);
	if (choose(&t, budget, exact, least, e)) {
		char *text = text_of(&t);
		s = quant_spec_parse(text, strlen(text), NULL, e);
		free(text);
	}
	for (size_t k = 0; k < t.cells.n; k++)
		free(t.cells.v[k].v);
	vec_fini(&t.cells);
	return s;
}
