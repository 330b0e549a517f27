/* yaml: a YAML 1.1 document as a tree that knows where every byte of it stands; scalars mean what
 * PyYAML's safe loader makes of them (1e-05 is text, yes is true, 010 is 8, 1:30 is 90).
 * Nodes live in the caller's arena and are immutable. Any thread may read.
 * Hostile text costs bounded time and memory: size, depth, nodes, anchors and what aliases would
 * expand to are limited, and aliases are shared, not copied. */
#ifndef CUPEL_RECIPE_YAML_H
#define CUPEL_RECIPE_YAML_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define YAML_MAX_BYTES ((size_t)16 << 20)
#define YAML_MAX_DEPTH 64
#define YAML_MAX_NODES 250000  /* also of the text with all aliases expanded */
#define YAML_MAX_ANCHORS 1000

struct mark { /* in the text; line and column count from 1, column in characters */
	int line, column;
	size_t begin, end; /* bytes; end exclusive */
};
enum yaml_kind { Y_NULL, Y_BOOL, Y_INT, Y_FLOAT, Y_TEXT, Y_DATE, Y_LIST, Y_MAP };
enum yaml_pair_kind {
	Y_OWN,       /* written here */
	Y_SHADOWED,  /* written here, but the same key comes again below and wins */
	Y_MERGED,    /* came through <<: its bytes stand elsewhere */
	Y_MERGE_KEY, /* the << itself */
};
struct yaml_node {
	enum yaml_kind kind;
	char style;            /* scalars: 'p'lain ' " | >; lists and maps: 'f'low, 'b'lock */
	struct mark mark;      /* the content as it stands here; of an alias, the "*name" */
	size_t props;          /* where its anchor and tag begin; mark.begin without them */
	const char *text;      /* scalars: the value, NUL-terminated */
	double number;         /* INT, FLOAT; BOOL: 0, 1 */
	size_t n;
	const struct yaml_pair *pairs;          /* MAP */
	const struct yaml_node *const *items;   /* LIST */
	const char *anchor;    /* name, or NULL */
	size_t uses;           /* aliases of the anchor */
	const struct yaml_node *target;         /* of an alias: what it stands for, else NULL */
	size_t weight;         /* nodes below and itself, aliases expanded */
};
struct yaml_pair {
	enum yaml_pair_kind kind;
	const struct yaml_node *key, *value;
	const struct yaml_node *winner; /* SHADOWED: the key that counts instead */
};
struct yaml_doc {
	const struct yaml_node *root;
	size_t documents;      /* in the text; root is the first */
	const struct yaml_node *const *roots; /* of every document; Y_NULL where one is empty */
};
/* text[n] is NUL. false with "WHERE:LINE:COLUMN" in e->where. */
bool yaml_parse(struct arena *a, const char *text, size_t n, const char *where,
	struct yaml_doc *out, struct err *e);

/* The pair that counts, or NULL; tolerates NULL and other kinds. */
const struct yaml_pair *yaml_pair(const struct yaml_node *map, const char *key);
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
bool yaml_is_scalar(const struct yaml_node *n);
/* Past the last byte of a node's content: of block lists and maps, of their last entry. */
size_t yaml_end(const struct yaml_node *n);
/* Same meaning: kinds, values, order of lists; maps by key, whatever their order. */
bool yaml_same(const struct yaml_node *a, const struct yaml_node *b);

/* What a plain scalar means. */
enum yaml_kind yaml_resolve(const char *text, double *number);
/* Appends text as a scalar that reads back as that text: plain where it can be, else quoted. */
void yaml_add_text(struct str *s, const char *text);
/* Python's float("…") and what pydantic takes for a number: " 1e-3 ", "1_000", "inf". */
bool yaml_text_number(const char *text, double *number);
#endif
