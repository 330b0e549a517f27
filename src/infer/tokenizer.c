#include "config.h"
#include "infer/tokenizer.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "base/str.h"
#include "infer/tokenizer_in.h"
#include "model/vocab_table.h"

#define SHORT_PIECE 32         /* up to here looking at all pairs is faster than a heap */
#define KEPT_PIECES ((size_t)1 << 14)

void tokenizer_free(struct tokenizer *t)
{
	if (!t)
		return;
	arena_fini(&t->arena);
	vec_fini(&t->added);
	free(t->where);
	free(t->bytes);
	free(t->slot);
	free(t->merges);
	free(t);
}

uint32_t tokenizer_find(const struct tokenizer *t, const char *s, size_t n)
{
	size_t mask = t->slots - 1, i = (size_t)hash64_bytes(s, n) & mask;

	for (; t->slot[i] != NO_TOKEN; i = (i + 1) & mask) {
		const struct piece_of *b = &t->bytes[t->slot[i]];

		if (b->n == n && !memcmp(b->s, s, n))
			return t->slot[i];
	}
	return NO_TOKEN;
}

const char *tokenizer_bytes(const struct tokenizer *t, uint32_t id, size_t *n)
{
	if (id >= t->size || !t->bytes[id].n)
		return NULL;
	*n = t->bytes[id].n;
	return t->bytes[id].s;
}

int64_t tokenizer_bos(const struct tokenizer *t)
{
	return t->bos;
}

struct hash tokenizer_hash(const struct tokenizer *t)
{
	return t->hash;
}

/* --- merging inside a piece --- */

/* Symbols of a piece, a list; a pair waits in a heap by rank, then place. */
struct symbol {
	uint32_t id;
	int32_t before, after; /* -1: none */
};
struct pair {
	uint32_t rank;
	int32_t at;
	uint32_t left, right, into;
};
/* What an encoder needs besides: kept from piece to piece. */
struct encoder {
	const struct tokenizer *t;
	struct tokens *out;
	vec(struct symbol) symbols;
	vec(struct pair) heap;
	struct kept { const char *s; uint32_t n, count; size_t first; } *kept;
};

static bool sooner(const struct pair *a, const struct pair *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void heap_push(struct encoder *x, struct pair p)
{
	size_t i = x->heap.n;

	vec_push(&x->heap);
	for (; i > 0 && sooner(&p, &x->heap.v[(i - 1) / 2]); i = (i - 1) / 2)
		x->heap.v[i] = x->heap.v[(i - 1) / 2];
	x->heap.v[i] = p;
}

static struct pair heap_pop(struct encoder *x)
{
	struct pair top = x->heap.v[0], last = x->heap.v[--x->heap.n];
	size_t i = 0, k;

	for (; (k = 2 * i + 1) < x->heap.n; i = k) {
		if (k + 1 < x->heap.n && sooner(&x->heap.v[k + 1], &x->heap.v[k]))
			k++;
		if (!sooner(&x->heap.v[k], &last))
			break;
		x->heap.v[i] = x->heap.v[k];
	}
	if (x->heap.n)
		x->heap.v[i] = last;
	return top;
}

static void offer(struct encoder *x, int32_t at)
{
	const struct symbol *s = &x->symbols.v[at];
	const struct merge *m = s->after < 0 ? NULL
		: tokenizer_merge(x->t, s->id, x->symbols.v[s->after].id);

	if (m)
		heap_push(x, (struct pair){ m->rank, at, m->left, m->right, m->into });
}

static void merge_long(struct encoder *x)
{
	struct symbol *v = x->symbols.v;

	x->heap.n = 0;
	for (size_t i = 0; i < x->symbols.n; i++)
		offer(x, (int32_t)i);
	while (x->heap.n) {
		struct pair p = heap_pop(x);
		struct symbol *s = &v[p.at];
		int32_t gone = s->after;

		if (s->id != p.left || gone < 0 || v[gone].id != p.right)
			continue; /* one of the two has been merged meanwhile */
		s->id = p.into;
		s->after = v[gone].after;
		v[gone].id = NO_TOKEN;
		if (s->after >= 0)
			v[s->after].before = p.at;
		offer(x, p.at);
		if (s->before >= 0)
			offer(x, s->before);
	}
}

static void merge_short(struct encoder *x)
{
	struct symbol *v = x->symbols.v;
	size_t n = x->symbols.n;

	for (;;) {
		const struct merge *best = NULL;
		size_t at = 0;

		for (size_t i = 0; i + 1 < n; i++) {
			const struct merge *m = tokenizer_merge(x->t, v[i].id, v[i + 1].id);

			if (m && (!best || m->rank < best->rank)) {
				best = m;
				at = i;
			}
		}
		if (!best)
			break;
		v[at].id = best->into;
		memmove(v + at + 1, v + at + 2, (--n - at - 1) * sizeof *v);
	}
	x->symbols.n = n;
}

static bool bad_byte(const struct encoder *x, unsigned char b, struct err *e)
{
	return err_set(e, ERR_INPUT, x->t->where, "leave it out of the text, or fetch the "
		"tokenizer again", "its vocabulary has no token for the byte 0x%02x", b);
}

static bool merge_piece(struct encoder *x, const char *s, size_t n, struct err *e)
{
	bool brief = n <= SHORT_PIECE;

	x->symbols.n = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t id = x->t->single[(unsigned char)s[i]];

		if (id == NO_TOKEN)
			return bad_byte(x, (unsigned char)s[i], e);
		*vec_push(&x->symbols) = (struct symbol){ id, (int32_t)i - 1,
			i + 1 < n ? (int32_t)i + 1 : -1 };
	}
	if (brief)
		merge_short(x);
	else
		merge_long(x);
	for (size_t i = 0; i < x->symbols.n; i++)
		if (x->symbols.v[i].id != NO_TOKEN)
			*vec_push(x->out) = x->symbols.v[i].id;
	return true;
}

