/* Cells of the Results view: figures, and the signs and words beside them. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "catalog/task.h"
#include "ui/view/view_results.h"

#define NAME_MOST 16 /* columns of a task's name before it gives way to its brief one */

/* --- figures as text --- */

/* ".429", "-.021": a share without the zero that every one of them begins with. */
static void add_share(struct str *out, double value, bool sign)
{
	char text[32];
	const char *p = text;

	snprintf(text, sizeof text, "%.3f", fabs(value));
	if (value < 0 && strcmp(text, "0.000"))
		str_addc(out, '-');
	else if (sign && strcmp(text, "0.000"))
		str_addc(out, '+');
	str_add(out, *p == '0' ? p + 1 : p);
}

/* As many for every figure of a row, by its first one. */
static int decimals(const struct compare_row *r, double value)
{
	double v = fabs(value);

	if (r->cells && r->cells[0].known)
		v = fabs(r->cells[0].value);
	return v < 1 ? 4 : v < 10 ? 3 : v < 100 ? 2 : 1;
}

void results_number(const struct compare_row *r, double value, struct str *out)
{
	if (isnan(value))
		return;
	if (r->share)
		add_share(out, value, false);
	else
		str_addf(out, "%.*f", decimals(r, value), value);
}

void results_signed(const struct compare_row *r, double value, struct str *out)
{
	if (isnan(value))
		return;
	if (r->share)
		add_share(out, value, true);
	else
		str_addf(out, "%+.*f", decimals(r, value), value);
}

static void add_probability(struct str *out, double p)
{
	if (isnan(p))
		return;
	if (p < 0.0005)
		str_add(out, "<.001");
	else
		add_share(out, p, false);
}

static bool is_again(const struct comparison *c, size_t row)
{
	for (size_t i = 0; i < c->n_rows; i++)
		if (i != row && !c->rows[i].mean && str_eq(c->rows[i].task, c->rows[row].task))
			return true;
	return false;
}

void results_title(const struct comparison *c, size_t row, struct str *out)
{
	const struct compare_row *r = &c->rows[row];

	str_add(out, r->mean ? "mean" : r->task);
	/* "score" is what a card names no metric for */
	if (r->metric && !r->mean && !str_eq(r->metric, "score") && (!r->share || is_again(c, row)))
		str_addf(out, " %s", str_eq(r->metric, "perplexity") ? "ppl" : r->metric);
}

void results_brief(const struct comparison *c, size_t row, struct str *out)
{
	const struct compare_row *r = &c->rows[row];
	const struct task *t = r->mean ? NULL : task_find(r->task);
	struct str s = STR_INIT;
	const char *task, *rest;

	results_title(c, row, &s);
	task = t && t->brief ? t->brief : r->mean ? s.s : r->task;
	rest = r->mean ? "" : s.s + strlen(r->task);
	str_addf(out, "%s%s", task, str_eq(rest, " acc_norm") ? " norm" : rest);
	str_fini(&s);
}

/* --- what a cell says beside its figure --- */

const struct compare_difference *results_difference(const struct results_view *v, size_t row,
	size_t variant)
{
	const struct compare_row *r = &v->c->rows[row];

	for (size_t k = 0; k < v->c->n_differences; k++)
		if (r->differences[k].of == variant)
			return &r->differences[k];
	return NULL;
}

static bool is_better(const struct compare_row *r, const struct compare_difference *d)
{
	return (d->value > 0) != r->lower_better;
}

unsigned results_style(const struct compare_row *r, const struct compare_difference *d)
{
	if (!d || !d->known)
		return STYLE_dim;
	switch (d->verdict) {
	case VERDICT_REAL: return is_better(r, d) ? STYLE_good : STYLE_bad;
	case VERDICT_SUGGESTIVE: return STYLE_warn;
	case VERDICT_NOISE: return STYLE_normal;
	default: return STYLE_dim;
	}
}

static bool tells_nothing(const struct compare_cell *cell)
{
	return cell->sense == SENSE_CHANCE || cell->sense == SENSE_MAJORITY;
}

/* Both were measured, but not alike. */
static bool is_other_protocol(const struct compare_row *r, const struct compare_difference *d)
{
	const struct compare_cell *a = &r->cells[d->against], *b = &r->cells[d->of];

	return d->across ||
		(!d->known && a->known && b->known && !a->estimated && !b->estimated);
}

/* One column wide, so that figures stay under each other. */
static const char *mark_of(const struct compare_row *r, const struct compare_cell *cell,
	const struct compare_difference *d)
{
	if (cell->sense == SENSE_BELOW)
		return "!";
	if (tells_nothing(cell))
		return "=";
	if (d && d->known && d->verdict == VERDICT_REAL)
		return is_better(r, d) ? "▲" : "▼";
	if (d && d->known && d->verdict == VERDICT_SUGGESTIVE)
		return is_better(r, d) ? "▵" : "▿";
	return d && is_other_protocol(r, d) ? "≠" : " ";
}

