#include "compare/making.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "compare/significance.h"

#define COLUMNS_TOLD 6 /* of more, only those with a real difference are spoken of */

struct sentences {
	char **v;
	size_t n, cap;
};

static void say(struct sentences *s, struct str *text)
{
	if (text->n)
		*vec_push(s) = str_steal(text);
	else
		str_fini(text);
}

/* ".006", "0.43 " of what is no share */
static void add_value(struct str *s, double v, bool share)
{
	char text[32];

	snprintf(text, sizeof text, share ? "%.3f" : "%.4g", fabs(v));
	str_add(s, share && *text == '0' ? text + 1 : text);
}

/* 104104 → "100,000" */
static void add_about(struct str *s, double v)
{
	double unit = pow(10, floor(log10(v)));
	char digits[48];
	size_t n;

	snprintf(digits, sizeof digits, "%.0f", v < 10 ? ceil(v) : round(v / unit) * unit);
	n = strlen(digits);
	for (size_t i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			str_addc(s, ',');
		str_addc(s, digits[i]);
	}
}

static bool counts(const struct compare_row *row, size_t column)
{
	return !row->mean && row->differences[column].known;
}

static const char *label(const struct comparison *c, size_t i)
{
	return c->variants[i].label;
}

static bool gains(const struct compare_row *row, const struct compare_difference *d)
{
	return (d->value > 0) != row->lower_better;
}

/* --- what is real --- */

static void add_gain(struct str *s, const struct compare_row *row,
	const struct compare_difference *d)
{
	str_addf(s, "on %s by ", row->task);
	if (row->share)
		str_addf(s, "%.*f points", fabs(d->value) < 0.001 ? 2 : 1, 100 * fabs(d->value));
	else
		str_addf(s, "%.3g of %s", fabs(d->value), row->metric);
	if (isfinite(d->relative_percent))
		str_addf(s, " (%.1f%%)", fabs(d->relative_percent));
}

/* "q4-hi is better on hellaswag by 2.1 points (3.3%), on piqa by …" */
static void add_better(struct str *s, const struct comparison *c, size_t column, bool of)
{
	bool first = true;

	for (size_t i = 0; i < c->n_rows; i++) {
		const struct compare_difference *d = &c->rows[i].differences[column];

		if (!counts(&c->rows[i], column) || d->verdict != VERDICT_REAL ||
			gains(&c->rows[i], d) != of)
			continue;
		if (first)
			str_addf(s, "%s%s is better ", str_ends(s->s, ": ") ? "" : "; ",
				label(c, of ? d->of : d->against));
		else
			str_add(s, ", ");
		add_gain(s, &c->rows[i], d);
		first = false;
	}
}

static void of_column(struct sentences *out, const struct comparison *c, size_t column)
{
	struct str s = STR_INIT;
	size_t all = 0, real = 0, of = c->rows[0].differences[column].of;
	size_t against = c->rows[0].differences[column].against;

	for (size_t i = 0; i < c->n_rows; i++)
		if (counts(&c->rows[i], column)) {
			all++;
			real += c->rows[i].differences[column].verdict == VERDICT_REAL;
		}
	if (!all || (c->n_differences > COLUMNS_TOLD && !real))
		return;
	if (c->n_differences > 1 && c->baseline == SIZE_MAX && !c->synergy)
		str_addf(&s, "%s against %s: ", label(c, of), label(c, against));
	else if (c->n_differences > 1)
		str_addf(&s, "%s: ", label(c, of));
	if (!real) {
		str_addf(&s, all == 1 ? "the one difference is not real." :
			"none of %zu differences is real.", all);
	} else {
		str_addf(&s, "%zu of %zu difference%s %s real: ", real, all, all == 1 ? "" : "s",
			real == 1 ? "is" : "are");
		add_better(&s, c, column, false);
		add_better(&s, c, column, true);
		str_addc(&s, '.');
	}
	if (c->n_differences == 1 && s.s[0] >= 'a' && s.s[0] <= 'z')
		s.s[0] -= 'a' - 'A';
	say(out, &s);
}

/* Of many columns, those without. */
static void none_real(struct sentences *out, const struct comparison *c)
{
	size_t none = 0;
	struct str s = STR_INIT;

	for (size_t k = 0; k < c->n_differences; k++) {
		size_t all = 0, real = 0;

		for (size_t i = 0; i < c->n_rows; i++) {
			all += counts(&c->rows[i], k);
			real += counts(&c->rows[i], k) &&
				c->rows[i].differences[k].verdict == VERDICT_REAL;
		}
		none += all && !real;
	}
	if (none && c->n_differences > COLUMNS_TOLD)
		str_addf(&s, "%zu of %zu columns have no real difference.", none,
			c->n_differences);
	say(out, &s);
}

