#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/config_stack.h"
#include "engine/config_text.h"
#include "engine/leaves.h"
#include "engine/inputs.h"
#include "engine/output.h"
#include "engine/parts.h"
#include "model/stored_as.h"
#include "model/text_part.h"
#include "recipe/open.h"
#include "recipe/publish.h"

#define TEXT_MAX ((size_t)1 << 30)

static bool is_id(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash && slash > name && slash[1] && !strchr(slash + 1, '/') && *name != '.' &&
		*name != '~';
}

/* Of the model alone, without its adapters. */
static char *input_model_name(const struct plan *p, size_t i)
{
	const struct recipe_ref_text *ref = recipe_input_ref(p->recipe, i);
	const struct model *m = p->inputs->v[i].stored;

	if (*ref->path != '/' && *ref->path != '~')
		return xstrdup(ref->n_loras ? ref->path : p->inputs->v[i].text);
	if (!m->virtual && m->name && is_id(m->name))
		return xstrdup(m->name);
	return publish_name(ref->path);
}

char *output_input_name(const struct plan *p, size_t i)
{
	const struct recipe_ref_text *ref = recipe_input_ref(p->recipe, i);
	char *name = input_model_name(p, i), *all;

	if (!ref->n_loras)
		return name;
	all = ref_public(ref, name);
	free(name);
	return all;
}

bool output_put(struct output *o, const char *name, const char *text, size_t n, struct err *e)
{
	char *path = str_join_path(o->tmp, name);
	bool ok = file_write_all(path, text, n, e);

	free(path);
	return ok || err_at(e, "%s", o->path);
}

/* --- config.json --- */

enum dtype output_dtype(const struct plan *p)
{
	uint64_t bytes[DT_COUNT] = {0};
	enum dtype best = DT_F32;

	for (size_t i = 0; i < p->n; i++)
		if (!p->tensors[i].verbatim)
			bytes[p->tensors[i].dtype] += p->tensors[i].bytes;
	for (int t = 0; t < DT_COUNT; t++)
		if (bytes[t] > bytes[best])
			best = t;
	return best;
}

/* The config.json of a model in a folder of its own; NULL and no error if it has none. */
static char *config_file(const struct model *m, size_t *n, struct err *e)
{
	char *dir = file_folder(m->path), *path = str_join_path(dir, "config.json"), *text = NULL;

	if (m->format != MODEL_GGUF && file_exists(path))
		text = file_read_all(path, TEXT_MAX, n, e);
	free(path);
	free(dir);
	return text;
}

/* Of what a recipe inside makes: as its folder would have it. */
static char *input_config(const struct input *in, size_t *n, struct err *e)
{
	return in->made_by ? output_config(in->made_by, n, e) : config_file(in->stored, n, e);
}

/* What the output gets: the base's, else the first model's, else that of any model; else what a
 * GGUF's keys say. */
static char *config_text(const struct plan *p, size_t *n, int *from, struct err *e)
{
	const struct input *first;
	char *text;

	*from = p->inputs->base >= 0 ? p->inputs->base : 0;
	first = &p->inputs->v[*from];
	text = input_config(first, n, e);
	for (size_t i = 0; !text && !e->code && i < p->inputs->n; i++) {
		text = input_config(&p->inputs->v[i], n, e);
		if (text)
			*from = (int)i;
	}
	if (text || e->code || !first->stored->config)
		return text;
	text = json_dumps(first->stored->config, JSON_INDENT(2));
	*n = text ? strlen(text) : 0;
	return text;
}

/* Whether the head is the embedding, where the config is not that of the model whose tensors the
 * output has, or says what cannot be. NULL: it is right. */
static char *config_tied(const struct plan *p, int from, const char *text, size_t n)
{
	json_t *j = json_parse(text, n, "config.json", false, NULL);
	const json_t *said = json_object_get(j, "tie_word_embeddings");
	bool head = false, embedding = false, other = from != inputs_first(p->inputs), wrong;

	for (size_t i = 0; i < p->n; i++) {
		head |= str_eq(p->tensors[i].like->role, "output");
		embedding |= str_eq(p->tensors[i].like->role, "token_embd");
	}
	wrong = head ? other && json_is_true(said)
		: embedding && !json_is_true(said) && (other || json_is_false(said));
	json_decref(j);
	return wrong ? config_with_value(text, n, "tie_word_embeddings", head ? "false" : "true",
		true) : NULL;
}

