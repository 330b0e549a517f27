#include "cli/verb.h"

#include "stat/stats.h"

static const char *better_text(const struct stat_info *i)
{
	return i->better > 0 ? "higher" : i->better < 0 ? "lower" : "";
}

static int run(struct cli *c, struct err *e)
{
	static const char *const headers[] = { "FIGURE", "UNIT", "BETTER", "OF", "FORMULA" };
	struct table_out *t = c->json ? NULL : table_new(headers, 5);
	json_t *list = json_array(), *j;

	(void)e;
	for (int k = 0; k < STAT_COUNT; k++) {
		const struct stat_info *i = stat_info((enum stat_id)k);

		if (t) {
			table_row(t, (const char *[]){ i->name, i->unit, better_text(i),
				i->per_input ? "each input" : "tensor", i->formula });
			continue;
		}
		j = json_object();
		json_object_set_new(j, "name", json_textn(i->name));
		json_object_set_new(j, "title", json_textn(i->title));
		json_object_set_new(j, "unit", json_textn(i->unit));
		json_object_set_new(j, "better",
			i->better ? json_textn(better_text(i)) : json_null());
		json_object_set_new(j, "per_input", json_boolean(i->per_input));
		json_object_set_new(j, "formula", json_textn(i->formula));
		json_object_set_new(j, "help", json_textn(i->help));
		json_array_append_new(list, j);
	}
	if (t)
		table_print(t);
	else
		json_print(list);
	json_decref(list);
	return 0;
}

const struct verb verb_stats = {
	.name = "stats",
	.help = "list the figures: what each says and its formula",
	.detail = "In formulas m is the merge, x an input, b the base; sums run over all elements "
		"of a tensor or of a group. --json has a sentence about each.",
	.run = run,
};
