#include "compare/making.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "compare/significance.h"
#include "import/import.h"
#include "catalog/task.h"

/* One figure of one subject. */
struct said {
	const struct catalog_score *score;
	size_t subject;
	char *metric;              /* with its filter: "exact_match,strict-match" */
	char *measured;
	int64_t limit;
	bool share;
};

static bool making_lower_better(const char *metric)
{
	static const char *const words[] = { "perplexity", "nll", "kld", "loss", "bits_per_byte",
		"delta_p_rms", "brier", "rmse", "error" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strstr(metric, words[i]))
			return true;
	return str_eq(metric, "ppl");
}

/* Those a reader looks for first. */
static int metric_rank(const char *metric)
{
	static const char *const order[] =
		{ "acc", "acc_norm", "score", "exact_match", "perplexity" };
	int n = sizeof order / sizeof order[0];

	for (int i = 0; i < n; i++)
		if (str_starts(metric, order[i]) && strcspn(metric, ",") == strlen(order[i]))
			return i;
	return n;
}

static int by_row(const void *a, const void *b)
{
	const struct said *x = a, *y = b;
	int c;

	if (x->share != y->share)
		return x->share ? -1 : 1;
	if ((c = strcmp(x->score->task, y->score->task)))
		return c;
	if ((c = metric_rank(x->metric) - metric_rank(y->metric)))
		return c;
	if ((c = strcmp(x->metric, y->metric)))
		return c;
	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	if (x->score->estimated != y->score->estimated)
		return x->score->estimated ? 1 : -1;
	return x->score->id > y->score->id ? -1 : 1;
}

static struct said read_said(const struct catalog_score *s, size_t subject)
{
	json_t *p = s->protocol ? json_parse(s->protocol, strlen(s->protocol), "protocol", false,
		NULL) : NULL;
	const char *filter = json_text(p, "filter", NULL);
	struct said x = { .score = s, .subject = subject, .measured = protocol_measured(p),
		.share = import_is_share(s->task, s->metric) };
	double limit = json_num(p, "limit", 0);

	x.metric = filter ? xasprintf("%s,%s", s->metric, filter) : xstrdup(s->metric);
	x.limit = limit >= 1 && limit < 1e15 ? (int64_t)limit : limit > 0 ? -1 : 0;
	json_decref(p);
	return x;
}

static bool wanted(const struct making *m, const struct catalog_score *s)
{
	return isfinite(s->value) && (!m->ask->task || strcasestr(s->task, m->ask->task));
}

/* --- one cell --- */

static int64_t questions(const struct said *x)
{
	const struct task *t = x->share ? task_find(x->score->task) : NULL;

	if (x->score->n > 0 || !t || x->limit < 0)
		return x->score->n > 0 ? x->score->n : 0;
	return x->limit && x->limit < t->questions ? x->limit : t->questions;
}

/* Is this near, below or far from what asks for no knowledge? Only where a value is a share of
 * right answers. */
static enum compare_sense sense_of(const struct said *x, const struct compare_cell *c)
{
	const struct task *t = task_find(x->score->task);
	double reach = 2 * c->stderr_, least;
	const char *m = x->metric;

	if (!x->share || !t || isnan(c->stderr_) || (!str_starts(m, "acc") && !str_eq(m, "score") &&
		!str_eq(m, "mc1") && !str_starts(m, "exact_match")))
		return SENSE_FULL;
	if (fabs(c->value - t->majority) <= reach)
		return SENSE_MAJORITY;
	if (fabs(c->value - t->chance) <= reach)
		return SENSE_CHANCE;
	least = isnan(t->majority) ? t->chance : t->majority;
	return c->value < least - reach ? SENSE_BELOW : SENSE_FULL;
}

