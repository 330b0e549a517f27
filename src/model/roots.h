/* roots: the folders that models are looked for in. Internal to model/; the holder of a
 * struct model_roots owns the strings. Immutable once made; any thread may read. */
#ifndef CUPEL_MODEL_ROOTS_H
#define CUPEL_MODEL_ROOTS_H
#include "base/vec.h"
#include "model/model.h"

enum root_kind {
	ROOT_FOLDER, /* models lie in it, some levels deep; may be of any layout below */
	ROOT_HUB,    /* the Hugging Face cache */
	ROOT_OLLAMA,
	ROOT_HERE,   /* the working directory: fewer levels, and none of a home folder's */
};
struct root {
	enum root_kind kind;
	char *path;
};
struct model_roots {
	vec(struct root) v;
	/* by the user: the defaults are not scanned, the hub is still asked for names */
	bool given;
};
#endif
