#include "cli/verb.h"

#include <string.h>

#include "base/str.h"
#include "merge/method.h"

static const char *const base_words[] = { "none", "optional", "required" };
static const char *const scope_words[] = {
	[PARAM_GLOBAL] = "the recipe",
	[PARAM_INPUT] = "each model",
	[PARAM_NON_BASE] = "each model but the base",
};
static const char *const type_words[] = {
	[PARAM_FLOAT] = "number",
	[PARAM_BOOL] = "boolean",
	[PARAM_INT] = "integer",
};

static void models_text(struct str *s, const struct method *m)
{
	if (m->max_inputs == m->min_inputs)
		str_addf(s, "%d", m->min_inputs);
	else if (m->max_inputs)
		str_addf(s, "%d-%d", m->min_inputs, m->max_inputs);
	else
		str_addf(s, "%d+", m->min_inputs);
}

static void default_text(struct str *s, const struct param_def *p)
{
	if (p->required)
		str_add(s, "required");
	else if (p->type == PARAM_BOOL)
		str_add(s, p->dflt != 0 ? "true" : "false");
	else
		str_addf(s, "%g", p->dflt);
}

static json_t *param_json(const struct param_def *p)
{
	json_t *j = json_object();

	json_object_set_new(j, "name", json_textn(p->name));
	json_object_set_new(j, "scope", json_textn(scope_words[p->scope]));
	json_object_set_new(j, "type", json_textn(type_words[p->type]));
	json_object_set_new(j, "required", json_boolean(p->required));
	json_object_set_new(j, "default", p->required ? json_null() : p->type == PARAM_BOOL ?
		json_boolean(p->dflt != 0) : json_number(p->dflt));
	json_object_set_new(j, "min", json_number(p->min));
	json_object_set_new(j, "max", json_number(p->max));
	json_object_set_new(j, "step", json_number(p->step));
	json_object_set_new(j, "help", json_textn(p->help));
	return j;
}

static json_t *method_json(const struct method *m)
{
	json_t *j = json_object(), *params = json_array();

	json_object_set_new(j, "name", json_textn(m->name));
	json_object_set_new(j, "title", json_textn(m->title));
	json_object_set_new(j, "paper", json_textn(m->paper));
	json_object_set_new(j, "help", json_textn(m->help));
	json_object_set_new(j, "base_model", json_textn(base_words[m->base + 1]));
	json_object_set_new(j, "min_models", json_integer(m->min_inputs));
	json_object_set_new(j, "max_models",
		m->max_inputs ? json_integer(m->max_inputs) : json_null());
	json_object_set_new(j, "base_counts", json_boolean(m->count_base));
	json_object_set_new(j, "random", json_boolean(m->random));
	for (size_t i = 0; i < m->n_params; i++)
		json_array_append_new(params, param_json(&m->params[i]));
	json_object_set_new(j, "parameters", params);
	return j;
}

static void print_method(const struct method *m)
{
	struct str s = STR_INIT;

	printf("%s: %s%s%s%s\n\n", m->name, m->title, m->paper ? " (" : "",
		m->paper ? m->paper : "",
		m->paper ? ")" : "");
	cli_wrap(stdout, m->help, 2, 80);
	models_text(&s, m);
	printf("\n  models      %s%s\n  base_model  %s\n  random      %s\n", s.s,
		m->count_base ? ", the base counted" : "", base_words[m->base + 1],
		m->random ? "yes: --seed or seed: decides" : "no");
	if (m->n_params)
		puts("\nParameters");
	for (size_t i = 0; i < m->n_params; i++) {
		const struct param_def *p = &m->params[i];

		str_clear(&s);
		str_addf(&s, "%s (%s for %s, ", p->help, type_words[p->type],
			scope_words[p->scope]);
		if (!p->required)
			str_add(&s, "default ");
		default_text(&s, p);
		if (p->type != PARAM_BOOL)
			str_addf(&s, ", usually %g to %g", p->min, p->max);
		str_add(&s, ")");
		cli_item(stdout, p->name, s.s, 20, 80);
	}
	str_fini(&s);
}

static void print_table(void)
{
	static const char *const headers[] = { "METHOD", "BASE_MODEL", ">MODELS", "PARAMETERS" };
	struct table_out *t = table_new(headers, 4);
	const struct method *m;

	for (size_t i = 0; (m = method_at(i)) != NULL; i++) {
		struct str models = STR_INIT, params = STR_INIT;

		models_text(&models, m);
		str_add(&params, "");
		for (size_t k = 0; k < m->n_params; k++)
			str_addf(&params, "%s%s", k ? " " : "", m->params[k].name);
		table_row(t,
			(const char *[]){ m->name, base_words[m->base + 1], models.s, params.s });
		str_fini(&models);
		str_fini(&params);
	}
	table_print(t);
}

static int run(struct cli *c, struct err *e)
{
	const struct method *m = c->argc ? method_by_name(c->argv[0]) : NULL;
	const char *near = c->argc && !m ? method_nearest(c->argv[0]) : NULL;
	json_t *j;

	if (c->argc && !m) {
		err_set(e, ERR_USAGE, "methods", "cupel methods lists them", "no method %s",
			c->argv[0]);
		if (near)
			snprintf(e->hint, sizeof e->hint, "did you mean %s?", near);
		return err_exit_status(e->code);
	}
	if (c->json) {
		j = m ? method_json(m) : json_array();
		for (size_t i = 0; !m && method_at(i); i++)
			json_array_append_new(j, method_json(method_at(i)));
		json_print(j);
		json_decref(j);
	} else if (m) {
		print_method(m);
	} else {
		print_table();
	}
	return 0;
}

const struct verb verb_methods = {
	.name = "methods",
	.args = "[METHOD]",
	.help = "list the ways of merging, or explain one with its parameters",
	.max_args = 1,
	.run = run,
};
