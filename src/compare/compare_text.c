#include "compare/showing.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"

#define LABEL_MAX 26

static void add_value(struct grid *g, const struct showing *w, const struct compare_row *row,
	size_t variant)
{
	struct str s = STR_INIT;

	show_value(&s, row, &row->cells[variant], w->ascii);
	grid_add(g, s.s);
	str_fini(&s);
}

static void add_size(struct grid *g, const struct compare_variant *v)
{
	struct str s = STR_INIT;

	str_add(&s, "");
	if (v->bytes)
		str_add_bytes(&s, v->bytes);
	if (v->bits > 0)
		str_addf(&s, "%s%.2f bpw", s.n ? " " : "", v->bits);
	grid_add(g, s.s);
	str_fini(&s);
}

static bool sized(const struct comparison *c)
{
	for (size_t i = 0; i < c->n_variants; i++)
		if (c->variants[i].bytes)
			return true;
	return false;
}

/* "-8.2%" */
static void add_size_change(struct grid *g, const struct comparison *c,
	const struct compare_difference *d)
{
	double of = (double)c->variants[d->of].bytes;
	double against = (double)c->variants[d->against].bytes;

	if (of > 0 && against > 0)
		grid_addf(g, "%+.1f%%", 100 * (of / against - 1));
	else
		grid_add(g, "");
}

/* --- one column of differences: all of it --- */

static void add_difference(struct grid *g, const struct showing *w, const struct compare_row *row,
	const struct compare_difference *d, bool mixed, int digits)
{
	bool shown = d->known && d->verdict != VERDICT_NO_INFORMATION;
	struct str change = STR_INIT, error = STR_INIT, items = STR_INIT;

	if (shown) {
		show_change(&change, row, d->value);
		str_add(&change, d->across ? "!" : "");
		show_stderr(&error, row, d->stderr_);
		str_add(&error, mixed && d->paired ? "p" : "");
	} else {
		str_add(&change, w->ascii ? "-" : "\u00b7");
		str_add(&error, w->ascii ? "-" : "\u00b7");
	}
	str_add(&items, "");
	show_items(&items, row, d, digits);
	grid_add(g, change.s);
	grid_add(g, error.s);
	grid_add(g, items.s);
	grid_add(g, show_verdict(d));
	str_fini(&change);
	str_fini(&error);
	str_fini(&items);
}

static bool mixed_errors(const struct comparison *c)
{
	size_t paired = 0, bound = 0;

	for (size_t i = 0; i < c->n_rows; i++) {
		paired += c->rows[i].differences[0].known && c->rows[i].differences[0].paired;
		bound += c->rows[i].differences[0].known && c->rows[i].differences[0].bound;
	}
	return paired && bound;
}

static int digits_of_n(const struct comparison *c)
{
	int most = 1;

	for (size_t i = 0; i < c->n_rows; i++) {
		int64_t n = c->rows[i].differences[0].known ? c->rows[i].differences[0].n : 0;
		int digits = 1;

		for (; n >= 10; n /= 10)
			digits++;
		most = digits > most ? digits : most;
	}
	return most;
}

static void add_label(struct grid *g, const struct showing *w, const char *text, size_t most)
{
	char *cut = show_short(text, most, w->ascii);

	grid_add(g, cut);
	free(cut);
}

/* What a variant's column may take so that all fit: at least 8. */
static size_t label_room(const struct showing *w, size_t others, size_t n)
{
	size_t room = w->columns > others ? (w->columns - others) / (n ? n : 1) : 0;

	return room < 8 ? 8 : room > LABEL_MAX ? LABEL_MAX : room;
}

static void one_column(struct str *s, const struct showing *w)
{
	const struct comparison *c = w->c;
	size_t n = c->n_variants, room = label_room(w, 60, n);
	bool mixed = mixed_errors(c);
	int digits = digits_of_n(c);
	struct grid g;

	grid_init(&g, 1 + n + 4);
	grid_add(&g, "");
	for (size_t i = 0; i < n; i++)
		add_label(&g, w, c->variants[i].label, room);
	grid_add(&g, w->ascii ? "diff" : "\u0394");
	grid_add(&g, w->ascii ? "+-" : "\u00b1");
	grid_add(&g, "questions");
	grid_add(&g, "verdict");
	for (size_t i = 0; i < c->n_rows; i++) {
		char *task = show_task(c, i);

		add_label(&g, w, task, LABEL_MAX);
		free(task);
		for (size_t k = 0; k < n; k++)
			add_value(&g, w, &c->rows[i], k);
		add_difference(&g, w, &c->rows[i], &c->rows[i].differences[0], mixed, digits);
	}
	grid_end(&g, s, w->columns);
}

/* --- several columns: what differs, with its mark --- */

