/* table: rows × columns with a cursor, marks, sort, filter, hidden columns, and folds if rows have
 * parents. It owns no data: a view answers for its rows by number, 0…n-1, and names each by an id
 *that stays the same when rows come, go or move; cursor, marks and folds follow ids.
 *
 *	static const struct column columns[] = { { "name", "NAME", … }, … };
 *	table_init(&v->table, columns, N, &source, v);
 *	… rows changed:      table_set_rows(&v->table, n);     (keeps cursor, marks, folds)
 *	… in layout:         table_place(&v->table, rect);
 *	… in draw:           table_draw(&v->table, grid, focused);
 *
 * Owned by a view: table_init/table_fini. UI thread only. */
#ifndef CUPEL_UI_TABLE_H
#define CUPEL_UI_TABLE_H
#include "base/json.h"
#include "base/vec.h"
#include "ui/screen/grid.h"
#include "ui/widget/filter.h"

struct column {
	const char *name;   /* in filters and exports: "rel_l2" */
	const char *title;  /* on the screen: "REL L2" */
	int align;          /* < 0 left, > 0 right (figures) */
	int width;          /* least columns it needs; 0 = as wide as its widest cell in sight */
	int max; /* most it takes, 0 = no limit. The first left-aligned column takes what is left */
	int priority; /* 9 stays longest, 1 goes first when the screen is narrow; 0 = hidden until
			 asked */
	bool number;        /* sorted and filtered by value, largest first; else by text */
	bool match;         /* a filter without a column looks here too (the first column always) */
	enum text_cut cut;
	const char *help;
};
struct table_cell {
	struct str text;    /* what to show; cleared before the call */
	unsigned style;     /* STYLE_normal before the call */
	bool stale;         /* shown dimmed: being replaced by a newer figure */
};
struct table_source {
	/* Text of a cell. */
	void (*cell)(void *ctx, size_t row, int column, struct table_cell *out);
	/* Its value for sorting and filters, NAN if it has none. NULL if no column is a number. */
	double (*value)(void *ctx, size_t row, int column);
	/* A name for the row that outlives its number; not 0. */
	uint64_t (*id)(void *ctx, size_t row);
	/* Number of the row this one hangs under, -1 for a root; a parent's number is smaller than
	 * its children's. NULL: a flat table. */
	long (*parent)(void *ctx, size_t row);
};
struct id_set { /* a set of row ids */
	vec(uint64_t) ids;
};
bool id_set_has(const struct id_set *s, uint64_t id);
void id_set_put(struct id_set *s, uint64_t id, bool in);

struct table_row { /* a row in sight */
	size_t row;
	int depth;
	bool has_children, folded, last, context; /* context: only here because a child matches */
	uint64_t lines; /* bit d: an ancestor at depth d has later siblings */
};
struct table {
	const struct column *columns;
	int n_columns;
	const struct table_source *source;
	void *ctx;
	const char *empty;        /* what to say when there are no rows */
	bool fold_new;            /* rows with children begin folded */
	/* state a person changes */
	int sort;                 /* column, -1 = the order of the rows */
	bool reverse;
	uint64_t hidden,
		asked; /* bits of columns hidden, and of those shown against their priority */
	struct row_filter filter;
	uint64_t before_filter;   /* where the cursor was; it goes back there unless it was moved */
	struct id_set marks, folded, seen;
	vec(uint64_t) mark_order; /* marked ids, first marked first */
	uint64_t cursor_id, range_id; /* range_id: where v was pressed, 0 none */
	bool moved;               /* until then the cursor stays on the first row as rows come in */
	/* what follows from it */
	size_t n;
	vec(struct table_row) shown;
	size_t cursor, top;       /* into shown */
	struct rect area;         /* header line included */
	int *widths;              /* per column, 0 = not shown; table_place computes them */
};
void table_init(struct table *t, const struct column *columns, int n,
	const struct table_source *source, void *ctx);
void table_fini(struct table *t);
void table_set_rows(struct table *t, size_t n);  /* rows were added, removed, moved or renamed */
void table_refresh(struct table *t);             /* values changed: filter and sort again */
void table_place(struct table *t, struct rect area);
void table_draw(const struct table *t, struct grid *g, bool focused);

enum move {
	MOVE_UP,
	MOVE_DOWN,
	MOVE_PAGE_UP,
	MOVE_PAGE_DOWN,
	MOVE_FIRST,
	MOVE_LAST,
	MOVE_LEFT,
	MOVE_RIGHT
};
bool table_move(struct table *t, enum move m, int count); /* true if anything changed */
bool table_click(struct table *t, int x, int y); /* on a row: selects; on a header: sorts */
bool table_scroll(struct table *t, int rows);
long table_selected(const struct table *t);               /* row number, -1 none */
bool table_select(struct table *t, uint64_t id);          /* unfolds its parents */
void table_fold(struct table *t, uint64_t id, bool folded);
void table_mark(struct table *t);                         /* the row at the cursor, and move on */
void table_mark_range(struct table *t);
void table_invert_marks(struct table *t);
/* Row numbers of the marked rows, first marked first; the selected row if none is marked. Returns
 * the count; at most max are written. */
size_t table_marked(const struct table *t, size_t *rows, size_t max);
bool table_filter(
	struct table *t, const char *text, struct err *e); /* keeps the old one on error */
void table_sort(struct table *t, int column);             /* again: reverse */
int table_column(const struct table *t, const char *name); /* unique prefix allowed, -1 */
bool table_column_shown(const struct table *t, int column);
void table_toggle_column(struct table *t, int column);
void table_cell_text(const struct table *t, size_t row, int column, struct str *out);
/* Rows in sight, columns in sight. */
void table_export_text(const struct table *t, struct str *out);     /* aligned, as on the screen */
void table_export_csv(const struct table *t, struct str *out);
void table_export_markdown(const struct table *t, struct str *out);
json_t *table_export_json(const struct table *t);
#endif
