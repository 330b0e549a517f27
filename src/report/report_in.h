/* report_in: what the parts that gather a card's data share. Private to src/report. Everything that
 * is gathered belongs to the struct report; the JSON that parts return is a new reference. */
#ifndef CUPEL_REPORT_REPORT_IN_H
#define CUPEL_REPORT_REPORT_IN_H
#include "base/vec.h"
#include "catalog/cards.h"
#include "catalog/measured.h"
#include "compare/compare.h"
#include "lineage/lineage.h"
#include "model/model.h"
#include "recipe/recipe.h"
#include "report/report.h"

/* One of those the card is about. */
struct subject {
	const char *word;
	char *name;                        /* as others may know it: "owner/name", or a name */
	const struct catalog_model *model; /* or NULL */
	struct catalog_run *run;           /* that made it, or NULL */
	struct catalog_input *in;
	size_t n_in;
	struct catalog_card *card;         /* newest imported one about it, or NULL */
	json_t *facts;                     /* of that card, or NULL */
	struct model *file;                /* headers, where it is on disk, or NULL */
	char *recipe_text;                 /* fit for others, or NULL */
	struct recipe *recipe;             /* NULL: none, or it cannot be read */
	size_t node;                       /* of the lineage; SIZE_MAX none */
	size_t variant;                    /* of the comparison; SIZE_MAX none */
};
struct report {
	struct catalog *c;
	const struct report_ask *ask;
	struct catalog_model *models;
	size_t n_models;
	struct catalog_measured *measured;
	size_t n_measured;
	struct lineage *lineage;
	struct comparison *cmp;            /* NULL: nothing was measured */
	vec(struct subject) v;
};

/* --- subject.c --- */
bool report_subject(struct report *r, const char *word, struct err *e);
void report_subject_fini(struct subject *s);
char *report_public_name(const char *name);     /* paths become names */
/* What a comparison would take for this model; NULL: nothing was measured on it. Borrowed. */
const char *report_measured_word(const struct report *r, int64_t model, int64_t run,
	const char *name);
/* --- origin.c: adds relation, parents, leaves, lineage, license … --- */
void report_origin(const struct report *r, const struct subject *s, json_t *o);
/* --- weights.c: adds format, bytes, parameters, groups … --- */
void report_weights(const struct report *r, const struct subject *s, json_t *o);
/* --- words.c: adds sentences, caveats, provenance --- */
void report_words(const struct report *r, const struct subject *s, json_t *o);
/* --- scores.c: adds variants, rows, verdicts … to the whole --- */
bool report_compare(struct report *r, struct err *e);
void report_scores(const struct report *r, json_t *o);
/* --- lines.c: the seven tasks on one line; groups and their sensitivity --- */
void report_lines(const struct report *r, json_t *o);
void report_sensitivity(const struct report *r, const struct subject *s, json_t *o);
/* --- header.c: the text between the lines of three dashes, and those lines --- */
char *report_header(const struct report *r, const json_t *data);

/* Edges [*from, *to) of the lineage lead from a node to its parents; none of SIZE_MAX. */
void report_edges(const struct report *r, size_t node, size_t *from, size_t *to);
/* Text or null. */
void report_set(json_t *o, const char *key, const char *text);
void report_put(json_t *o, const char *key, json_t *v);
#endif
