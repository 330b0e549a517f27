#include "engine/job.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "system/file.h"
#include "system/process.h"

/* $XDG_STATE_HOME/cupel/jobs/ID.log; jobs of another catalog than the usual one have its hash in
 * the name, for their numbers begin at 1 as well. */
static char *log_path(const char *catalog, int64_t id, struct err *e)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *folder = state && state[0] == '/' ? str_join_path(state, "cupel/jobs")
		: str_join_path(home && *home ? home : ".", ".local/state/cupel/jobs");
	char *usual = catalog_default_path(), *path = NULL;
	struct str name = STR_INIT;

	str_addf(&name, "%" PRId64, id);
	if (!str_eq(usual, catalog))
		str_addf(&name, "-%08" PRIx64, hash64_bytes(catalog, strlen(catalog)) >> 32);
	str_add(&name, ".log");
	if (file_mkdirs(folder, e))
		path = str_join_path(folder, name.s);
	str_fini(&name);
	free(usual);
	free(folder);
	return path;
}

/* The job may run elsewhere than here: its catalog is named from the root. */
static char *catalog_from_root(const struct catalog *c)
{
	char full[PATH_MAX];

	return xstrdup(realpath(catalog_path(c), full) ? full : catalog_path(c));
}

static bool can_have_jobs(const struct catalog *c, struct err *e)
{
	const struct err *w = catalog_warning(c);

	if (!catalog_is_read_only(c) && !str_eq(catalog_path(c), ":memory:"))
		return true;
	return err_set(e, ERR_INPUT, catalog_path(c), "run the verb in the foreground",
		"a job reports through the catalog, which cannot be written%s%s", w ? ": " : "",
		w ? w->what : "");
}

/* Starts this program with the arguments in `command` and hands it the row. */
static bool launch(struct catalog *c, int64_t id, const json_t *command, struct err *e)
{
	size_t n = json_array_size(command), k = 0;
	char **argv = xnew(char *, n + 6), number[24], *catalog = catalog_from_root(c);
	char *log = log_path(catalog, id, e);
	bool ok = log && catalog_job_log(c, id, log, e);
	pid_t pid;

	snprintf(number, sizeof number, "%" PRId64, id);
	/* Behind the verb and before the rest, where a "--" may stand. */
	argv[k++] = (char *)process_self_path();
	argv[k++] = (char *)json_string_value(json_array_get(command, 0));
	argv[k++] = (char *)"--catalog";
	argv[k++] = catalog;
	argv[k++] = (char *)"--job";
	argv[k++] = number;
	for (size_t i = 1; i < n; i++)
		argv[k++] = (char *)json_string_value(json_array_get(command, i));
	pid = ok ? process_detach(argv, log, e) : 0;
	ok = pid != 0;
	if (ok)
		catalog_job_given(c, id, pid, NULL); /* it claims the row itself as well */
	else
		catalog_job_end(c, id, "failed", 0, e ? e->what : NULL, NULL);
	free(log);
	free(catalog);
	free(argv);
	return ok;
}

int64_t job_start(struct catalog *c, const char *what, const char *const *args, size_t n,
	struct err *e)
{
	json_t *command = json_array();
	char *folder = getcwd(NULL, 0), *text;
	struct catalog_job j = { .what = (char *)what, .folder = folder };
	int64_t id = 0;

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(command, json_string(args[i])) != 0) {
			err_set(e, ERR_INPUT, args[i], "rename it", "a name that is not UTF-8 "
				"cannot be handed to a job");
			goto out;
		}
	if (!can_have_jobs(c, e))
		goto out;
	text = json_dumps(command, JSON_COMPACT);
	j.command = text;
	id = catalog_job_new(c, &j, e);
	free(text);
	if (id && !launch(c, id, command, e))
		id = 0;
out:
	free(folder);
	json_decref(command);
	return id;
}

int64_t job_start_verb(struct catalog *c, const char *const *words, size_t n,
	const char *const *roots, size_t n_roots, unsigned threads, struct err *e)
{
	char *what = xasprintf("%s %s", words[0], str_base(words[n - 1])), number[16];
	vec(const char *) v = { 0 };
	int64_t id;

	*vec_push(&v) = words[0];
	for (size_t i = 0; i < n_roots; i++) {
		*vec_push(&v) = "--root";
		*vec_push(&v) = roots[i];
	}
	snprintf(number, sizeof number, "%u", threads);
	if (threads) {
		*vec_push(&v) = "--threads";
		*vec_push(&v) = number;
	}
	for (size_t i = 1; i < n; i++)
		*vec_push(&v) = words[i];
	id = job_start(c, what, v.v, v.n, e);
	vec_fini(&v);
	free(what);
	return id;
}

