/* keep: what keeps a catalog: copies of it while it is in use, a look at whether it is whole, and
 * what is left of one that is damaged.
 * Results are the caller's: the matching _fini. One thread at a time, as a verb has it. */
#ifndef CUPEL_CATALOG_KEEP_H
#define CUPEL_CATALOG_KEEP_H
#include "catalog/catalog.h"

/* --- backup --- */
struct catalog_backup {
	char *path;
	uint64_t bytes;
	double seconds;
	int64_t runs, models, scores; /* that are in it; -1: kept otherwise by a newer version */
};
/* A whole copy of the file as it is now, what stands only in its log included, while others read
 * and write. to NULL: FILE.backup-TIME beside it, or in the folder that `to` is. It appears under
 * its name when it is on the disk;
 * a name that is taken is refused. */
bool catalog_backup(const char *path, const char *to, struct catalog_backup *out, struct err *e);
void catalog_backup_fini(struct catalog_backup *b);

/* --- check --- */
struct catalog_fault {
	char *text;                /* in a person's words */
	bool mended;               /* a repair mends it, or saves what is left */
};
struct catalog_checked {
	struct catalog_fault *v;
	size_t n;
	size_t mended;             /* of them */
	uint64_t rows;             /* looked at */
};
/* Reads everything: the trees of the file, every reference between rows, the index of words, and
 * what the program itself promises of its rows. false: it cannot be looked at (no such file,
 * another program's, locked); what is wrong with it is in out. */
bool catalog_examine(const char *path, struct catalog_checked *out, struct err *e);
void catalog_checked_fini(struct catalog_checked *c);

/* --- repair --- */
struct catalog_repaired {
	const char *what;          /* "runs", "notes" …, constant; of other tables their name */
	char *table;
	uint64_t saved, lost;      /* lost: that something still speaks of */
	/* back in part: with what the indices know of it, or as a text marked as damaged */
	uint64_t pieced;
	uint64_t bereft;           /* cut loose or dropped: what they belonged to is lost */
	uint64_t pages;            /* broken ones: more rows may have been there */
};
struct catalog_repair {
	struct catalog_repaired *v;
	size_t n;
	char *aside;               /* where the damaged file is now, its log beside it */
	/* runs of which only inputs, notes, tags or scores are left */
	uint64_t returned;
	bool start_lost;           /* the first page: rows deleted earlier may be back */
	uint64_t bytes;
	double seconds;
};
/* Makes a new catalog of every row that can be read and puts it in the place of the damaged one,
 * which stays as FILE.damaged-TIME. Refused, with nothing changed, while another program has the
 * file open, for a newer version's, and for what is no catalog. */
bool catalog_repair(const char *path, struct catalog_repair *out, struct err *e);
void catalog_repair_fini(struct catalog_repair *r);
#endif
