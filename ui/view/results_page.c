/* Pages of the Results view: one figure with everything known of it; what an import did not
 * read. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "catalog/measured.h"
#include "import/import.h"
#include "catalog/task.h"
#include "ui/view/view_results.h"

#define TEXT_WIDTH 74

static const char *sense_words(enum compare_sense sense)
{
	switch (sense) {
	case SENSE_CHANCE: return "within 2 SE of guessing: it tells nothing";
	case SENSE_MAJORITY:
		return "within 2 SE of always giving the commonest answer: it tells nothing";
	case SENSE_BELOW: return "below guessing by more than 2 SE: is the protocol broken?";
	default: return NULL;
	}
}

static void cell_lines(struct run_page *p, const struct compare_row *r,
	const struct compare_cell *cell)
{
	const struct task *t = r->task ? task_find(r->task) : NULL;
	const char *words = sense_words(cell->sense);
	struct str s = STR_INIT;

	results_number(r, cell->value, &s);
	if (r->share)
		str_addf(&s, "  (%.2f %%)", 100 * cell->value);
	run_page_add(p, STYLE_value, "value     %s%s", cell->estimated ? "~" : "", s.s);
	if (cell->estimated)
		run_page_add(p, STYLE_warn, "          an estimate: it is subtracted from nothing");
	str_clear(&s);
	results_number(r, cell->stderr_, &s);
	run_page_add(p, STYLE_normal, "± 1 SE    %s", s.n ? s.s : "not known");
	if (cell->n)
		run_page_add(p, STYLE_normal, "n         %lld", (long long)cell->n);
	else if (t && t->questions)
		run_page_add(p, STYLE_normal, "n         not stated; the task has %lld questions",
			(long long)t->questions);
	if (t && !isnan(t->chance))
		run_page_add(p, STYLE_dim, "guessing  %.4g%s", t->chance, isnan(t->majority) ? "" :
			"; the commonest answer is better");
	if (t && !isnan(t->majority))
		run_page_add(p, STYLE_dim, "majority  %.4g", t->majority);
	if (words)
		run_page_add(p, cell->sense == SENSE_BELOW ? STYLE_bad : STYLE_warn, "          %s",
			words);
	if (cell->protocol)
		run_page_add(p, STYLE_normal, "protocol  %s", cell->protocol);
	run_page_add(p, STYLE_normal, "from      %s",
		cell->source ? cell->source : "measured here");
	if (!r->mean)
		run_page_add(p, STYLE_normal, "answers   %s", cell->answers ?
			"kept: differences can be paired" : "to single questions are not kept");
	str_fini(&s);
}

static void difference_lines(struct run_page *p, const struct comparison *c,
	const struct compare_row *r, const struct compare_difference *d)
{
	struct str s = STR_INIT;

	str_addf(&s, "against %s", c->variants[d->against].label);
	run_page_heading(p, s.s);
	str_clear(&s);
	if (!d->known) {
		run_page_add(p, STYLE_dim, "not subtracted: %s",
			d->why_not ? d->why_not : "not measured");
		str_fini(&s);
		return;
	}
	results_signed(r, d->value, &s);
	if (!isnan(d->relative_percent))
		str_addf(&s, "  (%+.2f %% of it)", d->relative_percent);
	run_page_add(p, results_style(r, d), "Δ         %s%s%s", s.s,
		d->verdict ? "  " : "", compare_verdict_name(d->verdict));
	str_clear(&s);
	results_number(r, d->stderr_, &s);
	if (s.n)
		run_page_add(p, STYLE_normal, "± 1 SE    %s  %s", s.s, d->paired ?
			"paired: the same questions" : d->bound ?
			"a bound: as if the questions were others" : "");
	if (!isnan(d->low))
		run_page_add(p, STYLE_normal, "95 %%      %+.4f … %+.4f", d->low, d->high);
	if (!isnan(d->p))
		run_page_add(p, STYLE_normal, "p         %.4g; %.4g for all tasks (Holm)%s", d->p,
			d->p_holm, d->across ? "; protocols differ" : "");
	if (d->n)
		run_page_add(p, STYLE_normal, "questions %lld of %lld", (long long)d->items,
			(long long)d->n);
	if (!isnan(r->resolves))
		run_page_add(p, STYLE_dim,
			"resolves  %.4f: the smallest difference found four times of "
			"five", r->resolves);
	str_fini(&s);
}

/* "tool lm-eval · shots 5 · limit 40", in as many lines as it takes. */
static void protocol_lines(struct run_page *p, const char *text)
{
	json_t *o = text ? json_loads(text, 0, NULL) : NULL, *value;
	struct str s = STR_INIT;
	const char *key;

	json_object_foreach(o, key, value) {
		struct str one = STR_INIT;

		if (json_is_string(value))
			str_addf(&one, "%s %s", key, json_string_value(value));
		else {
			str_addf(&one, "%s ", key);
			json_add(&one, value, 0);
		}
		if (s.n && text_width(s.s) + text_width(one.s) > TEXT_WIDTH) {
			run_page_add(p, STYLE_dim, "  %s", s.s);
			str_clear(&s);
		}
		str_addf(&s, "%s%s", s.n ? " · " : "", one.s);
		str_fini(&one);
	}
	if (s.n)
		run_page_add(p, STYLE_dim, "  %s", s.s);
	str_fini(&s);
	json_decref(o);
}

