/* groups: the rows of a card's tables of sensitivity. Private to src/audit; one thread per
 * audit. */
#ifndef CUPEL_AUDIT_GROUPS_H
#define CUPEL_AUDIT_GROUPS_H
#include "audit/audit_in.h"

#define GROUPS_MAX 256

struct group {
	const char *label;
	int64_t line;
	double tensors, delta;     /* delta in percent */
	double saved, saved_low, saved_high; /* bytes */
	double price;              /* as stated, percent per GB */
	bool combined, kept, guessed; /* guessed: saved from what the card says of experts */
	const struct card_table *table;
	double elements;           /* of the model, where it is here */
	size_t found;              /* its tensors */
};
struct groups {
	struct audit_in *in;
	struct group v[GROUPS_MAX];
	size_t n;
	struct group *combined;
};

/* A part of what ships: in the table of the sum, and not kept. */
bool audit_group_ships(const struct groups *g, const struct group *x);
/* Sizes and counts from the model that the card is of, where it is here; bits: what each weight
 * loses, NaN unknown. */
void audit_groups_shapes(struct groups *g, double bits);
#endif
