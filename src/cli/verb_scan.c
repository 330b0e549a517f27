#include "cli/model_rows.h"
#include <stdlib.h>
#include "base/str.h"
#include "engine/scan.h"
#include "system/process.h"

static json_t *result_json(struct catalog *cat, const struct scan_result *r)
{
	size_t n = 0;
	struct catalog_model *v = catalog_models(cat, &n, NULL);
	json_t *o = json_object();

	json_object_set_new(o, "found", json_u64(r->found));
	json_object_set_new(o, "registered", json_u64(r->registered));
	json_object_set_new(o, "refused", json_u64(r->refused));
	json_object_set_new(o, "refusal", r->refused ? json_pack("{s:o, s:o, s:o}", "where",
		json_textn(r->refusal.where), "what", json_textn(r->refusal.what), "hint",
		json_textn(r->refusal.hint)) : json_null());
	json_object_set_new(o, "models", v ? models_json(v, n) : json_array());
	if (v)
		catalog_models_free(v, n);
	return o;
}

static void result_text(const struct scan_result *r)
{
	printf("%zu model%s found, %zu new or changed\n", r->found, r->found == 1 ? "" : "s",
		r->registered);
	if (!r->refused)
		return;
	struct str s = STR_INIT;
	str_addf(&s, "%zu could not be opened, the last: %s: %s%s%s", r->refused, r->refusal.where,
		r->refusal.what, *r->refusal.hint ? "; " : "", r->refusal.hint);
	char *safe = str_safe(s.s);
	puts(safe);
	free(safe);
	str_fini(&s);
}

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	struct scan_result r;
	bool own = c->argc > 0;

	for (int i = 0; i < c->argc; i++)
		if (!file_is_dir(c->argv[i])) {
			err_set(e, ERR_INPUT, c->argv[i], "name a folder",
				"there is no such folder");
			return err_exit_status(e->code);
		}
	if (!cat)
		return err_exit_status(e->code);
	if (catalog_is_read_only(cat)) {
		err_set(e, ERR_INPUT, catalog_path(cat), "use --catalog FILE with another one",
			"the catalog cannot be written, so nothing can be registered");
		return err_exit_status(e->code);
	}
	process_catch_signals();
	struct model_roots *roots = own ? model_roots_new((const char *const *)c->argv,
		(size_t)c->argc) : cli_roots(c);
	bool ok = scan_models(cat, roots, &process_cancelled, &r, e);
	if (own)
		model_roots_free(roots);
	if (ok && atomic_load(&process_cancelled))
		ok = err_set(e, ERR_CANCELLED, "scan", NULL, "cancelled");
	if (!ok)
		return err_exit_status(e->code);
	if (c->json) {
		json_t *j = result_json(cat, &r);
		json_print(j);
		json_decref(j);
	} else {
		result_text(&r);
	}
	return 0;
}

const struct verb verb_scan = {
	.name = "scan",
	.args = "[DIR...]",
	.help = "find models and register them; weights are not read",
	.detail =
		"Looks in the folders named, else in the roots: those of --root, else the working "
		"directory (a few levels deep, never a whole home folder), the Hugging Face cache, "
		"and the "
		"folders of LM Studio, llama.cpp and ollama. Parents come from the models' cards.",
	.max_args = -1,
	.run = run,
};
