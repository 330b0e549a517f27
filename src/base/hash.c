#include "config.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
/* The library's own choice among vector sets: the digest is the same, three times sooner. */
#ifdef HAVE_XXH_DISPATCH
#include <xxh_x86dispatch.h>
#endif

#include "base/bytes.h"
#include "base/xalloc.h"

struct hash_stream {
	XXH3_state_t *state;
};

static struct hash canonical(XXH128_hash_t h)
{
	XXH128_canonical_t c;
	struct hash out;

	XXH128_canonicalFromHash(&c, h);
	memcpy(out.b, c.digest, sizeof out.b);
	return out;
}

struct hash hash_bytes(const void *p, size_t n)
{
	return canonical(XXH3_128bits(p, n));
}

uint64_t hash64_bytes(const void *p, size_t n)
{
	return XXH3_64bits(p, n);
}

void hash_hex(struct hash h, char out[HASH_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < sizeof h.b; i++) {
		out[2 * i] = digits[h.b[i] >> 4];
		out[2 * i + 1] = digits[h.b[i] & 15];
	}
	out[2 * sizeof h.b] = '\0';
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hash_parse(const char *hex, struct hash *h)
{
	struct hash out;

	if (!hex || strlen(hex) != 2 * sizeof out.b)
		return false;
	for (size_t i = 0; i < sizeof out.b; i++) {
		int hi = digit(hex[2 * i]), lo = digit(hex[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out.b[i] = (uint8_t)(hi << 4 | lo);
	}
	*h = out;
	return true;
}

bool hash_eq(struct hash a, struct hash b)
{
	return memcmp(a.b, b.b, sizeof a.b) == 0;
}

bool hash_is_zero(struct hash h)
{
	return hash_eq(h, (struct hash){ { 0 } });
}

struct hash_stream *hash_stream_new(void)
{
	struct hash_stream *s = xnew(struct hash_stream, 1);

	s->state = XXH3_createState();
	if (!s->state)
		xalloc_failed();
	XXH3_128bits_reset(s->state);
	return s;
}

void hash_stream_add(struct hash_stream *s, const void *p, size_t n)
{
	XXH3_128bits_update(s->state, p, n);
}

struct hash hash_stream_end(struct hash_stream *s)
{
	struct hash h = canonical(XXH3_128bits_digest(s->state));

	XXH3_freeState(s->state);
	free(s);
	return h;
}

struct hash hash_tensor(const char *dtype, const uint64_t *shape, int rank,
	const struct hash *pieces, size_t n_pieces)
{
	struct hash_stream *s = hash_stream_new();
	uint8_t dim[8];

	hash_stream_add(s, dtype, strlen(dtype) + 1);
	for (int i = 0; i < rank; i++) {
		put_le64(dim, shape[i]);
		hash_stream_add(s, dim, sizeof dim);
	}
	for (size_t i = 0; i < n_pieces; i++)
		hash_stream_add(s, pieces[i].b, sizeof pieces[i].b);
	return hash_stream_end(s);
}

struct named {
	const char *name;
	struct hash digest;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct hash hash_model(const char *const *names, const struct hash *digests, size_t n)
{
	struct hash_stream *s = hash_stream_new();
	struct named *v = xnew(struct named, n);

	for (size_t i = 0; i < n; i++)
		v[i] = (struct named){ names[i], digests[i] };
	qsort(v, n, sizeof *v, by_name);
	for (size_t i = 0; i < n; i++) {
		hash_stream_add(s, v[i].name, strlen(v[i].name) + 1);
		hash_stream_add(s, v[i].digest.b, sizeof v[i].digest.b);
	}
	free(v);
	return hash_stream_end(s);
}
