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
	bool shadow;               /* what follows from other rows: made anew, not copied */
	bool numbered;             /* has row numbers */
	struct salvage_column *columns; /* in the order of a record */
	size_t n;
	uint32_t root;             /* 0: nothing says where it begins */
	uint64_t saved, doubled;   /* doubled: rows whose place another had taken */
	uint64_t marked;           /* texts that say of themselves that they are damaged */
	uint64_t unsound;          /* rows that do not hold what they held */
	uint64_t broken_rows;      /* on pages that can be read */
	uint64_t broken_pages;
	uint64_t lost;             /* rows that something speaks of and that are not there */
	uint64_t pieced;           /* rows that are back in part */
	uint64_t bereft;           /* dropped or cut loose: what they belong to is lost */
	sqlite3_stmt *put;
	size_t put_n;              /* values that `put` takes */
};
struct salvage {
	struct pages pages;
	struct db *to;             /* of the version that the file has, empty */
	struct salvage_table *tables;
	size_t n_tables;
	struct salvage_index {
		char *name, *table, **columns;
		size_t n;
		uint32_t root;
	} *indices;
	size_t n_indices;
	uint8_t *seen;             /* 1: the page has been read as what it is */
	size_t known;              /* tables of a catalog that the file says it has */
	/* runs that only others speak of, put back with what is known */
	uint64_t returned;
};
/* A tree, as far as it can be followed: what it meets is counted, pages that are none of its are
 * left for later. */
struct salvage_walk {
	bool numbered;             /* rows under numbers, or records in every cell */
	bool (*fits)(const void *ctx, const struct record *r);
	bool (*take)(struct salvage *s, void *ctx, const struct record *r, struct err *e);
	void *ctx;
	uint64_t broken_rows, broken_pages;
};
bool salvage_walk(struct salvage *s, uint32_t root, struct salvage_walk *w, struct err *e);
/* false only where the new file cannot be written. */
bool salvage_rows(struct salvage *s, struct err *e);
void salvage_fini(struct salvage *s);

/* --- salvage_table.c --- */
void salvage_describe(struct salvage *s);
void salvage_table_fini(struct salvage_table *t);
bool salvage_fits(const struct salvage_table *t, const struct record *r);
/* Is what it holds what was put into it, as far as that shows? */
bool salvage_sound(const struct salvage_table *t, const struct record *r);
char *salvage_mark(const struct salvage_table *t, struct record *r, struct hash *hash);
bool salvage_put(struct salvage *s, struct salvage_table *t, const struct record *r,
	struct err *e);
int salvage_bind_value(sqlite3_stmt *s, int i, const struct value *v);

/* --- salvage_index.c --- */
void salvage_describe_indices(struct salvage *s);
void salvage_index_fini(struct salvage_index *x);
/* Rows that an index still speaks of and that are not there. Where the indices know every value
 * that a row must have, they are put back with those. */
bool salvage_count_lost(struct salvage *s, struct salvage_table *t, struct err *e);

/* References that lead nowhere: runs are put back as far as they are known, the rest is cut loose
 * where it can stand alone, else dropped. */
bool salvage_bind(struct salvage *s, struct err *e);
#endif
