/* What the Quant view draws around its table: whose plan it is, the selected group as each type,
 * the size-error front, memory, findings. */
#include "config.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/view/view_quant.h"
#include "ui/widget/plot.h"

#define CONTEXT 16384u /* tokens that the memory line is about */

int quant_panes_height(int h)
{
	return h >= 30 ? 13 : h >= 20 ? 7 : h >= 14 ? 4 : 1;
}

void quant_draw_head(const struct quant_view *v, struct grid *g)
{
	const struct quant_doc *d = &v->doc;
	struct str s = STR_INIT;
	double exact, sampled;
	struct err e;

	if (v->opening)
		str_addf(&s, "opening %s …", v->name);
	else if (!quant_doc_is_open(d)) {
		str_add(&s, v->error.code ? str_base(v->error.where) : "no model yet");
		if (v->error.code)
			str_addf(&s, ": %s", v->error.what);
	} else {
		const struct quant_spec *p = quant_doc_spec(d);
		struct quant_row all = { .kind = QUANT_ROW_TOTAL };
		struct quant_figure total = quant_row_error(d, &all, d->plan, NULL);

		str_addf(&s, "%s · %s%s · %s ", str_base(d->subject.name), p->preset.name,
			p->n_rules ? " changed" : "",
			p->preset.container == QUANT_GGUF ? "GGUF" : "MLX");
		str_add_bytes(&s, d->bytes);
		str_addf(&s, " · %.2f bits · ", d->plan->bits_per_weight);
		if (!isnan(total.relative))
			str_addf(&s, "%.2f%% · ", 100 * total.relative);
		sampled = quant_look_progress(d->look, &exact);
		if (quant_look_failed(d->look, &e))
			str_addf(&s, "%s", e.what);
		else if (sampled < 1)
			str_addf(&s, "measuring %.0f%%", 100 * sampled);
		else
			str_add(&s, total.exact ? "errors exact" : "errors sampled");
		if (d->beside)
			str_addf(&s, " · beside %s", d->beside->spec->preset.name);
	}
	grid_fit(g, v->head.x + 1, v->head.y, v->head.w - 2,
		v->error.code && !quant_doc_is_open(d) ? STYLE_error : STYLE_dim, s.s, CUT_MIDDLE);
	str_fini(&s);
}

/* "ffn_down as ── Q2_K 19.8%  Q3_K 11.4% …" */
static void draw_types(const struct quant_view *v, struct grid *g, struct rect r)
{
	const struct quant_doc *d = &v->doc;
	const struct quant_row *row = quant_selected(v);
	struct str s = STR_INIT;
	char name[QUANT_TYPE_NAME];

	if (!row)
		return;
	str_addf(&s, "%s as", row->kind == QUANT_ROW_TOTAL ? "all of it"
		: row->kind == QUANT_ROW_GROUP ? d->groups.v[row->group].role
		: d->plan->targets->v[row->target].name);
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, s.s, NULL);
	str_clear(&s);
	for (size_t k = 0; k < d->n_heat; k++) {
		struct quant_figure f = quant_row_error(d, row, d->plan, &d->heat[k]);

		quant_type_name(d->heat[k], name);
		if (!isnan(f.relative))
			str_addf(&s, f.relative >= 0.0995 ? "%s%s %.0f%%" : "%s%s %.1f%%",
				s.n ? "  " : "", name, 100 * f.relative);
	}
	if (s.n)
		grid_fit(g, r.x + 1, r.y + 1, r.w - 2, STYLE_normal, s.s, CUT_END);
	else
		grid_fit(g, r.x + 1, r.y + 1, r.w - 2, STYLE_dim,
			row->kind != QUANT_ROW_TOTAL && !quant_row_changes(d, row)
			? "stays as it is: nothing of it is quantized" : "being measured …",
			CUT_END);
	str_fini(&s);
}

static const char *percent(double v, char buf[16])
{
	snprintf(buf, 16, "%.1f%%", 100 * v);
	return buf;
}

