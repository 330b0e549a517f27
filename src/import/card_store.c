/* A card into the catalog: its text, what is known beside its figures, and the edges to parents. */
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "catalog/cards.h"
#include "import/card.h"
#include "import/reading.h"

static void set_text(json_t *o, const char *key, const char *s)
{
	if (s)
		json_object_set_new(o, key, json_textn(s));
}

static json_t *tables(const struct card *c)
{
	json_t *v = json_array();

	for (size_t i = 0; i < c->tables.n; i++) {
		const struct card_table *t = &c->tables.v[i];

		json_array_append_new(
			v, json_pack("{s:s, s:o, s:I, s:O, s:O}", "kind", t->kind, "title",
				   json_textn(t->title), "line", (json_int_t)t->line, "columns",
				   t->columns, "rows", t->rows));
	}
	return v;
}

static json_t *claims(const struct card *c)
{
	json_t *v = json_array();

	for (size_t i = 0; i < c->claims.n; i++) {
		const struct card_claim *x = &c->claims.v[i];
		json_t *o = json_pack("{s:s, s:I, s:o}", "kind", x->kind, "line",
			(json_int_t)x->line, "text", json_textn(x->text));

		json_object_set(o, "what", x->what);
		json_array_append_new(v, o);
	}
	return v;
}

/* JSON of what has no column. free() */
static char *facts(const struct card *c)
{
	json_t *o = json_object();
	struct str s = STR_INIT;

	set_text(o, "library", c->library);
	set_text(o, "pipeline", c->pipeline);
	json_object_set(o, "tags", c->tags);
	json_object_set(o, "languages", c->languages);
	if (c->quantization)
		json_object_set(o, "quantization", c->quantization);
	json_object_set(o, "facts", c->facts);
	if (c->recipe)
		json_object_set_new(o, "recipe_line", json_integer(c->recipe_line));
	json_object_set_new(o, "tables", tables(c));
	json_object_set_new(o, "claims", claims(c));
	json_add(&s, o, 0);
	json_decref(o);
	return str_steal(&s);
}

bool import_store_card(const struct import_file *f, const char *source, int64_t model,
	struct catalog *c, struct err *e)
{
	const struct card *card = f->card;
	const char *name = card->name ? card->name : str_base(f->path);
	struct catalog_edge *edges = xnew(struct catalog_edge, card->parents.n + 1);
	char *json = facts(card);
	struct catalog_card row = { .model = model,
		.name = (char *)name,
		.source = (char *)source,
		.hash = (char *)card->hash,
		.text = card->text,
		.license = card->license,
		.recipe_text = card->recipe,
		.facts = json };
	int64_t id;
	bool added, ok;

	for (size_t i = 0; i < card->parents.n; i++)
		edges[i] = (struct catalog_edge){ .model = model,
			.child = (char *)name,
			.parent = card->parents.v[i].name,
			.relation = card->parents.v[i].relation,
			.source = "card",
			.position = (int64_t)i,
			.weight = card->parents.v[i].weight };
	ok = catalog_card_put(c, &row, edges, card->parents.n, &id, &added, e);
	free(json);
	free(edges);
	return ok;
}
