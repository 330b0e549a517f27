/* merging: what the verbs that write a merge share: recipe to plan, with what does not fit said on
 * stderr; progress; the answer. Main thread. */
#ifndef CUPEL_CLI_MERGING_H
#define CUPEL_CLI_MERGING_H
#include "cli/verb.h"
#include "engine/run.h"

/* A word that may be a model's: is it a recipe's file? */
bool merging_is_recipe(const char *name);
/* The recipe of a file: its document of that name, NULL: the one it is for. */
struct recipe *merging_recipe(const char *path, const char *document, struct err *e);
/* Opens the inputs and makes the plan. Warnings go to stderr. NULL with a reason; the caller lets
 * the plan go (which holds recipe and inputs). */
struct plan *merging_plan(struct cli *c, const struct recipe *r, const struct plan_options *o,
	struct err *e);
/* --arithmetic and --rng into o. */
bool merging_options(const struct cli *c, struct plan_options *o, struct err *e);
#define MERGING_OPTIONS \
	{ "--arithmetic", "HOW", false, \
		"float32 (the default): rounded once; mergekit: every step rounded as mergekit " \
		"does it on one thread" }, \
	{ "--rng", "WHICH", false, \
		"counter (the default), or mergekit: the masks of its --random-seed on a CPU" }, \
	{ "--unsafe-truncate-embeddings", NULL, false, \
		"cut embeddings and heads of different lengths to the shortest; goes into the " \
		"recipe" }
/* Runs it with progress on stderr; signals cancel. catalog may be NULL. */
bool merging_run(struct cli *c, struct catalog *catalog, struct plan *p,
	const struct run_options *o,
	struct run_result *out, struct err *e);
/* The named documents on the way to r, each into OUT/NAME, the earlier ones read there by the
 * later; what is there already of this recipe, seed and inputs is left as it is. plan learns where
 * they are, for r's own plan; list gets an object each. */
bool merging_others(struct cli *c, const struct recipe *r, struct plan_options *plan,
	const struct run_options *run, json_t *list, struct err *e);
/* On stderr, if the output was written and the catalog could not be told. */
void merging_say_unremembered(const struct run_result *r);
json_t *merging_json(const struct run_result *r);
void merging_print(const struct plan *p, const struct run_result *r);
#endif
