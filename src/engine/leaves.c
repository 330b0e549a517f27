#include "config.h"
#include "engine/leaves.h"
#include <stdlib.h>
#include "base/str.h"
#include "base/vec.h"

struct search {
	vec(struct leaf) found;
	vec(const struct plan *) seen;
};

static bool known(const struct search *s, const struct leaf *l)
{
	const char *text = l->plan->inputs->v[l->at].text;

	for (size_t i = 0; i < s->found.n; i++) {
		const struct leaf *o = &s->found.v[i];

		if (l->inner && str_eq(o->model->path, l->model->path) &&
			!o->model->virtual == !l->model->virtual &&
			str_eq(o->plan->inputs->v[o->at].text, text))
			return true;
	}
	return false;
}

static void gather(struct search *s, const struct plan *p, bool inner)
{
	for (size_t i = 0; i < s->seen.n; i++)
		if (s->seen.v[i] == p)
			return;
	*vec_push(&s->seen) = p;
	for (size_t i = 0; i < p->inputs->n; i++) {
		struct leaf l = {.plan = p, .at = i, .inner = inner,
			.model = p->inputs->v[i].stored};

		if (!p->inputs->v[i].made_by && l.model && !known(s, &l))
			*vec_push(&s->found) = l;
	}
	for (size_t i = 0; i < p->inputs->n; i++)
		if (p->inputs->v[i].made_by)
			gather(s, p->inputs->v[i].made_by, true);
}

struct leaves leaves_find(const struct plan *p)
{
	struct search s = {0};
	struct leaves l;

	gather(&s, p, false);
	l = (struct leaves){s.found.v, s.found.n};
	vec_fini(&s.seen);
	return l;
}

void leaves_fini(struct leaves *l)
{
	free(l->v);
	*l = (struct leaves){0};
}

const struct leaf *leaves_of_input(const struct leaves *l, size_t i)
{
	for (size_t k = 0; k < l->n && !l->v[k].inner; k++)
		if (l->v[k].at == i)
			return &l->v[k];
	return NULL;
}
