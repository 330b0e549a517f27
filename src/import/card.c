/* Model cards: Markdown with front matter, or the text that a browser copies from a model's page.
 */
#include "import/card_grid.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"
#include "import/claims.h"

#define CARD_MAX_BYTES ((size_t)16 << 20)
#define LINE_MAX_BYTES 20000
#define TABLES_MAX 500
#define FIGURES_MAX 50000
#define LOOK_BYTES 65536 /* at both ends, for what tells a card */

/* --- is it one? --- */

static const char *next_line(const char *p, const char *end)
{
	const char *at = memchr(p, '\n', (size_t)(end - p));

	return at ? at + 1 : NULL;
}

/* Is there a line that is `s`, or begins with it and goes on? */
static bool has_line(const char *text, size_t n, const char *s, bool whole)
{
	size_t k = strlen(s);
	const char *end = text + n;

	for (const char *p = text; p && p < end; p = next_line(p, end)) {
		p += *p == '\r';
		if ((size_t)(end - p) >= k && !memcmp(p, s, k) &&
			(!whole || p + k == end || p[k] == '\n' || p[k] == '\r'))
			return true;
	}
	return false;
}

static bool looks(const char *s, size_t n)
{
	static const struct {
		const char *s;
		bool whole;
	} signs[] = {
		{ "Downloads last month", true },
		{ "Edit model card", true },
		{ "Model tree for ", false },
		{ "merge_method:", false },
		{ "metadata", true },
		{ "Evaluation results", true },
		{ "Collections including ", false },
		{ "base_model:", false },
		{ "library_name:", false },
		{ "model-index:", false },
		{ "Brainwaves", true },
		{ "# ", false },
		{ "## ", false },
		{ "```", false },
	};

	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (has_line(s, n, signs[i].s, signs[i].whole))
			return true;
	return false;
}

/* Front matter, or a page around it: a log that is quoted in it does not make it one. */
static bool sure(const char *s, size_t n)
{
	static const char *const keys[] = { "license:", "tags:", "library_name:", "pipeline_tag:",
		"language:", "model-index:", "datasets:", "model_name:", "base_model_relation:",
		"quantized_by:", "metadata" };
	bool front = n > 4 && !memcmp(s, "---", 3) && (s[3] == '\n' || s[3] == '\r');

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (has_line(s, n, keys[i], false) && (front || !strcmp(keys[i], "metadata")))
			return true;
	return has_line(s, n, "Downloads last month", true) ||
	       has_line(s, n, "Edit model card", true);
}

bool card_is(const struct import_text *t)
{
	size_t n = t->n < LOOK_BYTES ? t->n : LOOK_BYTES;
	const char *dot = strrchr(str_base(t->path), '.'), *last = t->s + t->n - n;

	if (t->json || memchr(t->s, 0, n))
		return false;
	if (sure(t->s, n) || has_line(last, n, "Downloads last month", true))
		return true;
	if (llama_perplexity_is(t) || lm_eval_table_is(t) || mlx_perplexity_is(t) ||
		shared_recipe_is(t) || table_file_is(t))
		return false;
	if (dot && (!strcasecmp(dot, ".md") || !strcasecmp(dot, ".markdown")))
		return true;
	return looks(t->s, n) || looks(last, n);
}

/* --- lines --- */

static void trim_end(char *s, size_t n)
{
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		s[--n] = 0;
}

static void cut(struct card_reader *r)
{
	char *p = r->copy, *end = p + r->c->n;
	int64_t number = 0;

	while (p < end) {
		char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);

		p[n] = 0;
		number++;
		if (n > LINE_MAX_BYTES) {
			import_unread(r->f, number, p, LINE_MAX_BYTES, "a line of %zu bytes", n);
			n = 0;
			*p = 0;
		}
		trim_end(p, n);
		*vec_push(&r->line) = (struct card_line){ .s = p };
		p = nl ? nl + 1 : end;
	}
}

static bool has_marks(const struct card_reader *r)
{
	for (size_t i = 0; i < r->line.n; i++) {
		const char *s = r->line.v[i].s;

		if (str_starts(s, "```") || str_starts(s, "~~~") || str_starts(s, "|--") ||
			str_starts(s, "| --") || str_starts(s, "|:-") ||
			(*s == '#' && s[strspn(s, "#")] == ' ' && strspn(s, "#") > 1))
			return true;
	}
	return r->line.n && !strcmp(r->line.v[0].s, "---");
}

/* --- what readers add --- */

void card_fact(struct card_reader *r, const char *key, json_t *value, size_t line)
{
	json_t *o;

	if (json_object_get(r->c->facts, key)) {
		json_decref(value);
		return;
	}
	o = json_pack("{s:o, s:I, s:o}", "value", value, "line", (json_int_t)line + 1, "text",
		json_textn(line < r->line.n ? r->line.v[line].s : ""));
	json_object_set_new(r->c->facts, key, o);
}

bool card_full(struct card_reader *r, size_t line)
{
	if (r->c->tables.n < TABLES_MAX && r->f->facts.n < FIGURES_MAX)
		return false;
	if (!r->full)
		import_unread(r->f, (int64_t)line + 1, "", 0,
			"more than %d tables, or %d figures: the rest of them", TABLES_MAX,
			FIGURES_MAX);
	return r->full = true;
}

