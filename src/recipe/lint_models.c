#include "config.h"
#include "recipe/lint_in.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "base/xalloc.h"

struct compare {
	struct lint l;
	struct model *const *inputs;
	int first;            /* whose config and tensors the output follows */
};

static const char *name_of(const struct compare *c, int i)
{
	return recipe_input_ref(c->l.r, (size_t)i)->text;
}

static const struct mark *mark_of(const struct compare *c, int i)
{
	return &recipe_input_ref(c->l.r, (size_t)i)->mark;
}

__attribute__((format(printf, 6, 7)))
static void differ(const struct compare *c, enum severity sev, int i, const char *code,
	const char *hint, const char *fmt, ...)
{
	bool listed = i < (int)c->l.r->n_models;
	char *path = listed ? lint_scope_path(c->l.r, i) : xstrdup("base_model");
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	if (listed)
		strcpy(path + strlen(path) - strlen(".parameters"), ".model");
	findings_add(c->l.out, sev, mark_of(c, i), path, code, hint, "%s", s.s);
	str_fini(&s);
	free(path);
}

/* ---- config ---- */

/* What config.json says in one of several spellings, and what a difference does. */
static const struct config_fact {
	const char *key, *old_key;
	const char *also;     /* a dotted place in newer files */
	enum severity severity;
	const char *what;
} facts[] = {
	{"num_hidden_layers", "n_layer", "text_config.num_hidden_layers", SEV_ERROR,
		"layers cannot be paired"},
	{"hidden_size", "n_embd", "text_config.hidden_size", SEV_ERROR, "tensors have other sizes"},
	{"intermediate_size", NULL, "text_config.intermediate_size", SEV_ERROR,
		"tensors have other sizes"},
	{"num_attention_heads", "n_head", "text_config.num_attention_heads", SEV_WARNING,
		"heads do not stand for each other"},
	{"num_key_value_heads", NULL, "text_config.num_key_value_heads", SEV_WARNING,
		"heads do not stand for each other"},
	{"head_dim", NULL, "text_config.head_dim", SEV_WARNING,
		"heads do not stand for each other"},
	{"num_local_experts", "num_experts", "text_config.num_experts", SEV_WARNING,
		"experts cannot be paired"},
	{"rope_theta", NULL, "rope_parameters.rope_theta", SEV_WARNING,
		"positions are encoded differently"},
	{"rope_scaling.rope_type", "rope_scaling.type", "rope_parameters.rope_type", SEV_WARNING,
		"positions are encoded differently"},
	{"rope_scaling.factor", NULL, "rope_parameters.factor", SEV_WARNING,
		"positions are encoded differently"},
	{"partial_rotary_factor", NULL, "rope_parameters.partial_rotary_factor", SEV_WARNING,
		"positions are encoded differently"},
	{"rms_norm_eps", "layer_norm_epsilon", "text_config.rms_norm_eps", SEV_WARNING,
		"norms are computed differently"},
	{"hidden_act", "activation_function", "text_config.hidden_act", SEV_WARNING,
		"the activation differs"},
	{"sliding_window", NULL, "text_config.sliding_window", SEV_WARNING,
		"attention sees another window"},
	{"tie_word_embeddings", NULL, NULL, SEV_WARNING,
		"the head is the embedding in one and its own tensor in the other"},
	{"vocab_size", NULL, "text_config.vocab_size", SEV_NOTE,
		"the embeddings have other numbers of rows"},
	{"max_position_embeddings", "n_positions", "text_config.max_position_embeddings", SEV_NOTE,
		"the context length is that of the first"},
	{"embedding_multiplier", NULL, NULL, SEV_WARNING, "activations are scaled differently"},
	{"residual_multiplier", NULL, NULL, SEV_WARNING, "activations are scaled differently"},
	{"attention_multiplier", NULL, NULL, SEV_WARNING, "activations are scaled differently"},
	{"logits_scaling", NULL, NULL, SEV_WARNING, "activations are scaled differently"},
};

static const json_t *fact(const json_t *config, const struct config_fact *f)
{
	const char *places[] = { f->key, f->old_key, f->also };

	for (size_t i = 0; i < 3; i++) {
		const json_t *v = places[i] ? json_at(config, places[i]) : NULL;

		if (v && !json_is_null(v))
			return v;
	}
	return NULL;
}

static bool same_value(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return fabs(json_number_value(a) - json_number_value(b))
			<= 1e-12 * fabs(json_number_value(a));
	return json_equal(a, b);
}

