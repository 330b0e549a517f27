#include <string.h>
#include "base/str.h"
#include "model/gguf_read.h"
#include "model/jscan.h"
#include "model/sentencepiece.h"
#include "model/vocab_table.h"

/* --- tokenizer.json --- */

static bool read_map(struct jscan *s, struct vocab_table *t, unsigned flags)
{
	struct str text = STR_INIT;
	struct jtext key;
	uint64_t id;

	for (jscan_open(s, '{'); jscan_more(s, '}') && jscan_key(s, &key); ) {
		str_clear(&text); /* the key does not outlive the next read */
		str_addn(&text, key.s, key.n);
		if (!jscan_u64(s, &id) || !vocab_table_add(t, text.s ? text.s : "", text.n, id,
			flags, s->e)) {
			s->failed = true;
			break;
		}
	}
	str_fini(&text);
	return jscan_ok(s);
}

/* Of a Unigram: [["token", score], …] */
static void read_pairs(struct jscan *s, struct vocab_table *t)
{
	struct jtext text;
	uint64_t id = 0;

	for (jscan_open(s, '['); jscan_more(s, ']'); id++) {
		int k = 0;

		for (jscan_open(s, '['); jscan_more(s, ']'); k++)
			if (k)
				jscan_skip(s);
			else if (jscan_string(s, &text) && !vocab_table_find(t, text.s, text.n) &&
				!vocab_table_add(t, text.s, text.n, id, 0, s->e))
				s->failed = true;
	}
}

static void read_model(struct jscan *s, struct vocab_table *t)
{
	static const char *const kinds[] = { "BPE", "Unigram", "WordPiece", "WordLevel" };
	struct jtext key, text;

	t->kind = "BPE"; /* old files name no type */
	for (jscan_open(s, '{'); jscan_more(s, '}') && jscan_key(s, &key); ) {
		if (jtext_eq(key, "vocab") && jscan_peek(s) == '{') {
			read_map(s, t, 0);
		} else if (jtext_eq(key, "vocab") && jscan_peek(s) == '[') {
			read_pairs(s, t);
		} else if (jtext_eq(key, "type") && jscan_peek(s) == '"' &&
			jscan_string(s, &text)) {
			t->kind = "other";
			for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
				if (jtext_eq(text, kinds[i]))
					t->kind = kinds[i];
		} else {
			jscan_skip(s);
		}
	}
}

static bool read_flag(struct jscan *s)
{
	bool yes = jscan_peek(s) == 't';

	return jscan_skip(s) && yes;
}

static void read_added_one(struct jscan *s, struct vocab_table *t)
{
	static const struct { const char *key; unsigned flag; } flags[] = {
		{ "special", TOKEN_SPECIAL }, { "lstrip", TOKEN_LSTRIP },
		{ "rstrip", TOKEN_RSTRIP }, { "single_word", TOKEN_SINGLE_WORD },
		{ "normalized", TOKEN_NORMALIZED },
	};
	struct str text = STR_INIT;
	struct jtext key, value;
	unsigned flag = TOKEN_ADDED;
	uint64_t id = UINT64_MAX;
	bool named = false;

	for (jscan_open(s, '{'); jscan_more(s, '}') && jscan_key(s, &key); ) {
		unsigned one = 0;

		for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
			one |= jtext_eq(key, flags[i].key) ? flags[i].flag : 0;
		if (one) {
			flag |= read_flag(s) ? one : 0;
		} else if (jtext_eq(key, "content") && jscan_peek(s) == '"') {
			named = jscan_string(s, &value);
			str_addn(&text, value.s, named ? value.n : 0);
		} else if (jtext_eq(key, "id")) {
			jscan_u64(s, &id);
		} else {
			jscan_skip(s);
		}
	}
	if (jscan_ok(s) && named && !vocab_table_add(t, text.s ? text.s : "", text.n, id, flag,
		s->e))
		s->failed = true;
	str_fini(&text);
}

/* The raw text of the next value: the blanks of an indented file do not count. */
static struct hash read_part(struct jscan *s, struct str *raw)
{
	const char *p;
	bool quoted = false;
	struct str thin = STR_INIT;
	struct hash h = { { 0 } };

	jscan_peek(s);
	p = s->p;
	if (jscan_skip(s) && s->p - p > 4) { /* not null */
		str_addn(raw, p, (size_t)(s->p - p));
		for (; p < s->p; p++) {
			if (*p == '"' && p[-1] != '\\')
				quoted = !quoted;
			if (quoted || !strchr(" \t\r\n", *p))
				str_addc(&thin, *p);
		}
		h = hash_bytes(thin.s, thin.n);
	}
	str_fini(&thin);
	return h;
}

/* By the parts that turn text into tokens and back. */
static enum vocab_spelling spelling_of(const struct vocab_table *t, const struct str *parts)
{
	const char *s = parts->s ? parts->s : "";

	if (strstr(s, "\"ByteLevel\""))
		return SPELL_BYTES;
	if (strstr(s, "\"Metaspace\"") || strstr(s, "\u2581") || strstr(s, "\\u2581"))
		return SPELL_BARS;
	return str_eq(t->kind, "WordPiece") ? SPELL_PIECES : SPELL_PLAIN;
}

bool vocab_read_json(struct vocab_table *t, const char *text, size_t n, const char *where,
	struct err *e)
{
	struct str parts = STR_INIT;
	struct jscan s;
	struct jtext key;
	bool ok;

