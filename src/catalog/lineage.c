#include "catalog/catalog.h"

#include <stdlib.h>

#include "base/str.h"

/* By path or content; a relative path is the file of that name. */
static bool is_input(const struct catalog_input *in, const struct catalog_model *m)
{
	if (!in->path)
		return false;
	return str_eq(in->path, m->path) || (in->hash && str_eq(in->hash, m->hash)) ||
		(*in->path != '/' && str_eq(str_base(in->path), str_base(m->path)));
}

static const struct catalog_model *model_of(const struct catalog_input *in,
	const struct catalog_model *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_input(in, &v[i]))
			return &v[i];
	return NULL;
}

static int64_t parent_by_run(struct catalog *c, const struct catalog_model *m,
	const struct catalog_model *v, size_t n)
{
	const struct catalog_model *base = NULL, *first = NULL;
	size_t n_in = 0;
	struct catalog_input *in = catalog_run_inputs(c, m->run, &n_in, NULL);

	for (size_t i = 0; i < n_in; i++) {
		const struct catalog_model *p = model_of(&in[i], v, n);

		if (p && p != m && str_eq(in[i].role, "base"))
			base = p;
		if (p && p != m && !first && str_eq(in[i].role, "input"))
			first = p;
	}
	catalog_inputs_free(in, n_in);
	return base ? base->id : !first ? 0 : first->parent ? first->parent : first->id;
}

void catalog_parents(struct catalog *c, const struct catalog_model *v, size_t n, int64_t *parents)
{
	for (size_t i = 0; i < n; i++)
		parents[i] = v[i].parent || !v[i].run ? v[i].parent :
			parent_by_run(c, &v[i], v, n);
}
