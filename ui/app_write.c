/* The write sheet: what would be written, where, how long it takes; Enter starts it as a process of
 * its own, which this program only watches. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine/run.h"
#include "base/vec.h"
#include "ui/command/settings.h"
#include "ui/shell.h"
#include "ui/widget/sheet.h"

struct writing {
	struct doc *doc;
	struct plan *plan;
	char *recipe; /* file it will be read from */
};

static void writing_free(void *ctx)
{
	struct writing *w = ctx;

	plan_unref(w->plan);
	free(w->recipe);
	free(w);
}

static void add_bytes(struct sheet *s, const char *label, uint64_t bytes, const char *after,
	unsigned style)
{
	struct str t = STR_INIT;

	str_add_bytes(&t, bytes);
	sheet_info(s, label, style, "%s%s", t.s, after);
	str_fini(&t);
}

/* The figures that depend on the path: free space there, whether something is there already. */
static void estimate(struct app *a, struct sheet *s, void *ctx)
{
	struct writing *w = ctx;
	struct run_estimate est;
	struct err e = { 0 };
	struct str t = STR_INIT;

	if (!run_estimate(w->plan, sheet_value(s, "path"), pool_threads(a->pool), &est, &e)) {
		sheet_error(s, "%s: %s", e.where, e.what);
		return;
	}
	add_bytes(s, "size", est.bytes, "", STYLE_value);
	add_bytes(s, "free", est.free_bytes, est.fits ? "" : "  not enough",
		est.fits ? STYLE_normal : STYLE_bad);
	str_add_seconds(&t, est.seconds);
	sheet_info(s, "time", STYLE_normal, "about %s", t.s);
	str_fini(&t);
	sheet_info(s, "memory", STYLE_normal, "%.0f MiB", (double)est.memory / (1 << 20));
	if (est.exists)
		sheet_error(s, "there is something at this path already; nothing is overwritten");
}

static const char *output_dtype(const struct plan *p)
{
	enum dtype first = DT_UNKNOWN;

	for (size_t i = 0; i < p->n; i++) {
		if (i && p->tensors[i].dtype != first)
			return "mixed: what each tensor's inputs promote to";
		first = p->tensors[i].dtype;
	}
	return p->n ? dtype_name(first) : "none";
}

/* The verb that writes what the sheet says, with the roots and threads of this program. */
static int64_t start_job(struct app *a, const struct doc *d, const struct plan *p,
	const char *out, const char *seed, struct err *e)
{
	const struct recipe *r = doc_recipe(d);
	vec(const char *) args = { 0 };
	char from[24];
	int64_t id;

	*vec_push(&args) = "merge";
	snprintf(from, sizeof from, "%lld", (long long)d->from_run);
	if (d->from_run) {
		*vec_push(&args) = "--from-run";
		*vec_push(&args) = from;
	}
	/* a seed wins over that of every document: not where it only says what is so anyway */
	if (r->documents == 1 || strtoull(seed, NULL, 10) != p->seed) {
		*vec_push(&args) = "--seed";
		*vec_push(&args) = seed;
	}
	if (r->documents > 1 && r->name) {
		*vec_push(&args) = "--document";
		*vec_push(&args) = r->name;
	}
	*vec_push(&args) = "--";
	*vec_push(&args) = d->path;
	*vec_push(&args) = out;
	id = app_start_job(a, args.v, args.n, e);
	vec_fini(&args);
	return id;
}

