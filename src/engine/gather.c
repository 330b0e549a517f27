#include "config.h"
#include "engine/gather.h"
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "engine/recipe_opener.h"

struct part { /* a document of the text to be */
	struct recipe *recipe;     /* as its file has it */
	const char *name;          /* what it is called there; NULL: as it is */
	char *near_dir;            /* of its file */
	bool ours;                 /* of the file of the recipe that is gathered */
	size_t from;               /* the part that names it first */
};
struct change { /* bytes of the file, and what stands there instead */
	size_t begin, end;
	char *with;
};
struct gatherer {
	const struct recipe *r;
	struct arena arena;
	vec(struct part) parts;
	vec(struct change) changes; /* of the part at work */
	size_t at;
	struct err *e;
	bool failed;
};

static char *folder_of(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? xstrndup(path, (size_t)(slash - path) + (slash == path)) : NULL;
}

/* --- which documents --- */

static void part_add(struct gatherer *g, struct recipe *r, const char *name, bool ours)
{
	*vec_push(&g->parts) = (struct part){r, name, folder_of(r->path), ours, g->at};
}

static bool same_part(const struct part *p, const struct recipe *r)
{
	char x[PATH_MAX], y[PATH_MAX];

	if (p->recipe->document != r->document)
		return false;
	return p->recipe->file == r->file || (p->recipe->path && r->path &&
		realpath(p->recipe->path, x) && realpath(r->path, y) && str_eq(x, y));
}

static bool taken(const struct gatherer *g, const char *name)
{
	for (size_t i = 0; i < g->parts.n; i++) {
		const struct part *p = &g->parts.v[i];

		if (str_eq(p->name ? p->name : p->recipe->name, name))
			return true;
	}
	return false;
}

static const char *fresh_name(struct gatherer *g, const char *stem)
{
	const char *name = stem;

	for (int i = 2; taken(g, name); i++)
		name = arena_printf(&g->arena, "%s-%d", stem, i);
	return name;
}

/* A file that leads back to the one that is gathered. Documents of one file cannot: there the
 * parser looks. */
static void refuse_ring(struct gatherer *g, size_t at, const struct part *back)
{
	struct str s = STR_INIT;
	const char *to = str_base(back->recipe->path);

	while (at < g->parts.n) {
		const struct part *p = &g->parts.v[at];
		char *more = s.n ? str_steal(&s) : NULL;

		str_addf(&s, "%s needs %s%s%s", str_base(p->recipe->path), to, more ? ", " : "",
			more ? more : "");
		free(more);
		to = str_base(p->recipe->path);
		at = p->ours ? SIZE_MAX : p->from;
	}
	g->failed = true;
	err_set(g->e, ERR_INPUT, g->r->path, "name a model in one of them",
		"circular dependency: %s", s.s);
	str_fini(&s);
}

/* What a reference of part `at` will be called, NULL: it is a model. Files that are met for the
 * first time become parts. Our own documents keep what they say, so a file they name is called as
 * they write it. */
static const char *name_of(struct gatherer *g, size_t at, const struct recipe_ref_text *ref)
{
	const struct part *p = &g->parts.v[at];
	bool ours = p->ours, document = recipe_of_ref(p->recipe, ref) != NULL;
	struct recipe *to = recipe_named(p->recipe, ref, p->near_dir, g->e);
	const char *name = NULL;

	if (!to) {
		g->failed |= g->e->code != ERR_NONE;
		return NULL;
	}
	for (size_t i = 0; i < g->parts.n && !name; i++) {
		const struct part *x = &g->parts.v[i];

		if (!same_part(x, to))
			continue;
		if (x->ours && !document) {
			refuse_ring(g, at, x);
			recipe_unref(to);
			return NULL;
		}
		if (!ours || document || str_eq(x->name, ref->path))
			name = x->name ? x->name : x->recipe->name;
	}
	if (!name && g->parts.n >= RECIPE_MAX_DOCUMENTS) {
		g->failed = true;
		err_set(g->e, ERR_INPUT, to->path, "write an intermediate, and name its folder",
			"more than %d recipes in all", RECIPE_MAX_DOCUMENTS);
	} else if (!name) {
		name = arena_strdup(&g->arena, ref->path);
		if (!ours && document)
			name = arena_printf(&g->arena, "%s#%s", str_base(to->path), name);
		if (!ours)
			name = fresh_name(g, name);
		part_add(g, to, name, false);
		return name;
	}
	recipe_unref(to);
	return name;
}

