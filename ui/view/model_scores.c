#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "catalog/task.h"
#include "ui/command/settings.h"
#include "ui/view/model_scores.h"

#define TASKS 12 /* more than a card has room for */

struct best {
	struct catalog_score s;
	const struct catalog_model *of;
};
struct bests {
	struct best v[TASKS];
	size_t n;
};

/* Without the zero that every share begins with. */
static void add_plain(struct str *out, double v, int decimals)
{
	char text[32];

	snprintf(text, sizeof text, "%.*f", decimals, v);
	str_add(out, *text == '0' && text[1] == '.' ? text + 1 : text);
}

void model_score_text(double value, struct str *out)
{
	add_plain(out, value, fabs(value) < 1.5 ? 3 : fabs(value) < 100 ? 2 : 1);
}

static bool is_share(const struct catalog_score *s)
{
	return str_starts(s->metric, "acc") || str_starts(s->metric, "exact_match");
}

/* What n alone says where nothing was stated. */
static double spread(const struct catalog_score *s)
{
	const struct task *t = task_find(s->task);
	int64_t n = s->n ? s->n : t ? t->questions : 0;

	if (!isnan(s->stderr_))
		return s->stderr_;
	return is_share(s) && n > 0 && s->value >= 0 && s->value <= 1 ?
		sqrt(s->value * (1 - s->value) / (double)n) : NAN;
}

/* Takes the strings of s if it is the best of its task. Of one model the newest counts, and the
 * first metric that a task has. */
static bool offer(struct bests *b, struct catalog_score *s, const struct catalog_model *of)
{
	for (size_t i = 0; i < b->n; i++) {
		struct best *at = &b->v[i];

		if (!str_eq(at->s.task, s->task))
			continue;
		if (!str_eq(at->s.metric, s->metric) || (at->of != of && s->value <= at->s.value))
			return false;
		free(at->s.task);
		free(at->s.metric);
		at->s = *s;
		at->of = of;
		return true;
	}
	if (b->n == TASKS)
		return false;
	b->v[b->n++] = (struct best){ *s, of };
	return true;
}

static void take(struct bests *b, struct app *a, const struct catalog_model *m)
{
	size_t n = 0;
	struct catalog_score *s = catalog_scores(a->catalog, 0, m->id, &n, NULL);

	for (size_t i = 0; i < n; i++)
		if (is_share(&s[i]) && !s[i].estimated && offer(b, &s[i], m))
			s[i].task = s[i].metric = NULL;
	catalog_scores_free(s, n);
}

/* What tells a quantization from its source: "q8-hi" of "Agent3-q8-hi". */
static const char *tail_of(const struct catalog_model *q, const struct catalog_model *m)
{
	const char *name = str_base(q->name), *stem = str_base(m->name);
	size_t n = strlen(stem);

	return !strncmp(name, stem, n) && name[n] ? name + n + 1 : name;
}

static void add_best(struct str *out, const struct best *b)
{
	double by = spread(&b->s);

	str_addf(out, "%s%s ", out->n ? "   " : "", b->s.task);
	model_score_text(b->s.value, out);
	if (!isnan(by)) {
		str_add(out, " ±");
		add_plain(out, by, 3);
	}
}

bool model_scores_text(struct app *a, const struct catalog_model *m, struct str *out)
{
	const char *first = settings_get("score");
	const struct catalog_model *of = NULL;
	struct bests b = { .n = 0 };
	bool one = true;

	take(&b, a, m);
	for (size_t i = 0; i < a->n_models; i++)
		if (a->models[i].parent == m->id && str_eq(a->models[i].kind, "quant"))
			take(&b, a, &a->models[i]);
	for (int chosen = 1; chosen >= 0; chosen--)
		for (size_t i = 0; i < b.n; i++)
			if (str_eq(b.v[i].s.task, first) == chosen)
				add_best(out, &b.v[i]);
	for (size_t i = 0; i < b.n; i++) {
		one &= !of || of == b.v[i].of;
		of = b.v[i].of;
		free(b.v[i].s.task);
		free(b.v[i].s.metric);
	}
	if (b.n && (!one || of != m))
		str_addf(out, "   (%s)", one ? tail_of(of, m) : "the best of it and its "
			"quantizations");
	return b.n > 0;
}