const char *results_mark(const struct results_view *v, size_t row, size_t variant)
{
	const struct compare_row *r = &v->c->rows[row];

	return r->cells[variant].known ? mark_of(r, &r->cells[variant],
		results_difference(v, row, variant)) : " ";
}

static unsigned cell_style(const struct compare_row *r, const struct compare_cell *cell,
	const struct compare_difference *d)
{
	if (cell->sense == SENSE_BELOW)
		return STYLE_bad;
	if (tells_nothing(cell) || cell->estimated)
		return STYLE_dim;
	if (d && d->known && d->verdict > VERDICT_NOISE)
		return results_style(r, d);
	return r->mean ? STYLE_value : STYLE_normal;
}

static void value_cell(const struct results_view *v, size_t row, size_t variant, bool marks,
	struct table_cell *out)
{
	const struct compare_row *r = &v->c->rows[row];
	const struct compare_cell *cell = &r->cells[variant];
	const struct compare_difference *d = marks ? results_difference(v, row, variant) : NULL;

	if (!cell->known) {
		str_add(&out->text, marks ? "· " : "·");
		out->style = STYLE_dim;
		return;
	}
	if (cell->estimated)
		str_addc(&out->text, '~');
	results_number(r, cell->value, &out->text);
	if (marks)
		str_add(&out->text, mark_of(r, cell, d));
	out->style = cell_style(r, cell, d);
}

static void questions_cell(const struct compare_row *r, const struct compare_difference *d,
	struct table_cell *out)
{
	const struct compare_cell *cell = &r->cells[d->of];

	out->style = STYLE_dim;
	if (cell->known && cell->sense == SENSE_BELOW)
		str_add(&out->text, "below chance");
	else if (d->known && d->verdict == VERDICT_NO_INFORMATION)
		str_add(&out->text, cell->sense == SENSE_MAJORITY ? "= majority" : "= chance");
	else if (d->known && d->n)
		str_addf(&out->text, "%lld of %5lld", (long long)d->items, (long long)d->n);
	else if (!d->known && d->why_not)
		str_add(&out->text, d->why_not);
}

static void verdict_cell(const struct compare_row *r, const struct compare_difference *d,
	struct table_cell *out)
{
	bool below = r->cells[d->of].known && r->cells[d->of].sense == SENSE_BELOW;

	out->style = below ? STYLE_bad : results_style(r, d);
	if (below)
		str_add(&out->text, "protocol broken?");
	else if (d->known)
		str_add(&out->text, compare_verdict_name(d->verdict));
	if (d->known && d->across)
		str_add(&out->text, " ≠");
}

void results_spreads(const struct comparison *c, bool *paired, bool *bound)
{
	*paired = *bound = false;
	for (size_t i = 0; i < c->n_rows; i++)
		for (size_t k = 0; k < c->n_differences; k++) {
			const struct compare_difference *d = &c->rows[i].differences[k];

			*paired |= d->known && d->paired;
			*bound |= d->known && d->bound && !c->rows[i].mean;
		}
}

/* Is part of what is subtracted paired, and part not? Then the ± says which. */
static bool is_mixed(const struct comparison *c)
{
	bool paired, bound;

	results_spreads(c, &paired, &bound);
	return paired && bound;
}

static void difference_cell(const struct results_view *v, size_t row,
	const struct results_column *f, struct table_cell *out)
{
	const struct compare_row *r = &v->c->rows[row];
	const struct compare_difference *d = &r->differences[f->i];

	if (f->what == RF_QUESTIONS || f->what == RF_VERDICT) {
		(f->what == RF_QUESTIONS ? questions_cell : verdict_cell)(r, d, out);
		return;
	}
	out->style = f->what == RF_DELTA ? results_style(r, d) : STYLE_dim;
	if (!d->known) {
		str_add(&out->text, f->what == RF_DELTA ? "·" : "");
		return;
	}
	switch (f->what) {
	case RF_DELTA: results_signed(r, d->value, &out->text); break;
	case RF_SE:
		if (!isnan(d->stderr_) && d->bound && is_mixed(v->c))
			str_add(&out->text, "≤");
		results_number(r, d->stderr_, &out->text);
		break;
	case RF_PERCENT:
		if (!isnan(d->relative_percent))
			str_addf(&out->text, "%+.1f%%", d->relative_percent);
		break;
	case RF_Z:
		if (!isnan(d->z))
			str_addf(&out->text, "%.2f", d->z);
		break;
	case RF_P: add_probability(&out->text, d->p); break;
	default: add_probability(&out->text, d->p_holm); break;
	}
}

/* --- rows of tasks --- */

size_t results_reference(const struct comparison *c)
{
	return c->baseline < c->n_variants ? c->baseline : 0;
}

