#include "config.h"
#include "recipe/open.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "recipe/build.h"
#include "recipe/publish.h"

static char *resolve(const char *path, const char *revision, const struct ref_places *p,
	struct err *e)
{
	char *name = revision ? xasprintf("%s@%s", path, revision) : xstrdup(path);
	char *found = model_resolve(p->roots, name, p->near_dir, p->alias, p->ctx, e);

	free(name);
	return found;
}

/* The name of the model with adapters up to number n: the whole text with the last. */
static char *label(const struct recipe_ref_text *ref, size_t n)
{
	struct recipe_ref_text part = *ref;

	part.n_loras = n;
	return n == ref->n_loras ? xstrdup(ref->text) : ref_public(&part, part.path);
}

struct model *ref_open(const struct recipe_ref_text *ref, const struct ref_places *p,
	lora_say_fn *say, void *say_ctx, struct err *e)
{
	struct err why = { 0 };
	struct model *m = p->made ? p->made(p->made_ctx, ref, &why) : NULL;
	char *path;

	if (!m && why.code) {
		if (e)
			*e = why;
		return NULL;
	}
	if (!m) {
		path = resolve(ref->path, ref->revision, p, e);
		m = path ? model_open(path, e) : NULL;
		free(path);
	}
	for (size_t i = 0; m && i < ref->n_loras; i++) {
		const struct recipe_lora *l = &ref->loras[i];
		struct model *under = m;
		char *name = label(ref, i + 1);

		path = resolve(l->path, l->revision, p, e);
		m = path ? lora_apply(under, path, l->scale, name, say, say_ctx, e) : NULL;
		model_unref(under);
		free(path);
		free(name);
	}
	return m;
}

struct model *ref_open_text(const char *text, const struct ref_places *p, struct err *e)
{
	struct arena a;
	struct recipe_ref_text ref = { 0 };
	struct err ignored = { 0 };
	char *path = strchr(text, '+') ?
		model_resolve(p->roots, text, p->near_dir, p->alias, p->ctx, &ignored) : NULL;
	struct model *m;

	arena_init(&a);
	if (path || !strchr(text, '+') || !build_ref_text(&a, text, &ref))
		ref = (struct recipe_ref_text){ .text = text, .path = text };
	free(path);
	m = ref_open(&ref, p, NULL, NULL, e);
	arena_fini(&a);
	return m;
}

static bool is_absolute(const char *path)
{
	return *path == '/' || *path == '~';
}

static void add_public(struct str *s, const char *path)
{
	char *name = is_absolute(path) ? publish_name(path) : xstrdup(path);

	str_add(s, name);
	free(name);
}

char *ref_public(const struct recipe_ref_text *ref, const char *model)
{
	struct str s = STR_INIT;

	if (model)
		str_add(&s, model);
	else
		add_public(&s, ref->path);
	if (ref->revision)
		str_addf(&s, "@%s", ref->revision);
	for (size_t i = 0; i < ref->n_loras; i++) {
		const struct recipe_lora *l = &ref->loras[i];

		str_addc(&s, '+');
		add_public(&s, l->path);
		if (l->revision)
			str_addf(&s, "@%s", l->revision);
		if (l->scale != 1.0)
			str_addf(&s, ":%.9g", l->scale);
	}
	return str_steal(&s);
}