static void suggestive(struct sentences *out, const struct comparison *c)
{
	struct str s = STR_INIT;

	for (size_t k = 0; k < c->n_differences; k++)
		for (size_t i = 0; i < c->n_rows; i++) {
			const struct compare_difference *d = &c->rows[i].differences[k];

			if (!counts(&c->rows[i], k) || d->verdict != VERDICT_SUGGESTIVE)
				continue;
			str_addf(&s, "%s%s", s.n ? ", " : "Suggestive, not more: ",
				c->rows[i].task);
			if (c->n_differences > 1)
				str_addf(&s, " of %s", label(c, d->of));
		}
	if (s.n)
		str_addc(&s, '.');
	say(out, &s);
}

/* --- what could be found at all --- */

/* The first difference that no task here is large enough to find. */
static void resolution(struct sentences *out, const struct comparison *c)
{
	const struct compare_row *first = NULL;
	double least = INFINITY, need;
	struct str s = STR_INIT;

	for (size_t i = 0; i < c->n_rows && c->n_differences == 1; i++) {
		const struct compare_row *row = &c->rows[i];
		const struct compare_difference *d = &row->differences[0];

		if (!counts(row, 0) || !row->share || isnan(d->p))
			continue;
		if (d->stderr_ > 0 && sig_resolves(d->stderr_) < least)
			least = sig_resolves(d->stderr_);
		if (!first && d->verdict == VERDICT_NOISE && d->value != 0 && d->n)
			first = row;
	}
	if (!first || fabs(first->differences[0].value) >= least)
		return;
	need = sig_questions(first->differences[0].value, first->differences[0].stderr_,
		(double)first->differences[0].n);
	str_add(&s, "No task here resolves ");
	add_value(&s, first->differences[0].value, true);
	str_addf(&s, ": %s would need about ", first->task);
	add_about(&s, need);
	str_add(&s, " questions.");
	say(out, &s);
}

/* --- what is not what it seems --- */

static void below(struct sentences *out, const struct comparison *c)
{
	for (size_t i = 0; i < c->n_rows; i++)
		for (size_t k = 0; k < c->n_variants; k++) {
			const struct compare_cell *x = &c->rows[i].cells[k];
			struct str s = STR_INIT;

			if (!x->known || x->sense != SENSE_BELOW)
				continue;
			str_addf(&s, "%s of %s (", c->rows[i].task, label(c, k));
			add_value(&s, x->value, true);
			str_add(&s, ") is below what no knowledge gets: protocol broken?");
			say(out, &s);
		}
}

static bool is_reason(const struct compare_difference *d, const char *word)
{
	return d->why_not && strstr(d->why_not, word);
}

static size_t count(const struct comparison *c, const char *reason)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_rows; i++)
		for (size_t k = 0; k < c->n_differences; k++)
			n += !c->rows[i].mean && is_reason(&c->rows[i].differences[k], reason);
	return n;
}

static void add_each(struct str *s, const struct comparison *c, bool quantization)
{
	bool first = true;

	str_add(s, " (");
	for (size_t i = 0; i < c->n_variants; i++) {
		const char *text = quantization ? c->variants[i].quantization :
			c->variants[i].protocol;

		if (text && *text)
			str_addf(s, "%s%s %s", first ? "" : ", ", label(c, i), text);
		first = first && !(text && *text);
	}
	if (first)
		str_add(s, "not said how");
	str_addc(s, ')');
}

static void not_subtracted(struct sentences *out, const struct comparison *c)
{
	size_t protocol = count(c, "other protocol"), quantization = count(c, "other quantization");
	size_t estimates = count(c, "estimate"), across = 0;
	struct str s = STR_INIT;

	if (protocol) {
		str_addf(&s, "Not subtracted: %zu measured differently", protocol);
		add_each(&s, c, false);
	}
	if (quantization) {
		str_addf(&s, "%s%zu in another quantization", s.n ? "; " : "Not subtracted: ",
			quantization);
		add_each(&s, c, true);
	}
	if (estimates)
		str_addf(&s, "%s%zu estimate%s", s.n ? "; " : "Not subtracted: ", estimates,
			estimates == 1 ? "" : "s");
	if (s.n)
		str_addc(&s, '.');
	say(out, &s);
	for (size_t i = 0; i < c->n_rows; i++)
		for (size_t k = 0; k < c->n_differences; k++)
			across += counts(&c->rows[i], k) && c->rows[i].differences[k].across;
	s = (struct str)STR_INIT;
	if (across)
		str_addf(&s, "%zu difference%s marked ! %s between figures that were measured "
			"differently.", across, across == 1 ? "" : "s", across == 1 ? "is" : "are");
	say(out, &s);
}

