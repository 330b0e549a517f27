#include "config.h"
#include "quant/gguf_put.h"
#include <string.h>

static void bytes(struct gguf_put *p, const void *b, size_t n)
{
	str_addn(&p->s, b, n);
}

static void word(struct gguf_put *p, uint32_t v)
{
	bytes(p, &v, sizeof v);
}

static void length(struct gguf_put *p, uint64_t v)
{
	bytes(p, &v, sizeof v);
}

static void key_of(struct gguf_put *p, const char *key, enum put_type type)
{
	size_t arch = strncmp(key, "%s.", 3) ? 0 : strlen(p->arch), skip = arch ? 2 : 0;

	length(p, arch + strlen(key) - skip);
	bytes(p, p->arch, arch);
	str_add(&p->s, key + skip);
	word(p, type);
	p->count++;
}

void put_u32(struct gguf_put *p, const char *key, uint64_t v)
{
	key_of(p, key, PUT_U32);
	word(p, (uint32_t)v);
}

void put_f32(struct gguf_put *p, const char *key, double v)
{
	float f = (float)v;

	key_of(p, key, PUT_F32);
	bytes(p, &f, sizeof f);
}

void put_bool(struct gguf_put *p, const char *key, bool v)
{
	key_of(p, key, PUT_BOOL);
	str_addc(&p->s, v);
}

void put_text(struct gguf_put *p, const char *key, const char *text)
{
	key_of(p, key, PUT_TEXT);
	put_array_text(p, text, strlen(text));
}

void put_array(struct gguf_put *p, const char *key, enum put_type of, uint64_t n)
{
	key_of(p, key, PUT_ARRAY);
	word(p, of);
	length(p, n);
}

void put_array_text(struct gguf_put *p, const char *text, size_t n)
{
	length(p, n);
	bytes(p, text, n);
}

void put_array_i32(struct gguf_put *p, int32_t v)
{
	bytes(p, &v, sizeof v);
}

void put_array_f32(struct gguf_put *p, float v)
{
	bytes(p, &v, sizeof v);
}

void put_raw(struct gguf_put *p, const void *b, size_t n, uint64_t pairs)
{
	bytes(p, b, n);
	p->count += pairs;
}
