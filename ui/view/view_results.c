/* View Results: scores of variants side by side, and what of their differences is real. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/view/view_results.h"

struct results_view *results_of(const struct app *a)
{
	return app_view_of((struct app *)a, &view_results);
}

/* --- life --- */

static void open_view(struct view *view)
{
	struct results_view *v = (struct results_view *)view;

	v->chosen = SIZE_MAX; /* the mean */
	results_table_init(v);
}

static void close_view(struct view *view)
{
	struct results_view *v = (struct results_view *)view;

	results_table_fini(v);
	run_page_fini(&v->page);
	compare_free(v->c);
	for (size_t i = 0; i < v->picked.n; i++)
		free(v->picked.v[i]);
	vec_fini(&v->picked);
	free(v->baseline);
	free(v->family_of);
	free(v->what);
}

static void update(struct view *view, unsigned changed)
{
	struct results_view *v = (struct results_view *)view;

	if (changed & (CHANGED_RUNS | CHANGED_MODELS))
		results_ask(v);
	else if (changed & CHANGED_VIEW)
		results_follow_models(v);
}

static bool busy(const struct view *view)
{
	const struct results_view *v = (const struct results_view *)view;

	return v->making || v->importing;
}

/* --- layout --- */

#define BESIDE_LEAST 44 /* columns of intervals beside the table */

static bool scrolls(const struct results_view *v, int column)
{
	enum results_figure what = v->figures[column].what;

	return what == RF_TASK || (what == RF_VALUE && v->c->n_variants > RESULTS_BESIDE);
}

/* Where not all tasks (or variants) fit beside each other, those from `scroll` on are shown, and
 * the cursor's is among them: a table drops what has the least priority. */
static void place_table(struct results_view *v, struct rect r)
{
	if (v->scroll > v->at)
		v->scroll = v->at;
	if (v->arrangement != RESULTS_TASKS) /* names give way to figures, down to this */
		v->columns[0].width = r.w / 4 < v->columns[0].max ? r.w / 4 : v->columns[0].max;
	for (;;) {
		for (int i = 1; v->c && i < v->n_columns; i++)
			if (scrolls(v, i))
				v->columns[i].priority = i < v->scroll ? 1 : 5;
		table_place(&v->table, r);
		if (v->at >= v->n_columns || v->table.widths[v->at] || v->scroll >= v->at ||
			!v->c || !scrolls(v, v->at))
			return;
		v->scroll++;
	}
}

/* What front and pane are about follows the cursor. */
static void follow(struct results_view *v)
{
	const struct results_row *r = results_row_at(v);

	if (!r)
		return;
	if (v->arrangement == RESULTS_TASKS && r->kind == ROW_TASK)
		v->chosen = r->i;
	else if (v->arrangement == RESULTS_VARIANTS && v->figures[v->at].what == RF_TASK)
		v->chosen = v->figures[v->at].i;
}

static int table_width(const struct results_view *v)
{
	int w = 0;

	for (int i = 0; i < v->n_columns; i++)
		w += v->table.widths[i] ? v->table.widths[i] + 1 : 0;
	return w;
}

static int pane_height(const struct results_view *v, int room)
{
	int rows = (int)v->table.shown.n + 1, left = room - rows, want;

	if (v->arrangement == RESULTS_SIZES) {
		want = room - (rows < room / 2 ? rows : room / 2);
		return want >= 7 ? want : 0;
	}
	if (v->arrangement == RESULTS_TASKS && (v->wide ? results_sizes(v->c) < 2 :
		!results_subtracts(v->c)))
		return 0;
	want = (int)(v->arrangement == RESULTS_TASKS ? v->c->n_rows + 1 : v->table.shown.n) + 1;
	if (room >= 30 && want < 12)
		want = 12;
	if (left < 4) /* the table scrolls for it where there is room for both */
		left = room >= 14 ? room / 3 : 0;
	return want < left ? want : left;
}

