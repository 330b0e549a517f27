/* Scores side by side: what compare/ says of them, as data. */
#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "report/report_in.h"

void report_set(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, text && *text ? json_textn(text) : json_null());
}

void report_put(json_t *o, const char *key, json_t *v)
{
	json_object_set_new(o, key, v);
}

/* A number as short as it can be said with at most so many decimals; nothing for NaN. free() */
static char *report_decimals(double v, int most)
{
	char text[400] = "";

	for (int n = 0; isfinite(v) && n <= most; n++) {
		snprintf(text, sizeof text, "%.*f", n, v);
		if (fabs(strtod(text, NULL) - v) <= 1e-12)
			break;
	}
	return xstrdup(text);
}

/* --- what is compared --- */

#define MOST_VARIANTS 16

struct words {
	vec(const char *) v;
	vec(char *) own;
};

static void add_word(struct words *w, const char *word)
{
	for (size_t i = 0; word && i < w->v.n; i++)
		if (!strcasecmp(w->v.v[i], word))
			return;
	if (word)
		*vec_push(&w->v) = word;
}

/* A name of digits alone would be a run's number. */
static const char *word_of(struct words *w, const struct report *r, const struct subject *s)
{
	const char *word;

	if (s->model || s->run) {
		char *text = s->model ? xstrdup(s->model->path) :
			xasprintf("%" PRId64, s->run->id);

		*vec_push(&w->own) = text;
		return text;
	}
	word = report_measured_word(r, 0, 0, s->word);
	return word;
}

/* Of parents that nobody measured, theirs. */
static void add_parents(struct words *w, const struct report *r, size_t node, int depth)
{
	size_t from, to;

	report_edges(r, node, &from, &to);
	for (size_t i = from; i < to && w->v.n < MOST_VARIANTS; i++) {
		const struct lineage_node *p = &r->lineage->nodes[r->lineage->edges[i].parent];
		const char *word = report_measured_word(r, p->model, 0, p->name);

		if (p->model && word)
			for (size_t k = 0; k < r->n_models; k++)
				if (r->models[k].id == p->model)
					word = r->models[k].path;
		add_word(w, word && word[strspn(word, "0123456789")] ? word : NULL);
		if (!word && depth < 4)
			add_parents(w, r, r->lineage->edges[i].parent, depth + 1);
	}
}

static bool same_name(const char *a, const char *b)
{
	return a && b && (!strcasecmp(a, b) || !strcasecmp(str_base(a), str_base(b)));
}

static void find_variants(struct report *r)
{
	for (size_t i = 0; i < r->v.n; i++) {
		struct subject *s = &r->v.v[i];

		for (size_t k = 0; k < r->cmp->n_variants && s->variant == SIZE_MAX; k++) {
			const struct compare_variant *v = &r->cmp->variants[k];

			if ((s->model && v->model == s->model->id) ||
				(s->run && v->run == s->run->id && !v->model) ||
				(!s->model && !s->run && same_name(v->name, s->word)))
				s->variant = k;
		}
	}
}

bool report_compare(struct report *r, struct err *e)
{
	struct compare_ask ask = { .baseline = r->ask->baseline };
	struct words w = { 0 };
	size_t own = 0, known = 0;

	for (size_t i = 0; i < r->v.n; i++) {
		const struct subject *s = &r->v.v[i];

		add_word(&w, word_of(&w, r, s));
		known += report_measured_word(r, s->model ? s->model->id : 0,
			s->run ? s->run->id : 0, s->name) != NULL;
	}
	own = w.v.n;
	for (size_t i = 0; i < r->v.n && r->v.n == 1; i++)
		add_parents(&w, r, r->v.v[i].node, 0);
	if (!ask.baseline && r->v.n == 2 && own == 2)
		ask.baseline = w.v.v[1];
	ask.words = w.v.v;
	ask.n = w.v.n;
	if (known) {
		r->cmp = compare_make(r->c, &ask, e);
		if (r->cmp)
			find_variants(r);
	}
	for (size_t i = 0; i < w.own.n; i++)
		free(w.own.v[i]);
	vec_fini(&w.own);
	vec_fini(&w.v);
	return r->cmp || !known;
}

/* --- as data --- */

