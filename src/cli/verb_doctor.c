#include "config.h"
#include "cli/verb.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <utf8proc.h>
#include <xxhash.h>
#include <yaml.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "cli/doctor_catalog.h"
#include "infer/blas.h"
#include "system/file.h"
#include "tensor/cpu.h"

/* What was found, in the order it is printed: section, name, value, and whether it is trouble. */
struct finding {
	const char *section, *name;
	char *text;
	bool bad;
};
struct doctor {
	struct finding v[64];
	size_t n;
	bool bad;
};

static void say(struct doctor *d, const char *section, const char *name, bool bad, char *text)
{
	d->v[d->n++] = (struct finding){ section, name, text, bad };
	d->bad = d->bad || bad;
}

static void check_program(struct doctor *d)
{
	static const char *const needed[] = { "demo/README.md", "roles/language.role" };
	char *data = file_data_path("");
	struct utsname u;

	say(d, "program", "version", false, xstrdup(PACKAGE_VERSION));
	if (uname(&u) == 0)
		say(d, "program", "system", false,
			xasprintf("%s %s %s", u.sysname, u.release, u.machine));
	say(d, "program", "data", false, data);
	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
		char *path = file_data_path(needed[i]);

		if (!file_exists(path))
			say(d, "program", needed[i], true, xstrdup("missing: install cupel again, "
				"or set CUPEL_DATA to its share folder"));
		free(path);
	}
}

static void check_libraries(struct doctor *d)
{
	unsigned x = XXH_versionNumber();
	struct err e = { 0 };

	say(d, "libraries", "jansson", false, xstrdup(jansson_version_str()));
	say(d, "libraries", "libyaml", false, xstrdup(yaml_get_version_string()));
	say(d, "libraries", "sqlite", false, xstrdup(sqlite3_libversion()));
	say(d, "libraries", "xxhash", false,
		xasprintf("%u.%u.%u", x / 10000, x / 100 % 100, x % 100));
	say(d, "libraries", "utf8proc", false, xstrdup(utf8proc_version()));
	if (blas_open(&e))
		say(d, "libraries", "openblas", false, xasprintf("%s, using %s", blas_config(),
			blas_core()));
	else
		say(d, "libraries", "openblas", true, xasprintf("%s %s; %s", e.where, e.what,
			e.hint));
}

static void check_machine(struct doctor *d)
{
	struct str paths = STR_INIT, memory = STR_INIT;
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	for (enum cpu_path p = CPU_PORTABLE; p <= cpu_best(); p++)
		str_addf(&paths, "%s%s%s", p ? ", " : "", cpu_path_name(p),
			p == cpu_path() ? " (in use)" : "");
	say(d, "machine", "vector code", false, str_steal(&paths));
	say(d, "machine", "threads", false, xasprintf("%u", pool_default_threads()));
	if (pages > 0 && page > 0) {
		str_addf(&memory, "%.1f GiB", (double)pages * (double)page / 1073741824.0);
		say(d, "machine", "memory", false, str_steal(&memory));
	}
}

static char *size_and_free(const char *path)
{
	struct str s = STR_INIT;
	struct file_id id;
	uint64_t space;

	str_add(&s, path);
	if (file_stat_id(path, &id) && !file_is_dir(path)) {
		str_add(&s, ", ");
		str_add_bytes(&s, id.size);
	} else if (!file_is_dir(path)) {
		str_add(&s, ", made when needed");
	}
	if (file_free_space(path, &space)) {
		str_add(&s, ", ");
		str_add_bytes(&s, space);
		str_add(&s, " free");
	}
	return str_steal(&s);
}

static void check_catalog(struct doctor *d, const struct cli *c)
{
	char *path = c->catalog_path ? xstrdup(c->catalog_path) : catalog_default_path();
	bool exists = file_exists(path);
	struct err e = { 0 };
	struct catalog *cat = exists ? catalog_open(path, true, &e) : NULL;

	say(d, "catalog", "file", false, size_and_free(path));
	if (exists && (!cat || !catalog_check(cat, &e)))
		say(d, "catalog", "state", true, xasprintf("%s%s%s", e.what, e.hint[0] ? "; " : "",
			e.hint));
	else if (exists)
		say(d, "catalog", "state", access(path, W_OK) != 0,
			xstrdup(access(path, W_OK) == 0 ?
			"whole" : "whole, but it cannot be written: nothing will be remembered"));
	catalog_close(cat);
	free(path);
}

