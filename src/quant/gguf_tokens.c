#include "config.h"
#include "quant/gguf_tokens.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "model/sentencepiece.h"
#include "system/file.h"

#define FILE_MAX ((size_t)1 << 30)
#define ADDED_SCORE (-1000.0f)
#define NO_SCORE (-10000.0f)
#define BAR "\xe2\x96\x81"

char *gguf_tokens_path(const struct model *m, const char *name)
{
	char *dir = file_folder(m->path), *path = str_join_path(dir, name);

	free(dir);
	return path;
}

json_t *gguf_tokens_load(const struct model *m, const char *name, struct err *e)
{
	char *path = gguf_tokens_path(m, name);
	json_t *j = file_exists(path) ? json_parse_file(path, FILE_MAX, e) : NULL;

	free(path);
	return j;
}

const char *gguf_token_named(const json_t *config, const char *key)
{
	const json_t *j = json_object_get(config, key);

	return json_is_string(j) ? json_string_value(j) : json_text(j, "content", NULL);
}

void gguf_tokens_fini(struct gguf_tokens *k)
{
	free(k->v);
	json_decref(k->file);
	json_decref(k->config);
	arena_fini(&k->arena);
}

static bool make_room(struct gguf_tokens *k, uint64_t n, struct err *e)
{
	if (n == 0 || n > GGUF_TOKENS_MAX)
		return err_set(e, ERR_INPUT, k->where, NULL, "a vocabulary of %llu tokens",
			(unsigned long long)n);
	k->n = n;
	k->v = xnew(struct gguf_token, n + 1);
	return true;
}

/* Some added tokens are for control though nothing marks them. */
static bool looks_special(const char *s)
{
	return str_eq(s, "<pad>") || str_eq(s, "<mask>") || str_eq(s, "<2mass>") ||
		str_eq(s, "[@BOS@]") || (str_starts(s, "<|") && str_ends(s, "|>")) ||
		(str_starts(s, "<\xef\xbd\x9c") && str_ends(s, "\xef\xbd\x9c>")) ||
		(str_starts(s, "<unused") && str_ends(s, ">"));
}

static void set(struct gguf_tokens *k, uint64_t id, const char *text, size_t size, float score,
	enum token_type type)
{
	k->v[id] = (struct gguf_token){ text, size, score, type };
}

/* An added token: what is found in plain text has blanks where it is spelled with low bars. */
static void set_added(struct gguf_tokens *k, uint64_t id, const char *text, bool special)
{
	struct str s = STR_INIT;

	if (special || looks_special(text)) {
		set(k, id, text, strlen(text), ADDED_SCORE, TOKEN_CONTROL);
		return;
	}
	for (const char *c = text; *c; c++)
		if (str_starts(c, BAR)) {
			str_addc(&s, ' ');
			c += 2;
		} else {
			str_addc(&s, *c);
		}
	set(k, id, arena_strndup(&k->arena, s.s ? s.s : "", s.n), s.n, ADDED_SCORE, TOKEN_USER);
	str_fini(&s);
}

/* The id of a token of tokenizer.json; false if it is none of the n. */
static bool id_in(const struct gguf_tokens *k, const char *text, const json_t *id, uint64_t *out,
	struct err *e)
{
	int64_t at = json_is_integer(id) ? json_integer_value(id) : -1;

	*out = (uint64_t)at;
	return (text && at >= 0 && (uint64_t)at < k->n) ||
		err_set(e, ERR_INPUT, k->where, "give the model the tokenizer it was made with",
			"token %s has the id %lld; there are %llu", text ? text : "?",
			(long long)at, (unsigned long long)k->n);
}

bool gguf_tokens_bpe(struct gguf_tokens *k, uint64_t rows, struct err *e)
{
	const json_t *added = json_object_get(k->file, "added_tokens");
	const char *text;
	uint64_t id;
	json_t *j;
	size_t i;

	if (!make_room(k, rows, e))
		return false;
	json_object_foreach(json_at(k->file, "model.vocab"), text, j) {
		if (!id_in(k, text, j, &id, e))
			return false;
		set(k, id, text, strlen(text), 0, TOKEN_NORMAL);
	}
	json_array_foreach(added, i, j) {
		text = json_text(j, "content", NULL);
		if (!id_in(k, text, json_object_get(j, "id"), &id, e))
			return false;
		set_added(k, id, text, json_flag(j, "special", false));
	}
	return true;
}

/* --- tokenizer.model --- */

static bool count_piece(void *ctx, const struct piece *p)
{
	*(uint64_t *)ctx = p->id + 1;
	return p->id < GGUF_TOKENS_MAX;
}

/* Pieces of the user count as normal ones, as the converter has them. */
static bool add_piece(void *ctx, const struct piece *p)
{
	struct gguf_tokens *k = ctx;

	if (p->id < k->n)
		set(k, p->id, arena_strndup(&k->arena, p->text, p->n), p->n, p->score,
			p->type == PIECE_UNKNOWN || p->type == PIECE_CONTROL ||
			p->type == PIECE_UNUSED || p->type == PIECE_BYTE
			? (enum token_type)p->type : TOKEN_NORMAL);
	return true;
}

