/* What the Results view draws of a comparison: figures, signs, intervals, what is out of sight. */
#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/xalloc.h"
#include "ui/shell.h"
#include "ui/view/view_results.h"

#define TASKS 8 /* and their mean */

static const char *const tasks[TASKS] = { "arc_challenge", "arc_easy", "boolq", "hellaswag",
	"openbookqa", "piqa", "winogrande", "wikitext" };
static const double values[4][TASKS] = {
	{ .390, .436, .622, .632, .348, .754, .639, 8.31 },
	{ .396, .429, .622, .611, .346, .738, .649, 8.95 },
	{ .190, .249, .378, .261, .300, .504, .500, 31.2 },
	{ .401, .452, .650, .640, .350, .760, .650, 8.20 },
};
static const int64_t questions[TASKS] = { 1172, 2376, 3270, 10042, 500, 1838, 1267, 0 };
static struct shell shell;

static void fill_difference(struct compare_row *r, size_t of, size_t k)
{
	struct compare_cell *a = &r->cells[0], *b = &r->cells[of];
	struct compare_difference *d = &r->differences[k];
	bool share = r->share;

	*d = (struct compare_difference){ .of = of, .stderr_ = NAN, .z = NAN, .p = NAN,
		.p_holm = NAN, .low = NAN, .high = NAN };
	if (a->estimated || b->estimated) {
		d->why_not = "an estimate";
		return;
	}
	d->known = d->bound = true;
	d->value = b->value - a->value;
	d->relative_percent = 100 * d->value / a->value;
	if (!share)
		return;
	d->stderr_ = hypot(a->stderr_, b->stderr_);
	d->z = d->value / d->stderr_;
	d->p = d->p_holm = erfc(fabs(d->z) / sqrt(2));
	d->low = d->value - 1.96 * d->stderr_;
	d->high = d->value + 1.96 * d->stderr_;
	d->n = r->n;
	d->items = llround(fabs(d->value) * (double)r->n);
	d->verdict = str_eq(r->task, "boolq") && of == 1 ? VERDICT_NO_INFORMATION :
		d->p < .01 ? VERDICT_REAL : d->p < .2 ? VERDICT_SUGGESTIVE : VERDICT_NOISE;
}

static struct comparison *comparison(size_t n)
{
	static const char *const labels[] = { "q4-hi", "qx63-hi", "q2", "bf16" };
	static const uint64_t bytes[] = { 5120000000, 4700000000, 3000000000, 16400000000 };
	struct comparison *c = xnew(struct comparison, 1);

	c->variants = xnew(struct compare_variant, n);
	c->n_variants = n;
	c->rows = xnew(struct compare_row, TASKS + 1);
	c->n_rows = TASKS + 1;
	c->n_differences = n - 1;
	for (size_t i = 0; i < n; i++)
		c->variants[i] = (struct compare_variant){ .name = xasprintf("maker/Qwen3-8B-%s",
			labels[i]), .label = xstrdup(labels[i]), .bytes = bytes[i],
			.bits = 8.0 * (double)bytes[i] / 8.2e9, .parameters = 8200000000,
			.protocol = xstrdup("mlx 0-shot") };
	for (size_t t = 0; t <= TASKS; t++) {
		struct compare_row *r = &c->rows[t];

		r->task = xstrdup(t < TASKS ? tasks[t] : "mean");
		r->metric = xstrdup(t == 7 ? "perplexity" : "acc");
		r->mean = t == TASKS;
		r->share = t != 7;
		r->lower_better = t == 7;
		r->n = t < TASKS ? questions[t] : 0;
		r->resolves = NAN;
		r->cells = xnew(struct compare_cell, n);
		r->differences = xnew(struct compare_difference, n);
		for (size_t i = 0; i < n; i++) {
			double v = t < TASKS ? values[i][t] : .5 - .01 * (double)i;

			r->cells[i] = (struct compare_cell){ .known = true, .value = v, .n = r->n,
				.stderr_ = r->n ? sqrt(v * (1 - v) / (double)r->n) :
				r->mean ? .005 : NAN, .protocol = xstrdup("mlx 0-shot") };
		}
		for (size_t i = 1; i < n; i++)
			fill_difference(r, i, i - 1);
	}
	c->rows[2].cells[0].sense = c->rows[2].cells[1].sense = SENSE_MAJORITY;
	if (n > 2)
		c->rows[0].cells[2].sense = SENSE_BELOW;
	return c;
}

