/* help: the keys of a view as a list that can be searched; Enter runs one. An overlay. UI thread
 * only. */
#ifndef CUPEL_UI_HELP_H
#define CUPEL_UI_HELP_H
#include "ui/widget/overlay.h"

/* run: called with the chosen command after the list has closed. */
struct overlay *help_new(const struct app *a, unsigned context, const char *view,
	unsigned (*run)(struct app *a, const struct command *c));
#endif
