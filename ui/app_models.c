/* Finding models: a look at the roots in the background; the catalog tells the views what it found.
 * Where nothing is found, the bundled family is shown instead. */
#include "config.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "catalog/measured.h"
#include "engine/scan.h"
#include "import/import.h"
#include "ui/shell.h"

struct scan {
	struct catalog *catalog;
	struct model_roots *roots;
	bool own_roots;
	char *figures;          /* a file of them to take in, or NULL */
	bool asked;             /* by a person: say what came of it */
	atomic_bool stop;
	struct scan_result result;
	struct err error;
	bool ok;
};

void shell_models_load(struct shell *s)
{
	struct err e = { 0 };
	size_t n = 0;
	struct catalog_model *v = catalog_models(s->a.catalog, &n, &e);

	if (!v && e.code) {
		app_fail(&s->a, &e);
		return;
	}
	catalog_models_free(s->a.models, s->a.n_models);
	s->a.models = v;
	s->a.n_models = n;
	s->a.models_version++;
}

static void scan_free(void *ctx)
{
	struct scan *k = ctx;

	if (k->own_roots)
		model_roots_free(k->roots);
	free(k->figures);
	free(k);
}

/* Of the demonstration: what cannot be read is left out. */
static void take_figures(struct scan *k)
{
	struct import_target to = { 0 };
	struct import_file f;
	size_t added;

	if (import_read(&f, k->figures, NULL))
		import_store(&f, &to, k->catalog, &added, NULL);
	import_file_fini(&f);
}

static void scan_work(void *ctx)
{
	struct scan *k = ctx;

	k->ok = scan_models(k->catalog, k->roots, &k->stop, &k->result, &k->error);
	if (k->ok && k->figures)
		take_figures(k);
}

/* The demonstration family has a catalog of its own: it never mixes with a person's models. */
static void open_demo(struct shell *s)
{
	char *dir = file_data_path("demo"), *state = doc_state_dir(), *path;
	struct catalog *c;

	if (!file_is_dir(dir) || !state || !file_mkdirs(state, NULL)) {
		free(dir);
		free(state);
		return;
	}
	path = str_join_path(state, "demo.db");
	c = catalog_open(path, false, NULL);
	if (c) {
		s->real_catalog = s->a.catalog;
		s->a.catalog = c;
		s->a.demo = true;
		shell_models_load(s);
		shell_models_start(s, (const char *const *)&dir, 1);
		s->a.scan->figures = str_join_path(dir, "measured.csv");
		shell_docs_demo(s, dir);
	}
	free(path);
	free(state);
	free(dir);
}

/* Runs or figures without a model on this machine are a person's all the same. */
static bool has_past(struct catalog *c)
{
	size_t n_runs = 0, n_measured = 0;
	struct catalog_run *runs = catalog_runs(c, "", &n_runs, NULL);
	struct catalog_measured *measured = catalog_measured(c, &n_measured, NULL);

	catalog_runs_free(runs, runs ? n_runs : 0);
	catalog_measured_free(measured, measured ? n_measured : 0);
	return n_runs || n_measured;
}

static unsigned scan_done(struct app *a, void *ctx)
{
	struct shell *s = shell_of(a);
	struct scan *k = ctx;

	a->scan = NULL;
	shell_models_load(s);
	if (!k->ok)
		app_fail(a, &k->error);
	else if (k->asked)
		app_say(a, "%zu models found, %zu new or changed%s", k->result.found,
			k->result.registered,
			k->result.refused ? ", some could not be opened" : "");
	else if (k->result.refused && !(s->message.n && s->message_style == STYLE_error))
		app_fail(a, &k->result.refusal);
	if (!a->n_models && !a->demo && !has_past(a->catalog))
		open_demo(s);
	scan_free(k);
	return CHANGED_MODELS;
}

void shell_models_start(struct shell *s, const char *const *dirs, size_t n)
{
	struct scan *k;

	if (s->a.scan)
		return;
	k = xnew(struct scan, 1);
	k->catalog = s->a.catalog;
	k->own_roots = n > 0;
	k->roots = n ? model_roots_new(dirs, n) : s->a.roots;
	s->a.scan = k;
	app_work(&s->a, scan_work, scan_done, scan_free, k);
}

void shell_models_stop(struct shell *s)
{
	if (s->a.scan)
		atomic_store(&s->a.scan->stop, true);
}

bool app_is_model_dir(const char *path)
{
	static const char *const signs[] = { "config.json", "model.safetensors",
		"model.safetensors.index.json" };

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		char *p = str_join_path(path, signs[i]);
		bool there = file_exists(p);

		free(p);
		if (there)
			return true;
	}
	return false;
}

unsigned cmd_rescan(struct app *a, const char *args)
{
	struct shell *s = shell_of(a);

	if (a->scan) {
		app_say(a, "already looking");
		return CHANGED_SCREEN;
	}
	shell_models_start(s, &args, *args ? 1 : 0);
	a->scan->asked = true;
	app_say(a, "looking for models…");
	return CHANGED_SCREEN;
}
