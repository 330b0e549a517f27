/* Layouts of their own: seven tasks on one line, and the groups of tensors with their price. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "report/report_in.h"

static const char *const seven[] = { "arc_challenge", "arc_easy", "boolq", "hellaswag",
	"openbookqa", "piqa", "winogrande" };
#define SEVEN (sizeof seven / sizeof seven[0])

/* Of several metrics the one that most variants have; of equals the normalized one. */
static const struct compare_row *row_of(const struct comparison *c, const char *task)
{
	const struct compare_row *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < c->n_rows; i++) {
		const struct compare_row *row = &c->rows[i];
		size_t n = 0;

		if (row->mean || !row->share || !str_eq(row->task, task))
			continue;
		for (size_t k = 0; k < c->n_variants; k++)
			n += row->cells[k].known;
		if (n > most || (n == most && n && str_eq(row->metric, "acc_norm"))) {
			best = row;
			most = n;
		}
	}
	return best;
}

static json_t *cells_of(const struct compare_row *const *rows, size_t variant)
{
	json_t *list = json_array();
	size_t n = SEVEN;

	while (n && !(rows[n - 1] && rows[n - 1]->cells[variant].known))
		n--;
	for (size_t i = 0; i < n; i++) {
		const struct compare_cell *c = rows[i] ? &rows[i]->cells[variant] : NULL;
		json_t *o = json_object();

		report_set(o, "task", seven[i]);
		report_put(o, "known", json_boolean(c && c->known));
		report_put(o, "value", c && c->known ? json_number(c->value) : json_null());
		report_put(o, "estimated", json_boolean(c && c->known && c->estimated));
		json_array_append_new(list, o);
	}
	return list;
}

/* How a line of a model's own card is called: what its name does not say would make it another
 * model's. */
static const char *label_of(const char *name, const char *quantization, bool subject)
{
	if (!quantization || !*quantization)
		return NULL;
	return !subject || strcasestr(name, quantization) ? quantization : NULL;
}

/* A name that reads as a model's on a line of its own; others stand before their figures. */
static bool alone(const char *name)
{
	return strchr(name, '/') || (strlen(name) >= 6 && strchr(name, '-') &&
		strpbrk(name, "0123456789") && !strchr(name, ' '));
}

static const char *relation_to(const struct report *r, const struct compare_variant *v)
{
	const struct subject *s = r->v.n ? &r->v.v[0] : NULL;
	const char *relation = NULL;
	size_t from, to;

	report_edges(r, s ? s->node : SIZE_MAX, &from, &to);
	for (size_t i = from; i < to; i++) {
		const struct lineage_edge *x = &r->lineage->edges[i];
		const struct lineage_node *p = &r->lineage->nodes[x->parent];

		if ((v->model && p->model == v->model) ||
			!strcasecmp(str_base(p->name), str_base(v->name)))
			relation = x->relation;
	}
	return relation;
}

static json_t *line_json(const struct report *r, const struct compare_row *const *rows, size_t i,
	bool subject)
{
	const struct compare_variant *v = &r->cmp->variants[i];
	const char *relation = relation_to(r, v);
	char *name = report_public_name(v->name);
	json_t *o = json_object();

	for (size_t k = 0; k < r->v.n; k++)
		if (r->v.v[k].variant == i) {
			free(name);
			name = xstrdup(r->v.v[k].name);
		}
	report_set(o, "name", name);
	report_set(o, "heading", subject && r->v.n == 1 ? NULL : alone(name) ? name : NULL);
	report_set(o, "label", alone(name) || (subject && r->v.n == 1) ?
		label_of(name, v->quantization, subject) : name);
	report_put(o, "base", json_boolean(str_eq(relation, "base")));
	report_put(o, "cells", cells_of(rows, i));
	free(name);
	return o;
}

