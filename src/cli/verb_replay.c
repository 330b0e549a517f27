#include "config.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "cli/history.h"
#include "cli/merging.h"
#include "engine/content.h"
#include "engine/leaves.h"
#include "system/process.h"

struct replay {
	struct cli *c;
	struct catalog_run *run;
	struct catalog_input *in;
	size_t n_in;
	struct plan *plan;
	struct leaves now;                  /* the stored models it reads, with their hashes */
	struct run_result result;
	bool made;                          /* it was merged again, not only looked at */
	bool kept;                          /* into a folder the user named */
};

static bool uses_others(const struct recipe *r)
{
	bool *used = xnew(bool, r->documents);
	size_t n = 0;

	recipe_uses(r, used);
	for (size_t i = 0; i < r->documents; i++)
		n += used[i];
	free(used);
	return n > 1;
}

static struct plan *plan_of(struct replay *r, struct err *e)
{
	struct plan_options o = {.has_seed = true, .seed = r->run->seed};
	struct recipe *recipe;
	struct plan *p;

	if (r->run->arithmetic && !plan_arithmetic_parse(r->run->arithmetic, &o)) {
		err_set(e, ERR_INPUT, r->c->argv[0], "replay it with the cupel that made it",
			"it was computed as \"%s\", which is not known here", r->run->arithmetic);
		return NULL;
	}
	if (!r->run->recipe_text) {
		err_set(e, ERR_INPUT, r->c->argv[0], NULL, "this run has no recipe to replay");
		return NULL;
	}
	recipe = recipe_parse(r->run->recipe_text, strlen(r->run->recipe_text), r->run->recipe_path,
		e);
	if (!recipe)
		return NULL;
	if (uses_others(recipe)) /* then every document says its seed */
		o.has_seed = false;
	p = merging_plan(r->c, recipe, &o, e);
	recipe_unref(recipe);
	return p;
}

static const char *recorded(const struct replay *r, const char *name)
{
	for (size_t i = 0; i < r->n_in; i++)
		if (str_eq(r->in[i].name, name))
			return r->in[i].hash;
	return NULL;
}

static const char *name_of(const struct leaf *l)
{
	return l->plan->inputs->v[l->at].text;
}

static bool changed(const struct replay *r, const struct leaf *l)
{
	const char *then = recorded(r, name_of(l));
	char hex[HASH_HEX_SIZE];

	hash_hex(l->hash, hex);
	return then && !hash_is_zero(l->hash) && !str_eq(then, hex);
}

static bool any_changed(const struct replay *r)
{
	for (size_t i = 0; i < r->now.n; i++)
		if (changed(r, &r->now.v[i]))
			return true;
	return false;
}

static bool hash_inputs(struct replay *r, struct err *e)
{
	size_t n;
	bool ok;

	r->now = leaves_find(r->plan);
	n = r->now.n;
	struct model **models = xnew(struct model *, n + 1);
	struct hash *hash = xnew(struct hash, n + 1);

	for (size_t i = 0; i < n; i++)
		models[i] = r->now.v[i].model;
	ok = content_hashes(models, n, cli_pool(r->c), &process_cancelled, hash, e);
	for (size_t i = 0; ok && i < n; i++)
		r->now.v[i].hash = hash[i];
	free(hash);
	free(models);
	return ok;
}

/* Where it is made again: beside the first output, else in the folder for temporary files. */
static char *place(const struct replay *r)
{
	const char *out = r->run->output, *name = out && *out ? str_base(out) : "merge", *tmp;
	char *parent = out && name > out ? xstrndup(out, (size_t)(name - out)) : NULL, *path;

	tmp = getenv("TMPDIR");
	path = xasprintf("%s/.%s.replay-%ld", parent && file_is_dir(parent) ? parent :
		tmp && *tmp ? tmp : "/tmp", name, (long)getpid());
	free(parent);
	return path;
}

static bool make_again(struct replay *r, struct err *e)
{
	struct cli *c = r->c;
	char *path = r->kept ? xstrdup(c->argv[1]) : place(r);
	struct run_options o = {.output = path, .parent_run = r->run->id,
		.force = cli_option(c, "--force") != NULL, .command = r->run->command};
	bool ok;

	/* what nobody keeps is no run */
	ok = merging_run(c, r->kept ? c->catalog : NULL, r->plan, &o, &r->result, e);
	r->made = ok;
	if (!r->kept) {
		char *base = xstrndup(path, (size_t)(str_base(path) - path)), *left;

		file_remove_tree(path, NULL);
		left = xasprintf("%s.%s.cupel-tmp", base, str_base(path));
		if (!ok && file_exists(left))
			file_remove_tree(left, NULL);
		free(left);
		left = xasprintf("%s.%s.cupel-journal", base, str_base(path));
		if (!ok)
			unlink(left);
		free(left);
		free(base);
	}
	free(path);
	return ok;
}

