#include "config.h"
#include "recipe/build.h"

#include "base/str.h"

static struct setting bad(struct builder *b, const struct yaml_node *n, const char *path,
	const char *hint, const char *what)
{
	build_problem(b, &n->mark, path, "bad-value", hint, "%s", what);
	return (struct setting){ .kind = SETTING_BAD, .mark = n->mark, .text = n->text };
}

static struct setting scalar_setting(struct builder *b, const struct yaml_node *n, const char *path)
{
	struct setting s = { .mark = n->mark, .text = n->text, .number = n->number,
		.is_numeric = true };

	switch (n->kind) {
	case Y_INT:
	case Y_FLOAT: s.kind = SETTING_NUMBER; return s;
	case Y_BOOL: s.kind = SETTING_BOOL; return s;
	case Y_TEXT:
		s.kind = SETTING_TEXT;
		s.is_numeric = yaml_text_number(n->text, &s.number);
		return s;
	case Y_NULL:
		return bad(b, n, path, "give a value, or take the key away", "there is no value");
	default: return bad(b, n, path, "write a number, or true or false", "a date is no value");
	}
}

static struct setting gradient(struct builder *b, const struct yaml_node *n, const char *path)
{
	struct setting *v = arena_new(b->arena, struct setting, n->n + 1);
	struct setting s = { .kind = SETTING_GRADIENT, .mark = n->mark, .n = n->n, .values = v,
		.is_numeric = true };

	for (size_t i = 0; i < n->n; i++) {
		v[i] = scalar_setting(b, n->items[i], path);
		s.is_numeric = s.is_numeric && v[i].is_numeric;
		if (v[i].kind == SETTING_BAD)
			s.kind = SETTING_BAD;
	}
	return s;
}

static bool all_scalars(const struct yaml_node *n)
{
	for (size_t i = 0; i < n->n; i++)
		if (!yaml_is_scalar(n->items[i]))
			return false;
	return true;
}

/* The value of a {filter, value} entry: a scalar or a gradient. */
static struct setting filter_value(struct builder *b, const struct yaml_node *entry,
	const char *path)
{
	const struct yaml_node *v = yaml_get(entry, "value");

	if (!v)
		return bad(b, entry, path, "write {filter: TEXT, value: NUMBER}",
			"an entry of filters has no value");
	if (yaml_is_scalar(v))
		return scalar_setting(b, v, path);
	if (v->kind == Y_LIST && all_scalars(v))
		return gradient(b, v, path);
	return bad(b, v, path, "filters do not nest",
		"the value of a filter is a number or a list of numbers");
}

static struct setting filters(struct builder *b, const struct yaml_node *n,
	const struct yaml_node *const *entries, size_t count, const char *path)
{
	struct setting *v = arena_new(b->arena, struct setting, count);
	const char **patterns = arena_new(b->arena, const char *, count);
	struct mark *marks = arena_new(b->arena, struct mark, count);
	struct setting s = { .kind = SETTING_FILTERS, .mark = n->mark, .n = count, .values = v,
		.filters = patterns, .filter_marks = marks };

	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *f;

		if (entries[i]->kind != Y_MAP)
			return bad(b, entries[i], path,
				"for the rest of the tensors write {value: NUMBER} last",
				"numbers and {filter, value} entries cannot be mixed in one list");
		f = yaml_get(entries[i], "filter");
		marks[i] = f ? f->mark : entries[i]->mark;
		if (f && f->kind != Y_NULL && f->kind != Y_TEXT)
			return bad(b, f, path, "put it in quotes",
				"a filter is a piece of a tensor's name");
		patterns[i] = f && f->kind == Y_TEXT ? f->text : NULL;
		v[i] = filter_value(b, entries[i], path);
		if (v[i].kind == SETTING_BAD)
			return (struct setting){ .kind = SETTING_BAD, .mark = n->mark };
	}
	return s;
}

struct setting build_setting(struct builder *b, const struct yaml_node *n, const char *path)
{
	if (yaml_is_scalar(n))
		return scalar_setting(b, n, path);
	if (n->kind == Y_MAP)
		return filters(b, n, &n, 1, path);
	return all_scalars(n) ? gradient(b, n, path) : filters(b, n, n->items, n->n, path);
}

struct recipe_params build_params(struct builder *b, const struct yaml_node *map, const char *path)
{
	struct recipe_params out = { 0 };
	struct recipe_param *v;

	if (!map || map->kind == Y_NULL)
		return out;
	out.mark = map->mark;
	if (map->kind != Y_MAP) {
		build_problem(b, &map->mark, path, "bad-type", "write NAME: VALUE lines",
			"parameters are a map");
		return out;
	}
	v = arena_new(b->arena, struct recipe_param, map->n + 1);
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml_pair *p = &map->pairs[i];

		if (p->kind != Y_OWN && p->kind != Y_MERGED)
			continue;
		v[out.n].name = p->key->text;
		v[out.n].name_mark = p->key->mark;
		v[out.n].value = build_setting(b, p->value,
			arena_printf(b->arena, "%s.%s", path, p->key->text));
		out.n++;
	}
	out.v = v;
	return out;
}
