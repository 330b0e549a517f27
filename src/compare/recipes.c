#include "compare/making.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "compare/changed.h"
#include "compare/linediff.h"

static void count_tensors(struct making *m, struct compare_recipes *r, const char *against,
	const char *of)
{
	struct changed *x = compare_tensors(m->c, against, of, NULL);

	if (!x)
		return;
	/* Two containers may have no name in common: that says nothing. */
	r->tensors = x->same + x->changed > 0;
	r->same = x->same;
	r->changed = x->changed;
	r->only_against = x->only_a;
	r->only_of = x->only_b;
	changed_free(x);
}

static void add(struct making *m, size_t of, size_t against)
{
	const struct subject *first = &m->subjects.v[against], *second = &m->subjects.v[of];
	bool same = first->recipe_hash && str_eq(first->recipe_hash, second->recipe_hash);
	struct { struct compare_line *v; size_t n, cap; } lines = { 0 };
	struct compare_recipes *r;
	struct linediff d;

	/* Of one meaning: written in another way, but nothing differs. */
	linediff(&d, same ? second->recipe : first->recipe, second->recipe);
	for (size_t i = 0; i < d.n; i++) {
		struct str text = STR_INIT;

		if (d.v[i].sign == ' ' && m->ask->only_differences)
			continue;
		str_add(&text, "");
		str_add_safe(&text, d.v[i].text, d.v[i].n);
		*vec_push(&lines) = (struct compare_line){ d.v[i].sign, str_steal(&text) };
	}
	linediff_fini(&d);
	m->out->recipes = xrealloc(m->out->recipes, (m->out->n_recipes + 1) *
		sizeof *m->out->recipes);
	r = &m->out->recipes[m->out->n_recipes++];
	*r = (struct compare_recipes){ of, against, lines.v, lines.n, .tensors = false };
	if (first->hash && second->hash)
		count_tensors(m, r, first->hash, second->hash);
}

/* Against the baseline's, or where it has none against the first that has one. */
void making_recipes(struct making *m)
{
	size_t against = m->out->baseline;

	if (against == SIZE_MAX || !m->subjects.v[against].recipe)
		for (against = 0; against < m->subjects.n && !m->subjects.v[against].recipe;)
			against++;
	for (size_t i = 0; i < m->subjects.n && against < m->subjects.n; i++)
		if (i != against && m->subjects.v[i].recipe)
			add(m, i, against);
}
