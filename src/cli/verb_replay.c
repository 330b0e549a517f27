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
#include "cli/replay.h"
#include "engine/content.h"
#include "engine/leaves.h"
#include "system/process.h"

struct input_now {
	const char *name;
	struct model *model;
	struct hash hash;
};
struct replay {
	struct cli *c;
	struct catalog_run *run;
	struct catalog_input *in;
	size_t n_in;
	struct plan *plan;                  /* NULL: a stored model was quantized */
	struct quantizing q;                /* of a quantization */
	bool quantized;
	struct input_now *now;              /* the stored models it reads */
	size_t n_now;
	struct run_result result;
	bool made;                          /* made again, not only looked at */
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

/* Recipe and options of the run; a quantization may have none. */
static bool open_run(struct replay *r, struct err *e)
{
	struct plan_options o = {.has_seed = true, .seed = r->run->seed};
	const char *text = r->run->recipe_text;
	struct recipe *recipe = NULL;
	bool ok;

	if (r->run->arithmetic && !plan_arithmetic_parse(r->run->arithmetic, &o))
		return err_set(e, ERR_INPUT, r->c->argv[0],
			"replay it with the cupel that made it",
			"it was computed as \"%s\", which is not known here", r->run->arithmetic);
	if (!text && !r->quantized)
		return err_set(e, ERR_INPUT, r->c->argv[0], NULL,
			"this run has no recipe to replay");
	if (text && !(recipe = recipe_parse(text, strlen(text),
		r->run->recipe_path, e)))
		return false;
	if (recipe && uses_others(recipe)) /* then every document says its seed */
		o.has_seed = false;
	if (r->quantized) {
		ok = replay_quantize_open(&r->q, r->c, r->run, r->in, r->n_in, recipe, &o, e);
		r->plan = r->q.merge ? plan_ref(r->q.merge) : NULL;
	} else {
		ok = (r->plan = merging_plan(r->c, recipe, &o, e)) != NULL;
	}
	recipe_unref(recipe);
	return ok;
}

static const char *recorded(const struct replay *r, const char *name)
{
	for (size_t i = 0; i < r->n_in; i++)
		if (str_eq(r->in[i].name, name))
			return r->in[i].hash;
	return NULL;
}

static bool changed(const struct replay *r, const struct input_now *l)
{
	const char *then = recorded(r, l->name);
	char hex[HASH_HEX_SIZE];

	hash_hex(l->hash, hex);
	return then && !hash_is_zero(l->hash) && !str_eq(then, hex);
}

static bool any_changed(const struct replay *r)
{
	for (size_t i = 0; i < r->n_now; i++)
		if (changed(r, &r->now[i]))
			return true;
	return false;
}

static void list_inputs(struct replay *r)
{
	struct leaves l = r->plan ? leaves_find(r->plan) : (struct leaves){0};

	r->n_now = r->plan ? l.n : 1;
	r->now = xnew(struct input_now, r->n_now + 1);
	for (size_t i = 0; i < l.n; i++)
		r->now[i] = (struct input_now){l.v[i].plan->inputs->v[l.v[i].at].text,
			l.v[i].model, {{0}}};
	if (!r->plan) /* the one model, by the name it has in the record */
		for (size_t i = r->n_in; i-- > 0;)
			if (str_eq(r->in[i].role, "input"))
				r->now[0] = (struct input_now){r->in[i].name, r->q.model, {{0}}};
	leaves_fini(&l);
}

static bool hash_inputs(struct replay *r, struct err *e)
{
	struct model **models;
	struct hash *hash;
	bool ok;

	list_inputs(r);
	models = xnew(struct model *, r->n_now + 1);
	hash = xnew(struct hash, r->n_now + 1);
	for (size_t i = 0; i < r->n_now; i++)
		models[i] = r->now[i].model;
	ok = content_hashes(models, r->n_now, cli_pool(r->c), &process_cancelled, hash, e);
	for (size_t i = 0; ok && i < r->n_now; i++)
		r->now[i].hash = hash[i];
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

static void clear(const char *path, bool whole)
{
	char *base = xstrndup(path, (size_t)(str_base(path) - path)), *left;

	file_remove_tree(path, NULL);
	left = xasprintf("%s.%s.cupel-tmp", base, str_base(path));
	if (!whole && file_exists(left))
		file_remove_tree(left, NULL);
	free(left);
	left = xasprintf("%s.%s.cupel-journal", base, str_base(path));
	if (!whole)
		unlink(left);
	free(left);
	free(base);
}

static bool make_again(struct replay *r, struct err *e)
{
	struct cli *c = r->c;
	char *path = r->kept ? xstrdup(c->argv[1]) : place(r);
	struct run_options o = {.output = path, .parent_run = r->run->id,
		.force = cli_option(c, "--force") != NULL, .command = r->run->command};
	bool ok;

	/* what nobody keeps is no run */
	if (r->quantized)
		ok = replay_quantize(&r->q, r->run, r->kept ? c->catalog : NULL,
			&(struct quantize_options){.output = path, .force = o.force}, &r->result,
			e);
	else
		ok = merging_run(c, r->kept ? c->catalog : NULL, r->plan, &o, &r->result, e);
	r->made = ok;
	if (!r->kept)
		clear(path, ok);
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
	for (size_t i = 0; i < r->n_now; i++) {
		const struct input_now *l = &r->now[i];
		json_t *in = json_object();

		hash_hex(l->hash, hex);
		json_object_set_new(in, "name", json_textn(l->name));
		json_object_set_new(in, "hash", json_string(hex));
		json_object_set_new(in, "expected", json_textn(recorded(r, l->name)));
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
	for (size_t i = 0; i < r->n_now; i++) {
		char *name = str_safe(r->now[i].name);

		if (changed(r, &r->now[i]))
			printf("  the input %s has changed since\n", name);
		free(name);
	}
	if (!any_changed(r) && !str_eq(r->run->version, PACKAGE_VERSION))
		printf("  it was made by cupel %s, this is %s\n", r->run->version, PACKAGE_VERSION);
}

static bool replay(struct replay *r, struct err *e)
{
	r->quantized = str_eq(r->run->kind, "quantize");
	if (!open_run(r, e) || !hash_inputs(r, e))
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
	if (r.run && r.in && !str_eq(r.run->kind, "merge") &&
		!str_eq(r.run->kind, "quantize"))
		err_set(e, ERR_INPUT, c->argv[0], NULL, "run %" PRId64 " wrote no model", id);
	else if (r.run && r.in && replay(&r, e)) {
		if (c->json)
			print_json(&r);
		else
			print_text(&r);
	}
	status = e->code ? err_exit_status(e->code) : same(&r) ? 0 : 1;
	free(r.now);
	plan_unref(r.plan);
	quantizing_close(&r.q);
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
