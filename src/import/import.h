/* import: figures that other programs wrote, with the file, the line and the text of each. A file
 * is of one kind (kinds.def tells which and reads it); what cannot be read is listed with its line
 * and the rest arrives. Values are fractions of 1 where the metric is a share, else as stated.
 * A struct import_file is its holder's: import_file_fini. One thread per file. */
#ifndef CUPEL_IMPORT_IMPORT_H
#define CUPEL_IMPORT_IMPORT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/json.h"
#include "catalog/cards.h"

struct import_fact {
	char *variant;             /* the model in the file's words; NULL: not said */
	char *task, *metric;       /* task by its name in share/tasks where it is known */
	double value, stderr_;     /* stderr NaN: not stated */
	int64_t n;                 /* questions or tokens; 0 not stated */
	json_t *protocol;          /* object: tool, shots, limit, template … */
	bool estimated;
	bool again;                /* another figure of the file with fewer digits: not stored */
	int64_t line;
	char *text;                /* of the line, or the part that says it */
};
struct import_unread {
	int64_t line;
	char *text, *reason;
};
/* Answers to single questions, behind a figure. */
struct import_answers {
	size_t fact;               /* of the file's facts */
	struct catalog_answers a;
};
struct import_file {
	char *path;
	char *of;                  /* another file that the facts stand in, or NULL */
	const struct import_kind *kind;
	char *model;               /* the one that the whole file is about, or NULL */
	/* A run that was shared as a file (recipe/share.h), and the text of its recipe; or NULL */
	struct share *shared;
	char *shared_text;
	struct card *card;         /* what a model card says beside its figures, or NULL: card.h */
	struct { struct import_fact *v; size_t n, cap; } facts;
	struct { struct import_answers *v; size_t n, cap; } answers;
	struct { struct import_unread *v; size_t n, cap; } unread;
};

/* What is read: whole, ending in 0; json is the tree if it is one JSON text, else NULL. */
struct import_text {
	const char *path, *s;
	size_t n;
	const json_t *json;
};
struct import_kind {
	const char *name, *title;
	bool (*is)(const struct import_text *t);
	void (*read)(const struct import_text *t, struct import_file *f);
};

/* A share of questions: acc, exact_match, pass@1 …; "score" where the task is known. */
bool import_is_share(const char *task, const char *metric);

/* False with a message if it cannot be opened, is of no known kind or is damaged as a whole. f is
 * to be released in any case. */
bool import_read(struct import_file *f, const char *path, struct err *e);
bool import_parse(struct import_file *f, const char *path, const char *text, size_t n,
	struct err *e);
void import_file_fini(struct import_file *f);

/* Into the catalog. variant: the model that is meant where the file names none, or NULL; model and
 * run: rows to attach all figures to, 0: the model is looked up by the file's word for it. added:
 * how many were not there before. A shared run becomes one of the history, with the status
 * "imported", unless it is there; its number goes to *shared_run, if asked for. */
struct import_target {
	const char *variant;
	int64_t model, run;
	int64_t *shared_run;
};
bool import_store(const struct import_file *f, const struct import_target *to, struct catalog *c,
	size_t *added, struct err *e);
/* Figures, cards and ancestry that came in before their model was known go to it now. */
bool import_adopt(struct catalog *c, struct err *e);
/* The model of the catalog that a word stands for: a path, a hash, a name or its last part, also
 * with _ for /. 0: none, or several. */
int64_t import_model(const struct catalog_model *v, size_t n, const char *word);
#endif