static size_t file_len(const char *source)
{
	const char *colon = strrchr(source, ':');

	return colon ? (size_t)(colon - source) : strlen(source);
}

/* Figures of two files that do not say how they were measured may or may not be alike. */
static bool unsaid(const struct compare_row *row, const struct compare_difference *d)
{
	const struct compare_cell *a = &row->cells[d->of], *b = &row->cells[d->against];

	if (row->mean || !d->known || a->protocol || b->protocol || !a->source || !b->source)
		return false;
	return file_len(a->source) != file_len(b->source) ||
		strncmp(a->source, b->source, file_len(a->source));
}

static void unsaid_all(struct sentences *out, const struct comparison *c)
{
	struct str s = STR_INIT;

	for (size_t i = 0; i < c->n_rows && !s.n; i++)
		for (size_t k = 0; k < c->n_differences && !s.n; k++) {
			const struct compare_difference *d = &c->rows[i].differences[k];

			if (unsaid(&c->rows[i], d))
				str_addf(&s,
					"How %s and %s were measured is not said: taken to be "
					"alike.",
					label(c, d->of), label(c, d->against));
		}
	say(out, &s);
}

static void fewer(struct sentences *out, const struct comparison *c)
{
	for (size_t i = 0; i < c->n_rows; i++)
		for (size_t k = 0; k < c->n_differences; k++) {
			const struct compare_difference *d = &c->rows[i].differences[k];
			struct str s = STR_INIT;
			int64_t most;

			if (c->rows[i].mean || !d->known || !d->paired)
				continue;
			most = c->rows[i].cells[d->of].n;
			if (c->rows[i].cells[d->against].n > most)
				most = c->rows[i].cells[d->against].n;
			if (d->n && d->n < most)
				str_addf(&s, "%s: of %" PRId64 " questions the %" PRId64 " that %s "
					"and %s both answered count.", c->rows[i].task, most, d->n,
					label(c, d->of), label(c, d->against));
			say(out, &s);
		}
}

static void empty(struct sentences *out, const struct making *m)
{
	const struct comparison *c = m->out;

	for (size_t i = 0; i < c->n_variants; i++) {
		struct str s = STR_INIT;
		bool known = false;

		for (size_t k = 0; k < c->n_rows && !known; k++)
			known = c->rows[k].cells[i].known;
		if (!known)
			str_addf(&s, m->ask->task && m->subjects.v[i].n_scores ?
				"No score of %s is of such a task." : "No scores are known of %s.",
				label(c, i));
		say(out, &s);
	}
	if (m->damaged) {
		struct str s = STR_INIT;

		str_addf(&s, "Answers of %zu figure%s are damaged and were not used: import them "
			"again.", m->damaged, m->damaged == 1 ? "" : "s");
		say(out, &s);
	}
	if (c->synergy && !c->n_differences) {
		struct str s = STR_INIT;

		str_add(&s, "Nothing is known of parents: the recipe, a model card or `base_model` "
			"names them.");
		say(out, &s);
	}
}

static void dominated(struct sentences *out, const struct comparison *c)
{
	struct str s = STR_INIT;
	size_t sized = 0, fronts = 0;

	for (size_t i = 0; i < c->n_variants; i++) {
		sized += c->variants[i].bytes != 0;
		fronts += c->variants[i].front;
	}
	for (size_t i = 0; i < c->n_variants && fronts && sized > 1; i++)
		if (c->variants[i].bytes && !c->variants[i].front)
			str_addf(&s, "%s%s", s.n ? ", " : "Not smaller or better than the others: ",
				label(c, i));
	if (s.n)
		str_addc(&s, '.');
	say(out, &s);
}

void making_sentences(struct making *m)
{
	struct comparison *c = m->out;
	struct sentences s = { 0 };

	empty(&s, m);
	for (size_t i = 0; c->n_rows && i < c->n_differences; i++)
		of_column(&s, c, i);
	none_real(&s, c);
	suggestive(&s, c);
	resolution(&s, c);
	below(&s, c);
	not_subtracted(&s, c);
	fewer(&s, c);
	unsaid_all(&s, c);
	dominated(&s, c);
	c->sentences = s.v;
	c->n_sentences = s.n;
}
