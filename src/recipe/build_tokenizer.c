#include "config.h"
#include "recipe/build.h"

#include "base/str.h"

static bool given(const struct yaml_node *n)
{
	return n && n->kind != Y_NULL;
}

/* {kind: model_token, model: …} and token: TEXT, or token_id: NUMBER. */
static void read_model_token(struct builder *b, const struct yaml_node *n, const char *path,
	struct token_rule *t)
{
	const struct yaml_node *text = yaml_get(n, "token"), *id = yaml_get(n, "token_id");

	t->kind = TOKEN_OF_MODEL;
	t->model = build_ref(b, yaml_get(n, "model"), path);
	if (!t->model.text)
		build_problem(b, &n->mark, path, "bad-value", "add model: with one of the inputs",
			"a model_token names a model");
	if (given(text) == given(id))
		build_problem(b, &n->mark, path, "bad-value", "keep one of them",
			"a model_token takes token or token_id, and not both");
	else if (given(id) && !(id->kind == Y_INT && id->number >= 0 && id->number < 1e9))
		build_problem(b, &id->mark, path, "bad-value", NULL,
			"token_id takes a whole number");
	else if (given(id))
		t->id = (int64_t)id->number;
	else if (yaml_is_scalar(text))
		t->text = text->text;
	else
		build_problem(b, &text->mark, path, "bad-type", NULL, "token takes a text");
}

static void read_source(struct builder *b, const struct yaml_node *n, const char *path,
	struct token_rule *t)
{
	const struct yaml_node *kind = yaml_get(n, "kind");

	if (!given(n))
		return;
	if (n->kind != Y_MAP || !given(kind)) {
		t->kind = TOKEN_MODEL;
		t->model = build_ref(b, n, path);
	} else if (str_eq(kind->text, "zero")) {
		t->kind = TOKEN_ZERO;
	} else if (str_eq(kind->text, "model_token")) {
		read_model_token(b, n, path, t);
	} else {
		build_problem(b, &kind->mark, path, "bad-value", "write zero, or model_token",
			"there is no source of this kind");
	}
}

static void read_rule(struct builder *b, const struct yaml_pair *p, struct token_rule *t)
{
	const char *at = arena_printf(b->arena, "tokenizer.tokens.%s", p->key->text);
	const struct yaml_node *force = yaml_get(p->value, "force");

	*t = (struct token_rule){ .token = p->key->text, .id = -1, .mark = p->key->mark };
	if (given(p->value) && p->value->kind != Y_MAP) {
		build_problem(b, &p->value->mark, at, "bad-type",
			"write {source: MODEL}, or {source: {kind: zero}}", "a rule is a map");
		return;
	}
	read_source(b, yaml_get(p->value, "source"),
		arena_printf(b->arena, "%s.source", at), t);
	if (given(force) && force->kind != Y_BOOL)
		build_problem(b, &force->mark, arena_printf(b->arena, "%s.force", at), "bad-value",
			NULL, "force takes true or false");
	t->force = given(force) && force->kind == Y_BOOL && force->number != 0.0;
}

static void read_rules(struct builder *b, const struct yaml_node *n)
{
	struct recipe_tokenizer *t = &b->r->tokenizer;
	struct token_rule *v;

	if (!given(n))
		return;
	if (n->kind != Y_MAP) {
		build_problem(b, &n->mark, "tokenizer.tokens", "bad-type",
			"write TOKEN: {source: MODEL}", "tokens is a map of rules");
		return;
	}
	t->tokens = v = arena_new(b->arena, struct token_rule, n->n + 1);
	for (size_t i = 0; i < n->n; i++)
		if (n->pairs[i].kind == Y_OWN || n->pairs[i].kind == Y_MERGED)
			read_rule(b, &n->pairs[i], &v[t->n_tokens++]);
}

static void read_long(struct builder *b, const struct yaml_node *n)
{
	struct recipe_tokenizer *t = &b->r->tokenizer;
	const struct yaml_node *pad = yaml_get(n, "pad_to_multiple_of");

	read_rules(b, yaml_get(n, "tokens"));
	if (given(pad) && pad->kind == Y_INT && pad->number > 0 && pad->number <= 1 << 20)
		t->pad_to_multiple_of = (int64_t)pad->number;
	else if (given(pad))
		build_problem(b, &pad->mark, "tokenizer.pad_to_multiple_of", "bad-value", NULL,
			"pad_to_multiple_of takes a whole number from 1 to 1048576");
	t->mark = n->mark;
	t->source = "union"; /* its default in the long form */
}

static void read_truncate(struct builder *b, const struct yaml_node *n)
{
	struct recipe_tokenizer *t = &b->r->tokenizer;

	if (!given(n))
		return;
	t->truncate_mark = n->mark;
	t->truncate = n->kind == Y_BOOL && n->number != 0.0;
	if (n->kind != Y_BOOL)
		build_problem(b, &n->mark, "unsafe_truncate_embeddings", "bad-value", NULL,
			"unsafe_truncate_embeddings takes true or false");
	else if (t->truncate && t->source)
		build_problem(b, &n->mark, "unsafe_truncate_embeddings", "bad-value",
			"keep one of them",
			"the tokenizer's rule lays the rows out: there is nothing left to cut");
}

void build_tokenizer(struct builder *b, const struct yaml_node *top)
{
	struct recipe_tokenizer *t = &b->r->tokenizer;
	const struct yaml_node *source = yaml_get(top, "tokenizer_source");
	const struct yaml_node *n = yaml_get(top, "tokenizer");

	if (given(n) && given(source))
		build_problem(b, &n->mark, "tokenizer", "tokenizer-twice", "keep one of them",
			"tokenizer and tokenizer_source say the same thing twice");
	if (given(n) && n->kind != Y_MAP) {
		build_problem(b, &n->mark, "tokenizer", "bad-type", "write tokenizer_source: NAME",
			"tokenizer is a map");
	} else if (given(n)) {
		source = yaml_get(n, "source");
		read_long(b, n);
	}
	if (given(source)) {
		t->model = build_ref(b, source, "tokenizer_source");
		t->source = t->model.text;
		t->mark = source->mark;
	}
	t->is_union = str_eq(t->source, "union");
	t->is_base = str_eq(t->source, "base");
	read_truncate(b, yaml_get(top, "unsafe_truncate_embeddings"));
}