/* Most pieces of a text were seen before in it. */
static bool encode_piece(struct encoder *x, const char *s, size_t n, struct err *e)
{
	struct kept *k = &x->kept[(size_t)hash64_bytes(s, n) & (KEPT_PIECES - 1)];
	size_t first = x->out->n;
	uint32_t id;

	if (k->n == n && !memcmp(k->s, s, n)) {
		vec_reserve(x->out, first + k->count);
		memcpy(x->out->v + first, x->out->v + k->first, k->count * sizeof *x->out->v);
		x->out->n += k->count;
		return true;
	}
	id = x->t->whole || n == 1 ? tokenizer_find(x->t, s, n) : NO_TOKEN;
	if (id != NO_TOKEN)
		*vec_push(x->out) = id;
	else if (!merge_piece(x, s, n, e))
		return false;
	if (n < UINT32_MAX)
		*k = (struct kept){ s, (uint32_t)n, (uint32_t)(x->out->n - first), first };
	return true;
}

/* --- the text --- */

/* Without what stands for a token of its own. */
static bool encode_plain(struct encoder *x, const char *s, size_t n, struct err *e)
{
	struct splitter split;
	const char *piece;
	size_t length;

	splitter_init(&split, x->t->rules, s, n);
	while (splitter_next(&split, &piece, &length))
		if (length > INT32_MAX || !encode_piece(x, piece, length, e))
			return length <= INT32_MAX ? false : err_set(e, ERR_INPUT, "text",
				"split it", "a word of more than 2 GiB");
	return true;
}

static bool in_a_word(const char *s, const char *end)
{
	return s < end && (isalnum((unsigned char)*s) || *s == '_' || *s & 0x80);
}

/* The longest added token that begins here. */
static const struct added *added_at(const struct tokenizer *t, const char *text, const char *s,
	const char *end, bool special)
{
	for (size_t i = 0; i < t->added.n; i++) {
		const struct added *a = &t->added.v[i];

		if (a->s[0] != *s || a->n > (size_t)(end - s) || memcmp(a->s, s, a->n) ||
			(a->flags & TOKEN_SPECIAL && !special))
			continue;
		if (!(a->flags & TOKEN_SINGLE_WORD) || ((s == text || !in_a_word(s - 1, end)) &&
			!in_a_word(s + a->n, end)))
			return a;
	}
	return NULL;
}

static bool blank(char c)
{
	return c == ' ' || (c >= 9 && c <= 13);
}

static bool encode(struct encoder *x, const char *text, size_t n, bool special, struct err *e)
{
	const char *end = text + n, *from = text;
	bool first[256] = { false };

	for (size_t i = 0; i < x->t->added.n; i++)
		if (special || !(x->t->added.v[i].flags & TOKEN_SPECIAL))
			first[(unsigned char)x->t->added.v[i].s[0]] = true;
	for (const char *s = text; s < end; ) {
		const struct added *a = first[(unsigned char)*s]
			? added_at(x->t, text, s, end, special) : NULL;
		const char *stop = s;

		if (!a) {
			s++;
			continue;
		}
		while (a->flags & TOKEN_LSTRIP && stop > from && blank(stop[-1]))
			stop--;
		if (!encode_plain(x, from, (size_t)(stop - from), e))
			return false;
		*vec_push(x->out) = a->id;
		for (s += a->n; a->flags & TOKEN_RSTRIP && s < end && blank(*s); )
			s++;
		from = s;
	}
	return encode_plain(x, from, (size_t)(end - from), e);
}

/* Canonical composition, as the tokenizer was taught with; what is no UTF-8 stays as it is. */
static char *composed(const char *text, size_t n, size_t *length)
{
	utf8proc_uint8_t *out = NULL;
	utf8proc_ssize_t got;

	if (n > SSIZE_MAX / 8 || !utf8_valid(text, n))
		return NULL;
	got = utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)n, &out,
		UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (got < 0)
		return NULL;
	*length = (size_t)got;
	return (char *)out;
}

bool tokenizer_encode(const struct tokenizer *t, const char *text, size_t n, bool special,
	struct tokens *out, struct err *e)
{
	struct encoder x = { .t = t, .out = out, .kept = xnew(struct kept, KEPT_PIECES) };
	size_t length = n;
	char *other = t->nfc ? composed(text, n, &length) : NULL;
	bool ok = encode(&x, other ? other : text, other ? length : n, special, e);

	free(other);
	free(x.kept);
	vec_fini(&x.symbols);
	vec_fini(&x.heap);
	return ok;
}
