#include "compare/changed.h"
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "model/role.h"

#define LAYERS_MAX 2048
#define ROLES_MAX 256  /* names of a foreign model may each be a role of its own */

struct named {
	const struct catalog_tensor *t;
	const char *role;
	int layer;
};
struct content {
	struct catalog_tensor *v;
	struct named *named;
	size_t n;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strcmp(x->t->name, y->t->name);
}

static bool load(struct catalog *c, struct content *x, const char *hash, struct arena *a,
	struct err *e)
{
	struct tensor *t;
	bool gguf = false;

	x->v = hash && *hash ? catalog_tensors(c, hash, &x->n, e) : NULL;
	if (!x->v && hash && *hash)
		return false;
	if (!x->n)
		return err_set(e, ERR_INPUT, hash && *hash ? hash : NULL, "`cupel replay` of the "
			"run that made it finds them", "the tensors of this model are not known");
	t = arena_new(a, struct tensor, x->n);
	x->named = arena_new(a, struct named, x->n);
	for (size_t i = 0; i < x->n; i++) {
		t[i].name = t[i].stored = x->v[i].name;
		gguf = gguf || str_starts(x->v[i].name, "blk.");
	}
	role_classify(t, x->n, NULL, gguf, a);
	for (size_t i = 0; i < x->n; i++)
		x->named[i] = (struct named){ &x->v[i], t[i].role ? t[i].role : "other",
			t[i].layer >= 0 && t[i].layer < LAYERS_MAX ? t[i].layer : -1 };
	return true;
}

static void add_role(struct changed *x, const char *role)
{
	for (size_t i = 0; i < x->n_roles; i++)
		if (!strcmp(x->roles[i], role))
			return;
	x->roles[x->n_roles] = xstrdup(x->n_roles == ROLES_MAX - 1 ? "other" : role);
	x->n_roles++;
}

static void add_roles(struct changed *x, const struct content *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (x->n_roles < ROLES_MAX)
			add_role(x, c->named[i].role);
		if (c->named[i].layer >= 0 && (size_t)c->named[i].layer >= x->n_layers)
			x->n_layers = (size_t)c->named[i].layer + 1;
	}
}

static struct changed_cell *cell(const struct changed *x, const struct named *t)
{
	size_t role = 0;

	while (role + 1 < x->n_roles && strcmp(x->roles[role], t->role))
		role++;
	return &x->cells[role * (1 + x->n_layers) + (size_t)(t->layer + 1)];
}

static void count(struct changed *x, const struct named *a, const struct named *b)
{
	struct changed_cell *at = cell(x, b ? b : a);
	bool shape;

	if (!a || !b) {
		at->only_a += a != NULL;
		at->only_b += b != NULL;
		at->bytes += b ? b->t->bytes : 0;
		return;
	}
	shape = !str_eq(a->t->dtype, b->t->dtype) || !str_eq(a->t->shape, b->t->shape);
	if (shape)
		at->state = CHANGED_SHAPE;
	if (!shape && str_eq(a->t->hash, b->t->hash)) {
		at->same++;
	} else {
		at->changed++;
		at->bytes += b->t->bytes;
	}
}

static void settle(struct changed *x)
{
	for (size_t i = 0; i < x->n_roles * (1 + x->n_layers); i++) {
		struct changed_cell *at = &x->cells[i];
		uint32_t differ = at->changed + at->only_a + at->only_b;

		x->same += at->same;
		x->changed += at->changed;
		x->only_a += at->only_a;
		x->only_b += at->only_b;
		x->bytes += at->bytes;
		if (at->state == CHANGED_SHAPE)
			continue;
		if (!differ)
			at->state = at->same ? CHANGED_SAME : CHANGED_NONE;
		else if (at->same)
			at->state = CHANGED_SOME;
		else if (differ == at->only_a || differ == at->only_b)
			at->state = at->only_a ? CHANGED_ONLY_A : CHANGED_ONLY_B;
		else
			at->state = CHANGED_ALL;
	}
}

static struct changed *changed(struct content *a, struct content *b)
{
	struct changed *x = xnew(struct changed, 1);
	size_t i = 0, k = 0;

	x->roles = xnew(char *, ROLES_MAX);
	add_roles(x, a);
	add_roles(x, b);
	x->cells = xnew(struct changed_cell, x->n_roles * (1 + x->n_layers));
	qsort(a->named, a->n, sizeof *a->named, by_name);
	qsort(b->named, b->n, sizeof *b->named, by_name);
	while (i < a->n || k < b->n) {
		int order = i == a->n ? 1 : k == b->n ? -1 : by_name(&a->named[i], &b->named[k]);

		count(x, order <= 0 ? &a->named[i] : NULL, order >= 0 ? &b->named[k] : NULL);
		i += order <= 0;
		k += order >= 0;
	}
	settle(x);
	return x;
}

struct changed *compare_tensors(struct catalog *c, const char *hash_a, const char *hash_b,
	struct err *e)
{
	struct content a = { 0 }, b = { 0 };
	struct changed *x = NULL;
	struct arena arena;

	arena_init(&arena);
	if (load(c, &a, hash_a, &arena, e) && load(c, &b, hash_b, &arena, e))
		x = changed(&a, &b);
	catalog_tensors_free(a.v, a.n);
	catalog_tensors_free(b.v, b.n);
	arena_fini(&arena);
	return x;
}

void changed_free(struct changed *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->n_roles; i++)
		free(x->roles[i]);
	free(x->roles);
	free(x->cells);
	free(x);
}
