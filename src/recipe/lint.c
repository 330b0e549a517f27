#include "config.h"
#include "recipe/lint.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "recipe/lint_in.h"
#include "system/file.h"

void lint_say(struct lint *l, enum severity sev, const struct mark *at, const char *path,
	const char *code, struct str *message, struct str *hint)
{
	findings_add(l->out, sev, at, path, code, hint->n ? hint->s : NULL, "%s", message->s);
	str_fini(message);
	str_fini(hint);
}

void lint_text(const struct recipe *r, struct findings *out)
{
	struct lint l = { .r = r, .out = out, .n = recipe_inputs(r), .base = recipe_base(r) };

	for (size_t i = 0; i < r->n_problems; i++)
		findings_add(out, SEV_ERROR, &r->problems[i].mark, r->problems[i].path,
			r->problems[i].code, r->problems[i].hint, "%s", r->problems[i].message);
	lint_keys(&l);
	lint_params(&l);
	for (l.slice = 0; l.slice < r->n_slices; l.slice++)
		lint_meaning(&l);
	lint_output(&l);
	findings_sort(out);
}

static void lint_unused(const struct recipe *r, struct findings *out)
{
	size_t final = recipe_final(r);
	bool *all = xcalloc(r->documents, sizeof *all);

	recipe_uses(r->file[final], all);
	for (size_t i = 0; i < r->documents; i++) {
		const struct recipe *d = r->file[i];
		const struct yaml_node *name = yaml_get(d->tree, "name");

		if (all[i] || !d->name)
			continue;
		findings_add(out, SEV_WARNING, &name->mark, "name", "document-unused",
			"name it in another, or merge it with --document or --all",
			"%s is used by no document that leads to the result", d->name);
	}
	free(all);
}

/* Each use of a document computes it anew: a few are cheaper than writing it, many are not. */
static void lint_often(const struct recipe *r, struct findings *out)
{
	double *times = xnew(double, r->documents);

	recipe_times(r->file[recipe_final(r)], times);
	for (size_t i = 0; i < r->documents; i++)
		if (times[i] > 8.0 && r->file[i]->name)
			findings_add(out, SEV_WARNING,
				&yaml_get(r->file[i]->tree, "name")->mark, "name",
				"document-often", "merge with --all: it is written once then",
				"%s is computed %.6g times over, once for each way it is used",
				r->file[i]->name, times[i]);
	free(times);
}

void lint_file(const struct recipe *r, struct findings *out)
{
	for (size_t i = 0; i < r->documents; i++)
		lint_text(r->file[i], out);
	if (r->documents > 1)
		lint_unused(r, out);
	if (r->documents > 1 && !out->errors)
		lint_often(r, out);
	findings_sort(out);
}

bool lint_ok(const struct recipe *r, struct err *e)
{
	struct findings f = { 0 };
	char where[512];

	lint_file(r, &f);
	for (size_t i = 0; i < f.n; i++) {
		if (f.v[i].severity != SEV_ERROR)
			continue;
		snprintf(where, sizeof where, "%s:%d:%d", r->path ? r->path : "recipe", f.v[i].line,
			f.v[i].column);
		err_set(e, ERR_INPUT, where, f.v[i].hint, "%s", f.v[i].message);
		findings_fini(&f);
		return false;
	}
	findings_fini(&f);
	return true;
}

/* A document is taken before a folder of its name. */
static void lint_document_folders(const struct recipe *r, struct findings *out)
{
	const char *slash = r->path ? strrchr(r->path, '/') : NULL;
	char *dir = slash ? xstrndup(r->path, (size_t)(slash - r->path) + 1) : xstrdup("");
	char *beside = r->name ? str_join_path(dir, r->name) : NULL;

	if (r->documents > 1 && beside && *r->name &&
		(file_is_dir(r->name) || file_is_dir(beside)))
		findings_add(out, SEV_NOTE, &yaml_get(r->tree, "name")->mark, "name",
			"document-folder", "write ./ before the folder's name to mean the folder",
			"%s is also a folder: the name means the document", r->name);
	free(beside);
	free(dir);
}

