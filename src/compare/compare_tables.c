#include "compare/showing.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"

/* --- Markdown --- */

/* What would end a cell or start markup. */
static void add_cell(struct str *s, const char *text)
{
	str_add(s, " ");
	for (; *text; text++) {
		if (strchr("|\\`*_<>[]", *text))
			str_addc(s, '\\');
		str_addc(s, *text);
	}
	str_add(s, " |");
}

static void header(struct str *s, const struct comparison *c)
{
	size_t columns = c->n_variants + (c->n_differences == 1 ? 4 : c->n_differences);

	str_add(s, "| task |");
	for (size_t i = 0; i < c->n_variants; i++)
		add_cell(s, c->variants[i].label);
	if (c->n_differences == 1)
		str_add(s, " \u0394 | \u00b1 | questions | verdict |");
	for (size_t i = 0; c->n_differences > 1 && i < c->n_differences; i++) {
		char *title = show_column(c, i), *whole = xasprintf("\u0394 %s", title);

		add_cell(s, whole);
		free(whole);
		free(title);
	}
	str_add(s, "\n|---|");
	for (size_t i = 0; i < columns; i++)
		str_add(s, i + 1 == columns && c->n_differences == 1 ? "---|" : "---:|");
	str_addc(s, '\n');
}

static void add_difference(struct str *s, const struct compare_row *row,
	const struct compare_difference *d, bool alone)
{
	struct str x = STR_INIT;
	bool shown = d->known && d->verdict != VERDICT_NO_INFORMATION;

	str_add(&x, "");
	if (shown)
		show_change(&x, row, d->value);
	if (shown && d->across)
		str_addc(&x, '!');
	if (!alone) {
		str_addf(&x, "%s%s", x.n ? " " : "", shown ? "\u00b1 " : show_verdict(d));
		if (shown)
			show_stderr(&x, row, d->stderr_);
		if (shown && d->verdict > VERDICT_NOISE)
			str_addf(&x, " %s", show_verdict(d));
		add_cell(s, x.s);
		str_fini(&x);
		return;
	}
	add_cell(s, x.s);
	str_clear(&x);
	if (shown)
		show_stderr(&x, row, d->stderr_);
	add_cell(s, shown ? x.s : "");
	str_clear(&x);
	show_items(&x, row, d, 0);
	add_cell(s, x.n ? x.s : "");
	add_cell(s, show_verdict(d));
	str_fini(&x);
}

static void add_sizes(struct str *s, const struct comparison *c)
{
	bool any = false;

	for (size_t i = 0; i < c->n_variants; i++)
		any |= c->variants[i].bytes != 0;
	if (!any)
		return;
	str_add(s, "| size |");
	for (size_t i = 0; i < c->n_variants; i++) {
		struct str x = STR_INIT;

		str_add(&x, "");
		if (c->variants[i].bytes)
			str_add_bytes(&x, c->variants[i].bytes);
		add_cell(s, x.s);
		str_fini(&x);
	}
	for (size_t i = 0; i < (c->n_differences == 1 ? 4 : c->n_differences); i++)
		str_add(s, " |");
	str_addc(s, '\n');
}

char *show_markdown(const struct comparison *c)
{
	struct str s = STR_INIT;

	str_add(&s, "");
	if (c->n_rows)
		header(&s, c);
	for (size_t i = 0; i < c->n_rows; i++) {
		char *task = show_task(c, i);

		str_addc(&s, '|');
		add_cell(&s, task);
		free(task);
		for (size_t k = 0; k < c->n_variants; k++) {
			struct str x = STR_INIT;

			show_value(&x, &c->rows[i], &c->rows[i].cells[k], false);
			add_cell(&s, x.s);
			str_fini(&x);
		}
		for (size_t k = 0; k < c->n_differences; k++)
			add_difference(&s, &c->rows[i], &c->rows[i].differences[k],
				c->n_differences == 1);
		str_addc(&s, '\n');
	}
	if (c->n_rows)
		add_sizes(&s, c);
	if (c->n_differences)
		str_add(&s, "\n\u00b1 is one standard error of the difference.\n");
	for (size_t i = 0; i < c->n_sentences; i++)
		str_addf(&s, "%s%s", i ? " " : "\n", c->sentences[i]);
	if (c->n_sentences)
		str_addc(&s, '\n');
	return str_steal(&s);
}

/* --- CSV --- */

static void add_field(struct str *s, const char *text)
{
	if (s->n && s->s[s->n - 1] != '\n')
		str_addc(s, ',');
	if (!text)
		return;
	/* A spreadsheet takes these for the start of a formula. */
	if (*text && strchr("=+-@", *text) && strspn(text, "+-0123456789.eE") != strlen(text))
		str_add(s, "\"'");
	else if (!strpbrk(text, ",\"\n\r")) {
		str_add(s, text);
		return;
	} else
		str_addc(s, '"');
	for (; *text; text++) {
		if (*text == '"')
			str_addc(s, '"');
		str_addc(s, *text);
	}
	str_addc(s, '"');
}

static void add_real(struct str *s, double v)
{
	char text[40] = "";

	for (int digits = 15; isfinite(v) && digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	add_field(s, text);
}

static void add_whole(struct str *s, int64_t v)
{
	char text[24] = "";

	if (v)
		snprintf(text, sizeof text, "%" PRId64, v);
	add_field(s, text);
}

static void csv_line(struct str *s, const struct comparison *c, const struct compare_row *row,
	size_t variant, const struct compare_difference *d)
{
	const struct compare_cell *x = &row->cells[variant];
	bool k = d && d->known;
	char items[24] = "";

	if (k && d->n && row->share)
		snprintf(items, sizeof items, "%" PRId64, d->items);
	add_field(s, row->task);
	add_field(s, row->metric);
	add_field(s, c->variants[variant].name);
	add_real(s, x->known ? x->value : NAN);
	add_real(s, x->known ? x->stderr_ : NAN);
	add_whole(s, x->n);
	add_field(s, x->known ? (x->estimated ? "yes" : "no") : "");
	add_field(s, x->protocol);
	add_field(s, d && d->against < c->n_variants ? c->variants[d->against].name : "");
	add_real(s, k ? d->value : NAN);
	add_real(s, k ? d->relative_percent : NAN);
	add_real(s, k ? d->stderr_ : NAN);
	add_real(s, k ? d->z : NAN);
	add_real(s, k ? d->p : NAN);
	add_real(s, k ? d->p_holm : NAN);
	add_field(s, items);
	add_field(s, k ? (d->paired ? "yes" : "no") : "");
	add_field(s, d ? show_verdict(d) : "");
	add_real(s, row->resolves);
	str_addc(s, '\n');
}

char *show_csv(const struct comparison *c)
{
	struct str s = STR_INIT;

	str_add(&s, "task,metric,model,value,stderr,n,estimated,protocol,against,difference,"
		"relative_percent,difference_stderr,z,p,p_holm,questions,paired,verdict,"
		"resolves\n");
	for (size_t i = 0; i < c->n_rows; i++)
		for (size_t k = 0; k < c->n_variants; k++) {
			bool any = false;

			for (size_t d = 0; d < c->n_differences; d++)
				if (c->rows[i].differences[d].of == k) {
					csv_line(&s, c, &c->rows[i], k,
						&c->rows[i].differences[d]);
					any = true;
				}
			if (!any)
				csv_line(&s, c, &c->rows[i], k, NULL);
		}
	return str_steal(&s);
}
