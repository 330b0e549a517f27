#include "config.h"
#include "engine/origins.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "model/lora.h"
#include "recipe/recipe.h"
#include "system/file.h"

#define TEXT_MAX ((size_t)4 << 20)
#define PARENTS 64 /* of one list; a merge takes no more */

static void add(struct origins *o, bool made, const char *name, const char *relation)
{
	size_t n = made ? o->made.n : o->stated.n;
	struct catalog_edge *v = made ? o->made.v : o->stated.v, *e;

	if (!name || !*name || n >= PARENTS)
		return;
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i].parent, name))
			return;
	e = made ? vec_push(&o->made) : vec_push(&o->stated);
	e->parent = xstrdup(name);
	e->relation = relation ? xstrdup(relation) : NULL;
	e->position = (int64_t)n;
}

/* --- front matter of README.md --- */

static char *scalar(const char *s, size_t n)
{
	while (n && strchr(" \t\r\"'-", s[0]))
		s++, n--;
	while (n && strchr(" \t\r\"'", s[n - 1]))
		n--;
	return n ? xstrndup(s, n) : NULL;
}

struct matter {
	enum { LIST_NONE, LIST_PARENTS, LIST_TAGS } list;
	char *license, *license_name;
};

static void item(struct origins *o, const struct matter *m, const char *s, size_t n)
{
	char *text = scalar(s, n);

	if (m->list == LIST_PARENTS)
		add(o, false, text, NULL);
	else if (text)
		o->merge |= str_eq(text, "merge") || str_eq(text, "mergekit");
	free(text);
}

/* What stands behind the key: nothing (a list follows), a value, or [a, b]. */
static void value(struct origins *o, struct matter *m, const char *s, size_t n)
{
	while (n && strchr(" \t\r", s[0]))
		s++, n--;
	while (n && strchr(" \t\r", s[n - 1]))
		n--;
	if (n && s[0] == '[') {
		s++;
		n -= 1 + (n > 1 && s[n - 2] == ']');
		for (size_t k; n; s += k, n -= k) {
			k = 0;
			while (k < n && s[k] != ',')
				k++;
			item(o, m, s, k);
			k += k < n;
		}
		m->list = LIST_NONE;
	} else if (n) {
		item(o, m, s, n);
		m->list = LIST_NONE;
	}
}

static void front_line(struct origins *o, struct matter *m, const char *line, size_t n)
{
	static const struct { const char *key; int to; } keys[] = {
		{ "base_model:", 0 }, { "tags:", 1 }, { "base_model_relation:", 2 },
		{ "license:", 3 }, { "license_name:", 4 },
	};
	char **texts[] = { &o->relation, &m->license, &m->license_name };
	size_t skip = strspn(line, " ");

	if (skip < n && line[skip] == '-') {
		if (m->list != LIST_NONE)
			item(o, m, line + skip, n - skip);
		return;
	}
	m->list = LIST_NONE;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		size_t len = strlen(keys[i].key);

		if (!str_starts(line, keys[i].key) || len > n)
			continue;
		if (keys[i].to < 2) {
			m->list = keys[i].to ? LIST_TAGS : LIST_PARENTS;
			value(o, m, line + len, n - len);
		} else {
			char **to = texts[keys[i].to - 2];

			free(*to);
			*to = scalar(line + len, n - len);
		}
	}
}

void origins_read_card(struct origins *o, const char *dir)
{
	char *path = str_join_path(dir, "README.md");
	struct matter m = { LIST_NONE, NULL, NULL };
	size_t n;
	char *text = file_exists(path) ? file_read_all(path, TEXT_MAX, &n, NULL) : NULL;

	if (text && str_starts(text, "---")) {
		const char *line = text + strcspn(text, "\n");

		for (line += *line == '\n'; *line && !str_starts(line, "---");) {
			size_t len = strcspn(line, "\n");

			front_line(o, &m, line, len);
			line += len + (line[len] == '\n');
		}
	}
	if (str_eq(m.license, "other") && m.license_name) {
		free(m.license);
		m.license = m.license_name;
		m.license_name = NULL;
	}
	o->license = m.license;
	free(m.license_name);
	free(text);
	free(path);
}

/* --- what a merge leaves --- */

static void add_document(struct origins *o, const struct recipe *r)
{
	for (size_t i = 0; i < recipe_inputs(r); i++) {
		const struct recipe_ref_text *ref = recipe_input_ref(r, i);

		if (recipe_of_ref(r, ref))
			continue;
		add(o, true, ref->path, (int)i == recipe_base(r) ? "base" : "merge");
		for (size_t k = 0; k < ref->n_loras; k++)
			add(o, true, ref->loras[k].path, "adapter");
	}
}

static void read_recipe(struct origins *o, const char *dir)
{
	char *path = str_join_path(dir, "mergekit_config.yml");
	struct recipe *r = file_exists(path) ? recipe_load(path, NULL) : NULL;
	bool used[RECIPE_MAX_DOCUMENTS] = { false };

	o->merge |= file_exists(path);
	if (r) {
		recipe_uses(r, used);
		add_document(o, r);
		for (size_t i = 0; i < r->documents; i++)
			if (used[i] && i != r->document)
				add_document(o, r->file[i]);
	}
	recipe_unref(r);
	free(path);
}

