/* Runs side by side: facts, recipe lines and scores that differ, tensors that changed. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "compare/changed.h"
#include "compare/compare.h"
#include "compare/linediff.h"
#include "system/file.h"
#include "ui/screen/glyph.h"
#include "ui/view/run_page.h"

#define LABEL 10           /* columns before the facts */
#define SCORE_LABEL 23     /* before the scores, and for the first of them */
#define SCORE_FIRST 16
#define STRIP_MAX 64       /* layers drawn one by one; more share a column */
#define CONTEXT 3          /* lines above a change that say where it is */

struct sides {
	struct run_page *p;
	struct catalog *c;
	struct catalog_run *runs[16];
	size_t n;
	bool whole;
};

/* --- facts --- */

enum fact { WHEN, TOOK, SIZE, DISK, METHOD, SEED, ARITHMETIC, MADE_BY, STATUS, FROM,
	TAGS, NOTE, N_FACTS };
static const char *const fact_names[N_FACTS] = { "when", "took", "size", "output", "method",
	"seed", "computed", "cupel", "status", "from", "tags", "note" };

static const char *where_is(const struct catalog_run *r)
{
	if (!r->output || !str_eq(r->status, "done"))
		return "";
	return r->replaced ? "replaced" : file_exists(r->output) ? "on disk" :
		r->dropped ? "dropped" : "gone";
}

static char *fact_text(const struct catalog_run *r, enum fact f)
{
	struct str s = STR_INIT;

	str_add(&s, "");
	switch (f) {
	case WHEN:
		run_page_when(&s, r->started);
		break;
	case TOOK:
		if (r->seconds >= 0)
			str_add_seconds(&s, r->seconds);
		break;
	case SIZE:
		if (r->bytes)
			str_add_bytes(&s, r->bytes);
		break;
	case DISK: str_add(&s, where_is(r)); break;
	case METHOD: str_add(&s, r->method ? r->method : ""); break;
	case SEED: str_addf(&s, "%llu", (unsigned long long)r->seed); break;
	case ARITHMETIC: str_add(&s, r->arithmetic ? r->arithmetic : ""); break;
	case MADE_BY: str_add(&s, r->version ? r->version : ""); break;
	case STATUS: str_add(&s, r->status ? r->status : ""); break;
	case FROM:
		if (r->parent)
			str_addf(&s, "run %lld", (long long)r->parent);
		break;
	case TAGS: str_add(&s, r->tags ? r->tags : ""); break;
	case NOTE:
		if (r->note)
			str_addn(&s, r->note, strcspn(r->note, "\n"));
		break;
	case N_FACTS: break;
	}
	return str_steal(&s);
}

/* always: the same in all runs too. */
static void add_fact(struct sides *s, enum fact f, bool always)
{
	char *text[16];
	bool differ = false, any = false;
	struct page_line *l;

	for (size_t i = 0; i < s->n; i++) {
		text[i] = fact_text(s->runs[i], f);
		differ |= !str_eq(text[i], text[0]);
		any |= *text[i] != '\0';
	}
	if (!any || (!differ && !always)) {
		for (size_t i = 0; i < s->n; i++)
			free(text[i]);
		return;
	}
	l = run_page_cells(s->p, fact_names[f], LABEL, s->n);
	l->style = STYLE_dim;
	for (size_t i = 0; i < s->n; i++) {
		bool other = !str_eq(text[i], text[0]);

		l->cells[i].style = other && f > DISK ? STYLE_value : STYLE_normal;
		l->cells[i].text = xstrdup(*text[i] ? text[i] : "·");
	}
	for (size_t i = 0; i < s->n; i++)
		free(text[i]);
}

/* What every run has of its own, and what must be known to make it again. */
static void add_rest(struct sides *s)
{
	static const enum fact rest[] = { WHEN, TOOK, SIZE, DISK, SEED, MADE_BY };

	run_page_heading(s->p, "runs");
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
		if (rest[i] < METHOD || !s->whole) /* those stand above */
			add_fact(s, rest[i], true);
}

static void add_names(struct sides *s, int label, int first)
{
	struct page_line *l = run_page_cells(s->p, "", label, s->n);

	l->first = first;
	for (size_t i = 0; i < s->n; i++) {
		l->cells[i].text = xasprintf("%lld %s", (long long)s->runs[i]->id,
			s->runs[i]->name);
		l->cells[i].style = STYLE_heading;
	}
}

