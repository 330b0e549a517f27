/* What follows attention: one network for every token, or the few of many that a router chooses. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "infer/activation.h"
#include "infer/net_in.h"

#define MOST_CHOSEN 64

struct gating {
	struct net_work *w;
	float *gate;
	const float *up;
	size_t width, ld;
};

static void gate_token(void *ctx, size_t i, unsigned worker)
{
	const struct gating *g = ctx;

	(void)worker;
	act_silu_times(g->gate + i * g->ld, g->up + i * g->ld, g->width);
}

static void gate_all(struct net_work *w, size_t tokens, float *gate, const float *up, size_t width,
	size_t ld)
{
	struct gating g = { w, gate, up, width, ld };

	pool_for(w->pool, tokens, gate_token, &g, w->stop);
}

static bool dense(struct net_work *w, const struct net_layer *l)
{
	const struct net *n = w->net;
	struct net_product p = { l->at[N_GATE], l->at[N_GATE_BIAS], 0, n->inner, n->width,
		w->normed, n->width, w->a, n->inner, NULL };

	if (!net_multiply(w, &p))
		return false;
	p.tensor = l->at[N_UP];
	p.bias = l->at[N_UP_BIAS];
	p.y = w->b;
	if (!net_multiply(w, &p))
		return false;
	gate_all(w, w->chunks * w->context, w->a, w->b, n->inner, n->inner);
	return net_multiply(w, &(struct net_product){ l->at[N_DOWN], l->at[N_DOWN_BIAS], 0,
		n->width, n->inner, w->a, n->inner, w->out, n->width, NULL });
}

/* Gate and up are the two halves of one matrix. `rows` of it from row0; y: [tokens][width]. */
struct halves {
	long in, out;
	size_t in_row, out_row, inner;
	const float *x;
	const size_t *of_chunk;
	size_t tokens;
	float *y;
};

static bool through_halves(struct net_work *w, const struct halves *h)
{
	const struct net *n = w->net;

	if (!net_multiply(w, &(struct net_product){ h->in, -1, h->in_row, 2 * h->inner, n->width,
		h->x, n->width, w->b, 2 * h->inner, h->of_chunk }))
		return false;
	gate_all(w, h->tokens, w->b, w->b + h->inner, h->inner, 2 * h->inner);
	return net_multiply(w, &(struct net_product){ h->out, -1, h->out_row, n->width, h->inner,
		w->b, 2 * h->inner, h->y, n->width, h->of_chunk });
}

/* --- a mixture of experts --- */

struct choice { /* of a token, for each expert it goes to */
	uint32_t expert;
	float weight;
};

/* The largest logits, the first of equal ones; weights are a softmax over those. */
static void choose(const struct net *n, const float *logits, struct choice *v)
{
	float weight[MOST_CHOSEN];

	for (size_t k = 0; k < n->experts_used; k++) {
		size_t best = SIZE_MAX;

		for (size_t x = 0; x < n->experts; x++) {
			bool taken = false;

			for (size_t j = 0; j < k && !taken; j++)
				taken = v[j].expert == x;
			if (!taken && (best == SIZE_MAX || logits[x] > logits[best]))
				best = x;
		}
		v[k].expert = (uint32_t)best;
		weight[k] = logits[best];
	}
	act_softmax(weight, n->experts_used);
	for (size_t k = 0; k < n->experts_used; k++)
		v[k].weight = weight[k];
}

/* The tokens of one expert, chunk by chunk, gathered into w->a. */
static size_t gather(struct net_work *w, const struct choice *chosen, uint32_t expert,
	size_t *of_chunk, uint32_t *token, float *weight)
{
	const struct net *n = w->net;
	size_t count = 0;

	for (size_t t = 0; t < w->chunks * w->context; t++) {
		if (t % w->context == 0)
			of_chunk[t / w->context] = count;
		for (size_t k = 0; k < n->experts_used; k++)
			if (chosen[t * n->experts_used + k].expert == expert) {
				memcpy(w->a + count * n->width, w->normed + t * n->width,
					n->width * sizeof *w->a);
				token[count] = (uint32_t)t;
				weight[count++] = chosen[t * n->experts_used + k].weight;
			}
	}
	of_chunk[w->chunks] = count;
	return count;
}

static bool one_expert(struct net_work *w, const struct net_layer *l, const struct choice *chosen,
	uint32_t expert, size_t *of_chunk, uint32_t *token, float *weight)
{
	const struct net *n = w->net;
	size_t count = gather(w, chosen, expert, of_chunk, token, weight);

	if (count && !through_halves(w, &(struct halves){ l->at[N_EXPERTS_IN],
		l->at[N_EXPERTS_OUT], expert * 2 * n->expert_inner, expert * n->width,
		n->expert_inner, w->a, of_chunk, count, w->c }))
		return false;
	for (size_t i = 0; i < count; i++)
		act_add(w->out + token[i] * n->width, w->c + i * n->width, weight[i], n->width);
	return true;
}

static bool mixture(struct net_work *w, const struct net_layer *l)
{
	const struct net *n = w->net;
	size_t tokens = w->chunks * w->context;
	float *logits = xtry_malloc(tokens * n->experts * sizeof *logits);
	struct choice *chosen = xtry_malloc(tokens * n->experts_used * sizeof *chosen);
	uint32_t *token = xtry_malloc(tokens * sizeof *token);
	float *weight = xtry_malloc(tokens * sizeof *weight);
	size_t *of_chunk = xnew(size_t, w->chunks + 1);
	struct err e = { 0 };
	bool ok = logits && chosen && token && weight;

	if (!ok) {
		err_set(&e, ERR_MEMORY, "experts", "free some memory", "no room for them");
		net_failed(w, &e);
	}
	ok = ok && net_multiply(w, &(struct net_product){ l->at[N_ROUTER], -1, 0, n->experts,
		n->width, w->normed, n->width, logits, n->experts, NULL });
	for (size_t t = 0; t < tokens && ok; t++)
		choose(n, logits + t * n->experts, chosen + t * n->experts_used);
	for (uint32_t x = 0; x < n->experts && ok; x++)
		ok = one_expert(w, l, chosen, x, of_chunk, token, weight);
	free(logits);
	free(chosen);
	free(token);
	free(weight);
	free(of_chunk);
	return ok;
}

bool net_feed_forward(struct net_work *w, const struct net_layer *l)
{
	const struct net *n = w->net;
	size_t tokens = w->chunks * w->context;

	if (!n->experts && !n->shared_inner)
		return dense(w, l);
	if (!n->shared_inner)
		memset(w->out, 0, tokens * n->width * sizeof *w->out);
	else if (!through_halves(w, &(struct halves){ l->at[N_SHARED_IN], l->at[N_SHARED_OUT], 0, 0,
		n->shared_inner, w->normed, NULL, tokens, w->out }))
		return false;
	return !n->experts || mixture(w, l);
}
