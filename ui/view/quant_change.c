/* Commands of the Quant view: types up and down, presets, targets, undo, another plan beside, and
 * the sheet that writes it. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "engine/quantize.h"
#include "ui/view/view_quant.h"
#include "ui/widget/sheet.h"

#define MENU_MAX 80

static struct quant_view *here(const struct app *a)
{
	return app_view_of((struct app *)a, &view_quant);
}

bool command_has_quant(const struct app *a)
{
	return quant_doc_is_open(&here(a)->doc);
}

static unsigned edited(struct app *a, bool ok, const struct err *e)
{
	struct quant_view *v = here(a);

	if (!ok)
		return app_fail(a, e);
	quant_table_again(v);
	return CHANGED_ROWS | CHANGED_SCREEN;
}

/* --- types --- */

/* All marked groups or, if none is, the one under the cursor: as one after the other. */
static unsigned nudge(struct app *a, int by)
{
	struct quant_view *v = here(a);
	size_t rows[256], n = table_marked(&v->table, rows, 256);
	struct quant_row r[256];
	struct err e = { 0 };
	bool ok = true;

	n = n < 256 ? n : 256;
	for (size_t i = 0; i < n; i++)
		r[i] = v->doc.rows.v[rows[i]];
	for (size_t i = 0; ok && i < n; i++)
		ok = quant_doc_nudge(&v->doc, &r[i], by, &e);
	return edited(a, ok, &e);
}

unsigned cmd_type_larger(struct app *a, const char *args)
{
	(void)args;
	return nudge(a, 1);
}

unsigned cmd_type_smaller(struct app *a, const char *args)
{
	(void)args;
	return nudge(a, -1);
}

static unsigned type_given(struct app *a, const char *text, void *ctx)
{
	struct quant_view *v = ctx;
	const struct quant_row *r = quant_selected(v);
	struct err e = { 0 };
	bool ok;

	if (!r)
		return CHANGED_SCREEN;
	ok = r->kind == QUANT_ROW_TOTAL ? quant_doc_target(&v->doc, text, &e)
		: quant_doc_type(&v->doc, r, text, &e);
	return edited(a, ok, &e);
}

unsigned cmd_type_quant(struct app *a, const char *args)
{
	struct quant_view *v = here(a);
	const struct quant_row *r = quant_selected(v);
	struct ask q = { .history = "quant type", .done = type_given, .ctx = v };

	if (!r)
		return CHANGED_SCREEN;
	if (*args)
		return type_given(a, args, v);
	q.label = r->kind == QUANT_ROW_TOTAL ? "at most (14.2GB, 4.5bpw): " : "type (Q5_K, keep): ";
	return app_ask(a, &q);
}

/* --- presets --- */

/* The rules stay, unless they are about the other kind of file. */
static unsigned preset_set(struct app *a, const char *name)
{
	struct quant_view *v = here(a);
	const struct quant_spec *now = quant_doc_spec(&v->doc);
	struct quant_preset p;
	struct quant_spec *s;
	struct err e = { 0 };
	bool leave;

	if (!quant_preset_parse(name, &p, &e))
		return app_fail(a, &e);
	leave = now->n_rules && p.container != now->preset.container;
	s = leave ? quant_spec_load(name, &e) : quant_spec_edit_preset(now, name, &e);
	if (leave && s)
		app_say(a, "%zu rule%s about %s files left behind; u brings the plan back",
			now->n_rules, now->n_rules == 1 ? "" : "s",
			quant_container_name(now->preset.container));
	return edited(a, quant_doc_edit(&v->doc, s, &e), &e);
}

static unsigned beside_set(struct app *a, const char *name)
{
	struct quant_view *v = here(a);
	struct err e = { 0 };

	return edited(a, quant_doc_beside(&v->doc, name, &e), &e);
}

static unsigned preset_picked(struct app *a, size_t i, void *ctx)
{
	const char *name = NULL, *help;
	enum quant_container c;
	bool beside = ctx == &beside_set;

	if (!quant_preset_at(i, &name, &c, &help))
		return CHANGED_SCREEN;
	return beside ? beside_set(a, name) : preset_set(a, name);
}

