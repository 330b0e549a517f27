/* Scores by themselves: what guessing gives, what no number of questions gives, what was copied,
 * what was measured another way. */
#include "audit/audit_in.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "compare/significance.h"

static char *cell(const struct audit_score *s)
{
	return xasprintf("%s %.4g", s->name, s->value);
}

/* --- baselines --- */

static void nothing_told(struct audit_in *in, const struct audit_score *s)
{
	double base, se = sig_share_stderr(s->value, (double)s->n);
	bool below, nothing = audit_tells_nothing(s, &base, &below);
	const char *how = !isnan(s->task->majority) && base == s->task->majority
		? "always giving the commonest answer" : "guessing";
	bool compared = false;
	char *claim;

	if (!nothing && !below)
		return;
	for (size_t i = 0; i < in->scores.n; i++)
		compared |= in->scores.v[i].variant != s->variant &&
			audit_same_measure(&in->scores.v[i], s);
	claim = cell(s);
	if (audit_find(in->c->text, "majority")) /* the card says so itself */
		audit_say(in, AUDIT_RIGHT, s->line, claim, json_number(s->value), json_number(base),
			"%s gives %.4f, as the card says", how, base);
	else if (below)
		audit_say(in, AUDIT_MISLEADING, s->line, claim, json_number(s->value),
			json_number(base), "%s gives %.4f, and this is %.1f points below it (z "
			"%.1f): the protocol may be broken; measure it again", how, base,
			100 * (base - s->value),
			(s->value - base) / se);
	else
		audit_say(in, compared ? AUDIT_UNSUPPORTED : AUDIT_RIGHT, s->line, claim,
			json_number(s->value),
			json_number(base), "%s gives %.4f, and %.4g is within two standard errors "
			"(%.4f) of that: no information", how, base, s->value, se);
	free(claim);
}

/* --- cells that stand twice --- */

static void copied(struct audit_in *in, const struct audit_score *s)
{
	for (size_t i = 0; i < in->scores.n; i++) {
		const struct audit_score *o = &in->scores.v[i];
		bool below, odd = s->estimated;
		double base;
		char *claim;

		if (o == s || !strcmp(o->name, s->name) || fabs(o->value - s->value) > 1e-9 ||
			o->estimated || !o->share)
			continue;
		/* Equal cells of one row happen; with one that is odd anyway they mean
		 * something. */
		if (!odd && o->variant == s->variant && o->line == s->line)
			odd = s->task && (audit_tells_nothing(s, &base, &below) || below);
		if (!odd)
			continue;
		claim = xasprintf("%s %.4g twice", s->name, s->value);
		audit_say(in, AUDIT_UNSUPPORTED, s->line, claim, json_number(s->value),
			json_number(o->value), "the same figure as %s of %s on line %lld: a cell "
			"copied from another benchmark?", o->name,
			audit_variant_name(in, o->variant),
			(long long)o->line);
		free(claim);
		return;
	}
}

/* --- GRIM: Brown and Heathers 2017. A share of n questions is k / n --- */

static int decimals_of(double v)
{
	for (int d = 0; d < 6; d++) {
		double scaled = v * pow(10, d);

		if (fabs(scaled - round(scaled)) < 1e-6)
			return d;
	}
	return 6;
}

static void impossible(struct audit_in *in, const struct audit_score *s)
{
	/* Those that are scored by one choice a question; means of means are none. */
	static const char *const tasks[] = { "arc_challenge", "arc_easy", "boolq", "hellaswag",
		"openbookqa", "piqa", "winogrande", "commonsense_qa" };
	int d = decimals_of(s->value);
	double n = (double)s->n, k = round(s->value * n);
	bool counted = false, possible = false;
	char *claim;

	for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++)
		counted |= !strcmp(tasks[i], s->name);
	for (double x = k - 1; x <= k + 1; x++)
		possible |= fabs(x / n - s->value) <= audit_half(d) * 1.000001 + 1e-12;
	if (!counted || possible)
		return;
	claim = cell(s);
	audit_say(in, AUDIT_UNSUPPORTED, s->line, claim, json_number(s->value), json_number(k / n),
		"no whole number of %lld questions gives %.*f: %.0f of them are %.*f; another "
		"number of questions, or a slip of the pen", (long long)s->n, d, s->value, k, d + 1,
		k / n);
	free(claim);
}

