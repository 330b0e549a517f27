#include "config.h"
#include "engine/preview_work.h"
#include "stat/change.h"

#include <math.h>
#include <string.h>

/* Figures from the sample: the method's own kernels run on the sampled blocks, as if they were the
 * tensor.
 * What a kernel learns from the whole tensor (a trimming threshold, a rescaling factor, an angle)
 * it then learns from the sample; leaving out two blocks at a time and learning again (the
 * jackknife) puts that uncertainty into the interval. Random methods see the true element indices,
 * so the blocks' masks are those of the run; what they rescale by is not learned from so few
 * elements but known beforehand, to within the luck of the draw: (1 + e) / density, e normal with
 * variance (1-density)/density Σd²/(Σ|d|)² over the whole tensor. The figures are taken at e = 0
 * and at two standard deviations to either side. Where the chance depends on the magnitudes of a
 * row, the blocks are rows, and the factor is learned like the rest. */

struct job {
	const struct plan_tensor *p;
	const struct view_tensor *t;
	const struct slot_sample *x;
	size_t n, blocks;              /* vectors; blocks */
	size_t block;                  /* room of a block */
	uint64_t row;                  /* blocks are rows of so many elements; 0: they are not */
	double scale;                  /* of the blocks' sums to the tensor's */
	double read;                   /* elements in the blocks */
	size_t columns;                /* of survivors */
	float *merged, *stored, *base_stored, *zero, *delta;
	void *bytes;
	bool linear;                   /* by coefficients */
	bool learns;                   /* from the tensor: replicates are needed */
	bool rescales;                 /* by chance: see above */
	double luck;                   /* e in standard deviations */
	double global[P_COUNT];        /* rescales: the parameters without it */
};


static size_t block_len(const struct job *j, size_t b)
{
	return j->row ? j->row : sample_len(&j->x->at, b);
}

/* --- the kernels on blocks --- */

#define SKIP 2                     /* blocks left out at a time */

static bool skipped(size_t skip, size_t b)
{
	return skip != SIZE_MAX && b >= skip && b < skip + SKIP;
}

/* One window that consists of the blocks, less those from `skip` on. */
struct blocks_run {
	const struct job *j;
	struct merge_spec spec;
	uint64_t shape[TENSOR_MAX_RANK + 1];
	size_t skip;
	const float *const *in;        /* per spec input */
	void *state;
};

static void block_window(const struct blocks_run *r, size_t b, const float **at,
	struct merge_window *w)
{
	const struct sample *s = &r->j->x->at;
	uint64_t first = (b - (b > r->skip ? SKIP : 0)) * r->j->block;

	for (int k = 0; k < r->spec.n_inputs; k++)
		at[k] = r->in[k] + b * r->j->block;
	if (r->spec.method->random) /* rows are numbered in blocks */
		first = r->j->row ? s->first[b] / SAMPLE_BLOCK * r->j->row : s->first[b];
	*w = (struct merge_window){
		.first = first,
		.n = block_len(r->j, b),
		.in = at,
	};
}

static bool run_pass(struct blocks_run *r, int pass, struct err *e)
{
	const struct method *m = r->spec.method;
	size_t span = m->span ? m->span(&r->spec, r->state, pass, 0) : SIZE_MAX;
	const float *at[MERGE_MAX_INPUTS];
	struct merge_window w;

	if (span == 0)
		return true;
	size_t size = m->partial_size(&r->spec, r->state, pass);
	void *partial = xtry_malloc(size + 1);
	if (!partial)
		return err_set(e, ERR_MEMORY, r->spec.name, NULL, "no memory for partial sums");
	if (m->open)
		m->open(&r->spec, r->state, pass, partial);
	else
		memset(partial, 0, size);
	for (size_t b = 0; b < r->j->blocks && span; b++) {
		if (skipped(r->skip, b))
			continue;
		block_window(r, b, at, &w);
		w.n = w.n < span ? w.n : span;
		span -= span == SIZE_MAX ? 0 : w.n;
		m->observe(&r->spec, r->state, pass, &w, partial);
	}
	if (m->close)
		m->close(&r->spec, r->state, pass, partial);
	m->fold(&r->spec, r->state, pass, partial, 0);
	free(partial);
	return m->settle(&r->spec, r->state, pass, e);
}

