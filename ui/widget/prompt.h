/* prompt: a line being typed at the bottom, with history, completion and candidates drawn above it.
 * The palette is a prompt whose candidates are commands. An overlay. UI thread only. */
#ifndef CUPEL_UI_PROMPT_H
#define CUPEL_UI_PROMPT_H
#include "ui/widget/overlay.h"

struct candidate {
	char *text;     /* what the line becomes */
	char *label;    /* shown */
	char *right;    /* a key, a count; or NULL */
	char *help;     /* shown for the picked one */
	uint64_t hits;  /* bytes of label that matched */
};
struct candidates {
	vec(struct candidate) list;
};
void candidates_add(struct candidates *c, const char *text, const char *label, const char *right,
	const char *help, uint64_t hits);

enum edit {
	EDIT_LEFT,
	EDIT_RIGHT,
	EDIT_START,
	EDIT_END,
	EDIT_BACKSPACE,
	EDIT_DELETE,
	EDIT_CLEAR,
	EDIT_CUT,
	EDIT_WORD,
	EDIT_PREVIOUS,
	EDIT_NEXT,
	EDIT_COMPLETE
};
struct prompt_ops {
	/* All may be NULL but done. text is the line. */
	unsigned (*done)(struct app *a, const char *text, void *ctx);
	void (*changed)(struct app *a, const char *text, void *ctx);
	unsigned (*cancelled)(struct app *a, void *ctx);
	void (*fill)(struct app *a, const char *text, struct candidates *out, void *ctx);
	/* Enter on a candidate: false = only complete the line with it. */
	bool (*takes)(struct app *a, const char *text, void *ctx);
	bool must_pick;       /* Enter takes the picked candidate, not the letters typed */
	const char *keys;     /* any of these keys answers at once (a question) */
};
struct prompt;
struct overlay *prompt_new(struct app *a, const char *label, const char *text, const char *history,
	const struct prompt_ops *ops, void *ctx);
/* o must be a prompt (its context is CTX_PROMPT). */
unsigned prompt_edit(struct overlay *o, struct app *a, enum edit e);
#endif
