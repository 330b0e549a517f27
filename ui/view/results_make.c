/* Which variants the Results view compares, and the comparison, made on a worker: the marked
 * models, else the family of the model under the cursor of Models, else everything measured. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/xalloc.h"
#include "catalog/measured.h"
#include "lineage/lineage.h"
#include "ui/view/view_results.h"

struct making {
	struct catalog *catalog;
	/* what is wanted */
	struct { int64_t *v; size_t n, cap; } marked;
	int64_t selected;
	char *of;              /* or what only a file calls the selected one */
	enum results_scope scope;
	struct { char **v; size_t n, cap; } words;
	bool picked;
	char *baseline;
	struct compare_ask ask;
	/* what came of it */
	struct str what;
	struct comparison *c;
	struct err error;
};

static void drop(void *ctx)
{
	struct making *m = ctx;

	for (size_t i = 0; i < m->words.n; i++)
		free(m->words.v[i]);
	vec_fini(&m->words);
	vec_fini(&m->marked);
	free(m->baseline);
	free(m->of);
	str_fini(&m->what);
	compare_free(m->c);
	free(m);
}

/* --- which --- */

struct known { /* what the catalog has, while the variants are chosen */
	struct catalog_model *models; /* by id */
	size_t n_models;
	struct catalog_measured *v;
	size_t n;
};

static int by_id(const void *pa, const void *pb)
{
	const struct catalog_model *a = pa, *b = pb;

	return a->id < b->id ? -1 : a->id > b->id;
}

static size_t place_of(const struct known *k, int64_t id)
{
	struct catalog_model key = { .id = id };
	const struct catalog_model *at = id && k->n_models ? bsearch(&key, k->models, k->n_models,
		sizeof key, by_id) : NULL;

	return at ? (size_t)(at - k->models) : SIZE_MAX;
}

static void take(struct making *m, const struct known *k, const struct catalog_measured *x)
{
	size_t at = place_of(k, x->model);

	if (x->model && at == SIZE_MAX)
		return;
	*vec_push(&m->words) = x->model ? xstrdup(k->models[at].path) :
		x->run ? xasprintf("%lld", (long long)x->run) : xstrdup(x->word);
}

/* Everything that edges lead to from a node, in either direction. */
static bool *connected(const struct lineage *l, size_t start)
{
	bool *in = xnew(bool, l->n_nodes + 1);
	bool more = true;

	in[start] = true;
	while (more) {
		more = false;
		for (size_t i = 0; i < l->n_edges; i++) {
			size_t a = l->edges[i].child, b = l->edges[i].parent;

			more |= in[a] != in[b];
			in[a] = in[b] = in[a] || in[b];
		}
	}
	return in;
}

static size_t node_of(const struct lineage *l, int64_t model, const char *word)
{
	if (model)
		return lineage_of_model(l, model);
	return word ? lineage_find(l, word) : LINEAGE_NONE;
}

/* The oldest that all the others come from, for a name. */
static size_t eldest(const struct lineage *l, size_t node)
{
	for (size_t steps = 0; steps < l->n_nodes && l->first[node] < l->first[node + 1]; steps++)
		node = l->edges[l->first[node]].parent;
	return node;
}

static bool is_relative(const struct lineage *l, const bool *in, const bool *models,
	const struct known *k, const struct catalog_measured *x)
{
	size_t at = place_of(k, x->model), node;

	if (x->model)
		return at != SIZE_MAX && models[at];
	node = x->word ? lineage_find(l, x->word) : LINEAGE_NONE;
	return node != LINEAGE_NONE && in[node];
}

static bool is_above(const struct lineage *l, size_t start, const struct catalog_measured *x)
{
	size_t node = node_of(l, x->model, x->word);

	return node != LINEAGE_NONE && lineage_descends(l, start, node);
}

/* What was measured of the selected model's relatives. */
static void take_family(struct making *m, const struct known *k)
{
	struct lineage *l = lineage_load(m->catalog, &m->error);
	size_t start = l ? node_of(l, m->selected, m->of) : LINEAGE_NONE;
	bool *in, *models;

	if (start != LINEAGE_NONE) {
		in = connected(l, start);
		models = xnew(bool, k->n_models + 1);
		for (size_t i = 0; i < l->n_nodes; i++)
			if (in[i] && place_of(k, l->nodes[i].model) != SIZE_MAX)
				models[place_of(k, l->nodes[i].model)] = true;
		for (int above = 1; above >= 0; above--) /* what it comes from is always there */
			for (size_t i = 0; i < k->n; i++)
				if (is_relative(l, in, models, k, &k->v[i]) &&
					is_above(l, start, &k->v[i]) == above)
					take(m, k, &k->v[i]);
		str_addf(&m->what, "family of %s", str_base(l->nodes[eldest(l, start)].name));
		free(models);
		free(in);
	}
	lineage_free(l);
}

static void take_marked(struct making *m, const struct known *k)
{
	for (size_t i = 0; i < m->marked.n; i++)
		take(m, k, &(struct catalog_measured){ .model = m->marked.v[i] });
	str_addf(&m->what, "%zu marked", m->words.n);
}

static void take_all(struct making *m, const struct known *k)
{
	for (size_t i = 0; i < k->n; i++)
		take(m, k, &k->v[i]);
	str_add(&m->what, "everything measured");
}

