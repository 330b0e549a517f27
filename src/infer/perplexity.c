#include "config.h"
#include "infer/perplexity.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"

#define BATCH_TOKENS ((size_t)2048)

size_t perplexity_chunks(size_t n, size_t context, size_t most)
{
	size_t have = n / context;

	return most && most < have ? most : have;
}

/* --- sums --- */

struct spread { double mean, error; }; /* of the mean; NaN for one value */

static struct spread spread_of(const double *v, size_t n)
{
	struct spread s = { 0, NAN };
	double squares = 0;

	for (size_t i = 0; i < n; i++)
		s.mean += v[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (v[i] - s.mean) * (v[i] - s.mean);
	if (n > 1)
		s.error = sqrt(squares / (double)(n - 1) / (double)n);
	return s;
}

struct perplexity_paired perplexity_pair(const double *a, const double *b, size_t chunks)
{
	double *d = xnew(double, chunks);
	struct perplexity_paired r;
	struct spread s;

	for (size_t i = 0; i < chunks; i++)
		d[i] = b[i] - a[i];
	s = spread_of(d, chunks);
	free(d);
	r.delta_percent = 100 * expm1(s.mean);
	r.stderr_ = 100 * exp(s.mean) * s.error;
	return r;
}

/* --- batches --- */

struct measuring {
	struct perplexity *r;
	struct net *net;
	struct pool *pool;
	const struct perplexity_ask *ask;
	uint32_t *tokens, *targets;
	float *hidden, *nll;
	double sum, squares;          /* over all scored tokens */
};

static bool one_chunk(struct measuring *m, size_t chunk, const float *hidden,
	const uint32_t *tokens, struct err *e)
{
	size_t context = m->r->context, first = context / 2, rows = context - 1 - first;
	double sum = 0;

	for (size_t i = 0; i < rows; i++)
		m->targets[i] = tokens[first + i + 1];
	if (!net_nll(m->net, m->pool, hidden + first * net_width(m->net), rows, m->targets, m->nll,
		e))
		return false;
	for (size_t i = 0; i < rows; i++) {
		sum += m->nll[i];
		m->squares += (double)m->nll[i] * m->nll[i];
	}
	m->sum += sum;
	m->r->chunk[chunk] = sum / (double)rows;
	m->r->tokens += rows;
	return true;
}

static bool batch(struct measuring *m, size_t from, size_t n, struct err *e)
{
	size_t context = m->r->context;

	memcpy(m->tokens, m->ask->tokens + from * context, n * context * sizeof *m->tokens);
	for (size_t i = 0; i < n && m->ask->bos >= 0; i++)
		m->tokens[i * context] = (uint32_t)m->ask->bos;
	if (!net_run(m->net, m->pool, m->tokens, n, context, m->hidden, m->ask->stop, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!one_chunk(m, from + i, m->hidden + i * context * net_width(m->net),
			m->tokens + i * context, e))
			return false;
	if (m->ask->progress)
		m->ask->progress(m->ask->ctx, m->r->chunk, from + n, m->r->chunks);
	return true;
}

static void conclude(struct measuring *m)
{
	struct perplexity *r = m->r;
	struct spread s = spread_of(r->chunk, r->chunks);
	double n = (double)r->tokens, mean = m->sum / n;

	r->nll = mean;
	r->perplexity = exp(mean);
	r->stderr_ = r->perplexity * s.error;
	r->stderr_tokens = r->perplexity * sqrt(fmax(m->squares / n - mean * mean, 0) / (n - 1));
}

bool perplexity_measure(struct perplexity *r, struct net *n, struct pool *p,
	const struct perplexity_ask *ask, struct err *e)
{
	size_t context = ask->context, per;
	struct measuring m = { .r = r, .net = n, .pool = p, .ask = ask };
	bool ok = true;

	*r = (struct perplexity){ .context = context };
	if (context < 4)
		return err_set(e, ERR_USAGE, "--context", "512 is usual",
			"a context of %zu tokens has nothing to score", context);
	per = context < BATCH_TOKENS ? BATCH_TOKENS / context : 1;
	r->chunks = perplexity_chunks(ask->n, context, ask->chunks);
	if (!r->chunks)
		return err_set(e, ERR_INPUT, "text", "take a longer one, or a smaller --context",
			"it has %zu tokens, a chunk takes %zu", ask->n, context);
	if (net_longest(n) && context > net_longest(n))
		return err_set(e, ERR_USAGE, "--context", "take a smaller one",
			"the model was made for %zu tokens", net_longest(n));
	r->chunk = xnew(double, r->chunks);
	m.tokens = xnew(uint32_t, per * context);
	m.targets = xnew(uint32_t, context);
	m.nll = xnew(float, context);
	m.hidden = xtry_malloc(per * context * net_width(n) * sizeof *m.hidden);
	if (!m.hidden)
		ok = err_set(e, ERR_MEMORY, "evaluation", "take a smaller --context",
			"no room for %zu tokens", per * context);
	for (size_t at = 0; at < r->chunks && ok; at += per)
		ok = batch(&m, at, r->chunks - at < per ? r->chunks - at : per, e);
	if (ok)
		conclude(&m);
	free(m.tokens);
	free(m.targets);
	free(m.nll);
	free(m.hidden);
	return ok;
}

void perplexity_fini(struct perplexity *r)
{
	free(r->chunk);
	*r = (struct perplexity){ 0 };
}