/* The blocks as a tensor of rows; rows of several dimensions keep them. */
static void rows_shape(const struct job *j, struct blocks_run *r)
{
	const struct merge_spec *s = &j->p->spec;

	r->spec.rank = j->row ? 2 : 1;
	r->shape[0] /= j->row ? j->row : 1;
	r->shape[1] = j->row;
	if (s->rank > 2 && j->row * s->shape[0] == s->elements) {
		r->spec.rank = s->rank;
		for (int i = 1; i < s->rank; i++)
			r->shape[i] = s->shape[i];
	}
	r->spec.shape = r->shape;
}

static bool run_begin(struct blocks_run *r, const struct job *j, size_t skip,
	const float *const *in, struct err *e)
{
	const struct method *m = j->p->spec.method;

	*r = (struct blocks_run){ .j = j, .spec = j->p->spec, .skip = skip, .in = in };
	for (size_t b = 0; b < j->blocks; b++)
		r->shape[0] += skipped(skip, b) ? 0 : block_len(j, b);
	r->spec.streams = NULL; /* mergekit's masks have no place in a sample: others like them */
	if (j->rescales)
		r->spec.global = j->global;
	r->spec.elements = r->shape[0];
	rows_shape(j, r);
	r->state = xcalloc(1, (m->state_size ? m->state_size(&r->spec) : 0) + 1);
	if (m->begin && !m->begin(&r->spec, r->state, e))
		return false;
	int passes = m->passes ? m->passes(&r->spec) : 0;
	for (int pass = 0; pass < passes; pass++)
		if (!run_pass(r, pass, e))
			return false;
	return true;
}

static void run_apply(struct blocks_run *r, float *out)
{
	const float *at[MERGE_MAX_INPUTS];
	struct merge_window w;

	for (size_t b = 0; b < r->j->blocks; b++) {
		if (skipped(r->skip, b))
			continue;
		block_window(r, b, at, &w);
		r->spec.method->apply(&r->spec, r->state, &w, out + b * r->j->block);
	}
}

static void run_end(struct blocks_run *r)
{
	if (r->spec.method->fini)
		r->spec.method->fini(&r->spec, r->state);
	free(r->state);
}

/* --- by coefficients --- */

static void sampled_sums(const struct job *j, size_t skip, double *s)
{
	for (size_t b = 0; b < j->blocks; b++) {
		size_t n = block_len(j, b), at = b * j->block;
		for (size_t i = 0; i < j->n && !skipped(skip, b); i++) {
			struct norm_sums norm = { 0 };
			norm_sums_add(&norm, j->x->x[i] + at, n);
			s[i * j->n + i] += norm.n2 * j->scale;
			for (size_t k = 0; k < i; k++) {
				struct pair_sums pair = { 0 };
				pair_sums_add(&pair, NULL, j->x->x[i] + at, j->x->x[k] + at, n);
				s[i * j->n + k] += pair.d2 * j->scale;
				s[k * j->n + i] += pair.d2 * j->scale;
			}
		}
	}
}

static bool merge_linear(const struct job *j, size_t skip, float *out)
{
	const struct slot_sums *known = atomic_load(&j->t->slot->sums);
	double coef[MERGE_MAX_INPUTS], *s = xnew(double, j->n * j->n);
	size_t n = j->blocks * j->block;

	if (known)
		memcpy(s, known->s, j->n * j->n * sizeof *s);
	else
		sampled_sums(j, skip, s);
	bool ok = closed_coefficients(j->p, j->t, s, j->n, coef);
	free(s);
	for (size_t i = 0; ok && i < n; i++) {
		double v = 0;
		for (int k = 0; k < j->p->spec.n_inputs; k++)
			v += coef[k] * (double)j->x->x[j->t->spec_vector[k]][i];
		out[i] = (float)v;
	}
	return ok;
}

/* Input k with its task vector as long as the method would make what it keeps. */
static const float *rescaled(const struct job *j, int k)
{
	const float *x = j->x->x[j->t->spec_vector[k]];
	const float *base = j->x->x[j->t->spec_vector[j->p->spec.base]];
	double p = (double)(float)j->p->spec.input[k][P_DENSITY], sum = 0, square = 0;
	size_t n = j->blocks * j->block;
	float *to = j->delta + (size_t)k * n;

	if (k == j->p->spec.base || !(p < 1) || !(p > 0))
		return x;
	for (size_t i = 0; i < n; i++) {
		double d = fabs((double)x[i] - (double)base[i]);
		sum += isfinite(d) ? d : 0;
		square += isfinite(d) ? d * d : 0;
	}
	if (!(sum > 0))
		return x;
	double luck = j->luck * sqrt((1 - p) / p * square / (sum * sum * j->scale));
	double by = (1 + luck) / p;
	for (size_t i = 0; i < n; i++)
		to[i] = (float)((double)base[i] + by * (double)(x[i] - base[i]));
	return to;
}

