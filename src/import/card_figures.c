/* Figures of a table: tasks down the rows and variants across, or the other way round, or a figure
 * a row as lm-eval prints them. */
#include "import/card_grid.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"

struct column {
	enum column_use use;
	struct card_label label; /* of a task */
	char *variant, *quant;   /* of a column of values */
	bool own;                /* the card's model */
	json_t *like;            /* protocol of the figures that it repeats, or NULL */
};
struct figures {
	struct card_reader *r;
	const struct card_grid *g;
	struct column column[GRID_MAX_COLUMNS];
	json_t *protocol; /* of the whole table */
	bool points;      /* a share above 1: all are points */
	bool leaderboard;
	bool own_named; /* "this file" has a row or column */
	size_t taken;
};

/* --- heads --- */

static bool word(const char *s, const char *const *list)
{
	size_t n = strcspn(s, "(");

	while (n && (s[n - 1] == ' ' || s[n - 1] == ':'))
		n--;
	for (; *list; list++)
		if (strlen(*list) == n && !strncasecmp(s, *list, n))
			return true;
	return false;
}

static bool is_value_word(const char *s)
{
	static const char *const list[] = { "value", "score", "scores", "result", "results",
		"performance", "accuracy", "%", "percent", "percentage", "value (%)", NULL };

	return word(s, list);
}

static bool is_task_word(const char *s)
{
	static const char *const list[] = { "task", "tasks", "benchmark", "benchmarks", "metric",
		"metrics", "dataset", "eval", "evaluation", "test", "groups", "metric pillar",
		NULL };

	return word(s, list);
}

static bool is_model_word(const char *s)
{
	static const char *const list[] = { "model", "models", "variant", "name", "quant", "type",
		"quantization", "version", "merge", "checkpoint", "", NULL };

	return word(s, list);
}

/* Columns that are of no model: the best of several, remarks, counts. */
static bool is_aside(const char *s)
{
	static const char *const words[] = { "best", "better", "expected", "sota", "questions",
		"verdict", "winner", "rank", "random", "p-value", "notes", "comment", "category",
		"significan", "interval", "human", "(n)" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (card_find(s, words[i]))
			return true;
	return !strcasecmp(s, "n") || !strcasecmp(s, "p") || !strcasecmp(s, "z");
}

static enum column_use use_of(const char *s)
{
	static const char *const shots[] = { "n-shot", "n_shot", "shots", "shot", "few-shot",
		"num_fewshot", "#shots", NULL };
	static const char *const errors[] = { "stderr", "std err", "se", "±", "std", NULL };

	static const char *const counts[] = { "questions", "n", "samples", "items", "(n)", "#",
		NULL };

	if (word(s, shots))
		return COLUMN_SHOTS;
	if (word(s, counts))
		return COLUMN_N;
	if (word(s, errors))
		return COLUMN_STDERR;
	if (!strcasecmp(s, "filter"))
		return COLUMN_FILTER;
	if (!strcasecmp(s, "metric"))
		return COLUMN_METRIC;
	return is_aside(s) ? COLUMN_ASIDE : COLUMN_TEXT;
}

/* --- protocol --- */

static bool says(const char *s, const char *word_)
{
	return card_find(s, word_) != NULL;
}

static void put(json_t *p, const char *key, json_t *value)
{
	if (json_object_get(p, key))
		json_decref(value);
	else
		json_object_set_new(p, key, value);
}

/* "measured with mlx_lm.evaluate, 0-shot, chat template off" */
static void protocol_line(json_t *p, const char *s)
{
	static const struct {
		const char *words, *tool;
	} tools[] = {
		{ "mlx_lm.evaluate", "mlx_lm.evaluate" },
		{ "mlx-lm evaluate", "mlx_lm.evaluate" },
		{ "lm-evaluation-harness", "lm-eval" },
		{ "lm-eval", "lm-eval" },
		{ "lm_eval", "lm-eval" },
		{ "llama-perplexity", "llama-perplexity" },
		{ "lighteval", "lighteval" },
	};
	bool tool = false;

	for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++)
		if (!tool && says(s, tools[i].words)) {
			put(p, "tool", json_string(tools[i].tool));
			tool = true;
		}
	if (tool || says(s, "benchmarks measured") || says(s, "all tasks")) {
		struct card_label l;

		card_label(s, &l);
		const char *shot = card_find(s, "-shot");
		const char *at = shot;
		while (at && at > s && isdigit((uint8_t)at[-1]))
			at--;
		if (shot && at < shot && shot - at < 4)
			put(p, "shots", json_integer(card_count(at)));
		card_label_fini(&l);
		if (says(s, "chat template off") || says(s, "no chat template") ||
			says(s, "without chat template") || says(s, "template disabled"))
			put(p, "template", json_string("none"));
		else if (says(s, "chat template on") || says(s, "with chat template"))
			put(p, "template", json_string("chat"));
	}
	if (says(s, "measured") && says(s, "on this") && says(s, "file"))
		put(p, "note", json_string("measured on this file"));
}

