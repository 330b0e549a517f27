/* Weights times activations: panels of rows are decoded and multiplied by whoever is free. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "infer/activation.h"
#include "infer/blas.h"
#include "infer/net_in.h"

#define PANEL_ELEMENTS ((size_t)1 << 20)
#define READ_STEP 256          /* reads begin at multiples of it: source.h */

size_t net_panel_rows(size_t rows, size_t columns)
{
	size_t most = PANEL_ELEMENTS / columns, share = (rows / 16 + 15) / 16 * 16;

	most = most < 16 ? 16 : most > 256 ? 256 : most;
	share = share < 16 ? 16 : share;
	return share < most ? share : most;
}

size_t net_room(size_t columns)
{
	return (PANEL_ELEMENTS > 16 * columns ? PANEL_ELEMENTS : 16 * columns) + READ_STEP;
}

float *net_rows(struct net *n, long tensor, size_t row0, size_t rows, size_t columns, float *room,
	struct err *e)
{
	uint64_t first = (uint64_t)row0 * columns, from = first / READ_STEP * READ_STEP;
	size_t count = rows * columns + (size_t)(first - from);

	return source_read(&n->model->source, (size_t)tensor, from, count, room, e)
		? room + (first - from) : NULL;
}

float *net_vector(struct net *n, long tensor, size_t n_elements, struct err *e)
{
	float *v = xnew(float, n_elements);

	if (n->model->source.tensors[tensor].elements == n_elements) {
		if (source_read(&n->model->source, (size_t)tensor, 0, n_elements, v, e))
			return v;
	} else {
		err_set(e, ERR_INPUT, n->model->source.label, "fetch its files again",
			"%s has %llu elements, not %zu", n->model->source.tensors[tensor].name,
			(unsigned long long)n->model->source.tensors[tensor].elements, n_elements);
	}
	free(v);
	return NULL;
}

bool net_failed(struct net_work *w, const struct err *e)
{
	pthread_mutex_lock(&w->lock);
	if (!atomic_exchange(&w->failed, true) && w->e)
		*w->e = *e;
	pthread_mutex_unlock(&w->lock);
	return false;
}

struct multiplying {
	struct net_work *w;
	const struct net_product *p;
	const float *bias;
	size_t panel;
};

static void one_panel(void *ctx, size_t i, unsigned worker)
{
	const struct multiplying *m = ctx;
	const struct net_product *p = m->p;
	struct net_work *w = m->w;
	size_t at = i * m->panel, rows = p->rows - at < m->panel ? p->rows - at : m->panel;
	float *v;
	struct err e = { 0 };

	if (atomic_load(&w->failed))
		return;
	v = net_rows(w->net, p->tensor, p->row0 + at, rows, p->columns,
		w->room[worker], &e);
	if (!v)
		net_failed(w, &e);
	for (size_t c = 0; v && c < w->chunks; c++) {
		size_t from = p->of_chunk ? p->of_chunk[c] : c * w->context;
		size_t n = (p->of_chunk ? p->of_chunk[c + 1] : from + w->context) - from;
		float *y = p->y + from * p->ldy + at;

		if (!n)
			continue;
		blas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n, (blasint)rows,
			(blasint)p->columns, 1, p->x + from * p->ldx, (blasint)p->ldx, v,
			(blasint)p->columns, 0, y, (blasint)p->ldy);
		for (size_t t = 0; m->bias && t < n; t++)
			act_add(y + t * p->ldy, m->bias + at, 1, rows);
	}
}

bool net_multiply(struct net_work *w, const struct net_product *p)
{
	struct multiplying m = { w, p, NULL, net_panel_rows(p->rows, p->columns) };
	struct err e = { 0 };
	float *bias = NULL;

	if (p->bias >= 0 && !(bias = net_vector(w->net, p->bias, p->rows, &e)))
		return net_failed(w, &e);
	m.bias = bias;
	pool_for(w->pool, (p->rows + m.panel - 1) / m.panel, one_panel, &m, w->stop);
	free(bias);
	return !atomic_load(&w->failed);
}
