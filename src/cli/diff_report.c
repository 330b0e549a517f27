#include "config.h"
#include "cli/diff_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"
#include "base/xalloc.h"

#define MOST_CHANGED 5
#define MOST_NAMES 5
#define MOST_TEXT 60

static const enum stat_id with_base[] = { STAT_DELTA_COSINE, STAT_DELTA_RATIO, STAT_INPUT_CONFLICT,
	STAT_ONE_MINUS_COSINE, STAT_RELATIVE_L2 };
static const char *const with_base_heads[] =
	{ "ROLE", ">N", ">MOVES COS", ">|MOVE| B/A", ">CONFLICT",
	">1-COS", ">REL L2" };
static const enum stat_id plain[] = { STAT_ONE_MINUS_COSINE, STAT_RELATIVE_L2, STAT_MAX_ABS,
	STAT_SIGN_AGREEMENT };
static const char *const plain_heads[] =
	{ "ROLE", ">N", ">1-COS", ">REL L2", ">MAX", ">SAME SIGN" };

static void print_model(const char *which, const struct model *m)
{
	struct str s = STR_INIT;

	str_addf(&s, "%s  ", which);
	str_add_safe(&s, m->name, strlen(m->name));
	str_addf(&s, ": %s ", m->format_text);
	str_add_safe(&s, m->architecture, strlen(m->architecture));
	str_add(&s, ", ");
	str_add_count(&s, m->parameters);
	str_addf(&s, " parameters in %zu tensors, ", m->source.n_tensors);
	str_add_bytes(&s, m->bytes);
	puts(s.s);
	str_fini(&s);
}

static void print_names(const struct diff *d, const char *what, bool (*is)(const struct look_row *))
{
	struct str s = STR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < look_rows(d->look); i++) {
		const struct look_row *r = look_row(d->look, i);
		if (!is(r))
			continue;
		if (n++ < MOST_NAMES) {
			str_add(&s, n > 1 ? ", " : "");
			str_add_safe(&s, r->like->name, strlen(r->like->name));
		}
	}
	if (n)
		printf("%zu %s: %s%s\n", n, what, s.s, n > MOST_NAMES ? " …" : "");
	str_fini(&s);
}

static bool only_a(const struct look_row *r) { return r->tensor[1] < 0; }
static bool only_b(const struct look_row *r) { return r->tensor[0] < 0; }
static bool odd_shape(const struct look_row *r) { return r->other_shape; }

static void add_row(const struct diff *d, struct table_out *t, const enum stat_id *stats,
	size_t n_stats,
	const char *name, const size_t *rows, size_t n)
{
	char count[24];
	const char *cells[8] = { name, count };

	snprintf(count, sizeof count, "%zu", n);
	for (size_t k = 0; k < n_stats; k++)
		cells[2 + k] = figure_words(look_group(d->look, rows, n, stats[k], 1), stats[k]);
	table_row(t, cells);
	for (size_t k = 0; k < n_stats; k++)
		free((char *)cells[2 + k]);
}

static bool compares(const struct look_row *r)
{
	return r->tensor[0] >= 0 && r->tensor[1] >= 0 && !r->other_shape;
}

/* Rows of the role of row i, from i on; none if an earlier row has the role. */
static size_t rows_of_role(const struct diff *d, size_t i, size_t *out)
{
	const char *role = look_row(d->look, i)->like->role;
	size_t n = 0;

	if (!compares(look_row(d->look, i)))
		return 0;
	for (size_t k = 0; k < i; k++)
		if (compares(look_row(d->look, k)) &&
			str_eq(look_row(d->look, k)->like->role, role))
			return 0;
	for (size_t k = i; k < look_rows(d->look); k++)
		if (compares(look_row(d->look, k)) &&
			str_eq(look_row(d->look, k)->like->role, role))
			out[n++] = k;
	return n;
}

static void print_roles(const struct diff *d)
{
	const enum stat_id *stats = d->base ? with_base : plain;
	size_t n_stats = d->base ? 5 : 4, rows = look_rows(d->look), all = 0;
	struct table_out *t = table_new(d->base ? with_base_heads : plain_heads, n_stats + 2);
	size_t *of_role = xnew(size_t, rows + 1);

	for (size_t i = 0; i < rows; i++) {
		size_t n = rows_of_role(d, i, of_role);
		if (n)
			add_row(d, t, stats, n_stats, look_row(d->look, i)->like->role, of_role, n);
	}
	for (size_t i = 0; i < rows; i++)
		if (compares(look_row(d->look, i)))
			of_role[all++] = i;
	add_row(d, t, stats, n_stats, "total", of_role, all);
	puts("");
	table_print(t);
	free(of_role);
}

