/* The recipe of a card: what lint says of its keys, and what its comments say of them. */
#include "audit/audit_in.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "recipe/lint.h"

static int64_t line_of(const struct audit_in *in, int line)
{
	return in->c->recipe_line + line - 1;
}

/* Text of a line without its comment. */
static char *key_text(const struct audit_in *in, int64_t line)
{
	const char *s = audit_line(in, line);
	size_t n;

	s += strspn(s, " -");
	n = strcspn(s, "#");
	while (n && s[n - 1] == ' ')
		n--;
	return xstrndup(s, n);
}

static bool has_comment(const struct audit_in *in, int64_t line)
{
	return strchr(audit_line(in, line), '#') != NULL;
}

static bool listed(const char *code, const char *const *codes)
{
	for (; *codes; codes++)
		if (!strcmp(code, *codes))
			return true;
	return false;
}

static json_t *number_in(const char *text)
{
	const char *colon = strrchr(text, ':');
	char *end;
	double v = colon ? strtod(colon + 1, &end) : 0;

	return colon && end > colon + 1 && !*end ? json_number(v) : json_textn(colon ? colon + 1 +
		strspn(colon + 1, " ") : text);
}

/* A key that nobody reads is wrong as a statement; one that is read and changes nothing misleads
 * where something is said of it, or where lint warns of it. */
static void finding(struct audit_in *in, const struct finding *x)
{
	static const char *const dead[] = { "unknown-parameter", "unknown-key", "misplaced-key",
		"global-only", NULL };
	static const char *const idle[] = { "base-skipped", "no-effect", "duplicate-key",
		"filter-shadowed", "nothing-dropped", "weights-zero", NULL };
	int64_t line = line_of(in, x->line);
	char *claim = key_text(in, line);

	if (strstr(in->c->text, x->message)) /* the card says so itself */
		audit_say(in, AUDIT_RIGHT, line, claim, number_in(claim), NULL, "%s", x->message);
	else if (x->severity == SEV_ERROR || listed(x->code, dead))
		audit_say(in, AUDIT_WRONG, line, claim, number_in(claim), NULL, "%s%s%s",
			x->message,
			x->hint ? "; " : "", x->hint ? x->hint : "");
	else if (listed(x->code, idle) && (x->severity == SEV_WARNING || has_comment(in, line)))
		audit_say(in, AUDIT_MISLEADING, line, claim, number_in(claim), NULL, "%s",
			x->message);
	free(claim);
}

/* --- sums --- */

static double written_sum(const struct recipe *r)
{
	double sum = 0;

	for (size_t i = 0; i < r->n_models; i++)
		for (size_t k = 0; k < r->models[i].params.n; k++) {
			const struct recipe_param *p = &r->models[i].params.v[k];

			if (strcmp(p->name, "weight") != 0)
				continue;
			if (p->value.kind != SETTING_NUMBER)
				return NAN;
			sum += p->value.number;
		}
	return sum;
}

static void sums(struct audit_in *in)
{
	const struct effect *ef = &in->effect;
	const struct card_claim *x = audit_claim(in, "weight_sum", 0);
	double written = written_sum(in->recipe),
		stated = x ? json_num(x->what, "sum", NAN) : NAN;
	char *claim;

	if (x && !isnan(written)) {
		bool right = audit_near(stated, ef->n_gain ? ef->weight_sum : written, 0.0051);

		claim = audit_words(x);
		audit_say(in, right ? AUDIT_RIGHT : AUDIT_WRONG, x->line, claim,
			json_number(stated),
			json_number(ef->n_gain ? ef->weight_sum : written), "the weights that take "
			"part sum to %.4g", ef->n_gain ? ef->weight_sum : written);
		free(claim);
	} else if (ef->n_gain && !isnan(written) && !audit_near(written, ef->weight_sum, 1e-6)) {
		audit_say(in, AUDIT_MISLEADING, in->c->recipe_line, "sum of the weights",
			json_number(written), json_number(ef->weight_sum), "as written the weights "
			"sum to %.2f, but the base's is skipped: those that take part sum to %.2f",
			written,
			ef->weight_sum);
	}
}

/* --- what the recipe does --- */

static size_t model_on(const struct audit_in *in, int64_t line)
{
	size_t found = AUDIT_NONE;

	for (size_t i = 0; i < in->recipe->n_models; i++)
		if (line_of(in, in->recipe->models[i].mark.line) <= line)
			found = i;
	return found;
}

static double alone_share(const struct effect *ef, size_t k)
{
	double p = ef->gain[k].density;

	for (size_t i = 0; i < ef->n_gain; i++)
		if (i != k)
			p *= 1 - ef->gain[i].density;
	return p;
}

