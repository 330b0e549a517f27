#include "config.h"
#include "cli/preview_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"
#include "base/xalloc.h"

#define MOST_INPUTS 4  /* columns of inputs beside the roles */
#define LOWEST 5

int report_swap_input(const struct plan *p)
{
	if (strcmp(p->recipe->method->name, "nearswap") != 0)
		return -1;
	for (size_t i = 0; i < p->inputs->n; i++)
		if ((int)i != p->inputs->base)
			return (int)i;
	return -1;
}

static void heading(const char *text)
{
	printf("\n%s\n", text);
}

static void print_head(struct preview *v, const struct plan *p, const char *path)
{
	struct str s = STR_INIT;
	struct preview_progress at;

	preview_progress(v, &at);
	str_add_safe(&s, path, strlen(path));
	str_addf(&s, ": %s of %zu model%s, ", p->recipe->method->name, p->inputs->n,
		p->inputs->n == 1 ? "" : "s");
	str_add_count(&s, p->parameters);
	str_addf(&s, " parameters in %zu tensors, ", p->n);
	str_add_bytes(&s, p->output_bytes);
	str_add(&s, " of output\n");
	if (p->inputs->figure_base_name) {
		str_add(&s, "moves are seen from ");
		str_add_safe(&s, p->inputs->figure_base_name, strlen(p->inputs->figure_base_name));
		str_add(&s, p->inputs->base >= 0 ? ", the recipe's base\n"
			: ", the lineage's base\n");
	} else {
		str_add(&s, "no base is known, so moves cannot be told from weights\n");
	}
	if (at.nonfinite)
		str_addf(&s, "%" PRIu64 " weights of the inputs are NaN or infinite\n",
			at.nonfinite);
	fputs(s.s, stdout);
	str_fini(&s);
}

static void print_effect(struct preview *v, const struct plan *p)
{
	static const enum stat_id lost[] = { STAT_FROZEN, STAT_ROUNDING, STAT_ROUNDING_DELTA };
	struct effect e;
	char *text[3];

	heading("What it really does");
	effect_of(p->recipe, &e);
	for (size_t i = 0; i < e.n_sentences; i++)
		cli_wrap(stdout, e.sentences[i], 2, 96);
	effect_fini(&e);
	double share[MERGE_MAX_INPUTS + 1], half[MERGE_MAX_INPUTS + 1];
	size_t n;
	if (preview_coverage(v, share, half, &n)) {
		printf("  measured, of all weights:");
		for (size_t i = 0; i < n; i++)
			printf("%s %.1f%% %s", i ? "," : "", share[i] * 100, i == 0 ? "none"
				: i == 1 ? "one" : i == 2 ? "two" : "more");
		printf(" of the models (%s%.1g)\n", cli_utf8() ? "±" : "+-", half[0] * 100);
	}
	for (size_t k = 0; k < 3; k++)
		text[k] = figure_words(preview_group(v, NULL, 0, lost[k], -1), lost[k]);
	const char *type = p->n ? dtype_torch_name(p->tensors[0].dtype) : NULL;
	type = type ? type : "the output's type";
	if (p->inputs->figure_base)
		printf("  rounding to %s freezes %s of the changes; its error is %s of the "
			"weights, %s of the move\n", type, text[0], text[1], text[2]);
	else
		printf("  rounding to %s costs %s of the weights' norm\n", type, text[1]);
	for (size_t k = 0; k < 3; k++)
		free(text[k]);
}

/* --- tables: figures of groups in columns --- */

struct column {
	enum stat_id stat;
	int input;
	char *header;
};
struct columns {
	struct column *v;
	size_t n, cap;
};

static void add_column(struct columns *c, const struct plan *p, enum stat_id s, int input)
{
	const struct stat_info *info = stat_info(s);
	const char *title = cli_utf8() ? info->title : info->ascii, *at = strstr(title, "INPUT");
	struct str h = STR_INIT;

	str_addc(&h, '>');
	str_addn(&h, title, at ? (size_t)(at - title) : strlen(title));
	if (at && input >= 0)
		str_add(&h, p->inputs->v[input].label);
	if (at)
		str_add(&h, at + 5);
	*vec_push(c) = (struct column){ s, input, str_steal(&h) };
}

