/* The loop: events in, commands run, what changed handed to the views, one frame drawn. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine/job.h"
#include "ui/app.h"
#include "ui/command/settings.h"
#include "ui/screen/glyph.h"
#include "ui/shell.h"

#define FRAME 0.016 /* seconds: draws are at least this far apart */
#define POLL 0.3    /* seconds between looks at the catalog, which other processes write */

static const struct view_ops *const all_views[] = {
#define VIEW(name) &view_##name,
#include "ui/view/views.def"
#undef VIEW
};
#define N_VIEWS (sizeof all_views / sizeof *all_views)

/* --- views --- */
void *app_view_of(struct app *a, const struct view_ops *ops)
{
	return a->views[ops->digit];
}

void app_changed(struct app *a, unsigned bits)
{
	shell_of(a)->changed |= bits & CHANGED_ALL;
	for (int i = 0; i < APP_VIEWS; i++)
		if (a->views[i])
			a->views[i]->stale |= bits & CHANGED_ALL;
}

unsigned app_go(struct app *a, int digit)
{
	if (digit < 1 || digit >= APP_VIEWS || !a->views[digit]) {
		app_say(a, "this build has no view %d", digit);
		return CHANGED_SCREEN;
	}
	a->view = a->views[digit];
	if (digit == 3 && a->doc && a->doc->asleep)
		app_select_doc(a, shell_doc_index(a, a->doc));
	app_changed(a, CHANGED_VIEW);
	return CHANGED_VIEW;
}

unsigned app_show_models(struct app *a, const char *const *names, size_t n)
{
	for (size_t i = 0; i < a->n_shown; i++)
		free(a->shown[i]);
	a->n_shown = n < 4 ? n : 4;
	for (size_t i = 0; i < a->n_shown; i++)
		a->shown[i] = xstrdup(names[i]);
	app_changed(a, CHANGED_SHOWN);
	return app_go(a, 2);
}

static void open_views(struct app *a)
{
	for (size_t i = 0; i < N_VIEWS; i++) {
		struct view *v = xcalloc(1, all_views[i]->size);

		v->ops = all_views[i];
		v->app = a;
		v->stale = CHANGED_ALL;
		a->views[v->ops->digit] = v;
		if (v->ops->open)
			v->ops->open(v);
	}
}

static void close_views(struct app *a)
{
	for (int i = 0; i < APP_VIEWS; i++) {
		if (!a->views[i])
			continue;
		if (a->views[i]->ops->close)
			a->views[i]->ops->close(a->views[i]);
		free(a->views[i]);
		a->views[i] = NULL;
	}
}

/* --- the background --- */
static void count_jobs(struct shell *s)
{
	struct catalog_job *v;
	struct err e = { 0 };
	size_t n = 0, running = 0;

	v = catalog_jobs(s->a.catalog, &n, &e);
	for (size_t i = 0; i < n; i++)
		running += str_eq(v[i].state, "running") || str_eq(v[i].state, "waiting");
	s->jobs_running = running;
	catalog_jobs_free(v, n);
}

static void poll_catalog(struct shell *s)
{
	uint64_t version = catalog_version(s->a.catalog);

	s->polled = event_now();
	if (version == s->catalog_version)
		return;
	s->catalog_version = version;
	shell_models_load(s);
	count_jobs(s);
	app_changed(&s->a, CHANGED_MODELS | CHANGED_JOBS | CHANGED_RUNS);
}

void shell_tick(struct shell *s)
{
	struct view *v = s->a.view;

	shell_work_take(s);
	if (s->a.preview && preview_generation(s->a.preview) != s->figures) {
		s->figures = preview_generation(s->a.preview);
		app_changed(&s->a, CHANGED_FIGURES);
	}
	if (event_now() - s->polled >= POLL)
		poll_catalog(s);
	shell_docs_tick(s);
	shell_pop(s);
	while (v->stale) {
		unsigned bits = v->stale;

		v->stale = 0;
		if (v->ops->update)
			v->ops->update(v, bits);
		if (v != s->a.view)
			v = s->a.view;
	}
}

static bool own_jobs_run(struct shell *s)
{
	for (size_t i = 0; i < s->jobs.n; i++) {
		struct err e = { 0 };
		struct catalog_job *j = catalog_job_get(s->a.catalog, s->jobs.v[i], &e);
		bool running = j && (str_eq(j->state, "running") || str_eq(j->state, "waiting"));

		catalog_jobs_free(j, j ? 1 : 0);
		if (running)
			return true;
	}
	return false;
}

void app_watch_job(struct app *a, int64_t id)
{
	*vec_push(&shell_of(a)->jobs) = id;
}

