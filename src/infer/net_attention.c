/* Attention: every head of every chunk by itself, rows of queries in blocks, keys up to the row. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "infer/activation.h"
#include "infer/blas.h"
#include "infer/net_in.h"

#define BLOCK ((size_t)128)

struct attending {
	struct net_work *w;
	const float *q, *k, *v;     /* [tokens][heads or kv_heads * head] */
	float *out;                 /* [tokens][heads * head] */
	const float *q_norm, *k_norm;
};

/* x and the half behind it are a pair that is turned. */
static void turn(const struct net_work *w, float *x, size_t position)
{
	size_t half = w->net->turned / 2;
	const float *c = w->cosine + position * half, *s = w->sine + position * half;

	for (size_t i = 0; i < half; i++) {
		float a = x[i], b = x[i + half];

		x[i] = a * c[i] - b * s[i];
		x[i + half] = b * c[i] + a * s[i];
	}
}

static void prepare(const struct net_work *w, float *x, size_t heads, const float *norm,
	size_t position)
{
	const struct net *n = w->net;

	for (size_t h = 0; h < heads; h++, x += n->head) {
		if (norm)
			act_rms(x, norm, n->head, n->eps, x);
		if (n->rope)
			turn(w, x, position);
	}
}

static void one_token(void *ctx, size_t i, unsigned worker)
{
	const struct attending *a = ctx;
	const struct net *n = a->w->net;
	size_t position = i % a->w->context;

	(void)worker;
	prepare(a->w, (float *)a->q + i * n->heads * n->head, n->heads, a->q_norm, position);
	prepare(a->w, (float *)a->k + i * n->kv_heads * n->head, n->kv_heads, a->k_norm, position);
}

static void one_head(void *ctx, size_t i, unsigned worker)
{
	const struct attending *a = ctx;
	const struct net *n = a->w->net;
	size_t T = a->w->context, chunk = i / n->heads, head = i % n->heads;
	size_t wide = n->heads * n->head, narrow = n->kv_heads * n->head;
	size_t kv = head / (n->heads / n->kv_heads) * n->head;
	const float *k = a->k + chunk * T * narrow + kv, *v = a->v + chunk * T * narrow + kv;
	const float *q = a->q + chunk * T * wide + head * n->head;
	float *out = a->out + chunk * T * wide + head * n->head;
	float *scores = xtry_malloc(BLOCK * T * sizeof *scores);
	struct err e = { 0 };

	(void)worker;
	if (!scores) {
		err_set(&e, ERR_MEMORY, "attention", "take a smaller --context", "no room for it");
		net_failed(a->w, &e);
		return;
	}
	for (size_t from = 0; from < T; from += BLOCK) {
		size_t rows = T - from < BLOCK ? T - from : BLOCK, keys = from + rows;

		blas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)rows, (blasint)keys,
			(blasint)n->head, n->score_scale, q + from * wide, (blasint)wide, k,
			(blasint)narrow, 0, scores, (blasint)keys);
		for (size_t r = 0; r < rows; r++) {
			float *row = scores + r * keys;

			act_softmax(row, from + r + 1);
			memset(row + from + r + 1, 0, (keys - from - r - 1) * sizeof *row);
		}
		blas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)rows,
			(blasint)n->head, (blasint)keys, 1, scores, (blasint)keys, v,
			(blasint)narrow, 0, out + from * wide, (blasint)wide);
	}
	free(scores);
}

static bool project(struct net_work *w, long tensor, long bias, size_t rows, float *y)
{
	return net_multiply(w, &(struct net_product){ tensor, bias, 0, rows, w->net->width,
		w->normed, w->net->width, y, rows, NULL });
}

bool net_attention(struct net_work *w, const struct net_layer *l)
{
	const struct net *n = w->net;
	size_t wide = n->heads * n->head, narrow = n->kv_heads * n->head;
	size_t tokens = w->chunks * w->context;
	struct attending a = { .w = w, .q = w->a, .k = w->b, .v = w->b + tokens * narrow,
		.out = w->c };
	struct err e = { 0 };
	float *q_norm = NULL, *k_norm = NULL;
	bool ok = true;

	if (l->at[N_Q_NORM] >= 0)
		ok = (q_norm = net_vector(w->net, l->at[N_Q_NORM], n->head, &e)) != NULL;
	if (ok && l->at[N_K_NORM] >= 0)
		ok = (k_norm = net_vector(w->net, l->at[N_K_NORM], n->head, &e)) != NULL;
	a.q_norm = q_norm;
	a.k_norm = k_norm;
	ok = ok ? project(w, l->at[N_Q], l->at[N_Q_BIAS], wide, w->a) &&
		project(w, l->at[N_K], l->at[N_K_BIAS], narrow, w->b) &&
		project(w, l->at[N_V], l->at[N_V_BIAS], narrow, w->b + tokens * narrow)
		: net_failed(w, &e);
	if (ok) {
		pool_for(w->pool, tokens, one_token, &a, w->stop);
		pool_for(w->pool, w->chunks * n->heads, one_head, &a, w->stop);
	}
	free(q_norm);
	free(k_norm);
	return ok && !atomic_load(&w->failed) && net_multiply(w, &(struct net_product){
		l->at[N_O], l->at[N_O_BIAS], 0, n->width, wide, w->c, wide, w->out, n->width,
		NULL });
}
