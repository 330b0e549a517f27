/* The scores of a card as variants x tasks, and what chance makes of their differences. */
#include "audit/audit_in.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"
#include "compare/significance.h"

#define TASKS_MAX 64
#define SCORES_MAX 1000 /* a card with more is a leaderboard: its first ones are looked at */

void audit_scores_make(struct audit_in *in);
void audit_scores_fini(struct audit_in *in);

/* --- reading them --- */

static size_t variant_of(struct audit_in *in, const char *name)
{
	struct audit_variant *v;

	for (size_t i = 0; i < in->variants.n; i++)
		if (!strcasecmp(in->variants.v[i].name, name))
			return i;
	v = vec_push(&in->variants);
	v->name = xstrdup(name);
	v->same = in->variants.n - 1;
	v->own = in->f->model && !strcasecmp(str_base(name), str_base(in->f->model));
	for (size_t i = 0; i < in->c->parents.n; i++)
		v->parent |= !strcasecmp(str_base(name), str_base(in->c->parents.v[i].name));
	return in->variants.n - 1;
}

static bool is_share(const struct import_fact *x)
{
	static const char *const others[] = { "perplexity", "ppl", "nll", "kld", "delta", "bits",
		"bpb", "size", "rmse" };

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (audit_find(x->metric, others[i]))
			return false;
	return x->value >= 0 && x->value <= 1 && strcmp(x->task, "average") != 0;
}

static bool same_cell(const struct audit_score *a, const struct audit_score *b)
{
	return !strcmp(a->name, b->name) && a->share == b->share;
}

/* A table that shows a variant again under another name: all of its cells are that one's. */
static size_t alias_of(const struct audit_in *in, size_t v)
{
	for (size_t u = 0; u < v; u++) {
		size_t equal = 0, other = 0;

		for (size_t i = 0; i < in->scores.n; i++) {
			const struct audit_score *a = &in->scores.v[i], *b = NULL;

			if (a->variant != v || a->estimated || !a->share)
				continue;
			for (size_t k = 0; !b && k < in->scores.n; k++)
				if (in->scores.v[k].variant == u && same_cell(a, &in->scores.v[k]))
					b = &in->scores.v[k];
			equal += b && fabs(a->value - b->value) < 1e-9;
			other += !b || fabs(a->value - b->value) >= 1e-9;
		}
		if (equal >= 3 && !other)
			return u;
	}
	return AUDIT_NONE;
}

static void join_aliases(struct audit_in *in)
{
	for (size_t v = in->variants.n; v-- > 1;) {
		size_t u = alias_of(in, v);

		if (u == AUDIT_NONE)
			continue;
		in->variants.v[v].same = u;
		in->variants.v[u].own |= in->variants.v[v].own;
		in->variants.v[u].parent |= in->variants.v[v].parent;
		for (size_t i = 0; i < in->scores.n; i++)
			if (in->scores.v[i].variant == v)
				in->scores.v[i].variant = u;
	}
}

void audit_scores_make(struct audit_in *in)
{
	for (size_t i = 0; i < in->f->facts.n && i < SCORES_MAX; i++) {
		const struct import_fact *x = &in->f->facts.v[i];
		const char *name = x->variant ? x->variant : in->f->model ? in->f->model : "";
		const struct task *task = task_find(x->task);
		struct audit_score *s = vec_push(&in->scores);

		*s = (struct audit_score){ .variant = variant_of(in, name), .task = task,
			.name = x->task, .metric = x->metric, .value = x->value,
			.stderr_ = x->stderr_, .line = x->line,
			.n = x->n ? x->n : task ? task->questions : 0, .estimated = x->estimated,
			.quant = json_text(x->protocol, "quantization", NULL),
			.share = is_share(x) };
		if (s->quant && !in->variants.v[s->variant].quant)
			in->variants.v[s->variant].quant = s->quant;
	}
	join_aliases(in);
	for (size_t i = 0; i < in->scores.n; i++)
		for (size_t k = 0; k < i; k++)
			in->scores.v[i].again |=
				in->scores.v[k].variant == in->scores.v[i].variant &&
				same_cell(&in->scores.v[k], &in->scores.v[i]) &&
				fabs(in->scores.v[k].value - in->scores.v[i].value) < 1e-9;
}

