/* Tables: filters, sorting, and a selection that follows the row and not its place. */
#include "config.h"
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ui/widget/plot.h"
#include "ui/widget/slider.h"
#include "ui/widget/table.h"

struct row {
	const char *name, *kind;
	double size;
	long parent;
	uint64_t id;
};
struct rows {
	struct row v[8];
	size_t n;
};
static const struct rows family = {
	{ { "base", "base", 100, -1, 11 }, { "code", "tune", 90, 0, 12 },
		{ "code-q8", "quant", 50, 1, 13 }, { "kjv", "tune", 95, 0, 14 },
		{ "other.v2", "base", NAN, -1, 15 } },
	5
};

static void cell(void *ctx, size_t i, int c, struct table_cell *out)
{
	const struct row *r = &((struct rows *)ctx)->v[i];

	if (c == 0)
		str_add(&out->text, r->name);
	else if (c == 1)
		str_add(&out->text, r->kind);
	else if (!isnan(r->size))
		str_addf(&out->text, "%g", r->size);
}

static double value(void *ctx, size_t i, int c)
{
	return c == 2 ? ((struct rows *)ctx)->v[i].size : NAN;
}

static uint64_t id(void *ctx, size_t i)
{
	return ((struct rows *)ctx)->v[i].id;
}

static long parent(void *ctx, size_t i)
{
	return ((struct rows *)ctx)->v[i].parent;
}

static const struct table_source tree = { cell, value, id, parent };
static const struct table_source flat = { cell, value, id, NULL };
static const struct column columns[] = {
	{ "name", "NAME", -1, 6, 0, 9, false, true, CUT_END, "" },
	{ "kind", "KIND", -1, 4, 0, 5, false, false, CUT_END, "" },
	{ "size", "SIZE", 1, 4, 0, 7, true, false, CUT_END, "" },
};

struct fixture {
	struct table t;
	struct rows rows;
};

static void begin(struct fixture *f, const struct table_source *source)
{
	f->rows = family;
	table_init(&f->t, columns, 3, source, &f->rows);
	table_set_rows(&f->t, f->rows.n);
	table_place(&f->t, (struct rect){ 0, 0, 40, 10 });
}

/* Names in sight, in order. */
static void shows(struct table *t, const char *want)
{
	struct str s = STR_INIT;

	for (size_t i = 0; i < t->shown.n; i++) {
		if (i)
			str_addc(&s, ' ');
		table_cell_text(t, t->shown.v[i].row, 0, &s);
	}
	assert_string_equal(s.s ? s.s : "", want);
	str_fini(&s);
}

static void filter_shows(struct table *t, const char *text, const char *want)
{
	struct err e = { 0 };

	if (!table_filter(t, text, &e))
		fail_msg("%s: %s", text, e.what);
	shows(t, want);
}

static void test_filter(void **state)
{
	struct fixture f;
	struct err e = { 0 };

	(void)state;
	begin(&f, &flat);
	filter_shows(&f.t, "co", "code code-q8");
	filter_shows(&f.t, "^k", "kjv");
	filter_shows(&f.t, "!co", "base kjv other.v2");
	filter_shows(&f.t, "co q8", "code-q8");
	filter_shows(&f.t, "kind:tune", "code kjv");
	filter_shows(&f.t, "k:^tune$ !kjv", "code");
	filter_shows(&f.t, "size<95", "code code-q8");
	filter_shows(&f.t, "size<=95", "code code-q8 kjv");
	filter_shows(&f.t, "si>=95 b", "base");
	filter_shows(&f.t, "!size>50", "code-q8 other.v2");
	filter_shows(&f.t, "CODE", "");                           /* a capital is meant */
	filter_shows(&f.t, "a.e", "base");
	filter_shows(&f.t, "[", "");                              /* no expression: as it stands */
	filter_shows(&f.t, "", "base code code-q8 kjv other.v2");
	assert_true(table_filter(&f.t, "kjv", &e));
	assert_false(table_filter(&f.t, "weight<1", &e));
	assert_string_equal(e.where, "weight");
	assert_false(table_filter(&f.t, "size<x", &e));
	shows(&f.t, "kjv");                                       /* the old one still holds */
	table_fini(&f.t);
}

static void test_filter_values(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, &flat);
	f.rows.v[0].size = 6.8e9;
	f.rows.v[1].size = 0.31;
	f.rows.v[2].size = 1e-5;
	table_refresh(&f.t);
	filter_shows(&f.t, "size>5G", "base");
	filter_shows(&f.t, "size>30% size<1", "code");
	filter_shows(&f.t, "size<2e-5", "code-q8");
	table_fini(&f.t);
}