static double change(const struct comparison *c, size_t variant, bool bits)
{
	const struct compare_variant *a = &c->variants[results_reference(c)];
	const struct compare_variant *b = &c->variants[variant];

	if (bits)
		return b->bits - a->bits;
	return a->bytes && b->bytes ? 100 * ((double)b->bytes / (double)a->bytes - 1) : NAN;
}

/* The rows below the tasks: size and bits of every variant. */
static void weight_cell(const struct results_view *v, bool bits, const struct results_column *f,
	struct table_cell *out)
{
	const struct compare_variant *m = f->what == RF_VALUE ? &v->c->variants[f->i] : NULL;
	double by;

	out->style = STYLE_dim;
	if (f->what == RF_NAME) {
		str_add(&out->text, bits ? "bits per weight" : "size");
	} else if (m && bits) {
		if (!isnan(m->bits))
			str_addf(&out->text, "%.2f", m->bits);
	} else if (m) {
		if (m->bytes)
			str_add_bytes(&out->text, m->bytes);
	} else if (f->what == RF_DELTA && v->c->n_rows) {
		by = change(v->c, v->c->rows[0].differences[f->i].of, bits);
		if (!isnan(by))
			str_addf(&out->text, bits ? "%+.2f" : "%+.1f%%", by);
	}
}

static void task_cell(void *ctx, size_t i, int column, struct table_cell *out)
{
	const struct results_view *v = ctx;
	const struct results_row *row = &v->rows.v[i];
	const struct results_column *f = &v->figures[column];

	if (row->kind != ROW_TASK) {
		weight_cell(v, row->kind == ROW_BITS, f, out);
		return;
	}
	switch (f->what) {
	case RF_NAME:
		results_title(v->c, row->i, &out->text);
		if (text_width(out->text.s) > NAME_MOST) {
			str_clear(&out->text);
			results_brief(v->c, row->i, &out->text);
		}
		if (v->c->rows[row->i].mean)
			out->style = STYLE_value;
		break;
	case RF_VALUE:
		value_cell(v, row->i, f->i, v->c->n_variants > RESULTS_BESIDE, out);
		break;
	case RF_RESOLVES:
		results_number(&v->c->rows[row->i], v->c->rows[row->i].resolves, &out->text);
		break;
	case RF_N:
		if (v->c->rows[row->i].n)
			str_addf(&out->text, "%lld", (long long)v->c->rows[row->i].n);
		break;
	default: difference_cell(v, row->i, f, out); break;
	}
}

/* Mean and sizes have no value, so that they stay below the tasks in any order. */
static double task_value(void *ctx, size_t i, int column)
{
	const struct results_view *v = ctx;
	const struct results_column *f = &v->figures[column];
	const struct results_row *row = &v->rows.v[i];
	const struct compare_row *r = row->kind == ROW_TASK ? &v->c->rows[row->i] : NULL;
	const struct compare_difference *d;

	if (!r || r->mean)
		return NAN;
	switch (f->what) {
	case RF_NAME: return -(double)row->i;
	case RF_VALUE: return r->cells[f->i].known ? r->cells[f->i].value : NAN;
	case RF_RESOLVES: return r->resolves;
	case RF_N: return r->n ? (double)r->n : NAN;
	default: break;
	}
	d = &r->differences[f->i];
	if (!d->known)
		return NAN;
	return f->what == RF_DELTA ? d->value : f->what == RF_SE ? d->stderr_ :
		f->what == RF_QUESTIONS ? (double)d->items : f->what == RF_PERCENT ?
		d->relative_percent : f->what == RF_Z ? d->z : f->what == RF_P ? d->p :
		f->what == RF_HOLM ? d->p_holm : d->verdict == VERDICT_NO_INFORMATION ? 0 :
		(double)d->verdict;
}

/* --- rows of variants --- */

bool results_has_interval(const struct comparison *c, size_t k)
{
	for (size_t i = 0; i < c->n_rows; i++)
		if (c->rows[i].differences[k].known && !isnan(c->rows[i].differences[k].low))
			return true;
	return false;
}

bool results_subtracts(const struct comparison *c)
{
	for (size_t k = 0; c && k < c->n_differences; k++)
		if (results_has_interval(c, k))
			return true;
	return false;
}

size_t results_sizes(const struct comparison *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_variants; i++)
		n += c->variants[i].bytes > 0;
	return n;
}

static double goodness(const struct compare_row *r, size_t variant)
{
	return r->lower_better ? -r->cells[variant].value : r->cells[variant].value;
}

