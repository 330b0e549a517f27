#include "cli/model_rows.h"
#include <stdlib.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "system/file.h"

const char *model_state(const struct catalog_model *m)
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

struct tree {
	const struct catalog_model *v;
	size_t n;
	bool *done;     /* drawn: a circle of parents ends */
	struct table_out *out;
	struct str lead;
};

static bool has_parent(const struct tree *t, const struct catalog_model *m)
{
	for (size_t i = 0; m->parent && i < t->n; i++)
		if (t->v[i].id == m->parent && m->parent != m->id)
			return true;
	return false;
}

/* The next one under this parent that is not drawn yet; n if none. */
static size_t next_child(const struct tree *t, int64_t parent, size_t from)
{
	for (; from < t->n; from++)
		if (!t->done[from] && t->v[from].parent == parent && t->v[from].id != parent)
			return from;
	return t->n;
}

static void draw(struct tree *t, size_t i, bool last, bool top)
{
	bool utf8 = cli_utf8();
	const struct catalog_model *m = &t->v[i];
	size_t lead = t->lead.n;

	t->done[i] = true;
	char *name = xasprintf("%s%s%s", lead ? t->lead.s : "", top ? "" : last ?
		(utf8 ? "└─ " : "`- ") : (utf8 ? "├─ " : "|- "), m->name);
	row_text(t->out, m, name);
	free(name);
	if (!top)
		str_add(&t->lead, last ? "   " : utf8 ? "│  " : "|  ");
	for (size_t k = next_child(t, m->id, 0); k < t->n; ) {
		size_t after = next_child(t, m->id, k + 1);
		draw(t, k, after == t->n, false);
		k = next_child(t, m->id, after);
	}
	t->lead.n = lead;
	if (t->lead.s)
		t->lead.s[lead] = 0;
}

static json_t *branch(struct tree *t, size_t i)
{
	json_t *o = row_json(t->v, t->n, &t->v[i]), *children = json_array();

	t->done[i] = true;
	for (size_t k = next_child(t, t->v[i].id, 0); k < t->n; k = next_child(t, t->v[i].id, k))
		json_array_append_new(children, branch(t, k));
	set(o, "children", children);
	return o;
}

/* Those without a parent first, then what only hangs on itself. */
static void each_top(struct tree *t, json_t *list)
{
	for (int circles = 0; circles < 2; circles++)
		for (size_t i = 0; i < t->n; i++) {
			if (t->done[i] || (!circles && has_parent(t, &t->v[i])))
				continue;
			if (list)
				json_array_append_new(list, branch(t, i));
			else
				draw(t, i, true, true);
		}
	free(t->done);
	str_fini(&t->lead);
}

json_t *models_tree_json(const struct catalog_model *v, size_t n)
{
	struct tree t = { .v = v, .n = n, .done = xnew(bool, n + 1) };
	json_t *list = json_array();

	each_top(&t, list);
	return list;
}

void models_tree(const struct catalog_model *v, size_t n)
{
	struct tree t = { .v = v, .n = n, .done = xnew(bool, n + 1), .out = new_table() };

	each_top(&t, NULL);
	table_print(t.out);
}
