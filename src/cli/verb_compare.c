#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/history.h"
#include "compare/compare.h"

static const struct verb_option options[] = {
	{ "--baseline", "X", false,
		"what the others are compared against: one of them, or another" },
	{ "--parent", NULL, false,
		"task by task against the best of its parents that was measured" },
	{ "--each", NULL, false, "each against each" },
	{ "--only-differences", NULL, false,
		"leave out tasks and recipe lines where all are equal" },
	{ "--task", "NAME", false, "only tasks with this in their name" },
	{ "--across", NULL, false,
		"subtract figures that were measured differently too, and mark them" },
	{ "--format", "NAME", false, "text, markdown or csv" },
	{ "--seed", "N", false, "of the bootstrap: 0" },
	{ NULL, NULL, false, NULL },
};

static bool format_of(const char *name, enum compare_format *format, struct err *e)
{
	static const char *const names[] = { "text", "markdown", "csv" };

	*format = cli_utf8() ? COMPARE_TEXT : COMPARE_ASCII;
	if (!name || !strcmp(name, "text"))
		return true;
	for (int i = 1; i < 3; i++)
		if (!strcmp(name, names[i])) {
			*format = i == 1 ? COMPARE_MARKDOWN : COMPARE_CSV;
			return true;
		}
	return err_set(e, ERR_USAGE, "--format", "text, markdown and csv are known, --json is "
		"another way", "no such format: %s", name);
}

static bool asked(struct cli *c, struct compare_ask *ask, struct err *e)
{
	bool parent = cli_option(c, "--parent"), each = cli_option(c, "--each");

	ask->words = (const char *const *)c->argv;
	ask->n = (size_t)c->argc;
	ask->baseline = cli_option(c, "--baseline");
	ask->task = cli_option(c, "--task");
	ask->across_protocols = cli_option(c, "--across") != NULL;
	ask->only_differences = cli_option(c, "--only-differences") != NULL;
	ask->against = parent ? AGAINST_PARENT : each ? AGAINST_EACH : AGAINST_BASELINE;
	if (parent + each + (ask->baseline != NULL) > 1)
		return err_set(e, ERR_USAGE, "--baseline, --parent, --each", "take one",
			"these exclude each other");
	return cli_option_u64(c, "--seed", &ask->seed, e);
}

static size_t columns(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
		size.ws_col >= 40)
		return size.ws_col;
	return 80;
}

static int run(struct cli *c, struct err *e)
{
	struct compare_ask ask = { 0 };
	enum compare_format format;
	struct comparison *x;
	struct catalog *cat;
	char *text;

	if (!asked(c, &ask, e) || !format_of(cli_option(c, "--format"), &format, e) ||
		!(cat = cli_catalog(c, e)))
		return err_exit_status(e->code);
	x = compare_make(cat, &ask, e);
	if (!x)
		return err_exit_status(e->code);
	if (c->json) {
		history_print(compare_json(x));
	} else {
		text = compare_text(x, format, columns());
		fputs(text, stdout);
		free(text);
	}
	compare_free(x);
	return 0;
}

const struct verb verb_compare = {
	.name = "compare",
	.args = "ID|MODEL...",
	.help = "scores side by side: which differences are real, and how many questions they are",
	.detail =
		"A row is a task, a column a variant: a model, a run, or what a file of figures "
		"calls one (a part of the name will do). Differences are against one of them: of "
		"one variant alone the best measured parent of a merge and the source of a "
		"quantization, of several the one that another comes from, else the first.\n\n"
		"The error of a difference (one standard error) is that of paired answers where "
		"both were measured on the same questions and their answers are kept (lm-eval's "
		"samples); else it follows from the number of questions, which is a bound. "
		"real: p < 0.05 after Holm's adjustment over the tasks; suggestive: < 0.10, or "
		"< 0.05 before it; else noise. No information: both are what guessing or always "
		"giving the commonest answer gets; ? below that. ~ is an estimate and enters no "
		"difference. Figures that were measured differently, or of different models in "
		"different quantization, are shown and not subtracted, unless --across says so.\n\n"
		"Runs with recipes are compared line by line too; formatting is no difference.",
	.min_args = 1,
	.max_args = -1,
	.options = options,
	.run = run,
};
