#include "compare/making.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"

const char *compare_verdict_name(enum compare_verdict v)
{
	static const char *const names[] = { "", "noise", "suggestive", "real", "no information" };

	return (size_t)v < sizeof names / sizeof names[0] ? names[v] : "";
}

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

/* --- who is compared with whom --- */

static bool asked(const struct subject *s)
{
	return s->asked;
}

/* One of those asked for that another of them comes from, else the first. */
static size_t among_asked(struct making *m, struct err *e)
{
	size_t n = m->subjects.n;

	for (size_t i = 0; i < n && i < 16; i++)
		if (!making_parents(m, i, e))
			return SIZE_MAX;
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < n; i++)
			if (i != k && m->parent[i * m->subjects.n + k])
				return k;
	return 0;
}

static bool baseline(struct making *m, struct err *e)
{
	size_t at = 0, n = m->subjects.n;

	if (m->ask->against == AGAINST_EACH)
		return true;
	if (m->ask->against == AGAINST_PARENT) {
		for (size_t i = 0; i < n; i++)
			if (asked(&m->subjects.v[i]) && !making_parents(m, i, e))
				return false;
		for (size_t i = 0; i < m->subjects.n; i++)
			m->subjects.v[i].asked = true; /* all are shown */
		return true;
	}
	if (m->ask->baseline) {
		at = making_resolve(m, m->ask->baseline, true, e);
		if (at == SIZE_MAX)
			return false;
	} else if (n == 1) {
		if (!making_parents(m, 0, e))
			return false;
		at = making_default(m, 0);
	} else {
		at = among_asked(m, e);
		if (at == SIZE_MAX)
			return false;
	}
	at = making_drop(m, at);
	m->out->baseline = at != SIZE_MAX ? at : m->subjects.n > 1 ? 0 : SIZE_MAX;
	return true;
}

/* --- variants --- */

static char *protocol_of(const struct comparison *out, size_t variant)
{
	char **texts = xnew(char *, out->n_rows + 1), *shared;
	size_t n = 0;

	for (size_t i = 0; i < out->n_rows; i++)
		if (out->rows[i].cells[variant].known && !out->rows[i].mean)
			texts[n++] = out->rows[i].cells[variant].protocol ?
				out->rows[i].cells[variant].protocol : (char *)"";
	shared = protocol_shared(texts, n);
	free(texts);
	return shared;
}

static void variants(struct making *m)
{
	struct comparison *out = m->out;

	out->n_variants = m->subjects.n;
	out->variants = xnew(struct compare_variant, out->n_variants + 1);
	for (size_t i = 0; i < out->n_variants; i++) {
		const struct subject *s = &m->subjects.v[i];

		out->variants[i] = (struct compare_variant){ .name = str_safe(s->name),
			.model = s->model, .run = s->run, .bytes = s->bytes, .bits = s->bits,
			.parameters = s->parameters, .quantization = copy(s->quantization) };
	}
	making_labels(m);
}

static void protocols(struct comparison *out)
{
	for (size_t i = 0; i < out->n_variants; i++)
		out->variants[i].protocol = protocol_of(out, i);
}

static const struct compare_row *quality_row(const struct making *m)
{
	const struct comparison *out = m->out;

	for (size_t i = 0; i < out->n_rows; i++)
		if (m->ask->task ? out->rows[i].share : out->rows[i].mean)
			return &out->rows[i];
	return out->n_rows == 1 ? &out->rows[0] : NULL;
}

/* Not dominated: none is smaller and as good, or as small and better. */
static void front(struct making *m)
{
	struct comparison *out = m->out;
	const struct compare_row *row = quality_row(m);

	for (size_t i = 0; row && i < out->n_variants; i++) {
		struct compare_variant *v = &out->variants[i];
		double sign = row->lower_better ? -1 : 1;

		v->front = v->bytes && row->cells[i].known && !row->cells[i].estimated;
		for (size_t k = 0; k < out->n_variants && v->front; k++) {
			const struct compare_variant *o = &out->variants[k];
			double gain = sign * (row->cells[k].value - row->cells[i].value);

			if (k != i && o->bytes && row->cells[k].known && !row->cells[k].estimated &&
				o->bytes <= v->bytes && gain >= 0 &&
				(o->bytes < v->bytes || gain > 0))
				v->front = false;
		}
	}
}