static struct results_view *make(size_t n, enum results_arrangement how)
{
	struct results_view *v = xnew(struct results_view, 1);

	v->view.ops = &view_results;
	v->view.app = &shell.a;
	view_results.open(&v->view);
	v->c = n ? comparison(n) : NULL;
	v->arrangement = how;
	results_table_again(v);
	return v;
}

static char *picture(struct results_view *v, int w, int h)
{
	struct grid *g = grid_new(w, h);
	struct str s = STR_INIT;

	view_results.layout(&v->view, grid_area(g));
	view_results.draw(&v->view, g);
	grid_save(g, &s);
	grid_free(g);
	return str_steal(&s);
}

static void done(struct results_view *v)
{
	view_results.close(&v->view);
	free(v);
}

static void has(const char *all, const char *part)
{
	if (!strstr(all, part))
		fail_msg("'%s' is not in:\n%s", part, all);
}

static void has_not(const char *all, const char *part)
{
	if (strstr(all, part))
		fail_msg("'%s' is in:\n%s", part, all);
}

static void two_variants(void **state)
{
	struct results_view *v = make(2, RESULTS_TASKS);
	char *s = picture(v, 80, 21);

	(void)state;
	has(s, " Qwen3-8B · against q4-hi · mlx 0-shot ");
	has(s, " ± is 1 SE, a bound\n");
	has(s, "                         q4-hi qx63-hi      Δ     ±    questions        verdict\n");
	has(s, " arc_challenge            .390    .396  +.006  .020   7 of  1172          noise\n");
	has(s, " boolq                    .622    .622   .000  .012   = majority no information\n");
	has(s, " hellaswag                .632    .611  -.021  .007 211 of 10042           real\n");
	has(s, " wikitext ppl            8.310   8.950 +0.640\n");
	has(s, " size                  5.12 GB 4.70 GB  -8.2%\n");
	has(s, "── difference, 95 % ");
	has(s, " points\n");
	free(s);
	v->c->rows[3].cells[1].estimated = true;
	fill_difference(&v->c->rows[3], 1, 0);
	s = picture(v, 80, 21);
	has(s, "~.611      ·");
	has(s, "an estimate");
	free(s);
	done(v);
}

/* Paired and unpaired differences in one table are told apart; protocols are. */
static void spreads(void **state)
{
	struct results_view *v = make(2, RESULTS_TASKS);
	struct compare_difference *d = &v->c->rows[1].differences[0];
	char *s;

	(void)state;
	d->paired = d->across = true;
	d->bound = false;
	d->stderr_ = .005;
	s = picture(v, 80, 21);
	has(s, "± is 1 SE, ≤ a bound");
	has(s, "+.006 ≤.020");
	has(s, "-.007  .005");
	has(s, "noise ≠\n");
	free(s);
	done(v);
}

static void many_variants(void **state)
{
	struct results_view *v = make(4, RESULTS_VARIANTS);
	char *s = picture(v, 80, 21);

	(void)state;
	has(s, "4 variants · Qwen3-8B · against q4-hi");
	has(s, "  mean arc_c arc_e boolq hswag  obqa  piqa  wino wikitext");
	has(s, " q4-hi ◂");
	has(s, ".190!"); /* below guessing */
	has(s, ".622="); /* tells nothing */
	has(s, ".261▼"); /* really worse */
	has(s, "▲▼ real  ▵▿ suggestive");
	has(s, "── mean, 95 % ");
	free(s);
	/* what does not fit beside is reached by going there */
	s = picture(v, 60, 16);
	has(s, "›\n");
	has_not(s, "wino");
	free(s);
	for (int i = 0; i < 9; i++)
		view_results.move(&v->view, MOVE_RIGHT, 1);
	s = picture(v, 60, 16);
	has(s, "‹");
	has(s, "wikitext ppl");
	has_not(s, "arc_c ");
	free(s);
	done(v);
}

