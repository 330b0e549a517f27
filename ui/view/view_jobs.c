/* View Jobs: what is running, as the catalog has it: from this workbench or from any shell. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "engine/job.h"
#include "ui/view/app.h"
#include "ui/widget/plot.h"

enum { COL_ID, COL_WHAT, COL_STATE, COL_BAR, COL_DONE, COL_RATE, COL_LEFT, COL_THREADS, N_COLUMNS };
static const struct column columns[N_COLUMNS] = {
	{ "id", "ID", 1, 3, 0, 9, true, false, CUT_END,
		"Its number: cupel log ID, cupel cancel ID." },
	{ "what", "WHAT", -1, 20, 0, 8, false, true, CUT_MIDDLE, "What it does." },
	{ "state", "STATE", -1, 9, 0, 7, false, true, CUT_END,
		"waiting, running, done, failed, cancelled, stopped." },
	{ "progress", "PROGRESS", -1, 14, 14, 5, false, false, CUT_END, "How far it is." },
	{ "done", "DONE", 1, 5, 0, 6, true, false, CUT_END, "Percent, or the bytes written." },
	{ "rate", "RATE", 1, 9, 0, 4, true, false, CUT_END, "Bytes a second." },
	{ "left", "LEFT", 1, 6, 0, 6, true, false, CUT_END, "Time left." },
	{ "threads", "THREADS", 1, 0, 0, 2, true, false, CUT_END, "Threads it uses." },
};

struct jobs_view {
	struct view view;
	struct table table;
	struct catalog_job *jobs;
	size_t n;
	struct rect head, detail;
	int64_t log_id;
	char *log;            /* tail of the selected job's log */
};

static struct catalog_job *job_at(void *ctx, size_t i)
{
	return &((struct jobs_view *)ctx)->jobs[i];
}

static bool is_over(const struct catalog_job *j)
{
	return !str_eq(j->state, "running") && !str_eq(j->state, "waiting");
}

static struct catalog_job *selected(const struct app *a)
{
	struct jobs_view *v = app_view_of((struct app *)a, &view_jobs);
	long row = v ? table_selected(&v->table) : -1;

	return row >= 0 ? &v->jobs[row] : NULL;
}

/* --- the table --- */
static unsigned state_style(const char *state)
{
	if (str_eq(state, "done"))
		return STYLE_good;
	if (str_eq(state, "failed"))
		return STYLE_bad;
	if (str_eq(state, "stopped") || str_eq(state, "cancelled"))
		return STYLE_warn;
	return str_eq(state, "running") ? STYLE_value : STYLE_normal;
}

static double share(const struct catalog_job *j)
{
	return j->total ? (double)j->done / (double)j->total : NAN;
}

static void cell(void *ctx, size_t i, int column, struct table_cell *out)
{
	const struct catalog_job *j = job_at(ctx, i);
	bool running = str_eq(j->state, "running");

	switch (column) {
	case COL_ID: str_addf(&out->text, "%lld", (long long)j->id); break;
	case COL_WHAT: str_add(&out->text, j->what ? j->what : ""); break;
	case COL_STATE:
		str_add(&out->text, j->cancel && running ? "stopping" : j->state);
		out->style = state_style(j->state);
		break;
	case COL_BAR:
		if (running || (j->total && j->done < j->total))
			plot_bar_text(&out->text, 12, isnan(share(j)) ? 0 : share(j));
		out->style = running ? STYLE_slider : STYLE_dim;
		break;
	case COL_DONE:
		if (str_eq(j->state, "done") && j->total)
			str_add_bytes(&out->text, j->total);
		else if (j->total)
			str_addf(&out->text, "%.0f%%", 100 * share(j));
		break;
	case COL_RATE:
		if (running && j->rate > 0) {
			str_add_bytes(&out->text, (uint64_t)j->rate);
			str_add(&out->text, "/s");
		}
		break;
	case COL_LEFT:
		if (running && j->rate > 0 && j->left >= 0)
			str_add_seconds(&out->text, j->left);
		break;
	case COL_THREADS:
		if (j->threads)
			str_addf(&out->text, "%d", j->threads);
		break;
	}
}

static double value(void *ctx, size_t i, int column)
{
	const struct catalog_job *j = job_at(ctx, i);

	switch (column) {
	case COL_ID: return (double)j->id;
	case COL_DONE: return share(j);
	case COL_RATE: return j->rate;
	case COL_LEFT: return j->left;
	case COL_THREADS: return j->threads;
	default: return NAN;
	}
}

static uint64_t id(void *ctx, size_t i)
{
	return (uint64_t)job_at(ctx, i)->id + 1;
}

static const struct table_source source = { cell, value, id, NULL };

/* --- life --- */
static void open_view(struct view *view)
{
	struct jobs_view *v = (struct jobs_view *)view;

	table_init(&v->table, columns, N_COLUMNS, &source, v);
	v->table.empty = "no jobs: w in Recipe writes a merge, and it is shown here";
	v->view.table = &v->table;
}

static void close_view(struct view *view)
{
	struct jobs_view *v = (struct jobs_view *)view;

	table_fini(&v->table);
	catalog_jobs_free(v->jobs, v->n);
	free(v->log);
}

static int newest_first(const void *pa, const void *pb)
{
	const struct catalog_job *a = pa, *b = pb;

	if (is_over(a) != is_over(b))
		return is_over(a) ? 1 : -1;
	return a->id < b->id ? 1 : -1;
}

static void load_log(struct jobs_view *v)
{
	const struct catalog_job *j = selected(v->view.app);

	free(v->log);
	v->log = j ? job_log_text(v->view.app->catalog, j->id, 16 << 10, NULL) : NULL;
	v->log_id = j ? j->id : 0;
}

