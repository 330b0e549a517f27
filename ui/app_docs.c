/* Open recipes: loading, what follows from an edit (findings, inputs, plan, preview), saving, undo,
 * the editor, and the question before leaving. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "recipe/share.h"
#include "ui/shell.h"

#define OUTSIDE_SECONDS 1.0 /* how often files are looked at */
#define JOURNAL_SECONDS 2.0

/* --- inputs: opened on a worker ------------------------------------------------------------- */
struct opening {
	struct doc *doc;
	struct recipe *recipe;
	const struct model_roots *roots;
	struct catalog *catalog;
	int64_t from_run;      /* whose models it may still name as they were called there */
	struct inputs *inputs;
	struct err error;
};

static void opening_free(void *ctx)
{
	struct opening *o = ctx;

	inputs_unref(o->inputs);
	recipe_unref(o->recipe);
	free(o);
}

static void opening_work(void *ctx)
{
	struct opening *o = ctx;

	struct plan_options options = { 0 };
	struct catalog_input *places = o->from_run ? catalog_run_inputs(o->catalog, o->from_run,
		&options.n_places, NULL) : NULL;

	options.places = places;
	o->inputs = inputs_open_for(o->recipe, o->roots, o->catalog, &options, &o->error);
	catalog_inputs_free(places, options.n_places);
}

static void renew(struct app *a, struct doc *d);

static unsigned opening_done(struct app *a, void *ctx)
{
	struct opening *o = ctx;
	bool here = false;

	for (size_t i = 0; i < a->docs.n; i++)
		here |= a->docs.v[i] == o->doc;
	if (here) {
		struct doc *d = o->doc;

		d->opening = false;
		inputs_unref(d->inputs);
		d->inputs = o->inputs;
		d->error = o->error;
		d->no_inputs = !o->inputs;
		o->inputs = NULL;
		renew(a, d);
	}
	opening_free(o);
	return CHANGED_PLAN;
}

static void open_inputs(struct app *a, struct doc *d)
{
	struct opening *o;

	if (d->opening)
		return;
	o = xnew(struct opening, 1);
	o->doc = d;
	o->recipe = recipe_ref(doc_recipe(d));
	o->roots = a->roots;
	o->catalog = a->catalog;
	o->from_run = d->from_run;
	d->opening = true;
	d->tried = doc_recipe(d);
	app_work(a, opening_work, opening_done, opening_free, o);
}

/* --- what follows from the present snapshot ------------------------------------------------- */
static void preview_wake(void *ctx)
{
	event_wake(ctx);
}

static void show_plan(struct app *a, struct doc *d)
{
	bool exact;

	if (d != a->doc || !d->plan)
		return;
	if (!a->preview)
		a->preview = preview_new(a->pool, a->catalog, preview_wake, a->events);
	/* Methods with closed forms need no exact pass: never begin one for the plan that goes or
	 * comes. */
	exact = !d->plan->recipe->method->coefficients;
	if (!exact)
		preview_want_exact(a->preview, false);
	preview_show(a->preview, d->plan);
	if (exact)
		preview_want_exact(a->preview, true);
}

static void lint(struct doc *d)
{
	const struct recipe *r = doc_recipe(d);
	struct model **models;

	findings_fini(&d->findings);
	memset(&d->findings, 0, sizeof d->findings);
	lint_text(r, &d->findings);
	if (d->inputs && inputs_fit(d->inputs, r)) {
		models = xnew(struct model *, d->inputs->n ? d->inputs->n : 1);
		for (size_t i = 0; i < d->inputs->n; i++)
			models[i] = d->inputs->v[i].model;
		if (vocabulary_asked(r))
			vocabulary_say(d->inputs->vocabulary, r, &d->inputs->vocabulary_error,
				&d->findings);
		lint_models(r, models, d->inputs->n, d->inputs->base, &d->findings);
		share_lint(r, models, d->inputs->n, NULL, &d->findings);
		free(models);
	}
	findings_sort(&d->findings);
}

/* Of what the plan found, that which lint does not. */
static void take_findings(struct doc *d, struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *x = &f->v[i];
		struct mark at = { .line = x->line, .column = x->column };

		if (plan_tells(x->code))
			findings_add(&d->findings, x->severity, &at, x->path, x->code, x->hint,
				"%s", x->message);
	}
	findings_fini(f);
	findings_sort(&d->findings);
}