static json_t *protocol_of(struct card_reader *r, bool leaderboard)
{
	if (leaderboard)
		return json_pack("{s:s}", "tool", "open-llm-leaderboard");
	if (!r->protocol) {
		r->protocol = json_object();
		for (size_t i = 0; i < r->line.n; i++)
			if (r->line.v[i].use == LINE_TEXT && *r->line.v[i].s)
				protocol_line(r->protocol, r->line.v[i].s);
	}
	return json_incref(r->protocol);
}

/* What the Open LLM Leaderboard scored each task by. */
static const char *leaderboard_metric(const char *task)
{
	static const struct {
		const char *task, *metric;
	} v1[] = {
		{ "arc_challenge", "acc_norm" },
		{ "hellaswag", "acc_norm" },
		{ "mmlu", "acc" },
		{ "truthfulqa", "mc2" },
		{ "truthfulqa_mc2", "mc2" },
		{ "winogrande", "acc" },
		{ "gsm8k", "acc" },
	};

	for (size_t i = 0; i < sizeof v1 / sizeof v1[0]; i++)
		if (!strcmp(v1[i].task, task))
			return v1[i].metric;
	return "score";
}

/* --- one figure --- */

struct at {
	const struct grid_row *row;
	const struct column *variant; /* NULL: the card's model */
	const char *variant_name;
	const struct card_label *label;
	const char *metric; /* NULL: the label's */
	const char *cell;
	int shots;
	int64_t n; /* questions; 0 not said */
	double stderr_;
};

static double error_behind(const struct card_value *v)
{
	const char *p = strstr(v->unit, "±"), *q = strstr(v->unit, "+/-");
	struct card_value e;

	if (p)
		p += 2;
	else if (q)
		p = q + 3;
	return p && card_value(p + strspn(p, " "), &e) ? e.value : NAN;
}

static void take(struct figures *x, const struct at *a)
{
	const struct card_line *l = &x->r->line.v[a->row->line];
	struct import_figure f = { .variant = a->variant_name,
		.task = a->label->bare && !x->r->wikitext ? "text" : a->label->task_name,
		.metric = a->metric ? a->metric : a->label->metric,
		.line = (int64_t)a->row->line + 1,
		.text = l->s,
		.text_n = strlen(l->s),
		.stderr_ = a->stderr_,
		.n = a->n };
	struct card_value v;
	json_t *p;

	if (!card_is_value(a->cell, &v) || v.signed_)
		return;
	if (x->leaderboard && !strcmp(f.metric, "score"))
		f.metric = leaderboard_metric(f.task);
	f.value = v.value;
	f.estimated = v.estimated;
	if (isnan(f.stderr_))
		f.stderr_ = error_behind(&v);
	bool share = import_is_share(f.task, f.metric) || a->label->mean;
	f.unit = v.percent || (share && x->points) ? UNIT_PERCENT : UNIT_BARE;
	p = json_deep_copy(a->variant && a->variant->like ? a->variant->like : x->protocol);
	if (a->shots >= 0)
		json_object_set_new(p, "shots", json_integer(a->shots));
	if (a->variant && a->variant->quant)
		put(p, "quantization", json_textn(a->variant->quant));
	size_t before = x->r->f->facts.n;
	import_fact(x->r->f, &f, p);
	x->taken += x->r->f->facts.n > before;
}

/* Does a share above 1 stand in the cells that hold values? */
static void measure(struct figures *x, const struct card_label *l, const char *cell)
{
	struct card_value v;

	if ((import_is_share(l->task_name, l->metric) || l->mean) && card_is_value(cell, &v) &&
		!v.percent && !v.signed_ && v.value > 1)
		x->points = true;
}

