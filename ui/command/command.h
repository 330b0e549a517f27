/* command: everything a person can do, one row of commands.def each: keys, footer, help, palette,
 * man page and completion all read the same row. Dispatch finds the row of a key in a context and
 * runs it; what it returns says what changed, and the loop decides what to do about that. Rows are
 * constant; the keymap is process-wide. UI thread only. */
#ifndef CUPEL_UI_COMMAND_H
#define CUPEL_UI_COMMAND_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

struct app;

/* Where a command applies: one bit per view (by its digit) and per thing that takes the keys. */
enum {
	CTX_MODELS = 1 << 1,
	CTX_TENSORS = 1 << 2,
	CTX_RECIPE = 1 << 3,
	CTX_QUANT = 1 << 4,
	CTX_JOBS = 1 << 5,
	CTX_RESULTS = 1 << 6,
	CTX_HISTORY = 1 << 7,
	CTX_PROMPT = 1 << 8, /* a line being typed */
	CTX_SHEET = 1 << 9,  /* a form */
	CTX_HELP = 1 << 10,  /* the list of keys */
	CTX_VIEWS = CTX_MODELS | CTX_TENSORS | CTX_RECIPE | CTX_QUANT | CTX_JOBS | CTX_RESULTS |
		    CTX_HISTORY,
};
enum { /* what a command (or a background event) changed */
	CHANGED_SCREEN = 1 << 0,  /* draw again */
	CHANGED_LAYOUT = 1 << 1,  /* sizes */
	CHANGED_ROWS = 1 << 2,    /* this view's rows: sort, filter, fold */
	CHANGED_MODELS = 1 << 3,  /* the list of models */
	CHANGED_SHOWN = 1 << 4,   /* which models view 2 shows */
	CHANGED_DOC = 1 << 5,     /* the open recipe was edited, or another one opened */
	CHANGED_PLAN = 1 << 6,    /* its inputs are open and its plan is made anew */
	CHANGED_FIGURES = 1 << 7, /* the preview has new figures */
	CHANGED_JOBS = 1 << 8,
	CHANGED_RUNS = 1 << 9,
	CHANGED_MARKS = 1 << 10,
	CHANGED_VIEW = 1 << 11,   /* another view is open */
	CHANGED_ALL = 0xffff,
	COMMAND_REFUSED = 1 << 16, /* the key means nothing here: let the next one try */
};
struct command {
	const char *name;     /* "new-recipe" */
	const char *keys;     /* "n", "C-s", "Down j": by default */
	unsigned contexts;
	const char *label;    /* in the footer; "" never there */
	int priority;         /* footer: 9 stays longest, 1 goes first */
	const char *args;     /* "METHOD", "FILE", "": words in capitals name what completes them */
	const char *help;     /* one sentence */
	const char *cli;      /* the command line that does the same, or "" */
	bool (*enabled)(const struct app *a);
	unsigned (*run)(struct app *a, const char *args);
};
size_t command_count(void);
const struct command *command_at(size_t i);
const struct command *command_by_name(const char *name); /* NULL if none */
bool command_is_enabled(const struct command *c, const struct app *a);
const char *command_reason(const struct command *c); /* why it is not: "there is no row here" */
/* Every row's functions; `always` is the usual `enabled`. They live with what they act on. */
bool command_always(const struct app *a);
#define COMMAND(id, ...) unsigned cmd_##id(struct app *a, const char *args);
#include "ui/command/commands.def"
#undef COMMAND
#define ENABLED(fn) bool command_##fn(const struct app *a);
ENABLED(on_row) ENABLED(on_model)
ENABLED(has_documents)
ENABLED(has_doc) ENABLED(can_undo) ENABLED(can_redo) ENABLED(can_flip) ENABLED(is_dirty)
ENABLED(has_quant)
ENABLED(has_marks) ENABLED(has_table) ENABLED(on_run) ENABLED(on_job) ENABLED(can_write)
ENABLED(can_measure)
#undef ENABLED

/* Keys. A binding of the user hides the default one of that key. */
struct binding {
	uint32_t key;
	const struct command *command;
	char *args;        /* given with the binding, or NULL */
};
const struct binding *keymap_find(uint32_t key, unsigned context);
/* line: "COMMAND [ARGS]" */
bool keymap_bind(const char *key, const char *line, struct err *e);
bool keymap_unbind(const char *key, struct err *e);
/* "n", "Down j": as bound now; "" if nothing. first_only: the one to show in a footer. */
void command_keys(const struct command *c, bool first_only, struct str *out);
/* The user's bindings, for :save-config. Index up to keymap_user_count. */
size_t keymap_user_count(void);
const struct binding *keymap_user_at(size_t i);
/* cupel-keys.7, from the rows. */
void command_dump_man(struct str *out);
#endif
