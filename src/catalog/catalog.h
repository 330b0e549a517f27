/* catalog: SQLite memory of models, statistics, recipes, runs, jobs, notes. WAL, STRICT,
 * synchronous=FULL, schema in share/schema, migrations by user_version.
 * A handle belongs to whoever opened it and is serialised inside: any thread may call.
 * Strings in results are owned by the result. */
#ifndef CUPEL_CATALOG_CATALOG_H
#define CUPEL_CATALOG_CATALOG_H
#include <stdint.h>
#include <stddef.h>
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"

struct catalog;
char *catalog_default_path(void);  /* $CUPEL_CATALOG, $XDG_DATA_HOME/cupel/catalog.db; free() */
/* NULL only for a file that is damaged, locked for too long or no catalog: it is left untouched and
 * the message says what to do. What cannot be written (a read-only folder, a full disk, a newer
 * version's file) opens all the same, as a copy in memory (from 256 MB on, what is written goes to
 * an empty one beside the file that is read); then catalog_warning says so and catalog_is_read_only
 * is true. read_only asks for that, without a warning; a file that does not exist is then an empty
 * catalog. ":memory:" is a path. */
struct catalog *catalog_open(const char *path, bool read_only, struct err *e);
/* In the place of one that cannot be opened: empty, in memory, with a warning that says why. So
 * that work whose answer does not depend on what is remembered is not lost with it. */
struct catalog *catalog_stand_in(const char *path, const struct err *why);
void catalog_close(struct catalog *c);
const char *catalog_path(const struct catalog *c);
/* What is written now is not kept: runs, models and statistics go to memory and are lost at the
 * end;
 * notes, tags, names, jobs are refused with a message. */
bool catalog_is_read_only(const struct catalog *c);
/* To be said once, where a person sees it: why nothing will be remembered. NULL: all is well. */
const struct err *catalog_warning(const struct catalog *c);
/* How long calls wait for another program's lock: $CUPEL_CATALOG_WAIT seconds, else 10 s, unless
 * set. */
void catalog_patience(int milliseconds);
/* Changes whenever anybody, this handle included, committed. Cheap to poll, never waits. */
uint64_t catalog_version(struct catalog *c);

/* --- models --- */
struct catalog_model {
	int64_t id;
	char *name, *path, *format, *architecture;
	char *kind;                 /* base tune merge quant adapter unknown */
	char *hash;                 /* hex or NULL */
	uint64_t parameters, bytes;
	double bits;
	char *partial, *state;      /* "on disk", "partial", "dropped", "offline" */
	int64_t parent;             /* lineage parent id or 0 */
	char *relation;             /* "finetune", "merge", "quantized" or NULL */
	int64_t run;                /* run that made it or 0 */
	char *license, *dtype;      /* as its files say; of most weights; or NULL */
};
/* The path is the key. Text that is NULL and numbers that are 0 keep what is known, but partial and
 * state are as given (state NULL: "on disk"), and a hash is forgotten when the bytes differ. */
bool catalog_model_put(struct catalog *c, const struct catalog_model *m, int64_t *id,
	struct err *e);
struct catalog_model *catalog_models(struct catalog *c, size_t *n, struct err *e);
void catalog_models_free(struct catalog_model *v, size_t n);
/* What a person did with the files: "dropped", "on disk". Not an error if nobody knows the path. */
bool catalog_model_state(struct catalog *c, const char *path, const char *state, struct err *e);
char *catalog_model_path(struct catalog *c, const char *name); /* alias for model_resolve; free() */

/* The tensors of a model by its content hash: what a run wrote, what a model consists of. */
struct catalog_tensor {
	char *name, *dtype, *shape; /* shape "4096x4096" */
	uint64_t bytes;
	char *hash;
};
bool catalog_tensors_put(struct catalog *c, const char *model_hash, const struct catalog_tensor *v,
	size_t n, struct err *e);
struct catalog_tensor *catalog_tensors(struct catalog *c, const char *model_hash, size_t *n,
	struct err *e);            /* none known: n 0, not an error */
void catalog_tensors_free(struct catalog_tensor *v, size_t n);

