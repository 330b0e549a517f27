/* Figures into the Results view and out of it: import, and the export sheet: the comparison, the
 * table as it stands, a model card. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "import/import.h"
#include "system/file.h"
#include "ui/view/view_results.h"
#include "ui/widget/sheet.h"

#define CARD_MOST 8 /* variants of one card */

/* --- import --- */

struct importing {
	struct catalog *catalog;
	char *path;
	struct import_file file;
	size_t added;
	bool ok;
	struct err error;
};

static void import_drop(void *ctx)
{
	struct importing *m = ctx;

	import_file_fini(&m->file);
	free(m->path);
	free(m);
}

static void import_work(void *ctx)
{
	struct importing *m = ctx;
	struct import_target to = { 0 };

	m->ok = import_read(&m->file, m->path, &m->error) &&
		import_store(&m->file, &to, m->catalog, &m->added, &m->error);
}

static unsigned import_done(struct app *a, void *ctx)
{
	struct results_view *v = results_of(a);
	struct importing *m = ctx;
	const struct import_file *f = &m->file;
	unsigned bits = CHANGED_SCREEN | CHANGED_RUNS | CHANGED_MODELS;

	v->importing = false;
	if (!m->ok) {
		bits = app_fail(a, &m->error);
	} else {
		app_say(a, "%s: %zu figure%s, %zu new%s%s", str_base(f->path), f->facts.n,
			f->facts.n == 1 ? "" : "s", m->added, f->unread.n ? ", not read: " : "",
			a->view == &v->view || f->unread.n ? "" : "; 6 shows them");
		if (f->unread.n) {
			app_say(a, "%s: %zu figure%s, %zu new, %zu unread", str_base(f->path),
				f->facts.n, f->facts.n == 1 ? "" : "s", m->added, f->unread.n);
			results_page_unread(v, f, m->added);
			bits |= app_go(a, 6);
		}
	}
	import_drop(m);
	return bits;
}

static unsigned import_file(struct app *a, const char *text, void *ctx)
{
	struct results_view *v = results_of(a);
	const char *home = getenv("HOME");
	struct importing *m;

	(void)ctx;
	if (!*text)
		return 0;
	if (v->importing) {
		app_say(a, "a file is being imported; once more in a moment");
		return CHANGED_SCREEN;
	}
	m = xnew(struct importing, 1);
	m->catalog = a->catalog;
	m->path = str_starts(text, "~/") && home ? str_join_path(home, text + 2) : xstrdup(text);
	v->importing = true;
	app_say(a, "importing %s …", str_base(m->path));
	app_work(a, import_work, import_done, import_drop, m);
	return CHANGED_SCREEN;
}

unsigned cmd_import(struct app *a, const char *args)
{
	struct ask q = { .label = "import: ", .history = "file", .complete = "FILE",
		.done = import_file };

	return *args ? import_file(a, args, NULL) : app_ask(a, &q);
}

/* --- export --- */

static void comparison_text(const struct results_view *v, const char *format, struct str *out)
{
	json_t *j;
	char *text;

	if (str_eq(format, "json")) {
		j = compare_json(v->c);
		json_add(out, j, 1);
		str_addc(out, '\n');
		json_decref(j);
		return;
	}
	text = compare_text(v->c, str_eq(format, "csv") ? COMPARE_CSV : str_eq(format, "text") ?
		COMPARE_TEXT : COMPARE_MARKDOWN, 100);
	str_add(out, text);
	free(text);
}

static void table_text(const struct results_view *v, const char *format, struct str *out)
{
	if (str_eq(format, "json")) {
		json_t *j = table_export_json(&v->table);

		json_add(out, j, 1);
		str_addc(out, '\n');
		json_decref(j);
	} else if (str_eq(format, "csv")) {
		table_export_csv(&v->table, out);
	} else if (str_eq(format, "text")) {
		table_export_text(&v->table, out);
	} else {
		table_export_markdown(&v->table, out);
	}
}

static unsigned export_text(struct app *a, const char *path, const char *what,
	const struct str *out)
{
	struct err e = { 0 };

	if (!*path) {
		app_copy(a, what, out->s);
		return CHANGED_SCREEN;
	}
	if (file_exists(path)) {
		app_say(a, "%s is there already; nothing is overwritten", path);
		return COMMAND_REFUSED;
	}
	if (!file_write_all(path, out->s, out->n, &e))
		return app_fail(a, &e);
	app_say(a, "wrote %s", path);
	return CHANGED_SCREEN;
}

