/* measured: whose scores the catalog has, of which tasks, and one task's figure of every model:
 * what a table of results is chosen from. Strings are freed with the list. Any thread, as
 * catalog.h. */
#ifndef CUPEL_CATALOG_MEASURED_H
#define CUPEL_CATALOG_MEASURED_H
#include "catalog/catalog.h"

/* A model; or a run whose output is no model here; or what only a file names. */
struct catalog_measured {
	int64_t model, run;         /* run: 0 where there is a model */
	char *word;                 /* the file's, where there is neither */
	int64_t scores;             /* how many */
};
struct catalog_measured *catalog_measured(struct catalog *c, size_t *n, struct err *e); /* newest
	* first */
void catalog_measured_free(struct catalog_measured *v, size_t n);

struct catalog_measured_task {
	char *task;
	int64_t models;             /* how many have it */
};
/* Those that models of the catalog have, the commonest first. */
struct catalog_measured_task *catalog_measured_tasks(struct catalog *c, size_t *n, struct err *e);
void catalog_measured_tasks_free(struct catalog_measured_task *v, size_t n);

/* The newest figure of a task that every model has, estimates left out; by model, each once. Of
 * several metrics the one that most models have. */
struct catalog_figure {
	int64_t model;
	double value, stderr_;      /* stderr NaN: unknown */
};
struct catalog_figure *catalog_task_figures(struct catalog *c, const char *task, size_t *n,
	struct err *e);             /* free() */

/* Everything said of a task, newest first: of one model; of a run; of a file's word for one; all
 * three nothing: of everybody. */
struct catalog_score *catalog_task_scores(struct catalog *c, const char *task,
	const struct catalog_measured *of, size_t *n, struct err *e);

/* Everything said of one of them, newest first: of a model with what its run was said to give, of a
 * run with what the model it made has, of a file's word (in the given case). */
struct catalog_score *catalog_measured_scores(struct catalog *c, const struct catalog_measured *of,
	size_t *n, struct err *e);
/* Every word for a model that files with figures used, each once; free each and the list. */
char **catalog_measured_words(struct catalog *c, size_t *n, struct err *e);
/* Those of them, and names of cards, that belong to no model and no run. */
char **catalog_unclaimed_words(struct catalog *c, size_t *n, struct err *e);
/* Whose they are: scores, cards and edges of each word that have no model get it. All or none. */
struct catalog_claim {
	const char *word;
	int64_t model;
};
bool catalog_claim_words(struct catalog *c, const struct catalog_claim *v, size_t n, struct err *e);
#endif