/* --- statistics: sums and histograms under content keys --- */
/* kind: "norm", "pair", "sign", "hist" …; a, b, c: tensor keys (zero if unused). The blob is the
 * caller's own versioned layout. get returns malloc'd bytes or NULL. put batches: one transaction
 * per call. */
void *catalog_stat_get(struct catalog *c, const char *kind, struct hash a, struct hash b,
	struct hash base, size_t *n);
/* Whether something of that kind is stored of this tensor, whatever the other is. */
bool catalog_stat_any(struct catalog *c, const char *kind, struct hash key);
struct catalog_stat {
	const char *kind;
	struct hash a, b, base;
	const void *blob;
	size_t n;
};
bool catalog_stat_put(struct catalog *c, const struct catalog_stat *v, size_t n, struct err *e);

/* --- runs --- */
struct catalog_run {
	int64_t id;
	char *kind;                 /* "merge" … */
	/* running done failed cancelled, stopped (its process is gone), imported */
	char *name, *status;
	char *started;              /* ISO 8601 UTC */
	double seconds;
	/* recipe_text: what was merged; plan_text: what became of its tensors, of a quantization,
	 * which has a recipe only if it merged one; recipe_hash is the plan's then, recipe_path
	 * too without a recipe. `sql` shows both in one column, as two documents of YAML. */
	char *recipe_text, *plan_text, *recipe_hash, *recipe_path, *method;
	char *output, *output_hash;
	uint64_t bytes, tensors, seed;
	char *command;              /* the command line that makes it again */
	char *version, *arithmetic, *error;
	int64_t parent;             /* run it was branched or replayed from, or 0 */
	char *tags, *note;          /* joined by spaces; newest note */
	bool archived;
	bool replaced;              /* a later run wrote something else to its output */
	bool dropped;               /* its output was deleted with `drop` */
};
struct catalog_input {
	char *name, *path, *hash, *role; /* role "base", "input", "donor" */
};
/* started NULL: now. */
int64_t catalog_run_begin(struct catalog *c, const struct catalog_run *r,
	const struct catalog_input *in, size_t n_in, struct err *e); /* 0 on error */
bool catalog_run_end(struct catalog *c, int64_t id, const char *status, double seconds,
	const char *output, const char *output_hash, uint64_t bytes, uint64_t tensors,
	const char *error, struct err *e);
bool catalog_run_input_hash(struct catalog *c, int64_t id, const char *name, const char *hash,
	struct err *e);
/* Newest first; recipe_text, plan_text and command are NULL in a list, catalog_run_get has them.
 * filter: what filter.h reads; NULL or "" is every run that is not archived. */
struct catalog_run *catalog_runs(struct catalog *c, const char *filter, size_t *n, struct err *e);
/* What may complete the last word of a filter that is being typed: fields, keys of recipes, tasks;
 * behind a field that has few values, those. */
struct catalog_word {
	char *text;                 /* the whole filter, completed */
	char *word, *example, *help; /* of the last word; example and help may be NULL */
};
struct catalog_word *catalog_filter_words(struct catalog *c, const char *filter, size_t *n);
void catalog_words_free(struct catalog_word *v, size_t n);
struct catalog_run *catalog_run_get(struct catalog *c, int64_t id, struct err *e);
/* Runs that read what this one wrote, by its path or its content; archived ones too. */
struct catalog_run *catalog_run_users(struct catalog *c, int64_t id, size_t *n, struct err *e);
void catalog_runs_free(struct catalog_run *v, size_t n);
struct catalog_input *catalog_run_inputs(struct catalog *c, int64_t id, size_t *n, struct err *e);
void catalog_inputs_free(struct catalog_input *v, size_t n);
bool catalog_note(struct catalog *c, int64_t run, const char *text, struct err *e);
bool catalog_tag(struct catalog *c, int64_t run, const char *tag, bool add, struct err *e);
struct catalog_note {
	char *created, *text;
};
struct catalog_note *catalog_notes(struct catalog *c, int64_t run, size_t *n, struct err *e);
void catalog_notes_free(struct catalog_note *v, size_t n);
bool catalog_rename(struct catalog *c, int64_t run, const char *name, struct err *e);
bool catalog_archive(struct catalog *c, int64_t run, bool archived, struct err *e);

