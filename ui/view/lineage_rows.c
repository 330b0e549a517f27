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

/* What is missing of it, else the recipe that made it. The column of kinds says the rest. */
static const char *how_of(struct model_rows *r, const struct catalog_model *m,
	const struct lineage *l, size_t node)
{
	const char *made = l && node != LINEAGE_NONE && lineage_is_made(l, node) ?
		lineage_made_by(l, node) : NULL;

	if (m->partial)
		return arena_strdup(&r->text, m->partial);
	if (m->state && !str_eq(m->state, "on disk") && !str_eq(m->state, "dropped"))
		return arena_strdup(&r->text, m->state);
	return made && !str_eq(made, "merge") && !str_eq(made, "quantized") ?
		arena_strdup(&r->text, made) : "";
}

static struct model_row *add(struct model_rows *r, const struct catalog_model *m, long parent)
{
	struct model_row *row = vec_push(&r->rows);

	row->model = m;
	row->parent = parent;
	row->score = NAN;
	row->id = (uint64_t)m->id + 1;
	row->how = "";
	return row;
}

/* --- models by their rows of the catalog --- */

struct by_id {
	int64_t id;
	size_t at;
};

static int compare_ids(const void *x, const void *y)
{
	const struct by_id *a = x, *b = y;

	return a->id < b->id ? -1 : a->id > b->id;
}

static struct by_id *index_models(const struct catalog_model *v, size_t n)
{
	struct by_id *ids = xnew(struct by_id, n + 1);

	for (size_t i = 0; i < n; i++)
		ids[i] = (struct by_id){ v[i].id, i };
	qsort(ids, n, sizeof *ids, compare_ids);
	return ids;
}

static size_t model_at(const struct by_id *ids, size_t n, int64_t id)
{
	const struct by_id *at = id ? bsearch(&(struct by_id){ id, 0 }, ids, n, sizeof *ids,
		compare_ids) : NULL;

	return at ? at->at : SIZE_MAX;
}

/* --- by lineage --- */

/* Before the graph is there. Parents before children, however they refer to each other: rows are
 * taken when their parent has been, what is left over (a circle) starts a tree of its own. */
static void by_parents(struct model_rows *r, const struct catalog_model *v, size_t n,
	const struct by_id *ids)
{
	long *row_of = xnew(long, n + 1);
	size_t left = n, before = n + 1;

	for (size_t i = 0; i < n; i++)
		row_of[i] = -1;
	while (left) {
		bool stuck = left == before;

		before = left;
		for (size_t i = 0; i < n; i++) {
			size_t parent = row_of[i] < 0 ? model_at(ids, n, v[i].parent) : i;

			if (row_of[i] >= 0)
				continue;
			if (parent != SIZE_MAX && parent != i && row_of[parent] < 0 && !stuck)
				continue;
			stuck = false;
			row_of[i] = (long)r->rows.n;
			add(r, &v[i], parent == SIZE_MAX || parent == i ? -1 : row_of[parent]);
			left--;
		}
	}
	free(row_of);
}

static void add_elsewhere(struct model_rows *r, const struct lineage *l, size_t node, long parent)
{
	const struct lineage_node *x = &l->nodes[node];
	struct model_row *row = vec_push(&r->rows);

	row->elsewhere = true;
	row->node = node;
	row->parent = parent;
	row->score = NAN;
	row->id = hash64_bytes(x->name, strlen(x->name)) | 1ull << 62;
	row->how = arena_strdup(&r->text, x->state);
	row->label = arena_strdup(&r->text, x->name);
}

/* What the graph does not know yet comes last. */
static void by_graph(struct model_rows *r, const struct catalog_model *v, size_t n,
	const struct by_id *ids, const struct lineage *l)
{
	size_t n_rows, depth = 0, *at;
	struct lineage_row *rows = lineage_forest_rows(l, &n_rows);
	bool *taken = xnew(bool, n + 1);

	for (size_t i = 0; i < n_rows; i++)
		depth = (size_t)rows[i].depth > depth ? (size_t)rows[i].depth : depth;
	at = xnew(size_t, depth + 2); /* row of the last one at each depth */
	for (size_t i = 0; i < n_rows; i++) {
		const struct lineage_node *x = &l->nodes[rows[i].node];
		size_t k = model_at(ids, n, x->model);
		long parent = rows[i].depth ? (long)at[rows[i].depth - 1] : -1;

		at[rows[i].depth] = r->rows.n;
		if (k == SIZE_MAX) {
			add_elsewhere(r, l, rows[i].node, parent);
			continue;
		}
		taken[k] = true;
		add(r, &v[k], parent)->how = how_of(r, &v[k], l, rows[i].node);
	}
	for (size_t i = 0; i < n; i++)
		if (!taken[i])
			add(r, &v[i], -1)->how = how_of(r, &v[i], NULL, 0);
	free(rows);
	free(taken);
	free(at);
}

static const char *full_name(const struct model_row *row)
{
	return row->model ? row->model->name : row->label;
}

static void by_lineage(struct model_rows *r, const struct catalog_model *v, size_t n,
	const struct lineage *l)
{
	struct by_id *ids = index_models(v, n);

	if (l)
		by_graph(r, v, n, ids, l);
	else
		by_parents(r, v, n, ids);
	free(ids);
	for (size_t i = 0; i < r->rows.n; i++) {
		struct model_row *row = &r->rows.v[i];

		if (row->model)
			row->label = short_name(r, row->model->name, row->parent >= 0 ?
				full_name(&r->rows.v[row->parent]) : NULL);
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

static void by_folder(struct model_rows *r, const struct catalog_model *v, size_t n,
	const struct lineage *l)
{
	char *common = model_common_folder(v, n);
	size_t skip = strlen(common) + 1;

	for (size_t i = 0; i < n; i++) {
		const char *base = str_base(v[i].path);
		size_t len = (size_t)(base - v[i].path);
		long parent = folder_row(r, v[i].path, len > 1 ? len - 1 : len, skip);
		struct model_row *row = add(r, &v[i], parent);
		size_t node = !l ? 0 : i < l->n_nodes && l->nodes[i].model == v[i].id ? i :
			lineage_of_model(l, v[i].id);

		row->label = base;
		row->how = how_of(r, &v[i], l, node);
	}
	free(common);
}

void model_rows_build(struct model_rows *r, const struct catalog_model *models, size_t n,
	const struct lineage *graph, bool folders)
{
	model_rows_fini(r);
	arena_init(&r->text);
	if (folders)
		by_folder(r, models, n, graph);
	else
		by_lineage(r, models, n, graph);
}
