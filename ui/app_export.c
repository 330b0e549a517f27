/* The export sheet of Models and History: a model's card, its run as one file, or the table. */
#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "report/report.h"
#include "report/shared.h"
#include "ui/shell.h"
#include "ui/view/view_history.h"
#include "ui/widget/sheet.h"

#define MOST_SIDES 8

struct export {
	struct catalog *catalog;
	char *words[MOST_SIDES];
	size_t n;
	int64_t run;             /* of the first, or 0 */
	char *what, *baseline, *layout, *path;
	char *text;
	struct err error;
};

static void export_free(void *ctx)
{
	struct export *x = ctx;

	for (size_t i = 0; i < x->n; i++)
		free(x->words[i]);
	free(x->what);
	free(x->baseline);
	free(x->layout);
	free(x->path);
	free(x->text);
	free(x);
}

static void add_model(struct export *x, const struct app *a, int64_t id)
{
	for (size_t i = 0; i < a->n_models && x->n < MOST_SIDES; i++)
		if (a->models[i].id == id) {
			x->words[x->n++] = xstrdup(a->models[i].path);
			x->run = x->n == 1 ? a->models[i].run : x->run;
		}
}

/* What is marked in Models, else the row at the cursor. */
static struct export *export_new(struct app *a)
{
	struct export *x = xnew(struct export, 1);
	const struct catalog_run *r;
	int64_t ids[MOST_SIDES];
	size_t n;

	x->catalog = a->catalog;
	if (a->view->ops->digit == 7) {
		r = history_selected(a);
		x->run = r ? r->id : 0;
		if (r)
			x->words[x->n++] = xasprintf("%" PRId64, r->id);
		return x;
	}
	n = app_marked_models(a, ids, MOST_SIDES);
	for (size_t i = 0; i < n && i < MOST_SIDES; i++)
		add_model(x, a, ids[i]);
	if (!n)
		add_model(x, a, app_selected_model_id(a));
	return x;
}

static char *shared(struct export *x)
{
	struct catalog_run *r = catalog_run_get(x->catalog, x->run, &x->error);
	size_t n = 0;
	struct catalog_input *in = r ? catalog_run_inputs(x->catalog, x->run, &n, &x->error) : NULL;
	char *text = in ? shared_run(x->catalog, r, in, n, &x->error) : NULL;

	catalog_inputs_free(in, n);
	catalog_runs_free(r, r != NULL);
	return text;
}

static void export_work(void *ctx)
{
	struct export *x = ctx;
	struct report_ask ask = { .words = (const char *const *)x->words, .n = x->n,
		.baseline = x->baseline, .layout = x->layout };

	if (str_eq(x->what, "recipe") && x->run)
		x->text = shared(x);
	else if (str_eq(x->what, "recipe"))
		err_set(&x->error, ERR_INPUT, "export", NULL,
			"it was not made by a run of this catalog");
	else
		x->text = report_card(x->catalog, &ask, &x->error);
}

static unsigned export_done(struct app *a, void *ctx)
{
	struct export *x = ctx;
	struct err e = { 0 };
	unsigned bits = CHANGED_SCREEN;

	if (!x->text)
		bits = app_fail(a, &x->error);
	else if (!*x->path)
		app_copy(a, str_eq(x->what, "card") ? "the card" : "the run", x->text);
	else if (!file_write_all(x->path, x->text, strlen(x->text), &e))
		bits = app_fail(a, &e);
	else
		app_say(a, "wrote %s", x->path);
	export_free(x);
	return bits;
}

unsigned app_export_card(struct app *a, const char *const *words, size_t n, const char *baseline,
	const char *layout, const char *path)
{
	struct export *x = xnew(struct export, 1);

	x->catalog = a->catalog;
	for (; x->n < n && x->n < MOST_SIDES; x->n++)
		x->words[x->n] = xstrdup(words[x->n]);
	x->what = xstrdup("card");
	x->baseline = baseline ? xstrdup(baseline) : NULL;
	x->layout = xstrdup(layout);
	x->path = xstrdup(path);
	app_work(a, export_work, export_done, export_free, x);
	return CHANGED_SCREEN;
}

void app_card_layouts(struct sheet *s)
{
	struct str layouts = STR_INIT;
	size_t n, at = 0;
	char **v = report_layouts(&n);

	for (size_t i = 0; i < n; i++) {
		str_addf(&layouts, "%s%s", i ? " " : "", v[i]);
		at = str_eq(v[i], "default") ? i : at;
		free(v[i]);
	}
	free(v);
	sheet_choice(s, "layout", layouts.s ? layouts.s : "default", at);
	str_fini(&layouts);
}

static unsigned table_out(struct app *a, const char *path)
{
	struct str s = STR_INIT;

	if (*path)
		return cmd_export(a, path);
	if (a->view->table)
		table_export_markdown(a->view->table, &s);
	app_copy(a, "the table", s.s ? s.s : "");
	str_fini(&s);
	return CHANGED_SCREEN;
}

static unsigned export_go(struct app *a, struct sheet *s, void *ctx)
{
	const char *what = sheet_value(s, "what"), *path = sheet_value(s, "file");
	struct export *x;

	(void)ctx;
	if (*path && file_exists(path)) {
		sheet_error(s, "it is there already; nothing is overwritten");
		return COMMAND_REFUSED;
	}
	if (str_eq(what, "table"))
		return table_out(a, path);
	x = export_new(a);
	x->what = xstrdup(what);
	x->layout = xstrdup(sheet_value(s, "layout"));
	x->path = xstrdup(path);
	if (!x->n) {
		export_free(x);
		sheet_error(s, "there is no row here");
		return COMMAND_REFUSED;
	}
	app_work(a, export_work, export_done, export_free, x);
	return CHANGED_SCREEN;
}

unsigned cmd_export_sheet(struct app *a, const char *args)
{
	struct sheet *s;

	if (*args)
		return cmd_export(a, args);
	s = sheet_new("export", "export", export_go, NULL);
	sheet_choice(s, "what", "card recipe table", 0);
	app_card_layouts(s);
	sheet_text(s, "file", "");
	sheet_info(s, "", STYLE_dim, "without a file it goes to the clipboard");
	return app_sheet(a, s);
}