static unsigned menu(struct app *a, const char *title, void *ctx)
{
	struct quant_view *v = here(a);
	struct choice list[MENU_MAX] = { { 0 } };
	const char *name, *help;
	enum quant_container c;
	size_t n = 0, at = 0;

	while (n < MENU_MAX && quant_preset_at(n, &name, &c, &help)) {
		list[n] = (struct choice){ name, help,
			str_eq(name, quant_doc_spec(&v->doc)->preset.name) };
		at = list[n].on ? n : at;
		n++;
	}
	return app_menu(a, title, list, n, at, preset_picked, ctx);
}

unsigned cmd_preset_quant(struct app *a, const char *args)
{
	return *args ? preset_set(a, args) : menu(a, "Preset", NULL);
}

unsigned cmd_beside_quant(struct app *a, const char *args)
{
	struct quant_view *v = here(a);

	if (v->doc.beside && !*args)
		return beside_set(a, NULL);
	return *args ? beside_set(a, args) : menu(a, "Beside it", &beside_set);
}

static unsigned imatrix_given(struct app *a, const char *path, void *ctx)
{
	struct quant_view *v = ctx;
	struct err e = { 0 };

	if (!quant_doc_imatrix(&v->doc, *path ? path : NULL, &e))
		return app_fail(a, &e);
	v->front_of = NULL;
	quant_table_again(v);
	app_say(a, *path ? "columns weigh as %s says" : "every column weighs the same", path);
	return CHANGED_ROWS | CHANGED_LAYOUT | CHANGED_SCREEN;
}

/* Given again without a file: away with it. */
unsigned cmd_imatrix_quant(struct app *a, const char *args)
{
	struct quant_view *v = here(a);
	struct ask q = { .history = "imatrix", .label = "importance matrix (a file): ",
		.done = imatrix_given, .ctx = v };

	return *args || v->doc.imatrix ? imatrix_given(a, args, v) : app_ask(a, &q);
}

unsigned cmd_arrange_quant(struct app *a, const char *args)
{
	struct quant_view *v = here(a);

	(void)args;
	v->by_type = !v->by_type;
	quant_table_again(v);
	return CHANGED_ROWS | CHANGED_LAYOUT | CHANGED_SCREEN;
}

/* Enter: its tensors, or away with them. */
unsigned cmd_open_group(struct app *a, const char *args)
{
	struct quant_view *v = here(a);
	const struct quant_row *r = quant_selected(v);

	(void)args;
	if (r && r->kind == QUANT_ROW_GROUP)
		table_fold(&v->table, v->table.cursor_id,
			!id_set_has(&v->table.folded, v->table.cursor_id));
	else if (r && r->kind == QUANT_ROW_TOTAL)
		return cmd_type_quant(a, "");
	return CHANGED_ROWS | CHANGED_SCREEN;
}

/* --- steps --- */

bool quant_can_step(const struct view *view, enum step to)
{
	const struct quant_doc *d = &((const struct quant_view *)view)->doc;

	return quant_doc_is_open(d) && (to == STEP_UNDO ? d->at > 0
		: to == STEP_REDO ? d->at + 1 < d->steps.n : d->before != d->at);
}

unsigned quant_step(struct view *view, enum step to)
{
	struct quant_doc *d = &((struct quant_view *)view)->doc;
	struct err e = { 0 };

	return edited(view->app, to == STEP_UNDO ? quant_doc_undo(d)
		: to == STEP_REDO ? quant_doc_redo(d) : quant_doc_flip(d), &e);
}

/* --- writing --- */

struct writing {
	struct quant_plan *plan;
	char *subject;             /* as the command line takes it */
	char *imatrix;             /* its path; NULL none */
};

static void writing_free(void *ctx)
{
	struct writing *w = ctx;

	quant_plan_unref(w->plan);
	free(w->subject);
	free(w->imatrix);
	free(w);
}

static void fill(struct app *a, struct sheet *s, void *ctx)
{
	const char *out = sheet_value(s, "path");
	struct quant_view *v = here(a);
	uint64_t room = 0;
	struct str size = STR_INIT, room_text = STR_INIT;

	(void)ctx;
	str_add_bytes(&size, v->doc.bytes);
	sheet_info(s, "size", STYLE_value, "%s, %.3f bits per weight", size.s,
		v->doc.plan->bits_per_weight);
	if (file_free_space(*out ? out : ".", &room)) {
		str_add_bytes(&room_text, room);
		sheet_info(s, "free", room < v->doc.bytes ? STYLE_bad : STYLE_normal, "%s",
			room_text.s);
	}
	if (file_exists(out))
		sheet_info(s, "there", STYLE_bad, "%s is there already", out);
	else
		sheet_info(s, "there", STYLE_dim, "nothing is overwritten");
	str_fini(&size);
	str_fini(&room_text);
}