static void columns_fini(struct columns *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].header);
	vec_fini(c);
}

static struct table_out *table_of(const struct columns *c, const char *first, const char *second)
{
	const char **h = xnew(const char *, c->n + 2);

	h[0] = first;
	h[1] = second;
	for (size_t i = 0; i < c->n; i++)
		h[i + 2] = c->v[i].header;
	struct table_out *t = table_new(h, c->n + 2);
	free(h);
	return t;
}

static void add_row(struct table_out *t, struct preview *v, const struct columns *c,
	const char *first,
	const char *second, const size_t *tensors, size_t n)
{
	const char **cells = xnew(const char *, c->n + 2);

	cells[0] = first;
	cells[1] = second;
	for (size_t i = 0; i < c->n; i++)
		cells[i + 2] =
			figure_words(preview_group(v, tensors, n, c->v[i].stat, c->v[i].input),
			c->v[i].stat);
	table_row(t, cells);
	for (size_t i = 0; i < c->n; i++)
		free((char *)cells[i + 2]);
	free(cells);
}

static bool is_base(const struct plan *p, size_t i)
{
	return p->inputs->v[i].model && p->inputs->v[i].model == p->inputs->figure_base;
}

/* One line per input: how the whole merge relates to it. */
static void print_inputs(struct preview *v, const struct plan *p)
{
	static const enum stat_id moves[] =
		{ STAT_DELTA_RATIO, STAT_DELTA_COSINE, STAT_INPUT_CONFLICT };
	static const enum stat_id weights[] = { STAT_ONE_MINUS_COSINE, STAT_RELATIVE_L2 };
	static const char *const headers[] = { "INPUT", ">|move|", ">towards it", ">against it",
		">1-COS", ">REL L2" };
	struct table_out *t = table_new(headers, 6);

	heading("Inputs");
	for (size_t i = 0; i < p->inputs->n; i++) {
		char *cells[6] = { xstrdup(p->inputs->v[i].label) };
		for (size_t k = 0; k < 3; k++)
			cells[1 + k] = is_base(p, i) || !p->inputs->figure_base ? xstrdup("")
				: figure_words(preview_group(v, NULL, 0, moves[k], (int)i),
					moves[k]);
		for (size_t k = 0; k < 2; k++)
			cells[4 + k] =
				figure_words(preview_group(v, NULL, 0, weights[k], (int)i),
				weights[k]);
		table_row(t, (const char *const *)cells);
		for (size_t k = 0; k < 6; k++)
			free(cells[k]);
	}
	table_print(t);
	if (p->inputs->figure_base)
		puts("|move|: the merge's distance from the base as a part of the input's; towards "
			"it: cosine of the\ntwo moves; against it: share of weights moved the "
			"other way");
}

static struct columns role_columns(const struct plan *p)
{
	struct columns c = { 0 };
	bool based = p->inputs->figure_base != NULL;
	size_t shown = 0;

	for (size_t i = 0; based && i < p->inputs->n && shown < MOST_INPUTS; i++)
		if (!is_base(p, i)) {
			if (shown == 0)
				add_column(&c, p, STAT_DELTA_RATIO, (int)i);
			shown++;
		}
	shown = 0;
	for (size_t i = 0; i < p->inputs->n && shown < MOST_INPUTS; i++) {
		if (based && is_base(p, i))
			continue;
		add_column(&c, p, based ? STAT_DELTA_COSINE : STAT_ONE_MINUS_COSINE, (int)i);
		shown++;
	}
	if (based && shown > 1)
		add_column(&c, p, STAT_CONFLICT, -1);
	if (report_swap_input(p) >= 0)
		add_column(&c, p, STAT_SWAPPED, -1);
	add_column(&c, p, based ? STAT_FROZEN : STAT_ROUNDING, -1);
	return c;
}