/* --- lines of YAML --- */

static size_t indent_of(const struct linediff_line *l)
{
	size_t n = 0;

	while (n < l->n && l->text[n] == ' ')
		n++;
	return n;
}

/* What a changed line stands under: common lines above it, each less indented than the next. Lines
 * up to `from` are on the page already. */
static void add_context(struct sides *s, const struct linediff *d, size_t at, size_t from)
{
	size_t above[CONTEXT], n = 0, indent = indent_of(&d->v[at]);

	for (size_t i = at; i-- > from && n < CONTEXT && indent;)
		if (d->v[i].sign == ' ' && indent_of(&d->v[i]) < indent) {
			above[n++] = i;
			indent = indent_of(&d->v[i]);
		}
	while (n-- > 0)
		run_page_add(s->p, STYLE_dim, "  %.*s", (int)d->v[above[n]].n,
			d->v[above[n]].text);
}

static char *signed_line(const struct linediff_line *l)
{
	return xasprintf("%c %.*s", l->sign, (int)l->n, l->text);
}

/* Lines taken away beside those that came in their place. */
static void add_hunk(struct sides *s, const struct linediff *d, size_t from, size_t mid, size_t to)
{
	for (size_t i = 0; from + i < mid || mid + i < to; i++) {
		struct page_line *l = run_page_cells(s->p, "", 0, 2);

		if (from + i < mid) {
			l->cells[0].text = signed_line(&d->v[from + i]);
			l->cells[0].style = STYLE_plot2;
		}
		if (mid + i < to) {
			l->cells[1].text = signed_line(&d->v[mid + i]);
			l->cells[1].style = STYLE_note;
		}
	}
}

static void add_lines(struct sides *s, const char *a, const char *b)
{
	struct linediff d;
	size_t shown = 0;

	linediff(&d, a ? a : "", b ? b : "");
	if (!d.removed && !d.added)
		run_page_add(s->p, STYLE_dim, "the same, but for comments and blanks at most");
	for (size_t i = 0; i < d.n;) {
		size_t mid = i, to;

		if (d.v[i].sign == ' ') {
			if (s->whole)
				run_page_add(s->p, STYLE_dim, "  %.*s", (int)d.v[i].n,
					d.v[i].text);
			i++;
			continue;
		}
		if (!s->whole)
			add_context(s, &d, i, shown);
		while (mid < d.n && d.v[mid].sign == '-')
			mid++;
		for (to = mid; to < d.n && d.v[to].sign == '+';)
			to++;
		add_hunk(s, &d, i, mid, to);
		shown = i = to;
	}
	linediff_fini(&d);
}

static void heading_of(struct sides *s, const char *what, size_t i)
{
	char *text = s->n > 2 ? xasprintf("%s %lld → %lld", what, (long long)s->runs[0]->id,
		(long long)s->runs[i]->id) : xstrdup(what);

	run_page_heading(s->p, text);
	free(text);
}

static void add_recipes(struct sides *s)
{
	for (size_t i = 1; i < s->n; i++) {
		const struct catalog_run *a = s->runs[0], *b = s->runs[i];

		if (a->recipe_text || b->recipe_text) {
			heading_of(s, "recipe", i);
			add_lines(s, a->recipe_text, b->recipe_text);
		}
		if (a->plan_text || b->plan_text) {
			heading_of(s, "plan", i);
			add_lines(s, a->plan_text, b->plan_text);
		}
	}
}

/* --- tensors --- */

static const char *mark_of(uint32_t same, uint32_t changed, uint32_t only_a, uint32_t only_b)
{
	if (only_a || only_b)
		return !only_b ? "-" : !only_a ? "+" : "±";
	if (!same && !changed)
		return " ";
	return !changed ? "·" : glyph_shade(same ? 2 : 4);
}

/* Columns from..to of one role, or of all (role n_roles), as one cell of the strip. */
static void add_mark(struct str *out, const struct changed *x, size_t role, size_t from, size_t to)
{
	uint32_t same = 0, changed = 0, only_a = 0, only_b = 0;

	for (size_t r = role < x->n_roles ? role : 0; r < (role < x->n_roles ? role + 1 :
		x->n_roles); r++)
		for (size_t k = from; k < to; k++) {
			const struct changed_cell *c = changed_at(x, r, k);

			same += c->same;
			changed += c->changed;
			only_a += c->only_a;
			only_b += c->only_b;
		}
	str_add(out, mark_of(same, changed, only_a, only_b));
}

