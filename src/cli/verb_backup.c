#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/keep.h"
#include "cli/verb.h"

static json_t *count(int64_t n)
{
	return n < 0 ? json_null() : json_integer(n);
}

static void print_json(const struct catalog_backup *b)
{
	json_t *j = json_object();

	json_object_set_new(j, "file", json_textn(b->path));
	json_object_set_new(j, "bytes", json_integer((json_int_t)b->bytes));
	json_object_set_new(j, "seconds", json_number(b->seconds));
	json_object_set_new(j, "runs", count(b->runs));
	json_object_set_new(j, "models", count(b->models));
	json_object_set_new(j, "scores", count(b->scores));
	json_print(j);
	json_decref(j);
}

static void print_text(const struct catalog_backup *b)
{
	char *safe = str_safe(b->path);
	struct str s = STR_INIT;

	str_addf(&s, "%s: ", safe);
	str_add_bytes(&s, b->bytes);
	str_add(&s, ", ");
	str_add_seconds(&s, b->seconds);
	if (b->runs >= 0 && b->models >= 0 && b->scores >= 0)
		str_addf(&s, "; runs %" PRId64 ", models %" PRId64 ", scores %" PRId64, b->runs,
			b->models, b->scores);
	puts(s.s);
	str_fini(&s);
	free(safe);
}

static int run(struct cli *c, struct err *e)
{
	char *path = c->catalog_path ? xstrdup(c->catalog_path) : catalog_default_path();
	struct catalog_backup b;
	bool ok = catalog_backup(path, c->argc ? c->argv[0] : NULL, &b, e);

	if (ok && c->json)
		print_json(&b);
	else if (ok)
		print_text(&b);
	if (ok)
		catalog_backup_fini(&b);
	free(path);
	return ok ? 0 : err_exit_status(e->code);
}

const struct verb verb_backup = {
	.name = "backup",
	.args = "[FILE]",
	.help = "copy the catalog, whole, while it is in use",
	.detail = "The copy is one file that opens as a catalog: --catalog FILE looks into it, and "
		"moved to the catalog's place it is the catalog. Without FILE it stands beside the "
		"catalog, or in the folder that FILE is, with the time in its name. What others "
		"write meanwhile is neither lost nor held up; a name that is taken is refused.",
	.max_args = 1,
	.run = run,
};