static void visit_ref(void *ctx, const struct recipe_ref_text *ref)
{
	struct gatherer *g = ctx;

	if (!g->failed)
		name_of(g, g->at, ref);
}

/* --- what changes in a document of another file --- */

static const struct yaml_node *node_at(const struct yaml_node *n, size_t begin)
{
	const struct yaml_node *found = NULL;

	if (n->mark.begin == begin && (n->target || n->kind == Y_TEXT || n->kind == Y_MAP))
		return n;
	for (size_t i = 0; !n->target && !found && n->kind == Y_LIST && i < n->n; i++)
		found = node_at(n->items[i], begin);
	for (size_t i = 0; !n->target && !found && n->kind == Y_MAP && i < n->n; i++)
		if (n->pairs[i].kind == Y_OWN)
			found = node_at(n->pairs[i].value, begin);
	return found;
}

/* {model: {path: x}, …}: the scalar that says the path. */
static const struct yaml_node *path_node(const struct yaml_node *n)
{
	while (n && n->kind == Y_MAP)
		n = yaml_get(n, "model") ? yaml_get(n, "model") : yaml_get(n, "path");
	return n;
}

/* A relative path that only the folder of its own file has is told from there. NULL: as it is. */
static char *path_from(const struct gatherer *g, const struct part *p, const char *path)
{
	char *beside, *ours, *said = NULL;

	if (*path == '/' || *path == '~' || !p->near_dir || file_exists(path))
		return NULL;
	beside = str_join_path(p->near_dir, path);
	ours = folder_of(g->r->path);
	if (file_exists(beside)) {
		size_t n = ours ? strlen(ours) : 0;

		said = xstrdup(n && str_starts(beside, ours) && beside[n] == '/' ? beside + n + 1
			: beside);
	}
	free(ours);
	free(beside);
	return said;
}

static void change_ref(void *ctx, const struct recipe_ref_text *ref)
{
	struct gatherer *g = ctx;
	const struct part *p = &g->parts.v[g->at];
	const struct yaml_node *node = path_node(node_at(p->recipe->tree, ref->mark.begin));
	const char *name;
	char *path;
	struct str s = STR_INIT, with = STR_INIT;

	if (g->failed)
		return;
	name = name_of(g, g->at, ref);
	p = &g->parts.v[g->at];
	path = name ? xstrdup(name) : path_from(g, p, ref->path);
	for (size_t i = 0; node && i < g->changes.n; i++)
		if (g->changes.v[i].begin == node->mark.begin)
			node = NULL;
	if (path && node && !str_eq(path, ref->path)) {
		str_add(&s, path);
		if (str_eq(node->text, ref->text))
			str_add(&s, ref->text + strlen(ref->path));
		yaml_add_text(&with, s.s);
		*vec_push(&g->changes) = (struct change){node->mark.begin, node->mark.end,
			str_steal(&with)};
	}
	str_fini(&s);
	free(path);
}

