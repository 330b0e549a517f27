#include "config.h"
#include "cli/verb.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "engine/content.h"
#include "engine/gather.h"
#include "engine/inputs.h"
#include "engine/recipe_opener.h"
#include "recipe/effect.h"
#include "recipe/lint.h"
#include "recipe/open.h"
#include "recipe/share.h"
#include "recipe/vocabulary.h"
#include "system/file.h"
#include "system/process.h"

static char *recipe_folder(const struct recipe *r)
{
	const char *slash = r->path ? strrchr(r->path, '/') : NULL;

	return slash ? xstrndup(r->path, (size_t)(slash - r->path) + 1) : NULL;
}

struct telling {
	struct findings *f;
	const struct recipe_ref_text *ref;
	const char *path;
};

static void on_adapter(void *ctx, bool warning, const char *text, const char *hint)
{
	struct telling *t = ctx;

	findings_add(t->f, warning ? SEV_WARNING : SEV_NOTE, &t->ref->mark, t->path, "adapter",
		hint, "%s", text);
}

static char *alias(void *ctx, const char *name)
{
	struct err ignored = { 0 };
	struct catalog *cat = cli_catalog(ctx, &ignored);

	return cat ? catalog_model_path(cat, name) : NULL;
}

/* A model that is not here is a note; an adapter that cannot be applied to one that is here, an
 * error. */
static struct model *input_open(struct cli *c, struct recipe_maker *maker,
	const struct recipe_ref_text *ref, const char *path, struct findings *f)
{
	struct ref_places places = { .roots = cli_roots(c), .near_dir = maker->near_dir,
		.alias = alias, .ctx = c, .made = recipe_make, .made_ctx = maker };
	struct telling t = { f, ref, path };
	struct err e = { 0 }, ignored = { 0 };
	struct recipe_ref_text plain = *ref;
	struct model *m = ref_open(ref, &places, on_adapter, &t, &e), *under;

	if (m)
		return m;
	plain.n_loras = 0;
	under = ref->n_loras ? ref_open(&plain, &places, NULL, NULL, &ignored) : NULL;
	if (under)
		findings_add(f, SEV_ERROR, &ref->mark, path, "adapter", e.hint[0] ? e.hint : NULL,
			"%s: %s", e.where, e.what);
	else
		findings_add(f, SEV_NOTE, &ref->mark, path, "not-found", e.hint[0] ? e.hint : NULL,
			"%s cannot be opened here, and was compared with nothing%s%s", ref->text,
			recipe_of_ref(maker->r, ref) ? ": " : "",
			recipe_of_ref(maker->r, ref) ? e.where : "");
	model_unref(under);
	return NULL;
}

/* The models as they are merged: with the rows of one vocabulary. */
static void lint_vocabulary(struct cli *c, const struct recipe *r, struct model **models, size_t n,
	const char *near_dir, struct findings *f)
{
	const struct recipe_ref_text *other = vocabulary_other(r);
	struct ref_places places = { .roots = cli_roots(c), .near_dir = near_dir,
		.alias = alias, .ctx = c };
	struct vocabulary *v = NULL;
	struct err e = { 0 };
	struct model *m = other ? ref_open(other, &places, NULL, NULL, &e) : NULL;

	if (!other || m)
		v = vocabulary_apply(r, models, n, recipe_base(r), m, &e);
	vocabulary_say(v, r, &e, f);
	vocabulary_free(v);
	model_unref(m);
}

/* What only a plan finds: what it leaves out, and what else would stop a merge. */
static void lint_plan(const struct recipe *r, struct recipe_opener *o, struct findings *f)
{
	struct findings all = { 0 };
	struct err e = { 0 };
	struct inputs *in = inputs_open_with(r, o, &e);
	struct plan *p = in ? plan_make(r, in, NULL, &all, &e) : NULL;

	for (size_t i = 0; i < all.n; i++) {
		const struct finding *x = &all.v[i];
		struct mark at = { .line = x->line, .column = x->column };

		if (x->severity == SEV_ERROR || plan_tells(x->code))
			findings_add(f, x->severity, &at, x->path, x->code, x->hint, "%s",
				x->message);
	}
	findings_fini(&all);
	plan_unref(p);
	inputs_unref(in);
}

