/* rows: from opened models to the tensors of the output: whose tensors they are like, and where
 * each input has them. Private to engine/; who calls owns the arena, and all that is made is in
 * it. */
#ifndef CUPEL_ENGINE_ROWS_H
#define CUPEL_ENGINE_ROWS_H
#include "base/arena.h"
#include "base/vec.h"
#include "engine/inputs.h"

struct rows {
	const struct recipe *r;
	const struct inputs *in;
	struct arena *arena;
	long twice;                /* a row whose name another has too, -1 */
	vec(struct input_row) v;
	vec(struct input_extra) extras;
};
/* Fills v and extras. Slices whose models could not be opened have no rows. */
void rows_make(struct rows *w);
void rows_fini(struct rows *w);
/* Which input the output's tensors of a slice are like, when n of its inputs take part: its base,
 * else its first. -1: none, or it could not be opened. */
int rows_like(const struct recipe *r, const struct inputs *in, size_t slice, size_t n);
#endif