static void layout(struct view *view, struct rect area)
{
	struct results_view *v = (struct results_view *)view;
	struct rect r = area;
	int most = area.h >= 30 ? 8 : area.h >= 20 ? 3 : area.h >= 12 ? 2 : 1;

	if (v->wide != (area.w >= RESULTS_WIDE)) {
		v->wide = !v->wide;
		results_table_again(v);
	}
	follow(v);
	v->head = rect_top(&r, 1);
	v->beside = v->pane = v->words = (struct rect){ 0 };
	if (v->page_open) {
		v->pane = r;
		return;
	}
	if (v->c && v->c->n_variants) {
		v->words = rect_bottom(&r, results_words_height(v, area.w, most));
		v->pane = rect_bottom(&r, pane_height(v, r.h));
	}
	rect_left(&r, 1);
	rect_right(&r, 1);
	v->list = r;
	if (v->arrangement == RESULTS_TASKS)
		v->columns[0].max = v->wide ? 24 : 28; /* else it stretches over all there is */
	if (!v->wide || v->arrangement != RESULTS_TASKS || !results_subtracts(v->c)) {
		place_table(v, r);
		return;
	}
	v->list.w -= BESIDE_LEAST;
	place_table(v, v->list);
	rect_left(&r, table_width(v) + 2);
	v->beside = r;
}

/* --- drawing --- */

/* Signs where columns go on beyond the edge. */
static void draw_more(const struct results_view *v, struct grid *g)
{
	bool left = false, right = false, seen = false;

	for (int i = 1; v->c && i < v->n_columns; i++) {
		if (!scrolls(v, i) || !table_column_shown(&v->table, i))
			continue;
		if (v->table.widths[i])
			seen = true;
		else if (seen)
			right = true;
		else
			left = true;
	}
	if (left)
		grid_text(g, v->list.x + v->table.widths[0], v->list.y, STYLE_key, "‹");
	if (right)
		grid_text(g, v->list.x + v->list.w, v->list.y, STYLE_key, "›");
}

static void draw_cursor(const struct results_view *v, struct grid *g)
{
	const struct table *t = &v->table;
	int x = results_column_x(v, v->at), y = t->area.y + 1 + (int)(t->cursor - t->top);

	if (x < 0)
		x = t->area.x;
	g->cursor_x = x;
	g->cursor_y = t->shown.n ? y : t->area.y;
	if (t->shown.n && v->at < v->n_columns && v->table.widths[v->at])
		grid_paint(g, (struct rect){ x, y, v->table.widths[v->at], 1 }, STYLE_cursor);
}

static void draw(const struct view *view, struct grid *g)
{
	const struct results_view *v = (const struct results_view *)view;

	results_draw_head(v, g);
	if (v->page_open) {
		run_page_draw(&v->page, g, v->pane);
		g->cursor_x = v->pane.x;
		g->cursor_y = v->pane.y;
		return;
	}
	table_draw(&v->table, g, false);
	draw_more(v, g);
	results_draw_panes(v, g);
	draw_cursor(v, g);
}

/* --- moving --- */

static unsigned scroll_page(struct results_view *v, enum move m, int count)
{
	int page = v->pane.h - 2;
	int n = m == MOVE_UP ? -count : m == MOVE_DOWN ? count : m == MOVE_PAGE_UP ? -page :
		m == MOVE_PAGE_DOWN ? page : m == MOVE_FIRST ? -100000 :
		m == MOVE_LAST ? 100000 : 0;

	run_page_scroll(&v->page, n, v->pane.h);
	return CHANGED_SCREEN;
}

static void step_column(struct results_view *v, int by)
{
	for (int i = v->at + by; i >= 0 && i < v->n_columns; i += by)
		if (results_is_stop(v, i) && (i == 0 || table_column_shown(&v->table, i)) &&
			(v->table.widths[i] || scrolls(v, i))) {
			v->at = i;
			return;
		}
}

/* By size: the figure beside the sizes, in the order that tasks have. */
static void step_chosen(struct results_view *v, int by)
{
	size_t n = v->c ? v->c->n_rows : 0;

	if (!n)
		return;
	v->chosen = (v->chosen + (by > 0 ? 1 : n - 1)) % n;
	results_table_again(v);
}