static bool merge_blocks(const struct job *j, size_t skip, float *out)
{
	const float *in[MERGE_MAX_INPUTS];
	struct blocks_run r;
	struct err e;

	if (j->linear)
		return merge_linear(j, skip, out);
	for (int k = 0; k < j->p->spec.n_inputs; k++)
		in[k] = j->rescales ? rescaled(j, k) : j->x->x[j->t->spec_vector[k]];
	bool ok = run_begin(&r, j, skip, in, &e);
	if (ok)
		run_apply(&r, out);
	run_end(&r);
	return ok;
}

/* --- moments --- */

static void store(const struct job *j, const float *from, float *to)
{
	const struct dtype_info *d = dtype_info(j->p->dtype);
	size_t n = j->blocks * j->block;

	if (d->encode && d->decode && d->block == 1) {
		d->encode(from, j->bytes, n);
		d->decode(j->bytes, to, n);
	} else {
		memcpy(to, from, n * sizeof *to);
	}
}

/* What the merge has to do with vector v, seen from the base. */
static void base_moments(const struct job *j, size_t at, size_t n, int v, double *m)
{
	const float *base = j->x->x[0] + at, *st = j->stored + at;
	struct sign_sums sign = { 0 };

	if (v)
		sign_sums_add(&sign, j->x->x[v] + at, st, base, n);
	m[MO_BOTH] += (double)sign.both;
	m[MO_AGREE] += (double)sign.agree;
}

/* Moments of the merge over elements [at, at + n) of the blocks, added to row[vector * stride]. */
static void merge_moments(const struct job *j, size_t at, size_t n, double (*row)[MO_COUNT],
	size_t stride)
{
	bool based = j->t->slot->based;
	const float *st = j->stored + at, *base = based ? j->x->x[0] + at : NULL;
	struct change_swap swap = { 0 };
	struct change_sums c = { 0 };
	struct norm_sums nm = { 0 };
	double dm = 0;

	if (j->t->swap)
		swap = (struct change_swap){ j->x->x[j->t->other] + at, j->p->spec.global[P_T] };
	norm_sums_add(&nm, st, n);
	change_sums_add(&c, j->merged + at, st, base, based ? j->base_stored + at : NULL,
		j->t->swap ? &swap : NULL, n);
	for (size_t v = 0; v < j->n; v++) {
		double *m = row[v * stride];
		struct pair_sums d = { 0 };
		pair_sums_add(&d, NULL, j->x->x[v] + at, st, n);
		if (based)
			base_moments(j, at, n, (int)v, m);
		dm = v == 0 ? d.d2 : dm;
		m[MO_NM] += nm.n2;
		m[MO_D] += d.d2;
		m[MO_DM] += based ? dm : 0;
		m[MO_AGREE0] += (double)d.agree;
		m[MO_SUM] += nm.sum;
		m[MO_ZERO] += (double)nm.zeros;
		m[MO_SHIFT] += c.shift;
		m[MO_CHANGED] += (double)c.changed;
		m[MO_FROZEN] += (double)c.frozen;
		m[MO_ROUND] += c.round2;
		m[MO_FULL] += (double)c.full;
	}
}

/* Moments of the inputs alone, of block b. */
static void input_moments(const struct job *j, size_t b, double (*row)[MO_COUNT], size_t stride)
{
	size_t at = b * j->block, n = block_len(j, b);
	const float *others[MERGE_MAX_INPUTS + 1], *base = j->x->x[0] + at;
	struct conflict_sums conflict = { 0 };

	for (size_t v = 1; v < j->n; v++)
		others[v - 1] = j->x->x[v] + at;
	if (j->t->slot->based && j->n > 2)
		conflict_sums_add(&conflict, others, (int)j->n - 1, base, n);
	for (size_t v = 0; v < j->n; v++) {
		double *m = row[v * stride];
		struct norm_sums nx = { 0 };
		struct pair_sums dx = { 0 };
		norm_sums_add(&nx, j->x->x[v] + at, n);
		if (j->t->slot->based && v)
			pair_sums_add(&dx, NULL, base, j->x->x[v] + at, n);
		m[MO_N] = (double)n;
		m[MO_NX] = nx.n2;
		m[MO_DX] = dx.d2;
		m[MO_MULTI] = (double)conflict.several;
		m[MO_OPPOSED] = (double)conflict.conflict;
	}
}