static unsigned start(struct app *a, struct sheet *s, void *ctx)
{
	struct writing *w = ctx;
	const char *out = sheet_value(s, "path"), *seed = sheet_value(s, "seed");
	struct run_estimate est;
	struct err e = { 0 };
	int64_t id;

	if (!*seed || seed[strspn(seed, "0123456789")]) {
		sheet_error(s, "the seed is a number, 0 or more");
		return COMMAND_REFUSED;
	}
	if (!run_estimate(w->plan, out, pool_threads(a->pool), &est, &e) || !*out || est.exists ||
		!est.fits) {
		estimate(a, s, w);
		if (!*out)
			sheet_error(s, "give a path");
		else if (!est.fits && !e.code)
			sheet_error(s, "it does not fit there");
		return COMMAND_REFUSED;
	}
	if ((doc_is_dirty(w->doc) || !w->doc->path) && !doc_save(w->doc, w->doc->path ? NULL :
		sheet_value(s, "recipe"), &e)) {
		sheet_error(s, "%s: %s; %s", e.where, e.what, e.hint);
		return COMMAND_REFUSED;
	}
	id = start_job(a, w->doc, w->plan, out, seed, &e);
	if (!id) {
		sheet_error(s, "%s: %s; %s", e.where, e.what, e.hint);
		return COMMAND_REFUSED;
	}
	app_say(a, "job %lld writes %s; 5 shows it", (long long)id, out);
	return CHANGED_JOBS | CHANGED_DOC;
}

/* RECIPE-METHOD-N in the folder of the settings, else beside the recipe, else here; the first
 * N that is free there. */
static char *default_output(const struct doc *d, const char *name)
{
	const char *folder = settings_get("folder"), *base = str_base(name);
	const char *dash = strrchr(base, '-');
	char *stem = dash ? xstrndup(base, (size_t)(dash - base)) : xstrdup(base), *path = NULL;

	if (!*folder)
		folder = d->path ? d->near_dir : ".";
	for (int n = 1; n < 10000; n++) {
		struct str s = STR_INIT;

		if (!str_eq(folder, "."))
			str_addf(&s, "%s/", folder);
		str_addf(&s, "%s-%d", stem, n);
		free(path);
		path = str_steal(&s);
		if (!file_exists(path))
			break;
	}
	free(stem);
	return path;
}

static void donor_line(struct sheet *s, const struct plan *p)
{
	const struct inputs *in = p->inputs;

	if (in->donor < 0)
		sheet_info(s, "tokenizer", STYLE_warn, "none: no input has one");
	else
		sheet_info(s, "tokenizer", STYLE_normal, "from %s", in->v[in->donor].label);
}

static void recipe_field(struct sheet *s, const struct doc *d)
{
	struct str file = STR_INIT;

	if (d->path) {
		sheet_info(s, "recipe", doc_is_dirty(d) ? STYLE_changed : STYLE_normal, "%s%s",
			d->path, doc_is_dirty(d) ? "  is saved first" : "");
		return;
	}
	str_addf(&file, "%s%s", d->name, str_ends(d->name, ".yml") ? "" : ".yml");
	for (char *p = file.s; *p; p++)
		if (*p == ' ')
			*p = '-';
	sheet_text(s, "recipe", file.s);
	str_fini(&file);
}

static unsigned app_write_sheet(struct app *a, struct plan *p, const char *output)
{
	struct writing *w = xnew(struct writing, 1);
	struct run_estimate est;
	struct err e = { 0 };
	struct sheet *s;
	struct str title = STR_INIT;
	char *path, seed[24];

	if (!run_estimate(p, output && *output ? output : NULL, pool_threads(a->pool), &est, &e)) {
		free(w);
		return app_fail(a, &e);
	}
	w->doc = a->doc;
	w->plan = plan_ref(p);
	str_addf(&title, "write %s", a->doc->name);
	s = sheet_new(title.s, "start writing", start, w);
	path = output && *output ? xstrdup(output) : default_output(a->doc, est.output);
	sheet_text(s, "path", path);
	recipe_field(s, a->doc);
	snprintf(seed, sizeof seed, "%llu", (unsigned long long)p->seed);
	sheet_text(s, "seed", seed);
	sheet_info(s, "dtype", STYLE_normal, "%s", output_dtype(p));
	sheet_info(s, "tensors", STYLE_normal, "%zu", p->n);
	sheet_on_change(s, estimate);
	sheet_on_free(s, writing_free);
	estimate(a, s, w);
	donor_line(s, p);
	str_fini(&title);
	free(path);
	return app_sheet(a, s);
}

unsigned cmd_write(struct app *a, const char *args)
{
	return app_write_sheet(a, a->doc->plan, args);
}