static unsigned move(struct view *view, enum move m, int count)
{
	struct results_view *v = (struct results_view *)view;

	if (v->page_open)
		return scroll_page(v, m, count);
	if (m != MOVE_LEFT && m != MOVE_RIGHT)
		return table_move(&v->table, m, count) ? CHANGED_ROWS : 0;
	if (v->arrangement == RESULTS_SIZES)
		step_chosen(v, m == MOVE_LEFT ? -1 : 1);
	else
		step_column(v, m == MOVE_LEFT ? -1 : 1);
	return CHANGED_ROWS;
}

static unsigned mouse(struct view *view, const struct key_input *in, bool again)
{
	struct results_view *v = (struct results_view *)view;

	(void)again;
	if (v->page_open) {
		if (in->button == MOUSE_WHEEL_UP || in->button == MOUSE_WHEEL_DOWN)
			run_page_scroll(&v->page, in->button == MOUSE_WHEEL_UP ? -3 : 3, v->pane.h);
		return CHANGED_SCREEN;
	}
	for (int i = 0; in->button == MOUSE_LEFT && i < v->n_columns; i++) {
		int x = results_column_x(v, i);

		if (x >= 0 && in->x >= x && in->x < x + v->table.widths[i] &&
			in->y > v->table.area.y && results_is_stop(v, i))
			v->at = i;
	}
	return COMMAND_REFUSED;
}

static bool escape(struct view *view)
{
	struct results_view *v = (struct results_view *)view;

	if (v->page_open) {
		v->page_open = false;
		return true;
	}
	if (v->table.filter.n || !v->picked.n)
		return false;
	results_pick(v, NULL, 0);
	return true;
}

/* --- out of here --- */

/* As a shell reads it back. */
static void add_word(struct str *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"/._-+:,=@%";

	str_addc(out, ' ');
	if (*word && word[strspn(word, plain)] == 0) {
		str_add(out, word);
		return;
	}
	str_addc(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			str_add(out, "'\\'");
		str_addc(out, *word);
	}
	str_addc(out, '\'');
}

static bool copy_command(const struct view *view, struct str *out)
{
	const struct results_view *v = (const struct results_view *)view;
	char buf[24];

	if (!v->c || !v->c->n_variants)
		return false;
	str_add(out, "cupel compare");
	for (size_t i = 0; i < v->c->n_variants; i++)
		add_word(out, results_word(view->app, &v->c->variants[i], buf));
	if (v->c->baseline < v->c->n_variants && v->c->n_variants > 1) {
		str_add(out, " --baseline");
		add_word(out, results_word(view->app, &v->c->variants[v->c->baseline], buf));
	}
	if (v->against != AGAINST_BASELINE)
		str_add(out, v->against == AGAINST_EACH ? " --each" : " --parent");
	if (v->only)
		str_add(out, " --only-differences");
	if (v->across)
		str_add(out, " --across");
	return true;
}

static bool copy_cell(const struct view *view, struct str *out)
{
	const struct results_view *v = (const struct results_view *)view;
	long row = table_selected(&v->table);

	if (row >= 0 && v->at < v->n_columns)
		table_cell_text(&v->table, (size_t)row, v->at, out);
	return out->n > 0;
}

static const char *label(const struct view *view, const struct command *c)
{
	const struct results_view *v = (const struct results_view *)view;

	static const char *const arrangements[] = { "by task", "by variant", "by size" };

	if (v->page_open) /* it scrolls, and that is all */
		return c->run == cmd_open_result ? "back" : "";
	if ((!v->c || !v->c->n_rows) && c->run != cmd_import && c->run != cmd_quit)
		return ""; /* nothing to act on */
	if (c->run == cmd_arrange_results)
		return arrangements[results_next_arrangement(v)];
	if (c->run == cmd_mark && v->arrangement == RESULTS_TASKS)
		return ""; /* tasks can be marked, but nothing here is about marked tasks */
	if (c->run == cmd_go_recipe && !app_selected_result_run(view->app))
		return "";
	return NULL;
}

const struct view_ops view_results = {
	.digit = 6,
	.title = "Results",
	.context = CTX_RESULTS,
	.size = sizeof(struct results_view),
	.open = open_view,
	.close = close_view,
	.update = update,
	.layout = layout,
	.draw = draw,
	.move = move,
	.mouse = mouse,
	.escape = escape,
	.busy = busy,
	.copy_command = copy_command,
	.copy_cell = copy_cell,
	.label = label,
};
