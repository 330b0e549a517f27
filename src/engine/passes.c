#include "config.h"
#include "engine/memo_work.h"
#include "merge/method.h"

/* Reading for the memo: one window of all of a slot's tensors at a time, and sampled blocks. */

static void free_buffers(struct worker_buffers *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->vectors; i++)
		histogram_scratch_free(b->scratch[i]);
	free(b->scratch);
	free(b->floats);
	free(b);
}

void passes_free_buffers(struct memo *m)
{
	while (m->buffers) {
		struct worker_buffers *next = m->buffers->next;
		free_buffers(m->buffers);
		m->buffers = next;
	}
}

static struct worker_buffers *take_buffers(struct memo *m, size_t vectors, struct err *e)
{
	pthread_mutex_lock(&m->lock);
	struct worker_buffers *b = m->buffers;
	if (b)
		m->buffers = b->next;
	pthread_mutex_unlock(&m->lock);
	if (b && b->vectors >= vectors)
		return b;
	free_buffers(b);
	b = xnew(struct worker_buffers, 1);
	b->floats = xtry_malloc(vectors * SUMS_PIECE * sizeof(float));
	if (!b->floats) {
		free(b);
		err_set(e, ERR_MEMORY, "statistics", "compare fewer models at once",
			"no memory for %zu windows", vectors);
		return NULL;
	}
	b->vectors = vectors;
	b->scratch = xnew(struct histogram_scratch *, vectors);
	for (size_t i = 0; i < vectors; i++)
		b->scratch[i] = histogram_scratch_new();
	return b;
}

static void give_buffers(struct memo *m, struct worker_buffers *b)
{
	pthread_mutex_lock(&m->lock);
	b->next = m->buffers;
	m->buffers = b;
	pthread_mutex_unlock(&m->lock);
}

/* One allocation: the part, then its arrays. */
static struct window_part *part_new(size_t n, uint64_t window)
{
	size_t pairs = pair_count((int)n);
	struct window_part *p = xcalloc(1, sizeof *p + n * sizeof *p->norm
		+ pairs * (sizeof *p->pair + sizeof *p->sign));

	p->window = window;
	p->norm = (struct norm_sums *)(p + 1);
	p->pair = (struct pair_sums *)(p->norm + n);
	p->sign = (struct sign_sums *)(p->pair + pairs);
	return p;
}

static void fold_part(struct slot *s, const struct window_part *p)
{
	struct slot_sums *to = s->work->sums;

	for (size_t i = 0; i < s->n; i++)
		norm_sums_fold(&to->norm[i], &p->norm[i]);
	for (size_t i = 0; i < pair_count((int)s->n); i++) {
		pair_sums_fold(&to->pair[i], &p->pair[i]);
		sign_sums_fold(&to->sign[i], &p->sign[i]);
	}
	conflict_sums_fold(&to->conflict, &p->conflict);
}

/* Parts arrive in any order and are folded in order. True when this was the last. */
static bool hand_in(struct slot *s, struct window_part *p, struct worker_buffers *b)
{
	struct slot_work *w = s->work;

	pthread_mutex_lock(&w->lock);
	if (!w->sums)
		w->sums = slot_sums_new(s->n);
	for (size_t i = 0; i < s->n; i++)
		if ((int)i != s->from)
			histogram_fold(&w->sums->curve[i], b->scratch[i]);
	struct window_part **at = &w->waiting;
	while (*at && (*at)->window < p->window)
		at = &(*at)->next;
	p->next = *at;
	*at = p;
	while (w->waiting && w->waiting->window == w->folded) {
		struct window_part *next = w->waiting->next;
		fold_part(s, w->waiting);
		free(w->waiting);
		w->waiting = next;
		w->folded++;
	}
	bool last = w->folded == s->windows;
	struct slot_sums *done = last ? w->sums : NULL;
	if (last)
		w->sums = NULL;
	pthread_mutex_unlock(&w->lock);
	if (!last)
		return false;
	for (size_t i = 0; i < s->n; i++)
		histogram_settle(&done->curve[i]);
	slot_sums_settle(done);
	atomic_store(&s->sums, done);
	return true;
}

