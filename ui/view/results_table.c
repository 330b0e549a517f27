/* The table of the Results view: rows of tasks with variants and their differences beside each
 * other, or rows of variants with tasks as columns, or variants by size. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/xalloc.h"
#include "ui/view/view_results.h"

/* --- columns --- */

static void columns_clear(struct results_view *v)
{
	for (int i = 0; i < v->n_columns; i++) {
		free(v->figures[i].name);
		free(v->figures[i].title);
	}
	v->n_columns = 0;
}

/* name and title are taken. */
static void add(struct results_view *v, enum results_figure what, size_t i, char *name, char *title,
	struct column like)
{
	int k = v->n_columns;

	if (k == RESULTS_COLUMNS) {
		free(name);
		free(title);
		return;
	}
	v->n_columns++;
	v->figures[k] = (struct results_column){ what, i, name, title };
	v->columns[k] = like;
	v->columns[k].name = name;
	v->columns[k].title = title;
}

/* Each against each: the variants have letters, for the titles of the differences. */
static bool is_each(const struct comparison *c)
{
	return c->n_differences > 1 && c->baseline >= c->n_variants && !c->synergy;
}

static char letter(size_t variant)
{
	return (char)('A' + variant % 26);
}

/* A column of every difference: "Δ", with the variant's label where there are several. */
static void add_difference(struct results_view *v, size_t k)
{
	static const struct {
		enum results_figure what;
		const char *name, *title;
		struct column like;
	} of[] = {
		{ RF_DELTA, "delta", "Δ", { NULL, NULL, 1, 6, 9, 9, true, false, CUT_END,
			"Difference: .010 is one point; else in the metric's own unit." } },
		{ RF_SE, "se", "±", { NULL, NULL, 1, 5, 0, 7, true, false, CUT_END,
			"One standard error of the difference." } },
		{ RF_QUESTIONS, "questions", "questions", { NULL, NULL, 1, 9, 20, 6, true, false,
			CUT_END, "How many questions the difference is, of how many." } },
		{ RF_VERDICT, "verdict", "verdict", { NULL, NULL, 1, 7, 18, 8, true, true,
			CUT_END, "noise, suggestive, real: Holm over the tasks of this pair." } },
		{ RF_PERCENT, "percent", "Δ %", { NULL, NULL, 1, 6, 0, 0, true, false, CUT_END,
			"Difference relative to what it is against." } },
		{ RF_Z, "z", "z", { NULL, NULL, 1, 5, 0, 0, true, false, CUT_END,
			"Difference by its standard error." } },
		{ RF_P, "p", "p", { NULL, NULL, 1, 5, 0, 0, true, false, CUT_END,
			"Chance of such a difference if there is none." } },
		{ RF_HOLM, "p_holm", "p Holm", { NULL, NULL, 1, 5, 0, 0, true, false, CUT_END,
			"The same, adjusted for the number of tasks." } },
	};
	const struct comparison *c = v->c;
	const struct compare_difference *d = c->n_rows ? &c->rows[0].differences[k] : NULL;
	bool several = c->n_differences > 1, each = is_each(c);

	for (size_t i = 0; d && i < sizeof of / sizeof *of; i++) {
		char *name = each ? xasprintf("%s_%c%c", of[i].name, letter(d->of),
				letter(d->against)) :
			several ? xasprintf("%s_%s", of[i].name, c->variants[d->of].label) :
			xstrdup(of[i].name);
		char *title = each && of[i].what == RF_DELTA ?
			xasprintf("Δ %c-%c", letter(d->of), letter(d->against)) :
			several && of[i].what == RF_DELTA ?
			xasprintf("Δ %s", c->variants[d->of].label) : xstrdup(of[i].title);

		add(v, of[i].what, k, name, title, of[i].like);
		if (several && of[i].what == RF_QUESTIONS)
			v->columns[v->n_columns - 1].priority = 4;
	}
}

