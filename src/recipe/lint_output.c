#include "config.h"
#include "recipe/lint_in.h"

#include <string.h>

#include "recipe/template.h"
#include "tensor/dtype.h"

static const struct mark *mark_of(const struct lint *l, const char *key)
{
	const struct yaml_node *n = yaml_get(l->r->tree, key);

	return n ? &n->mark : &l->r->tree->mark;
}

static void check_dtype(struct lint *l, const char *key, const char *name)
{
	static const char *const names[] = { "bfloat16", "float16", "float32", "float64" };
	static const struct { const char *habit, *meant;
	} habits[] = {
		{"bf16", "bfloat16"},
		{"fp16", "float16"},
		{"fp32", "float32"},
		{"half", "float16"},
		{"float", "float32"},
		{"f16", "float16"},
		{"f32", "float32"},
		{"bfloat", "bfloat16"},
	};
	const char *near;
	enum dtype t;
	struct str hint = STR_INIT;

	if (!name)
		return;
	t = dtype_by_torch(name);
	if (dtype_is_float(t) && dtype_info(t)->encode)
		return;
	near = str_nearest(name, names, sizeof names / sizeof *names);
	for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
		if (str_eq(name, habits[i].habit))
			near = habits[i].meant;
	if (near)
		str_addf(&hint, "did you mean %s?", near);
	else
		str_add(&hint, "write bfloat16, float16, float32 or float64");
	findings_add(l->out, SEV_ERROR, mark_of(l, key), key, "unknown-dtype", hint.s,
		"%s is no number format that can be written", name);
	str_fini(&hint);
}

static bool is_input(const struct lint *l, const struct recipe_ref_text *ref)
{
	for (size_t i = 0; i < l->n; i++)
		if (recipe_ref_same(recipe_input_ref(l->r, i), ref))
			return true;
	return false;
}

/* What the text alone tells; the vocabularies tell the rest. */
static void check_rule(struct lint *l, const struct token_rule *t)
{
	struct str path = STR_INIT;

	str_addf(&path, "tokenizer.tokens.%s", t->token);
	if (t->model.text && !is_input(l, &t->model))
		findings_add(l->out, SEV_ERROR, &t->model.mark, path.s, "vocabulary",
			"name it as it is under models",
			"%s is none of the inputs: it has no row to give", t->model.text);
	if (t->kind == TOKEN_AS_OTHERS && !t->force)
		findings_add(l->out, SEV_NOTE, &t->mark, path.s, "no-effect",
			"add source:, or force: true",
			"the token is added if no vocabulary has it; the rule does nothing else");
	str_fini(&path);
}

static void check_tokenizer(struct lint *l)
{
	const struct recipe_tokenizer *t = &l->r->tokenizer;
	const char *key = yaml_get(l->r->tree, "tokenizer") ? "tokenizer" : "tokenizer_source";

	if (!t->source)
		return;
	if (t->is_base && l->base < 0)
		findings_add(l->out, SEV_WARNING, &t->mark, key, "vocabulary",
			"give a base_model, or name a model",
			"the tokenizer is to come from the base, but there is none: the first "
			"model's is taken");
	else if (!t->is_base && !t->is_union && !is_input(l, &t->model))
		findings_add(l->out, SEV_NOTE, &t->mark, key, "vocabulary", NULL,
			"%s is none of the inputs: its tokenizer is taken, not its weights",
			t->source);
	for (size_t i = 0; i < t->n_tokens; i++)
		check_rule(l, &t->tokens[i]);
	if (t->pad_to_multiple_of == 1)
		findings_add(l->out, SEV_NOTE, &t->mark, "tokenizer.pad_to_multiple_of",
			"no-effect", NULL, "every number of rows is a multiple of 1");
}

static void check_template(struct lint *l)
{
	const char *t = l->r->chat_template, *near, *names[16];
	struct str hint = STR_INIT;
	size_t n = 0;

	if (!t || template_means(t))
		return;
	for (; template_at(n); n++)
		names[n] = template_at(n)->name;
	near = str_nearest(t, names, n);
	if (near)
		str_addf(&hint, "did you mean %s?", near);
	else
		str_add(&hint, "write auto, the template's text, or one of");
	for (size_t i = 0; !near && i < n; i++)
		str_addf(&hint, "%s %s", i ? "," : "", names[i]);
	findings_add(l->out, SEV_ERROR, mark_of(l, "chat_template"), "chat_template",
		"chat-template", hint.s, "this is no chat template");
	str_fini(&hint);
}

static void check_seed(struct lint *l)
{
	if (l->r->has_seed && l->r->method && !l->r->method->random)
		findings_add(l->out, SEV_NOTE, mark_of(l, "seed"), "seed", "no-effect", NULL,
			"seed has no effect: %s draws nothing at random", l->r->method->name);
}

void lint_output(struct lint *l)
{
	check_dtype(l, "dtype", l->r->dtype);
	check_dtype(l, "out_dtype", l->r->out_dtype);
	if (l->r->dtype && l->r->out_dtype)
		findings_add(l->out, SEV_NOTE, mark_of(l, "dtype"), "dtype", "no-effect", NULL,
			"dtype has no effect beside out_dtype: arithmetic is float32, and "
			"out_dtype says what is stored");
	check_tokenizer(l);
	check_template(l);
	check_seed(l);
}
