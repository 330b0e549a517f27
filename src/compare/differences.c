#include "compare/making.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "compare/significance.h"

#define ROUNDS 2000   /* of the bootstrap */
#define ROUNDS_LEAST 20 /* answers that are resampled; of fewer, Student's interval is wider */
#define COLUMNS_MANY 8 /* of more, intervals are by the error: a screen of them is there at once */

static const char not_measured[] = "not measured", an_estimate[] = "an estimate",
	other_protocol[] = "other protocol", other_quantization[] = "other quantization";

/* --- may they be subtracted --- */

/* One model stored in two ways: what differs is what is compared. */
static bool same_source(const struct subject *a, const struct subject *b)
{
	return (a->root && a->root == b->root) || str_eq(a->stem, b->stem);
}

static const char *apart(const struct making *m, const struct compare_row *row, size_t of,
	size_t against)
{
	const struct subject *a = &m->subjects.v[of], *b = &m->subjects.v[against];

	if (!str_eq(row->cells[of].protocol, row->cells[against].protocol))
		return other_protocol;
	/* What is not said is taken to be not quantized. */
	if (!same_source(a, b) && !str_eq(a->quantization ? a->quantization : "",
		b->quantization ? b->quantization : ""))
		return other_quantization;
	return NULL;
}

static const char *why_not(const struct compare_row *row, size_t of, size_t against)
{
	const struct compare_cell *a = &row->cells[of], *b = &row->cells[against];

	if (!a->known || !b->known)
		return not_measured;
	return a->estimated || b->estimated ? an_estimate : NULL;
}

/* --- the same questions --- */

struct matched {
	double *d;                 /* of - against, each question */
	double *of, *against;
	size_t n;
	bool right_or_wrong;
};

static void match(struct matched *x, const struct catalog_answers *a,
	const struct catalog_answers *b)
{
	size_t most = a->n < b->n ? a->n : b->n, i = 0, k = 0;

	*x = (struct matched){ .d = xnew(double, most + 1), .of = xnew(double, most + 1),
		.against = xnew(double, most + 1), .right_or_wrong = true };
	while (i < a->n && k < b->n) {
		if (a->keys[i] == b->keys[k] && isfinite(a->values[i]) && isfinite(b->values[k])) {
			double of = a->values[i], against = b->values[k];

			x->right_or_wrong &= (of == 0 || of == 1) && (against == 0 || against == 1);
			x->of[x->n] = of;
			x->against[x->n] = against;
			x->d[x->n++] = of - against;
		}
		if (a->keys[i] < b->keys[k])
			i++;
		else if (b->keys[k] < a->keys[i])
			k++;
		else
			i++, k++;
	}
}

/* Both have answers, and none to the same question: asked with another prompt, or other ones. */
static bool disjoint(const struct catalog_answers *a, const struct catalog_answers *b)
{
	size_t i = 0, k = 0;

	while (i < a->n && k < b->n && a->keys[i] != b->keys[k])
		if (a->keys[i] < b->keys[k])
			i++;
		else
			k++;
	return a->n && b->n && (i == a->n || k == b->n);
}

static void match_fini(struct matched *x)
{
	free(x->d);
	free(x->of);
	free(x->against);
}

static double mean_of(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return sum / (double)n;
}

static void take(struct compare_difference *d, const struct sig_test *t)
{
	d->stderr_ = t->stderr_;
	d->z = t->z;
	d->p = t->p;
	d->low = t->low;
	d->high = t->high;
}

/* Values are mean nats of a piece of text, the score is exp of their mean: differences become
 * factors. */
static void scale_perplexity(struct compare_difference *d, double of, double against)
{
	d->value = of - against;
	d->stderr_ *= of;
	d->low = against * expm1(d->low);
	d->high = against * expm1(d->high);
}

static bool paired(const struct making *m, const struct compare_row *row,
	const struct catalog_answers *a, const struct catalog_answers *b,
	struct compare_difference *d)
{
	const struct compare_cell *of = &row->cells[d->of], *against = &row->cells[d->against];
	bool text = str_starts(row->metric, "perplexity"); /* n are tokens, answers are pieces */
	int64_t n = (int64_t)(a->n < b->n ? a->n : b->n);
	int64_t fewer = text ? n : of->n && (!against->n || of->n < against->n) ? of->n
		: against->n;
	struct matched x;
	struct sig_test t;
	uint64_t only_of = 0, only_against = 0;

