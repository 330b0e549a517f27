#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/str.h"
#include "ui/view/lineage_rows.h"

void model_rows_fini(struct model_rows *r)
{
	vec_fini(&r->rows);
	arena_fini(&r->text);
}

/* What a child's name adds to its parent's: "Agent3-q8-hi" under "Agent3" is "…-q8-hi". */
static const char *short_name(struct model_rows *r, const char *name, const char *parent)
{
	const char *tail = str_base(name), *ptail = parent ? str_base(parent) : NULL;
	size_t n = ptail ? strlen(ptail) : 0;

	if (n && strlen(tail) > n && !strncmp(tail, ptail, n) && strchr("-_.", tail[n]))
		return arena_printf(&r->text, "…%s", tail + n);
	return parent ? tail : name;
}

static const char *how_of(struct model_rows *r, const struct catalog_model *m)
{
	if (m->partial)
		return arena_strdup(&r->text, m->partial);
	if (m->state && !str_eq(m->state, "on disk"))
		return arena_strdup(&r->text, m->state);
	return "";
}

static struct model_row *add(struct model_rows *r, const struct catalog_model *m, long parent)
{
	struct model_row *row = vec_push(&r->rows);

	row->model = m;
	row->parent = parent;
	row->score = NAN;
	row->id = (uint64_t)m->id + 1;
	row->how = how_of(r, m);
	return row;
}

/* Parents before children, whatever the order and however the parents refer to each other: rows are
 * taken when their parent has been, what is left over (a circle) starts a tree of its own. */
static void by_lineage(struct model_rows *r, const struct catalog_model *v, size_t n,
	const int64_t *parents)
{
	long *row_of = xnew(long, n ? n : 1);
	size_t left = n, before = n + 1;

	for (size_t i = 0; i < n; i++)
		row_of[i] = -1;
	while (left) {
		bool stuck = left == before;

		before = left;
		for (size_t i = 0; i < n; i++) {
			long parent = -1;
			bool waits = false;

			if (row_of[i] >= 0)
				continue;
			for (size_t k = 0; parents[i] && k < n; k++)
				if (v[k].id == parents[i] && k != i) {
					parent = row_of[k];
					waits = parent < 0;
				}
			if (waits && !stuck)
				continue;
			stuck = false;
			row_of[i] = (long)r->rows.n;
			add(r, &v[i], parent);
			left--;
		}
	}
	free(row_of);
	for (size_t i = 0; i < r->rows.n; i++) {
		struct model_row *row = &r->rows.v[i];

		row->label = short_name(r, row->model->name, row->parent >= 0 ?
			r->rows.v[row->parent].model->name : NULL);
	}
}

char *model_common_folder(const struct catalog_model *v, size_t n)
{
	char *common = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		if (!common) {
			common = xstrndup(v[i].path, (size_t)(str_base(v[i].path) - v[i].path));
			continue;
		}
		while (common[k] && common[k] == v[i].path[k])
			k++;
		while (k && common[k - 1] != '/')
			k--;
		common[k] = 0;
	}
	if (common && strlen(common) > 1)
		common[strlen(common) - 1] = 0;
	return common ? common : xstrdup("");
}

static long folder_row(struct model_rows *r, const char *folder, size_t n, size_t skip)
{
	const char *text = n > skip ? folder + skip : folder;
	size_t len = n > skip ? n - skip : n;
	uint64_t id = hash64_bytes(folder, n) | 1ull << 63;
	struct model_row *row;

	for (size_t i = 0; i < r->rows.n; i++)
		if (!r->rows.v[i].model && r->rows.v[i].id == id)
			return (long)i;
	row = vec_push(&r->rows);
	row->label = len ? arena_strndup(&r->text, text, len) : ".";
	row->how = "";
	row->parent = -1;
	row->score = NAN;
	row->id = id;
	return (long)r->rows.n - 1;
}

static void by_folder(struct model_rows *r, const struct catalog_model *v, size_t n)
{
	char *common = model_common_folder(v, n);
	size_t skip = strlen(common) + 1;

	for (size_t i = 0; i < n; i++) {
		const char *base = str_base(v[i].path);
		size_t len = (size_t)(base - v[i].path);
		long parent = folder_row(r, v[i].path, len > 1 ? len - 1 : len, skip);
		struct model_row *row = add(r, &v[i], parent);

		row->label = base;
	}
	free(common);
}

void model_rows_build(struct model_rows *r, const struct catalog_model *models, size_t n,
	const int64_t *parents, bool folders)
{
	model_rows_fini(r);
	arena_init(&r->text);
	if (folders)
		by_folder(r, models, n);
	else
		by_lineage(r, models, n, parents);
}
