#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "lineage/build.h"
#include "system/file.h"

static void node_fini(struct lineage_node *n)
{
	free(n->name);
	free(n->license);
	free(n->carried);
	free(n->conflict);
	free(n->dtype);
	free(n->state);
	free(n->path);
	free(n->kind);
	free(n->architecture);
	free(n->card_source);
}

void lineage_free(struct lineage *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_nodes; i++)
		node_fini(&l->nodes[i]);
	for (size_t i = 0; i < l->n_edges; i++)
		edge_fini(&l->edges[i]);
	for (size_t i = 0; i < l->n_also; i++)
		edge_fini(&l->also[i]);
	for (size_t i = 0; i < l->n_texts; i++)
		free(l->texts[i]);
	free(l->texts);
	free(l->nodes);
	free(l->edges);
	free(l->also);
	free(l->first);
	free(l->by_parent);
	free(l->first_child);
	free(l->order);
	if (l->names)
		names_fini(l->names);
	free(l->names);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* --- registered models --- */

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static const char *state_of(const struct catalog_model *m)
{
	if (m->partial)
		return "partial";
	if (m->state && !str_eq(m->state, "on disk"))
		return m->state;
	return file_exists(m->path) ? "on disk" : m->run ? "dropped" : "offline";
}

static int by_row(const void *x, const void *y)
{
	const struct row_node *a = x, *b = y;

	return a->row < b->row ? -1 : a->row > b->row;
}

static void add_models(struct draft *d)
{
	d->rows = xnew(struct row_node, d->n_models + 1);
	for (size_t i = 0; i < d->n_models; i++) {
		const struct catalog_model *m = &d->models[i];
		struct lineage_node *x = vec_push(&d->nodes);

		*vec_push(&d->hashes) = m->hash;
		*x = (struct lineage_node){ .name = copy(m->name), .model = m->id, .run = m->run,
			.license = copy(m->license), .dtype = copy(m->dtype), .path = copy(m->path),
			.state = copy(state_of(m)), .kind = copy(m->kind), .bits = m->bits,
			.architecture = copy(m->architecture), .parameters = m->parameters,
			.bytes = m->bytes };
		d->rows[i] = (struct row_node){ m->id, i };
		names_add(d->names, NAME_PATH, m->path, i);
		if (m->hash)
			names_add(d->names, NAME_HASH, m->hash, i);
		names_add_all(d->names, m->name, i);
	}
	qsort(d->rows, d->n_models, sizeof *d->rows, by_row);
}

/* What `scan` settled on, where nobody says more. */
static void add_guesses(struct draft *d)
{
	for (size_t i = 0; i < d->n_models; i++) {
		const struct catalog_model *m = &d->models[i];
		struct origin o = { .child = i, .strength = SAYS_GUESS, .source = "metadata" };
		size_t parent = m->parent ? draft_of_row(d, m->parent) : LINEAGE_NONE;
		struct lineage_edge *e;

		if (parent == LINEAGE_NONE)
			continue;
		e = draft_edge(d, &o, parent, m->relation ? m->relation : "base");
		if (str_eq(m->relation, "quantized"))
			e->coefficient = 1.0;
		else
			e->why = "no recipe says how much of it";
	}
}

/* --- cards --- */

/* What it names; else what it says in words: a statement that use is not to be commercial. */
static char *license_of(const struct catalog_card *k)
{
	if (k->license || !k->facts || !strstr(k->facts, "\"noncommercial\""))
		return copy(k->license);
	return xstrdup("non-commercial, in words");
}

/* Newest first: an older one adds what is still unknown. */
static void add_cards(struct draft *d, const struct catalog_card *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t node = v[i].model ? draft_of_row(d, v[i].model) : LINEAGE_NONE;
		struct lineage_node *x;
		char *license;

		if (node == LINEAGE_NONE)
			node = draft_node(d, v[i].name, NULL, NULL, LINEAGE_NONE);
		x = &d->nodes.v[node];
		if (!x->card) {
			x->card = v[i].id;
			x->card_source = copy(v[i].source);
		}
		license = license_of(&v[i]);
		if (license && x->license && !x->conflict && strcasecmp(license, x->license))
			x->conflict = xasprintf("its files say %s, card %s says %s", x->license,
				v[i].source ? str_base(v[i].source) : "", license);
		if (!x->license) {
			x->license = license;
			license = NULL;
		}
		free(license);
	}
}

