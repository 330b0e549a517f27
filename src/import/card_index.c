/* model-index: figures in a card's front matter,
 *	model-index:
 *	- name: some-model
 *	  results:
 *	  - task: {type: text-generation}
 *	    dataset: {name: HellaSwag (10-Shot), type: hellaswag, args: {num_few_shot: 10}}
 *	    metrics: [{type: acc_norm, value: 88.9, name: normalized accuracy}]
 *	    source: {name: Open LLM Leaderboard, url: …} */
#include "import/card_reading.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "recipe/yaml.h"

struct index {
	struct card_reader *r;
	size_t first; /* line that the YAML begins with, from 0 */
	bool points;  /* a share above 1: all are points */
	bool measure; /* the first pass, which finds that out */
	const char *variant;
};

static const char *text(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	return yaml_is_scalar(n) && n->kind != Y_NULL && n->text && *n->text ? n->text : NULL;
}

static bool number(const struct yaml_node *n, double *v, bool *percent)
{
	struct card_value x;

	if (!yaml_is_scalar(n) || n->kind == Y_BOOL || n->kind == Y_NULL || !n->text ||
		!card_is_value(n->text, &x))
		return false;
	*v = x.value;
	*percent = x.percent;
	return true;
}

/* The benchmark, from the first of the names that is known. */
static void label_of(const struct yaml_node *result, struct card_label *l)
{
	const struct yaml_node *data = yaml_get(result, "dataset"),
			       *task = yaml_get(result, "task");
	const char *names[] = { text(data, "name"), text(data, "config"), text(data, "type"),
		text(task, "name"), text(task, "type") };
	const char *first = NULL;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!names[i])
			continue;
		if (!first)
			first = names[i];
		card_label(str_base(names[i]), l);
		if (l->task)
			return;
		card_label_fini(l);
	}
	card_label(first ? first : "unnamed", l);
}

static json_t *protocol(const struct yaml_node *result, const struct card_label *l)
{
	const struct yaml_node *data = yaml_get(result, "dataset"),
			       *shots = yaml_get(yaml_get(data, "args"), "num_few_shot");
	const char *source = text(yaml_get(result, "source"), "name");
	json_t *p = json_object();

	if (source && card_find(source, "open llm leaderboard"))
		json_object_set_new(p, "tool", json_string("open-llm-leaderboard"));
	else if (source)
		json_object_set_new(p, "tool", json_textn(source));
	if (shots && shots->kind == Y_INT && shots->number >= 0 && shots->number < 10000)
		json_object_set_new(p, "shots", json_integer((json_int_t)shots->number));
	else if (l->shots >= 0)
		json_object_set_new(p, "shots", json_integer(l->shots));
	return p;
}

static void metric(struct index *x, const struct yaml_node *result, const struct yaml_node *m)
{
	const struct yaml_node *value = yaml_get(m, "value"), *error = yaml_get(m, "stderr"),
			       *n = yaml_get(m, "n");
	size_t line = x->first + (size_t)(value ? value->mark.line : m->mark.line) - 1;
	const char *s = line < x->r->line.n ? x->r->line.v[line].s : "", *type = text(m, "type");
	struct import_figure f = { .variant = x->variant,
		.stderr_ = NAN,
		.line = (int64_t)line + 1,
		.text = s,
		.text_n = strlen(s) };
	struct card_label l;
	bool percent, ignored;

	if (!number(value, &f.value, &percent)) {
		if (x->measure)
			import_unread(x->r->f, f.line, s, strlen(s), "a metric without a number");
		return;
	}
	label_of(result, &l);
	f.task = l.task_name;
	f.metric = type ? type : "score";
	bool share = import_is_share(f.task, f.metric) || l.mean;
	if (x->measure) {
		x->points |= share && !percent && f.value > 1;
	} else {
		f.unit = percent || (share && x->points) ? UNIT_PERCENT : UNIT_BARE;
		number(error, &f.stderr_, &ignored);
		f.n = n && n->kind == Y_INT && n->number < 1e12 ? (int64_t)n->number : 0;
		import_fact(x->r->f, &f, protocol(result, &l));
	}
	card_label_fini(&l);
}

static void results(struct index *x, const struct yaml_node *model)
{
	const struct yaml_node *list = yaml_get(model, "results");

	for (size_t i = 0; list && list->kind == Y_LIST && i < list->n; i++) {
		const struct yaml_node *metrics = yaml_get(list->items[i], "metrics");

		for (size_t k = 0; metrics && metrics->kind == Y_LIST && k < metrics->n; k++)
			metric(x, list->items[i], metrics->items[k]);
	}
}

void card_read_index(struct card_reader *r, const struct yaml_node *list, size_t first)
{
	for (size_t i = 0; list && list->kind == Y_LIST && i < list->n; i++) {
		struct index x = { r, first, false, true, NULL };
		const char *name = text(list->items[i], "name");
		char *variant = card_variant(r, name, NULL);

		x.variant = variant ? variant : r->c->name;
		results(&x, list->items[i]);
		x.measure = false;
		results(&x, list->items[i]);
		free(variant);
	}
}
