#include "cli/verb.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "catalog/catalog.h"
#include "recipe/open.h"
#include "system/file.h"

static void close_models(struct cli *c)
{
	model_roots_free(c->model_roots);
	c->model_roots = NULL;
}

struct model_roots *cli_roots(struct cli *c)
{
	c->close_models = close_models;
	if (!c->model_roots)
		c->model_roots = model_roots_new(c->n_roots ? c->roots : NULL, c->n_roots);
	return c->model_roots;
}

/* A catalog that cannot be opened does not keep anybody from naming a path. */
static char *alias(void *ctx, const char *name)
{
	struct err ignored = { 0 };
	struct catalog *cat = cli_catalog(ctx, &ignored);

	return cat ? catalog_model_path(cat, name) : NULL;
}

char *cli_model_path(struct cli *c, const char *name, struct err *e)
{
	return model_resolve(cli_roots(c), name, NULL, alias, c, e);
}

/* A model that the catalog knows to be dropped is no wrong path. */
static void say_dropped(struct cli *c, struct err *e)
{
	struct err ignored = { 0 };
	struct catalog *cat = file_exists(e->where) ? NULL : cli_catalog(c, &ignored);
	size_t n = 0;
	struct catalog_model *v = cat ? catalog_models(cat, &n, &ignored) : NULL;

	for (size_t i = 0; v && i < n; i++)
		if (v[i].run && str_eq(v[i].state, "dropped") && str_eq(v[i].path, e->where)) {
			snprintf(e->what, sizeof e->what, "it was dropped");
			snprintf(e->hint, sizeof e->hint, "`cupel replay %lld %s` makes it again",
				(long long)v[i].run, v[i].path);
		}
	catalog_models_free(v, v ? n : 0);
}

struct model *cli_model(struct cli *c, const char *name, struct err *e)
{
	struct ref_places p = { .roots = cli_roots(c), .alias = alias, .ctx = c };

	struct model *m = ref_open_text(name, &p, e);

	if (!m)
		say_dropped(c, e);
	return m;
}
