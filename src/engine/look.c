#include "config.h"
#include "engine/look.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/vec.h"
#include "engine/look_work.h"
#include "system/process.h"

#define TELL_NS 16000000
#define PRIORITY 12

/* --- rows: the union of the models' tensors by name --- */

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
	return a->rank == b->rank &&
		memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0;
}

static bool seen_before(const struct look *l, size_t model, const char *name)
{
	for (size_t k = 0; k < model; k++)
		if (source_find(&l->model[k]->source, name) >= 0)
			return true;
	return false;
}

static struct look_row make_row(const struct look *l, const struct tensor *like)
{
	struct look_row r = { .like = like, .base = -1 };

	for (size_t k = 0; k < LOOK_MAX; k++)
		r.tensor[k] = k < l->n ? source_find(&l->model[k]->source, like->name) : -1;
	if (l->base)
		r.base = source_find(&l->base->source, like->name);
	for (size_t k = 0; k < l->n; k++)
		if (r.tensor[k] >= 0 &&
			!same_shape(&l->model[k]->source.tensors[r.tensor[k]], like))
			r.other_shape = true;
	return r;
}

static void make_rows(struct look *l)
{
	vec(struct look_row) rows = { 0 };

	for (size_t k = 0; k < l->n; k++) {
		const struct source *s = &l->model[k]->source;
		for (size_t t = 0; t < s->n_tensors; t++)
			if (!seen_before(l, k, s->tensors[t].name))
				*vec_push(&rows) = make_row(l, &s->tensors[t]);
	}
	l->rows = rows.v;
	l->n_rows = rows.n;
}

/* The slot that compares a row: the base where it fits, then every model that has the tensor in the
 * same shape. Models whose tensor has another shape get a slot each, for figures of their own. */
static void make_slots(struct look *l, size_t row)
{
	const struct look_row *r = &l->rows[row];
	struct look_slots *s = &l->slots[row];
	struct memo_vector v[LOOK_MAX + 1];
	size_t n = 0;
	bool based = false;

	if (r->base >= 0) {
		const struct tensor *t = &l->base->source.tensors[r->base];
		based = t->readable && same_shape(t, r->like);
		if (based)
			v[n++] = (struct memo_vector){ l->base, r->base };
	}
	s->reference = -1;
	for (size_t k = 0; k < l->n; k++) {
		s->vector[k] = -1;
		if (r->tensor[k] < 0)
			continue;
		const struct tensor *t = &l->model[k]->source.tensors[r->tensor[k]];
		if (!t->readable)
			continue;
		struct memo_vector one = { l->model[k], r->tensor[k] };
		if (!same_shape(t, r->like)) {
			s->alone[k] = memo_slot(l->memo, &one, 1, false, 0);
			continue;
		}
		bool is_base = based && l->model[k] == l->base;
		s->vector[k] = is_base ? 0 : (int)n;
		if (!is_base)
			v[n++] = one;
	}
	if (!n)
		return;
	if (l->n == 1 && based)
		s->reference = 0;
	else if (l->n > 1)
		s->reference = s->vector[0];
	s->all = memo_slot(l->memo, v, n, based, s->reference > 0 ? s->reference : 0);
}

/* --- background --- */

static void tell(struct look *l, bool now)
{
	int64_t at = memo_now_ns(), told = atomic_load(&l->told_ns);

	if (!atomic_load(&l->dirty) || (!now && at - told < TELL_NS))
		return;
	if (!atomic_compare_exchange_strong(&l->told_ns, &told, at))
		return;
	atomic_store(&l->dirty, false);
	if (l->changed)
		l->changed(l->ctx);
}

static bool step(void *ctx)
{
	struct look *l = ctx;
	bool sums = atomic_load(&l->want_exact), sample = !atomic_load(&l->skip_sample);
	bool opens = memo_step(l->memo, MEMO_LOAD);
	bool did = opens || (sample && memo_step(l->memo, MEMO_SAMPLE))
		|| (sums && memo_step(l->memo, MEMO_SUMS));

	if (opens)
		pump_kick(l->pump);
	if (did) {
		atomic_fetch_add(&l->generation, 1);
		atomic_store(&l->dirty, true);
	}
	tell(l, !did);
	return did;
}

