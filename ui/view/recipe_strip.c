#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/screen/glyph.h"
#include "ui/view/view_recipe.h"
#include "ui/widget/plot.h"

#define STRIP_ROWS 6
/* Outside the layers: they take the first value of a gradient. */
enum { END_EMBEDDING, END_NORM, END_HEAD, ENDS };

struct strip_row {
	const char *filter;        /* NULL: the rest */
	double *v, end[ENDS];      /* NAN: no such tensor */
};
struct strip {
	struct strip_row rows[STRIP_ROWS];
	size_t n;
	int first, layers;         /* of the output: [first, first + layers) */
	int *slice;                /* of each */
	double lo, hi;
	bool has_end[ENDS];
};

/* --- what is shown --- */

static bool varies(const struct setting *s)
{
	return s && (s->kind == SETTING_FILTERS || (s->kind == SETTING_GRADIENT && s->n > 1));
}

/* What is written where the knob under the cursor is. */
static const struct setting *written(const struct recipe_view *v, const struct knob *k)
{
	return k ? recipe_setting(doc_recipe(v->doc), k->target.param, k->target.input) : NULL;
}

static void add_row(struct strip *s, const char *filter)
{
	if (s->n == STRIP_ROWS)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->rows[i].filter, filter))
			return;
	s->rows[s->n++].filter = filter;
}

static void add_rows(struct strip *s, const struct setting *set)
{
	for (size_t i = 0; set && set->kind == SETTING_FILTERS && i < set->n; i++)
		if (set->filters[i] && strcmp(set->filters[i], "*") != 0 && s->n + 1 < STRIP_ROWS)
			add_row(s, set->filters[i]);
	add_row(s, NULL);
}

static size_t row_of(const struct strip *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->rows[i].filter || strstr(name, s->rows[i].filter))
			return i;
	return s->n - 1;
}

/* The slice a setting is for; -1: all. */
static int slice_of(const struct recipe *r, int scope)
{
	return scope >= 0 ? r->models[scope].slice : RECIPE_IS_SLICE(scope)
		? RECIPE_OF_SLICE(0) - scope : -1;
}

static bool concerns(const struct recipe *r, const struct knob *k, const struct plan_tensor *t)
{
	int slice = slice_of(r, k->target.input);

	if (t->slice < 0 || t->verbatim || t->spec.method != r->method)
		return false;
	if (k->target.input < RECIPE_ALL && slice < 0)
		return r->slices[t->slice].module == RECIPE_OF_MODULE(0) - k->target.input;
	return slice < 0 || slice == t->slice;
}

/* Of a parameter of inputs that is written for all: of the first that says nothing itself. */
static double value_in(const struct recipe *r, const struct knob *k, const struct plan_tensor *t)
{
	if (k->def->scope == PARAM_GLOBAL)
		return t->spec.global[k->def->id];
	for (int i = 0; i < t->spec.n_inputs; i++) {
		const struct recipe_slice *s = &r->slices[t->slice];
		int source = -1;

		for (size_t j = 0; j < s->n_sources; j++)
			if (s->sources[j].input == t->input[i])
				source = (int)(s->first + j);
		if (k->target.input >= 0 ? source != k->target.input
		    : source >= 0 && recipe_setting(r, k->def->name, source))
			continue;
		if (!isnan(t->spec.input[i][k->def->id]))
			return t->spec.input[i][k->def->id];
	}
	return NAN;
}

static int end_of(const struct tensor *t)
{
	return str_eq(t->role, "token_embd") ? END_EMBEDDING : str_eq(t->role, "output_norm")
		? END_NORM : str_eq(t->role, "output") ? END_HEAD : -1;
}

static void take(struct strip *s, const struct plan_tensor *t, const char *name, double value)
{
	struct strip_row *row = &s->rows[row_of(s, name)];
	int end = end_of(t->like), layer = t->like->layer - s->first;
	double *to = t->like->layer >= 0 ? &row->v[layer] : end >= 0 ? &row->end[end] : NULL;

	if (!to || !isnan(*to) || isnan(value))
		return;
	*to = value;
	if (t->like->layer >= 0)
		s->slice[layer] = t->slice;
	else
		s->has_end[end] = true;
	s->lo = fmin(s->lo, value);
	s->hi = fmax(s->hi, value);
}

static void strip_range(struct strip *s, const struct recipe *r, const struct plan *p,
	const struct knob *k)
{
	int last = -1;

	s->first = INT32_MAX;
	for (size_t i = 0; i < p->n; i++) {
		int layer = p->tensors[i].like->layer;

		if (layer < 0 || !concerns(r, k, &p->tensors[i]))
			continue;
		s->first = layer < s->first ? layer : s->first;
		last = layer > last ? layer : last;
	}
	s->first = last < 0 ? 0 : s->first;
	s->layers = last < 0 ? 0 : last - s->first + 1;
}

