#include "model/vocab_table.h"
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "base/str.h"
#include "base/vec.h"

#define TOKENIZER_MAX ((size_t)512 << 20)

void vocab_table_init(struct vocab_table *t)
{
	*t = (struct vocab_table){ .kind = "other", .from = "tokenizer" };
	arena_init(&t->arena);
}

void vocab_table_fini(struct vocab_table *t)
{
	free(t->v);
	free(t->slot);
	arena_fini(&t->arena);
	*t = (struct vocab_table){ .n = 0 };
}

const char *vocab_spelling_name(enum vocab_spelling s)
{
	static const char *const names[] = {
		[SPELL_UNKNOWN] = "unknown",
		[SPELL_BYTES] = "byte-level",
		[SPELL_BARS] = "SentencePiece",
		[SPELL_PIECES] = "WordPiece",
		[SPELL_PLAIN] = "plain",
	};

	return names[s];
}

/* --- by text --- */

static size_t place_of(const struct vocab_table *t, const char *text, size_t n)
{
	size_t mask = t->slots - 1, i = (size_t)hash64_bytes(text, n) & mask;

	while (t->slot[i]) {
		const struct vocab_token *k = &t->v[t->slot[i] - 1];

		if (k->n == n && !memcmp(k->text, text, n))
			break;
		i = (i + 1) & mask;
	}
	return i;
}

static void index_all(struct vocab_table *t, size_t slots)
{
	free(t->slot);
	t->slots = slots;
	t->slot = xnew(uint32_t, slots);
	for (size_t k = 0; k < t->n; k++)
		t->slot[place_of(t, t->v[k].text, t->v[k].n)] = (uint32_t)k + 1;
}

const struct vocab_token *vocab_table_find(const struct vocab_table *t, const char *text, size_t n)
{
	uint32_t at = t->slots ? t->slot[place_of(t, text, n)] : 0;

	return at ? &t->v[at - 1] : NULL;
}

bool vocab_table_add(struct vocab_table *t, const char *text, size_t n, uint64_t id, unsigned flags,
	struct err *e)
{
	struct vocab_token *k;
	size_t at;

	if (id >= VOCAB_MAX || t->n >= VOCAB_MAX) {
		char *safe = str_safe(n < 64 ? arena_strndup(&t->arena, text, n) : "a long token");

		err_set(e, ERR_INPUT, t->from, "fetch or write the tokenizer again",
			"%s has the id %llu: no vocabulary is that large", safe,
			(unsigned long long)id);
		free(safe);
		return false;
	}
	if (2 * t->n >= t->slots)
		index_all(t, t->slots ? 2 * t->slots : 1024);
	at = place_of(t, text, n);
	if (t->slot[at]) {
		k = &t->v[t->slot[at] - 1];
		k->flags |= flags; /* an added token that the model has keeps the model's id */
		if (!flags)
			k->id = (uint32_t)id;
	} else {
		k = vec_push(t);
		*k = (struct vocab_token){ arena_bytes(&t->arena, text, n), n, (uint32_t)id,
			flags };
		t->slot[at] = (uint32_t)t->n;
	}
	if (k->id >= t->top)
		t->top = k->id + 1;
	return true;
}

/* --- by id --- */

static int by_id(const void *a, const void *b)
{
	const struct vocab_token *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	/* equal ids: any fixed order */
	size_t n = x->n < y->n ? x->n : y->n;
	int c = memcmp(x->text, y->text, n);

	return c ? c : x->n < y->n ? -1 : x->n > y->n;
}

void vocab_table_end(struct vocab_table *t)
{
	t->top = 0;
	if (!t->n)
		return;
	qsort(t->v, t->n, sizeof *t->v, by_id);
	t->top = t->v[t->n - 1].id + 1;
	index_all(t, t->slots);
}

const struct vocab_token *vocab_table_at(const struct vocab_table *t, uint32_t id)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->v[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->n && t->v[lo].id == id ? &t->v[lo] : NULL;
}