struct look *look_new(struct pool *pool, struct catalog *c, struct model *const *models, size_t n,
	struct model *base, void (*changed)(void *ctx), void *ctx)
{
	struct look *l = xnew(struct look, 1);

	l->n = n < LOOK_MAX ? n : LOOK_MAX;
	for (size_t k = 0; k < l->n; k++)
		l->model[k] = model_ref(models[k]);
	l->base = base ? model_ref(base) : NULL;
	l->changed = changed;
	l->ctx = ctx;
	l->memo = memo_new(c);
	l->want_exact = true;
	make_rows(l);
	l->slots = xnew(struct look_slots, l->n_rows + 1);
	for (size_t i = 0; i < l->n_rows; i++)
		make_slots(l, i);
	struct slot **use = xnew(struct slot *, l->n_rows * (LOOK_MAX + 1) + 1);
	size_t used = 0;
	for (size_t i = 0; i < l->n_rows; i++) {
		if (l->slots[i].all)
			use[used++] = l->slots[i].all;
		for (size_t k = 0; k < l->n; k++)
			if (l->slots[i].alone[k])
				use[used++] = l->slots[i].alone[k];
	}
	memo_use(l->memo, use, used);
	free(use);
	l->pump = pump_new(pool, PRIORITY, step, l);
	pump_kick(l->pump);
	return l;
}

void look_free(struct look *l)
{
	if (!l)
		return;
	pump_free(l->pump);
	for (size_t i = 0; i < l->n_rows; i++) {
		slot_unref(l->slots[i].all);
		for (size_t k = 0; k < l->n; k++)
			slot_unref(l->slots[i].alone[k]);
	}
	memo_free(l->memo);
	for (size_t k = 0; k < l->n; k++)
		model_unref(l->model[k]);
	if (l->base)
		model_unref(l->base);
	free(l->rows);
	free(l->slots);
	free(l);
}

size_t look_rows(const struct look *l)
{
	return l->n_rows;
}

const struct look_row *look_row(const struct look *l, size_t row)
{
	return &l->rows[row];
}

void look_focus(struct look *l, const size_t *rows, size_t n)
{
	struct slot **s = xnew(struct slot *, n + 1);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (rows[i] < l->n_rows && l->slots[rows[i]].all)
			s[kept++] = l->slots[rows[i]].all;
	memo_focus(l->memo, s, kept);
	free(s);
}

void look_progress(struct look *l, struct look_progress *out)
{
	struct memo_state m;

	memo_state(l->memo, &m);
	out->nonfinite = m.nonfinite;
	out->read_seconds_ago = m.read && m.finished_ns
		? (double)(memo_now_ns() - m.finished_ns) / 1e9 : NAN;
	snprintf(out->error, sizeof out->error, "%s", m.error);
	size_t ends = m.summed + m.failed;
	if (ends >= m.slots) {
		out->phase = m.error[0] ? "failed" : "ready";
		out->done = 1;
	} else if (m.sampled + ends < m.slots) {
		out->phase = "sample";
		out->done = (double)m.sampled / (double)m.slots;
	} else if (atomic_load(&l->want_exact)) {
		out->phase = "sums";
		out->done = m.bytes > 0 ? m.done / m.bytes : 1;
	} else {
		out->phase = "ready";
		out->done = 1;
	}
}

bool look_idle(struct look *l)
{
	return pump_idle(l->pump);
}

uint64_t look_generation(struct look *l)
{
	return atomic_load(&l->generation);
}

bool look_wait(struct look *l, bool exact, struct err *e)
{
	struct memo_state m;

	atomic_store(&l->want_exact, exact);
	atomic_store(&l->skip_sample, exact);
	pump_help(l->pump, &process_cancelled);
	atomic_store(&l->skip_sample, false);
	if (atomic_load(&process_cancelled))
		return err_set(e, ERR_CANCELLED, "compare", NULL, "cancelled");
	memo_flush(l->memo);
	memo_state(l->memo, &m);
	if (m.error[0])
		return err_set(e, ERR_INPUT, "compare", NULL, "%s", m.error);
	return true;
}
