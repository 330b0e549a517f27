/* Importance matrices in GGUF: to each weight NAME two tensors of F32,
 *	NAME.in_sum2 [matrices, columns]   sums of squares
 *	NAME.counts  [matrices, 1]         tokens
 * A value is sum / count; 1 where no token came. One count may stand for several matrices. */
#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "quant/imatrix_read.h"

#define SUMS ".in_sum2"
#define COUNTS ".counts"

static bool read_all(struct model *m, size_t t, float *out, struct err *e)
{
	uint64_t n = m->source.tensors[t].elements;

	for (uint64_t at = 0; at < n; at += WINDOW_ELEMS) {
		uint64_t part = n - at < WINDOW_ELEMS ? n - at : WINDOW_ELEMS;
		if (!source_read(&m->source, t, at, (size_t)part, out + at, e))
			return false;
	}
	return true;
}

static bool wrong(const struct imatrix_own *o, const char *name, const char *what, struct err *e)
{
	err_set(e, ERR_INPUT, o->m.path, "collect it again", "%s", what);
	return err_at(e, "%s: %s", o->m.path, name);
}

static bool read_entry(struct imatrix_own *o, struct model *m, size_t sums, struct err *e)
{
	const struct tensor *s = &m->source.tensors[sums];
	char *name = arena_strndup(&o->arena, s->name, strlen(s->name) - strlen(SUMS));
	char *counts_name = arena_printf(&o->arena, "%s" COUNTS, name);
	long at = source_find(&m->source, counts_name);
	const struct tensor *c = at < 0 ? NULL : &m->source.tensors[at];

	if (!c)
		return wrong(o, name, "it has no counts", e);
	if (s->dtype != DT_F32 || c->dtype != DT_F32 || !s->elements || !c->elements ||
		s->elements % c->elements)
		return wrong(o, name, "its sums and counts do not fit each other", e);
	float *v = imatrix_take(o, s->elements), *counts = xtry_malloc(c->elements * 4);
	if (!v || !counts || !read_all(m, sums, v, e) || !read_all(m, (size_t)at, counts, e)) {
		free(counts);
		return v && counts ? false :
			err_set(e, ERR_MEMORY, o->m.path, NULL, "no memory for its values");
	}
	struct imatrix_entry *x = vec_push(&o->entries);
	*x = (struct imatrix_entry){ .name = name, .values = v, .n = s->elements,
		.columns = s->elements / c->elements, .matrices = c->elements };
	bool ok = imatrix_sane(o, counts_name, counts, c->elements, e);
	for (uint64_t k = 0; ok && k < x->matrices; k++) {
		x->unseen += counts[k] == 0;
		x->tokens = counts[k] > x->tokens ? (double)counts[k] : x->tokens;
		for (uint64_t i = 0; i < x->columns; i++)
			v[k * x->columns + i] = counts[k] > 0 ?
				v[k * x->columns + i] / counts[k] : 1.0f;
	}
	free(counts);
	return ok && imatrix_sane(o, name, v, x->n, e);
}

bool imatrix_read_gguf(struct imatrix_own *o, const char *path, struct err *e)
{
	struct model *m = model_open(path, e);
	uint64_t total = 0;
	bool ok = true;

	if (!m)
		return false;
	for (size_t i = 0; i < m->source.n_tensors; i++)
		if (str_ends(m->source.tensors[i].name, SUMS))
			total += m->source.tensors[i].elements;
	if (!total)
		ok = err_set(e, ERR_INPUT, path, "name the file that llama-imatrix wrote",
			"it is a model, or something else, but no importance matrix");
	o->cap = (size_t)total;
	o->values = total > SIZE_MAX / 8 ? NULL : xtry_malloc(total * 4 + 4);
	if (ok && !o->values)
		ok = err_set(e, ERR_MEMORY, path, NULL, "no memory for %" PRIu64 " values", total);
	o->m.chunks = json_int(json_object_get(m->metadata, "imatrix.chunk_count"), "", -1);
	const json_t *sets = json_object_get(m->metadata, "imatrix.datasets");
	const char *first = json_string_value(json_array_get(sets, 0));
	o->m.dataset = first ? arena_strdup(&o->arena, first) : NULL;
	for (size_t i = 0; ok && i < m->source.n_tensors; i++)
		if (str_ends(m->source.tensors[i].name, SUMS))
			ok = read_entry(o, m, i, e);
	model_unref(m);
	return ok;
}
