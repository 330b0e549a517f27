#include "model/gguf_read.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "base/xalloc.h"

#define CHUNK ((size_t)1 << 20)
#define TAKE_MAX ((uint64_t)64 << 20)

void gread_init(struct gread *r, const struct file *f, struct err *e)
{
	*r = (struct gread){ .f = f, .e = e, .what = "header" };
}

void gread_fini(struct gread *r)
{
	free(r->buf);
}

uint64_t gread_left(const struct gread *r)
{
	return r->f->id.size - r->at;
}

bool gread_fail(struct gread *r, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	if (r->failed)
		return false;
	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return err_set(r->e, ERR_INPUT, r->f->path,
		"the file is damaged or cut short; fetch it again", "%s", what);
}

/* Make n bytes lie in the buffer from pos on. */
static bool fill(struct gread *r, size_t n)
{
	size_t have = r->n - r->pos;
	uint64_t left = gread_left(r);

	if (have >= n)
		return true;
	if (have)
		memmove(r->buf, r->buf + r->pos, have);
	size_t want = n > CHUNK ? n : CHUNK;
	if (want > left)
		want = (size_t)left;
	if (want > r->cap) {
		r->buf = xrealloc(r->buf, want);
		r->cap = want;
	}
	r->pos = 0;
	r->n = have;
	if (!file_pread(r->f, r->buf + have, want - have, r->at + have, r->e)) {
		r->failed = true;
		return false;
	}
	r->n = want;
	return true;
}

const unsigned char *gread_take(struct gread *r, uint64_t n)
{
	if (r->failed)
		return NULL;
	if (n > gread_left(r)) {
		gread_fail(r, "the file ends inside the %s", r->what);
		return NULL;
	}
	if (n > TAKE_MAX) {
		gread_fail(r, "%llu bytes in one value of the %s", (unsigned long long)n, r->what);
		return NULL;
	}
	if (!fill(r, (size_t)n))
		return NULL;
	const unsigned char *p = r->buf + r->pos;
	r->pos += (size_t)n;
	r->at += n;
	return p;
}

bool gread_skip(struct gread *r, uint64_t n)
{
	if (r->failed)
		return false;
	if (n > gread_left(r))
		return gread_fail(r, "the file ends inside the %s", r->what);
	r->pos = n > r->n - r->pos ? r->n : r->pos + (size_t)n;
	r->at += n;
	if (r->pos == r->n)
		r->pos = r->n = 0;
	return true;
}

uint32_t gread_u32(struct gread *r)
{
	const unsigned char *p = gread_take(r, 4);
	return p ? le32(p) : 0;
}

uint64_t gread_u64(struct gread *r)
{
	const unsigned char *p = gread_take(r, 8);
	return p ? le64(p) : 0;
}

const char *gread_string(struct gread *r, size_t *n)
{
	uint64_t len = gread_u64(r);

	if (!r->failed && len > gread_left(r))
		gread_fail(r, "a string of the %s claims %llu bytes, %llu are left", r->what,
			(unsigned long long)len, (unsigned long long)gread_left(r));
	*n = (size_t)len;
	return (const char *)gread_take(r, len);
}

static const struct {
	const char *name;
	uint8_t size;
} types[GGUF_TYPES] = {
	[GGUF_U8] = { "u8", 1 }, [GGUF_I8] = { "i8", 1 }, [GGUF_U16] = { "u16", 2 },
	[GGUF_I16] = { "i16", 2 }, [GGUF_U32] = { "u32", 4 }, [GGUF_I32] = { "i32", 4 },
	[GGUF_F32] = { "f32", 4 }, [GGUF_BOOL] = { "bool", 1 }, [GGUF_STRING] = { "string", 0 },
	[GGUF_ARRAY] = { "array", 0 }, [GGUF_U64] = { "u64", 8 }, [GGUF_I64] = { "i64", 8 },
	[GGUF_F64] = { "f64", 8 },
};

size_t gguf_type_size(uint32_t type)
{
	return type < GGUF_TYPES ? types[type].size : 0;
}

const char *gguf_type_name(uint32_t type)
{
	return type < GGUF_TYPES ? types[type].name : "unknown";
}

/* The shortest decimal that is this float32: 1e-05, where
 * the double beside it is 9.99999974e-06. */
static json_t *short_real(float x)
{
	char text[32];

	for (int digits = 6; digits <= 9 && isfinite(x); digits++) {
		snprintf(text, sizeof text, "%.*g", digits, (double)x);
		if (strtof(text, NULL) == x)
			return json_number(strtod(text, NULL));
	}
	return json_number((double)x);
}

static json_t *string_value(struct gread *r)
{
	size_t n;
	const char *s = gread_string(r, &n);

	if (!s)
		return NULL;
	char *text = xstrndup(s, n);
	json_t *j = json_textn(text);
	free(text);
	return j;
}

json_t *gread_scalar(struct gread *r, uint32_t type)
{
	if (type == GGUF_STRING)
		return string_value(r);
	const unsigned char *p = gread_take(r, gguf_type_size(type));
	double d;

	if (!p)
		return NULL;
	switch ((enum gguf_type)type) {
	case GGUF_U8:
		return json_integer(*p);
	case GGUF_I8:
		return json_integer((int8_t)*p);
	case GGUF_U16:
		return json_integer(le16(p));
	case GGUF_I16:
		return json_integer((int16_t)le16(p));
	case GGUF_U32:
		return json_integer(le32(p));
	case GGUF_I32:
		return json_integer((int32_t)le32(p));
	case GGUF_U64:
		return json_u64(le64(p));
	case GGUF_I64:
		return json_integer((json_int_t)le64(p));
	case GGUF_BOOL:
		return json_boolean(*p);
	case GGUF_F32:
		return short_real(bits_f32(le32(p)));
	case GGUF_F64:
		memcpy(&d, p, 8);
		return json_number(d);
	default:
		gread_fail(r, "a value of unknown type %u in the %s", type, r->what);
		return NULL;
	}
}

bool gread_array(struct gread *r, const char *key, uint32_t *type, uint64_t *count)
{
	size_t size;

	*type = gread_u32(r);
	*count = gread_u64(r);
	size = gguf_type_size(*type);
	if (r->failed)
		return false;
	if (!size && *type != GGUF_STRING)
		return gread_fail(r, "key %s is an array of %s", key, gguf_type_name(*type));
	if (*count > gread_left(r) / (size ? size : 8))
		return gread_fail(r, "key %s claims %llu elements, %llu bytes are left", key,
			(unsigned long long)*count, (unsigned long long)gread_left(r));
	return true;
}

bool gread_pass_elements(struct gread *r, uint32_t type, uint64_t count)
{
	size_t size = gguf_type_size(type);

	if (size)
		return gread_skip(r, count * size);
	for (uint64_t i = 0; !r->failed && i < count; i++)
		gread_skip(r, gread_u64(r));
	return !r->failed;
}