static void renew(struct app *a, struct doc *d)
{
	const struct recipe *r = doc_recipe(d);
	struct plan_options o = { 0 };
	struct findings found = { 0 };
	struct err e = { 0 };
	struct plan *p;

	effect_fini(&d->effect);
	memset(&d->effect, 0, sizeof d->effect);
	effect_of(r, &d->effect);
	lint(d);
	app_changed(a, CHANGED_DOC);
	if (!recipe_valid(r, &e) || (d->inputs && !inputs_fit(d->inputs, r)) || !d->inputs) {
		bool try = !e.code && !(d->no_inputs && d->tried == r);

		if (e.code)
			d->error = e;
		plan_unref(d->plan);
		d->plan = NULL;
		if (try)
			open_inputs(a, d);
		app_changed(a, CHANGED_PLAN);
		return;
	}
	p = plan_make(r, d->inputs, &o, &found, &e);
	take_findings(d, &found);
	d->error = e;
	plan_unref(d->plan);
	d->plan = p;
	show_plan(a, d);
	app_changed(a, CHANGED_PLAN);
}

unsigned app_edit(struct app *a, const struct recipe *r, const char *what, const char *merge_key)
{
	doc_edit(a->doc, r, what, merge_key);
	renew(a, a->doc);
	return CHANGED_DOC;
}

size_t shell_doc_index(const struct app *a, const struct doc *d)
{
	for (size_t i = 0; i < a->docs.n; i++)
		if (a->docs.v[i] == d)
			return i;
	return 0;
}

unsigned app_select_doc(struct app *a, size_t i)
{
	if (i >= a->docs.n)
		return 0;
	a->doc = a->docs.v[i];
	a->doc->asleep = false;
	renew(a, a->doc);
	return CHANGED_DOC | CHANGED_PLAN | CHANGED_FIGURES;
}

unsigned app_show_document(struct app *a, size_t document)
{
	doc_show(a->doc, document);
	renew(a, a->doc);
	return CHANGED_DOC | CHANGED_PLAN | CHANGED_FIGURES;
}

static unsigned add(struct app *a, struct doc *d)
{
	*vec_push(&a->docs) = d;
	app_select_doc(a, a->docs.n - 1);
	return a->views[3] ? app_go(a, 3) : CHANGED_DOC;
}

static struct doc *open_already(const struct app *a, const char *path)
{
	char *real = realpath(path, NULL);
	struct doc *found = NULL;

	for (size_t i = 0; real && i < a->docs.n && !found; i++) {
		char *other = a->docs.v[i]->path ? realpath(a->docs.v[i]->path, NULL) : NULL;

		if (other && str_eq(other, real))
			found = a->docs.v[i];
		free(other);
	}
	free(real);
	return found;
}

/* Of an earlier session: there when view 3 is opened; its models are opened when it is selected. */
void app_restore_recipe(struct app *a, const char *path)
{
	struct doc *d = open_already(a, path) ? NULL : doc_load(path, NULL);

	if (!d)
		return;
	if (doc_journal_recover(d))
		app_say(a, "%s: unsaved changes of an earlier session are back", d->name);
	*vec_push(&a->docs) = d;
	d->asleep = true;
	if (!a->doc)
		a->doc = d;
}

/* A recipe of the demonstration: a copy without a file: what is installed stays as it is. */
void shell_docs_demo(struct shell *s, const char *dir)
{
	char *path = str_join_path(dir, "dare.yml");
	struct recipe *r = s->a.docs.n ? NULL : recipe_load(path, NULL);
	struct doc *d;

	free(path);
	if (!r)
		return;
	d = doc_new(r, "dare.yml");
	d->saved = recipe_ref(r);
	d->asleep = true;
	*vec_push(&s->a.docs) = d;
	s->a.doc = d;
}

unsigned app_open_recipe(struct app *a, const char *path)
{
	struct err e = { 0 };
	struct doc *d = open_already(a, path);
	unsigned bits;

	if (d) {
		app_select_doc(a, shell_doc_index(a, d));
		return app_go(a, 3);
	}
	d = doc_load(path, &e);
	if (!d)
		return app_fail(a, &e);
	if (doc_journal_recover(d))
		app_say(a, "unsaved changes of an earlier session are back; u takes them away");
	bits = add(a, d);
	return bits;
}

