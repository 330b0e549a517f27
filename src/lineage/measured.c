#include "config.h"
#include "lineage/measured.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "engine/memo.h"
#include "model/model.h"
#include "stat/similarity.h"

#define CANDIDATES 256 /* models that are looked at; relatives first */
#define SHARED_LEAST 0.5 /* of the weights, for a comparison to mean anything */
#define BLOCKS 64 /* of a tensor, where the limit on bytes allows */
#define KNOWN_LEAST 0.99 /* of the shared ones, for stored sums to stand for all */

/* --- one model against another --- */

struct subject {
	struct model *m, *base;        /* base NULL: none */
	uint64_t elements;
	struct sample *at;             /* per tensor, where sampled */
	float **x, **b;                /* its sampled blocks, and the base's; NULL: none */
};
struct trial {
	const struct subject *s;
	struct catalog *c;
	struct model *other;
	struct measured_match *out;
	double total[MO_COUNT];
	vec(struct stratum) strata;
	uint64_t shared, known;        /* elements */
	bool based;
};

static bool is_weight(const struct tensor *t)
{
	return t->rank >= 1 && t->elements && dtype_is_float(t->dtype);
}

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
	return a->rank == b->rank && !memcmp(a->shape, b->shape, (size_t)a->rank *
		sizeof *a->shape);
}

/* The tensor of the same name and shape, or -1. */
static long twin(const struct model *other, const struct tensor *t)
{
	long k = other ? source_find(&other->source, t->name) : -1;

	return k >= 0 && same_shape(&other->source.tensors[k], t) ? k : -1;
}

static bool stored_pair(struct catalog *c, const struct model *a, size_t i, const struct model *b,
	size_t k, struct pair_sums *out)
{
	struct hash key[2] = { model_tensor_key(a, i), model_tensor_key(b, k) };
	struct hash place[2] = { model_tensor_place(a, i), model_tensor_place(b, k) };

	if (hash_eq(key[0], key[1])) { /* the same bytes: no pass is needed */
		memset(out, 0, sizeof *out);
		return true;
	}
	for (int w = 0; w < 4; w++)
		if (memo_stored_pair(c, w & 1 ? place[0] : key[0], w & 2 ? place[1] : key[1], out))
			return true;
	return false;
}

static bool stored_norm(struct catalog *c, const struct model *a, size_t i, struct norm_sums *out)
{
	return memo_stored_norm(c, model_tensor_key(a, i), out) ||
		memo_stored_norm(c, model_tensor_place(a, i), out);
}

static void from_stored(struct trial *t, size_t i, size_t k)
{
	const struct model *m = t->s->m;
	long b = twin(t->s->base, &m->source.tensors[i]);
	struct norm_sums nm, nx;
	struct pair_sums d, dm = { 0 }, dx = { 0 };

	if (!stored_pair(t->c, m, i, t->other, k, &d) || !stored_norm(t->c, m, i, &nm) ||
		!stored_norm(t->c, t->other, k, &nx))
		return;
	t->known += m->source.tensors[i].elements;
	t->total[MO_N] += (double)nm.elements;
	t->total[MO_NM] += nm.n2;
	t->total[MO_NX] += nx.n2;
	t->total[MO_D] += d.d2;
	t->based = t->based && b >= 0 && stored_pair(t->c, m, i, t->s->base, (size_t)b, &dm) &&
		stored_pair(t->c, t->other, k, t->s->base, (size_t)b, &dx);
	t->total[MO_DM] += dm.d2;
	t->total[MO_DX] += dx.d2;
}

static void add_block(double *row, const float *m, const float *x, const float *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double u = m[i], v = x[i], w = b ? b[i] : 0.0;

		if (!isfinite(u) || !isfinite(v) || !isfinite(w))
			continue;
		row[MO_N] += 1.0;
		row[MO_NM] += u * u;
		row[MO_NX] += v * v;
		row[MO_D] += (u - v) * (u - v);
		if (b) {
			row[MO_DM] += (u - w) * (u - w);
			row[MO_DX] += (v - w) * (v - w);
		}
	}
}

