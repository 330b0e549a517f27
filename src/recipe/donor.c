#include "config.h"
#include "recipe/lint.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"

static bool has_tokenizer(const struct model *m)
{
	return m && (m->tokenizer.kind || m->tokenizer.vocab_size > 0);
}

static bool has_template(const struct model *m)
{
	return m && m->tokenizer.chat_template && *m->tokenizer.chat_template;
}

/* Unknown is not different. */
static bool other_vocabulary(const struct model *a, const struct model *b)
{
	const struct model_tokenizer *x = &a->tokenizer, *y = &b->tokenizer;

	if (!hash_is_zero(x->vocab_hash) && !hash_is_zero(y->vocab_hash))
		return !hash_eq(x->vocab_hash, y->vocab_hash);
	return x->vocab_size > 0 && y->vocab_size > 0 && x->vocab_size != y->vocab_size;
}

/* Whose vocabulary the weights of the output have: the base's, else the first model's. */
static int vocabulary_of(struct model *const *inputs, size_t n, int base)
{
	if (base >= 0 && has_tokenizer(inputs[base]))
		return base;
	for (size_t i = 0; i < n; i++)
		if (has_tokenizer(inputs[i]))
			return (int)i;
	return -1;
}

/* Of a recipe that says whose tokenizer the output's is built on. */
static int named_input(const struct recipe *r, size_t n, int base)
{
	if (r->tokenizer.is_base || r->tokenizer.is_union)
		return base >= 0 ? base : 0;
	for (size_t i = 0; i < n; i++)
		if (recipe_ref_same(recipe_input_ref(r, i), &r->tokenizer.model))
			return (int)i;
	return -1;
}

static const char *text_of(const struct recipe *r, int i)
{
	return str_base(recipe_input_ref(r, (size_t)i)->text);
}

/* The recipe says it: rows are laid out for that vocabulary. -1: another model's, or none. */
static int donor_named(const struct recipe *r, struct model *const *inputs, size_t n, int base,
	struct str *why)
{
	int i = named_input(r, n, base);

	if (i >= 0 && !has_tokenizer(inputs[i]))
		str_addf(why, "the tokenizer is to come from %s, which has none here",
			text_of(r, i));
	else if (i < 0)
		str_addf(why, "tokenizer and chat template come from %s, as the recipe says",
			r->tokenizer.source);
	else if (r->tokenizer.is_union)
		str_addf(why, "tokenizer and chat template come from %s, with the tokens of all",
			text_of(r, i));
	else
		str_addf(why, "tokenizer and chat template come from %s, as the recipe says",
			text_of(r, i));
	return i >= 0 && has_tokenizer(inputs[i]) ? i : -1;
}

/* Base first, then the models as listed. k counts candidates, not inputs. */
static int candidate(size_t k, int base)
{
	if (base < 0)
		return (int)k;
	return k == 0 ? base : (int)k <= base ? (int)k - 1 : (int)k;
}

static int donor_found(const struct recipe *r, struct model *const *inputs, size_t n, int base,
	int vocabulary, struct str *why)
{
	int skipped = -1;

	for (size_t k = 0; k < n; k++) {
		int i = candidate(k, base);

		if (!has_template(inputs[i]) || !has_tokenizer(inputs[i]))
			continue;
		if (vocabulary >= 0 && other_vocabulary(inputs[i], inputs[vocabulary])) {
			skipped = skipped < 0 ? i : skipped;
			continue;
		}
		str_addf(why, "tokenizer and chat template come from %s", text_of(r, i));
		if (base >= 0 && i != base)
			str_addf(why, ": the base %s has no chat template", text_of(r, base));
		else if (base < 0 && i > 0)
			str_addf(why, ": the models before it have no chat template");
		return i;
	}
	if (vocabulary < 0)
		str_add(why, "no input has a tokenizer: the output gets none");
	else
		str_addf(why, "the tokenizer comes from %s; %s", text_of(r, vocabulary),
			skipped < 0 ? "no input has a chat template"
			: "the output gets no chat template: ");
	if (skipped >= 0)
		str_addf(why, "%s has one, but another vocabulary", text_of(r, skipped));
	return vocabulary;
}

int recipe_donor(
	const struct recipe *r, struct model *const *inputs, size_t n, int base, char **why)
{
	struct str s = STR_INIT;
	int donor;

	if (base >= (int)n)
		base = -1;
	donor = r->tokenizer.source ? donor_named(r, inputs, n, base, &s)
		: donor_found(r, inputs, n, base, vocabulary_of(inputs, n, base), &s);
	if (why)
		*why = str_steal(&s);
	else
		str_fini(&s);
	return donor;
}
