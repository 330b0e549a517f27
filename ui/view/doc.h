/* doc: an open recipe: a file (or none yet), the list of its snapshots with undo and redo, what is
 * saved, and what follows from the present snapshot: findings, inputs, plan. Edits go through
 * doc_edit with a snapshot made by recipe_edit_*; opening the inputs happens on a worker. Docs are
 * owned by the app (app.h); snapshots are shared. UI thread only. */
#ifndef CUPEL_UI_DOC_H
#define CUPEL_UI_DOC_H
#include "base/vec.h"
#include "engine/plan.h"
#include "recipe/effect.h"
#include "recipe/lint.h"
#include "recipe/recipe.h"

struct doc_step {
	const struct recipe *recipe;
	char *what;             /* "weight of Code 1.3 → 1.4": said by undo and redo */
};
struct doc {
	char *path;             /* file, or NULL for a recipe never saved */
	char *name;             /* "agent3.yml", "recipe 2" */
	char *near_dir;         /* where relative model names are looked for */
	int64_t from_run;       /* run whose recipe this was, or 0 */
	size_t document;        /* of the file: the one that is shown */
	vec(struct doc_step) steps;
	size_t at;              /* the present step */
	size_t flip;            /* what `a` flips to */
	const struct recipe *saved;  /* the snapshot that is in the file */
	int64_t saved_mtime;    /* ns, of the file when it was read or written last */
	int64_t saved_size;
	/* what follows; renewed by the app after every edit */
	struct inputs *inputs;  /* NULL until opened */
	struct plan *plan;      /* NULL while inputs are opened, or when it has errors */
	struct findings findings;
	struct effect effect;
	struct err error;       /* why there is no plan */
	bool no_inputs;         /* opening them failed for the snapshot `tried` */
	const struct recipe *tried;
	bool asleep; /* of an earlier session, not shown yet: nothing was opened for it */
	bool abandoned;         /* "quit without saving" was answered */
	bool opening;           /* inputs are being opened on a worker */
	bool journal_stale;     /* the crash journal does not have the present step yet */
	char *journal;          /* its file */
	char *fold_key;         /* merge_key of the last step, and when it was made */
	double folded;
};
/* the present snapshot, borrowed: of the document that is shown */
const struct recipe *doc_recipe(const struct doc *d);
const struct recipe *doc_before(const struct doc *d);   /* the one before, or NULL: "was 1.3" */
bool doc_is_dirty(const struct doc *d);                 /* text differs from the file's */
struct doc *doc_load(const char *path, struct err *e);
struct doc *doc_new(const struct recipe *r, const char *name); /* takes the reference */
void doc_free(struct doc *d);
/* Take a new snapshot (its reference too) as a step; steps that were undone are dropped. A step
 * with the same `merge_key` as the last one within a second is folded into it (a held key is one
 * undo); NULL never folds. */
void doc_edit(struct doc *d, const struct recipe *r, const char *what, const char *merge_key);
const char *doc_undo(struct doc *d);  /* what was undone, NULL if nothing */
const char *doc_redo(struct doc *d);
const char *doc_flip(struct doc *d);  /* to the state before, or back: A/B */
void doc_show(struct doc *d, size_t document); /* another document of the file */
bool doc_save(struct doc *d, const char *path, struct err *e); /* path NULL: its own */
/* The file changed outside since it was loaded or saved:
 * take it over as one step. True if it did. */
bool doc_check_outside(struct doc *d, struct err *e);
char *doc_state_dir(void); /* $XDG_STATE_HOME/cupel; caller frees; NULL without a home */
/* Crash journal in $XDG_STATE_HOME/cupel/journal: unsaved steps survive a crash. */
void doc_journal_write(struct doc *d);
void doc_journal_drop(struct doc *d);
bool doc_journal_recover(struct doc *d);                /* true: there was one, taken as a step */
#endif
