#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ui/screen/glyph.h"
#include "ui/view/figure_text.h"
#include "ui/view/view_recipe.h"
#include "ui/widget/plot.h"


/* --- the head: what this is, and the open variants --- */

static void head_text(const struct recipe_view *v, struct str *s)
{
	const struct doc *d = v->doc;
	const struct recipe *r = doc_recipe(d);
	const char *dtype = r->out_dtype ? r->out_dtype : r->dtype;

	str_addf(s, "%s%s", d->name, doc_is_dirty(d) ? "*" : "");
	if (r->documents > 1)
		str_addf(s, " · %s", r->name ? r->name : "the result");
	str_addf(s, " · %s", r->method_name ? r->method_name : "?");
	if (dtype)
		str_addf(s, " · %s", dtype);
	if (r->method && r->method->random)
		str_addf(
			s, " · seed %llu", (unsigned long long)(d->plan ? d->plan->seed : r->seed));
	if (d->inputs && d->inputs->figure_base_name)
		str_addf(s, " · base for figures %s%s", str_base(d->inputs->figure_base_name),
			d->inputs->base < 0 ? " (lineage)" : "");
	else if (d->inputs)
		str_add(s, " · no base: figures of whole weights");
}

static void draw_variants(const struct recipe_view *v, struct grid *g, struct rect r)
{
	const struct app *a = v->view.app;
	int x = r.x + grid_text(g, r.x, r.y, STYLE_dim, "open ");

	for (size_t i = 0; i < a->docs.n && x < r.x + r.w; i++) {
		const struct doc *d = a->docs.v[i];

		x += grid_textf(g, x, r.y, d == v->doc ? STYLE_tab_here : STYLE_tab, " %s%s ",
			d->name, doc_is_dirty(d) ? "*" : "");
	}
	if (x + 12 < r.x + r.w)
		grid_text(g, x + 1, r.y, STYLE_dim, "[ ] switch");
}

static void draw_documents(const struct recipe_view *v, struct grid *g, struct rect r)
{
	const struct recipe *now = doc_recipe(v->doc);
	size_t final = recipe_final(now);
	int x = r.x + grid_text(g, r.x, r.y, STYLE_dim, "documents ");

	for (size_t i = 0; i < now->documents && x < r.x + r.w; i++) {
		const struct recipe *d = now->file[i];

		x += grid_textf(g, x, r.y, d == now ? STYLE_tab_here : STYLE_tab, " %s%s ",
			d->name ? d->name : "the result",
			d->name && i == final ? ", the result" : "");
	}
	if (x + 12 < r.x + r.w)
		grid_text(g, x + 1, r.y, STYLE_dim, "{ } switch");
}

void recipe_draw_head(const struct recipe_view *v, struct grid *g, struct rect r)
{
	struct str s = STR_INIT;

	head_text(v, &s);
	grid_fit(g, r.x + 1, r.y, r.w - 1, doc_is_dirty(v->doc) ? STYLE_changed : STYLE_heading,
		s.s, CUT_END);
	str_fini(&s);
	if (r.h > 1 && doc_recipe(v->doc)->documents > 1)
		draw_documents(v, g, (struct rect){ r.x + 1, r.y + r.h - 1, r.w - 1, 1 });
	if (r.h > 1 && v->view.app->docs.n > 1)
		draw_variants(v, g, (struct rect){ r.x + 1, r.y + 1, r.w - 1, 1 });
}

/* --- sliders --- */

static int recipe_label_width(const struct recipe_view *v)
{
	int w = 8, most = v->grid.w / 3;

	for (size_t i = 0; i < v->knobs.rows.n; i++) {
		int n = text_width(v->knobs.rows.v[i].label) + 2 + 2 * v->knobs.rows.v[i].depth;

		w = n > w ? n : w;
	}
	return w < most ? w : most;
}

/* Two globals share a line's columns with the inputs' parameters only where there is one column. */
struct rect recipe_knob_rect(const struct recipe_view *v, size_t row, int column)
{
	int columns = v->knobs.n_columns > 0 ? v->knobs.n_columns : 1;
	int label = recipe_label_width(v), room = v->grid.w - label - 3;
	int w = v->knobs.rows.v[row].input == -1 ? room : room / columns;

