#include "compare/compare.h"
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "base/str.h"

static const char *const senses[] = { NULL, "chance", "majority", "below" };

/* Its name, or where another has that too its label. */
static const char *name_of(const struct comparison *c, size_t i)
{
	if (i >= c->n_variants)
		return NULL;
	for (size_t k = 0; k < c->n_variants; k++)
		if (k != i && str_eq(c->variants[k].name, c->variants[i].name))
			return c->variants[i].label;
	return c->variants[i].name;
}

static json_t *id(int64_t v)
{
	return v ? json_integer(v) : json_null();
}

static json_t *variant_json(const struct comparison *c, size_t i)
{
	const struct compare_variant *v = &c->variants[i];
	json_t *o = json_object();

	json_object_set_new(o, "name", json_textn(name_of(c, i)));
	json_object_set_new(o, "label", json_textn(v->label));
	json_object_set_new(o, "model", id(v->model));
	json_object_set_new(o, "run", id(v->run));
	json_object_set_new(o, "bytes", v->bytes ? json_u64(v->bytes) : json_null());
	json_object_set_new(o, "bits_per_weight", json_number(v->bits));
	json_object_set_new(o, "parameters", v->parameters ? json_u64(v->parameters) : json_null());
	json_object_set_new(o, "quantization", json_textn(v->quantization));
	json_object_set_new(o, "protocol", json_textn(v->protocol));
	json_object_set_new(o, "front", json_boolean(v->front));
	return o;
}

static json_t *cell_json(const struct compare_cell *x)
{
	json_t *o;

	if (!x->known)
		return json_null();
	o = json_object();
	json_object_set_new(o, "value", json_number(x->value));
	json_object_set_new(o, "stderr", json_number(x->stderr_));
	json_object_set_new(o, "n", id(x->n));
	json_object_set_new(o, "estimated", json_boolean(x->estimated));
	json_object_set_new(o, "answers", json_boolean(x->answers));
	json_object_set_new(o, "sense", json_textn(senses[x->sense]));
	json_object_set_new(o, "protocol", json_textn(x->protocol));
	json_object_set_new(o, "source", json_textn(x->source));
	json_object_set_new(o, "score", id(x->score));
	return o;
}

static json_t *interval_json(const struct compare_difference *d)
{
	if (!isfinite(d->low) || !isfinite(d->high))
		return json_null();
	return json_pack("[o, o]", json_number(d->low), json_number(d->high));
}

static json_t *difference_json(const struct comparison *c, const struct compare_row *row,
	const struct compare_difference *d)
{
	json_t *o = json_object();
	bool k = d->known;

	json_object_set_new(o, "of", json_textn(name_of(c, d->of)));
	json_object_set_new(o, "against", json_textn(name_of(c, d->against)));
	json_object_set_new(o, "value", json_number(k ? d->value : NAN));
	json_object_set_new(o, "relative_percent", json_number(k ? d->relative_percent : NAN));
	json_object_set_new(o, "stderr", json_number(k ? d->stderr_ : NAN));
	json_object_set_new(o, "z", json_number(k ? d->z : NAN));
	json_object_set_new(o, "p", json_number(k ? d->p : NAN));
	json_object_set_new(o, "p_holm", json_number(k ? d->p_holm : NAN));
	json_object_set_new(o, "verdict", k && d->verdict != VERDICT_NONE ?
		json_textn(compare_verdict_name(d->verdict)) : json_null());
	json_object_set_new(o, "items", k && d->n && row->share ? json_integer(d->items) :
		json_null());
	json_object_set_new(o, "n", k ? id(d->n) : json_null());
	json_object_set_new(o, "paired", json_boolean(k && d->paired));
	json_object_set_new(o, "bound", json_boolean(k && d->bound));
	json_object_set_new(o, "across", json_boolean(k && d->across));
	json_object_set_new(o, "interval", k ? interval_json(d) : json_null());
	json_object_set_new(o, "why_not", json_textn(d->why_not));
	return o;
}

static json_t *row_json(const struct comparison *c, const struct compare_row *row)
{
	json_t *o = json_object(), *values = json_array(), *cells = json_array();
	json_t *differences = json_array();

	for (size_t i = 0; i < c->n_variants; i++) {
		json_array_append_new(values, json_number(row->cells[i].known ?
			row->cells[i].value : NAN));
		json_array_append_new(cells, cell_json(&row->cells[i]));
	}
	for (size_t i = 0; i < c->n_differences; i++)
		json_array_append_new(differences, difference_json(c, row, &row->differences[i]));
	json_object_set_new(o, "task", json_textn(row->task));
	json_object_set_new(o, "metric", json_textn(row->metric));
	json_object_set_new(o, "n", id(row->n));
	json_object_set_new(o, "mean", json_boolean(row->mean));
	json_object_set_new(o, "tasks", row->mean ? json_u64(row->tasks) : json_null());
	json_object_set_new(o, "lower_better", json_boolean(row->lower_better));
	json_object_set_new(o, "resolves", json_number(row->resolves));
	json_object_set_new(o, "values", values);
	json_object_set_new(o, "cells", cells);
	json_object_set_new(o, "differences", differences);
	return o;
}

static json_t *recipes_json(const struct comparison *c, const struct compare_recipes *r)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < r->n; i++) {
		char sign[2] = { r->lines[i].sign, 0 };

		json_array_append_new(lines, json_pack("{s:s, s:o}", "sign", sign, "text",
			json_textn(r->lines[i].text)));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "of", json_textn(name_of(c, r->of)), "against",
		json_textn(name_of(c, r->against)), "lines", lines, "tensors", !r->tensors ?
		json_null() : json_pack("{s:o, s:o, s:o, s:o}", "same", json_u64(r->same),
			"changed", json_u64(r->changed), "only_of", json_u64(r->only_of),
			"only_against", json_u64(r->only_against)));
}

json_t *compare_json(const struct comparison *c)
{
	json_t *o = json_object(), *models = json_array(), *variants = json_array();
	json_t *rows = json_array(), *recipes = json_array(), *sentences = json_array();

	for (size_t i = 0; i < c->n_variants; i++) {
		json_array_append_new(models, json_textn(name_of(c, i)));
		json_array_append_new(variants, variant_json(c, i));
	}
	for (size_t i = 0; i < c->n_rows; i++)
		json_array_append_new(rows, row_json(c, &c->rows[i]));
	for (size_t i = 0; i < c->n_recipes; i++)
		json_array_append_new(recipes, recipes_json(c, &c->recipes[i]));
	for (size_t i = 0; i < c->n_sentences; i++)
		json_array_append_new(sentences, json_textn(c->sentences[i]));
	json_object_set_new(o, "models", models);
	json_object_set_new(o, "baseline", json_textn(name_of(c, c->baseline)));
	json_object_set_new(o, "against", json_string(c->synergy ? "parent" :
		c->baseline == SIZE_MAX && c->n_differences ? "each" : "baseline"));
	json_object_set_new(o, "variants", variants);
	json_object_set_new(o, "rows", rows);
	json_object_set_new(o, "recipe_differences", recipes);
	json_object_set_new(o, "sentences", sentences);
	return o;
}
