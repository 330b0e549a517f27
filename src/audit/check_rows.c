/* Averages and differences that stand in tables. */
#include "audit/audit_in.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"

#define CELLS_MAX 64

enum column { COL_LABEL, COL_VALUE, COL_DIFFERENCE, COL_MEAN, COL_OTHER };

static bool any_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (audit_word(text, *words))
			return true;
	return false;
}

static const char *const mean_words[] = { "avg", "average", "mean", NULL };

static enum column kind_of(const struct card_table *t, size_t i)
{
	static const char *const difference[] =
		{ "difference", "delta", "diff", "Δ", "gain", "gains",
		"change", "against", "vs", "versus", "synergy", "improvement", "relative",
		"percent", NULL };
	static const char *const other[] = { "questions", "n", "verdict", "p", "z", "se", "stderr",
		"shots", "n-shot", "recommendation", NULL };
	const char *title = audit_column(t, i);

	if (!i)
		return COL_LABEL;
	if (any_word(title, difference) || strstr(title, "Δ"))
		return COL_DIFFERENCE;
	return any_word(title, mean_words) ? COL_MEAN : any_word(title, other) ? COL_OTHER
		: COL_VALUE;
}

/* --- averages --- */

static void mean_is(struct audit_in *in, int64_t line, const char *of, double stated, double sum,
	size_t n)
{
	int decimals = audit_decimals(audit_line(in, line));
	double mean = sum / (double)n;
	bool right = audit_near(stated, mean, 2 * audit_half(decimals));
	char *claim = xasprintf("average of %s: %.*f", of, decimals, stated);

	audit_say(in, right ? AUDIT_RIGHT : AUDIT_WRONG, line, claim, json_number(stated),
		json_number(mean), right ? "the average of %zu values, %.*f / %zu, is %.*f"
		: "stated as the average; the %zu values sum to %.*f, divided by %zu that is %.*f",
		n,
		decimals, sum, n, decimals + (right ? 0 : 1), mean);
	free(claim);
}

static bool has_scores(const struct audit_in *in, int64_t line)
{
	for (size_t i = 0; i < in->scores.n; i++)
		if (in->scores.v[i].line == line && in->scores.v[i].share)
			return true;
	return false;
}

static void column_of_means(struct audit_in *in, const struct card_table *t, size_t column)
{
	const json_t *row;
	bool tasks = false;

	for (size_t i = 1; i < audit_columns(t); i++)
		tasks |= task_find(audit_column(t, i)) != NULL;
	for (size_t k = 0; (row = audit_row(t, k)); k++) {
		double stated = audit_cell_number(row, column), sum = 0;
		size_t n = 0;
		bool whole = true;

		for (size_t i = 1; i < audit_columns(t); i++) {
			double v = audit_cell_number(row, i);

			if (kind_of(t, i) != COL_VALUE || (tasks && !task_find(audit_column(t, i))))
				continue;
			whole &= !isnan(v);
			sum += v;
			n++;
		}
		if (!isnan(stated) && whole && n > 1)
			mean_is(in, audit_row_line(row), audit_cell_text(row, 0), stated, sum, n);
	}
}

static bool is_mean_row(const json_t *row)
{
	return any_word(audit_cell_text(row, 0), mean_words);
}

static void row_of_means(struct audit_in *in, const struct card_table *t, const json_t *mean)
{
	for (size_t i = 1; i < audit_columns(t); i++) {
		double stated = audit_cell_number(mean, i), sum = 0;
		size_t n = 0;
		bool whole = true;
		const json_t *row;

		if (kind_of(t, i) != COL_VALUE || isnan(stated))
			continue;
		for (size_t k = 0; (row = audit_row(t, k)); k++) {
			double v = audit_cell_number(row, i);

			if (row == mean || is_mean_row(row) || !has_scores(in, audit_row_line(row)))
				continue;
			whole &= !isnan(v);
			sum += v;
			n++;
		}
		if (whole && n > 1)
			mean_is(in, audit_row_line(mean), audit_column(t, i), stated, sum, n);
	}
}

/* --- differences --- */

struct difference_row {
	struct audit_in *in;
	const struct card_table *t;
	const json_t *row;
	int64_t line;
	double stated;
	int decimals;
	double v[CELLS_MAX];       /* the values before it */
	bool estimated[CELLS_MAX];
	size_t n;
	const struct task *task;
};

static bool is_estimated(const struct audit_in *in, int64_t line, double v)
{
	for (size_t i = 0; i < in->scores.n; i++) {
		const struct audit_score *s = &in->scores.v[i];

		if (s->line == line && s->estimated && (audit_near(s->value, v, 1e-9) ||
			audit_near(100 * s->value, v, 1e-7)))
			return true;
	}
	return false;
}

static const struct audit_score *score_at(const struct audit_in *in, int64_t line, double v)
{
	for (size_t i = 0; i < in->scores.n; i++) {
		const struct audit_score *s = &in->scores.v[i];

		if (s->line == line && s->share && (audit_near(s->value, v, 1e-9) ||
			audit_near(100 * s->value, v, 1e-7)))
			return s;
	}
	return NULL;
}

