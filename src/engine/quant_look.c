#include "config.h"
#include "engine/quant_look.h"
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "engine/pump.h"
#include "quant/target_read.h"

#define TYPES_MAX 64
#define QUIET_NS 16000000
#define SUMS_VERSION 1u
#define KEEP_AT_ONCE 256

struct cell { /* a target in a type */
	struct quant_sums sample, whole;
	bool sampled, exact;       /* which of them is known */
};
struct kept {
	size_t target, type;
	struct quant_sums sums;
};
struct quant_look {
	struct quant_targets *t;
	const struct imatrix *m;
	struct catalog *catalog;
	struct quant_type types[TYPES_MAX];
	size_t n_types;
	struct pump *pump;
	void (*changed)(void *ctx);
	void *ctx;
	pthread_mutex_t lock;      /* of what follows */
	struct cell *v;            /* n_types to a target */
	int16_t *used;             /* per target: the type it is planned as, -1 none */
	bool *taken;               /* per target: its sample is measured, or being so */
	int16_t *planned;          /* the same, kept */
	size_t first, next, sampled; /* targets: one type, all types, done */
	bool failed;
	struct err error;
	int64_t told;
	vec(struct kept) kept;     /* exact sums that the catalog has not got yet */
};

static struct cell *cell_of(const struct quant_look *l, size_t target, size_t type)
{
	return &l->v[target * l->n_types + type];
}

