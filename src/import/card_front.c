/* What stands around a card: front matter, also as a page shows it, and the hub's own words. */
#include "import/card_reading.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"
#include "recipe/yaml.h"

/* --- the page around the card --- */

static const char *line_at(const struct card_reader *r, size_t i)
{
	return i < r->line.n ? r->line.v[i].s : "";
}

static void hub_box(struct card_reader *r, size_t i)
{
	const char *s = r->line.v[i].s, *next = line_at(r, i + 1);

	if (!strcmp(s, "Model size") && isfinite(card_scaled(next, false)))
		card_fact(r, "hub_parameters", card_number(card_scaled(next, false)), i + 1);
	else if (!strcmp(s, "Architecture") && *next)
		card_fact(r, "architecture", json_textn(next), i + 1);
	else if (!strcmp(s, "Downloads last month") && isfinite(card_scaled(next, false)))
		card_fact(r, "downloads", card_number(card_scaled(next, false)), i + 1);
	else if (!strcmp(s, "GGUF"))
		card_fact(r, "hub_container", json_string("gguf"), i);
	else if ((str_starts(s, "Model tree for ") || str_starts(s, "Collections including ")) &&
		 !r->hub && card_repository(strrchr(s, ' ') + 1))
		r->hub = xstrdup(strrchr(s, ' ') + 1);
	r->line.v[i].use = LINE_HUB;
}

void card_read_hub(struct card_reader *r)
{
	bool below = false;

	for (size_t i = 0; i < r->line.n; i++) {
		const char *s = r->line.v[i].s;

		if (!strcmp(s, "Downloads last month") || str_starts(s, "Model tree for ") ||
			str_starts(s, "Collections including "))
			below = r->c->rendered = true;
		if (below)
			hub_box(r, i);
		else if (!strcmp(s, "Edit model card")) {
			r->line.v[i].use = LINE_HUB;
			r->c->rendered = true;
		}
	}
}

/* --- front matter --- */

struct front {
	struct card_reader *r;
	size_t first; /* line that its text begins with, from 0 */
};

static void add_texts(json_t *to, const struct yaml_node *n)
{
	if (yaml_is_scalar(n) && n->text && n->kind != Y_NULL)
		json_array_append_new(to, json_textn(n->text));
	for (size_t i = 0; n && n->kind == Y_LIST && i < n->n && i < 1000; i++)
		if (yaml_is_scalar(n->items[i]) && n->items[i]->text)
			json_array_append_new(to, json_textn(n->items[i]->text));
}

static void keep(char **to, const struct yaml_node *n)
{
	if (n && n->kind == Y_LIST && n->n)
		n = n->items[0];
	if (!*to && yaml_is_scalar(n) && n->kind != Y_NULL && n->text && *n->text)
		*to = str_safe(n->text);
}

static const char *relation_word(const char *s)
{
	static const char *const words[] = { "base", "merge", "quantized", "finetune", "adapter" };

	for (size_t i = 0; s && i < sizeof words / sizeof words[0]; i++)
		if (!strcasecmp(s, words[i]))
			return words[i];
	return NULL;
}

static void parents(const struct front *x, const struct yaml_node *n, const char *relation)
{
	int64_t line = n ? (int64_t)x->first + n->mark.line : 0;

	if (yaml_is_scalar(n) && n->kind != Y_NULL && n->text)
		card_parent(x->r, n->text, relation, line);
	for (size_t i = 0; n && n->kind == Y_LIST && i < n->n; i++)
		if (yaml_is_scalar(n->items[i]) && n->items[i]->text)
			card_parent(x->r, n->items[i]->text, relation,
				(int64_t)x->first + n->items[i]->mark.line);
}

static void front_map(const struct front *x, const struct yaml_node *m)
{
	struct card *c = x->r->c;
	const struct yaml_node *relation = yaml_get(m, "base_model_relation");
	const char *word = yaml_is_scalar(relation) ? relation_word(relation->text) : NULL;

	if (!word && yaml_get(m, "quantized_by"))
		word = "quantized";
	keep(&c->license, yaml_get(m, "license"));
	keep(&c->library, yaml_get(m, "library_name"));
	keep(&c->pipeline, yaml_get(m, "pipeline_tag"));
	keep(&x->r->title, yaml_get(m, "model_name"));
	add_texts(c->tags, yaml_get(m, "tags"));
	add_texts(c->languages, yaml_get(m, "language"));
	parents(x, yaml_get(m, "base_model"), word);
	parents(x, yaml_get(m, "base_models"), word);
}

