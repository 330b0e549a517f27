#include "config.h"
#include "engine/memo.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "engine/memo_work.h"
#include "engine/swap_sample.h"

#define FORGET_AFTER 8         /* memo_use calls that did not name a slot */
#define SAVE_EVERY_NS 2000000000
#define SAVE_AT 64             /* slots */

int64_t memo_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct slot_sums *slot_sums_new(size_t n)
{
	struct slot_sums *s = xnew(struct slot_sums, 1);
	size_t pairs = pair_count((int)n);

	s->n = n;
	s->norm = xnew(struct norm_sums, n);
	s->pair = xnew(struct pair_sums, pairs ? pairs : 1);
	s->sign = xnew(struct sign_sums, pairs ? pairs : 1);
	s->s = xnew(double, n * n);
	s->curve = xnew(struct histogram, n);
	for (size_t i = 0; i < n; i++)
		histogram_init(&s->curve[i]);
	return s;
}

void slot_sums_free(struct slot_sums *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		histogram_fini(&s->curve[i]);
	free(s->norm);
	free(s->pair);
	free(s->sign);
	free(s->s);
	free(s->curve);
	free(s);
}

void slot_sums_settle(struct slot_sums *s)
{
	for (size_t i = 0; i < s->n; i++) {
		s->s[i * s->n + i] = s->norm[i].n2;
		for (size_t j = 0; j < i; j++)
			s->s[i * s->n + j] = s->s[j * s->n + i] =
				s->pair[pair_index((int)i, (int)j)].d2;
	}
}

struct memo *memo_new(struct catalog *c)
{
	struct memo *m = xnew(struct memo, 1);

	m->catalog = c;
	pthread_mutex_init(&m->lock, NULL);
	m->saved_ns = memo_now_ns();
	return m;
}

