#include "config.h"
#include "quant/gguf_make.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "system/file.h"

#define FILE_MAX ((size_t)1 << 30)
#define TOKENS_MAX ((uint64_t)1 << 22)

enum token_type { TYPE_NORMAL = 1, TYPE_CONTROL = 3, TYPE_USER = 4, TYPE_UNUSED = 5 };
struct entry {
	const char *text;
	enum token_type type;
};
struct tokens {
	struct entry *v;
	uint64_t n;
	json_t *file, *config;     /* tokenizer.json, tokenizer_config.json */
};

static char *beside(const struct model *m, const char *name)
{
	const char *base = str_base(m->path);
	char *dir = file_is_dir(m->path) ? xstrdup(m->path)
		: base > m->path ? xstrndup(m->path, (size_t)(base - m->path)) : xstrdup(".");
	char *path = str_join_path(dir, name);

	free(dir);
	return path;
}

static json_t *load(const struct model *m, const char *name, struct err *e)
{
	char *path = beside(m, name);
	json_t *j = file_exists(path) ? json_parse_file(path, FILE_MAX, e) : NULL;

	free(path);
	return j;
}

/* --- how text is split before it is merged: the names that llama.cpp has for it --- */

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)|"
#define WORDS "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
#define REST "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define CASED(after) "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*" \
	"[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+" after "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}" \
	"\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*" after "|"
#define SLASHES "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
static const struct {
	const char *regex;         /* of the Split before ByteLevel */
	const char *whole, *merged; /* names with ignore_merges, and without */
} splits[] = {
	{ CONTRACTIONS WORDS "\\p{N}{1,3}" REST, "llama-bpe", "dbrx" },
	{ CONTRACTIONS WORDS "\\p{N}" REST, "qwen2", "qwen2" },
	{ CASED("(?i:'s|'t|'re|'ve|'m|'ll|'d)?") "\\p{N}{1,3}" SLASHES, "gpt-4o", "gpt-4o" },
	{ CASED("") "\\p{N}" SLASHES, "tekken", "tekken" },
};

/* The parts of a pre_tokenizer: it, or those of a Sequence. */
static const json_t *part_of(const json_t *pre, const char *type)
{
	const json_t *list = json_object_get(pre, "pretokenizers");
	size_t i;
	json_t *j;

	if (str_eq(json_text(pre, "type", ""), type))
		return pre;
	json_array_foreach(list, i, j)
		if (str_eq(json_text(j, "type", ""), type))
			return j;
	return NULL;
}

static const char *pre_name(const struct quant_targets *t, const json_t *file, struct err *e)
{
	const json_t *pre = json_object_get(file, "pre_tokenizer");
	const json_t *split = part_of(pre, "Split"), *digits = part_of(pre, "Digits");
	const json_t *level = part_of(pre, "ByteLevel");
	const char *regex = json_text(split, "pattern.Regex", NULL);
	bool whole = json_flag(file, "model.ignore_merges", false);

	for (size_t i = 0; regex && i < sizeof splits / sizeof *splits; i++)
		if (str_eq(regex, splits[i].regex))
			return whole ? splits[i].whole : splits[i].merged;
	if (!split && level && json_flag(level, "use_regex", true))
		return !digits ? "gpt-2" : str_starts(t->architecture, "granite") ? "refact"
			: "smollm";
	err_set(e, ERR_INPUT, t->model->source.label,
		"name a GGUF of the same family as the model, whose tokenizer is taken over",
		"its tokenizer splits text in a way that GGUF has no name for: %.200s",
		regex ? regex : json_text(pre, "type", "no pre_tokenizer"));
	return NULL;
}

/* --- tokens --- */

/* Some added tokens are for control though nothing marks them. */
static bool looks_special(const char *s)
{
	return str_eq(s, "<pad>") || str_eq(s, "<mask>") || str_eq(s, "<2mass>") ||
		str_eq(s, "[@BOS@]") || (str_starts(s, "<|") && str_ends(s, "|>")) ||
		(str_starts(s, "<\xef\xbd\x9c") && str_ends(s, "\xef\xbd\x9c>")) ||
		(str_starts(s, "<unused") && str_ends(s, ">"));
}

static bool token_set(struct tokens *k, const char *where, const char *text, const json_t *id,
	enum token_type type, struct err *e)
{
	int64_t at = json_is_integer(id) ? json_integer_value(id) : -1;

	if (!text || at < 0 || (uint64_t)at >= k->n)
		return err_set(e, ERR_INPUT, where, "give the model the tokenizer it was made with",
			"token %s has the id %lld; the embedding has %llu rows", text ? text : "?",
			(long long)at, (unsigned long long)k->n);
	k->v[at] = (struct entry){ text, type };
	return true;
}