static void add_strip(struct str *out, const struct changed *x, size_t role)
{
	size_t columns = x->n_layers < STRIP_MAX ? x->n_layers : STRIP_MAX;

	add_mark(out, x, role, 0, 1);
	str_addc(out, ' ');
	for (size_t i = 0; i < columns; i++)
		add_mark(out, x, role, 1 + i * x->n_layers / columns,
			1 + (i + 1) * x->n_layers / columns);
}

static void add_count(struct str *s, const struct changed *x)
{
	str_addf(s, "%u of %u changed", x->changed, x->changed + x->same);
	if (x->only_a || x->only_b)
		str_addf(s, " · %u gone, %u new", x->only_a, x->only_b);
	if (x->bytes) {
		str_add(s, " · ");
		str_add_bytes(s, x->bytes);
	}
}

static void add_changed(struct sides *s, const struct changed *x, const char *name)
{
	struct str text = STR_INIT;
	bool mixed = x->same && (x->changed || x->only_a || x->only_b);

	add_count(&text, x);
	if (!x->changed && !x->same)
		run_page_add(s->p, STYLE_dim, "%sno tensor of the same name: other containers, or "
			"other architectures", name);
	else if (!x->changed && !x->only_a && !x->only_b)
		run_page_add(s->p, STYLE_good, "%sall %u are the same, byte for byte", name,
			x->same);
	else
		run_page_add(s->p, STYLE_value, "%s%s", name, text.s);
	if (s->n == 2 && x->n_roles && (mixed || s->whole)) {
		run_page_add(s->p, STYLE_dim, "%-12s outside of layers, then layer 0 … %zu: · "
			"same  %s some  %s changed", "", x->n_layers ? x->n_layers - 1 : 0,
			glyph_shade(2), glyph_shade(4));
		for (size_t r = 0; r < x->n_roles; r++) {
			str_clear(&text);
			add_strip(&text, x, r);
			run_page_add(s->p, STYLE_normal, "%-12s %s", x->roles[r], text.s);
		}
	} else if (x->changed) {
		str_clear(&text);
		add_strip(&text, x, x->n_roles);
		run_page_add(s->p, STYLE_normal, "%-12s %s", "every role", text.s);
	}
	str_fini(&text);
}

static void add_tensors(struct sides *s)
{
	run_page_heading(s->p, "tensors that changed");
	for (size_t i = 1; i < s->n; i++) {
		const char *a = s->runs[0]->output_hash, *b = s->runs[i]->output_hash;
		char *name = s->n > 2 ? xasprintf("%lld  ", (long long)s->runs[i]->id) :
			xstrdup("");
		struct err e = { 0 };
		struct changed *x = a && b ? compare_tensors(s->c, a, b, &e) : NULL;

		if (x)
			add_changed(s, x, name);
		else
			run_page_add(s->p, STYLE_dim, "%sunknown: %s", name, e.code ? e.what :
				"one of them wrote no tensors");
		changed_free(x);
		free(name);
	}
}

/* --- scores --- */

static void add_value(struct str *s, const struct compare_row *row, double v, bool sign)
{
	char text[32], *p = text;

	snprintf(text, sizeof text, row->share ? sign ? "%+.3f" : "%.3f" : sign ? "%+.2f" : "%.2f",
		v);
	/* .612, +.031 */
	if (row->share && text[sign] == '0') {
		memmove(text + sign, text + sign + 1, strlen(text + sign));
		p = text;
	}
	str_add(s, p);
}

static unsigned verdict_style(const struct compare_difference *d, const struct compare_row *row)
{
	bool better = row->lower_better ? d->value < 0 : d->value > 0;

	return d->verdict == VERDICT_REAL ? better ? STYLE_good : STYLE_bad :
		d->verdict == VERDICT_SUGGESTIVE ? STYLE_value : STYLE_dim;
}

