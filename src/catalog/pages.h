/* pages: an SQLite file read page by page, without SQLite: what is left when a tree is broken.
 * The log beside the file is taken in as a reader would, but a frame that is damaged costs that
 * frame only. The file is only read.
 * Private to src/catalog. Whoever opened it closes it; one thread at a time. */
#ifndef CUPEL_CATALOG_PAGES_H
#define CUPEL_CATALOG_PAGES_H
#include "base/err.h"
#include "system/file.h"

struct pages {
	struct file *file, *log;   /* log NULL: none that counts */
	uint32_t size, usable;     /* of a page; usable: but for what the header reserves */
	uint32_t n;                /* they are numbered from 1 */
	uint64_t *in_log;          /* offset of a page's newest state in the log, 0: in the file */
	bool whole_start;          /* the first page is what it should be: the next three count */
	uint32_t application, version, free_first;
	uint8_t *free;             /* 1: nothing in use is on that page */
	uint64_t left;             /* bytes of records still to be read: cells that lie about
				    * where they are must not cost more than the file holds */
};
bool pages_open(struct pages *p, const char *path, struct err *e);
void pages_close(struct pages *p);

/* A page of a tree. A leaf of rows holds rows under their number, an inner page only children; the
 * pages of an index (and of a table without row numbers) hold a record in every cell.
 *
 *	0        1        3      5        7       8        12 (inner pages)
 *	+--------+--------+------+--------+-------+--------+------------------
 *	| kind   | first  | cells| content| loose | right- | offsets of cells,
 *	|        | free   |      | starts | bytes | most   | two bytes each
 *	+--------+--------+------+--------+-------+--------+------------------
 * On the first page all of it starts at 100. */
enum page_kind { PAGE_INDEX_INNER = 2, PAGE_ROWS_INNER = 5, PAGE_INDEX = 10, PAGE_ROWS = 13 };
struct page {
	uint8_t *b;                /* size bytes; page_fini */
	size_t head;               /* 0, or 100 on the first */
	enum page_kind kind;
	unsigned cells;
};
bool page_load(const struct pages *p, uint32_t no, struct page *g); /* false: no page of a tree */
void page_fini(struct page *g);
static inline bool page_is_inner(const struct page *g)
{
	return g->kind == PAGE_INDEX_INNER || g->kind == PAGE_ROWS_INNER;
}
/* Of an inner page, i up to and including its number of cells; 0: none that can be. */
uint32_t page_child(const struct pages *p, const struct page *g, unsigned i);

/* A row or an entry: its values, whole. */
enum value_kind { VALUE_NULL, VALUE_INTEGER, VALUE_REAL, VALUE_TEXT, VALUE_BLOB };
struct value {
	enum value_kind kind;
	int64_t i;
	double d;
	const uint8_t *b;          /* in the record */
	size_t n;
};
struct record {
	int64_t row;               /* of a leaf of rows */
	struct value *v;
	size_t n;
	uint8_t *b;
};
/* false: that cell, or a page that its end lies on, is not what it should be. record_fini after
 * true. */
bool page_record(struct pages *p, const struct page *g, unsigned i, struct record *r);
void record_fini(struct record *r);
#endif
