/* mt_jump: where MT19937 stands after n draws, without drawing them: the state is linear over
 * GF(2), so its n-th successor is x^n modulo the generator's characteristic polynomial, applied to
 * it.
 * Source: Haramoto, Matsumoto, Nishimura, Panneton, L'Ecuyer 2008. The holder owns the struct,
 * which serves any number of states. Any thread. */
#ifndef CUPEL_BASE_MT_JUMP_H
#define CUPEL_BASE_MT_JUMP_H
#include "base/rng.h"

#define MT_JUMP_WORDS 312
struct mt_jump { uint64_t poly[MT_JUMP_WORDS]; }; /* x^n, degree below 19937 */
void mt_jump_init(struct mt_jump *j, uint64_t n);
/* These want and leave a state without pending words: g->i is 624, as after seeding. */
void mt_jump_apply(const struct mt_jump *j, struct mt19937 *g);
void mt19937_skip(struct mt19937 *g, uint64_t n); /* step by step: for short ways */
#endif
