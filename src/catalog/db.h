/* db: the two connections behind a catalog handle, statements kept prepared, values in and out.
 * Reading and writing have a connection and a lock each, so that a screen that reads never waits
 * for a batch that is being synced; a catalog in memory has one connection for both.
 * Private to src/catalog. Any thread: db_reading and db_writing lock, db_done unlocks. */
#ifndef CUPEL_CATALOG_DB_H
#define CUPEL_CATALOG_DB_H
#include <pthread.h>
#include <sqlite3.h>
#include <time.h>
#include "base/err.h"
#include "catalog/catalog.h"

#define DB_STATEMENTS 64
struct db {
	sqlite3 *handle;       /* NULL until first used */
	const char *path;      /* the catalog's, for messages */
	pthread_mutex_t lock;
	struct { const char *sql; sqlite3_stmt *stmt; } kept[DB_STATEMENTS];
	size_t n_kept;
};
struct catalog {
	char *path;            /* as given, for messages */
	char *file;            /* from the root: the process may change its folder */
	bool memory;           /* everything is in `reader`; path is only a name */
	bool read_only;        /* what is written is not kept */
	/* too large to copy: read from the file, written to an empty one in memory */
	bool apart;
	struct err warning;    /* code ERR_NONE: none */
	struct db reader, writer;
	uint64_t version;      /* last answer of catalog_version; under reader.lock */
	struct timespec swept; /* when the dead were last looked for; under reader.lock */
	bool stats_wait;       /* statistics met a lock: the next do not wait for it */
	struct timespec progress_at; /* last write of a job's row; its one reporter's */
};

/* Locked connection, or NULL with a message. db_writing is inside BEGIN IMMEDIATE. */
struct db *db_reading(struct catalog *c, struct err *e);
struct db *db_writing(struct catalog *c, struct err *e);
/* The same without db_patience: for what is done again soon anyway. */
#define DB_SWEEP_PATIENCE 200 /* ms: whoever looks next does it else */
struct db *db_writing_within(struct catalog *c, int milliseconds, struct err *e);
/* Unlocks. A writer commits if ok, else rolls back. Returns ok, or false if the commit failed. */
void db_read_done(struct db *d);
bool db_done(struct db *d, bool ok, struct err *e);
/* What a person asked to be kept: refused where it would be lost. */
bool db_keeps(const struct catalog *c, struct err *e);

/* A statement of constant text: prepared once, reset, nothing bound. */
sqlite3_stmt *db_prepare(struct db *d, const char *sql, struct err *e);
/* types: i int64_t, t const char * (NULL → null), d double (NaN → null), h struct hash *,
 * b bytes + size_t. n takes nothing: null. */
bool db_bind(struct db *d, sqlite3_stmt *s, struct err *e, const char *types, ...);
/* Prepare, bind, run to the end. */
bool db_run(struct db *d, struct err *e, const char *sql, const char *types, ...);
bool db_script(struct db *d, const char *sql, struct err *e); /* several statements, unprepared */
int64_t db_number(struct db *d, const char *sql, int64_t dflt); /* first column of the first row */
/* Is a score s of model m one of the weights that run o wrote there? Of those that lay at the path
 * when it was noted; of what lies there now if nobody had written yet. */
#define DB_OF_THESE_WEIGHTS "o.output_hash IS coalesce((SELECT w.output_hash FROM run w WHERE " \
	"w.output = m.path AND w.status = 'done' AND w.started <= s.created ORDER BY w.id DESC " \
	"LIMIT 1), m.hash, o.output_hash)"

/* SQLITE_ROW → true. At the end false with e untouched (*failed false), else false with e set. */
bool db_step(struct db *d, sqlite3_stmt *s, bool *failed, struct err *e);
/* A list of one kind of row: how one is read, and what of it is freed. */
struct db_rows {
	size_t size;
	void (*read)(sqlite3_stmt *s, void *row); /* into zeros */
	void (*fini)(void *row);                  /* NULL: it holds nothing */
};
/* Every row of a statement that is bound (NULL: it could not be, and e says why), as an array;
 * no rows are an array of none. NULL after a failure. */
void *db_read_rows(struct db *d, sqlite3_stmt *s, const struct db_rows *kind, size_t *n,
	struct err *e);
/* The same from the reader's lock to its release: prepare, bind as db_bind does, read. */
void *db_list(struct catalog *c, const struct db_rows *kind, size_t *n, struct err *e,
	const char *sql, const char *types, ...);
void db_list_free(const struct db_rows *kind, void *v, size_t n);
char *db_text(sqlite3_stmt *s, int column);      /* caller frees; NULL for null */
double db_double(sqlite3_stmt *s, int column);   /* NaN for null */
/* The message for what SQLite just said. Returns false. */
bool db_fail(struct db *d, int code, const char *verb, struct err *e);

/* The row of a text with that meaning, made if need be; 0 for no text. Inside a transaction. */
bool db_put_recipe(struct db *d, const char *text, const char *hash, int64_t *id, struct err *e);
/* The numbers in its text, for filters; of all that are stored, after a migration. */
bool db_index_recipe(struct db *d, int64_t recipe, const char *text, struct err *e);
bool db_index_recipes(struct db *d, struct err *e);

/* What stands in recipe_text as the table has it, into recipe and plan. */
void run_text_split(struct catalog_run *r);

/* What says "running" or "waiting" though its process is gone, is put right: before it is shown. */
void runs_find_stopped(struct catalog *c);
void jobs_find_stopped(struct catalog *c);

int db_open(struct db *d, const char *path, int flags); /* SQLite's code; settings made */
void db_close(struct db *d);
int db_patience(void);
/* Has so much time gone by since *last? Then it is now. */
bool db_due(struct timespec *last, double seconds);
#endif
