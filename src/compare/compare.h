/* compare: scores of variants side by side, and what of their differences is real.
 * A comparison is made from the catalog and owned by its holder: compare_free. Made on any thread
 * that may read the catalog; constant after that. Words and formulas: verdicts by two-sided tests,
 * Holm over the tasks of one pair of variants (without the mean row and without cells that tell
 * nothing); paired (McNemar, bootstrap) where both have answers to the same questions, else from n,
 * as a bound. Values are fractions of 1 where the metric is a share. */
#ifndef CUPEL_COMPARE_COMPARE_H
#define CUPEL_COMPARE_COMPARE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/json.h"
#include "catalog/catalog.h"

enum compare_verdict {
	VERDICT_NONE,           /* not compared */
	VERDICT_NOISE, VERDICT_SUGGESTIVE, VERDICT_REAL,
	VERDICT_NO_INFORMATION, /* every value within 2 SE of chance or majority */
};
const char *compare_verdict_name(enum compare_verdict v); /* "" for NONE */

enum compare_sense {
	SENSE_FULL,
	SENSE_CHANCE,    /* within 2 SE of guessing */
	SENSE_MAJORITY,  /* within 2 SE of always giving the commonest answer */
	/* more than 2 SE below majority, or if unknown chance: broken? */
	SENSE_BELOW,
};

struct compare_variant {
	char *name;             /* as the catalog or the file has it */
	char *label;            /* shortest that tells it from the others */
	int64_t model, run;     /* rows of the catalog, 0: known by figures only */
	uint64_t bytes;         /* 0 unknown */
	double bits;            /* per weight; NaN unknown */
	uint64_t parameters;
	char *quantization;     /* how it is stored: "q8-hi"; "" not quantized; NULL not known */
	char *protocol;         /* what all its cells share, short: "mlx q8-hi 0-shot"; or NULL */
	/* Nothing else here is both smaller and better, by the mean or the one task asked for. */
	bool front;
};
struct compare_cell {
	bool known;
	int64_t score;          /* row of the catalog */
	double value, stderr_;  /* stderr: stated, or from n; NaN */
	int64_t n;
	bool estimated;         /* shown, never subtracted */
	bool answers;           /* of single questions are kept */
	enum compare_sense sense;
	/* How it was measured, short: "lm-eval 0.4 hf 0-shot", NULL not said. Equal texts may be
	 * subtracted where the models are stored alike (compare_variant.quantization) or are one
	 * model stored in two ways. */
	char *protocol;
	char *source;           /* "README.md:25", or NULL when measured here */
};
/* Variant `of` against the row's reference. */
struct compare_difference {
	bool known;
	size_t of, against;     /* variants */
	double value;           /* value(of) - value(against) */
	double relative_percent;
	double stderr_, z, p, p_holm; /* NaN where nothing is known of the spread */
	bool paired, bound;     /* bound: from n alone, as if unpaired */
	bool across;            /* protocols differ; only if asked for */
	/* The difference in questions, of n; n 0 unknown. Paired: n questions both answered; where
	 * that is not all of them, value is of those. */
	int64_t items, n;
	double low, high;       /* 95 % interval of value */
	enum compare_verdict verdict;
	const char *why_not;    /* not subtracted because: constant text, or NULL */
};
struct compare_row {
	char *task, *metric;
	bool mean;              /* the mean row: over tasks that all variants have */
	bool share;             /* values are fractions of 1 */
	bool lower_better;      /* perplexity, divergence */
	size_t tasks;           /* of the mean row: how many it is of */
	int64_t n;              /* questions; 0 unknown or different */
	double resolves;        /* smallest difference found with 80 % power at 5 %; NaN */
	struct compare_cell *cells;        /* [n_variants] */
	struct compare_difference *differences; /* [n_differences] in the comparison's order */
};
struct compare_line {               /* one line of two recipes, or what both share */
	char sign;              /* ' ' '-' '+' */
	char *text;
};
struct compare_recipes {            /* of variants that have recipes: lines that differ */
	size_t of, against;
	struct compare_line *lines;
	size_t n;
	bool tensors;           /* those of both outputs are known; changed.h says where */
	size_t same, changed;   /* how many are in both, and the same or not */
	size_t only_of, only_against;
};
struct comparison {
	struct compare_variant *variants;
	size_t n_variants;
	size_t baseline;        /* SIZE_MAX: pairwise, or each against its best parent */
	bool synergy;           /* against the best measured parent, row by row */
	size_t n_differences;   /* columns of differences in every row */
	struct compare_row *rows;
	size_t n_rows;
	struct compare_recipes *recipes;
	size_t n_recipes;
	char **sentences;       /* "1 of 7 differences is real: …" */
	size_t n_sentences;
};

enum compare_against { AGAINST_BASELINE, AGAINST_PARENT, AGAINST_EACH };
struct compare_ask {
	/* a model's name or path, a run's number or name, or a file's word for a variant */
	const char *const *words;
	size_t n;
	/* one of them, or another; NULL: the default (best measured parent of a merge, unquantized
	 * source of a quantization, else the first) */
	const char *baseline;
	enum compare_against against;
	bool across_protocols;    /* subtract, and mark */
	bool only_differences;    /* rows and lines where all are equal are left out */
	const char *task;         /* part of a task's name, or NULL */
	uint64_t seed;            /* of the bootstrap; 0 */
};
struct comparison *compare_make(struct catalog *c, const struct compare_ask *ask, struct err *e);
void compare_free(struct comparison *c);

json_t *compare_json(const struct comparison *c);
/* COMPARE_ASCII: text for a terminal that has no other characters. */
enum compare_format { COMPARE_TEXT, COMPARE_MARKDOWN, COMPARE_CSV, COMPARE_ASCII };
/* free() */
char *compare_text(const struct comparison *c, enum compare_format format, size_t columns);
#endif
