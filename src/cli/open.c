/* What verbs open on demand; closed together when the verb is done. */
#include "cli/verb.h"

#include <stdlib.h>

static void close_all(struct cli *c)
{
	pool_free(c->pool);
	model_roots_free(c->model_roots);
	catalog_close(c->catalog);
	c->pool = NULL;
	c->model_roots = NULL;
	c->catalog = NULL;
}

struct catalog *cli_catalog(struct cli *c, struct err *e)
{
	char *path = NULL;
	const struct err *warning;

	if (c->catalog)
		return c->catalog;
	c->close = close_all;
	if (!c->catalog_path)
		path = catalog_default_path();
	c->catalog = catalog_open(path ? path : c->catalog_path, false, e);
	free(path);
	warning = c->catalog ? catalog_warning(c->catalog) : NULL;
	if (warning)
		err_print(warning);
	return c->catalog;
}

struct model_roots *cli_roots(struct cli *c)
{
	c->close = close_all;
	if (!c->model_roots)
		c->model_roots = model_roots_new(c->n_roots ? c->roots : NULL, c->n_roots);
	return c->model_roots;
}

struct pool *cli_pool(struct cli *c)
{
	c->close = close_all;
	if (!c->pool)
		c->pool = pool_new(c->threads);
	return c->pool;
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
	char *path = cli_model_path(c, name, e);
	struct model *m = path ? model_open(path, e) : NULL;

	free(path);
	return m;
}
