/* The recipe of a card: YAML between fences, or bare, as a browser copies it. */
#include "import/card_reading.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"
#include "recipe/recipe.h"

#define BLOCKS_MAX 64

void card_read_fences(struct card_reader *r)
{
	char mark = 0;
	size_t length = 0;

	for (size_t i = 0; i < r->line.n; i++) {
		struct card_line *l = &r->line.v[i];
		const char *s = l->s + strspn(l->s, " \t");
		size_t n = *s == '`' || *s == '~' ? strspn(s, *s == '`' ? "`" : "~") : 0;

		if (l->use != LINE_TEXT)
			continue;
		if (!mark && n >= 3 && !strchr(s + n, '`')) {
			mark = *s;
			length = n;
			l->use = LINE_FENCE;
		} else if (mark && *s == mark && n >= length && !s[n]) {
			mark = 0;
			l->use = LINE_FENCE;
		} else if (mark) {
			l->use = LINE_CODE;
		}
	}
}

static bool key_is(const char *s, const char *key)
{
	size_t n = strlen(key);

	return !strncmp(s, key, n) && s[n] == ':' && (!s[n + 1] || s[n + 1] == ' ');
}

static bool top_key(const char *s)
{
	static const char *const keys[] = { "models", "slices", "modules", "merge_method",
		"base_model", "parameters", "dtype", "out_dtype", "tokenizer_source", "tokenizer",
		"chat_template", "name", "architecture", "experts", "gate_mode", "write_readme",
		"random_seed", "seed", "tokenizer_mode", "lora_rank", "merge_mode", "normalize",
		"experts_per_token", "shared_experts" };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (key_is(s, keys[i]))
			return true;
	return false;
}

/* A line that can belong to bare YAML. An entry of a list may stand in the first column. */
static bool part(const char *s)
{
	return !*s || *s == ' ' || *s == '#' || !strcmp(s, "---") || top_key(s) ||
	       key_is(s, "- model") || key_is(s, "- sources") || key_is(s, "- source_model") ||
	       key_is(s, "- filter") || key_is(s, "- name");
}

static bool opens(const char *s)
{
	return key_is(s, "models") || key_is(s, "slices") || key_is(s, "merge_method") ||
	       key_is(s, "modules") || key_is(s, "experts") || key_is(s, "base_model") ||
	       key_is(s, "dtype") || key_is(s, "name") || key_is(s, "parameters") ||
	       key_is(s, "tokenizer_source");
}

/* Is it what mergekit runs: a method, or models to choose experts from? */
static bool tells(const struct card_reader *r, size_t from, size_t to)
{
	bool method = false, models = false;

	for (size_t i = from; i < to; i++) {
		const char *s = r->line.v[i].s;

		s += strspn(s, " ");
		method |= key_is(s, "merge_method") || key_is(s, "gate_mode");
		models |= key_is(s, "models") || key_is(s, "slices") || key_is(s, "modules") ||
			  key_is(s, "experts") || key_is(s, "base_model") || key_is(s, "- model");
	}
	return method && models;
}

/* Blanks that all lines begin with. */
static size_t common(const struct card_reader *r, size_t from, size_t to)
{
	size_t least = 1000;

	for (size_t i = from; i < to; i++) {
		const char *s = r->line.v[i].s;
		size_t n = strspn(s, " ");

		if (s[n] && n < least)
			least = n;
	}
	return least == 1000 ? 0 : least;
}

/* Line n of the recipe is line recipe_line + n - 1 of the card: between blocks there are empty
 * lines and one that begins a document. */
static void take(struct card_reader *r, struct str *s, size_t from, size_t to)
{
	struct card *c = r->c;
	size_t off = common(r, from, to), last;

	if (!c->recipe_line) {
		c->recipe_line = (int64_t)from + 1;
	} else {
		last = r->recipe_end;
		for (; last + 1 < from; last++)
			str_addc(s, '\n');
		if (last < from && strcmp(r->line.v[from].s, "---") != 0)
			str_add(s, "---\n");
		else if (last < from)
			str_addc(s, '\n');
	}
	for (size_t i = from; i < to; i++) {
		const char *line = r->line.v[i].s;

		str_add(s, line + (strlen(line) >= off ? off : strlen(line)));
		str_addc(s, '\n');
		r->line.v[i].use = LINE_RECIPE;
	}
	if (to > r->recipe_end)
		r->recipe_end = to;
	if (++r->blocks == BLOCKS_MAX)
		import_unread(r->f, (int64_t)to, "", 0, "recipes behind the first %d", BLOCKS_MAX);
}