char *output_config(const struct plan *p, size_t *n, struct err *e)
{
	int from;
	char *text = config_text(p, n, &from, e), *edited;
	const char *dtype = dtype_torch_name(output_dtype(p));

	edited = text ? config_tied(p, from, text, *n) : NULL;
	if (edited) {
		free(text);
		text = edited;
		*n = strlen(text);
	}
	edited = text ? config_with_stack(p->recipe, p->inputs,
		p->inputs->v[from].stored, text, *n) : NULL;
	if (edited) {
		free(text);
		text = edited;
		*n = strlen(text);
	}
	edited = text && dtype ? config_with_dtype(text, *n, dtype) : NULL;
	if (edited) {
		free(text);
		text = edited;
		*n = strlen(text);
	}
	if (text && !output_vocabulary_ids(p, from, &text, n, e)) {
		free(text);
		text = NULL;
	}
	return text;
}

static bool put_config(struct output *o, struct err *e)
{
	struct err why = {0};
	size_t n = 0;
	char *text = output_config(o->plan, &n, &why);
	bool ok = true;

	if (!text && why.code) {
		*e = why;
		return false;
	}
	if (text)
		ok = output_put(o, "config.json", text, n, e);
	free(text);
	return ok;
}

/* What images and sounds go through before the model stays with the towers, whoever gives the
 * tokenizer. */
static bool put_processor(struct output *o, struct err *e)
{
	static const char *const names[] = {"preprocessor_config.json", "processor_config.json",
		"video_preprocessor_config.json"};
	const struct model *m = o->plan->inputs->v[inputs_first(o->plan->inputs)].stored;
	char *dir = file_folder(m->path);
	bool ok = true;

	for (size_t i = 0; ok && model_sees(m) && m->format != MODEL_GGUF && i < 3; i++) {
		char *from = str_join_path(dir, names[i]), *to = str_join_path(o->tmp, names[i]);

		ok = !file_exists(from) || file_copy(from, to, e);
		free(from);
		free(to);
	}
	free(dir);
	return ok;
}

/* --- the recipe --- */

/* As the user wrote it, but for absolute paths, which say where, not what. Caller frees. */
static char *recipe_text(const struct plan *p, const struct leaves *l, struct err *e)
{
	struct publish_input *v = xnew(struct publish_input, l->n + 1);
	char (*hex)[HASH_HEX_SIZE] = xcalloc(l->n + 1, sizeof *hex), **name, *out;

	name = xnew(char *, l->n + 1);
	for (size_t i = 0; i < l->n; i++) {
		const struct leaf *x = &l->v[i];

		hash_hex(x->hash, hex[i]);
		name[i] = input_model_name(x->plan, x->at);
		v[i] = (struct publish_input){.text = x->plan->inputs->v[x->at].text,
			.name = name[i], .hash = hash_is_zero(x->hash) ? NULL : hex[i]};
	}
	out = recipe_publish(p->recipe->text, v, l->n, e);
	for (size_t i = 0; i < l->n; i++)
		free(name[i]);
	free(name);
	free(hex);
	free(v);
	return out;
}

/* --- the card --- */

static void card_head(struct str *s, const struct output *o, const struct leaves *l)
{
	bool any = false;

	str_add(s, "---\n");
	for (size_t i = 0; i < l->n; i++) {
		const char *name = l->v[i].model->name;

		if (!name || !is_id(name))
			continue;
		str_addf(s, "%s- %s\n", any ? "" : "base_model:\n", name);
		any = true;
	}
	str_addf(s, "library_name: transformers\ntags:\n- %s\n- merge\n---\n# ",
		"cupel");
	str_add_safe(s, o->name, strlen(o->name));
	str_add(s, "\n\n");
}

static void add_name(struct str *s, const struct plan *p, size_t i)
{
	char *name = output_input_name(p, i);

	str_add_safe(s, name, strlen(name));
	free(name);
}