/* --- what is left out --- */

static bool differs(const struct comparison *out, const struct compare_row *row)
{
	const struct compare_cell *first = NULL;

	for (size_t i = 0; i < out->n_variants; i++) {
		if (!row->cells[i].known)
			continue;
		if (first && (row->cells[i].value != first->value ||
			row->cells[i].estimated != first->estimated))
			return true;
		first = first ? first : &row->cells[i];
	}
	return false;
}

static void free_row(struct compare_row *row, size_t n_variants)
{
	for (size_t i = 0; i < n_variants; i++) {
		free(row->cells[i].protocol);
		free(row->cells[i].source);
	}
	free(row->cells);
	free(row->differences);
	free(row->task);
	free(row->metric);
}

/* After everything is judged: what is not shown was compared all the same. */
static void only_differences(struct comparison *out)
{
	size_t left = 0;

	for (size_t i = 0; i < out->n_rows; i++)
		if (out->rows[i].mean || differs(out, &out->rows[i]))
			out->rows[left++] = out->rows[i];
		else
			free_row(&out->rows[i], out->n_variants);
	out->n_rows = left;
}

/* --- the whole --- */

static bool anything(const struct making *m, struct err *e)
{
	for (size_t i = 0; i < m->subjects.n; i++)
		if (m->subjects.v[i].n_scores || m->subjects.v[i].recipe)
			return true;
	return err_set(e, ERR_INPUT, m->subjects.n ? m->subjects.v[0].name : NULL, "`cupel import "
		"FILE` takes in figures of lm-eval, mlx_lm, llama-perplexity, tables and model "
		"cards", "no scores are known of %s", m->subjects.n > 1 ? "any of these" : "it");
}

static bool make(struct making *m, struct err *e)
{
	const struct compare_ask *ask = m->ask;

	m->models = catalog_models(m->c, &m->n_models, e);
	if (!m->models)
		return false;
	for (size_t i = 0; i < ask->n; i++)
		if (making_resolve(m, ask->words[i], true, e) == SIZE_MAX)
			return false;
	if (!baseline(m, e) || !anything(m, e))
		return false;
	variants(m);
	making_cells(m);
	making_differences(m);
	protocols(m->out);
	front(m);
	making_recipes(m);
	making_sentences(m);
	if (ask->only_differences)
		only_differences(m->out);
	return true;
}

struct comparison *compare_make(struct catalog *c, const struct compare_ask *ask, struct err *e)
{
	struct making m = { .c = c, .ask = ask, .out = xnew(struct comparison, 1) };
	struct err own = { 0 };
	struct comparison *out = m.out;

	out->baseline = SIZE_MAX;
	out->synergy = ask->against == AGAINST_PARENT;
	if (!make(&m, &own)) {
		compare_free(out);
		out = NULL;
		if (e)
			*e = own;
	}
	making_fini(&m);
	return out;
}

void compare_free(struct comparison *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_rows; i++)
		free_row(&c->rows[i], c->n_variants);
	for (size_t i = 0; i < c->n_variants; i++) {
		free(c->variants[i].name);
		free(c->variants[i].label);
		free(c->variants[i].protocol);
		free(c->variants[i].quantization);
	}
	for (size_t i = 0; i < c->n_recipes; i++) {
		for (size_t k = 0; k < c->recipes[i].n; k++)
			free(c->recipes[i].lines[k].text);
		free(c->recipes[i].lines);
	}
	for (size_t i = 0; i < c->n_sentences; i++)
		free(c->sentences[i]);
	free(c->sentences);
	free(c->recipes);
	free(c->rows);
	free(c->variants);
	free(c);
}
