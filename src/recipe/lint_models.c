#include "config.h"
#include "recipe/lint_in.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "base/xalloc.h"
#include "model/stack.h"
#include "model/text_part.h"
#include "recipe/vocabulary.h"

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
	char *path = lint_model_path(c->l.r, recipe_source_of(c->l.r, (size_t)i));
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
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
		"layers cannot be paired: take as many of each with slices: and layer_range:"},
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

	if (!str_eq(a->architecture, b->architecture) && model_sees(a) == model_sees(b))
		differ(c, SEV_WARNING, i, "architecture", "merge models of one family",
			"%s is a %s model, %s a %s model", name_of(c, c->first), a->architecture,
			name_of(c, i), b->architecture);
	for (size_t k = 0; a->config && b->config && k < sizeof facts / sizeof *facts; k++) {
		const json_t *x = fact(a->config, &facts[k]), *y = fact(b->config, &facts[k]);
		struct str xs = STR_INIT, ys = STR_INIT;

		/* What only one file spells out is usually the default of the other; slices take
		 * layers of models of any depth. */
		if (!x || !y || same_value(x, y) || (k == 0 && recipe_stacks(c->l.r)))
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

/* The place of a's tensor in b, when both are sources of a slice: SIZE_MAX where the slice has no
 * use for it, -1 where b has none. */
static long counterpart(const struct compare *c, size_t slice, int ka, const struct tensor *t,
	int kb, const struct source *b)
{
	const struct recipe_slice *s = &c->l.r->slices[slice];
	const struct recipe_module *m = &c->l.r->modules[s->module];
	int layer = module_layer(m->name, t);
	bool outer = slice == m->first || slice + 1 == m->first + m->n;
	struct str name = STR_INIT;
	long at;

	if (s->ranged && (layer < 0 ? !outer : layer < s->sources[ka].from ||
		layer >= s->sources[ka].to))
		return LONG_MAX;
	if (!module_has(m->name, t))
		return LONG_MAX;
	if (!s->ranged || layer < 0)
		return source_find(b, t->name);
	layer_name(&name, t->name, layer - s->sources[ka].from + s->sources[kb].from);
	at = source_find(b, name.s);
	str_fini(&name);
	return at;
}

/* The first tensor that does not fit speaks for all of them. ka, kb: inputs of the slice. */
static void compare_shapes(const struct compare *c, size_t slice, int ka, int kb)
{
	int first = recipe_slice_input(c->l.r, slice, (size_t)ka),
	    i = recipe_slice_input(c->l.r, slice, (size_t)kb);
	struct source *a = &c->inputs[first]->source, *b = &c->inputs[i]->source;
	const struct tensor *ours = NULL, *theirs = NULL, *lacking = NULL;
	struct str x = STR_INIT, y = STR_INIT;
	size_t n = 0, missing = 0, used = 0;

	for (size_t t = 0; t < a->n_tensors; t++) {
		long at = counterpart(c, slice, ka, &a->tensors[t], kb, b);

		if (at < 0 && !text_part_has(a->tensors[t].name)
		    && model_sees(c->inputs[first]) != model_sees(c->inputs[i]))
			continue; /* of a tower: copied */
		used += at != LONG_MAX;
		if (at < 0 && !missing++)
			lacking = &a->tensors[t];
		if (at < 0 || at == LONG_MAX || same_shape(&a->tensors[t], &b->tensors[at]) ||
			(vocabulary_asked(c->l.r) && vocab_is_rows(&a->tensors[t])))
			continue; /* vocabulary_apply says what keeps rows from being laid out */
		if (!n++) {
			ours = &a->tensors[t];
			theirs = &b->tensors[at];
		}
	}
	if (n) {
		add_shape(&x, ours);
		add_shape(&y, theirs);
		bool rows = vocab_is_rows(ours);

		differ(c, SEV_ERROR, i, rows ? "vocabulary" : "shape",
			rows ? "add: tokenizer: {source: union}; or cut them with "
				"--unsafe-truncate-embeddings"
			: "merge models of the same sizes",
			"%s is %s in %s and %s in %s%s", ours->name, x.s, name_of(c, first), y.s,
			name_of(c, i), n > 1 ? ", and it is not the only one" : "");
	}
	if (missing && missing == used)
		differ(c, SEV_ERROR, i, "shape", "merge models of one family",
			"%s has none of the tensors of %s", name_of(c, i), name_of(c, first));
	else if (missing && !c->inputs[i]->partial)
		say_missing(c, i, lacking->name, missing);
	str_fini(&x);
	str_fini(&y);
}

/* ---- layers and modules ---- */

char *lint_layers(const struct recipe *r, size_t source, const struct model *m)
{
	const struct recipe_input *in = &r->models[source];
	const struct recipe_slice *s = &r->slices[in->slice];
	const char *module = r->modules[s->module].name;
	int64_t depth = module_depth(module, m);

	if (!s->ranged || !in->has_range || (depth > 0 && in->to <= depth))
		return NULL;
	if (depth <= 0)
		return xasprintf("%s has no layers%s%s that could be counted", in->model.text,
			r->named_modules ? " in " : "", r->named_modules ? module : "");
	return xasprintf("layer_range [%" PRId64 ", %" PRId64 "] goes beyond the last layer: %s "
		"has %" PRId64 " layers, 0 to %" PRId64, in->from, in->to, in->model.text, depth,
		depth - 1);
}

char *lint_module(const struct recipe *r, size_t module, const struct model *m)
{
	struct str s = STR_INIT;

	if (!r->named_modules)
		return NULL;
	for (size_t t = 0; t < m->source.n_tensors; t++)
		if (module_has(r->modules[module].name, &m->source.tensors[t]))
			return NULL;
	str_addf(&s, "%s has no module %s: it has default, ", str_base(m->path),
		r->modules[module].name);
	module_list(&s, m);
	return str_steal(&s);
}

static void compare_slice(const struct compare *c, size_t slice)
{
	const struct recipe *r = c->l.r;
	int base, first = -1;
	size_t n = recipe_slice_inputs(r, slice, &base);

	for (size_t k = 0; k < n; k++) {
		struct model *m = c->inputs[recipe_slice_input(r, slice, k)];
		int source = recipe_slice_source(r, slice, k);
		char *wrong = m && source < (int)r->n_models ? lint_layers(r, (size_t)source, m)
			: NULL;
		char *path = wrong ? lint_model_path(r, source) : NULL;

		if (wrong)
			findings_add(c->l.out, SEV_ERROR, &r->models[source].mark, path,
				"beyond-last-layer", "write a range that it has", "%s", wrong);
		free(path);
		free(wrong);
		if (m && (first < 0 || (int)k == base))
			first = (int)k;
	}
	for (size_t k = 0; k < n; k++)
		if ((int)k != first && c->inputs[recipe_slice_input(r, slice, k)])
			compare_shapes(c, slice, first, (int)k);
}

static void compare_modules(const struct compare *c)
{
	const struct recipe *r = c->l.r;

	for (size_t m = 0; m < r->n_modules; m++) {
		char *wrong = lint_module(r, m, c->inputs[c->first]);
		char *path = xasprintf("modules.%s", r->modules[m].name);

		if (wrong)
			findings_add(c->l.out, SEV_ERROR, &r->modules[m].mark, path,
				"unknown-module", NULL, "%s", wrong);
		free(path);
		free(wrong);
	}
}

/* ---- tokenizers ---- */

static void compare_tokenizers(const struct compare *c, int i, int donor)
{
	const struct model_tokenizer *a = &c->inputs[donor]->tokenizer,
				     *b = &c->inputs[i]->tokenizer;

	bool hashed = !hash_is_zero(a->vocab_hash) && !hash_is_zero(b->vocab_hash);

	if (c->l.r->tokenizer.source)
		; /* rows are laid out by token */
	else if (hashed ? !hash_eq(a->vocab_hash, b->vocab_hash)
	    : a->vocab_size > 0 && b->vocab_size > 0 && a->vocab_size != b->vocab_size)
		differ(c, SEV_WARNING, i, "vocabulary",
			"rows of the embedding that stand for different tokens are mixed; to lay "
			"them out by token, add: tokenizer: {source: union}",
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
		donor < 0 || recipe_source_of(c->l.r, (size_t)donor) == (int)c->l.r->n_models
			? "base_model" : "models", "donor",
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

/* Whether a filter names a tensor of a slice: by its name in source k; -1: in the output. */
static bool matches_in(const struct compare *c, size_t slice, int k, const char *filter)
{
	const struct recipe_slice *s = &c->l.r->slices[slice];
	const char *module = c->l.r->modules[s->module].name;
	const struct recipe_input *in = s->ranged ? &s->sources[k < 0 ? 0 : k] : NULL;
	const struct model *m = c->inputs[recipe_slice_input(c->l.r, slice, k < 0 ? 0 : (size_t)k)];
	int64_t out;
	bool found = false;

	recipe_slice_layers(c->l.r, slice, &out);
	for (size_t t = 0; m && !found && t < m->source.n_tensors; t++) {
		const struct tensor *x = &m->source.tensors[t];
		int layer = in ? module_layer(module, x) : -1;
		struct str name = STR_INIT;

		if (!module_has(module, x) || (layer >= 0 && (layer < in->from || layer >= in->to)))
			continue;
		if (layer >= 0 && k < 0)
			layer_name(&name, x->name, layer - in->from + out);
		found = strstr(name.n ? name.s : x->name, filter) != NULL;
		str_fini(&name);
	}
	return found;
}

/* Parameters of inputs go by the names there, those of the whole by the output's. */
static bool matches(const struct compare *c, const struct param_def *d, int scope,
	const char *filter)
{
	const struct recipe *r = c->l.r;
	bool unknown = true;

	for (size_t s = 0; s < r->n_slices; s++) {
		size_t n = r->slices[s].n_sources;

		if ((RECIPE_IS_SLICE(scope) && scope != RECIPE_OF_SLICE(s)) ||
			(scope >= 0 && r->models[scope].slice != (int)s) ||
			(scope <= RECIPE_OF_MODULE(0) &&
			scope != RECIPE_OF_MODULE(r->slices[s].module)))
			continue;
		for (size_t k = 0; k < n; k++) {
			bool here = scope < 0 || scope == (int)(r->slices[s].first + k);

			unknown = unknown && (!here || !c->inputs[r->slices[s].sources[k].input]);
			if (here && d->scope != PARAM_GLOBAL && matches_in(c, s, (int)k, filter))
				return true;
		}
		if (n && d->scope == PARAM_GLOBAL && matches_in(c, s, -1, filter))
			return true;
	}
	return unknown;
}

static void check_filter(const struct compare *c, const struct setting *s, size_t i,
	const char *path, const struct pieces *p)
{
	const char *f = s->filters[i], *last, *near;
	struct str message = STR_INIT, hint = STR_INIT;
	struct lint l = c->l;

	last = strrchr(f, '.') && strrchr(f, '.')[1] ? strrchr(f, '.') + 1 : f;
	near = str_nearest(last, p->v, p->n);
	str_addf(&message, "no tensor's name contains %s%s: this entry has no effect", f,
		recipe_stacks(l.r) ? " in the layers it is for" : "");
	if (near && strcmp(near, last) != 0)
		str_addf(&hint, "did you mean %s?", near);
	else
		str_add(&hint, "the names are made of");
	for (size_t k = 0; (!near || strcmp(near, last) == 0) && k < p->whole && k < 16; k++)
		str_addf(&hint, "%s %s", k ? "," : "", p->v[k]);
	lint_say(&l, SEV_WARNING, &s->filter_marks[i], path, "filter-unmatched", &message, &hint);
}

static void check_filters(const struct compare *c, const struct recipe_params *ps, int scope,
	const struct pieces *p)
{
	char *prefix = lint_scope_path(c->l.r, scope);

	for (size_t k = 0; k < ps->n; k++) {
		const struct setting *s = &ps->v[k].value;
		const struct param_def *d = method_param(c->l.r->method, ps->v[k].name);
		char *path = xasprintf("%s.%s", prefix, ps->v[k].name);

		for (size_t i = 0; d && s->kind == SETTING_FILTERS && i < s->n; i++) {
			const char *f = s->filters[i];

			if (f && *f && strcmp(f, "*") != 0 && !matches(c, d, scope, f))
				check_filter(c, s, i, path, p);
		}
		free(path);
	}
	free(prefix);
}

static void check_all_filters(const struct compare *c)
{
	const struct recipe *r = c->l.r;
	struct arena a;
	struct pieces p = { 0 };

	if (!r->method)
		return;
	arena_init(&a);
	pieces_of(&c->inputs[c->first]->source, &a, &p);
	for (size_t i = 0; i < r->n_models; i++)
		check_filters(c, &r->models[i].params, (int)i, &p);
	for (size_t i = 0; i < r->n_slices; i++)
		check_filters(c, &r->slices[i].params, RECIPE_OF_SLICE(i), &p);
	for (size_t i = 0; i < r->n_modules; i++)
		check_filters(c, &r->modules[i].params, RECIPE_OF_MODULE(i), &p);
	check_filters(c, &r->params, RECIPE_ALL, &p);
	vec_fini(&p);
	arena_fini(&a);
}

/* ---- values that fit in most layers, but not in all ---- */

static void check_values(const struct compare *c, size_t slice)
{
	const struct recipe *r = c->l.r;
	const char *module = r->modules[r->slices[slice].module].name;
	const struct model *m = c->inputs[c->first];
	int64_t depth = module_depth(module, m);
	struct lint l = { .r = r, .out = c->l.out, .slice = slice };
	struct lint_tensor *v = xnew(struct lint_tensor, m->source.n_tensors + 1);
	size_t n = 0;

	for (size_t i = 0; i < m->source.n_tensors; i++) {
		const struct tensor *t = &m->source.tensors[i];
		int layer = module_layer(module, t);

		if (!module_has(module, t))
			continue;
		v[n++] = (struct lint_tensor){ t, layer < 0 ? 0.0 : depth <= 1 || layer >= depth
			? 1.0 : (double)layer / (double)(depth - 1) };
	}
	l.n = recipe_slice_inputs(r, slice, &l.base);
	if (n)
		lint_values(&l, v, n);
	free(v);
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

/* All under the names of the first, as they will be merged; views are the caller's. */
static void show_alike(struct model *const *inputs, size_t n, int first, struct model **shown,
	struct model **views)
{
	for (size_t i = 0; i < n; i++) {
		views[i] = inputs[i] && (int)i != first &&
			model_sees(inputs[i]) != model_sees(inputs[first]) ?
			text_view(inputs[i], inputs[first]) : NULL;
		shown[i] = views[i] ? views[i] : inputs[i];
	}
}

static void compare_all(const struct recipe *r, struct model *const *inputs, size_t n, int base,
	int first, struct findings *out)
{
	struct compare c = { { r, out, n, base, 0 }, inputs, first };
	char *why = NULL;
	int donor;

	lint_inputs(r, inputs, n, first, out);
	donor = recipe_donor(r, inputs, n, base, &why);
	for (size_t i = 0; i < n; i++) {
		if (!inputs[i])
			continue;
		if (inputs[i]->partial)
			differ(&c, SEV_ERROR, (int)i, "partial", "finish the download",
				"only a part of %s is here: %s", name_of(&c, (int)i),
				inputs[i]->partial);
		if ((int)i != c.first)
			compare_config(&c, (int)i);
		if ((int)i != donor && donor >= 0)
			compare_tokenizers(&c, (int)i, donor);
	}
	compare_modules(&c);
	for (size_t s = 0; s < r->n_slices; s++) {
		compare_slice(&c, s);
		if (!r->slices[s].ranged)
			check_values(&c, s);
	}
	check_donor(&c, donor, why);
	check_all_filters(&c);
	free(why);
	findings_sort(out);
}

void lint_filters(const struct recipe *r, struct model *const *inputs, size_t n, int first,
	struct findings *out)
{
	struct model **shown = xnew(struct model *, n + 1), **views = xnew(struct model *, n + 1);
	struct compare c = { { r, out, n, recipe_base(r), 0 }, shown, first };

	show_alike(inputs, n, first, shown, views);
	check_all_filters(&c);
	for (size_t i = 0; i < n; i++)
		model_unref(views[i]);
	free(shown);
	free(views);
}

void lint_models(const struct recipe *r, struct model *const *inputs, size_t n, int base,
	struct findings *out)
{
	struct model **shown = xnew(struct model *, n + 1), **views = xnew(struct model *, n + 1);
	int first = first_of(inputs, n, base);

	if (first >= 0 && n <= recipe_inputs(r)) {
		show_alike(inputs, n, first, shown, views);
		compare_all(r, shown, n, base, first, out);
		for (size_t i = 0; i < n; i++)
			model_unref(views[i]);
	}
	free(shown);
	free(views);
}