unsigned app_add_recipe(struct app *a, const struct recipe *r, const char *name,
	int64_t from_run)
{
	struct doc *d = doc_new(r, name);

	d->from_run = from_run;
	d->journal_stale = true;
	return add(a, d);
}

/* --- undo, redo, flip ----------------------------------------------------------------------- */
unsigned cmd_undo(struct app *a, const char *args)
{
	const char *what;

	if (a->view->ops->step)
		return a->view->ops->step(a->view, STEP_UNDO);
	what = doc_undo(a->doc);
	(void)args;
	renew(a, a->doc);
	if (what)
		app_say(a, "undone: %s%s", what, doc_is_dirty(a->doc) ? "" : " (as saved)");
	return CHANGED_DOC;
}

unsigned cmd_redo(struct app *a, const char *args)
{
	const char *what;

	if (a->view->ops->step)
		return a->view->ops->step(a->view, STEP_REDO);
	what = doc_redo(a->doc);
	(void)args;
	renew(a, a->doc);
	if (what)
		app_say(a, "again: %s", what);
	return CHANGED_DOC;
}

unsigned cmd_flip(struct app *a, const char *args)
{
	const char *what;

	if (a->view->ops->step)
		return a->view->ops->step(a->view, STEP_FLIP);
	what = doc_flip(a->doc);
	(void)args;
	if (!what) {
		app_say(a, "there is no other state to flip to");
		return CHANGED_SCREEN;
	}
	renew(a, a->doc);
	app_say(a, "state %zu of %zu: %s", a->doc->at + 1, a->doc->steps.n, what);
	return CHANGED_DOC;
}

/* --- saving --------------------------------------------------------------------------------- */
static unsigned save_as(struct app *a, const char *path, void *ctx)
{
	struct err e = { 0 };

	(void)ctx;
	if (!*path)
		return 0;
	if (!doc_save(a->doc, path, &e))
		return app_fail(a, &e);
	app_say(a, "saved %s", path);
	return CHANGED_DOC;
}

static char *default_file(const struct doc *d)
{
	struct str s = STR_INIT;

	str_add(&s, d->name);
	for (char *p = s.s; *p; p++)
		if (*p == ' ' || *p == '/')
			*p = '-';
	if (!str_ends(s.s, ".yml") && !str_ends(s.s, ".yaml"))
		str_add(&s, ".yml");
	return str_steal(&s);
}

static unsigned save_doc(struct app *a, struct doc *d)
{
	struct err e = { 0 };

	if (!doc_save(d, NULL, &e))
		return app_fail(a, &e);
	app_say(a, "saved %s", d->path);
	return CHANGED_DOC;
}

unsigned cmd_save(struct app *a, const char *args)
{
	char *name;
	struct ask q = { .label = "save as: ", .history = "file", .done = save_as,
		.complete = "FILE" };
	unsigned bits;

	if (*args)
		return save_as(a, args, NULL);
	if (a->doc->path)
		return save_doc(a, a->doc);
	name = default_file(a->doc);
	q.text = name;
	bits = app_ask(a, &q);
	free(name);
	return bits;
}

unsigned cmd_open(struct app *a, const char *args)
{
	if (!*args) {
		app_say(a, "give a recipe file, or a model");
		return CHANGED_SCREEN;
	}
	if (str_ends(args, ".yml") || str_ends(args, ".yaml"))
		return app_open_recipe(a, args);
	return app_show_models(a, &args, 1);
}