static void add_value(struct str *s, const json_t *v)
{
	char *text =
		v ? json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;

	str_add(s, text ? text : "not given");
	free(text);
}

static void compare_config(const struct compare *c, int i)
{
	const struct model *a = c->inputs[c->first], *b = c->inputs[i];

	if (!str_eq(a->architecture, b->architecture))
		differ(c, SEV_WARNING, i, "architecture", "merge models of one family",
			"%s is a %s model, %s a %s model", name_of(c, c->first), a->architecture,
			name_of(c, i), b->architecture);
	for (size_t k = 0; a->config && b->config && k < sizeof facts / sizeof *facts; k++) {
		const json_t *x = fact(a->config, &facts[k]), *y = fact(b->config, &facts[k]);
		struct str xs = STR_INIT, ys = STR_INIT;

		/* What only one file spells out is usually the default of the other. */
		if (!x || !y || same_value(x, y))
			continue;
		add_value(&xs, x);
		add_value(&ys, y);
		differ(c, facts[k].severity, i, "config", facts[k].what,
			"%s is %s in %s and %s in %s", facts[k].key, xs.s, name_of(c, c->first),
			ys.s, name_of(c, i));
		str_fini(&xs);
		str_fini(&ys);
	}
}

/* ---- shapes ---- */

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
	return a->rank == b->rank &&
	       !memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape);
}

static void add_shape(struct str *s, const struct tensor *t)
{
	for (int d = 0; d < t->rank; d++)
		str_addf(s, "%s%" PRIu64, d ? "×" : "", t->shape[d]);
}

/* Few missing tensors of a model of the same family are made from the others: a merge goes on. */
static void say_missing(const struct compare *c, int i, const char *name, size_t missing)
{
	const struct model *a = c->inputs[c->first], *b = c->inputs[i];
	size_t n = a->source.n_tensors;
	bool stops = missing > n / 2 || !str_eq(a->architecture, b->architecture);

	differ(c, stops ? SEV_ERROR : SEV_WARNING, i, "missing-tensor",
		stops ? "merge models of one architecture"
			: "they are made from the models that have them",
		"%s lacks %zu of the %zu tensors of %s: %s%s", name_of(c, i), missing, n,
		name_of(c, c->first), name, missing > 1 ? ", and others" : "");
}

/* The first tensor that does not fit speaks for all of them. */
static void compare_shapes(const struct compare *c, int i)
{
	struct source *a = &c->inputs[c->first]->source, *b = &c->inputs[i]->source;
	const struct tensor *ours = NULL, *theirs = NULL, *lacking = NULL;
	struct str x = STR_INIT, y = STR_INIT;
	size_t n = 0, missing = 0;

	for (size_t t = 0; t < a->n_tensors; t++) {
		long at = source_find(b, a->tensors[t].name);

		if (at < 0 && !missing++)
			lacking = &a->tensors[t];
		if (at < 0 || same_shape(&a->tensors[t], &b->tensors[at]))
			continue;
		if (!n++) {
			ours = &a->tensors[t];
			theirs = &b->tensors[at];
		}
	}
	if (n) {
		add_shape(&x, ours);
		add_shape(&y, theirs);
		differ(c, SEV_ERROR, i, "shape",
			str_eq(ours->role, "token_embd") || str_eq(ours->role, "output")
				? "merge models with the same vocabulary"
				: "merge models of the same sizes",
			"%s is %s in %s and %s in %s%s", ours->name, x.s, name_of(c, c->first), y.s,
			name_of(c, i), n > 1 ? ", and it is not the only one" : "");
	}
	if (missing && missing == a->n_tensors)
		differ(c, SEV_ERROR, i, "shape", "merge models of one family",
			"%s has none of the tensors of %s", name_of(c, i), name_of(c, c->first));
	else if (missing && !c->inputs[i]->partial)
		say_missing(c, i, lacking->name, missing);
	str_fini(&x);
	str_fini(&y);
}

static void compare_dtypes(const struct compare *c)
{
	enum dtype all = DT_UNKNOWN;
	bool mixed = false;

	if (c->l.r->dtype || c->l.r->out_dtype)
		return;
	for (size_t i = 0; i < c->l.n; i++) {
		const struct source *s = c->inputs[i] ? &c->inputs[i]->source : NULL;

		if (!s || !s->n_tensors)
			continue;
		if (all == DT_UNKNOWN)
			all = s->tensors[0].dtype;
		mixed = mixed || s->tensors[0].dtype != all;
		all = dtype_promote(all, s->tensors[0].dtype);
	}
	if (mixed)
		findings_add(c->l.out, SEV_NOTE, &c->l.r->method_mark, "merge_method",
			"mixed-dtypes",
			"write dtype: to say which; mergekit before 0.1.5 stored that of the base",
			"the inputs differ in number format: %s is stored", dtype_name(all));
}

