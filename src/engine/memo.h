/* memo: what one pass over the weights leaves: for sets of tensors that are compared element by
 * element (slots: the inputs of a merge tensor and the base of its figures, or one tensor of
 * several models) a co-located sample, and sums, sign counts, extremes and difference curves of the
 * whole. Sums are kept in the catalog under content keys, so a pair is read once, ever; samples in
 * the cache folder.
 * The memo owns slots, samples and sums; slots are reference counted, what hangs on them is
 * immutable once its pointer is set. memo_step may be called by any number of workers at once; the
 * rest by the owner. */
#ifndef CUPEL_ENGINE_MEMO_H
#define CUPEL_ENGINE_MEMO_H
#include <pthread.h>
#include <stdatomic.h>
#include "catalog/catalog.h"
#include "model/model.h"
#include "stat/histogram.h"
#include "stat/sample.h"
#include "stat/sums.h"

struct memo_vector {
	struct model *model;
	long tensor;
};
struct slot_sums { /* of a slot's n vectors, the whole tensor */
	size_t n;
	struct norm_sums *norm;        /* n */
	struct pair_sums *pair;        /* pair_index */
	struct sign_sums *sign;        /* pair_index, against the base; its own pairs are empty */
	struct conflict_sums conflict; /* of all but the base; empty without one */
	/* n×n: ‖x_i‖² on the diagonal, ‖x_i − x_j‖² beside it (combine.h) */
	double *s;
	/* per vector: |x_i − x_from| seen from x_from, settled; empty at from */
	struct histogram *curve;
};
struct slot_sample { /* the same places in every vector */
	struct sample at;
	const float *const *x;         /* per vector: block j begins at j * SAMPLE_BLOCK */
	float *own;                    /* where they are, if they are the slot's */
	uint64_t row;                  /* elements of a row, where the places are rows */
};
struct slot {
	atomic_int refs;
	struct memo_vector *v;
	size_t n;
	bool based;                    /* vector 0 is the base of sign counts and task vectors */
	int from;                      /* curves are taken between this vector and the others */
	const struct tensor *like;
	struct hash *keys, key;        /* of the tensors; of the set */
	struct hash *places;           /* what keys were before their content was hashed */
	uint64_t windows;
	_Atomic(struct slot_sample *) sample;
	_Atomic(struct slot_sample *) rows; /* whole rows instead, for methods that work on them */
	_Atomic(struct slot_sums *) sums;
	atomic_bool failed;            /* could not be read */
	struct swap_sample *swaps;     /* the owner thread's: swap_sample.h */
	struct slot_work *work;        /* the memo's */
};

struct memo;
struct memo *memo_new(struct catalog *c);
void memo_free(struct memo *m);  /* no step may be running */
/* The slot of these vectors, the base first if there is one; a reference for the caller. All have
 * the same shape. */
struct slot *memo_slot(struct memo *m, const struct memo_vector *v, size_t n, bool based, int from);
void slot_unref(struct slot *s);
/* These are worked on from now on, in this order; what was begun for others is kept, not continued.
 * Slots that no use named for long are forgotten. */
void memo_use(struct memo *m, struct slot *const *slots, size_t n);
void memo_focus(struct memo *m, struct slot *const *slots, size_t n); /* these first */

/* What the catalog has of one tensor, or of a pair in either order, under their keys. */
bool memo_stored_norm(struct catalog *c, struct hash a, struct norm_sums *out);
bool memo_stored_pair(struct catalog *c, struct hash a, struct hash b, struct pair_sums *out);

enum memo_phase { MEMO_LOAD, MEMO_SAMPLE, MEMO_SUMS };
/* One small piece of work of that phase; false if none is to be had now. */
bool memo_step(struct memo *m, enum memo_phase phase);
void memo_flush(struct memo *m); /* what is finished goes to the catalog now */

struct memo_state {
	size_t slots, sampled, summed, failed;
	double bytes, done;          /* of the pass over the used slots */
	uint64_t nonfinite;
	bool read;                   /* the pass ran here; else all came from the catalog */
	int64_t finished_ns;         /* CLOCK_MONOTONIC when the last slot was summed; 0 not yet */
	char error[256];
};
void memo_state(struct memo *m, struct memo_state *out);
int64_t memo_now_ns(void);       /* CLOCK_MONOTONIC */
#endif
