/* salvage: every row that can still be read of a damaged catalog, put into a new one.
 * Private to src/catalog. The caller owns the new file's connection; one thread. */
#ifndef CUPEL_CATALOG_SALVAGE_H
#define CUPEL_CATALOG_SALVAGE_H
#include "catalog/db.h"
#include "catalog/pages.h"

struct salvage_column {
	char *name;
	char type;                 /* I R T B; a for any */
	bool needed;               /* not null */
	bool number;               /* the row's number: null in the record */
};
struct salvage_table {
	char *name;
	bool shadow;               /* an index of words: made anew, not copied */
	bool numbered;             /* has row numbers */
	struct salvage_column *columns; /* in the order of a record */
	size_t n;
	uint32_t root;             /* 0: nothing says where it begins */
	uint64_t saved, doubled;   /* doubled: rows whose place another had taken */
	uint64_t unsound;          /* rows that do not hold what they held */
	uint64_t broken_rows;      /* on pages that can be read */
	uint64_t broken_pages;
	uint64_t lost;             /* rows that something speaks of and that are not there */
	uint64_t bereft;           /* dropped or cut loose: what they belong to is lost */
	sqlite3_stmt *put;
	size_t put_n;              /* values that `put` takes */
};
struct salvage {
	struct pages pages;
	struct db *to;             /* of the version that the file has, empty */
	struct salvage_table *tables;
	size_t n_tables;
	struct { char *name, *table; uint32_t root; size_t columns; } *indices;
	size_t n_indices;
	uint8_t *seen;             /* 1: the page has been read as what it is */
	size_t known;              /* tables of a catalog that the file says it has */
	/* runs that only others speak of, put back with what is known */
	uint64_t returned;
};
/* false only where the new file cannot be written. */
bool salvage_rows(struct salvage *s, struct err *e);
void salvage_fini(struct salvage *s);

/* --- salvage_table.c --- */
void salvage_describe(struct salvage *s);
void salvage_table_fini(struct salvage_table *t);
bool salvage_fits(const struct salvage_table *t, const struct record *r);
/* Is what it holds what was put into it, as far as that shows? */
bool salvage_sound(const struct salvage_table *t, const struct record *r);
bool salvage_put(struct salvage *s, struct salvage_table *t, const struct record *r,
	struct err *e);
/* References that lead nowhere: runs are put back as far as they are known, the rest is cut loose
 * where it can stand alone, else dropped. */
bool salvage_bind(struct salvage *s, struct err *e);
#endif
