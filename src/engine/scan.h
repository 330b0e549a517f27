/* scan: find models under the roots and register them in the catalog, with what their headers say
 * and the parents their cards name. Weights are not read; a model that has not changed is not
 * opened again.
 * May run on any thread; the catalog and the roots must outlive it. */
#ifndef CUPEL_ENGINE_SCAN_H
#define CUPEL_ENGINE_SCAN_H
#include "catalog/catalog.h"
#include "model/model.h"

struct scan_result {
	size_t found;       /* models under the roots */
	size_t registered;  /* new ones, and those that changed */
	size_t refused;     /* could not be opened: `refusal` says why of the last */
	struct err refusal;
};
/* Registered one by one as they are found; parents afterwards. *stop ends it early. */
bool scan_models(struct catalog *c, const struct model_roots *roots, atomic_bool *stop,
	struct scan_result *out, struct err *e);
/* One opened model as a row of the catalog: kind, parent and relation from its card. */
bool scan_register(struct catalog *c, const struct model *m, int64_t *id, struct err *e);
#endif