static void draw_front(const struct quant_view *v, struct grid *g, struct rect r)
{
	const struct quant_doc *d = &v->doc;
	const struct quant_front *f = &v->front;
	struct quant_row total = { .kind = QUANT_ROW_TOTAL };
	double here = quant_row_error(d, &total, d->plan, NULL).relative;
	double at[2] = { (double)d->bytes, (double)d->bytes }, err[2] = { here, here };
	struct plot_line lines[2] = { { f->size, f->error, f->n, STYLE_plot },
		{ at, err, 2, STYLE_plot2 } };
	struct plot_curve c = { .lines = lines, .n_lines = isnan(here) ? 1 : 2,
		.mark_x = (double)d->bytes, .format_x = plot_gigabytes, .format_y = percent };

	if (f->n < 2) {
		grid_fit(g, r.x, r.y, r.w, STYLE_dim, "the size-error front is being worked out …",
			CUT_END);
		return;
	}
	c.x.lo = fmin(f->size[0], (double)d->bytes);
	c.x.hi = fmax(f->size[f->n - 1], (double)d->bytes);
	c.y.hi = f->error[0];
	if (!isnan(here) && here > c.y.hi)
		c.y.hi = here;
	plot_curve(g, r, &c);
}

/* What the least error at this size is, by the front. */
static double least_here(const struct quant_view *v)
{
	const struct quant_front *f = &v->front;
	double at = (double)v->doc.bytes;

	for (size_t k = 0; k + 1 < f->n; k++)
		if (f->size[k] <= at && at <= f->size[k + 1] && f->size[k + 1] > f->size[k]) {
			double u = (at - f->size[k]) / (f->size[k + 1] - f->size[k]);
			return f->error[k] + u * (f->error[k + 1] - f->error[k]);
		}
	return NAN;
}

static void draw_words(const struct quant_view *v, struct grid *g, struct rect r)
{
	const struct quant_doc *d = &v->doc;
	struct quant_row total = { .kind = QUANT_ROW_TOTAL };
	struct quant_figure f = quant_row_error(d, &total, d->plan, NULL);
	uint64_t weights, kv;
	double least = fmin(least_here(v), f.relative);
	int y = r.y;

	if (quant_plan_memory(d->plan, CONTEXT, &weights, &kv) && y < r.y + r.h)
		grid_textf(g, r.x, y++, STYLE_normal, "%.2f GiB with 16k context",
			(double)(weights + kv) / 1073741824.0);
	if (!isnan(least) && !isnan(f.relative) && y < r.y + r.h)
		grid_textf(g, r.x, y++, f.relative > 1.1 * least ? STYLE_warn : STYLE_good,
			"error %.2f%%; about %.2f%% is possible", 100 * f.relative, 100 * least);
	if (d->plan->fallbacks && y < r.y + r.h)
		grid_textf(g, r.x, y++, STYLE_warn, "%zu tensors fall back to another type",
			d->plan->fallbacks);
	if (d->plan->requantized && y < r.y + r.h)
		grid_textf(g, r.x, y++, STYLE_warn, "%zu tensors are quantized already",
			d->plan->requantized);
	for (size_t i = 0; i < d->findings.n && y < r.y + r.h; i++)
		grid_fit(g, r.x, y++, r.w, d->findings.v[i].severity == SEV_WARNING ? STYLE_warn
			: STYLE_note, d->findings.v[i].message, CUT_END);
}

void quant_draw_panes(const struct quant_view *v, struct grid *g)
{
	struct rect r = v->foot, left;

	if (r.h < 4) {
		draw_words(v, g, r);
		return;
	}
	draw_types(v, g, r);
	rect_top(&r, 2);
	rect_left(&r, 1);
	if (r.h >= 4) {
		left = rect_left(&r, r.w > 90 ? 60 : r.w / 2);
		left.w -= 2;
		draw_front(v, g, left);
	}
	draw_words(v, g, r);
}
