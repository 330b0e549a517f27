/* publish: a recipe as it may leave this machine: absolute paths of models become names, with the
 * hash behind them; everything else stays byte for byte.
 * Results are the caller's to free. Any thread. */
#ifndef CUPEL_RECIPE_PUBLISH_H
#define CUPEL_RECIPE_PUBLISH_H
#include <stddef.h>
#include "base/err.h"
#include "base/str.h"

struct publish_input {
	const char *text;      /* as the recipe writes it */
	const char *name;      /* "owner/name" if it is known, else NULL */
	const char *hash;      /* hex, or NULL */
};
/* NULL if the text is no YAML. Paths that no input is known for are named all the same. */
char *recipe_publish(const char *text, const struct publish_input *v, size_t n, struct err *e);
/* Free text: every absolute path in it becomes its last component. */
void publish_text(struct str *out, const char *text);
/* "owner/name" of a path in the hub's cache, else the last component. */
char *publish_name(const char *path);
/* The revision that a path in the hub's cache stands for, or NULL. */
char *publish_revision(const char *path);
#endif
