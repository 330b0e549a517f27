#include "config.h"
#include <stdlib.h>
#include "engine/preview_work.h"

#include <string.h>

/* A sample of whole rows, for methods to which a row is a vector: some rows, one from each of as
 * many equal parts of the tensor, chosen by shape alone as the blocks of sample.h are: a tensor of
 * R rows is to it a vector of R blocks. Read when first asked for and kept with the slot. */

#define MOST_ROWS 16
#define LEAST_ROWS 4

/* Rows that keep the model's sample under SAMPLE_BYTES. */
static size_t rows_wanted(const struct slot *s, uint64_t row)
{
	const struct memo_vector *v = &s->v[0];
	const struct tensor *t = &v->model->source.tensors[v->tensor];
	double each = (double)row * (double)t->bytes / (double)t->elements;
	double most = (double)SAMPLE_BYTES / (double)v->model->source.n_tensors / each;

	return most < LEAST_ROWS ? LEAST_ROWS : most > MOST_ROWS ? MOST_ROWS : (size_t)most;
}

/* Reads begin at multiples of SAMPLE_BLOCK: room holds a row and a block. */
static bool read_row(const struct memo_vector *v, uint64_t first, size_t n, float *room, float *to)
{
	uint64_t from = first - first % SAMPLE_BLOCK;
	size_t skip = (size_t)(first - from);

	if (!source_read(&v->model->source, (size_t)v->tensor, from, skip + n, room, NULL))
		return false;
	memcpy(to, room + skip, n * sizeof *to);
	return true;
}

static struct slot_sample *read_rows(const struct slot *s, uint64_t row)
{
	struct slot_sample *x = xnew(struct slot_sample, 1);
	const float **v = xnew(const float *, s->n);
	uint64_t shape[2] = { s->like->elements / row, SAMPLE_BLOCK };
	float *room = xtry_malloc((row + SAMPLE_BLOCK) * sizeof *room);

	sample_init(&x->at, shape, 2, rows_wanted(s, row));
	x->own = xtry_malloc((s->n * x->at.n * row + 1) * sizeof *x->own);
	x->x = v;
	x->row = row;
	bool ok = x->own && room;
	for (size_t i = 0; ok && i < s->n; i++) {
		v[i] = x->own + i * x->at.n * row;
		for (size_t j = 0; ok && j < x->at.n; j++)
			ok = read_row(&s->v[i], x->at.first[j] / SAMPLE_BLOCK * row,
				(size_t)row, room, x->own + (i * x->at.n + j) * row);
	}
	free(room);
	if (ok)
		return x;
	sample_fini(&x->at);
	free(v);
	free(x->own);
	free(x);
	return NULL;
}

const struct slot_sample *rows_of(struct slot *s, uint64_t row)
{
	struct slot_sample *x = atomic_load(&s->rows), *mine;

	if (x || row == 0 || s->like->elements % row != 0)
		return x && x->row == row ? x : NULL; /* rows of another method: no sample */
	mine = read_rows(s, row);
	if (!mine || atomic_compare_exchange_strong(&s->rows, &x, mine))
		return mine;
	sample_fini(&mine->at); /* another worker was quicker */
	free((void *)mine->x);
	free(mine->own);
	free(mine);
	return x;
}