static void from_sample(struct trial *t, size_t i, size_t k)
{
	const struct sample *at = &t->s->at[i];
	float *x = t->s->x[i] ? xtry_malloc(at->n * SAMPLE_BLOCK * sizeof *x) : NULL;
	double *sums;

	if (!x || !sample_read(&t->other->source, k, at, x, NULL)) {
		free(x);
		return;
	}
	sums = xnew(double, at->n * MO_COUNT);
	for (size_t j = 0; j < at->n; j++)
		add_block(sums + j * MO_COUNT, t->s->x[i] + j * SAMPLE_BLOCK, x + j * SAMPLE_BLOCK,
			t->s->b[i] ? t->s->b[i] + j * SAMPLE_BLOCK : NULL, sample_len(at, j));
	t->based = t->based && t->s->b[i];
	*vec_push(&t->strata) = (struct stratum){ at, sums };
	t->known += t->s->m->source.tensors[i].elements;
	free(x);
}

static struct figure figure_of(struct trial *t, enum stat_id s, bool sampled)
{
	return sampled ? similarity_estimate(s, t->strata.v, t->strata.n, t->based) :
		similarity_figure(s, t->total, t->based, FIG_EXACT);
}

/* Whether there is enough to say something. */
static bool compare(struct trial *t, bool sampled)
{
	const struct source *src = &t->s->m->source;
	bool ok;

	t->based = t->s->base != NULL;
	for (size_t i = 0; i < src->n_tensors; i++) {
		long k = is_weight(&src->tensors[i]) ? twin(t->other, &src->tensors[i]) : -1;

		if (k < 0 || !is_weight(&t->other->source.tensors[k]))
			continue;
		t->shared += src->tensors[i].elements;
		if (sampled)
			from_sample(t, i, (size_t)k);
		else
			from_stored(t, i, (size_t)k);
	}
	t->out->shared = (double)t->shared / (double)t->s->elements;
	ok = t->out->shared >= SHARED_LEAST &&
		(double)t->known >= KNOWN_LEAST * (double)t->shared;
	if (ok) {
		t->out->cosine = figure_of(t, STAT_COSINE, sampled);
		t->out->relative_l2 = figure_of(t, STAT_RELATIVE_L2, sampled);
		t->out->delta_cosine = t->based ? figure_of(t, STAT_DELTA_COSINE, sampled) :
			figure_failed();
		ok = !isnan(t->out->relative_l2.value);
	}
	for (size_t i = 0; i < t->strata.n; i++)
		free((double *)t->strata.v[i].sums);
	vec_fini(&t->strata);
	return ok;
}

/* --- the model asked for --- */

static float *read_blocks(struct model *m, long t, const struct sample *at)
{
	float *x = t >= 0 ? xtry_malloc(at->n * SAMPLE_BLOCK * sizeof *x) : NULL;

	if (x && !sample_read(&m->source, (size_t)t, at, x, NULL)) {
		free(x);
		x = NULL;
	}
	return x;
}

static void read_subject(struct subject *s, bool sampled)
{
	size_t n = s->m->source.n_tensors;
	uint64_t most = SAMPLE_BYTES / (SAMPLE_BLOCK * sizeof(float)) / (n ? n : 1);
	size_t want = most < 1 ? 1 : most < BLOCKS ? (size_t)most : BLOCKS;

	s->at = xnew(struct sample, n + 1);
	s->x = xnew(float *, n + 1);
	s->b = xnew(float *, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct tensor *t = &s->m->source.tensors[i];

		if (!is_weight(t))
			continue;
		s->elements += t->elements;
		if (!sampled)
			continue;
		sample_init(&s->at[i], t->shape, t->rank, want);
		s->x[i] = read_blocks(s->m, (long)i, &s->at[i]);
		s->b[i] = s->base ? read_blocks(s->base, twin(s->base, t), &s->at[i]) : NULL;
	}
}