	jscan_init(&s, text, n, where, e);
	for (jscan_open(&s, '{'); jscan_more(&s, '}') && jscan_key(&s, &key); ) {
		if (jtext_eq(key, "model") && jscan_peek(&s) == '{')
			read_model(&s, t);
		else if (jtext_eq(key, "added_tokens") && jscan_peek(&s) == '[')
			for (jscan_open(&s, '['); jscan_more(&s, ']'); )
				read_added_one(&s, t);
		else if (jtext_eq(key, "normalizer"))
			t->normalizer = read_part(&s, &parts);
		else if (jtext_eq(key, "pre_tokenizer"))
			t->pre_tokenizer = read_part(&s, &parts);
		else if (jtext_eq(key, "decoder"))
			read_part(&s, &parts);
		else
			jscan_skip(&s);
	}
	ok = jscan_end(&s) && jscan_ok(&s);
	jscan_fini(&s);
	t->spelling = spelling_of(t, &parts);
	str_fini(&parts);
	return ok;
}

bool vocab_read_map(struct vocab_table *t, const char *text, size_t n, unsigned flags,
	const char *where, struct err *e)
{
	struct jscan s;
	bool ok;

	jscan_init(&s, text, n, where, e);
	read_map(&s, t, flags);
	ok = jscan_end(&s) && jscan_ok(&s);
	jscan_fini(&s);
	return ok;
}

/* --- lists: SentencePiece, GGUF --- */

struct list {
	struct vocab_table *t;
	struct err *e;
};

static unsigned flags_of(uint64_t type)
{
	return type == PIECE_CONTROL ? TOKEN_ADDED | TOKEN_SPECIAL
		: type == PIECE_USER ? TOKEN_ADDED : 0;
}

static bool add_listed(void *ctx, const struct piece *p)
{
	struct list *l = ctx;

	return vocab_table_find(l->t, p->text, p->n) ||
		vocab_table_add(l->t, p->text, p->n, p->id, flags_of(p->type), l->e);
}

bool vocab_read_pieces(struct vocab_table *t, const unsigned char *p, size_t n, const char *where,
	struct err *e)
{
	struct list l = { t, e };

	t->kind = "SentencePiece";
	t->spelling = SPELL_BARS;
	if (sentencepiece_walk(p, n, add_listed, &l))
		return true;
	return e->code ? false : err_set(e, ERR_INPUT, where, "fetch or write it again",
		"it is no SentencePiece model");
}

static void gguf_tokens(struct gread *r, struct list *l, uint64_t count)
{
	for (uint64_t i = 0; !r->failed && i < count; i++) {
		size_t n;
		const char *s = gread_string(r, &n);

		if (s && !add_listed(l, &(struct piece){ i, s, n, PIECE_NORMAL, 0 }))
			r->failed = true;
	}
}

/* In the order of the file: by their ids, which are the places. */
static void gguf_token_types(struct gread *r, struct vocab_table *t, uint64_t count)
{
	size_t at = 0;

	for (uint64_t i = 0; !r->failed && i < count; i++) {
		unsigned flags = flags_of(gread_u32(r));

		if (at < t->n && t->v[at].id == i)
			t->v[at++].flags |= flags;
	}
}

static void gguf_array(struct gread *r, struct list *l, const char *key)
{
	uint32_t type;
	uint64_t count;

	if (!gread_array(r, key, &type, &count))
		return;
	if (str_eq(key, "tokenizer.ggml.tokens") && type == GGUF_STRING)
		gguf_tokens(r, l, count);
	else if (str_eq(key, "tokenizer.ggml.token_type") && gguf_type_size(type) == 4)
		gguf_token_types(r, l->t, count);
	else
		gread_pass_elements(r, type, count);
}

static void gguf_kind(struct vocab_table *t, const char *name)
{
	bool bert = str_eq(name, "bert"), bpe = str_eq(name, "gpt2");

	t->kind = bert ? "WordPiece" : bpe ? "BPE" : str_eq(name, "t5") ? "Unigram"
		: "SentencePiece";
	t->spelling = bert ? SPELL_PIECES : bpe ? SPELL_BYTES
		: str_eq(name, "llama") || str_eq(name, "t5") ? SPELL_BARS : SPELL_UNKNOWN;
}

bool vocab_read_gguf(struct vocab_table *t, const struct file *f, struct err *e)
{
	struct list l = { t, e };
	struct gread r;
	uint64_t n_keys = 0;
	char key[128];
	bool ok;

	t->from = str_base(f->path);
	gread_init(&r, f, e);
	if (gread_skip(&r, 16))
		n_keys = gread_u64(&r);
	for (uint64_t i = 0; !r.failed && i < n_keys; i++) {
		size_t n;
		const char *s = gread_string(&r, &n);
		uint32_t type;

		snprintf(key, sizeof key, "%.*s", s ? (int)(n < 127 ? n : 127) : 0, s ? s : "");
		type = gread_u32(&r);
		if (type == GGUF_ARRAY) {
			gguf_array(&r, &l, key);
		} else {
			json_t *v = gread_scalar(&r, type);

			if (str_eq(key, "tokenizer.ggml.model"))
				gguf_kind(t, json_text(v, "", ""));
			json_decref(v);
		}
	}
	ok = !r.failed;
	gread_fini(&r);
	return ok;
}
