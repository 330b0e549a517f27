#include "config.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/plan_work.h"
#include "engine/rows.h"
#include "model/stack.h"
#include "model/stored_as.h"
#include "recipe/template.h"

const struct mark *plan_mark(const struct planner *w, int i)
{
	return &recipe_input_ref(w->r, (size_t)i)->mark;
}

bool plan_problem(struct planner *w, const struct mark *at, const char *where, const char *code,
	const char *hint, const char *fmt, ...)
{
	va_list ap;
	struct str s = STR_INIT;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	if (w->f)
		findings_add(w->f, SEV_ERROR, at, where, code, hint, "%s", s.s);
	if (!w->failed && w->r->path && at && at->line) {
		char *line = xasprintf("%s:%d:%d: %s", w->r->path, at->line, at->column,
			where);

		err_set(w->e, ERR_INPUT, line, hint, "%s", s.s);
		free(line);
	} else if (!w->failed) {
		err_set(w->e, ERR_INPUT, where, hint, "%s", s.s);
	}
	w->failed = true;
	str_fini(&s);
	return false;
}

int plan_row_input(const struct planner *w, const struct input_row *row, size_t k)
{
	return row->slice < 0 ? inputs_first(w->in)
		: recipe_slice_input(w->r, (size_t)row->slice, k);
}

/* --- what the recipe asks --- */

static bool any_models(struct planner *w)
{
	return w->r->n_models > 0 || plan_problem(w, &w->r->method_mark, "models",
		"missing-models", "list them: models:, then - model: NAME",
		"there is nothing to merge");
}

/* Codes that nobody here decodes: the model as a whole, before its tensors are compared. */
static void readable(struct planner *w, size_t i)
{
	const struct model *m = w->in->v[i].model;
	char *foreign = stored_foreign(m);

	if (foreign)
		plan_problem(w, plan_mark(w, (int)i), w->in->v[i].text, "packed",
			stored_converter(m), "it is packed by %s, which is not decoded for a merge",
			foreign);
	free(foreign);
	if (str_eq(m->architecture, "adapter") && !m->virtual)
		plan_problem(w, plan_mark(w, (int)i), w->in->v[i].text, "adapter",
			"write it behind its model: MODEL+ADAPTER",
			"it is an adapter, not a model");
}

static bool all_open(struct planner *w)
{
	for (size_t i = 0; i < w->in->n; i++) {
		const struct err *e = &w->in->v[i].error;

		if (!w->in->v[i].model)
			plan_problem(w, plan_mark(w, (int)i),
				*e->where ? e->where : w->in->v[i].text, "not-found", e->hint, "%s",
				*e->what ? e->what : "it could not be opened");
		else if (w->in->v[i].model->partial)
			plan_problem(w, plan_mark(w, (int)i), w->in->v[i].text, "partial",
				"finish the download", "only %s of its files are here",
				w->in->v[i].model->partial);
		else
			readable(w, i);
	}
	return !w->failed;
}

/* One stack on another: as many layers, or half of the tensors would come from one model alone. */
static bool same_layers(struct planner *w, size_t slice)
{
	const char *module = w->r->modules[w->r->slices[slice].module].name;
	const struct input *first = NULL;
	int64_t depth = 0, one;
	int base;
	size_t n = recipe_slice_inputs(w->r, slice, &base);

	for (size_t k = 0; k < n; k++) {
		int i = recipe_slice_input(w->r, slice, base < 0 ? k : k == 0 ? (size_t)base
			: k - (k <= (size_t)base));
		const struct input *in = &w->in->v[i];
		struct str hint = STR_INIT;

		one = module_depth(module, in->model);
		first = k == 0 ? in : first;
		depth = k == 0 ? one : depth;
		if (one <= 0 || depth <= 0 || one == depth)
			continue;
		if (!str_eq(in->model->architecture, first->model->architecture))
			str_add(&hint, "merge models of one family, and ");
		str_addf(&hint, "take as many layers of each: slices: [{sources: [{model: %s, "
			"layer_range: [0, %" PRId64 "]}, {model: %s, layer_range: [0, %" PRId64
			"]}]}]", first->text, one < depth ? one : depth, in->text,
			one < depth ? one : depth);
		plan_problem(w, plan_mark(w, i), in->text, "layers-differ", hint.s,
			"it has %" PRId64 " layers, %s has %" PRId64, one, first->label, depth);
		str_fini(&hint);
	}
	return !w->failed;
}

