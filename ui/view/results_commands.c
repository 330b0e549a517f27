/* Commands of the Results view: what is against what, what is shown, import, export. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/view/view_results.h"

/* --- going, opening, arranging --- */

unsigned cmd_view_results(struct app *a, const char *args)
{
	(void)args;
	return app_go(a, 6);
}

unsigned cmd_open_result(struct app *a, const char *args)
{
	struct results_view *v = results_of(a);
	const struct results_row *row = results_row_at(v);

	(void)args;
	if (v->page_open)
		v->page_open = false;
	else if (row && !v->at && row->kind == ROW_TASK)
		results_page_task(v, row->i);
	else if (row && !v->at && row->kind == ROW_VARIANT)
		results_page_variant(v, row->i);
	else if (row && (row->kind == ROW_SIZE || row->kind == ROW_BITS))
		results_page_variant(v, results_variant_at(v));
	else
		results_page_cell(v);
	return CHANGED_LAYOUT;
}

/* By size only where there are sizes to tell apart. */
enum results_arrangement results_next_arrangement(const struct results_view *v)
{
	if (v->arrangement == RESULTS_VARIANTS && (!v->c || results_sizes(v->c) < 2))
		return RESULTS_TASKS;
	return (v->arrangement + 1) % 3;
}

unsigned cmd_arrange_results(struct app *a, const char *args)
{
	struct results_view *v = results_of(a);

	(void)args;
	v->arrangement = results_next_arrangement(v);
	v->arranged = true;
	v->page_open = false;
	if (v->arrangement == RESULTS_SIZES)
		results_choose_sized(v);
	results_table_again(v);
	return CHANGED_LAYOUT | CHANGED_ROWS;
}

int64_t app_selected_result_run(const struct app *a)
{
	const struct results_view *v = results_of(a);
	size_t at = v ? results_variant_at(v) : SIZE_MAX;

	if (at == SIZE_MAX)
		return 0;
	if (v->c->variants[at].run)
		return v->c->variants[at].run;
	for (size_t i = 0; i < a->n_models && v->c->variants[at].model; i++)
		if (a->models[i].id == v->c->variants[at].model)
			return a->models[i].run;
	return 0;
}

/* --- what differences are against --- */

static unsigned set_baseline(struct results_view *v, const char *word, enum compare_against how)
{
	free(v->baseline);
	v->baseline = word ? xstrdup(word) : NULL;
	v->against = how;
	results_ask(v);
	return CHANGED_SCREEN;
}

/* The variants, then the three other ways. */
static unsigned baseline_picked(struct app *a, size_t i, void *ctx)
{
	struct results_view *v = results_of(a);
	size_t n = v->c ? v->c->n_variants : 0; /* parents may come on top of what was asked for */
	char buf[24];

	(void)ctx;
	n = n < RESULTS_VARIANTS_MAX ? n : RESULTS_VARIANTS_MAX;
	if (i < n)
		return set_baseline(v, results_word(a, &v->c->variants[i], buf), AGAINST_BASELINE);
	return set_baseline(v, NULL, i == n ? AGAINST_PARENT : i == n + 1 ? AGAINST_EACH :
		AGAINST_BASELINE);
}

unsigned cmd_baseline_results(struct app *a, const char *args)
{
	struct results_view *v = results_of(a);
	struct choice items[RESULTS_VARIANTS_MAX + 3];
	size_t n = 0, at = 0;

	if (*args)
		return set_baseline(v, args, AGAINST_BASELINE);
	for (; v->c && n < v->c->n_variants && n < RESULTS_VARIANTS_MAX; n++) {
		bool on = n == v->c->baseline && v->against == AGAINST_BASELINE;

		items[n] = (struct choice){ v->c->variants[n].label, v->c->variants[n].name, on };
		at = on ? n : at;
	}
	items[n] = (struct choice){ "best measured parent",
		"synergy: each against the best of what it was made of",
		v->against == AGAINST_PARENT };
	items[n + 1] = (struct choice){ "each against each", "every pair",
		v->against == AGAINST_EACH };
	items[n + 2] = (struct choice){ "as usual", "the best measured parent of a merge, the "
		"unquantized source of a quantization, else the first", !v->baseline &&
		v->against == AGAINST_BASELINE };
	return app_menu(a, "against", items, n + 3, at, baseline_picked, NULL);
}

