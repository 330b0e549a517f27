/* Sentences with a figure in them: differences, percents, points, counts of tasks, averages. Each
 * is held against every pair of variants it could mean. */
#include "audit/audit_in.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"

#define MENTIONS_MAX 16
#define PAIRS_MAX 256
#define TASKS_MAX 64
#define CLAIMS_MAX 400 /* a card says less */

/* What a sentence speaks of, and what the statement could be a difference of. */
struct statement {
	struct audit_in *in;
	const struct card_claim *x;
	struct audit_mention task[MENTIONS_MAX], variant[MENTIONS_MAX];
	size_t n_tasks, n_variants;
	size_t at;                 /* of the statement in the sentence */
	bool parents;              /* "better parent": against the best of the others */
};
struct pair {
	double a, b;               /* fractions of 1 */
	size_t variant_a, variant_b; /* AUDIT_NONE: the best of the others */
	const char *task;          /* NULL: of averages */
};
struct pairs {
	struct pair v[PAIRS_MAX];
	size_t n;
};

static struct statement statement_of(struct audit_in *in, const struct card_claim *x)
{
	struct statement s = { .in = in, .x = x, .at = (size_t)json_int(x->what, "at", 0) };

	s.n_tasks = audit_tasks_in(in, x->text, s.task, MENTIONS_MAX);
	s.n_variants = audit_variants_in(in, x->text, s.variant, MENTIONS_MAX);
	s.parents = audit_find(x->text, "parent") != NULL;
	return s;
}

/* The task that is meant: the last before the statement, else the first behind it. */
static const struct task *task_of(const struct statement *s)
{
	const struct task *t = s->n_tasks ? s->task[0].task : NULL;

	for (size_t i = 0; i < s->n_tasks && s->task[i].at < s->at; i++)
		t = s->task[i].task;
	return t;
}

static bool says(const struct card *c, int64_t line, const char *text, const char *kind)
{
	for (size_t i = 0; i < c->claims.n; i++)
		if (c->claims.v[i].line >= line - 2 && c->claims.v[i].line <= line + 2 &&
			!strcmp(c->claims.v[i].kind, kind) && !strcmp(c->claims.v[i].text, text))
			return true;
	return false;
}

/* The sentence, or one beside it, says that it is chance. */
static bool says_noise(const struct statement *s)
{
	const struct card_claim *x;

	for (size_t i = 0; (x = audit_claim(s->in, "noise", i)); i++)
		if (x->line >= s->x->line - 1 && x->line <= s->x->line + 1)
			return true;
	return says(s->in->c, s->x->line, s->x->text, "noise");
}

/* --- pairs --- */

static bool mentioned(const struct statement *s, size_t variant)
{
	for (size_t i = 0; i < s->n_variants; i++)
		if (s->variant[i].variant == variant)
			return true;
	return false;
}

static size_t variants_mentioned(const struct statement *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_variants; i++) {
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again |= s->variant[k].variant == s->variant[i].variant;
		n += !again;
	}
	return n;
}

/* Those that the sentence names are meant, if it names any. */
static bool is_meant(const struct statement *s, size_t a, size_t b)
{
	size_t n = variants_mentioned(s);

	return a != b && (size_t)mentioned(s, a) + mentioned(s, b) >= (n < 2 ? n : 2);
}

static void add_pairs(const struct statement *s, const char *task, struct pairs *out)
{
	const struct audit_in *in = s->in;

	for (size_t i = 0; i < in->scores.n; i++)
		for (size_t k = 0; k < in->scores.n && out->n < PAIRS_MAX; k++) {
			const struct audit_score *a = &in->scores.v[i], *b = &in->scores.v[k];

			if (a->share && b->share && !a->estimated && !b->estimated && !a->again &&
				!b->again && !strcmp(a->name, task) && audit_same_measure(a, b) &&
				is_meant(s, a->variant, b->variant))
				out->v[out->n++] = (struct pair){ a->value, b->value, a->variant,
					b->variant, task };
		}
}

static void add_means(const struct statement *s, struct pairs *out)
{
	for (size_t a = 0; a < s->in->variants.n; a++)
		for (size_t b = 0; b < s->in->variants.n && out->n < PAIRS_MAX; b++) {
			double va, vb;

			if (is_meant(s, a, b) && audit_mean(s->in, a, &va) &&
				audit_mean(s->in, b, &vb))
				out->v[out->n++] = (struct pair){ va, vb, a, b, NULL };
		}
}