/* --- tasks down the rows --- */

static bool not_a_task(const char *s)
{
	struct card_label l;
	bool task;

	static const char *const words[] = { "size", "bits per weight", "bpw", "params",
		"parameters", "speed", "tokens/s", "memory", "vram", "time", "layers", "context",
		"ram", "cost" };

	card_label(s, &l);
	task = l.task != NULL;
	card_label_fini(&l);
	if (task)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (card_find(s, words[i]))
			return true;
	return false;
}

static size_t task_rows(const struct card_grid *g, size_t *with_values)
{
	size_t known = 0;
	struct card_value v;

	*with_values = 0;
	for (size_t i = 0; i < g->rows.n; i++) {
		struct card_label l;
		bool value = false;

		for (size_t c = 1; c < g->n_columns; c++)
			value |= card_is_value(g->rows.v[i].cells[c], &v);
		if (!value || not_a_task(g->rows.v[i].cells[0]))
			continue;
		card_label(g->rows.v[i].cells[0], &l);
		known += l.task != NULL;
		(*with_values)++;
		card_label_fini(&l);
	}
	return known;
}

static bool all_signed(const struct card_grid *g, size_t c)
{
	size_t with = 0, all = 0;
	struct card_value v;

	for (size_t i = 0; i < g->rows.n; i++)
		if (card_is_value(g->rows.v[i].cells[c], &v)) {
			all++;
			with += v.signed_ || v.value == 0;
		}
	return all && with == all;
}

static bool any_value(const struct card_grid *g, size_t c)
{
	struct card_value v;

	for (size_t i = 0; i < g->rows.n; i++)
		if (card_is_value(g->rows.v[i].cells[c], &v))
			return true;
	return false;
}

static void variant_column(struct figures *x, size_t c)
{
	struct column *k = &x->column[c];
	const char *head = x->g->columns[c];
	const struct import_fact *same = card_repeated(x->r, x->g, c);
	struct card_label l;

	k->use = use_of(head);
	if (k->use != COLUMN_TEXT)
		return;
	card_label(head, &l);
	if (l.difference || all_signed(x->g, c))
		k->use = COLUMN_DIFFERENCE;
	else if (any_value(x->g, c))
		k->use = COLUMN_VALUE;
	card_label_fini(&l);
	if (k->use != COLUMN_VALUE)
		return;
	if (same) {
		k->variant = xstrdup(same->variant);
		k->like = json_deep_copy(same->protocol);
	} else if (!is_value_word(head) && *head) {
		k->variant = card_meant(x->r, head, x->own_named, &k->quant);
	}
}

/* What columns of a row say of its figures. */
static void beside(const struct figures *x, struct at *a)
{
	for (size_t c = 1; c < x->g->n_columns; c++) {
		const char *s = a->row->cells[c];
		struct card_value v;

		if (x->column[c].use == COLUMN_SHOTS && isdigit((uint8_t)*s))
			a->shots = card_count(s);
		else if (x->column[c].use == COLUMN_METRIC && *s)
			a->metric = s;
		else if (x->column[c].use == COLUMN_N && card_value(s, &v) && !*v.unit &&
			 v.value > 0 && v.value < 1e12)
			a->n = (int64_t)v.value;
	}
}

static void tasks_down(struct figures *x)
{
	for (size_t c = 1; c < x->g->n_columns; c++)
		variant_column(x, c);
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < x->g->rows.n; i++) {
			const struct grid_row *row = &x->g->rows.v[i];
			struct card_label l;
			struct at a = { .row = row, .label = &l, .stderr_ = NAN };

			card_label(row->cells[0], &l);
			a.shots = l.shots;
			beside(x, &a);
			for (size_t c = 1; c < x->g->n_columns; c++) {
				const struct column *k = &x->column[c];

				if (k->use != COLUMN_VALUE || not_a_task(row->cells[0]))
					continue;
				a.variant = k;
				a.variant_name = k->variant ? k->variant : x->r->c->name;
				a.cell = row->cells[c];
				if (pass)
					take(x, &a);
				else
					measure(x, &l, a.cell);
			}
			card_label_fini(&l);
		}
}

/* --- tasks across --- */