/* What the files of the models say, as far as they are here. Headers and configs, no weights. */
static void lint_document(struct cli *c, const struct recipe *r, struct recipe_opener *o,
	struct findings *f)
{
	size_t n = recipe_inputs(r), opened = 0;
	struct model **models = xnew(struct model *, n + 1);
	char *near_dir = recipe_folder(r);
	struct recipe_maker maker = { .r = r, .near_dir = near_dir, .opener = o };

	for (size_t i = 0; i < n; i++) {
		models[i] = input_open(c, &maker, recipe_input_ref(r, i),
			recipe_source_of(r, i) < (int)r->n_models ? "models" : "base_model", f);
		plan_unref(maker.plan);
		maker.plan = NULL;
		opened += models[i] != NULL;
	}
	if (opened == n && vocabulary_asked(r))
		lint_vocabulary(c, r, models, n, near_dir, f);
	if (opened)
		lint_models(r, models, n, recipe_base(r), f);
	if (opened == n && !f->errors)
		lint_plan(r, o, f);
	lint_paths(r, f);
	share_lint(r, models, n, NULL, f);
	for (size_t i = 0; i < n; i++)
		model_unref(models[i]);
	free(models);
	free(near_dir);
}

struct file_ref {
	const struct recipe *r;
	struct mark mark;
	bool found;
};

static void find_file(void *ctx, const struct recipe_ref_text *ref)
{
	struct file_ref *at = ctx;
	bool file = str_ends(ref->path, ".yml") || str_ends(ref->path, ".yaml");

	if (!at->found && file && !recipe_of_ref(at->r, ref)) {
		at->mark = ref->mark;
		at->found = true;
	}
}

/* Recipe files that are named as models: what is wrong in them is told where they are named. */
static bool lint_inner(const struct recipe *r, struct findings *f)
{
	struct err e = { 0 };
	struct recipe *all = recipe_gather(r, NULL, &e);
	bool ok = all && recipe_valid(all, &e);
	bool ring = !ok && strstr(e.what, "circular");
	struct file_ref at = { .r = r };

	recipe_unref(all);
	if (ok)
		return true;
	recipe_each_ref(r, find_file, &at);
	if (at.found)
		findings_add(f, SEV_ERROR, &at.mark, "models",
			ring ? "document-ring" : "inner-recipe", e.hint[0] ? e.hint : NULL,
			"%s%s%s", ring ? "" : e.where, ring ? "" : ": ", e.what);
	return false;
}

/* All that the recipe's models hold is read, so that hashes can be compared. */
static bool hash_models(struct cli *c, const struct recipe *r, struct err *e)
{
	struct ref_places places = { .roots = cli_roots(c), .alias = alias, .ctx = c };
	char *near_dir = recipe_folder(r);
	bool ok = true;

	places.near_dir = near_dir;
	process_catch_signals();
	for (size_t i = 0; ok && i < recipe_inputs(r); i++) {
		const struct recipe_ref_text *ref = recipe_input_ref(r, i);
		struct err ignored = { 0 };
		struct model *m = recipe_of_ref(r, ref) ? NULL :
			ref_open(ref, &places, NULL, NULL, &ignored);
		struct hash h;

		ok = !m || m->partial || content_hashes(&m, 1, cli_pool(c), &process_cancelled,
			&h, e);
		model_unref(m);
	}
	free(near_dir);
	return ok;
}

static void lint_files(struct cli *c, const struct recipe *r, struct findings *f)
{
	struct recipe_opener o = { .roots = cli_roots(c), .catalog = cli_catalog(c, NULL) };
	bool fine = f->errors == 0, ok = fine || r->documents == 1;

	for (size_t i = 0; fine && ok && i < r->documents; i++)
		ok = lint_inner(r->file[i], f);
	for (size_t i = 0; ok && i < r->documents; i++)
		lint_document(c, r->file[i], &o, f);
	recipe_opener_fini(&o);
}

