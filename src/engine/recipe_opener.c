#include "config.h"
#include "engine/recipe_opener.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/inputs.h"
#include "engine/recipe_model.h"

#define DEEPEST 256 /* recipes within each other: every level takes some stack and memory */

void recipe_opener_fini(struct recipe_opener *o)
{
	for (size_t i = 0; i < o->done.n; i++) {
		model_unref(o->done.v[i].model);
		plan_unref(o->done.v[i].plan);
		recipe_unref(o->done.v[i].recipe);
	}
	vec_fini(&o->done);
}

static bool same_file(const char *a, const char *b)
{
	char x[PATH_MAX], y[PATH_MAX];

	return str_eq(a, b) || (a && b && realpath(a, x) && realpath(b, y) && str_eq(x, y));
}

static bool same_recipe(const struct recipe *a, const struct recipe *b)
{
	return a->document == b->document &&
		(a->file == b->file || (a->path && same_file(a->path, b->path)));
}

/* --- names --- */

static bool is_recipe_file(const struct recipe_ref_text *ref)
{
	return !ref->revision &&
		(str_ends(ref->path, ".yml") || str_ends(ref->path, ".yaml"));
}

struct recipe *recipe_named(const struct recipe *r, const struct recipe_ref_text *ref,
	const char *near_dir, struct err *e)
{
	const struct recipe *document = recipe_of_ref(r, ref);
	char *beside;
	struct recipe *found = NULL;

	if (document)
		return recipe_ref(document);
	if (!is_recipe_file(ref))
		return NULL;
	beside = near_dir && *ref->path != '/' ? str_join_path(near_dir, ref->path) : NULL;
	if (file_exists(ref->path) && !file_is_dir(ref->path))
		found = recipe_load(ref->path, e);
	else if (beside && file_exists(beside) && !file_is_dir(beside))
		found = recipe_load(beside, e);
	free(beside);
	return found;
}

/* --- models --- */

/* As a ring over files is told: by file, and document where it has a name. Caller frees. */
static char *title(const struct recipe *r)
{
	if (!r->path)
		return recipe_title(r);
	return r->documents > 1 && r->name ? xasprintf("%s of %s", r->name, str_base(r->path))
		: xstrdup(str_base(r->path));
}

/* "a.yml needs b.yml, b.yml needs a.yml" */
static bool refuse_ring(const struct recipe_opener *o, size_t first, struct err *e)
{
	struct str s = STR_INIT;
	size_t last = first;

	for (size_t i = first; i < o->done.n; i++) {
		const struct opened_recipe *next = NULL;
		char *from, *to;

		if (!o->done.v[i].open)
			continue;
		for (size_t k = i + 1; k < o->done.n && !next; k++)
			if (o->done.v[k].open)
				next = &o->done.v[k];
		last = next ? (size_t)(next - o->done.v) : first;
		from = title(o->done.v[i].recipe);
		to = title(o->done.v[last].recipe);
		str_addf(&s, "%s%s needs %s", s.n ? ", " : "", from, to);
		free(from);
		free(to);
	}
	err_set(e, ERR_INPUT, o->done.v[first].recipe->path ? o->done.v[first].recipe->path :
		"recipe", "name a model in one of them", "circular dependency: %s", s.s);
	str_fini(&s);
	return false;
}

static bool enter(struct recipe_opener *o, const struct recipe *r, struct err *e)
{
	size_t depth = 0;

	for (size_t i = 0; i < o->done.n; i++) {
		if (o->done.v[i].open && same_recipe(o->done.v[i].recipe, r))
			return refuse_ring(o, i, e);
		depth += o->done.v[i].open;
	}
	if (depth >= DEEPEST)
		return err_set(e, ERR_INPUT, r->path ? r->path : "recipe",
			"write an intermediate with --all, and name its folder",
			"more than %d recipes within each other", DEEPEST);
	*vec_push(&o->done) = (struct opened_recipe){.recipe = recipe_ref(r), .open = true};
	return true;
}

/* The plan of an inner recipe; problems of the text come first. */
static struct plan *plan_inner(struct recipe_opener *o, const struct recipe *r, struct err *e)
{
	struct inputs *in = recipe_valid(r, e) ? inputs_open_with(r, o, e) : NULL;
	struct plan_options options = o->options;
	struct plan *p = in ? plan_make(r, in, &options, NULL, e) : NULL;

	inputs_unref(in);
	return p;
}

static struct model *recipe_opener_model(struct recipe_opener *o, const struct recipe *r,
	const char *label, struct plan **plan, struct err *e)
{
	struct opened_recipe *done;
	size_t at;

	for (size_t i = 0; i < o->done.n; i++) {
		done = &o->done.v[i];
		if (done->open || !same_recipe(done->recipe, r))
			continue;
		if (!done->model && e)
			*e = done->error;
		*plan = done->model ? plan_ref(done->plan) : NULL;
		return done->model ? model_ref(done->model) : NULL;
	}
	*plan = NULL;
	at = o->done.n;
	if (!enter(o, r, e))
		return NULL;
	struct err why = {0};
	struct plan *p = plan_inner(o, r, &why);
	struct model *m = p ? recipe_model(p, label, &why) : NULL;

	done = &o->done.v[at];
	done->open = false;
	done->error = why;
	done->plan = m ? p : NULL;
	done->model = m;
	if (!m) {
		plan_unref(p);
		if (e)
			*e = why;
		return NULL;
	}
	*plan = plan_ref(p);
	return model_ref(m);
}

struct model *recipe_make(void *maker, const struct recipe_ref_text *ref, struct err *e)
{
	struct recipe_maker *m = maker;
	struct recipe *inner = recipe_named(m->r, ref, m->near_dir, e);
	struct model *made;

	if (!inner)
		return NULL;
	if (recipe_of_ref(m->r, ref)) {
		m->hash = recipe_hash(inner);
		for (size_t i = 0; i < m->opener->options.n_written; i++)
			if (str_eq(m->opener->options.written[i].name, inner->name)) {
				recipe_unref(inner);
				return model_open(m->opener->options.written[i].folder, e);
			}
	}
	made = recipe_opener_model(m->opener, inner, ref->path, &m->plan, e);
	recipe_unref(inner);
	return made;
}
