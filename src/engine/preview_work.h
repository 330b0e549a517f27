/* preview_work: the inside of preview.h, shared by preview.c (plans, steps), preview_closed.c,
 * preview_sample.c, preview_exact.c and preview_figure.c. Nobody else includes it. */
#ifndef CUPEL_ENGINE_PREVIEW_WORK_H
#define CUPEL_ENGINE_PREVIEW_WORK_H
#include <pthread.h>
#include "base/vec.h"
#include "engine/memo.h"
#include "engine/pair_figure.h"
#include "engine/preview.h"
#include "engine/pump.h"

/* Figures of a merge tensor that took work, by the key of everything that decides them: an edit
 * that is undone, or touches other tensors, finds them again. */
struct tensor_sampled {
	struct sample at;
	double (*rows)[MO_COUNT];      /* [vector][block] */
	/* the same at the ends of what chance decides; or NULL */
	double (*less)[MO_COUNT], (*more)[MO_COUNT];
	/* [block][inputs + 1]: elements with no, one, two … survivors; NULL where the method drops
	 * nothing */
	double *cover;
};
struct tensor_exact {
	double (*m)[MO_COUNT];         /* per vector */
	double *max_abs;               /* per vector: max |stored - x| */
	uint64_t *nonfinite_in;        /* per vector */
	double abs_max;
	uint64_t nonfinite;            /* of the merge */
};
enum { WAITING, TAKEN, OVER, NEVER };
struct known {
	atomic_int refs;
	struct hash key;
	size_t n;                      /* vectors */
	_Atomic(struct tensor_sampled *) sampled;
	_Atomic(struct tensor_exact *) exact;
	atomic_bool unwanted;          /* no plan on show has it: stop */
	/* under the preview's lock */
	int sampling, exacting;
	unsigned long used;            /* number of the last plan that had it */
};
struct view_tensor {
	struct slot *slot;             /* vectors: the figures' base, if any, then the inputs */
	struct known *known;
	int *vector;                   /* per plan input: vector, -1 if it lacks the tensor */
	int *spec_vector;              /* per input of the spec */
	bool swap;                     /* nearswap from vector 0: histograms answer */
	int other;                     /* then: the vector swapped in */
	/* the owner thread's */
	bool closed;                   /* below is filled */
	bool linear;                   /* coef holds */
	double *coef;                  /* per vector */
	double nm, *d;                 /* |m|²; per vector |m - x|² */
	/* swap, d = |x - b|: bounds of Σ min(d, t)², Σ min(d, t) d */
	double square[2], dot[2];
};
struct view {
	atomic_int refs;
	struct plan *plan;
	size_t n;
	struct view_tensor *t;
	int *ints;                     /* storage of the arrays above */
	double *doubles;
	size_t at_sampled, at_exact;   /* tensors before have nothing left to begin */
	size_t *focus, n_focus;
	bool integers;                 /* some tensors are kept verbatim */
};
struct preview {
	struct pool *pool;
	void (*changed)(void *ctx);
	void *ctx;
	struct memo *memo;
	struct pump *pump;
	pthread_mutex_t lock;
	struct view *view;             /* written by the owner, read by workers under the lock */
	vec(struct known *) known;
	struct known **table;          /* by key */
	size_t n_table;
	unsigned long shows;
	bool want_exact;               /* under the lock */
	atomic_bool only_exact;
	char error[256];
	atomic_uint_fast64_t generation;
	atomic_bool dirty;
	atomic_int_fast64_t told_ns;   /* when `changed` was called last */
};

/* Coefficients and distances of one tensor as soon as its sums are there. */
void closed_fill(const struct plan_tensor *p, struct view_tensor *t);
/* Coefficients per spec input from the slot's n×n sums. */
bool closed_coefficients(const struct plan_tensor *p, const struct view_tensor *t, const double *s,
	size_t n, double *coef);
bool closed_method(const struct plan_tensor *p); /* has coefficients at all in this variant */

/* Whole rows of `row` elements as the blocks of a sample; NULL if they cannot be read, or rows of
 * another length were. */
const struct slot_sample *rows_of(struct slot *s, uint64_t row);
struct tensor_sampled *sampled_make(const struct plan *plan, size_t t,
	const struct view_tensor *vt);
void sampled_free(struct tensor_sampled *s);
struct tensor_exact *exact_make(const struct plan *plan, size_t t, const struct view_tensor *vt,
	atomic_bool *stop, struct err *e);
void exact_free(struct tensor_exact *x);
#endif
