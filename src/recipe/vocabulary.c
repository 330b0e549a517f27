#include "config.h"
#include "recipe/vocabulary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

struct opening {
	const struct recipe *r;
	struct model **models;
	size_t n;
	int base, first;
	struct vocab_member *members;
	struct vocab_table *tables;    /* of the members, and of the other model behind them */
	struct vocabulary *v;
	struct err *e;
};

bool vocabulary_asked(const struct recipe *r)
{
	return r->tokenizer.source || r->tokenizer.truncate;
}

static int input_of(const struct recipe *r, const struct recipe_ref_text *ref)
{
	size_t n = recipe_inputs(r);

	for (size_t i = 0; ref->text && i < n; i++)
		if (recipe_ref_same(recipe_input_ref(r, i), ref))
			return (int)i;
	return -1;
}

const struct recipe_ref_text *vocabulary_other(const struct recipe *r)
{
	const struct recipe_tokenizer *t = &r->tokenizer;

	return t->source && !t->is_union && !t->is_base && input_of(r, &t->model) < 0 ? &t->model
		: NULL;
}

static void warn(struct opening *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void warn(struct opening *o, const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	*vec_push(&o->v->warnings) = str_steal(&s);
}

/* ---- tokenizers ---- */

static bool open_tables(struct opening *o, struct model *other)
{
	const char *first = recipe_input_ref(o->r, (size_t)o->first)->text;

	for (size_t i = 0; i < o->n; i++) {
		struct vocab_member *m = &o->members[i];
		struct err e = { 0 };

		m->name = recipe_input_ref(o->r, i)->text;
		m->rows = vocab_rows_of(o->models[i]);
		o->v->v[i].rows = m->rows;
		if (!m->rows)
			return err_set(o->e, ERR_INPUT, m->name, "take the tokenizer's rule out",
				"it has no embedding");
		if (vocab_table_read(&o->tables[i], o->models[i], &e)) {
			m->table = &o->tables[i];
			o->v->v[i].tokens = (uint32_t)o->tables[i].n;
		} else if ((int)i == o->first) {
			*o->e = e;
			return err_at(o->e, "%s", m->name);
		} else {
			warn(o, "the tokenizer of %s cannot be read (%s): that of %s is assumed",
				m->name, e.what, first);
		}
	}
	return !other || vocab_table_read(&o->tables[o->n], other, o->e);
}

static void compare_tables(struct opening *o)
{
	const struct vocab_table *a = o->members[o->first].table, *b;
	const char *first = o->members[o->first].name;

	for (size_t i = 0; i < o->n; i++) {
		const char *name = o->members[i].name, *what = NULL;

		b = o->members[i].table;
		if (!b || b == a)
			continue;
		if (a->spelling && b->spelling && a->spelling != b->spelling)
			what = "spells its tokens in another way than";
		else if (!hash_eq(a->normalizer, b->normalizer) && !hash_is_zero(a->normalizer) &&
			!hash_is_zero(b->normalizer))
			what = "normalizes text in another way than";
		else if (!hash_eq(a->pre_tokenizer, b->pre_tokenizer) &&
			!hash_is_zero(a->pre_tokenizer) && !hash_is_zero(b->pre_tokenizer))
			what = "splits text in another way than";
		if (what)
			warn(o, "the tokenizer of %s %s that of %s: equal tokens may stand for "
				"other text", name, what, first);
	}
}

/* Ids that the embedding has no row for: padding of the tokenizer, or another model's files. */
static void say_unused(struct opening *o)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct vocab_table *t = o->members[i].table;
		size_t beyond = 0;

		for (size_t k = 0; t && k < t->n; k++)
			beyond += t->v[k].id >= o->members[i].rows;
		if (beyond)
			warn(o, "%zu token%s of %s lie beyond the %" PRIu32 " rows of its "
				"embedding and count as missing there",
				beyond, beyond == 1 ? "" : "s",
				o->members[i].name, o->members[i].rows);
	}
}

/* ---- rules ---- */

static bool rule_of(struct opening *o, const struct token_rule *t, struct vocab_rule *to)
{
	int at = t->model.text ? input_of(o->r, &t->model) : -1;

	*to = (struct vocab_rule){ .token = t->token, .n = strlen(t->token), .model = at,
		.text = t->text, .id = t->id, .force = t->force };
	to->kind = t->kind == TOKEN_ZERO ? RULE_ZERO : t->kind == TOKEN_MODEL ? RULE_MODEL
		: t->kind == TOKEN_AS_OTHERS ? RULE_DEFAULT : t->text ? RULE_TOKEN : RULE_ID;
	if (at >= 0 || !t->model.text)
		return true;
	return err_set(o->e, ERR_INPUT, t->model.text, "name it as it is under models",
		"the rule for the token %.80s takes a row of a model that is none of the inputs",
		t->token);
}

static struct vocab_rule *rules_of(struct opening *o)
{
	const struct recipe_tokenizer *t = &o->r->tokenizer;
	struct vocab_rule *v = xnew(struct vocab_rule, t->n_tokens + 1);

