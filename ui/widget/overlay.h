/* overlay: what lies over a view and takes the keys until it is closed: a line being typed, a menu,
 * a form, the list of keys. The app keeps a stack of them and frees what it closes.
 * UI thread only. */
#ifndef CUPEL_UI_OVERLAY_H
#define CUPEL_UI_OVERLAY_H
#include "ui/screen/grid.h"
#include "ui/screen/key.h"
#include "ui/command/command.h"
#include "ui/widget/table.h"

struct overlay;
struct overlay_ops {
	unsigned context;   /* CTX_…: which keys apply */
	/* area: between tabs and footer, the message line being its last row. */
	void (*draw)(const struct overlay *o, struct grid *g, struct rect area);
	/* First look at what came in. COMMAND_REFUSED: the keymap decides. */
	unsigned (*input)(struct overlay *o, struct app *a, const struct key_input *in);
	unsigned (*move)(struct overlay *o, struct app *a, enum move m, int count);
	unsigned (*step)(struct overlay *o, struct app *a, int direction); /* Tab, Shift-Tab */
	unsigned (*accept)(struct overlay *o, struct app *a);
	unsigned (*cancel)(struct overlay *o, struct app *a); /* it is closed afterwards */
	void (*free)(struct overlay *o);
	const char *hint;   /* for the footer: "Enter write  Esc leave" */
};
struct overlay {
	const struct overlay_ops *ops;
	bool closing;       /* the app takes it off after the call that set it */
	struct overlay *below;
};
/* A frame with a title; returns the inside. The ground is cleared. */
struct rect overlay_box(struct grid *g, struct rect r, const char *title);
/* w × h in the middle of area, not larger than it. */
struct rect overlay_centre(struct rect area, int w, int h);
#endif
