/* doctor_catalog: doctor --check and --repair: is the catalog whole, and what is left of it.
 * Both print and return the exit status. Main thread, as verbs. */
#ifndef CUPEL_CLI_DOCTOR_CATALOG_H
#define CUPEL_CLI_DOCTOR_CATALOG_H
#include "cli/verb.h"

int doctor_check(struct cli *c, struct err *e);
int doctor_repair(struct cli *c, struct err *e);
#endif
