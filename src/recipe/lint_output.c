#include "config.h"
#include "recipe/lint_in.h"

#include <string.h>

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

static bool is_input(const struct lint *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(recipe_input_ref(l->r, i)->text, text))
			return true;
	return false;
}

static void check_tokenizer(struct lint *l)
{
	const struct recipe_tokenizer *t = &l->r->tokenizer;
	const char *key = yaml_get(l->r->tree, "tokenizer") ? "tokenizer" : "tokenizer_source";

	if (!t->source)
		return;
	if (t->is_union)
		findings_add(l->out, SEV_ERROR, &t->mark, key, "vocabulary",
			"name one model: all inputs must share its vocabulary",
			"vocabularies are not united: the output has that of one input");
	else if (t->is_base && l->base < 0)
		findings_add(l->out, SEV_ERROR, &t->mark, key, "vocabulary",
			"give a base_model, or name a model",
			"the tokenizer is to come from the base, but there is none");
	else if (!t->is_base && !is_input(l, t->source))
		findings_add(l->out, SEV_ERROR, &t->mark, key, "vocabulary",
			"name it as it is under models", "%s is none of the inputs", t->source);
	if (t->n_tokens)
		findings_add(l->out, SEV_ERROR, &t->mark, "tokenizer.tokens", "vocabulary",
			"take them out",
			"rules for single tokens cannot be followed: vocabularies stay as they "
			"are");
	if (t->pad_to_multiple_of > 1)
		findings_add(l->out, SEV_ERROR, &t->mark, "tokenizer.pad_to_multiple_of",
			"vocabulary", "take it out",
			"the vocabulary cannot be padded: it stays as it is");
}

static void check_template(struct lint *l)
{
	static const char *const builtin[] = { "alpaca", "chatml", "exaone", "llama3", "mistral" };
	const char *t = l->r->chat_template;

	if (!t || str_eq(t, "auto"))
		return;
	for (size_t i = 0; i < sizeof builtin / sizeof *builtin; i++)
		if (str_eq(t, builtin[i])) {
			findings_add(l->out, SEV_ERROR, mark_of(l, "chat_template"),
				"chat_template", "chat-template",
				"write the template's text, or leave it to the donor",
				"there is no built-in template %s", t);
			return;
		}
	if (strlen(t) < 20 || !strchr(t, '{'))
		findings_add(l->out, SEV_ERROR, mark_of(l, "chat_template"), "chat_template",
			"chat-template", "write auto, or the template's text",
			"this is no chat template");
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
