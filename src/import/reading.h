/* reading: what the readers of src/import share: facts and what is unread, lines of a text, lines
 * of members of a JSON text. Private to src/import; one thread per file. */
#ifndef CUPEL_IMPORT_READING_H
#define CUPEL_IMPORT_READING_H
#include "import/import.h"

#define IMPORT_KIND(id, name_, title_) \
	bool id##_is(const struct import_text *t); \
	void id##_read(const struct import_text *t, struct import_file *f);
#include "import/kinds.def"
#undef IMPORT_KIND

/* The card of a file; model: the catalog's row of its model, or 0. */
bool import_store_card(const struct import_file *f, const char *source, int64_t model,
	struct catalog *c, struct err *e);

/* Of a JSON text that breaks off, or is none from some byte on: what is whole, every open bracket
 * closed behind it; free(). *cut: where it was whole up to. NULL: nothing is. */
char *import_torn(const char *text, size_t n, size_t *cut);

/* How a value was written. */
enum import_unit { UNIT_BARE, UNIT_PERCENT, UNIT_FRACTION };
/* A figure: value and stderr are scaled to fractions of 1 where the metric is a share: a percent
 * sign, or a bare number above 1, is points. What no share can be (negative, above 100 points) or
 * is not finite becomes unread. Takes protocol. text is cut at the end of its line. */
struct import_figure {
	const char *variant, *task, *metric;
	double value, stderr_;
	enum import_unit unit;
	int64_t n, line;
	const char *text;
	size_t text_n;
	bool estimated;
};
void import_fact(struct import_file *f, const struct import_figure *g, json_t *protocol);
void import_fact_fini(struct import_fact *x);
/* A file without those that belong to it. */
bool import_read_alone(struct import_file *f, const char *path, struct err *e);
void import_unread(struct import_file *f, int64_t line, const char *text, size_t n,
	const char *reason_fmt, ...) __attribute__((format(printf, 5, 6)));

/* Lines of a text; `s` is not terminated, without its line end. */
struct import_lines {
	const char *p, *end;
	int64_t line;
	const char *s;
	size_t n;
};
void import_lines_init(struct import_lines *l, const struct import_text *t);
bool import_lines_next(struct import_lines *l);

/* Members of a JSON object, each with the line of its key: the tree is walked beside its text. Only
 * of texts that json_parse took, where no key comes twice. */
struct import_walk {
	const char *p, *end;
	int64_t line;              /* of p */
	json_t *object;
	void *at;
	const char *key;
	json_t *value;
	int64_t key_line;
	const char *key_text;      /* where it begins */
	size_t n;                  /* bytes from the key to the end of the value */
};
void import_walk_text(struct import_walk *w, const struct import_text *t);
void import_walk_inside(struct import_walk *w, const struct import_walk *outer);
bool import_walk_next(struct import_walk *w);

/* {task: {"metric,filter": value}} as lm-eval writes it. all: the whole file, for shots, versions
 * and numbers of questions, or NULL; base: protocol of every figure, borrowed. */
struct import_results {
	const json_t *all, *base;
	const char *variant;
	bool group;                /* rows that repeat a task are passed over */
};
void import_results(struct import_file *f, struct import_walk tasks,
	const struct import_results *r);
/* Is it such an object? */
bool import_results_is(const json_t *tasks);

/* The run of a shared file in the history: *own if it was made here. */
bool import_shared_run(const struct import_file *f, struct catalog *c, int64_t *id, bool *own,
	struct err *e);
/* A figure that the run, or the model it wrote, has already. */
bool import_shared_known(struct catalog *c, int64_t run, const struct import_fact *x, bool *known,
	struct err *e);
#endif