static void check_folder(struct doctor *d, const char *name, const char *variable, const char *dflt)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	char *path, *up;

	if (!base || base[0] != '/') {
		if (!home || !*home) {
			say(d, "folders", name, true,
				xasprintf("unknown: set HOME or %s", variable));
			return;
		}
		path = xasprintf("%s/%s/cupel", home, dflt);
	} else {
		path = xasprintf("%s/cupel", base);
	}
	up = xstrdup(path);
	while (!file_exists(up) && strrchr(up, '/') > up)
		*strrchr(up, '/') = '\0';
	if (access(up, W_OK) != 0)
		say(d, "folders", name, true,
			xasprintf("%s cannot be written: set %s", path, variable));
	else
		say(d, "folders", name, false, size_and_free(path));
	free(up);
	free(path);
}

static void check_terminal(struct doctor *d)
{
	const char *term = getenv("TERM");

	say(d, "terminal", "TERM", false, xstrdup(term && *term ? term : "not set"));
	say(d, "terminal", "characters", false, xstrdup(cli_utf8() ? "UTF-8" :
		"ASCII only: set LANG to a UTF-8 locale such as C.UTF-8"));
	say(d, "terminal", "colour", false, xstrdup(cli_color(stdout) ? "yes" : "no"));
}

static void print_text(const struct doctor *d)
{
	const char *section = "";
	char name[64];

	for (size_t i = 0; i < d->n; i++) {
		const struct finding *f = &d->v[i];
		char *safe = str_safe(f->text);

		if (!str_eq(section, f->section))
			printf("%s%s\n", i ? "\n" : "", f->section);
		section = f->section;
		snprintf(name, sizeof name, "%s%s", f->bad ? "! " : "", f->name);
		cli_item(stdout, name, safe, 16, 100);
		free(safe);
	}
}

static void print_json(const struct doctor *d)
{
	json_t *j = json_object(), *bad = json_array(), *section;

	for (size_t i = 0; i < d->n; i++) {
		const struct finding *f = &d->v[i];

		section = json_object_get(j, f->section);
		if (!section) {
			section = json_object();
			json_object_set_new(j, f->section, section);
		}
		json_object_set_new(section, f->name, json_textn(f->text));
		if (f->bad)
			json_array_append_new(bad, json_textn(f->name));
	}
	json_object_set_new(j, "problems", bad);
	json_print(j);
	json_decref(j);
}

static int run(struct cli *c, struct err *e)
{
	struct doctor d = { 0 };

	if (cli_option(c, "--repair"))
		return doctor_repair(c, e);
	if (cli_option(c, "--check"))
		return doctor_check(c, e);
	check_program(&d);
	check_libraries(&d);
	check_machine(&d);
	check_catalog(&d, c);
	check_folder(&d, "cache", "XDG_CACHE_HOME", ".cache");
	check_folder(&d, "state", "XDG_STATE_HOME", ".local/state");
	check_terminal(&d);
	if (c->json)
		print_json(&d);
	else
		print_text(&d);
	for (size_t i = 0; i < d.n; i++)
		free(d.v[i].text);
	return d.bad;
}

static const struct verb_option options[] = {
	{ "--check", NULL, false, "read the whole catalog and say what is wrong with it" },
	{ "--repair", NULL, false,
		"make a new catalog of what can be read of a damaged one, which is kept" },
	{ 0 },
};

const struct verb verb_doctor = {
	.name = "doctor",
	.help = "what this installation can do, and what keeps it from more",
	.detail = "Looks at the program's own data, the libraries it runs with, the vector code "
		"this machine can use, the catalog, the folders it keeps things in and the "
		"terminal. Exit status 1 and a mark where something is wrong.\n\n"
		"--check reads the catalog to the end: the file's structure, what belongs to what, "
		"the index of words, and what the program promises of its rows. --repair changes "
		"nothing in a damaged file: it goes aside under the name FILE.damaged-TIME, and a "
		"new one takes its place that holds every row outside the damaged pages. It says "
		"of each table what was saved and what was lost, and does nothing to a catalog "
		"that is whole.",
	.options = options,
	.run = run,
};
