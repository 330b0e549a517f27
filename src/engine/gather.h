/* gather: a recipe as one text that needs no other: recipe files it names become documents of it,
 * and it is the document that the text is for. What is recorded of a run is this, so that it can
 * be made again when the files are gone. Any thread. */
#ifndef CUPEL_ENGINE_GATHER_H
#define CUPEL_ENGINE_GATHER_H
#include "engine/plan.h"

/* A new reference: r itself where nothing has to be done. The text of its own file stays byte for
 * byte, unless r is not the document it is for: then what r does not use is left out.
 * A seed among the options is written into every document, if there are several. o may be NULL. */
struct recipe *recipe_gather(const struct recipe *r, const struct plan_options *o, struct err *e);
#endif