static struct slot *slot_ref(struct slot *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

static void sample_free(struct slot_sample *x)
{
	if (!x)
		return;
	sample_fini(&x->at);
	free((void *)x->x);
	free(x->own);
	free(x);
}

void slot_unref(struct slot *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	while (s->work->waiting) {
		struct window_part *next = s->work->waiting->next;
		free(s->work->waiting);
		s->work->waiting = next;
	}
	slot_sums_free(s->work->sums);
	slot_sums_free(atomic_load(&s->sums));
	swap_samples_free(s->swaps);
	sample_free(atomic_load(&s->sample));
	sample_free(atomic_load(&s->rows));
	pthread_mutex_destroy(&s->work->lock);
	for (size_t i = 0; i < s->n; i++)
		model_unref(s->v[i].model);
	free(s->v);
	free(s->keys);
	free(s->places);
	free(s->work);
	free(s);
}

static void clear_list(struct slot ***list, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		slot_unref((*list)[i]);
	free(*list);
	*list = NULL;
	*n = 0;
}

void memo_free(struct memo *m)
{
	if (!m)
		return;
	memo_flush(m);
	clear_list(&m->use, &m->n_use);
	clear_list(&m->focus, &m->n_focus);
	for (size_t i = 0; i < m->slots.n; i++)
		slot_unref(m->slots.v[i]);
	vec_fini(&m->slots);
	free(m->table);
	for (size_t i = 0; i < m->samples.n; i++)
		samples_free(m->samples.v[i]);
	vec_fini(&m->samples);
	vec_fini(&m->unsaved);
	passes_free_buffers(m);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static struct slot *slot_new(const struct memo_vector *v, size_t n, bool based, int from,
	const struct hash *keys, struct hash key)
{
	struct slot *s = xnew(struct slot, 1);

	s->refs = 1;
	s->n = n;
	s->based = based;
	s->from = from;
	s->v = xnew(struct memo_vector, n);
	s->keys = xnew(struct hash, n);
	s->places = xnew(struct hash, n);
	s->work = xnew(struct slot_work, 1);
	pthread_mutex_init(&s->work->lock, NULL);
	for (size_t i = 0; i < n; i++) {
		s->v[i] = (struct memo_vector){ model_ref(v[i].model), v[i].tensor };
		s->keys[i] = keys[i];
		s->places[i] = model_tensor_place(v[i].model, (size_t)v[i].tensor);
		s->work->bytes += v[i].model->source.tensors[v[i].tensor].bytes;
	}
	s->like = &v[0].model->source.tensors[v[0].tensor];
	s->key = key;
	s->windows = tensor_windows(s->like);
	return s;
}

/* Content keys where the model has them; a virtual source is known by its address. */
static struct hash set_key(const struct memo_vector *v, size_t n, bool based, int from,
	struct hash *keys)
{
	struct hash_stream *h = hash_stream_new();
	uint8_t b[2] = { based, (uint8_t)from };

	hash_stream_add(h, b, sizeof b);
	for (size_t i = 0; i < n; i++) {
		keys[i] = model_tensor_key(v[i].model, (size_t)v[i].tensor);
		hash_stream_add(h, &keys[i], sizeof keys[i]);
		if (hash_is_zero(keys[i])) {
			hash_stream_add(h, &v[i].model, sizeof v[i].model);
			hash_stream_add(h, &v[i].tensor, sizeof v[i].tensor);
		}
	}
	return hash_stream_end(h);
}

/* Open addressing: where the slot of that key stands or would. */
static struct slot **find_slot(struct memo *m, struct hash key)
{
	uint64_t h;

	memcpy(&h, key.b, sizeof h);
	size_t i = h & (m->n_table - 1);
	while (m->table[i] && !hash_eq(m->table[i]->key, key))
		i = (i + 1) & (m->n_table - 1);
	return &m->table[i];
}

static void index_slots(struct memo *m)
{
	free(m->table);
	m->n_table = 64;
	while (m->n_table < 4 * m->slots.n)
		m->n_table *= 2;
	m->table = xnew(struct slot *, m->n_table);
	for (size_t i = 0; i < m->slots.n; i++)
		*find_slot(m, m->slots.v[i]->key) = m->slots.v[i];
}

struct slot *memo_slot(struct memo *m, const struct memo_vector *v, size_t n, bool based, int from)
{
	struct hash *keys = xnew(struct hash, n), key = set_key(v, n, based, from, keys);
	struct slot *found;

	pthread_mutex_lock(&m->lock);
	if (2 * m->slots.n >= m->n_table)
		index_slots(m);
	struct slot **at = find_slot(m, key);
	found = *at ? slot_ref(*at) : slot_new(v, n, based, from, keys, key);
	if (!*at) {
		found->work->used = m->uses;
		*vec_push(&m->slots) = *at = slot_ref(found);
	}
	pthread_mutex_unlock(&m->lock);
	free(keys);
	return found;
}

static struct slot **copy_list(struct slot *const *slots, size_t n)
{
	struct slot **v = xnew(struct slot *, n ? n : 1);

	for (size_t i = 0; i < n; i++)
		v[i] = slot_ref(slots[i]);
	return v;
}

void memo_use(struct memo *m, struct slot *const *slots, size_t n)
{
	struct slot **v = copy_list(slots, n), **old;
	size_t n_old, kept = 0;

	pthread_mutex_lock(&m->lock);
	old = m->use;
	n_old = m->n_use;
	m->use = v;
	m->n_use = n;
	m->uses++;
	memset(m->at, 0, sizeof m->at);
	m->over = 0;
	m->finished_ns = 0;
	for (size_t i = 0; i < n; i++)
		v[i]->work->used = m->uses;
	for (size_t i = 0; i < m->slots.n; i++) {
		if (m->slots.v[i]->work->used + FORGET_AFTER < m->uses)
			slot_unref(m->slots.v[i]);
		else
			m->slots.v[kept++] = m->slots.v[i];
	}
	if (kept < m->slots.n) {
		m->slots.n = kept;
		index_slots(m);
	}
	pthread_mutex_unlock(&m->lock);
	clear_list(&old, &n_old);
}

void memo_focus(struct memo *m, struct slot *const *slots, size_t n)
{
	struct slot **v = copy_list(slots, n), **old;
	size_t n_old;

	pthread_mutex_lock(&m->lock);
	old = m->focus;
	n_old = m->n_focus;
	m->focus = v;
	m->n_focus = n;
	pthread_mutex_unlock(&m->lock);
	clear_list(&old, &n_old);
}

static void memo_fail(struct memo *m, struct slot *s, const struct err *e)
{
	pthread_mutex_lock(&m->lock);
	atomic_store(&s->failed, true);
	if (!m->error[0])
		snprintf(m->error, sizeof m->error, "%.120s: %.120s", e->where, e->what);
	pthread_mutex_unlock(&m->lock);
}

/* --- handing out work; all with the memo's lock --- */

static bool is_over(const struct slot *s, enum memo_phase phase)
{
	switch (phase) {
	case MEMO_LOAD: return s->work->load != WAITS_LOAD;
	case MEMO_SAMPLE: return s->work->sampling;
	case MEMO_SUMS: break;
	}
	return atomic_load(&s->sums) || atomic_load(&s->failed) || s->work->next >= s->windows;
}

static bool take(struct slot *s, enum memo_phase phase, uint64_t *window)
{
	if (is_over(s, phase) || (phase == MEMO_SUMS && s->work->load != DONE_LOAD))
		return false;
	if (phase == MEMO_LOAD)
		s->work->load = IN_LOAD;
	else if (phase == MEMO_SAMPLE)
		s->work->sampling = true;
	else
		*window = s->work->next++;
	return true;
}

static struct slot *take_any(struct memo *m, enum memo_phase phase, uint64_t *window)
{
	for (size_t i = 0; i < m->n_focus; i++)
		if (take(m->focus[i], phase, window))
			return slot_ref(m->focus[i]);
	while (m->at[phase] < m->n_use && is_over(m->use[m->at[phase]], phase))
		m->at[phase]++;
	for (size_t i = m->at[phase]; i < m->n_use; i++)
		if (take(m->use[i], phase, window))
			return slot_ref(m->use[i]);
	return NULL;
}

/* --- doing it --- */

static bool all_over(struct memo *m)
{
	while (m->over < m->n_use && (atomic_load(&m->use[m->over]->sums)
			|| atomic_load(&m->use[m->over]->failed)))
		m->over++;
	return m->over == m->n_use;
}

static void flush(struct memo *m, bool now)
{
	struct slot **v = NULL;
	size_t n = 0;

	pthread_mutex_lock(&m->lock);
	if (m->unsaved.n && (now || m->unsaved.n >= SAVE_AT
			|| memo_now_ns() - m->saved_ns > SAVE_EVERY_NS)) {
		v = m->unsaved.v;
		n = m->unsaved.n;
		memset(&m->unsaved, 0, sizeof m->unsaved);
		m->saved_ns = memo_now_ns();
	}
	pthread_mutex_unlock(&m->lock);
	if (m->catalog)
		memo_store_save(m->catalog, v, n);
	for (size_t i = 0; i < n; i++)
		slot_unref(v[i]);
	free(v);
}

static void save_samples(struct memo *m)
{
	pthread_mutex_lock(&m->lock);
	size_t n = m->samples.n;
	struct model_samples **v = xnew(struct model_samples *, n ? n : 1);
	for (size_t i = 0; i < n; i++)
		v[i] = m->samples.v[i];
	pthread_mutex_unlock(&m->lock);
	for (size_t i = 0; i < n; i++)
		samples_save(v[i]);
	free(v);
}

void memo_flush(struct memo *m)
{
	flush(m, true);
	save_samples(m);
}

static void do_load(struct memo *m, struct slot *s)
{
	bool renamed = false;

	if (m->catalog && !atomic_load(&s->sums))
		memo_store_load(m->catalog, s, &renamed);
	pthread_mutex_lock(&m->lock);
	s->work->load = DONE_LOAD;
	if (renamed)
		*vec_push(&m->unsaved) = slot_ref(s);
	if (all_over(m) && !m->finished_ns)
		m->finished_ns = memo_now_ns();
	pthread_mutex_unlock(&m->lock);
	if (renamed)
		flush(m, false);
}

static void do_sample(struct memo *m, struct slot *s)
{
	struct err e;
	bool end;

	err_clear(&e);
	if (!passes_sample(m, s, &e))
		memo_fail(m, s, &e);
	pthread_mutex_lock(&m->lock);
	while (m->at[MEMO_SAMPLE] < m->n_use && m->use[m->at[MEMO_SAMPLE]]->work->sampling)
		m->at[MEMO_SAMPLE]++;
	end = m->at[MEMO_SAMPLE] == m->n_use;
	pthread_mutex_unlock(&m->lock);
	if (end)
		save_samples(m);
}

static void do_window(struct memo *m, struct slot *s, uint64_t window)
{
	struct err e;
	bool last = false, end = false;

	err_clear(&e);
	if (!passes_window(m, s, window, &last, &e))
		memo_fail(m, s, &e);
	pthread_mutex_lock(&m->lock);
	m->read = true;
	if (last)
		*vec_push(&m->unsaved) = slot_ref(s);
	if (all_over(m) && !m->finished_ns) {
		m->finished_ns = memo_now_ns();
		end = true;
	}
	pthread_mutex_unlock(&m->lock);
	if (last || end)
		flush(m, end);
}

bool memo_step(struct memo *m, enum memo_phase phase)
{
	uint64_t window = 0;

	pthread_mutex_lock(&m->lock);
	struct slot *s = take_any(m, phase, &window);
	pthread_mutex_unlock(&m->lock);
	if (!s)
		return false;
	if (phase == MEMO_LOAD)
		do_load(m, s);
	else if (phase == MEMO_SAMPLE)
		do_sample(m, s);
	else
		do_window(m, s, window);
	slot_unref(s);
	return true;
}

void memo_state(struct memo *m, struct memo_state *out)
{
	memset(out, 0, sizeof *out);
	pthread_mutex_lock(&m->lock);
	out->slots = m->n_use;
	for (size_t i = 0; i < m->n_use; i++) {
		const struct slot *s = m->use[i];
		const struct slot_sums *sums = atomic_load(&s->sums);
		double bytes = (double)s->work->bytes;
		bool failed = atomic_load(&s->failed);
		out->sampled += atomic_load(&s->sample) != NULL;
		out->summed += sums != NULL;
		out->failed += failed;
		out->bytes += bytes;
		out->done += sums || failed ? bytes
			: s->windows ? bytes * (double)s->work->next / (double)s->windows : 0;
		for (size_t k = 0; sums && k < sums->n; k++)
			out->nonfinite += sums->norm[k].nonfinite;
	}
	out->read = m->read;
	out->finished_ns = m->finished_ns;
	memcpy(out->error, m->error, sizeof out->error);
	pthread_mutex_unlock(&m->lock);
}
