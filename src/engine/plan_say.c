#include "config.h"
#include <stdarg.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/config_stack.h"
#include "engine/plan_work.h"

void plan_remark(struct planner *w, enum severity sev, const struct mark *at, const char *code,
	const char *hint, const char *fmt, ...)
{
	va_list ap;
	struct str s = STR_INIT;

	if (!w->f)
		return;
	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	findings_add(w->f, sev, at, "models", code, hint, "%s", s.s);
	str_fini(&s);
}

static void names_add(struct str *s, const char *name, size_t before)
{
	if (before < 3)
		str_addf(s, "%s%s", before ? ", " : "", name);
	else if (before == 3)
		str_add(s, " …");
}

static bool other_kind(const struct planner *w, size_t i)
{
	return !str_eq(w->in->v[i].model->architecture,
		w->in->v[inputs_first(w->in)].model->architecture);
}

void plan_say_missing(struct planner *w, const struct input_row *rows, size_t n)
{
	size_t *lacks = xnew(size_t, w->in->n), *wanted = xnew(size_t, w->in->n);
	struct str *s = xcalloc(w->in->n, sizeof *s);

	for (size_t k = 0; k < n; k++)
		for (size_t j = 0; j < rows[k].n_inputs; j++) {
			int i = plan_row_input(w, &rows[k], j);
			const char *name = rows[k].names ? rows[k].names[j] : rows[k].from->name;

			wanted[i]++;
			if (rows[k].source[i] < 0)
				names_add(&s[i], name, lacks[i]++);
		}
	for (size_t i = 0; i < w->in->n; i++) {
		if (lacks[i] > wanted[i] / 2 || (lacks[i] && other_kind(w, i)))
			plan_problem(w, plan_mark(w, (int)i), w->in->v[i].text, "architecture",
				"merge models of one architecture",
				"%zu of the %zu tensors of %s are not in it: %s", lacks[i],
				wanted[i], w->in->v[inputs_first(w->in)].label, s[i].s);
		else if (lacks[i])
			plan_remark(w, SEV_WARNING, plan_mark(w, (int)i), "missing-tensor",
				"they are made from the models that have them",
				"%s lacks %zu tensor%s: %s", w->in->v[i].label, lacks[i],
				lacks[i] == 1 ? "" : "s", s[i].s);
		str_fini(&s[i]);
	}
	free(lacks);
	free(wanted);
	free(s);
}

/* "layers 3-5, 7" */
static void say_layers(struct planner *w, size_t i, const struct input_extra *v, size_t n,
	size_t tensors)
{
	size_t most = 0, layers = 0;
	struct str s = STR_INIT;
	bool *unused;

	for (size_t k = 0; k < n; k++)
		if (v[k].input == (int)i && v[k].kind == EXTRA_LAYER && (size_t)v[k].layer >= most)
			most = (size_t)v[k].layer + 1;
	unused = xcalloc(most + 1, sizeof *unused);
	for (size_t k = 0; k < n; k++)
		if (v[k].input == (int)i && v[k].kind == EXTRA_LAYER)
			unused[v[k].layer] = true;
	for (size_t k = 0; k < most; k++)
		layers += unused[k];
	for (size_t k = 0; k < most && s.n < 60; k++) {
		size_t first = k;

		if (!unused[k])
			continue;
		while (unused[k + 1])
			k++;
		str_addf(&s, "%s%zu", s.n ? ", " : "", first);
		if (k > first)
			str_addf(&s, "-%zu", k);
	}
	plan_remark(w, SEV_NOTE, plan_mark(w, (int)i), "unused-layers", NULL,
		"no slice takes layer%s %s of %s: %zu tensors", layers == 1 ? "" : "s", s.s,
		w->in->v[i].label, tensors);
	free(unused);
	str_fini(&s);
}

