#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/mt_jump.h"
#include "base/xalloc.h"
#include "merge/kernels.h"
#include "merge/masks.h"

bool masks_init(struct masks *m, const struct mt19937 *begin, const struct merge_spec *s,
	struct err *e)
{
	m->every = method_window(s);
	m->mark = xtry_malloc((size_t)(s->elements / m->every + 1) * sizeof *m->mark);
	if (!m->mark)
		return err_set(e, ERR_MEMORY, "merge", "leave out --rng mergekit",
			"no memory for the generator's states");
	memcpy(m->mark[0], begin->s, sizeof *m->mark);
	return true;
}

void masks_fini(struct masks *m)
{
	free(m->mark);
	m->mark = NULL;
}

static void walk(struct mt19937 *g, uint64_t n)
{
	for (; n >= 624; n -= 624)
		kernels()->mt_refill(g->s);
	mt19937_skip(g, n);
}

void masks_mark(struct masks *m, uint64_t window)
{
	struct mt19937 g = {.i = 624};

	memcpy(g.s, m->mark[window - 1], sizeof g.s);
	walk(&g, m->every);
	memcpy(m->mark[window], g.s, sizeof g.s);
}

void masks_seek(const struct masks *m, uint64_t first, struct mt19937 *g)
{
	memcpy(g->s, m->mark[first / m->every], sizeof g->s);
	g->i = 624;
	walk(g, first % m->every);
}

/* Words that are ready, at most n; their place. */
static const uint32_t *words(struct mt19937 *g, size_t *n)
{
	const uint32_t *at;

	if (g->i >= 624) {
		kernels()->mt_refill(g->s);
		g->i = 0;
	}
	at = g->s + g->i;
	if (*n > (size_t)(624 - g->i))
		*n = (size_t)(624 - g->i);
	g->i += (int)*n;
	return at;
}

void masks_keep(struct mt19937 *g, uint32_t below, uint8_t *bits, size_t n)
{
	for (size_t m; n > 0; n -= m, bits += m / 8) {
		const uint32_t *w = (m = n, words(g, &m));

		kernels()->mt_keep(w, m, below, bits);
	}
}

void masks_numbers(struct mt19937 *g, uint32_t *out, size_t n)
{
	for (size_t m; n > 0; n -= m, out += m) {
		const uint32_t *w = (m = n, words(g, &m));

		kernels()->mt_numbers(w, out, m);
	}
}