static int by_place(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* --- the text --- */

/* A document's own lines, from its first key on. */
static void document_text(struct gatherer *g, const struct recipe *r, struct str *s)
{
	size_t begin = r->tree->mark.begin, end = yaml_end(r->tree), at;

	while (r->tree->style == 'b' && begin && r->text[begin - 1] == ' ')
		begin--;
	while (end > begin && strchr("\r\n", r->text[end - 1]))
		end--; /* a literal block ends behind its last line */
	if (r->tree->style == 'b')
		end += strcspn(r->text + end, "\r\n");
	at = begin;
	if (g->changes.n)
		qsort(g->changes.v, g->changes.n, sizeof *g->changes.v, by_place);
	for (size_t i = 0; i < g->changes.n; i++) {
		struct change *c = &g->changes.v[i];

		str_addn(s, r->text + at, c->begin - at);
		str_add(s, c->with);
		at = c->end;
		free(c->with);
	}
	g->changes.n = 0;
	str_addn(s, r->text + at, end > at ? end - at : 0);
	str_addc(s, '\n');
}

/* A document by itself, under its new name. */
static bool add_part(struct gatherer *g, size_t i, struct str *out)
{
	const struct part *p = &g->parts.v[i];
	struct str s = STR_INIT;
	struct recipe *alone, *named = NULL;

	g->at = i;
	if (!p->ours)
		recipe_each_ref(p->recipe, change_ref, g);
	p = &g->parts.v[i];
	str_add(&s, "");
	document_text(g, p->recipe, &s);
	alone = g->failed ? NULL : recipe_parse(s.s, s.n, p->recipe->path, g->e);
	if (alone)
		named = p->name ? recipe_edit_top(alone, "name", p->name, g->e)
			: p->recipe->documents == 1 && alone->name /* it was nobody's */
			? recipe_edit_top(alone, "name", NULL, g->e) : recipe_ref(alone);
	if (named) {
		if (out->n && out->s[out->n - 1] != '\n')
			str_addc(out, '\n');
		str_addf(out, "---\n%s", named->text);
	}
	g->failed |= !named;
	recipe_unref(named);
	recipe_unref(alone);
	str_fini(&s);
	return !g->failed;
}

/* Our own documents: the whole file as it is, or those that r uses, r last. */
static bool add_ours(struct gatherer *g, bool whole, struct str *out)
{
	if (whole) {
		str_addn(out, g->r->text, g->r->text_n);
		return true;
	}
	for (size_t i = 0; i < g->parts.n; i++)
		if (g->parts.v[i].ours && g->parts.v[i].recipe != g->r && !add_part(g, i, out))
			return false;
	return true;
}

/* Every document that counts says the seed. */
static struct recipe *with_seed(struct recipe *r, uint64_t seed, struct err *e)
{
	size_t n = r->documents;
	bool *used = xnew(bool, n);
	char text[24];

	recipe_uses(r, used);
	snprintf(text, sizeof text, "%" PRIu64, seed);
	for (size_t i = 0; r && i < n; i++) {
		size_t which = r->document;
		struct recipe *next;

		if (!used[i])
			continue;
		next = recipe_edit_top(r->file[i], "seed", text, e);

		recipe_unref(r);
		r = next ? recipe_ref(next->file[which]) : NULL;
		recipe_unref(next);
	}
	free(used);
	return r;
}

static struct recipe *gathered(struct gatherer *g, bool whole)
{
	struct str out = STR_INIT;
	struct recipe *r = NULL;
	size_t last = 0;

	str_add(&out, "");
	if (!add_ours(g, whole, &out))
		goto done;
	/* parts may grow while they are added */
	for (size_t i = 0; i < g->parts.n; i++) {
		if (g->parts.v[i].recipe == g->r)
			last = i;
		else if (!g->parts.v[i].ours && !add_part(g, i, &out))
			goto done;
	}
	if (whole || add_part(g, last, &out))
		r = recipe_parse(out.s, out.n, g->r->path, g->e);
done:
	str_fini(&out);
	return r;
}

struct recipe *recipe_gather(const struct recipe *r, const struct plan_options *o, struct err *e)
{
	struct err why = {0};
	struct gatherer g = {.r = r, .e = &why};
	bool whole = recipe_final(r) == r->document && (r->documents > 1 || !r->name);
	bool *used = xnew(bool, r->documents);
	struct recipe *out = NULL;
	size_t ours = 0, n;

	arena_init(&g.arena);
	recipe_uses(r, used);
	for (size_t i = 0; i < r->documents; i++)
		if (used[i]) {
			part_add(&g, recipe_ref(r->file[i]), NULL, true);
			ours++;
		}
	free(used);
	for (g.at = 0; g.at < g.parts.n && !g.failed; g.at++)
		recipe_each_ref(g.parts.v[g.at].recipe, visit_ref, &g);
	n = g.parts.n;
	if (!g.failed && n == ours && (r->documents == 1 || whole))
		out = recipe_ref(r);
	else if (!g.failed)
		out = gathered(&g, whole);
	if (out && n > 1 && o && o->has_seed)
		out = with_seed(out, o->seed, &why);
	if (!out && e)
		*e = why;
	for (size_t i = 0; i < g.parts.n; i++) {
		recipe_unref(g.parts.v[i].recipe);
		free(g.parts.v[i].near_dir);
	}
	vec_fini(&g.parts);
	vec_fini(&g.changes);
	arena_fini(&g.arena);
	return out;
}