static void fill(struct compare_cell *c, const struct said *x)
{
	const struct catalog_score *s = x->score;

	*c = (struct compare_cell){ .known = true, .score = s->id, .value = s->value,
		.stderr_ = s->stderr_, .n = questions(x), .estimated = s->estimated };
	if (isnan(c->stderr_) && x->share && c->n && !s->estimated && s->value >= 0 &&
		s->value <= 1)
		c->stderr_ = sig_share_stderr(s->value, (double)c->n);
	c->sense = s->estimated ? SENSE_FULL : sense_of(x, c);
	if (*x->measured)
		c->protocol = xstrdup(x->measured);
	if (s->source)
		c->source = str_safe(str_base(s->source));
	if (s->source && s->line) {
		char *file = c->source;

		c->source = xasprintf("%s:%" PRId64, file, s->line);
		free(file);
	}
}

/* --- one row --- */

/* Which of several ways of measuring most variants share; of equal ones the newest. */
static const char *common(const struct said *v, size_t n)
{
	const char *best = NULL;
	size_t most = 0;
	int64_t newest = 0;

	for (size_t i = 0; i < n; i++) {
		size_t count = 0, last = SIZE_MAX;

		if (v[i].score->estimated || (i && v[i].subject == v[i - 1].subject &&
			!v[i - 1].score->estimated && str_eq(v[i].measured, v[i - 1].measured)))
			continue;
		if (i >= 64 && best) /* somebody measured one thing very often */
			break;
		for (size_t k = 0; k < n; k++)
			if (v[k].subject != last && !v[k].score->estimated &&
				str_eq(v[k].measured, v[i].measured)) {
				last = v[k].subject;
				count++;
			}
		if (count > most || (count == most && v[i].score->id > newest)) {
			most = count;
			best = v[i].measured;
			newest = v[i].score->id;
		}
	}
	return best;
}

/* Those of one subject come together, measured before estimated, newest first. */
static void choose(struct compare_row *row, const struct said *v, size_t n)
{
	const char *best = common(v, n);

	for (size_t i = 0; i < n; i++) {
		const struct said *use = &v[i];
		size_t k = i;

		for (; k < n && v[k].subject == v[i].subject; k++)
			if (!v[k].score->estimated && str_eq(v[k].measured, best)) {
				use = &v[k];
				break;
			}
		fill(&row->cells[use->subject], use);
		while (i + 1 < n && v[i + 1].subject == use->subject)
			i++;
	}
}

static int64_t common_n(const struct compare_row *row, size_t n)
{
	int64_t all = 0;

	for (size_t i = 0; i < n; i++) {
		if (!row->cells[i].known)
			continue;
		if (!row->cells[i].n || (all && row->cells[i].n != all))
			return 0;
		all = row->cells[i].n;
	}
	return all;
}

void making_cells(struct making *m)
{
	struct { struct said *v; size_t n, cap; } all = { 0 };
	struct { struct compare_row *v; size_t n, cap; } rows = { 0 };
	size_t n_variants = m->subjects.n, end;

	for (size_t i = 0; i < n_variants; i++)
		for (size_t k = 0; k < m->subjects.v[i].n_scores; k++)
			if (wanted(m, &m->subjects.v[i].scores[k]))
				*vec_push(&all) = read_said(&m->subjects.v[i].scores[k], i);
	if (all.n)
		qsort(all.v, all.n, sizeof *all.v, by_row);
	for (size_t i = 0; i < all.n; i = end) {
		struct compare_row *row = vec_push(&rows);

		for (end = i + 1;
			end < all.n && str_eq(all.v[end].score->task, all.v[i].score->task) &&
			str_eq(all.v[end].metric, all.v[i].metric);)
			end++;
		row->task = str_safe(all.v[i].score->task);
		row->metric = str_safe(all.v[i].metric);
		row->share = all.v[i].share;
		row->lower_better = making_lower_better(all.v[i].metric);
		row->resolves = NAN;
		row->cells = xnew(struct compare_cell, n_variants);
		choose(row, &all.v[i], end - i);
		row->n = common_n(row, n_variants);
	}
	for (size_t i = 0; i < all.n; i++) {
		free(all.v[i].metric);
		free(all.v[i].measured);
	}
	vec_fini(&all);
	m->out->rows = rows.v;
	m->out->n_rows = rows.n;
}
