#include "config.h"
#include "quant/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"
#include "quant/spec.h"

struct plan_own {
	struct quant_plan p; /* first: a struct quant_plan * is one of these */
	atomic_int refs;
	struct quant_choice *v;
	uint64_t *bytes;
	struct rule_count *rules;
};

struct quant_plan *quant_plan_ref(struct quant_plan *p)
{
	atomic_fetch_add(&((struct plan_own *)p)->refs, 1);
	return p;
}

void quant_plan_unref(struct quant_plan *p)
{
	struct plan_own *o = (struct plan_own *)p;

	if (!o || atomic_fetch_sub(&o->refs, 1) > 1)
		return;
	quant_spec_unref(p->spec);
	quant_targets_unref(p->targets);
	free(o->v);
	free(o->bytes);
	free(o->rules);
	free(o);
}

/* --- rules --- */

static void apply_rule(struct plan_own *o, size_t k)
{
	const struct quant_rule *r = &o->p.spec->rules[k];
	const struct quant_targets *t = o->p.targets;

	for (size_t i = 0; i < t->n; i++) {
		const struct quant_target *x = &t->v[i];
		struct quant_choice *c = &o->v[i];

		if (!x->quantizable || !quant_rule_match(r, x, t->layers))
			continue;
		o->rules[k].matched++;
		quant_fit(x, t->container, r->keep ? quant_plain(x->keep) : r->type, c);
		if (c->type.mode == QUANT_AFFINE)
			c->type.dtype = c->wanted.dtype = x->keep;
		c->why = QUANT_RULE;
		c->rule = (int)k;
	}
}

static const char *nearest_role(const struct quant_targets *t, const char *word)
{
	const char **names = xnew(const char *, t->n + 1), *near;

	for (size_t i = 0; i < t->n; i++)
		names[i] = t->v[i].role;
	near = str_nearest(word, names, t->n);
	free(names);
	return near;
}

static void unmatched(const struct plan_own *o, size_t k, struct findings *f)
{
	const struct quant_rule *r = &o->p.spec->rules[k];
	const struct quant_targets *t = o->p.targets;
	const char *near = NULL;
	size_t never = 0;

	for (size_t i = 0; i < t->n; i++)
		never += quant_rule_match(r, &t->v[i], t->layers);
	if (never) {
		findings_add(f, SEV_WARNING, &r->mark, "rules", "rule-idle", NULL,
			"the rule matches %zu tensors, none of a kind that is quantized", never);
		return;
	}
	for (size_t i = 0; i < r->n_roles && !near; i++)
		near = nearest_role(t, r->roles[i]);
	char *hint = near ? xasprintf("did you mean %s?", near) : NULL;
	findings_add(f, SEV_WARNING, &r->mark, "rules", "rule-unmatched", hint,
		"the rule matches no tensor");
	free(hint);
}

/* A later rule that takes one of its tensors. */
static int overruled_by(const struct plan_own *o, size_t k)
{
	const struct quant_targets *t = o->p.targets;

	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].quantizable && o->v[i].rule > (int)k &&
			quant_rule_match(&o->p.spec->rules[k], &t->v[i], t->layers))
			return o->v[i].rule;
	return -1;
}

static void judge_rules(const struct plan_own *o, const struct quant_choice *preset,
	struct findings *f)
{
	const struct quant_spec *s = o->p.spec;
	size_t *moved = xnew(size_t, s->n_rules + 1);

	for (size_t i = 0; i < o->p.targets->n; i++)
		if (o->v[i].rule >= 0)
			moved[o->v[i].rule] += !quant_type_same(o->v[i].type, preset[i].type);
	for (size_t k = 0; k < s->n_rules; k++) {
		const struct quant_rule *r = &s->rules[k];
		int by;

		if (!o->rules[k].matched) {
			unmatched(o, k, f);
		} else if (!o->rules[k].decided) {
			by = overruled_by(o, k);
			findings_add(f, SEV_WARNING, &r->mark, "rules", "rule-overridden",
				"of several rules that match, the last decides",
				"all %zu tensors it matches are taken by rules below, the first "
				"of them on line %d", o->rules[k].matched,
				by < 0 ? 0 : s->rules[by].mark.line);
		} else if (!moved[k]) {
			findings_add(f, SEV_NOTE, &r->mark, "rules", "rule-same", NULL,
				"the preset gives its %zu tensors this type anyway",
				o->rules[k].decided);
		}
	}
	free(moved);
}

