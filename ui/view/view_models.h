/* view_models: what view Models keeps, shared by its table and panes (view_models.c) and its
 * commands (models_commands.c). Owned by the app; UI thread only. */
#ifndef CUPEL_UI_VIEW_MODELS_H
#define CUPEL_UI_VIEW_MODELS_H
#include "ui/view/lineage_rows.h"
#include "ui/view/model_card.h"

struct models_view {
	struct view view;
	struct table table;
	struct model_rows rows;
	struct rect head, detail;
	struct model_card card;   /* of the selected model */
	struct graph *graph;      /* of lineage; NULL until it is made */
	bool weaving, stale;      /* a worker makes it; the catalog has changed since */
	uint64_t woven;           /* catalog_lineage_version that it is of, or will be */
	const struct catalog *of; /* and the catalog */
	struct run_page page;     /* the card as a page, in its place or all over the view */
	bool reading;             /* it is open */
	int64_t page_of;          /* what it was made of: model, lines, width */
	size_t page_lines;
	int page_width;
	bool folders;
	bool scored;              /* some model has the score of choice */
	char *folder;
	uint64_t free_bytes;
};

struct model_row *models_row(struct models_view *v, size_t i);
/* The selected model; NULL: none, a folder, or one known by name only. */
const struct catalog_model *models_selected(const struct app *a);
/* Of the selected row in the graph; LINEAGE_NONE: no model, or it is not known there yet. */
size_t models_node(const struct models_view *v);
void models_reload(struct models_view *v);
#endif