	if (w > 34)
		w = 34;
	return (struct rect){ v->grid.x + 3 + label + column * w,
		v->grid.y + 1 + (int)(row - v->scroll), w - 2, 1 };
}

int recipe_number_width(int w)
{
	return w < 16 ? 5 : 8;
}

const struct knob *recipe_knob(const struct recipe_view *v)
{
	const struct knob_row *row;

	if (v->row >= v->knobs.rows.n)
		return NULL;
	row = &v->knobs.rows.v[v->row];
	return v->column < row->n && row->knob[v->column].kind != KNOB_NONE ? &row->knob[v->column]
									    : NULL;
}

bool recipe_is_marked(const struct recipe_view *v, const struct knob *k)
{
	for (size_t i = 0; i < v->marks.n; i++)
		if (knob_same(k, &v->marks.v[i]))
			return true;
	return false;
}

static void draw_gradient_cell(const struct knob *k, struct grid *g, struct rect r, unsigned style)
{
	double values[64];
	size_t n = k->setting->n < 64 ? k->setting->n : 64;
	struct str s = STR_INIT;

	for (size_t i = 0; i < n; i++)
		values[i] = k->setting->values[i].number;
	int number = recipe_number_width(r.w);

	plot_spark(g, r.x, r.y, r.w - number, STYLE_plot, values, n, fmin(k->def->min, 0),
		k->def->max);
	str_addf(&s, "%zu val", n);
	grid_pad(g, r.x + r.w - number, r.y, number, 1, style, s.s);
	str_fini(&s);
}

static void draw_knob(const struct recipe_view *v, const struct knob *k, struct grid *g,
	struct rect r, bool focused)
{
	struct slider s = knob_slider(k);

	s.focused = focused;
	s.marked = recipe_is_marked(v, k);
	switch (k->kind) {
	case KNOB_GRADIENT:
		draw_gradient_cell(k, g, r, focused ? STYLE_cursor : STYLE_normal);
		break;
	case KNOB_FILTERS:
		grid_fit(g, r.x, r.y, r.w, focused ? STYLE_cursor : STYLE_dim, "by filter, below",
			CUT_END);
		break;
	case KNOB_TEXT:
		grid_fit(g, r.x, r.y, r.w, focused ? STYLE_cursor : STYLE_warn,
			k->setting && k->setting->text ? k->setting->text : "?", CUT_END);
		break;
	case KNOB_NONE:
		break;
	default:
		slider_draw(&s, g, r.x, r.y, r.w, recipe_number_width(r.w));
	}
	if (s.ignored && r.w > 17)
		grid_text(g, r.x, r.y, STYLE_dim, "skipped ");
}

static void draw_row(const struct recipe_view *v, struct grid *g, size_t i)
{
	const struct knob_row *row = &v->knobs.rows.v[i];
	bool here = v->focus == FOCUS_KNOBS && i == v->row;
	int y = v->grid.y + 1 + (int)(i - v->scroll), label = recipe_label_width(v);

	grid_text(g, v->grid.x, y, here ? STYLE_value : STYLE_dim, here ? ">" : " ");
	grid_fit(g, v->grid.x + 2 + 2 * row->depth, y, label - 2 * row->depth,
		here ? STYLE_value : row->n || row->input >= 0 ? STYLE_normal : STYLE_heading,
		row->label,
		CUT_MIDDLE);
	for (int c = 0; c < row->n; c++)
		draw_knob(v, &row->knob[c], g, recipe_knob_rect(v, i, c), here && c == v->column);
	if (here) {
		g->cursor_x = recipe_knob_rect(v, i, v->column).x;
		g->cursor_y = y;
	}
}

