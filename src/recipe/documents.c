#include "config.h"
#include "recipe/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"

/* Documents of one file that use each other by name. */

long recipe_document_called(const struct recipe *r, const char *name)
{
	for (size_t i = 0; r->documents > 1 && name && i < r->documents; i++)
		if (r->file[i]->name && str_eq(r->file[i]->name, name))
			return (long)i;
	return -1;
}

const struct recipe *recipe_of_ref(const struct recipe *r, const struct recipe_ref_text *ref)
{
	long i = ref->text ? recipe_document_called(r, ref->path) : -1;

	return i >= 0 ? r->file[i] : NULL;
}

char *recipe_title(const struct recipe *r)
{
	return r->name ? xstrdup(r->name)
		: xasprintf("the recipe on line %d", r->tree->mark.line);
}

void recipe_each_ref(const struct recipe *r, recipe_ref_fn *fn, void *ctx)
{
	const struct recipe_tokenizer *t = &r->tokenizer;

	if (r->base.text)
		fn(ctx, &r->base);
	for (size_t i = 0; i < r->n_models; i++)
		fn(ctx, &r->models[i].model);
	for (size_t i = 0; i < r->n_slices; i++)
		if (r->slices[i].base.text)
			fn(ctx, &r->slices[i].base);
	if (t->model.text)
		fn(ctx, &t->model);
	for (size_t i = 0; i < t->n_tokens; i++)
		if (t->tokens[i].model.text)
			fn(ctx, &t->tokens[i].model);
}

/* ---- what uses what ---- */

struct walk {
	const struct recipe *r;
	bool *used;
	size_t *queue, n;
};

static void note_use(void *ctx, const struct recipe_ref_text *ref)
{
	struct walk *w = ctx;
	const struct recipe *to = recipe_of_ref(w->r, ref);

	if (!to || w->used[to->document])
		return;
	w->used[to->document] = true;
	w->queue[w->n++] = to->document;
}

/* What r's references lead to; r itself only if they lead back. */
static void uses_below(const struct recipe *r, bool *used)
{
	struct walk w = { .r = r, .used = used, .queue = xnew(size_t, r->documents) };

	memset(used, 0, r->documents * sizeof *used);
	recipe_each_ref(r, note_use, &w);
	for (size_t i = 0; i < w.n; i++) {
		w.r = r->file[w.queue[i]];
		recipe_each_ref(w.r, note_use, &w);
	}
	free(w.queue);
}

void recipe_uses(const struct recipe *r, bool *used)
{
	uses_below(r, used);
	used[r->document] = true;
}

struct use {
	const struct recipe *r;
	bool *used;
};

static void note_direct(void *ctx, const struct recipe_ref_text *ref)
{
	struct use *u = ctx;
	const struct recipe *to = recipe_of_ref(u->r, ref);

	if (to && to != u->r)
		u->used[to->document] = true;
}

size_t recipe_final(const struct recipe *r)
{
	struct use u = { .used = xnew(bool, r->documents) };
	size_t at = r->documents - 1;

	for (size_t i = 0; i < r->documents; i++) {
		u.r = r->file[i];
		recipe_each_ref(u.r, note_direct, &u);
	}
	for (size_t i = 0; i < r->documents; i++)
		if (!u.used[i])
			at = i;
	for (size_t i = r->documents; i-- > 0;)
		if (!r->file[i]->name)
			at = i;
	free(u.used);
	return at;
}

void recipe_times(const struct recipe *r, double *times)
{
	size_t n = r->documents, *waits = xnew(size_t, n), *queue = xnew(size_t, n), n_queue = 0;
	bool *all = xnew(bool, n), *direct = xcalloc(n * n, sizeof *direct);

	recipe_uses(r, all);
	for (size_t i = 0; i < n; i++) {
		struct use u = { r->file[i], &direct[i * n] };

		times[i] = i == r->document;
		if (all[i])
			recipe_each_ref(u.r, note_direct, &u);
		for (size_t k = 0; all[i] && k < n; k++)
			waits[k] += direct[i * n + k];
	}
	/* a document when all that use it are done */
	queue[n_queue++] = r->document;
	for (size_t q = 0; q < n_queue; q++)
		for (size_t k = 0; k < n; k++) {
			if (!direct[queue[q] * n + k])
				continue;
			times[k] += times[queue[q]];
			if (--waits[k] == 0)
				queue[n_queue++] = k;
		}
	free(direct);
	free(all);
	free(queue);
	free(waits);
}

