#include "cli/verb.h"

#include <stdlib.h>

#include "recipe/open.h"

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

struct model *cli_model(struct cli *c, const char *name, struct err *e)
{
	struct ref_places p = { .roots = cli_roots(c), .alias = alias, .ctx = c };

	return ref_open_text(name, &p, e);
}