/* Marked rows of variants; else the baseline and the variant under the cursor. */
unsigned cmd_beside_results(struct app *a, const char *args)
{
	struct results_view *v = results_of(a);
	const char *words[RESULTS_VARIANTS_MAX];
	char buf[RESULTS_VARIANTS_MAX][24];
	size_t rows[RESULTS_VARIANTS_MAX], n = 0, marked, at = results_variant_at(v);

	(void)args;
	if (!v->c || v->c->n_variants < 2) {
		app_say(a, "there is nothing to set side by side");
		return CHANGED_SCREEN;
	}
	marked = v->arrangement == RESULTS_TASKS ? 0 : table_marked(&v->table, rows,
		RESULTS_VARIANTS_MAX);
	for (size_t i = 0; marked > 1 && i < marked && i < RESULTS_VARIANTS_MAX; i++, n++)
		words[n] = results_word(a, &v->c->variants[v->rows.v[rows[i]].i], buf[n]);
	if (!n && at != SIZE_MAX && at != results_reference(v->c)) {
		words[0] = results_word(a, &v->c->variants[results_reference(v->c)], buf[0]);
		words[1] = results_word(a, &v->c->variants[at], buf[1]);
		n = 2;
	}
	if (!n) {
		app_say(a, "mark two or more variants with Space, or go to one: d sets it beside "
			"the baseline");
		return CHANGED_SCREEN;
	}
	results_pick(v, words, n);
	return CHANGED_SCREEN;
}

/* --- what is shown --- */

#define SCOPES 3 /* rows before them */
static const struct {
	const char *text, *help;
} presets[] = {
	{ "only what differs", "rows where all variants are equal are left out" },
	{ "across protocols", "subtract figures that were measured differently, too, marked ≠" },
	{ "details of divergence", "its quantiles and ratios are rows, too" },
	{ "marked or family", "what is marked in Models, else the family of the model there" },
	{ "family", "of the variant under the cursor: what it comes from, what comes from it" },
	{ "everything measured", "newest first" },
};

static void choose_family(struct results_view *v)
{
	size_t at = results_variant_at(v);

	free(v->family_of);
	v->family = 0;
	v->family_of = NULL;
	if (at == SIZE_MAX)
		return;
	v->family = v->c->variants[at].model;
	if (!v->family && !v->c->variants[at].run)
		v->family_of = xstrdup(v->c->variants[at].name);
}

static unsigned preset_picked(struct app *a, size_t i, void *ctx)
{
	struct results_view *v = results_of(a);

	(void)ctx;
	if (i == 0)
		v->only = !v->only;
	else if (i == 1)
		v->across = !v->across;
	else if (i == 2)
		v->details = !v->details;
	else
		v->scope = (enum results_scope)(i - SCOPES);
	if (v->scope == SCOPE_FAMILY && i >= SCOPES)
		choose_family(v);
	if (i >= SCOPES) {
		results_pick(v, NULL, 0);
		return CHANGED_SCREEN;
	}
	results_ask(v);
	return CHANGED_SCREEN;
}

unsigned cmd_presets_results(struct app *a, const char *args)
{
	struct results_view *v = results_of(a);
	struct choice items[sizeof presets / sizeof *presets];
	size_t n = sizeof presets / sizeof *presets;

	for (size_t i = 0; i < n; i++) {
		if (*args && str_starts(presets[i].text, args))
			return preset_picked(a, i, NULL);
		items[i] = (struct choice){ presets[i].text, presets[i].help,
			i == 0 ? v->only : i == 1 ? v->across : i == 2 ? v->details :
			(size_t)v->scope + SCOPES == i };
	}
	return app_menu(a, "show", items, n, 0, preset_picked, NULL);
}
