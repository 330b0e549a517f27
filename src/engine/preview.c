#include "config.h"
#include "engine/preview.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "engine/preview_work.h"
#include "system/process.h"

#define TELL_NS 16000000
#define FORGET_AFTER 64        /* plans on show that did not have a tensor's key */
#define PRIORITY 10

/* --- results by key --- */

static void known_unref(struct known *k)
{
	if (!k || atomic_fetch_sub(&k->refs, 1) != 1)
		return;
	sampled_free(atomic_load(&k->sampled));
	exact_free(atomic_load(&k->exact));
	free(k);
}

static struct known **find_known(struct preview *v, struct hash key)
{
	uint64_t h;

	memcpy(&h, key.b, sizeof h);
	size_t i = h & (v->n_table - 1);
	while (v->table[i] && !hash_eq(v->table[i]->key, key))
		i = (i + 1) & (v->n_table - 1);
	return &v->table[i];
}

static void index_known(struct preview *v)
{
	free(v->table);
	v->n_table = 64;
	while (v->n_table < 4 * v->known.n)
		v->n_table *= 2;
	v->table = xnew(struct known *, v->n_table);
	for (size_t i = 0; i < v->known.n; i++)
		*find_known(v, v->known.v[i]->key) = v->known.v[i];
}

static struct known *known_get(struct preview *v, struct hash key, size_t n)
{
	if (2 * v->known.n >= v->n_table)
		index_known(v);
	struct known **at = find_known(v, key);
	if (!*at) {
		*at = xnew(struct known, 1);
		(*at)->refs = 1;
		(*at)->key = key;
		(*at)->n = n;
		*vec_push(&v->known) = *at;
	}
	(*at)->used = v->shows;
	atomic_store(&(*at)->unwanted, false);
	atomic_fetch_add(&(*at)->refs, 1);
	return *at;
}

static void forget_known(struct preview *v)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->known.n; i++) {
		if (v->known.v[i]->used + FORGET_AFTER < v->shows)
			known_unref(v->known.v[i]);
		else
			v->known.v[kept++] = v->known.v[i];
	}
	if (kept < v->known.n) {
		v->known.n = kept;
		index_known(v);
	}
}

/* --- views: a plan with what is known of its tensors --- */

static struct view *view_ref(struct view *w)
{
	atomic_fetch_add(&w->refs, 1);
	return w;
}

static void view_unref(struct view *w)
{
	if (!w || atomic_fetch_sub(&w->refs, 1) != 1)
		return;
	for (size_t i = 0; i < w->n; i++) {
		slot_unref(w->t[i].slot);
		known_unref(w->t[i].known);
	}
	plan_unref(w->plan);
	free(w->t);
	free(w->ints);
	free(w->doubles);
	free(w->focus);
	free(w);
}

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
	return a->rank == b->rank &&
		memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0;
}

/* The figures' base in the tensor of that name, unless it lacks it or has another shape. */
static bool base_vector(const struct plan *p, const struct plan_tensor *t, struct memo_vector *out)
{
	struct model *base = p->inputs->figure_base;
	int own = t->spec.base; /* a slice may have another base than the first */

	if (own >= 0) {
		*out = (struct memo_vector){ p->inputs->v[t->input[own]].model, t->source[own] };
		return true;
	}
	if (!base)
		return false;
	for (int k = 0; k < t->spec.n_inputs; k++) {
		if (p->inputs->v[t->input[k]].model == base) {
			*out = (struct memo_vector){ base, t->source[k] };
			return true;
		}
	}
	long at = source_find(&base->source, t->from);
	if (at < 0 || !base->source.tensors[at].readable
			|| !same_shape(&base->source.tensors[at], t->like))
		return false;
	*out = (struct memo_vector){ base, at };
	return true;
}

static struct slot *make_slot(struct preview *v, const struct plan *p, const struct plan_tensor *t,
	struct view_tensor *out)
{
	struct memo_vector vec[MERGE_MAX_INPUTS + 1];
	size_t n = 0;
	bool based = base_vector(p, t, &vec[0]);

	n = based;
	for (size_t i = 0; i < p->inputs->n; i++)
		out->vector[i] = -1;
	for (int k = 0; k < t->spec.n_inputs; k++) {
		struct model *m = p->inputs->v[t->input[k]].model;
		bool is_base = based && m == vec[0].model && t->source[k] == vec[0].tensor;
		out->spec_vector[k] = is_base ? 0 : (int)n;
		out->vector[t->input[k]] = out->spec_vector[k];
		if (!is_base)
			vec[n++] = (struct memo_vector){ m, t->source[k] };
	}
	return memo_slot(v->memo, vec, n, based, 0);
}

static struct hash known_key(const struct plan_tensor *t, const struct slot *s)
{
	struct hash both[2] = { t->key, s->key };