	match(&x, a, b);
	/* With half of the questions, or fewer, the whole of both tells as much. */
	if (x.n < 2 || 2 * (int64_t)x.n < fewer) {
		match_fini(&x);
		return false;
	}
	for (size_t i = 0; i < x.n; i++) {
		only_of += x.d[i] > 0;
		only_against += x.d[i] < 0;
	}
	t = x.right_or_wrong ? sig_mcnemar(only_of, only_against, x.n) : sig_paired(x.d, x.n);
	if (m->out->n_differences <= COLUMNS_MANY && x.n >= ROUNDS_LEAST)
		sig_bootstrap(x.d, x.n, m->ask->seed, hash64_bytes(row->task, strlen(row->task)),
			ROUNDS, &t.low, &t.high);
	take(d, &t);
	if (text && fabs(log(of->value) - mean_of(x.of, x.n)) < 0.2)
		scale_perplexity(d, exp(mean_of(x.of, x.n)), exp(mean_of(x.against, x.n)));
	else if ((int64_t)x.n != of->n || (int64_t)x.n != against->n)
		d->value = t.difference;
	d->paired = true;
	d->n = text ? 0 : (int64_t)x.n;
	d->items = x.right_or_wrong ? llabs((long long)only_of - (long long)only_against) : 0;
	if (!x.right_or_wrong && row->share)
		d->items = llround(fabs(d->value) * (double)x.n);
	match_fini(&x);
	return true;
}

static void unpaired(const struct compare_row *row, struct compare_difference *d)
{
	const struct compare_cell *a = &row->cells[d->of], *b = &row->cells[d->against];
	struct sig_test t = sig_unpaired(a->value, a->stderr_, b->value, b->stderr_);

	if (row->share && a->n > 1 && b->n > 1) {
		/* A share of 0 or 1 has a stated error of 0. */
		if (!(a->stderr_ > 0) || !(b->stderr_ > 0))
			t = sig_shares(a->value, (double)a->n, b->value, (double)b->n);
		else if (sig_few(a->value, (double)a->n, b->value, (double)b->n))
			t.p = sig_shares(a->value, (double)a->n, b->value, (double)b->n).p;
	}
	take(d, &t);
	d->bound = !isnan(t.p);
	if (row->share && a->n && a->n == b->n) {
		d->n = a->n;
		d->items = llround(fabs(d->value) * (double)a->n);
	}
}

static bool tells_nothing(const struct compare_cell *c)
{
	return c->sense == SENSE_CHANCE || c->sense == SENSE_MAJORITY;
}

static struct compare_difference subtract(const struct making *m, const struct compare_row *row,
	const struct catalog_answers *answers, size_t of, size_t against)
{
	const struct compare_cell *a = &row->cells[of], *b = &row->cells[against];
	struct compare_difference d = { .of = of, .against = against, .value = NAN, .low = NAN,
		.relative_percent = NAN, .stderr_ = NAN, .z = NAN, .p = NAN, .p_holm = NAN,
		.high = NAN };
	const char *differ;

	d.why_not = why_not(row, of, against);
	if (d.why_not)
		return d;
	differ = apart(m, row, of, against);
	if (!differ && disjoint(&answers[of], &answers[against]))
		differ = other_protocol;
	d.across = differ != NULL;
	if (differ && !m->ask->across_protocols) {
		d.why_not = differ;
		return d;
	}
	d.known = true;
	d.value = a->value - b->value;
	if (!answers[of].n || !answers[against].n ||
		!paired(m, row, &answers[of], &answers[against], &d))
		unpaired(row, &d);
	if (b->value != 0)
		d.relative_percent = 100 * d.value / fabs(b->value);
	if (tells_nothing(a) && tells_nothing(b))
		d.verdict = VERDICT_NO_INFORMATION;
	return d;
}

/* --- columns --- */

struct column {
	size_t of, against;        /* against SIZE_MAX: the best parent */
};
struct columns {
	struct column *v;
	size_t n, cap;
};

static bool has_parents(const struct making *m, size_t i)
{
	for (size_t k = 0; m->parent && k < m->subjects.n; k++)
		if (m->parent[i * m->subjects.n + k])
			return true;
	return false;
}

static void list_columns(const struct making *m, struct columns *c)
{
	size_t n = m->subjects.n;

	if (m->ask->against == AGAINST_EACH) {
		for (size_t i = 0; i < n; i++)
			for (size_t k = i + 1; k < n; k++)
				*vec_push(c) = (struct column){ k, i };
	} else if (m->ask->against == AGAINST_PARENT) {
		for (size_t i = 0; i < n; i++)
			if (has_parents(m, i))
				*vec_push(c) = (struct column){ i, SIZE_MAX };
	} else {
		for (size_t i = 0; i < n && m->out->baseline != SIZE_MAX; i++)
			if (i != m->out->baseline)
				*vec_push(c) = (struct column){ i, m->out->baseline };
	}
}