static void score_line(struct run_page *p, const struct catalog_score *s)
{
	struct str out = STR_INIT;

	str_addf(&out, "%s%.6g", s->estimated ? "~" : "", s->value);
	if (!isnan(s->stderr_))
		str_addf(&out, " ± %.2g", s->stderr_);
	if (s->n)
		str_addf(&out, "  n %lld", (long long)s->n);
	run_page_add(p, STYLE_normal, "%-14s %s%s", s->metric, out.s,
		s->run ? "  by a run here" : "");
	protocol_lines(p, s->protocol);
	if (s->source)
		run_page_add(p, STYLE_dim, "  %s:%lld  %s", s->source, (long long)s->line,
			s->variant ? s->variant : "");
	if (s->text)
		run_page_add(p, STYLE_dim, "  | %s", s->text);
	str_fini(&out);
}

/* Everything the catalog has of this task and this variant: also what was not chosen. */
static void all_lines(struct results_view *v, const struct compare_row *r,
	const struct compare_variant *m)
{
	struct catalog_measured of = { .model = m->model, .run = m->model ? 0 : m->run,
		.word = m->model || m->run ? NULL : m->name };
	struct err e = { 0 };
	size_t n = 0;
	struct catalog_score *s = catalog_task_scores(v->view.app->catalog, r->task, &of, &n, &e);

	if (n)
		run_page_heading(&v->page, n == 1 ? "as it was stated" :
			"everything stated of it, newest first");
	for (size_t i = 0; i < n && i < 50; i++)
		score_line(&v->page, &s[i]);
	if (n > 50)
		run_page_add(&v->page, STYLE_dim, "and %zu more", n - 50);
	catalog_scores_free(s, n);
}

void results_page_cell(struct results_view *v)
{
	size_t row = results_task_at(v), variant = results_variant_at(v);
	const struct compare_row *r;
	struct str s = STR_INIT;
	bool any = false;

	if (row == SIZE_MAX || variant == SIZE_MAX)
		return;
	r = &v->c->rows[row];
	run_page_fini(&v->page);
	results_title(v->c, row, &s);
	str_addf(&s, " of %s", v->c->variants[variant].name);
	v->page.title = str_steal(&s);
	if (r->cells[variant].known)
		cell_lines(&v->page, r, &r->cells[variant]);
	else
		run_page_add(&v->page, STYLE_dim, "not measured");
	for (size_t k = 0; k < v->c->n_differences; k++)
		if (r->differences[k].of == variant) {
			difference_lines(&v->page, v->c, r, &r->differences[k]);
			any = true;
		}
	if (!any && v->c->n_variants > 1 && variant == v->c->baseline)
		run_page_add(&v->page, STYLE_dim,
			"the others are compared with it: go to one of them for "
			"its difference");
	if (!r->mean)
		all_lines(v, r, &v->c->variants[variant]);
	v->page_open = true;
}

/* --- a whole task, a whole variant --- */

static void value_line(struct run_page *p, const struct comparison *c, size_t row, size_t variant,
	const char *name)
{
	const struct compare_row *r = &c->rows[row];
	const struct compare_cell *cell = &r->cells[variant];
	struct str s = STR_INIT;
	unsigned style = STYLE_normal;

	text_pad(&s, name, 40, -1, CUT_MIDDLE);
	str_add(&s, cell->estimated ? " ~" : "  ");
	results_number(r, cell->value, &s);
	if (!isnan(cell->stderr_)) {
		str_add(&s, " ±");
		results_number(r, cell->stderr_, &s);
	}
	for (size_t k = 0; k < c->n_differences; k++) {
		const struct compare_difference *d = &r->differences[k];

		if (d->of != variant || !d->known)
			continue;
		style = results_style(r, d);
		str_add(&s, "  ");
		results_signed(r, d->value, &s);
		str_addf(&s, " %s", compare_verdict_name(d->verdict));
		if (c->baseline >= c->n_variants)
			str_addf(&s, " (%s)", c->variants[d->against].label);
	}
	if (cell->known)
		run_page_add(p, cell->estimated ? STYLE_dim : style, "%s", s.s);
	str_fini(&s);
}