	return hash_bytes(both, sizeof both);
}

static void find_swap(const struct plan_tensor *t, struct view_tensor *out)
{
	const struct merge_spec *s = &t->spec;

	out->swap = out->slot->based && s->n_inputs == 2 && s->base >= 0
		&& out->spec_vector[s->base] == 0 && strcmp(s->method->name, "nearswap") == 0;
	out->other = out->swap ? out->spec_vector[1 - s->base] : 0;
}

/* Whether the tensors of the plan on show have the same sources, so that slots can be taken
 * over. */
static bool same_sources(const struct view *old, const struct plan *p)
{
	if (!old || old->plan->inputs != p->inputs || old->n != p->n)
		return false;
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_tensor *a = &old->plan->tensors[i], *b = &p->tensors[i];
		size_t n = (size_t)a->spec.n_inputs;
		if (a->spec.n_inputs != b->spec.n_inputs || a->spec.base != b->spec.base
				|| memcmp(a->source, b->source, n * sizeof *a->source) != 0
				|| memcmp(a->input, b->input, n * sizeof *a->input) != 0)
			return false;
	}
	return true;
}

static struct view *view_new(struct preview *v, struct plan *p)
{
	struct view *w = xnew(struct view, 1);
	size_t inputs = p->inputs->n, ints = 0, doubles = 0;
	bool same = same_sources(v->view, p);

	w->refs = 1;
	w->plan = plan_ref(p);
	w->n = p->n;
	w->t = xnew(struct view_tensor, p->n + 1);
	for (size_t i = 0; i < p->n; i++)
		ints += inputs + (size_t)p->tensors[i].spec.n_inputs;
	w->ints = xnew(int, ints + 1);
	for (size_t i = 0, at = 0; i < p->n; i++) {
		struct view_tensor *t = &w->t[i];
		size_t k = (size_t)p->tensors[i].spec.n_inputs;
		t->vector = w->ints + at;
		t->spec_vector = t->vector + inputs;
		at += inputs + k;
		if (same) {
			memcpy(t->vector, v->view->t[i].vector, (inputs + k) * sizeof *t->vector);
			t->slot = v->view->t[i].slot;
			atomic_fetch_add(&t->slot->refs, 1);
		} else {
			t->slot = make_slot(v, p, &p->tensors[i], t);
		}
		find_swap(&p->tensors[i], t);
		w->integers = w->integers || p->tensors[i].verbatim;
		t->known = known_get(v, known_key(&p->tensors[i], t->slot), t->slot->n);
		doubles += 2 * t->slot->n;
	}
	w->doubles = xnew(double, doubles + 1);
	for (size_t i = 0, at = 0; i < p->n; i++) {
		w->t[i].coef = w->doubles + at;
		w->t[i].d = w->t[i].coef + w->t[i].slot->n;
		at += 2 * w->t[i].slot->n;
		closed_fill(&p->tensors[i], &w->t[i]);
	}
	return w;
}

/* --- telling --- */

static void preview_note(struct preview *v)
{
	atomic_fetch_add(&v->generation, 1);
	atomic_store(&v->dirty, true);
}

static void tell(struct preview *v, bool now)
{
	int64_t at = memo_now_ns(), told = atomic_load(&v->told_ns);

	if (!atomic_load(&v->dirty) || (!now && at - told < TELL_NS))
		return;
	if (!atomic_compare_exchange_strong(&v->told_ns, &told, at))
		return; /* another worker does */
	atomic_store(&v->dirty, false);
	if (v->changed)
		v->changed(v->ctx);
}

static void preview_fail(struct preview *v, const struct err *e)
{
	pthread_mutex_lock(&v->lock);
	if (!v->error[0])
		snprintf(v->error, sizeof v->error, "%.120s: %.120s", e->where, e->what);
	pthread_mutex_unlock(&v->lock);
}

/* --- background --- */

static bool wants_sample(const struct view_tensor *t)
{
	return t->known->sampling == WAITING && !atomic_load(&t->slot->failed);
}

static bool wants_exact(const struct view_tensor *t)
{
	return t->known->exacting == WAITING;
}

/* A tensor to begin with, marked as taken; SIZE_MAX if there is none. With the lock. */
static size_t take_sampled(struct view *w)
{
	for (size_t i = 0; i < w->n_focus; i++) {
		struct view_tensor *t = &w->t[w->focus[i]];
		if (wants_sample(t) && atomic_load(&t->slot->sample))
			return w->focus[i];
	}
	while (w->at_sampled < w->n && !wants_sample(&w->t[w->at_sampled]))
		w->at_sampled++;
	for (size_t i = w->at_sampled; i < w->n; i++)
		if (wants_sample(&w->t[i]) && atomic_load(&w->t[i].slot->sample))
			return i;
	return SIZE_MAX;
}

