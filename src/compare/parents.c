#include "compare/making.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"
#include "import/import.h"

/* The subject that a model is, appended if need be; SIZE_MAX when nothing is known of it. */
static size_t subject_of(struct making *m, int64_t model, const char *word, struct err *e)
{
	struct subject key = { .model = model };
	size_t at = model ? making_find(m, &key) : SIZE_MAX;

	if (at != SIZE_MAX)
		return at;
	return making_parent(m, model ? making_model(m, model)->path : word, e);
}

struct pair {
	size_t child, parent;
};
struct pairs {
	struct pair *v;
	size_t n, cap;
};

static void relate(struct making *m, struct pairs *p, size_t child, int64_t model, const char *word,
	struct err *e)
{
	size_t parent = e->code == ERR_NONE && (model || (word && *word)) ?
		subject_of(m, model, word, e) : SIZE_MAX;

	if (parent != SIZE_MAX && parent != child)
		*vec_push(p) = (struct pair){ child, parent };
}

static void by_run(struct making *m, struct pairs *p, size_t i, struct err *e)
{
	size_t n = 0;
	struct catalog_input *in = catalog_run_inputs(m->c, m->subjects.v[i].run, &n, e);

	for (size_t k = 0; k < n; k++) {
		const char *names[] = { in[k].path, in[k].hash, in[k].name };
		int64_t model = 0;

		if (str_eq(in[k].role, "donor"))
			continue;
		for (int w = 0; w < 3 && !model; w++)
			model = names[w] ? import_model(m->models, m->n_models, names[w]) : 0;
		relate(m, p, i, model, in[k].name, e);
	}
	catalog_inputs_free(in, n);
}

static bool same_model(const char *a, const char *b)
{
	return !strcasecmp(a, b) || !strcasecmp(str_base(a), str_base(b));
}

static void by_edges(struct making *m, struct pairs *p, size_t i, struct err *e)
{
	struct catalog_edge *v;

	if (!m->edges)
		m->edges = catalog_edges(m->c, &m->n_edges, e);
	v = m->edges;
	for (size_t k = 0; v && k < m->n_edges; k++) {
		const struct subject *s = &m->subjects.v[i];
		bool child = v[k].model ? v[k].model == s->model : same_model(v[k].child, s->name);

		if (!child)
			continue;
		relate(m, p, i, import_model(m->models, m->n_models, v[k].parent), v[k].parent, e);
	}
}

/* "me/Mix-q8-hi" is a quantization of what is called "me/Mix". */
static void by_name(struct making *m, struct pairs *p, size_t i, struct err *e)
{
	const struct subject *s = &m->subjects.v[i];
	const char *base = str_base(s->name);
	size_t at, stem = s->stem ? strlen(s->stem) : 0;
	char *name;

	if (!s->quantization || !*s->quantization || e->code != ERR_NONE)
		return;
	for (size_t k = 0; k < m->subjects.n; k++)
		if (k != i && str_eq(s->stem, m->subjects.v[k].stem) &&
			str_eq(m->subjects.v[k].quantization, ""))
			*vec_push(p) = (struct pair){ i, k };
	if (!stem || stem >= strlen(base))
		return;
	name = xstrndup(s->name, (size_t)(base - s->name) + stem);
	at = making_exactly(m, name, e);
	free(name);
	if (at != SIZE_MAX && at != i)
		*vec_push(p) = (struct pair){ i, at };
}

static void grow(struct making *m, size_t before, const struct pairs *p)
{
	size_t n = m->subjects.n;
	bool *now = xnew(bool, n * n + 1);

	for (size_t i = 0; m->parent && i < before; i++)
		for (size_t k = 0; k < before; k++)
			now[i * n + k] = m->parent[i * before + k];
	for (size_t i = 0; i < p->n; i++)
		now[p->v[i].child * n + p->v[i].parent] = true;
	free(m->parent);
	m->parent = now;
}

bool making_parents(struct making *m, size_t i, struct err *e)
{
	size_t before = m->subjects.n;
	const struct catalog_model *model = making_model(m, m->subjects.v[i].model);
	struct pairs p = { 0 };
	struct err own = { 0 };

	if (model && model->parent && making_model(m, model->parent))
		relate(m, &p, i, model->parent, NULL, &own);
	if (m->subjects.v[i].run)
		by_run(m, &p, i, &own);
	by_edges(m, &p, i, &own);
	by_name(m, &p, i, &own);
	grow(m, before, &p);
	vec_fini(&p);
	if (own.code != ERR_NONE && e)
		*e = own;
	return own.code == ERR_NONE;
}

static bool stored_alike(const struct subject *a, const struct subject *b)
{
	return str_eq(a->quantization ? a->quantization : "",
		b->quantization ? b->quantization : "");
}

/* Mean of the shares that both have, so that parents are ranked on the same tasks. */
static double standing(const struct subject *s, const struct subject *of, size_t *tasks)
{
	double sum = 0;

	*tasks = 0;
	for (size_t i = 0; i < s->n_scores; i++) {
		const struct catalog_score *x = &s->scores[i];
		bool both = false;

		if (x->estimated || !import_is_share(x->task, x->metric))
			continue;
		for (size_t k = 0; k < of->n_scores && !both; k++)
			both = !of->scores[k].estimated && str_eq(of->scores[k].task, x->task) &&
				str_eq(of->scores[k].metric, x->metric);
		if (!both)
			continue;
		sum += x->value;
		++*tasks;
	}
	return *tasks ? sum / (double)*tasks : NAN;
}

#define STORED_ALIKE 1000000 /* weighs more than any number of tasks */

size_t making_default(const struct making *m, size_t i)
{
	size_t n = m->subjects.n, best = SIZE_MAX, most = 0;
	double value = NAN;

	for (size_t k = 0; m->parent && k < n; k++) {
		const struct subject *s = &m->subjects.v[i], *o = &m->subjects.v[k];
		size_t tasks;
		double v;

		if (!m->parent[i * n + k])
			continue;
		v = standing(o, s, &tasks);
		/* The source of a quantization before anything else; then what is stored alike, so
		 * that figures may be subtracted. */
		if (tasks && (str_eq(s->stem, o->stem) || (s->root && s->root == o->root)))
			tasks += 2 * STORED_ALIKE;
		else if (tasks && stored_alike(s, o))
			tasks += STORED_ALIKE;
		if (best == SIZE_MAX || tasks > most || (tasks == most && v > value)) {
			best = k;
			most = tasks;
			value = v;
		}
	}
	return best;
}

size_t making_drop(struct making *m, size_t keep)
{
	size_t n = m->subjects.n, left = 0, at = SIZE_MAX;

	for (size_t i = 0; i < n; i++) {
		struct subject s = m->subjects.v[i];

		if (!s.asked && i != keep) {
			making_subject_fini(&s);
			continue;
		}
		if (i == keep)
			at = left;
		m->subjects.v[left++] = s;
	}
	m->subjects.n = left;
	free(m->parent); /* its rows have moved */
	m->parent = NULL;
	return at;
}
