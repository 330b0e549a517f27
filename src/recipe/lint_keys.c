#include "config.h"
#include "recipe/lint_in.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* Maps and lists that are there only to be pointed at from elsewhere. */
static bool holds_anchor(const struct yaml_node *n)
{
	bool found = n->uses > 0;

	if (n->target)
		return false;
	for (size_t i = 0; !found && n->kind == Y_LIST && i < n->n; i++)
		found = holds_anchor(n->items[i]);
	for (size_t i = 0; !found && n->kind == Y_MAP && i < n->n; i++)
		found = n->pairs[i].kind != Y_MERGED && holds_anchor(n->pairs[i].value);
	return found;
}

/* A method's parameter: of the one in use, else of any. */
static bool is_parameter(const struct recipe *r, const char *name)
{
	if (r->method)
		return method_param(r->method, name) != NULL;
	for (size_t i = 0; method_at(i); i++)
		if (method_param(method_at(i), name))
			return true;
	return false;
}

static void unknown_key(struct lint *l, const struct yaml_pair *p, enum key_level level,
	const char *path)
{
	const char *key = p->key->text, *near = recipe_key_nearest(level, key);
	const struct recipe_key *elsewhere = recipe_key_elsewhere(level, key);
	struct str message = STR_INIT, hint = STR_INIT;
	const char *code = "unknown-key";
	enum severity sev = SEV_WARNING;

	str_addf(&message, "%s is no key %s: it has no effect", key, key_level_name(level));
	if (is_parameter(l->r, key)) {
		code = "misplaced-key";
		str_add(&hint, "move it under parameters:");
	} else if (elsewhere) {
		code = "misplaced-key";
		str_addf(&hint, "it belongs %s", key_level_name(elsewhere->level));
	} else if (near) {
		str_addf(&hint, "did you mean %s?", near);
	} else if (holds_anchor(p->value)) {
		code = "anchor-holder";
		sev = SEV_NOTE;
		str_clear(&message);
		str_addf(&message, "%s only holds what aliases point at", key);
	}
	lint_say(l, sev, &p->key->mark, path, code, &message, &hint);
}

static void shadowed_key(struct lint *l, const struct yaml_pair *p, const char *path)
{
	findings_add(l->out, SEV_WARNING, &p->key->mark, path, "duplicate-key", "keep one of them",
		"%s comes again on line %d, and the last one counts: this one has no effect",
		p->key->text, p->winner->mark.line);
}

/* The one key that lives by what else is in the file. */
static bool tells_apart(const struct lint *l, enum key_level level, const char *key)
{
	return level == LEVEL_TOP && l->r->documents > 1 && str_eq(key, "name");
}

/* A list's entries stand where the list does. */
static void walk(struct lint *l, const struct yaml_node *n, enum key_level level, const char *path)
{
	bool named = key_level_named(level);

	if (n->target)
		return; /* what an alias points at is looked at where it stands */
	for (size_t i = 0; n->kind == Y_LIST && i < n->n; i++) {
		char *at = xasprintf("%s[%zu]", path, i);

		walk(l, n->items[i], level, at);
		free(at);
	}
	for (size_t i = 0; n->kind == Y_MAP && i < n->n; i++) {
		const struct yaml_pair *p = &n->pairs[i];
		const struct recipe_key *k = recipe_key(level, p->key->text);
		char *at = *path ? xasprintf("%s.%s", path, p->key->text) : xstrdup(p->key->text);
		enum key_level below;

		if (p->kind == Y_SHADOWED)
			shadowed_key(l, p, at);
		else if (p->kind == Y_OWN && !k && !named)
			unknown_key(l, p, level, at);
		else if (p->kind == Y_OWN && k && k->dead && !tells_apart(l, level, k->name))
			findings_add(l->out, SEV_WARNING, &p->key->mark, at, "no-effect",
				"take it out", "%s has no effect here: %s", k->name, k->help);
		else if (p->kind == Y_OWN && key_level_below(level, p->key->text, &below))
			walk(l, p->value, below, at);
		free(at);
	}
}

void lint_keys(struct lint *l)
{
	walk(l, l->r->tree, LEVEL_TOP, "");
}
