/* Best plan under a budget: one option of each group, least sum of errors.
 *
 * Greedy over the lower convex hulls solves the relaxed problem, which lets one group stand between
 * two options: its error bounds what anything can reach (Lagrange). What that leaves of the budget
 * is used up by exchanges. Then all partial choices are listed group by group, without those that
 * another beats in bytes and error and those whose relaxed rest is no better than what there is
 * already; when the lists stay short, as they do for a model's groups, the answer is exact. */
#include "config.h"
#include "quant/solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"

#define MAX_EXACT_GROUPS 256
#define MAX_STATES ((size_t)1 << 22)
#define MAX_PAIR_GROUPS 512

struct point { /* an option that is not beaten within its group */
	uint64_t bytes;
	double error;
	size_t option;
};
struct group {
	struct point *v;   /* bytes rise, error falls */
	size_t n, at;      /* at: the choice now */
};
struct step { /* along a group's hull */
	uint64_t bytes;
	double gain;       /* error less */
	size_t group, to;  /* to: number in group.v */
};
struct suffix { /* the relaxed problem of the groups from k on: best steps first, summed up */
	uint64_t least;    /* bytes of the smallest options */
	double most;       /* and their error */
	uint64_t *bytes;
	double *gain;
	size_t n;
};
struct problem {
	struct group *g;
	size_t n;
	uint64_t budget;
	struct step *steps; /* of all groups, by ratio */
	size_t n_steps;
};

/* --- within a group --- */

static int by_bytes(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? -1 : 1;
	return x->error < y->error ? -1 : x->error > y->error;
}

static void take_points(struct group *out, const struct solve_group *g)
{
	size_t n = 0;

	out->v = xnew(struct point, g->n + 1);
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].bytes != UINT64_MAX && isfinite(g->v[i].error))
			out->v[n++] = (struct point){ g->v[i].bytes, g->v[i].error, i };
	if (n)
		qsort(out->v, n, sizeof *out->v, by_bytes);
	for (size_t i = 0; i < n; i++)
		if (!out->n || out->v[i].error < out->v[out->n - 1].error)
			out->v[out->n++] = out->v[i];
}

static double ratio(const struct point *a, const struct point *b)
{
	return (a->error - b->error) / (double)(b->bytes - a->bytes);
}

/* Steps of falling ratio from the smallest option to the best. */
static void add_steps(struct problem *p, size_t k)
{
	const struct group *g = &p->g[k];
	size_t *hull = xnew(size_t, g->n + 1), n = 0;

	for (size_t i = 0; i < g->n; i++) {
		while (n > 1 && ratio(&g->v[hull[n - 2]], &g->v[hull[n - 1]]) <=
			ratio(&g->v[hull[n - 1]], &g->v[i]))
			n--;
		hull[n++] = i;
	}
	for (size_t i = 1; i < n; i++) {
		const struct point *a = &g->v[hull[i - 1]], *b = &g->v[hull[i]];
		p->steps[p->n_steps++] = (struct step){ b->bytes - a->bytes, a->error - b->error, k,
			hull[i] };
	}
	free(hull);
}

static int by_ratio(const void *a, const void *b)
{
	const struct step *x = a, *y = b;
	double rx = x->gain / (double)x->bytes, ry = y->gain / (double)y->bytes;

	if (rx != ry)
		return rx > ry ? -1 : 1;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return x->to < y->to ? -1 : 1;
}

/* --- a good answer --- */

static uint64_t bytes_now(const struct problem *p)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->n; i++)
		sum += p->g[i].v[p->g[i].at].bytes;
	return sum;
}

static double error_now(const struct problem *p)
{
	double sum = 0;

	for (size_t i = 0; i < p->n; i++)
		sum += p->g[i].v[p->g[i].at].error;
	return sum;
}

/* The relaxed problem: returns its error; the choice is what of it is whole. */
static double greedy(struct problem *p)
{
	uint64_t left = p->budget;
	double bound;

	for (size_t i = 0; i < p->n; i++)
		p->g[i].at = 0;
	left -= bytes_now(p);
	bound = error_now(p);
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct step *s = &p->steps[i];
		if (s->bytes > left)
			return bound - s->gain * (double)left / (double)s->bytes;
		left -= s->bytes;
		bound -= s->gain;
		p->g[s->group].at = s->to;
	}
	return bound;
}