static void task_columns(struct results_view *v)
{
	static const struct column name = { NULL, NULL, -1, 13, 0, 9, true, true, CUT_MIDDLE,
		"The task, and its metric where that is not its usual one." };
	static const struct column value = { NULL, NULL, 1, 6, 0, 8, true, false, CUT_MIDDLE,
		"What was measured; ~ is an estimate." };
	static const struct column number = { NULL, NULL, 1, 5, 0, 0, true, false, CUT_END,
		"Questions of the task." };
	static const struct column resolves = { NULL, NULL, 1, 5, 0, 0, true, false, CUT_END,
		"The smallest difference that this task would find four times of five." };
	const struct comparison *c = v->c;
	bool beside = c->n_variants <= RESULTS_BESIDE;
	size_t first = results_reference(c);

	add(v, RF_NAME, 0, xstrdup("task"), xstrdup(""), name);
	for (size_t k = 0; k < c->n_variants; k++) { /* what all are against comes first */
		size_t i = k == 0 ? first : k <= first ? k - 1 : k;
		struct column like = value;
		struct str s = STR_INIT;

		like.max = v->wide ? 24 : 14;
		if (beside && is_each(c))
			str_addf(&s, "%c ", letter(i));
		text_fit(&s, c->variants[i].label, like.max, CUT_MIDDLE);
		add(v, RF_VALUE, i, xstrdup(c->variants[i].label), str_steal(&s), like);
		for (size_t d = 0; beside && c->n_rows && d < c->n_differences; d++)
			if (c->rows[0].differences[d].of == i)
				add_difference(v, d);
	}
	add(v, RF_N, 0, xstrdup("n"), xstrdup("n"), number);
	add(v, RF_RESOLVES, 0, xstrdup("resolves"), xstrdup("resolves"), resolves);
}

static void add_variant_column(struct results_view *v)
{
	struct column like = { NULL, NULL, -1, 14, 14, 9, false, true, CUT_MIDDLE,
		"The variant: a model, a run, or what a file calls one; ◂ is the baseline." };

	for (size_t i = 0; i < v->c->n_variants; i++)
		if (text_width(v->c->variants[i].label) + 2 > like.max)
			like.max = text_width(v->c->variants[i].label) + 2;
	add(v, RF_NAME, 0, xstrdup("variant"), xstrdup(""), like);
}

static const struct {
	enum results_figure what;
	struct column like;
	int priority; /* where variants are by size */
} weights[] = {
	{ RF_SIZE, { "size", "SIZE", 1, 7, 0, 3, true, false, CUT_END, "Bytes of the weights." },
		9 },
	{ RF_CHANGE, { "change", "Δ SIZE", 1, 6, 0, 0, true, false, CUT_END,
		"Size against the baseline." }, 6 },
	{ RF_BITS, { "bits", "BITS", 1, 5, 0, 3, true, false, CUT_END, "Bits per weight." }, 7 },
	{ RF_PARAMETERS, { "parameters", "PARAMS", 1, 7, 0, 0, true, false, CUT_END,
		"Parameters it stands for." }, 0 },
	{ RF_PROTOCOL, { "protocol", "PROTOCOL", -1, 8, 24, 0, false, true, CUT_END,
		"How it was measured, where all its figures agree." }, 0 },
};
#define N_WEIGHTS ((int)(sizeof weights / sizeof *weights))

static void add_weights(struct results_view *v, bool by_size)
{
	for (int i = 0; i < N_WEIGHTS; i++) {
		struct column like = weights[i].like;

		if (weights[i].what <= RF_BITS && !results_sizes(v->c))
			continue;

		if (by_size)
			like.priority = weights[i].priority;
		add(v, weights[i].what, 0, xstrdup(like.name), xstrdup(like.title), like);
	}
}

/* The mean first, which everybody ranks by; then the tasks, briefly called. */
static void variant_columns(struct results_view *v)
{
	static const struct column task = { NULL, NULL, 1, 5, 12, 5, true, false, CUT_MIDDLE,
		"▲▼ really better, worse; ▵▿ perhaps; = tells nothing; ! below guessing; "
		"~ estimate; ≠ measured otherwise." };

	add_variant_column(v);
	for (int mean = 1; mean >= 0; mean--)
		for (size_t k = 0; k < v->rows.n; k++) {
			size_t i = v->rows.v[k].i;
			const struct compare_row *r = &v->c->rows[i];
			struct str s = STR_INIT, brief = STR_INIT;

			if (r->mean != mean || v->n_columns >= RESULTS_COLUMNS - N_WEIGHTS)
				continue;
			results_title(v->c, i, &s);
			results_brief(v->c, i, &brief);
			add(v, RF_TASK, i, str_steal(&s), str_steal(&brief), task);
		}
	add_weights(v, false);
}

static void size_columns(struct results_view *v)
{
	static const struct {
		enum results_figure what;
		struct column like;
	} of[] = {
		{ RF_CHOSEN, { "score", NULL, 1, 6, 24, 9, true, false, CUT_END,
			"The figure that the front is about: ← and → take another." } },
		{ RF_CHOSEN_SE, { "se", "±", 1, 5, 0, 6, true, false, CUT_END,
			"One standard error of it." } },
		{ RF_CHOSEN_DELTA, { "delta", "Δ", 1, 6, 0, 6, true, false, CUT_END,
			"Difference to the baseline." } },
		{ RF_CHOSEN_VERDICT, { "verdict", "verdict", 1, 7, 18, 7, true, true, CUT_END,
			"noise, suggestive, real." } },
		{ RF_FRONT, { "front", "", -1, 12, 28, 7, false, true, CUT_MIDDLE,
			"Is another one as small and as good?" } },
	};

	add_variant_column(v);
	add_weights(v, true);
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		struct str s = STR_INIT;

		if (of[i].what == RF_CHOSEN && v->chosen < v->c->n_rows)
			results_title(v->c, v->chosen, &s);
		else if (of[i].like.title)
			str_add(&s, of[i].like.title);
		add(v, of[i].what, 0, xstrdup(of[i].like.name), str_steal(&s), of[i].like);
	}
}