static void forget(struct making *m)
{
	for (size_t i = 0; i < m->words.n; i++)
		free(m->words.v[i]);
	m->words.n = 0;
	str_clear(&m->what);
}

static bool choose(struct making *m)
{
	struct known k = { 0 };
	bool ok = true;

	k.models = catalog_models(m->catalog, &k.n_models, &m->error);
	if (k.n_models > 1)
		qsort(k.models, k.n_models, sizeof *k.models, by_id);
	k.v = k.models ? catalog_measured(m->catalog, &k.n, &m->error) : NULL;
	if (!k.v)
		ok = false;
	else if (m->marked.n > 1 && m->scope == SCOPE_AUTO)
		take_marked(m, &k);
	else if ((m->selected || m->of) && m->scope != SCOPE_ALL)
		take_family(m, &k);
	if (ok && m->words.n < 2 && m->scope != SCOPE_FAMILY && !(m->marked.n > 1)) {
		forget(m);
		take_all(m, &k);
	}
	if (m->words.n > RESULTS_VARIANTS_MAX)
		str_addf(&m->what, ", newest %d of %zu", RESULTS_VARIANTS_MAX, m->words.n);
	while (m->words.n > RESULTS_VARIANTS_MAX)
		free(m->words.v[--m->words.n]);
	catalog_measured_free(k.v, k.v ? k.n : 0);
	catalog_models_free(k.models, k.models ? k.n_models : 0);
	return ok;
}

static void work(void *ctx)
{
	struct making *m = ctx;

	if (m->picked)
		str_addf(&m->what, "%zu side by side", m->words.n);
	else if (!choose(m))
		return;
	m->ask.words = (const char *const *)m->words.v;
	m->ask.n = m->words.n;
	m->ask.baseline = m->baseline;
	if (m->words.n)
		m->c = compare_make(m->catalog, &m->ask, &m->error);
}

/* --- the worker's answer --- */

static unsigned done(struct app *a, void *ctx)
{
	struct results_view *v = results_of(a);
	struct making *m = ctx;

	v->making = false;
	v->error = m->error;
	if (m->c || !m->words.n) { /* else the one before stays, with the error */
		compare_free(v->c);
		v->c = m->c;
		m->c = NULL;
		free(v->what);
		v->what = m->what.n ? str_steal(&m->what) : NULL;
		if (v->c && !v->arranged)
			v->arrangement = v->c->n_variants > RESULTS_BESIDE ? RESULTS_VARIANTS :
				RESULTS_TASKS;
		results_table_again(v);
	} else if (m->error.code) {
		app_fail(a, &m->error);
		free(v->baseline); /* what cannot be compared with is asked for once */
		v->baseline = NULL;
	}
	if (v->again)
		results_ask(v);
	drop(m);
	return CHANGED_SCREEN | CHANGED_LAYOUT;
}

static uint64_t models_state(const struct making *m)
{
	return hash64_bytes(m->marked.v, m->marked.n * sizeof *m->marked.v) ^
		(uint64_t)m->selected * 0x9e3779b97f4a7c15u;
}

void results_ask(struct results_view *v)
{
	struct app *a = v->view.app;
	struct making *m;

	v->again = v->making;
	if (v->making)
		return;
	m = xnew(struct making, 1);
	m->catalog = a->catalog;
	vec_reserve(&m->marked, a->n_models + 1);
	m->marked.n = app_marked_models(a, m->marked.v, m->marked.cap);
	m->selected = app_selected_model_id(a);
	v->asked_of = models_state(m);
	m->scope = v->scope;
	if (v->scope == SCOPE_FAMILY && (v->family || v->family_of)) {
		m->selected = v->family;
		m->of = v->family_of ? xstrdup(v->family_of) : NULL;
	}
	m->picked = v->picked.n > 0;
	for (size_t i = 0; i < v->picked.n; i++)
		*vec_push(&m->words) = xstrdup(v->picked.v[i]);
	m->baseline = v->baseline ? xstrdup(v->baseline) : NULL;
	m->ask.against = v->against;
	m->ask.across_protocols = v->across;
	m->ask.only_differences = v->only;
	v->making = true;
	app_work(a, work, done, drop, m);
}

void results_follow_models(struct results_view *v)
{
	struct making now = { 0 };
	uint64_t state;

	vec_reserve(&now.marked, v->view.app->n_models + 1);
	now.marked.n = app_marked_models(v->view.app, now.marked.v, now.marked.cap);
	now.selected = app_selected_model_id(v->view.app);
	state = models_state(&now);
	vec_fini(&now.marked);
	if (state != v->asked_of)
		results_ask(v);
}

void results_pick(struct results_view *v, const char *const *words, size_t n)
{
	for (size_t i = 0; i < v->picked.n; i++)
		free(v->picked.v[i]);
	v->picked.n = 0;
	for (size_t i = 0; i < n; i++)
		*vec_push(&v->picked) = xstrdup(words[i]);
	v->arranged = false;
	results_ask(v);
}

const char *results_word(const struct app *a, const struct compare_variant *m, char buf[24])
{
	for (size_t i = 0; m->model && i < a->n_models; i++)
		if (a->models[i].id == m->model)
			return a->models[i].path;
	if (!m->run || m->model)
		return m->name;
	snprintf(buf, 24, "%lld", (long long)m->run);
	return buf;
}
