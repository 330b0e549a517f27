/* inputs: what plans over the same models share: for every tensor of the output where it comes from
 * in each input, its place in the stack, the dtype its inputs promote to. Made once by inputs_open.
 * Owned by the struct inputs; immutable; any thread. */
#ifndef CUPEL_ENGINE_INPUTS_H
#define CUPEL_ENGINE_INPUTS_H
#include "engine/plan.h"

struct input_row { /* a tensor of the first model, or of the base: in its order */
	const struct tensor *like;
	const long *source;        /* per input: tensor index, -1 if it has none */
	const struct hash *key;    /* per input: of its content */
	double t;                  /* layer / (layers - 1); 0 outside the stack */
	enum dtype promoted;       /* what its inputs promote to */
	bool integer;              /* not merged: all inputs must hold the same */
	bool quantized;            /* one of its inputs is */
	int odd;                   /* first input whose shape differs from like's, -1 none */
	int mute;                  /* first input whose tensor cannot be decoded, -1 none */
	/* first input that is integer where like is not, or the reverse; -1 */
	int mixed;
};
struct input_extra { /* a tensor that the output has not */
	int input;
	const char *name;
	bool head;                 /* a head, while the output's is tied to the embedding */
};
struct recipe_opener;
/* As part of a greater act of opening (recipe_opener.h). */
struct inputs *inputs_open_with(const struct recipe *r, struct recipe_opener *o, struct err *e);
const struct input_row *inputs_rows(const struct inputs *in, size_t *n);
const struct input_extra *inputs_extras(const struct inputs *in, size_t *n);
/* whose tensors the rows are: the base, else the first */
int inputs_first(const struct inputs *in);

/* The model that the inputs were trained from, if they agree on one: by the front matter of their
 * README.md, else by the catalog. NULL if unknown; *name is malloc'd. */
struct model *lineage_base(struct model *const *models, size_t n, const struct model_roots *roots,
	struct catalog *c, char **name);
#endif