static void test_sort(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, &flat);
	table_sort(&f.t, 2);
	shows(&f.t, "base kjv code code-q8 other.v2");
	table_sort(&f.t, 2); /* again: reversed; no value stays last */
	shows(&f.t, "code-q8 code kjv base other.v2");
	table_sort(&f.t, 1);
	shows(&f.t, "base other.v2 code-q8 code kjv");
	table_sort(&f.t, -1);
	shows(&f.t, "base code code-q8 kjv other.v2");
	table_fini(&f.t);
}

static void test_selection_follows(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, &flat);
	assert_true(table_select(&f.t, 14));
	table_sort(&f.t, 2);
	assert_int_equal(f.t.cursor, 1);
	assert_int_equal(table_selected(&f.t), 3);
	/* A row goes and the others move up: the cursor stays on kjv. */
	memmove(&f.rows.v[0], &f.rows.v[1], 4 * sizeof f.rows.v[0]);
	f.rows.n = 4;
	table_set_rows(&f.t, 4);
	assert_int_equal(table_selected(&f.t), 2);
	/* kjv itself goes: the cursor stays where it was on the screen. */
	f.rows.v[2] = f.rows.v[3];
	table_set_rows(&f.t, 3);
	assert_true(table_selected(&f.t) >= 0);
	table_fini(&f.t);
}

static void test_tree(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, &tree);
	shows(&f.t, "base code code-q8 kjv other.v2");
	assert_int_equal(f.t.shown.v[2].depth, 2);
	assert_true(f.t.shown.v[3].last);
	table_fold(&f.t, 11, true);
	shows(&f.t, "base other.v2");
	filter_shows(&f.t, "q8", "base code code-q8");            /* found inside a folded row */
	assert_true(f.t.shown.v[0].context);
	filter_shows(&f.t, "", "base other.v2");
	assert_true(table_select(&f.t, 13));                      /* unfolds what hides it */
	shows(&f.t, "base code code-q8 kjv other.v2");
	table_sort(&f.t, 2);
	shows(&f.t, "base kjv code code-q8 other.v2");            /* sorted among siblings */
	table_fini(&f.t);
}

static void test_moves(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, &tree);
	table_move(&f.t, MOVE_LAST, 1);
	assert_int_equal(f.t.cursor, 4);
	table_move(&f.t, MOVE_DOWN, 1);
	assert_int_equal(f.t.cursor, 4);
	table_select(&f.t, 13);
	table_move(&f.t, MOVE_LEFT, 1);
	assert_int_equal(f.t.cursor_id, 12);
	table_move(&f.t, MOVE_LEFT, 1);
	shows(&f.t, "base code kjv other.v2");
	table_move(&f.t, MOVE_RIGHT, 1);
	table_move(&f.t, MOVE_RIGHT, 1);
	assert_int_equal(f.t.cursor_id, 13);
	assert_true(table_click(&f.t, 3, 1));
	assert_int_equal(f.t.cursor_id, 11);
	assert_false(table_click(&f.t, 3, 9));                    /* below the last row */
	assert_true(table_click(&f.t, 38, 0));                    /* a header sorts */
	assert_int_equal(f.t.sort, 2);
	table_fini(&f.t);
}

static void test_marks(void **state)
{
	struct fixture f;
	size_t rows[8];

	(void)state;
	begin(&f, &flat);
	assert_int_equal(table_marked(&f.t, rows, 8), 1);         /* none: the selected row */
	assert_int_equal(rows[0], 0);
	table_select(&f.t, 14);
	table_mark(&f.t);
	assert_int_equal(f.t.cursor, 4);
	table_select(&f.t, 12);
	table_mark(&f.t);
	assert_int_equal(table_marked(&f.t, rows, 8), 2);
	assert_int_equal(rows[0], 3);                             /* first marked first */
	assert_int_equal(rows[1], 1);
	table_sort(&f.t, 2);
	assert_int_equal(table_marked(&f.t, rows, 1), 2);
	table_invert_marks(&f.t);
	assert_int_equal(table_marked(&f.t, rows, 8), 3);
	table_sort(&f.t, -1);
	table_move(&f.t, MOVE_FIRST, 1);
	table_mark_range(&f.t);
	table_move(&f.t, MOVE_DOWN, 2);
	table_mark_range(&f.t);
	assert_int_equal(table_marked(&f.t, rows, 8), 4);
	table_fini(&f.t);
}

static void test_narrow(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, &flat);
	table_place(&f.t, (struct rect){ 0, 0, 13, 10 });
	assert_true(f.t.widths[0] > 0);
	assert_int_equal(f.t.widths[1], 0); /* the least important goes first */
	assert_true(f.t.widths[2] > 0);
	table_place(&f.t, (struct rect){ 0, 0, 5, 10 });
	assert_int_equal(f.t.widths[0], 5);
	table_place(&f.t, (struct rect){ 0, 0, 0, 0 });
	table_fini(&f.t);
}

