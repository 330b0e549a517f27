/* output_drop: the files of a run's output looked at and deleted: only what the run wrote, and only
 * as it wrote it. Called by one thread. */
#ifndef CUPEL_ENGINE_OUTPUT_DROP_H
#define CUPEL_ENGINE_OUTPUT_DROP_H
#include <stdint.h>
#include "base/err.h"

struct output_written {
	const char *path;      /* a folder, or a file: of a split one the first part */
	uint64_t bytes;        /* of a file: what was written; 0 unknown */
	double until;          /* seconds since 1970 when the run had ended; 0 unknown */
};
/* Is every file there, and none that is another's, larger, smaller or newer than the run left it?
 * *size: what they take on the disk. */
bool output_untouched(const struct output_written *w, uint64_t *size, struct err *e);
/* Gone from its name at once, then deleted. */
bool output_delete(const char *path, struct err *e);
#endif