static void read_list(struct origins *o, const char *dir)
{
	char *path = str_join_path(dir, "cupel.json");
	json_t *j = file_exists(path) ? json_parse_file(path, TEXT_MAX, NULL) : NULL, *in;
	bool quantized = str_eq(json_text(j, "kind", ""), "quantize");
	size_t i;

	o->merge |= j && !quantized;
	bool told = o->made.n > 0; /* by the recipe, which names the same */

	json_array_foreach(json_object_get(j, "inputs"), i, in) {
		const char *role = json_text(in, "role", "input");

		if (!told && !str_eq(role, "inner"))
			add(o, true, json_text(in, "name", NULL), quantized ? "quantized" :
				str_eq(role, "base") ? "base" : "merge");
	}
	json_decref(j);
	free(path);
}

/* --- keys of headers --- */

static const char *key(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

/* "https://huggingface.co/owner/name" → "owner/name" */
static char *of_url(const char *url)
{
	const char *at = url ? strstr(url, "://") : NULL;
	size_t n, all;

	at = at ? strchr(at + 3, '/') : NULL;
	if (!at)
		return NULL;
	at++;
	n = strcspn(at, "/?#");
	all = at[n] == '/' ? n + 1 + strcspn(at + n + 1, "/?#") : 0;
	return n && all > n + 1 ? xstrndup(at, all) : NULL;
}

/* A name with its maker, as a hub would have it. */
static char *of_words(const char *maker, const char *name)
{
	char *s = maker && *maker ? xasprintf("%s/%s", maker, name) : xstrdup(name);

	for (char *p = s; *p; p++)
		if (*p == ' ')
			*p = '-';
	return s;
}

static void read_gguf(struct origins *o, const json_t *m)
{
	char name[64];
	char *source = of_url(key(m, "general.source.repo_url"));
	json_int_t n = json_integer_value(json_object_get(m, "general.base_model.count"));

	if (!source)
		source = of_url(key(m, "general.source.url"));
	if (!source && key(m, "general.source.huggingface.repository"))
		source = xstrdup(key(m, "general.source.huggingface.repository"));
	add(o, false, source, "quantized"); /* it was made of that; base models are that one's */
	for (json_int_t i = 0; !source && i < n && i < PARENTS; i++) {
		const char *text;
		char *url, *words = NULL;

		snprintf(name, sizeof name, "general.base_model.%d.repo_url", (int)i);
		url = of_url(key(m, name));
		snprintf(name, sizeof name, "general.base_model.%d.name", (int)i);
		text = key(m, name);
		snprintf(name, sizeof name, "general.base_model.%d.organization", (int)i);
		if (!url && text)
			words = of_words(key(m, name), text);
		add(o, false, url ? url : words, NULL);
		free(url);
		free(words);
	}
	free(source);
	if (!o->license && key(m, "general.license"))
		o->license = xstrdup(key(m, "general.license"));
}

static void read_safetensors(struct origins *o, const json_t *m)
{
	static const char *const names[] = { "base_model", "base_model_name_or_path",
		"ss_sd_model_name" };
	const char *from = key(m, "modelspec.merged_from");

	for (size_t k; from && *from; from += k + (from[k] == ',')) {
		char *one;

		k = strcspn(from, ",");
		one = scalar(from, k);
		add(o, true, one, "merge");
		free(one);
	}
	for (size_t i = 0; !o->stated.n && i < sizeof names / sizeof *names; i++)
		add(o, false, key(m, names[i]), NULL);
	if (!o->license && key(m, "modelspec.license"))
		o->license = xstrdup(key(m, "modelspec.license"));
}

/* config.json's _name_or_path is what the weights were loaded from when they were saved: of a model
 * that was trained further its base, of others themselves or a folder of somebody's. */
static void read_config(struct origins *o, const struct model *m)
{
	const char *from = key(m->config, "_name_or_path");
	const char *slash = from ? strchr(from, '/') : NULL;
	bool name = slash && slash > from && !strchr("./~", *from) && slash[1] &&
		!strchr(slash + 1, '/');

	if (o->stated.n || o->made.n || o->merge || !name)
		return;
	if (m->name && !str_eq(str_base(m->name), slash + 1))
		add(o, false, from, "base");
}

static void main_dtype(struct origins *o, const struct model *m)
{
	const char *best = NULL;
	uint64_t most = 0;
	struct { const char *text; uint64_t bytes; } seen[32];
	size_t n = 0;

	for (size_t i = 0; i < m->source.n_tensors; i++) {
		const struct tensor *t = &m->source.tensors[i];
		size_t k = 0;

		while (k < n && !str_eq(seen[k].text, t->dtype_text))
			k++;
		if (k == n && n < 32) {
			seen[n].text = t->dtype_text;
			seen[n++].bytes = 0;
		}
		if (k < n)
			seen[k].bytes += t->bytes;
		if (k < n && seen[k].bytes > most) {
			most = seen[k].bytes;
			best = seen[k].text;
		}
	}
	o->dtype = best ? xstrdup(best) : NULL;
}

static void adapter_base(struct origins *o, const char *path)
{
	struct lora *l = lora_open(path, NULL);

	if (l)
		add(o, false, lora_facts(l)->base, "adapter");
	lora_free(l);
}

void origins_read(struct origins *o, const char *path, const struct model *m)
{
	char *dir = file_is_dir(path) ? xstrdup(path) : file_folder(path);

	memset(o, 0, sizeof *o);
	origins_read_card(o, dir);
	read_recipe(o, dir);
	read_list(o, dir);
	if (m && m->format == MODEL_GGUF && !o->stated.n)
		read_gguf(o, m->metadata);
	else if (m && m->metadata)
		read_safetensors(o, m->metadata);
	if ((m ? str_eq(m->architecture, "adapter") : lora_is(path)) && !o->stated.n)
		adapter_base(o, path);
	o->firm = o->stated.n;
	if (m) {
		read_config(o, m);
		main_dtype(o, m);
	}
	free(dir);
}

static void list_fini(struct catalog_edge *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].parent);
		free(v[i].relation);
	}
	free(v);
}

