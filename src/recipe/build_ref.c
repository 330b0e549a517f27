#include "config.h"
#include "recipe/build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* PATH[@REVISION]; false when there is more than one @. */
static bool split_revision(struct arena *a, const char *text, const char **path,
	const char **revision)
{
	const char *at = strchr(text, '@');

	*path = at ? arena_strndup(a, text, (size_t)(at - text)) : text;
	*revision = at ? at + 1 : NULL;
	return !at || (!strchr(at + 1, '@') && at[1]);
}

/* LORA[@REVISION][:SCALE] */
static bool split_lora(struct arena *a, char *text, struct recipe_lora *l)
{
	char *colon = strrchr(text, ':'), *end;

	l->scale = 1.0;
	if (colon && colon[1]) {
		double v = strtod(colon + 1, &end);

		if (*end == '\0') {
			l->scale = v;
			*colon = '\0';
		}
	}
	return split_revision(a, text, &l->path, &l->revision) && *l->path && isfinite(l->scale);
}

bool build_ref_text(struct arena *a, const char *text, struct recipe_ref_text *r)
{
	char *copy = arena_strdup(a, text), *plus = strchr(copy, '+');
	struct recipe_lora *loras;
	size_t count = 0;
	bool ok;

	r->text = text;
	for (char *p = copy; *p; p++)
		count += *p == '+';
	if (plus)
		*plus++ = '\0';
	ok = split_revision(a, copy, &r->path, &r->revision) && *r->path;
	loras = arena_new(a, struct recipe_lora, count + 1);
	while (ok && plus) {
		char *next = strchr(plus, '+');

		if (next)
			*next++ = '\0';
		ok = split_lora(a, plus, &loras[r->n_loras++]);
		plus = next;
	}
	r->loras = loras;
	return ok;
}

static void ref_string(struct builder *b, const struct yaml_node *n, const char *path,
	struct recipe_ref_text *r)
{
	if (!build_ref_text(b->arena, n->text, r))
		build_problem(b, &n->mark, path, "bad-model",
			"a path that itself contains @ or + needs the long form {model: {path: …}}",
			"a model is PATH[@REVISION][+ADAPTER[:SCALE]…], with a finite scale");
}

/* A {path, revision} map, or the string form of it. */
static bool place_of(struct builder *b, const struct yaml_node *n, const char **path,
	const char **revision)
{
	const struct yaml_node *p = yaml_get(n, "path"), *rev = yaml_get(n, "revision");

	if (n && n->kind == Y_TEXT)
		return split_revision(b->arena, n->text, path, revision) && **path;
	if (!p || p->kind != Y_TEXT || !*p->text ||
		(rev && rev->kind != Y_TEXT && rev->kind != Y_NULL))
		return false;
	*path = p->text;
	*revision = rev && rev->kind == Y_TEXT ? rev->text : NULL;
	return true;
}

static const char *ref_spelled(struct builder *b, const struct recipe_ref_text *r)
{
	const char *s = r->path;

	if (r->revision)
		s = arena_printf(b->arena, "%s@%s", s, r->revision);
	for (size_t i = 0; i < r->n_loras; i++) {
		s = arena_printf(b->arena, "%s+%s%s%s", s, r->loras[i].path,
			r->loras[i].revision ? "@" : "",
			r->loras[i].revision ? r->loras[i].revision : "");
		if (r->loras[i].scale != 1.0)
			s = arena_printf(b->arena, "%s:%.9g", s, r->loras[i].scale);
	}
	return s;
}

/* lora: {path, revision, scale}, or the string form LORA[@REVISION][:SCALE]. */
static bool lora_of(struct builder *b, const struct yaml_node *n, struct recipe_lora *l)
{
	const struct yaml_node *scale = yaml_get(n, "scale");
	char *end;

	l->scale = 1.0;
	if (n->kind == Y_TEXT)
		return split_lora(b->arena, arena_strdup(b->arena, n->text), l);
	if (scale && scale->kind != Y_NULL) {
		l->scale = scale->text ? strtod(scale->text, &end) : NAN;
		if (!isfinite(l->scale) || *end)
			return false;
	}
	return place_of(b, n, &l->path, &l->revision);
}

static void ref_object(struct builder *b, const struct yaml_node *n, const char *path,
	struct recipe_ref_text *r)
{
	const struct yaml_node *lora = yaml_get(n, "lora");
	bool several = lora && lora->kind == Y_LIST;
	struct recipe_lora *l = arena_new(b->arena, struct recipe_lora, several ? lora->n + 1 : 1);
	bool ok = place_of(b, yaml_get(n, "model"), &r->path, &r->revision);

	if (ok && lora && lora->kind != Y_NULL) {
		r->loras = l;
		r->n_loras = several ? lora->n : 1;
		for (size_t i = 0; ok && i < r->n_loras; i++)
			ok = lora_of(b, several ? lora->items[i] : lora, &l[i]);
	}
	if (ok) {
		r->text = ref_spelled(b, r);
		return;
	}
	r->n_loras = 0;
	r->text = r->path = "?";
	build_problem(b, &n->mark, path, "bad-model",
		"write model: {path: …, revision: …}, lora: {path: …, scale: …}",
		"this names no model");
}

struct recipe_ref_text build_ref(struct builder *b, const struct yaml_node *n, const char *path)
{
	struct recipe_ref_text r = { 0 };

	if (!n || n->kind == Y_NULL)
		return r;
	r.mark = n->mark;
	r.text = n->text;
	if (n->kind == Y_TEXT) {
		ref_string(b, n, path, &r);
	} else if (n->kind == Y_MAP) {
		ref_object(b, n, path, &r);
	} else {
		r.text = r.path = n->text ? n->text : "?";
		build_problem(b, &n->mark, path, "bad-model",
			"put a name that looks like a number in quotes", "this names no model");
	}
	return r;
}
