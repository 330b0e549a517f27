/* Is the base model the one that the card describes? By names, by figures, and by the files where a
 * model of that name is here. */
#include "audit/audit_in.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "model/model.h"

static const char *const sizes[] = { "nano", "micro", "tiny", "mini", "small", "medium", "large",
	"xl", "huge", NULL };

static const char *size_word(const char *name)
{
	for (size_t i = 0; sizes[i]; i++)
		if (audit_word(name, sizes[i]))
			return sizes[i];
	return NULL;
}

/* "3B", "8b" as a word of a name; NaN. */
static double billions(const char *name)
{
	for (const char *p = name; *p; p++) {
		char *end;
		double v;

		if (!isdigit((uint8_t)*p) ||
			(p > name && (isalnum((uint8_t)p[-1]) || p[-1] == '.')))
			continue;
		v = strtod(p, &end);
		if ((*end == 'B' || *end == 'b') && !isalnum((uint8_t)end[1]))
			return v;
		p = end - 1;
	}
	return NAN;
}

static bool is_source(const struct card_parent *p)
{
	return !p->relation || strcmp(p->relation, "adapter") != 0;
}

static const char *described(const struct audit_in *in, struct str *s)
{
	double experts = audit_fact(in, "experts", NULL, NULL);
	double layers = audit_fact(in, "layers", NULL, NULL);

	str_addf(s, "%.4g B parameters", in->parameters / 1e9);
	if (!isnan(layers))
		str_addf(s, ", %.0f layers", layers);
	if (!isnan(experts))
		str_addf(s, ", %.0f experts a layer", experts);
	return s->s;
}

/* Some models are meant to have another size than what they come from. */
static bool resized(const struct audit_in *in)
{
	static const char *const words[] = { "prun", "distill", "upscal", "expan", "frankenm",
		"passthrough", "layer_range", "depth", "self-merge", "mixture" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (audit_find(in->c->text, words[i]))
			return true;
	return false;
}

static void by_name(struct audit_in *in, const struct card_parent *p)
{
	const char *own = in->f->model ? str_base(in->f->model) : "", *name = str_base(p->name);
	const char *a = size_word(own), *b = size_word(name);
	double n = billions(name), mine = billions(own);
	struct str s = STR_INIT;

	if (isnan(mine))
		mine = in->parameters / 1e9;
	if (!a && in->c->name)
		a = size_word(in->c->name);
	for (size_t i = 0; !a && i < 3; i++) /* the title */
		a = size_word(audit_line(in, (int64_t)i + 1));
	if (a && b && strcasecmp(a, b) != 0 && p->line > 3)
		audit_say(in, AUDIT_WRONG, p->line, p->name, json_textn(b), json_textn(a), "the "
			"base is called %s, the card's model %s", b, a);
	else if (a && b && strcasecmp(a, b) != 0)
		audit_say(in, AUDIT_WRONG, p->line, p->name, json_textn(b), json_textn(a), "the "
			"base is called %s, but the card describes a %s: %s", b, a,
			isnan(in->parameters)
			? "another size" : described(in, &s));
	else if (!isnan(n) && !isnan(mine) && (n > 1.3 * mine || mine > 1.3 * n) && !resized(in))
		audit_say(in, AUDIT_WRONG, p->line, p->name, json_number(n * 1e9),
			json_number(mine * 1e9),
			"its name says %g B parameters, the card describes %.3g B",
			n, mine);
	str_fini(&s);
}

/* Weights that are here say more than names. */
static void by_file(struct audit_in *in, const struct card_parent *p)
{
	struct model *m = in->known && in->known->open ? in->known->open(in->known->ctx, p->name)
		: NULL;
	double layers = audit_fact(in, "layers", NULL, NULL), n;
	double hidden = audit_fact(in, "hidden_size", NULL, NULL), is;
	int64_t line;
	char *claim;

	if (!m)
		return;
	n = (double)m->parameters;
	if (!isnan(in->parameters) && n > 0) {
		bool right = fabs(n - in->parameters) <= in->parameters_half + 0.05 * n;

		claim = xasprintf("%s: %.4g %s parameters", p->name, in->parameters >= 1e9 ?
			in->parameters / 1e9 : in->parameters / 1e6,
			in->parameters >= 1e9 ? "B" : "M");
		audit_say(in, right ? AUDIT_RIGHT : AUDIT_WRONG, p->line, claim,
			json_number(in->parameters), json_number(n), "the model of that name that "
			"is here (%s) has %.4g %s", m->architecture ? m->architecture : "unknown",
			n >= 1e9 ?
			n / 1e9 : n / 1e6, n >= 1e9 ? "B" : "M");
		free(claim);
	}
	audit_fact(in, "layers", &line, NULL);
	if (!isnan(layers) && m->layers > 0)
		audit_say(in, layers == (double)m->layers ? AUDIT_RIGHT : AUDIT_WRONG, line,
			"layers",
			json_number(layers), json_integer(m->layers), "%s has %lld", p->name,
			(long long)m->layers);
	audit_fact(in, "hidden_size", &line, NULL);
	is = json_num(m->config, "hidden_size", NAN);
	if (!isnan(hidden) && !isnan(is))
		audit_say(in, hidden == is ? AUDIT_RIGHT : AUDIT_WRONG, line, "hidden size",
			json_number(hidden), json_number(is), "%s has %g", p->name, is);
	model_unref(m);
}

void audit_check_base(struct audit_in *in)
{
	const struct card_claim *nc = audit_claim(in, "noncommercial", 0);
	const char *license = in->c->license;

	for (size_t i = 0; i < in->c->parents.n; i++)
		if (is_source(&in->c->parents.v[i])) {
			by_name(in, &in->c->parents.v[i]);
			by_file(in, &in->c->parents.v[i]);
		}
	if (nc && license && (!strcasecmp(license, "apache-2.0") || !strcasecmp(license, "mit")))
		audit_say(in, AUDIT_WRONG, nc->line, "noncommercial", json_textn(license), NULL,
			"the card's licence is %s, which allows every use", license);
}

/* --- counts: layers of all kinds, positions --- */

static size_t numbers_behind(const char *s)
{
	size_t n = 0;

	for (s = strchr(s, '('); s && *s && *s != ')'; s++)
		if (isdigit((uint8_t)*s) && !isalnum((uint8_t)s[-1]))
			n++;
	return n;
}

void audit_check_counts(struct audit_in *in)
{
	int64_t line, at;
	double layers = audit_fact(in, "layers", &line, NULL), sum = 0;
	const char *key;
	json_t *fact;
	size_t kinds = 0;
	struct str terms = STR_INIT;

	json_object_foreach(in->c->facts, key, fact) {
		double v = audit_fact(in, key, &at, NULL);
		size_t positions = audit_find(audit_line(in, at), "positions") ?
			numbers_behind(audit_line(in, at)) : 0;

		if (!str_ends(key, "_layers") || isnan(v))
			continue;
		kinds++;
		sum += v;
		str_addf(&terms, "%s%.0f", terms.n ? " + " : "", v);
		if (positions)
			audit_say(in, (double)positions == v ? AUDIT_RIGHT : AUDIT_WRONG, at,
				"positions", json_number(v), json_integer((json_int_t)positions),
				"%zu positions are listed", positions);
	}
	if (kinds > 1 && !isnan(layers))
		audit_say(in, sum == layers ? AUDIT_RIGHT : AUDIT_WRONG, line, "layers",
			json_number(layers), json_number(sum), "%s = %.0f", terms.s, sum);
	str_fini(&terms);
}
