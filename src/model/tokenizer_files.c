#include "model/tokenizer_files.h"
#include <stdlib.h>
#include "base/str.h"
#include "model/hash_cache.h"
#include "model/jscan.h"
#include "model/sentencepiece.h"

#define TOKENIZER_MAX ((size_t)512 << 20)
#define TEMPLATE_MAX ((size_t)16 << 20)

/* --- tokenizer.json --- */

static const char *known_kind(struct jtext t)
{
	static const char *const kinds[] = { "BPE", "Unigram", "WordPiece", "WordLevel" };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (jtext_eq(t, kinds[i]))
			return kinds[i];
	return "other";
}

/* {"token": id, …} or, of a Unigram, [["token", score], …] */
static void read_vocab(struct jscan *s, struct vocab *v)
{
	struct jtext t;
	uint64_t id = 0;

	if (jscan_peek(s) == '[') {
		for (jscan_open(s, '['); jscan_more(s, ']'); id++) {
			int k = 0;
			for (jscan_open(s, '['); jscan_more(s, ']'); k++) {
				if (k)
					jscan_skip(s);
				else if (jscan_string(s, &t))
					vocab_add(v, t.s, t.n, (int64_t)id);
			}
		}
		return;
	}
	for (jscan_open(s, '{'); jscan_more(s, '}') && jscan_key(s, &t); ) {
		size_t at = v->entries.n;
		vocab_add(v, t.s, t.n, 0);
		if (jscan_u64(s, &id))
			v->entries.v[at].id = (int64_t)id;
	}
}

static void read_model(struct jscan *s, struct vocab *v, const char **kind)
{
	struct jtext key, t;

	for (jscan_open(s, '{'); jscan_more(s, '}') && jscan_key(s, &key); ) {
		if (jtext_eq(key, "vocab") && (jscan_peek(s) == '{' || jscan_peek(s) == '['))
			read_vocab(s, v);
		else if (jtext_eq(key, "type") && jscan_peek(s) == '"' && jscan_string(s, &t))
			*kind = known_kind(t);
		else
			jscan_skip(s);
	}
}

static void read_added(struct jscan *s, struct vocab *v, int64_t *added)
{
	struct jtext key, t;

	*added = 0;
	for (jscan_open(s, '['); jscan_more(s, ']'); ) {
		size_t at = v->entries.n;
		uint64_t id = 0;
		for (jscan_open(s, '{'); jscan_more(s, '}') && jscan_key(s, &key); ) {
			if (jtext_eq(key, "content") && jscan_peek(s) == '"' && jscan_string(s, &t))
				vocab_add(v, t.s, t.n, 0);
			else if (jtext_eq(key, "id"))
				jscan_u64(s, &id);
			else
				jscan_skip(s);
		}
		for (; at < v->entries.n; at++) {
			v->entries.v[at].id = (int64_t)id;
			++*added;
		}
	}
}

bool tokenizer_json_read(struct vocab *v, const char *text, size_t n, const char *where,
	const char **kind, int64_t *added, struct err *e)
{
	struct jscan s;
	struct jtext key;

	jscan_init(&s, text, n, where, e);
	*kind = "BPE"; /* old files name no type */
	for (jscan_open(&s, '{'); jscan_more(&s, '}') && jscan_key(&s, &key); ) {
		if (jtext_eq(key, "model") && jscan_peek(&s) == '{')
			read_model(&s, v, kind);
		else if (jtext_eq(key, "added_tokens") && jscan_peek(&s) == '[')
			read_added(&s, v, added);
		else
			jscan_skip(&s);
	}
	jscan_end(&s);
	jscan_fini(&s);
	return jscan_ok(&s);
}

/* --- tokenizer.model --- */

static bool add_piece(void *ctx, const struct piece *p)
{
	vocab_add(ctx, p->text, p->n, (int64_t)p->id);
	return true;
}

bool tokenizer_model_read(struct vocab *v, const unsigned char *p, size_t n)
{
	return sentencepiece_walk(p, n, add_piece, v);
}

/* --- facts of a folder --- */

static char *there(const char *dir, const char *name)
{
	char *path = str_join_path(dir, name);

	if (file_exists(path))
		return path;
	free(path);
	return NULL;
}

