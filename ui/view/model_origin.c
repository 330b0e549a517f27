#include "config.h"
#include "ui/view/model_origin.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"

#define TREE_ROWS 12
#define LEAVES 6

static void add_share(struct str *s, double c, bool near)
{
	str_addf(s, "%s%.2f", near ? "≈" : "", c);
}

static void add_edge(struct str *s, const struct lineage_edge *e)
{
	if (!isnan(e->coefficient) && e->coefficient != 0.0 && !str_eq(e->relation, "quantized")) {
		str_addc(s, ' ');
		add_share(s, e->coefficient, e->approximate);
	} else if (!str_eq(e->relation, "merge")) {
		str_addf(s, " (%s)", str_eq(e->relation, "base") && !e->recipe ? "based on it" :
			e->relation);
	}
}

/* --- ancestors --- */

static void from_tree(struct model_card *c, const struct lineage *l, size_t node)
{
	size_t n;
	struct lineage_row *v = lineage_walk(l, node, TREE_ROWS + 1, &n);

	for (size_t i = 1; i < n; i++) {
		struct str s = STR_INIT;
		const char *made = lineage_made_by(l, v[i].node);

		for (int d = 1; d < v[i].depth; d++)
			str_add(&s, v[i].lines >> d & 1 ? "│ " : "  ");
		if (v[i].depth > 1 || l->first[node + 1] - l->first[node] > 1)
			str_add(&s, v[i].last ? "╰ " : "├ ");
		str_add(&s, str_base(l->nodes[v[i].node].name));
		add_edge(&s, &l->edges[v[i].edge]);
		if (v[i].shared)
			str_add(&s, " ↑ see above");
		else if (made && lineage_is_made(l, v[i].node))
			str_addf(&s, " · %s", made);
		if (!l->nodes[v[i].node].model)
			str_addf(&s, " · %s", l->nodes[v[i].node].state);
		if (v[i].cut)
			str_add(&s, " …");
		card_line(c, i == 1 ? "from" : "", v[i].shared || !l->nodes[v[i].node].model ?
			STYLE_dim : STYLE_normal, "%s", s.s);
		str_fini(&s);
	}
	free(v);
}

static void from_line(struct model_card *c, const struct lineage *l, size_t node)
{
	struct str s = STR_INIT;

	for (size_t e = l->first[node]; e < l->first[node + 1] && e < l->first[node] + 8; e++) {
		str_addf(&s, "%s%s", s.n ? " · " : "", str_base(l->nodes[l->edges[e].parent].name));
		add_edge(&s, &l->edges[e]);
	}
	if (s.n)
		card_line(c, "from", STYLE_normal, "%s", s.s);
	str_fini(&s);
}

/* A recipe that no run of this catalog used: of a card, or of a file beside the weights. */
static void recipe_line(struct model_card *c, const struct lineage *l, size_t node)
{
	size_t e = l->first[node];

	if (e < l->first[node + 1] && !l->nodes[node].run && l->edges[e].recipe)
		card_line(c, "recipe", STYLE_value, "%s, says %s · r brings it",
			lineage_made_by(l, node), l->edges[e].source);
}

/* --- leaves --- */

static void leaf_text(struct str *s, const struct lineage *l, const struct lineage_leaf *x)
{
	str_addf(s, "%s ", str_base(l->nodes[x->node].name));
	if (isnan(x->coefficient))
		str_add(s, "?");
	else
		add_share(s, x->coefficient, x->approximate);
	if (x->paths > 1) {
		char *parts = lineage_parts_text(l, x);

		str_addf(s, " (%s: %s)", x->paths == 2 ? "twice" : "more than once", parts);
		free(parts);
	}
}

/* Of a merge of merges, or what has no sum: else the parents' line has said it. */
static bool worth_saying(const struct lineage *l, size_t node)
{
	for (size_t e = l->first[node]; e < l->first[node + 1]; e++)
		if (lineage_is_made(l, l->edges[e].parent))
			return true;
	return false;
}