void origins_fini(struct origins *o)
{
	list_fini(o->stated.v, o->stated.n);
	list_fini(o->made.v, o->made.n);
	free(o->relation);
	free(o->license);
	free(o->dtype);
	memset(o, 0, sizeof *o);
}

const char *origins_parent(const struct origins *o)
{
	return o->firm ? o->stated.v[0].parent : NULL;
}

/* --- into the catalog --- */

static const char *relation_of(const struct origins *o, const char *kind)
{
	static const char *const known[] = { "merge", "quantized", "finetune", "adapter" };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq(o->relation, known[i]))
			return known[i];
	if (o->stated.n > 1 || o->merge || str_eq(kind, "merge"))
		return "merge";
	return str_eq(kind, "quant") ? "quantized" : str_eq(kind, "adapter") ? "adapter" :
		"finetune";
}

/* What is said now, as rows of the catalog; strings are o's, or constant. */
static size_t rows_of(const struct origins *o, bool made, const char *name, const char *kind,
	struct catalog_edge *v)
{
	const char *relation = relation_of(o, kind);
	const struct catalog_edge *from = made ? o->made.v : o->stated.v;
	size_t n = made ? o->made.n : o->stated.n;

	for (size_t i = 0; i < n; i++) {
		v[i] = from[i];
		v[i].child = (char *)name;
		v[i].weight = NAN;
		v[i].source = (char *)(made ? "provenance" : "metadata");
		if (!v[i].relation)
			v[i].relation = (char *)relation;
	}
	return n;
}

bool origins_store(const struct origins *o, struct catalog *c, int64_t model, const char *name,
	const char *kind, struct err *e)
{
	struct catalog_edge v[PARENTS];
	bool ok = true;

	for (int made = 0; ok && made < 2; made++) {
		size_t n = rows_of(o, made, name, kind, v);

		ok = catalog_edges_put(c, model, made ? "provenance" : "metadata", v, n, e);
	}
	return ok;
}

/* Whether the catalog has these rows of the model, and no others from its files. */
static bool is_known(const struct catalog_edge *known, size_t n_known, int64_t model,
	const struct catalog_edge *v, size_t n)
{
	size_t mine = 0, same = 0;

	for (size_t i = 0; i < n_known; i++) {
		if (known[i].model != model || known[i].card)
			continue;
		mine++;
		for (size_t k = 0; k < n; k++)
			same += str_eq(known[i].parent, v[k].parent) &&
				str_eq(known[i].relation, v[k].relation) &&
				str_eq(known[i].source, v[k].source);
	}
	return mine == n && same == n;
}

bool origins_refresh(struct catalog *c, const struct catalog_model *row, bool *changed,
	struct err *e)
{
	struct model *m = model_open(row->path, NULL);
	struct catalog_edge v[2 * PARENTS], *known;
	struct catalog_model now = *row;
	struct origins o;
	size_t n, n_known;
	bool ok;

	*changed = false;
	origins_read(&o, row->path, m);
	n = rows_of(&o, false, row->name, row->kind, v);
	n += rows_of(&o, true, row->name, row->kind, v + n);
	known = catalog_edges(c, &n_known, e);
	ok = known != NULL;
	if (ok && !is_known(known, n_known, row->id, v, n)) {
		*changed = true;
		ok = origins_store(&o, c, row->id, row->name, row->kind, e);
	}
	now.license = o.license;
	now.dtype = row->dtype ? NULL : o.dtype;
	if (ok && ((o.license && !str_eq(o.license, row->license)) || now.dtype)) {
		*changed = true;
		ok = catalog_model_put(c, &now, NULL, e);
	}
	catalog_edges_free(known, known ? n_known : 0);
	origins_fini(&o);
	model_unref(m);
	return ok;
}
