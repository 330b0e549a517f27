#include "config.h"
#include "recipe/lint_in.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static void walk(struct lint *l, const struct yaml_node *n, enum key_level level, const char *path);

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
		"%s comes again on line %d, and the last one counts: this one has no effect", p->key->text,
		p->winner->mark.line);
}

static void walk_list(struct lint *l, const struct yaml_node *list, enum key_level level,
	const char *path)
{
	for (size_t i = 0; list->kind == Y_LIST && i < list->n; i++) {
		char *at = xasprintf("%s[%zu]", path, i);

		walk(l, list->items[i], level, at);
		free(at);
	}
}

/* {filter, value} entries below a parameters: map. */
static void walk_settings(struct lint *l, const struct yaml_node *params, const char *path)
{
	for (size_t i = 0; params->kind == Y_MAP && i < params->n; i++) {
		const struct yaml_pair *p = &params->pairs[i];
		char *at = xasprintf("%s.%s", path, p->key->text);

		if (p->kind == Y_SHADOWED)
			shadowed_key(l, p, at);
		else if (p->kind == Y_OWN && p->value->kind == Y_MAP)
			walk(l, p->value, LEVEL_FILTER, at);
		else if (p->kind == Y_OWN)
			walk_list(l, p->value, LEVEL_FILTER, at);
		free(at);
	}
}

static void walk_value(struct lint *l, const struct yaml_pair *p, enum key_level level,
	const char *path)
{
	static const struct { enum key_level level; const char *key; enum key_level entries; } lists[] = {
		{ LEVEL_TOP, "models", LEVEL_MODEL }, { LEVEL_TOP, "slices", LEVEL_SLICE },
		{ LEVEL_SLICE, "sources", LEVEL_SOURCE }, { LEVEL_MODULE, "models", LEVEL_MODEL },
		{ LEVEL_MODULE, "slices", LEVEL_SLICE },
	};
	const char *key = p->key->text;

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (lists[i].level == level && str_eq(lists[i].key, key))
			walk_list(l, p->value, lists[i].entries, path);
	if (str_eq(key, "parameters"))
		walk_settings(l, p->value, path);
	else if (str_eq(key, "tokenizer"))
		walk(l, p->value, LEVEL_TOKENIZER, path);
	else if (level == LEVEL_REFERENCE)
		walk(l, p->value, LEVEL_PLACE, path);
	else if (str_eq(key, "model") || str_eq(key, "base_model") || str_eq(key, "source")
		 || str_eq(key, "tokenizer_source"))
		walk(l, p->value, LEVEL_REFERENCE, path);
}

static void walk_modules(struct lint *l, const struct yaml_node *modules)
{
	for (size_t i = 0; modules->kind == Y_MAP && i < modules->n; i++) {
		char *at = xasprintf("modules.%s", modules->pairs[i].key->text);

		if (modules->pairs[i].kind == Y_OWN)
			walk(l, modules->pairs[i].value, LEVEL_MODULE, at);
		free(at);
	}
}

static void walk(struct lint *l, const struct yaml_node *n, enum key_level level, const char *path)
{
	if (n->kind != Y_MAP || n->target)
		return; /* what an alias points at is looked at where it stands */
	for (size_t i = 0; i < n->n; i++) {
		const struct yaml_pair *p = &n->pairs[i];
		const struct recipe_key *k = recipe_key(level, p->key->text);
		char *at = *path ? xasprintf("%s.%s", path, p->key->text) : xstrdup(p->key->text);

		if (p->kind == Y_SHADOWED)
			shadowed_key(l, p, at);
		else if (p->kind == Y_OWN && !k)
			unknown_key(l, p, level, at);
		else if (p->kind == Y_OWN && k->dead)
			findings_add(l->out, SEV_WARNING, &p->key->mark, at, "no-effect", "take it out",
				"%s has no effect here: %s", k->name, k->help);
		else if (p->kind == Y_OWN && level == LEVEL_TOP && str_eq(p->key->text, "modules"))
			walk_modules(l, p->value);
		else if (p->kind == Y_OWN)
			walk_value(l, p, level, at);
		free(at);
	}
}

void lint_keys(struct lint *l)
{
	walk(l, l->r->tree, LEVEL_TOP, "");
}
