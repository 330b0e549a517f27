#include "cli/args.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const struct verb_option workbench_options[] = {
	{ "--script", "FILE", false, "run the commands of FILE instead of a terminal" },
	{ "--size", "WxH", false, "size of the screen of a script" },
	{ "--version", NULL, false, "print the version" },
	{ NULL, NULL, false, NULL },
};

static const struct verb_option *find(const struct verb_option *o, const char *name, size_t n)
{
	for (; o && o->name; o++) {
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	}
	return NULL;
}

static size_t collect(const struct verb_option *o, const char **names, size_t n, size_t max)
{
	for (; o && o->name && n < max; o++)
		names[n++] = o->name;
	return n;
}

static bool unknown(const struct cli_args *a, const char *word, size_t len, struct err *e)
{
	const char *names[64], *near;
	char name[80];
	size_t n = collect(a->verb ? a->verb->options : workbench_options, names, 0, 64);

	n = collect(cli_globals, names, n, 64);
	snprintf(name, sizeof name, "%.*s", len < 79 ? (int)len : 79, word);
	near = str_nearest(name, names, n);
	err_set(e, ERR_USAGE, a->verb ? a->verb->name : "",
		a->verb ? "" : "see cupel help", "unknown option %s", name);
	if (near)
		snprintf(e->hint, sizeof e->hint, "did you mean %s?", near);
	else if (a->verb)
		snprintf(e->hint, sizeof e->hint, "see cupel help %s", a->verb->name);
	return false;
}

static bool parse_threads(struct cli_args *a, const char *value, struct err *e)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (*end || end == value || n < 0 || n > 1024)
		return err_set(e, ERR_USAGE, "--threads", "give a number from 1 to 1024",
			"%s is no number of threads", value);
	a->threads = (unsigned)n;
	return true;
}

static bool take_global(struct cli_args *a, const char *name, const char *value, struct err *e)
{
	if (str_eq(name, "--catalog"))
		a->catalog_path = value;
	else if (str_eq(name, "--root"))
		*vec_push(&a->roots) = value;
	else if (str_eq(name, "--json"))
		a->json = true;
	else if (str_eq(name, "--threads"))
		return parse_threads(a, value, e);
	else if (str_eq(name, "--help"))
		a->help = true;
	else if (str_eq(name, "--version"))
		a->version = true;
	else if (str_eq(name, "--script"))
		a->script = value;
	else if (str_eq(name, "--size"))
		a->size = value;
	return true;
}

/* One option at argv[*i], its value behind '=' or in the next word. */
static bool take_option(struct cli_args *a, int argc, char **argv, int *i, struct err *e)
{
	const char *word = argv[*i], *eq = strchr(word, '='), *value = NULL;
	size_t n = eq ? (size_t)(eq - word) : strlen(word);
	const struct verb_option *own = find(a->verb ? a->verb->options : NULL, word, n), *o = own;

	if (!o)
		o = find(cli_globals, word, n);
	if (!o && !a->verb)
		o = find(workbench_options, word, n);
	if (!o)
		return unknown(a, word, n, e);
	if (o->arg && !eq && *i + 1 >= argc)
		return err_set(e, ERR_USAGE, a->verb ? a->verb->name : "", NULL,
			"%s wants a value: %s %s",
			o->name, o->name, o->arg);
	if (!o->arg && eq)
		return err_set(e, ERR_USAGE, a->verb ? a->verb->name : "", NULL,
			"%s takes no value",
			o->name);
	if (o->arg)
		value = eq ? eq + 1 : argv[++*i];
	if (!own)
		return take_global(a, o->name, value, e);
	if (!o->repeat) {
		for (size_t k = 0; k < a->options.n; k++) {
			if (str_eq(a->options.v[k].name, o->name))
				return err_set(e, ERR_USAGE, a->verb->name, "give it once",
					"%s is given twice", o->name);
		}
	}
	*vec_push(&a->options) = (struct cli_given){ o->name, value };
	return true;
}

/* The verb is the first word that is no option; it must be known before its options are read. */
static void find_verb(struct cli_args *a, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		const struct verb_option *o = find(cli_globals, word, strlen(word));

		if (!o)
			o = find(workbench_options, word, strlen(word));
		if (strcmp(word, "--") == 0)
			return;
		if (word[0] != '-' || !word[1]) {
			a->verb = verb_by_name(word);
			return;
		}
		if (o && o->arg)
			i++;
	}
}

bool cli_args_parse(struct cli_args *a, int argc, char **argv, struct err *e)
{
	bool options = true, verb_seen = false;

	memset(a, 0, sizeof *a);
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		a->json = a->json || strcmp(argv[i], "--json") == 0;
	find_verb(a, argc, argv);
	for (int i = 1; i < argc; i++) {
		char *word = argv[i];

		if (options && strcmp(word, "--") == 0) {
			options = false;
		} else if (options && strcmp(word, "-h") == 0) {
			a->help = true;
		} else if (options && word[0] == '-' && word[1] &&
		    (word[1] == '-' || !a->verb || !a->verb->dash_words)) {
			if (!take_option(a, argc, argv, &i, e))
				return false;
		} else if (a->verb && !verb_seen && strcmp(word, a->verb->name) == 0) {
			verb_seen = true;
		} else {
			*vec_push(&a->words) = word;
		}
	}
	return true;
}

void cli_args_fini(struct cli_args *a)
{
	vec_fini(&a->roots);
	vec_fini(&a->words);
	vec_fini(&a->options);
}

const char *cli_option(const struct cli *c, const char *name)
{
	for (size_t i = c->n_options; i-- > 0;) {
		if (str_eq(c->options[i].name, name))
			return c->options[i].value ? c->options[i].value : "";
	}
	return NULL;
}

const char *cli_option_at(const struct cli *c, const char *name, size_t i)
{
	for (size_t k = 0; k < c->n_options; k++) {
		if (str_eq(c->options[k].name, name) && i-- == 0)
			return c->options[k].value ? c->options[k].value : "";
	}
	return NULL;
}

bool cli_option_u64(const struct cli *c, const char *name, uint64_t *v, struct err *e)
{
	const char *text = cli_option(c, name);
	unsigned long long n;
	char *end;

	if (!text)
		return true;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno)
		return err_set(e, ERR_USAGE, c->verb, "give a whole number, 0 or more",
			"%s %s is no number", name, text);
	*v = n;
	return true;
}

bool cli_option_size(const struct cli *c, const char *name, uint64_t *bytes, struct err *e)
{
	const char *text = cli_option(c, name);

	if (!text || str_parse_size(text, bytes))
		return true;
	return err_set(e, ERR_USAGE, c->verb, "write it like 500M, 5GB or 2GiB",
		"%s %s is no size", name, text);
}
