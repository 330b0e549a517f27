#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/measured.h"
#include "ui/view/run_page.h"

void run_page_fini(struct run_page *p)
{
	for (size_t i = 0; i < p->lines.n; i++) {
		struct page_line *l = &p->lines.v[i];

		for (size_t k = 0; k < l->n_cells; k++)
			free(l->cells[k].text);
		free(l->cells);
		free(l->text);
	}
	vec_fini(&p->lines);
	free(p->title);
	p->title = NULL;
	p->top = 0;
}

void run_page_add(struct run_page *p, unsigned style, const char *fmt, ...)
{
	struct page_line *l = vec_push(&p->lines);
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	l->text = str_steal(&s);
	l->style = style;
}

void run_page_heading(struct run_page *p, const char *text)
{
	run_page_add(p, STYLE_heading, "%s", text);
	p->lines.v[p->lines.n - 1].rule = true;
}

struct page_line *run_page_cells(struct run_page *p, const char *label, int width, size_t n)
{
	struct page_line *l = vec_push(&p->lines);

	l->text = xstrdup(label);
	l->label = width;
	l->n_cells = n;
	l->cells = xnew(struct page_cell, n);
	return l;
}

void run_page_when(struct str *out, const char *iso)
{
	time_t now = time(NULL), at;
	struct tm utc = { 0 }, local, today;
	char text[32];

	if (!iso || !strptime(iso, "%Y-%m-%dT%H:%M:%S", &utc))
		return;
	at = timegm(&utc);
	localtime_r(&at, &local);
	localtime_r(&now, &today);
	strftime(text, sizeof text, local.tm_year == today.tm_year ? "%m-%d %H:%M" : "%Y-%m-%d",
		&local);
	str_add(out, text);
}