static int type_index(const struct quant_look *l, struct quant_type t)
{
	for (size_t k = 0; k < l->n_types; k++)
		if (quant_type_same(l->types[k], t))
			return (int)k;
	return -1;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void tell(struct quant_look *l, bool last)
{
	int64_t now = now_ns();
	bool due;

	pthread_mutex_lock(&l->lock);
	due = last || now - l->told >= QUIET_NS;
	if (due)
		l->told = now;
	pthread_mutex_unlock(&l->lock);
	if (due && l->changed)
		l->changed(l->ctx);
}

/* The type as this target would have it: MLX's scales are of the model's dtype. */
static struct quant_type type_for(const struct quant_look *l, size_t target, size_t type)
{
	struct quant_type t = l->types[type];

	if (t.mode == QUANT_AFFINE)
		t.dtype = l->t->v[target].keep;
	return t;
}

static bool fits(const struct quant_look *l, size_t target, size_t type)
{
	const struct quant_target *x = &l->t->v[target];
	uint64_t bytes;

	return x->quantizable &&
		quant_type_bytes(type_for(l, target, type), x->elements, x->row, &bytes);
}

/* --- what the catalog keeps: exact sums under content, type and importance --- */

static void kind_of(const struct quant_look *l, size_t type, char out[40])
{
	char name[QUANT_TYPE_NAME];

	snprintf(out, 40, "quant:%s", quant_type_name(l->types[type], name));
}

static struct hash importance_key(const struct quant_look *l, size_t target)
{
	const struct quant_target *x = &l->t->v[target];
	const float *im = l->m ? imatrix_row(l->m, x, 0) : NULL;
	struct hash none = { { 0 } };

	return im ? hash_bytes(im, (size_t)x->row * sizeof *im) : none;
}

static bool recall(struct quant_look *l, size_t target, size_t type, struct quant_sums *out)
{
	struct hash none = { { 0 } };
	char kind[40];
	size_t n = 0;
	unsigned char *b;
	bool ok;

	if (!l->catalog)
		return false;
	kind_of(l, type, kind);
	b = catalog_stat_get(l->catalog, kind, target_key(l->t, target), none,
		importance_key(l, target), &n);
	ok = b && n == 4 + sizeof *out && b[0] == SUMS_VERSION;
	if (ok)
		memcpy(out, b + 4, sizeof *out);
	free(b);
	return ok;
}

/* Many in one transaction: each waits for the disk. */
static void keep_all(struct quant_look *l, bool last)
{
	vec(struct kept) v = { 0 };
	struct catalog_stat *rows;
	struct row { char kind[40]; unsigned char blob[4 + sizeof(struct quant_sums)]; } *of;

	pthread_mutex_lock(&l->lock);
	if (l->catalog && l->kept.n && (last || l->kept.n >= KEEP_AT_ONCE)) {
		v.v = l->kept.v;
		v.n = l->kept.n;
		memset(&l->kept, 0, sizeof l->kept);
	}
	pthread_mutex_unlock(&l->lock);
	rows = xnew(struct catalog_stat, v.n + 1);
	of = xcalloc(v.n + 1, sizeof *of);
	for (size_t i = 0; i < v.n; i++) {
		kind_of(l, v.v[i].type, of[i].kind);
		of[i].blob[0] = SUMS_VERSION;
		memcpy(of[i].blob + 4, &v.v[i].sums, sizeof v.v[i].sums);
		rows[i] = (struct catalog_stat){ .kind = of[i].kind,
			.a = target_key(l->t, v.v[i].target),
			.base = importance_key(l, v.v[i].target),
			.blob = of[i].blob, .n = sizeof of[i].blob };
	}
	if (v.n)
		catalog_stat_put(l->catalog, rows, v.n, NULL);
	free(rows);
	free(of);
	free(v.v);
}

/* --- the work --- */

static void fail(struct quant_look *l, const struct err *e)
{
	pthread_mutex_lock(&l->lock);
	if (!l->failed)
		l->error = *e;
	l->failed = true;
	pthread_mutex_unlock(&l->lock);
}

/* What is planned is wanted first: one type of a target on its sample. */
static void sample_planned(struct quant_look *l, size_t target, size_t type)
{
	struct quant_type t = type_for(l, target, type);
	struct quant_sums s;
	struct err e = { 0 };
	bool whole = recall(l, target, type, &s);

	if (!whole && !quant_measure(l->t, target, &t, 1, l->m, false, &s, &e)) {
		fail(l, &e);
		return;
	}
	pthread_mutex_lock(&l->lock);
	if (whole)
		cell_of(l, target, type)->whole = s;
	else
		cell_of(l, target, type)->sample = s;
	cell_of(l, target, type)->exact |= whole;
	cell_of(l, target, type)->sampled |= !whole;
	pthread_mutex_unlock(&l->lock);
}

/* All types of a target on one sample: its rows are read once. */
static void sample(struct quant_look *l, size_t target)
{
	struct quant_type types[TYPES_MAX];
	struct quant_sums sums[TYPES_MAX], known;
	size_t at[TYPES_MAX], n = 0;
	struct err e = { 0 };
	bool ok;

	for (size_t k = 0; k < l->n_types; k++) {
		if (!fits(l, target, k))
			continue;
		if (recall(l, target, k, &known)) {
			pthread_mutex_lock(&l->lock);
			cell_of(l, target, k)->whole = known;
			cell_of(l, target, k)->exact = true;
			pthread_mutex_unlock(&l->lock);
		}
		at[n] = k;
		types[n++] = type_for(l, target, k);
	}
	ok = !n || quant_measure(l->t, target, types, n, l->m, false, sums, &e);
	if (!ok)
		fail(l, &e);
	pthread_mutex_lock(&l->lock);
	for (size_t k = 0; ok && k < n; k++) {
		cell_of(l, target, at[k])->sample = sums[k];
		cell_of(l, target, at[k])->sampled = true;
	}
	l->sampled++;
	pthread_mutex_unlock(&l->lock);
}

static void measure_exactly(struct quant_look *l, size_t target, size_t type)
{
	struct quant_type t = type_for(l, target, type);
	struct quant_sums s;
	struct err e = { 0 };

	if (!quant_measure(l->t, target, &t, 1, l->m, true, &s, &e)) {
		fail(l, &e);
		return;
	}
	pthread_mutex_lock(&l->lock);
	cell_of(l, target, type)->whole = s;
	cell_of(l, target, type)->exact = true;
	*vec_push(&l->kept) = (struct kept){ target, type, s };
	pthread_mutex_unlock(&l->lock);
	keep_all(l, false);
}

/* The next target without a sample; else one whose planned type was not read in full. */
static bool pick(struct quant_look *l, size_t *target, int *type, bool *first)
{
	bool found = false;

	*type = -1;
	*first = false;
	pthread_mutex_lock(&l->lock);
	while (!found && !l->failed && l->first < l->t->n) {
		size_t i = l->first++;
		const struct cell *c = l->planned[i] < 0 ? NULL
			: cell_of(l, i, (size_t)l->planned[i]);

		found = *first = c && !c->sampled && !c->exact;
		*target = i;
		*type = found ? l->planned[i] : -1;
	}
	if (found)
		goto out;
	while (l->next < l->t->n && l->taken[l->next])
		l->next++;
	if (!l->failed && l->next < l->t->n) {
		*target = l->next;
		l->taken[l->next++] = true;
		found = true;
	}
	for (size_t i = 0; !found && !l->failed && i < l->t->n; i++) {
		const struct cell *c = l->used[i] < 0 ? NULL : cell_of(l, i, (size_t)l->used[i]);

		if (!c || !c->sampled || c->exact)
			continue;
		*target = i;
		*type = l->used[i];
		l->used[i] = -1; /* somebody is at it */
		found = true;
	}
out:
	pthread_mutex_unlock(&l->lock);
	return found;
}

static bool step(void *ctx)
{
	struct quant_look *l = ctx;
	size_t target = 0;
	int type;
	bool first, found = pick(l, &target, &type, &first);

	if (found && first)
		sample_planned(l, target, (size_t)type);
	else if (found && type < 0)
		sample(l, target);
	else if (found)
		measure_exactly(l, target, (size_t)type);
	if (!found)
		keep_all(l, true);
	tell(l, !found);
	return found;
}

/* --- the owner's side --- */

struct quant_look *quant_look_new(struct pool *pool, struct catalog *c, struct quant_targets *t,
	const struct imatrix *m, const struct quant_type *types, size_t n,
	void (*changed)(void *ctx), void *ctx)
{
	struct quant_look *l = xnew(struct quant_look, 1);

	l->t = quant_targets_ref(t);
	l->m = m;
	l->catalog = c;
	l->n_types = n < TYPES_MAX ? n : TYPES_MAX;
	memcpy(l->types, types, l->n_types * sizeof *types);
	l->v = xcalloc(t->n * l->n_types + 1, sizeof *l->v);
	l->used = xnew(int16_t, t->n + 1);
	l->taken = xcalloc(t->n + 1, sizeof *l->taken);
	l->planned = xnew(int16_t, t->n + 1);
	for (size_t i = 0; i < t->n; i++)
		l->used[i] = l->planned[i] = -1;
	l->changed = changed;
	l->ctx = ctx;
	pthread_mutex_init(&l->lock, NULL);
	l->pump = pump_new(pool, 1, step, l);
	return l;
}

void quant_look_free(struct quant_look *l)
{
	if (!l)
		return;
	pump_free(l->pump);
	keep_all(l, true);
	pthread_mutex_destroy(&l->lock);
	quant_targets_unref(l->t);
	free(l->v);
	free(l->used);
	free(l->planned);
	free(l->taken);
	vec_fini(&l->kept);
	free(l);
}

void quant_look_plan(struct quant_look *l, const struct quant_plan *p)
{
	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < l->t->n; i++)
		l->used[i] = l->planned[i] = (int16_t)(l->t->v[i].quantizable
			? type_index(l, p->v[i].type) : -1);
	l->first = 0;
	pthread_mutex_unlock(&l->lock);
	pump_kick(l->pump);
}