static void subject_fini(struct subject *s)
{
	for (size_t i = 0; s->at && i < s->m->source.n_tensors; i++) {
		sample_fini(&s->at[i]);
		free(s->x[i]);
		free(s->b[i]);
	}
	free(s->at);
	free(s->x);
	free(s->b);
	model_unref(s->m);
	model_unref(s->base);
}

/* --- whom to compare it with --- */

static bool reachable(const struct lineage_node *x)
{
	return x->model && x->path && str_eq(x->state, "on disk") && !str_eq(x->kind, "adapter");
}

/* Headers say the rest: this only spares opening what cannot fit. */
static bool could_match(const struct lineage_node *a, const struct lineage_node *b)
{
	double p = (double)a->parameters, q = (double)b->parameters;

	return reachable(b) && str_eq(a->architecture, b->architecture) &&
		(p <= 0 || q <= 0 || (p < 2 * q && q < 2 * p));
}

static bool *reached(const struct lineage *l, size_t node, bool up)
{
	bool *v = xnew(bool, l->n_nodes + 1);

	v[node] = true;
	for (size_t k = 0; k < l->n_nodes; k++) {
		size_t i = up ? l->order[l->n_nodes - 1 - k] : l->order[k];

		for (size_t e = l->first[i]; e < l->first[i + 1]; e++) {
			if (up && v[i])
				v[l->edges[e].parent] = true;
			else if (!up && v[l->edges[e].parent])
				v[i] = true;
		}
	}
	return v;
}

struct chosen {
	size_t node[CANDIDATES], n;
};

static void choose(const struct lineage *l, size_t node, const bool *above, const bool *below,
	struct chosen *out)
{
	for (int relatives = 1; relatives >= 0; relatives--)
		for (size_t i = 0; i < l->n_nodes && out->n < CANDIDATES; i++)
			if (i != node && (above[i] || below[i]) == (relatives == 1) &&
				could_match(&l->nodes[node], &l->nodes[i]))
				out->node[out->n++] = i;
}

/* The farthest ancestor that is here: what fine-tunes were tuned from. */
static size_t base_of(const struct lineage *l, size_t node, const bool *above)
{
	for (size_t k = 0; k < l->n_nodes; k++) {
		size_t i = l->order[k];

		if (i != node && above[i] && could_match(&l->nodes[node], &l->nodes[i]))
			return i;
	}
	return LINEAGE_NONE;
}

/* --- what it comes to --- */