static json_t *finding_json(const struct finding *x)
{
	json_t *j = json_object();

	json_object_set_new(j, "line", x->line ? json_integer(x->line) : json_null());
	json_object_set_new(j, "column", x->line ? json_integer(x->column) : json_null());
	json_object_set_new(j, "key", json_textn(x->key));
	json_object_set_new(j, "path", json_textn(x->path));
	json_object_set_new(j, "severity", json_textn(severity_name(x->severity)));
	json_object_set_new(j, "code", json_textn(x->code));
	json_object_set_new(j, "message", json_textn(x->message));
	json_object_set_new(j, "hint", json_textn(x->hint));
	return j;
}

static json_t *keys_json(const struct recipe *r)
{
	struct lint_keys keys = { 0 };
	json_t *list = json_array();

	for (size_t i = 0; i < r->documents; i++)
		lint_explain(r->file[i], &keys);
	for (size_t i = 0; i < keys.n; i++) {
		json_t *j = json_object();

		json_object_set_new(j, "line", json_integer(keys.v[i].mark.line));
		json_object_set_new(j, "path", json_textn(keys.v[i].path));
		json_object_set_new(j, "effect", json_textn(keys.v[i].effect));
		json_object_set_new(j, "has_effect", json_boolean(!keys.v[i].dead));
		json_array_append_new(list, j);
	}
	lint_keys_fini(&keys);
	return list;
}

/* The documents of the file; result: the one it is for. */
static json_t *documents_json(const struct recipe *r)
{
	json_t *list = json_array();
	struct effect ef;

	for (size_t i = 0; i < r->documents; i++) {
		const struct recipe *d = r->file[i];
		json_t *j = json_object();

		effect_of(d, &ef);
		json_object_set_new(j, "name", json_textn(d->name));
		json_object_set_new(j, "line", json_integer(d->tree->mark.line));
		json_object_set_new(j, "method", json_textn(d->method_name));
		json_object_set_new(j, "result", json_boolean(d == r));
		json_object_set_new(j, "effect", effect_json(&ef));
		json_array_append_new(list, j);
		effect_fini(&ef);
	}
	return list;
}

static void print_json(const char *path, const struct recipe *r, const struct findings *f)
{
	json_t *j = json_object(), *list = json_array();
	struct effect ef;

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(list, finding_json(&f->v[i]));
	json_object_set_new(j, "recipe", json_textn(path));
	json_object_set_new(j, "findings", list);
	json_object_set_new(j, "errors", json_integer((json_int_t)f->errors));
	json_object_set_new(j, "warnings", json_integer((json_int_t)f->warnings));
	if (r) {
		effect_of(r, &ef);
		json_object_set_new(j, "keys", keys_json(r));
		json_object_set_new(j, "effect", effect_json(&ef));
		effect_fini(&ef);
		json_object_set_new(j, "documents", documents_json(r));
	}
	json_print(j);
	json_decref(j);
}

/* Names of models and keys come from the file. indent 0: as one line. */
static void print_safe(const char *text, size_t indent)
{
	char *safe = str_safe(text);

	if (indent)
		cli_wrap(stdout, safe, indent, 80);
	else
		puts(safe);
	free(safe);
}

static void print_finding(const char *path, const struct finding *x)
{
	struct str s = STR_INIT;

	if (x->line)
		str_addf(&s, "%s:%d:%d: ", path, x->line, x->column);
	else
		str_addf(&s, "%s: ", path);
	str_addf(&s, "%s: %s", severity_name(x->severity), x->message);
	if (x->hint)
		str_addf(&s, "; %s", x->hint);
	str_addf(&s, " [%s]", x->code);
	print_safe(s.s, 0);
	str_fini(&s);
}

static void print_keys(const struct recipe *r)
{
	static const char *const headers[] = { ">LINE", "KEY", "VALUE", "EFFECT" };
	struct lint_keys keys = { 0 };
	struct table_out *t = table_new(headers, 4);

	for (size_t i = 0; i < r->documents; i++)
		lint_explain(r->file[i], &keys);
	for (size_t i = 0; i < keys.n; i++) {
		char *line = xasprintf("%d", keys.v[i].mark.line);
		char *effect = keys.v[i].dead ? xasprintf("none: %s", keys.v[i].effect)
			: xstrdup(keys.v[i].effect);

		table_row(t, (const char *[]){ line, keys.v[i].path, keys.v[i].value, effect });
		free(effect);
		free(line);
	}
	table_print(t);
	lint_keys_fini(&keys);
}

