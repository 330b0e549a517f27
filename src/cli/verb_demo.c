#include "cli/verb.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "system/file.h"
#include "system/process.h"

extern char **environ;

#define STEP_WORDS 12

/* The tour: what is about to be seen, and the command that shows it. */
static const struct step {
	const char *text;
	const char *args[STEP_WORDS];
} steps[] = {
	{ "A base and two fine-tunes of it: reading their headers is enough to find out.",
		{ "scan", "." } },
	{ "The family, as the models themselves tell it.",
		{ "models", "--tree" } },
	{ "What another program measured of them, and of the merge below: every figure keeps its "
		"line.",
		{ "import", "measured.csv" } },
	{ "What one of them is made of.",
		{ "inspect", "code" } },
	{ "A recipe, before anything is read: what each key does, and what it adds up to.",
		{ "lint", "dare.yml" } },
	{ "Half of each: what that merge would be. Nothing is written.",
		{ "preview", "halfway.yml" } },
	{ "How well it would foretell two texts, set against the base piece by piece: still "
		"nothing is written.",
		{ "eval", "halfway.yml", "--text", "kjv.txt", "--text", "code.txt", "--against",
		"base", "--chunks", "8" } },
	{ "The same, written.",
		{ "merge", "halfway.yml", "halfway" } },
	{ "What became of the kjv model on the way, beside the base both came from.",
		{ "diff", "kjv", "halfway", "--base", "base", "--exact" } },
	{ "Nothing is forgotten: the catalog has the run, its recipe, inputs and output.",
		{ "show", "3" } },
	{ "And can make it again, byte for byte.",
		{ "replay", "3" } },
	{ "What quantizing it would be: type, size and error of every group. Nothing is written.",
		{ "plan", "halfway", "--plan", "Q4_K_M" } },
	{ "The types of least error that fit 4.5 bits per weight.",
		{ "plan", "halfway", "--plan", "Q4_K_M", "--target", "4.5bpw" } },
	{ "Written: merged and quantized in one stream, with no 16-bit file in between.",
		{ "quantize", "halfway.yml", "halfway.gguf", "--plan", "Q4_K_M" } },
	{ "What that cost: the quantized merge against the one it was made of.",
		{ "eval", "halfway.gguf", "--text", "kjv.txt", "--text", "code.txt", "--against",
		"halfway", "--chunks", "8" } },
	{ "And its parents, each on both texts.",
		{ "eval", "kjv", "--text", "kjv.txt", "--text", "code.txt", "--against", "code",
		"--chunks", "8" } },
	{ "Against what it was made of: which differences are real, and of how many questions.",
		{ "compare", "base", "code", "kjv", "halfway", "--baseline", "base" } },
	{ "The family now.",
		{ "models", "--tree" } },
};

static bool link_one(const char *from, const char *to, struct err *e)
{
	unlink(to);
	return symlink(from, to) == 0 || err_errno(e, to, "create a link");
}

/* The demonstration in a folder where a person may write: models are links, recipes are copies, and
 * a recipe that was changed there stays as it is. */
static bool furnish(const char *dir, struct err *e)
{
	static const char *const models[] = { "base", "code", "kjv", "kjv.txt", "code.txt" };
	static const char *const texts[] = { "README.md", "dare.yml", "halfway.yml",
		"measured.csv", "nearswap.yml", "steps.yml" };
	char *data = file_data_path("demo"), *real = realpath(data, NULL), *from, *to;
	bool ok = real ? file_mkdirs(dir, e) : err_errno(e, data, "find the demonstration");

	for (size_t i = 0; ok && i < sizeof models / sizeof models[0]; i++) {
		from = str_join_path(real, models[i]);
		to = str_join_path(dir, models[i]);
		ok = link_one(from, to, e);
		free(from);
		free(to);
	}
	for (size_t i = 0; ok && i < sizeof texts / sizeof texts[0]; i++) {
		from = str_join_path(real, texts[i]);
		to = str_join_path(dir, texts[i]);
		ok = file_exists(to) || file_copy(from, to, e);
		free(from);
		free(to);
	}
	free(data);
	free(real);
	return ok;
}

