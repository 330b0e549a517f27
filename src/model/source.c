#include "model/source.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"

/* Open addressing over the tensors' names; a slot holds number + 1, 0 is free. */
struct source_index {
	size_t mask;
	uint32_t slot[];
};

struct source *source_ref(struct source *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

void source_unref(struct source *s)
{
	if (s && atomic_fetch_sub(&s->refs, 1) == 1)
		s->ops->free(s);
}

static uint32_t *index_slot(const struct source *s, const char *name)
{
	struct source_index *x = s->index;
	size_t i = hash64_bytes(name, strlen(name)) & x->mask;

	while (x->slot[i] && strcmp(s->tensors[x->slot[i] - 1].name, name))
		i = (i + 1) & x->mask;
	return &x->slot[i];
}

long source_index_init(struct source *s)
{
	size_t size = 16;
	long twice = -1;

	while (size < s->n_tensors * 2)
		size *= 2;
	s->index = xcalloc(1, sizeof *s->index + size * sizeof s->index->slot[0]);
	s->index->mask = size - 1;
	for (size_t t = 0; t < s->n_tensors; t++) {
		uint32_t *slot = index_slot(s, s->tensors[t].name);
		if (!*slot)
			*slot = (uint32_t)t + 1;
		else if (twice < 0)
			twice = (long)t;
	}
	return twice;
}

void source_index_fini(struct source *s)
{
	free(s->index);
	s->index = NULL;
}

long source_find(const struct source *s, const char *name)
{
	if (!s->index || !name)
		return -1;
	return (long)*index_slot(s, name) - 1;
}

bool source_read(struct source *s, size_t t, uint64_t first, size_t n, float *out, struct err *e)
{
	const struct tensor *x = &s->tensors[t];

	if (!x->readable)
		return err_set(e, ERR_INPUT, s->label,
			"`cupel types` lists the formats that are decoded",
			"tensor %s is stored as %s, whose weights cannot be decoded", x->name,
			x->dtype_text);
	if (first > x->elements || n > x->elements - first)
		return err_set(e, ERR_INTERNAL, s->label, NULL,
			"elements past the end of tensor %s were asked for", x->name);
	return !n || s->ops->read(s, t, first, n, out, e);
}

bool source_read_raw(
	struct source *s, size_t t, uint64_t offset, size_t n, void *out, struct err *e)
{
	const struct tensor *x = &s->tensors[t];

	if (!s->ops->read_raw)
		return err_set(e, ERR_INTERNAL, s->label, NULL,
			"tensor %s has no stored bytes: it is computed", x->name);
	if (offset > x->bytes || n > x->bytes - offset)
		return err_set(e, ERR_INTERNAL, s->label, NULL,
			"bytes past the end of tensor %s were asked for", x->name);
	return !n || s->ops->read_raw(s, t, offset, n, out, e);
}

uint64_t tensor_windows(const struct tensor *t)
{
	return t->elements / WINDOW_ELEMS + (t->elements % WINDOW_ELEMS != 0);
}