static bool seen_role(const struct plan *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(p->tensors[k].like->role, p->tensors[i].like->role))
			return true;
	return false;
}

static void print_roles(struct preview *v, const struct plan *p)
{
	struct columns c = role_columns(p);
	struct table_out *t = table_of(&c, "ROLE", ">N");
	size_t *of_role = xnew(size_t, p->n + 1);
	char count[24];

	heading("Roles");
	for (size_t i = 0; i < p->n; i++) {
		size_t n = 0;
		if (seen_role(p, i))
			continue;
		for (size_t k = i; k < p->n; k++)
			if (str_eq(p->tensors[k].like->role, p->tensors[i].like->role))
				of_role[n++] = k;
		snprintf(count, sizeof count, "%zu", n);
		add_row(t, v, &c, p->tensors[i].like->role, count, of_role, n);
	}
	snprintf(count, sizeof count, "%zu", p->n);
	add_row(t, v, &c, "total", count, NULL, 0);
	table_print(t);
	columns_fini(&c);
	free(of_role);
}

/* --- the tensors that are least like an input --- */

struct far {
	size_t tensor;
	int input;
	double by;
};

static int farthest(const void *a, const void *b)
{
	double x = ((const struct far *)a)->by, y = ((const struct far *)b)->by;

	return (x < y) - (x > y);
}

static void print_lowest(struct preview *v, const struct plan *p)
{
	bool based = p->inputs->figure_base != NULL;
	enum stat_id stat = based ? STAT_DELTA_COSINE : STAT_ONE_MINUS_COSINE;
	struct far *list = xnew(struct far, p->n * p->inputs->n + 1);
	size_t n = 0;

	for (size_t t = 0; t < p->n; t++)
		for (size_t i = 0; i < p->inputs->n; i++) {
			struct figure f = preview_figure(v, t, stat, (int)i);
			if (f.state == FIG_NONE || f.state == FIG_FAILED ||
				(based ? is_base(p, i) : f.value == 0))
				continue;
			list[n++] = (struct far){ t, (int)i, based ? -f.value : f.value };
		}
	qsort(list, n, sizeof *list, farthest);
	if (n)
		heading(based ? "Least in an input's direction" : "Farthest from an input");
	for (size_t k = 0; k < n && k < LOWEST; k++) {
		char *text =
			figure_words(preview_figure(v, list[k].tensor, stat, list[k].input), stat);
		char *name = str_safe(p->tensors[list[k].tensor].like->name);
		char *label = str_safe(p->inputs->v[list[k].input].label);
		printf("  %-14s %s, %s\n", text, label, name);
		free(text);
		free(name);
		free(label);
	}
	free(list);
}

static void print_swap(struct preview *v, const struct plan *p, const struct curve *c)
{
	if (!c->n)
		return;
	heading("Swapped, by t");
	figures_swap_table(c->v, c->n);
	double tenth = preview_swap_solve(v, NULL, 0, report_swap_input(p), 0.1);
	double half = preview_swap_solve(v, NULL, 0, report_swap_input(p), 0.5);
	if (isfinite(tenth) && isfinite(half))
		printf("a tenth is swapped at t = %.3g, half at t = %.3g\n", tenth, half);
}

void report_preview(struct preview *v, const struct plan *p, const char *path,
	const struct curve *c)
{
	enum figure_state state = preview_group(v, NULL, 0, STAT_NORM, -1).state;

	print_head(v, p, path);
	print_effect(v, p);
	print_inputs(v, p);
	print_roles(v, p);
	print_lowest(v, p);
	print_swap(v, p, c);
	puts(state == FIG_EXACT ? "\nfigures are exact: of the tensors as they would be stored"
		: "\nfigures are of the merge before rounding; those with an interval (95 %) are "
			"from a sample, and\nof the tensors as they would be stored: --exact makes "
			"all of them so");
}
