#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/config_text.h"
#include "engine/output.h"
#include "recipe/template.h"

#define TEXT_MAX ((size_t)1 << 30)

const char *const donor_files[] = {
	"tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json",
	"added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "spiece.model", "tekken.json",
	"chat_template.jinja", "chat_template.json", "generation_config.json",
	"preprocessor_config.json", "processor_config.json", "video_preprocessor_config.json",
	NULL
};
/* Those that are not just copied. */
enum file_kind {
	OTHER,
	EDITED,   /* tokens are added to it, or cut off */
	CORE,     /* the vocabulary in another form */
	TEMPLATE, /* not beside a template of the recipe's */
};
static const struct {
	const char *name;
	enum file_kind kind;
} kinds[] = {
	{ "tokenizer.json", EDITED }, { "tokenizer_config.json", EDITED },
	{ "added_tokens.json", EDITED }, { "generation_config.json", EDITED },
	{ "tokenizer.model", CORE }, { "vocab.json", CORE }, { "vocab.txt", CORE },
	{ "merges.txt", CORE }, { "spiece.model", CORE }, { "tekken.json", CORE },
	{ "chat_template.jinja", TEMPLATE }, { "chat_template.json", TEMPLATE },
};

struct writing {
	struct output *o;
	const struct vocab_layout *l; /* NULL: the donor's vocabulary as it is */
	struct vocab_table file, now; /* of its files, and what l makes of it */
	size_t fresh, promoted, cut;  /* tokens that the files lack, … as added ones, … too many */
	const char *dir, *template;
	bool changed, has_json;
	struct err *e;
};

static bool copy_from(struct writing *w, const char *name)
{
	char *from = str_join_path(w->dir, name), *to = str_join_path(w->o->tmp, name);
	bool ok = !file_exists(from) || file_copy(from, to, w->e);

	free(from);
	free(to);
	return ok;
}

static bool is_there(const struct writing *w, const char *name)
{
	char *path = str_join_path(w->dir, name);
	bool there = file_exists(path);

	free(path);
	return there;
}

static json_t *read_json(struct writing *w, const char *name)
{
	char *path = str_join_path(w->dir, name);
	json_t *j = json_parse_file(path, TEXT_MAX, w->e);

	free(path);
	return j;
}

static bool put_json(struct writing *w, const char *name, const json_t *j)
{
	struct str s = STR_INIT;
	bool ok;

	json_add(&s, j, 2);
	str_addc(&s, '\n');
	ok = output_put(w->o, name, s.s, s.n, w->e);
	str_fini(&s);
	return ok;
}

/* --- tokenizer.json --- */

static json_t *text_json(const struct layout_token *t)
{
	json_t *j = json_stringn(t->text, t->n);

	return j ? j : json_textn(t->text);
}

static json_t *entry_of(const struct layout_token *t, bool id)
{
	static const struct { const char *key; unsigned flag; } keys[] = {
		{ "single_word", TOKEN_SINGLE_WORD }, { "lstrip", TOKEN_LSTRIP },
		{ "rstrip", TOKEN_RSTRIP }, { "normalized", TOKEN_NORMALIZED },
		{ "special", TOKEN_SPECIAL },
	};
	json_t *j = json_object();

	if (id)
		json_object_set_new(j, "id", json_integer(t->id));
	json_object_set_new(j, "content", text_json(t));
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		json_object_set_new(j, keys[i].key, json_boolean(t->flags & keys[i].flag));
	return j;
}

/* The files have it, under that id: of a token that was cut the output may have another. */
static const struct vocab_token *in_file(const struct writing *w, size_t i)
{
	const struct vocab_token *t = vocab_table_find(&w->file, w->l->v[i].text, w->l->v[i].n);

	return t && t->id == w->l->v[i].id ? t : NULL;
}

static bool is_fresh(const struct writing *w, size_t i)
{
	return w->fresh && !in_file(w, i);
}

/* Fresh, or an ordinary token of the files that is an added one now. */
static bool is_listed(const struct writing *w, size_t i)
{
	const struct vocab_token *old = in_file(w, i);

	return !old || ((w->l->v[i].flags & TOKEN_ADDED) && !(old->flags & TOKEN_ADDED));
}

