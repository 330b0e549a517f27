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
char *catalog_default_path(void);  /* --catalog, $CUPEL_CATALOG, $XDG_DATA_HOME/cupel/catalog.db */
struct catalog *catalog_open(const char *path, bool read_only, struct err *e);
void catalog_close(struct catalog *c);
const char *catalog_path(const struct catalog *c);
bool catalog_is_read_only(const struct catalog *c);
/* Changes whenever any process committed: cheap to poll (PRAGMA data_version + own counter). */
uint64_t catalog_version(struct catalog *c);

/* --- models ------------------------------------------------------------------------------- */
struct catalog_model {
	int64_t id;
	char *name, *path, *format, *architecture, *kind; /* base tune merge quant unknown */
	char *hash;                 /* hex or NULL */
	uint64_t parameters, bytes;
	double bits;
	char *partial, *state;      /* "on disk", "partial", "dropped", "offline" */
	int64_t parent;             /* lineage parent id or 0 */
	char *relation;             /* "finetune", "merge", "quantized" or NULL */
	int64_t run;                /* run that made it or 0 */
};
bool catalog_model_put(struct catalog *c, const struct catalog_model *m, int64_t *id, struct err *e);
struct catalog_model *catalog_models(struct catalog *c, size_t *n, struct err *e);
void catalog_models_free(struct catalog_model *v, size_t n);
char *catalog_model_path(struct catalog *c, const char *name); /* alias for model_resolve; free() */

/* --- statistics: sums and histograms under content keys ------------------------------------ */
/* kind: "norm", "pair", "sign", "hist" …; a, b, c: tensor keys (zero if unused). The blob is the
 * caller's own versioned layout. get returns malloc'd bytes or NULL. put batches: one transaction
 * per call. */
void *catalog_stat_get(struct catalog *c, const char *kind, struct hash a, struct hash b,
	struct hash base, size_t *n);
struct catalog_stat {
	const char *kind;
	struct hash a, b, base;
	const void *blob;
	size_t n;
};
bool catalog_stat_put(struct catalog *c, const struct catalog_stat *v, size_t n, struct err *e);
bool catalog_stat_rename(struct catalog *c, struct hash from, struct hash to, struct err *e);

/* --- runs ---------------------------------------------------------------------------------- */
struct catalog_run {
	int64_t id;
	char *kind;                 /* "merge" … */
	char *name, *status;        /* running done failed cancelled */
	char *started;              /* ISO 8601 UTC */
	double seconds;
	char *recipe_text, *recipe_hash, *recipe_path, *method;
	char *output, *output_hash;
	uint64_t bytes, tensors, seed;
	char *command;              /* the command line that makes it again */
	char *version, *arithmetic, *error;
	int64_t parent;             /* run it was branched or replayed from, or 0 */
	char *tags, *note;          /* joined by spaces; newest note */
	bool archived;
};
struct catalog_input {
	char *name, *path, *hash, *role; /* role "base", "input", "donor" */
};
int64_t catalog_run_begin(struct catalog *c, const struct catalog_run *r,
	const struct catalog_input *in, size_t n_in, struct err *e); /* 0 on error */
bool catalog_run_end(struct catalog *c, int64_t id, const char *status, double seconds,
	const char *output, const char *output_hash, uint64_t bytes, uint64_t tensors,
	const char *error, struct err *e);
bool catalog_run_input_hash(struct catalog *c, int64_t id, const char *name, const char *hash,
	struct err *e);
/* filter: words match FTS over recipes, notes, names; "tag:x", "method:x", "status:x", "kind:x". */
struct catalog_run *catalog_runs(struct catalog *c, const char *filter, size_t *n, struct err *e);
struct catalog_run *catalog_run_get(struct catalog *c, int64_t id, struct err *e);
void catalog_runs_free(struct catalog_run *v, size_t n);
struct catalog_input *catalog_run_inputs(struct catalog *c, int64_t id, size_t *n, struct err *e);
void catalog_inputs_free(struct catalog_input *v, size_t n);
bool catalog_note(struct catalog *c, int64_t run, const char *text, struct err *e);
bool catalog_tag(struct catalog *c, int64_t run, const char *tag, bool add, struct err *e);
bool catalog_rename(struct catalog *c, int64_t run, const char *name, struct err *e);
bool catalog_archive(struct catalog *c, int64_t run, bool archived, struct err *e);

/* --- jobs: processes of their own report here ------------------------------------------------ */
struct catalog_job {
	int64_t id, run;            /* run 0 until it began */
	char *what, *state;         /* waiting running done failed cancelled stopped (its process is gone) */
	char *command;              /* JSON array of argv */
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
int64_t catalog_job_new(struct catalog *c, const struct catalog_job *j, struct err *e);
bool catalog_job_claim(struct catalog *c, int64_t id, struct err *e); /* this process runs it now */
bool catalog_job_progress(struct catalog *c, int64_t id, uint64_t done, uint64_t total,
	double rate, double left, const char *message, bool *cancel, struct err *e);
bool catalog_job_end(struct catalog *c, int64_t id, const char *state, int64_t run,
	const char *message, struct err *e);
bool catalog_job_cancel(struct catalog *c, int64_t id, struct err *e);
struct catalog_job *catalog_jobs(struct catalog *c, size_t *n, struct err *e); /* dead owners → stopped */
struct catalog_job *catalog_job_get(struct catalog *c, int64_t id, struct err *e);
void catalog_jobs_free(struct catalog_job *v, size_t n);

/* Read-only SQL: an array of objects. */
json_t *catalog_sql(struct catalog *c, const char *sql, struct err *e);
bool catalog_check(struct catalog *c, struct err *e); /* quick_check */
#endif
