#include "cli/model_rows.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "system/file.h"

static const struct verb_option options[] = {
	{ "--tree", NULL, false, "by lineage: base models, under them what was made of them" },
	{ "--reclaim", NULL, false,
		"outputs that `replay` could make again, and the space they take" },
	{ NULL, NULL, false, NULL },
};

/* --- what could be deleted and made again --- */

/* The inputs are where they were: replay has what it needs. (It checks their hashes.) */
static bool rebuildable(struct catalog *cat, const struct catalog_run *r)
{
	size_t n = 0;
	struct catalog_input *in;
	bool ok = str_eq(r->status, "done") && r->output && r->recipe_hash &&
		file_exists(r->output);

	if (!ok || !(in = catalog_run_inputs(cat, r->id, &n, NULL)))
		return false;
	for (size_t i = 0; ok && i < n; i++)
		ok = in[i].path && file_exists(in[i].path) && strcmp(in[i].path, r->output);
	catalog_inputs_free(in, n);
	return ok && n;
}

static json_t *reclaim_json(const struct catalog_run *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "run", json_integer(r->id));
	json_object_set_new(o, "name", json_textn(r->name));
	json_object_set_new(o, "output", json_textn(r->output));
	json_object_set_new(o, "bytes", json_u64(r->bytes));
	json_object_set_new(o, "seconds", json_number(r->seconds));
	json_object_set_new(o, "hash", json_textn(r->output_hash));
	return o;
}

static void reclaim_row(struct table_out *t, const struct catalog_run *r)
{
	struct str size = STR_INIT, took = STR_INIT;
	char id[24];

	snprintf(id, sizeof id, "%" PRId64, r->id);
	str_add_bytes(&size, r->bytes);
	if (r->seconds >= 0)
		str_add_seconds(&took, r->seconds);
	table_row(t, (const char *[]){ id, r->name, size.s, took.s, r->output });
	str_fini(&size);
	str_fini(&took);
}

/* A folder written by several runs counts once, for the newest: they come newest first. */
static bool listed(json_t *list, const char *output)
{
	size_t i;
	json_t *o;

	json_array_foreach(list, i, o)
		if (str_eq(json_text(o, "output", ""), output))
			return true;
	return false;
}

static int reclaim(struct cli *c, struct catalog *cat, struct err *e)
{
	static const char *const headers[] = { ">RUN", "NAME", ">SIZE", ">TOOK", "OUTPUT" };
	size_t n;
	struct catalog_run *v = catalog_runs(cat, "archived:all", &n, e);

	if (!v)
		return err_exit_status(e->code);
	json_t *list = json_array();
	struct table_out *t = table_new(headers, 5);
	uint64_t total = 0;
	for (size_t i = 0; i < n; i++) {
		if (!rebuildable(cat, &v[i]) || listed(list, v[i].output))
			continue;
		json_array_append_new(list, reclaim_json(&v[i]));
		reclaim_row(t, &v[i]);
		total += v[i].bytes;
	}
	size_t found = json_array_size(list);
	if (c->json) {
		json_print(list);
		t = NULL;
	} else if (!found) {
		puts("Nothing that replay could make again takes space.");
		t = NULL;
	}
	if (t) {
		struct str sum = STR_INIT;
		table_print(t);
		str_add_bytes(&sum, total);
		printf("%s in %zu output%s; `cupel drop RUN` deletes one, `cupel replay RUN OUT` "
			"makes it again\n", sum.s, found, found == 1 ? "" : "s");
		str_fini(&sum);
	}
	json_decref(list);
	catalog_runs_free(v, n);
	return 0;
}

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	bool tree = cli_option(c, "--tree");
	struct lineage *l = NULL;
	size_t n;

	if (!cat)
		return err_exit_status(e->code);
	if (cli_option(c, "--reclaim"))
		return reclaim(c, cat, e);
	struct catalog_model *v = catalog_models(cat, &n, e);
	if (!v)
		return err_exit_status(e->code);
	if (tree && n && !(l = lineage_load(cat, e))) {
		catalog_models_free(v, n);
		return err_exit_status(e->code);
	}
	if (l)
		lineage_ready_all(l);
	if (c->json) {
		json_t *j = l ? models_tree_json(v, n, l) : models_json(v, n);
		json_print(j);
		json_decref(j);
	} else if (!n) {
		puts("No models yet: `cupel scan` finds them.");
	} else if (l) {
		models_tree(v, n, l);
	} else {
		models_table(v, n);
	}
	lineage_free(l);
	catalog_models_free(v, n);
	return 0;
}

const struct verb verb_models = {
	.name = "models",
	.help = "list the registered models, by lineage, or what replay could make again",
	.detail = "A model whose path is gone is kept: it is offline (a disk not plugged in) or, "
		  "when a "
		  "run wrote it, dropped.",
	.options = options,
	.run = run,
};
