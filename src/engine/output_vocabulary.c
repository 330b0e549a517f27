#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/output.h"

/* --- what is recorded of a vocabulary that was laid out --- */

static json_t *counts_json(const struct vocabulary_input *v)
{
	const struct vocab_counts *c = &v->rows_from;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "tokens",
		v->tokens ? json_u64(v->tokens) : json_null(), "own", json_u64(c->own),
		"of_others", json_u64(c->of), "averaged", json_u64(c->mean), "zero",
		json_u64(c->zero), "padding", json_u64(c->pad));
}

json_t *output_vocabulary_json(const struct plan *p)
{
	const struct vocabulary *v = p->inputs->vocabulary;
	const struct vocab_layout *l = v->layout;
	json_t *j = json_object(), *inputs = json_array();

	json_object_set_new(j, "rows", json_u64(v->rows));
	json_object_set_new(j, "tokens", l ? json_u64(l->n) : json_null());
	json_object_set_new(j, "added", l ? json_u64(l->fresh) : json_null());
	json_object_set_new(j, "left_out", l ? json_u64(l->cut) : json_null());
	for (size_t i = 0; l && i < v->n; i++)
		json_array_append_new(inputs, counts_json(&v->v[i]));
	if (l)
		json_object_set(j, "inputs", inputs);
	json_decref(inputs);
	return j;
}

void output_vocabulary_card(struct str *s, const struct plan *p)
{
	const struct vocabulary *v = p->inputs->vocabulary;

	if (!v)
		return;
	if (v->layout)
		str_addf(s, "\nVocabulary: %zu tokens in %u rows.\n\n", v->layout->n, v->rows);
	else
		str_addf(s, "\nEmbeddings and heads were cut to %u rows.\n", v->rows);
	for (size_t i = 0; v->layout && i < v->n; i++) {
		char *name = output_input_name(p, i), *line = vocabulary_counts(v, i);

		str_add(s, "- ");
		str_add_safe(s, name, strlen(name));
		str_addf(s, ": %s\n", line);
		free(line);
		free(name);
	}
}
