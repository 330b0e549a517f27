/* stats: the table of figures (stats.def) and the value every figure comes as.
 * Constant data and plain values; any thread. */
#ifndef CUPEL_STAT_STATS_H
#define CUPEL_STAT_STATS_H
#include <stdbool.h>
#include <stddef.h>

/* Ordered: the state of a figure made of several is the lowest of theirs (FAILED: of any). */
enum figure_state {
	FIG_NONE,    /* not known yet */
	FIG_SAMPLED, /* lo, hi: 95 % interval */
	FIG_CLOSED,  /* of the merge before rounding to the output dtype, from stored sums */
	FIG_EXACT,   /* of the tensor as stored */
	FIG_FAILED,  /* can never be known: no base, other shapes, a read error, NaN in the data */
};
struct figure {
	/* NaN where there is none; lo = hi = value unless there is an interval */
	double value, lo, hi;
	enum figure_state state;
};
const char *figure_state_name(enum figure_state s); /* "none" "sampled" "closed" "exact" "failed" */
struct figure figure_none(void);
struct figure figure_failed(void);
struct figure figure_at(double value, enum figure_state s);

/* Swapping elements of a towards b by t (NearSwap), as DEFINITIONS says. */
struct swap_point {
	double t;
	struct figure full, mean_shift, frozen;
};

enum stat_id { /* rows of stats.def */
#define STAT(id, ...) STAT_##id,
#include "stat/stats.def"
#undef STAT
	STAT_COUNT
};
struct stat_info {
	const char *name, *title, *ascii, *unit, *formula, *help;
	bool per_input;       /* a value per input, else one per tensor */
	int better;           /* -1 lower, +1 higher, 0 neither */
};
const struct stat_info *stat_info(enum stat_id s);
#endif
