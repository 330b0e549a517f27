#include "compare/showing.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"

/* --- text --- */

/* Bytes of the longest start that takes no more than `width` columns. */
static size_t fitting(const char *text, size_t width)
{
	size_t n = strlen(text), i = 0, w = 0;

	while (i < n) {
		size_t k = str_width_one(text + i, n - i, &w);

		if (w > width)
			break;
		i += k;
	}
	return i;
}

char *show_short(const char *text, size_t width, bool ascii)
{
	const char *dots = ascii ? "..." : "\u2026", *end;
	size_t w = str_width(text), keep;
	struct str s = STR_INIT;

	if (w <= width || width < 6)
		return xstrdup(text);
	keep = width - str_width(dots);
	str_addn(&s, text, fitting(text, keep / 2));
	str_add(&s, dots);
	end = text;
	while (str_width(end) > keep - keep / 2)
		end += fitting(end, 1) ? fitting(end, 1) : fitting(end, 2);
	str_add(&s, end);
	return str_steal(&s);
}

/* --- tables --- */

void grid_init(struct grid *g, size_t columns)
{
	*g = (struct grid){ .columns = columns };
}

void grid_add(struct grid *g, const char *text)
{
	*vec_push(g) = xstrdup(text);
}

void grid_addf(struct grid *g, const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_add(&s, "");
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	*vec_push(g) = str_steal(&s);
}

static void pad(struct str *s, size_t n)
{
	while (n--)
		str_addc(s, ' ');
}

void grid_end(struct grid *g, struct str *out, size_t limit)
{
	size_t *width = xnew(size_t, g->columns + 1), all = 1, gap;

	for (size_t i = 0; i < g->n; i++) {
		size_t w = str_width(g->v[i]);

		if (w > width[i % g->columns])
			width[i % g->columns] = w;
	}
	for (size_t i = 0; i < g->columns; i++)
		all += width[i] + (i && width[i] ? 2 : 0);
	gap = all > limit ? 1 : 2;
	for (size_t i = 0; i < g->n; i++) {
		size_t k = i % g->columns, left = width[k] - str_width(g->v[i]);

		pad(out, !k ? 1 : width[k] ? gap : 0);
		if (k)
			pad(out, left);
		str_add(out, g->v[i]);
		if (!k)
			pad(out, left);
		if (k + 1 == g->columns) {
			while (out->n && out->s[out->n - 1] == ' ')
				out->s[--out->n] = 0;
			str_addc(out, '\n');
		}
		free(g->v[i]);
	}
	free(width);
	vec_fini(g);
}

/* --- figures --- */

/* Shares as ".390", what is of another size with four digits. */
static void add_number(struct str *s, const struct compare_row *row, double v, bool sign)
{
	char text[40];
	const char *at = text;

	if (row->share) {
		snprintf(text, sizeof text, sign ? "%+.3f" : "%.3f", v);
		if (str_starts(text + sign, "0."))
			memmove(text + sign, text + sign + 1, strlen(text + sign));
	} else
		snprintf(text, sizeof text, sign ? "%+.4g" : "%.4g", v);
	str_add(s, at);
}

void show_value(struct str *s, const struct compare_row *row, const struct compare_cell *x,
	bool ascii)
{
	if (!x->known) {
		str_add(s, ascii ? "-" : "\u00b7");
		return;
	}
	if (x->estimated)
		str_addc(s, '~');
	add_number(s, row, x->value, false);
	if (x->sense == SENSE_BELOW)
		str_addc(s, '?');
}

void show_change(struct str *s, const struct compare_row *row, double v)
{
	add_number(s, row, v, true);
}

void show_stderr(struct str *s, const struct compare_row *row, double v)
{
	char text[40];

	if (isnan(v))
		str_addc(s, '?');
	else if (row->share)
		add_number(s, row, v, false);
	else {
		snprintf(text, sizeof text, "%.2g", v);
		str_add(s, text);
	}
}

void show_items(struct str *s, const struct compare_row *row, const struct compare_difference *d,
	int digits)
{
	const struct compare_cell *a = &row->cells[d->of], *b = &row->cells[d->against];

	if (d->verdict == VERDICT_NO_INFORMATION)
		str_add(s, a->sense == SENSE_MAJORITY && b->sense == SENSE_MAJORITY ? "= majority" :
			a->sense == SENSE_CHANCE && b->sense == SENSE_CHANCE ? "= chance" :
			"= guessing");
	else if (d->known && d->n && row->share)
		str_addf(s, "%" PRId64 " of %*" PRId64, d->items, digits, d->n);
}

const char *show_verdict(const struct compare_difference *d)
{
	if (d->why_not)
		return d->why_not;
	if (d->known && d->verdict == VERDICT_NONE)
		return "no spread known";
	return compare_verdict_name(d->verdict);
}

