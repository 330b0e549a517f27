#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/inputs.h"
#include "engine/origins.h"

/* What its card's front matter names; several are a merge, not a fine-tune. */
static char *stated_base(const struct model *m)
{
	char *dir = file_folder(m->path), *base;
	struct origins o = { 0 };

	origins_read_card(&o, dir);
	base = o.stated.n == 1 ? xstrdup(o.stated.v[0].parent) : NULL;
	origins_fini(&o);
	free(dir);
	return base;
}

/* The path of the catalog's parent of a model. */
static char *known_base(struct catalog *c, const struct model *m)
{
	size_t n = 0;
	struct catalog_model *v = c ? catalog_models(c, &n, NULL) : NULL;
	char *path = NULL;
	int64_t parent = 0;

	for (size_t i = 0; v && i < n; i++)
		if (str_eq(v[i].path, m->path) && str_eq(v[i].relation, "finetune"))
			parent = v[i].parent;
	for (size_t i = 0; v && parent && i < n; i++)
		if (v[i].id == parent && v[i].path)
			path = xstrdup(v[i].path);
	catalog_models_free(v, n);
	return path;
}

static char *alias(void *ctx, const char *name)
{
	return ctx ? catalog_model_path(ctx, name) : NULL;
}

static struct model *open_base(const struct model *near, const char *name,
	const struct model_roots *roots, struct catalog *c)
{
	char *dir = file_folder(near->path), *slash = strrchr(dir, '/'), *path;
	struct model *m = NULL;

	if (slash && slash != dir)
		*slash = 0; /* a sibling's name: "base" beside "code" */
	path = model_resolve(roots, name, slash ? dir : ".", alias, c, NULL);
	if (path)
		m = model_open(path, NULL);
	free(path);
	free(dir);
	return m;
}

struct model *lineage_base(struct model *const *models, size_t n, const struct model_roots *roots,
	struct catalog *c, char **name)
{
	struct model *base = NULL;
	char *all = NULL;
	bool agree = n > 0;

	*name = NULL;
	for (size_t i = 0; agree && i < n; i++) {
		char *one = models[i] ? stated_base(models[i]) : NULL;

		if (models[i] && !one)
			one = known_base(c, models[i]);
		agree = one && (!all || str_eq(one, all));
		if (!all)
			all = one;
		else
			free(one);
	}
	for (size_t i = 0; agree && !base && i < n; i++)
		base = open_base(models[i], all, roots, c);
	if (base)
		*name = all;
	else
		free(all);
	return base;
}