static void test_export(void **state)
{
	struct fixture f;
	struct str s = STR_INIT;
	json_t *j;

	(void)state;
	begin(&f, &flat);
	f.rows.v[0].name = "a,\"b\"|c";
	f.rows.n = 2;
	table_set_rows(&f.t, 2);
	table_export_csv(&f.t, &s);
	assert_string_equal(s.s, "name,kind,size\n\"a,\"\"b\"\"|c\",base,100\ncode,tune,90\n");
	str_clear(&s);
	table_export_markdown(&f.t, &s);
	assert_non_null(strstr(s.s, "| a,\"b\"\\|c | base | 100 |"));
	j = table_export_json(&f.t);
	assert_true(json_num(json_array_get(j, 1), "size", 0) == 90);
	json_decref(j);
	str_fini(&s);
	table_fini(&f.t);
}

/* --- sliders --- */
static void format_is(double v, double step, const char *want)
{
	struct str s = STR_INIT;

	slider_format(v, step, &s);
	assert_string_equal(s.s, want);
	str_fini(&s);
}

static void near(double a, double b)
{
	if (!(fabs(a - b) <= 1e-12 * fmax(1, fabs(b))))
		fail_msg("%.17g is not %.17g", a, b);
}

static void test_slider(void **state)
{
	struct slider s = { .value = 0.7, .fallback = 1, .min = 0, .max = 1, .step = 0.05 };
	struct slider t = { .value = 1e-4, .min = 1e-6, .max = 1e-2, .step = 1e-5, .log = true };
	struct err e = { 0 };
	double v, p;

	(void)state;
	near(slider_nudge(&s, 1, false), 0.75);
	near(slider_nudge(&s, 1, true), 1.0);
	near(slider_nudge(&s, -3, true), 0);
	s.value = 1.4;                                            /* beyond its range already */
	near(slider_nudge(&s, 1, false), 1.4);
	near(slider_nudge(&s, -1, false), 1.35);
	s.value = NAN;
	near(slider_nudge(&s, -1, false), 0.95);
	near(slider_nudge(&t, 20, false), 1e-3);
	near(slider_nudge(&t, 1, false), 1.1e-4);
	near(slider_nudge(&t, 200, false), 1e-2);
	s.value = 0.5;
	assert_true(slider_type(&s, "*1.1", &v, &p, &e));
	near(v, 0.55);
	assert_true(slider_type(&s, "-0.25", &v, &p, &e));
	near(v, -0.25);
	assert_true(slider_type(&s, "-=0.25", &v, &p, &e));
	near(v, 0.25);
	assert_true(slider_type(&s, "2%", &v, &p, &e));
	near(p, 2);
	assert_false(slider_type(&s, "x", &v, &p, &e));
	assert_false(slider_type(&s, "1 2", &v, &p, &e));
	assert_false(slider_type(&s, "nan", &v, &p, &e));
	assert_false(slider_type(&s, "/0", &v, &p, &e));
	format_is(0.6, 0.05, "0.60");
	format_is(1.0, 0.1, "1.0");
	format_is(1e-4, 1e-5, "1.0e-4");
	format_is(0.375, 0.05, "0.375");
	format_is(NAN, 0.1, "·");
}

static void test_plots_stay_inside(void **state)
{
	struct grid *g = grid_new(20, 6);
	double v[5] = { 1, NAN, 3, -1e300, INFINITY }, x[2] = { 1e-5, 1e-2 }, y[2] = { 0, 1 };
	struct plot_line line = { x, y, 2, STYLE_plot };
	struct plot_curve c = { .lines = &line, .n_lines = 1, .x = { 1e-5, 1e-2, true },
		.y = { 0, 1, false }, .mark_x = 1e-4 };
	struct plot_heat h = { .v = v, .rows = 1, .cols = 5, .label_w = 2, .lo = 0, .hi = 3,
		.hot_row = 0, .hot_col = 1 };
	struct str s = STR_INIT;

	(void)state;
	for (int w = 0; w < 20; w++)
		for (int rows = 0; rows < 6; rows++) {
			struct rect r = { 1, 1, w, rows };

			plot_curve(g, r, &c);
			plot_heat(g, r, &h);
			plot_histogram(g, r, STYLE_plot, y, 2, true);
			plot_bars(g, r, STYLE_plot, v, 3, 0, 3);
			plot_interval(g, 1, 1, w, STYLE_plot, 0.5, -1, 2, -1, 1);
		}
	grid_clear(g);
	plot_spark(g, 0, 0, 3, STYLE_plot, (double[]){ 0, 0.5, 1 }, 3, 0, 1);
	grid_save(g, &s);
	assert_non_null(strstr(s.s, "▁▅█\n"));
	str_clear(&s);
	plot_bar_text(&s, 4, 0.5);
	assert_string_equal(s.s, "██░░");
	str_fini(&s);
	grid_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_filter_values),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_selection_follows),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_slider),
		cmocka_unit_test(test_plots_stay_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