static void say_extras_of(struct planner *w, size_t i, const struct input_extra *v, size_t n)
{
	const char *first = w->in->v[inputs_first(w->in)].label;
	bool stack = recipe_stacks(w->r) || w->r->named_modules;
	size_t count[EXTRA_OTHERS + 1] = {0};
	struct str extra = STR_INIT, others = STR_INIT;

	for (size_t k = 0; k < n; k++) {
		if (v[k].input != (int)i)
			continue;
		if (v[k].kind == EXTRA_HEAD)
			plan_remark(w, SEV_NOTE, plan_mark(w, (int)i), "tied-head", NULL,
				"the head %s of %s is left out: %s ties it to the embedding",
				v[k].name, w->in->v[i].label, first);
		else if (v[k].kind == EXTRA_TENSOR)
			names_add(&extra, v[k].name, count[EXTRA_TENSOR]);
		else if (v[k].kind == EXTRA_OTHERS)
			names_add(&others, v[k].name, count[EXTRA_OTHERS]);
		count[v[k].kind]++;
	}
	if (count[EXTRA_TENSOR])
		plan_remark(w, SEV_WARNING, plan_mark(w, (int)i), "extra-tensor", stack
			? "the output has the tensors of each slice's base, or else first source"
			: "the output has the tensors of the base, or else of the first model",
			"%zu tensor%s of %s not in %s, left out: %s",
			count[EXTRA_TENSOR], count[EXTRA_TENSOR] == 1 ? "" : "s",
			w->in->v[i].label, stack ? "the model they are merged with" : first,
			extra.s);
	if (count[EXTRA_OTHERS])
		plan_remark(w, SEV_NOTE, plan_mark(w, (int)i), "unused-tensors", NULL,
			"the output has %s from other models, not from %s", others.s,
			w->in->v[i].label);
	if (count[EXTRA_LAYER])
		say_layers(w, i, v, n, count[EXTRA_LAYER]);
	str_fini(&extra);
	str_fini(&others);
}

static void say_extras(struct planner *w)
{
	size_t n, ignored = 0;
	const struct input_extra *v = inputs_extras(w->in, &n);
	const char **names = arena_new(&w->all->arena, const char *, n + 1);

	for (size_t k = 0; k < n; k++)
		if (v[k].kind == EXTRA_TENSOR || v[k].kind == EXTRA_HEAD)
			names[ignored++] = v[k].name;
	w->all->p.ignored = names;
	for (size_t i = 0; w->f && i < w->in->n; i++)
		say_extras_of(w, i, v, n);
}

/* What the recipe does not name: it stays as it is in the first. */
static void say_copied(struct planner *w, const struct input_row *rows, size_t n)
{
	size_t copied = 0;

	for (size_t k = 0; k < n; k++)
		copied += rows[k].slice < 0 && !rows[k].kept;
	if (copied)
		plan_remark(w, SEV_NOTE, &w->r->tree->mark, "module-copied",
			"list the module under modules: to merge it",
			"%zu tensors of modules that the recipe does not name are copied from %s",
			copied, w->in->v[inputs_first(w->in)].label);
}

/* What lint says of the files too: packed, mixed, seeing inputs. */
static void say_inputs(struct planner *w)
{
	struct model **models = xnew(struct model *, w->in->n);

	for (size_t i = 0; i < w->in->n; i++)
		models[i] = w->in->v[i].model;
	if (w->f) {
		lint_inputs(w->r, models, w->in->n, inputs_first(w->in), w->f);
		lint_filters(w->r, models, w->in->n, inputs_first(w->in), w->f);
	}
	free(models);
}

static void say_rules(struct planner *w)
{
	struct str s = STR_INIT;

	config_rules(w->r, w->in, w->in->v[inputs_first(w->in)].model, &s);
	if (s.n)
		plan_remark(w, SEV_WARNING, &w->r->tree->mark, "config-rule",
			"correct it in config.json of the output, or choose ranges that keep it",
			"which layers are of which kind follows from %s in config.json: it is no "
			"longer right for the stack", s.s);
	str_fini(&s);
}

bool plan_tells(const char *code)
{
	static const char *const codes[] = { "unused-layers", "unused-tensors", "extra-tensor",
		"tied-head", "module-copied", "head-sources", "config-rule" };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (str_eq(codes[i], code))
			return true;
	return false;
}

static void say_adapters(struct planner *w)
{
	for (size_t i = 0; i < w->in->n; i++)
		if (w->in->v[i].left_out)
			plan_remark(w, SEV_WARNING, plan_mark(w, (int)i), "adapter", NULL, "%s",
				w->in->v[i].left_out);
}

void plan_say_rest(struct planner *w, const struct input_row *rows, size_t n)
{
	say_extras(w);
	say_copied(w, rows, n);
	say_inputs(w);
	say_adapters(w);
	say_rules(w);
}
