#include "config.h"
#include "infer/net.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "infer/activation.h"
#include "infer/blas.h"
#include "infer/net_in.h"
#include "stat/finite.h"

size_t net_width(const struct net *n)
{
	return n->width;
}

size_t net_longest(const struct net *n)
{
	return n->longest;
}

static const char not_finite[] = "its weights, or their type, are damaged: `cupel inspect` and "
	"`cupel diff` show where";

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* The most floats a token has between two residuals, in any of the three buffers. */
static size_t widest(const struct net *n)
{
	size_t inner = n->ssm.heads * n->ssm.head;
	size_t mixed = inner + 2 * n->ssm.groups * n->ssm.state;
	size_t w = larger(n->heads * n->head, 2 * n->kv_heads * n->head);

	w = larger(w, larger(n->width, n->inner));
	w = larger(w, larger(2 * n->shared_inner, n->experts ? 2 * n->expert_inner : 0));
	return larger(w, n->ssm.heads ? inner + mixed + n->ssm.heads : 0);
}

double net_flops(const struct net *n, size_t context)
{
	const struct source *s = &n->model->source;
	double sum = 0, part = n->experts ? (double)n->experts_used / (double)n->experts : 1;

	for (size_t i = 0; i < n->layers; i++)
		for (int r = 0; r < NET_ROLES; r++)
			if (n->layer[i].at[r] >= 0)
				sum += (double)s->tensors[n->layer[i].at[r]].elements *
					(r == N_EXPERTS_IN || r == N_EXPERTS_OUT ? part : 1);
	sum += (double)n->vocabulary * (double)n->width / 2; /* of half of the tokens */
	return 2 * sum + 2 * (double)(n->layers * n->heads * n->head * context);
}

static bool net_norm(struct net_work *w, const float *x, long weight, float *out)
{
	const struct net *n = w->net;
	struct err e = { 0 };
	float *v = net_vector(w->net, weight, n->width, &e);

	if (!v)
		return net_failed(w, &e);
	for (size_t t = 0; t < w->chunks * w->context; t++)
		act_rms(x + t * n->width, v, n->width, n->eps, out + t * n->width);
	free(v);
	return true;
}

/* --- setting up --- */

static void turns(struct net_work *w)
{
	size_t half = w->net->turned / 2;

	for (size_t t = 0; t < w->context; t++)
		for (size_t i = 0; i < half; i++) {
			w->cosine[t * half + i] = (float)cos((double)t * w->net->angle[i]);
			w->sine[t * half + i] = (float)sin((double)t * w->net->angle[i]);
		}
}

static bool work_init(struct net_work *w)
{
	const struct net *n = w->net;
	size_t tokens = w->chunks * w->context, half = n->turned / 2;
	unsigned threads = pool_threads(w->pool);
	bool ok = true;
	struct err e = { 0 };

	w->wide = widest(n);
	w->h = xtry_malloc(tokens * n->width * sizeof(float));
	w->normed = xtry_malloc(tokens * n->width * sizeof(float));
	w->out = xtry_malloc(tokens * n->width * sizeof(float));
	w->a = xtry_malloc(tokens * w->wide * sizeof(float));
	w->b = xtry_malloc(tokens * w->wide * sizeof(float));
	w->c = xtry_malloc(tokens * w->wide * sizeof(float));
	w->cosine = xtry_malloc(w->context * half * sizeof(float));
	w->sine = xtry_malloc(w->context * half * sizeof(float));
	w->room = xnew(float *, threads);
	for (unsigned i = 0; i < threads && ok; i++)
		ok = (w->room[i] = xtry_malloc(net_room(n->widest) * sizeof(float))) != NULL;
	ok = ok && w->h && w->normed && w->out && w->a && w->b && w->c && w->cosine && w->sine;
	if (!ok) {
		err_set(&e, ERR_MEMORY, "evaluation", "take a smaller --context",
			"no room for %zu tokens at once", tokens);
		return net_failed(w, &e);
	}
	turns(w);
	return true;
}

static void work_fini(struct net_work *w)
{
	for (unsigned i = 0; w->room && i < pool_threads(w->pool); i++)
		free(w->room[i]);
	free(w->room);
	free(w->h);
	free(w->normed);
	free(w->out);
	free(w->a);
	free(w->b);
	free(w->c);
	free(w->cosine);
	free(w->sine);
	pthread_mutex_destroy(&w->lock);
}

/* --- the pass --- */

static bool embed(struct net_work *w, const uint32_t *tokens)
{
	struct net *n = w->net;
	const struct tensor *t = &n->model->source.tensors[n->embedding];
	struct err e = { 0 };

	for (size_t i = 0; i < w->chunks * w->context; i++) {
		float *row, *h = w->h + i * n->width;

		if (tokens[i] >= t->shape[0]) {
			err_set(&e, ERR_INPUT, n->model->source.label,
				"take the tokenizer that belongs to it",
				"the token %u is beyond its %llu embeddings", tokens[i],
				(unsigned long long)t->shape[0]);
			return net_failed(w, &e);
		}
		row = net_rows(n, n->embedding, tokens[i], 1, n->width, w->room[0], &e);
		if (!row)
			return net_failed(w, &e);
		for (size_t k = 0; k < n->width; k++)
			h[k] = row[k] * n->embedding_scale;
	}
	return true;
}