size_t results_beaten_by(const struct comparison *c, size_t row, size_t variant)
{
	const struct compare_row *r = &c->rows[row];
	double mine = goodness(r, variant), his;
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < c->n_variants; i++) {
		his = goodness(r, i);
		if (i == variant || !r->cells[i].known || !c->variants[i].bytes ||
			c->variants[i].bytes > c->variants[variant].bytes || !(his >= mine) ||
			(c->variants[i].bytes == c->variants[variant].bytes && !(his > mine)))
			continue;
		if (found == SIZE_MAX || his > goodness(r, found))
			found = i;
	}
	return found;
}

static void front_cell(const struct results_view *v, size_t variant, struct table_cell *out)
{
	size_t by;

	out->style = STYLE_dim;
	if (!v->c->variants[variant].bytes || v->chosen >= v->c->n_rows ||
		!v->c->rows[v->chosen].cells[variant].known)
		return;
	by = results_beaten_by(v->c, v->chosen, variant);
	if (by == SIZE_MAX) {
		str_add(&out->text, "on the front");
		out->style = STYLE_good;
	} else {
		str_addf(&out->text, "behind %s", v->c->variants[by].label);
	}
}

static void chosen_cell(const struct results_view *v, size_t variant, enum results_figure what,
	struct table_cell *out)
{
	const struct compare_row *r = v->chosen < v->c->n_rows ? &v->c->rows[v->chosen] : NULL;
	const struct compare_difference *d = r ? results_difference(v, v->chosen, variant) : NULL;

	if (!r)
		return;
	if (what == RF_CHOSEN)
		value_cell(v, v->chosen, variant, false, out);
	else if (what == RF_CHOSEN_SE && r->cells[variant].known)
		results_number(r, r->cells[variant].stderr_, &out->text);
	else if (d && what == RF_CHOSEN_VERDICT)
		verdict_cell(r, d, out);
	else if (d && d->known && what == RF_CHOSEN_DELTA)
		results_signed(r, d->value, &out->text);
	if (what == RF_CHOSEN_SE)
		out->style = STYLE_dim;
	else if (what == RF_CHOSEN_DELTA)
		out->style = results_style(r, d);
}

static void variant_cell(void *ctx, size_t i, int column, struct table_cell *out)
{
	const struct results_view *v = ctx;
	size_t variant = v->rows.v[i].i;
	const struct compare_variant *m = &v->c->variants[variant];
	const struct results_column *f = &v->figures[column];
	double by;

	switch (f->what) {
	case RF_NAME:
		str_add(&out->text, m->label);
		if (variant == v->c->baseline) {
			str_add(&out->text, " ◂");
			out->style = STYLE_value;
		}
		break;
	case RF_TASK: value_cell(v, f->i, variant, true, out); break;
	case RF_SIZE:
		if (m->bytes)
			str_add_bytes(&out->text, m->bytes);
		break;
	case RF_CHANGE:
		by = change(v->c, variant, false);
		if (!isnan(by) && variant != results_reference(v->c))
			str_addf(&out->text, "%+.1f%%", by);
		break;
	case RF_BITS:
		if (!isnan(m->bits) && m->bits > 0)
			str_addf(&out->text, "%.2f", m->bits);
		break;
	case RF_PARAMETERS:
		if (m->parameters)
			str_add_count(&out->text, m->parameters);
		break;
	case RF_PROTOCOL: str_add(&out->text, m->protocol ? m->protocol : ""); break;
	case RF_FRONT: front_cell(v, variant, out); break;
	default: chosen_cell(v, variant, f->what, out); break;
	}
}

static double variant_value(void *ctx, size_t i, int column)
{
	const struct results_view *v = ctx;
	const struct results_column *f = &v->figures[column];
	size_t variant = v->rows.v[i].i, row = f->what == RF_TASK ? f->i : v->chosen;
	const struct compare_variant *m = &v->c->variants[variant];
	const struct compare_row *r = row < v->c->n_rows ? &v->c->rows[row] : NULL;
	const struct compare_difference *d = r ? results_difference(v, row, variant) : NULL;

	switch (f->what) {
	case RF_SIZE: return m->bytes ? (double)m->bytes : NAN;
	case RF_CHANGE: return change(v->c, variant, false);
	case RF_BITS: return m->bits;
	case RF_PARAMETERS: return (double)m->parameters;
	case RF_TASK:
	case RF_CHOSEN: return r && r->cells[variant].known ? r->cells[variant].value : NAN;
	case RF_CHOSEN_SE: return r ? r->cells[variant].stderr_ : NAN;
	case RF_CHOSEN_DELTA: return d && d->known ? d->value : NAN;
	case RF_CHOSEN_VERDICT: return d && d->known ? (double)d->verdict : NAN;
	default: return NAN;
	}
}

static uint64_t row_id(void *ctx, size_t i)
{
	return ((struct results_view *)ctx)->rows.v[i].id;
}

const struct table_source results_tasks = { task_cell, task_value, row_id, NULL };
const struct table_source results_variants = { variant_cell, variant_value, row_id, NULL };
