/* footer: the last line: the keys that matter now, from the rows of commands.def, least important
 * ones cut first and `?` last; and the tabs of the first line. UI thread only. */
#ifndef CUPEL_UI_FOOTER_H
#define CUPEL_UI_FOOTER_H
#include "ui/command/command.h"
#include "ui/screen/grid.h"

/* label: what to call a command instead of its row's label, or NULL (ctx is passed on); "" hides
 * it. Where each hint stands is kept for footer_at. */
void footer_draw(struct grid *g, int y, const struct app *a, unsigned context,
	const char *(*label)(const void *ctx, const struct command *c), const void *ctx);
/* The command whose hint is at column x of the footer drawn last, or NULL. */
const struct command *footer_at(int x);
#endif
