#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "lineage/build.h"

void edge_fini(struct lineage_edge *e)
{
	free(e->relation);
	free(e->source);
	free(e->method);
	free(e->brief);
}

static int by_child(const void *x, const void *y)
{
	const struct lineage_edge *a = x, *b = y;

	if (a->child != b->child)
		return a->child < b->child ? -1 : 1;
	if (a->strength != b->strength)
		return a->strength - b->strength;
	return a->position < b->position ? -1 : a->position > b->position;
}

/* The same parent twice in one recipe counts twice; said again by a weaker source it adds what the
 * stronger one does not know. */
static void join(struct lineage_edge *to, struct lineage_edge *e)
{
	if (e->strength == to->strength && e->run == to->run && e->card == to->card) {
		to->coefficient += e->coefficient;
		to->approximate |= e->approximate;
	} else if (!to->recipe && e->recipe) {
		char *method = to->method, *brief = to->brief;

		to->recipe = e->recipe;
		to->method = e->method;
		to->brief = e->brief;
		to->coefficient = e->coefficient;
		to->approximate = e->approximate;
		to->why = e->why;
		e->recipe = NULL;
		e->method = method;
		e->brief = brief;
	}
}

/* Of each child the edges of its strongest source, each parent once; other parents go to `also`.
 * A second run or card of the same strength is a second opinion: the first (newest) is believed. */
static void strongest(struct draft *d, struct lineage *l)
{
	struct lineage_edge *v = d->edges.v;
	size_t n = d->edges.n, kept = 0, *at = xnew(size_t, d->nodes.n + 1);
	vec(struct lineage_edge) also = { 0 };

	qsort(v, n, sizeof *v, by_child);
	for (size_t i = 0, first = 0; i < n; i++) {
		struct lineage_edge e = v[i];
		size_t same;

		if (i == 0 || v[first].child != e.child || kept == first)
			first = kept;
		same = at[e.parent];
		if (e.parent == e.child) {
			edge_fini(&e);
			l->n_broken++;
		} else if (same > first && same <= kept && v[same - 1].child == e.child) {
			join(&v[same - 1], &e);
			edge_fini(&e);
		} else if (kept > first && (v[first].strength != e.strength ||
			v[first].run != e.run || v[first].card != e.card)) {
			if (e.strength == SAYS_GUESS)
				edge_fini(&e);
			else
				*vec_push(&also) = e;
		} else {
			v[kept++] = e;
			at[e.parent] = kept;
		}
	}
	free(at);
	d->edges.n = kept;
	l->also = also.v;
	l->n_also = also.n;
}

/* --- circles --- */

static size_t *index_children(const struct lineage_edge *v, size_t n, size_t n_nodes)
{
	size_t *first = xnew(size_t, n_nodes + 2);

	for (size_t i = 0; i < n; i++)
		first[v[i].child + 1]++;
	for (size_t i = 0; i < n_nodes; i++)
		first[i + 1] += first[i];
	return first;
}

struct search {
	struct lineage *l;
	bool *gone;            /* per edge */
	char *state;           /* per node: 0 new, 1 on the way, 2 done */
	size_t *stack, *next;  /* nodes on the way, the edge each looks at */
	size_t n_order;
};

/* On the way from `parent` down to the end of the stack and back: the edge least to be believed. */
static size_t weakest(const struct search *s, size_t depth, size_t parent, size_t closing)
{
	size_t worst = closing;

	for (size_t k = depth; k-- > 0 && s->stack[k] != parent;) {
		size_t e = s->next[k - 1] - 1;

		if (s->l->edges[e].strength > s->l->edges[worst].strength)
			worst = e;
	}
	return worst;
}

/* Depth first, without recursion: a chain may be as long as there are models. *again: an edge was
 * taken out behind the search, which is to begin anew. */
static void visit(struct search *s, size_t root, bool patient, bool *again)
{
	const struct lineage *l = s->l;
	size_t depth = 1;

	s->stack[0] = root;
	s->next[0] = l->first[root];
	s->state[root] = 1;
	while (depth && !*again) {
		size_t node = s->stack[depth - 1], e = s->next[depth - 1];

		if (e == l->first[node + 1]) {
			s->state[node] = 2;
			l->order[s->n_order++] = node;
			depth--;
			continue;
		}
		s->next[depth - 1]++;
		if (s->gone[e])
			continue;
		if (s->state[l->edges[e].parent] == 1) {
			size_t out = patient ? weakest(s, depth, l->edges[e].parent, e) : e;

			s->gone[out] = true;
			s->l->n_broken++;
			*again = out != e;
		} else if (s->state[l->edges[e].parent] == 0) {
			s->stack[depth] = l->edges[e].parent;
			s->next[depth] = l->first[s->stack[depth]];
			s->state[s->stack[depth++]] = 1;
		}
	}
}

#define PATIENCE 64 /* times to begin anew for the sake of a better edge */

/* Leaves out edges until there is no circle, and orders the nodes. */
static void break_circles(struct lineage *l)
{
	struct search s = { .l = l, .gone = xnew(bool, l->n_edges + 1),
		.state = xnew(char, l->n_nodes + 1), .stack = xnew(size_t, l->n_nodes + 1),
		.next = xnew(size_t, l->n_nodes + 1) };
	bool again = true;
	size_t kept = 0;

	for (int turn = 0; again; turn++) {
		again = false;
		s.n_order = 0;
		memset(s.state, 0, l->n_nodes);
		for (size_t i = 0; i < l->n_nodes && !again; i++)
			if (!s.state[i])
				visit(&s, i, turn < PATIENCE, &again);
	}
	for (size_t i = 0; i < l->n_edges; i++)
		if (s.gone[i])
			edge_fini(&l->edges[i]);
		else
			l->edges[kept++] = l->edges[i];
	l->n_edges = kept;
	free(s.gone);
	free(s.state);
	free(s.stack);
	free(s.next);
}

static void index_parents(struct lineage *l)
{
	size_t *fill = xnew(size_t, l->n_nodes + 1);

	l->first_child = xnew(size_t, l->n_nodes + 2);
	l->by_parent = xnew(size_t, l->n_edges + 1);
	for (size_t i = 0; i < l->n_edges; i++)
		l->first_child[l->edges[i].parent + 1]++;
	for (size_t i = 0; i < l->n_nodes; i++)
		l->first_child[i + 1] += l->first_child[i];
	for (size_t i = 0; i < l->n_edges; i++) {
		size_t p = l->edges[i].parent;

		l->by_parent[l->first_child[p] + fill[p]++] = i;
	}
	free(fill);
}

void draft_settle(struct draft *d, struct lineage *l)
{
	strongest(d, l);
	l->nodes = d->nodes.v;
	l->n_nodes = d->nodes.n;
	l->edges = d->edges.v;
	l->n_edges = d->edges.n;
	l->texts = d->texts.v;
	l->n_texts = d->texts.n;
	l->order = xnew(size_t, l->n_nodes + 1);
	l->first = index_children(l->edges, l->n_edges, l->n_nodes);
	break_circles(l);
	free(l->first);
	l->first = index_children(l->edges, l->n_edges, l->n_nodes);
	index_parents(l);
}