/* "least influence": the gains in order, and what it does where it is alone. */
static void least(struct audit_in *in, const struct card_claim *x)
{
	const struct effect *ef = &in->effect;
	size_t model = model_on(in, x->line), k = AUDIT_NONE;
	bool least_gain = true, most_alone = true;
	char *claim;

	for (size_t i = 0; i < ef->n_gain; i++)
		if (model != AUDIT_NONE && ef->gain[i].index == in->recipe->models[model].input)
			k = i;
	if (k == AUDIT_NONE)
		return;
	for (size_t i = 0; i < ef->n_gain; i++) {
		least_gain &= i == k || ef->gain[k].gain <= ef->gain[i].gain;
		most_alone &= i == k || ef->gain[k].alone > ef->gain[i].alone;
	}
	claim = audit_words(x);
	if (most_alone && ef->n_coverage)
		audit_say(in, AUDIT_MISLEADING, x->line, claim, json_number(ef->gain[k].weight),
			json_number(ef->gain[k].gain), "its expected gain is %.2f, not %.2f; where "
			"it alone survives (%.1f %% of all elements) its change counts %.2f-fold, "
			"the most of all models", ef->gain[k].gain, ef->gain[k].weight,
			100 * alone_share(ef, k),
			ef->gain[k].alone);
	else
		audit_say(in, least_gain ? AUDIT_RIGHT : AUDIT_WRONG, x->line, claim,
			json_number(ef->gain[k].weight), json_number(ef->gain[k].gain),
			"its expected gain is %.2f", ef->gain[k].gain);
	free(claim);
}

static void add_gains(struct str *s, const struct effect *ef)
{
	for (size_t i = 0; i < ef->n_gain; i++)
		str_addf(s, "%s%.2f", i ? ", " : "", ef->gain[i].gain);
}

static void normalized(struct audit_in *in, const struct card_claim *x)
{
	const struct effect *ef = &in->effect;
	struct str gains = STR_INIT, covered = STR_INIT;
	char *claim;

	if (!ef->n_gain || isnan(ef->gain_sum) || audit_near(ef->gain_sum, 1, 0.02))
		return;
	claim = audit_words(x);
	add_gains(&gains, ef);
	for (size_t i = 0; i < ef->n_coverage; i++)
		str_addf(&covered, "%s%.1f", i ? ", " : "", 100 * ef->coverage[i]);
	audit_say(in, AUDIT_MISLEADING, x->line, claim, NULL, json_number(ef->gain_sum),
		"expected gains are %s, in sum %.2f task vectors: the divisor is the weight of "
		"what survives at each element%s%s%s", gains.s, ef->gain_sum, covered.n ?
		", and by how many models survive (none, one, two …) it is " : "",
		covered.n ? covered.s
		: "", covered.n ? " % of elements" : "");
	str_fini(&gains);
	str_fini(&covered);
	free(claim);
}

static void seed(struct audit_in *in)
{
	const struct recipe *r = in->recipe;

	if (r->method && r->method->random && !r->has_seed && !audit_find(in->c->text, "seed"))
		audit_say(in, AUDIT_UNSUPPORTED, line_of(in, r->method_mark.line), r->method_name,
			NULL,
			NULL, "%s drops elements at random, and no seed is stated: nobody can make "
			"this merge again", r->method_name);
}

/* "granite" in the recipe, "maker/granite" in the card. */
static void local_names(struct audit_in *in)
{
	for (size_t i = 0; i < in->recipe->n_models; i++) {
		const struct recipe_ref_text *ref = &in->recipe->models[i].model;
		int64_t line = line_of(in, ref->mark.line);

		for (size_t k = 0; ref->path && !strchr(ref->path, '/') && k < in->c->parents.n;
			k++) {
			const char *name = in->c->parents.v[k].name;

			if (!strchr(name, '/') || strcasecmp(str_base(name), ref->path) != 0)
				continue;
			audit_say(in, AUDIT_UNSUPPORTED, line, ref->path, json_textn(ref->path),
				json_textn(name), "a folder of the author's machine; the card "
				"names %s, which need not be the same", name);
		}
	}
}

/* A card that says "the following models:" and then names none. */
static void empty_lists(struct audit_in *in)
{
	const struct card_claim *x;

	for (size_t i = 0; (x = audit_claim(in, "list_follows", i)); i++) {
		int64_t next = x->line + 1;

		while ((size_t)next <= in->lines.n && !*(audit_line(in, next) +
			strspn(audit_line(in, next), " \t")))
			next++;
		const char *s = audit_line(in, next) + strspn(audit_line(in, next), " \t");

		if (strchr("-*+|<", *s) || !strncmp(s, "\u2022", 3) || (*s >= '0' && *s <= '9') ||
			!strncmp(s, "```", 3) || strchr(s, '/') || (*s && !strchr(s, ' ') &&
			strpbrk(s, "0123456789-_")))
			continue;
		audit_say(in, AUDIT_UNSUPPORTED, x->line, x->text, NULL, json_integer(0),
			"a list is announced and none follows: where the model comes from is not "
			"said");
	}
}

void audit_check_recipe(struct audit_in *in)
{
	struct findings f = { 0 };
	const struct card_claim *x;

	empty_lists(in);
	if (!in->recipe)
		return;
	lint_file(in->recipe, &f);
	for (size_t i = 0; i < f.n; i++)
		finding(in, &f.v[i]);
	findings_fini(&f);
	sums(in);
	seed(in);
	local_names(in);
	for (size_t i = 0; (x = audit_claim(in, "least_influence", i)); i++)
		least(in, x);
	for (size_t i = 0; (x = audit_claim(in, "normalized", i)); i++)
		normalized(in, x);
}
