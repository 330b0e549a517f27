/* view: one screenful with a digit. To write one:
 *
 * 1. A file ui/view/view_NAME.c (100–300 lines; figures of its own in a second file) that ends in
 *	const struct view_ops view_NAME = { .digit = 3, .title = "Recipe", .context = CTX_RECIPE,
 *		.size = sizeof(struct NAME_view), .open = …, .layout = …, .draw = …, … };
 *    and one line in views.def. Its state is a struct that begins with `struct view`; the app
 *    allocates it zeroed, once, and keeps it while the program runs.
 * 2. Rows of its tables: struct table (widget/table.h) with a table_source; point v->table at the
 *one that has the focus and moving, marking, sorting, filtering, columns, copying and exporting
 *work.
 * 3. Commands of its own: rows in command/commands.def with CTX_NAME, and
 *	unsigned cmd_ID(struct app *a, const char *args)   { struct NAME_view *v = app_view_of(a,
 *&view_NAME); … } in the same file. Return CHANGED_ bits. Footer, help, palette and man page follow
 *from the row. A key that several views give a meaning of their own has one row a view (see
 *"Enter").
 * 4. Data: app.h has what all views share: catalog, roots, models, the open recipe with its plan,
 *the preview. When any of it changes, update(v, bits) is called before the next draw, with every
 *bit that changed since the last call (a view nobody sees is told when it is opened). Never read a
 *    file or wait in a view: use app_work (app.h) for what takes longer than a few milliseconds.
 * 5. layout(v, rect) places tables and panes (it may change state: scroll offsets); draw(v, grid)
 *only draws. Both run for every frame that shows the view. Lines 0 (tabs) and the last two (message
 *or prompt, footer) are the app's; the rect is what is left.
 * 6. A golden screen: tests/ui/NAME.script + .screen, see tests/ui/run.sh.
 *
 * Views are owned by the app. UI thread only. */
#ifndef CUPEL_UI_VIEW_H
#define CUPEL_UI_VIEW_H
#include "ui/command/command.h"
#include "ui/screen/grid.h"
#include "ui/screen/key.h"
#include "ui/widget/table.h"

enum step { STEP_UNDO, STEP_REDO, STEP_FLIP };
struct view;
struct view_ops {
	int digit;             /* 1…7: its key and its place in the tabs */
	const char *title;     /* "Models" */
	unsigned context;      /* CTX_… bit */
	size_t size;           /* of its struct */
	void (*open)(struct view *v); /* once, when the app starts; may be NULL, as all below */
	void (*close)(struct view *v);
	void (*update)(struct view *v, unsigned changed); /* CHANGED_ bits since the last call */
	void (*layout)(struct view *v, struct rect area); /* required */
	void (*draw)(const struct view *v, struct grid *g); /* required */
	/* NULL: the focused table moves. left/right on a slider, a grid of cells, a plot … */
	unsigned (*move)(struct view *v, enum move m, int count);
	unsigned (*focus)(struct view *v, int direction); /* Tab +1, Shift-Tab -1: set v->table */
	unsigned (*mouse)(struct view *v, const struct key_input *in,
		bool again);            /* again: double click.
					 * COMMAND_REFUSED: the app selects in, or scrolls,
					 * v->table */
	bool (*escape)(struct view *v); /* Esc: close a pane of its own; false: nothing was open */
	/* Undo, redo and flip of what this view edits; NULL: they are the recipe's. */
	unsigned (*step)(struct view *v, enum step to);
	bool (*can_step)(const struct view *v, enum step to);
	bool (*busy)(const struct view *v);      /* something is on its way (for :wait-idle) */
	/* What `y` offers beside cell and row; false: none. */
	bool (*copy_command)(
		const struct view *v, struct str *out); /* the equivalent command line */
	/* A column picked by `c` that is more than shown or hidden; COMMAND_REFUSED: it is that. */
	unsigned (*pick_column)(struct view *v, int column);
	/* The cell under the cursor, where that is not the row's first; NULL: the first. */
	bool (*copy_cell)(const struct view *v, struct str *out);
	/* A footer label that depends on state ("lineage" for f when folders are shown); NULL: the
	 * row's. */
	const char *(*label)(const struct view *v, const struct command *c);
};
struct view {
	const struct view_ops *ops;
	struct app *app;
	struct table *table;   /* the one with the focus, or NULL */
	unsigned stale;        /* CHANGED_ bits it has not been told yet */
};
#define VIEW(name) extern const struct view_ops view_##name;
#include "ui/view/views.def"
#undef VIEW
#endif