/* --- scores: what was measured, or stated somewhere --- */
struct catalog_score {
	int64_t id, run, model;     /* 0 none */
	char *task, *metric;
	double value, stderr_;      /* NaN unknown */
	int64_t n;                  /* questions or tokens; 0 unknown */
	/* JSON object: shots, limit, template, quantization … or NULL */
	char *protocol;
	bool estimated;
	char *source;               /* file it was read from, or NULL when measured here */
	char *variant;              /* the model in that file's words, or NULL */
	int64_t line;               /* of the source; 0 none */
	char *text;                 /* what stands there, or NULL */
	/* Hash of what was stated; a second score of the same fact only adds the run and the model
	 * that the first did not know. NULL: every score is new. Not read back. */
	char *fact;
};
bool catalog_score_put(struct catalog *c, const struct catalog_score *v, size_t n, struct err *e);
/* The same; *added counts those that were not there. */
bool catalog_score_import(struct catalog *c, const struct catalog_score *v, size_t n, size_t *added,
	struct err *e);
/* Of a run, or (run 0) of a model. */
struct catalog_score *catalog_scores(struct catalog *c, int64_t run, int64_t model, size_t *n,
	struct err *e);
void catalog_scores_free(struct catalog_score *v, size_t n);
/* One task's value for every run (of the run, or of what it wrote), as one column of a list: the
 * best of the first metric ("acc" before "acc_norm"), no estimates. Ordered by run, each once;
 * free(). NULL and n 0 for a task nobody measured. Of models: measured.h. */
struct catalog_value {
	int64_t of;                 /* run */
	double value;
};
struct catalog_value *catalog_run_values(struct catalog *c, const char *task, size_t *n);
double catalog_value_of(const struct catalog_value *v, size_t n, int64_t of); /* NaN: none */

/* --- jobs: processes of their own report here --- */
struct catalog_job {
	int64_t id, run;            /* run 0 until it began */
	/* waiting running done failed cancelled stopped (its process is gone) */
	char *what, *state;
	char *command;              /* JSON array: the verb and its arguments */
	char *folder;               /* working directory it was started in */
	char *log;                  /* path of the log file */
	char *message;              /* the tensor at work, or the error */
	int64_t pid;
	char *boot, *start;         /* of the owner, to tell a dead one */
	uint64_t done, total;       /* bytes */
	double rate, left;          /* bytes per second; seconds */
	int threads;
	char *created, *updated;
	bool cancel;                /* somebody asked it to stop */
};
/* New rows belong to the calling process until another claims them. */
int64_t catalog_job_new(struct catalog *c, const struct catalog_job *j, struct err *e);
bool catalog_job_log(struct catalog *c, int64_t id, const char *log, struct err *e);
/* to its process */
bool catalog_job_given(struct catalog *c, int64_t id, int64_t pid, struct err *e);
/* A stopped, failed or cancelled job waits once more, with another command. */
bool catalog_job_again(struct catalog *c, int64_t id, const char *command, struct err *e);
bool catalog_job_claim(struct catalog *c, int64_t id, struct err *e); /* this process runs it now */
/* Call it as often as progress is made: the row is written at most twice a second, the flag
 * read. */
bool catalog_job_progress(struct catalog *c, int64_t id, uint64_t done, uint64_t total,
	double rate, double left, const char *message, bool *cancel, struct err *e);
bool catalog_job_end(struct catalog *c, int64_t id, const char *state, int64_t run,
	const char *message, struct err *e);
bool catalog_job_cancel(struct catalog *c, int64_t id, struct err *e);
/* dead owners → stopped */
struct catalog_job *catalog_jobs(struct catalog *c, size_t *n, struct err *e);
struct catalog_job *catalog_job_get(struct catalog *c, int64_t id, struct err *e);
void catalog_jobs_free(struct catalog_job *v, size_t n);

/* Read-only SQL on a connection of its own: an array of objects, columns in order. One statement;
 * refused when it would write; at most 100,000 rows and 10 s. Blobs are hex digits. */
json_t *catalog_sql(struct catalog *c, const char *sql, struct err *e);
bool catalog_check(struct catalog *c, struct err *e); /* quick_check */
#endif