/* The row says that it is better, not only by how much. */
static bool claims_better(const struct difference_row *d, size_t column)
{
	const char *line = audit_line(d->in, d->line);

	return audit_find(line, "higher than") || audit_find(line, "better than")
		|| audit_find(audit_column(d->t, column), "synergy");
}

static char *claim_of(const struct difference_row *d)
{
	const char *label = audit_cell_text(d->row, 0);

	return xasprintf("%s%s%+.*f", label, *label ? ": " : "", d->decimals, d->stated);
}

/* What chance makes of the difference of two cells of the row. */
static bool chance_of(const struct difference_row *d, double a, double b,
	struct audit_difference *x)
{
	const struct audit_score *sa = score_at(d->in, d->line, a),
		*sb = score_at(d->in, d->line, b);

	return sa && sb && sa->variant != sb->variant &&
		audit_difference(d->in, sa->variant, sb->variant, sa->name, x);
}

static void is_right(const struct difference_row *d, size_t column, double a, double b)
{
	struct audit_difference x;
	bool known = chance_of(d, a, b, &x);
	char *claim = claim_of(d), *chance = known ? audit_chance(&x) : NULL;
	bool empty = known && claims_better(d, column) && strcmp(x.verdict, "real") != 0 &&
		*x.verdict;

	audit_say(d->in, empty ? AUDIT_UNSUPPORTED : AUDIT_RIGHT, d->line, claim,
		json_number(d->stated), json_number(a - b), "%.*f - %.*f is %+.*f%s%s%s",
		d->decimals, a,
		d->decimals, b, d->decimals, a - b,
		empty ? ", but no gain that could be told from chance: "
		: known && *chance ? "; " : "", known ? chance : "", "");
	free(chance);
	free(claim);
}

/* Why two cells of a row are no fair pair: " (measured in mxfp8, not in q8-hi)"; free(). */
static char *not_alike(const struct difference_row *d, double a, double b)
{
	const struct audit_score *sa = score_at(d->in, d->line, a),
		*sb = score_at(d->in, d->line, b);
	const char *qa = sa ? d->in->variants.v[sa->variant].quant : NULL;
	const char *qb = sb ? d->in->variants.v[sb->variant].quant : NULL;

	return qa && qb && strcasecmp(qa, qb) != 0 ? xasprintf(" (measured in %s, not in %s)", qb,
		qa) : xstrdup("");
}

static void estimate_used(const struct difference_row *d, double estimate, double best)
{
	double subject = d->v[d->n - 1];
	struct audit_difference x;
	bool known = chance_of(d, subject, best, &x);
	char *claim = claim_of(d), *chance = known ? audit_chance(&x) : xstrdup("");
	char *unlike = not_alike(d, subject, best);

	audit_say(d->in, AUDIT_WRONG, d->line, claim, json_number(d->stated),
		json_number(subject - best), "%.*f is an estimate and enters no difference: "
		"against the best that was measured, %.*f%s, it is %+.*f%s%s", d->decimals,
		estimate,
		d->decimals, best, unlike, d->decimals, subject - best, *chance ? "; " : "",
		chance);
	free(unlike);
	free(chance);
	free(claim);
}

/* Against the best of several: the last value is the one that is praised. */
static void against_best(const struct difference_row *d, size_t column)
{
	double subject = d->v[d->n - 1], best = NAN, best_any = NAN;
	double tolerance = 3 * audit_half(d->decimals);
	bool guess = false;
	char *claim;

	for (size_t i = 0; i + 1 < d->n; i++) {
		if (!(d->v[i] <= best_any)) {
			best_any = d->v[i];
			guess = d->estimated[i];
		}
		if (!d->estimated[i] && !(d->v[i] <= best))
			best = d->v[i];
	}
	if (isnan(best) || d->estimated[d->n - 1])
		return;
	if (audit_near(d->stated, subject - best, tolerance)) {
		is_right(d, column, subject, best);
	} else if (guess && audit_near(d->stated, subject - best_any, tolerance)) {
		estimate_used(d, best_any, best);
	} else if (claims_better(d, column)) {
		claim = claim_of(d);
		audit_say(d->in, AUDIT_WRONG, d->line, claim, json_number(d->stated),
			json_number(subject - best), "%.*f - %.*f, the best of the others, is "
			"%+.*f", d->decimals, subject, d->decimals, best, d->decimals,
			subject - best);
		free(claim);
	}
}

