/* quant_doc: what the Quant view shows: a model (or a recipe's result), the plan at work as a list
 * of snapshots with undo and redo, the rows of its table, sizes, and errors as they become known.
 * Owned by the view. UI thread only, but for quant_subject_open. */
#ifndef CUPEL_UI_QUANT_DOC_H
#define CUPEL_UI_QUANT_DOC_H
#include "base/vec.h"
#include "engine/plan.h"
#include "engine/quant_look.h"

#define QUANT_HEAT 8 /* types compared side by side */

struct quant_subject { /* opened on a worker */
	char *name;                /* as shown, and as the command line takes it */
	struct model *model;
	struct quant_targets *targets[2]; /* by container; NULL: it has no place there */
	struct err why[2];
	uint64_t key_bytes;        /* of a GGUF's keys */
	struct err error;
};
/* model: taken. Reads headers and the tokenizer. */
void quant_subject_open(struct quant_subject *s, struct model *model);
void quant_subject_fini(struct quant_subject *s);

enum quant_row_kind { QUANT_ROW_GROUP, QUANT_ROW_TARGET, QUANT_ROW_TOTAL };
struct quant_row {
	enum quant_row_kind kind;
	uint32_t group;            /* of groups.v */
	uint32_t target;
	long parent;
};
struct quant_doc {
	struct quant_subject subject;
	vec(struct quant_spec *) steps; /* snapshots; never empty once open */
	size_t at, before;         /* the present one; where `a` flips to */
	struct quant_plan *plan;   /* of the present one */
	struct quant_plan *beside; /* another plan to compare with, or NULL */
	struct quant_groups groups;
	struct findings findings;
	vec(struct quant_row) rows;
	struct quant_type heat[QUANT_HEAT]; /* of the container */
	size_t n_heat;
	struct quant_look *look;
	/* how a look is made */
	struct pool *pool;
	struct catalog *catalog;
	void (*changed)(void *ctx);
	void *ctx;
	enum quant_container looked; /* what the look measures */
	struct imatrix *imatrix;   /* weighs columns of GGUF's types; NULL none */
	uint64_t bytes, beside_bytes;  /* of the files, exact */
};
bool quant_doc_is_open(const struct quant_doc *d);
/* Takes the subject. preset: what to begin with. */
bool quant_doc_open(struct quant_doc *d, struct quant_subject *s, const char *preset,
	struct pool *pool, struct catalog *c, void (*changed)(void *ctx), void *ctx, struct err *e);
void quant_doc_close(struct quant_doc *d);
const struct quant_spec *quant_doc_spec(const struct quant_doc *d);
/* A new snapshot as a step (its reference is taken); steps that were undone go. */
bool quant_doc_edit(struct quant_doc *d, struct quant_spec *s, struct err *e);
/* The present snapshot becomes the first: nothing before it to go back to. */
void quant_doc_begin(struct quant_doc *d);
bool quant_doc_undo(struct quant_doc *d);
bool quant_doc_redo(struct quant_doc *d);
bool quant_doc_flip(struct quant_doc *d);
/* Another plan beside this one; NULL takes it away. */
bool quant_doc_beside(struct quant_doc *d, const char *preset, struct err *e);
/* The row's group or target one type larger (+1) or smaller (-1), or of that name. */
bool quant_doc_nudge(struct quant_doc *d, const struct quant_row *r, int by, struct err *e);
bool quant_doc_type(struct quant_doc *d, const struct quant_row *r, const char *type,
	struct err *e);
/* The best plan within a size, by what is measured so far. */
bool quant_doc_target(struct quant_doc *d, const char *size, struct err *e);

/* An importance matrix (its file), for GGUF's types; NULL: none. It has to be of this model. */
bool quant_doc_imatrix(struct quant_doc *d, const char *path, struct err *e);
/* The one at work: MLX's types make no use of it. */
const struct imatrix *quant_doc_importance(const struct quant_doc *d);

/* What a row stands for: its targets. */
const uint32_t *quant_row_targets(const struct quant_doc *d, const struct quant_row *r, size_t *n);
struct quant_figure quant_row_error(const struct quant_doc *d, const struct quant_row *r,
	const struct quant_plan *p, const struct quant_type *type);
uint64_t quant_row_bytes(const struct quant_doc *d, const struct quant_row *r,
	const struct quant_plan *p);
uint64_t quant_row_parameters(const struct quant_doc *d, const struct quant_row *r);
/* The type of a row, or "Q4_K +2" where it holds several. */
void quant_row_type(const struct quant_doc *d, const struct quant_row *r,
	const struct quant_plan *p, struct str *out);
bool quant_row_changes(const struct quant_doc *d, const struct quant_row *r); /* quantizable */
#endif