/* "0.42 code + 0.58 kjv": with the recipes inside worked out. */
static void card_sum(struct str *s, const struct output_facts *f)
{
	bool any = false;

	for (size_t i = 0; f->linear && i < f->leaves->n; i++) {
		const struct leaf *l = &f->leaves->v[i];
		double c = l->coefficient;

		if (c == 0)
			continue;
		str_add(s, !any ? "\nIn all, but for rounding on the way: " : c < 0 ? " - "
			: " + ");
		str_addf(s, "%.6g ", any ? fabs(c) : c);
		add_name(s, l->plan, l->at);
		any = true;
	}
	if (any)
		str_add(s, ".\n");
}

static void card_models(struct str *s, const struct output *o, const struct output_facts *f)
{
	const struct plan *p = o->plan;
	char hex[HASH_HEX_SIZE];
	bool inner = false;

	for (size_t i = 0; i < p->inputs->n; i++) {
		const struct plan *made = p->inputs->v[i].made_by;
		char *packed;

		hash_hex(f->input[i], hex);
		str_add(s, "- ");
		add_name(s, p, i);
		str_add(s, (int)i == p->inputs->base ? " (base)" : "");
		if (made)
			str_addf(s, ", made on the way by %s: see the recipe\n",
				made->recipe->method->title);
		else
			str_addf(s, ", hash %s", hex);
		packed = made ? NULL : stored_decoded(p->inputs->v[i].stored);
		if (packed)
			str_addf(s, ", decoded from %s", packed);
		str_add(s, made ? "" : "\n");
		free(packed);
	}
	for (size_t i = 0; i < f->leaves->n; i++) {
		const struct leaf *l = &f->leaves->v[i];

		if (!l->inner)
			continue;
		str_add(s, inner ? "- " : "\nInside:\n\n- ");
		inner = true;
		hash_hex(l->hash, hex);
		add_name(s, l->plan, l->at);
		str_addf(s, ", hash %s\n", hex);
	}
	card_sum(s, f);
	if (f->donor >= 0) {
		str_addf(s, "\nTokenizer%s from ", p->recipe->chat_template ? " comes"
			: " and chat template come");
		add_name(s, p, (size_t)f->donor);
		str_add(s, ".\n");
	}
	output_vocabulary_card(s, p);
}

static bool put_card(struct output *o, const struct output_facts *f, const char *recipe,
	struct err *e)
{
	const struct plan *p = o->plan;
	const struct method *m = p->recipe->method;
	struct str s = STR_INIT;
	char hex[HASH_HEX_SIZE];
	bool ok;

	card_head(&s, o, f->leaves);
	str_addf(&s, "A merge of %zu model%s by %s", p->inputs->n,
		p->inputs->n == 1 ? "" : "s", m->title);
	if (m->paper)
		str_addf(&s, " (%s)", m->paper);
	str_addf(&s, ", made with cupel %s.\n\n## Models\n\n", PACKAGE_VERSION);
	card_models(&s, o, f);
	str_addf(&s, "\n## Recipe\n\n```yaml\n%s%s```\n\n", recipe,
		*recipe && !str_ends(recipe, "\n") ? "\n" : "");
	hash_hex(f->hash, hex);
	str_addf(&s, "Seed %" PRIu64 ", %s, rounded %s to %s; %zu tensors, hash %s.\n",
		p->seed, p->arithmetic == ARITH_MERGEKIT ? p->rng == RNG_MERGEKIT ?
		"mergekit's arithmetic and masks" : "mergekit's arithmetic" :
		p->rng == RNG_MERGEKIT ? "float32 arithmetic with mergekit's masks" :
		"float32 arithmetic", p->arithmetic == ARITH_MERGEKIT ? "as it goes" : "once",
		dtype_torch_name(output_dtype(p)) ? dtype_torch_name(output_dtype(p)) : "its dtype",
		p->n,
		hex);
	ok = output_put(o, "README.md", s.s, s.n, e);
	str_fini(&s);
	return ok;
}

/* --- provenance --- */

static json_t *hash_json(struct hash h)
{
	char hex[HASH_HEX_SIZE];

	hash_hex(h, hex);
	return hash_is_zero(h) ? json_null() : json_string(hex);
}