/* The error that a card states against what counting gives. 95 % intervals are twice that. */
static void spread(struct audit_in *in, const struct audit_score *s)
{
	double is = sig_share_stderr(s->value, (double)s->n), ratio = s->stderr_ / is;
	char *claim;

	if (isnan(ratio) || isnan(s->task->chance) || !strcmp(s->name, "mmlu"))
		return;
	bool right = ratio > 0.9 && ratio < 1.1, interval = ratio > 1.8 && ratio < 2.1;

	claim = xasprintf("%s +- %.3g", s->name, s->stderr_);
	if (right || interval)
		audit_say(in, AUDIT_RIGHT, s->line, claim, json_number(s->stderr_),
			json_number(is), interval ? "twice the standard error of %lld questions, "
			"%.4f: a 95 %% interval" : "the standard error of %lld questions is %.4f",
			(long long)s->n, is);
	else if (ratio < 0.6)
		audit_say(in, AUDIT_MISLEADING, s->line, claim, json_number(s->stderr_),
			json_number(is), "%lld questions give a standard error of %.4f: less is no "
			"error of this measurement", (long long)s->n, is);
	free(claim);
}

/* Rows that sum to the same, to the last digit: said, since it may be a row copied in part. */
static void same_sums(struct audit_in *in)
{
	for (size_t a = 0; a < in->variants.n; a++)
		for (size_t b = a + 1; b < in->variants.n; b++) {
			const struct audit_score *row = NULL, *other = NULL;
			double ma, mb;

			for (size_t i = 0; i < in->scores.n; i++) {
				const struct audit_score *s = &in->scores.v[i];

				if (s->variant == a && !row)
					row = s;
				if (s->variant == b && !other)
					other = s;
			}
			if (!row || !other || !audit_mean(in, a, &ma) || !audit_mean(in, b, &mb) ||
				!audit_near(ma, mb, 1e-9))
				continue;
			audit_say(in, AUDIT_RIGHT, other->line, "the same average",
				json_number(ma), json_number(mb), "%s and %s average %.4f, to the "
				"last digit: a coincidence, or a row that was copied in part",
				audit_variant_name(in, a), audit_variant_name(in, b), ma);
		}
}

static void too_alike(struct audit_in *in, const struct audit_score *easy)
{
	const struct audit_score *hard = audit_score(in, easy->variant, "arc_challenge");

	if (strcmp(easy->name, "arc_easy") != 0 || !hard || easy->value - hard->value > 0.08 ||
		hard->value < 0.33)
		return;
	char *claim = xasprintf("arc_easy near arc_challenge: %s",
		audit_variant_name(in, easy->variant));

	audit_say(in, AUDIT_UNSUPPORTED, easy->line, claim, json_number(easy->value),
		json_number(easy->value - hard->value), "%.3f on the easy "
		"questions and %.3f on the hard ones of %s: usually some 0.2 lie between; a chat "
		"template put around the questions does this", easy->value, hard->value,
		audit_variant_name(in, easy->variant));
	free(claim);
}

void audit_check_baselines(struct audit_in *in)
{
	for (size_t i = 0; i < in->scores.n; i++) {
		const struct audit_score *s = &in->scores.v[i];

		if (!s->share)
			continue;
		copied(in, s);
		if (s->estimated || s->again || !s->task || s->n <= 0)
			continue;
		nothing_told(in, s);
		impossible(in, s);
		spread(in, s);
		too_alike(in, s);
	}
	same_sums(in);
}

/* --- protocols --- */