void report_lines(const struct report *r, json_t *o)
{
	const struct compare_row *rows[SEVEN] = { NULL };
	json_t *own = json_array(), *components = json_array(), *bases = json_array();
	json_t *metrics = json_array();

	for (size_t i = 0; r->cmp && i < SEVEN; i++) {
		rows[i] = row_of(r->cmp, seven[i]);
		if (rows[i] && !str_eq(rows[i]->metric, "score"))
			json_array_append_new(metrics, json_pack("{s:s, s:s}", "task", seven[i],
				"metric", rows[i]->metric));
	}
	for (size_t i = 0; r->cmp && i < r->cmp->n_variants; i++) {
		bool subject = false;
		json_t *line;

		for (size_t k = 0; k < r->v.n; k++)
			subject |= r->v.v[k].variant == i;
		line = line_json(r, rows, i, subject);
		if (json_array_size(json_object_get(line, "cells")))
			json_array_append(subject ? own : json_flag(line, "base", false) ? bases :
				components, line);
		json_decref(line);
	}
	report_put(o, "lines", own);
	report_put(o, "component_lines", components);
	report_put(o, "base_lines", bases);
	report_put(o, "line_metrics", metrics);
}

/* --- groups and what they cost --- */

static size_t column(const json_t *table, const char *name)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(table, "columns"), i, c)
		if (str_eq(json_string_value(c), name))
			return i;
	return SIZE_MAX;
}

static const json_t *cell(const json_t *row, size_t at)
{
	const json_t *v = json_array_get(json_object_get(row, "cells"), at);

	return v ? v : NULL;
}

/* The verdict, where the card states none, is its author's that it was changed. */
static bool is_kept(const char *verdict)
{
	static const char *const words[] = { "keep", "kept", "sensitive", "undecided", "failed" };

	for (size_t i = 0; verdict && i < sizeof words / sizeof words[0]; i++)
		if (strcasestr(verdict, words[i]))
			return true;
	return false;
}

struct groups {
	json_t *changed, *kept, *combined, *left_out;
};

static void take_row(struct groups *g, const json_t *table, const json_t *row)
{
	const json_t *name = cell(row, column(table, "group"));
	const json_t *delta = cell(row, column(table, "delta_percent"));
	const json_t *verdict = cell(row, column(table, "verdict"));
	const char *text = json_string_value(name);
	json_t *o;

	if (!text)
		return;
	if (!json_is_number(delta)) {
		json_array_append_new(g->left_out, json_textn(text));
		return;
	}
	o = json_object();
	report_set(o, "group", text);
	report_put(o, "delta_percent", json_number(json_number_value(delta)));
	report_put(o, "tensors", json_is_number(cell(row, column(table, "tensors"))) ?
		json_integer((json_int_t)json_number_value(cell(row, column(table, "tensors")))) :
		json_null());
	report_put(o, "bytes_saved", json_is_number(cell(row, column(table, "bytes_saved"))) ?
		json_number(json_number_value(cell(row, column(table, "bytes_saved")))) :
		json_null());
	report_set(o, "verdict", json_string_value(verdict));
	json_array_append_new(strcasestr(text, "combined") ? g->combined :
		is_kept(json_string_value(verdict)) ? g->kept : g->changed, o);
}

void report_sensitivity(const struct report *r, const struct subject *s, json_t *o)
{
	struct groups g = { json_array(), json_array(), json_array(), json_array() };
	json_t *table, *row;
	size_t i, k;

	(void)r;
	json_array_foreach(json_object_get(s->facts, "tables"), i, table) {
		if (!str_eq(json_text(table, "kind", ""), "sensitivity"))
			continue;
		json_array_foreach(json_object_get(table, "rows"), k, row)
			take_row(&g, table, row);
	}
	report_put(o, "sensitivity", json_boolean(json_array_size(g.changed) ||
		json_array_size(g.kept) || json_array_size(g.combined)));
	report_put(o, "any_changed", json_boolean(json_array_size(g.changed) ||
		json_array_size(g.combined)));
	report_put(o, "groups_changed", g.changed);
	report_put(o, "groups_kept", g.kept);
	report_put(o, "groups_combined", g.combined);
	report_put(o, "groups_left_out", g.left_out);
}