/* The best of those that may be subtracted, else the best that was measured, else any. */
static size_t best_parent(const struct making *m, const struct compare_row *row, size_t of)
{
	size_t n = m->subjects.n, best = SIZE_MAX;
	int best_rank = -1;

	for (size_t k = 0; k < n; k++) {
		const char *no;
		double gain;
		int rank;

		if (!m->parent[of * n + k])
			continue;
		no = why_not(row, of, k);
		rank = no == not_measured ? 0 : no ? 1 : apart(m, row, of, k) &&
			!m->ask->across_protocols ? 2 : 3;
		gain = best == SIZE_MAX ? 0 : row->cells[k].value - row->cells[best].value;
		if (rank > best_rank || (rank == best_rank && rank > 1 &&
			(row->lower_better ? gain < 0 : gain > 0))) {
			best = k;
			best_rank = rank;
		}
	}
	return best;
}

/* --- rows --- */

static struct catalog_answers *load_answers(struct making *m, struct compare_row *row)
{
	size_t n = m->subjects.n;
	struct catalog_answers *v = xnew(struct catalog_answers, n);

	for (size_t i = 0; i < n && n > 1; i++) {
		if (!row->cells[i].known || row->cells[i].estimated)
			continue;
		/* Damaged ones are as none: the figure stands by itself. */
		m->damaged += !catalog_answers(m->c, row->cells[i].score, &v[i], NULL);
		row->cells[i].answers = v[i].n > 0;
	}
	return v;
}

static void free_answers(struct catalog_answers *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		catalog_answers_fini(&v[i]);
	free(v);
}

/* What would be found at all: the widest of the columns; without any, of two such figures. */
static double resolves(const struct making *m, const struct compare_row *row)
{
	double most = NAN;

	for (size_t i = 0; i < m->out->n_differences; i++)
		if (row->differences[i].known && !(row->differences[i].stderr_ <= most))
			most = row->differences[i].stderr_;
	for (size_t i = 0; isnan(most) && i < m->subjects.n; i++)
		if (row->cells[i].known && !row->cells[i].estimated)
			most = M_SQRT2 * row->cells[i].stderr_;
	return most > 0 ? sig_resolves(most) : NAN;
}

static void judge(struct compare_difference *d, double holm)
{
	d->p_holm = holm;
	if (holm < 0.05)
		d->verdict = VERDICT_REAL;
	else if (holm < 0.10 || d->p < 0.05)
		d->verdict = VERDICT_SUGGESTIVE;
	else if (!isnan(d->p))
		d->verdict = VERDICT_NOISE;
}

/* Holm over the tasks of one column. */
static void judge_column(struct comparison *out, size_t column)
{
	double *p = xnew(double, out->n_rows + 1);

	for (size_t i = 0; i < out->n_rows; i++) {
		const struct compare_difference *d = &out->rows[i].differences[column];

		p[i] = d->known && d->verdict != VERDICT_NO_INFORMATION ? d->p : NAN;
	}
	sig_holm(p, out->n_rows);
	for (size_t i = 0; i < out->n_rows; i++) {
		struct compare_difference *d = &out->rows[i].differences[column];

		if (d->known && d->verdict != VERDICT_NO_INFORMATION)
			judge(d, p[i]);
	}
	free(p);
}

/* --- the mean --- */

/* The first row of each task that everybody has; parts of a group that is a row itself are left
 * out. */
static size_t rows_of_mean(const struct comparison *out, size_t *at)
{
	const char *group = NULL, *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < out->n_rows && out->rows[i].share; i++) {
		const struct compare_row *row = &out->rows[i];
		size_t k, len = group ? strlen(group) : 0;

		if (str_eq(last, row->task) || (group && str_starts(row->task, group) &&
			row->task[len] == '_'))
			continue;
		for (k = 0; k < out->n_variants && row->cells[k].known && !row->cells[k].estimated;)
			k++;
		if (k < out->n_variants)
			continue;
		at[n++] = i;
		group = last = row->task;
	}
	return n;
}

static void mean_cell(const struct comparison *out, const size_t *at, size_t n, size_t variant,
	struct compare_cell *c)
{
	double sum = 0, squares = 0;
	bool same = true;