void audit_scores_fini(struct audit_in *in)
{
	for (size_t i = 0; i < in->variants.n; i++)
		free(in->variants.v[i].name);
	vec_fini(&in->variants);
	vec_fini(&in->scores);
}

/* --- asking for them --- */

const char *audit_variant_name(const struct audit_in *in, size_t v)
{
	return v < in->variants.n ? str_base(in->variants.v[v].name) : "the best of the others";
}

const struct audit_score *audit_score(const struct audit_in *in, size_t variant, const char *task)
{
	for (size_t i = 0; i < in->scores.n; i++) {
		const struct audit_score *s = &in->scores.v[i];

		if (s->variant == variant && s->share && !s->estimated && !strcmp(s->name, task))
			return s;
	}
	return NULL;
}

bool audit_same_measure(const struct audit_score *a, const struct audit_score *b)
{
	return !strcmp(a->name, b->name) && (!strcmp(a->metric, b->metric) ||
		!strcmp(a->metric, "score") || !strcmp(b->metric, "score"));
}

static bool is_quant_part(const char *s, size_t n)
{
	static const char *const starts[] = { "q", "qx", "iq", "mxfp", "nvfp", "bf", "fp", "f",
		"int", "w" };

	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		size_t k = strlen(starts[i]);

		if (k < n && !strncasecmp(starts[i], s, k) && isdigit((uint8_t)s[k]))
			return true;
	}
	return n == 2 && !strncasecmp(s, "hi", 2);
}

/* The next part of a name that says nothing of a quantization. */
static const char *next_part(const char **p, size_t *n)
{
	while (**p) {
		const char *s = *p;

		*n = strcspn(s, "-_ ");
		*p += *n + (s[*n] != 0);
		if (*n && !is_quant_part(s, *n))
			return s;
	}
	return NULL;
}

bool audit_siblings(const struct audit_in *in, size_t a, size_t b)
{
	const char *pa = str_base(in->variants.v[a].name), *pb = str_base(in->variants.v[b].name);

	for (;;) {
		size_t na = 0, nb = 0;
		const char *sa = next_part(&pa, &na), *sb = next_part(&pb, &nb);

		if (!sa || !sb)
			return sa == sb;
		if (na != nb || strncasecmp(sa, sb, na) != 0)
			return false;
	}
}

size_t audit_own(const struct audit_in *in)
{
	for (size_t i = 0; i < in->variants.n; i++)
		if (in->variants.v[i].own)
			return in->variants.v[i].same;
	return AUDIT_NONE;
}

size_t audit_tasks(const struct audit_in *in, const char **names, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < in->scores.n && n < max; i++) {
		const struct audit_score *s = &in->scores.v[i];
		bool known = !s->share || s->estimated;

		for (size_t k = 0; !known && k < n; k++)
			known = !strcmp(names[k], s->name);
		if (!known)
			names[n++] = s->name;
	}
	return n;
}

bool audit_mean(const struct audit_in *in, size_t variant, double *mean)
{
	const char *names[TASKS_MAX];
	size_t n = audit_tasks(in, names, TASKS_MAX);
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		const struct audit_score *s = audit_score(in, variant, names[i]);

		if (!s)
			return false;
		sum += s->value;
	}
	*mean = n ? sum / (double)n : NAN;
	return n > 0;
}

/* --- differences --- */

bool audit_tells_nothing(const struct audit_score *s, double *base, bool *below)
{
	double se, chance, majority, high;

	*below = false;
	if (!s->task || s->n <= 0 || !s->share)
		return false;
	chance = s->task->chance;
	majority = s->task->majority;
	if (isnan(chance) && isnan(majority))
		return false;
	se = sig_share_stderr(s->value, (double)s->n);
	high = fmax(isnan(chance) ? -1 : chance, isnan(majority) ? -1 : majority);
	*base = !isnan(majority) && fabs(s->value - majority) <= 2 * se ? majority
		: !isnan(chance) && fabs(s->value - chance) <= 2 * se ? chance : high;
	if (fabs(s->value - *base) <= 2 * se)
		return true;
	*below = s->value < high;
	return false;
}

