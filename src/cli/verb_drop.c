#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/history.h"
#include "cli/replay.h"
#include "engine/content.h"
#include "engine/job.h"
#include "engine/output_drop.h"
#include "system/process.h"

struct drop {
	struct replay r;
	uint64_t bytes;        /* that its files take */
	bool checked;          /* only asked whether it could be dropped */
};

static bool refuse(const struct drop *d, const char *hint, const char *why, struct err *e)
{
	return err_set(e, ERR_INPUT, d->r.c->argv[0], hint, "%s", why);
}

/* Cheap reasons first: nothing of any size is read for these. */
static bool is_droppable(const struct drop *d, struct err *e)
{
	const struct catalog_run *r = d->r.run;

	if (!str_eq(r->status, "done") || !r->output || !r->output_hash)
		return refuse(d, NULL, "this run wrote no output", e);
	if (r->replaced)
		return refuse(d, "drop that run", "a later run wrote over this output", e);
	return true;
}

/* Who read what this run wrote: they could not be replayed before it is. */
static bool is_free(const struct drop *d, bool force, struct err *e)
{
	size_t n;
	struct catalog_run *v = catalog_run_users(d->r.c->catalog, d->r.run->id, &n, e);
	bool ok = v != NULL;

	for (size_t i = 0; ok && i < n; i++) {
		const struct catalog_run *u = &v[i];
		const char *where = history_output(u);

		if (str_eq(u->status, "running"))
			ok = err_set(e, ERR_INPUT, d->r.c->argv[0], "wait until it is done",
				"run %" PRId64 " (%s) is reading it", u->id, u->name);
		else if (!force && (str_eq(where, "on disk") || str_eq(where, "dropped")))
			ok = err_set(e, ERR_INPUT, d->r.c->argv[0], "--force drops it all the "
				"same: then this run is replayed first, that one after it",
				"run %" PRId64 " (%s) was made of it", u->id, u->name);
	}
	catalog_runs_free(v, n);
	return ok;
}

/* Replay must have what it had. */
static bool can_replay(struct drop *d, struct err *e)
{
	struct replay *r = &d->r;

	if (!replay_hash(r, e))
		return false;
	for (size_t i = 0; i < r->n_now; i++) {
		const struct input_now *in = &r->now[i];

		if (!replay_recorded(r, in->name))
			return err_set(e, ERR_INPUT, r->c->argv[0], NULL, "nothing says which %s "
				"it was made of: no hash was kept", in->name);
		if (replay_changed(r, in))
			return err_set(e, ERR_INPUT, r->c->argv[0], "give the old one back first",
				"a replay would give something else: the input %s has changed",
				in->name);
		if (str_eq(in->model->path, r->run->output))
			return refuse(d, NULL, "it was made of itself", e);
	}
	return true;
}

static double end_of(const struct catalog_run *r)
{
	struct tm tm = { 0 };

	if (!r->started || !strptime(r->started, "%Y-%m-%dT%H:%M:%S", &tm) || isnan(r->seconds))
		return 0;
	return (double)timegm(&tm) + r->seconds;
}

/* The weights of a merge are read; of a quantized file, size and time must do. */
static bool is_unchanged(struct drop *d, struct err *e)
{
	const struct catalog_run *run = d->r.run;
	struct output_written w = { run->output, d->r.quantized ? run->bytes : 0, end_of(run) };
	char hex[HASH_HEX_SIZE];
	struct model *m;
	struct hash hash;
	bool ok;

	if (file_is_dir(run->output))
		w.bytes = 0;
	if (!output_untouched(&w, &d->bytes, e))
		return false;
	if (d->r.quantized)
		return true;
	m = model_open(run->output, e);
	ok = m && content_hashes(&m, 1, cli_pool(d->r.c), &process_cancelled, &hash, e);
	if (ok) {
		hash_hex(hash, hex);
		ok = str_eq(hex, run->output_hash) || err_set(e, ERR_INPUT, run->output,
			"it is left as it is: a replay would not give it back",
			"its weights were changed since they were written");
	}
	model_unref(m);
	return ok;
}

