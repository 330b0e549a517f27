#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"
#include "engine/config_stack.h"
#include "engine/config_text.h"
#include "engine/rows.h"
#include "model/stack.h"

struct origin { /* of a layer of the output */
	const struct model *model;
	int64_t layer;
};
struct stack { /* of one module */
	const char *module;
	int64_t depth;             /* in the model whose config it is */
	vec(struct origin) v;
	bool same;                 /* its own layers in their own places */
};
struct stacks {
	struct stack *v;
	size_t n;
};

static void stack_add(struct stack *st, const struct recipe *r, const struct inputs *in,
	size_t slice, const struct model *of)
{
	const struct recipe_slice *s = &r->slices[slice];
	int whom = s->n_sources ? rows_like(r, in, slice, s->n_sources) : -1;

	for (size_t k = 0; k < s->n_sources; k++)
		if (s->sources[k].input == whom) {
			const struct recipe_input *src = &s->sources[k];

			for (int64_t l = src->from; l < src->to; l++) {
				st->same &= in->v[whom].model == of && l == (int64_t)st->v.n;
				*vec_push(&st->v) = (struct origin){ in->v[whom].model, l };
			}
			return;
		}
}

static struct stacks stacks_of(const struct recipe *r, const struct inputs *in,
	const struct model *of)
{
	struct stacks out = { xnew(struct stack, r->n_modules), 0 };

	for (size_t m = 0; m < r->n_modules; m++) {
		struct stack *st = &out.v[out.n];

		if (!r->slices[r->modules[m].first].ranged)
			continue;
		*st = (struct stack){ .module = r->modules[m].name, .same = true,
			.depth = module_depth(r->modules[m].name, of) };
		for (size_t s = 0; s < r->modules[m].n; s++)
			stack_add(st, r, in, r->modules[m].first + s, of);
		st->same &= (int64_t)st->v.n == st->depth;
		out.n++;
	}
	return out;
}

static void stacks_fini(struct stacks *s)
{
	for (size_t i = 0; i < s->n; i++)
		vec_fini(&s->v[i].v);
	free(s->v);
}

/* --- which key says what --- */

/* A part of the config ("text_config", "" for the top) is that of a module of its kind. */
static bool part_is_of(const char *part, const char *module)
{
	bool vision = strstr(part, "vision") || strstr(part, "visual"),
	     audio = strstr(part, "audio");

	if (strstr(module, "vision") || strstr(module, "visual"))
		return vision;
	return strstr(module, "audio") ? audio : !vision && !audio;
}

static const struct stack *stack_for(const struct stacks *s, const char *part)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->v[i].same && s->v[i].depth > 0 && part_is_of(part, s->v[i].module))
			return &s->v[i];
	return NULL;
}

static bool among(const char *key, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(key, *list) == 0)
			return true;
	return false;
}

static bool counts_layers(const char *key)
{
	static const char *const list[] = { "num_hidden_layers", "n_layer", "n_layers",
		"num_layers", "num_decoder_layers", "decoder_layers", "encoder_layers",
		"num_encoder_layers",
		"depth", NULL };

	return among(key, list);
}

/* Lists of layers' numbers, not of one entry a layer. */
static bool numbers_layers(const char *key)
{
	static const char *const list[] = { "mlp_only_layers", "full_attn_idxs",
		"attn_layer_indices", "moe_layers", "cross_attention_layers", NULL };

	return among(key, list);
}

static bool is_no_list_of_layers(const char *key)
{
	return strcmp(key, "architectures") == 0 || strcmp(key, "mrope_section") == 0 ||
		str_ends(key, "_id") || str_ends(key, "_ids");
}

/* --- values --- */

static json_t *value_in(const struct model *m, const char *part, const char *key)
{
	json_t *o = m && m->config && *part ? json_object_get(m->config, part)
		: m ? m->config : NULL;

	return o ? json_object_get(o, key) : NULL;
}

static int64_t layers_listed(const json_t *v)
{
	return json_is_array(v) ? (int64_t)json_array_size(v)
		: json_is_string(v) ? (int64_t)json_string_length(v) : -1;
}

/* One entry a layer: each from the model that the layer is from. */
static json_t *restacked(const struct stack *st, const char *part, const char *key,
	const json_t *own)
{
	bool text = json_is_string(own);
	json_t *out = json_array();
	struct str s = STR_INIT;

	for (size_t i = 0; out && i < st->v.n; i++) {
		const struct origin *o = &st->v.v[i];
		const json_t *v = value_in(o->model, part, key);

		if (!v || json_typeof(v) != json_typeof(own) || o->layer >= layers_listed(v))
			v = own;
		if (o->layer >= layers_listed(v)) {
			json_decref(out);
			out = NULL;
		} else if (text) {
			str_addc(&s, json_string_value(v)[o->layer]);
		} else {
			json_array_append(out, json_array_get(v, (size_t)o->layer));
		}
	}
	if (out && text) {
		json_decref(out);
		out = json_stringn(s.s ? s.s : "", s.n);
	}
	str_fini(&s);
	return out;
}

