/* The YAML that the hub reads: what the model is made of, and its results as a model-index. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "recipe/yaml.h"
#include "report/report_in.h"

static void add_key(struct str *s, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	str_addf(s, "%s: ", key);
	yaml_add_text(s, text);
	str_addc(s, '\n');
}

/* All its digits, but for those that only a sum or a percent left behind. */
static void add_number(struct str *s, const char *key, const json_t *v)
{
	double x = json_number_value(v);
	char text[40];

	if (!json_is_number(v))
		return;
	snprintf(text, sizeof text, "%.12g", x);
	str_addf(s, "%s: ", key);
	if (fabs(strtod(text, NULL) - x) <= 4e-16 * fabs(x))
		str_add(s, text);
	else
		json_add(s, v, 0);
	str_addc(s, '\n');
}

static void add_comment(struct str *s, const char *text)
{
	char *safe = str_safe(text);

	str_addf(s, "# %s\n", safe);
	free(safe);
}

/* Names that the hub knows; others would be refused there, so they stand in a comment. */
static void add_parents(struct str *s, const json_t *subject)
{
	const json_t *list = json_object_get(subject, "hub_parents");
	struct str others = STR_INIT;
	json_t *p;
	size_t i, n = 0;

	json_array_foreach((json_t *)list, i, p) {
		const char *name = json_text(p, "name", "");

		if (!json_flag(p, "hub", false)) {
			str_addf(&others, "%s%s", others.n ? ", " : "made of, by names that are no "
				"repository's: ", name);
			continue;
		}
		str_add(s, n++ ? "- " : "base_model:\n- ");
		yaml_add_text(s, name);
		str_addc(s, '\n');
	}
	if (others.n)
		add_comment(s, others.s);
	if (n)
		add_key(s, "base_model_relation", json_text(subject, "hub_relation", NULL));
	str_fini(&others);
}

static bool add_tag(struct str *s, bool any, const char *tag)
{
	if (!tag)
		return any;
	str_add(s, any ? "- " : "tags:\n- ");
	yaml_add_text(s, tag);
	str_addc(s, '\n');
	return true;
}

/* Its own; those that a card of it had stay. */
static void add_tags(struct str *s, const struct subject *x, const json_t *subject)
{
	const char *own[4] = { str_eq(json_text(subject, "relation", NULL), "merge") ? "merge" :
		NULL, x->run ? "cupel" : NULL, json_flag(subject, "gguf", false) ? "gguf" : NULL,
		json_flag(subject, "mlx", false) ? "mlx" : NULL };
	bool any = false;
	json_t *t;
	size_t i;

	for (i = 0; i < 4; i++)
		any = add_tag(s, any, own[i]);
	json_array_foreach(json_object_get(x->facts, "tags"), i, t) {
		const char *tag = json_string_value(t);
		bool known = false;

		for (size_t k = 0; k < 4; k++)
			known |= own[k] && str_eq(own[k], tag);
		any = add_tag(s, any, known ? NULL : tag);
	}
}

static const char *library_of(const struct subject *x, const json_t *subject)
{
	const char *stated = json_text(x->facts, "library", NULL);

	return json_flag(subject, "mlx", false) ? "mlx" : json_flag(subject, "gguf", false) ? "gguf"
		: json_flag(subject, "transformers", false) ? "transformers" : stated;
}

static const char *pipeline_of(const struct subject *x, const json_t *subject)
{
	const char *stated = json_text(x->facts, "pipeline", NULL);

	if (stated)
		return stated;
	if (json_flag(subject, "sees", false))
		return "image-text-to-text";
	return json_text(subject, "architecture", NULL) ? "text-generation" : NULL;
}

/* --- model-index --- */

static void add_result(struct str *s, const json_t *row, const json_t *cell)
{
	const json_t *shots = json_object_get(cell, "shots");

	str_add(s, "  - task:\n      type: text-generation\n    dataset:\n");
	add_key(s, "      name", json_text(row, "task", ""));
	add_key(s, "      type", json_text(row, "task", ""));
	if (json_is_number(shots)) {
		str_add(s, "      args:\n");
		add_number(s, "        num_few_shot", shots);
	}
	str_add(s, "    metrics:\n");
	add_key(s, "    - type", json_text(row, "metric", ""));
	add_number(s, "      value", json_object_get(cell, "value"));
	if (json_flag(cell, "stderr_stated", false))
		add_number(s, "      stderr", json_object_get(cell, "stderr"));
	add_number(s, "      n", json_object_get(cell, "n"));
	str_add(s, "      verified: false\n");
}

/* What was measured on one of the models itself; estimates are no results. */
static void add_index(struct str *s, const struct report *r, const json_t *data, size_t k)
{
	const struct subject *x = &r->v.v[k];
	bool any = false;
	json_t *row;
	size_t i;

	if (x->variant == SIZE_MAX)
		return;
	json_array_foreach(json_object_get(data, "rows"), i, row) {
		const json_t *cell = json_array_get(json_object_get(row, "cells"), x->variant);

		if (json_flag(row, "mean", false) || !json_flag(cell, "known", false) ||
			json_flag(cell, "estimated", false))
			continue;
		if (!any) {
			add_key(s, "- name", x->name);
			str_add(s, "  results:\n");
		}
		any = true;
		add_result(s, row, cell);
	}
}

char *report_header(const struct report *r, const json_t *data)
{
	const struct subject *x = &r->v.v[0];
	const json_t *subject = json_array_get(json_object_get(data, "subjects"), 0);
	struct str s = STR_INIT, index = STR_INIT;
	const char *license;

	str_add(&s, "---\n");
	add_parents(&s, subject);
	add_key(&s, "library_name", library_of(x, subject));
	license = json_text(subject, "license", NULL);
	if (license && strpbrk(license, " ,;:()/")) { /* words, where the hub wants an identifier */
		str_add(&s, "license: other\n");
		add_key(&s, "license_name", license);
	} else {
		add_key(&s, "license", license);
	}
	if (!license && json_text(subject, "license_why", NULL))
		add_comment(&s, json_text(subject, "license_why", NULL));
	if (r->v.n == 1)
		add_key(&s, "model_name", x->name);
	add_key(&s, "pipeline_tag", pipeline_of(x, subject));
	add_tags(&s, x, subject);
	for (size_t i = 0; i < r->v.n; i++)
		add_index(&index, r, data, i);
	if (index.n)
		str_addf(&s, "model-index:\n%s", index.s);
	str_add(&s, "---\n");
	str_fini(&index);
	return str_steal(&s);
}
