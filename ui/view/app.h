/* app: what the views share, and what they may ask of the program around them.
 * One, owned by main. Everything here is the UI thread's unless it says otherwise. */
#ifndef CUPEL_UI_APP_H
#define CUPEL_UI_APP_H
#include <stdarg.h>
#include "catalog/catalog.h"
#include "engine/preview.h"
#include "model/model.h"
#include "system/pool.h"
#include "ui/screen/event.h"
#include "ui/view/doc.h"
#include "ui/view/view.h"

struct overlay; /* what lies over a view and takes the keys: widget/overlay.h */
struct scan;

#define APP_VIEWS 8 /* by digit */
struct app {
	/* shared data */
	struct catalog *catalog;          /* never NULL while views are open */
	bool demo;                        /* nothing was found: the bundled family is shown */
	struct model_roots *roots;
	struct pool *pool;
	struct catalog_model *models;     /* registered models, as of CHANGED_MODELS */
	size_t n_models;
	uint64_t models_version;          /* changes when they were read again */
	struct scan *scan;                /* looking for models in the background; NULL when done */
	/* what view 2 shows: 1–4 names or paths. CHANGED_SHOWN when it changes */
	char *shown[4];
	size_t n_shown;
	/* open recipes; `doc` is the one on view 3, or NULL */
	vec(struct doc *) docs;
	struct doc *doc;
	struct preview *preview;          /* of doc's plan; NULL until there is one */
	/* the screen */
	struct view *views[APP_VIEWS];    /* NULL where there is no such view */
	struct view *view;
	struct events *events;
	int w, h;
};
/* --- views ---------------------------------------------------------------------------------- */
void *app_view_of(struct app *a, const struct view_ops *ops);
unsigned app_go(struct app *a, int digit);       /* CHANGED_VIEW; says so if there is none */
/* Bits for every view before its next draw. */
void app_changed(struct app *a, unsigned bits);
/* Show these models side by side in view 2 (names as the catalog has them, or paths) and go
 * there. */
unsigned app_show_models(struct app *a, const char *const *names, size_t n);

/* --- saying and asking ---------------------------------------------------------------------- */
void app_say(struct app *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
unsigned app_fail(struct app *a, const struct err *e); /* in the error style; CHANGED_SCREEN */
/* A line at the bottom. done gets the text on Enter (nothing on Esc); changed, if any, every edit.
 * history names a list kept for the session ("filter", "value" …). Returns CHANGED_SCREEN. */
struct ask {
	const char *label;     /* "filter: " */
	const char *text;      /* to begin with, or NULL */
	const char *history;   /* or NULL */
	/* word that names what completes it: "MODEL", "METHOD", "COLUMN" … or NULL */
	const char *complete;
	unsigned (*done)(struct app *a, const char *text, void *ctx);
	void (*changed)(struct app *a, const char *text, void *ctx);
	unsigned (*cancelled)(struct app *a, void *ctx);
	void *ctx;             /* borrowed: must outlive the line (a view does) */
};
unsigned app_ask(struct app *a, const struct ask *q);
/* One key out of `keys` ("yn"): "Save agent3.yml? y n Esc". */
unsigned app_choose(struct app *a, const char *question, const char *keys,
	unsigned (*done)(struct app *a, char key, void *ctx), void *ctx);
/* A list to pick from by letter or cursor (sort, columns, copy, method, presets). */
struct choice {
	const char *text;      /* copied */
	const char *help;      /* copied, or NULL */
	bool on;               /* drawn as ticked */
};
unsigned app_menu(struct app *a, const char *title, const struct choice *v, size_t n, size_t at,
	unsigned (*done)(struct app *a, size_t i, void *ctx), void *ctx);
/* A form (widget/sheet.h); the app owns it from here on. */
struct sheet;
unsigned app_sheet(struct app *a, struct sheet *s);
unsigned app_show_run(struct app *a, int64_t run);        /* in History */
/* path of Models' selected row; NULL none. Borrowed until CHANGED_MODELS. */
const char *app_selected_model(const struct app *a);
int64_t app_selected_model_id(const struct app *a);       /* row of the catalog, 0 none */
/* Rows of the catalog of the models that are marked in Models; returns how many, 0 if none is. */
size_t app_marked_models(const struct app *a, int64_t *ids, size_t max);
/* run that made Models' selected row, or 0 */
int64_t app_selected_model_run(const struct app *a);
/* The recipe that made Models' selected row, or what it was quantized from, as a new variant: a
 * run's, a card's, or the one beside its weights. */
unsigned app_open_model_recipe(struct app *a);
/* run behind the variant under the cursor of Results, or 0 */
int64_t app_selected_result_run(const struct app *a);
void app_watch_job(struct app *a, int64_t id);            /* :wait-idle waits for it */
/* The verb as a job with what this program was started with, watched; 0: it does not start. */
int64_t app_start_job(struct app *a, const char *const *words, size_t n, struct err *e);
/* to the clipboard, and says so */
void app_copy(struct app *a, const char *what, const char *text);

/* The card of these (words as report.h's), made on a worker, to a file or, path "", the
 * clipboard. */
unsigned app_export_card(struct app *a, const char *const *words, size_t n, const char *baseline,
	const char *layout, const char *path);
void app_card_layouts(struct sheet *s);                   /* a field to choose one */

/* --- recipes -------------------------------------------------------------------------------- */
/* The present recipe becomes `r` (its reference is taken): figures follow by themselves. */
unsigned app_edit(struct app *a, const struct recipe *r, const char *what, const char *merge_key);
unsigned app_open_recipe(struct app *a, const char *path);
/* An unsaved recipe: from `n`, from a run, a branch. Takes the reference; goes to view 3. */
unsigned app_add_recipe(struct app *a, const struct recipe *r, const char *name,
	int64_t from_run);
unsigned app_open_run_recipe(struct app *a, int64_t run); /* its recipe as a new variant */
unsigned app_select_doc(struct app *a, size_t i);
unsigned app_show_document(struct app *a, size_t document); /* of the file at work */

/* --- the rest ------------------------------------------------------------------------------- */
bool app_is_model_dir(const char *path);         /* a folder that is one model, not many */
void app_settings_changed(struct app *a);        /* after settings_set: tiers, colours */

/* --- work that takes longer than a keystroke ------------------------------------------------ */
/* `work` runs on a worker; then, back on the UI thread, `done` (returns CHANGED_ bits). Neither is
 * called after the app began to close (drop is, if given, to free ctx). */
void app_work(struct app *a, void (*work)(void *ctx), unsigned (*done)(struct app *a, void *ctx),
	void (*drop)(void *ctx), void *ctx);
#endif