static size_t task_columns(struct figures *x)
{
	size_t n = 0;

	for (size_t c = 1; c < x->g->n_columns; c++) {
		struct column *k = &x->column[c];

		if (!any_value(x->g, c))
			continue;
		card_label(x->g->columns[c], &k->label);
		k->use = COLUMN_TASK;
		if (!k->label.task || k->label.difference)
			k->use = COLUMN_TEXT;
		else
			n += !k->label.mean;
	}
	return n;
}

static void tasks_across(struct figures *x)
{
	char *above = card_model_above(x->r, x->g->line);

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < x->g->rows.n; i++) {
			const struct grid_row *row = &x->g->rows.v[i];
			struct column of = { 0 };
			struct card_label dl;
			struct at a = { .row = row, .variant = &of, .stderr_ = NAN };

			card_label(row->cells[0], &dl);
			of.variant = *row->cells[0] ? card_meant(x->r, row->cells[0], x->own_named,
							      &of.quant)
						    : NULL;
			/* "q8-hi" under the name of another model */
			if (above && of.quant &&
				card_quant_word(row->cells[0], strlen(row->cells[0]))) {
				free(of.variant);
				of.variant = card_variant(x->r, above, of.quant);
			}
			a.variant_name = of.variant ? of.variant : x->r->c->name;
			for (size_t c = 1; c < x->g->n_columns && !dl.difference; c++) {
				const struct column *k = &x->column[c];

				if (k->use != COLUMN_TASK)
					continue;
				a.label = &k->label;
				a.shots = k->label.shots;
				a.cell = row->cells[c];
				if (pass)
					take(x, &a);
				else
					measure(x, &k->label, a.cell);
			}
			card_label_fini(&dl);
			free(of.variant);
			free(of.quant);
		}
	free(above);
}

/* --- a figure a row --- */

static size_t column_named(const struct card_grid *g, const char *const *names)
{
	for (size_t c = 0; c < g->n_columns; c++)
		if (word(g->columns[c], names))
			return c;
	return SIZE_MAX;
}

static const char *cell_at(const struct grid_row *row, size_t c)
{
	return c == SIZE_MAX ? "" : row->cells[c];
}

/* |Tasks|Version|Filter|n-shot|Metric| |Value| |Stderr| */
static bool one_a_row(struct figures *x)
{
	static const char *const
		task[] = { "tasks", "task", "groups", "benchmark", "dataset", NULL },
		*const value[] = { "value", "score", "result", NULL },
		*const metric[] = { "metric", NULL }, *const error[] = { "stderr", "se", NULL },
		*const shots[] = { "n-shot", "shots", "num_fewshot", NULL },
		*const model[] = { "model", "variant", NULL }, *const filter[] = { "filter", NULL };
	const struct card_grid *g = x->g;
	size_t ct = column_named(g, task), cv = column_named(g, value),
	       cm = column_named(g, metric), ce = column_named(g, error),
	       cs = column_named(g, shots), cw = column_named(g, model),
	       cf = column_named(g, filter);
	const char *last = "";

	if (ct == SIZE_MAX || cv == SIZE_MAX || (cm == SIZE_MAX && cw == SIZE_MAX))
		return false;
	if (cf != SIZE_MAX && ce != SIZE_MAX) { /* so lm-eval prints them */
		json_t *p = json_deep_copy(x->protocol);

		put(p, "tool", json_string("lm-eval"));
		json_decref(x->protocol);
		x->protocol = p;
	}
	for (size_t i = 0; i < g->rows.n; i++) {
		const struct grid_row *row = &g->rows.v[i];
		struct column of = { 0 };
		struct card_label l;
		struct at a = { .row = row,
			.label = &l,
			.variant = &of,
			.cell = row->cells[cv],
			.shots = -1,
			.stderr_ = NAN,
			.variant_name = x->r->c->name };
		struct card_value e;

		if (*row->cells[ct])
			last = row->cells[ct];
		const char *name = last + strspn(last, " -");
		card_label(name, &l);
		if (*cell_at(row, cm))
			a.metric = row->cells[cm];
		if (isdigit((uint8_t)*cell_at(row, cs)))
			a.shots = card_count(row->cells[cs]);
		if (ce != SIZE_MAX && card_value(row->cells[ce], &e))
			a.stderr_ = e.value;
		if (*cell_at(row, cw)) {
			of.variant = card_meant(x->r, row->cells[cw], x->own_named, &of.quant);
			a.variant_name = of.variant ? of.variant : x->r->c->name;
		}
		if (*cell_at(row, cf) && strcmp(row->cells[cf], "none") != 0) {
			of.like = json_deep_copy(x->protocol);
			json_object_set_new(of.like, "filter", json_textn(row->cells[cf]));
		}
		take(x, &a);
		card_label_fini(&l);
		free(of.variant);
		free(of.quant);
		json_decref(of.like);
	}
	return true;
}