/* From one histogram scratch per tensor to the sweep's table: differences are taken from `from`. */
static struct histogram_scratch **curves(const struct slot *s, struct worker_buffers *b)
{
	struct histogram_scratch **h = xnew(struct histogram_scratch *, s->n * s->n);

	for (int i = 0; i < (int)s->n; i++)
		if (i != s->from)
			h[s->from * (int)s->n + i] = b->scratch[i];
	return h;
}

static void add_signs(struct slot *s, struct window_part *p, const float *const *x, size_t len)
{
	if (!s->based)
		return;
	for (int j = 2; j < (int)s->n; j++)
		for (int i = 1; i < j; i++)
			sign_sums_add(&p->sign[pair_index(i, j)], x[i], x[j], x[0], len);
	if (s->n > 2)
		conflict_sums_add(&p->conflict, x + 1, (int)s->n - 1, x[0], len);
}

/* Read and added piece by piece: a whole window of every input would not stay in the cache. */
static bool add_window(struct slot *s, struct window_part *p, struct worker_buffers *b,
	uint64_t first, size_t len, struct err *e)
{
	struct histogram_scratch **h = curves(s, b);
	struct sums_sweep *sweep = sums_sweep_begin(p->norm, p->pair, h, (int)s->n);
	const float *x[MERGE_MAX_INPUTS + 1];
	bool ok = true;

	for (size_t at = 0; ok && at < len; at += SUMS_PIECE) {
		size_t n = len - at < SUMS_PIECE ? len - at : SUMS_PIECE;
		for (size_t i = 0; ok && i < s->n; i++) {
			float *to = b->floats + i * SUMS_PIECE;
			struct source *from = &s->v[i].model->source;
			x[i] = to;
			ok = source_read(from, (size_t)s->v[i].tensor, first + at, n, to, e);
		}
		if (ok) {
			sums_sweep_add(sweep, x, n);
			add_signs(s, p, x, n);
		}
	}
	sums_sweep_end(sweep);
	free(h);
	return ok;
}

bool passes_window(struct memo *m, struct slot *s, uint64_t window, bool *last, struct err *e)
{
	uint64_t first = window * WINDOW_ELEMS, rest = s->like->elements - first;
	size_t len = rest < WINDOW_ELEMS ? (size_t)rest : WINDOW_ELEMS;
	struct worker_buffers *b = take_buffers(m, s->n, e);
	struct window_part *p;

	*last = false;
	if (!b)
		return false;
	p = part_new(s->n, window);
	if (!add_window(s, p, b, first, len, e)) {
		free(p);
		free_buffers(b); /* with what its histograms hold of this window */
		return false;
	}
	*last = hand_in(s, p, b);
	give_buffers(m, b);
	return true;
}

bool passes_sample(struct memo *m, struct slot *s, struct err *e)
{
	struct slot_sample *x = xnew(struct slot_sample, 1);
	const float **v = xnew(const float *, s->n);
	size_t want = SAMPLE_BLOCKS;
	bool ok = true;

	for (size_t i = 0; i < s->n; i++) {
		size_t most = samples_of(m, s->v[i].model)->want;
		want = most < want ? most : want;
	}
	want = samples_want(s->like, want);
	sample_init(&x->at, s->like->shape, s->like->rank, want);
	for (size_t i = 0; ok && i < s->n; i++) {
		struct model_samples *ms = samples_of(m, s->v[i].model);
		v[i] = samples_get(ms, (size_t)s->v[i].tensor, &x->at, want, e);
		ok = v[i] != NULL;
	}
	x->x = v;
	if (ok) {
		atomic_store(&s->sample, x);
		return true;
	}
	sample_fini(&x->at);
	free(v);
	free(x);
	return false;
}
