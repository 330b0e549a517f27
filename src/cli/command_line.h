/* command_line: the line that does again what a verb does, for the catalog, and as words for a job
 * of its own. The holder owns it: command_line_fini; it borrows the arguments. Main thread. */
#ifndef CUPEL_CLI_COMMAND_LINE_H
#define CUPEL_CLI_COMMAND_LINE_H
#include "cli/verb.h"

struct command_line {
	const char **words;        /* the verb, options, "--", arguments */
	size_t n;
	char *text;                /* for a shell */
};
/* Without --detach and --job. */
void command_line_of(struct command_line *l, const struct cli *c, const char *verb);
/* Starts it as a process of its own and says its number. What is written is the last argument. */
bool command_line_detach(const struct command_line *l, struct cli *c, struct err *e);
void command_line_fini(struct command_line *l);
#endif