/* ---- checks ---- */

static void check_names(struct builder *b, size_t n)
{
	const struct recipe *unnamed = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct recipe *r = b[i].r;
		const struct yaml_node *name = yaml_get(r->tree, "name");
		long first = recipe_document_called(r, r->name);

		if (name && name->kind != Y_NULL && !r->name)
			build_problem(&b[i], &name->mark, "name", "bad-type", NULL,
				"name takes one word");
		else if (!r->name && unnamed)
			build_problem(&b[i], &r->tree->mark, "name", "document-name",
				"add name: to all but one",
				"two documents have no name: this and that on line %d",
				unnamed->tree->mark.line);
		else if (r->name && (size_t)first != i)
			build_problem(&b[i], &name->mark, "name", "document-name",
				"give each a name of its own",
				"the document on line %d is called %s too",
				r->file[first]->tree->mark.line, r->name);
		if (!r->name)
			unnamed = unnamed ? unnamed : r;
	}
}

struct ring {
	size_t n;
	bool *uses;                /* n × n: which document names which */
	const struct recipe *r, *to;
	long *from;                /* the document that led here, -1 not seen */
	size_t *queue;
	bool found;
	struct mark closing;
};

static void note_edge(void *ctx, const struct recipe_ref_text *ref)
{
	struct ring *g = ctx;
	const struct recipe *to = recipe_of_ref(g->r, ref);

	if (to)
		g->uses[g->r->document * g->n + to->document] = true;
}

/* The shortest way from a document back to itself; from[] tells it backwards. */
static bool ring_find(struct ring *g, size_t start)
{
	size_t n = 0, next = start;

	for (size_t i = 0; i < g->n; i++)
		g->from[i] = -1;
	for (size_t i = 0; g->from[start] < 0; next = g->queue[i++]) {
		for (size_t k = 0; k < g->n; k++)
			if (g->uses[next * g->n + k] && g->from[k] < 0) {
				g->from[k] = (long)next;
				g->queue[n++] = k;
			}
		if (i == n)
			break;
	}
	return g->from[start] >= 0;
}

static void find_ref_to(void *ctx, const struct recipe_ref_text *ref)
{
	struct ring *g = ctx;

	if (!g->found && recipe_of_ref(g->r, ref) == g->to) {
		g->closing = ref->mark;
		g->found = true;
	}
}

/* "a needs b, b needs a": way[0] is where it begins, the rest stands backwards. */
static void ring_text(struct str *s, const struct recipe *r, const size_t *way, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *from = recipe_title(r->file[way[i ? n - i : 0]]);
		char *to = recipe_title(r->file[way[i + 1 < n ? n - i - 1 : 0]]);

		str_addf(s, "%s%s needs %s", i ? ", " : "", from, to);
		free(from);
		free(to);
	}
}

static void say_ring(struct builder *b, struct ring *g, const size_t *way, size_t n)
{
	struct str s = STR_INIT;

	g->r = b->r;
	g->to = b->r->file[way[n - 1]];
	g->found = false;
	recipe_each_ref(b->r, find_ref_to, g);
	ring_text(&s, b->r, way, n);
	build_problem(b, &g->closing, "models", "document-ring",
		"name a model in one of them", "circular dependency: %s", s.s);
	str_fini(&s);
}

/* Said once for each ring, where its first document names the next. */
static void check_rings(struct builder *b, size_t n)
{
	struct ring g = { .n = n, .uses = xnew(bool, n * n), .from = xnew(long, n),
		.queue = xnew(size_t, n) };
	size_t *way = xnew(size_t, n), k;
	bool *said = xnew(bool, n);

	for (size_t i = 0; i < n; i++) {
		g.r = b[i].r;
		recipe_each_ref(g.r, note_edge, &g);
	}
	for (size_t i = 0; i < n; i++) {
		if (said[i] || !ring_find(&g, i))
			continue;
		way[0] = i;
		k = 1;
		for (long at = g.from[i]; at != (long)i; at = g.from[at])
			way[k++] = (size_t)at;
		for (size_t j = 0; j < k; j++)
			said[way[j]] = true;
		say_ring(&b[i], &g, way, k);
	}
	free(said);
	free(way);
	free(g.uses);
	free(g.from);
	free(g.queue);
}

void documents_check(struct builder *b, size_t n)
{
	if (n < 2)
		return;
	check_names(b, n);
	check_rings(b, n);
}