	for (size_t i = 0; i < n; i++) {
		const struct compare_cell *x = &out->rows[at[i]].cells[variant];

		sum += x->value;
		squares += x->stderr_ * x->stderr_;
		same &= str_eq(x->protocol, out->rows[at[0]].cells[variant].protocol);
	}
	*c = (struct compare_cell){ .known = true, .value = sum / (double)n,
		.stderr_ = sqrt(squares) / (double)n };
	if (same && out->rows[at[0]].cells[variant].protocol)
		c->protocol = xstrdup(out->rows[at[0]].cells[variant].protocol);
}

/* The row's own one, if it is against the same; the best parent of a row may be another. */
static struct compare_difference of_row(struct making *m, struct compare_row *row, size_t column,
	struct column c)
{
	struct catalog_answers *answers;
	struct compare_difference d;

	if (row->differences[column].against == c.against)
		return row->differences[column];
	answers = load_answers(m, row);
	d = subtract(m, row, answers, c.of, c.against);
	free_answers(answers, m->subjects.n);
	return d;
}

static struct compare_difference mean_difference(struct making *m, const size_t *at, size_t n,
	const struct compare_row *mean, size_t column, struct column c)
{
	struct compare_difference d = { .of = c.of, .against = c.against, .value = NAN,
		.relative_percent = NAN, .p_holm = NAN, .known = true, .paired = true };
	struct sig_test t;
	double squares = 0;

	for (size_t i = 0; i < n; i++) {
		struct compare_difference x = of_row(m, &m->out->rows[at[i]], column, c);

		if (!x.known)
			return x;
		squares += x.stderr_ * x.stderr_;
		d.across |= x.across;
		d.paired &= x.paired;
	}
	d.value = mean->cells[c.of].value - mean->cells[c.against].value;
	d.relative_percent = 100 * d.value / mean->cells[c.against].value;
	t = sig_unpaired(d.value, sqrt(squares) / (double)n, 0, 0);
	take(&d, &t);
	d.bound = !d.paired && !isnan(d.p);
	judge(&d, d.p);
	d.p_holm = NAN;
	return d;
}

static void add_mean(struct making *m, const struct columns *columns)
{
	struct comparison *out = m->out;
	size_t *at = xnew(size_t, out->n_rows + 1), n = rows_of_mean(out, at), place = 0;
	struct compare_row row = { .mean = true, .share = true, .tasks = n };
	const char *metric = n ? out->rows[at[0]].metric : "";

	if (n < 2) {
		free(at);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (!str_eq(out->rows[at[i]].metric, metric))
			metric = "share";
	row.task = xstrdup("mean");
	row.metric = xstrdup(metric);
	row.cells = xnew(struct compare_cell, out->n_variants);
	row.differences = xnew(struct compare_difference, columns->n + 1);
	for (size_t i = 0; i < out->n_variants; i++)
		mean_cell(out, at, n, i, &row.cells[i]);
	for (size_t i = 0; i < columns->n; i++) {
		struct column c = columns->v[i];

		if (c.against == SIZE_MAX)
			c.against = best_parent(m, &row, c.of);
		row.differences[i] = mean_difference(m, at, n, &row, i, c);
	}
	row.resolves = resolves(m, &row);
	while (place < out->n_rows && out->rows[place].share)
		place++;
	out->rows = xrealloc(out->rows, (out->n_rows + 1) * sizeof *out->rows);
	memmove(&out->rows[place + 1], &out->rows[place], (out->n_rows - place) * sizeof row);
	out->rows[place] = row;
	out->n_rows++;
	free(at);
}

void making_differences(struct making *m)
{
	struct comparison *out = m->out;
	struct columns columns = { 0 };

	list_columns(m, &columns);
	out->n_differences = columns.n;
	for (size_t i = 0; i < out->n_rows; i++) {
		struct compare_row *row = &out->rows[i];
		struct catalog_answers *answers = load_answers(m, row);

		row->differences = xnew(struct compare_difference, columns.n + 1);
		for (size_t k = 0; k < columns.n; k++) {
			struct column c = columns.v[k];

			if (c.against == SIZE_MAX)
				c.against = best_parent(m, row, c.of);
			row->differences[k] = subtract(m, row, answers, c.of, c.against);
		}
		free_answers(answers, m->subjects.n);
		row->resolves = resolves(m, row);
	}
	for (size_t k = 0; k < columns.n; k++)
		judge_column(out, k);
	add_mean(m, &columns);
	vec_fini(&columns);
}
