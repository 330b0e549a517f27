/* Which model a row or a column of a card is of. */
#include "import/card_reading.h"
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
