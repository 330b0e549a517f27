#include "model/sentencepiece.h"
#include <string.h>
#include "base/bytes.h"

static bool varint(const unsigned char **p, const unsigned char *end, uint64_t *v)
{
	*v = 0;
	for (int shift = 0; *p < end && shift < 64; shift += 7) {
		unsigned char c = *(*p)++;
		*v |= (uint64_t)(c & 127) << shift;
		if (!(c & 128))
			return true;
	}
	return false;
}

struct field {
	uint64_t number, value;     /* value: of a varint, or of 4 bytes */
	const unsigned char *body;  /* NULL if it has no length */
	uint64_t len;
};

static bool next_field(const unsigned char **p, const unsigned char *end, struct field *f)
{
	uint64_t tag, skip = 0;

	if (!varint(p, end, &tag))
		return false;
	*f = (struct field){ .number = tag >> 3 };
	switch (tag & 7) {
	case 0:
		return varint(p, end, &f->value);
	case 1:
		skip = 8;
		break;
	case 2:
		if (!varint(p, end, &skip))
			return false;
		f->body = *p;
		f->len = skip;
		break;
	case 5:
		skip = 4;
		break;
	default:
		return false;
	}
	if (skip > (uint64_t)(end - *p))
		return false;
	if ((tag & 7) == 5)
		f->value = le32(*p);
	*p += skip;
	return true;
}

static bool piece(const struct field *whole, uint64_t id, piece_fn *fn, void *ctx)
{
	const unsigned char *end = whole->body + whole->len;
	struct piece p = { .id = id, .type = PIECE_NORMAL };
	struct field f;

	for (const unsigned char *q = whole->body; q < end; ) {
		if (!next_field(&q, end, &f))
			return false;
		if (f.number == 1 && f.body) {
			p.text = (const char *)f.body;
			p.n = (size_t)f.len;
		} else if (f.number == 2 && !f.body) {
			uint32_t bits = (uint32_t)f.value;
			memcpy(&p.score, &bits, sizeof p.score);
		} else if (f.number == 3 && !f.body) {
			p.type = f.value;
		}
	}
	return !p.text || fn(ctx, &p);
}

bool sentencepiece_walk(const unsigned char *p, size_t n, piece_fn *fn, void *ctx)
{
	const unsigned char *end = p + n;
	uint64_t id = 0;
	struct field f;

	while (p < end) {
		if (!next_field(&p, end, &f))
			return false;
		if (f.number == 1 && f.body && !piece(&f, id++, fn, ctx))
			return false;
	}
	return id > 0;
}
