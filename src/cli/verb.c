/* The front door: which verb, or the workbench; what both print when something is wrong. */
#include "config.h"
#include "cli/verb.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/args.h"

#define VERB(id) extern const struct verb verb_##id;
#include "cli/verbs.def"
#undef VERB

static const struct verb *const verbs[] = {
#define VERB(id) &verb_##id,
#include "cli/verbs.def"
#undef VERB
};
#define N_VERBS (sizeof verbs / sizeof verbs[0])

const struct verb_option cli_globals[] = {
	{ "--catalog", "FILE", false, "the catalog to use ($CUPEL_CATALOG, else "
		"$XDG_DATA_HOME/cupel/catalog.db)" },
	{ "--root", "DIR", true, "look for models under DIR (may be given several times)" },
	{ "--json", NULL, false, "print the answer as JSON" },
	{ "--threads", "N", false, "use N threads (all this process may use)" },
	{ "--help", NULL, false, "explain the verb" },
	{ NULL, NULL, false, NULL },
};

static struct cli_start start;

const struct verb *verb_at(size_t i)
{
	return i < N_VERBS ? verbs[i] : NULL;
}

const struct verb *verb_by_name(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++) {
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	}
	return NULL;
}

const struct cli_start *cli_start(void)
{
	return &start;
}

int cli_workbench(const struct cli *c, char **paths, size_t n)
{
	start = (struct cli_start){ .catalog_path = c->catalog_path, .roots = c->roots,
		.n_roots = c->n_roots, .threads = c->threads, .paths = paths, .n_paths = n };
	return -1;
}

void cli_error(const struct err *e, bool json)
{
	json_t *j, *in;

	cli_progress_end();
	if (json) {
		in = json_object();
		json_object_set_new(in, "code", json_string(err_code_name(e->code)));
		json_object_set_new(in, "where", json_textn(e->where));
		json_object_set_new(in, "what", json_textn(e->what));
		json_object_set_new(in, "hint", e->hint[0] ? json_textn(e->hint) : json_null());
		j = json_object();
		json_object_set_new(j, "error", in);
		json_print(j);
		json_decref(j);
	}
	fflush(stdout);
	err_print(e);
}

/* A disk that filled up under a redirected answer must not pass for success. */
static int finish(struct err *e, bool json, int status)
{
	if (e->code == ERR_NONE && (fflush(stdout) != 0 || ferror(stdout))) {
		clearerr(stdout);
		err_errno(e, "standard output", "write the answer");
		json = false;
	}
	if (e->code == ERR_NONE)
		return status;
	cli_error(e, json);
	return err_exit_status(e->code);
}

static int run_verb(const struct verb *v, const struct cli_args *a, struct err *e)
{
	struct cli c = { .verb = v->name, .catalog_path = a->catalog_path, .json = a->json,
		.roots = a->roots.v, .n_roots = a->roots.n, .threads = a->threads,
		.argc = (int)a->words.n, .argv = a->words.v,
		.options = a->options.v, .n_options = a->options.n };
	int status;

	if (a->help)
		return cli_help(v);
	if (c.argc < v->min_args || (v->max_args >= 0 && c.argc > v->max_args)) {
		err_set(e, ERR_USAGE, v->name, NULL, c.argc < v->min_args ? "wants %s" :
			v->args && *v->args ? "takes only %s" : "takes no arguments", v->args);
		snprintf(e->hint, sizeof e->hint, "see cupel help %s", v->name);
		return err_exit_status(e->code);
	}
	status = v->run(&c, e);
	cli_progress_end();
	if (c.close_models)
		c.close_models(&c);
	if (c.close)
		c.close(&c);
	return status;
}

/* A word that is no verb opens the workbench, unless it can only be a slip of the fingers. */
static bool check_paths(const struct cli_args *a, struct err *e)
{
	const char *names[N_VERBS], *word = a->words.n ? a->words.v[0] : NULL, *near;

	if (!word || strpbrk(word, "/.") || access(word, F_OK) == 0)
		return true;
	for (size_t i = 0; i < N_VERBS; i++)
		names[i] = verbs[i]->name;
	near = str_nearest(word, names, N_VERBS);
	err_set(e, ERR_USAGE, word, "see cupel help", "is neither a verb nor a file");
	if (near)
		snprintf(e->hint, sizeof e->hint, "did you mean %s?", near);
	return false;
}

static int run_workbench(const struct cli_args *a, struct err *e)
{
	if (a->help)
		return cli_help(NULL);
	if (!check_paths(a, e))
		return err_exit_status(e->code);
	start = (struct cli_start){ .catalog_path = a->catalog_path, .roots = a->roots.v,
		.n_roots = a->roots.n, .threads = a->threads, .paths = a->words.v,
		.n_paths = a->words.n, .script = a->script, .size = a->size };
	return -1;
}

int cli_run(int argc, char **argv)
{
	static struct cli_args a; /* cli_start borrows from it after the return */
	struct err e = { 0 };
	int status = 0;

	setlocale(LC_CTYPE, ""); /* numbers stay as C writes them */
	log_open();
	for (int i = 0; i < argc; i++)
		log_line("argument %d: %s", i, argv[i]);
	if (!cli_args_parse(&a, argc, argv, &e)) {
		status = err_exit_status(e.code);
	} else if (a.version) {
		puts(PACKAGE_STRING);
	} else {
		status = a.verb ? run_verb(a.verb, &a, &e) : run_workbench(&a, &e);
		if (status < 0)
			return status;
	}
	if (e.code)
		log_line("%s: %s", e.where, e.what);
	status = finish(&e, a.json, status);
	log_line("exit status %d", status);
	cli_args_fini(&a);
	return status;
}
