/* args: the command line taken apart: globals, the verb, its options, the words left over.
 * Everything is borrowed from argv but the lists, which cli_args_fini frees. Main thread. */
#ifndef CUPEL_CLI_ARGS_H
#define CUPEL_CLI_ARGS_H
#include "base/vec.h"
#include "cli/verb.h"

struct cli_args {
	const struct verb *verb;   /* NULL: the workbench */
	const char *catalog_path, *script, *size;
	bool json, help, version;
	unsigned threads;
	vec(const char *) roots;
	vec(char *) words;
	vec(struct cli_given) options;
};
/* Options may stand anywhere; "--" ends them. json is right even when the rest is wrong. */
bool cli_args_parse(struct cli_args *a, int argc, char **argv, struct err *e);
void cli_args_fini(struct cli_args *a);
/* Help of a verb, of the program for NULL; exit status 0. */
int cli_help(const struct verb *v);
/* A table (verbs, keys of recipes, methods) as the manual has it; false if there is none so
 * named. */
bool cli_roff(const char *what);
#endif