static bool tokens_read(struct tokens *k, const char *where, struct err *e)
{
	const json_t *added = json_object_get(k->file, "added_tokens");
	const char *text;
	json_t *j;
	size_t i;

	json_object_foreach(json_at(k->file, "model.vocab"), text, j)
		if (!token_set(k, where, text, j, TYPE_NORMAL, e))
			return false;
	json_array_foreach(added, i, j) {
		bool special = json_flag(j, "special", false);

		text = json_text(j, "content", NULL);
		special = special || (text && looks_special(text));
		if (!token_set(k, where, text, json_object_get(j, "id"),
			special ? TYPE_CONTROL : TYPE_USER, e))
			return false;
	}
	return true;
}

/* A low bar stands for the blank in a token that is found in plain text. */
static void put_user(struct gguf_put *p, const char *text)
{
	struct str s = STR_INIT;

	for (; *text; text++)
		if (str_starts(text, "\xe2\x96\x81")) {
			str_addc(&s, ' ');
			text += 2;
		} else {
			str_addc(&s, *text);
		}
	put_array_text(p, s.s ? s.s : "", s.n);
	str_fini(&s);
}

static void put_tokens(struct gguf_put *p, const struct tokens *k)
{
	char unused[32];

	put_array(p, "tokenizer.ggml.tokens", PUT_TEXT, k->n);
	for (uint64_t i = 0; i < k->n; i++) {
		const char *text = k->v[i].text;

		if (!text) {
			snprintf(unused, sizeof unused, "[PAD%llu]", (unsigned long long)i);
			text = unused;
		}
		if (k->v[i].type == TYPE_USER)
			put_user(p, text);
		else
			put_array_text(p, text, strlen(text));
	}
	put_array(p, "tokenizer.ggml.token_type", PUT_I32, k->n);
	for (uint64_t i = 0; i < k->n; i++)
		put_array_i32(p, k->v[i].text ? k->v[i].type : TYPE_UNUSED);
}

/* A merge is "a b", or a pair; a blank inside a part is spelled as GPT-2 spells byte 32. */
static void put_merges(struct gguf_put *p, const json_t *file)
{
	const json_t *merges = json_at(file, "model.merges");
	size_t i;
	json_t *j;

	if (!json_array_size(merges))
		return;
	put_array(p, "tokenizer.ggml.merges", PUT_TEXT, json_array_size(merges));
	json_array_foreach(merges, i, j) {
		struct str s = STR_INIT;

		for (size_t k = 0; k < json_array_size(j); k++) {
			const char *part = json_string_value(json_array_get(j, k));

			if (k)
				str_addc(&s, ' ');
			for (; part && *part; part++)
				if (*part == ' ')
					str_add(&s, "\xc4\xa0");
				else
					str_addc(&s, *part);
		}
		if (json_is_string(j))
			str_add(&s, json_string_value(j));
		put_array_text(p, s.s ? s.s : "", s.n);
		str_fini(&s);
	}
}

/* --- special tokens --- */

static int64_t id_of(const json_t *file, const char *content)
{
	size_t i;
	json_t *j;

	json_array_foreach(json_object_get(file, "added_tokens"), i, j)
		if (content && str_eq(json_text(j, "content", NULL), content))
			return json_int(j, "id", -1);
	return -1;
}

/* What the post-processor puts before a text (or behind it); NULL: nothing. *says: it is one that
 * says so either way. */
static const char *template_token(const json_t *file, bool last, bool *says)
{
	const json_t *post = json_object_get(file, "post_processor");
	const json_t *list = json_object_get(post, "processors");
	size_t n = json_is_array(list) ? json_array_size(list) : post && !json_is_null(post);

	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_is_array(list) ? json_array_get(list, i) : post;
		const json_t *single = json_object_get(one, "single");
		size_t parts = json_array_size(single);
		const char *type = json_text(one, "type", ""), *id;

		*says = *says || str_eq(type, "ByteLevel");
		if (!str_eq(type, "TemplateProcessing") || parts < 2)
			continue;
		id = json_text(json_array_get(single, last ? parts - 1 : 0), "SpecialToken.id",
			NULL);
		if (id)
			return id;
	}
	return NULL;
}

static const char *content_of(const json_t *config, const char *key)
{
	const json_t *j = json_object_get(config, key);

	return json_is_string(j) ? json_string_value(j) : json_text(j, "content", NULL);
}