void recipe_draw_knobs(const struct recipe_view *v, struct grid *g, struct rect r)
{
	if (r.h < 2)
		return;
	for (int c = 0; c < v->knobs.n_columns && v->knobs.rows.n; c++) {
		struct rect k = recipe_knob_rect(v, v->scroll, c);
		int w = (r.w - recipe_label_width(v) - 3) / v->knobs.n_columns;

		k.x = r.x + 3 + recipe_label_width(v) + c * (w > 34 ? 34 : w);
		grid_fit(g, k.x, r.y, w, STYLE_header, v->knobs.columns[c]->name, CUT_END);
	}
	struct rect clip = grid_clip(g, r);
	for (size_t i = v->scroll; i < v->knobs.rows.n && (int)(i - v->scroll) < r.h - 1; i++)
		draw_row(v, g, i);
	g->clip = clip;
}

/* --- what it really does --- */

struct lines {
	struct grid *g;      /* NULL: only counts */
	struct rect r;
	int n;
	unsigned style;
};

static void put_line(void *ctx, const char *s, size_t n)
{
	struct lines *l = ctx;
	struct str t = STR_INIT;

	str_addn(&t, s, n);
	if (l->g && l->n < l->r.h)
		grid_fit(l->g, l->r.x, l->r.y + l->n, l->r.w, l->style, t.s ? t.s : "", CUT_END);
	l->n++;
	str_fini(&t);
}

static void coverage_line(const struct recipe_view *v, struct str *s)
{
	static const char *const words[] = { "base", "one", "two", "three", "four" };
	const struct effect *ef = &v->doc->effect;

	for (size_t i = 0; i < ef->n_coverage && i < 5; i++) {
		str_add(s, i ? "  " : "");
		plot_bar_text(s, (int)lround(ef->coverage[i] * 16), 1);
		str_addf(s, " %.1f%% %s", ef->coverage[i] * 100, words[i]);
	}
}

/* What the recipe's tokenizer section makes of the rows of each model. The inputs may still be
 * those of another document, until its own are open: their names are not the recipe's. */
static void rows_lines(const struct recipe_view *v, struct lines *l)
{
	const struct inputs *in = v->doc->inputs;

	l->style = STYLE_dim;
	for (size_t i = 0; in && in->vocabulary && i < in->n; i++) {
		char *counts = vocabulary_counts(in->vocabulary, i);
		char *line = xasprintf("%s: %s", str_base(in->v[i].text), counts);

		text_wrap(line, l->r.w, put_line, l);
		free(line);
		free(counts);
	}
}

static void effect_lines(const struct recipe_view *v, struct lines *l)
{
	const struct effect *ef = &v->doc->effect;
	struct str s = STR_INIT;

	l->style = STYLE_value;
	for (size_t i = 0; i < ef->n_sentences; i++) {
		text_wrap(ef->sentences[i], l->r.w, put_line, l);
		l->style = STYLE_normal;
	}
	if (ef->n_coverage) {
		coverage_line(v, &s);
		l->style = STYLE_plot;
		text_wrap(s.s, l->r.w, put_line, l);
	}
	str_clear(&s);
	for (size_t i = 0; i < ef->n_gain; i++)
		str_addf(&s, "%s%s acts as %.2f×", i ? ", " : "", str_base(ef->gain[i].input),
			ef->gain[i].gain);
	l->style = STYLE_normal;
	if (ef->n_gain)
		text_wrap(s.s, l->r.w, put_line, l);
	if (v->doc->inputs && v->doc->inputs->donor >= 0) {
		str_clear(&s);
		str_addf(&s, "tokenizer and template from %s",
			v->doc->inputs->v[v->doc->inputs->donor].label);
		l->style = STYLE_dim;
		text_wrap(s.s, l->r.w, put_line, l);
	}
	rows_lines(v, l);
	str_fini(&s);
}

int recipe_effect_lines(const struct recipe_view *v, int width)
{
	struct lines l = { .r = { 0, 0, width, 0 } };

	effect_lines(v, &l);
	return l.n;
}

void recipe_draw_effect(const struct recipe_view *v, struct grid *g, struct rect r)
{
	if (r.h < 2)
		return;
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, "what it really does", NULL);
	rect_top(&r, 1);
	rect_left(&r, 1);
	struct lines l = { .g = g, .r = r };
	effect_lines(v, &l);
}