/* --- names --- */

/* Registered models that share a name are told apart by their folders, else by their paths. */
static void tell_apart(struct draft *d)
{
	for (size_t i = 0; i < d->n_models; i++) {
		const char *name = d->models[i].name, *path = d->models[i].path, *at;
		size_t found[64], n = names_find(d->names, NAME_FULL, name, found, 64), same = 0;

		for (size_t k = 0; k < n; k++)
			same += found[k] < d->n_models;
		if (same < 2)
			continue;
		at = name_tail(path);
		while (at > path + 1 && at[-2] != '/')
			at--;
		at = at > path + 1 ? at - 1 : path;
		free(d->nodes.v[i].name);
		d->nodes.v[i].name = xstrdup(n < 64 ? at : path);
	}
}

static size_t find_row(const struct lineage *l, int64_t model)
{
	for (size_t i = 0; i < l->n_nodes && l->nodes[i].model; i++)
		if (l->nodes[i].model == model)
			return i;
	return LINEAGE_NONE;
}

size_t lineage_of_model(const struct lineage *l, int64_t model)
{
	return find_row(l, model);
}

size_t lineage_find(const struct lineage *l, const char *word)
{
	int hows = strchr("/~.", *word) ? NAME_PATH + 1 : NAME_HOWS; /* a path means itself */

	for (int how = NAME_PATH; *word && how < hows; how++) {
		size_t found[64], n = names_find(l->names, (enum name_how)how, word, found, 64);
		size_t node = LINEAGE_NONE, fit = 0, here = 0;

		for (size_t i = 0; i < n; i++) {
			const struct lineage_node *x = &l->nodes[found[i]];

			if (how >= NAME_TAIL && !names_agree(word, x->name))
				continue;
			fit++;
			here += x->model != 0;
			if (x->model || fit == 1)
				node = found[i];
		}
		if (fit == 1 || here == 1)
			return node;
		if (fit)
			break;
	}
	for (size_t i = 0; i < l->n_nodes; i++) /* as it is shown: "family/base" */
		if (str_eq(l->nodes[i].name, word))
			return i;
	return LINEAGE_NONE;
}

struct said {
	struct catalog_model *models;
	struct catalog_making *runs;
	struct catalog_card *cards;
	struct catalog_edge *edges;
	size_t n_models, n_runs, n_cards, n_edges;
};

static bool read_all(struct catalog *c, struct said *s, struct err *e)
{
	s->models = catalog_models(c, &s->n_models, e);
	s->runs = s->models ? catalog_makings(c, &s->n_runs, e) : NULL;
	s->cards = s->runs ? catalog_cards(c, 0, &s->n_cards, e) : NULL;
	s->edges = s->cards ? catalog_edges(c, &s->n_edges, e) : NULL;
	return s->edges != NULL;
}

struct lineage *lineage_load(struct catalog *c, struct err *e)
{
	struct said s = { 0 };
	struct lineage *l = NULL;

	if (read_all(c, &s, e)) {
		struct draft d = { .models = s.models, .n_models = s.n_models };

		l = xnew(struct lineage, 1);
		pthread_mutex_init(&l->lock, NULL);
		d.names = l->names = xnew(struct names, 1);
		vec_reserve(&d.nodes, 1);
		vec_reserve(&d.edges, 1);
		add_models(&d);
		draft_runs(&d, s.runs, s.n_runs);
		draft_stated(&d, s.edges, s.n_edges, s.cards, s.n_cards);
		add_cards(&d, s.cards, s.n_cards);
		add_guesses(&d);
		tell_apart(&d);
		draft_settle(&d, l);
		licence_carry(l);
		vec_fini(&d.hashes);
		free(d.rows);
	}
	catalog_edges_free(s.edges, s.n_edges);
	catalog_cards_free(s.cards, s.n_cards);
	catalog_makings_free(s.runs, s.n_runs);
	catalog_models_free(s.models, s.n_models);
	return l;
}