static const struct special {
	const char *name;          /* NAME_token, NAME_token_id, add_NAME_token */
	const char *key;
} specials[] = {
	{ "bos", "tokenizer.ggml.bos_token_id" },
	{ "eos", "tokenizer.ggml.eos_token_id" },
	{ "unk", "tokenizer.ggml.unknown_token_id" },
	{ "sep", "tokenizer.ggml.seperator_token_id" },
	{ "pad", "tokenizer.ggml.padding_token_id" },
	{ "mask", "tokenizer.ggml.mask_token_id" },
};

static void put_special(struct gguf_put *p, const struct model *m, const struct tokens *k,
	const struct special *s)
{
	char name[32];
	int64_t id;
	const json_t *j;

	snprintf(name, sizeof name, "%s_token", s->name);
	id = id_of(k->file, content_of(k->config, name));
	snprintf(name, sizeof name, "%s_token_id", s->name);
	j = gguf_hparam(m, name);
	if (id < 0 && json_is_integer(j))
		id = json_integer_value(j);
	if (id >= 0 && (uint64_t)id < k->n)
		put_u32(p, s->key, (uint64_t)id);
}

/* What the tokenizer puts around a text: the post-processor's word before the config's. */
static void put_adds(struct gguf_put *p, const struct model *m, const struct tokens *k, bool end)
{
	const char *key = end ? "tokenizer.ggml.add_eos_token" : "tokenizer.ggml.add_bos_token";
	const json_t *flag = json_object_get(k->config, end ? "add_eos_token" : "add_bos_token");
	bool says = false;
	const char *token = template_token(k->file, end, &says);
	const char *own = content_of(k->config, end ? "eos_token" : "bos_token");
	const json_t *vocab = gguf_hparam(m, "vocab_size");

	if (token)
		put_bool(p, key, !own || str_eq(token, own));
	else if (json_is_boolean(flag))
		put_bool(p, key, json_is_true(flag));
	else if (says || (!end && json_integer_value(vocab) == 49152))
		put_bool(p, key, false);
}

/* --- together --- */

static uint64_t rows_of(const struct quant_targets *t)
{
	const json_t *vocab = gguf_hparam(t->model, "vocab_size");
	uint64_t n = json_is_integer(vocab) ? (uint64_t)json_integer_value(vocab) : 0;

	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->v[i].role, "token_embd") && t->v[i].rank == 2)
			n = t->v[i].shape[0];
	return n;
}

static bool put_all(struct gguf_put *p, const struct quant_targets *t, struct tokens *k,
	struct err *e)
{
	const struct model *m = t->model;
	const char *kind = json_text(k->file, "model.type", ""), *pre;

	if (!str_eq(kind, "BPE") || json_flag(k->file, "model.byte_fallback", false))
		return err_set(e, ERR_INPUT, m->source.label,
			"quantize from a GGUF of the model, whose tokenizer is kept",
			"only byte-level BPE tokenizers are written into a GGUF; this one is %s%s",
			*kind ? kind : "unknown", str_eq(kind, "BPE") ? " with byte fallback" : "");
	pre = pre_name(t, k->file, e);
	k->n = rows_of(t);
	if (pre && (k->n == 0 || k->n > TOKENS_MAX))
		return err_set(e, ERR_INPUT, m->source.label, NULL, "a vocabulary of %llu tokens",
			(unsigned long long)k->n);
	k->v = xnew(struct entry, k->n + 1);
	if (!pre || !tokens_read(k, m->source.label, e))
		return false;
	put_text(p, "tokenizer.ggml.model", "gpt2");
	put_text(p, "tokenizer.ggml.pre", pre);
	put_tokens(p, k);
	put_merges(p, k->file);
	for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
		put_special(p, m, k, &specials[i]);
	put_adds(p, m, k, false);
	put_adds(p, m, k, true);
	if (m->tokenizer.chat_template)
		put_text(p, "tokenizer.chat_template", m->tokenizer.chat_template);
	return true;
}

bool gguf_put_tokenizer(struct gguf_put *p, const struct quant_targets *t, struct err *e)
{
	struct tokens k = { 0 };
	struct err why = { 0 };
	bool ok;

	k.file = load(t->model, "tokenizer.json", &why);
	k.config = load(t->model, "tokenizer_config.json", &why);
	if (why.code) {
		if (e)
			*e = why;
		ok = false;
	} else if (!k.file) {
		ok = err_set(e, ERR_INPUT, t->model->source.label,
			"put the model's tokenizer.json beside its weights",
			"there is no tokenizer.json: a GGUF holds its tokenizer");
	} else {
		ok = put_all(p, t, &k, e);
	}
	free(k.v);
	json_decref(k.file);
	json_decref(k.config);
	return ok;
}