static bool strip_make(const struct recipe_view *v, const struct knob *k, struct strip *s)
{
	const struct recipe *r = doc_recipe(v->doc);
	const struct plan *p = v->doc->plan;

	memset(s, 0, sizeof *s);
	strip_range(s, r, p, k);
	if (!s->layers)
		return false;
	add_rows(s, written(v, k));
	s->lo = 0;
	s->hi = -INFINITY;
	s->slice = xnew(int, s->layers);
	for (size_t i = 0; i < s->n; i++) {
		s->rows[i].v = xnew(double, s->layers);
		for (int l = 0; l < s->layers; l++)
			s->rows[i].v[l] = NAN;
		for (int e = 0; e < ENDS; e++)
			s->rows[i].end[e] = NAN;
	}
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_tensor *t = &p->tensors[i];

		if (concerns(r, k, t))
			take(s, t, k->def->scope == PARAM_GLOBAL ? t->like->name : t->from,
				value_in(r, k, t));
	}
	s->hi = s->hi > s->lo ? s->hi : s->lo + 1;
	return true;
}

static void strip_fini(struct strip *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->rows[i].v);
	free(s->slice);
}

/* --- where --- */

struct columns { /* of a line: the label, the embedding, the layers of each slice, norm and head */
	int label, gap;
	double per_layer;
	int slices;
};

static int slices_in(const struct strip *s)
{
	int n = s->layers ? 1 : 0;

	for (int l = 1; l < s->layers; l++)
		n += s->slice[l] != s->slice[l - 1];
	return n;
}

static struct columns columns_of(const struct strip *s, int w)
{
	struct columns c = { .label = 5, .slices = slices_in(s) };
	int ends = 0;

	for (size_t i = 0; i < s->n && s->n > 1; i++) {
		int n = text_width(s->rows[i].filter ? s->rows[i].filter : "rest") + 1;

		c.label = n > c.label ? n : c.label;
	}
	c.label = c.label > w / 3 ? w / 3 : c.label;
	for (int e = 0; e < ENDS; e++)
		ends += s->has_end[e];
	c.gap = c.slices > 1 && c.slices * 2 < w / 3;
	double room = w - c.label - ends * 2 - 2 - (c.gap ? c.slices - 1 : 0);
	c.per_layer = room / s->layers;
	if (c.per_layer >= 1)
		c.per_layer = c.per_layer > 5 ? 5 : floor(c.per_layer);
	return c;
}

static int layer_x(const struct strip *s, const struct columns *c, int x, int layer)
{
	int bars = 0;

	for (int l = 1; c->gap && l <= layer && l < s->layers; l++)
		bars += s->slice[l] != s->slice[l - 1];
	return x + c->label + (s->has_end[END_EMBEDDING] ? 2 : 0) +
		(int)(layer * c->per_layer) + bars;
}

/* --- drawing --- */

static void bar(struct grid *g, struct rect r, unsigned style, const struct strip *s, double value)
{
	/* The lowest value is a bar too: nothing means no tensor. */
	if (isnan(value))
		return;
	value = fmax(value, s->lo + (s->hi - s->lo) / (8.0 * r.h));
	for (int c = 0; c < r.w; c++)
		plot_bars(g, (struct rect){ r.x + c, r.y, 1, r.h }, style, &value, 1, s->lo, s->hi);
}

static void draw_values(const struct strip *s, const struct columns *c, const struct strip_row *row,
	struct grid *g, struct rect r)
{
	int end = layer_x(s, c, r.x, s->layers - 1) + (c->per_layer >= 1 ? (int)c->per_layer : 1);
	const char *line = text_tier() == TEXT_ASCII ? "|" : "│";

	if (s->has_end[END_EMBEDDING])
		bar(g, (struct rect){ r.x + c->label, r.y, 1, r.h }, STYLE_warn, s,
			row->end[END_EMBEDDING]);
	for (int l = 0; l < s->layers; l++) {
		int x = layer_x(s, c, r.x, l), w = (int)c->per_layer;

		w = w < 1 ? 1 : w > 2 ? w - 1 : w;
		bar(g, (struct rect){ x, r.y, w, r.h }, STYLE_plot, s, row->v[l]);
		for (int y = 0; c->gap && l && s->slice[l] != s->slice[l - 1] && y < r.h; y++)
			grid_text(g, x - 1, r.y + y, STYLE_dim, line);
	}
	for (int e = END_NORM; e <= END_HEAD; e++)
		if (s->has_end[e]) {
			end += 1;
			bar(g, (struct rect){ end++, r.y, 1, r.h }, STYLE_warn, s, row->end[e]);
		}
}

