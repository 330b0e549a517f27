/* fixture_gguf: a GGUF file put together piece by piece, so that a test may get any piece wrong.
 * The holder owns the bytes: gguf_fini. One thread. */
#ifndef CUPEL_TESTS_FIXTURE_GGUF_H
#define CUPEL_TESTS_FIXTURE_GGUF_H
#include "fixture.h"

struct gguf_file {
	struct str keys, infos, data;
	uint64_t n_keys, n_tensors;
	uint32_t version, alignment;
	uint64_t at;          /* of the next tensor in the data */
};

static inline void gguf_init(struct gguf_file *g)
{
	*g = (struct gguf_file){ .version = 3, .alignment = 32 };
}

static inline void gguf_fini(struct gguf_file *g)
{
	str_fini(&g->keys);
	str_fini(&g->infos);
	str_fini(&g->data);
}

static inline void put32(struct str *s, uint32_t v)
{
	char b[4];
	put_le32(b, v);
	str_addn(s, b, 4);
}

static inline void put64(struct str *s, uint64_t v)
{
	char b[8];
	put_le64(b, v);
	str_addn(s, b, 8);
}

static inline void put_text(struct str *s, const char *text)
{
	put64(s, strlen(text));
	str_add(s, text);
}

static inline void gguf_key_begin(struct gguf_file *g, const char *key, uint32_t type)
{
	put_text(&g->keys, key);
	put32(&g->keys, type);
	g->n_keys++;
}

static inline void gguf_text(struct gguf_file *g, const char *key, const char *value)
{
	gguf_key_begin(g, key, 8);
	put_text(&g->keys, value);
}

static inline void gguf_u32(struct gguf_file *g, const char *key, uint32_t value)
{
	gguf_key_begin(g, key, 4);
	put32(&g->keys, value);
}

static inline void gguf_info(struct gguf_file *g, const char *name, uint32_t rank,
	const uint64_t *ne, uint32_t type, uint64_t offset)
{
	put_text(&g->infos, name);
	put32(&g->infos, rank);
	for (uint32_t i = 0; i < rank; i++)
		put64(&g->infos, ne[i]);
	put32(&g->infos, type);
	put64(&g->infos, offset);
	g->n_tensors++;
}

/* float32 values; shape outermost first, 0-ended. */
static inline void gguf_f32(struct gguf_file *g, const char *name, const uint64_t *shape,
	const float *values)
{
	uint64_t ne[4], n = 1;
	uint32_t rank = 0;
	while (shape[rank])
		n *= shape[rank++];
	for (uint32_t i = 0; i < rank; i++)
		ne[i] = shape[rank - 1 - i];
	gguf_info(g, name, rank, ne, 0, g->data.n);
	str_addn(&g->data, (const char *)values, n * 4);
	while (g->data.n % g->alignment)
		str_addc(&g->data, 0);
}

static inline void gguf_write(struct gguf_file *g, const struct fixture *f, const char *name)
{
	struct str s = STR_INIT;
	str_add(&s, "GGUF");
	put32(&s, g->version);
	put64(&s, g->n_tensors);
	put64(&s, g->n_keys);
	str_addn(&s, g->keys.s, g->keys.n);
	str_addn(&s, g->infos.s, g->infos.n);
	while (s.n % g->alignment)
		str_addc(&s, 0);
	str_addn(&s, g->data.s, g->data.n);
	fixture_write(f, name, s.s, s.n);
	str_fini(&s);
}
#endif
