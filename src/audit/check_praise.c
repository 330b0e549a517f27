/* What is said in praise, and what was measured of it. */
#include "audit/audit_in.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"

#define TASKS_MAX 64

/* --- a ratio taken for an extrapolation --- */

static double share_of_last(const struct audit_in *in)
{
	double sum = 0, last = NAN;

	for (size_t i = 0; i < in->recipe->n_models; i++)
		for (size_t k = 0; k < in->recipe->models[i].params.n; k++) {
			const struct recipe_param *p = &in->recipe->models[i].params.v[k];

			if (strcmp(p->name, "weight") != 0 || p->value.kind != SETTING_NUMBER)
				continue;
			if (p->value.number < 0)
				return NAN;
			last = p->value.number;
			sum += last;
		}
	return sum > 0 ? last / sum : NAN;
}

static void extrapolation(struct audit_in *in, const struct card_claim *x)
{
	bool slerp = in->recipe && in->recipe->method_name &&
		strstr(in->recipe->method_name, "slerp");
	double t = slerp ? share_of_last(in) : NAN, stated = json_num(x->what, "value", NAN);
	char *claim;

	if (isnan(t))
		return;
	claim = audit_words(x);
	audit_say(in, AUDIT_WRONG, x->line, claim, json_number(stated), json_number(t),
		"%s uses the ratio of the weights only: t = %.2f, the same as %.2g and %.2g, a "
		"point between the models; an extrapolation needs a negative weight",
		in->recipe->method_name, t, 1 - t, t);
	free(claim);
}

/* --- better than all parents --- */

struct won {
	size_t tasks, all_measured, better, level, real;
	char *names;               /* of the real ones */
};

static bool all_parents(const struct audit_in *in, const char *task)
{
	bool any = false;

	for (size_t v = 0; v < in->variants.n; v++) {
		if (!in->variants.v[v].parent || in->variants.v[v].same != v ||
			in->variants.v[v].own)
			continue;
		for (size_t k = 0; k < in->c->parents.n; k++) /* a base is none of both parents */
			if (!strcasecmp(str_base(in->c->parents.v[k].name),
				str_base(in->variants.v[v].name)) && in->c->parents.v[k].relation &&
				strcmp(in->c->parents.v[k].relation, "base") != 0 &&
				!audit_score(in, v, task))
				return false;
		any = true;
	}
	return any;
}

static struct won count(const struct audit_in *in, size_t own)
{
	struct audit_difference d[TASKS_MAX];
	struct won w = { .tasks = audit_compare(in, own, AUDIT_NONE, d, TASKS_MAX) };
	struct str names = STR_INIT;

	str_add(&names, "");
	for (size_t i = 0; i < w.tasks; i++) {
		bool real = d[i].value > 0 && !strcmp(d[i].verdict, "real");

		w.all_measured += all_parents(in, d[i].a->name);
		w.better += d[i].value > 1e-9;
		w.level += fabs(d[i].value) <= 1e-9;
		w.real += real;
		if (real)
			str_addf(&names, "%s%s %+.3f (z %.1f)", names.n ? ", " : "", d[i].a->name,
				d[i].value, d[i].z);
	}
	w.names = str_steal(&names);
	return w;
}

static bool counted(const struct audit_in *in, const struct card_claim *x)
{
	const struct card_claim *o;

	for (size_t i = 0; (o = audit_claim(in, "count", i)); i++)
		if (!strcmp(o->text, x->text))
			return true;
	return false;
}