/* Relative L2 of every layer as a row of bars. */
static void print_layers(const struct diff *d)
{
	static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	size_t rows = look_rows(d->look), *of_layer = xnew(size_t, rows + 1);
	vec(double) v = { 0 };
	double lo = INFINITY, hi = 0;

	for (int layer = 0;; layer++) {
		size_t n = 0;
		for (size_t i = 0; i < rows; i++)
			if (look_row(d->look, i)->like->layer == layer &&
				compares(look_row(d->look, i)))
				of_layer[n++] = i;
		if (!n)
			break;
		struct figure f = look_group(d->look, of_layer, n, STAT_RELATIVE_L2, 1);
		*vec_push(&v) = isfinite(f.value) ? f.value : 0;
		lo = fmin(lo, v.v[v.n - 1]);
		hi = fmax(hi, v.v[v.n - 1]);
	}
	if (v.n > 1) {
		char *low = figure_words(figure_at(lo, FIG_EXACT), STAT_RELATIVE_L2);
		char *high = figure_words(figure_at(hi, FIG_EXACT), STAT_RELATIVE_L2);
		printf("\nrelative L2 by layer, %s to %s", low, high);
		for (size_t i = 0; cli_utf8() && i < v.n; i++)
			printf("%s%s", i ? "" : "  ",
				bars[hi > 0 ? (int)(v.v[i] / hi * 7.999) : 0]);
		puts("");
		free(low);
		free(high);
	}
	vec_fini(&v);
	free(of_layer);
}

struct far { size_t row; double by; };

static int farthest(const void *a, const void *b)
{
	double x = ((const struct far *)a)->by, y = ((const struct far *)b)->by;

	return (x < y) - (x > y);
}

static void print_most_changed(const struct diff *d)
{
	struct far *list = xnew(struct far, look_rows(d->look) + 1);
	size_t n = 0;

	for (size_t i = 0; i < look_rows(d->look); i++) {
		struct figure f = look_figure(d->look, i, STAT_RELATIVE_L2, 1);
		if (f.value > 0 && isfinite(f.value))
			list[n++] = (struct far){ i, f.value };
	}
	qsort(list, n, sizeof *list, farthest);
	if (n)
		puts("\nmost changed, relative L2");
	for (size_t k = 0; k < n && k < MOST_CHANGED; k++) {
		char *text = figure_words(look_figure(d->look, list[k].row, STAT_RELATIVE_L2, 1),
			STAT_RELATIVE_L2);
		char *name = str_safe(look_row(d->look, list[k].row)->like->name);
		printf("  %-14s %s\n", text, name);
		free(text);
		free(name);
	}
	free(list);
}

static char *short_value(const json_t *v)
{
	char *text = json_is_null(v) ? xstrdup("none") : json_is_string(v)
		? xstrdup(json_string_value(v)) : json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	struct str s = STR_INIT;
	size_t n = strcspn(text, "\n");

	if (n > MOST_TEXT || text[n]) {
		n = n < MOST_TEXT ? n : MOST_TEXT;
		while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
		str_add_safe(&s, text, n);
		str_add(&s, " …");
	} else {
		str_add_safe(&s, text, n);
	}
	free(text);
	return str_steal(&s);
}

static void print_files(const struct diff *d)
{
	static const char *const headers[] = { "FILE", "KEY", "A", "B" };
	struct table_out *t;
	json_t *j;
	size_t i;

	if (!json_array_size(d->files)) {
		puts("\nconfigs, tokenizers and templates agree");
		return;
	}
	t = table_new(headers, 4);
	json_array_foreach(d->files, i, j) {
		char *a = short_value(json_object_get(j, "a")),
			*b = short_value(json_object_get(j, "b"));
		table_row(t,
			(const char *[]){ json_text(j, "file", ""), json_text(j, "key", ""), a,
			b });
		free(a);
		free(b);
	}
	puts("");
	table_print(t);
}

void report_diff(const struct diff *d)
{
	print_model("A", d->a);
	print_model("B", d->b);
	if (d->base)
		print_model("base", d->base);
	print_names(d, "only in A", only_a);
	print_names(d, "only in B", only_b);
	print_names(d, "of other shapes", odd_shape);
	print_roles(d);
	print_layers(d);
	print_most_changed(d);
	if (d->n_swap) {
		puts("\nA swapped towards B by at most t");
		figures_swap_table(d->swap, d->n_swap);
	}
	print_files(d);
	if (look_group(d->look, NULL, 0, STAT_RELATIVE_L2, 1).state == FIG_SAMPLED)
		puts("\nfigures are from a sample, with 95 % intervals; --exact reads everything");
}
