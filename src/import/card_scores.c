/* Lines of scores under a line of tasks:
 *	         arc   arc/e boolq hswag obkqa piqa  wino
 *	maker/some-model
 *	q8-hi    0.468,0.642,0.835
 * Values belong to tasks in their order; a row that ends early has no more of them. */
#include "import/card_grid.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"

#define TASKS_MAX 64

struct score_lines {
	struct card_reader *r;
	const struct task *task[TASKS_MAX];
	size_t n;
	char *name; /* of the model that the next rows are of, or NULL */
	bool points;
	struct card_table *table;
};

/* --- the line of tasks --- */

static size_t word(const char *s, char sep)
{
	return sep ? strcspn(s, " ,\t|") : strcspn(s, " \t");
}

static bool header(struct score_lines *x, const char *s)
{
	size_t n = 0;

	for (s += strspn(s, " \t,|"); *s; s += strspn(s, " \t,|")) {
		size_t k = word(s, ',');
		char name[40];
		const struct task *t;

		if (k >= sizeof name || n == TASKS_MAX)
			return false;
		memcpy(name, s, k);
		name[k] = 0;
		t = task_find(name);
		if (!t && !(n == 0 && (!strcasecmp(name, "quant") || !strcasecmp(name, "model"))))
			return false;
		if (t)
			x->task[n++] = t;
		s += k;
	}
	x->n = n;
	return n >= 3;
}

/* --- a row --- */

static bool missing(const char *s, size_t n)
{
	static const char *const words[] = { "-", "--", "—", "–", "?", "n/a", "na", "N/A", "NA",
		"...", "…", "tbd", "TBD" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i]) == n && !memcmp(words[i], s, n))
			return true;
	return n == 0;
}

/* The value that begins at s: bytes with what belongs to it. 0: none. */
static size_t value_at(const char *s, struct card_value *v)
{
	size_t n = strcspn(s, ",|\t");
	char text[64];

	while (n && s[n - 1] == ' ')
		n--;
	if (n >= sizeof text)
		n = sizeof text - 1;
	memcpy(text, s, n);
	text[n] = 0;
	if (!card_value(text, v) || v->signed_)
		return 0;
	n = v->n;
	if (v->estimated && v->unit[0] == '(')
		n = (size_t)(v->unit - text) + strcspn(v->unit, ")") + 1;
	else if (isalnum((uint8_t)s[n]) || s[n] == '/')
		return 0;
	return n;
}

struct score_row {
	struct card_value v[TASKS_MAX + 1];
	bool has[TASKS_MAX + 1];
	size_t n;
	const char *label;
	size_t label_n;
};

/* Values to the end of the line, by commas or blanks; nothing between two commas is a missing one.
 */
static bool values(const char *s, struct score_row *row)
{
	bool commas = strchr(s, ',') != NULL;

	row->n = 0;
	for (;;) {
		size_t n;

		s += strspn(s, commas ? " \t" : " \t|");
		if (row->n > TASKS_MAX)
			return true;
		if (!*s)
			return row->n > 0;
		n = value_at(s, &row->v[row->n]);
		row->has[row->n] = n > 0;
		if (!n) {
			n = strcspn(s, commas ? "," : " \t|");
			while (n && s[n - 1] == ' ')
				n--;
			if (!missing(s, n))
				return false;
		}
		row->n++;
		s += n + strspn(s + n, " \t*");
		if (commas && *s == ',')
			s++;
		else if (commas && *s)
			return false;
	}
}

static bool row_of(const char *s, struct score_row *row)
{
	const char *p = s += strspn(s, " \t|");

	*row = (struct score_row){ .label = s };
	if (card_bullet(s))
		return false;
	for (size_t words = 0; words < 4 && *p; words++) {
		if (values(p, row) && (row->has[0] || row->n > 1) &&
			(row->has[0] || (row->n > 1 && row->has[1]))) {
			while (p > s && strchr(" \t|:", p[-1]))
				p--;
			row->label_n = (size_t)(p - s);
			return true;
		}
		p += strcspn(p, " \t");
		p += strspn(p, " \t");
	}
	return false;
}

/* --- what it says --- */

/* Has the model figures of another quantization? Then the name alone would mean both. */
static bool taken(const struct score_lines *x, const char *variant, const char *quant)
{
	for (size_t i = 0; i < x->r->f->facts.n && i < 5000; i++) {
		const struct import_fact *f = &x->r->f->facts.v[i];
		const char *q = json_text(f->protocol, "quantization", NULL);

		if (q && strcmp(q, quant) != 0 && str_eq(f->variant, variant))
			return true;
	}
	return false;
}

static char *variant_of(const struct score_lines *x, const char *own, const char *quant)
{
	char *ignored,
		*variant = own ? card_meant(x->r, own, false, &ignored)
			       : card_variant(x->r, x->name, quant),
		*both;

	if (own)
		free(ignored);
	if (!variant || !quant || own || !taken(x, variant, quant))
		return variant;
	both = xasprintf("%s %s", variant, quant);
	free(variant);
	return both;
}