static void update(struct view *view, unsigned changed)
{
	struct jobs_view *v = (struct jobs_view *)view;
	struct err e = { 0 };

	if (changed & (CHANGED_JOBS | CHANGED_VIEW)) {
		catalog_jobs_free(v->jobs, v->n);
		v->jobs = catalog_jobs(view->app->catalog, &v->n, &e);
		if (v->n > 1)
			qsort(v->jobs, v->n, sizeof *v->jobs, newest_first);
		table_set_rows(&v->table, v->n);
		v->log_id = 0;
	}
}

/* --- on the screen --- */
static void layout(struct view *view, struct rect area)
{
	struct jobs_view *v = (struct jobs_view *)view;
	const struct catalog_job *j = selected(view->app);
	struct rect r = area;

	v->head = rect_top(&r, 1);
	v->detail = rect_bottom(&r, area.h / 2 > 14 ? 14 : area.h / 2);
	rect_left(&r, 1);
	table_place(&v->table, r);
	if ((j ? j->id : 0) != v->log_id)
		load_log(v);
}

static const char *last_lines(const char *text, int n)
{
	const char *p = text + strlen(text);

	while (p > text && n > 0)
		if (*--p == '\n' && p[1])
			n--;
	return n == 0 && *p == '\n' ? p + 1 : p;
}

static void draw_log(const struct jobs_view *v, struct grid *g, struct rect r)
{
	const char *p = v->log ? last_lines(v->log, r.h) : "";

	for (int y = 0; y < r.h && *p; y++) {
		size_t n = strcspn(p, "\n");
		const char *start = p, *cr;
		char *one;

		for (cr = p; cr < p + n; cr++) /* a progress line rewrites itself: its last state */
			if (*cr == '\r' && cr + 1 < p + n)
				start = cr + 1;
		one = xstrndup(start, (size_t)(p + n - start));
		one[strcspn(one, "\r")] = 0;
		grid_fit(g, r.x, r.y + y, r.w, STYLE_dim, one, CUT_END);
		free(one);
		p += n + (p[n] == '\n');
	}
}

static void draw_detail(const struct jobs_view *v, struct grid *g)
{
	const struct catalog_job *j = selected(v->view.app);
	struct rect r = v->detail;
	struct str s = STR_INIT;

	if (!j || r.h < 3)
		return;
	str_addf(&s, "%lld %s", (long long)j->id, j->what);
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, s.s, j->log ? str_base(j->log) : NULL);
	rect_top(&r, 1);
	rect_left(&r, 1);
	str_clear(&s);
	if (j->total) {
		str_add_bytes(&s, j->done);
		str_add(&s, " of ");
		str_add_bytes(&s, j->total);
	}
	if (j->message && *j->message)
		str_addf(&s, "%s%s", s.n ? " · " : "", j->message);
	if (j->run)
		str_addf(&s, "%srun %lld", s.n ? " · " : "", (long long)j->run);
	if (s.n)
		grid_fit(g, r.x, r.y, r.w - 1,
			str_eq(j->state, "failed") ? STYLE_bad : STYLE_normal, s.s, CUT_END);
	rect_top(&r, 1);
	draw_log(v, g, r);
	str_fini(&s);
}

static void draw(const struct view *view, struct grid *g)
{
	const struct jobs_view *v = (const struct jobs_view *)view;
	struct str s = STR_INIT;
	size_t running = 0;

	for (size_t i = 0; i < v->n; i++)
		running += !is_over(&v->jobs[i]);
	str_addf(&s, "%zu running · %zu in all · quitting stops none: they are processes of their "
		"own", running, v->n);
	grid_fit(g, v->head.x + 1, v->head.y, v->head.w - 2, STYLE_dim, s.s, CUT_END);
	str_fini(&s);
	table_draw(&v->table, g, true);
	draw_detail(v, g);
}

static const char *label(const struct view *view, const struct command *c)
{
	const struct catalog_job *j = selected(view->app);

	if (str_eq(c->name, "open-job"))
		return !j || !is_over(j) ? "" : str_eq(j->state, "done") ? "its run" : "resume";
	return NULL;
}

static bool copy_command(const struct view *view, struct str *out)
{
	const struct catalog_job *j = selected(view->app);

	if (j)
		str_addf(out, "cupel log %lld", (long long)j->id);
	return j != NULL;
}

const struct view_ops view_jobs = {
	.digit = 5,
	.title = "Jobs",
	.context = CTX_JOBS,
	.size = sizeof(struct jobs_view),
	.open = open_view,
	.close = close_view,
	.update = update,
	.layout = layout,
	.draw = draw,
	.copy_command = copy_command,
	.label = label,
};

/* --- commands --- */
bool command_on_job(const struct app *a)
{
	const struct catalog_job *j = selected(a);

	return j && !is_over(j);
}

unsigned cmd_cancel_job(struct app *a, const char *args)
{
	const struct catalog_job *j = selected(a);
	struct err e = { 0 };

	(void)args;
	if (!job_cancel(a->catalog, j->id, &e))
		return app_fail(a, &e);
	app_say(a, "asked job %lld to stop; what is finished is kept, Enter resumes",
		(long long)j->id);
	return CHANGED_JOBS;
}

unsigned cmd_open_job(struct app *a, const char *args)
{
	const struct catalog_job *j = selected(a);
	struct err e = { 0 };

	(void)args;
	if (!is_over(j)) {
		app_say(a, "it is running; X asks it to stop");
		return CHANGED_SCREEN;
	}
	if (str_eq(j->state, "done"))
		return app_show_run(a, j->run);
	if (!job_resume(a->catalog, j->id, &e))
		return app_fail(a, &e);
	app_watch_job(a, j->id);
	app_say(a, "job %lld goes on where it stopped", (long long)j->id);
	return CHANGED_JOBS;
}