	for (size_t i = 0; i < t->n_tokens; i++)
		if (!rule_of(o, &t->tokens[i], &v[i])) {
			free(v);
			return NULL;
		}
	return v;
}

/* A GGUF holds its tokenizer in another form: a folder with the same one gives the files. */
static void find_files(struct opening *o)
{
	struct vocabulary *v = o->v;

	for (size_t i = 0; v->source->format == MODEL_GGUF && i < o->n; i++)
		if (o->models[i]->format != MODEL_GGUF && hash_eq(v->source->tokenizer.vocab_hash,
			o->models[i]->tokenizer.vocab_hash)) {
			model_unref(v->source);
			v->source = model_ref(o->models[i]);
			v->donor = (int)i;
		}
}

static bool can_be_written(struct opening *o)
{
	const struct vocab_layout *l = o->v->layout;
	const struct model *m;
	char *path;
	bool json;

	if (!l->fresh && !l->promoted && !l->cut)
		return true;
	find_files(o);
	m = o->v->source;
	if (m->format == MODEL_GGUF)
		return err_set(o->e, ERR_INPUT, m->source.label,
			"name a model in a folder: tokenizer_source: MODEL",
			"the output's tokenizer would be built on that of a GGUF file, which has "
			"no tokenizer.json");
	path = str_join_path(m->path, "tokenizer.json");
	json = file_exists(path);
	free(path);
	return json || !l->cut || err_set(o->e, ERR_INPUT, m->source.label,
		"write its tokenizer.json with transformers, or name another model",
		"%zu of its tokens have no row, and only a tokenizer.json can be cut", l->cut);
}

static bool layout(struct opening *o, struct model *other)
{
	const struct recipe_tokenizer *t = &o->r->tokenizer;
	int donor = t->is_union || t->is_base ? o->first : input_of(o->r, &t->model);
	struct vocab_rule *rules = rules_of(o);
	struct vocab_ask a = { .v = o->members, .n = o->n, .first = o->first, .base = o->base,
		.join = t->is_union, .rules = rules, .n_rules = t->n_tokens,
		.multiple = (uint32_t)t->pad_to_multiple_of };

	o->v->donor = donor;
	o->v->source = model_ref(donor >= 0 ? o->models[donor] : other);
	if (!rules)
		return false;
	a.of = donor >= 0 ? o->members[donor].table : &o->tables[o->n];
	/* the base's is cut to its embedding: one that is named is taken as it is */
	a.of_rows = t->is_base ? o->members[donor].rows : UINT32_MAX;
	if (a.of)
		o->v->layout = vocab_layout_make(&a, o->e);
	else
		err_set(o->e, ERR_INPUT, t->source, "name another model, or union",
			"it has no tokenizer");
	if (a.of && !o->v->layout && str_eq(o->e->where, a.of->from)) {
		char *where = xasprintf("%s/%s", donor >= 0 ? o->members[donor].name : t->source,
			a.of->from);

		err_at(o->e, "%s", where);
		free(where);
	}
	free(rules);
	return o->v->layout && can_be_written(o);
}

/* ---- all of it ---- */

static bool all_there(const struct opening *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (!o->models[i])
			return err_set(o->e, ERR_INPUT, recipe_input_ref(o->r, i)->text, NULL,
				"it cannot be opened: the vocabulary is not known");
	return true;
}

/* What stands before the layers is made of the first slice's models, what comes after them of the
 * last one's. */
static struct vocab_among among_of(const struct recipe *r)
{
	struct vocab_among a = { 0, 0 };

	for (size_t s = 0; s < r->n_slices; s++) {
		bool first = !s || r->slices[s].module != r->slices[s - 1].module;
		bool last = s + 1 == r->n_slices ||
			r->slices[s].module != r->slices[s + 1].module;
		int base;
		size_t n = recipe_slice_inputs(r, s, &base);

		for (size_t k = 0; k < n; k++) {
			uint64_t bit = (uint64_t)1 << recipe_slice_input(r, s, k);

			a.embedding |= first ? bit : 0;
			a.head |= last ? bit : 0;
		}
	}
	return a;
}

static bool apply(struct opening *o, struct model *other)
{
	const char *text = vocabulary_other(o->r) ? o->r->tokenizer.source : NULL;
	struct vocab_among among;

	if (!all_there(o))
		return false;
	if (o->n > VOCAB_MEMBERS)
		return err_set(o->e, ERR_INPUT, "tokenizer", "merge in stages",
			"%zu models; vocabularies of at most %d are laid out at once", o->n,
			VOCAB_MEMBERS);
	if (o->r->tokenizer.truncate)
		return vocab_rows_cut(o->models, o->n, o->first, &o->v->rows, o->e);
	if (text && !other)
		return err_set(o->e, ERR_INPUT, text, "write union, base, or a model that is here",
			"tokenizer_source names it, and no such model can be opened");
	if (!open_tables(o, other) || !layout(o, other))
		return false;
	compare_tables(o);
	say_unused(o);
	o->v->rows = o->v->layout->rows;
	among = among_of(o->r);
	for (size_t i = 0; i < o->n; i++)
		o->v->v[i].rows_from = vocab_layout_count(o->v->layout, among.embedding, (int)i);
	return vocab_rows_apply(o->v->layout, o->models, o->members, o->n, o->first, &among, o->e);
}