static pthread_mutex_t *lock_of(const struct quant_look *l)
{
	return (pthread_mutex_t *)&l->lock;
}

static bool sums_of(const struct quant_look *l, size_t target, struct quant_type t, bool whole,
	struct quant_sums *out)
{
	int k = type_index(l, t);
	const struct cell *c;
	bool ok = false;

	if (k < 0)
		return false;
	pthread_mutex_lock(lock_of(l));
	c = cell_of(l, target, (size_t)k);
	if (whole && c->exact) {
		*out = c->whole;
		ok = true;
	} else if (c->sampled) {
		*out = c->sample;
		ok = true;
	}
	pthread_mutex_unlock(lock_of(l));
	return ok;
}

static bool quant_look_sums(const struct quant_look *l, size_t target, struct quant_type t,
	struct quant_sums *out)
{
	return sums_of(l, target, t, true, out);
}

bool quant_look_sample(const struct quant_look *l, size_t target, struct quant_type t,
	struct quant_sums *out)
{
	return sums_of(l, target, t, false, out);
}

struct quant_figure quant_look_figure(const struct quant_look *l, const struct quant_plan *p,
	const uint32_t *v, size_t n, const struct quant_type *type)
{
	struct quant_figure f = { NAN, NAN, NAN, NAN, NAN, false, 0 };
	struct quant_sums *s = xnew(struct quant_sums, n + 1);
	size_t used = 0;
	bool known = true;

	for (size_t k = 0; known && k < n; k++) {
		struct quant_type t = type ? *type : p->v[v[k]].type;

		/* what stays as it is has no error */
		if (!l->t->v[v[k]].quantizable ||
			(!type && quant_type_is_float(t)))
			continue;
		known = quant_look_sums(l, v[k], t, &s[used]);
		used += known;
	}
	if (known && used)
		f = quant_figure_of(s, NULL, used);
	free(s);
	return f;
}

double quant_look_progress(const struct quant_look *l, double *exact)
{
	size_t done = 0, all = 0, sampled;

	pthread_mutex_lock(lock_of(l));
	sampled = l->sampled;
	for (size_t i = 0; i < l->t->n; i++) {
		bool any = false;

		for (size_t k = 0; k < l->n_types; k++)
			any = any || cell_of(l, i, k)->exact;
		all += l->t->v[i].quantizable;
		done += any && l->t->v[i].quantizable;
	}
	pthread_mutex_unlock(lock_of(l));
	*exact = all ? (double)done / (double)all : 1.0;
	return l->t->n ? (double)sampled / (double)l->t->n : 1.0;
}

bool quant_look_idle(const struct quant_look *l)
{
	return pump_idle(l->pump);
}

bool quant_look_failed(const struct quant_look *l, struct err *e)
{
	bool failed;

	pthread_mutex_lock(lock_of(l));
	failed = l->failed;
	if (failed && e)
		*e = l->error;
	pthread_mutex_unlock(lock_of(l));
	return failed;
}