/* A preset alone needs no file; a changed plan is saved where the sheet says. */
static bool plan_word(struct sheet *s, const struct quant_spec *spec, const char **word,
	struct err *e)
{
	*word = spec->n_rules ? sheet_value(s, "plan") : spec->preset.name;
	if (!spec->n_rules)
		return true;
	if (!**word)
		return err_set(e, ERR_INPUT, "plan", "give the plan a file name", "no name");
	return quant_spec_save(spec, *word, e);
}

static unsigned start(struct app *a, struct sheet *s, void *ctx)
{
	struct writing *w = ctx;
	const char *out = sheet_value(s, "path"), *plan;
	struct err e = { 0 };
	vec(const char *) args = { 0 };
	int64_t id;

	if (!*out || file_exists(out)) {
		sheet_error(s, *out ? "it is there already: take another name" : "give a path");
		return COMMAND_REFUSED;
	}
	if (!plan_word(s, w->plan->spec, &plan, &e)) {
		sheet_error(s, "%s: %s", e.where, e.what);
		return COMMAND_REFUSED;
	}
	*vec_push(&args) = "quantize";
	*vec_push(&args) = "--plan";
	*vec_push(&args) = plan;
	if (w->imatrix) {
		*vec_push(&args) = "--imatrix";
		*vec_push(&args) = w->imatrix;
	}
	*vec_push(&args) = "--";
	*vec_push(&args) = w->subject;
	*vec_push(&args) = out;
	id = app_start_job(a, args.v, args.n, &e);
	vec_fini(&args);
	if (!id) {
		sheet_error(s, "%s: %s; %s", e.where, e.what, e.hint);
		return COMMAND_REFUSED;
	}
	app_say(a, "job %lld writes %s; 5 shows it", (long long)id, out);
	return CHANGED_JOBS;
}

unsigned cmd_write_quant(struct app *a, const char *args)
{
	struct quant_view *v = here(a);
	const struct quant_spec *spec = quant_doc_spec(&v->doc);
	struct err unsaved;
	bool gguf = spec->preset.container == QUANT_GGUF;
	struct writing *w = xnew(struct writing, 1);
	char *stem = xstrdup(str_base(v->doc.subject.name)), *dot = strrchr(stem, '.');
	struct sheet *s;
	char *path;

	if (v->of && a->doc && (a->doc->plan != v->of || doc_is_dirty(a->doc) ||
		!a->doc->path)) {
		err_set(&unsaved, ERR_INPUT, v->doc.subject.name,
			"3 shows it, Ctrl-S saves it, 4 comes back",
			"the recipe is not saved as it is shown here, and the job reads the file");
		free(w);
		free(stem);
		return app_fail(a, &unsaved);
	}
	if (dot && (str_eq(dot, ".gguf") || str_eq(dot, ".yml") || str_eq(dot, ".yaml")))
		*dot = 0;
	w->plan = quant_plan_ref(v->doc.plan);
	w->subject = xstrdup(v->doc.subject.name);
	if (quant_doc_importance(&v->doc))
		w->imatrix = xstrdup(v->doc.imatrix->path);
	path = *args ? xstrdup(args) : xasprintf("%s-%s%s", stem, spec->preset.name,
		gguf ? ".gguf" : "");
	s = sheet_new(gguf ? "write a GGUF file" : "write an MLX folder", "start writing", start,
		w);
	sheet_text(s, "path", path);
	if (spec->n_rules) {
		free(path);
		path = xasprintf("%s-plan.yml", stem);
		sheet_text(s, "plan", path);
	} else {
		sheet_info(s, "plan", STYLE_normal, "%s", spec->preset.name);
	}
	sheet_on_change(s, fill);
	sheet_on_free(s, writing_free);
	fill(a, s, w);
	free(path);
	free(stem);
	return app_sheet(a, s);
}
