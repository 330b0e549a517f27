#include "config.h"
#include "cli/verb.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "audit/audit.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "import/card.h"
#include "import/import.h"

/* A parent of the card, if it is here. */
static struct model *open_parent(void *ctx, const char *name)
{
	struct err ignored = { 0 };

	return cli_model(ctx, name, &ignored);
}

static void print_one(const struct audit_finding *x)
{
	char *claim = xasprintf("line %" PRId64 ": %s", x->line, x->claim);

	cli_wrap(stdout, claim, 2, 80);
	cli_wrap(stdout, x->message, 6, 80);
	free(claim);
}

static void page(const struct audit *a, const char *path, const struct import_file *f, bool all)
{
	static const char *const titles[] = { "WRONG", "MISLEADING", "UNSUPPORTED", "RIGHT" };
	char *safe = str_safe(path);

	printf("%s: %s\n", safe, f->model ? f->model : "a card without a name");
	free(safe);
	for (int v = 0; v < AUDIT_VERDICTS; v++) {
		if (!a->count[v] || (v == AUDIT_RIGHT && !all))
			continue;
		printf("\n%s\n", titles[v]);
		for (size_t i = 0; i < a->findings.n; i++)
			if ((int)a->findings.v[i].verdict == v)
				print_one(&a->findings.v[i]);
	}
	printf("\n%zu wrong, %zu misleading, %zu unsupported; %zu figure%s computed again and "
		"right\n",
		a->count[AUDIT_WRONG], a->count[AUDIT_MISLEADING], a->count[AUDIT_UNSUPPORTED],
		a->count[AUDIT_RIGHT], a->count[AUDIT_RIGHT] == 1 ? "" : "s");
}

static int run(struct cli *c, struct err *e)
{
	struct audit_known known = { open_parent, c };
	struct import_file f = { 0 };
	struct audit a = { 0 };
	int status = 0;

	if (!import_read(&f, c->argv[0], e)) {
		status = err_exit_status(e->code);
	} else if (!f.card) {
		err_set(e, ERR_INPUT, c->argv[0], "`cupel import` reads figures of other kinds",
			"is %s, not a model card", f.kind->title);
		status = err_exit_status(e->code);
	} else {
		audit_card(&f, &known, &a);
		if (c->json) {
			json_t *j = audit_json(&a, c->argv[0]);

			json_print(j);
			json_decref(j);
		} else {
			page(&a, c->argv[0], &f, cli_option(c, "--all") != NULL);
		}
		status = a.count[AUDIT_WRONG] ? 1 : 0;
	}
	audit_fini(&a);
	import_file_fini(&f);
	return status;
}

static const struct verb_option options[] = {
	{ "--all", NULL, false, "show what is right, too" },
	{ 0 }
};
const struct verb verb_audit = { "audit", "CARD", "recompute every figure that a model card claims",
	"Reads a model card, Markdown or as a browser copies it, and computes its figures again: "
	"averages and differences, percents against points, how many of the tasks are better, sums "
	"and ratios of weights, keys of the recipe without effect, sizes and bits per weight, "
	"ranges and prices of groups of tensors, what fits into memory. Says which differences are "
	"no more than chance, which scores guessing would give, which figures belong to another "
	"artifact, and what nothing was measured for.\n\n"
	"A finding is wrong (the card's own figures, or the files, say otherwise), misleading "
	"(true as a figure, not as what it is used for), unsupported (nothing stands behind it), "
	"or right. The exit status is 1 if anything is wrong. A parent that is found here, under a "
	"root or in the catalog, is opened: its shapes count more than its name.",
	1, 1, false, options, run };