static void fenced(struct card_reader *r, struct str *s)
{
	for (size_t i = 0, end; i < r->line.n && r->blocks < BLOCKS_MAX; i = end) {
		end = i + 1;
		if (r->line.v[i].use != LINE_CODE)
			continue;
		while (end < r->line.n && r->line.v[end].use == LINE_CODE)
			end++;
		if (tells(r, i, end))
			take(r, s, i, end);
	}
}

static void bare(struct card_reader *r, struct str *s)
{
	for (size_t i = 0, end; i < r->line.n && r->blocks < BLOCKS_MAX; i = end) {
		size_t from = i;

		end = i + 1;
		if (r->line.v[i].use != LINE_TEXT || !opens(r->line.v[i].s))
			continue;
		while (from > 0 && r->line.v[from - 1].use == LINE_TEXT &&
			r->line.v[from - 1].s[0] == '#' && r->line.v[from - 1].s[1] == ' ')
			from--; /* comments right above belong to it */
		while (end < r->line.n && r->line.v[end].use == LINE_TEXT && part(r->line.v[end].s))
			end++;
		size_t last = end;
		while (last > i + 1 &&
			(!*r->line.v[last - 1].s || r->line.v[last - 1].s[0] == '#' ||
				!strcmp(r->line.v[last - 1].s, "---")))
			last--;
		if (tells(r, from, last))
			take(r, s, from, last);
	}
}

/* Paths of one machine are no names of models: their last part is. */
static const char *model_name(const char *path)
{
	return *path == '/' || *path == '.' || *path == '~' || strchr(path, '\\') ||
			       (strchr(path, '/') && strchr(strchr(path, '/') + 1, '/'))
		       ? str_base(path)
		       : path;
}

static int64_t line_of(const struct card_reader *r, const struct mark *m)
{
	return r->c->recipe_line + m->line - 1;
}

/* Is it another document of the same file? */
static bool internal(const struct recipe *file, const char *name)
{
	for (size_t i = 0; i < file->documents; i++)
		if (str_eq(file->file[i]->name, name))
			return true;
	return false;
}

/* The one number that weighs the model in its recipe, else NaN. */
static double weight_of(const struct recipe_input *x)
{
	for (size_t i = 0; i < x->params.n; i++)
		if (!strcmp(x->params.v[i].name, "weight") && x->params.v[i].value.is_numeric)
			return x->params.v[i].value.number;
	return NAN;
}

static void weigh(struct card_reader *r, const char *name, double weight)
{
	for (size_t i = 0; i < r->c->parents.n; i++) {
		struct card_parent *p = &r->c->parents.v[i];

		if (isnan(p->weight) && !strcasecmp(str_base(p->name), str_base(name)))
			p->weight = weight;
	}
}

static void recipe_parents(struct card_reader *r, const struct recipe *file)
{
	for (size_t d = 0; d < file->documents; d++) {
		const struct recipe *x = file->file[d];

		if (x->base.path && *x->base.path && !internal(file, x->base.path))
			card_parent(r, model_name(x->base.path), "base", line_of(r, &x->base.mark));
		for (size_t i = 0; i < x->n_models; i++) {
			const char *path = x->models[i].model.path;

			if (!path || !*path || internal(file, path))
				continue;
			card_parent(
				r, model_name(path), "merge", line_of(r, &x->models[i].model.mark));
			if (x->n_slices == 1 && !str_eq(path, x->base.path))
				weigh(r, model_name(path), weight_of(&x->models[i]));
		}
	}
}

void card_read_recipe(struct card_reader *r)
{
	struct card *c = r->c;
	struct str s = STR_INIT;
	struct err e = { 0 };
	struct recipe *x;

	str_add(&s, "");
	fenced(r, &s);
	bare(r, &s);
	if (!c->recipe_line) {
		str_fini(&s);
		return;
	}
	c->recipe = str_steal(&s);
	x = recipe_parse(c->recipe, strlen(c->recipe), "recipe", &e);
	if (x) {
		recipe_parents(r, x);
	} else {
		const char *at = strchr(e.where, ':');
		long line = at ? strtol(at + 1, NULL, 10) : 1;

		if (line < 1)
			line = 1;
		import_unread(
			r->f, c->recipe_line + line - 1, c->recipe, 0, "the recipe: %s", e.what);
	}
	recipe_unref(x);
}