static bool lists(const json_t *v, int64_t layer)
{
	size_t i;
	const json_t *x;

	json_array_foreach(v, i, x)
		if (json_is_integer(x) && json_integer_value(x) == layer)
			return true;
	return false;
}

static json_t *renumbered(const struct stack *st, const char *part, const char *key)
{
	json_t *out = json_array();

	for (size_t i = 0; i < st->v.n; i++)
		if (lists(value_in(st->v.v[i].model, part, key), st->v.v[i].layer))
			json_array_append_new(out, json_integer((json_int_t)i));
	return out;
}

static bool stack_value(void *ctx, const char *part, const char *key, const char *old, size_t n,
	struct str *out)
{
	const struct stack *st = stack_for(ctx, part);
	json_t *own = st ? json_loadb(old, n, JSON_DECODE_ANY, NULL) : NULL, *v = NULL;
	char *text;

	if (own && counts_layers(key) && json_is_integer(own) &&
		json_integer_value(own) == st->depth)
		v = json_integer((json_int_t)st->v.n);
	else if (json_is_array(own) && numbers_layers(key))
		v = renumbered(st, part, key);
	else if (own && layers_listed(own) == st->depth && !is_no_list_of_layers(key) &&
		(json_is_array(own) || str_ends(key, "_pattern")))
		v = restacked(st, part, key, own);
	text = v ? json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) : NULL;
	str_add(out, text ? text : "");
	free(text);
	json_decref(own);
	json_decref(v);
	return out->n > 0;
}

char *config_with_stack(const struct recipe *r, const struct inputs *in, const struct model *of,
	const char *text, size_t n)
{
	struct stacks s = stacks_of(r, in, of);
	char *out = s.n ? config_replaced(text, n, stack_value, &s) : NULL;

	stacks_fini(&s);
	return out;
}

/* --- rules --- */

static const struct {
	const char *key;
	enum { EVERY, FROM } kind;
	bool unless_listed;        /* newer configs spell the layers out beside it */
} rules[] = {
	{ "sliding_window_pattern", EVERY, true }, { "full_attention_interval", EVERY, true },
	{ "attn_layer_period", EVERY, true }, { "expert_layer_period", EVERY, false },
	{ "decoder_sparse_step", EVERY, false }, { "interleave_moe_layer_step", EVERY, false },
	{ "no_rope_layer_interval", EVERY, true }, { "global_attn_every_n_layers", EVERY, true },
	{ "moe_layer_freq", EVERY, false }, { "cross_attention_interval", EVERY, false },
	{ "first_k_dense_replace", FROM, false }, { "max_window_layers", FROM, true },
	{ "num_dense_layers", FROM, false },
};

static bool rule_breaks(const struct stack *st, int64_t n, bool every)
{
	for (size_t i = 0; i < st->v.n; i++) {
		int64_t here = (int64_t)i, there = st->v.v[i].layer;

		if (every ? n > 1 && here % n != there % n : (here < n) != (there < n))
			return true;
	}
	return false;
}

static void rules_in(const struct stacks *s, const struct model *of, const char *part,
	struct str *out)
{
	const struct stack *st = stack_for(s, part);

	for (size_t i = 0; st && i < sizeof rules / sizeof *rules; i++) {
		const json_t *v = value_in(of, part, rules[i].key);
		const json_t *listed = value_in(of, part, "layer_types"),
			     *use = value_in(of, part, "use_sliding_window");

		if (!json_is_integer(v) || (rules[i].unless_listed && json_is_array(listed)) ||
			(json_is_false(use) && strcmp(rules[i].key, "max_window_layers") == 0))
			continue;
		if (rule_breaks(st, json_integer_value(v), rules[i].kind == EVERY))
			str_addf(out, "%s%s", out->n ? ", " : "", rules[i].key);
	}
}

void config_rules(const struct recipe *r, const struct inputs *in, const struct model *of,
	struct str *out)
{
	struct stacks s = stacks_of(r, in, of);
	const char *key;
	json_t *v;

	if (s.n && of->config) {
		rules_in(&s, of, "", out);
		json_object_foreach(of->config, key, v)
			if (json_is_object(v) && str_ends(key, "_config"))
				rules_in(&s, of, key, out);
	}
	stacks_fini(&s);
}