/* Runs this program with args and waits. Killed by a signal: status 128 + signal. */
static int run_self(const char *const *args, bool quiet, struct err *e)
{
	const char *argv[STEP_WORDS + 2] = { "cupel" };
	posix_spawn_file_actions_t files;
	int status, rc;
	pid_t pid;

	for (size_t i = 0; i < STEP_WORDS && args[i]; i++)
		argv[i + 1] = args[i];
	fflush(stdout);
	posix_spawn_file_actions_init(&files);
	if (quiet)
		posix_spawn_file_actions_addopen(&files, 1, "/dev/null", 1, 0);
	rc = posix_spawn(&pid, process_self_path(), &files, NULL, (char **)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (rc != 0) {
		errno = rc;
		err_errno(e, args[0], "start");
		return err_exit_status(e->code);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void print_step(size_t n, const struct step *s)
{
	bool color = cli_color(stdout);

	printf("%s%s%zu. ", n > 1 ? "\n" : "", color ? "\033[1m" : "", n);
	printf("%s%s\n$ cupel", s->text, color ? "\033[0m" : "");
	for (size_t i = 0; i < STEP_WORDS && s->args[i]; i++)
		printf(" %s", s->args[i]);
	putchar('\n');
}

static int tour(struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = xasprintf("%s/cupel-demo-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	char *here = getcwd(NULL, 0);
	struct err ignored;
	int status = 0;

	if (!mkdtemp(dir)) {
		err_errno(e, dir, "create a folder");
	} else if (furnish(dir, e) && chdir(dir) == 0) {
		setenv("CUPEL_CATALOG", "demo.db", 1);
		setenv("XDG_CACHE_HOME", dir, 1);
		printf("The demonstration, in a folder of its own that is removed at the end.\n\n");
		for (size_t i = 0, n = 0; i < sizeof steps / sizeof steps[0] && !status; i++) {
			print_step(++n, &steps[i]);
			status = run_self(steps[i].args, false, e);
			if (status)
				err_set(e, ERR_INTERNAL, steps[i].args[0], "see above",
					"the tour stops here: status %d", status);
		}
		if (!status)
			puts("\nOn a terminal, `cupel demo` opens the workbench on the same "
				"family.");
	}
	if (here && chdir(here) != 0)
		free(here), here = NULL;
	file_remove_tree(dir, &ignored);
	free(here);
	free(dir);
	return e->code ? err_exit_status(e->code) : status;
}

static char *data_home(struct err *e)
{
	const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (xdg && xdg[0] == '/')
		return str_join_path(xdg, "cupel");
	if (home && *home)
		return str_join_path(home, ".local/share/cupel");
	err_set(e, ERR_INPUT, "HOME", "set HOME or XDG_DATA_HOME",
		"is not set: nowhere to keep the demonstration");
	return NULL;
}

/* The workbench, with a catalog that is the demonstration's own and never the person's. */
static int open_demo(struct cli *c, struct err *e)
{
	static const char *const scan[] = { "scan", ".", NULL };
	static const char *const import[] = { "import", "measured.csv", NULL };
	static char *paths[] = { "." };
	char *data = data_home(e), *dir;

	if (!data)
		return err_exit_status(e->code);
	dir = str_join_path(data, "demo");
	if (furnish(dir, e) && chdir(dir) == 0) {
		c->catalog_path = str_join_path(data, "demo.db"); /* lives until the end */
		setenv("CUPEL_CATALOG", c->catalog_path, 1);
		run_self(scan, true, e);
		run_self(import, true, e); /* again changes nothing */
	}
	free(dir);
	free(data);
	return e->code ? err_exit_status(e->code) : cli_workbench(c, paths, 1);
}

static int run(struct cli *c, struct err *e)
{
	bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	if (terminal && !cli_option(c, "--text"))
		return open_demo(c, e);
	return tour(e);
}

static const struct verb_option options[] = {
	{ "--text", NULL, false, "the tour in text, on a terminal too" },
	{ NULL, NULL, false, NULL },
};

const struct verb verb_demo = {
	.name = "demo",
	.help = "see it work on a family of small models",
	.detail = "Opens the workbench on a base and two fine-tunes that come with the program, "
		"with a catalog of its own ($XDG_DATA_HOME/cupel/demo.db) and copies of their "
		"recipes beside it. Without a terminal it is a tour in text: the same steps as "
		"commands, with their real answers, in a temporary folder.",
	.options = options,
	.run = run,
};