static double bits_of(const char *quant)
{
	static const struct { const char *name; double bits; } known[] = {
		{ "q8-hi", 9 }, { "q6-hi", 7 }, { "q5-hi", 6 }, { "q4-hi", 5 }, { "q3-hi", 4 },
		{ "q8", 8.5 }, { "q6", 6.5 }, { "q5", 5.5 }, { "q4", 4.5 }, { "q3", 3.5 },
		{ "mxfp8", 8.25 }, { "mxfp4", 4.25 }, { "nvfp4", 4.5 }, { "bf16", 16 },
		{ "f16", 16 }, { "fp16", 16 },
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (!strcasecmp(known[i].name, quant))
			return known[i].bits;
	return NAN;
}

static void add_bits(struct str *s, const char *quant)
{
	double bits = bits_of(quant);

	str_add(s, quant);
	if (!isnan(bits))
		str_addf(s, " (%.4g bits)", bits);
}

static bool is_merge(const struct audit_in *in)
{
	for (size_t i = 0; i < in->c->parents.n; i++)
		if (in->c->parents.v[i].relation && !strcmp(in->c->parents.v[i].relation, "merge"))
			return true;
	return in->recipe != NULL;
}

/* A parent in another quantization: its difference to the merge is of both. */
static void across(struct audit_in *in, size_t own)
{
	const char *mine = in->variants.v[own].quant;

	for (size_t i = 0; i < in->scores.n; i++) {
		const struct audit_score *s = &in->scores.v[i];
		struct str a = STR_INIT, b = STR_INIT;
		char *claim;

		if (!mine || !s->quant || !strcasecmp(s->quant, mine) || s->variant == own ||
			s->again || audit_siblings(in, s->variant, own))
			continue;
		add_bits(&a, s->quant);
		add_bits(&b, mine);
		claim = xasprintf("scores of %s", audit_variant_name(in, s->variant));
		audit_say(in, AUDIT_MISLEADING, s->line, claim, json_textn(s->quant),
			json_textn(mine), "measured in %s, the card's model in %s: a difference "
			"between them is of the models and of the quantizations", a.s, b.s);
		free(claim);
		str_fini(&a);
		str_fini(&b);
	}
}

bool audit_quantized(const struct audit_in *in)
{
	static const char *const words[] = { "exl2", "exl3", "gguf", "gptq", "awq", "mlx", "bpw",
		"4bit", "8bit", NULL };
	const char *name = in->f->model ? in->f->model : in->c->name ? in->c->name : "";

	for (size_t i = 0; words[i]; i++)
		if (audit_word(name, words[i]))
			return true;
	return !strncmp(json_text(in->c->quantization, "container", ""), "exl", 3);
}

static void leaderboard(struct audit_in *in)
{
	const struct card_claim *x = audit_claim(in, "leaderboard", 0);
	double bits = json_num(in->c->quantization, "bits_per_weight", NAN);
	char *what;

	if (!x || !audit_quantized(in) || audit_claim(in, "measured_here", 0))
		return;
	what = isnan(bits) ? xstrdup("quantized")
		: xasprintf("quantized to %g bits per weight", bits);
	audit_say(in, AUDIT_MISLEADING, x->line, x->text, NULL, NULL, "the leaderboard measures "
		"models in 16 bits; this card is of a file that is %s: these figures belong to "
		"another artifact",
		what);
	free(what);
}

/* By likelihood HellaSwag is the easier one for every model. */
static void generative(struct audit_in *in)
{
	size_t own = audit_own(in);
	const struct audit_score *arc = own == AUDIT_NONE ? NULL : audit_score(in, own,
		"arc_challenge");
	const struct audit_score *hs = arc ? audit_score(in, own, "hellaswag") : NULL;
	const char *names[4];

	if (!hs || arc->value <= hs->value || arc->value < 0.7)
		return;
	if (audit_tasks(in, names, 4) && in->variants.n > 1)
		return;
	audit_say(in, AUDIT_UNSUPPORTED, arc->line, "arc_challenge above hellaswag",
		json_number(arc->value), json_number(arc->value - hs->value), "ARC Challenge %.3f "
		"over HellaSwag %.3f: by likelihood it is the other way round, so answers were "
		"generated; the card does not say how, has no row of the baseline, and nothing can "
		"be compared with these figures", arc->value, hs->value);
}

/* The card draws differences, and does not say that some are none. */
static bool compares(const struct audit_in *in)
{
	static const char *const kinds[] = { "difference", "points", "relative", "surpass", "count",
		"every_task", "average", "versus" };
	static const char *const fair[] = { "not comparable", "not compared", "cannot be compared",
		"different quantization", "another quantization", "other quantization" };
	bool any = false;

	for (size_t i = 0; i < sizeof fair / sizeof fair[0]; i++)
		if (audit_find(in->c->text, fair[i]))
			return false;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		any |= audit_claim(in, kinds[i], 0) != NULL;
	for (size_t i = 0; i < in->c->tables.n; i++)
		any |= audit_column_of(&in->c->tables.v[i], (const char *const[]){ "delta",
			"difference", "synergy", "diff", NULL }) != AUDIT_NONE;
	return any;
}

void audit_check_protocols(struct audit_in *in)
{
	size_t own = audit_own(in);

	if (own != AUDIT_NONE && is_merge(in) && compares(in))
		across(in, own);
	leaderboard(in);
	generative(in);
}