static bool layer(struct net_work *w, const struct net_layer *l)
{
	const struct net *n = w->net;
	size_t all = w->chunks * w->context * n->width;

	if (!net_norm(w, w->h, l->at[N_ATTN_NORM], w->normed) ||
		!(l->mamba ? net_mamba(w, l) : net_attention(w, l)))
		return false;
	act_add(w->h, w->out, n->residual_scale, all);
	if (!net_norm(w, w->h, l->at[N_FFN_NORM], w->normed) || !net_feed_forward(w, l))
		return false;
	act_add(w->h, w->out, n->residual_scale, all);
	return true;
}

static bool stopped(const struct net_work *w, struct err *e)
{
	return w->stop && atomic_load(w->stop) &&
		!err_set(e, ERR_CANCELLED, "evaluation", NULL, "cancelled");
}

bool net_run(struct net *n, struct pool *p, const uint32_t *tokens, size_t chunks, size_t context,
	float *hidden, atomic_bool *stop, struct err *e)
{
	struct net_work w = { .net = n, .pool = p, .chunks = chunks, .context = context,
		.stop = stop, .e = e };
	size_t all = chunks * context * n->width;
	bool ok;

	pthread_mutex_init(&w.lock, NULL);
	ok = blas_open(e) && work_init(&w) && embed(&w, tokens);
	for (size_t i = 0; i < n->layers && ok; i++) {
		ok = layer(&w, &n->layer[i]) && !stopped(&w, e);
		if (ok && !finite_all(w.h, all))
			ok = err_set(e, ERR_INPUT, n->model->source.label, not_finite,
				"layer %zu gives values that are not finite", i);
	}
	ok = ok && net_norm(&w, w.h, n->norm, hidden);
	work_fini(&w);
	return ok;
}

/* --- the head --- */

/* Panels of the vocabulary: each has its largest logit and sum of a row, folded in their order. */
struct heading {
	struct net_work w;
	const float *hidden;
	size_t rows, panel, panels;
	const uint32_t *targets;
	float *max, *sum;             /* [panels][rows] */
	float *target;                /* [rows] */
	float **logits;               /* a panel's to each thread */
};

static void head_panel(void *ctx, size_t i, unsigned worker)
{
	struct heading *h = ctx;
	struct net *n = h->w.net;
	size_t at = i * h->panel, left = n->vocabulary - at;
	size_t rows = left < h->panel ? left : h->panel;
	float *y = h->logits[worker];
	struct err e = { 0 };
	float *v = net_rows(n, n->output, at, rows, n->width, h->w.room[worker], &e);

	if (!v) {
		net_failed(&h->w, &e);
		return;
	}
	blas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)h->rows, (blasint)rows,
		(blasint)n->width, 1 / n->logit_scale, h->hidden, (blasint)n->width, v,
		(blasint)n->width, 0, y, (blasint)rows);
	for (size_t r = 0; r < h->rows; r++) {
		act_max_sum(y + r * rows, rows, &h->max[i * h->rows + r],
			&h->sum[i * h->rows + r]);
		if (h->targets[r] >= at && h->targets[r] - at < rows)
			h->target[r] = y[r * rows + h->targets[r] - at];
	}
}

static double row_nll(const struct heading *h, size_t r)
{
	double max = -INFINITY, sum = 0;

	for (size_t i = 0; i < h->panels; i++)
		max = fmax(max, h->max[i * h->rows + r]);
	for (size_t i = 0; i < h->panels; i++)
		sum += h->sum[i * h->rows + r] * exp(h->max[i * h->rows + r] - max);
	return max + log(sum) - h->target[r];
}

bool net_nll(struct net *n, struct pool *p, const float *hidden, size_t rows,
	const uint32_t *targets, float *nll, struct err *e)
{
	struct heading h = { .w = { .net = n, .pool = p, .e = e }, .hidden = hidden, .rows = rows,
		.targets = targets, .panel = net_panel_rows(n->vocabulary, n->width) };
	unsigned threads = pool_threads(p);
	bool ok = true;

	pthread_mutex_init(&h.w.lock, NULL);
	ok = blas_open(e);
	h.panels = (n->vocabulary + h.panel - 1) / h.panel;
	h.max = xtry_malloc(h.panels * rows * sizeof(float));
	h.sum = xtry_malloc(h.panels * rows * sizeof(float));
	h.target = xtry_malloc(rows * sizeof(float));
	h.logits = xnew(float *, threads);
	h.w.room = xnew(float *, threads);
	for (unsigned i = 0; i < threads && ok; i++)
		ok = (h.logits[i] = xtry_malloc(rows * h.panel * sizeof(float))) &&
			(h.w.room[i] = xtry_malloc(net_room(n->widest) * sizeof(float)));
	ok = ok && h.max && h.sum && h.target;
	if (!ok && blas_sgemm)
		err_set(e, ERR_MEMORY, "evaluation", "take a smaller --context",
			"no room for the logits of %zu tokens", rows);
	if (ok)
		pool_for(p, h.panels, head_panel, &h, NULL);
	ok = ok && !atomic_load(&h.w.failed);
	for (size_t r = 0; r < rows && ok; r++)
		nll[r] = (float)row_nll(&h, r);
	if (ok && !finite_all(nll, rows))
		ok = err_set(e, ERR_INPUT, n->model->source.label, not_finite,
			"its head gives values that are not finite");
	for (unsigned i = 0; i < threads; i++) {
		free(h.logits[i]);
		free(h.w.room[i]);
	}
	free(h.logits);
	free(h.w.room);
	free(h.max);
	free(h.sum);
	free(h.target);
	pthread_mutex_destroy(&h.w.lock);
	return ok;
}