static void surpass(struct audit_in *in, const struct card_claim *x)
{
	size_t own = audit_own(in);
	struct audit_mention m[8];
	struct won w;
	char *claim;

	/* "… in 5 of 7 tasks" is counted, "… on ARC" is a difference. */
	if (own == AUDIT_NONE || counted(in, x) || audit_find(x->text, "on average") ||
		(audit_tasks_in(in, x->text, m, 8) && !audit_find(x->text, "every") &&
		!audit_find(x->text, "all")))
		return;
	w = count(in, own);
	if (!w.tasks) {
		free(w.names);
		return;
	}
	claim = audit_words(x);
	audit_say(in, w.real == w.tasks && w.all_measured == w.tasks ? AUDIT_RIGHT :
		AUDIT_UNSUPPORTED, x->line, claim, json_integer((json_int_t)w.tasks),
		json_integer((json_int_t)w.real), "all parents were measured on %zu of %zu tasks; "
		"against the best that was measured it is better in %zu, equal in %zu, and more "
		"than chance in %zu: %s", w.all_measured, w.tasks, w.better, w.level, w.real,
		w.real ? w.names : "none");
	free(claim);
	free(w.names);
}

/* "ends in the middle": what a mixture in the ratio of the weights would give, task by task. */
static void middle(struct audit_in *in)
{
	size_t parents[2], n = 0;
	double t = in->recipe && in->recipe->n_models == 2 ? share_of_last(in) : NAN;
	const char *names[TASKS_MAX];
	struct str s = STR_INIT;
	double first = NAN;

	for (size_t i = 0; i < (isnan(t) ? 0 : in->recipe->n_models); i++)
		for (size_t v = 0; v < in->variants.n && n < 2; v++)
			if (in->variants.v[v].same == v && !in->variants.v[v].own && n == i &&
				!strcasecmp(str_base(in->variants.v[v].name),
				str_base(in->recipe->models[i].model.path)))
				parents[n++] = v;
	for (size_t i = 0, tasks = audit_tasks(in, names, TASKS_MAX); n == 2 && i < tasks; i++) {
		const struct audit_score *a = audit_score(in, parents[0], names[i]);
		const struct audit_score *b = audit_score(in, parents[1], names[i]);

		if (!a || !b)
			continue;
		double mix = (1 - t) * a->value + t * b->value;

		if (isnan(first))
			first = mix;
		str_addf(&s, "%s%s %.4f", s.n ? ", " : "", names[i], mix);
	}
	for (int64_t line = 1; s.n && (size_t)line <= in->lines.n; line++)
		if (audit_find(audit_line(in, line), "in the middle")) {
			audit_say(in, AUDIT_RIGHT, line, "somewhere in the middle", NULL,
				json_number(first),
				"a mixture of the scores at %.2f and %.2f would be %s",
				1 - t, t, s.s);
			break;
		}
	str_fini(&s);
}

static void super_linear(struct audit_in *in, const struct card_claim *x)
{
	size_t own = audit_own(in);
	struct won w;

	if (own == AUDIT_NONE)
		return;
	w = count(in, own);
	if (w.tasks && w.real < w.tasks) {
		char *claim = audit_words(x);

		audit_say(in, AUDIT_UNSUPPORTED, x->line, claim, NULL,
			json_integer((json_int_t)w.real),
			"%zu of %zu differences to the best that was measured are more than "
			"chance; one measurement of each model says nothing of a law", w.real,
			w.tasks);
		free(claim);
	}
	free(w.names);
}

static void consistently(struct audit_in *in, const struct card_claim *x)
{
	size_t other = AUDIT_NONE, n = 0, won = 0, ahead = 0;
	struct audit_mention m[8];
	struct audit_difference d[TASKS_MAX];
	char *claim;

	if (counted(in, x))
		return;
	for (size_t v = 0; v < in->variants.n; v++)
		n += in->variants.v[v].same == v;
	if (n != 2 || !audit_variants_in(in, x->text, m, 8))
		return;
	for (size_t v = 0; v < in->variants.n; v++)
		if (in->variants.v[v].same == v && v != m[0].variant)
			other = v;
	n = audit_compare(in, m[0].variant, other, d, TASKS_MAX);
	for (size_t i = 0; i < n; i++)
		won += d[i].value > 0 && !strcmp(d[i].verdict, "real");
	for (size_t i = 0; i < n; i++)
		ahead += d[i].value > 0;
	if (!n || won == n || (ahead == n && n >= 6)) /* all of six: p 0.03 by their signs */
		return;
	claim = audit_words(x);
	audit_say(in, AUDIT_UNSUPPORTED, x->line, claim, NULL, json_integer((json_int_t)won),
		"%zu of %zu differences are more than chance", won, n);
	free(claim);
}

