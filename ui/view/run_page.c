#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "ui/view/run_page.h"

void run_page_fini(struct run_page *p)
{
	for (size_t i = 0; i < p->lines.n; i++)
		free(p->lines.v[i].text);
	vec_fini(&p->lines);
	free(p->title);
	p->title = NULL;
	p->top = 0;
}

static void add(struct run_page *p, unsigned style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void add(struct run_page *p, unsigned style, const char *fmt, ...)
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

static void heading(struct run_page *p, const char *text)
{
	add(p, STYLE_heading, "%s", text);
	p->lines.v[p->lines.n - 1].rule = true;
}

static void text_lines(struct run_page *p, unsigned style, const char *text)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		add(p, style, "%.*s", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void facts(struct run_page *p, const struct catalog_run *r)
{
	struct str s = STR_INIT;

	str_addf(&s, "%s", r->started ? r->started : "");
	if (r->seconds > 0) {
		str_add(&s, " · ");
		str_add_seconds(&s, r->seconds);
	}
	str_addf(&s, " · %s", r->status);
	add(p, STYLE_normal, "when      %s", s.s);
	if (r->method)
		add(p, STYLE_normal, "method    %s · seed %llu · %s", r->method,
			(unsigned long long)r->seed, r->arithmetic ? r->arithmetic : "float32");
	str_clear(&s);
	if (r->output) {
		str_addf(&s, "%s · ", r->output);
		str_add_bytes(&s, r->bytes);
		str_addf(&s, " · %llu tensors", (unsigned long long)r->tensors);
		add(p, STYLE_normal, "output    %s", s.s);
	}
	if (r->output_hash)
		add(p, STYLE_dim, "hash      %s", r->output_hash);
	if (r->recipe_path)
		add(p, STYLE_dim, "file      %s", r->recipe_path);
	if (r->parent)
		add(p, STYLE_normal, "from      run %lld", (long long)r->parent);
	if (r->tags && *r->tags)
		add(p, STYLE_note, "tags      %s", r->tags);
	if (r->error && *r->error)
		add(p, STYLE_bad, "error     %s", r->error);
	if (r->command)
		add(p, STYLE_dim, "again     %s", r->command);
	str_fini(&s);
}

static void inputs(struct run_page *p, struct catalog *c, int64_t id)
{
	size_t n = 0;
	struct catalog_input *in = catalog_run_inputs(c, id, &n, NULL);

	if (n)
		heading(p, "inputs");
	for (size_t i = 0; i < n; i++)
		add(p, STYLE_normal, "%-9s %s%s%s", in[i].role ? in[i].role : "", in[i].name,
			in[i].hash ? " · " : "", in[i].hash ? in[i].hash : "");
	catalog_inputs_free(in, n);
}

static void notes(struct run_page *p, struct catalog *c, int64_t id)
{
	size_t n = 0;
	struct catalog_note *v = catalog_notes(c, id, &n, NULL);

	if (n)
		heading(p, "notes");
	for (size_t i = 0; i < n; i++)
		add(p, STYLE_note, "%.10s  %s", v[i].created ? v[i].created : "", v[i].text);
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
	inputs(p, c, id);
	notes(p, c, id);
	if (r->recipe_text) {
		heading(p, "recipe");
		text_lines(p, STYLE_normal, r->recipe_text);
	}
	if (r->plan_text) {
		heading(p, "plan");
		text_lines(p, STYLE_normal, r->plan_text);
	}
	catalog_runs_free(r, 1);
	return true;
}

/* --- two runs --- */
struct lines {
	vec(char *) v;
};

static void split(struct lines *l, const char *text)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		*vec_push(&l->v) = xstrndup(text, n);
		text += n + (text[n] == '\n');
	}
}

static void lines_fini(struct lines *l)
{
	for (size_t i = 0; i < l->v.n; i++)
		free(l->v.v[i]);
	vec_fini(&l->v);
}

#define DIFF_MAX 2000 /* lines; a longer recipe is shown without alignment */

/* Longest common subsequence; common lines dim, the others with their sign. */
static void diff(struct run_page *p, const struct lines *a, const struct lines *b)
{
	size_t n = a->v.n < DIFF_MAX ? a->v.n : DIFF_MAX, m = b->v.n < DIFF_MAX ? b->v.n : DIFF_MAX;
	size_t i = 0, k = 0;
	unsigned short *len = xnew(unsigned short, (n + 1) * (m + 1));

#define LEN(x, y) len[(x) * (m + 1) + (y)]
	for (size_t x = n; x-- > 0;)
		for (size_t y = m; y-- > 0;)
			LEN(x, y) = str_eq(a->v.v[x], b->v.v[y]) ? LEN(x + 1, y + 1) + 1 :
				LEN(x + 1, y) > LEN(x, y + 1) ? LEN(x + 1, y) : LEN(x, y + 1);
	while (i < n || k < m) {
		if (i < n && k < m && str_eq(a->v.v[i], b->v.v[k])) {
			add(p, STYLE_dim, "  %s", a->v.v[i++]);
			k++;
		} else if (i < n && (k == m || LEN(i + 1, k) >= LEN(i, k + 1))) {
			add(p, STYLE_plot2, "- %s", a->v.v[i++]);
		} else {
			add(p, STYLE_note, "+ %s", b->v.v[k++]);
		}
	}
#undef LEN
	free(len);
}

static void fact_diff(struct run_page *p, const char *label, const char *a, const char *b)
{
	if (str_eq(a, b))
		return;
	add(p, STYLE_normal, "%-9s %s → %s", label, a && *a ? a : "·", b && *b ? b : "·");
}