struct vocabulary *vocabulary_apply(const struct recipe *r, struct model **models, size_t n,
	int base, struct model *other, struct err *e)
{
	struct vocabulary *v = xnew(struct vocabulary, 1);
	struct opening o = { .r = r, .models = models, .n = n, .base = base,
		.first = base >= 0 ? base : 0, .v = v, .e = e };
	bool ok;

	v->n = n;
	v->donor = -1;
	v->v = xnew(struct vocabulary_input, n + 1);
	o.members = xnew(struct vocab_member, n + 1);
	o.tables = xnew(struct vocab_table, n + 1);
	ok = apply(&o, other);
	for (size_t i = 0; i <= n; i++)
		vocab_table_fini(&o.tables[i]);
	free(o.tables);
	free(o.members);
	if (ok)
		return v;
	vocabulary_free(v);
	return NULL;
}

void vocabulary_free(struct vocabulary *v)
{
	if (!v)
		return;
	vocab_layout_unref(v->layout);
	if (v->source)
		model_unref(v->source);
	for (size_t i = 0; i < v->warnings.n; i++)
		free(v->warnings.v[i]);
	vec_fini(&v->warnings);
	free(v->v);
	free(v);
}

/* ---- in words ---- */

static void add_part(struct str *s, uint32_t n, const char *what)
{
	if (n)
		str_addf(s, "%s%" PRIu32 " %s", s->n && s->s[s->n - 1] != ' ' ? ", " : "", n, what);
}

char *vocabulary_counts(const struct vocabulary *v, size_t i)
{
	const struct vocab_counts *c = &v->v[i].rows_from;
	struct str s = STR_INIT;

	if (!v->layout) {
		str_addf(&s, "cut to %" PRIu32 " rows", v->rows);
		return str_steal(&s);
	}
	if (v->v[i].tokens)
		str_addf(&s, "%" PRIu32 " tokens; ", v->v[i].tokens);
	add_part(&s, c->own, "rows of its own");
	add_part(&s, c->of, "of another model or token");
	add_part(&s, c->mean, "averaged over the models that have them");
	add_part(&s, c->zero, "zero");
	add_part(&s, c->pad, "padding");
	return str_steal(&s);
}

static char *vocabulary_line(const struct vocabulary *v, const struct recipe *r, size_t i)
{
	char *counts = vocabulary_counts(v, i);
	char *line = xasprintf("%s: %s", str_base(recipe_input_ref(r, i)->text), counts);

	free(counts);
	return line;
}

static void say_whole(const struct vocabulary *v, const struct recipe *r, struct findings *out)
{
	const struct vocab_layout *l = v->layout;

	if (!l) {
		findings_add(out, SEV_WARNING, &r->tokenizer.truncate_mark,
			"unsafe_truncate_embeddings", "vocabulary",
			"tokens of the rows that are cut off are lost, and rows that stand for "
			"different tokens are mixed",
			"embeddings and heads are cut to %" PRIu32 " rows", v->rows);
		return;
	}
	findings_add(out, SEV_NOTE, &r->tokenizer.mark, "tokenizer", "vocabulary", NULL,
		"the output has %zu tokens%s%s in %" PRIu32 " rows; built on the tokenizer of %s, "
		"%zu added, %zu left out", l->n, l->gaps ? " with gaps" : "",
		l->rows > l->top ? ", padded," : "", l->rows,
		v->donor >= 0 ? recipe_input_ref(r, (size_t)v->donor)->text : r->tokenizer.source,
		l->fresh, l->cut);
}

void vocabulary_say(const struct vocabulary *v, const struct recipe *r, const struct err *e,
	struct findings *out)
{
	const struct recipe_tokenizer *t = &r->tokenizer;

	if (!v) {
		findings_add(out, SEV_ERROR, t->truncate ? &t->truncate_mark : &t->mark,
			t->truncate ? "unsafe_truncate_embeddings" : "tokenizer", "vocabulary",
			e->hint[0] ? e->hint : NULL, "%s: %s", e->where, e->what);
		return;
	}
	say_whole(v, r, out);
	for (size_t i = 0; i < v->warnings.n; i++)
		findings_add(out, SEV_WARNING, &t->mark, "tokenizer", "vocabulary", NULL, "%s",
			v->warnings.v[i]);
	for (size_t i = 0; v->layout && i < v->n; i++) {
		char *line = vocabulary_line(v, r, i);

		findings_add(out, SEV_NOTE, &recipe_input_ref(r, i)->mark,
			i < r->n_models ? "models" : "base_model", "vocabulary", NULL, "%s", line);
		free(line);
	}
}
