/* What verbs open on demand, closed when the verb is done. Models are in open_model.c, so that a
 * verb without any needs nothing of them. */
#include "cli/verb.h"

#include <stdlib.h>

#include "base/xalloc.h"

static void close_all(struct cli *c)
{
	pool_free(c->pool);
	catalog_close(c->catalog);
	c->pool = NULL;
	c->catalog = NULL;
}

static char *path_of(const struct cli *c)
{
	return c->catalog_path ? xstrdup(c->catalog_path) : catalog_default_path();
}

struct catalog *cli_catalog(struct cli *c, struct err *e)
{
	const struct err *warning;
	char *path;

	if (c->catalog)
		return c->catalog;
	c->close = close_all;
	/* A lock is waited for once. */
	if (!c->catalog_error.code) {
		path = path_of(c);
		c->catalog = catalog_open(path, false, &c->catalog_error);
		free(path);
	}
	warning = c->catalog ? catalog_warning(c->catalog) : NULL;
	if (warning)
		err_print(warning);
	if (!c->catalog && e)
		*e = c->catalog_error;
	return c->catalog;
}

struct catalog *cli_catalog_or_none(struct cli *c)
{
	struct err why = { 0 };
	char *path;

	if (cli_catalog(c, &why))
		return c->catalog;
	path = path_of(c);
	c->catalog = catalog_stand_in(path, &why);
	free(path);
	err_print(catalog_warning(c->catalog));
	return c->catalog;
}

struct pool *cli_pool(struct cli *c)
{
	c->close = close_all;
	if (!c->pool)
		c->pool = pool_new(c->threads);
	return c->pool;
}