/* Under the bars: E for the embedding, the first layer of each slice, N and H behind. */
static void draw_axis(const struct strip *s, const struct columns *c, struct grid *g, struct rect r)
{
	int end = layer_x(s, c, r.x, s->layers - 1) + (c->per_layer >= 1 ? (int)c->per_layer : 1),
	    free_from = 0;

	if (s->has_end[END_EMBEDDING])
		grid_text(g, r.x + c->label, r.y, STYLE_warn, "E");
	for (int l = 0; l < s->layers; l++) {
		int x = layer_x(s, c, r.x, l);
		char text[16];

		if ((l && s->slice[l] == s->slice[l - 1]) || x < free_from)
			continue;
		snprintf(text, sizeof text, "%d", s->first + l);
		if (x + (int)strlen(text) > end)
			continue;
		free_from = x + grid_text(g, x, r.y, STYLE_dim, text) + 1;
	}
	if (s->has_end[END_NORM])
		grid_text(g, end + 1, r.y, STYLE_warn, "N");
	if (s->has_end[END_HEAD])
		grid_text(g, end + 1 + 2 * s->has_end[END_NORM], r.y, STYLE_warn, "H");
}

/* "E N H take the first value", where it is another than some layer's. */
static bool ends_differ(const struct strip *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (int e = 0; e < ENDS; e++)
			for (int l = 0; l < s->layers; l++)
				if (!isnan(s->rows[i].end[e]) && !isnan(s->rows[i].v[l]) &&
					s->rows[i].end[e] != s->rows[i].v[l])
					return true;
	return false;
}

static const char *trap(const struct strip *s)
{
	if (!ends_differ(s))
		return NULL;
	return s->has_end[END_HEAD] ? "E, N, H: first value" : "E, N: first value";
}

int recipe_strip_lines(const struct recipe_view *v, int room)
{
	const struct knob *k = recipe_knob(v);
	const struct setting *s = written(v, k);
	struct strip strip;
	int lines = 0;

	if (!v->doc->plan || !varies(s) || !strip_make(v, k, &strip))
		return 0;
	lines = 2 + (strip.n > 1 ? (int)strip.n : room >= 22 ? 4 : room >= 16 ? 2 : 1);
	strip_fini(&strip);
	return lines > room / 2 ? room / 2 : lines;
}

static void draw_rule(const struct strip *s, const struct knob *k, struct grid *g, struct rect r)
{
	struct str title = STR_INIT;
	const char *hint = trap(s);

	str_addf(&title, "%s as it evaluates", k->def->name);
	if (hint && r.w < text_width(title.s) + text_width(hint) + 10)
		hint = NULL;
	if (!hint && k->kind == KNOB_GRADIENT)
		hint = "Enter edits";
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, title.s, hint);
	str_fini(&title);
}

void recipe_draw_strip(const struct recipe_view *v, struct grid *g, struct rect r)
{
	const struct knob *k = recipe_knob(v);
	struct strip s;
	struct columns c;

	if (r.h < 3 || !k || !v->doc->plan || !strip_make(v, k, &s))
		return;
	c = columns_of(&s, r.w);
	draw_rule(&s, k, g, r);
	rect_top(&r, 1);
	draw_axis(&s, &c, g, rect_bottom(&r, 1));
	if (s.n == 1) {
		struct str n = STR_INIT;

		slider_format(s.hi, k->def->step, &n);
		grid_fit(g, r.x, r.y, c.label, STYLE_dim, n.s, CUT_END);
		str_clear(&n);
		slider_format(s.lo, k->def->step, &n);
		if (r.h > 1)
			grid_fit(g, r.x, r.y + r.h - 1, c.label, STYLE_dim, n.s, CUT_END);
		draw_values(&s, &c, &s.rows[0], g, r);
		str_fini(&n);
	}
	for (size_t i = 0; s.n > 1 && i < s.n && (int)i < r.h; i++) {
		struct rect line = { r.x, r.y + (int)i, r.w, 1 };
		const char *name = s.rows[i].filter ? s.rows[i].filter : "rest";

		grid_fit(g, r.x, line.y, c.label - 1, STYLE_normal, name, CUT_MIDDLE);
		draw_values(&s, &c, &s.rows[i], g, line);
	}
	strip_fini(&s);
}