static bool same(const struct replay *r)
{
	char hex[HASH_HEX_SIZE];

	hash_hex(r->result.hash, hex);
	return r->made && str_eq(hex, r->run->output_hash);
}

static void print_json(const struct replay *r)
{
	json_t *j = json_object(), *list = json_array();
	char hex[HASH_HEX_SIZE];

	hash_hex(r->result.hash, hex);
	json_object_set_new(j, "run", json_integer(r->run->id));
	json_object_set_new(j, "same", json_boolean(same(r)));
	json_object_set_new(j, "hash", r->made ? json_string(hex) : json_null());
	json_object_set_new(j, "expected", json_textn(r->run->output_hash));
	json_object_set_new(j, "output",
		r->kept && r->made ? json_textn(r->result.output) : json_null());
	json_object_set_new(j, "seconds", r->made ? json_number(r->result.seconds) : json_null());
	for (size_t i = 0; i < r->now.n; i++) {
		const struct leaf *l = &r->now.v[i];
		json_t *in = json_object();

		hash_hex(l->hash, hex);
		json_object_set_new(in, "name", json_textn(name_of(l)));
		json_object_set_new(in, "hash", json_string(hex));
		json_object_set_new(in, "expected", json_textn(recorded(r, name_of(l))));
		json_object_set_new(in, "changed", json_boolean(changed(r, l)));
		json_array_append_new(list, in);
	}
	json_object_set_new(j, "inputs", list);
	json_print(j);
	json_decref(j);
}

static void print_text(const struct replay *r)
{
	char hex[HASH_HEX_SIZE];

	hash_hex(r->result.hash, hex);
	if (same(r)) {
		printf("the same: run %" PRId64 " gives hash %s again", r->run->id, hex);
		puts(r->kept ? "" : "; nothing was kept");
		return;
	}
	printf("different: run %" PRId64 " gave hash %s", r->run->id,
		r->run->output_hash ? r->run->output_hash : "unknown");
	if (r->made)
		printf(", now it is %s", hex);
	putchar('\n');
	for (size_t i = 0; i < r->now.n; i++) {
		char *name = str_safe(name_of(&r->now.v[i]));

		if (changed(r, &r->now.v[i]))
			printf("  the input %s has changed since\n", name);
		free(name);
	}
	if (!any_changed(r) && !str_eq(r->run->version, PACKAGE_VERSION))
		printf("  it was made by cupel %s, this is %s\n", r->run->version, PACKAGE_VERSION);
}

static bool replay(struct replay *r, struct err *e)
{
	r->plan = plan_of(r, e);
	if (!r->plan || !hash_inputs(r, e))
		return false;
	/* changed inputs give another result: that is the answer, unless it is wanted all the
	 * same */
	if (any_changed(r) && !r->kept)
		return true;
	return make_again(r, e);
}

static int run(struct cli *c, struct err *e)
{
	struct replay r = {.c = c, .kept = c->argc > 1};
	struct catalog *cat = cli_catalog(c, e);
	int64_t id;
	int status;

	if (!cat || !history_run_id(cat, c->argv[0], &id, e))
		return err_exit_status(e->code);
	process_catch_signals();
	r.run = catalog_run_get(cat, id, e);
	if (r.run)
		r.in = catalog_run_inputs(cat, id, &r.n_in, e);
	if (r.run && r.in && !str_eq(r.run->kind, "merge"))
		err_set(e, ERR_INPUT, c->argv[0], NULL, "run %" PRId64 " is no merge", id);
	else if (r.run && r.in && replay(&r, e)) {
		if (c->json)
			print_json(&r);
		else
			print_text(&r);
	}
	status = e->code ? err_exit_status(e->code) : same(&r) ? 0 : 1;
	leaves_fini(&r.now);
	plan_unref(r.plan);
	catalog_inputs_free(r.in, r.n_in);
	catalog_runs_free(r.run, r.run != NULL);
	return status;
}

static const struct verb_option options[] = {
	{ "--force", NULL, false, "replace an earlier output at OUT" },
	{ 0 }
};

const struct verb verb_replay = {
	.name = "replay",
	.args = "ID [OUT]",
	.help = "make a run again and compare the hashes",
	.detail = "Exit status 0 if recipe, inputs and seed of the run give the same bytes again, "
		"1 if not: then it says which input changed. With OUT the result is kept there and "
		"is a run of its own; without, it is made in a temporary folder beside the first "
		"output and removed.",
	.min_args = 1,
	.max_args = 2,
	.options = options,
	.run = run,
};