/* The hub's bot puts its table under such a heading, a few lines above. */
static bool under_leaderboard(const struct card_reader *r, size_t line)
{
	for (size_t k = 0; k < 10 && line-- > 0; k++)
		if (r->line.v[line].use == LINE_TEXT && strlen(r->line.v[line].s) < 120 &&
			card_find(r->line.v[line].s, "leaderboard"))
			return true;
	return false;
}

/* The card's own file stands in the table by that name: other quantizations are not it. */
static bool own_named(const struct card_grid *g)
{
	for (size_t c = 0; c < g->n_columns; c++)
		if (card_own_words(g->columns[c]))
			return true;
	for (size_t i = 0; i < g->rows.n; i++)
		if (card_own_words(g->rows.v[i].cells[0]))
			return true;
	return false;
}

bool card_figures(struct card_reader *r, const struct card_grid *g)
{
	struct figures x = { .r = r, .g = g };
	size_t with, known = task_rows(g, &with), across = task_columns(&x);

	x.leaderboard = under_leaderboard(r, g->line);
	x.own_named = own_named(g);
	x.protocol = protocol_of(r, x.leaderboard);
	if (!one_a_row(&x)) {
		if (across >= 2 || (across && is_model_word(g->columns[0]) && !known))
			tasks_across(&x);
		else if (known * 2 >= with && known)
			tasks_down(&x);
		else if (with && is_task_word(g->columns[0]))
			tasks_down(&x);
	}
	for (size_t c = 0; c < g->n_columns; c++) {
		card_label_fini(&x.column[c].label);
		free(x.column[c].variant);
		free(x.column[c].quant);
		json_decref(x.column[c].like);
	}
	json_decref(x.protocol);
	return x.taken > 0;
}

/* --- columns that repeat what is known --- */

static const struct import_fact *known_fact(
	const struct card_reader *r, const char *variant, const char *task)
{
	for (size_t i = 0; i < r->f->facts.n; i++) {
		const struct import_fact *x = &r->f->facts.v[i];

		if (!x->estimated && str_eq(x->variant, variant) && !strcmp(x->task, task))
			return x;
	}
	return NULL;
}

/* How many values of the column are that variant's; 0 if one of them is another. */
static size_t agreeing(
	const struct card_reader *r, const struct card_grid *g, size_t column, const char *variant)
{
	size_t n = 0;

	for (size_t i = 0; i < g->rows.n; i++) {
		const struct import_fact *x;
		struct card_value v;
		struct card_label l;
		double value;

		if (!card_is_value(g->rows.v[i].cells[column], &v) || v.estimated || v.signed_)
			continue;
		card_label(g->rows.v[i].cells[0], &l);
		x = l.task ? known_fact(r, variant, l.task->name) : NULL;
		card_label_fini(&l);
		value = v.percent || v.value > 1 ? v.value / 100 : v.value;
		if (x && fabs(x->value - value) > 1e-9)
			return 0;
		n += x != NULL;
	}
	return n;
}

const struct import_fact *card_repeated(
	const struct card_reader *r, const struct card_grid *g, size_t column)
{
	const struct import_fact *found = NULL;

	if (g->rows.n > 100 || r->f->facts.n > 2000) /* no table of a card's own variants */
		return NULL;
	for (size_t i = 0; i < r->f->facts.n; i++) {
		const struct import_fact *x = &r->f->facts.v[i];
		bool seen = !x->variant;

		for (size_t k = 0; k < i && !seen; k++)
			seen = str_eq(r->f->facts.v[k].variant, x->variant);
		if (seen || agreeing(r, g, column, x->variant) < 2)
			continue;
		if (found)
			return NULL;
		found = x;
	}
	return found;
}
