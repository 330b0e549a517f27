#include "config.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/history.h"
#include "cli/merging.h"
#include "cli/replay.h"
#include "engine/job.h"
#include "system/process.h"

struct again {
	struct replay r;
	struct run_result result;
	int64_t job;                        /* whose row this process keeps; 0 none */
	bool made;                          /* made again, not only looked at */
	bool kept;                          /* into a folder the user named */
};

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

static bool make_again(struct again *a, struct err *e)
{
	struct replay *r = &a->r;
	struct cli *c = r->c;
	char *path = a->kept ? xstrdup(c->argv[1]) : place(r);
	struct run_options o = {.output = path, .parent_run = r->run->id, .job = a->job,
		.force = cli_option(c, "--force") != NULL, .command = r->run->command};
	bool ok;

	/* what nobody keeps is no run */
	if (r->quantized)
		ok = replay_quantize(&r->q, r->run, a->kept ? c->catalog : NULL,
			&(struct quantize_options){.output = path, .force = o.force, .job = o.job},
			&a->result, e);
	else
		ok = merging_run(c, a->kept ? c->catalog : NULL, r->plan, &o, &a->result, e);
	a->made = ok;
	if (!a->kept)
		clear(path, ok);
	free(path);
	return ok;
}

static bool same(const struct again *a)
{
	char hex[HASH_HEX_SIZE];

	hash_hex(a->result.hash, hex);
	return a->made && str_eq(hex, a->r.run->output_hash);
}

static void print_json(const struct again *a)
{
	const struct replay *r = &a->r;
	json_t *j = json_object(), *list = json_array();
	char hex[HASH_HEX_SIZE];

	hash_hex(a->result.hash, hex);
	json_object_set_new(j, "run", json_integer(r->run->id));
	json_object_set_new(j, "same", json_boolean(same(a)));
	json_object_set_new(j, "hash", a->made ? json_string(hex) : json_null());
	json_object_set_new(j, "expected", json_textn(r->run->output_hash));
	json_object_set_new(j, "output",
		a->kept && a->made ? json_textn(a->result.output) : json_null());
	json_object_set_new(j, "seconds", a->made ? json_number(a->result.seconds) : json_null());
	for (size_t i = 0; i < r->n_now; i++) {
		const struct input_now *l = &r->now[i];
		json_t *in = json_object();

		hash_hex(l->hash, hex);
		json_object_set_new(in, "name", json_textn(l->name));
		json_object_set_new(in, "hash", json_string(hex));
		json_object_set_new(in, "expected", json_textn(replay_recorded(r, l->name)));
		json_object_set_new(in, "changed", json_boolean(replay_changed(r, l)));
		json_array_append_new(list, in);
	}
	json_object_set_new(j, "inputs", list);
	json_print(j);
	json_decref(j);
}

/* One line for each thing that is otherwise than it was; the first is the answer. */
static void add_text(struct str *s, const struct again *a)
{
	const struct replay *r = &a->r;
	char hex[HASH_HEX_SIZE];

	hash_hex(a->result.hash, hex);
	if (same(a)) {
		str_addf(s, "the same: run %" PRId64 " gives hash %s again%s\n", r->run->id, hex,
			a->kept ? "" : "; nothing was kept");
		return;
	}
	str_addf(s, "different: run %" PRId64 " gave hash %s", r->run->id,
		r->run->output_hash ? r->run->output_hash : "unknown");
	if (a->made)
		str_addf(s, ", now it is %s", hex);
	str_addc(s, '\n');
	for (size_t i = 0; i < r->n_now; i++)
		if (replay_changed(r, &r->now[i])) {
			str_add(s, "  the input ");
			str_add_safe(s, r->now[i].name, strlen(r->now[i].name));
			str_add(s, " has changed since\n");
		}
	if (!replay_any_changed(r) && !str_eq(r->run->version, PACKAGE_VERSION))
		str_addf(s, "  it was made by cupel %s, this is %s\n", r->run->version,
			PACKAGE_VERSION);
}

static bool replay(struct again *a, struct err *e)
{
	if (!replay_hash(&a->r, e))
		return false;
	/* changed inputs give another result: that is the answer, unless it is wanted all the
	 * same */
	if (replay_any_changed(&a->r) && !a->kept)
		return true;
	return make_again(a, e);
}

static void answer(const struct again *a)
{
	struct str text = STR_INIT;

	if (a->r.c->json) {
		print_json(a);
		return;
	}
	add_text(&text, a);
	fputs(text.s, stdout);
	str_fini(&text);
}

/* The job's row: the same is done, another result is not what was asked for. */
static void end_job(const struct again *a, const struct err *e)
{
	struct str text = STR_INIT;
	const char *state = e->code == ERR_CANCELLED ? "cancelled" :
		e->code || !same(a) ? "failed" : "done";

	if (!a->job)
		return;
	if (e->code)
		str_add(&text, e->what);
	else
		add_text(&text, a);
	while (text.n && text.s[text.n - 1] == '\n')
		text.s[--text.n] = '\0';
	for (char *p = text.s; p && *p; p++)
		if (*p == '\n')
			*p = ';';
	catalog_job_end(a->r.c->catalog, a->job, state, a->kept ? a->result.run : 0, text.s, NULL);
	str_fini(&text);
}

static int run(struct cli *c, struct err *e)
{
	struct again a = {.r.c = c, .kept = c->argc > 1};
	struct catalog *cat = cli_catalog(c, e);
	uint64_t job = 0;
	int64_t id;
	int status;

	if (!cat || !cli_option_u64(c, "--job", &job, e) ||
		(job && !job_attach(cat, (int64_t)job, e)))
		return err_exit_status(e->code);
	a.job = (int64_t)job;
	process_catch_signals();
	if (history_run_id(cat, c->argv[0], &id, e) && replay_open(&a.r, c, id, e) &&
		replay(&a, e))
		answer(&a);
	end_job(&a, e);
	status = e->code ? err_exit_status(e->code) : same(&a) ? 0 : 1;
	replay_close(&a.r);
	return status;
}

static const struct verb_option options[] = {
	{ "--force", NULL, false, "replace an earlier output at OUT" },
	{ "--job", "ID", false, NULL },
	{ 0 }
};

const struct verb verb_replay = {
	.name = "replay",
	.args = "ID [OUT]",
	.help = "make a run again and compare the hashes",
	.detail = "Exit status 0 if recipe, inputs and seed of the run give the same bytes again, "
		"1 if not: then it says which input changed. With OUT the result is kept there and "
		"is a run of its own (an output that was dropped comes back where it was); "
		"without, it is made in a temporary folder beside the first output and removed.",
	.min_args = 1,
	.max_args = 2,
	.options = options,
	.run = run,
};
