/* What cards written by cupel say of their tables, so that these come back as they were: a line
 *	Metrics: arc_easy by acc_norm, boolq by acc. Measured as: lm-eval 0-shot.
 * and figures that stand in the model-index with all their digits and in a table with some. */
#include "import/card_reading.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"

#define TASKS_MAX 128
#define FACTS_MAX 20000 /* of cards with more of them, repeated ones stay */

struct said {
	struct {
		const struct task *task;
		char *metric;
	} v[TASKS_MAX];
	size_t n;
	int shots;        /* -1: not said, or in several ways */
	const char *tool; /* constant, or NULL */
};

static char *word(const char *s, size_t n)
{
	return xstrndup(s, n);
}

/* "arc_easy by acc_norm, boolq by acc." */
static void metrics_of(struct said *x, const char *s)
{
	while (*s && x->n < TASKS_MAX) {
		size_t n = strcspn(s, " "), m;
		char *name = word(s, n);
		const struct task *task = task_find(name);

		free(name);
		s += n;
		if (!task || !str_starts(s, " by "))
			return;
		s += 4;
		m = strspn(s, "abcdefghijklmnopqrstuvwxyz_0123456789@");
		if (!m)
			return;
		x->v[x->n].task = task;
		x->v[x->n++].metric = word(s, m);
		s += m;
		if (*s != ',')
			return;
		s += 1 + strspn(s + 1, " ");
	}
}

/* One way alone: then it is that of every figure. */
static void protocol_of(struct said *x, const char *s)
{
	const char *shot = strstr(s, "-shot"), *p = shot;

	if (strchr(s, ';'))
		return;
	while (p && p > s && isdigit((uint8_t)p[-1]))
		p--;
	if (p && p < shot && shot - p < 5)
		x->shots = card_count(p);
	x->tool = str_starts(s, "mlx ")       ? "mlx_lm.evaluate"
		  : str_starts(s, "lm-eval ") ? "lm-eval"
					      : NULL;
}

static void read_said(const struct card_reader *r, struct said *x)
{
	static const char metrics[] = "Metrics: ", measured[] = "Measured as: ";

	x->shots = -1;
	for (size_t i = 0; i < r->line.n; i++) {
		char *s;
		const char *at;

		if (r->line.v[i].use != LINE_TEXT || (!card_find(r->line.v[i].s, metrics) &&
							     !card_find(r->line.v[i].s, measured)))
			continue;
		s = card_plain(r->line.v[i].s, strlen(r->line.v[i].s));
		if (str_starts(s, metrics) && !x->n)
			metrics_of(x, s + sizeof metrics - 1);
		if ((at = strstr(s, measured)) != NULL && x->shots < 0)
			protocol_of(x, at + sizeof measured - 1);
		free(s);
	}
}

static void take(struct said *x, struct import_fact *f)
{
	for (size_t i = 0; i < x->n; i++)
		if (str_eq(x->v[i].task->name, f->task) && str_eq(f->metric, "score")) {
			free(f->metric);
			f->metric = xstrdup(x->v[i].metric);
		}
	if (!f->protocol)
		f->protocol = json_object();
	if (x->shots >= 0 && !json_object_get(f->protocol, "shots"))
		json_object_set_new(f->protocol, "shots", json_integer(x->shots));
	if (x->tool && !json_object_get(f->protocol, "tool"))
		json_object_set_new(f->protocol, "tool", json_string(x->tool));
}

static bool in_front(const struct card_reader *r, const struct import_fact *f)
{
	return f->line > 0 && (size_t)f->line <= r->line.n &&
	       r->line.v[f->line - 1].use == LINE_FRONT;
}

/* b, of a table, is a with fewer digits. */
static bool repeats(const struct import_fact *a, const struct import_fact *b)
{
	double most = import_is_share(a->task, a->metric) ? 0.00051 : 1e-4 * fabs(a->value);

	return str_eq(a->variant, b->variant) && str_eq(a->task, b->task) &&
	       str_eq(a->metric, b->metric) && a->estimated == b->estimated &&
	       fabs(a->value - b->value) <= most;
}

void card_read_repeats(struct card_reader *r)
{
	struct import_file *f = r->f;
	struct said x = { .n = 0 };

	read_said(r, &x);
	for (size_t i = 0; i < f->facts.n; i++)
		if (!in_front(r, &f->facts.v[i]) && (x.n || x.shots >= 0 || x.tool))
			take(&x, &f->facts.v[i]);
	for (size_t i = 0; i < f->facts.n && f->facts.n < FACTS_MAX; i++) {
		struct import_fact *b = &f->facts.v[i], *a;

		for (size_t k = 0; k < f->facts.n && !b->again && !in_front(r, b); k++) {
			a = &f->facts.v[k];
			if (!in_front(r, a) || !repeats(a, b))
				continue;
			b->again = true;
			a->n = a->n ? a->n : b->n;
		}
	}
	for (size_t i = 0; i < x.n; i++)
		free(x.v[i].metric);
}
