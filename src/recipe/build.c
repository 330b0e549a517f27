#include "config.h"
#include "recipe/build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/str.h"

void build_problem(struct builder *b, const struct mark *at, const char *path, const char *code,
	const char *hint, const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	*vec_push(&b->problems) = (struct recipe_problem){ *at, arena_strdup(b->arena, path), code,
		arena_strdup(b->arena, s.s), hint };
	str_fini(&s);
}

bool build_given(const struct yaml_node *n)
{
	return n && n->kind != Y_NULL;
}

static const char *text_of(struct builder *b, const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	if (!build_given(n))
		return NULL;
	if (n->kind == Y_TEXT)
		return n->text;
	build_problem(b, &n->mark, key, "bad-type",
		yaml_is_scalar(n) ? "put it in quotes if it is a name" : NULL, "%s takes one word",
		key);
	return NULL;
}

const struct yaml_node *build_list(struct builder *b, const struct yaml_node *n, const char *path)
{
	if (!build_given(n))
		return NULL;
	if (n->kind == Y_LIST)
		return n;
	build_problem(b, &n->mark, path, "bad-type", "begin every entry with a dash",
		"%s is a list", path);
	return NULL;
}

static void read_seed(struct builder *b, const struct yaml_node *n)
{
	char *end = "";

	if (!build_given(n))
		return;
	errno = 0;
	if (n->kind == Y_INT && n->number >= 0 && n->number < 0x1p53)
		b->r->seed = (uint64_t)n->number; /* octal and 1_000 too */
	else if (n->kind == Y_INT && n->text[0] != '-')
		b->r->seed = strtoull(n->text, &end, 10);
	b->r->has_seed = n->kind == Y_INT && n->number >= 0 && *end == '\0' && !errno;
	if (!b->r->has_seed)
		build_problem(b, &n->mark, "seed", "bad-value", NULL,
			"seed takes a whole number from 0 to 18446744073709551615");
}

static void check_sources(struct builder *b, const struct yaml_node *top)
{
	static const char *const names[] = { "models", "slices", "modules" };
	const struct yaml_node *first = NULL;

	for (size_t i = 0; i < 3; i++) {
		const struct yaml_node *n = yaml_get(top, names[i]);

		if (!n || !n->n)
			continue;
		if (first)
			build_problem(b, &n->mark, names[i], "models-twice", "keep one of them",
				"models, slices and modules exclude each other");
		first = n;
	}
	if (!first)
		build_problem(b, &top->mark, "models", "missing-models",
			"list them: models:, then - model: NAME", "the recipe names no models");
}

void recipe_build(struct builder *b)
{
	struct recipe *r = b->r;
	const struct yaml_node *top = r->tree, *method = yaml_get(top, "merge_method");
	const struct yaml_node *name = yaml_get(top, "name");

	check_sources(b, top);
	r->method_name = text_of(b, top, "merge_method");
	r->method = method_by_name(r->method_name);
	r->method_mark = method ? method->mark : top->mark;
	r->base = build_ref(b, yaml_get(top, "base_model"), "base_model");
	r->params = build_params(b, yaml_get(top, "parameters"), "parameters");
	build_stack(b);
	r->dtype = text_of(b, top, "dtype");
	r->out_dtype = text_of(b, top, "out_dtype");
	r->name = build_given(name) && yaml_is_scalar(name) ? name->text : NULL;
	r->chat_template = text_of(b, top, "chat_template");
	build_tokenizer(b, top);
	read_seed(b, yaml_get(top, "seed"));
}
