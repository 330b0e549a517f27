#include <stdlib.h>
#include "base/str.h"
#include "model/build.h"

bool shape_elements(int rank, const uint64_t *shape, uint64_t *elements)
{
	uint64_t n = 1;

	for (int i = 0; i < rank; i++)
		if (!size_mul(n, shape[i], &n))
			return false;
	*elements = n;
	return true;
}

struct tensor *build_tensor(struct model_build *b, const char *name, size_t name_len, int rank,
	const uint64_t *shape, struct span at)
{
	struct tensor *x = vec_push(&b->tensors);
	struct layout *l = vec_push(&b->layouts);

	x->name = x->stored = arena_strndup(&b->arena, name, name_len);
	x->dtype = at.type;
	x->dtype_text = dtype_name(at.type);
	x->rank = rank;
	memcpy(x->shape, shape, (size_t)rank * sizeof *shape);
	shape_elements(rank, shape, &x->elements);
	x->bytes = at.bytes;
	x->role = "other";
	x->layer = x->expert = -1;
	x->file = at.file;
	x->offset = at.offset;
	x->readable = at.type != DT_UNKNOWN && dtype_info(at.type)->decode;
	l->kind = LAYOUT_PLAIN;
	l->n_spans = 1;
	l->span[0] = at;
	l->row = rank ? shape[rank - 1] : 1;
	return x;
}

void build_rows(struct model_build *m, enum row_order order, uint64_t row, uint64_t group,
	const struct layout *a, const struct layout *b)
{
	struct layout *l = &m->layouts.v[m->layouts.n - 1], *part;

	part = arena_new(&m->arena, struct layout, b ? 2 : 1);
	part[0] = *a;
	if (b)
		part[1] = *b;
	*l = (struct layout){ .kind = LAYOUT_ROWS, .order = order, .row = row, .group = group,
		.part = part, .n_parts = b ? 2 : 1 };
}

int build_file(struct model_build *b, struct file *f)
{
	*vec_push(&b->files) = f;
	return (int)b->files.n - 1;
}

void build_note(struct model_build *b, const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	*vec_push(&b->notes) = arena_strndup(&b->arena, s.s, s.n);
	str_fini(&s);
}
