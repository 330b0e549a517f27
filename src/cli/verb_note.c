#include "config.h"
#include "base/str.h"
#include "cli/history.h"

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	struct str text = STR_INIT;
	int64_t id;

	for (int i = 1; i < c->argc; i++)
		str_addf(&text, "%s%s", i > 1 ? " " : "", c->argv[i]);
	if (cat && history_run_id(cat, c->argv[0], &id, e) && catalog_note(cat, id, text.s, e) &&
	    c->json)
		history_print(json_pack("{s:I, s:o}", "run", (json_int_t)id, "note",
			json_textn(text.s)));
	str_fini(&text);
	return err_exit_status(e->code);
}

const struct verb verb_note = {
	.name = "note",
	.args = "ID TEXT...",
	.help = "write something down about a run",
	.detail = "Notes add up: `runs` shows the newest, `show` all of them, and filters find "
		"them.",
	.min_args = 2,
	.max_args = -1,
	.dash_words = true,
	.run = run,
};
