/* The numbers of recipes, kept where a filter finds them. */
#include "config.h"
#include <ctype.h>
#include <math.h>
#include <string.h>
#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "catalog/db.h"
#include "recipe/yaml.h"

#define KEY_MAX 64
#define VALUES_MAX 10000 /* of one recipe */

struct walk {
	struct db *d;
	int64_t recipe;
	size_t left;
	struct err *e;
};

static bool put(struct walk *w, const char *key, double value)
{
	char low[KEY_MAX + 1];
	size_t n = strlen(key);

	if (!w->left || n == 0 || n > KEY_MAX || !isfinite(value))
		return true;
	w->left--;
	for (size_t i = 0; i <= n; i++)
		low[i] = (char)tolower((unsigned char)key[i]);
	return db_run(w->d, w->e, "INSERT INTO recipe_value (key, value, recipe) VALUES (?, ?, ?) "
		"ON CONFLICT DO NOTHING", "tdi", low, value, w->recipe);
}

/* key: the last one above the node. The "value" beside a filter is one of the list's key. */
static bool visit(struct walk *w, const struct yaml_node *n, const char *key, int depth)
{
	double number;

	if (depth > YAML_MAX_DEPTH || !w->left)
		return true;
	switch (n->kind) {
	case Y_BOOL: case Y_INT: case Y_FLOAT:
		return put(w, key, n->number);
	case Y_TEXT: /* 1e-05 is text to PyYAML, and a number to who takes it */
		return !yaml_text_number(n->text, &number) || put(w, key, number);
	case Y_LIST:
		for (size_t i = 0; i < n->n; i++)
			if (!visit(w, n->items[i], key, depth + 1))
				return false;
		return true;
	case Y_MAP: {
		bool filtered = yaml_get(n, "filter") != NULL;

		for (size_t i = 0; i < n->n; i++) {
			const struct yaml_pair *p = &n->pairs[i];
			const char *own = p->key->text ? p->key->text : "";

			if ((p->kind == Y_OWN || p->kind == Y_MERGED) && !visit(w, p->value,
				*key && (filtered || n->n == 1) && str_eq(own, "value") ? key :
				own, depth + 1))
				return false;
		}
		return true;
	}
	default:
		return true;
	}
}

bool db_index_recipe(struct db *d, int64_t recipe, const char *text, struct err *e)
{
	struct walk w = { d, recipe, VALUES_MAX, e };
	struct yaml_doc doc;
	struct arena a;
	bool ok = true;

	arena_init(&a);
	/* A text that is no YAML was stored all the same, and has no numbers. */
	if (yaml_parse(&a, text, strlen(text), "recipe", &doc, NULL))
		for (size_t i = 0; i < doc.documents && ok; i++)
			ok = visit(&w, doc.roots[i], "", 0);
	arena_fini(&a);
	return ok;
}

bool db_index_recipes(struct db *d, struct err *e)
{
	struct found { int64_t id; char *text; };
	vec(struct found) all = { 0 };
	bool failed = true, ok;
	sqlite3_stmt *s;

	if (!db_number(d, "SELECT count(*) FROM sqlite_schema WHERE name = 'recipe_value'", 0))
		return true;
	s = db_prepare(d, "SELECT id, text FROM recipe", e);
	while (s && db_step(d, s, &failed, e))
		*vec_push(&all) = (struct found){ sqlite3_column_int64(s, 0), db_text(s, 1) };
	ok = !failed;
	for (size_t i = 0; i < all.n; i++) {
		ok = ok && db_index_recipe(d, all.v[i].id, all.v[i].text, e);
		free(all.v[i].text);
	}
	vec_fini(&all);
	return ok;
}
