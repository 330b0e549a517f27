/* Lists that are tables: NearSwap's
 *	• t = 0.0001 (~0.8% full swap): This model */
#include "import/card_reading.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"

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

void card_read_lists(struct card_reader *r)
{
	struct card_table *t = NULL;
	size_t last = 0;

	for (size_t i = 0; i < r->line.n; i++) {
		struct swap_row x = { 0 };

		if (r->line.v[i].use != LINE_TEXT || !swap_row(r->line.v[i].s, &x))
			continue;
		if (!t || i - last > 3) {
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
