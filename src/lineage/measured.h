/* measured: which known model another is closest to, by its weights, beside what is declared: from
 * the sums that earlier passes left in the catalog, or from a co-located sample of every registered
 * model of the same shapes. Owned by its holder: measured_free. Any thread; reads files. */
#ifndef CUPEL_LINEAGE_MEASURED_H
#define CUPEL_LINEAGE_MEASURED_H
#include <stdatomic.h>
#include "lineage/lineage.h"
#include "stat/stats.h"
#include "system/pool.h"

struct measured_match {
	size_t node;
	/* of the model, m, against this one, x; delta_cosine from the base, or failed */
	struct figure cosine, relative_l2, delta_cosine;
	double shared;         /* part of the model's weights that both have in the same shape */
	bool ancestor, descendant;
};
struct measured {
	struct measured_match *v; /* nearest first */
	size_t n;
	size_t candidates;     /* registered models of its kind that could be compared */
	size_t base;           /* node that task vectors are seen from, or LINEAGE_NONE */
	bool sampled;
	char *finding;         /* one sentence where measured and declared contradict; or NULL */
};
/* sample false: only what is stored, which may be nothing. pool NULL: this thread alone. NULL: the
 * model itself cannot be opened, or *stop. */
struct measured *lineage_measure(const struct lineage *l, struct catalog *c, size_t node,
	bool sample, struct pool *pool, atomic_bool *stop, struct err *e);
void measured_free(struct measured *m);
/* 1 - cosine, relative L2 and the cosine of task vectors as text, with the interval where it was
 * sampled, "" where there is none: "5.1 % (4.7 to 5.6)". Caller frees each. */
void measured_cells(const struct measured_match *m, char *out[3]);
json_t *measured_json(const struct lineage *l, const struct measured *m);
#endif