static void leaves_lines(struct model_card *c, const struct lineage *l, size_t node, bool wide)
{
	size_t n;
	struct lineage_leaf *v;
	struct str s = STR_INIT;
	const char *why = NULL, *at = NULL;

	if (!worth_saying(l, node))
		return;
	v = lineage_leaves(l, node, &n);
	for (size_t i = 0; i < n && i < LEAVES; i++) {
		str_add(&s, s.n ? " · " : "");
		leaf_text(&s, l, &v[i]);
		if (isnan(v[i].coefficient) && !why) {
			why = v[i].why;
			at = v[i].at;
		}
		if (!wide && i + 1 < n && i + 1 < LEAVES)
			continue;
		card_line(c, !wide || i == 0 ? "leaves" : "", v[i].paths > 1 ? STYLE_note :
			STYLE_normal, "%s", s.s);
		str_clear(&s);
	}
	if (n > LEAVES)
		card_line(c, "", STYLE_dim, "and %zu more", n - LEAVES);
	if (why)
		card_line(c, "", STYLE_dim, "? %s, in %s", why, at ? at : "a recipe on the way");
	lineage_leaves_free(v, n);
	str_fini(&s);
}

static void also_line(struct model_card *c, const struct lineage *l, size_t node)
{
	struct str s = STR_INIT;

	for (size_t i = 0; i < l->n_also; i++)
		if (l->also[i].child == node && s.n < 200)
			str_addf(&s, "%s%s (%s)", s.n ? " · " : "",
				l->nodes[l->also[i].parent].name, l->also[i].source);
	if (s.n)
		card_line(c, "also said", STYLE_dim, "%s", s.s);
	str_fini(&s);
}

void origin_lines(struct model_card *c, const struct lineage *l, size_t node, bool wide)
{
	const struct lineage_node *x = &l->nodes[node];

	lineage_ready(l, node);
	recipe_line(c, l, node);
	if (wide)
		from_tree(c, l, node);
	else
		from_line(c, l, node);
	leaves_lines(c, l, node, wide);
	also_line(c, l, node);
	if (x->conflict)
		card_line(c, "licences", STYLE_warn, "%s", x->conflict);
	else if (x->carried)
		card_line(c, "carries", STYLE_warn, "%s", x->carried);
}

void became_line(struct model_card *c, const struct lineage *l, size_t node)
{
	size_t first = l->first_child[node], n = l->first_child[node + 1] - first;
	struct str s = STR_INIT;

	for (size_t i = 0; i < n && i < 4; i++)
		str_addf(&s, "%s%s", i ? " · " : "",
			str_base(l->nodes[l->edges[l->by_parent[first + i]].child].name));
	if (n > 4)
		str_addf(&s, " and %zu more", n - 4);
	if (n)
		card_line(c, "became", STYLE_normal, "%s", s.s);
	str_fini(&s);
}

/* --- the weights' own word --- */

void measured_lines(struct model_card *c, const struct lineage *l, const struct measured *m)
{
	if (!m->n && m->candidates)
		card_line(c, "weights", STYLE_dim, "nothing is stored of how near others are; "
			":nearest samples them");
	for (size_t i = 0; i < m->n && i < 3; i++) {
		char *cell[3];

		measured_cells(&m->v[i], cell);
		card_line(c, i ? "" : "nearest", STYLE_normal, "%s %s%s%s%s",
			str_base(l->nodes[m->v[i].node].name), m->v[i].relative_l2.value == 0.0 ?
			cell[0] : "rel L2 ", m->v[i].relative_l2.value == 0.0 ? " " : cell[1],
			*cell[2] ? " · Δ cos " : "", cell[2]);
		for (int k = 0; k < 3; k++)
			free(cell[k]);
	}
	if (m->finding)
		card_line(c, "but", STYLE_warn, "%s", m->finding);
}