int64_t app_start_job(struct app *a, const char *const *words, size_t n, struct err *e)
{
	const struct cli_start *given = cli_start();
	int64_t id = job_start_verb(a->catalog, words, n, (const char *const *)given->roots,
		given->n_roots, given->threads, e);

	if (id)
		app_watch_job(a, id);
	return id;
}

static bool app_busy(const struct app *a)
{
	const struct shell *s = (const struct shell *)a;

	return s->work || a->scan;
}

bool shell_idle(struct shell *s)
{
	struct preview_progress p = { 0 };

	s->polled = 0;
	shell_tick(s);
	if (app_busy(&s->a))
		return false;
	for (int i = 0; i < APP_VIEWS; i++) {
		const struct view *v = s->a.views[i];

		if (v && v->ops->busy && v->ops->busy(v))
			return false;
	}
	if (s->a.preview && s->a.doc && s->a.doc->plan) {
		preview_progress(s->a.preview, &p);
		if (!preview_idle(s->a.preview) || (!str_eq(p.phase, "ready") && !*p.error))
			return false;
	}
	return !own_jobs_run(s);
}

/* Milliseconds until something is due. */
static int patience(const struct shell *s)
{
	double now = event_now(), due = s->polled + POLL;

	if (key_pending(&s->keys))
		return 25;
	if (s->changed)
		due = s->drawn + FRAME;
	if (due <= now)
		return 0;
	return (int)((due - now) * 1000) + 1;
}

static void read_terminal(struct shell *s, bool final)
{
	char buf[4096];
	struct key_input in;

	if (!final) {
		ssize_t n = read(term_fd(s->term), buf, sizeof buf);

		if (n <= 0) {
			s->quit = true;
			return;
		}
		for (size_t at = 0; at < (size_t)n;) {
			at += key_feed(&s->keys, buf + at, (size_t)n - at);
			while (key_next(&s->keys, false, &in))
				shell_input(s, &in);
		}
		return;
	}
	while (key_next(&s->keys, true, &in))
		shell_input(s, &in);
}

static void loop(struct shell *s)
{
	while (!s->quit) {
		unsigned ev;
		int w, h;

		shell_tick(s);
		if (s->changed && event_now() - s->drawn >= FRAME)
			shell_draw(s);
		ev = events_wait(s->a.events, patience(s));
		if (ev & EVENT_RESIZE) {
			term_resize(s->term, &w, &h);
			shell_resize(s, w, h);
		}
		if (ev & (EVENT_STOP | EVENT_GONE))
			s->quit = true;
		if (ev & EVENT_INPUT)
			read_terminal(s, false);
		else if (key_pending(&s->keys) && ev & EVENT_TIMEOUT)
			read_terminal(s, true);
	}
}

/* --- open and close --- */
static void bad_setting(void *ctx, const struct err *e)
{
	struct shell *s = ctx;

	if (s->n_bad_settings < sizeof s->bad_settings / sizeof *s->bad_settings)
		s->bad_settings[s->n_bad_settings] = *e;
	s->n_bad_settings++;
}

static unsigned close_list(struct app *a, size_t i, void *ctx)
{
	(void)a;
	(void)i;
	(void)ctx;
	return 0;
}

/* One bad line is said; several are listed, each with the words that would be right. */
static void say_bad_settings(struct shell *s)
{
	struct choice items[16];
	struct str lines[16] = { { 0 } };
	size_t n = s->n_bad_settings < 16 ? s->n_bad_settings : 16;

	if (n == 1)
		app_fail(&s->a, &s->bad_settings[0]);
	if (n < 2)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct err *e = &s->bad_settings[i];

		str_addf(&lines[i], "%s: %s", str_base(e->where), e->what);
		items[i] = (struct choice){ lines[i].s, e->hint, false };
	}
	app_menu(&s->a, "settings that mean nothing", items, n, 0, close_list, NULL);
	for (size_t i = 0; i < n; i++)
		str_fini(&lines[i]);
}

static void choose_tiers(struct shell *s)
{
	const char *text = settings_get("text");

	text_set_tier(str_eq(text, "ascii") || (str_eq(text, "auto") && !cli_utf8()) ? TEXT_ASCII :
		TEXT_UNICODE);
	graph_set(settings_get("graph"));
	if (str_eq(settings_get("theme"), "auto") &&
		(s->term ? term_colors(s->term) == 0 : getenv("NO_COLOR") != NULL))
		style_theme_mono();
}

void app_settings_changed(struct app *a)
{
	struct shell *s = shell_of(a);

	choose_tiers(s);
	if (s->term)
		term_repaint(s->term);
	app_changed(a, CHANGED_LAYOUT);
}

static bool parse_size(const char *text, int *w, int *h)
{
	char *end;

	*w = (int)strtol(text, &end, 10);
	if (*end != 'x' && *end != 'X')
		return false;
	*h = (int)strtol(end + 1, &end, 10);
	return !*end && *w >= 10 && *w <= 1000 && *h >= 3 && *h <= 500;
}