/* Modules that the models have, and layers that they have. */
static bool layers_exist(struct planner *w, size_t slice)
{
	const struct recipe_slice *s = &w->r->slices[slice];
	const struct model *first = w->in->v[inputs_first(w->in)].model;
	char *wrong = slice == w->r->modules[s->module].first
		? lint_module(w->r, (size_t)s->module, first) : NULL;

	if (wrong)
		plan_problem(w, &w->r->modules[s->module].mark, "modules", "unknown-module",
			NULL, "%s", wrong);
	free(wrong);
	for (size_t k = 0; k < s->n_sources; k++) {
		wrong = lint_layers(w->r, s->first + k, w->in->v[s->sources[k].input].model);
		if (wrong)
			plan_problem(w, &s->sources[k].mark, s->path, "beyond-last-layer",
				"write a range that it has", "%s", wrong);
		free(wrong);
		for (size_t i = 0; i < k; i++)
			if (s->sources[i].input == s->sources[k].input)
				plan_problem(w, &s->sources[k].mark, s->path, "duplicate-model",
					"add the weights up in one entry", "%s is listed already",
					s->sources[k].model.text);
	}
	return !w->failed;
}

/* How many models the method takes, and whether it needs a base: of the n inputs of a slice. */
static bool contract(struct planner *w, size_t slice, int n_inputs, bool has_base)
{
	const struct method *m = w->r->method;
	const struct recipe_slice *s = &w->r->slices[slice];
	bool base = m->base >= 0 && has_base;
	int n = n_inputs - (base && !m->count_base);
	const char *which = m->base < 0 ? "" : m->count_base ? ", the base among them"
		: " beside the base";
	const struct mark *at = s->ranged ? &s->mark : &w->r->method_mark;
	const char *where = s->ranged ? s->path : "merge_method";
	char must[32];

	if (n_inputs > MERGE_MAX_INPUTS)
		return plan_problem(w, at, where, "model-count", "merge in stages",
			"%d models; at most %d can be merged at once", n_inputs, MERGE_MAX_INPUTS);
	if (m->base == 1 && !has_base && recipe_slice_base(w->r, slice)->text)
		return plan_problem(w, at, where, "base-not-in-slice", "add it to the sources",
			"%s needs its base %s among the sources of %s", m->name,
			recipe_slice_base(w->r, slice)->text, *s->path ? s->path : "the recipe");
	if (m->base == 1 && !has_base)
		return plan_problem(w, at, where, "contract",
			"add base_model: with the model the others were trained from",
			"%s needs a base_model", m->name);
	if (n >= m->min_inputs && (!m->max_inputs || n <= m->max_inputs))
		return true;
	if (m->min_inputs == m->max_inputs)
		snprintf(must, sizeof must, "exactly %d", m->min_inputs);
	else
		snprintf(must, sizeof must, "at least %d", m->min_inputs);
	return plan_problem(w, at, where, "contract",
		base && !m->count_base && !s->adds_base
		? "take base_model out, or name one that is not merged"
		: n < m->min_inputs ? "list more models, or choose another method"
		: has_base && !base ? "take away base_model, or a model"
		: "list fewer models, or choose another method",
		"%s takes %s model%s%s; here are %d", m->name, must,
		m->max_inputs == 1 ? "" : "s", which, n);
}

/* The final norm and the head have as many sources as the first slice gives them. */
static bool outer_contract(struct planner *w, const struct recipe_module *m)
{
	size_t last = m->first + m->n - 1, few = w->r->slices[m->first].n_sources,
	       n = w->r->slices[last].n_sources;
	int base;

	recipe_slice_inputs(w->r, last, &base);
	if (n <= few)
		return true;
	plan_remark(w, SEV_WARNING, &w->r->slices[last].mark, "head-sources",
		"list the models that the head is to be made of first",
		"the final norm and the head take the first %zu of the %zu sources of the last "
		"slice: as many as the first slice has", few, n);
	return contract(w, last, (int)few, base >= 0 && base < (int)few);
}

