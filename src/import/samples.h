/* samples: the answers to single questions that lm-eval writes beside its results
 * (samples_TASK_TIME.jsonl, one question a line), read in one stream however long the file is.
 * Private to src/import; one thread per file. */
#ifndef CUPEL_IMPORT_SAMPLES_H
#define CUPEL_IMPORT_SAMPLES_H
#include "import/reading.h"

/* By its name. */
bool samples_is_path(const char *path);
/* Such a file by itself: figures are those of results_TIME.json beside it, else what follows from
 * the answers: mean, error, number. */
bool samples_read_file(struct import_file *f, const struct import_kind *kind, const char *path,
	struct err *e);
/* Answers of all such files beside the results that f was read from. */
void samples_beside(struct import_file *f);
/* After its figures are stored, each under its fact. */
bool samples_store(const struct import_file *f, char *const *facts, struct catalog *c,
	struct err *e);
#endif