static void text_lines(struct run_page *p, unsigned style, const char *text)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		run_page_add(p, style, "%.*s", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void facts(struct run_page *p, const struct catalog_run *r)
{
	struct str s = STR_INIT;

	str_add(&s, "");
	run_page_when(&s, r->started);
	if (r->seconds > 0) {
		str_add(&s, " · ");
		str_add_seconds(&s, r->seconds);
	}
	str_addf(&s, " · %s", r->status);
	run_page_add(p, STYLE_normal, "when      %s", s.s);
	if (r->method)
		run_page_add(p, STYLE_normal, "method    %s · seed %llu · %s", r->method,
			(unsigned long long)r->seed, r->arithmetic ? r->arithmetic : "float32");
	str_clear(&s);
	if (r->output) {
		str_addf(&s, "%s · ", r->output);
		str_add_bytes(&s, r->bytes);
		str_addf(&s, " · %llu tensors", (unsigned long long)r->tensors);
		run_page_add(p, STYLE_normal, "output    %s", s.s);
	}
	if (r->output_hash)
		run_page_add(p, STYLE_dim, "hash      %s", r->output_hash);
	if (r->recipe_path)
		run_page_add(p, STYLE_dim, "file      %s", r->recipe_path);
	if (r->parent)
		run_page_add(p, STYLE_normal, "from      run %lld", (long long)r->parent);
	if (r->tags && *r->tags)
		run_page_add(p, STYLE_note, "tags      %s", r->tags);
	if (r->error && *r->error)
		run_page_add(p, STYLE_bad, "error     %s", r->error);
	if (r->command)
		run_page_add(p, STYLE_dim, "again     %s", r->command);
	str_fini(&s);
}

static void inputs(struct run_page *p, struct catalog *c, int64_t id)
{
	size_t n = 0;
	struct catalog_input *in = catalog_run_inputs(c, id, &n, NULL);

	if (n)
		run_page_heading(p, "inputs");
	for (size_t i = 0; i < n; i++)
		run_page_add(p, STYLE_normal, "%-9s %s%s%s", in[i].role ? in[i].role : "",
			in[i].name, in[i].hash ? " · " : "", in[i].hash ? in[i].hash : "");
	catalog_inputs_free(in, n);
}

/* Of the run, or of the model that it wrote. */
static void results(struct run_page *p, struct catalog *c, int64_t id)
{
	struct catalog_measured of = { .run = id };
	size_t n = 0;
	struct catalog_score *v = catalog_measured_scores(c, &of, &n, NULL);

	if (n)
		run_page_heading(p, "results");
	for (size_t i = 0; i < n; i++) {
		struct str s = STR_INIT;

		str_addf(&s, "%-18s %-12s ", v[i].task, v[i].metric);
		str_addf(&s, isnan(v[i].value) ? "·" : v[i].value >= 2 ? "%.3f" : "%.4f",
			v[i].value);
		if (!isnan(v[i].stderr_))
			str_addf(&s, v[i].value >= 2 ? " ±%.3f" : " ±%.4f", v[i].stderr_);
		if (v[i].n)
			str_addf(&s, "  of %lld", (long long)v[i].n);
		if (v[i].estimated)
			str_add(&s, "  an estimate");
		if (v[i].source)
			str_addf(&s, "  %s:%lld", str_base(v[i].source), (long long)v[i].line);
		run_page_add(p, v[i].estimated ? STYLE_dim : STYLE_normal, "%s", s.s);
		str_fini(&s);
	}
	catalog_scores_free(v, n);
}

static void notes(struct run_page *p, struct catalog *c, int64_t id)
{
	size_t n = 0;
	struct catalog_note *v = catalog_notes(c, id, &n, NULL);

	if (n)
		run_page_heading(p, "notes");
	for (size_t i = 0; i < n; i++)
		run_page_add(p, STYLE_note, "%.10s  %s", v[i].created ? v[i].created : "",
			v[i].text);
	catalog_notes_free(v, n);
}

bool run_page_one(struct run_page *p, struct catalog *c, int64_t id, struct err *e)
{
	struct catalog_run *r = catalog_run_get(c, id, e);
	struct str t = STR_INIT;

	if (!r)
		return false;
	run_page_fini(p);
	str_addf(&t, "run %lld %s", (long long)r->id, r->name ? r->name : "");
	p->title = str_steal(&t);
	facts(p, r);
	results(p, c, id);
	inputs(p, c, id);
	notes(p, c, id);
	if (r->recipe_text) {
		run_page_heading(p, "recipe");
		text_lines(p, STYLE_normal, r->recipe_text);
	}
	if (r->plan_text) {
		run_page_heading(p, "plan");
		text_lines(p, STYLE_normal, r->plan_text);
	}
	catalog_runs_free(r, 1);
	return true;
}

void run_page_scroll(struct run_page *p, int lines, int height)
{
	int max = (int)p->lines.n - height + 1;

	p->top += lines;
	if (p->top > max)
		p->top = max;
	if (p->top < 0)
		p->top = 0;
}

static void draw_cells(const struct page_line *l, struct grid *g, int x, int y, int w)
{
	int room = w - l->label - l->first, n = (int)l->n_cells - (l->first > 0);
	const struct page_cell *cell = l->cells;

	grid_fit(g, x, y, l->label - 1, l->style, l->text, CUT_END);
	x += l->label;
	if (l->first) {
		grid_fit(g, x, y, l->first - 1, cell->style, cell->text ? cell->text : "",
			CUT_END);
		x += l->first;
		cell++;
	}
	for (int i = 0; i < n; i++, cell++) {
		int from = room * i / n, to = room * (i + 1) / n;

		if (cell->text)
			grid_fit(g, x + from, y, to - from - (i + 1 < n), cell->style, cell->text,
				CUT_END);
	}
}

void run_page_draw(const struct run_page *p, struct grid *g, struct rect r)
{
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, p->title, NULL);
	rect_top(&r, 1);
	for (int y = 0; y < r.h && (size_t)(p->top + y) < p->lines.n; y++) {
		const struct page_line *l = &p->lines.v[p->top + y];

		if (l->rule)
			grid_rule(g, r.x, r.y + y, r.w, STYLE_rule, l->text, NULL);
		else if (l->n_cells)
			draw_cells(l, g, r.x + 1, r.y + y, r.w - 2);
		else
			grid_fit(g, r.x + 1, r.y + y, r.w - 2, l->style, l->text, CUT_END);
	}
	if ((size_t)(p->top + r.h) < p->lines.n)
		grid_text(g, r.x + r.w - 2, r.y + r.h - 1, STYLE_dim, "↓");
}
