/* verb: one command of the command line: a row of verbs.def, a file verb_NAME.c.
 * Rows are constant; a verb runs on the main thread and returns the exit status. */
#ifndef CUPEL_CLI_VERB_H
#define CUPEL_CLI_VERB_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "model/model.h"
#include "system/pool.h"

struct verb_option {
	const char *name;   /* "--seed" */
	const char *arg;    /* "N", or NULL for a flag */
	bool repeat;
	const char *help;   /* NULL: not shown, for what the program says to itself */
};
struct cli_given {
	const char *name, *value; /* value NULL for flags */
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
	struct cli_given *options;       /* given ones, in order */
	size_t n_options;
	/* opened on demand by the helpers below; closed by cli_run */
	struct catalog *catalog;
	struct err catalog_error;        /* why it could not be */
	struct model_roots *model_roots;
	struct pool *pool;
	void (*close)(struct cli *c), (*close_models)(struct cli *c); /* set by those helpers */
};
struct verb {
	const char *name, *args;         /* "RECIPE OUT" */
	const char *help;                /* one line */
	/* a paragraph for help and man; blank lines between several */
	const char *detail;
	int min_args, max_args;          /* max -1 = any */
	bool dash_words;                 /* "-x" is an argument, for those that take things off */
	const struct verb_option *options; /* ended by a row without a name; NULL for none */
	/* exit status; on error fill e and return its status */
	int (*run)(struct cli *c, struct err *e);
};
const struct verb *verb_by_name(const char *name);
const struct verb *verb_at(size_t i); /* in the order of verbs.def; NULL after the last */
extern const struct verb_option cli_globals[]; /* options that every verb takes */

/* Parses globals, dispatches; exit status. -1: no verb was named, open the workbench: then
 * cli_start() has what the command line said. */
int cli_run(int argc, char **argv);
struct cli_start {
	const char *catalog_path;        /* NULL = default */
	const char **roots;
	size_t n_roots;
	unsigned threads;                /* 0 = all */
	char **paths;                    /* models, recipes, folders */
	size_t n_paths;
	/* --script F, --size 100x30: no terminal; NULL if not given */
	const char *script, *size;
};
const struct cli_start *cli_start(void);
/* For a verb that ends in the workbench: its run returns this. paths must outlive the program. */
int cli_workbench(const struct cli *c, char **paths, size_t n);
/* The error as the command line shows it: one line on stderr and, with json, an object on
 * stdout. */
void cli_error(const struct err *e, bool json);

/* last value, "" for a given flag, NULL */
const char *cli_option(const struct cli *c, const char *name);
/* of a repeated one; NULL after the last */
const char *cli_option_at(const struct cli *c, const char *name, size_t i);
/* false and e on nonsense; *v kept if the option is absent. */
bool cli_option_u64(const struct cli *c, const char *name, uint64_t *v, struct err *e);
bool cli_option_size(const struct cli *c, const char *name, uint64_t *bytes, struct err *e);

struct catalog *cli_catalog(struct cli *c, struct err *e);       /* opens; read-only if it must */
/* For verbs whose answer does not depend on what is remembered: where the catalog cannot be opened
 * (damaged, locked), it says so once and goes on with an empty one in memory. NULL never. */
struct catalog *cli_catalog_or_none(struct cli *c);
struct model_roots *cli_roots(struct cli *c);
struct pool *cli_pool(struct cli *c);
struct model *cli_model(struct cli *c, const char *name, struct err *e); /* resolve and open */
char *cli_model_path(struct cli *c, const char *name, struct err *e);    /* resolve; caller frees */

/* How this output may look: NO_COLOR, CLICOLOR_FORCE, TERM, the locale's characters. */
bool cli_color(FILE *f);
bool cli_utf8(void);

/* Text tables: columns aligned by display width, '|' never; right-align where the header starts
 * with '>'. Cells are copied and made safe; NULL is an empty cell. */
struct table_out;
struct table_out *table_new(const char *const *headers, size_t n);
void table_row(struct table_out *t, const char *const *cells);
void table_print(struct table_out *t);                           /* and frees */
/* Progress line on stderr: a bar on a tty, a line every few seconds elsewhere. Bytes, bytes per
 * second, seconds left (negative: unknown). Cheap to call often. */
void cli_progress(uint64_t done, uint64_t total, double rate, double left, const char *what);
void cli_progress_end(void);
/* A paragraph wrapped at `columns`, every line after `indent` blanks. */
void cli_wrap(FILE *f, const char *text, size_t indent, size_t columns);
/* "  name    text", the text wrapped from column `indent` on. */
void cli_item(FILE *f, const char *name, const char *text, size_t indent, size_t columns);
#endif