static const char *title_of(const char *task)
{
	static const struct { const char *task, *title; } titles[] = {
		{ "arc_challenge", "ARC Challenge" }, { "arc_easy", "ARC Easy" },
		{ "boolq", "BoolQ" }, { "hellaswag", "HellaSwag" },
		{ "openbookqa", "OpenBookQA" }, { "piqa", "PIQA" },
		{ "winogrande", "Winogrande" }, { "mmlu", "MMLU" }, { "gsm8k", "GSM8K" },
		{ "truthfulqa_mc1", "TruthfulQA MC1" }, { "truthfulqa_mc2", "TruthfulQA MC2" },
		{ "truthfulqa", "TruthfulQA" }, { "ifeval", "IFEval" },
		{ "humaneval", "HumanEval" }, { "mbpp", "MBPP" },
		{ "wikitext", "WikiText-2" },
	};

	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		if (str_eq(titles[i].task, task))
			return titles[i].title;
	return task;
}

static const char *sense_name(enum compare_sense s)
{
	return s == SENSE_CHANCE ? "at chance" : s == SENSE_MAJORITY ? "at majority" :
		s == SENSE_BELOW ? "below chance: protocol broken?" : NULL;
}

/* "0-shot" in a protocol; -1: it says nothing. */
static int shots_of(const char *protocol)
{
	const char *p = protocol ? strstr(protocol, "-shot") : NULL;

	while (p && p > protocol && p[-1] >= '0' && p[-1] <= '9')
		p--;
	return p && *p >= '0' && *p <= '9' && strspn(p, "0123456789") <= 6 ? atoi(p) : -1;
}

static char *variant_name(const struct report *r, size_t i)
{
	for (size_t k = 0; k < r->v.n; k++)
		if (r->v.v[k].variant == i)
			return xstrdup(r->v.v[k].name);
	return report_public_name(r->cmp->variants[i].name);
}

static bool is_subject(const struct report *r, size_t variant)
{
	for (size_t k = 0; k < r->v.n; k++)
		if (r->v.v[k].variant == variant)
			return true;
	return false;
}

/* What follows from the number of questions, by either formula, nobody had to state. */
static bool from_n(const struct compare_cell *c)
{
	double spread = c->value * (1 - c->value), n = (double)c->n;

	return c->n > 1 && spread > 0 && (fabs(c->stderr_ - sqrt(spread / n)) < 1e-9 ||
		fabs(c->stderr_ - sqrt(spread / (n - 1))) < 1e-9);
}

static json_t *cell_json(const struct report *r, const struct compare_row *row, size_t i)
{
	const struct compare_cell *c = &row->cells[i];
	int shots = shots_of(c->protocol);
	bool stated = c->known && isfinite(c->stderr_) && !from_n(c);
	json_t *o = json_object();
	char *text = c->known ? report_decimals(c->value, row->share ? 4 : 6) : NULL;
	char *error = c->known && isfinite(c->stderr_) ? xasprintf("%.2g", c->stderr_) : NULL;

	report_put(o, "known", json_boolean(c->known));
	report_put(o, "value", c->known ? json_number(c->value) : json_null());
	report_set(o, "text", text);
	report_put(o, "stderr", c->known ? json_number(c->stderr_) : json_null());
	report_put(o, "stderr_stated", json_boolean(stated));
	report_set(o, "stderr_text", error);
	report_put(o, "n", c->known && c->n ? json_integer(c->n) : json_null());
	report_put(o, "estimated", json_boolean(c->known && c->estimated));
	report_set(o, "sense", c->known ? sense_name(c->sense) : NULL);
	report_set(o, "protocol", c->known ? c->protocol : NULL);
	report_put(o, "shots", shots >= 0 ? json_integer(shots) : json_null());
	report_put(o, "baseline", json_boolean(i == r->cmp->baseline));
	report_put(o, "subject", json_boolean(is_subject(r, i)));
	free(error);
	free(text);
	return o;
}

/* Of a share four places; of what has no bounds as many as leave five digits or so. */
static int places_of(const struct compare_row *row, double difference)
{
	double x = fabs(difference);

	return row->share ? 4 : x >= 10 ? 2 : x >= 0.1 ? 4 : 6;
}

