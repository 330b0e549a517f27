/* Groups of tensors against the model itself, where it is here. */
#include "audit/groups.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "model/model.h"

/* The first word of a group's label is a role, or part of the tensors' names. */
static bool of_group(const struct tensor *t, const char *word)
{
	return t->rank > 1 && (!strcmp(t->role, word) || strstr(t->name, word) != NULL ||
		(t->stored && strstr(t->stored, word) != NULL));
}

static void measure(const struct model *m, struct group *x)
{
	char *word = xstrndup(x->label, strcspn(x->label, " (,"));

	for (size_t i = 0; *word && i < m->source.n_tensors; i++)
		if (of_group(&m->source.tensors[i], word)) {
			x->elements += (double)m->source.tensors[i].elements;
			x->found++;
		}
	free(word);
}

static void compare(struct groups *g, struct group *x, double bits)
{
	double bytes = x->elements * bits / 8;
	const char *unit = bytes >= 1e8 ? "GB" : "MB";
	double scale = bytes >= 1e8 ? 1e9 : 1e6;

	if (!(x->elements > 0))
		return;
	if (!isnan(x->tensors) && x->tensors != (double)x->found) {
		char *claim = xasprintf("%s: %.0f tensors", x->label, x->tensors);

		audit_say(g->in, AUDIT_WRONG, x->line, claim, json_number(x->tensors),
			json_integer((json_int_t)x->found), "the model has %zu", x->found);
		free(claim);
	}
	if (isnan(bits))
		return;
	if (x->saved > 0 && !x->guessed) {
		double slack = 0.002 * bytes;
		bool right = bytes >= x->saved_low - slack && bytes <= x->saved_high + slack;
		char *claim = xasprintf("%s: %.4g %s saved", x->label, x->saved / scale, unit);

		audit_say(g->in, right ? AUDIT_RIGHT : AUDIT_WRONG, x->line, claim,
			json_number(x->saved), json_number(bytes), "%.4g M weights x %.4g bits / 8 "
			"= %.4g %s", x->elements / 1e6, bits, bytes / scale, unit);
		free(claim);
	} else {
		x->saved = x->saved_low = x->saved_high = bytes;
		x->guessed = false;
	}
}

void audit_groups_shapes(struct groups *g, double bits)
{
	const struct audit_known *known = g->in->known;
	struct model *m = NULL;
	double sum = 0;
	size_t found = 0;

	for (size_t i = 0; known && known->open && !m && i < g->in->c->parents.n; i++)
		m = known->open(known->ctx, g->in->c->parents.v[i].name);
	if (!m)
		return;
	for (size_t i = 0; i < g->n; i++)
		if (!g->v[i].combined) {
			measure(m, &g->v[i]);
			compare(g, &g->v[i], bits);
		}
	for (size_t i = 0; i < g->n; i++)
		if (audit_group_ships(g, &g->v[i])) {
			sum += g->v[i].elements > 0 ? g->v[i].elements : NAN;
			found += g->v[i].found;
		}
	if (g->combined && sum > 0) { /* of what the parts are, once they are known */
		g->combined->elements = sum;
		g->combined->found = found;
		compare(g, g->combined, bits);
	}
	model_unref(m);
}