/* --- what else there is to say --- */

struct seen { /* of one kind of fallback or requantization */
	struct quant_type from, to;
	const char *text;
	uint64_t row;
	size_t n;
	const char *first;
};

static void say_fallbacks(const struct plan_own *o, struct findings *f)
{
	const struct quant_targets *t = o->p.targets;
	char a[QUANT_TYPE_NAME], b[QUANT_TYPE_NAME];
	vec(struct seen) seen = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		const struct quant_choice *c = &o->v[i];
		size_t k = 0;
		if (!c->fallback)
			continue;
		while (k < seen.n && (seen.v[k].row != t->v[i].row ||
			!quant_type_same(seen.v[k].from, c->wanted) ||
			!quant_type_same(seen.v[k].to, c->type)))
			k++;
		if (k == seen.n)
			*vec_push(&seen) = (struct seen){ .from = c->wanted, .to = c->type,
				.row = t->v[i].row, .first = t->v[i].name };
		seen.v[k].n++;
	}
	for (size_t k = 0; k < seen.n; k++) {
		const struct seen *s = &seen.v[k];
		findings_add(f, SEV_WARNING, NULL, "", "fallback", NULL,
			"%zu tensors such as %s have rows of %" PRIu64 ", no multiple of %u: "
			"%s instead of %s", s->n, s->first, s->row, quant_type_block(s->from),
			quant_type_name(s->to, a), quant_type_name(s->from, b));
	}
	vec_fini(&seen);
}

/* Stored in a quantized format: its error is there already, and another comes on top. */
static bool is_quantized(const struct quant_target *x)
{
	return x->n_from && (x->source == DT_UNKNOWN || dtype_info(x->source)->kind == DTYPE_QUANT);
}

static bool requantizes(const struct plan_own *o, size_t i)
{
	const struct quant_target *x = &o->p.targets->v[i];

	return is_quantized(x) && !quant_type_is_float(o->v[i].type) &&
		!(o->v[i].type.mode == QUANT_PLAIN && o->v[i].type.dtype == x->source);
}

static void say_requantized(struct plan_own *o, struct findings *f)
{
	const struct quant_targets *t = o->p.targets;
	vec(struct seen) seen = { 0 };
	struct str s = STR_INIT;

	for (size_t i = 0; i < t->n; i++) {
		size_t k = 0;
		if (!requantizes(o, i))
			continue;
		o->p.requantized++;
		while (k < seen.n && !str_eq(seen.v[k].text, t->v[i].source_text))
			k++;
		if (k == seen.n)
			*vec_push(&seen) = (struct seen){ .text = t->v[i].source_text };
		seen.v[k].n++;
	}
	for (size_t k = 0; k < seen.n; k++)
		str_addf(&s, "%s%zu from %s", k ? ", " : "", seen.v[k].n, seen.v[k].text);
	if (seen.n)
		findings_add(f, SEV_WARNING, NULL, "", "requantized",
			"take the unquantized model where there is one",
			"%zu tensors are quantized already, and are so again: %s",
			o->p.requantized, s.s);
	str_fini(&s);
	vec_fini(&seen);
}

static void say_rest(const struct plan_own *o, struct findings *f)
{
	const struct quant_targets *t = o->p.targets;
	const struct yaml_node *at = yaml_get(o->p.spec->tree, "preset");
	char name[QUANT_TYPE_NAME];

	if (o->p.spec->preset.hi_idle)
		findings_add(f, SEV_NOTE, at ? &at->mark : NULL, "preset", "hi-idle", NULL,
			"-hi changes nothing: the groups of %s are fixed",
			quant_type_name(o->p.spec->preset.base, name));
	for (size_t i = 0; i < t->n; i++) {
		const struct quant_choice *c = &o->v[i];
		if (!str_eq(t->v[i].role, "ffn_gate_inp") || quant_type_is_float(c->type) ||
			quant_type_bits(c->type) >= 8)
			continue;
		findings_add(f, SEV_NOTE, NULL, "", "router-bits",
			"a rule for ffn_gate_inp gives it more; it is small",
			"the routers get %s like the rest: they decide which experts work",
			quant_type_name(c->type, name));
		return;
	}
}