/* Pairs that the statement could be about: of the tasks of the sentence, the nearest first; of
 * averages; or of any task. */
static void pairs_of(const struct statement *s, struct pairs *out)
{
	const struct task *t = task_of(s);
	const char *names[TASKS_MAX];
	size_t n;

	out->n = 0;
	if (t) {
		add_pairs(s, t->name, out);
		for (size_t i = 0; i < s->n_tasks; i++)
			if (s->task[i].task != t)
				add_pairs(s, s->task[i].task->name, out);
		return;
	}
	if (audit_find(s->x->text, "average") || audit_find(s->x->text, "mean")) {
		add_means(s, out);
		return;
	}
	n = audit_tasks(s->in, names, TASKS_MAX);
	for (size_t i = 0; i < n; i++)
		add_pairs(s, names[i], out);
}

/* "the previous one", "Merino 3": no "chance", no "half". */
static bool is_name(const char *p)
{
	static const char *const others[] =
		{ "previous", "older", "old", "earlier", "last", "other",
		"former", "similar", "comparable" };
	size_t n;

	if (!strncmp(p, "the ", 4) || !strncmp(p, "its ", 4))
		p += 4;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (!strncmp(p, others[i], strlen(others[i])))
			return true;
	n = strcspn(p, " .,;:)");
	for (size_t i = 0; i < n; i++)
		if (isdigit((uint8_t)p[i]) || isupper((uint8_t)p[i]))
			return true;
	return false;
}

/* "than the old one": a model that is none of the card's. */
static bool has_stranger(const struct statement *s)
{
	static const char *const words[] = { " than ", " against ", " over ", " vs ", " vs. ",
		" compared to ", " compared with " };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		for (const char *p = s->x->text; (p = audit_find(p, words[i])); p++) {
			size_t at = (size_t)(p - s->x->text) + strlen(words[i]);
			bool known = false;

			for (size_t k = 0; k < s->n_variants; k++)
				known |= s->variant[k].at >= at && s->variant[k].at < at + 24;
			if (!known && is_name(s->x->text + at))
				return true;
		}
	return false;
}

/* The pair that is meant beyond doubt: one task, two variants. NULL: there is doubt. */
static const struct pair *certain(const struct statement *s, const struct pairs *p)
{
	for (size_t i = 1; i < s->n_tasks; i++)
		if (s->task[i].task != s->task[0].task)
			return NULL;
	return s->n_tasks && p->n && p->n <= 2 && !has_stranger(s) ? &p->v[0] : NULL;
}

static char *pair_words(const struct statement *s, const struct pair *p)
{
	return xasprintf("%s %.4g, %s %.4g", audit_variant_name(s->in, p->variant_a), p->a,
		audit_variant_name(s->in, p->variant_b), p->b);
}

/* --- one difference: in the value's own unit, or in percent of the second --- */

static double relative(const struct pair *p)
{
	return 100 * (p->a / p->b - 1);
}

static void report_chance(const struct statement *s, const struct pair *p, const char *claim,
	double stated, double computed, const char *how)
{
	struct audit_difference d;
	bool known = p->task && audit_difference(s->in, p->variant_a, p->variant_b, p->task, &d);
	bool real = known && !strcmp(d.verdict, "real");
	bool noted = says_noise(s);
	char *chance = known ? audit_chance(&d) : xstrdup("");
	bool meant = says(s->in->c, s->x->line, s->x->text, "meaning");
	bool empty = known && !real && !noted && meant && *d.verdict &&
		!audit_near(d.value, 0, 1e-9);

	audit_say(s->in, empty ? AUDIT_UNSUPPORTED : AUDIT_RIGHT, s->x->line, claim,
		json_number(stated), json_number(computed), "%s%s%s", how, empty ?
		", but nothing follows from it: " : *chance ? "; " : "", chance);
	free(chance);
}

