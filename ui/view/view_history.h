/* view_history: what the files of view 7 share: its rows, the filter in force, the page below.
 * Owned by the app like every view; UI thread only. */
#ifndef CUPEL_UI_VIEW_HISTORY_H
#define CUPEL_UI_VIEW_HISTORY_H
#include "catalog/catalog.h"
#include "ui/view/app.h"
#include "ui/view/run_page.h"

#define HISTORY_SIDES 8       /* runs side by side */

struct history_view {
	struct view view;
	struct table table;
	struct catalog_run *runs;
	size_t n;
	signed char *on_disk;     /* is its output there? -1: nobody looked yet */
	double *scores;           /* of the task that `set score` names */
	struct catalog_value *values; /* the same of all runs, as of the last change */
	size_t n_values;
	char *score;              /* that task, as of the last reload */
	char *filter;             /* in force; NULL none */
	char *trouble;            /* what is wrong with the one that is being typed, or NULL */
	char *cards;              /* that say what the filter asks for, or NULL */
	struct rect head, list, below;
	struct run_page page;     /* what the lower pane shows */
	int64_t pages[HISTORY_SIDES]; /* of these runs */
	size_t n_pages;
	bool page_open;           /* Enter: it has the screen */
	int64_t job;              /* replay or drop, whose end is said here; 0 none */
	bool whole;               /* side by side: lines that are the same too */
};
struct history_view *history_self(const struct app *a);
struct catalog_run *history_selected(const struct app *a); /* NULL none */
void history_say_job(struct history_view *v); /* once, when it has ended */
bool history_filter(struct history_view *v, const char *text, struct err *e);
#endif