/* The best single change that fits; false: none helps. */
static bool improve_one(struct problem *p, uint64_t left)
{
	double best = 0;
	size_t group = 0, to = 0;

	for (size_t k = 0; k < p->n; k++) {
		const struct group *g = &p->g[k];
		for (size_t i = g->at + 1; i < g->n; i++) {
			double gain = g->v[g->at].error - g->v[i].error;
			if (g->v[i].bytes - g->v[g->at].bytes <= left && gain > best) {
				best = gain;
				group = k;
				to = i;
			}
		}
	}
	if (best > 0)
		p->g[group].at = to;
	return best > 0;
}

/* One group gives bytes, another takes them. */
static bool improve_pair(struct problem *p, uint64_t left)
{
	for (size_t a = 0; a < p->n; a++)
		for (size_t i = 0; i < p->g[a].at; i++) {
			const struct group *x = &p->g[a];
			uint64_t room = left + x->v[x->at].bytes - x->v[i].bytes;
			double loss = x->v[i].error - x->v[x->at].error;
			for (size_t b = 0; b < p->n; b++)
				for (size_t j = p->g[b].n; b != a && j-- > p->g[b].at + 1; ) {
					const struct group *y = &p->g[b];
					if (y->v[j].bytes - y->v[y->at].bytes > room)
						continue;
					if (y->v[y->at].error - y->v[j].error <= loss * (1 + 1e-12))
						break;
					p->g[a].at = i;
					p->g[b].at = j;
					return true;
				}
		}
	return false;
}

static void repair(struct problem *p)
{
	for (int rounds = 0; rounds < 10000; rounds++) {
		uint64_t left = p->budget - bytes_now(p);
		if (improve_one(p, left))
			continue;
		if (p->n > MAX_PAIR_GROUPS || !improve_pair(p, left))
			return;
	}
}

/* --- the best answer --- */

struct state {
	uint64_t bytes;
	double error;
	uint32_t from;   /* state of the list before */
	uint32_t point;
};

static int by_state(const void *a, const void *b)
{
	const struct state *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? -1 : 1;
	return x->error < y->error ? -1 : x->error > y->error;
}

static void suffix_init(struct suffix *s, const struct problem *p, size_t k)
{
	s->bytes = xnew(uint64_t, p->n_steps + 1);
	s->gain = xnew(double, p->n_steps + 1);
	for (size_t i = k; i < p->n; i++) {
		s->least += p->g[i].v[0].bytes;
		s->most += p->g[i].v[0].error;
	}
	for (size_t i = 0; i < p->n_steps; i++) {
		if (p->steps[i].group < k)
			continue;
		s->bytes[s->n + 1] = s->bytes[s->n] + p->steps[i].bytes;
		s->gain[s->n + 1] = s->gain[s->n] + p->steps[i].gain;
		s->n++;
	}
}

/* Least error that the groups from k on can reach in `left` bytes, one of them between options. */
static double suffix_bound(const struct suffix *s, uint64_t left)
{
	size_t lo = 0, hi = s->n;

	left -= s->least;
	while (lo < hi) { /* the last sum that fits */
		size_t mid = (lo + hi + 1) / 2;
		if (s->bytes[mid] <= left)
			lo = mid;
		else
			hi = mid - 1;
	}
	double gain = s->gain[lo];
	if (lo < s->n)
		gain += (s->gain[lo + 1] - s->gain[lo]) * (double)(left - s->bytes[lo]) /
			(double)(s->bytes[lo + 1] - s->bytes[lo]);
	return s->most - gain;
}

struct lists {
	struct state **v; /* one list to a group, and the empty choice before */
	size_t *n, total;
};

/* The list of group k from the one before; false: too long. */
static bool extend(const struct problem *p, size_t k, const struct suffix *rest, double best,
	struct lists *l)
{
	const struct group *g = &p->g[k];
	size_t n = 0, kept = 0;
	struct state *v;

	if (l->n[k] * g->n > MAX_STATES)
		return false;
	v = l->v[k + 1] = xnew(struct state, l->n[k] * g->n + 1);
	for (size_t i = 0; i < l->n[k]; i++)
		for (size_t j = 0; j < g->n; j++) {
			uint64_t bytes = l->v[k][i].bytes + g->v[j].bytes;
			double error = l->v[k][i].error + g->v[j].error;
			if (bytes > p->budget || rest->least > p->budget - bytes ||
				error + suffix_bound(rest, p->budget - bytes) >= best)
				continue;
			v[n++] = (struct state){ bytes, error, (uint32_t)i, (uint32_t)j };
		}
	if (n)
		qsort(v, n, sizeof *v, by_state);
	for (size_t i = 0; i < n; i++)
		if (!kept || v[i].error < v[kept - 1].error)
			v[kept++] = v[i];
	v = realloc(v, (kept + 1) * sizeof *v);
	l->v[k + 1] = v ? v : l->v[k + 1];
	l->n[k + 1] = kept;
	l->total += kept;
	return l->total <= MAX_STATES;
}