/* --- rows --- */

static uint64_t id_of(const char *text, uint64_t kind)
{
	return (hash64_bytes(text, strlen(text)) + kind * 0x9e3779b97f4a7c15u) | 1;
}

static void add_row(struct results_view *v, enum results_kind kind, size_t i, const char *name)
{
	*vec_push(&v->rows) = (struct results_row){ kind, i, id_of(name, kind) };
}

/* What llama-perplexity says beside perplexity, divergence and equal top tokens. */
static bool is_detail(const char *metric)
{
	static const char *const of[] = { "base_perplexity", "ln_perplexity_", "perplexity_",
		"kld_", "delta_p" };

	for (size_t i = 0; metric && i < sizeof of / sizeof *of; i++)
		if (str_starts(metric, of[i]))
			return true;
	return false;
}

/* Tasks, their mean, what is better when it is lower. */
static void task_rows(struct results_view *v)
{
	v->left_out = 0;
	for (size_t i = 0; i < v->c->n_rows; i++)
		v->left_out += !v->details && is_detail(v->c->rows[i].metric);
	for (int part = 0; part < 3; part++)
		for (size_t i = 0; i < v->c->n_rows; i++) {
			const struct compare_row *r = &v->c->rows[i];
			struct str s = STR_INIT;

			if (part != (r->mean ? 1 : r->share ? 0 : 2) ||
				(!v->details && is_detail(r->metric)))
				continue;
			str_addf(&s, "%s %s", r->task ? r->task : "", r->metric ? r->metric : "");
			add_row(v, ROW_TASK, i, s.s);
			str_fini(&s);
		}
}

static void weight_rows(struct results_view *v)
{
	bool size = false, bits = false;

	for (size_t i = 0; i < v->c->n_variants; i++) {
		size |= v->c->variants[i].bytes > 0;
		bits |= v->c->variants[i].bits > 0;
	}
	if (size && !v->only)
		add_row(v, ROW_SIZE, 0, "size");
	if (bits && !v->only)
		add_row(v, ROW_BITS, 0, "bits");
}

static void variant_rows(struct results_view *v)
{
	v->rows.n = 0;
	for (size_t k = 0; k < v->c->n_variants; k++) {
		size_t first = results_reference(v->c), i = k == 0 ? first : k <= first ? k - 1 : k;
		char buf[24];

		add_row(v, ROW_VARIANT, i, results_word(v->view.app, &v->c->variants[i], buf));
	}
}

/* By size: the smallest first, those of unknown size last. */
static void order_by_size(struct results_view *v)
{
	for (size_t i = 1; i < v->rows.n; i++)
		for (size_t k = i; k > 0; k--) {
			struct results_row *a = &v->rows.v[k - 1], *b = &v->rows.v[k], swap = *a;
			uint64_t first = v->c->variants[a->i].bytes;
			uint64_t second = v->c->variants[b->i].bytes;

			if (!second || (first && first <= second))
				break;
			*a = *b;
			*b = swap;
		}
}

/* Of how many variants both the figure and the size are known. */
static size_t sized(const struct comparison *c, size_t row)
{
	size_t n = 0;

	for (size_t k = 0; k < c->n_variants; k++)
		n += c->rows[row].cells[k].known && c->variants[k].bytes;
	return n;
}

void results_choose_sized(struct results_view *v)
{
	size_t most = 1;

	if (v->c && v->chosen < v->c->n_rows && sized(v->c, v->chosen) > 1)
		return;
	for (size_t i = 0; v->c && i < v->c->n_rows; i++)
		if (sized(v->c, i) > most) {
			most = sized(v->c, i);
			v->chosen = i;
		}
}

/* The mean, else what most variants have. */
static size_t usual_choice(const struct results_view *v)
{
	size_t found = 0, most = 0;

	for (size_t i = 0; i < v->c->n_rows; i++) {
		size_t n = 0;

		if (v->c->rows[i].mean)
			return i;
		for (size_t k = 0; k < v->c->n_variants; k++)
			n += v->c->rows[i].cells[k].known;
		if (n > most) {
			most = n;
			found = i;
		}
	}
	return found;
}

