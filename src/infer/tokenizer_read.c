/* What decides the tokens of a text, out of a tokenizer.json or a GGUF file. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "infer/tokenizer_in.h"
#include "model/gguf_read.h"
#include "model/pretokenizer.h"
#include "model/vocab_table.h"

#define JSON_MAX ((size_t)256 << 20)

/* --- tokens --- */

/* GPT-2's letters for bytes: printable ones are themselves; the other 68, in their order, are
 * U+0100 and on: 0 to 0x20, 0x7f to 0xa0, 0xad. -1: no such letter. */
static int letter_byte(uint32_t cp)
{
	if ((cp >= 0x21 && cp <= 0x7e) || (cp >= 0xa1 && cp <= 0xff && cp != 0xad))
		return (int)cp;
	if (cp < 0x100 || cp >= 0x100 + 68)
		return -1;
	cp -= 0x100;
	return (int)(cp <= 0x20 ? cp : cp < 67 ? cp - 0x21 + 0x7f : 0xad);
}

/* The bytes that letters spell; false: they spell none. */
static bool spelled(const char *s, size_t n, struct str *out)
{
	uint32_t cp;

	str_clear(out);
	for (size_t at = 0, k; at < n; at += k) {
		int b;

		k = utf8_decode(s + at, n - at, &cp);
		b = k ? letter_byte(cp) : -1;
		if (b < 0)
			return false;
		str_addc(out, (char)b);
	}
	return n > 0;
}

static size_t power_over(size_t n)
{
	size_t k = 16;

	while (k < 2 * n)
		k *= 2;
	return k;
}

static void index_token(struct tokenizer *t, uint32_t id)
{
	size_t mask = t->slots - 1;
	size_t i = (size_t)hash64_bytes(t->bytes[id].s, t->bytes[id].n) & mask;

	while (t->slot[i] != NO_TOKEN)
		i = (i + 1) & mask;
	t->slot[i] = id;
}

static int longest_first(const void *a, const void *b)
{
	const struct added *x = a, *y = b;

	return x->n == y->n ? (x->id > y->id) - (x->id < y->id) : x->n < y->n ? 1 : -1;
}

static void take_tokens(struct tokenizer *t, const struct vocab_table *v)
{
	struct str s = STR_INIT;

	t->size = v->top;
	t->bytes = xnew(struct piece_of, t->size + 1);
	t->slots = power_over(v->n);
	t->slot = xnew(uint32_t, t->slots);
	memset(t->slot, 0xff, t->slots * sizeof *t->slot);
	for (size_t i = 0; i < v->n; i++) {
		const struct vocab_token *k = &v->v[i];
		bool plain = k->flags & TOKEN_ADDED || !spelled(k->text, k->n, &s);
		struct piece_of *b = &t->bytes[k->id];

		if (b->n || !k->n)
			continue;
		b->n = (uint32_t)(plain ? k->n : s.n);
		b->s = arena_bytes(&t->arena, plain ? k->text : s.s, b->n);
		if (k->flags & TOKEN_ADDED)
			*vec_push(&t->added) = (struct added){ b->s, b->n, k->id, k->flags };
		else if (!plain && tokenizer_find(t, b->s, b->n) == NO_TOKEN)
			index_token(t, k->id); /* what no letters spell is never come upon */
	}
	if (t->added.n)
		qsort(t->added.v, t->added.n, sizeof *t->added.v, longest_first);
	for (unsigned b = 0; b < 256; b++)
		t->single[b] = tokenizer_find(t, &(char){ (char)b }, 1);
	str_fini(&s);
}

/* --- merges --- */

static struct merge *merge_place(const struct tokenizer *t, uint32_t left, uint32_t right)
{
	uint32_t pair[2] = { left, right };
	size_t mask = t->merge_slots - 1, i = (size_t)hash64_bytes(pair, sizeof pair) & mask;

	while (t->merges[i].into != NO_TOKEN &&
		(t->merges[i].left != left || t->merges[i].right != right))
		i = (i + 1) & mask;
	return &t->merges[i];
}

const struct merge *tokenizer_merge(const struct tokenizer *t, uint32_t left, uint32_t right)
{
	const struct merge *m = merge_place(t, left, right);

	return m->into == NO_TOKEN ? NULL : m;
}

static void make_room(struct tokenizer *t, size_t n)
{
	t->merge_slots = power_over(n);
	t->merges = xnew(struct merge, t->merge_slots);
	for (size_t i = 0; i < t->merge_slots; i++)
		t->merges[i].into = NO_TOKEN;
}

/* What two tokens become. Merges of what is no token can never happen, and some files have them. */
static void take_merge(struct tokenizer *t, const char *a, size_t a_n, const char *b, size_t b_n,
	struct str *left, struct str *right)
{
	uint32_t l, r, both;
	struct merge *m;