static void print_text(
	const char *path, const struct recipe *r, const struct findings *f, bool keys)
{
	struct effect ef;

	for (size_t i = 0; i < f->n; i++)
		print_finding(path, &f->v[i]);
	printf("%s%s: %zu error%s, %zu warning%s\n", f->n ? "\n" : "", path, f->errors,
		f->errors == 1 ? "" : "s", f->warnings, f->warnings == 1 ? "" : "s");
	if (!r)
		return;
	for (size_t d = 0; d < r->documents; d++) {
		char *title = recipe_title(r->file[d]);
		struct str s = STR_INIT;

		effect_of(r->file[d], &ef);
		if (r->documents > 1)
			str_addf(&s, "What %s really does", title);
		else
			str_add(&s, "What it really does");
		if (ef.n_sentences) {
			puts("");
			print_safe(s.s, 0);
		}
		for (size_t i = 0; i < ef.n_sentences; i++)
			print_safe(ef.sentences[i], 2);
		effect_fini(&ef);
		str_fini(&s);
		free(title);
	}
	if (keys) {
		puts("");
		print_keys(r);
	}
}

/* Text that is no recipe is a finding too: the answer is "no", not a failure to answer. */
static void unreadable(const char *path, const struct err *e, struct findings *f)
{
	const char *place = str_starts(e->where, path) ? e->where + strlen(path) : "";
	struct mark at = { 0 };

	if (*place == ':' && sscanf(place, ":%d:%d", &at.line, &at.column) != 2)
		at = (struct mark){ 0 };
	findings_add(f, SEV_ERROR, &at, "", "not-yaml", e->hint[0] ? e->hint : NULL, "%s", e->what);
}

static int run(struct cli *c, struct err *e)
{
	const char *path = c->argv[0];
	struct findings f = { 0 };
	struct recipe *r;
	size_t n;
	char *text = file_read_all(path, YAML_MAX_BYTES, &n, e);
	int status;

	if (!text)
		return err_exit_status(e->code);
	r = recipe_parse(text, n, path, e);
	free(text);
	if (!r && e->code != ERR_INPUT)
		return err_exit_status(e->code);
	for (size_t i = 0; r && cli_option(c, "--hash") && i < r->documents; i++)
		if (!hash_models(c, r->file[i], e)) {
			recipe_unref(r);
			return err_exit_status(e->code);
		}
	if (r) {
		lint_file(r, &f);
		if (!cli_option(c, "--text"))
			lint_files(c, r, &f);
		findings_sort(&f);
	} else {
		unreadable(path, e, &f);
		err_clear(e);
	}
	if (c->json)
		print_json(path, r, &f);
	else
		print_text(path, r, &f, cli_option(c, "--keys") != NULL);
	status = f.errors || (f.warnings && cli_option(c, "--strict")) ? 1 : 0;
	findings_fini(&f);
	recipe_unref(r);
	return status;
}

static const struct verb_option options[] = {
	{ "--strict", NULL, false, "warnings count as errors" },
	{ "--keys", NULL, false, "also list every key with what it does" },
	{ "--hash", NULL, false,
		"read all the models hold, to tell whether they are those of a shared run" },
	{ "--text", NULL, false, "look at the recipe alone, not at the files of its models" },
	{ 0 },
};

const struct verb verb_lint = {
	.name = "lint",
	.args = "RECIPE",
	.help = "what every key of a recipe does, or why it does nothing",
	.detail =
		"Findings stand in the order of the text, with line, column, and what to "
		"do; their words are explained in cupel-recipe(5). Where the models are on "
		"this machine their files are compared too: config, vocabulary, end of "
		"text, chat template, shapes. No weight is read.\n\n"
		"Of a run that was shared as one file (`cupel export ID`) it says which "
		"inputs are here: the same, different, partial, absent (with the command "
		"that fetches them), or not compared yet, as their hash is not known: "
		"--hash reads them. Files in the hub's cache are told by their SHA-256 "
		"without reading. The status is 1 if there is an error.",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