void recipe_draw_error(const struct recipe_view *v, struct grid *g, struct rect r)
{
	const struct err *e = &v->doc->error;
	struct str s = STR_INIT;

	rect_top(&r, 1);
	str_addf(&s, "%s: %s", e->where, e->what);
	if (*e->hint)
		str_addf(&s, "; %s", e->hint);
	struct lines l = { .g = g, .r = r, .style = STYLE_error };
	text_wrap(s.s, r.w, put_line, &l);
	str_fini(&s);
}

/* --- findings --- */

static unsigned severity_style(enum severity s)
{
	return s == SEV_ERROR ? STYLE_error : s == SEV_WARNING ? STYLE_warn : STYLE_note;
}

void recipe_draw_findings(const struct recipe_view *v, struct grid *g, struct rect r)
{
	const struct findings *f = &v->doc->findings;
	struct str s = STR_INIT;

	if (r.h < 2)
		return;
	str_addf(&s, "findings %zu", f->n);
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, s.s, NULL);
	rect_top(&r, 1);
	size_t top = v->finding >= (size_t)r.h ? v->finding - (size_t)r.h + 1 : 0;
	for (size_t i = top; i < f->n && (int)(i - top) < r.h; i++) {
		const struct finding *x = &f->v[i];
		bool here = v->focus == FOCUS_FINDINGS && i == v->finding;
		int y = r.y + (int)(i - top);

		str_clear(&s);
		if (x->line)
			str_addf(&s, "%d ", x->line);
		str_addf(&s, "%s: %s", x->key ? x->key : severity_name(x->severity), x->message);
		if (x->hint && *x->hint)
			str_addf(&s, "; %s", x->hint);
		grid_text(g, r.x, y, severity_style(x->severity), x->severity == SEV_ERROR ? "!" :
			x->severity == SEV_WARNING ? "?" : " ");
		grid_fit(g, r.x + 2, y, r.w - 2, here ? STYLE_cursor : STYLE_normal, s.s, CUT_END);
		if (here) {
			g->cursor_x = r.x;
			g->cursor_y = y;
		}
	}
	str_fini(&s);
}

/* --- an open gradient --- */

void recipe_draw_gradient(const struct recipe_view *v, struct grid *g, struct rect r)
{
	const struct knob *k = recipe_knob(v);
	double values[256];
	struct str s = STR_INIT;

	if (!k || k->kind != KNOB_GRADIENT || r.h < 3 || v->focus != FOCUS_GRADIENT)
		return;
	size_t n = k->setting->n < 256 ? k->setting->n : 256;
	for (size_t i = 0; i < n; i++)
		values[i] = k->setting->values[i].number;
	str_addf(&s, "%s by layer · value %zu of %zu: ", k->def->name, v->layer + 1, n);
	if (v->layer < n)
		slider_format(values[v->layer], k->def->step, &s);
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, s.s,
		r.w >= 60 ? "arrows move and raise" : NULL);
	rect_top(&r, 1);
	/* One bar a value, as wide as there is room for. */
	int w = n ? (r.w - 8) / (int)n : 1;
	w = w < 1 ? 1 : w > 6 ? 6 : w;
	str_clear(&s);
	slider_format(k->def->max, k->def->step, &s);
	grid_text(g, r.x, r.y, STYLE_dim, s.s);
	str_clear(&s);
	slider_format(fmin(k->def->min, 0), k->def->step, &s);
	grid_text(g, r.x, r.y + r.h - 1, STYLE_dim, s.s);
	for (size_t i = 0; i < n; i++) {
		struct rect bar = { r.x + 8 + (int)i * w, r.y, w > 1 ? w - 1 : 1, r.h };
		bool here = i == v->layer;

		for (int c = 0; c < bar.w; c++)
			plot_bars(g, (struct rect){ bar.x + c, bar.y, 1, bar.h },
				here ? STYLE_changed : STYLE_plot, &values[i], 1,
				fmin(k->def->min, 0), k->def->max);
		if (here) {
			g->cursor_x = bar.x;
			g->cursor_y = r.y + r.h - 1;
		}
	}
	str_fini(&s);
}

/* --- the YAML itself --- */

static const char *line_at(const char *text, int line)
{
	while (text && --line > 0) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return text;
}