/* --- the files of a model --- */

/* The text of a file beside the model; NULL without an error where there is none. */
static char *side_file(const struct model *m, const char *name, size_t *n, struct err *e)
{
	char *dir = file_folder(m->path), *path = str_join_path(dir, name), *text = NULL;

	*n = 0;
	if (file_exists(path))
		text = file_read_all(path, TOKENIZER_MAX, n, e);
	free(path);
	free(dir);
	return text;
}

/* What transformers writes beside every tokenizer; new files say in tokenizer.json alone. */
static bool read_decoder(struct vocab_table *t, const json_t *config, struct err *e)
{
	static const struct { const char *key; unsigned flag; } keys[] = {
		{ "special", TOKEN_SPECIAL }, { "lstrip", TOKEN_LSTRIP },
		{ "rstrip", TOKEN_RSTRIP }, { "single_word", TOKEN_SINGLE_WORD },
		{ "normalized", TOKEN_NORMALIZED },
	};
	json_t *list = json_at(config, "added_tokens_decoder"), *one;
	const char *key;

	json_object_foreach(list, key, one) {
		json_t *text = json_object_get(one, "content");
		unsigned flags = TOKEN_ADDED;
		char *end;
		unsigned long long id = strtoull(key, &end, 10);

		if (!json_is_string(text) || *end || end == key)
			continue;
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			flags |= json_is_true(json_object_get(one, keys[i].key)) ? keys[i].flag : 0;
		if (!vocab_table_find(t, json_string_value(text), json_string_length(text)) &&
			!vocab_table_add(t, json_string_value(text), json_string_length(text), id,
			flags, e))
			return false;
	}
	return true;
}

static bool read_added(struct vocab_table *t, const struct model *m, struct err *e)
{
	size_t n;
	char *text = side_file(m, "added_tokens.json", &n, e);
	bool ok = !e->code && (!text || vocab_read_map(t, text, n,
		TOKEN_ADDED | TOKEN_NORMALIZED, "added_tokens.json", e));

	free(text);
	return ok;
}

static bool read_folder(struct vocab_table *t, const struct model *m, struct err *e)
{
	static const char *const names[] = { "tokenizer.json", "tokenizer.model", "vocab.json" };
	char *text = NULL;
	size_t n = 0, i;
	bool ok;

	for (i = 0; !text && !e->code && i < 3; i++)
		text = side_file(m, t->from = names[i], &n, e);
	if (!text)
		return e->code ? false : err_set(e, ERR_INPUT, m->source.label,
			"put tokenizer.json beside its weights", "it has no tokenizer");
	ok = i == 1 ? vocab_read_json(t, text, n, t->from, e)
		: i == 2 ? vocab_read_pieces(t, (const unsigned char *)text, n, t->from, e)
		: vocab_read_map(t, text, n, 0, t->from, e);
	free(text);
	if (i == 3)
		t->spelling = SPELL_BYTES, t->kind = "BPE";
	return ok && (i == 1 || read_added(t, m, e)) && read_decoder(t, m->tokenizer_config, e);
}

bool vocab_table_read(struct vocab_table *t, const struct model *m, struct err *e)
{
	struct err why = { 0 };
	bool ok;

	vocab_table_init(t);
	if (m->format == MODEL_GGUF && m->virtual) {
		struct file *f = file_open(m->path, &why);

		ok = f && vocab_read_gguf(t, f, &why);
		file_close(f);
	} else if (m->format == MODEL_GGUF) {
		ok = vocab_read_gguf(t, m->files[0], &why);
	} else {
		ok = read_folder(t, m, &why);
	}
	vocab_table_end(t);
	if (ok && !t->n)
		ok = err_set(&why, ERR_INPUT, t->from, "fetch or write the tokenizer again",
			"it has no tokens");
	if (!ok) {
		*e = why;
		err_at(e, "%s", m->source.label);
		vocab_table_fini(t);
	}
	return ok;
}