/* ---- tokenizers ---- */

static void compare_tokenizers(const struct compare *c, int i, int donor)
{
	const struct model_tokenizer *a = &c->inputs[donor]->tokenizer,
				     *b = &c->inputs[i]->tokenizer;

	bool hashed = !hash_is_zero(a->vocab_hash) && !hash_is_zero(b->vocab_hash);

	if (hashed ? !hash_eq(a->vocab_hash, b->vocab_hash)
	    : a->vocab_size > 0 && b->vocab_size > 0 && a->vocab_size != b->vocab_size)
		differ(c, SEV_WARNING, i, "vocabulary",
			"rows of the embedding that stand for different tokens are mixed",
			"%s has %" PRId64 " tokens (%" PRId64 " added), %s %" PRId64 " (%" PRId64
			" added), and they are not the same",
			name_of(c, i), b->vocab_size, b->added, name_of(c, donor), a->vocab_size,
			a->added);
	if (a->eos_id >= 0 && b->eos_id >= 0 && a->eos_id != b->eos_id)
		differ(c, SEV_NOTE, i, "eos", "the output stops as its donor does",
			"%s ends its text with token %" PRId64 ", the donor %s with %" PRId64,
			name_of(c, i), b->eos_id, name_of(c, donor), a->eos_id);
	else if (a->eos_token && b->eos_token && strcmp(a->eos_token, b->eos_token) != 0)
		differ(c, SEV_NOTE, i, "eos", "the output stops as its donor does",
			"%s ends its text with %s, the donor %s with %s", name_of(c, i),
			b->eos_token, name_of(c, donor), a->eos_token);
	if (a->chat_template && b->chat_template && strcmp(a->chat_template, b->chat_template) != 0)
		differ(c, SEV_NOTE, i, "template-differs", NULL,
			"the chat template of %s is not that of the donor %s", name_of(c, i),
			name_of(c, donor));
}

/* A model that never stops: its files do not agree on what ends a text. */
static bool lists_eos(const json_t *list, int64_t id)
{
	size_t i;
	const json_t *v;

	if (json_is_integer(list))
		return json_integer_value(list) == id;
	json_array_foreach(list, i, v)
		if (json_is_integer(v) && json_integer_value(v) == id)
			return true;
	return false;
}

static void check_donor(const struct compare *c, int donor, char *why)
{
	const struct model *m = donor >= 0 ? c->inputs[donor] : NULL;
	const struct mark *at = donor >= 0 ? mark_of(c, donor) : &c->l.r->tree->mark;
	bool silent = m && !m->tokenizer.chat_template && !c->l.r->chat_template, refused = false;

	/* A template that cannot be taken along is worse than none anywhere. */
	for (size_t i = 0; i < c->l.n; i++)
		refused = refused ||
			  (silent && c->inputs[i] && c->inputs[i]->tokenizer.chat_template);
	findings_add(c->l.out, refused ? SEV_WARNING : SEV_NOTE, at,
		donor < 0 || donor == (int)c->l.r->n_models ? "base_model" : "models", "donor",
		refused ? "write chat_template: with its text, if the tokens it uses are there"
			: NULL,
		"%s", why);
	if (!m)
		return;
	if (m->tokenizer.eos_id >= 0 && m->tokenizer.eos_generation >= 0
	    && m->tokenizer.eos_id != m->tokenizer.eos_generation
	    && !lists_eos(json_at(m->generation_config, "eos_token_id"), m->tokenizer.eos_id)
	    && !lists_eos(json_at(m->config, "eos_token_id"), m->tokenizer.eos_generation))
		findings_add(c->l.out, SEV_WARNING, at, "models", "eos",
			"the output may never stop: make the two agree",
			"config.json of %s ends a text with token %" PRId64
			", its generation_config.json with %" PRId64,
			name_of(c, donor), m->tokenizer.eos_id, m->tokenizer.eos_generation);
}

/* ---- filters that match nothing ---- */

struct pieces { /* the words that tensor names are made of, and the parts of those */
	const char **v;
	size_t n, cap, whole;
};

