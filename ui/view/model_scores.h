/* model_scores: what was measured of a model, as the few words that fit into its card and into a
 * column of the list. Reads the catalog: some rows by index. Appends to the caller's string. UI
 * thread only. */
#ifndef CUPEL_UI_MODEL_SCORES_H
#define CUPEL_UI_MODEL_SCORES_H
#include "ui/view/app.h"

/* ".642", "8.31" */
void model_score_text(double value, struct str *out);
/* "arc_easy .686 ±.010   boolq .842 ±.006  (q8-hi)": the best of it and its quantizations, task by
 * task, the score of choice first; false: nothing was measured. */
bool model_scores_text(struct app *a, const struct catalog_model *m, struct str *out);
#endif
