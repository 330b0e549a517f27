#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "merge/method.h"

/* One window of one pass; false if the pass leaves it out. */
static bool whole_window(const struct merge_spec *s, const void *state, int pass, uint64_t index,
	const float *const *in, void *partial, size_t size)
{
	const struct method *m = s->method;
	size_t want = m->span ? m->span(s, state, pass, index) : SIZE_MAX;
	const float *at[MERGE_MAX_INPUTS];
	const uint64_t window = method_window(s);
	struct merge_window w = {.first = index * window, .index = index, .in = at};

	if (want == 0)
		return false;
	w.n = (size_t)(s->elements - w.first < window ? s->elements - w.first : window);
	w.n = w.n < want ? w.n : want;
	for (int k = 0; k < s->n_inputs; k++)
		at[k] = in[k] + w.first;
	if (m->open)
		m->open(s, state, pass, partial);
	else
		memset(partial, 0, size);
	m->observe(s, state, pass, &w, partial);
	if (m->close)
		m->close(s, state, pass, partial);
	return true;
}

static bool whole_pass(const struct merge_spec *s, void *state, int pass, const float *const *in,
	struct err *e)
{
	const struct method *m = s->method;
	size_t size = m->partial_size(s, state, pass);
	const uint64_t window = method_window(s), windows = (s->elements + window - 1) / window;
	void *partial = xtry_malloc(size + 1);
	bool any = false, ok = true;

	if (!partial)
		return err_set(e, ERR_MEMORY, s->name, NULL, "no memory for partial sums");
	for (uint64_t i = 0; i < windows; i++)
		if (whole_window(s, state, pass, i, in, partial, size)) {
			m->fold(s, state, pass, partial, i);
			any = true;
		}
	if (any)
		ok = m->settle(s, state, pass, e);
	free(partial);
	return ok;
}

bool merge_whole(const struct merge_spec *s, const float *const *in, float *out, struct err *e)
{
	const struct method *m = s->method;
	struct merge_window w = {.n = (size_t)s->elements, .in = in};
	void *state = xcalloc(1, m->state_size ? m->state_size(s) + 1 : 1);
	bool ok = !m->begin || m->begin(s, state, e);
	int passes = m->passes ? m->passes(s) : 0;

	for (int pass = 0; ok && pass < passes; pass++)
		ok = whole_pass(s, state, pass, in, e);
	if (ok && s->elements)
		m->apply(s, state, &w, out);
	if (m->fini)
		m->fini(s, state);
	free(state);
	return ok;
}
