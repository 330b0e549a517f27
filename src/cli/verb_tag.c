#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/history.h"

/* TAG and +TAG add, -TAG takes off. */
static bool change(struct catalog *c, int64_t id, const char *word, struct err *e)
{
	bool off = *word == '-';

	return catalog_tag(c, id, word + (off || *word == '+'), !off, e);
}

static void answer(const struct cli *c, const struct catalog_run *r)
{
	if (c->json)
		history_print(json_pack("{s:I, s:o}", "run", (json_int_t)r->id, "tags",
			history_tags(r)));
	else
		puts(r->tags ? r->tags : "");
}

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	struct catalog_run *r;
	int64_t id;

	if (!cat || !history_run_id(cat, c->argv[0], &id, e))
		return err_exit_status(e->code);
	for (int i = 1; i < c->argc; i++)
		if (!change(cat, id, c->argv[i], e))
			return err_exit_status(e->code);
	r = catalog_run_get(cat, id, e);
	if (r)
		answer(c, r);
	catalog_runs_free(r, r != NULL);
	return err_exit_status(e->code);
}

const struct verb verb_tag = {
	.name = "tag",
	.args = "ID [TAG...]",
	.help = "put tags on a run, or take them off; prints those it has",
	.detail = "TAG or +TAG adds a tag, -TAG takes one off. `runs tag:TAG` finds them.",
	.min_args = 1,
	.max_args = -1,
	.dash_words = true,
	.run = run,
};