static json_t *difference_json(const struct report *r, const struct compare_row *row,
	const struct compare_difference *d)
{
	const struct comparison *c = r->cmp;
	json_t *o = json_object();
	struct str text = STR_INIT;
	char p[32] = "";

	if (d->known && d->p_holm < 0.001)
		snprintf(p, sizeof p, "below 0.001");
	else if (d->known && isfinite(d->p_holm))
		snprintf(p, sizeof p, "%.2g", d->p_holm);
	if (d->known)
		str_addf(&text, fabs(d->value) < (row->share ? 5e-5 : 5e-7) ? "%.*f" : "%+.*f",
			places_of(row, d->value), fabs(d->value) < 1e-12 ? 0.0 : d->value);
	report_put(o, "known", json_boolean(d->known));
	report_put(o, "shown", json_boolean(d->known && !row->mean));
	report_set(o, "of", d->of < c->n_variants ? c->variants[d->of].label : NULL);
	report_set(o, "against", d->against < c->n_variants ? c->variants[d->against].label :
		NULL);
	report_put(o, "subject", json_boolean(is_subject(r, d->of)));
	report_put(o, "value", d->known ? json_number(d->value) : json_null());
	report_set(o, "text", text.s);
	report_put(o, "relative", d->known ? json_number(d->relative_percent) : json_null());
	report_put(o, "stderr", d->known ? json_number(d->stderr_) : json_null());
	report_put(o, "p", d->known ? json_number(d->p) : json_null());
	report_set(o, "p_text", p);
	report_put(o, "p_holm", d->known ? json_number(d->p_holm) : json_null());
	report_set(o, "verdict", d->known ? compare_verdict_name(d->verdict) : NULL);
	report_put(o, "items", d->known && d->n ? json_integer(d->items) : json_null());
	report_put(o, "n", d->known && d->n ? json_integer(d->n) : json_null());
	report_put(o, "low", d->known ? json_number(d->low) : json_null());
	report_put(o, "high", d->known ? json_number(d->high) : json_null());
	report_put(o, "paired", json_boolean(d->known && d->paired));
	report_put(o, "bound", json_boolean(d->known && d->bound));
	report_put(o, "across", json_boolean(d->known && d->across));
	report_set(o, "why_not", d->known ? NULL : d->why_not);
	str_fini(&text);
	return o;
}

/* Every variant has every task: a mean in the last line is one of what stands above it. */
static bool of_all(const struct comparison *c)
{
	for (size_t i = 0; i < c->n_rows; i++)
		for (size_t k = 0; k < c->n_variants; k++)
			if (c->rows[i].share && !c->rows[i].mean && (!c->rows[i].cells[k].known ||
				c->rows[i].cells[k].estimated))
				return false;
	return true;
}

static json_t *row_json(const struct report *r, const struct compare_row *row)
{
	json_t *o = json_object(), *cells = json_array(), *differences = json_array();
	bool points = row->share;

	report_set(o, "task", row->task);
	report_set(o, "title", row->mean ? "Avg." : title_of(row->task));
	report_set(o, "metric", row->metric);
	report_put(o, "mean", json_boolean(row->mean));
	report_put(o, "share", json_boolean(points));
	report_put(o, "complete", json_boolean(!row->mean || of_all(r->cmp)));
	report_put(o, "lower_better", json_boolean(row->lower_better));
	report_put(o, "n", row->n ? json_integer(row->n) : json_null());
	report_put(o, "resolves", json_number(row->resolves));
	for (size_t i = 0; i < r->cmp->n_variants; i++)
		json_array_append_new(cells, cell_json(r, row, i));
	for (size_t i = 0; i < r->cmp->n_differences; i++)
		json_array_append_new(differences, difference_json(r, row, &row->differences[i]));
	report_put(o, "cells", cells);
	report_put(o, "differences", differences);
	return o;
}

static json_t *variant_json(const struct report *r, size_t i)
{
	const struct compare_variant *v = &r->cmp->variants[i];
	char *name = variant_name(r, i);
	json_t *o = json_object();

	report_set(o, "name", name);
	report_set(o, "label", v->label);
	report_set(o, "quantization", v->quantization);
	report_set(o, "protocol", v->protocol);
	report_put(o, "bytes", v->bytes ? json_u64(v->bytes) : json_null());
	report_put(o, "parameters", v->parameters ? json_u64(v->parameters) : json_null());
	report_put(o, "bits", json_number(v->bits));
	report_put(o, "baseline", json_boolean(i == r->cmp->baseline));
	report_put(o, "subject", json_boolean(is_subject(r, i)));
	free(name);
	return o;
}

