#include "config.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "lineage/build.h"

/* What a licence asks of those who build on the model. */
enum terms { TERMS_NONE, TERMS_OWN, TERMS_SHARE, TERMS_NONCOMMERCIAL };

static bool has_word(const char *s, const char *word)
{
	for (; *s; s++)
		if (!strncasecmp(s, word, strlen(word)))
			return true;
	return false;
}

static enum terms terms_of(const char *license)
{
	static const struct { const char *word; enum terms terms; int whole; } words[] = {
		{ "-nc", TERMS_NONCOMMERCIAL, 0 },
		{ "noncommercial", TERMS_NONCOMMERCIAL, 0 },
		{ "non-commercial", TERMS_NONCOMMERCIAL, 0 },
		{ "research", TERMS_NONCOMMERCIAL, 0 },
		{ "gpl", TERMS_SHARE, 0 },
		{ "-sa", TERMS_SHARE, 0 },
		{ "share-alike", TERMS_SHARE, 0 },
		{ "apache", TERMS_NONE, 0 },
		{ "mit", TERMS_NONE, 1 },
		{ "bsd", TERMS_NONE, 0 },
		{ "cc0", TERMS_NONE, 0 },
		{ "cc-by", TERMS_NONE, 0 },
		{ "isc", TERMS_NONE, 1 },
		{ "unlicense", TERMS_NONE, 0 },
		{ "zlib", TERMS_NONE, 0 },
		{ "wtfpl", TERMS_NONE, 0 },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].whole ? !strcasecmp(license, words[i].word) :
			has_word(license, words[i].word))
			return words[i].terms;
	return TERMS_OWN; /* llama3.2, gemma, other …: conditions of its own */
}

static const char *const asks[] = { "", "terms of its own", "the same licence",
	"non-commercial use only" };

#define CARRIED 6 /* licences kept of one node; more are not more of a warning */
struct carry {
	size_t n, from[CARRIED]; /* nodes, each with another licence, each asking for something */
};

static void take(const struct lineage *l, struct carry *c, size_t from)
{
	const char *license = l->nodes[from].license;

	if (!license || !*license || terms_of(license) == TERMS_NONE)
		return;
	for (size_t i = 0; i < c->n; i++)
		if (!strcasecmp(l->nodes[c->from[i]].license, license))
			return;
	if (c->n < CARRIED)
		c->from[c->n++] = from;
}

/* "non-commercial use only (cc-by-nc-4.0) from X; terms of its own (llama3.2) from Y" */
static void describe(struct lineage *l, size_t node, const struct carry *c)
{
	struct lineage_node *x = &l->nodes[node];
	struct str s = STR_INIT;

	for (int terms = TERMS_NONCOMMERCIAL; terms > TERMS_NONE; terms--)
		for (size_t i = 0; i < c->n; i++) {
			const struct lineage_node *from = &l->nodes[c->from[i]];

			if ((int)terms_of(from->license) != terms || c->from[i] == node ||
				(x->license && !strcasecmp(x->license, from->license)))
				continue;
			str_addf(&s, "%s%s (%s) from %s", s.n ? "; " : "", asks[terms],
				from->license, from->name);
		}
	x->carried = s.n ? str_steal(&s) : NULL;
	str_fini(&s);
}

static void contradict(struct lineage *l, size_t node, const struct carry *c)
{
	struct lineage_node *x = &l->nodes[node], *nc = NULL, *share = NULL;

	if (x->conflict) /* with its own card: that comes first */
		return;
	for (size_t i = 0; i < c->n; i++) {
		struct lineage_node *from = &l->nodes[c->from[i]];
		enum terms t = terms_of(from->license);

		if (t == TERMS_NONCOMMERCIAL && !nc)
			nc = from;
		if (t == TERMS_SHARE && !share)
			share = from;
	}
	if (nc && share && nc != share && !has_word(share->license, "-nc") &&
		!has_word(nc->license, "-sa"))
		x->conflict = xasprintf("%s of %s and %s of %s cannot both be kept",
			share->license, share->name, nc->license, nc->name);
	else if (x->license && nc && nc != x && terms_of(x->license) < TERMS_NONCOMMERCIAL)
		x->conflict = xasprintf("it says %s, but %s of %s allows no commercial use",
			x->license, nc->license, nc->name);
	else if (x->license && share && share != x && terms_of(x->license) == TERMS_NONE)
		x->conflict = xasprintf("it says %s, but %s of %s asks for the same licence",
			x->license, share->license, share->name);
}

void licence_carry(struct lineage *l)
{
	struct carry *all = xnew(struct carry, l->n_nodes + 1);

	for (size_t k = 0; k < l->n_nodes; k++) {
		size_t i = l->order[k];
		struct carry *c = &all[i];

		for (size_t e = l->first[i]; e < l->first[i + 1]; e++) {
			const struct carry *p = &all[l->edges[e].parent];

			take(l, c, l->edges[e].parent);
			for (size_t j = 0; j < p->n; j++)
				take(l, c, p->from[j]);
		}
		if (!c->n)
			continue;
		describe(l, i, c);
		contradict(l, i, c);
	}
	free(all);
}