void lint_paths(const struct recipe *r, struct findings *out)
{
	char here[PATH_MAX], there[PATH_MAX];
	const char *slash = r->path ? strrchr(r->path, '/') : NULL;
	size_t n = recipe_inputs(r);

	for (size_t i = 0; slash && i < n; i++) {
		const struct recipe_ref_text *m = recipe_input_ref(r, i);
		char *dir = xstrndup(r->path, (size_t)(slash - r->path) + 1), *beside = NULL;

		if (recipe_of_ref(r, m))
			goto next;
		if (m->path[0] != '/')
			beside = str_join_path(dir, m->path);
		if (beside && file_exists(m->path) && file_exists(beside) && realpath(m->path, here)
		    && realpath(beside, there) && strcmp(here, there) != 0)
			findings_add(out, SEV_NOTE, &m->mark,
				i < r->n_models ? "models" : "base_model", "two-places",
				"write ./ or the whole path to say which",
				"%s is in the working directory and beside the recipe: that in the "
				"working directory is taken",
				m->text);
next:
		free(beside);
		free(dir);
	}
	lint_document_folders(r, out);
	findings_sort(out);
}

/* ---- every key, explained ---- */

struct explain {
	const struct recipe *r;
	const struct finding **dead; /* why keys have no effect, by path */
	size_t n_dead;
	struct lint_keys *out;
};

static bool says_dead(const struct finding *f)
{
	static const char *const codes[] = {"unknown-key", "misplaced-key", "unknown-parameter",
		"global-only", "base-skipped", "no-effect", "duplicate-key", "anchor-holder"};

	for (size_t k = 0; k < sizeof codes / sizeof *codes; k++)
		if (str_eq(f->code, codes[k]))
			return true;
	return false;
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(const struct finding *const *)a)->path,
		(*(const struct finding *const *)b)->path);
}

static const struct finding *dead_by(const struct explain *x, const char *path)
{
	struct finding wanted = { .path = (char *)(uintptr_t)path }, *key = &wanted;
	const struct finding **f = bsearch(&key, x->dead, x->n_dead, sizeof *x->dead, by_path);

	return f ? *f : NULL;
}

static void add_value(struct str *s, const struct recipe *r, const struct yaml_node *n)
{
	if (n->style == 'b' && !n->target)
		return;
	str_addn(s, r->text + n->mark.begin, n->mark.end - n->mark.begin);
	for (size_t i = 0; i < s->n; i++)
		if (s->s[i] == '\n' || s->s[i] == '\r')
			s->s[s->n = i] = '\0';
}

static void explain_key(struct explain *x, const struct yaml_pair *p, const char *path,
	const char *help)
{
	struct lint_key *k = vec_push(x->out);
	const struct finding *why = dead_by(x, path);
	struct str value = STR_INIT;

	add_value(&value, x->r, p->value);
	k->mark = p->key->mark;
	k->path = xstrdup(path);
	k->value = str_steal(&value);
	k->dead = why != NULL;
	k->effect = xstrdup(why ? why->message : help ? help : "");
}

static void explain(struct explain *x, const struct yaml_node *n, const char *path,
	enum key_level level)
{
	for (size_t i = 0; n->kind == Y_LIST && !n->target && i < n->n; i++) {
		char *at = xasprintf("%s[%zu]", path, i);

		explain(x, n->items[i], at, level);
		free(at);
	}
	for (size_t i = 0; n->kind == Y_MAP && !n->target && i < n->n; i++) {
		const struct yaml_pair *p = &n->pairs[i];
		const struct param_def *d = level == LEVEL_PARAMETERS
			? method_param(x->r->method, p->key->text) : NULL;
		const struct recipe_key *k = recipe_key(level, p->key->text);
		char *at = *path ? xasprintf("%s.%s", path, p->key->text) : xstrdup(p->key->text);
		enum key_level below;

		if (p->kind == Y_OWN || p->kind == Y_SHADOWED)
			explain_key(x, p, at, d ? d->help : k ? k->help : NULL);
		if (p->kind == Y_OWN && key_level_below(level, p->key->text, &below))
			explain(x, p->value, at, below);
		free(at);
	}
}

void lint_explain(const struct recipe *r, struct lint_keys *out)
{
	struct findings f = { 0 };
	struct explain x = { .r = r, .out = out };

	lint_text(r, &f);
	x.dead = xnew(const struct finding *, f.n + 1);
	for (size_t i = 0; i < f.n; i++)
		if (says_dead(&f.v[i]))
			x.dead[x.n_dead++] = &f.v[i];
	qsort(x.dead, x.n_dead, sizeof *x.dead, by_path);
	explain(&x, r->tree, "", LEVEL_TOP);
	free(x.dead);
	findings_fini(&f);
}

void lint_keys_fini(struct lint_keys *k)
{
	for (size_t i = 0; i < k->n; i++) {
		free(k->v[i].path);
		free(k->v[i].value);
		free(k->v[i].effect);
	}
	vec_fini(k);
}
