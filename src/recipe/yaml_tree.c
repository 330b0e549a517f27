#include "config.h"
#include "recipe/yaml.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

bool yaml_is_scalar(const struct yaml_node *n)
{
	return n && n->kind < Y_LIST;
}

const struct yaml_pair *yaml_pair(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != Y_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml_pair *p = &map->pairs[i];

		if ((p->kind == Y_OWN || p->kind == Y_MERGED) && str_eq(p->key->text, key))
			return p;
	}
	return NULL;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	const struct yaml_pair *p = yaml_pair(map, key);

	return p ? p->value : NULL;
}

/* A list or map in block style ends where libyaml meets the next token; its own content ends with
 * the last thing written in it. */
size_t yaml_end(const struct yaml_node *n)
{
	size_t end = n->mark.end;

	if (n->target || n->style != 'b')
		return end;
	end = n->mark.begin;
	if (n->kind == Y_LIST && n->n)
		return yaml_end(n->items[n->n - 1]);
	for (size_t i = n->n; n->kind == Y_MAP && i-- > 0;)
		if (n->pairs[i].kind != Y_MERGED) {
			const struct yaml_node *v = n->pairs[i].value, *k = n->pairs[i].key;
			size_t last = yaml_end(v);

			/* "key:" alone has an empty value that begins after the colon. */
			return last > k->mark.end ? last : k->mark.end + 1;
		}
	return end;
}

static bool same_number(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static bool same_map(const struct yaml_node *a, const struct yaml_node *b)
{
	size_t counted = 0, others = 0;

	for (size_t i = 0; i < b->n; i++)
		others += b->pairs[i].kind == Y_OWN || b->pairs[i].kind == Y_MERGED;
	for (size_t i = 0; i < a->n; i++) {
		const struct yaml_node *other;

		if (a->pairs[i].kind != Y_OWN && a->pairs[i].kind != Y_MERGED)
			continue;
		counted++;
		other = yaml_get(b, a->pairs[i].key->text);
		if (!other || !yaml_same(a->pairs[i].value, other))
			return false;
	}
	return counted == others;
}

bool yaml_same(const struct yaml_node *a, const struct yaml_node *b)
{
	if (!a || !b || a->kind != b->kind)
		return a == b;
	switch (a->kind) {
	case Y_NULL: return true;
	case Y_BOOL:
	case Y_INT:
	case Y_FLOAT: return same_number(a->number, b->number);
	case Y_TEXT:
	case Y_DATE: return str_eq(a->text, b->text);
	case Y_MAP: return same_map(a, b);
	case Y_LIST: break;
	}
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!yaml_same(a->items[i], b->items[i]))
			return false;
	return true;
}