static void check_difference(const struct statement *s)
{
	struct pairs all;
	double stated = json_num(s->x->what, "value", NAN);
	double tolerance = 3 * audit_half(audit_decimals(s->x->text + s->at));
	bool bare = !memchr(s->x->text + s->at, '+', (size_t)json_int(s->x->what, "n", 0)) &&
		!memchr(s->x->text + s->at, '-', (size_t)json_int(s->x->what, "n", 0));
	char *claim = audit_words(s->x);

	pairs_of(s, &all);
	for (size_t i = 0; i < all.n; i++) {
		const struct pair *p = &all.v[i];

		if (!audit_near(p->a - p->b, stated, tolerance) &&
			!(bare && audit_near(p->b - p->a, stated, tolerance)))
			continue;
		char *words = pair_words(s, p),
			*how = xasprintf("the difference is right (%s)", words);
		report_chance(s, p, claim, stated, p->a - p->b, how);
		free(how);
		free(words);
		free(claim);
		return;
	}
	if (certain(s, &all)) {
		const struct pair *p = (stated < 0) == (all.v[0].a < all.v[0].b) ? &all.v[0]
			: &all.v[all.n - 1];
		char *words = pair_words(s, p);

		audit_say(s->in, AUDIT_WRONG, s->x->line, claim, json_number(stated),
			json_number(p->a - p->b), "%s: the difference is %+.3f", words,
			p->a - p->b);
		free(words);
	}
	free(claim);
}

/* Sizes in the sentence: "29% smaller: 2.51 GB in place of 3.52 GB". */
static void size_percent(const struct statement *s, double stated)
{
	double v[2] = { NAN, NAN };
	size_t n = 0;
	char *claim;

	for (const char *p = s->x->text; n < 2 && *p; p++) {
		char *end;
		double x;

		if (*p < '0' || *p > '9' || (p > s->x->text && (p[-1] == '.' || (p[-1] >= '0' &&
			p[-1] <= '9'))))
			continue;
		x = strtod(p, &end);
		end += *end == ' ';
		if (!strncmp(end, "GB", 2) || !strncmp(end, "MB", 2))
			v[n++] = x;
	}
	if (n < 2)
		return;
	const char *word = json_text(s->x->what, "word", "");
	double low = fmin(v[0], v[1]), high = fmax(v[0], v[1]);
	double percent = 100 * (high - low) / (audit_find(word, "more") ||
		audit_find(word, "larger") || audit_find(word, "higher") ? low : high);
	bool right = audit_near(stated, percent, 0.6);

	claim = audit_words(s->x);
	audit_say(s->in, right ? AUDIT_RIGHT : AUDIT_WRONG, s->x->line, claim, json_number(stated),
		json_number(percent), "%g against %g is %.1f %%", v[0], v[1], percent);
	free(claim);
}

/* In percent of the lower one if the sentence praises the higher, and the other way round. */
static double percent_of_other(const struct statement *s, const struct pair *p)
{
	const char *word = json_text(s->x->what, "word", "");
	bool up = audit_find(word, "high") || audit_find(word, "better") ||
		audit_find(word, "more") || audit_find(word, "gain") || audit_find(word, "faster");
	double low = fmin(p->a, p->b), high = fmax(p->a, p->b);

	return 100 * (high - low) / (up ? low : high);
}

/* Points, or ten times the points, that were called percent. */
static void wrong_percent(const struct statement *s, const struct pairs *all, double stated,
	const char *claim)
{
	const struct pair *p;

	for (size_t i = 0; i < all->n; i++) {
		double points = 100 * fabs(all->v[i].a - all->v[i].b), real;
		bool tenfold = points > 0 && audit_near(stated, 10 * points, 0.5);

		p = &all->v[i];
		real = percent_of_other(s, p);
		if (!tenfold && !audit_near(stated, points, 0.051))
			continue;
		audit_say(s->in, tenfold ? AUDIT_WRONG : AUDIT_MISLEADING, s->x->line, claim,
			json_number(stated), json_number(real), "%.3f and %.3f differ by %.1f "
			"points, which is %.2f %% of the other, not %g %%%s", p->a, p->b, points,
			real, stated, tenfold ? ": ten times overstated"
			: ": points are not percent");
		return;
	}
	p = certain(s, all);
	if (p)
		audit_say(s->in, AUDIT_WRONG, s->x->line, claim, json_number(stated),
			json_number(percent_of_other(s, p)), "%.3f and %.3f differ by %.1f points "
			"or %.2f %%", p->a, p->b, 100 * fabs(p->a - p->b), percent_of_other(s, p));
}

