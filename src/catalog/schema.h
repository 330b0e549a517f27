/* schema: the versions of the catalog and the way from one to the next.
 * Private to src/catalog. The caller holds the connection's lock. */
#ifndef CUPEL_CATALOG_SCHEMA_H
#define CUPEL_CATALOG_SCHEMA_H
#include "catalog/db.h"

#define SCHEMA_APPLICATION 0x6375706c /* "cupl" in the file's header */

struct schema_step {
	int version;
	const char *sql;
};
extern const struct schema_step schema_steps[];
extern const size_t schema_n_steps;

enum schema_state {
	SCHEMA_EMPTY,   /* a new file */
	SCHEMA_OLDER, SCHEMA_CURRENT, SCHEMA_NEWER,
	SCHEMA_FOREIGN, /* another program's database */
	SCHEMA_FAILED,  /* *code is SQLite's */
};
enum schema_state schema_look(struct db *d, int latest, int *version, int *code);
/* Opens a file that may lie where nothing can be written, not even the index of its log. */
enum schema_state db_open_to_read(struct db *d, const char *path, int *version, int *code);
/* Bring it to the last of the steps, all in one transaction. An older file is copied first, whole,
 * to
 * PATH.vN-backup (backup NULL: not). Two programs may do this at once. */
bool schema_migrate(struct db *d, const struct schema_step *steps, size_t n, const char *backup,
	struct err *e);

/* --- keeping (backup.c) --- */
/* To PATH.vN-backup before a migration; where another of that name says something else, that stays
 * and this one gets the time behind its name. */
bool keep_before(struct db *d, const char *path, int64_t version, struct err *e);
char *keep_dated(const char *path, const char *what); /* PATH.WHAT-TIME, free; caller frees */
#define KEEP_TEMPORARY ".cupel-copy-" /* and the number of the process, behind the name to be */
void keep_sweep(const char *to); /* what killed programs left beside it of such copies */
void keep_folder_on_disk(const char *path); /* a name is on the disk when its folder is */
const char *keep_words(const char *table); /* "runs"; NULL for a table that nobody is told of */
bool keep_on_disk(const char *path, struct err *e);
#endif