void results_page_task(struct results_view *v, size_t row)
{
	const struct comparison *c = v->c;
	const struct compare_row *r = &c->rows[row];
	const struct task *t = r->mean ? NULL : task_find(r->task);
	struct str s = STR_INIT;

	run_page_fini(&v->page);
	results_title(c, row, &s);
	v->page.title = str_steal(&s);
	if (r->mean)
		run_page_add(&v->page, STYLE_normal, "over the %zu tasks that all variants have",
			r->tasks);
	else if (r->n || (t && t->questions))
		run_page_add(&v->page, STYLE_normal, "questions %lld", (long long)(r->n ? r->n :
			t->questions));
	if (t && !isnan(t->chance))
		run_page_add(&v->page, STYLE_dim, "guessing  %.4g", t->chance);
	if (t && !isnan(t->majority))
		run_page_add(&v->page, STYLE_dim, "majority  %.4g: the commonest answer, always",
			t->majority);
	if (!isnan(r->resolves))
		run_page_add(&v->page, STYLE_dim,
			"resolves  %.4f: the smallest difference found four "
			"times of five", r->resolves);
	run_page_heading(&v->page, r->lower_better ? "lower is better" : "variants");
	for (size_t i = 0; i < c->n_variants; i++)
		value_line(&v->page, c, row, i, c->variants[i].label);
	v->page_open = true;
}

static void add_part(void *ctx, const char *s, size_t n)
{
	run_page_add(ctx, STYLE_normal, "%.*s", (int)n, s);
}

static void recipe_lines(struct run_page *p, const struct comparison *c, size_t variant)
{
	for (size_t i = 0; i < c->n_recipes; i++) {
		const struct compare_recipes *r = &c->recipes[i];
		struct str s = STR_INIT;

		if (r->of != variant)
			continue;
		str_addf(&s, "recipe, against %s", c->variants[r->against].label);
		run_page_heading(p, s.s);
		str_fini(&s);
		for (size_t k = 0; k < r->n; k++)
			run_page_add(p,
				r->lines[k].sign == '-' ? STYLE_plot2 : r->lines[k].sign == '+' ?
				STYLE_note : STYLE_dim, "%c %s", r->lines[k].sign,
				r->lines[k].text);
	}
}

static void name_lines(struct results_view *v, const struct compare_variant *m)
{
	struct run_page *p = &v->page;
	struct str s = STR_INIT;
	char buf[24];

	run_page_add(p, STYLE_normal, "%s", m->model ? results_word(v->view.app, m, buf) :
		m->run ? "what a run gave; it is no model here" :
		"no model here: files speak of it");
	if (m->run)
		run_page_add(p, STYLE_normal, "run       %lld", (long long)m->run);
	if (m->bytes)
		str_add_bytes(&s, m->bytes);
	if (!isnan(m->bits) && m->bits > 0)
		str_addf(&s, "%s%.2f bits per weight", s.n ? " · " : "", m->bits);
	if (m->parameters) {
		str_add(&s, s.n ? " · " : "");
		str_add_count(&s, m->parameters);
		str_add(&s, " parameters");
	}
	if (m->quantization && *m->quantization)
		str_addf(&s, "%s%s", s.n ? " · " : "", m->quantization);
	if (s.n)
		run_page_add(p, STYLE_normal, "size      %s", s.s);
	if (m->protocol)
		run_page_add(p, STYLE_normal, "protocol  %s", m->protocol);
	str_fini(&s);
}

void results_page_variant(struct results_view *v, size_t variant)
{
	const struct comparison *c = v->c;
	const struct compare_variant *m = &c->variants[variant];
	size_t n = strlen(m->label);

	run_page_fini(&v->page);
	v->page.title = xstrdup(m->name);
	name_lines(v, m);
	run_page_heading(&v->page, c->synergy ? "against the best measured parent" : "figures");
	for (size_t i = 0; i < c->n_rows; i++) {
		struct str s = STR_INIT;

		results_title(c, i, &s);
		value_line(&v->page, c, i, variant, s.s);
		str_fini(&s);
	}
	for (size_t i = 0; i < c->n_sentences; i++)
		if (!strncmp(c->sentences[i], m->label, n) && c->sentences[i][n] == ':')
			text_wrap(c->sentences[i] + n + 2, TEXT_WIDTH, add_part, &v->page);
	recipe_lines(&v->page, c, variant);
	v->page_open = true;
}

void results_page_unread(struct results_view *v, const struct import_file *f, size_t added)
{
	struct run_page *p = &v->page;

	run_page_fini(p);
	p->title = xasprintf("%s: what was not read", str_base(f->path));
	run_page_add(p, STYLE_normal, "%s: %zu figure%s, %zu of them new", f->kind->title,
		f->facts.n,
		f->facts.n == 1 ? "" : "s", added);
	for (size_t i = 0; i < f->unread.n; i++) {
		run_page_add(p, STYLE_warn, "line %lld: %s", (long long)f->unread.v[i].line,
			f->unread.v[i].reason ? f->unread.v[i].reason : "");
		if (f->unread.v[i].text)
			run_page_add(p, STYLE_dim, "  | %s", f->unread.v[i].text);
	}
	v->page_open = true;
}
