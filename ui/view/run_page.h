/* run_page: one run whole, or two side by side as recipe lines that differ, as lines to scroll
 * through. Embedded in view History; UI thread only. */
#ifndef CUPEL_UI_RUN_PAGE_H
#define CUPEL_UI_RUN_PAGE_H
#include "catalog/catalog.h"
#include "base/vec.h"
#include "ui/screen/grid.h"

struct page_line {
	char *text;
	unsigned style;
	bool rule;           /* a heading over a line */
};
struct run_page {
	char *title;
	vec(struct page_line) lines;
	int top;
};
void run_page_fini(struct run_page *p);
bool run_page_one(struct run_page *p, struct catalog *c, int64_t id, struct err *e);
/* Two or more, each beside the first. whole: what is the same in them too. */
bool run_page_sides(struct run_page *p, struct catalog *c, const int64_t *ids, size_t n, bool whole,
	struct err *e);
void run_page_scroll(struct run_page *p, int lines, int height);
void run_page_draw(const struct run_page *p, struct grid *g, struct rect r);
#endif