static json_t *read_facts(struct model_build *b, const char *path)
{
	struct vocab v;
	struct err e;
	const char *kind = "SentencePiece", *name = str_base(path);
	char hex[HASH_HEX_SIZE];
	int64_t added = 0;
	size_t n = 0, entries = 0;
	bool ok = false;

	err_clear(&e);
	vocab_init(&v);
	char *text = file_read_all(path, TOKENIZER_MAX, &n, &e);
	if (text && str_eq(name, "tokenizer.json")) {
		ok = tokenizer_json_read(&v, text, n, path, &kind, &added, &e);
	} else if (text && str_eq(name, "vocab.json")) {
		struct jscan s;
		kind = "BPE";
		jscan_init(&s, text, n, path, &e);
		read_vocab(&s, &v);
		ok = jscan_end(&s);
		jscan_fini(&s);
	} else if (text) {
		ok = tokenizer_model_read(&v, (const unsigned char *)text, n);
		snprintf(e.what, sizeof e.what, "it is no SentencePiece model");
	}
	free(text);
	if (!ok)
		build_note(b, "%s cannot be read: %s", name, e.what);
	hash_hex(vocab_hash(&v, &entries), hex);
	vocab_fini(&v);
	return ok ? json_pack("{s:s, s:I, s:I, s:s}", "kind", kind, "entries",
		(json_int_t)entries, "added", (json_int_t)added, "hash", hex) : NULL;
}

static void vocabulary(struct model_build *b, const char *dir)
{
	static const char *const names[] = { "tokenizer.json", "tokenizer.model", "vocab.json" };
	struct model_tokenizer *t = &b->m.tokenizer;
	char *path = NULL;

	for (size_t i = 0; !path && i < sizeof names / sizeof *names; i++)
		path = there(dir, names[i]);
	if (!path)
		return;
	json_t *facts = facts_get(path);
	if (!json_text(facts, "hash", NULL)) {
		json_decref(facts);
		facts = read_facts(b, path);
		if (facts)
			facts_put(path, facts);
	}
	if (facts) {
		t->kind = arena_strdup(&b->arena, json_text(facts, "kind", "other"));
		t->vocab_size = json_int(facts, "entries", -1);
		t->added = json_int(facts, "added", -1);
		hash_parse(json_text(facts, "hash", ""), &t->vocab_hash);
	}
	json_decref(facts);
	free(path);
}

static char *read_text(struct model_build *b, const char *dir, const char *name)
{
	char *path = there(dir, name), *text = NULL;
	size_t n;

	if (path) {
		char *s = file_read_all(path, TEMPLATE_MAX, &n, NULL);
		text = s ? arena_strndup(&b->arena, s, n) : NULL;
		free(s);
	}
	free(path);
	return text;
}

/* A template may stand in a file of its own, or in tokenizer_config.json as text or as a list of
 * named ones, of which "default" is meant. */
static void chat_template(struct model_build *b, const char *dir)
{
	struct model_tokenizer *t = &b->m.tokenizer;
	const json_t *v = json_at(b->m.tokenizer_config, "chat_template"), *one;
	char *json, *path;
	size_t i;

	t->chat_template_from = "chat_template.jinja";
	t->chat_template = read_text(b, dir, "chat_template.jinja");
	if (!t->chat_template && (path = there(dir, "chat_template.json"))) {
		json_t *j = json_parse_file(path, TEMPLATE_MAX, NULL);
		json = (char *)json_text(j, "chat_template", NULL);
		t->chat_template = json ? arena_strdup(&b->arena, json) : NULL;
		t->chat_template_from = "chat_template.json";
		json_decref(j);
		free(path);
	}
	if (t->chat_template)
		return;
	t->chat_template_from = "tokenizer_config.json";
	t->chat_template = json_text(v, "", NULL);
	json_array_foreach((json_t *)v, i, one) {
		if (!t->chat_template || str_eq(json_text(one, "name", ""), "default"))
			t->chat_template = json_text(one, "template", t->chat_template);
	}
	if (!t->chat_template)
		t->chat_template_from = NULL;
}

/* An id, or the first of a list of them. */
static int64_t first_id(const json_t *o, const char *key)
{
	const json_t *v = json_at(o, key);

	return json_int(json_is_array(v) ? json_array_get(v, 0) : v, "", -1);
}

static int64_t config_id(const json_t *config, const char *key, const char *in_text)
{
	int64_t id = first_id(config, key);

	return id >= 0 ? id : first_id(config, in_text);
}

void tokenizer_folder(struct model_build *b, const char *dir)
{
	struct model_tokenizer *t = &b->m.tokenizer;
	const json_t *eos = json_at(b->m.tokenizer_config, "eos_token");

	vocabulary(b, dir);
	chat_template(b, dir);
	t->bos_id = config_id(b->m.config, "bos_token_id", "text_config.bos_token_id");
	t->eos_id = config_id(b->m.config, "eos_token_id", "text_config.eos_token_id");
	t->eos_generation = first_id(b->m.generation_config, "eos_token_id");
	t->eos_token =
		json_is_object(eos) ? json_text(eos, "content", NULL) : json_text(eos, "", NULL);
}