static bool is_gone(const struct writing *w, const char *text, size_t n)
{
	const struct vocab_token *old = vocab_table_find(&w->file, text, n);
	const struct vocab_token *new = vocab_table_find(&w->now, text, n);

	return !new || (old && old->id != new->id);
}

static bool is_cut(const struct writing *w, const char *text, size_t n)
{
	return w->cut && is_gone(w, text, n);
}

static bool count_changes(struct writing *w, const struct model *d)
{
	struct err e = { 0 };

	if (!vocab_table_read(&w->file, d, w->e))
		return false;
	vocab_table_init(&w->now);
	for (size_t i = 0; i < w->l->n; i++) {
		vocab_table_add(&w->now, w->l->v[i].text, w->l->v[i].n, w->l->v[i].id, 0, &e);
		w->fresh += !in_file(w, i);
		w->promoted += in_file(w, i) && is_listed(w, i);
	}
	for (size_t i = 0; i < w->file.n; i++)
		w->cut += is_gone(w, w->file.v[i].text, w->file.v[i].n);
	w->changed = w->fresh || w->promoted || w->cut;
	return true;
}

/* In the order of the ids, as tokenizers writes them. */
static json_t *added_list(const struct writing *w, const json_t *old)
{
	const struct vocab_layout *l = w->l;
	json_t *list = json_array(), *one;
	size_t at = 0, i;

	json_array_foreach((json_t *)old, i, one) {
		int64_t id = json_int(one, "id", 0);

		const char *text = json_text(one, "content", "");

		if (is_cut(w, text, strlen(text)))
			continue;
		for (; at < l->n && l->v[at].id < id; at++)
			if (is_listed(w, at))
				json_array_append_new(list, entry_of(&l->v[at], true));
		json_array_append(list, one);
	}
	for (; at < l->n; at++)
		if (is_listed(w, at))
			json_array_append_new(list, entry_of(&l->v[at], true));
	return list;
}

/* Of "a b" or ["a", "b"]: both parts and what they make are still there. */
static bool merge_stays(const json_t *vocab, const json_t *merge)
{
	const char *a, *b, *blank;
	char *first = NULL, *joined;
	bool ok;

	if (json_is_array(merge)) {
		a = json_string_value(json_array_get(merge, 0));
		b = json_string_value(json_array_get(merge, 1));
	} else {
		a = json_string_value(merge);
		blank = a ? strchr(a, ' ') : NULL;
		b = blank ? blank + 1 : NULL;
		if (blank)
			a = first = xstrndup(a, (size_t)(blank - a));
	}
	if (!a || !b) {
		free(first);
		return true; /* of a form that the tokenizer may know */
	}
	joined = xasprintf("%s%s", a, b);
	ok = json_object_get(vocab, a) && json_object_get(vocab, b) &&
		json_object_get(vocab, joined);
	free(joined);
	free(first);
	return ok;
}

static void cut_model(const struct writing *w, json_t *model)
{
	json_t *vocab = json_object_get(model, "vocab"), *merges, *kept, *one;
	const char *key;
	size_t i;
	void *next;

	json_object_foreach_safe(vocab, next, key, one)
		if (is_cut(w, key, strlen(key)))
			json_object_del(vocab, key);
	while (json_is_array(vocab) && json_array_size(vocab) > w->now.top)
		json_array_remove(vocab, json_array_size(vocab) - 1);
	merges = json_object_get(model, "merges");
	if (!json_is_array(merges) || !json_is_object(vocab))
		return;
	kept = json_array();
	json_array_foreach(merges, i, one)
		if (merge_stays(vocab, one))
			json_array_append(kept, one);
	json_object_set_new(model, "merges", kept);
}

static bool put_tokenizer_json(struct writing *w)
{
	json_t *j = read_json(w, "tokenizer.json");
	bool ok;

	if (!j)
		return false;
	json_object_set_new(j, "added_tokens",
		added_list(w, json_object_get(j, "added_tokens")));
	if (w->cut)
		cut_model(w, json_object_get(j, "model"));
	ok = put_json(w, "tokenizer.json", j);
	json_decref(j);
	return ok;
}

/* --- tokenizer_config.json, added_tokens.json --- */