static void add_difference(struct str *s, const struct compare_row *row,
	const struct compare_difference *d)
{
	if (!d->known) {
		str_addf(s, "  %s", d->why_not ? d->why_not : "");
		return;
	}
	str_add(s, "  ");
	add_value(s, row, d->value, true);
	if (!isnan(d->stderr_)) {
		str_add(s, " ±");
		add_value(s, row, d->stderr_, false);
	}
	if (d->verdict)
		str_addf(s, " %s", compare_verdict_name(d->verdict));
}

static const struct compare_difference *difference_of(const struct comparison *x,
	const struct compare_row *row, size_t of)
{
	for (size_t i = 0; i < x->n_differences; i++)
		if (row->differences[i].of == of)
			return &row->differences[i];
	return NULL;
}

static void add_row(struct sides *s, const struct comparison *x, const struct compare_row *row)
{
	char *name = row->mean ? xstrdup("mean") : xasprintf("%s %s", row->task, row->metric);
	struct page_line *l = run_page_cells(s->p, name, SCORE_LABEL, x->n_variants);

	l->first = SCORE_FIRST;
	for (size_t i = 0; i < x->n_variants; i++) {
		const struct compare_difference *d = difference_of(x, row, i);
		struct str text = STR_INIT;

		str_add(&text, row->cells[i].known && row->cells[i].estimated ? "~" : "");
		if (row->cells[i].known)
			add_value(&text, row, row->cells[i].value, false);
		else
			str_add(&text, "·");
		l->cells[i].style = STYLE_normal;
		if (d && row->cells[i].known) {
			add_difference(&text, row, d);
			if (d->known)
				l->cells[i].style = verdict_style(d, row);
		}
		l->cells[i].text = str_steal(&text);
	}
	free(name);
}

/* A line for each part of it. */
static void add_sentence(struct sides *s, const char *text)
{
	const char *end;

	for (int part = 0; text; part++, text = end ? end + 2 : NULL) {
		end = strstr(text, "; ");
		run_page_add(s->p, STYLE_dim, "%s%.*s", part ? "  " : "",
			(int)(end ? end + 1 - text : (long)strlen(text)), text);
	}
}

static void add_scores(struct sides *s)
{
	char words[16][24];
	const char *names[16];
	struct compare_ask ask = { .words = names, .n = s->n,
		.only_differences = !s->whole };
	struct comparison *x;

	for (size_t i = 0; i < s->n; i++) {
		snprintf(words[i], sizeof words[i], "%lld", (long long)s->runs[i]->id);
		names[i] = words[i];
	}
	ask.baseline = names[0];
	x = compare_make(s->c, &ask, NULL);
	if (!x || x->n_variants != s->n) { /* nothing measured, or two that are one model */
		compare_free(x);
		return;
	}
	if (x->n_rows) {
		run_page_heading(s->p, "scores that moved");
		add_names(s, SCORE_LABEL, SCORE_FIRST);
	}
	for (size_t i = 0; i < x->n_rows; i++)
		add_row(s, x, &x->rows[i]);
	for (size_t i = 0; i < x->n_sentences && x->n_rows; i++)
		add_sentence(s, x->sentences[i]);
	compare_free(x);
}

bool run_page_sides(struct run_page *p, struct catalog *c, const int64_t *ids, size_t n, bool whole,
	struct err *e)
{
	struct sides s = { .p = p, .c = c, .whole = whole };
	struct str title = STR_INIT;
	bool ok = true;

	for (; s.n < n && s.n < 16 && ok; s.n += ok)
		ok = (s.runs[s.n] = catalog_run_get(c, ids[s.n], e)) != NULL;
	if (ok) {
		run_page_fini(p);
		for (size_t i = 0; i < s.n; i++)
			str_addf(&title, "%s%lld", !i ? "" : s.n > 2 ? " · " : " → ",
				(long long)ids[i]);
		str_add(&title, whole ? " · all lines" : " · what differs, d shows all");
		p->title = str_steal(&title);
		add_names(&s, LABEL, 0);
		for (enum fact f = METHOD; f < N_FACTS; f++)
			add_fact(&s, f, whole);
		add_recipes(&s);
		add_tensors(&s);
		add_scores(&s);
		add_rest(&s);
	}
	for (size_t i = 0; i < s.n; i++)
		catalog_runs_free(s.runs[i], 1);
	return ok;
}
