/* inputs: what plans over the same models share: for every tensor of the output where it comes from
 * in each input, its place in the stack, the dtype its inputs promote to. Made once by inputs_open.
 * Owned by the struct inputs; immutable; any thread. */
#ifndef CUPEL_ENGINE_INPUTS_H
#define CUPEL_ENGINE_INPUTS_H
#include "engine/plan.h"

struct input_row { /* a tensor of the output */
	const struct tensor *like; /* its name, layer, shape */
	const struct tensor *from; /* that of the slice's base, or else first source, it is like */
	/* of the recipe; -1: in a module that the recipe does not name, copied from the first */
	int slice;
	size_t n_inputs;           /* how many inputs of the slice take part */
	/* per input of the slice: its name there; NULL: in all as in `like` */
	const char *const *names;
	const long *source;        /* per input: tensor index, -1 if it has none */
	const struct hash *key;    /* per input: of its content */
	/* layer / (layers - 1) of its slice, of its part of a whole model; 0 outside the stack */
	double t;
	enum dtype promoted;       /* what its inputs promote to */
	bool integer;              /* not merged: all inputs must hold the same */
	bool quantized;            /* one of its inputs is */
	/* of a tower or projector that the other inputs, text alone, have not: copied */
	bool kept;
	int odd;                   /* first input whose shape differs from like's, -1 none */
	int mute;                  /* first input whose tensor cannot be decoded, -1 none */
	/* first input that is integer where like is not, or the reverse; -1 */
	int mixed;
};
enum extra_kind {
	EXTRA_TENSOR,              /* the output has no such tensor */
	EXTRA_HEAD,                /* a head, while the output's is tied to the embedding */
	EXTRA_LAYER,               /* in a layer that no slice takes */
	EXTRA_OTHERS,              /* the output has it from other models */
};
struct input_extra { /* a tensor that nothing is made of */
	int input, layer;
	const char *name;
	enum extra_kind kind;
};
struct recipe_opener;
/* As part of a greater act of opening (recipe_opener.h). */
struct inputs *inputs_open_with(const struct recipe *r, struct recipe_opener *o, struct err *e);
const struct input_row *inputs_rows(const struct inputs *in, size_t *n);
const struct input_extra *inputs_extras(const struct inputs *in, size_t *n);
/* A row that has the name of another, -1 if all differ. */
long inputs_twice(const struct inputs *in);
/* whose tensors the rows are: the base, else the first */
int inputs_first(const struct inputs *in);

/* Lays the inputs out for the vocabulary that the recipe asks for: vocabulary, vocabulary_error,
 * and the models of v (inputs_vocabulary.c). */
void inputs_lay_out(struct inputs *in, const struct recipe *r, const struct recipe_opener *o,
	const char *near_dir);
/* The model that the inputs were trained from, if they agree on one: by the front matter of their
 * README.md, else by the catalog. NULL if unknown; *name is malloc'd. */
struct model *lineage_base(struct model *const *models, size_t n, const struct model_roots *roots,
	struct catalog *c, char **name);
#endif