static void edit_decoder(struct writing *w, json_t *config)
{
	json_t *list = json_object_get(config, "added_tokens_decoder"), *one;
	const char *key;
	char id[16];
	void *next;

	if (!list && w->has_json)
		return;
	if (!list) {
		list = json_object();
		json_object_set_new(config, "added_tokens_decoder", list);
	}
	json_object_foreach_safe(list, next, key, one)
		if (is_cut(w, json_text(one, "content", ""), strlen(json_text(one, "content", ""))))
			json_object_del(list, key);
	for (size_t i = 0; i < w->l->n; i++)
		if (is_listed(w, i)) {
			snprintf(id, sizeof id, "%" PRIu32, w->l->v[i].id);
			json_object_set_new(list, id, entry_of(&w->l->v[i], false));
		}
}

static bool put_config(struct writing *w)
{
	json_t *j = is_there(w, "tokenizer_config.json") ? read_json(w, "tokenizer_config.json")
		: json_object();
	bool ok;

	if (!j)
		return false;
	if (w->changed)
		edit_decoder(w, j);
	if (w->template && json_object_get(j, "chat_template"))
		json_object_set_new(j, "chat_template", json_textn(w->template));
	ok = put_json(w, "tokenizer_config.json", j);
	json_decref(j);
	return ok;
}

/* Wanted where it stood, and where nothing else would say which tokens were added. */
static bool put_added(struct writing *w)
{
	json_t *j, *one;
	const char *key;
	void *next;
	bool ok;

	if (!is_there(w, "added_tokens.json") && w->has_json)
		return true;
	j = is_there(w, "added_tokens.json") ? read_json(w, "added_tokens.json") : json_object();
	if (!j)
		return false;
	json_object_foreach_safe(j, next, key, one)
		if (is_cut(w, key, strlen(key)))
			json_object_del(j, key);
	for (size_t i = 0; i < w->l->n; i++)
		if (is_fresh(w, i))
			json_object_setn_new(j, w->l->v[i].text, w->l->v[i].n,
				json_integer(w->l->v[i].id));
	ok = put_json(w, "added_tokens.json", j);
	json_decref(j);
	return ok;
}

/* --- ids in config.json and generation_config.json --- */

/* The token that has the id in the config's own vocabulary, by the output's ids; -1 none. */
static int64_t new_id(const struct vocab_layout *l, const struct vocab_table *old, int64_t id)
{
	const struct vocab_token *t = id >= 0 && id < VOCAB_MAX ?
		vocab_table_at(old, (uint32_t)id) : NULL;

	for (size_t i = 0; t && i < l->n; i++)
		if (l->v[i].n == t->n && !memcmp(l->v[i].text, t->text, t->n))
			return l->v[i].id;
	return -1;
}

static json_t *ids_new(const struct vocab_layout *l, const struct vocab_table *old, const json_t *v)
{
	json_t *list, *one;
	size_t i;

	if (json_is_integer(v)) {
		int64_t id = new_id(l, old, json_integer_value(v));

		return id >= 0 ? json_integer(id) : json_null();
	}
	if (!json_is_array(v))
		return NULL;
	list = json_array();
	json_array_foreach((json_t *)v, i, one) {
		json_t *id = ids_new(l, old, one);

		if (json_is_integer(id))
			json_array_append(list, id);
		json_decref(id);
	}
	return list;
}

static void replace_text(char **text, size_t *n, const char *key, const char *value, bool add)
{
	char *edited = config_with_value(*text, *n, key, value, add);

	if (!edited)
		return;
	free(*text);
	*text = edited;
	*n = strlen(edited);
}

static void move_ids(const struct vocab_layout *l, const struct vocab_table *old, char **text,
	size_t *n)
{
	static const char *const keys[] = { "bos_token_id", "eos_token_id", "pad_token_id",
		"unk_token_id", "decoder_start_token_id", "image_token_id", "image_token_index",
		"audio_token_id", "video_token_id", "vision_start_token_id",
		"vision_end_token_id" };
	json_t *config = json_parse(*text, *n, "config.json", false, NULL);

	for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
		char *part = xasprintf("text_config.%s", keys[k]);
		const json_t *was = json_at(config, keys[k]);
		json_t *is = ids_new(l, old, was && !json_is_null(was) ? was
			: json_at(config, part));
		char *value = is ? json_dumps(is, JSON_ENCODE_ANY) : NULL;

		if (value)
			replace_text(text, n, keys[k], value, false);
		free(value);
		json_decref(is);
		free(part);
	}
	json_decref(config);
}

