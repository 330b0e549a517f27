/* term: a grid on a real terminal. The only part that knows curses. While it is open it owns the
 * terminal: what others write to stderr is kept and replayed on close; a crash restores the screen.
 * One at a time, UI thread only; term_panic is safe in a signal handler. */
#ifndef CUPEL_UI_TERM_H
#define CUPEL_UI_TERM_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "ui/screen/grid.h"

struct term;
struct term *term_open(bool mouse, struct err *e);
void term_close(struct term *t);
int term_fd(const struct term *t);
void term_size(struct term *t, int *w, int *h);
/* After a resize: take the new size over. */
void term_resize(struct term *t, int *w, int *h);
/* Show the grid: only cells that differ from the last one shown are written. */
void term_present(struct term *t, const struct grid *g);
void term_repaint(struct term *t);                     /* the next present writes everything */
int term_colors(const struct term *t);
void term_mouse(struct term *t, bool on);
void term_write(struct term *t, const char *s, size_t n); /* control sequences past the grid */
void term_suspend(struct term *t);                     /* hand the terminal to another program */
void term_resume(struct term *t);
#endif