static bool drop(struct drop *d, struct err *e)
{
	struct cli *c = d->r.c;
	bool force = cli_option(c, "--force") != NULL;

	if (catalog_is_read_only(c->catalog))
		return err_set(e, ERR_INPUT, catalog_path(c->catalog), "use a catalog that can be "
			"written", "what is dropped could not be noted");
	if (!is_droppable(d, e) || !is_free(d, force, e) || !is_unchanged(d, e) ||
		!can_replay(d, e))
		return false;
	d->checked = cli_option(c, "--check") != NULL;
	return d->checked || (output_delete(d->r.run->output, e) &&
		catalog_model_state(c->catalog, d->r.run->output, "dropped", e));
}

static void print_json(const struct drop *d)
{
	const struct catalog_run *r = d->r.run;
	json_t *j = json_object();

	json_object_set_new(j, "run", json_integer(r->id));
	json_object_set_new(j, "name", json_textn(r->name));
	json_object_set_new(j, "output", json_textn(r->output));
	json_object_set_new(j, "bytes", json_u64(d->bytes));
	json_object_set_new(j, "seconds", json_number(r->seconds));
	json_object_set_new(j, "dropped", json_boolean(!d->checked));
	history_print(j);
}

static void add_text(struct str *s, const struct drop *d)
{
	const struct catalog_run *r = d->r.run;
	char *output = str_safe(r->output);

	str_addf(s, "%s ", output);
	str_add(s, d->checked ? "can be dropped: " : "is dropped: ");
	str_add_bytes(s, d->bytes);
	str_addf(s, "%s; cupel replay %" PRId64 " %s makes it again", d->checked ? "" : " freed",
		r->id, output);
	if (r->seconds > 0) {
		str_add(s, " in about ");
		str_add_seconds(s, r->seconds);
	}
	free(output);
}

static void end_job(const struct drop *d, int64_t job, const struct err *e)
{
	struct str text = STR_INIT;

	if (e->code)
		str_addf(&text, "%s: %s%s%s", str_base(e->where), e->what, *e->hint ? "; " : "",
			e->hint);
	else
		add_text(&text, d);
	if (job)
		catalog_job_end(d->r.c->catalog, job, e->code == ERR_CANCELLED ? "cancelled" :
			e->code ? "failed" : "done", 0, text.s, NULL);
	str_fini(&text);
}

static int run(struct cli *c, struct err *e)
{
	struct drop d = { .r.c = c };
	struct catalog *cat = cli_catalog(c, e);
	struct str text = STR_INIT;
	uint64_t job = 0;
	int64_t id;

	if (!cat || !cli_option_u64(c, "--job", &job, e) ||
		(job && !job_attach(cat, (int64_t)job, e)))
		return err_exit_status(e->code);
	process_catch_signals();
	if (history_run_id(cat, c->argv[0], &id, e) && replay_open(&d.r, c, id, e) &&
		drop(&d, e)) {
		if (c->json) {
			print_json(&d);
		} else {
			add_text(&text, &d);
			puts(text.s);
		}
	}
	end_job(&d, (int64_t)job, e);
	replay_close(&d.r);
	str_fini(&text);
	return err_exit_status(e->code);
}

static const struct verb_option options[] = {
	{ "--check", NULL, false, "say whether it could be dropped, and delete nothing" },
	{ "--force", NULL, false, "even if other outputs were made of it" },
	{ "--job", "ID", false, NULL },
	{ 0 }
};

const struct verb verb_drop = {
	.name = "drop",
	.args = "ID",
	.help = "delete an output that replay can make again",
	.detail = "ID is a run's number or name. Nothing is deleted unless the run's recipe or "
		"plan is kept, its inputs are there with the hashes that they had, the output "
		"is as the run left it (no file more, none changed), and no other output was "
		"made of it; what is in the way is named. The catalog keeps the run, its "
		"tensors' hashes and its results; the model is marked as dropped. `cupel models "
		"--reclaim` lists what could be dropped, `cupel replay ID OUT` makes it again, "
		"byte for byte.",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