/* Goes back from the best of the last list. */
static void choose(struct problem *p, const struct lists *l)
{
	size_t at = l->n[p->n] - 1; /* errors fall: the last has the least */

	for (size_t k = p->n; k--; ) {
		const struct state *s = &l->v[k + 1][at];
		p->g[k].at = s->point;
		at = s->from;
	}
}

static bool exactly(struct problem *p)
{
	struct lists l = { xnew(struct state *, p->n + 1), xnew(size_t, p->n + 1), 1 };
	/* What is only better by rounding is not better. */
	double best = error_now(p) * (1 - 1e-12);
	bool ok = true;

	l.v[0] = xnew(struct state, 1);
	l.n[0] = 1;
	for (size_t k = 0; ok && k < p->n; k++) {
		struct suffix rest = { 0 };
		suffix_init(&rest, p, k + 1);
		ok = extend(p, k, &rest, best, &l);
		free(rest.bytes);
		free(rest.gain);
	}
	if (ok && l.n[p->n])
		choose(p, &l);
	for (size_t k = 0; k <= p->n; k++)
		free(l.v[k]);
	free(l.v);
	free(l.n);
	return ok;
}

/* --- all together --- */

static bool feasible(const struct problem *p, uint64_t *least, struct err *e)
{
	struct str s = STR_INIT, b = STR_INIT;

	*least = 0;
	for (size_t k = 0; k < p->n; k++)
		if (!p->g[k].n || !size_add(*least, p->g[k].v[0].bytes, least))
			return err_set(e, ERR_INPUT, "target", NULL,
				"group %zu has no type whose error is known", k + 1);
	if (*least <= p->budget)
		return true;
	str_add_bytes(&s, *least);
	str_add_bytes(&b, p->budget);
	err_set(e, ERR_INPUT, "target", "allow more, or smaller types",
		"%s are not enough: the smallest types take %s", b.s, s.s);
	str_fini(&s);
	str_fini(&b);
	return false;
}

bool solve(const struct solve_group *g, size_t n, uint64_t budget, struct solve_result *out,
	uint64_t *least, struct err *e)
{
	struct problem p = { .n = n, .budget = budget, .g = xnew(struct group, n + 1) };
	size_t options = 0;
	bool ok;

	for (size_t k = 0; k < n; k++) {
		take_points(&p.g[k], &g[k]);
		options += p.g[k].n;
	}
	p.steps = xnew(struct step, options + 1);
	ok = feasible(&p, least, e);
	if (ok) {
		for (size_t k = 0; k < n; k++)
			add_steps(&p, k);
		if (p.n_steps)
			qsort(p.steps, p.n_steps, sizeof *p.steps, by_ratio);
		out->bound = greedy(&p);
		repair(&p);
		out->exact = n <= MAX_EXACT_GROUPS && exactly(&p);
		out->bytes = bytes_now(&p);
		out->error = error_now(&p);
		if (out->exact)
			out->bound = out->error;
	}
	for (size_t k = 0; k < n; k++) {
		if (ok)
			out->choice[k] = p.g[k].v[p.g[k].at].option;
		free(p.g[k].v);
	}
	free(p.g);
	free(p.steps);
	return ok;
}

bool solve_target(const char *text, uint64_t parameters, uint64_t *bytes, bool *is_bits,
	struct err *e)
{
	char *end;
	double v = strtod(text, &end);

	*is_bits = end > text && !strcasecmp(end + strspn(end, " "), "bpw");
	if (*is_bits && isfinite(v) && v > 0 && v * (double)parameters < 1e18) {
		*bytes = (uint64_t)(v * (double)parameters / 8.0);
		return true;
	}
	if (!*is_bits && str_parse_size(text, bytes) && *bytes)
		return true;
	return err_set(e, ERR_USAGE, text, "write 14.2GB, 13GiB or 4.5bpw", "this is no target");
}