/* Tokens that were cut end no text. */
static bool put_generation(struct writing *w)
{
	char *path = str_join_path(w->dir, "generation_config.json"), *text = NULL;
	bool ok = true;
	size_t n;

	if (file_exists(path))
		ok = (text = file_read_all(path, TEXT_MAX, &n, w->e)) != NULL;
	if (text) {
		move_ids(w->l, &w->file, &text, &n);
		ok = output_put(w->o, "generation_config.json", text, n, w->e);
	}
	free(text);
	free(path);
	return ok;
}

static bool put_edited(struct writing *w, const char *name)
{
	if (str_eq(name, "tokenizer_config.json") && (w->changed || w->template))
		return put_config(w);
	if (!w->changed || (str_eq(name, "generation_config.json") && !w->cut))
		return copy_from(w, name);
	if (str_eq(name, "generation_config.json"))
		return put_generation(w);
	return str_eq(name, "added_tokens.json") ? put_added(w)
		: !w->has_json || put_tokenizer_json(w);
}

static bool put_file(struct writing *w, const char *name)
{
	enum file_kind kind = OTHER;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_eq(kinds[i].name, name))
			kind = kinds[i].kind;
	switch (kind) {
	case EDITED:
		return put_edited(w, name);
	case CORE: /* beside a tokenizer.json that says more they would be wrong */
		return (w->changed && w->has_json) || copy_from(w, name);
	case TEMPLATE:
		return w->template || copy_from(w, name);
	default:
		return copy_from(w, name);
	}
}

/* --- all of it --- */

/* A GGUF holds its tokenizer in another form: then an input with the same vocabulary gives the
 * files. */
static const struct model *with_files(const struct inputs *in, const struct model *d)
{
	for (size_t i = 0; d && d->format == MODEL_GGUF && i < in->n; i++)
		if (in->v[i].stored->format != MODEL_GGUF &&
			hash_eq(in->v[i].stored->tokenizer.vocab_hash, d->tokenizer.vocab_hash))
			return in->v[i].stored;
	return d;
}

static char *template_for(const struct plan *p)
{
	struct model **models;
	char *text;
	int from;

	if (!p->recipe->chat_template)
		return NULL;

	models = xnew(struct model *, p->inputs->n);
	for (size_t i = 0; i < p->inputs->n; i++)
		models[i] = p->inputs->v[i].stored;
	text = template_of(p->recipe, models, p->inputs->n, &from);
	free(models);
	return text;
}

bool output_tokenizer(struct output *o, int donor, struct err *e)
{
	const struct inputs *in = o->plan->inputs;
	const struct vocabulary *v = in->vocabulary;
	const struct model *d = v && v->source ? v->source
		: donor >= 0 ? in->v[donor].stored : NULL;
	char *template = template_for(o->plan), *dir = NULL;
	struct writing w = { .o = o, .l = v ? v->layout : NULL, .template = template, .e = e };
	bool ok = true;

	d = with_files(in, d);
	if (d && d->format != MODEL_GGUF) {
		w.dir = dir = file_folder(d->path);
		ok = !w.l || count_changes(&w, d);
		w.has_json = is_there(&w, "tokenizer.json");
		for (size_t i = 0; ok && donor_files[i]; i++)
			ok = put_file(&w, donor_files[i]);
	}
	if (ok && template)
		ok = output_put(o, "chat_template.jinja", template, strlen(template), e);
	vocab_table_fini(&w.file);
	vocab_table_fini(&w.now);
	free(dir);
	free(template);
	return ok;
}

bool output_vocabulary_ids(const struct plan *p, int from, char **text, size_t *n, struct err *e)
{
	const struct vocabulary *v = p->inputs->vocabulary;
	struct vocab_table old;
	char rows[16];

	if (!v)
		return true;
	snprintf(rows, sizeof rows, "%" PRIu32, v->rows);
	replace_text(text, n, "vocab_size", rows, true);
	if (!v->layout || (v->donor == from && !v->layout->cut) || !v->v[from].tokens)
		return true;
	if (!vocab_table_read(&old, p->inputs->v[from].stored, e))
		return false;
	move_ids(v->layout, &old, text, n);
	vocab_table_fini(&old);
	return true;
}