static size_t line_length(const char *p)
{
	size_t n = strcspn(p, "\n");

	return n && p[n - 1] == '\r' ? n - 1 : n;
}

static int line_here(const struct recipe_view *v)
{
	const struct knob *k = recipe_knob(v);

	if (v->focus == FOCUS_FINDINGS && v->finding < v->doc->findings.n)
		return v->doc->findings.v[v->finding].line;
	if (k && k->setting)
		return k->setting->mark.line;
	/* Not written: what it would belong to. */
	int input = v->row < v->knobs.rows.n ? v->knobs.rows.v[v->row].input : -1;
	int slice = v->row < v->knobs.rows.n ? v->knobs.rows.v[v->row].slice : -1;
	const struct recipe *r = doc_recipe(v->doc);
	return input >= 0 ? r->models[input].mark.line :
		slice >= 0 && r->n_slices > 1 ? r->slices[slice].mark.line : r->method_mark.line;
}

static const struct finding *finding_on(const struct recipe_view *v, int line)
{
	const struct finding *worst = NULL;

	for (size_t i = 0; i < v->doc->findings.n; i++) {
		const struct finding *f = &v->doc->findings.v[i];

		if (f->line == line && (!worst || f->severity > worst->severity))
			worst = f;
	}
	return worst;
}

/* What a line was before the last edit, when it is another one now. */
static void add_was(const struct recipe_view *v, int line, const char *now, size_t n, struct str *s)
{
	const struct recipe *before = doc_before(v->doc);
	const char *was = before ? line_at(before->text, line) : NULL;
	size_t w = was ? line_length(was) : 0, i = 0;

	if (!was || (w == n && !memcmp(was, now, n)))
		return;
	while (i < w && i < n && was[i] == now[i])
		i++;
	while (i && was[i - 1] != ' ' && was[i - 1] != '[' && was[i - 1] != ',')
		i--;
	if (w - i > 24)
		return;
	str_add(s, "was ");
	str_addn(s, was + i, strcspn(was + i, " #,]\r\n"));
	str_add(s, " · u undoes");
}

static void draw_line(const struct recipe_view *v, struct grid *g, struct rect r, int y, int line,
	const char *p, int here)
{
	const struct finding *f = finding_on(v, line);
	struct str s = STR_INIT, was = STR_INIT;
	size_t n = line_length(p);

	str_addn(&s, p, n);
	grid_textf(g, r.x, y, f ? severity_style(f->severity) : STYLE_dim, "%3d%s", line,
		f ? f->severity == SEV_ERROR ? "!" : f->severity == SEV_WARNING ? "?" : "·" : " ");
	grid_text(g, r.x + 4, y, STYLE_value,
		line != here                ? " "
		: text_tier() == TEXT_ASCII ? "|"
					    : "▌");
	int x = r.x + 6 +
		grid_fit(g, r.x + 6, y, r.w - 6, line == here ? STYLE_value : STYLE_normal,
			s.s ? s.s : "", CUT_END);
	add_was(v, line, p, n, &was);
	if (was.n && x + text_width(was.s) + 2 < r.x + r.w)
		grid_pad(g, x + 2, y, r.x + r.w - x - 2, 1, STYLE_changed, was.s);
	else if (f && x + 24 < r.x + r.w)
		grid_fit(g, x + 2, y, r.x + r.w - x - 2, severity_style(f->severity), f->message,
			CUT_END);
	str_fini(&s);
	str_fini(&was);
}

void recipe_draw_yaml(const struct recipe_view *v, struct grid *g, struct rect r)
{
	const char *text = doc_recipe(v->doc)->text;
	int here = line_here(v), first;

	if (r.h < 2)
		return;
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, "yaml", NULL);
	rect_top(&r, 1);
	first = here - r.h / 2;
	int total = 1;
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		total += p[1] != 0;
	first = first + r.h - 1 > total ? total - r.h + 1 : first;
	first = first < 1 ? 1 : first;
	const char *p = line_at(text, first);
	for (int i = 0; i < r.h && p && *p; i++) {
		draw_line(v, g, r, r.y + i, first + i, p, here);
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
}
