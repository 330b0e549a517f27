#include "config.h"
#include "recipe/recipe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"

/* The meaning of a recipe as text: what decides the output, in one spelling. Left out is what has
 * no effect: names, unknown keys, parameters the method does not have, values on a base that is
 * skipped. Strings carry their length, so that no two meanings share a text. */

static void add_text(struct str *s, const char *key, const char *text)
{
	if (text)
		str_addf(s, "%s=%zu:%s\n", key, strlen(text), text);
}

static void add_scalar(struct str *s, const struct setting *v, enum param_type type)
{
	struct err e = { 0 };
	double number;

	if (setting_eval(v, type, "", 0.0, &number, &e))
		str_addf(s, "%.17g", number);
	else
		str_addf(s, "!%zu:%s", v->text ? strlen(v->text) : 0, v->text ? v->text : "");
}

static void add_setting(struct str *s, const struct setting *v, enum param_type type)
{
	switch (v->kind) {
	case SETTING_FILTERS:
		str_addc(s, '{');
		for (size_t i = 0; i < v->n; i++) {
			const char *f =
				v->filters[i] && strcmp(v->filters[i], "*") ? v->filters[i] : NULL;

			str_addf(s, "%zu:%s>", f ? strlen(f) : 0, f ? f : "");
			add_setting(s, &v->values[i], type);
		}
		str_addc(s, '}');
		break;
	case SETTING_GRADIENT:
		str_addc(s, '[');
		for (size_t i = 0; i < v->n; i++) {
			add_scalar(s, &v->values[i], type);
			str_addc(s, ',');
		}
		str_addc(s, ']');
		break;
	default:
		add_scalar(s, v, type);
	}
}

/* In the order of the method's row; input_only: of one input, base: of the one that is skipped. */
static void add_params(struct str *s, const struct recipe *r, const struct recipe_params *ps,
	bool input_only, bool base)
{
	for (size_t i = 0; r->method && i < r->method->n_params; i++) {
		const struct param_def *d = &r->method->params[i];

		if (input_only &&
			(d->scope == PARAM_GLOBAL || (base && d->scope == PARAM_NON_BASE)))
			continue;
		for (size_t k = 0; k < ps->n; k++)
			if (str_eq(ps->v[k].name, d->name)) {
				str_addf(s, " %s=", d->name);
				add_setting(s, &ps->v[k].value, d->type);
				break;
			}
	}
	str_addc(s, '\n');
}

/* Of each document once: they may use each other many times over. */
struct canon {
	struct hash *hash;
	enum { CANON_NEW, CANON_OPEN, CANON_DONE } *state;
};

static void canonical(struct str *s, const struct recipe *r, struct canon *c);

/* A document counts by what it says, not by its name. In a ring names must do. */
static bool add_document(struct str *s, const char *key, const struct recipe *r, struct canon *c)
{
	struct str inner = STR_INIT;
	char hex[HASH_HEX_SIZE];

	if (!r || c->state[r->document] == CANON_OPEN)
		return false;
	if (c->state[r->document] == CANON_NEW) {
		c->state[r->document] = CANON_OPEN;
		canonical(&inner, r, c);
		c->hash[r->document] = hash_bytes(inner.s, inner.n);
		c->state[r->document] = CANON_DONE;
		str_fini(&inner);
	}
	hash_hex(c->hash[r->document], hex);
	str_addf(s, "%s={%s}\n", key, hex);
	return true;
}

static void add_ref(struct str *s, const char *key, const struct recipe *r,
	const struct recipe_ref_text *m, struct canon *c)
{
	if (!m->text)
		return;
	if (!add_document(s, key, recipe_of_ref(r, m), c)) {
		add_text(s, key, m->path);
		add_text(s, "@", m->revision);
	}
	for (size_t i = 0; i < m->n_loras; i++) {
		add_text(s, "+", m->loras[i].path);
		add_text(s, "+@", m->loras[i].revision);
		str_addf(s, "+*%.17g\n", m->loras[i].scale);
	}
}

static void add_inputs(struct str *s, const struct recipe *r, size_t slice, struct canon *c)
{
	const struct recipe_slice *l = &r->slices[slice];
	const struct recipe_ref_text *base = recipe_slice_base(r, slice);

	for (size_t i = 0; i < l->n_sources; i++) {
		const struct recipe_input *in = &l->sources[i];

		add_ref(s, "model", r, &in->model, c);
		if (in->has_range)
			str_addf(s, "[%" PRId64 ",%" PRId64 ")", in->from, in->to);
		add_params(s, r, &in->params, true, recipe_ref_same(&in->model, base));
	}
}

static void add_tokenizer(struct str *s, const struct recipe *r, struct canon *c)
{
	const struct recipe_tokenizer *t = &r->tokenizer;

	if (!add_document(s, "tokenizer", recipe_of_ref(r, &t->model), c))
		add_text(s, "tokenizer", t->source);
	str_addf(s, "pad=%" PRId64 " tokens=%zu\n", t->pad_to_multiple_of, t->n_tokens);
	for (size_t i = 0; i < t->n_tokens; i++) {
		const struct token_rule *k = &t->tokens[i];

		add_text(s, "token", k->token);
		str_addf(s, "%d %d %" PRId64 "\n", (int)k->kind, k->force, k->id);
		add_ref(s, "from", r, &k->model, c);
		add_text(s, "of", k->text);
	}
	if (t->truncate)
		str_add(s, "truncate\n");
}

static void add_module(struct str *s, const struct recipe *r, const struct recipe_module *m,
	struct canon *c)
{
	add_params(s, r, &m->params, false, false);
	for (size_t i = m->first; i < m->first + m->n; i++) {
		if (m->n > 1)
			str_add(s, "slice");
		add_params(s, r, &r->slices[i].params, false, false);
		if (r->n_slices > 1)
			add_ref(s, "base", r, &r->slices[i].base, c);
		add_inputs(s, r, i, c);
	}
}

static void canonical(struct str *s, const struct recipe *r, struct canon *c)
{
	add_text(s, "method", r->method_name);
	add_ref(s, "base", r, &r->base, c);
	add_params(s, r, &r->params, false, false);
	for (size_t i = 0; i < r->n_modules; i++) {
		if (r->n_modules > 1 || !str_eq(r->modules[i].name, "default"))
			add_text(s, "module", r->modules[i].name);
		add_module(s, r, &r->modules[i], c);
	}
	add_text(s, "dtype", r->out_dtype ? r->out_dtype : r->dtype);
	add_tokenizer(s, r, c);
	add_text(s, "template", r->chat_template);
	if (r->has_seed)
		str_addf(s, "seed=%" PRIu64 "\n", r->seed);
}

static struct hash hash_of(const struct recipe *r,
	void (*add)(struct str *s, const struct recipe *r, struct canon *c))
{
	struct canon c = { .hash = xnew(struct hash, r->documents),
		.state = xcalloc(r->documents, sizeof *c.state) };
	struct str s = STR_INIT;
	struct hash h;

	c.state[r->document] = CANON_OPEN;
	add(&s, r, &c);
	h = hash_bytes(s.s, s.n);
	free(c.hash);
	free(c.state);
	str_fini(&s);
	return h;
}

struct hash recipe_tokenizer_hash(const struct recipe *r)
{
	return hash_of(r, add_tokenizer);
}

struct hash recipe_hash(const struct recipe *r)
{
	return hash_of(r, canonical);
}
