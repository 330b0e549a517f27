/* Lists that are tables: NearSwap's
 *	• t = 0.0001 (~0.8% full swap): This model
 * and figures, a task in each entry. */
#include "import/card_reading.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"

#define ROWS_MAX 1000 /* of one table */

struct swap_row {
	double t, full;
	char *note;
};

/* Behind the mark of a list: "t = NUMBER (~NUMBER% …): note". */
static bool swap_row(const char *s, struct swap_row *x)
{
	const char *entry = card_bullet(s), *p;
	struct card_value v;
	char *plain;
	bool ok = false;

	if (!entry)
		return false;
	plain = card_plain(entry, strlen(entry));
	p = plain;
	if (*p == 't' && (p[1] == ' ' || p[1] == '=' || p[1] == ':')) {
		p += 1 + strspn(p + 1, " =:");
		ok = card_value(p, &v);
		x->t = v.value;
		p = ok ? strchr(p + v.n, '(') : NULL;
		ok = p && card_value(p + 1, &v) && v.percent && card_find(p, "swap");
		x->full = v.value / 100;
		p = ok ? strchr(p, ')') : NULL;
		if (p)
			p += 1 + strspn(p + 1, " :-");
		x->note = ok && p && *p ? xstrdup(p) : NULL;
	}
	free(plain);
	return ok;
}

static void swaps(struct card_reader *r)
{
	struct card_table *t = NULL;
	size_t last = 0;

	for (size_t i = 0; i < r->line.n; i++) {
		struct swap_row x = { 0 };

		if (r->line.v[i].use != LINE_TEXT || !swap_row(r->line.v[i].s, &x))
			continue;
		if (!t || i - last > 3 || json_array_size(t->rows) >= ROWS_MAX) {
			if (card_full(r, i)) {
				free(x.note);
				return;
			}
			t = card_table_new(r, "swap", i);
			json_array_append_new(t->columns, json_string("t"));
			json_array_append_new(t->columns, json_string("full"));
			json_array_append_new(t->columns, json_string("note"));
		}
		json_array_append_new(
			t->rows, json_pack("{s:I, s:[o, o, o], s:o}", "line", (json_int_t)i + 1,
					 "cells", card_number(x.t), card_number(x.full),
					 json_textn(x.note), "text", json_textn(r->line.v[i].s)));
		free(x.note);
		r->line.v[i].use = LINE_TABLE;
		last = i;
	}
}

/* --- "- HellaSwag (10-shot): 72.9%" --- */

/* The value of such an entry; l is of its label and to be released if it is one. */
static bool entry(const char *s, struct card_label *l, struct card_value *v, char **plain)
{
	const char *text = card_bullet(s);
	char *colon;

	if (!text || strlen(text) > 200)
		return false;
	*plain = card_plain(text, strlen(text));
	colon = strchr(*plain, ':');
	if (colon && card_is_value(colon + 1 + strspn(colon + 1, " "), v) && !v->signed_) {
		*colon = 0;
		card_label(*plain, l);
		if (l->task && strlen(v->unit) < 30)
			return true;
		card_label_fini(l);
	}
	free(*plain);
	return false;
}

static bool of_points(const struct card_label *l, const struct card_value *v)
{
	return (import_is_share(l->task_name, l->metric) || l->mean) && !v->percent && v->value > 1;
}

static void score(struct card_reader *r, struct card_table *t, size_t i, bool points)
{
	const char *s = r->line.v[i].s, *shot;
	struct card_label l;
	struct card_value v;
	char *plain;
	json_t *p;

	if (!entry(s, &l, &v, &plain))
		return;
	p = json_object();
	shot = card_find(v.unit, "shot");
	if (l.shots < 0 && shot && v.unit[0] == '(')
		l.shots = card_count(v.unit + 1);
	if (l.shots >= 0)
		json_object_set_new(p, "shots", json_integer(l.shots));
	json_array_append_new(t->rows, json_pack("{s:I, s:[s, o]}", "line", (json_int_t)i + 1,
					       "cells", l.task_name, card_number(v.value)));
	bool share = import_is_share(l.task_name, l.metric) || l.mean;
	import_fact(r->f,
		&(struct import_figure){ .variant = r->c->name,
			.task = l.task_name,
			.metric = l.metric,
			.value = v.value,
			.stderr_ = NAN,
			.unit = v.percent || (share && points) ? UNIT_PERCENT : UNIT_BARE,
			.line = (int64_t)i + 1,
			.text = s,
			.text_n = strlen(s),
			.estimated = v.estimated },
		p);
	r->line.v[i].use = LINE_TABLE;
	card_label_fini(&l);
	free(plain);
}

static void scores(struct card_reader *r)
{
	for (size_t i = 0, end; i < r->line.n; i = end) {
		struct card_table *t;
		bool points = false;
		struct card_label l;
		struct card_value v;
		char *plain;

		for (end = i;
			end < r->line.n && end - i < ROWS_MAX && r->line.v[end].use == LINE_TEXT &&
			entry(r->line.v[end].s, &l, &v, &plain);
			end++) {
			points |= of_points(&l, &v);
			card_label_fini(&l);
			free(plain);
		}
		if (end == i) {
			end++;
			continue;
		}
		if (card_full(r, i))
			return;
		t = card_table_new(r, "scores", i);
		json_array_append_new(t->columns, json_string("task"));
		json_array_append_new(t->columns, json_string("value"));
		for (size_t k = i; k < end; k++)
			score(r, t, k, points);
	}
}

void card_read_lists(struct card_reader *r)
{
	swaps(r);
	scores(r);
}