/* Of the marked variants, else of the one under the cursor. */
static size_t card_variants(const struct results_view *v, size_t *at, size_t max)
{
	size_t rows[RESULTS_VARIANTS_MAX], n = 0;

	if (v->arrangement != RESULTS_TASKS && v->table.mark_order.n)
		n = table_marked(&v->table, rows, max < RESULTS_VARIANTS_MAX ? max :
			RESULTS_VARIANTS_MAX);
	for (size_t i = 0; i < n && i < max; i++)
		at[i] = v->rows.v[rows[i]].i;
	if (!n && results_variant_at(v) != SIZE_MAX)
		at[n++] = results_variant_at(v);
	return n < max ? n : max;
}

static unsigned export_card(struct app *a, const char *layout, const char *path)
{
	struct results_view *v = results_of(a);
	size_t at[CARD_MOST], n = card_variants(v, at, CARD_MOST);
	const char *words[CARD_MOST];
	char buf[CARD_MOST][24];

	for (size_t i = 0; i < n; i++)
		words[i] = results_word(a, &v->c->variants[at[i]], buf[i]);
	if (n)
		return app_export_card(a, words, n, v->against == AGAINST_BASELINE ? v->baseline :
			NULL, layout, path);
	app_say(a, "there is no variant here");
	return CHANGED_SCREEN;
}

/* --- the sheet --- */

static unsigned export_go(struct app *a, struct sheet *s, void *ctx)
{
	struct results_view *v = ctx;
	const char *what = sheet_value(s, "what"), *path = sheet_value(s, "file");
	struct str out = STR_INIT;
	unsigned bits;

	if (*path && file_exists(path)) {
		sheet_error(s, "it is there already; nothing is overwritten");
		return COMMAND_REFUSED;
	}
	if (str_eq(what, "card"))
		return export_card(a, sheet_value(s, "layout"), path);
	if (str_eq(what, "table"))
		table_text(v, sheet_value(s, "format"), &out);
	else
		comparison_text(v, sheet_value(s, "format"), &out);
	bits = export_text(a, path, str_eq(what, "table") ? "the table" : "the comparison", &out);
	str_fini(&out);
	return bits;
}

/* A format for tables, a layout for cards. */
static void export_changed(struct app *a, struct sheet *s, void *ctx)
{
	const struct results_view *v = ctx;
	size_t at[CARD_MOST], n = card_variants(v, at, CARD_MOST);
	bool card = str_eq(sheet_value(s, "what"), "card");

	(void)a;
	if (card && n == 1)
		sheet_info(s, "of", STYLE_dim, "%s", v->c->variants[at[0]].label);
	else if (card)
		sheet_info(s, "of", STYLE_dim, "%zu marked variants", n);
	else
		sheet_info(s, "of", STYLE_dim, "%zu variants; format says how it is written",
			v->c->n_variants);
}

static const char *format_of(const char *path)
{
	return str_ends(path, ".csv") ? "csv" : str_ends(path, ".json") ? "json" :
		str_ends(path, ".txt") ? "text" : "markdown";
}

unsigned cmd_export_results(struct app *a, const char *args)
{
	struct results_view *v = results_of(a);
	struct str out = STR_INIT;
	struct sheet *s;
	unsigned bits;

	if (!v->c || !v->c->n_variants) {
		app_say(a, "there is nothing to export");
		return CHANGED_SCREEN;
	}
	if (*args) {
		comparison_text(v, format_of(args), &out);
		bits = export_text(a, args, "the comparison", &out);
		str_fini(&out);
		return bits & ~(unsigned)COMMAND_REFUSED;
	}
	s = sheet_new("export", "export", export_go, v);
	sheet_choice(s, "what", "comparison table card", 0);
	sheet_choice(s, "format", "markdown csv json text", 0);
	app_card_layouts(s);
	sheet_text(s, "file", "");
	sheet_info(s, "", STYLE_dim, "without a file it goes to the clipboard");
	sheet_on_change(s, export_changed);
	export_changed(a, s, v);
	return app_sheet(a, s);
}