static void add_marked(struct grid *g, const struct showing *w, const struct compare_row *row,
	const struct compare_difference *d)
{
	struct str s = STR_INIT;

	if (!d->known)
		str_add(&s, d->why_not && strcmp(d->why_not, "not measured") ?
			(strstr(d->why_not, "estimate") ? "~" : "x") : w->ascii ? "-" : "\u00b7");
	else if (d->verdict == VERDICT_NO_INFORMATION)
		str_add(&s, "=");
	else {
		show_change(&s, row, d->value);
		str_add(&s, d->across ? "!" : "");
		str_add(&s, show_mark(d));
	}
	grid_add(g, s.s);
	str_fini(&s);
}

char *show_column(const struct comparison *c, size_t column)
{
	const struct compare_difference *d = &c->rows[0].differences[column];

	if (c->baseline == SIZE_MAX && !c->synergy)
		return xasprintf("%s - %s", c->variants[d->of].label,
			c->variants[d->against].label);
	return xstrdup(c->variants[d->of].label);
}

/* Rows are tasks: values first, then what each differs by. */
static void by_task(struct str *s, const struct showing *w)
{
	const struct comparison *c = w->c;
	size_t values = 24 + 11 * c->n_variants, n = c->n_differences ? c->n_differences : 1;
	size_t room = w->columns > values + 11 * n ? (w->columns - values) / n - 2 : 9;
	struct grid g;

	grid_init(&g, 1 + c->n_variants + 1 + c->n_differences);
	grid_add(&g, "");
	for (size_t i = 0; i < c->n_variants; i++)
		add_label(&g, w, c->variants[i].label, c->n_differences ? 9 : LABEL_MAX);
	grid_add(&g, c->n_differences ? (w->ascii ? "| diff:" : "\u2502 \u0394:") : "");
	for (size_t i = 0; i < c->n_differences; i++) {
		char *title = show_column(c, i);

		add_label(&g, w, title, room);
		free(title);
	}
	for (size_t i = 0; i < c->n_rows; i++) {
		char *task = show_task(c, i);

		add_label(&g, w, task, LABEL_MAX);
		free(task);
		for (size_t k = 0; k < c->n_variants; k++)
			add_value(&g, w, &c->rows[i], k);
		grid_add(&g, c->n_differences ? (w->ascii ? "|      " : "\u2502   ") : "");
		for (size_t k = 0; k < c->n_differences; k++)
			add_marked(&g, w, &c->rows[i], &c->rows[i].differences[k]);
	}
	grid_end(&g, s, w->columns);
}

static const struct compare_difference *of_variant(const struct comparison *c,
	const struct compare_row *row, size_t variant)
{
	for (size_t i = 0; i < c->n_differences; i++)
		if (row->differences[i].of == variant)
			return &row->differences[i];
	return NULL;
}

static bool each(const struct comparison *c)
{
	return c->n_differences && c->baseline == SIZE_MAX && !c->synergy;
}

/* Rows are variants, each with a second line of what it differs by; tasks first…last-1. */
static void by_variant(struct str *s, const struct showing *w, size_t first, size_t last)
{
	const struct comparison *c = w->c;
	struct grid g;

	grid_init(&g, 1 + last - first);
	grid_add(&g, "");
	for (size_t k = first; k < last; k++) {
		char *task = show_task(c, k);

		add_label(&g, w, task, 12);
		free(task);
	}
	for (size_t i = 0; i < c->n_variants; i++) {
		bool any = false;

		add_label(&g, w, c->variants[i].label, LABEL_MAX);
		for (size_t k = first; k < last; k++) {
			add_value(&g, w, &c->rows[k], i);
			any |= !each(c) && of_variant(c, &c->rows[k], i) != NULL;
		}
		if (!any)
			continue;
		grid_add(&g, "");
		for (size_t k = first; k < last; k++)
			add_marked(&g, w, &c->rows[k], of_variant(c, &c->rows[k], i));
	}
	grid_end(&g, s, w->columns);
}

/* The row that stands for all: the mean, else the first. */
static size_t main_row(const struct comparison *c)
{
	for (size_t i = 0; i < c->n_rows; i++)
		if (c->rows[i].mean)
			return i;
	return 0;
}