static size_t take_exact(struct view *w)
{
	for (size_t i = 0; i < w->n_focus; i++)
		if (wants_exact(&w->t[w->focus[i]]))
			return w->focus[i];
	while (w->at_exact < w->n && !wants_exact(&w->t[w->at_exact]))
		w->at_exact++;
	return w->at_exact < w->n ? w->at_exact : SIZE_MAX;
}

static bool step_sampled(struct preview *v)
{
	pthread_mutex_lock(&v->lock);
	struct view *w = v->view ? view_ref(v->view) : NULL;
	size_t i = w ? take_sampled(w) : SIZE_MAX;
	if (i != SIZE_MAX)
		w->t[i].known->sampling = TAKEN;
	pthread_mutex_unlock(&v->lock);
	if (i != SIZE_MAX) {
		struct known *k = w->t[i].known;
		struct tensor_sampled *s = sampled_make(w->plan, i, &w->t[i]);
		if (s)
			atomic_store(&k->sampled, s);
		pthread_mutex_lock(&v->lock);
		k->sampling = s ? OVER : NEVER;
		pthread_mutex_unlock(&v->lock);
		preview_note(v);
	}
	view_unref(w);
	return i != SIZE_MAX;
}

static bool step_exact(struct preview *v)
{
	struct err e;

	err_clear(&e);
	pthread_mutex_lock(&v->lock);
	struct view *w = v->view && v->want_exact ? view_ref(v->view) : NULL;
	size_t i = w ? take_exact(w) : SIZE_MAX;
	if (i != SIZE_MAX)
		w->t[i].known->exacting = TAKEN;
	pthread_mutex_unlock(&v->lock);
	if (i != SIZE_MAX) {
		struct known *k = w->t[i].known;
		struct tensor_exact *x = exact_make(w->plan, i, &w->t[i], &k->unwanted, &e);
		if (x)
			atomic_store(&k->exact, x);
		pthread_mutex_lock(&v->lock);
		k->exacting = x ? OVER : e.code == ERR_CANCELLED ? WAITING : NEVER;
		pthread_mutex_unlock(&v->lock);
		if (!x && e.code != ERR_CANCELLED)
			preview_fail(v, &e);
		preview_note(v);
	}
	view_unref(w);
	return i != SIZE_MAX;
}

/* Sample first, for everything; then what the sample says of this plan; then the pass; then
 * exact. */
static bool step(void *ctx)
{
	struct preview *v = ctx;
	bool did = false, opens = false;

	if (!atomic_load(&v->only_exact)) {
		opens = memo_step(v->memo, MEMO_LOAD);
		did = opens || step_sampled(v);
		opens = opens || (!did && memo_step(v->memo, MEMO_SAMPLE));
		did = did || opens || memo_step(v->memo, MEMO_SUMS);
	}
	if (opens)
		pump_kick(v->pump);
	if (did)
		preview_note(v);
	did = did || step_exact(v);
	tell(v, !did);
	return did;
}

/* --- the owner's calls --- */

struct preview *preview_new(struct pool *pool, struct catalog *c, void (*changed)(void *ctx),
	void *ctx)
{
	struct preview *v = xnew(struct preview, 1);

	v->pool = pool;
	v->changed = changed;
	v->ctx = ctx;
	v->memo = memo_new(c);
	pthread_mutex_init(&v->lock, NULL);
	v->pump = pump_new(pool, PRIORITY, step, v);
	return v;
}

