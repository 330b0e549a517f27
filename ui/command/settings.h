/* settings: what a person may change: cupelrc at start, :set while running. Read, never rewritten.
 * One process-wide table; UI thread only. Strings are borrowed until the next change. */
#ifndef CUPEL_UI_SETTINGS_H
#define CUPEL_UI_SETTINGS_H
#include "base/err.h"
#include "base/str.h"

struct setting_row {
	const char *name, *dflt, *values, *help;
};
size_t setting_count(void);
const struct setting_row *setting_at(size_t i);
const char *settings_get(const char *name);      /* "" if there is none */
bool settings_flag(const char *name);            /* "on" */
/* The value must be one of the row's; a wrong name or value is answered with the valid ones. */
bool settings_set(const char *name, const char *value, struct err *e);
/* Lines: set NAME VALUE · bind KEY COMMAND [ARGS] · unbind KEY · theme NAME · style ROLE WORDS ·
 * include FILE (beside this one). # comments. Every bad line is reported through `bad`, the others
 * take effect. depth guards against a file that includes itself. */
void settings_read_text(const char *text, const char *where, int depth,
	void (*bad)(void *ctx, const struct err *e), void *ctx);
/* $XDG_CONFIG_HOME/cupel/cupelrc if it is there. */
void settings_read_user(void (*bad)(void *ctx, const struct err *e), void *ctx);
/* As cupelrc, every setting with its help, user bindings at the end. */
void settings_dump(struct str *out);
#endif