struct card_table *card_table_new(struct card_reader *r, const char *kind, size_t line)
{
	struct card_table *t = vec_push(&r->c->tables);

	t->kind = xstrdup(kind);
	t->title = card_above(r, line);
	t->line = (int64_t)line + 1;
	t->columns = json_array();
	t->rows = json_array();
	return t;
}

/* "owner/Name" and "name" are the same model said twice. */
static bool same_model(const char *a, const char *b)
{
	bool both = strchr(a, '/') && strchr(b, '/');

	return !strcasecmp(both ? a : str_base(a), both ? b : str_base(b));
}

void card_parent(struct card_reader *r, const char *name, const char *relation, int64_t line)
{
	struct card_parent *p;

	if (!*name || strlen(name) > 300)
		return;
	for (size_t i = 0; i < r->c->parents.n; i++) {
		p = &r->c->parents.v[i];
		if (!same_model(p->name, name))
			continue;
		if (!strchr(p->name, '/') && strchr(name, '/')) {
			free(p->name);
			p->name = str_safe(name);
		}
		if (line < p->line)
			p->line = line;
		if (relation && !p->relation)
			p->relation = xstrdup(relation);
		return;
	}
	if (r->c->parents.n < 64)
		*vec_push(&r->c->parents) = (struct card_parent){ str_safe(name),
			relation ? xstrdup(relation) : NULL, line, NAN };
}

/* What the front matter's base_model is to the card's model, where nothing said it. */
static void relate(struct card_reader *r)
{
	const char *relation = r->c->quantization && r->c->parents.n == 1 ? "quantized"
			       : r->c->parents.n > 1 || r->c->recipe      ? "merge"
			       : str_eq(r->c->library, "peft")            ? "adapter"
									  : "finetune";

	for (size_t i = 0; i < r->c->parents.n; i++)
		if (!r->c->parents.v[i].relation)
			r->c->parents.v[i].relation = xstrdup(relation);
}

/* --- whole --- */

static int by_line(const void *a, const void *b)
{
	const struct card_table *x = a, *y = b;

	return x->line < y->line ? -1 : x->line > y->line;
}

struct numbered {
	struct import_fact fact;
	size_t i;
};

static int by_place(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	if (x->fact.line != y->fact.line)
		return x->fact.line < y->fact.line ? -1 : 1;
	return x->i < y->i ? -1 : x->i > y->i;
}

/* In the order of the text; those of one line in their own. */
static void sort_facts(struct import_file *f)
{
	struct numbered *v = xnew(struct numbered, f->facts.n + 1);

	for (size_t i = 0; i < f->facts.n; i++)
		v[i] = (struct numbered){ f->facts.v[i], i };
	qsort(v, f->facts.n, sizeof *v, by_place);
	for (size_t i = 0; i < f->facts.n; i++)
		f->facts.v[i] = v[i].fact;
	free(v);
}

static void read_parts(struct card_reader *r)
{
	card_read_hub(r);
	card_read_front(r);
	card_read_fences(r);
	card_read_recipe(r);
	card_read_name(r);
	card_read_quantization(r);
	card_read_parents(r);
	relate(r);
	card_read_front_figures(r);
	card_read_score_lines(r);
	card_read_tables(r);
	card_read_lists(r);
	card_read_repeats(r);
	sort_facts(r->f);
	if (r->c->tables.n)
		qsort(r->c->tables.v, r->c->tables.n, sizeof *r->c->tables.v, by_line);
	card_read_claims(r->c, r->f);
}

void card_read(const struct import_text *t, struct import_file *f)
{
	struct card *c = xnew(struct card, 1);
	struct card_reader r = { .f = f, .c = c };
	size_t n = t->n < CARD_MAX_BYTES ? t->n : CARD_MAX_BYTES;

	f->card = c;
	c->tags = json_array();
	c->languages = json_array();
	c->facts = json_object();
	hash_hex(hash_bytes(t->s, t->n), c->hash);
	c->text = card_repair(t->s, n, &c->n, &c->repaired);
	r.copy = xstrndup(c->text, c->n);
	cut(&r);
	if (n < t->n)
		import_unread(f, (int64_t)r.line.n, "", 0, "a card of more than 16 MiB");
	c->rendered = !has_marks(&r);
	r.wikitext = card_find(c->text, "wikitext") != NULL;
	read_parts(&r);
	free(r.copy);
	free(r.title);
	free(r.hub);
	json_decref(r.protocol);
	vec_fini(&r.line);
}

void card_free(struct card *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->parents.n; i++) {
		free(c->parents.v[i].name);
		free(c->parents.v[i].relation);
	}
	for (size_t i = 0; i < c->tables.n; i++) {
		free(c->tables.v[i].kind);
		free(c->tables.v[i].title);
		json_decref(c->tables.v[i].columns);
		json_decref(c->tables.v[i].rows);
	}
	for (size_t i = 0; i < c->claims.n; i++) {
		free(c->claims.v[i].text);
		json_decref(c->claims.v[i].what);
	}
	vec_fini(&c->parents);
	vec_fini(&c->tables);
	vec_fini(&c->claims);
	json_decref(c->tags);
	json_decref(c->languages);
	json_decref(c->quantization);
	json_decref(c->facts);
	free(c->text);
	free(c->name);
	free(c->license);
	free(c->library);
	free(c->pipeline);
	free(c->recipe);
	free(c);
}
