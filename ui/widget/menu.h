/* menu: a short list to pick from by letter or with the cursor. An overlay. UI thread only. */
#ifndef CUPEL_UI_MENU_H
#define CUPEL_UI_MENU_H
#include "ui/widget/overlay.h"

struct menu_item {
	const char *text, *help; /* copied; help may be NULL */
	bool on;                 /* ticked */
};
struct overlay *menu_new(const char *title, const struct menu_item *v, size_t n, size_t at,
	unsigned (*done)(struct app *a, size_t i, void *ctx), void *ctx);
#endif