	if (!spelled(a, a_n, left) || !spelled(b, b_n, right))
		return;
	l = tokenizer_find(t, left->s, left->n);
	r = tokenizer_find(t, right->s, right->n);
	str_addn(left, right->s, right->n);
	both = tokenizer_find(t, left->s, left->n);
	if (l == NO_TOKEN || r == NO_TOKEN || both == NO_TOKEN)
		return;
	m = merge_place(t, l, r);
	if (m->into == NO_TOKEN)
		*m = (struct merge){ l, r, (uint32_t)t->n_merges, both };
	t->n_merges++;
}

/* "a b": split at the first blank that is not at the front. */
static void take_spelled_merge(struct tokenizer *t, const char *s, size_t n, struct str *l,
	struct str *r)
{
	const char *blank = n > 1 ? memchr(s + 1, ' ', n - 1) : NULL;

	if (blank)
		take_merge(t, s, (size_t)(blank - s), blank + 1, (size_t)(s + n - blank - 1), l, r);
}

static bool json_merges(struct tokenizer *t, const json_t *list, struct err *e)
{
	struct str l = STR_INIT, r = STR_INIT;
	size_t i;
	const json_t *j;

	if (!json_is_array(list) || json_array_size(list) > VOCAB_MAX)
		return err_set(e, ERR_INPUT, t->where, "fetch it again", "it has no merges");
	make_room(t, json_array_size(list));
	json_array_foreach((json_t *)list, i, j) {
		const json_t *a = json_array_get(j, 0), *b = json_array_get(j, 1);

		if (json_is_string(j))
			take_spelled_merge(t, json_string_value(j), json_string_length(j), &l, &r);
		else if (json_is_string(a) && json_is_string(b))
			take_merge(t, json_string_value(a), json_string_length(a),
				json_string_value(b), json_string_length(b), &l, &r);
	}
	str_fini(&l);
	str_fini(&r);
	return true;
}

/* --- tokenizer.json --- */

static bool json_normalizer(struct tokenizer *t, const json_t *normalizer, struct err *e)
{
	const json_t *list = json_object_get(normalizer, "normalizers"), *j;
	const char *type = json_text(normalizer, "type", NULL);
	size_t i;

	if (json_is_array(list)) {
		json_array_foreach((json_t *)list, i, j)
			if (!json_normalizer(t, j, e))
				return false;
		return true;
	}
	if (!type)
		return true;
	t->nfc |= str_eq(type, "NFC");
	return str_eq(type, "NFC") || err_set(e, ERR_INPUT, t->where,
		"measure the model in another tool",
		"its tokenizer normalizes text by '%.60s', which is not known here", type);
}

/* The token that a template puts before the text. */
static int64_t template_bos(const json_t *post)
{
	const json_t *list = json_object_get(post, "processors"), *first, *ids, *j;
	const char *name;
	size_t i;

	json_array_foreach((json_t *)list, i, j)
		if (template_bos(j) >= 0)
			return template_bos(j);
	first = json_array_get(json_object_get(post, "single"), 0);
	name = json_text(first, "SpecialToken.id", NULL);
	ids = name ? json_object_get(json_object_get(json_object_get(post, "special_tokens"), name),
		"ids") : NULL;
	return json_is_integer(json_array_get(ids, 0))
		? json_integer_value(json_array_get(ids, 0)) : -1;
}

static int64_t named_bos(const struct tokenizer *t, const json_t *config)
{
	const json_t *bos = json_object_get(config, "bos_token");
	const char *text = json_is_string(bos) ? json_string_value(bos)
		: json_text(bos, "content", NULL);

	for (size_t i = 0; text && json_flag(config, "add_bos_token", false) && i < t->added.n; i++)
		if (str_eq(t->added.v[i].s, text))
			return t->added.v[i].id;
	return -1;
}

static bool read_json(struct tokenizer *t, const struct model *m, struct err *e)
{
	json_t *file = json_parse_file(t->where, JSON_MAX, e);
	bool ok = file != NULL;

	ok = ok && (t->rules = split_of_json(file, t->where, e)) != NULL &&
		json_normalizer(t, json_object_get(file, "normalizer"), e) &&
		json_merges(t, json_at(file, "model.merges"), e);
	if (ok) {
		t->whole = json_flag(file, "model.ignore_merges", false);
		t->bos = template_bos(json_object_get(file, "post_processor"));
		if (t->bos < 0)
			t->bos = named_bos(t, m->tokenizer_config);
	}
	json_decref(file);
	return ok;
}

/* --- GGUF --- */

/* Every text of an array of the header. */
static bool gguf_merges(struct tokenizer *t, struct gread *r)
{
	struct str a = STR_INIT, b = STR_INIT;
	uint32_t type;
	uint64_t count;

	if (gread_array(r, "tokenizer.ggml.merges", &type, &count) &&
		(type != GGUF_STRING || count > VOCAB_MAX))
		gread_fail(r, "tokenizer.ggml.merges is no list of texts");
	if (!r->failed)
		make_room(t, (size_t)count);
	for (uint64_t i = 0; !r->failed && i < count; i++) {
		size_t n;
		const char *s = gread_string(r, &n);

		if (s)
			take_spelled_merge(t, s, n, &a, &b);
	}
	str_fini(&a);
	str_fini(&b);
	return !r->failed;
}

