#include "config.h"
#include "quant/gguf_tokens.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "system/file.h"

/* --- arrays --- */

static void put_tokens(struct gguf_put *p, const struct gguf_tokens *k)
{
	char unused[32];

	put_array(p, "tokenizer.ggml.tokens", PUT_TEXT, k->n);
	for (uint64_t i = 0; i < k->n; i++) {
		if (!k->v[i].text)
			snprintf(unused, sizeof unused, "[PAD%llu]", (unsigned long long)i);
		put_array_text(p, k->v[i].text ? k->v[i].text : unused,
			k->v[i].text ? k->v[i].size : strlen(unused));
	}
	if (k->scored) {
		put_array(p, "tokenizer.ggml.scores", PUT_F32, k->n);
		for (uint64_t i = 0; i < k->n; i++)
			put_array_f32(p, k->v[i].score);
	}
	put_array(p, "tokenizer.ggml.token_type", PUT_I32, k->n);
	for (uint64_t i = 0; i < k->n; i++)
		put_array_i32(p, k->v[i].text ? k->v[i].type : TOKEN_UNUSED);
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

/* What the post-processor says: which tokens stand before and behind a text, and whether one stands
 * between two. */
struct around {
	const char *first, *last;
	bool has_first, has_last;  /* it says whether there is one */
	bool between, has_between;
};

static const char *template_part(const json_t *list, size_t at)
{
	return json_text(json_array_get(list, at), "SpecialToken.id", NULL);
}

static const char *sequence_at(const json_t *list, size_t at)
{
	return json_text(json_array_get(list, at), "Sequence.id", "");
}

/* Two texts with something between them, without what stands around both: is it the separator? */
static void read_pair(struct around *a, const json_t *pair, const char *sep, const char *eos)
{
	size_t from = 0, to = json_array_size(pair);

	if (to && a->first && str_eq(template_part(pair, 0), a->first))
		from++;
	if (to > from && a->last && str_eq(template_part(pair, to - 1), a->last))
		to--;
	if (to < from + 3 || !str_eq(sequence_at(pair, from), "A") ||
		!str_eq(sequence_at(pair, to - 1), "B"))
		return;
	const char *one = template_part(pair, from + 1);
	const char *two = to - from == 4 ? template_part(pair, from + 2) : NULL;
	a->has_between = true;
	a->between = (one && !a->last && (str_eq(one, sep) || str_eq(one, eos))) ||
		(two && (str_eq(two, sep) || str_eq(two, eos)));
}

static struct around read_around(const struct gguf_tokens *k)
{
	const json_t *post = json_object_get(k->file, "post_processor");
	const json_t *list = json_object_get(post, "processors");
	size_t n = json_is_array(list) ? json_array_size(list) : post && !json_is_null(post);
	struct around a = { 0 };

	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_is_array(list) ? json_array_get(list, i) : post;
		const json_t *single = json_object_get(one, "single");
		size_t parts = json_array_size(single);
		const char *type = json_text(one, "type", "");

		if (str_eq(type, "ByteLevel"))
			a.has_first = a.has_last = true;
		if (!str_eq(type, "TemplateProcessing"))
			continue;
		if (parts > 1 && template_part(single, 0))
			a.first = template_part(single, 0);
		if (parts > 1 && template_part(single, parts - 1))
			a.last = template_part(single, parts - 1);
		read_pair(&a, json_object_get(one, "pair"),
			gguf_token_named(k->config, "sep_token"),
			a.last ? a.last : gguf_token_named(k->config, "eos_token"));
	}
	return a;
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
	{ "eot", "tokenizer.ggml.eot_token_id" },
};

/* What a template puts behind a text ends it; what the config says ends it then ends a turn. */
static const char *text_of(const struct gguf_tokens *k, const struct around *a, const char *name)
{
	char key[32];
	const char *eos = gguf_token_named(k->config, "eos_token");

	if (k->config && a->last && !str_eq(a->last, eos)) {
		if (str_eq(name, "eos"))
			return a->last;
		if (str_eq(name, "eot"))
			return eos;
	}
	if (str_eq(name, "eot"))
		return NULL;
	snprintf(key, sizeof key, "%s_token", name);
	if (str_eq(name, "bos") && !gguf_token_named(k->config, key) && k->config)
		return a->first;
	return gguf_token_named(k->config, key);
}

static void put_special(struct gguf_put *p, const struct gguf_tokens *k, const struct around *a,
	const struct special *s)
{
	char name[32];
	int64_t id = id_of(k->file, text_of(k, a, s->name));
	const json_t *j;

	snprintf(name, sizeof name, "%s_token_id", s->name);
	j = gguf_hparam(k->model, name);
	if (id < 0 && json_is_integer(j) && !str_eq(s->name, "eot"))
		id = json_integer_value(j);
	if (id >= 0 && (uint64_t)id < k->n)
		put_u32(p, s->key, (uint64_t)id);
}

