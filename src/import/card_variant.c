/* Which model a row or a column of a card is of. */
#include "import/card_grid.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"

/* The word in the name, as a whole word. */
static const char *part_of(const char *name, const char *part)
{
	size_t n = strlen(part);

	for (const char *p = name; n && (p = card_find(p, part)); p++)
		if ((p == name || !isalnum((uint8_t)p[-1])) && !isalnum((uint8_t)p[n]) &&
			!(strncasecmp(p + n, "-hi", 3) == 0 && !isalnum((uint8_t)p[n + 3])))
			return p;
	return NULL;
}

/* The card's model with another quantization in its name, as its author would name it. */
static char *sibling(const char *name, const char *quant)
{
	size_t n;
	const char *at = card_quant_in(str_base(name), &n);

	if (!at)
		return xasprintf("%s %s", name, quant);
	return xasprintf("%.*s%s%s", (int)(at - name), name, quant, at + n);
}

char *card_variant(const struct card_reader *r, const char *name, const char *quant)
{
	const char *own = r->c->name;

	if (name && own && strcasecmp(str_base(name), str_base(own)) == 0)
		name = NULL;
	if (name) {
		for (size_t i = 0; i < r->c->parents.n; i++)
			if (!strchr(name, '/') &&
				!strcasecmp(str_base(r->c->parents.v[i].name), name))
				return xstrdup(r->c->parents.v[i].name);
		return xstrdup(name);
	}
	if (!quant || !own || part_of(str_base(own), quant))
		return NULL;
	return sibling(own, quant);
}

/* --- words of heads and labels --- */

bool card_own_words(const char *s)
{
	static const char *const words[] = { "this model", "this file", "this", "ours", "our model",
		"this quant", "this merge", "this version" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (!strcasecmp(s, words[i]))
			return true;
	return false;
}

/* Words that say nothing of which model is meant. */
static bool empty_word(const char *s)
{
	static const char *const words[] = { "the", "your", "my", "our", "model", "merge", "score",
		"base", "of", "and", "a", "mlx", "gguf", "merged", "new", "original", "version" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (!strcasecmp(s, words[i]))
			return true;
	return strlen(s) < 2;
}

/* How many words of the label are parts of the name; 0 if one is not, or none says anything. */
static size_t words_in(const char *label, const char *name)
{
	size_t n = 0;

	for (const char *p = label; *p; p += strcspn(p, " "), p += strspn(p, " ")) {
		char *word = xstrndup(p, strcspn(p, " "));

		if (!empty_word(word)) {
			if (!part_of(str_base(name), word)) {
				free(word);
				return 0;
			}
			n++;
		}
		free(word);
	}
	return n;
}

struct candidates {
	const char *best;
	size_t words;
	bool twice;
};

static void candidate(struct candidates *x, const char *label, const char *name)
{
	size_t n = name ? words_in(label, name) : 0;

	if (!n || n < x->words || (x->best && !strcasecmp(str_base(x->best), str_base(name))))
		return;
	x->twice = n == x->words;
	x->words = n;
	x->best = name;
}

static const char *base_of(const struct card_reader *r)
{
	for (size_t i = 0; i < r->c->parents.n; i++)
		if (str_eq(r->c->parents.v[i].relation, "base"))
			return r->c->parents.v[i].name;
	return r->c->parents.n == 1 ? r->c->parents.v[0].name : NULL;
}

/* The one model that all words of the label are parts of: the card's, a parent, or one that had a
 * figure before. */
static const char *by_parts(const struct card_reader *r, const char *label)
{
	struct candidates x = { 0 };

	if (!strcasecmp(label, "base") || !strcasecmp(label, "base model"))
		return base_of(r);
	candidate(&x, label, r->c->name);
	for (size_t i = 0; i < r->c->parents.n; i++)
		candidate(&x, label, r->c->parents.v[i].name);
	for (size_t i = 0; i < r->f->facts.n && i < 500; i++)
		candidate(&x, label, r->f->facts.v[i].variant);
	return x.twice ? NULL : x.best;
}

/* A quantization of what the card's model is one of. */
static char *of_source(const struct card_reader *r, const char *quant)
{
	const char *name = r->c->parents.n == 1 ? r->c->parents.v[0].name : r->c->name;

	if (name && card_find(quant, "f16"))
		return xstrdup(name);
	return xasprintf("%s %s", name ? name : "this model", quant);
}

char *card_meant(const struct card_reader *r, const char *words, bool others, char **quant)
{
	char *label = card_plain(words, strlen(words)), *found = NULL, *open = strchr(label, '(');
	const char *name, *word;
	size_t n;

	*quant = NULL;
	if (open && open > label && str_ends(label, ")")) {
		*open = 0;
		for (size_t k = strlen(label); k && label[k - 1] == ' ';)
			label[--k] = 0;
	}
	if (card_quant_word(label, strlen(label))) {
		*quant = xstrdup(label);
		found = others ? of_source(r, label) : card_variant(r, NULL, label);
	} else if (!card_own_words(label)) {
		name = by_parts(r, label);
		word = card_quant_in(label, &n);
		if (word)
			*quant = xstrndup(word, n);
		found = card_variant(r, name ? name : label, NULL);
	}
	free(label);
	return found;
}