static bool of_inputs(int moment)
{
	return moment == MO_N || moment == MO_NX || moment == MO_DX || moment == MO_MULTI
		|| moment == MO_OPPOSED;
}

/* A pair's deviation e stands in the rows of both its blocks: the spread of k = 16 such rows comes
 * out as
 * 2 Σ e² / (k (k-1)) where Σ e² / (g (g-1)) over g = 8 pairs is meant. */
#define STRETCH 1.4639

/* Sums of a merge that never saw the blocks from `skip` on, over the others, scaled to the
 * tensor. */
static void without_blocks(struct job *j, double (*out)[MO_COUNT], size_t skip)
{
	double rest = j->read;
	size_t first = skip * j->block, next = first + SKIP * j->block;
	size_t end = (j->blocks - 1) * j->block + block_len(j, j->blocks - 1);

	for (size_t b = skip; b < skip + SKIP; b++)
		rest -= (double)block_len(j, b);
	memset(out, 0, j->n * sizeof *out);
	if (!merge_blocks(j, skip, j->merged))
		return;
	store(j, j->merged, j->stored);
	if (first)
		merge_moments(j, 0, first, out, 1);
	if (next < end)
		merge_moments(j, next, end - next, out, 1);
	for (size_t v = 0; v < j->n; v++)
		for (int i = 0; i < MO_COUNT; i++)
			out[v][i] *= (double)j->t->slot->like->elements / rest;
}

/* Rows become the jackknife's pseudo-values, about the same total: T + (g-1) (mean of T_g - T_g),
 * T_g the total as estimated without a pair of blocks, in the measure of a block's sums. */
static void learn_again(struct job *j, struct tensor_sampled *out)
{
	size_t n = j->n, groups = j->blocks / SKIP;
	double elements = (double)j->t->slot->like->elements;
	double (*without)[MO_COUNT] = xcalloc(groups * n, sizeof *without);

	for (size_t g = 0; g < groups; g++)
		without_blocks(j, without + g * n, g * SKIP);
	for (size_t v = 0; v < n; v++) {
		for (int i = 0; i < MO_COUNT; i++) {
			double total = 0, mean = 0;
			if (of_inputs(i))
				continue;
			for (size_t b = 0; b < j->blocks; b++) {
				total += out->rows[v * j->blocks + b][i] * (elements / j->read);
				mean += without[b / SKIP * n + v][i] *
					(double)block_len(j, b) / j->read;
			}
			for (size_t b = 0; b < j->blocks; b++)
				out->rows[v * j->blocks + b][i] =
					(double)block_len(j, b) / elements
					* (total + STRETCH * (double)(groups - 1)
						* (mean - without[b / SKIP * n + v][i]));
		}
	}
	free(without);
}

/* --- survivors --- */

/* How many inputs an element's result is made of. The kernels run once more with the base at 0:
 * each input's task vector alone shows where it survives, all together which sign was elected. */
static void count_survivors(struct job *j, struct tensor_sampled *out)
{
	int k = j->p->spec.n_inputs, base = j->p->spec.base;
	size_t n = j->blocks * j->block;
	const float *in[MERGE_MAX_INPUTS], *alone[MERGE_MAX_INPUTS];
	uint8_t *count = xnew(uint8_t, n);
	struct blocks_run r;
	struct err e;
	bool elects = j->p->spec.method->elects && !j->p->spec.method->random;

	for (int i = 0; i < k; i++) {
		in[i] = j->delta + (size_t)i * n;
		const float *x = j->x->x[j->t->spec_vector[i]],
			*b = j->x->x[j->t->spec_vector[base]];
		for (size_t a = 0; a < n; a++)
			j->delta[(size_t)i * n + a] = x[a] - b[a];
	}
	bool ok = run_begin(&r, j, SIZE_MAX, in, &e);
	if (ok && elects)
		run_apply(&r, j->merged);
	for (int i = 0; ok && i < k; i++) {
		if (i == base)
			continue;
		for (int o = 0; o < k; o++)
			alone[o] = o == i ? in[i] : j->zero;
		r.in = alone;
		run_apply(&r, j->stored);
		const float *one = j->stored, *all = j->merged;
		for (size_t a = 0; a < n; a++)
			count[a] += (one[a] != 0) & (!elects | ((one[a] > 0) == (all[a] > 0)));
	}
	run_end(&r);
	out->cover = ok ? xnew(double, j->blocks * j->columns + 1) : NULL;
	for (size_t b = 0; ok && b < j->blocks; b++)
		for (size_t a = 0; a < block_len(j, b); a++)
			out->cover[b * j->columns + count[b * j->block + a]]++;
	free(count);
}

