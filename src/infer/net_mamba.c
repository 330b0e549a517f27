/* The Mamba-2 mixer: a short convolution, then a state for each head that decays and takes in every
 * token. With z, xBC, dt the three parts of what in_proj gives:
 *	xBC[t] = silu(bias + sum over r < K of conv[r] xBC[t - K + 1 + r])
 *	dt = clip(softplus(dt + dt_bias)),  A = -exp(A_log)
 *	S = exp(dt A) S + dt x B',  y = S C + D x
 *	out = out_proj(rms in groups(y silu(z))) */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "infer/activation.h"
#include "infer/net_in.h"

struct mixing {
	struct net_work *w;
	float *in;                  /* [tokens][row]: z, xBC, dt */
	size_t row, inner, mixed;
	float *x;                   /* [tokens][mixed], convolved */
	float *y;                   /* [tokens][inner] */
	float *conv, *bias, *dt, *a, *d, *norm; /* bias may be NULL */
};

static void convolve(void *ctx, size_t i, unsigned worker)
{
	const struct mixing *m = ctx;
	size_t K = m->w->net->ssm.conv, position = i % m->w->context;
	const float *in = m->in + i * m->row + m->inner;
	float *out = m->x + i * m->mixed;

	(void)worker;
	for (size_t c = 0; c < m->mixed; c++) {
		float sum = 0;

		for (size_t r = 0; r < K; r++)
			if (position + r + 1 >= K)
				sum += m->conv[c * K + r] *
					(in - (K - 1 - r) * m->row)[c];
		out[c] = sum + (m->bias ? m->bias[c] : 0);
	}
	act_silu(out, m->mixed);
}

static float softplus(float x)
{
	return x > 20 ? x : (float)log1p(exp((double)x));
}

static void one_head(void *ctx, size_t i, unsigned worker)
{
	const struct mixing *m = ctx;
	const struct net *n = m->w->net;
	size_t T = m->w->context, H = n->ssm.heads, P = n->ssm.head, S = n->ssm.state;
	size_t chunk = i / H, h = i % H, g = h / (H / n->ssm.groups);
	float a = -(float)exp((double)m->a[h]), *state = xtry_malloc(P * S * sizeof *state);
	struct err e = { 0 };

	(void)worker;
	if (!state) {
		err_set(&e, ERR_MEMORY, "state", "free some memory", "no room for it");
		net_failed(m->w, &e);
		return;
	}
	memset(state, 0, P * S * sizeof *state);
	for (size_t t = chunk * T; t < (chunk + 1) * T; t++) {
		const float *x = m->x + t * m->mixed + h * P;
		const float *b = m->x + t * m->mixed + m->inner + g * S;
		const float *c = b + n->ssm.groups * S;
		float dt = softplus(m->in[t * m->row + m->inner + m->mixed + h] + m->dt[h]);
		float keep;

		dt = (float)fmin(fmax((double)dt, n->ssm.least), n->ssm.most);
		keep = (float)exp((double)(dt * a));
		for (size_t p = 0; p < P; p++)
			m->y[t * m->inner + h * P + p] = act_state(state + p * S, b, c, keep,
				dt * x[p], S) + m->d[h] * x[p];
	}
	free(state);
}

static void gate(void *ctx, size_t i, unsigned worker)
{
	const struct mixing *m = ctx;
	const struct net *n = m->w->net;
	size_t part = m->inner / n->ssm.groups;
	float *z = m->in + i * m->row, *y = m->y + i * m->inner;

	(void)worker;
	act_silu_times(z, y, m->inner);
	for (size_t g = 0; g < n->ssm.groups; g++)
		act_rms(z + g * part, m->norm + g * part, part, n->eps, y + g * part);
}

static bool vectors(struct mixing *m, const struct net_layer *l, struct err *e)
{
	struct net *n = m->w->net;
	size_t H = n->ssm.heads;

	return (m->conv = net_vector(n, l->at[N_SSM_CONV], m->mixed * n->ssm.conv, e)) &&
		(l->at[N_SSM_CONV_BIAS] < 0 ||
		(m->bias = net_vector(n, l->at[N_SSM_CONV_BIAS], m->mixed, e))) &&
		(m->dt = net_vector(n, l->at[N_SSM_DT], H, e)) &&
		(m->a = net_vector(n, l->at[N_SSM_A], H, e)) &&
		(m->d = net_vector(n, l->at[N_SSM_D], H, e)) &&
		(m->norm = net_vector(n, l->at[N_SSM_NORM], m->inner, e));
}

bool net_mamba(struct net_work *w, const struct net_layer *l)
{
	const struct net *n = w->net;
	size_t inner = n->ssm.heads * n->ssm.head;
	size_t mixed = inner + 2 * n->ssm.groups * n->ssm.state, tokens = w->chunks * w->context;
	struct mixing m = { .w = w, .in = w->a, .row = inner + mixed + n->ssm.heads,
		.inner = inner, .mixed = mixed, .x = w->b, .y = w->c };
	struct err e = { 0 };
	bool ok = vectors(&m, l, &e) ? net_multiply(w, &(struct net_product){ l->at[N_SSM_IN], -1,
		0, m.row, n->width, w->normed, n->width, m.in, m.row, NULL }) : net_failed(w, &e);

	if (ok) {
		pool_for(w->pool, tokens, convolve, &m, w->stop);
		pool_for(w->pool, w->chunks * n->ssm.heads, one_head, &m, w->stop);
		pool_for(w->pool, tokens, gate, &m, w->stop);
	}
	free(m.conv);
	free(m.bias);
	free(m.dt);
	free(m.a);
	free(m.d);
	free(m.norm);
	return ok && !atomic_load(&w->failed) && net_multiply(w, &(struct net_product){
		l->at[N_SSM_OUT], -1, 0, n->width, inner, m.y, inner, w->out, n->width,
		NULL });
}