const char *show_mark(const struct compare_difference *d)
{
	return !d->known ? "" : d->verdict == VERDICT_REAL ? "**" :
		d->verdict == VERDICT_SUGGESTIVE ? "*" : "";
}

static size_t count_task(const struct comparison *c, const char *task)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_rows; i++)
		n += !strcmp(c->rows[i].task, task);
	return n;
}

static size_t tasks(const struct comparison *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_rows; i++)
		n += c->rows[i].share && !c->rows[i].mean &&
			(!i || strcmp(c->rows[i].task, c->rows[i - 1].task));
	return n;
}

char *show_task(const struct comparison *c, size_t i)
{
	const struct compare_row *row = &c->rows[i];
	const char *m = row->metric;
	bool usual = !strcmp(m, "acc") || !strcmp(m, "score");

	if (row->mean)
		return row->tasks == tasks(c) ? xstrdup("mean") :
			xasprintf("mean of %zu", row->tasks);
	if (usual && (count_task(c, row->task) == 1 || !strcmp(m, "acc")))
		return xstrdup(row->task);
	if (str_starts(m, "exact_match,")) /* the way to read the answer is what tells them apart */
		m += strlen("exact_match,");
	if (!strcmp(m, "perplexity")) /* known by its short name, and columns are narrow */
		m = "ppl";
	return xasprintf("%s %s", row->task, m);
}

/* --- what stands above --- */

void show_wrapped(struct str *s, const char *text, size_t columns)
{
	size_t used = 0;

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, " "), w;
		char *word = xstrndup(p, n);

		w = str_width(word);
		if (used && used + 1 + w > columns - 1) {
			str_add(s, "\n  ");
			used = 1;
		} else {
			str_addc(s, ' ');
			used++;
		}
		str_add(s, word);
		used += w;
		free(word);
		p += n;
		p += *p == ' ';
	}
	str_addc(s, '\n');
}

static void add_part(struct str *s, const char *part, bool ascii)
{
	if (s->n > 1)
		str_add(s, ascii ? " - " : " \u00b7 ");
	str_add(s, part);
}

/* What names have in common before their labels begin. */
static char *family(const struct comparison *c)
{
	const char *base = str_base(c->variants[0].name), *label = c->variants[0].label, *at;
	size_t n;

	if (c->n_variants < 2)
		return str_safe(c->variants[0].name);
	at = strstr(base, label);
	n = at ? (size_t)(at - base) : 0;
	for (size_t i = 1; i < c->n_variants && n; i++)
		if (strncasecmp(str_base(c->variants[i].name), base, n))
			n = 0;
	while (n && strchr("-_ ", base[n - 1]))
		n--;
	return n > 2 ? xstrndup(base, n) : NULL;
}

static const char *pairing(const struct comparison *c)
{
	size_t paired = 0, bound = 0;

	for (size_t i = 0; i < c->n_rows; i++)
		for (size_t k = 0; k < c->n_differences; k++) {
			paired += c->rows[i].differences[k].known &&
				c->rows[i].differences[k].paired;
			bound += c->rows[i].differences[k].known && c->rows[i].differences[k].bound;
		}
	return paired && bound ? " (p: paired, else a bound)" : paired ? ", paired" :
		bound ? " (a bound: unpaired)" : "";
}

void show_heading(struct str *s, const struct showing *w)
{
	const struct comparison *c = w->c;
	char *name = family(c), **texts = xnew(char *, c->n_variants + 1), *protocol;
	struct str part = STR_INIT, line = STR_INIT;
	size_t n = 0;

	str_addc(&line, ' ');
	if (name)
		add_part(&line, name, w->ascii);
	free(name);
	if (c->synergy)
		str_add(&part, "against the best measured parent");
	else if (c->baseline != SIZE_MAX)
		str_addf(&part, "against %s", c->variants[c->baseline].label);
	else if (c->n_differences)
		str_add(&part, "each against each");
	if (part.n)
		add_part(&line, part.s, w->ascii);
	for (size_t i = 0; i < c->n_variants; i++)
		texts[n++] = c->variants[i].protocol ? c->variants[i].protocol : (char *)"";
	protocol = NULL;
	for (size_t i = 0; i < n && !protocol && !strcmp(texts[0], texts[i]); i++)
		protocol = i + 1 == n && *texts[0] ? texts[0] : NULL;
	free(texts);
	str_clear(&part);
	if (protocol) {
		str_addf(&part, "protocol %s", protocol);
		add_part(&line, part.s, w->ascii);
	}
	str_clear(&part);
	str_addf(&part, "%s is 1 SE%s", w->ascii ? "+-" : "\u00b1", pairing(c));
	if (c->n_differences && c->n_rows)
		add_part(&line, part.s, w->ascii);
	show_wrapped(s, line.s + 1, w->columns);
	str_fini(&line);
	str_fini(&part);
}