bool job_attach(struct catalog *c, int64_t id, struct err *e)
{
	struct catalog_job *j;
	bool ok;

	if (!catalog_job_claim(c, id, e))
		return false;
	j = catalog_job_get(c, id, e);
	ok = j != NULL;
	if (ok && j->cancel)
		ok = err_set(e, ERR_CANCELLED, "job", NULL, "cancelled before it began");
	if (ok && j->folder && chdir(j->folder) != 0)
		ok = err_errno(e, j->folder, "work in the folder it was started in");
	if (!ok)
		catalog_job_end(c, id, j && j->cancel ? "cancelled" : "failed", 0,
			e ? e->what : NULL, NULL);
	catalog_jobs_free(j, j != NULL);
	return ok;
}

bool job_cancel(struct catalog *c, int64_t id, struct err *e)
{
	struct catalog_job *j = catalog_job_get(c, id, e);
	bool ok = false;

	if (!j)
		return false;
	if (!str_eq(j->state, "running") && !str_eq(j->state, "waiting"))
		err_set(e, ERR_INPUT, "job", "`cupel jobs` shows its state",
			"job %" PRId64 " is %s already",
			id, j->state);
	else if (!j->cancel)
		ok = catalog_job_cancel(c, id, e);
	else if (j->pid == getpid()) /* not started yet: it is still ours */
		ok = catalog_job_end(c, id, "cancelled", 0, NULL, e);
	else
		ok = process_end((pid_t)j->pid, j->boot, j->start) ||
			err_set(e, ERR_INPUT, "job",
			"it may just have ended: `cupel jobs` shows its state",
				"job %" PRId64 " cannot be signalled", id);
	catalog_jobs_free(j, 1);
	return ok;
}

/* The verbs that take up what they left: for others starting again is all there is. */
static bool takes_up(const char *verb)
{
	return str_eq(verb, "merge") || str_eq(verb, "quantize");
}

static json_t *resumed_command(const struct catalog_job *j, struct err *e)
{
	json_t *command = json_parse(j->command, strlen(j->command), "job", false, e), *word;
	size_t i;

	if (!json_is_array(command) || json_array_size(command) == 0) {
		if (command)
			err_set(e, ERR_INPUT, "job", NULL, "its command line is not known");
		json_decref(command);
		return NULL;
	}
	json_array_foreach(command, i, word)
		if (!json_is_string(word) || str_eq(json_string_value(word), "--resume"))
			return command;
	if (takes_up(json_string_value(json_array_get(command, 0))))
		json_array_insert_new(command, 1, json_string("--resume"));
	return command;
}

bool job_resume(struct catalog *c, int64_t id, struct err *e)
{
	struct catalog_job *j;
	json_t *command;
	char *text;
	bool ok;

	if (!can_have_jobs(c, e) || !(j = catalog_job_get(c, id, e)))
		return false;
	command = resumed_command(j, e);
	text = command ? json_dumps(command, JSON_COMPACT) : NULL;
	ok = text && catalog_job_again(c, id, text, e) && launch(c, id, command, e);
	free(text);
	json_decref(command);
	catalog_jobs_free(j, 1);
	return ok;
}

char *job_log_text(struct catalog *c, int64_t id, size_t max, struct err *e)
{
	struct catalog_job *j = catalog_job_get(c, id, e);
	char *text = NULL, *line;
	struct file *f;

	if (!j)
		return NULL;
	f = j->log ? file_open(j->log, e) : NULL;
	if (!j->log)
		err_set(e, ERR_INPUT, "job", NULL, "job %" PRId64 " has no log", id);
	catalog_jobs_free(j, 1);
	if (!f)
		return NULL;
	if (max > f->id.size)
		max = f->id.size;
	text = xcalloc(max + 1, 1);
	if (!file_pread(f, text, max, f->id.size - max, e)) {
		free(text);
		text = NULL;
	} else if (max < f->id.size && (line = strchr(text, '\n')) != NULL) {
		memmove(text, line + 1, strlen(line + 1) + 1); /* the first line was cut */
	}
	file_close(f);
	return text;
}