/* A row's label is a quantization, a model, or both. */
static void add(struct score_lines *x, const struct score_row *row, size_t line)
{
	char *label = xstrndup(row->label, row->label_n), *variant, *own = NULL;
	const char *text = x->r->line.v[line].s, *quant = NULL;
	bool is_quant = card_quant_word(label, row->label_n);
	json_t *cells = json_array();
	bool difference = false;
	size_t n;

	if (*label && !is_quant)
		own = card_plain(label, row->label_n);
	if (!is_quant)
		quant = card_quant_in(own ? own : "", &n);
	variant = variant_of(x, own, is_quant ? label : NULL);
	if (own) {
		struct card_label l;

		card_label(own, &l);
		difference = l.difference;
		card_label_fini(&l);
	}
	json_array_append_new(cells, json_textn(*label ? label : NULL));
	for (size_t i = 0; i < x->n; i++)
		json_array_append_new(cells,
			i < row->n && row->has[i] ? card_number(row->v[i].value) : json_null());
	json_array_append_new(
		x->table->rows, json_pack("{s:I, s:o, s:o}", "line", (json_int_t)line + 1, "cells",
					cells, "model", json_textn(own ? own : x->name)));
	for (size_t i = 0; i < row->n && i < x->n; i++) {
		json_t *p = json_object();

		if (is_quant)
			json_object_set_new(p, "quantization", json_textn(label));
		else if (quant)
			json_object_set_new(p, "quantization", json_stringn(quant, n));
		if (row->has[i] && !difference)
			import_fact(x->r->f,
				&(struct import_figure){
					.variant = variant ? variant : x->r->c->name,
					.task = x->task[i]->name,
					.metric = "score",
					.value = row->v[i].value,
					.stderr_ = NAN,
					.unit = row->v[i].percent || x->points ? UNIT_PERCENT
									       : UNIT_BARE,
					.line = (int64_t)line + 1,
					.text = text,
					.text_n = strlen(text),
					.estimated = row->v[i].estimated },
				json_incref(p));
		json_decref(p);
	}
	free(label);
	free(own);
	free(variant);
}

/* "owner/name", "name-3B-of-it" or "Base model: name" alone on a line: what rows below are of. */
static char *model_line(const char *s)
{
	char *plain = card_plain(s, strlen(s));
	const char *p = plain, *colon = strchr(p, ':');
	size_t n;

	if (colon && colon - p < 30 && colon[1] == ' ')
		p = colon + 2;
	n = card_repository(p);
	if (!n) {
		n = strcspn(p, " ");
		if (!strpbrk(p, "0123456789") || !strchr(p, '-') || n < 6)
			n = 0;
	}
	char *name = n && !p[n] ? xstrdup(p) : NULL;
	free(plain);
	return name;
}

char *card_model_above(const struct card_reader *r, size_t line)
{
	for (size_t k = 0; k < 3 && line-- > 0; k++) {
		const struct card_line *l = &r->line.v[line];
		char *heading = card_heading(r, line), *name;

		if (!*l->s)
			continue;
		name = l->use == LINE_TEXT ? model_line(heading ? heading : l->s) : NULL;
		free(heading);
		return name;
	}
	return NULL;
}

static void begin(struct score_lines *x, size_t line)
{
	x->table = card_table_new(x->r, "scores", line);
	json_array_append_new(x->table->columns, json_string("variant"));
	for (size_t i = 0; i < x->n; i++)
		json_array_append_new(x->table->columns, json_string(x->task[i]->name));
	x->points = false;
	for (size_t i = line + 1; i < x->r->line.n && i < line + 100; i++) {
		const char *s = x->r->line.v[i].s;
		struct score_row row;
		char *name;

		if (!*s)
			continue;
		if (row_of(s, &row)) {
			for (size_t k = 0; k < row.n && k < x->n; k++)
				x->points |= row.has[k] && row.v[k].value > 1;
			continue;
		}
		name = model_line(s);
		free(name);
		if (!name)
			break;
	}
}

/* A line under the tasks; false: it is none of a table, which ends before it. */
static bool below(struct score_lines *x, size_t i)
{
	struct card_line *l = &x->r->line.v[i];
	struct score_row row;
	char *name;

	if (row_of(l->s, &row)) {
		if (row.n > x->n)
			import_unread(x->r->f, (int64_t)i + 1, l->s, strlen(l->s),
				"%zu values under %zu tasks", row.n, x->n);
		else
			add(x, &row, i);
		l->use = LINE_TABLE;
		return true;
	}
	name = model_line(l->s);
	if (!name)
		return false;
	free(x->name);
	x->name = name;
	return true;
}

void card_read_score_lines(struct card_reader *r)
{
	struct score_lines x = { .r = r };
	bool open = false;

	for (size_t i = 0; i < r->line.n; i++) {
		struct card_line *l = &r->line.v[i];
		struct score_lines next = { .r = r };
		char *name;

		if ((l->use != LINE_TEXT && l->use != LINE_CODE) || !*l->s)
			continue;
		if (!strpbrk(l->s, "|\t") && header(&next, l->s)) {
			if (card_full(r, i))
				break;
			next.name = x.name;
			x = next;
			begin(&x, i);
			l->use = LINE_TABLE;
			open = true;
			continue;
		}
		if (open && below(&x, i))
			continue;
		open = false;
		name = model_line(l->s);
		free(x.name);
		x.name = name;
	}
	free(x.name);
}