static bool open_screen(struct shell *s, const struct cli_start *start, struct err *e)
{
	int w = 80, h = 24;

	if (start->script) {
		if (start->size && !parse_size(start->size, &w, &h))
			return err_set(
				e, ERR_USAGE, "--size", "80x24", "'%s' is no size", start->size);
	} else {
		s->term = term_open(settings_flag("mouse"), e);
		if (!s->term)
			return false;
		term_size(s->term, &w, &h);
	}
	s->a.events = events_new(s->term ? term_fd(s->term) : -1);
	s->grid = grid_new(w, h);
	s->a.w = s->grid->w;
	s->a.h = s->grid->h;
	return true;
}

static bool is_recipe(const char *path)
{
	return str_ends(path, ".yml") || str_ends(path, ".yaml");
}

static bool is_folder(const char *path)
{
	return !is_recipe(path) && file_is_dir(path) && !app_is_model_dir(path);
}

/* A recipe opens view 3, a model view 2; a folder is a root and view 1 shows what is in it. */
static void open_paths(struct shell *s, const struct cli_start *start)
{
	const char *models[4];
	size_t n_models = 0;

	for (size_t i = 0; i < start->n_paths; i++) {
		const char *path = start->paths[i];

		if (is_recipe(path))
			app_changed(&s->a, app_open_recipe(&s->a, path));
		else if (!is_folder(path) && n_models < 4)
			models[n_models++] = path;
	}
	if (n_models)
		app_changed(&s->a, app_show_models(&s->a, models, n_models));
}

static struct model_roots *open_roots(const struct cli_start *start)
{
	const char **dirs = xnew(const char *, start->n_roots + start->n_paths + 1);
	struct model_roots *roots;
	size_t n = 0;

	for (size_t i = 0; i < start->n_roots; i++)
		dirs[n++] = start->roots[i];
	for (size_t i = 0; i < start->n_paths; i++)
		if (is_folder(start->paths[i]))
			dirs[n++] = start->paths[i];
	roots = model_roots_new(n ? dirs : NULL, n);
	free(dirs);
	return roots;
}

static bool open_data(struct shell *s, const struct cli_start *start, struct err *e)
{
	char *path = start->catalog_path ? xstrdup(start->catalog_path) : catalog_default_path();

	/* One that is damaged or held by somebody is said on the screen; the rest works. */
	s->a.catalog = catalog_open(path, false, e);
	if (!s->a.catalog)
		s->a.catalog = catalog_stand_in(path, e);
	free(path);
	err_clear(e);
	/* From now on somebody sits before the screen. */
	if (!getenv("CUPEL_CATALOG_WAIT"))
		catalog_patience(3000);
	s->a.roots = open_roots(start);
	s->a.pool = pool_new(start->threads);
	return true;
}

static void close_all(struct shell *s)
{
	shell_models_stop(s);
	shell_work_close(s);
	preview_free(s->a.preview);
	close_views(&s->a); /* what they let work in the background ends before the workers do */
	pool_free(s->a.pool);
	shell_work_drop(s);
	shell_docs_close(s);
	while (s->top) {
		struct overlay *o = s->top;

		s->top = o->below;
		o->ops->free(o);
	}
	model_roots_free(s->a.roots);
	catalog_models_free(s->a.models, s->a.n_models);
	catalog_close(s->a.catalog);
	catalog_close(s->real_catalog);
	for (size_t i = 0; i < s->a.n_shown; i++)
		free(s->a.shown[i]);
	events_free(s->a.events);
	grid_free(s->grid);
	key_decoder_fini(&s->keys);
	str_fini(&s->message);
	str_fini(&s->script_error);
	vec_fini(&s->jobs);
	free(s);
}

int app_main(const struct cli_start *start)
{
	struct shell *s = xnew(struct shell, 1);
	struct err e = { 0 };
	int status = 0;

	shell_work_init(s);
	settings_read_user(bad_setting, s);
	if (!open_data(s, start, &e) || !open_screen(s, start, &e)) {
		cli_error(&e, false);
		close_all(s);
		return err_exit_status(e.code);
	}
	choose_tiers(s);
	open_views(&s->a);
	s->a.view = s->a.views[1];
	s->catalog_version = catalog_version(s->a.catalog);
	shell_models_load(s);
	count_jobs(s);
	shell_models_start(s, NULL, 0);
	open_paths(s, start);
	if (!start->script)
		shell_state_load(s);
	say_bad_settings(s);
	if (catalog_warning(s->a.catalog))
		app_fail(&s->a, catalog_warning(s->a.catalog));
	if (start->script)
		status = script_run(s, start->script);
	else
		loop(s);
	if (!start->script)
		shell_state_save(s);
	term_close(s->term);
	close_all(s);
	return status;
}
