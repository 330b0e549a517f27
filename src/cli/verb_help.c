#include "config.h"
#include "cli/args.h"

#include <string.h>

#include "base/str.h"

#define COLUMNS 80

static void print_options(const struct verb_option *o)
{
	struct str name = STR_INIT;

	for (; o && o->name; o++) {
		if (!o->help)
			continue;
		str_clear(&name);
		str_addf(&name, "%s%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "",
			o->repeat ? "..." : "");
		cli_item(stdout, name.s, o->help, 26, COLUMNS);
	}
	str_fini(&name);
}

static int help_verb(const struct verb *v)
{
	printf("cupel %s", v->name);
	if (v->args && *v->args)
		printf(" %s", v->args);
	puts(v->options && v->options->name ? " [OPTION...]\n" : "\n");
	cli_wrap(stdout, v->help, 2, COLUMNS);
	if (v->detail) {
		putchar('\n');
		cli_wrap(stdout, v->detail, 2, COLUMNS);
	}
	if (v->options && v->options->name) {
		puts("\nOptions");
		print_options(v->options);
	}
	puts("\nOptions of every verb");
	print_options(cli_globals);
	return 0;
}

int cli_help(const struct verb *v)
{
	if (v)
		return help_verb(v);
	puts(PACKAGE_STRING ": a terminal workbench for merging and quantizing model weights\n\n"
		"  cupel [PATH|RECIPE...]        open the workbench\n"
		"  cupel VERB [ARGUMENT...]      do one thing and print the answer\n"
		"  cupel help VERB               explain a verb\n\n"
		"Verbs");
	for (size_t i = 0; (v = verb_at(i)) != NULL; i++)
		cli_item(stdout, v->name, v->help, 16, COLUMNS);
	puts("\nOptions");
	print_options(cli_globals);
	cli_item(stdout, "--version", "print the version", 26, COLUMNS);
	return 0;
}

static json_t *verb_json(const struct verb *v)
{
	json_t *j = json_object(), *options = json_array(), *o;

	json_object_set_new(j, "name", json_textn(v->name));
	json_object_set_new(j, "arguments", json_textn(v->args ? v->args : ""));
	json_object_set_new(j, "help", json_textn(v->help));
	json_object_set_new(j, "detail", json_textn(v->detail));
	for (const struct verb_option *p = v->options; p && p->name; p++) {
		if (!p->help)
			continue;
		o = json_object();
		json_object_set_new(o, "name", json_textn(p->name));
		json_object_set_new(o, "argument", json_textn(p->arg));
		json_object_set_new(o, "repeat", json_boolean(p->repeat));
		json_object_set_new(o, "help", json_textn(p->help));
		json_array_append_new(options, o);
	}
	json_object_set_new(j, "options", options);
	return j;
}

static int run(struct cli *c, struct err *e)
{
	const struct verb *v = c->argc ? verb_by_name(c->argv[0]) : NULL, *each;
	json_t *j;

	if (cli_option(c, "--roff")) {
		if (cli_roff(cli_option(c, "--roff")))
			return 0;
		err_set(e, ERR_USAGE, "help", NULL,
			"--roff wants verbs, keys, methods, findings or filters");
		return err_exit_status(e->code);
	}
	if (c->argc && !v) {
		const char *names[128], *near;
		size_t n = 0;

		while (n < 128 && (each = verb_at(n)) != NULL)
			names[n++] = each->name;
		near = str_nearest(c->argv[0], names, n);
		err_set(e, ERR_USAGE, "help", "see cupel help", "no verb %s", c->argv[0]);
		if (near)
			snprintf(e->hint, sizeof e->hint, "did you mean %s?", near);
		return err_exit_status(e->code);
	}
	if (!c->json)
		return cli_help(v);
	if (v) {
		j = verb_json(v);
	} else {
		j = json_array();
		for (size_t i = 0; (each = verb_at(i)) != NULL; i++)
			json_array_append_new(j, verb_json(each));
	}
	json_print(j);
	json_decref(j);
	return 0;
}

static const struct verb_option options[] = {
	{ "--roff", "TABLE", false,
		"verbs, keys, methods, findings or filters in the language of man pages" },
	{ NULL, NULL, false, NULL },
};

const struct verb verb_help = {
	.name = "help",
	.args = "[VERB]",
	.help = "list the verbs, or explain one",
	.max_args = 1,
	.options = options,
	.run = run,
};