static void fill(struct results_view *v)
{
	if (v->chosen >= v->c->n_rows)
		v->chosen = usual_choice(v);
	task_rows(v);
	if (v->arrangement == RESULTS_TASKS) {
		weight_rows(v);
		task_columns(v);
	} else {
		if (v->arrangement == RESULTS_VARIANTS)
			variant_columns(v);
		else
			size_columns(v);
		variant_rows(v);
		if (v->arrangement == RESULTS_SIZES)
			order_by_size(v);
	}
}

static int column_named(const struct results_view *v, const char *name)
{
	for (int i = 0; name && i < v->n_columns; i++)
		if (str_eq(name, v->figures[i].name))
			return i;
	return -1;
}

/* Rows of another kind: what was marked, hidden or sorted by was of those before. */
static void forget_rows(struct results_view *v)
{
	struct table *t = &v->table;

	vec_fini(&t->marks.ids);
	vec_fini(&t->mark_order);
	row_filter_fini(&t->filter);
	t->hidden = t->asked = 0;
	t->range_id = t->cursor_id = 0;
	t->moved = t->reverse = false;
	t->sort = -1;
	t->cursor = t->top = 0;
	v->at = v->scroll = 0;
}

/* Another comparison or arrangement; the cursor stays on its row and column. */
void results_table_again(struct results_view *v)
{
	struct table *t = &v->table;
	bool same = v->filled && v->filled_as == v->arrangement;
	char *at = same && v->at < v->n_columns ? xstrdup(v->figures[v->at].name) : NULL;
	char *sort = same && t->sort >= 0 ? xstrdup(v->figures[t->sort].name) : NULL;
	char *filter = same && t->filter.text ? xstrdup(t->filter.text) : NULL;

	if (!same)
		forget_rows(v);
	columns_clear(v);
	v->rows.n = 0;
	if (v->c)
		fill(v);
	else
		add(v, RF_NAME, 0, xstrdup("task"), xstrdup(""), (struct column){ .align = -1,
			.width = 14, .priority = 9, .help = "The task." });
	v->filled = v->c != NULL;
	v->filled_as = v->arrangement;
	t->n_columns = v->n_columns;
	t->source = v->arrangement == RESULTS_TASKS ? &results_tasks : &results_variants;
	t->sort = column_named(v, sort);
	v->at = column_named(v, at) > 0 ? column_named(v, at) : 0;
	t->empty = v->error.code ? v->error.what : "no results yet: e in Models measures, i "
		"imports cards, lm-eval, logs, CSV";
	if (filter)
		table_filter(t, filter, NULL);
	table_set_rows(t, v->rows.n);
	free(filter);
	free(sort);
	free(at);
}

void results_table_init(struct results_view *v)
{
	table_init(&v->table, v->columns, RESULTS_COLUMNS, &results_tasks, v);
	v->view.table = &v->table;
	results_table_again(v);
}

void results_table_fini(struct results_view *v)
{
	table_fini(&v->table);
	columns_clear(v);
	vec_fini(&v->rows);
}

/* --- where the cursor is --- */

const struct results_row *results_row_at(const struct results_view *v)
{
	long row = table_selected(&v->table);

	return v->c && row >= 0 && (size_t)row < v->rows.n ? &v->rows.v[row] : NULL;
}

bool results_is_stop(const struct results_view *v, int column)
{
	enum results_figure what = v->figures[column].what;

	return what == RF_NAME || what == RF_VALUE || what == RF_TASK || what == RF_DELTA;
}

size_t results_variant_at(const struct results_view *v)
{
	const struct results_row *r = results_row_at(v);
	const struct results_column *f = v->at < v->n_columns ? &v->figures[v->at] : NULL;

	if (!r || !f)
		return SIZE_MAX;
	if (r->kind == ROW_VARIANT)
		return r->i;
	if (f->what == RF_VALUE)
		return f->i;
	if (f->what == RF_DELTA && v->c->n_rows)
		return v->c->rows[0].differences[f->i].of;
	return v->c->n_rows && v->c->n_differences ? v->c->rows[0].differences[0].of :
		v->c->n_variants ? results_reference(v->c) : SIZE_MAX;
}

size_t results_task_at(const struct results_view *v)
{
	const struct results_row *r = results_row_at(v);

	if (!r)
		return SIZE_MAX;
	if (r->kind == ROW_TASK)
		return r->i;
	if (r->kind == ROW_VARIANT && v->figures[v->at].what == RF_TASK)
		return v->figures[v->at].i;
	return r->kind == ROW_VARIANT && v->chosen < v->c->n_rows ? v->chosen : SIZE_MAX;
}

int results_column_x(const struct results_view *v, int column)
{
	int x = v->table.area.x;

	if (column >= v->table.n_columns || !v->table.widths[column])
		return -1;
	for (int c = 0; c < column; c++)
		if (v->table.widths[c])
			x += v->table.widths[c] + 1;
	return x;
}