static void pass_array(struct gread *r, const char *key)
{
	uint32_t type;
	uint64_t count;

	if (gread_array(r, key, &type, &count))
		gread_pass_elements(r, type, count);
}

static bool find_merges(struct tokenizer *t, const struct file *f, struct err *e)
{
	struct gread r;
	uint64_t n_keys = 0;
	bool found = false, ok;
	char key[128];

	gread_init(&r, f, e);
	if (gread_skip(&r, 16))
		n_keys = gread_u64(&r);
	for (uint64_t i = 0; !r.failed && !found && i < n_keys; i++) {
		size_t n;
		const char *s = gread_string(&r, &n);
		uint32_t type;

		snprintf(key, sizeof key, "%.*s", s ? (int)(n < 127 ? n : 127) : 0, s ? s : "");
		type = gread_u32(&r);
		if (str_eq(key, "tokenizer.ggml.merges") && type == GGUF_ARRAY)
			found = gguf_merges(t, &r);
		else if (type == GGUF_ARRAY)
			pass_array(&r, key);
		else
			json_decref(gread_scalar(&r, type));
	}
	ok = !r.failed && (found || err_set(e, ERR_INPUT, t->where, "fetch it again",
		"it has no merges"));
	gread_fini(&r);
	return ok;
}

static bool read_gguf(struct tokenizer *t, const struct model *m, struct err *e)
{
	const json_t *k = m->metadata;
	const json_t *add = json_object_get(k, "tokenizer.ggml.add_bos_token");

	t->rules = split_of_gguf(json_string_value(json_object_get(k, "tokenizer.ggml.pre")),
		t->where, e);
	if (!t->rules || !find_merges(t, m->files[0], e))
		return false;
	t->whole = t->rules->digits == 3;
	if (add ? json_is_true(add) : t->rules->digits == 3) {
		const json_t *bos = json_object_get(k, "tokenizer.ggml.bos_token_id");

		t->bos = json_is_integer(bos) ? json_integer_value(bos) : -1;
	}
	return true;
}

/* --- the whole --- */

/* What would make other tokens of a text makes another hash. */
static void hash_all(struct tokenizer *t)
{
	struct hash_stream *s = hash_stream_new();
	unsigned char how[2] = { t->whole, t->nfc };

	hash_stream_add(s, t->rules->name, strlen(t->rules->name) + 1);
	hash_stream_add(s, how, sizeof how);
	hash_stream_add(s, &t->bos, sizeof t->bos);
	for (uint32_t i = 0; i < t->size; i++) {
		hash_stream_add(s, &t->bytes[i].n, sizeof t->bytes[i].n);
		hash_stream_add(s, t->bytes[i].s, t->bytes[i].n);
	}
	for (size_t i = 0; i < t->merge_slots; i++)
		if (t->merges[i].into != NO_TOKEN)
			hash_stream_add(s, &t->merges[i], sizeof t->merges[i]);
	t->hash = hash_stream_end(s);
}

static bool has_bytes(const struct tokenizer *t, struct err *e)
{
	if (t->bos >= (int64_t)t->size)
		return err_set(e, ERR_INPUT, t->where, "fetch it again",
			"the token in front of a text, %lld, is beyond its vocabulary",
			(long long)t->bos);
	return true;
}

static char *where_of(const struct model *m)
{
	char *dir, *path;

	if (m->format == MODEL_GGUF)
		return xstrdup(m->path);
	dir = file_folder(m->path);
	path = str_join_path(dir, "tokenizer.json");
	free(dir);
	return path;
}

struct tokenizer *tokenizer_open(const struct model *m, struct err *e)
{
	struct tokenizer *t = xnew(struct tokenizer, 1);
	struct vocab_table v;
	bool gguf = m->format == MODEL_GGUF, ok;

	arena_init(&t->arena);
	t->bos = -1;
	vocab_table_init(&v);
	ok = vocab_table_read(&v, m, e);
	t->where = where_of(m);
	if (ok && v.spelling != SPELL_BYTES)
		ok = err_set(e, ERR_INPUT, m->path, "measure the model in another tool",
			"its tokenizer is of the %s kind; byte-level BPE is what is known here",
			vocab_spelling_name(v.spelling));
	if (ok)
		take_tokens(t, &v);
	vocab_table_fini(&v);
	ok = ok && (gguf ? read_gguf(t, m, e) : read_json(t, m, e)) && has_bytes(t, e);
	if (ok) {
		hash_all(t);
		return t;
	}
	tokenizer_free(t);
	return NULL;
}