/* What the files beside it add; ids beyond the vocabulary are left out. */
static bool add_beside(struct gguf_tokens *k, struct err *e)
{
	struct err why = { 0 };
	json_t *more = gguf_tokens_load(k->model, "added_tokens.json", &why), *decoder, *j;
	const char *key;

	if (why.code) {
		if (e)
			*e = why;
		return false;
	}
	json_object_foreach(more, key, j) {
		int64_t id = json_is_integer(j) ? json_integer_value(j) : -1;
		if (id >= 0 && (uint64_t)id < k->n)
			set(k, (uint64_t)id, arena_strdup(&k->arena, key), strlen(key),
				ADDED_SCORE, TOKEN_USER);
	}
	json_decref(more);
	decoder = json_object_get(k->config, "added_tokens_decoder");
	json_object_foreach(decoder, key, j) {
		const char *text = json_text(j, "content", NULL);
		char *end;
		unsigned long long id = strtoull(key, &end, 10);

		if (text && isdigit((unsigned char)*key) && !*end && id < k->n)
			set_added(k, id, text, json_flag(j, "special", false));
	}
	return true;
}

bool gguf_tokens_pieces(struct gguf_tokens *k, const char *path, uint64_t rows, struct err *e)
{
	uint64_t pieces = 0;
	size_t n;
	unsigned char *bytes = (unsigned char *)file_read_all(path, FILE_MAX, &n, e);
	bool ok;

	k->scored = true;
	if (!bytes)
		return false;
	if (!sentencepiece_walk(bytes, n, count_piece, &pieces))
		ok = err_set(e, ERR_INPUT, path, "fetch or write it again",
			"it is no SentencePiece model");
	else
		ok = make_room(k, rows ? rows : pieces, e);
	for (uint64_t i = 0; ok && i < k->n; i++)
		k->v[i].score = NO_SCORE;
	ok = ok && sentencepiece_walk(bytes, n, add_piece, k) && add_beside(k, e);
	free(bytes);
	return ok;
}

/* --- tokenizer.json, of characters --- */

static bool is_byte(const char *s)
{
	return strlen(s) == 6 && str_starts(s, "<0x") && isxdigit((unsigned char)s[3]) &&
		isxdigit((unsigned char)s[4]) && s[5] == '>';
}

/* One that the config names; what merely is marked as special does not count. */
static bool is_named(const struct gguf_tokens *k, const char *text)
{
	static const char *const names[] = { "bos_token", "eos_token", "unk_token", "sep_token",
		"pad_token", "cls_token", "mask_token" };
	static const char *const lists[] = { "additional_special_tokens",
		"extra_special_tokens" };
	const json_t *list;
	size_t i;
	json_t *j;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(gguf_token_named(k->config, names[i]), text))
			return true;
	for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
		list = json_object_get(k->config, lists[l]);
		json_array_foreach(list, i, j)
			if (str_eq(json_is_string(j) ? json_string_value(j)
				: json_text(j, "content", NULL), text))
				return true;
	}
	return false;
}

/* Those of the vocabulary by their ids, then those added beyond it, without gaps. The converter
 * stops there; where the embedding has more rows, llama.cpp would not load such a file. */
bool gguf_tokens_fallback(struct gguf_tokens *k, uint64_t rows, struct err *e)
{
	json_t *vocab = json_at(k->file, "model.vocab");
	const json_t *added = json_object_get(k->file, "added_tokens");
	uint64_t base = json_object_size(vocab), id, more = 0;
	const char *text;
	json_t *j;
	size_t i;

	k->scored = true;
	json_array_foreach(added, i, j)
		more += json_int(j, "id", -1) >= (int64_t)base;
	if (!base)
		return err_set(e, ERR_INPUT, k->where,
			"give the model the tokenizer it was made with",
			"its tokenizer.json has no tokens");
	if (!make_room(k, base + more > rows ? base + more : rows, e))
		return false;
	json_object_foreach(vocab, text, j) {
		if (!id_in(k, text, j, &id, e))
			return false;
		set(k, id, text, strlen(text), ADDED_SCORE, is_byte(text) ? TOKEN_BYTE
			: is_named(k, text) ? TOKEN_CONTROL : TOKEN_NORMAL);
	}
	json_array_foreach(added, i, j) {
		text = json_text(j, "content", NULL);
		if (!id_in(k, text, json_object_get(j, "id"), &id, e))
			return false;
		if (id >= base)
			set(k, id, text, strlen(text), ADDED_SCORE,
				is_named(k, text) ? TOKEN_CONTROL : TOKEN_USER);
	}
	for (id = base + more; id < k->n; id++)
		k->v[id].score = NO_SCORE;
	for (id = 0; id < base + more; id++)
		if (!k->v[id].text)
			return err_set(e, ERR_INPUT, k->where,
				"give the model the tokenizer it was made with",
				"no token has the id %llu", (unsigned long long)id);
	return true;
}
