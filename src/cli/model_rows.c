#include "cli/model_rows.h"
#include <stdlib.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "system/file.h"

/* Where a registered model is now: "on disk", "partial", "dropped" (a run wrote it), "offline". */
static const char *model_state(const struct catalog_model *m)
{
	if (m->partial)
		return "partial";
	if (!str_eq(m->state, "on disk") || file_exists(m->path))
		return m->state;
	return m->run ? "dropped" : "offline";
}

static void set(json_t *o, const char *key, json_t *v)
{
	json_object_set_new(o, key, v);
}

static json_t *name_of(const struct catalog_model *v, size_t n, int64_t id)
{
	for (size_t i = 0; id && i < n; i++)
		if (v[i].id == id)
			return json_textn(v[i].name);
	return json_null();
}

static json_t *row_json(const struct catalog_model *v, size_t n, const struct catalog_model *m)
{
	json_t *o = json_object();

	set(o, "id", json_integer(m->id));
	set(o, "name", json_textn(m->name));
	set(o, "path", json_textn(m->path));
	set(o, "format", json_textn(m->format));
	set(o, "architecture", json_textn(m->architecture));
	set(o, "kind", json_textn(m->kind));
	set(o, "parameters", json_u64(m->parameters));
	set(o, "bytes", json_u64(m->bytes));
	set(o, "bits_per_weight", json_number(m->bits));
	set(o, "hash", json_textn(m->hash));
	set(o, "partial", json_textn(m->partial));
	set(o, "state", json_textn(model_state(m)));
	set(o, "parent", name_of(v, n, m->parent));
	set(o, "relation", m->parent ? json_textn(m->relation) : json_null());
	set(o, "run", m->run ? json_integer(m->run) : json_null());
	return o;
}

json_t *models_json(const struct catalog_model *v, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, row_json(v, n, &v[i]));
	return a;
}

static void row_text(struct table_out *t, const struct catalog_model *m, const char *name)
{
	struct str count = STR_INIT, size = STR_INIT;
	char bits[24] = "";
	bool partial = m->partial != NULL;

	if (m->parameters)
		str_add_count(&count, m->parameters);
	if (m->bytes)
		str_add_bytes(&size, m->bytes);
	if (m->bits > 0)
		snprintf(bits, sizeof bits, "%.2f", m->bits);
	table_row(t, (const char *[]){ name, m->kind, m->architecture, count.s, bits, size.s,
			     m->format, partial ? m->partial : model_state(m), m->path });
	str_fini(&count);
	str_fini(&size);
}

static struct table_out *new_table(void)
{
	static const char *const headers[] = { "NAME", "KIND", "ARCHITECTURE", ">PARAMETERS",
		">BITS", ">SIZE", "FORMAT", "STATE", "PATH" };

	return table_new(headers, sizeof headers / sizeof *headers);
}

void models_table(const struct catalog_model *v, size_t n)
{
	struct table_out *t = new_table();

	for (size_t i = 0; i < n; i++)
		row_text(t, &v[i], v[i].name);
	table_print(t);
}

/* --- by lineage --- */

/* The catalog's row of a node: the graph keeps their order, but for what was found since. */
static const struct catalog_model *row_of(const struct catalog_model *v, size_t n,
	const struct lineage *l, size_t node)
{
	int64_t id = l->nodes[node].model;

	if (node < n && v[node].id == id)
		return &v[node];
	for (size_t i = 0; id && i < n; i++)
		if (v[i].id == id)
			return &v[i];
	return NULL;
}

static void tree_row(struct table_out *t, const struct catalog_model *m, const char *name,
	const struct lineage *l, size_t node)
{
	struct str count = STR_INIT, size = STR_INIT;
	char bits[24] = "";

	if (m && m->parameters)
		str_add_count(&count, m->parameters);
	if (m && m->bytes)
		str_add_bytes(&size, m->bytes);
	if (m && m->bits > 0)
		snprintf(bits, sizeof bits, "%.2f", m->bits);
	table_row(t, (const char *[]){ name, lineage_made_by(l, node), m ? m->kind : NULL,
		m ? m->architecture : NULL, count.s, bits, size.s, m ? m->format : NULL,
		m && m->partial ? m->partial : l->nodes[node].state, m ? m->path : NULL });
	str_fini(&count);
	str_fini(&size);
}

#define LEAD_AT_MOST 40 /* deeper models are drawn at this depth */

void models_tree(const struct catalog_model *v, size_t n, const struct lineage *l)
{
	static const char *const headers[] = { "NAME", "MADE BY", "KIND", "ARCHITECTURE",
		">PARAMETERS", ">BITS", ">SIZE", "FORMAT", "STATE", "PATH" };
	bool utf8 = cli_utf8();
	struct table_out *t = table_new(headers, sizeof headers / sizeof *headers);
	size_t k;
	struct lineage_row *rows = lineage_forest_rows(l, &k);

	for (size_t i = 0; i < k; i++) {
		struct str name = STR_INIT;
		int depth = rows[i].depth < LEAD_AT_MOST ? rows[i].depth : LEAD_AT_MOST;

		for (int d = 1; d < depth; d++)
			str_add(&name, !(rows[i].lines >> d & 1) ? "   " : utf8 ? "│  " : "|  ");
		if (depth)
			str_add(&name, rows[i].last ? (utf8 ? "└─ " : "`- ") : utf8 ? "├─ " :
				"|- ");
		str_add(&name, l->nodes[rows[i].node].name);
		tree_row(t, row_of(v, n, l, rows[i].node), name.s, l, rows[i].node);
		str_fini(&name);
	}
	free(rows);
	table_print(t);
}

static json_t *known_by_name(const struct lineage_node *x)
{
	json_t *o = json_object();

	set(o, "id", json_null());
	set(o, "name", json_textn(x->name));
	set(o, "state", json_textn(x->state));
	return o;
}

#define NESTED_AT_MOST 100 /* JSON goes no deeper than 256 levels, two to a model */

json_t *models_tree_json(const struct catalog_model *v, size_t n, const struct lineage *l)
{
	json_t *list = json_array(), *at[NESTED_AT_MOST + 1] = { list }; /* children at depth */
	const char *name[NESTED_AT_MOST] = { NULL };
	size_t k;
	struct lineage_row *rows = lineage_forest_rows(l, &k);

	for (size_t i = 0; i < k; i++) {
		const struct catalog_model *m = row_of(v, n, l, rows[i].node);
		json_t *o = m ? row_json(v, n, m) : known_by_name(&l->nodes[rows[i].node]);
		int depth = rows[i].depth < NESTED_AT_MOST ? rows[i].depth : NESTED_AT_MOST - 1;

		name[depth] = l->nodes[rows[i].node].name;
		if (depth) /* what it hangs on here: of a merge, what its parents share */
			set(o, "parent", json_textn(name[depth - 1]));
		if (depth && l->first[rows[i].node] < l->first[rows[i].node + 1])
			set(o, "relation", json_textn(l->edges[l->first[rows[i].node]].relation));
		set(o, "made_by", json_textn(lineage_made_by(l, rows[i].node)));
		set(o, "children", at[depth + 1] = json_array());
		json_array_append_new(at[depth], o);
	}
	free(rows);
	return list;
}
