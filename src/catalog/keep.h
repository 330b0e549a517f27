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
 * and write. to NULL: FILE.backup-TIME beside it. It appears under its name when it is on the disk;
 * a name that is taken is refused. */
bool catalog_backup(const char *path, const char *to, struct catalog_backup *out, struct err *e);
void catalog_backup_fini(struct catalog_backup *b);
#endif