static json_t *provenance(const struct output *o, const struct output_facts *f)
{
	const struct plan *p = o->plan;
	json_t *j = json_object(), *inputs = json_array(), *tensors = json_object();

	json_object_set_new(j, "cupel", json_string(PACKAGE_VERSION));
	json_object_set_new(j, "kind", json_string("merge"));
	json_object_set_new(j, "method", json_string(p->recipe->method->name));
	json_object_set_new(j, "recipe", hash_json(recipe_hash(p->recipe)));
	json_object_set_new(j, "seed", json_u64(p->seed));
	json_object_set_new(j, "arithmetic", json_string(plan_arithmetic(p)));
	json_object_set_new(j, "hash", hash_json(f->hash));
	for (size_t i = 0; i < p->inputs->n; i++) {
		json_t *in = json_object();
		char *name = output_input_name(p, i);

		json_object_set_new(in, "name", json_textn(name));
		free(name);
		json_object_set_new(in, "role",
			json_string((int)i == p->inputs->base ? "base" : "input"));
		json_object_set_new(in, "hash", hash_json(f->input[i]));
		name = stored_decoded(p->inputs->v[i].stored);
		if (name) /* what it was decoded from */
			json_object_set_new(in, "decoded", json_textn(name));
		free(name);
		if (p->inputs->v[i].made_by)
			json_object_set_new(in, "recipe",
				hash_json(recipe_hash(p->inputs->v[i].made_by->recipe)));
		json_array_append_new(inputs, in);
	}
	for (size_t i = 0; i < f->leaves->n; i++) {
		const struct leaf *l = &f->leaves->v[i];
		char *name;

		if (!l->inner)
			continue;
		name = output_input_name(l->plan, l->at);
		json_array_append_new(inputs, json_pack("{s:s, s:s, s:o}", "name", name, "role",
			"inner", "hash", hash_json(l->hash)));
		if (f->linear)
			json_object_set_new(json_array_get(inputs, json_array_size(inputs) - 1),
				"coefficient", json_number(l->coefficient));
		free(name);
	}
	json_object_set_new(j, "inputs", inputs);
	if (p->inputs->vocabulary)
		json_object_set_new(j, "vocabulary", output_vocabulary_json(p));
	for (size_t i = 0; i < p->n; i++)
		json_object_set_new(tensors, p->tensors[i].like->name,
			hash_json(o->tensors[i].hash));
	json_object_set_new(j, "tensors", tensors);
	return j;
}

/* Names of all files, itself left out: --force replaces these and no others. */
static bool put_provenance(struct output *o, const struct output_facts *f, struct err *e)
{
	json_t *j = provenance(o, f), *files = json_object();
	size_t n = 0;
	char **names = file_list(o->tmp, &n, e), *path = str_join_path(o->tmp, "cupel.json");
	bool ok = names != NULL;

	for (size_t i = 0; ok && i < n; i++) {
		char *one = str_join_path(o->tmp, names[i]);
		struct file_id id = {0};

		file_stat_id(one, &id);
		if (!str_eq(names[i], "cupel.json") && !parts_private(names[i]))
			json_object_set_new(files, names[i], json_u64(id.size));
		free(one);
	}
	if (names)
		file_list_free(names, n);
	json_object_set_new(j, "files", files);
	ok = ok && json_write_file(path, j, 1, e);
	free(path);
	json_decref(j);
	return ok;
}

bool output_files(struct output *o, const struct output_facts *f, struct err *e)
{
	char *index = shards_index(o->plan, o->shards);
	char *recipe = recipe_text(o->plan, f->leaves, e);
	bool ok;

	ok = recipe && (!index ||
		output_put(o, "model.safetensors.index.json", index, strlen(index), e)) &&
		put_config(o, e) && output_tokenizer(o, f->donor, e) &&
		put_processor(o, e) &&
		output_put(o, "mergekit_config.yml", recipe, strlen(recipe), e) &&
		put_card(o, f, recipe, e) && put_provenance(o, f, e);
	free(recipe);
	free(index);
	return ok;
}