/* A mean that somebody stated is no task: it is taken again. */
static bool any_known(const struct comparison *c, const struct compare_row *row)
{
	if (!row->mean && str_eq(row->task, "average"))
		return false;
	for (size_t i = 0; i < c->n_variants; i++)
		if (row->cells[i].known)
			return true;
	return false;
}

/* How cells were measured, each way once. */
static json_t *protocols(const struct comparison *c)
{
	json_t *list = json_array(), *t;

	for (size_t i = 0; c && i < c->n_rows; i++)
		for (size_t k = 0; k < c->n_variants; k++) {
			const struct compare_cell *x = &c->rows[i].cells[k];
			bool listed = !x->known || !x->protocol || !*x->protocol;
			size_t j;

			json_array_foreach(list, j, t)
				listed |= str_eq(json_string_value(t), x->protocol);
			if (!listed)
				json_array_append_new(list, json_textn(x->protocol));
		}
	return list;
}

/* The metric of each task that was measured by one alone. */
static json_t *metrics(const struct comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; c && i < c->n_rows; i++) {
		size_t same = 0;

		for (size_t k = 0; k < c->n_rows; k++)
			same += str_eq(c->rows[k].task, c->rows[i].task);
		if (same == 1 && !c->rows[i].mean && any_known(c, &c->rows[i]) &&
			!str_eq(c->rows[i].metric, "score"))
			json_array_append_new(list, json_pack("{s:o, s:o}", "task",
				json_textn(c->rows[i].task), "metric",
				json_textn(c->rows[i].metric)));
	}
	return list;
}

/* The shares that were measured of one model, and their mean. */
static json_t *board(const struct report *r, const struct subject *s)
{
	json_t *o = json_object(), *rows = json_array();
	double sum = 0;

	for (size_t i = 0; i < r->cmp->n_rows; i++) {
		const struct compare_row *row = &r->cmp->rows[i];
		const struct compare_cell *c = &row->cells[s->variant];
		int shots = c->known ? shots_of(c->protocol) : -1;
		json_t *x;

		if (row->mean || !row->share || !c->known || c->estimated ||
			str_eq(row->task, "average"))
			continue;
		x = json_object();
		report_set(x, "title", title_of(row->task));
		report_put(x, "value", json_number(c->value));
		report_put(x, "has_shots", json_boolean(shots >= 0));
		report_put(x, "shots", json_integer(shots));
		json_array_append_new(rows, x);
		sum += c->value;
	}
	report_set(o, "name", s->name);
	report_put(o, "mean", json_array_size(rows) > 1 ?
		json_number(sum / (double)json_array_size(rows)) : json_null());
	report_put(o, "rows", rows);
	return o;
}

void report_scores(const struct report *r, json_t *o)
{
	json_t *boards = json_array();
	json_t *variants = json_array(), *rows = json_array(), *verdicts = json_array();
	json_t *differences = json_array();
	const struct comparison *c = r->cmp;
	bool sized = false;

	for (size_t i = 0; c && i < c->n_variants; i++) {
		json_array_append_new(variants, variant_json(r, i));
		sized |= c->variants[i].bytes > 0;
	}
	for (size_t i = 0; c && i < c->n_rows; i++)
		if (any_known(c, &c->rows[i]))
			json_array_append_new(rows, row_json(r, &c->rows[i]));
	for (size_t i = 0; c && i < c->n_sentences; i++)
		json_array_append_new(verdicts, json_textn(c->sentences[i]));
	for (size_t i = 0; c && c->n_rows && i < c->n_differences; i++)
		json_array_append_new(differences, difference_json(r, &c->rows[0],
			&c->rows[0].differences[i]));
	for (size_t i = 0; c && i < r->v.n; i++)
		if (r->v.v[i].variant != SIZE_MAX)
			json_array_append_new(boards, board(r, &r->v.v[i]));
	report_put(o, "boards", boards);
	report_put(o, "protocols", protocols(c));
	report_put(o, "metrics", metrics(c));
	report_put(o, "several_pairs", json_boolean(json_array_size(differences) > 1));
	report_put(o, "measured", json_boolean(json_array_size(rows) > 0));
	report_put(o, "sized", json_boolean(sized));
	report_put(o, "variants", variants);
	report_put(o, "rows", rows);
	report_put(o, "verdicts", verdicts);
	report_put(o, "pairs", differences);
	report_set(o, "baseline", c && c->baseline < c->n_variants ?
		c->variants[c->baseline].label : NULL);
}
