#include "config.h"
#include "engine/memo_work.h"

#include <string.h>
#include "base/str.h"

/* Sums in the catalog. All blobs are a version and then the struct's 64-bit fields, little-endian,
 * or the histogram's own bytes. Keys: "norm" a; "pair" a, b in byte order; "sign" a, b in byte
 * order and the base; "curve" from a to b; "conflict" the digest of all keys but the base's, in
 * order, and the base. */
#define BLOB_VERSION 1

static const struct hash none;

static struct hash conflict_key(const struct hash *keys, size_t n)
{
	return hash_bytes(keys + 1, (n - 1) * sizeof *keys);
}

static void in_order(struct hash *a, struct hash *b)
{
	if (memcmp(a->b, b->b, sizeof a->b) > 0) {
		struct hash t = *a;
		*a = *b;
		*b = t;
	}
}

static bool get(struct catalog *c, const char *kind, struct hash a, struct hash b, struct hash base,
	void *out, size_t size)
{
	size_t n = 0;
	uint64_t version;
	char *p = catalog_stat_get(c, kind, a, b, base, &n);
	bool ok = p && n == size + sizeof version;

	if (ok) {
		memcpy(&version, p, sizeof version);
		ok = version == BLOB_VERSION;
		memcpy(out, p + sizeof version, size);
	}
	free(p);
	return ok;
}

bool memo_stored_norm(struct catalog *c, struct hash a, struct norm_sums *out)
{
	return get(c, "norm", a, none, none, out, sizeof *out);
}

bool memo_stored_pair(struct catalog *c, struct hash a, struct hash b, struct pair_sums *out)
{
	in_order(&a, &b);
	return get(c, "pair", a, b, none, out, sizeof *out);
}

static bool get_curve(struct catalog *c, struct hash from, struct hash to, struct histogram *h)
{
	size_t n = 0;
	void *p = catalog_stat_get(c, "curve", from, to, none, &n);
	bool ok = p && histogram_load(h, p, n, NULL);

	free(p);
	return ok;
}

static bool get_all(struct catalog *c, const struct slot *s, const struct hash *keys,
	struct slot_sums *x)
{
	bool ok = true;

	for (size_t j = 0; ok && j < s->n; j++) {
		ok = !hash_is_zero(keys[j])
			&& get(c, "norm", keys[j], none, none, &x->norm[j], sizeof x->norm[j]);
		if (ok && (int)j != s->from)
			ok = get_curve(c, keys[s->from], keys[j], &x->curve[j]);
		for (size_t i = 0; ok && i < j; i++) {
			struct hash a = keys[i], b = keys[j];
			size_t k = pair_index((int)i, (int)j);
			in_order(&a, &b);
			ok = get(c, "pair", a, b, none, &x->pair[k], sizeof *x->pair);
			if (ok && s->based && i)
				ok = get(c, "sign", a, b, keys[0], &x->sign[k], sizeof *x->sign);
		}
	}
	if (ok && s->based && s->n > 2)
		ok = get(c, "conflict", conflict_key(keys, s->n), none, keys[0], &x->conflict,
			sizeof x->conflict);
	return ok;
}

static bool get_under(struct catalog *c, struct slot *s, const struct hash *keys)
{
	struct slot_sums *x = slot_sums_new(s->n);

	if (!get_all(c, s, keys, x)) {
		slot_sums_free(x);
		return false;
	}
	slot_sums_settle(x);
	atomic_store(&s->sums, x);
	return true;
}

bool memo_store_load(struct catalog *c, struct slot *s, bool *renamed)
{
	*renamed = false;
	if (get_under(c, s, s->keys))
		return true;
	if (memcmp(s->keys, s->places, s->n * sizeof *s->keys) == 0)
		return false;
	*renamed = get_under(c, s, s->places);
	return *renamed;
}

struct batch {
	vec(struct catalog_stat) v;
	vec(char *) blobs;
};

static void put_blob(struct batch *b, const char *kind, struct hash a, struct hash c,
	struct hash base, char *blob, size_t n)
{
	*vec_push(&b->blobs) = blob;
	*vec_push(&b->v) = (struct catalog_stat){ kind, a, c, base, blob, n };
}

static void put(struct batch *b, const char *kind, struct hash a, struct hash c, struct hash base,
	const void *fields, size_t size)
{
	uint64_t version = BLOB_VERSION;
	char *blob = xmalloc(size + sizeof version);

	memcpy(blob, &version, sizeof version);
	memcpy(blob + sizeof version, fields, size);
	put_blob(b, kind, a, c, base, blob, size + sizeof version);
}

static void put_slot(struct batch *b, const struct slot *s)
{
	const struct slot_sums *x = atomic_load(&s->sums);

	for (size_t j = 0; j < s->n; j++)
		if (hash_is_zero(s->keys[j]))
			return;
	for (size_t j = 0; j < s->n; j++) {
		put(b, "norm", s->keys[j], none, none, &x->norm[j], sizeof x->norm[j]);
		for (size_t i = 0; i < j; i++) {
			struct hash a = s->keys[i], c = s->keys[j];
			size_t k = pair_index((int)i, (int)j);
			in_order(&a, &c);
			put(b, "pair", a, c, none, &x->pair[k], sizeof *x->pair);
			if (s->based && i)
				put(b, "sign", a, c, s->keys[0], &x->sign[k], sizeof *x->sign);
		}
		if ((int)j != s->from) {
			struct str bytes = STR_INIT;
			histogram_store(&x->curve[j], &bytes);
			size_t n = bytes.n;
			put_blob(b, "curve", s->keys[s->from], s->keys[j], none, str_steal(&bytes),
				n);
		}
	}
	if (s->based && s->n > 2)
		put(b, "conflict", conflict_key(s->keys, s->n), none, s->keys[0], &x->conflict,
			sizeof x->conflict);
}

void memo_store_save(struct catalog *c, struct slot *const *s, size_t n)
{
	struct batch b = { 0 };

	for (size_t i = 0; i < n; i++)
		put_slot(&b, s[i]);
	if (b.v.n && !catalog_is_read_only(c)) /* not kept: only read again another time */
		catalog_stat_put(c, b.v.v, b.v.n, NULL);
	for (size_t i = 0; i < b.blobs.n; i++)
		free(b.blobs.v[i]);
	vec_fini(&b.blobs);
	vec_fini(&b.v);
}
