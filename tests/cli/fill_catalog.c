/* fill_catalog FILE: three runs whose every field is
 * known, for tests of the verbs that show them. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include "catalog/catalog.h"

static const char recipe[] =
	"# chosen after the sweep\n"
	"models:\n"
	"  - model: /home/someone/models/code   # mine\n"
	"    parameters:\n"
	"      weight: 1.40\n"
	"  - model: owner/kjv\n"
	"    parameters: {weight: 0.60}\n"
	"merge_method: nuslerp\n"
	"dtype: bfloat16\n";

static void must(bool ok, const struct err *e)
{
	if (ok)
		return;
	err_print(e);
	exit(1);
}

static void first(struct catalog *c)
{
	struct catalog_run r = { .kind = "merge",
		.name = "agent, the \"3rd\"",
		.method = "nuslerp",
		.recipe_text = (char *)recipe,
		.recipe_hash = "0123456789abcdef0123456789abcdef",
		.recipe_path = "agent3.yml",
		.output = "/nowhere/agent3",
		.seed = 18446744073709551615u,
		.command = "merge agent3.yml /nowhere/agent3",
		.version = "0.1.0",
		.arithmetic = "float32" };
	struct catalog_input in[] = {
		{ "/home/someone/models/code", "/home/someone/models/code",
		  "11111111111111111111111111111111", "input" },
		{ "owner/kjv", "/cache/models--owner--kjv/snapshots/abc123", NULL, "donor" } };
	struct catalog_score s[] = { { .run = 1,
					     .task = "arc_easy",
					     .metric = "acc",
					     .value = 0.686,
					     .stderr_ = 0.01,
					     .n = 2376 },
		{ .run = 1,
			.task = "boolq",
			.metric = "acc",
			.value = 0.84,
			.stderr_ = NAN,
			.estimated = true,
			.source = "card.md" } };
	struct err e = { 0 };

	must(catalog_run_begin(c, &r, in, 2, &e) == 1, &e);
	must(catalog_run_end(c, 1, "done", 9.1, NULL, "22222222222222222222222222222222",
		     6800000000, 362, NULL, &e),
		&e);
	must(catalog_score_put(c, s, 2, &e), &e);
	must(catalog_note(c, 1,
		     "sweet spot; \x1b[31mAgent4 stutters\x1b[0m\nsecond line | with a pipe", &e),
		&e);
	must(catalog_tag(c, 1, "good", true, &e), &e);
}

static void others(struct catalog *c)
{
	struct catalog_run r = { .kind = "merge", .name = "=1+1", .method = "dare_ties",
		.recipe_text = "merge_method: dare_ties\n", .parent = 1 };
	struct err e = { 0 };

	must(catalog_run_begin(c, &r, NULL, 0, &e) == 2, &e);
	must(catalog_run_end(c, 2, "failed", 1, NULL, NULL, 0, 0, "the disk is full", &e), &e);
	r = (struct catalog_run){ .kind = "quantize", .name = "no recipe" };
	must(catalog_run_begin(c, &r, NULL, 0, &e) == 3, &e);
	must(catalog_run_end(c, 3, "cancelled", 0.5, NULL, NULL, 0, 0, NULL, &e), &e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	struct catalog *c = argc == 2 ? catalog_open(argv[1], false, &e) : NULL;

	must(c != NULL, &e);
	first(c);
	others(c);
	catalog_close(c);
	return 0;
}