/* Of variant b the score to hold against s: of the same row if there is one; b AUDIT_NONE: the best
 * of the others. */
static const struct audit_score *other(const struct audit_in *in, const struct audit_score *s,
	size_t b)
{
	const struct audit_score *found = NULL;

	for (size_t i = 0; i < in->scores.n; i++) {
		const struct audit_score *o = &in->scores.v[i];

		if (o->estimated || !o->share || o->variant == s->variant ||
			(b == AUDIT_NONE ? audit_siblings(in, s->variant, o->variant)
			: o->variant != b) || !audit_same_measure(s, o))
			continue;
		if (!found || (b == AUDIT_NONE ? o->value > found->value
			: o->line == s->line && found->line != s->line))
			found = o;
	}
	return found;
}

/* The score of a that b has one for. */
static const struct audit_score *first(const struct audit_in *in, size_t a, size_t b,
	const char *task, const struct audit_score **theirs)
{
	const struct audit_score *best = NULL;

	*theirs = NULL;
	for (size_t i = 0; i < in->scores.n; i++) {
		const struct audit_score *s = &in->scores.v[i], *o;

		if (s->variant != a || s->estimated || !s->share || strcmp(s->name, task) != 0)
			continue;
		o = other(in, s, b);
		if (o && (!best || (o->line == s->line && (*theirs)->line != best->line))) {
			best = s;
			*theirs = o;
		}
	}
	return best;
}

static void one(struct audit_difference *d)
{
	double base;
	bool below_a, below_b;

	d->value = d->a->value - d->b->value;
	d->n = d->a->n == d->b->n ? d->a->n : 0;
	d->items = llround(d->value * (double)d->n);
	d->stderr_ = d->z = d->p = d->p_holm = NAN;
	if (d->a->n > 0 && d->b->n > 0) {
		struct sig_test t = sig_shares(d->a->value, (double)d->a->n, d->b->value,
			(double)d->b->n);

		d->stderr_ = t.stderr_;
		d->z = t.z;
		d->p = t.p;
	}
	if (audit_tells_nothing(d->a, &base, &below_a) &&
		audit_tells_nothing(d->b, &base, &below_b))
		d->verdict = "no information";
}

size_t audit_compare(const struct audit_in *in, size_t a, size_t b, struct audit_difference *v,
	size_t max)
{
	const char *names[TASKS_MAX];
	size_t n_tasks = audit_tasks(in, names, TASKS_MAX), n = 0;
	double p[TASKS_MAX];

	for (size_t i = 0; i < n_tasks && n < max; i++) {
		struct audit_difference d = { 0 };

		d.a = first(in, a, b, names[i], &d.b);
		if (!d.a)
			continue;
		one(&d);
		p[n] = d.verdict ? NAN : d.p;
		v[n++] = d;
	}
	sig_holm(p, n);
	for (size_t i = 0; i < n; i++) {
		if (v[i].verdict)
			continue;
		v[i].p_holm = p[i];
		v[i].verdict = isnan(v[i].p) ? "" : p[i] < 0.05 ? "real"
			: p[i] < 0.10 || v[i].p < 0.05 ? "suggestive" : "noise";
	}
	return n;
}

bool audit_difference(const struct audit_in *in, size_t a, size_t b, const char *task,
	struct audit_difference *d)
{
	struct audit_difference v[TASKS_MAX];
	size_t n = audit_compare(in, a, b, v, TASKS_MAX);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].a->name, task)) {
			*d = v[i];
			return true;
		}
	return false;
}

char *audit_chance(const struct audit_difference *d)
{
	struct str s = STR_INIT;

	str_add(&s, "");
	if (d->n)
		str_addf(&s, "%lld of %lld questions, ", (long long)llabs((long long)d->items),
			(long long)d->n);
	if (!isnan(d->p))
		str_addf(&s, "z %.2f, p %.2g", d->z, d->p);
	if (!isnan(d->p_holm) && d->p < 0.1)
		str_addf(&s, " (%.2g with Holm's correction)", d->p_holm);
	if (*d->verdict)
		str_addf(&s, ": %s", d->verdict);
	return str_steal(&s);
}
