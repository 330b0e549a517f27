/* config_stack: what a stack of layers changes in config.json: how many layers there are, lists
 * with an entry a layer, lists of layers' numbers. Pure functions; any thread. */
#ifndef CUPEL_ENGINE_CONFIG_STACK_H
#define CUPEL_ENGINE_CONFIG_STACK_H
#include "base/str.h"
#include "engine/plan.h"

/* The text of `of`'s config.json for the output. Caller frees; NULL: it is right as it is. */
char *config_with_stack(const struct recipe *r, const struct inputs *in, const struct model *of,
	const char *text, size_t n);
/* Keys of the config that say by a rule what each layer is (every fourth, from the tenth), and no
 * longer are right; empty if there are none. */
void config_rules(const struct recipe *r, const struct inputs *in, const struct model *of,
	struct str *out);
#endif
