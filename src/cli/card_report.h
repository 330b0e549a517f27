/* card_report: an imported model card as JSON and as a page. Main thread. */
#ifndef CUPEL_CLI_CARD_REPORT_H
#define CUPEL_CLI_CARD_REPORT_H
#include "import/card.h"

/* Members into a file's object: parents, recipe, tables, quantization, facts … */
void card_report_json(json_t *o, const struct card *c);
/* Where the model comes from, and how; then, behind its figures, the tables. */
void card_report_head(const struct card *c);
void card_report_tables(const struct card *c);
#endif
