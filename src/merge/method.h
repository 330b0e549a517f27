/* method: one way of combining tensors. A method is one file, one row of methods.def and its
 * vectors.
 * Kernels have three steps, used alike by run, preview, command line and tests:
 *   observe  sees every window of the inputs, once per pass, on any thread, and fills a partial;
 *   fold     takes the partials in window order (so results do not depend on threads);
 *   settle   ends a pass;
 *   apply    sees the windows again and writes float32 results, before the one rounding.
 * All are pure functions of (spec, state, window). Rows and params are constant data.
 * engine/stream.c calls them in this order; merge_whole() does the same for one tensor in memory.
 *
 *     state = zeroed state_size; begin
 *     for each pass < passes:
 *         for each window with a span, on any thread: partial = zeroed partial_size, or open()
 *             for each part of it, in order:          observe(part, partial)
 *             close(partial)
 *         for each such window, in order:             fold(partial)
 *         settle
 *     for each part of the tensor, on any thread: apply
 *     fini
 * Windows are observed while earlier ones are folded: fold leaves alone what observe and span read;
 * settle and begin have the state to themselves. */
#ifndef CUPEL_MERGE_METHOD_H
#define CUPEL_MERGE_METHOD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "tensor/dtype.h"

enum param_scope { PARAM_GLOBAL, PARAM_INPUT, PARAM_NON_BASE };
enum param_type { PARAM_FLOAT, PARAM_BOOL, PARAM_INT };
enum param_id { /* every name any method uses; new ones are appended */
	P_WEIGHT, P_DENSITY, P_SCALE, P_T, P_NORMALIZE, P_LAMBDA, P_RESCALE, P_INT8_MASK,
	P_ROW_WISE, P_FLATTEN, P_GAMMA, P_EPSILON, P_EPS, P_NORMALIZE_WEIGHTS, P_MAX_ITER, P_TOL,
	P_SELECT_TOPK, P_R, P_ALPHA, P_FILTER_WISE,
	P_COUNT
};
struct param_def {
	enum param_id id;
	const char *name;   /* as in YAML: "nuslerp_row_wise" */
	enum param_scope scope;
	enum param_type type;
	bool required;
	double dflt;
	/* for sliders and "out of range" warnings; values beyond are allowed */
	double min, max, step;
	const char *help;   /* one sentence */
};
#define MERGE_MAX_INPUTS 64

enum arithmetic { ARITH_FLOAT32, ARITH_MERGEKIT };
struct mt19937;

/* One output tensor's work, parameters already evaluated. Built by engine/plan, borrowed here. */
struct merge_spec {
	const struct method *method;
	const char *name;             /* output tensor name */
	uint64_t name_hash;           /* XXH3-64 of it, for the generator */
	int rank;
	const uint64_t *shape;
	uint64_t elements;
	int n_inputs;                 /* in recipe order, base where it stands */
	int base;                     /* index among the inputs, -1 if none */
	const double (*input)[P_COUNT]; /* per input; NaN = not given */
	const double *global;         /* P_COUNT; defaults filled in */
	/* per input: its number for the generator (place in the recipe) */
	const int *rng_index;
	uint64_t seed;
	enum arithmetic arithmetic;
	/* what mergekit works in: dtype:, else the inputs' promotion */
	enum dtype work;
	/* --rng mergekit: per input, where its draws begin (merge/masks.h); NULL: by counter */
	const struct mt19937 *streams;
};
/* A window is method_window() elements (the last is shorter): WINDOW_ELEMS of model/source.h, or as
 * many whole units as fit in, one at least, where the method has a unit(). Kernels are handed parts
 * of it, so that a part's floats stay in cache; a part begins at a multiple of 16 elements, or of
 * the unit: results do not depend on where the cuts are. */
struct merge_window {
	uint64_t first;               /* element index of in[k][0] */
	size_t n;
	const float *const *in;       /* n_inputs pointers */
	uint64_t index;               /* number of the window this is a part of */
};
struct method {
	const char *name, *title, *paper;
	const char *help;             /* two sentences: what it does, when it hurts */
	int base;                     /* -1 forbidden/ignored, 0 optional, 1 required */
	int min_inputs, max_inputs;   /* counting as count_base says; max 0 = no limit */
	bool count_base;              /* whether min/max count the base */
	bool task_vector;             /* works on x - base: drives figures, effect, coverage */
	bool random;                  /* uses the seed */
	bool elects;                  /* only changes of the elected sign take part */
	bool mergekit;                /* knows ARITH_MERGEKIT */
	const struct param_def *params;
	size_t n_params;
	/* NULL = fine. A sentence-long contract check of evaluated parameters, before any
	 * weight. */
	bool (*check)(const struct merge_spec *s, struct err *e);
	/* NULL = 0; zeroed by the caller */
	size_t (*state_size)(const struct merge_spec *s);
	bool (*begin)(const struct merge_spec *s, void *state, struct err *e); /* may be NULL */
	int (*passes)(const struct merge_spec *s);                  /* at most so many; NULL = 0 */
	/* How many elements of a window, from its beginning, the pass reads: 0 leaves the window
	 * out,
	 * SIZE_MAX (and NULL) is all of it. Asked when the pass before has settled; a pass without
	 * windows is left out, settle included. */
	size_t (*span)(const struct merge_spec *s, const void *state, int pass, uint64_t window);
	size_t (*partial_size)(const struct merge_spec *s, const void *state, int pass);
	void (*open)(const struct merge_spec *s, const void *state, int pass, void *partial);
	                                      /* NULL: the caller zeroes the partial */
	void (*observe)(const struct merge_spec *s, const void *state, int pass,
		const struct merge_window *w, void *partial);
	void (*close)(const struct merge_spec *s, const void *state, int pass, void *partial);
	                                      /* after a window's last part; may be NULL */
	void (*fold)(const struct merge_spec *s, void *state, int pass, const void *partial,
		uint64_t window);
	bool (*settle)(const struct merge_spec *s, void *state, int pass, struct err *e);
	/* Parts handed to observe and apply are whole multiples of so many elements; NULL = any
	 * cut. */
	uint64_t (*unit)(const struct merge_spec *s);
	void (*apply)(const struct merge_spec *s, const void *state, const struct merge_window *w,
		float *out);
	/* Whether the result is input 0 as it is; NULL: never. */
	bool (*copies)(const struct merge_spec *s);
	/* frees what state points to; may be NULL */
	void (*fini)(const struct merge_spec *s, void *state);
	/* Linear coefficients on the inputs (base included) of the whole tensor, for closed-form
	 * figures:
	 * m = Σ coef_i x_i. sums is n×n float64, row major: ‖x_i‖² on the diagonal, ‖x_i − x_j‖²
	 * beside it (distances, because dots of close fine-tunes cancel). False where the method,
	 * or this variant of it, has none (sampled then); NULL too. sums may be NULL for methods
	 * that need none. */
	bool (*coefficients)(const struct merge_spec *s, const double *sums, double *coef);
};
uint64_t method_window(const struct merge_spec *s);
const struct method *method_by_name(const char *name);
const struct method *method_at(size_t i);   /* NULL past the end */
size_t method_count(void);
const char *method_nearest(const char *name);
const struct param_def *method_param(const struct method *m, const char *name);
/* Accepted for other tools' sake, without effect on the result: its help begins by saying so. */
bool method_param_unused(const struct param_def *p);

/* One tensor that is in memory, through all steps: for samples, tests and small jobs. in: n_inputs
 * pointers to s->elements floats; out may not overlap them. */
bool merge_whole(const struct merge_spec *s, const float *const *in, float *out, struct err *e);
#endif
