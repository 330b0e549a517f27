/* edit: the pieces of byte-exact editing. A place is a path of keys and indices from the root; an
 * operation is one splice of the text, checked by reading the result. Private to recipe/ and to
 * the plan files of quant/. */
#ifndef CUPEL_RECIPE_EDIT_H
#define CUPEL_RECIPE_EDIT_H
#include "base/str.h"
#include "recipe/recipe.h"

struct step {
	const char *key;   /* NULL: a list's entry */
	size_t index;
};
struct place {
	struct step v[16];
	size_t n;
};
struct splice { /* text[begin, end) is replaced by s */
	size_t begin, end;
	struct str s;
};
static inline void place_key(struct place *p, const char *key)
{
	p->v[p->n++] = (struct step){ .key = key };
}
static inline void place_index(struct place *p, size_t i)
{
	p->v[p->n++] = (struct step){ .index = i };
}
/* The node there, or NULL; the first k steps of it. */
const struct yaml_node *place_node(const struct yaml_node *root, const struct place *p, size_t k);

/* Each fills s, or returns false with a reason. */
bool splice_value(const struct recipe *r, const struct place *at, const char *text,
	struct splice *s, struct err *e); /* the value there becomes text, one line */
bool splice_insert(const struct recipe *r, const struct place *at, const char *text,
	struct splice *s,
	struct err *e); /* the last key is missing in its map; so may be the map */
void splice_own(const struct recipe *r, const struct place *at, size_t k, const char *text,
	struct splice *s); /* step k's key came through <<: writes it here as well, where it wins */
bool splice_remove(const struct recipe *r, const struct place *at, struct splice *s, struct err *e);

/* A value as one line of flow YAML, every scalar spelled so that it reads back as the same. */
void flow_text(struct str *s, const struct yaml_node *n);
/* number.c: a number in the manner of the old text (NULL if none) and of the step. */
void number_text(struct str *s, const char *old, double value, double step);
/* true/false in the manner of the old text: yes, On, FALSE, 1. */
const char *bool_text(const char *old, bool value);
#endif