/* Whether some layer of a model has such a tensor; of any shape. */
static bool layers_have(const struct model *m, const struct tensor *t, bool shape)
{
	for (size_t i = 0; i < m->source.n_tensors; i++) {
		const struct tensor *x = &m->source.tensors[i];

		if (x->layer >= 0 && str_eq(x->role, t->role) && (!shape || (x->rank == t->rank &&
			!memcmp(x->shape, t->shape, (size_t)t->rank * sizeof *t->shape))))
			return true;
	}
	return false;
}

/* A tensor of a slice against the model that the output is like. */
static bool stacks_on(struct planner *w, const struct input_row *row, const struct input *in)
{
	const struct input *first = &w->in->v[inputs_first(w->in)];
	const struct recipe_slice *s = &w->r->slices[row->slice];

	if (!layers_have(first->model, row->from, false)) {
		if (str_eq(first->model->architecture, in->model->architecture))
			return true; /* a kind of layer that the first has only elsewhere */
		return plan_problem(w, &s->mark, s->path, "architecture",
			"stack layers of one architecture",
			"%s is a %s model, and the layers of %s, a %s model, have no %s", in->label,
			in->model->architecture, first->label, first->model->architecture,
			row->from->role);
	}
	return layers_have(first->model, row->from, true) ||
		plan_problem(w, &s->mark, s->path, "shape", "stack layers of models of one size",
		"%s in %s has another shape than in the layers of %s", row->from->name, in->label,
		first->label);
}

/* Layers of one model on those of another must take what these give. */
static bool one_kind(struct planner *w)
{
	const struct model *first = w->in->v[inputs_first(w->in)].model, *last = NULL;
	const char *role = NULL;
	size_t n;
	const struct input_row *rows = inputs_rows(w->in, &n);

	for (size_t k = 0; k < n; k++) {
		const struct recipe_slice *s = rows[k].slice < 0 ? NULL
			: &w->r->slices[rows[k].slice];
		int whom = s && s->ranged && rows[k].from->layer >= 0
			? rows_like(w->r, w->in, (size_t)rows[k].slice, s->n_sources) : -1;

		if (whom < 0 || w->in->v[whom].model == first ||
			(w->in->v[whom].model == last && rows[k].from->role == role))
			continue;
		last = w->in->v[whom].model;
		role = rows[k].from->role;
		if (!stacks_on(w, &rows[k], &w->in->v[whom]))
			return false;
	}
	return true;
}

static bool slices_fit(struct planner *w)
{
	for (size_t s = 0; s < w->r->n_slices; s++) {
		int base, n = (int)recipe_slice_inputs(w->r, s, &base);

		if (!layers_exist(w, s) || (!w->r->slices[s].ranged && !same_layers(w, s)) ||
			!contract(w, s, n, base >= 0))
			return false;
	}
	for (size_t m = 0; m < w->r->n_modules; m++)
		if (!outer_contract(w, &w->r->modules[m]))
			return false;
	return one_kind(w);
}

static bool vocabulary_fits(struct planner *w)
{
	const struct err *e = &w->in->vocabulary_error;
	const struct recipe_tokenizer *t = &w->r->tokenizer;

	if (w->r->chat_template && !template_means(w->r->chat_template))
		return plan_problem(w, &w->r->method_mark, "chat_template", "chat_template",
			"write auto, the template itself, or one of alpaca, chatml, exaone, "
			"llama3, mistral",
			"there is no template \"%s\"", w->r->chat_template);
	if (!vocabulary_asked(w->r) || w->in->vocabulary)
		return true;
	return plan_problem(w, t->truncate ? &t->truncate_mark : &t->mark, e->where, "vocabulary",
		e->hint, "%s", e->what);
}

bool plan_allowed(struct planner *w)
{
	return any_models(w) && all_open(w) && vocabulary_fits(w) && slices_fit(w);
}
