/* verb: one command of the command line: a row of verbs.def, a file verb_NAME.c.
 * Rows are constant; a verb runs on the main thread and returns the exit status. */
#ifndef CUPEL_CLI_VERB_H
#define CUPEL_CLI_VERB_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "model/model.h"
#include "system/pool.h"

struct verb_option {
	const char *name;   /* "--seed" */
	const char *arg;    /* "N", or NULL for a flag */
	bool repeat;
	const char *help;
};
struct cli { /* what every verb gets */
	const char *verb;
	const char *catalog_path;        /* NULL = default */
	const char **roots;
	size_t n_roots;
	bool json;
	unsigned threads;                /* 0 = all */
	int argc;                        /* positional arguments */
	char **argv;
	struct { const char *name, *value; } *options; /* given ones, in order; value NULL for flags */
	size_t n_options;
	/* opened on demand by the helpers below; closed by cli_run */
	struct catalog *catalog;
	struct model_roots *model_roots;
	struct pool *pool;
};
struct verb {
	const char *name, *args;         /* "RECIPE OUT" */
	const char *help;                /* one line */
	const char *detail;              /* a paragraph for help and man */
	int min_args, max_args;          /* max -1 = any */
	const struct verb_option *options;
	int (*run)(struct cli *c, struct err *e); /* exit status; on error fill e and return its status */
};
const struct verb *verb_by_name(const char *name);
const struct verb *verb_at(size_t i);
int cli_run(int argc, char **argv);  /* parses globals, dispatches; exit status. -1: not a verb (workbench) */

const char *cli_option(const struct cli *c, const char *name); /* value, "" for a given flag, NULL */
bool cli_option_u64(const struct cli *c, const char *name, uint64_t *v, struct err *e); /* false+e on nonsense; *v kept if absent */
struct catalog *cli_catalog(struct cli *c, struct err *e);       /* opens; read-only if it must */
struct model_roots *cli_roots(struct cli *c);
struct pool *cli_pool(struct cli *c);
struct model *cli_model(struct cli *c, const char *name, struct err *e); /* resolve and open */
/* Text tables: columns aligned by display width, '|' never; right-align where the header starts with '>'. */
struct table_out;
struct table_out *table_new(const char *const *headers, size_t n);
void table_row(struct table_out *t, const char *const *cells);
void table_print(struct table_out *t);                           /* and frees */
/* Progress line on stderr: a bar on a tty, a line every few seconds elsewhere. */
void cli_progress(uint64_t done, uint64_t total, double rate, double left, const char *what);
void cli_progress_end(void);
#endif