/* --- the editor ----------------------------------------------------------------------------- */
static bool run_editor(struct shell *s, const char *path)
{
	const char *editor = getenv("VISUAL");
	struct str cmd = STR_INIT;
	int status;
	pid_t pid;

	if (!editor || !*editor)
		editor = getenv("EDITOR");
	str_addf(&cmd, "%s \"$1\"", editor && *editor ? editor : "vi");
	if (s->term)
		term_suspend(s->term);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", cmd.s, "sh", path, (char *)NULL);
		_exit(127);
	}
	status = -1;
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0 && !WIFEXITED(status))
			;
	if (s->term)
		term_resume(s->term);
	str_fini(&cmd);
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static unsigned take_edited(struct app *a, const char *path)
{
	struct err e = { 0 };
	size_t n = 0;
	char *text = file_read_all(path, 16 << 20, &n, &e);
	struct recipe *r = text ? recipe_parse(text, n, a->doc->path, &e) : NULL;
	const struct recipe *now = doc_recipe(a->doc);

	free(text);
	if (!r) {
		app_fail(a, &e);
		app_changed(a, CHANGED_LAYOUT);
		return CHANGED_SCREEN;
	}
	if (r->text_n == now->text_n && !memcmp(r->text, now->text, now->text_n)) {
		recipe_unref(r);
		app_say(a, "nothing was changed");
		return CHANGED_LAYOUT;
	}
	return app_edit(a, r, "edited", NULL) | CHANGED_LAYOUT;
}

unsigned cmd_edit(struct app *a, const char *args)
{
	const char *tmp = getenv("TMPDIR");
	struct str path = STR_INIT;
	unsigned bits = CHANGED_LAYOUT;
	int fd;

	(void)args;
	if (!shell_of(a)->term && !getenv("VISUAL") && !getenv("EDITOR")) {
		app_say(a, "there is no terminal to edit in; set EDITOR");
		return CHANGED_SCREEN;
	}
	str_addf(&path, "%s/cupel-XXXXXX.yml", tmp && *tmp ? tmp : "/tmp");
	fd = mkstemps(path.s, 4);
	if (fd >= 0) {
		const struct recipe *r = doc_recipe(a->doc);
		bool ok = write(fd, r->text, r->text_n) == (ssize_t)r->text_n;

		close(fd);
		if (ok && run_editor(shell_of(a), path.s))
			bits = take_edited(a, path.s);
		else
			app_say(a, "the editor ended with an error; nothing was changed");
		unlink(path.s);
	}
	str_fini(&path);
	return bits;
}

/* --- the background, and leaving ------------------------------------------------------------ */
void shell_docs_tick(struct shell *s)
{
	static double outside, journal;
	double now = event_now();
	bool look = now - outside > OUTSIDE_SECONDS, note = now - journal > JOURNAL_SECONDS;

	for (size_t i = 0; i < s->a.docs.n; i++) {
		struct doc *d = s->a.docs.v[i];
		struct err e = { 0 };

		if (look && doc_check_outside(d, &e)) {
			app_say(&s->a, "%s changed outside and was read again; u goes back",
				d->name);
			renew(&s->a, d);
		} else if (e.code) {
			app_fail(&s->a, &e);
			app_changed(&s->a, CHANGED_SCREEN);
		}
		if (note && d->journal_stale)
			doc_journal_write(d);
	}
	if (look)
		outside = now;
	if (note)
		journal = now;
}

void shell_docs_close(struct shell *s)
{
	for (size_t i = 0; i < s->a.docs.n; i++) {
		if (s->a.docs.v[i]->journal_stale)
			doc_journal_write(s->a.docs.v[i]);
		doc_free(s->a.docs.v[i]);
	}
	vec_fini(&s->a.docs);
	s->a.doc = NULL;
}

static unsigned quit_answer(struct app *a, char key, void *ctx)
{
	struct doc *d = ctx;
	struct err e = { 0 };
	struct shell *s = shell_of(a);

	if (key == 'y' && !d->path) {
		app_select_doc(a, shell_doc_index(a, d));
		return cmd_save(a, "");
	}
	if (key == 'y' && !doc_save(d, NULL, &e))
		return app_fail(a, &e);
	if (key == 'n')
		d->abandoned = true;
	return shell_quit(s);
}

unsigned shell_quit(struct shell *s)
{
	struct str q = STR_INIT;
	unsigned bits;

	for (size_t i = 0; i < s->a.docs.n; i++) {
		struct doc *d = s->a.docs.v[i];

		if (!doc_is_dirty(d) || d->abandoned)
			continue;
		str_addf(&q, "Save %s?", d->name);
		bits = app_choose(&s->a, q.s, "yn", quit_answer, d);
		str_fini(&q);
		return bits;
	}
	for (size_t i = 0; i < s->a.docs.n; i++)
		doc_journal_drop(s->a.docs.v[i]);
	s->quit = true;
	return 0;
}
