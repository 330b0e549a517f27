/* Intervals on a common axis:  ├──●──┤ │  with the line at zero. */
#include "compare/showing.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"

#define LABEL_WIDTH 18
#define PLOT_MAX 100

struct axis {
	double reach;              /* from -reach to reach */
	size_t width;              /* odd: zero is in the middle */
	double unit;               /* of what is written: 0.01 for points */
};

static bool drawn(const struct compare_row *row, const struct compare_difference *d)
{
	return d->known && row->share && d->verdict != VERDICT_NO_INFORMATION &&
		isfinite(d->low) && isfinite(d->high);
}

/* 1, 2 or 5 times a power of ten, that all fit into. */
static double round_up(double v)
{
	double power = pow(10, floor(log10(v))), digits = v / power;

	return power * (digits <= 1 ? 1 : digits <= 2 ? 2 : digits <= 5 ? 5 : 10);
}

static size_t place(const struct axis *a, double v)
{
	double half = (double)(a->width / 2), at = half + v / a->reach * half;

	if (at < 0)
		return 0;
	return at > (double)(a->width - 1) ? a->width - 1 : (size_t)lround(at);
}

static void put(struct str *s, const char *const *cells, size_t n)
{
	while (n && !strcmp(cells[n - 1], " "))
		n--;
	for (size_t i = 0; i < n; i++)
		str_add(s, cells[i]);
	str_addc(s, '\n');
}

static void draw(struct str *s, const struct showing *w, const struct axis *a, const char *label,
	const struct compare_difference *d)
{
	const char *cells[PLOT_MAX + 2];
	size_t from = place(a, d->low), to = place(a, d->high), zero = a->width / 2;
	char *cut = show_short(label, LABEL_WIDTH, w->ascii);

	str_addf(s, " %s", cut);
	for (size_t i = str_width(cut); i < LABEL_WIDTH + 1; i++)
		str_addc(s, ' ');
	free(cut);
	for (size_t i = 0; i < a->width; i++)
		cells[i] = " ";
	cells[zero] = w->ascii ? ":" : "\u2502";
	for (size_t i = from; i <= to; i++)
		cells[i] = w->ascii ? "-" : "\u2500";
	cells[from] = w->ascii ? "|" : "\u251c";
	cells[to] = w->ascii ? "|" : "\u2524";
	if (d->low < -a->reach)
		cells[0] = "<";
	if (d->high > a->reach)
		cells[a->width - 1] = ">";
	cells[place(a, d->value)] = w->ascii ? "o" : "\u25cf";
	put(s, cells, a->width);
}

static void write_at(char *line, size_t width, size_t middle, const char *text)
{
	size_t n = strlen(text), from = middle > n / 2 ? middle - n / 2 : 0;

	if (from + n > width)
		from = width - n;
	memcpy(line + from, text, n);
}

/* "── difference, 95 % ──── -5 ─────── 0 ─────── +5 ──": figures stand over their place. */
static void ruler(struct str *s, const struct showing *w, const struct axis *a, const char *title)
{
	char line[PLOT_MAX + 2], number[24];
	const char *dash = w->ascii ? "-" : "\u2500";
	double half = a->reach / 2 / a->unit;

	memset(line, '-', sizeof line);
	snprintf(number, sizeof number, " %+.3g ", -half);
	write_at(line, a->width, a->width / 4, number);
	write_at(line, a->width, a->width / 2, " 0 ");
	snprintf(number, sizeof number, " %+.3g ", half);
	write_at(line, a->width, a->width - 1 - a->width / 4, number);
	str_addf(s, " %s%s %s ", dash, dash, title);
	for (size_t i = strlen(title) + 5; i < LABEL_WIDTH + 2; i++)
		str_add(s, dash);
	for (size_t i = 0; i < a->width; i++)
		if (line[i] == '-' && (i + 1 == a->width || !strchr("0123456789.", line[i + 1])))
			str_add(s, dash);
		else
			str_addc(s, line[i]);
	str_addc(s, '\n');
}

void show_plot(struct str *s, const struct showing *w)
{
	const struct comparison *c = w->c;
	bool means = c->n_differences > 1;
	struct axis a = { .width = w->columns > LABEL_WIDTH + 4 ? w->columns - LABEL_WIDTH - 3 : 0,
		.unit = 0.01 };
	size_t n = 0;

	for (size_t i = 0; i < c->n_rows; i++)
		for (size_t k = 0; k < c->n_differences; k++) {
			const struct compare_difference *d = &c->rows[i].differences[k];

			if (means && !c->rows[i].mean)
				continue;
			if (!drawn(&c->rows[i], d))
				continue;
			a.reach = fmax(a.reach, fmax(fabs(d->low), fabs(d->high)));
			n++;
		}
	a.width = a.width > PLOT_MAX ? PLOT_MAX - 1 : a.width;
	a.width -= a.width % 2 == 0;
	if (!n || a.width < 21 || a.width > PLOT_MAX || !(a.reach > 0))
		return;
	a.reach = round_up(a.reach);
	ruler(s, w, &a, means ? "means, 95 %" : "points, 95 %");
	for (size_t i = 0; i < c->n_rows; i++)
		for (size_t k = 0; k < c->n_differences; k++) {
			const struct compare_difference *d = &c->rows[i].differences[k];
			char *label;

			if ((means && !c->rows[i].mean) || !drawn(&c->rows[i], d))
				continue;
			label = means ? show_column(c, k) : show_task(c, i);
			draw(s, w, &a, label, d);
			free(label);
		}
}
