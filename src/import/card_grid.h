/* card_grid: a table of a card as cells, whatever it was written with: pipes, tabs, blanks. Made by
 * card_grids, which hands each to card_table and frees it. Private to the reader of cards. */
#ifndef CUPEL_IMPORT_CARD_GRID_H
#define CUPEL_IMPORT_CARD_GRID_H
#include "import/card_reading.h"

#define GRID_MAX_COLUMNS 64
#define GRID_MAX_ROWS 5000

struct grid_row {
	size_t line;               /* from 0 */
	char **cells;              /* n_columns; "" where nothing stands */
};
struct card_grid {
	size_t line;               /* of the head, from 0 */
	char **columns;            /* plain text of the head */
	size_t n_columns;
	struct { struct grid_row *v; size_t n, cap; } rows;
};
void card_grid_fini(struct card_grid *g);
/* A row of n cells, taken one by one; missing ones are "". More than the head has: false. */
void card_grid_row(struct card_grid *g, size_t line, char **cells, size_t n);

/* All tables of the card. */
void card_read_tables(struct card_reader *r);
/* Tables whose columns are apart by single blanks; true if one begins at line i: g is filled and
 * its lines are marked. */
bool card_grid_blank(struct card_reader *r, size_t i, struct card_grid *g);
/* The same for <table>, over all its lines. */
bool card_grid_html(struct card_reader *r, size_t i, struct card_grid *g);

/* What is in a table: card_table.c. Marks nothing. */
void card_table_take(struct card_reader *r, const struct card_grid *g);

/* --- shared by the readers of tables --- */
/* What columns are for. */
enum column_use {
	COLUMN_TEXT, COLUMN_LABEL, COLUMN_VALUE, COLUMN_TASK, COLUMN_DIFFERENCE, COLUMN_METRIC,
	COLUMN_SHOTS, COLUMN_STDERR, COLUMN_N, COLUMN_VERSION, COLUMN_FILTER, COLUMN_QUANT,
	COLUMN_ASIDE,
};
/* A fact of this card that the column repeats: two or more of its values are this variant's, and
 * none of them differs. NULL: none, or more than one variant. */
const struct import_fact *card_repeated(const struct card_reader *r, const struct card_grid *g,
	size_t column);
/* The figures of the table; true if it is one of scores. */
bool card_figures(struct card_reader *r, const struct card_grid *g);
/* The model that a head or label means: free(), NULL: the card's own. others: a quantization by its
 * word alone is not the card's own file. quant: its quantization where the words say one; free().
 */
char *card_meant(const struct card_reader *r, const char *words, bool others, char **quant);
bool card_own_words(const char *s); /* "this file" */
#endif