/* --- all together --- */

static bool add_up(struct plan_own *o, struct err *e)
{
	const struct quant_targets *t = o->p.targets;

	for (size_t i = 0; i < t->n; i++) {
		const struct quant_target *x = &t->v[i];

		if (!quant_type_bytes(o->v[i].type, x->elements, x->row, &o->bytes[i]))
			return err_set(e, ERR_INPUT, x->name, "choose a type with blocks of 32",
				"rows of %" PRIu64 " are no multiple of %u, and nothing smaller "
				"takes their place", x->row, quant_type_block(o->v[i].type));
		if (!size_add(o->p.weight_bytes, o->bytes[i], &o->p.weight_bytes))
			return err_set(e, ERR_INPUT, x->name, NULL, "the sizes overflow");
		o->p.fallbacks += o->v[i].fallback;
		if (o->v[i].rule >= 0)
			o->rules[o->v[i].rule].decided++;
	}
	if (t->parameters)
		o->p.bits_per_weight = 8.0 * (double)o->p.weight_bytes / (double)t->parameters;
	return true;
}

static bool choose(struct plan_own *o, bool imatrix, struct quant_choice *preset, struct err *e)
{
	const struct quant_spec *s = o->p.spec;
	const struct quant_targets *t = o->p.targets;
	struct quant_policy policy = s->policy;
	bool ok;

	if (s->preset.container != t->container)
		return err_set(e, ERR_INTERNAL, s->preset.name, NULL,
			"the plan writes %s, the tensors are laid out for %s",
			quant_container_name(s->preset.container),
			quant_container_name(t->container));
	policy.imatrix = imatrix;
	ok = t->container == QUANT_GGUF ? quant_policy_llama(t, &s->preset, &policy, o->v, e) :
		quant_policy_mlx(t, &s->preset, o->v, e);
	memcpy(preset, o->v, t->n * sizeof *preset);
	for (size_t k = 0; ok && k < s->n_rules; k++)
		apply_rule(o, k);
	return ok && add_up(o, e);
}

struct quant_plan *quant_plan_make(const struct quant_spec *s, struct quant_targets *t,
	bool imatrix, struct findings *f, struct err *e)
{
	struct plan_own *o = xnew(struct plan_own, 1);
	struct quant_choice *preset = xnew(struct quant_choice, t->n + 1);

	atomic_init(&o->refs, 1);
	o->v = xnew(struct quant_choice, t->n + 1);
	o->bytes = xnew(uint64_t, t->n + 1);
	o->rules = xnew(struct rule_count, s->n_rules + 1);
	o->p = (struct quant_plan){ .spec = quant_spec_ref(s), .targets = quant_targets_ref(t),
		.v = o->v, .bytes = o->bytes, .rules = o->rules };
	bool ok = choose(o, imatrix, preset, e);
	if (ok && f) {
		judge_rules(o, preset, f);
		say_fallbacks(o, f);
		say_requantized(o, f);
		say_rest(o, f);
		findings_sort(f);
	}
	free(preset);
	if (ok)
		return &o->p;
	quant_plan_unref(&o->p);
	return NULL;
}

void quant_plan_why(const struct quant_plan *p, size_t i, struct str *out)
{
	const struct quant_choice *c = &p->v[i];
	char name[QUANT_TYPE_NAME];

	switch (c->why) {
	case QUANT_KEPT:
		str_add(out, "never quantized");
		break;
	case QUANT_BASE:
		str_add(out, p->spec->preset.name);
		break;
	case QUANT_MIXED:
		str_addf(out, "%s, its mixture", p->spec->preset.name);
		break;
	case QUANT_OPTION:
		str_add(out, "an option of the plan");
		break;
	case QUANT_RULE:
		str_addf(out, "rule %d, line %d", c->rule + 1,
			p->spec->rules[c->rule].mark.line);
		break;
	}
	if (c->fallback)
		str_addf(out, "; rows of %" PRIu64 " do not take %s", p->targets->v[i].row,
			quant_type_name(c->wanted, name));
}

bool quant_plan_memory(const struct quant_plan *p, uint64_t context, uint64_t *weights,
	uint64_t *kv)
{
	bool says = p->targets->model && model_memory(p->targets->model, context, weights, kv);

	if (!says)
		*kv = 0;
	*weights = p->weight_bytes;
	return says;
}