static bool drops(const struct merge_spec *s)
{
	bool some = false;

	for (int k = 0; k < s->n_inputs; k++)
		some = some || (k != s->base && s->input[k][P_DENSITY] < 1);
	return some && s->base >= 0 && s->method->task_vector;
}

/* --- all of it --- */

static bool job_init(struct job *j, const struct plan_tensor *p, const struct view_tensor *t)
{
	const struct slot_sample *x = atomic_load(&t->slot->sample);
	size_t k = (size_t)p->spec.n_inputs;
	int passes = p->spec.method->passes ? p->spec.method->passes(&p->spec) : 0;
	*j = (struct job){ .p = p, .t = t, .n = t->slot->n };
	j->linear = closed_method(p);
	if (!j->linear && p->spec.method->unit) { /* a vector is a row, which blocks would cut */
		j->row = p->spec.method->unit(&p->spec);
		x = j->row > 1 ? rows_of(t->slot, j->row) : NULL;
	} else if (!j->linear && p->spec.method->coefficients) {
		x = NULL; /* some other part of the tensor */
	}
	if (!x)
		return false;
	j->x = x;
	j->blocks = x->at.n;
	j->block = j->row ? (size_t)j->row : SAMPLE_BLOCK;
	j->learns = passes > 0 && !(j->linear && atomic_load(&t->slot->sums))
		&& !x->at.whole && j->blocks >= 2 * SKIP && j->blocks % SKIP == 0;
	j->rescales = passes > 0 && !j->linear && !j->row && p->spec.method->random
		&& p->spec.base >= 0 && p->spec.global[P_RESCALE] != 0 && !x->at.whole;
	j->learns = j->learns && !j->rescales;
	memcpy(j->global, p->spec.global, sizeof j->global);
	j->global[P_RESCALE] = 0;
	for (size_t b = 0; b < j->blocks; b++)
		j->read += (double)block_len(j, b);
	j->scale = j->read > 0 ? (double)t->slot->like->elements / j->read : 0;
	size_t n = j->blocks * j->block;
	j->merged = xtry_malloc(n * sizeof(float) * (4 + k) + 64);
	j->bytes = xtry_malloc(n * 8 + 64);
	if (!j->merged || !j->bytes)
		return false;
	j->stored = j->merged + n;
	j->base_stored = j->stored + n;
	j->zero = j->base_stored + n;
	j->delta = j->zero + n;
	memset(j->zero, 0, n * sizeof(float));
	return true;
}

static double (*make_rows(struct job *j, double luck))[MO_COUNT]
{
	double (*rows)[MO_COUNT] = xcalloc(j->n * j->blocks + 1, sizeof *rows);

	j->luck = luck;
	if (!merge_blocks(j, SIZE_MAX, j->merged)) {
		free(rows);
		return NULL;
	}
	store(j, j->merged, j->stored);
	for (size_t b = 0; b < j->blocks; b++) {
		input_moments(j, b, rows + b, j->blocks);
		merge_moments(j, b * j->block, block_len(j, b), rows + b, j->blocks);
	}
	return rows;
}

static void sample_copy(struct sample *to, const struct sample *from)
{
	*to = *from;
	to->first = xnew(uint64_t, from->n + 1);
	memcpy(to->first, from->first, from->n * sizeof *to->first);
}

struct tensor_sampled *sampled_make(const struct plan *plan, size_t t, const struct view_tensor *vt)
{
	const struct plan_tensor *p = &plan->tensors[t];
	struct tensor_sampled *out = NULL;
	double (*rows)[MO_COUNT] = NULL;
	struct job j;

	if (job_init(&j, p, vt)) {
		if (vt->slot->based)
			store(&j, j.x->x[0], j.base_stored);
		rows = make_rows(&j, 0);
	}
	if (rows) {
		out = xnew(struct tensor_sampled, 1);
		sample_copy(&out->at, &j.x->at);
		out->rows = rows;
		j.columns = plan->inputs->n + 1;
		if (j.rescales) {
			out->less = make_rows(&j, -2);
			out->more = make_rows(&j, 2);
		}
		if (j.learns)
			learn_again(&j, out);
		if (!j.linear && drops(&p->spec))
			count_survivors(&j, out);
	}
	free(j.merged);
	free(j.bytes);
	return out;
}

void sampled_free(struct tensor_sampled *s)
{
	if (!s)
		return;
	sample_fini(&s->at);
	free(s->rows);
	free(s->less);
	free(s->more);
	free(s->cover);
	free(s);
}