#define NAMES_SHOWN 40

static void plan_diff(struct run_page *p, const struct catalog_run *a, const struct catalog_run *b)
{
	struct lines la = { 0 }, lb = { 0 };

	if (!a->plan_text && !b->plan_text)
		return;
	heading(p, "plan");
	split(&la, a->plan_text);
	split(&lb, b->plan_text);
	diff(p, &la, &lb);
	lines_fini(&la);
	lines_fini(&lb);
}

/* Tensors by their content hashes: exact, and free, because the runs wrote them down. names: list
 * them, else only count. */
static void tensor_diff(struct run_page *p, struct catalog *c, const struct catalog_run *a,
	const struct catalog_run *b, bool names)
{
	size_t na = 0, nb = 0, differ = 0;
	struct catalog_tensor *ta = a->output_hash ? catalog_tensors(c, a->output_hash, &na, NULL) :
		NULL;
	struct catalog_tensor *tb = b->output_hash ? catalog_tensors(c, b->output_hash, &nb, NULL) :
		NULL;

	if (names && na && nb)
		heading(p, "tensors that differ");
	for (size_t i = 0; i < na; i++) {
		size_t k = i < nb && str_eq(ta[i].name, tb[i].name) ? i : 0;

		while (k < nb && !str_eq(ta[i].name, tb[k].name))
			k++;
		if (k < nb && str_eq(ta[i].hash, tb[k].hash))
			continue;
		if (differ++ < NAMES_SHOWN && names && nb)
			add(p, STYLE_normal, "  %s%s", ta[i].name,
				k == nb ? "  (in the first only)" : "");
	}
	if (names && differ > NAMES_SHOWN)
		add(p, STYLE_dim, "  and %zu more", differ - NAMES_SHOWN);
	if (!names && na && nb)
		add(p, STYLE_value, "tensors   %zu of %zu differ", differ, na);
	catalog_tensors_free(ta, na);
	catalog_tensors_free(tb, nb);
}

static void score_diff(struct run_page *p, struct catalog *c, int64_t a, int64_t b)
{
	size_t na = 0, nb = 0;
	bool any = false;
	struct catalog_score *sa = catalog_scores(c, a, 0, &na, NULL);
	struct catalog_score *sb = catalog_scores(c, b, 0, &nb, NULL);

	for (size_t i = 0; i < na; i++)
		for (size_t k = 0; k < nb; k++)
			if (str_eq(sa[i].task, sb[k].task) && str_eq(sa[i].metric, sb[k].metric) &&
				str_eq(sa[i].protocol, sb[k].protocol) && !sa[i].estimated &&
				!sb[k].estimated) {
				if (!any)
					heading(p, "scores");
				any = true;
				add(p, STYLE_normal, "  %-20s %-12s %.4f → %.4f  %+.4f", sa[i].task,
					sa[i].metric, sa[i].value, sb[k].value,
					sb[k].value - sa[i].value);
			}
	catalog_scores_free(sa, na);
	catalog_scores_free(sb, nb);
}

bool run_page_sides(struct run_page *p, struct catalog *c, const int64_t *ids, size_t n_ids,
	bool whole, struct err *e)
{
	int64_t ida = ids[0], idb = ids[n_ids - 1];

	struct catalog_run *a = catalog_run_get(c, ida, e),
			   *b = a ? catalog_run_get(c, idb, e) : NULL;
	struct lines la = { 0 }, lb = { 0 };
	struct str t = STR_INIT;
	char seeds[2][24];

	(void)whole;
	if (b) {
		run_page_fini(p);
		str_addf(&t, "%lld → %lld", (long long)ida, (long long)idb);
		p->title = str_steal(&t);
		snprintf(seeds[0], sizeof seeds[0], "%llu", (unsigned long long)a->seed);
		snprintf(seeds[1], sizeof seeds[1], "%llu", (unsigned long long)b->seed);
		fact_diff(p, "name", a->name, b->name);
		fact_diff(p, "method", a->method, b->method);
		fact_diff(p, "seed", seeds[0], seeds[1]);
		fact_diff(p, "status", a->status, b->status);
		fact_diff(p, "output", a->output_hash, b->output_hash);
		fact_diff(p, "tags", a->tags, b->tags);
		tensor_diff(p, c, a, b, false);
		if (a->recipe_text || b->recipe_text)
			heading(p, "recipe");
		split(&la, a->recipe_text);
		split(&lb, b->recipe_text);
		diff(p, &la, &lb);
		plan_diff(p, a, b);
		score_diff(p, c, ida, idb);
		tensor_diff(p, c, a, b, true);
		lines_fini(&la);
		lines_fini(&lb);
	}
	catalog_runs_free(a, a ? 1 : 0);
	catalog_runs_free(b, b ? 1 : 0);
	return b != NULL;
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

void run_page_draw(const struct run_page *p, struct grid *g, struct rect r)
{
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, p->title, NULL);
	rect_top(&r, 1);
	for (int y = 0; y < r.h && (size_t)(p->top + y) < p->lines.n; y++) {
		const struct page_line *l = &p->lines.v[p->top + y];

		if (l->rule)
			grid_rule(g, r.x, r.y + y, r.w, STYLE_rule, l->text, NULL);
		else
			grid_fit(g, r.x + 1, r.y + y, r.w - 2, l->style, l->text, CUT_END);
	}
	if ((size_t)(p->top + r.h) < p->lines.n)
		grid_text(g, r.x + r.w - 2, r.y + r.h - 1, STYLE_dim, "↓");
}