/* In percent, of a value of the same row or of the same column in another row. */
static bool is_relative(const struct difference_row *d, size_t column)
{
	double tolerance = 0.02 * fabs(d->stated) + 2 * audit_half(audit_decimals(audit_line(d->in,
		d->line)) < 2 ? 1 : 2);
	const json_t *row;

	if (!strchr(audit_line(d->in, d->line), '%') && !strchr(audit_column(d->t, column), '%'))
		return false;
	for (size_t k = 0; (row = audit_row(d->t, k)); k++)
		for (size_t i = 1; i < audit_columns(d->t); i++) {
			double v = audit_cell_number(row, i), own = audit_cell_number(d->row, i);
			double percent = 100 * (own / v - 1);

			if (i == column || row == d->row || !(v > 0) || isnan(own) ||
				!audit_near(d->stated, percent, tolerance))
				continue;
			char *claim = claim_of(d);
			audit_say(d->in, AUDIT_RIGHT, d->line, claim, json_number(d->stated),
				json_number(percent), "%g against %g is %+.2f %%", own, v, percent);
			free(claim);
			return true;
		}
	return false;
}

/* "-3.3%" behind 0.611 and 0.632; "-2.1%" would be points. */
static void percent_of_two(const struct difference_row *d, size_t column)
{
	double a = d->v[0], b = d->v[1], is = 100 * (a / b - 1), back = 100 * (b / a - 1);
	double tolerance = 2 * audit_half(audit_decimals(audit_stated(d->row, column))) +
		0.01 * fabs(is);
	double points = fabs(a - b) * (fmax(a, b) <= 1 ? 100 : 1);
	bool right = audit_near(d->stated, is, tolerance) || audit_near(d->stated, back, tolerance);
	char *claim;

	if (!right && is_relative(d, column))
		return;
	claim = claim_of(d);
	if (right)
		audit_say(d->in, AUDIT_RIGHT, d->line, claim, json_number(d->stated),
			json_number(is), "%g and %g differ by %.2f %%", a, b, fabs(is));
	else if (audit_near(fabs(d->stated), points, tolerance))
		audit_say(d->in, AUDIT_MISLEADING, d->line, claim, json_number(d->stated),
			json_number(is), "%g and %g differ by %.1f points, which is %.2f %%: "
			"points are not percent", a, b, points, fabs(is));
	else
		audit_say(d->in, AUDIT_WRONG, d->line, claim, json_number(d->stated),
			json_number(is), "%g and %g differ by %.2f %%", a, b, fabs(is));
	free(claim);
}

static void two_values(const struct difference_row *d, size_t column)
{
	double a = d->v[0], b = d->v[1], tolerance = 3 * audit_half(d->decimals);
	char *claim;

	if (d->estimated[0] || d->estimated[1]) {
		claim = claim_of(d);
		audit_say(d->in, AUDIT_UNSUPPORTED, d->line, claim, json_number(d->stated), NULL,
			"one of both values is an estimate, which enters no difference");
		free(claim);
	} else if (audit_near(d->stated, a - b, tolerance)) {
		is_right(d, column, a, b);
	} else if (audit_near(d->stated, b - a, tolerance)) {
		is_right(d, column, b, a);
	} else if (strchr(audit_stated(d->row, column), '%') || strchr(audit_column(d->t, column),
		'%')) {
		percent_of_two(d, column);
	} else if (!is_relative(d, column)) {
		claim = claim_of(d);
		audit_say(d->in, AUDIT_WRONG, d->line, claim, json_number(d->stated),
			json_number(a - b), "%.*f - %.*f is %+.*f", d->decimals, a, d->decimals, b,
			d->decimals, a - b);
		free(claim);
	}
}

static void difference_cell(struct audit_in *in, const struct card_table *t, const json_t *row,
	size_t column)
{
	struct difference_row d = { .in = in, .t = t, .row = row, .line = audit_row_line(row),
		.stated = audit_cell_number(row, column) };
	bool values = false;

	if (isnan(d.stated))
		return;
	d.decimals = audit_decimals(audit_line(in, d.line));
	for (size_t i = 1; i < column && d.n < CELLS_MAX; i++) {
		double v = audit_cell_number(row, i);

		if (kind_of(t, i) != COL_VALUE || isnan(v))
			continue;
		d.estimated[d.n] = is_estimated(in, d.line, v);
		d.v[d.n++] = v;
	}
	for (size_t i = 0; i < d.n; i++)
		values |= d.v[i] != 0;
	if (d.n == 2 && values && strcmp(t->kind, "scores") == 0)
		two_values(&d, column);
	else if (d.n > 2 && strcmp(t->kind, "scores") == 0)
		against_best(&d, column);
	else if (d.n)
		is_relative(&d, column);
}

void audit_check_rows(struct audit_in *in)
{
	for (size_t k = 0; k < in->c->tables.n; k++) {
		const struct card_table *t = &in->c->tables.v[k];
		const json_t *row;

		if (strcmp(t->kind, "scores") != 0 && strcmp(t->kind, "other") != 0 &&
			strcmp(t->kind, "quants") != 0)
			continue;
		for (size_t i = 1; i < audit_columns(t); i++)
			if (kind_of(t, i) == COL_MEAN)
				column_of_means(in, t, i);
		for (size_t r = 0; (row = audit_row(t, r)); r++) {
			if (is_mean_row(row))
				row_of_means(in, t, row);
			for (size_t i = 1; i < audit_columns(t); i++)
				if (kind_of(t, i) == COL_DIFFERENCE)
					difference_cell(in, t, row, i);
		}
	}
}