/* --- words --- */

/* A choice of the likeliest ending is not writing. Once a benchmark. */
static void generates(struct audit_in *in, const struct card_claim *x, const struct task **told,
	size_t *n_told)
{
	struct audit_mention m[8];
	size_t n = audit_tasks_in(in, x->text, m, 8), at = (size_t)json_int(x->what, "at", 0);
	char *claim;

	for (size_t i = 0; i < n && *n_told < 8; i++) {
		size_t gap = m[i].at > at ? m[i].at - at : at - m[i].at;
		bool known = false;

		for (size_t k = 0; k < *n_told; k++)
			known |= told[k] == m[i].task;
		if (known || isnan(m[i].task->chance) || gap > 48 || audit_find(x->text, "load("))
			continue;
		told[(*n_told)++] = m[i].task;
		claim = audit_words(x);
		audit_say(in, AUDIT_MISLEADING, x->line, claim, NULL, NULL, "%s is a choice "
			"between given answers by their likelihood: nothing is written in it",
			m[i].task->name);
		free(claim);
	}
}

static void telling(struct audit_in *in, const struct card_claim *x)
{
	struct audit_mention m[8];
	size_t n = audit_tasks_in(in, x->text, m, 8);

	for (size_t i = 0; i < in->scores.n && n; i++) {
		const struct audit_score *s = &in->scores.v[i];
		double base;
		bool below;

		if (s->task != m[0].task || s->estimated || !audit_tells_nothing(s, &base, &below))
			continue;
		char *claim = audit_words(x);
		bool majority = base == s->task->majority;

		audit_say(in, AUDIT_MISLEADING, x->line, claim, json_number(s->value),
			json_number(base), "%.4g is what %s gives (%.4f): equal values there say "
			"only that both may have learned nothing of %s", s->value, majority ?
			"always giving the commonest answer" : "guessing", base, s->name);
		free(claim);
		return;
	}
}

/* Statements that would need a measurement of which the card has nothing. */
static const struct {
	const char *kind, *measured, *message;
	enum audit_verdict verdict;
} unmeasured[] = {
	{ "every_layer", "per layer", "no figure of any layer stands in the card: benchmarks "
		"measure whole models", AUDIT_UNSUPPORTED },
	{ "orthogonal", "cosine", "no cosine of the models' differences to their base was "
		"measured; `cupel diff A B --base C` does", AUDIT_UNSUPPORTED },
	{ "dense_moe", NULL, "a model is dense or a mixture of experts, not both",
		AUDIT_MISLEADING },
};

void audit_check_praise(struct audit_in *in)
{
	const struct task *told[8];
	size_t n_told = 0;
	const struct card_claim *x;

	for (size_t k = 0; k < sizeof unmeasured / sizeof unmeasured[0]; k++)
		for (size_t i = 0; (x = audit_claim(in, unmeasured[k].kind, i)); i++) {
			char *claim = audit_words(x);

			if (!unmeasured[k].measured ||
				!audit_find(in->c->text, unmeasured[k].measured))
				audit_say(in, unmeasured[k].verdict, x->line, claim, NULL, NULL,
					"%s",
					unmeasured[k].message);
			free(claim);
		}
	for (size_t i = 0; (x = audit_claim(in, "extrapolation", i)); i++)
		extrapolation(in, x);
	for (size_t i = 0; (x = audit_claim(in, "surpass", i)); i++)
		surpass(in, x);
	for (size_t i = 0; (x = audit_claim(in, "super_linear", i)); i++)
		super_linear(in, x);
	for (size_t i = 0; (x = audit_claim(in, "consistently", i)); i++)
		consistently(in, x);
	for (size_t i = 0; (x = audit_claim(in, "generates", i)); i++)
		generates(in, x, told, &n_told);
	for (size_t i = 0; (x = audit_claim(in, "telling", i)); i++)
		telling(in, x);
	middle(in);
}