static void add_piece(struct pieces *p, struct arena *a, const char *s, size_t n)
{
	if (!n || (*s >= '0' && *s <= '9') || p->n >= 256)
		return;
	for (size_t k = 0; k < p->n; k++)
		if (strncmp(p->v[k], s, n) == 0 && !p->v[k][n])
			return;
	*vec_push(p) = arena_strndup(a, s, n);
}

static void pieces_of(const struct source *s, struct arena *a, struct pieces *out)
{
	for (size_t t = 0; t < s->n_tensors; t++)
		for (const char *name = s->tensors[t].name; *name;) {
			size_t n = strcspn(name, ".");

			add_piece(out, a, name, n);
			name += n + (name[n] == '.');
		}
	out->whole = out->n;
	for (size_t k = 0; k < out->whole; k++)
		for (const char *part = out->v[k]; *part;) {
			size_t n = strcspn(part, "_");

			add_piece(out, a, part, n);
			part += n + (part[n] == '_');
		}
}

static bool matches(const struct source *s, const char *filter)
{
	for (size_t t = 0; t < s->n_tensors; t++)
		if (strstr(s->tensors[t].name, filter))
			return true;
	return false;
}

static void check_filter(const struct compare *c, const struct setting *s, size_t i,
	const char *path, const struct pieces *p)
{
	const char *f = s->filters[i], *last, *near;
	struct str message = STR_INIT, hint = STR_INIT;
	struct lint l = c->l;

	if (!f || !*f || strcmp(f, "*") == 0 || matches(&c->inputs[c->first]->source, f))
		return;
	last = strrchr(f, '.') && strrchr(f, '.')[1] ? strrchr(f, '.') + 1 : f;
	near = str_nearest(last, p->v, p->n);
	str_addf(&message, "no tensor's name contains %s: this entry has no effect", f);
	if (near)
		str_addf(&hint, "did you mean %s?", near);
	else
		str_add(&hint, "the names are made of");
	for (size_t k = 0; !near && k < p->whole && k < 16; k++)
		str_addf(&hint, "%s %s", k ? "," : "", p->v[k]);
	lint_say(&l, SEV_WARNING, &s->filter_marks[i], path, "filter-unmatched", &message, &hint);
}

static void check_filters(const struct compare *c, const struct recipe_params *ps, int scope,
	const struct pieces *p)
{
	char *prefix = lint_scope_path(c->l.r, scope);

	for (size_t k = 0; k < ps->n; k++) {
		const struct setting *s = &ps->v[k].value;
		char *path = xasprintf("%s.%s", prefix, ps->v[k].name);

		for (size_t i = 0; s->kind == SETTING_FILTERS && i < s->n; i++)
			check_filter(c, s, i, path, p);
		free(path);
	}
	free(prefix);
}

static void check_all_filters(const struct compare *c)
{
	const struct recipe *r = c->l.r;
	struct arena a;
	struct pieces p = { 0 };

	arena_init(&a);
	pieces_of(&c->inputs[c->first]->source, &a, &p);
	for (size_t i = 0; i < r->n_models; i++)
		check_filters(c, &r->models[i].params, (int)i, &p);
	check_filters(c, &r->slice_params, -1, &p);
	check_filters(c, &r->module_params, -2, &p);
	check_filters(c, &r->params, -3, &p);
	vec_fini(&p);
	arena_fini(&a);
}

/* ---- all of it ---- */

static int first_of(struct model *const *inputs, size_t n, int base)
{
	if (base >= 0 && base < (int)n && inputs[base])
		return base;
	for (size_t i = 0; i < n; i++)
		if (inputs[i])
			return (int)i;
	return -1;
}

void lint_models(const struct recipe *r, struct model *const *inputs, size_t n, int base,
	struct findings *out)
{
	struct compare c = { { r, out, n, base }, inputs, first_of(inputs, n, base) };
	char *why = NULL;
	int donor;

	if (c.first < 0 || n > recipe_inputs(r))
		return;
	donor = recipe_donor(r, inputs, n, base, &why);
	for (size_t i = 0; i < n; i++) {
		if (!inputs[i])
			continue;
		if (inputs[i]->partial)
			differ(&c, SEV_ERROR, (int)i, "partial", "finish the download",
				"only a part of %s is here: %s", name_of(&c, (int)i),
				inputs[i]->partial);
		if ((int)i != c.first) {
			compare_config(&c, (int)i);
			compare_shapes(&c, (int)i);
		}
		if ((int)i != donor && donor >= 0)
			compare_tokenizers(&c, (int)i, donor);
	}
	compare_dtypes(&c);
	check_donor(&c, donor, why);
	check_all_filters(&c);
	free(why);
	findings_sort(out);
}