static void check_relative(const struct statement *s)
{
	double stated = json_num(s->x->what, "percent", NAN), of = json_num(s->x->what, "of", NAN);
	double tolerance = 2 * audit_half(audit_decimals(s->x->text + s->at) ? 1 : 0);
	struct pairs all;
	char *claim;

	if (!task_of(s) && !audit_find(s->x->text, "average")) { /* of a size, or of what not */
		size_percent(s, stated);
		return;
	}
	pairs_of(s, &all);
	claim = audit_words(s->x);
	for (size_t i = 0; i < all.n; i++) {
		const struct pair *p = &all.v[i];

		if (!audit_near(fabs(relative(p)), stated, tolerance) ||
			(!isnan(of) && !audit_near(of, p->b, 1e-6)))
			continue;
		char *words = pair_words(s, p), *how = xasprintf("%s: %.2f %%", words, relative(p));
		report_chance(s, p, claim, stated, fabs(relative(p)), how);
		free(how);
		free(words);
		free(claim);
		return;
	}
	wrong_percent(s, &all, stated, claim);
	free(claim);
}

static void check_points(const struct statement *s)
{
	double stated = json_num(s->x->what, "points", NAN);
	struct pairs all;
	char *claim = audit_words(s->x);

	pairs_of(s, &all);
	for (size_t i = 0; i < all.n; i++) {
		const struct pair *p = &all.v[i];
		double points = 100 * fabs(p->a - p->b);

		if (!audit_near(points, stated, 0.101))
			continue;
		char *words = pair_words(s, p), *how = xasprintf("%s: %.1f points", words, points);
		report_chance(s, p, claim, stated, points, how);
		free(how);
		free(words);
		free(claim);
		return;
	}
	if (certain(s, &all))
		audit_say(s->in, AUDIT_WRONG, s->x->line, claim, json_number(stated),
			json_number(100 * fabs(all.v[0].a - all.v[0].b)), "%.3f and %.3f differ by "
			"%.1f points", all.v[0].a, all.v[0].b, 100 * fabs(all.v[0].a - all.v[0].b));
	free(claim);
}

/* "0.649 vs q4-hi's 0.639" */
static void check_versus(const struct statement *s)
{
	double a = json_num(s->x->what, "a", NAN), b = json_num(s->x->what, "b", NAN);
	struct pairs all;
	char *claim = audit_words(s->x);

	pairs_of(s, &all);
	for (size_t i = 0; i < all.n; i++)
		if (audit_near(all.v[i].a, a, 1e-6) && audit_near(all.v[i].b, b, 1e-6)) {
			char *how = xasprintf("the difference is %+.3f", a - b);

			report_chance(s, &all.v[i], claim, a - b, a - b, how);
			free(how);
			break;
		}
	free(claim);
}

/* --- counts --- */

/* The one that is said to be better: the last before the word that compares. */
static size_t subject_of(const struct statement *s, bool *loses, bool *ties)
{
	static const struct { const char *word; int sense; } words[] = {
		{ "better", 1 }, { "higher", 1 }, { "ahead", 1 }, { "wins", 1 }, { "win ", 1 },
		{ "best", 1 }, { "improve", 1 }, { "beats", 1 }, { "outperform", 1 },
		{ "surpass", 1 }, { "worse", -1 }, { "lower", -1 }, { "loses", -1 },
			{ "behind", -1 },
		{ "equal", 0 }, { "tie", 0 }, { "identical", 0 },
	};
	size_t place = 0, subject = AUDIT_NONE;
	int sense = 2;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		for (const char *p = s->x->text; (p = audit_find(p, words[i].word)); p++)
			if ((size_t)(p - s->x->text) < s->at && (size_t)(p - s->x->text) >= place) {
				place = (size_t)(p - s->x->text);
				sense = words[i].sense;
			}
	*loses = sense == -1;
	*ties = sense == 0;
	if (sense == 2)
		return AUDIT_NONE;
	/* "better than the better parent": what is praised stands before the first of them. */
	for (size_t i = 0; i < sizeof words / sizeof words[0] && sense == 1; i++) {
		const char *p = audit_find(s->x->text, words[i].word);

		if (p && words[i].sense == 1 && (size_t)(p - s->x->text) < place)
			place = (size_t)(p - s->x->text);
	}
	for (size_t i = 0; i < s->n_variants && s->variant[i].at < place; i++)
		subject = s->variant[i].variant;
	return subject != AUDIT_NONE ? subject : s->parents ? audit_own(s->in) : AUDIT_NONE;
}