void preview_free(struct preview *v)
{
	if (!v)
		return;
	pthread_mutex_lock(&v->lock);
	for (size_t i = 0; i < v->known.n; i++)
		atomic_store(&v->known.v[i]->unwanted, true);
	pthread_mutex_unlock(&v->lock);
	pump_free(v->pump);
	view_unref(v->view);
	for (size_t i = 0; i < v->known.n; i++)
		known_unref(v->known.v[i]);
	vec_fini(&v->known);
	free(v->table);
	memo_free(v->memo);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

static void use_slots(struct preview *v, struct view *w)
{
	struct slot **s = xnew(struct slot *, w->n + 1);

	for (size_t i = 0; i < w->n; i++)
		s[i] = w->t[i].slot;
	memo_use(v->memo, s, w->n);
	free(s);
}

void preview_show(struct preview *v, struct plan *p)
{
	bool same = same_sources(v->view, p);

	pthread_mutex_lock(&v->lock);
	v->shows++;
	struct view *w = view_new(v, p), *old = v->view;
	for (size_t i = 0; old && i < old->n; i++)
		if (old->t[i].known->used != v->shows)
			atomic_store(&old->t[i].known->unwanted, true);
	if (same) {
		w->focus = xnew(size_t, old->n_focus + 1);
		if (old->n_focus)
			memcpy(w->focus, old->focus, old->n_focus * sizeof *w->focus);
		w->n_focus = old->n_focus;
	}
	v->view = w;
	v->error[0] = '\0';
	forget_known(v);
	pthread_mutex_unlock(&v->lock);
	if (!same)
		use_slots(v, w);
	view_unref(old);
	atomic_fetch_add(&v->generation, 1);
	pump_kick(v->pump);
}

void preview_want_exact(struct preview *v, bool on)
{
	pthread_mutex_lock(&v->lock);
	v->want_exact = on;
	if (v->view)
		v->view->at_exact = 0;
	for (size_t i = 0; v->view && i < v->view->n; i++)
		atomic_store(&v->view->t[i].known->unwanted, !on);
	pthread_mutex_unlock(&v->lock);
	if (on)
		pump_kick(v->pump);
}

void preview_focus(struct preview *v, const size_t *tensors, size_t n)
{
	struct view *w = v->view;
	if (!w)
		return;
	size_t *focus = xnew(size_t, n + 1), kept = 0;
	struct slot **slots = xnew(struct slot *, n + 1);
	for (size_t i = 0; i < n; i++) {
		if (tensors[i] >= w->n)
			continue;
		slots[kept] = w->t[tensors[i]].slot;
		focus[kept++] = tensors[i];
	}
	memo_focus(v->memo, slots, kept);
	free(slots);
	pthread_mutex_lock(&v->lock);
	free(w->focus);
	w->focus = focus;
	w->n_focus = kept;
	pthread_mutex_unlock(&v->lock);
}

static double share_of(size_t part, size_t all)
{
	return all ? (double)part / (double)all : 1;
}

void preview_progress(struct preview *v, struct preview_progress *out)
{
	struct memo_state m;
	struct view *w = v->view;
	size_t sampled = 0, exact = 0, n = w ? w->n : 0;
	double elements = 0, streamed = 0;

	memo_state(v->memo, &m);
	out->nonfinite = m.nonfinite;
	pthread_mutex_lock(&v->lock);
	for (size_t i = 0; i < n; i++) {
		const struct tensor_exact *x = atomic_load(&w->t[i].known->exact);
		double each = (double)w->t[i].slot->like->elements;
		elements += each;
		streamed += w->t[i].known->exacting >= OVER ? each : 0;
		for (size_t k = 0; x && !atomic_load(&w->t[i].slot->sums) && k < w->t[i].known->n;
			k++)
			out->nonfinite += x->nonfinite_in[k];
		sampled += w->t[i].known->sampling >= OVER || atomic_load(&w->t[i].slot->failed);
		exact += w->t[i].known->exacting >= OVER;
	}
	snprintf(out->error, sizeof out->error, "%s", v->error[0] ? v->error : m.error);
	bool want_exact = v->want_exact;
	pthread_mutex_unlock(&v->lock);
	out->read_seconds_ago = m.read && m.finished_ns
		? (double)(memo_now_ns() - m.finished_ns) / 1e9 : NAN;
	bool sums = m.summed + m.failed >= m.slots;
	if (want_exact && exact < n && (sums || atomic_load(&v->only_exact))) {
		out->phase = "exact";
		out->done = elements > 0 ? streamed / elements : 0;
	} else if (atomic_load(&v->only_exact)) {
		out->phase = "ready";
		out->done = 1;
	} else if (sampled < n) {
		out->phase = "sample";
		out->done = sums ? share_of(sampled, n) : share_of(m.sampled + sampled, 2 * n);
	} else if (!sums) {
		out->phase = "sums";
		out->done = m.bytes > 0 ? m.done / m.bytes : 1;
	} else {
		out->phase = out->error[0] ? "failed" : "ready";
		out->done = 1;
	}
}

bool preview_idle(struct preview *v)
{
	return pump_idle(v->pump);
}

uint64_t preview_generation(struct preview *v)
{
	return atomic_load(&v->generation);
}

bool preview_wait(struct preview *v, bool exact, struct err *e)
{
	char error[sizeof v->error];
	struct memo_state m;

	atomic_store(&v->only_exact, exact);
	if (exact)
		preview_want_exact(v, true);
	pump_help(v->pump, &process_cancelled);
	atomic_store(&v->only_exact, false);
	if (atomic_load(&process_cancelled))
		return err_set(e, ERR_CANCELLED, "preview", NULL, "cancelled");
	memo_flush(v->memo);
	memo_state(v->memo, &m);
	pthread_mutex_lock(&v->lock);
	snprintf(error, sizeof error, "%s", v->error[0] ? v->error : m.error);
	pthread_mutex_unlock(&v->lock);
	if (error[0])
		return err_set(e, ERR_INPUT, "preview", NULL, "%s", error);
	return true;
}
