#include "model/vocab.h"
#include "base/bytes.h"

void vocab_init(struct vocab *v)
{
	*v = (struct vocab){ .entries.n = 0 };
	arena_init(&v->arena);
}

void vocab_fini(struct vocab *v)
{
	vec_fini(&v->entries);
	arena_fini(&v->arena);
}

void vocab_add(struct vocab *v, const char *text, size_t n, int64_t id)
{
	*vec_push(&v->entries) = (struct vocab_entry){ arena_bytes(&v->arena, text, n), n, id };
}

static int by_text(const void *a, const void *b)
{
	const struct vocab_entry *x = a, *y = b;
	int c = memcmp(x->text, y->text, x->n < y->n ? x->n : y->n);

	if (c || x->n != y->n)
		return c ? c : x->n < y->n ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

struct hash vocab_hash(struct vocab *v, size_t *n)
{
	struct vocab_entry *e = v->entries.v;
	size_t count = v->entries.n;

	*n = 0;
	if (!count)
		return (struct hash){ { 0 } };
	qsort(e, count, sizeof *e, by_text);
	struct hash_stream *s = hash_stream_new();
	for (size_t i = 0; i < count; i++) {
		unsigned char id[9] = { 0 };
		if (i && !by_text(&e[i], &e[i - 1]))
			continue;
		put_le64(id + 1, (uint64_t)e[i].id);
		hash_stream_add(s, e[i].text, e[i].n);
		hash_stream_add(s, id, 9);
		++*n;
	}
	return hash_stream_end(s);
}