static size_t with_scores(const struct audit_in *in, size_t not, size_t *other)
{
	size_t n = 0;

	for (size_t v = 0; v < in->variants.n; v++) {
		bool any = false;

		for (size_t i = 0; v != not && i < in->scores.n; i++)
			any |= in->scores.v[i].variant == v && in->scores.v[i].share;
		if (any) {
			*other = v;
			n++;
		}
	}
	return n;
}

/* What the subject is compared with: the one other model of the sentence; the best of the others,
 * AUDIT_NONE, for "the better parent"; the only other one there is. */
static bool against_of(const struct statement *s, size_t subject, size_t *other)
{
	size_t n = 0;

	*other = AUDIT_NONE;
	if (subject == AUDIT_NONE)
		return false;
	for (size_t i = 0; i < s->n_variants; i++)
		if (s->variant[i].variant != subject && s->variant[i].variant != *other) {
			*other = s->variant[i].variant;
			n++;
		}
	if (n == 1)
		return true;
	n = with_scores(s->in, subject, other);
	if (s->parents && n > 1)
		*other = AUDIT_NONE;
	return n == 1 || (n > 1 && s->parents);
}

static void check_count(const struct statement *s)
{
	bool loses, ties;
	size_t subject = subject_of(s, &loses, &ties), other = AUDIT_NONE;
	struct audit_difference d[TASKS_MAX];
	size_t n, won = 0, lost = 0, level = 0, k = (size_t)json_int(s->x->what, "k", -1);
	size_t total = (size_t)json_num(s->x->what, "total", 0), is;
	char *claim, *counts;

	if (json_num(s->x->what, "k", -1) >= 0)
		k = (size_t)json_num(s->x->what, "k", 0);
	if (!against_of(s, subject, &other))
		return;
	n = audit_compare(s->in, subject, other, d, TASKS_MAX);
	if (!n || total < n) /* "2 of 3 tasks of reasoning" */
		return;
	for (size_t i = 0; i < n; i++) {
		won += d[i].value > 1e-9;
		lost += d[i].value < -1e-9;
		level += fabs(d[i].value) <= 1e-9;
	}
	is = loses ? lost : ties ? level : won;
	claim = audit_words(s->x);
	counts = xasprintf("%s against %s: %zu better, %zu equal, %zu worse",
		audit_variant_name(s->in, subject), audit_variant_name(s->in, other), won, level,
		lost);
	audit_say(s->in, is == k && total == n ? AUDIT_RIGHT : AUDIT_WRONG, s->x->line, claim,
		json_integer((json_int_t)k), json_integer((json_int_t)is), "%s%s", counts,
		total != n ? "; the number of tasks is another one"
		: is == won + level && k == is &&
		level ? "; a tie is no win" : won + level == k && level && !loses && !ties
		? "; a tie is no win" : "");
	free(counts);
	free(claim);
}

/* "better on all tasks" */
static void check_every(const struct statement *s)
{
	struct statement from = *s;
	bool loses, ties;
	size_t subject, other = AUDIT_NONE, n, right = 0;
	struct audit_difference d[TASKS_MAX];

	from.at += strlen(json_text(s->x->what, "word", "")) + 1; /* its own word compares */
	subject = subject_of(&from, &loses, &ties);
	if (has_stranger(s) || !against_of(s, subject, &other))
		return;
	n = audit_compare(s->in, subject, other, d, TASKS_MAX);
	for (size_t i = 0; i < n; i++)
		right += loses ? d[i].value < -1e-9 : d[i].value > 1e-9;
	if (n) {
		char *claim = audit_words(s->x);

		audit_say(s->in, right == n ? AUDIT_RIGHT : AUDIT_WRONG, s->x->line, claim,
			json_integer((json_int_t)n), json_integer((json_int_t)right),
			"%zu of %zu tasks", right, n);
		free(claim);
	}
}

