#include "config.h"
#include "cli/history.h"

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	int64_t id;

	if (cat && history_run_id(cat, c->argv[0], &id, e) &&
		catalog_rename(cat, id, c->argv[1], e) &&
	    c->json)
		history_print(json_pack("{s:I, s:o}", "run", (json_int_t)id, "name",
			json_textn(c->argv[1])));
	return err_exit_status(e->code);
}

const struct verb verb_rename = {
	.name = "rename",
	.args = "ID NAME",
	.help = "give a run another name (files are left where they are)",
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
