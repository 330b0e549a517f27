/* audit_in: what the checks share: the card's scores as variants x tasks, its lines, words in
 * sentences, and how findings are made. Private to src/audit; one thread per audit. */
#ifndef CUPEL_AUDIT_AUDIT_IN_H
#define CUPEL_AUDIT_AUDIT_IN_H
#include "audit/audit.h"
#include "catalog/task.h"
#include "import/card.h"
#include "recipe/effect.h"
#include "recipe/recipe.h"

#define AUDIT_NONE SIZE_MAX

struct audit_variant {
	char *name;
	bool own;                  /* the card's model */
	bool parent;               /* among its parents */
	/* the variant that this is another name of; else its own place */
	size_t same;
	const char *quant;         /* as its facts say; borrowed, or NULL */
};
struct audit_score {
	size_t variant;
	const struct task *task;   /* NULL: a benchmark that is not known */
	const char *name, *metric; /* borrowed */
	const char *quant;
	double value, stderr_;     /* stderr: as stated, NaN */
	int64_t line, n;           /* questions, 0 unknown */
	bool estimated, share;
	bool again;                /* stood further up already */
};
struct audit_in {
	const struct import_file *f;
	const struct card *c;
	const struct audit_known *known;
	struct audit *out;
	const char *check;         /* that is running */
	char *copy;
	struct { char **v; size_t n, cap; } lines; /* lines.v[0] is line 1 */
	struct { struct audit_variant *v; size_t n, cap; } variants;
	struct { struct audit_score *v; size_t n, cap; } scores;
	struct recipe *recipe;     /* NULL: the card has none that can be read */
	struct effect effect;      /* of it */
	/* As stated, NaN unknown; half: half a unit of the last digit of the statement. */
	double parameters, parameters_half;
	double bytes, bytes_half;  /* of the file that the card is of */
	bool binary;               /* bytes were stated in GiB */
	int64_t bytes_line;
	const char *bytes_text;    /* the sentence; borrowed */
	double bits;               /* per weight */
};
#define CHECK(id, help) void audit_check_##id(struct audit_in *in);
#include "audit/checks.def"
#undef CHECK

/* By its name or container the card is of a quantized model. */
bool audit_quantized(const struct audit_in *in);

/* --- findings --- */
/* stated and computed are taken; NULL is null. One finding of a check per line, claim and
 * stated value. */
void audit_say(struct audit_in *in, enum audit_verdict verdict, int64_t line, const char *claim,
	json_t *stated, json_t *computed, const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));

/* Was that said in the card? The nth statement of this kind; NULL. */
const struct card_claim *audit_claim(const struct audit_in *in, const char *kind, size_t nth);

/* --- text --- */
const char *audit_line(const struct audit_in *in, int64_t line); /* "" past the ends */
int audit_decimals(const char *text);      /* most digits behind a point of its numbers */
double audit_half(int decimals);           /* half a unit of the last digit */
bool audit_near(double a, double b, double tolerance);
const char *audit_find(const char *text, const char *word); /* in any case; NULL */
bool audit_word(const char *text, const char *word);        /* as a whole word */
/* The statement's words, without the rest of the sentence: free() */
char *audit_words(const struct card_claim *x);

/* --- scores --- */
const char *audit_variant_name(const struct audit_in *in, size_t variant); /* short */
/* Measured, the first of its kind; NULL: none. task: its name as in scores. */
const struct audit_score *audit_score(const struct audit_in *in, size_t variant, const char *task);
/* Both are of the same benchmark and the same metric, as far as that is said. */
bool audit_same_measure(const struct audit_score *a, const struct audit_score *b);
/* The same model in another quantization, by its name. */
bool audit_siblings(const struct audit_in *in, size_t a, size_t b);
size_t audit_own(const struct audit_in *in); /* AUDIT_NONE: the card has no scores of its model */
/* Names of the tasks that anyone has a measured share of; n at most max. */
size_t audit_tasks(const struct audit_in *in, const char **names, size_t max);
/* Its mean over all tasks that any variant of the same tables has; false: some are missing. */
bool audit_mean(const struct audit_in *in, size_t variant, double *mean);

struct audit_difference {
	const struct audit_score *a, *b;
	double value, stderr_, z, p, p_holm;
	int64_t items, n;
	const char *verdict;       /* "real", "suggestive", "noise", "no information" */
};
/* a - b for every task that both have, Holm over them; b AUDIT_NONE: the best measured of all the
 * others but its own quantizations, task by task. Returns how many. */
size_t audit_compare(const struct audit_in *in, size_t a, size_t b, struct audit_difference *v,
	size_t max);
/* The one of `task`; false: none. */
bool audit_difference(const struct audit_in *in, size_t a, size_t b, const char *task,
	struct audit_difference *d);
/* "7 of 1172 questions, z 0.30, p 0.77: noise". free() */
char *audit_chance(const struct audit_difference *d);
/* True: the value is within two standard errors of guessing, or of the commonest answer; *base is
 * that. *below: it is further below both. */
bool audit_tells_nothing(const struct audit_score *s, double *base, bool *below);

/* --- mentions in a sentence, in their order --- */
struct audit_mention {
	size_t at, n;
	const struct task *task;   /* or */
	size_t variant;
};
/* Only those that the card has scores of: "drop" is a benchmark, too. */
size_t audit_tasks_in(const struct audit_in *in, const char *text, struct audit_mention *v,
	size_t max);
size_t audit_variants_in(const struct audit_in *in, const char *text, struct audit_mention *v,
	size_t max);

/* --- tables --- */
const struct card_table *audit_table(const struct audit_in *in, const char *kind, size_t nth);
const char *audit_column(const struct card_table *t, size_t i); /* "" past the end */
size_t audit_columns(const struct card_table *t);
/* The column with one of these words (ended by NULL); AUDIT_NONE. */
size_t audit_column_of(const struct card_table *t, const char *const *words);
const json_t *audit_row(const struct card_table *t, size_t i);   /* NULL past the end */
double audit_cell(const json_t *row, size_t column);             /* NaN: none, or text */
/* The same, and the number that a text begins with: "+0.014 ± 0.021". */
double audit_cell_number(const json_t *row, size_t column);
const char *audit_cell_text(const json_t *row, size_t column);   /* "" if it is none */
const char *audit_stated(const json_t *row, size_t column);      /* as it stands there; "" */
const char *audit_unit(const json_t *row, size_t column);        /* "GB", "%"; "" */
int64_t audit_row_line(const json_t *row);
/* Of the card's facts: {"value", "line", "text"}; NaN. line and text may be NULL. */
double audit_fact(const struct audit_in *in, const char *key, int64_t *line, const char **text);
double audit_bytes(double value, const char *unit);              /* "GB", "GiB" …; NaN */
#endif