static void check_questions(const struct statement *s)
{
	double k = json_num(s->x->what, "k", NAN), total = json_num(s->x->what, "total", NAN);
	const char *names[TASKS_MAX];
	size_t n = audit_tasks(s->in, names, TASKS_MAX);

	for (size_t i = 0; i < n; i++) {
		const struct task *t = task_find(names[i]);
		struct pairs all = { .n = 0 };

		if (!t || (double)t->questions != total)
			continue;
		add_pairs(s, names[i], &all);
		for (size_t p = 0; p < all.n; p++) {
			double items = (all.v[p].a - all.v[p].b) * total;
			char *claim;

			if (!audit_near(items, k, 1 + 0.001 * total))
				continue;
			claim = audit_words(s->x);
			audit_say(s->in, AUDIT_RIGHT, s->x->line, claim, json_number(k),
				json_number(round(items)), "%.3f - %.3f of %g questions is %.0f",
				all.v[p].a, all.v[p].b, total, items);
			free(claim);
			return;
		}
	}
}

/* --- averages --- */

static void check_average(const struct statement *s)
{
	double from = json_num(s->x->what, "from", NAN), to = json_num(s->x->what, "to", NAN);
	double scale = to > 1 ? 100 : 1, best_from = NAN, best_to = NAN;
	double tolerance = 2 * audit_half(audit_decimals(s->x->text + s->at));
	char *claim;

	for (size_t v = 0; v < s->in->variants.n; v++) {
		double mean;

		if (!audit_mean(s->in, v, &mean))
			continue;
		mean *= scale;
		if (!(fabs(best_from - from) <= fabs(mean - from)))
			best_from = mean;
		if (!(fabs(best_to - to) <= fabs(mean - to)))
			best_to = mean;
	}
	if (isnan(best_from) || isnan(best_to) || s->n_tasks)
		return;
	bool right = audit_near(best_from, from, tolerance) && audit_near(best_to, to, tolerance);

	claim = audit_words(s->x);
	audit_say(s->in, right ? AUDIT_RIGHT : AUDIT_WRONG, s->x->line, claim, json_number(to),
		json_number(best_to), "averages over all tasks that are nearest: %.3f and %.3f",
		best_from, best_to);
	free(claim);
}

/* "an average of 0.649": of one of the models. */
static void check_mean(const struct statement *s)
{
	double stated = json_num(s->x->what, "value", NAN), nearest = NAN;
	double scale = stated > 1 ? 100 : 1;
	double tolerance = 2 * audit_half(audit_decimals(s->x->text + s->at));
	size_t n = 0;
	bool right;
	char *claim;

	for (size_t v = 0; v < s->in->variants.n; v++) {
		double mean;

		if ((s->n_variants && !mentioned(s, v)) || !audit_mean(s->in, v, &mean))
			continue;
		n++;
		if (!(fabs(nearest - stated) <= fabs(scale * mean - stated)))
			nearest = scale * mean;
	}
	right = audit_near(nearest, stated, tolerance);
	if (!n || s->n_tasks || (!right && n > 1))
		return;
	claim = audit_words(s->x);
	audit_say(s->in, right ? AUDIT_RIGHT : AUDIT_WRONG, s->x->line, claim, json_number(stated),
		json_number(nearest), "the average over all of its tasks is %.4g", nearest);
	free(claim);
}

void audit_check_statements(struct audit_in *in)
{
	static const struct { const char *kind; void (*check)(const struct statement *s);
		} kinds[] = {
		{ "difference", check_difference }, { "relative", check_relative },
		{ "points", check_points }, { "versus", check_versus }, { "count", check_count },
		{ "every_task", check_every }, { "questions", check_questions },
			{ "average", check_average },
		{ "mean_is", check_mean },
	};

	for (size_t i = 0; i < in->c->claims.n && i < CLAIMS_MAX; i++)
		for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
			if (!strcmp(in->c->claims.v[i].kind, kinds[k].kind)) {
				struct statement s = statement_of(in, &in->c->claims.v[i]);

				kinds[k].check(&s);
			}
}