static int nearest(const void *x, const void *y)
{
	const struct measured_match *a = x, *b = y;

	if (a->relative_l2.value != b->relative_l2.value)
		return a->relative_l2.value < b->relative_l2.value ? -1 : 1;
	if (a->ancestor != b->ancestor)
		return a->ancestor ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

/* A distance of zero has no interval. */
static double upper(const struct figure *f)
{
	return isfinite(f->hi) ? f->hi : f->value;
}

static double lower(const struct figure *f)
{
	return isfinite(f->lo) ? f->lo : f->value;
}

/* Neither ancestor nor descendant, and nearer than any of them: for a fine-tune or a quantization
 * that is another origin. Merges of one family are near each other whatever they were made of. */
static void stranger(const struct lineage *l, size_t node, struct measured *m)
{
	const struct measured_match *near = m->n ? &m->v[0] : NULL, *declared = NULL;
	bool merge = false;

	for (size_t e = l->first[node]; e < l->first[node + 1]; e++)
		merge |= str_eq(l->edges[e].relation, "merge");
	for (size_t i = 0; i < m->n && !declared; i++)
		for (size_t e = l->first[node]; e < l->first[node + 1]; e++)
			if (m->v[i].node == l->edges[e].parent)
				declared = &m->v[i];
	for (size_t i = 0; i < m->n && !declared; i++)
		if (m->v[i].ancestor)
			declared = &m->v[i];
	if (!near || near->ancestor || near->descendant || !declared || merge ||
		upper(&near->relative_l2) >= 0.9 * lower(&declared->relative_l2))
		return;
	m->finding = xasprintf("%s is declared as its origin, but %s is nearer: relative L2 %.2g "
		"%% against %.2g %%", l->nodes[declared->node].name, l->nodes[near->node].name,
		100.0 * near->relative_l2.value, 100.0 * declared->relative_l2.value);
}

#define UNRELATED 0.5 /* cosine; fine-tunes and merges of one base are far above it */

static void contradict(const struct lineage *l, size_t node, struct measured *m)
{
	lineage_ready(l, node);
	for (size_t e = l->first[node]; e < l->first[node + 1]; e++)
		for (size_t i = 0; i < m->n; i++)
			if (m->v[i].node == l->edges[e].parent && !m->finding &&
				upper(&m->v[i].cosine) < UNRELATED &&
				!(l->edges[e].coefficient == 0.0))
				m->finding = xasprintf("%s is declared as a parent (%s), but their "
					"weights are unrelated: cosine %.3f",
					l->nodes[m->v[i].node].name, l->edges[e].source,
					m->v[i].cosine.value);
	if (!m->finding)
		stranger(l, node, m);
}

struct work {
	const struct lineage *l;
	const struct subject *s;
	struct catalog *c;
	const struct chosen *chosen;
	struct measured_match *found;
	bool *ok, *tried;
	bool sampled;
};

static void one(void *ctx, size_t i, unsigned worker)
{
	struct work *w = ctx;
	size_t node = w->chosen->node[i];
	struct model *other = model_open(w->l->nodes[node].path, NULL);
	struct trial t = { .s = w->s, .c = w->c, .other = other, .out = &w->found[i] };

	(void)worker;
	w->found[i].node = node;
	if (!other)
		return;
	w->ok[i] = compare(&t, w->sampled);
	w->tried[i] = w->found[i].shared >= SHARED_LEAST;
	model_unref(other);
}

/* Opening hundreds of models is not worth it where no pass has ever compared this one: its largest
 * tensor tells. */
static bool anything_stored(struct catalog *c, const struct model *m)
{
	size_t largest = SIZE_MAX;

	for (size_t i = 0; i < m->source.n_tensors; i++)
		if (is_weight(&m->source.tensors[i]) && (largest == SIZE_MAX ||
			m->source.tensors[i].elements > m->source.tensors[largest].elements))
			largest = i;
	return largest != SIZE_MAX &&
		(catalog_stat_any(c, "pair", model_tensor_key(m, largest)) ||
		catalog_stat_any(c, "pair", model_tensor_place(m, largest)));
}

static void run_all(struct work *w, struct pool *pool, atomic_bool *stop)
{
	if (pool)
		pool_for(pool, w->chosen->n, one, w, stop);
	else
		for (size_t i = 0; i < w->chosen->n && !(stop && atomic_load(stop)); i++)
			one(w, i, 0);
}

struct measured *lineage_measure(const struct lineage *l, struct catalog *c, size_t node,
	bool sample, struct pool *pool, atomic_bool *stop, struct err *e)
{
	bool *above = reached(l, node, true), *below = reached(l, node, false);
	struct measured *m = xnew(struct measured, 1);
	struct subject s = { 0 };
	struct chosen *chosen = xnew(struct chosen, 1);
	struct work w = { .l = l, .s = &s, .c = c, .chosen = chosen, .sampled = sample,
		.found = xnew(struct measured_match, CANDIDATES), .ok = xnew(bool, CANDIDATES),
		.tried = xnew(bool, CANDIDATES) };
	bool done = false;

	m->sampled = sample;
	m->base = base_of(l, node, above);
	m->v = w.found;
	if (!reachable(&l->nodes[node]))
		err_set(e, ERR_INPUT, l->nodes[node].name, "only what is stored here has weights",
			"its weights are not here to be measured");
	else
		s.m = model_open(l->nodes[node].path, e);
	if (s.m) {
		choose(l, node, above, below, chosen);
		if (sample || anything_stored(c, s.m)) {
			if (m->base != LINEAGE_NONE)
				s.base = model_open(l->nodes[m->base].path, NULL);
			read_subject(&s, sample);
			run_all(&w, pool, stop);
		} else {
			m->candidates = chosen->n;
			chosen->n = 0;
		}
		done = !(stop && atomic_load(stop)) || err_set(e, ERR_CANCELLED, "lineage", NULL,
			"cancelled");
	}
	for (size_t i = 0; i < chosen->n; i++) {
		struct measured_match *x = &w.found[i];

		m->candidates += w.tried[i];
		x->ancestor = above[x->node];
		x->descendant = below[x->node];
		if (w.ok[i])
			m->v[m->n++] = *x;
	}
	qsort(m->v, m->n, sizeof *m->v, nearest);
	contradict(l, node, m);
	subject_fini(&s);
	free(chosen);
	free(w.ok);
	free(w.tried);
	free(above);
	free(below);
	if (!done) {
		measured_free(m);
		return NULL;
	}
	return m;
}

void measured_free(struct measured *m)
{
	if (!m)
		return;
	free(m->v);
	free(m->finding);
	free(m);
}

static char *figure_text(const struct figure *f, double scale, const char *unit)
{
	struct str s = STR_INIT;

	if (f->state == FIG_FAILED || f->state == FIG_NONE || isnan(f->value))
		return xstrdup("");
	str_addf(&s, "%.2g%s", scale * f->value, unit);
	if (f->state == FIG_SAMPLED && isfinite(f->lo) && isfinite(f->hi))
		str_addf(&s, " (%.2g to %.2g)", scale * f->lo, scale * f->hi);
	return str_steal(&s);
}

static struct figure from_one(const struct figure *f)
{
	return (struct figure){ 1.0 - f->value, 1.0 - f->hi, 1.0 - f->lo, f->state };
}

void measured_cells(const struct measured_match *m, char *out[3])
{
	struct figure apart = from_one(&m->cosine);

	if (m->relative_l2.value == 0.0) {
		out[0] = xstrdup("the same");
		out[1] = xstrdup(m->relative_l2.state == FIG_SAMPLED ? "in the sample" : "");
		out[2] = xstrdup("");
		return;
	}
	out[0] = figure_text(&apart, 1.0, "");
	out[1] = figure_text(&m->relative_l2, 100.0, " %");
	out[2] = figure_text(&m->delta_cosine, 1.0, "");
}

static void set_figure(json_t *o, const char *key, const struct figure *f)
{
	bool known = f->state != FIG_FAILED && f->state != FIG_NONE;
	char *interval = xasprintf("%s_interval", key);

	json_object_set_new(o, key, known ? json_number(f->value) : json_null());
	json_object_set_new(o, interval, known && f->state == FIG_SAMPLED ? json_pack("[o,o]",
		json_number(f->lo), json_number(f->hi)) : json_null());
	free(interval);
}

json_t *measured_json(const struct lineage *l, const struct measured *m)
{
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < m->n; i++) {
		const struct measured_match *x = &m->v[i];
		json_t *one_of = json_object();

		json_object_set_new(one_of, "model", json_textn(l->nodes[x->node].name));
		set_figure(one_of, "cosine", &x->cosine);
		set_figure(one_of, "relative_l2", &x->relative_l2);
		set_figure(one_of, "delta_cosine", &x->delta_cosine);
		json_object_set_new(one_of, "shared", json_number(x->shared));
		json_object_set_new(one_of, "ancestor", json_boolean(x->ancestor));
		json_object_set_new(one_of, "descendant", json_boolean(x->descendant));
		json_array_append_new(list, one_of);
	}
	json_object_set_new(o, "state", json_string(m->sampled ? "sampled" : "stored"));
	json_object_set_new(o, "candidates", json_u64(m->candidates));
	json_object_set_new(o, "base", m->base == LINEAGE_NONE ? json_null() :
		json_textn(l->nodes[m->base].name));
	json_object_set_new(o, "nearest", list);
	json_object_set_new(o, "finding", json_textn(m->finding));
	return o;
}