/* Text of lines [from, to), each ended by a line feed. free() */
static char *text_of(const struct card_reader *r, size_t from, size_t to, size_t *n)
{
	struct str s = STR_INIT;

	str_add(&s, "");
	for (size_t i = from; i < to; i++) {
		str_add(&s, r->line.v[i].s);
		str_addc(&s, '\n');
	}
	*n = s.n;
	return str_steal(&s);
}

static bool front_text(struct card_reader *r, size_t from, size_t to, bool figures, struct err *e)
{
	struct front x = { r, from };
	struct yaml_doc doc;
	struct arena a;
	size_t n;
	char *text = text_of(r, from, to, &n);
	bool ok;

	arena_init(&a);
	ok = yaml_parse(&a, text, n, "card", &doc, e);
	if (ok && doc.root && doc.root->kind == Y_MAP && figures)
		card_read_index(r, yaml_get(doc.root, "model-index"), from);
	else if (ok && doc.root && doc.root->kind == Y_MAP)
		front_map(&x, doc.root);
	else if (ok && doc.root && doc.root->kind != Y_NULL)
		ok = err_set(e, ERR_INPUT, "card", "", "no map of keys");
	arena_fini(&a);
	free(text);
	return ok;
}

/* Where the YAML is damaged, what stands under each key of the first column is read on its own. */
static void front_lines(struct card_reader *r, size_t from, size_t to, bool figures)
{
	struct err e = { 0 };

	if (front_text(r, from, to, figures, &e))
		return;
	for (size_t i = from, next; i < to; i = next) {
		struct err each = { 0 };

		for (next = i + 1; next < to; next++) {
			const char *s = r->line.v[next].s;

			if (*s && !strchr(" \t-#", *s))
				break;
		}
		if (!front_text(r, i, next, figures, &each) && !figures)
			import_unread(r->f, (int64_t)i + 1, r->line.v[i].s, strlen(r->line.v[i].s),
				"front matter: %s", each.what);
	}
}

static void mark(struct card_reader *r, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		r->line.v[i].use = LINE_FRONT;
}

static void whole(struct card_reader *r, size_t from, size_t to)
{
	r->front_from = from;
	r->front_to = to;
	front_lines(r, from, to, false);
}

void card_read_front_figures(struct card_reader *r)
{
	if (r->front_to)
		front_lines(r, r->front_from, r->front_to, true);
}

static bool is_key(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return (n && s[n] == ':' && (!s[n + 1] || s[n + 1] == ' ')) || *s == ' ' || *s == '-' ||
	       *s == '#';
}

/* "metadata" and what follows it up to an empty line: front matter as the page of a file shows it.
 */
static void front_of_page(struct card_reader *r)
{
	size_t i, end;

	for (i = 0; i < r->line.n && i < 40; i++)
		if (!strcmp(r->line.v[i].s, "metadata"))
			break;
	if (i == r->line.n || i == 40)
		return;
	for (end = i + 1; end < r->line.n && *r->line.v[end].s && is_key(r->line.v[end].s); end++)
		;
	r->c->rendered = true;
	mark(r, 0, end);
	whole(r, i + 1, end);
}

void card_read_front(struct card_reader *r)
{
	size_t i = 0, end;

	while (i < r->line.n && card_blank(r->line.v[i].s))
		i++;
	if (i < r->line.n && !strcmp(r->line.v[i].s, "model-index:")) { /* that alone */
		whole(r, i, r->line.n);
		mark(r, i, r->line.n);
		return;
	}
	if (i == r->line.n || strcmp(r->line.v[i].s, "---") != 0) {
		front_of_page(r);
		return;
	}
	for (end = i + 1; end < r->line.n; end++)
		if (!strcmp(r->line.v[end].s, "---") || !strcmp(r->line.v[end].s, "..."))
			break;
	if (end == r->line.n) {
		import_unread(r->f, (int64_t)i + 1, "---", 3, "front matter without an end");
		return;
	}
	whole(r, i + 1, end);
	mark(r, i, end + 1);
}
