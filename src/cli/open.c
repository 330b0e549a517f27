/* What verbs open on demand, closed when the verb is done. Models are in open_model.c, so that a
 * verb without any needs nothing of them. */
#include "cli/verb.h"

#include <stdlib.h>

static void close_all(struct cli *c)
{
	pool_free(c->pool);
	catalog_close(c->catalog);
	c->pool = NULL;
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

struct pool *cli_pool(struct cli *c)
{
	c->close = close_all;
	if (!c->pool)
		c->pool = pool_new(c->threads);
	return c->pool;
}