/* Of many pairs one row of differences, as a triangle: line minus column. */
static void triangle(struct str *s, const struct showing *w)
{
	const struct comparison *c = w->c;
	size_t n = c->n_variants, row = main_row(c);
	char *task = show_task(c, row);
	struct grid g;

	grid_init(&g, n);
	grid_addf(&g, "%s, line minus column", task);
	free(task);
	for (size_t i = 0; i + 1 < n; i++)
		add_label(&g, w, c->variants[i].label, 9);
	for (size_t i = 1; i < n; i++) {
		add_label(&g, w, c->variants[i].label, LABEL_MAX);
		for (size_t k = 0; k + 1 < n; k++) {
			const struct compare_difference *d = NULL;

			for (size_t x = 0; x < c->n_differences && !d; x++)
				if (c->rows[row].differences[x].of == i &&
					c->rows[row].differences[x].against == k)
					d = &c->rows[row].differences[x];
			if (d)
				add_marked(&g, w, &c->rows[row], d);
			else
				grid_add(&g, "");
		}
	}
	grid_end(&g, s, w->columns);
}

/* As many tasks side by side as there is room for. */
static void blocks(struct str *s, const struct showing *w)
{
	const struct comparison *c = w->c;
	size_t first = 0, label = 0;

	for (size_t i = 0; i < c->n_variants; i++) {
		size_t n = str_width(c->variants[i].label);

		label = n > label ? n : label;
	}
	label = label > LABEL_MAX ? LABEL_MAX : label;
	while (first < c->n_rows) {
		size_t used = 1 + label, last = first;

		for (; last < c->n_rows; last++) {
			char *task = show_task(c, last);
			size_t n = str_width(task) > 12 ? 12 : str_width(task);

			free(task);
			used += 2 + (n < 8 ? 8 : n);
			if (used > w->columns && last > first)
				break;
		}
		if (first)
			str_addc(s, '\n');
		by_variant(s, w, first, last);
		first = last;
	}
}

/* --- the rest --- */

static void sizes(struct str *s, const struct showing *w)
{
	const struct comparison *c = w->c;
	struct grid g;

	grid_init(&g, 5);
	for (size_t i = 0; i < c->n_variants; i++) {
		const struct compare_variant *v = &c->variants[i];
		const struct compare_difference *d = c->n_rows && !each(c) ?
			of_variant(c, &c->rows[0], i) : NULL;

		if (!v->bytes && !(v->bits > 0))
			continue;
		grid_add(&g, g.n ? "" : "size");
		add_label(&g, w, v->label, LABEL_MAX);
		add_size(&g, v);
		if (d)
			add_size_change(&g, c, d);
		else
			grid_add(&g, "");
		/* Of two the figures say it. */
		grid_add(&g, c->n_variants > 2 && v->front ? "none smaller and better" : "");
	}
	grid_end(&g, s, w->columns);
}

static void recipes(struct str *s, const struct showing *w)
{
	for (size_t i = 0; i < w->c->n_recipes; i++) {
		const struct compare_recipes *r = &w->c->recipes[i];
		size_t same = 0;

		str_addf(s, "\n recipe of %s against %s\n", w->c->variants[r->of].label,
			w->c->variants[r->against].label);
		for (size_t k = 0; k < r->n; k++) {
			same += r->lines[k].sign == ' ';
			str_addf(s, " %c %s\n", r->lines[k].sign, r->lines[k].text);
		}
		if (same == r->n)
			str_add(s, "   (they say the same)\n");
		if (r->tensors)
			str_addf(s, " tensors: %zu of %zu differ", r->changed,
				r->same + r->changed);
		if (r->tensors && (r->only_of || r->only_against))
			str_addf(s, ", %zu only here, %zu only there", r->only_of, r->only_against);
		if (r->tensors)
			str_addc(s, '\n');
	}
}

static void table(struct str *s, const struct showing *w)
{
	const struct comparison *c = w->c;
	size_t n = c->n_variants;

	if (!c->n_rows)
		return;
	if (c->n_differences == 1 && n <= 3)
		one_column(s, w);
	else if (n <= 3)
		by_task(s, w);
	else
		blocks(s, w);
	if (n > 3 && each(c))
		triangle(s, w);
}

static char *text(const struct comparison *c, size_t columns, bool ascii)
{
	struct showing w = { .c = c, .columns = columns ? columns : 80, .ascii = ascii };
	struct str s = STR_INIT;

	show_heading(&s, &w);
	table(&s, &w);
	if (sized(c))
		sizes(&s, &w);
	show_plot(&s, &w);
	if (c->n_differences > 1)
		str_addf(&s, " ** real  * suggestive  = no information  x measured differently  "
			"%s not measured\n", ascii ? "-" : "\u00b7");
	for (size_t i = 0; i < c->n_sentences; i++)
		show_wrapped(&s, c->sentences[i], w.columns);
	recipes(&s, &w);
	return str_steal(&s);
}

char *compare_text(const struct comparison *c, enum compare_format format, size_t columns)
{
	switch (format) {
	case COMPARE_MARKDOWN:
		return show_markdown(c);
	case COMPARE_CSV:
		return show_csv(c);
	default:
		return text(c, columns, format == COMPARE_ASCII);
	}
}
