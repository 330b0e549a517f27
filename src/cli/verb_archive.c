#include "config.h"
#include "cli/history.h"

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	bool back = cli_option(c, "--undo") != NULL;
	json_t *done = json_array();
	int64_t id;

	for (int i = 0; cat && i < c->argc && e->code == ERR_NONE; i++)
		if (history_run_id(cat, c->argv[i], &id, e) && catalog_archive(cat, id, !back, e))
			json_array_append_new(done,
				json_pack("{s:I, s:b}", "run", (json_int_t)id, "archived",
				!back));
	if (c->json && e->code == ERR_NONE)
		json_print(done);
	json_decref(done);
	return err_exit_status(e->code);
}

static const struct verb_option options[] = {
	{ "--undo", NULL, false, "bring it back" },
	{ 0 },
};

const struct verb verb_archive = {
	.name = "archive",
	.args = "ID...",
	.help = "leave runs out of lists without forgetting them",
	.detail = "`runs archived:yes` lists them. Outputs are not touched.",
	.min_args = 1,
	.max_args = -1,
	.options = options,
	.run = run,
};