static void put_add(struct gguf_put *p, const struct gguf_tokens *k, const char *name, bool says,
	bool what)
{
	char key[48];
	const json_t *flag;

	snprintf(key, sizeof key, "add_%s_token", name);
	flag = json_object_get(k->config, key);
	snprintf(key, sizeof key, "tokenizer.ggml.add_%s_token", name);
	if (says || json_is_boolean(flag))
		put_bool(p, key, says ? what : json_is_true(flag));
}

/* Families that the converter treats as llama is treated. */
static bool as_llama(const struct gguf_put *p, const struct model *m)
{
	return str_eq(p->arch, "llama") || (str_starts(p->arch, "granite") &&
		!str_eq(m->architecture, "granitemoehybrid"));
}

/* What the tokenizer puts around a text: the post-processor's word before the config's. */
static void put_adds(struct gguf_put *p, const struct gguf_tokens *k, const struct around *a)
{
	const char *bos = gguf_token_named(k->config, "bos_token");
	const char *cls = gguf_token_named(k->config, "cls_token");
	const json_t *vocab = gguf_hparam(k->model, "vocab_size");

	if (as_llama(p, k->model) && json_integer_value(vocab) == 49152)
		put_bool(p, "tokenizer.ggml.add_bos_token", false);
	else
		put_add(p, k, "bos", a->first || a->has_first, a->first &&
			(!bos || str_eq(a->first, bos) || !cls || str_eq(a->first, cls)));
	put_add(p, k, "eos", a->last || a->has_last, a->last != NULL);
	put_add(p, k, "sep", a->has_between, a->between);
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

/* Whose tokenizer.model comes before their tokenizer.json. */
static bool takes_pieces(const char *arch)
{
	return !str_eq(arch, "qwen2moe") && !str_eq(arch, "qwen3moe");
}

static bool put_pieces(struct gguf_put *p, struct gguf_tokens *k, const char *path, uint64_t rows,
	struct err *e)
{
	if (!(path ? gguf_tokens_pieces(k, path, rows, e) : gguf_tokens_fallback(k, rows, e)))
		return false;
	put_text(p, "tokenizer.ggml.model", "llama");
	put_text(p, "tokenizer.ggml.pre", "default");
	put_tokens(p, k);
	return true;
}

static bool put_bpe(struct gguf_put *p, const struct quant_targets *t, struct gguf_tokens *k,
	struct err *e)
{
	const char *pre = gguf_pre_name(t, k->file, e);

	if (!pre || !gguf_tokens_bpe(k, rows_of(t), e))
		return false;
	put_text(p, "tokenizer.ggml.model", "gpt2");
	put_text(p, "tokenizer.ggml.pre", pre);
	put_tokens(p, k);
	put_merges(p, k->file);
	return true;
}

static bool put_vocab(struct gguf_put *p, const struct quant_targets *t, struct gguf_tokens *k,
	struct err *e)
{
	const char *kind = json_text(k->file, "model.type", "");
	char *path = gguf_tokens_path(t->model, "tokenizer.model");
	bool ok;

	if (takes_pieces(p->arch) && file_exists(path))
		ok = put_pieces(p, k, path, rows_of(t), e);
	else if (!k->file)
		ok = err_set(e, ERR_INPUT, k->where,
			"put the model's tokenizer.json beside its weights",
			"there is no tokenizer.json: a GGUF holds its tokenizer");
	else if (!str_eq(kind, "BPE"))
		ok = err_set(e, ERR_INPUT, k->where,
			"quantize from a GGUF of the model, whose tokenizer is kept",
			"tokenizers of BPE and SentencePiece are written into a GGUF; this one is "
			"%s", *kind ? kind : "unknown");
	else if (json_flag(k->file, "model.byte_fallback", false))
		ok = put_pieces(p, k, NULL, rows_of(t), e);
	else
		ok = put_bpe(p, t, k, e);
	free(path);
	return ok;
}

bool gguf_put_tokenizer(struct gguf_put *p, const struct quant_targets *t, struct err *e)
{
	struct gguf_tokens k = { .model = t->model, .where = t->model->source.label };
	struct err why = { 0 };
	bool ok;

	arena_init(&k.arena);
	k.file = gguf_tokens_load(t->model, "tokenizer.json", &why);
	k.config = gguf_tokens_load(t->model, "tokenizer_config.json", &why);
	if (why.code && e)
		*e = why;
	ok = !why.code && put_vocab(p, t, &k, e);
	if (ok) {
		struct around a = read_around(&k);
		const json_t *blank = json_object_get(k.config, "add_prefix_space");

		for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
			put_special(p, &k, &a, &specials[i]);
		put_adds(p, &k, &a);
		if (as_llama(p, t->model) && json_is_boolean(blank))
			put_bool(p, "tokenizer.ggml.add_space_prefix", json_is_true(blank));
		if (t->model->tokenizer.chat_template)
			put_text(p, "tokenizer.chat_template", t->model->tokenizer.chat_template);
	}
	gguf_tokens_fini(&k);
	return ok;
}