static void sizes(void **state)
{
	struct results_view *v = make(4, RESULTS_SIZES);
	char *s = picture(v, 80, 21);

	(void)state;
	has(s, "── mean by size · ← → another ");
	has(s, "on the front");
	has(s, "behind q4-hi"); /* 16.4 GB and no better */
	has(s, "○");
	free(s);
	assert_int_equal(results_beaten_by(v->c, 3, 3), SIZE_MAX); /* best on hellaswag */
	assert_int_equal(results_beaten_by(v->c, 7, 1), SIZE_MAX); /* lower is better: smaller */
	view_results.move(&v->view, MOVE_RIGHT, 1); /* another figure */
	s = picture(v, 80, 21);
	has(s, "── arc_challenge by size · ");
	free(s);
	done(v);
}

/* Mean and sizes stay below the tasks whatever these are sorted by. */
static void sorted(void **state)
{
	struct results_view *v = make(2, RESULTS_TASKS);
	char *s, *boolq, *piqa;

	(void)state;
	table_sort(&v->table, table_column(&v->table, "q4-hi"));
	s = picture(v, 80, 21);
	piqa = strstr(s, "piqa");
	boolq = strstr(s, "boolq");
	assert_true(piqa < boolq && boolq < strstr(s, "arc_challenge"));
	assert_true(strstr(s, "arc_challenge") < strstr(s, "mean"));
	assert_true(strstr(s, "mean") < strstr(s, " size"));
	free(s);
	/* another comparison keeps order and cursor */
	view_results.move(&v->view, MOVE_DOWN, 1);
	compare_free(v->c);
	v->c = comparison(2);
	results_table_again(v);
	assert_int_equal(v->table.sort, table_column(&v->table, "q4-hi"));
	assert_int_equal(v->table.cursor, 1);
	done(v);
}

/* Pairs have letters; which of them is drawn follows the cursor. */
static void pairs(void **state)
{
	struct results_view *v = make(0, RESULTS_TASKS);
	char *s;

	(void)state;
	v->c = comparison(3);
	v->c->baseline = SIZE_MAX;
	v->c->n_differences = 3;
	for (size_t i = 0; i < v->c->n_rows; i++) {
		struct compare_difference *d = v->c->rows[i].differences;

		d[2] = d[1]; /* the third against the second */
		d[2].against = 1;
	}
	results_table_again(v);
	s = picture(v, 130, 21);
	has(s, "· each against each");
	has(s, "A q4-hi");
	has(s, "B qx63-hi");
	has(s, "Δ B-A");
	has(s, "Δ C-A");
	has(s, "Δ C-B");
	has(s, "── qx63-hi to q4-hi, 95 % ");
	has_not(s, "baseline");
	free(s);
	for (int i = 0; i < 5; i++)
		view_results.move(&v->view, MOVE_RIGHT, 1);
	s = picture(v, 130, 21);
	has(s, "── q2 to q4-hi, 95 % ");
	free(s);
	done(v);
}

/* Pictures show what was measured, with its error; of nothing there is none. */
static void unmeasured(void **state)
{
	struct results_view *v = make(4, RESULTS_VARIANTS);
	char *s;

	(void)state;
	for (size_t i = 0; i < v->c->n_rows; i++) {
		v->c->rows[i].cells[2].known = false;
		v->c->rows[i].differences[1].known = false;
	}
	v->c->rows[3].cells[1].known = false;
	for (int i = 0; i < 5; i++) /* name, mean, …, hellaswag */
		view_results.move(&v->view, MOVE_RIGHT, 1);
	s = picture(v, 100, 21);
	has(s, "── hellaswag, 95 % ");
	has(s, " q4-hi                   .632 ±.005 ");
	has(s, " bf16                    .640 ±.005 ");
	has_not(s, " q2                      ·");
	assert_null(strstr(strstr(s, "── hellaswag"), "qx63-hi "));
	free(s);
	done(v);
}

static void nothing(void **state)
{
	struct results_view *v = make(0, RESULTS_TASKS);
	char *s = picture(v, 80, 21);

	(void)state;
	has(s, "no results yet");
	has(s, "i imports cards, lm-eval, logs, CSV");
	free(s);
	done(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_variants),
		cmocka_unit_test(spreads),
		cmocka_unit_test(many_variants),
		cmocka_unit_test(sizes),
		cmocka_unit_test(sorted),
		cmocka_unit_test(pairs),
		cmocka_unit_test(unmeasured),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
