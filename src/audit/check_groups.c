/* Tables of sensitivity: groups of tensors, demoted one at a time. */
#include "audit/groups.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"

/* --- reading --- */

static double cell_in(const struct card_table *t, const json_t *row, const char *column)
{
	size_t i = audit_column_of(t, (const char *const[]){ column, NULL });

	return i == AUDIT_NONE ? NAN : audit_cell(row, i);
}

static void add(struct groups *g, const struct card_table *t, const json_t *row)
{
	size_t saved = audit_column_of(t, (const char *const[]){ "bytes_saved", NULL });
	size_t verdict = audit_column_of(t, (const char *const[]){ "verdict", NULL });
	struct group *x = &g->v[g->n];

	*x = (struct group){ .label = audit_cell_text(row, 0), .line = audit_row_line(row),
		.tensors = cell_in(t, row, "tensors"), .delta = cell_in(t, row, "delta_percent"),
		.saved = cell_in(t, row, "bytes_saved"), .price = cell_in(t, row, "percent_per_gb"),
		.table = t };
	x->combined = audit_find(x->label, "combined") || !strcasecmp(x->label, "total");
	x->kept = verdict != AUDIT_NONE && audit_find(audit_cell_text(row, verdict), "keep");
	x->saved_low = x->saved_high = x->saved;
	if (saved != AUDIT_NONE && x->saved > 0) {
		double unit = x->saved >= 1e8 || audit_find(audit_stated(row, saved), "GB") ? 1e9
			: 1e6;
		double half = audit_half(audit_decimals(audit_stated(row, saved))) * unit;

		x->saved_low = x->saved > half ? x->saved - half : x->saved / 2;
		x->saved_high = x->saved + half;
	}
	g->n++;
}

static double type_bits(const char *s, size_t n)
{
	static const struct { const char *name; double bits; } types[] = {
		{ "Q2_K", 2.625 }, { "Q3_K", 3.4375 }, { "Q4_K", 4.5 }, { "Q5_K", 5.5 },
		{ "Q6_K", 6.5625 }, { "Q8_0", 8.5 }, { "Q4_0", 4.5 }, { "Q5_0", 5.5 },
		{ "IQ4_XS", 4.25 }, { "IQ4_NL", 4.5 }, { "IQ3_S", 3.4375 }, { "IQ3_XXS", 3.0625 },
		{ "IQ2_XXS", 2.0625 }, { "F16", 16 }, { "BF16", 16 },
	};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strlen(types[i].name) == n && !strncasecmp(s, types[i].name, n))
			return types[i].bits;
	return NAN;
}

/* "from Q3_K to Q2_K": bits a weight loses; NaN. */
static double bits_lost(const char *text)
{
	for (const char *p = text; (p = audit_find(p, "from ")); p++) {
		size_t a = strspn(p + 5, "QIFB0123456789_KSXMLN"), b;
		const char *to = p + 5 + a;

		to = audit_find(to, "to ");
		if (!a || !to || to - p > 60)
			continue;
		b = strspn(to + 3, "QIFB0123456789_KSXMLN");
		double lost = type_bits(p + 5, a) - type_bits(to + 3, b);
		if (lost > 0)
			return lost;
	}
	return NAN;
}

/* Parameters of all routed experts: those that are not active are E - U of E of them. */
static double routed(const struct audit_in *in)
{
	double active = audit_fact(in, "active_parameters", NULL, NULL);
	double experts = audit_fact(in, "experts", NULL, NULL);
	double used = audit_fact(in, "experts_used", NULL, NULL);

	return (in->parameters - active) * experts / (experts - used);
}

static void guess_sizes(struct groups *g)
{
	double bytes = routed(g->in) / 3 * bits_lost(g->in->c->text) / 8;

	for (size_t i = 0; i < g->n; i++)
		if (isnan(g->v[i].saved) && strstr(g->v[i].label, "_exps") && bytes > 0) {
			g->v[i].saved = g->v[i].saved_low = g->v[i].saved_high = bytes;
			g->v[i].guessed = true;
		}
}

static void read_groups(struct groups *g)
{
	const struct card_table *t;

	for (size_t k = 0; (t = audit_table(g->in, "sensitivity", k)); k++) {
		const json_t *row;

		for (size_t i = 0; (row = audit_row(t, i)) && g->n < GROUPS_MAX; i++)
			add(g, t, row);
	}
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].combined)
			g->combined = &g->v[i];
	audit_groups_shapes(g, bits_lost(g->in->c->text));
	guess_sizes(g);
}

bool audit_group_ships(const struct groups *g, const struct group *x)
{
	return g->combined && x->table == g->combined->table && !x->combined && !x->kept;
}

/* --- cells and sums --- */

static void empty_cells(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct group *x = &g->v[i];

		if (!isnan(x->delta) || x->combined)
			continue;
		audit_say(g->in, AUDIT_UNSUPPORTED, x->line, x->label, NULL, NULL, "the cell of "
			"its change is empty%s%s", g->combined ? ": only the sum was published, so "
			"nobody can see that each group passes alone" : "",
			isnan(x->saved) && g->combined ? "; what it saves is "
			"missing too" : "");
	}
}

static void sums(struct groups *g)
{
	double tensors = 0, saved = 0, delta = 0, half = 0;
	const struct group *c = g->combined;
	size_t parts = 0;
	const struct card_claim *x;

	for (size_t i = 0; i < g->n; i++)
		if (audit_group_ships(g, &g->v[i])) {
			tensors += g->v[i].tensors;
			saved += g->v[i].saved;
			half += 0.5 * (g->v[i].saved_high - g->v[i].saved_low);
			delta += g->v[i].delta;
			parts++;
		}
	if (!c || !parts)
		return;
	if (!isnan(tensors) && !isnan(c->tensors))
		audit_say(g->in, tensors == c->tensors ? AUDIT_RIGHT : AUDIT_WRONG, c->line,
			"tensors of all groups", json_number(c->tensors), json_number(tensors),
			"the %zu groups have %.0f in sum", parts, tensors);
	half += 0.5 * (c->saved_high - c->saved_low);
	if (!isnan(saved) && !isnan(c->saved))
		audit_say(g->in, audit_near(saved, c->saved, half) ? AUDIT_RIGHT : AUDIT_WRONG,
			c->line, "size saved in sum", json_number(c->saved), json_number(saved),
			"the groups save %.4g MB in sum", saved / 1e6);
	x = audit_claim(g->in, "sum_of_parts", 0);
	if (x && !isnan(delta)) {
		double stated = json_num(x->what, "percent", NAN);

		audit_say(g->in, audit_near(stated, delta, 0.0051 * (double)parts) ? AUDIT_RIGHT :
			AUDIT_WRONG, x->line, "sum of the parts", json_number(stated),
			json_number(delta), "the groups alone come to %+.2f %%, together %+.2f %%",
			delta, c->delta);
	}
}

static void counts(struct groups *g)
{
	double layers = audit_fact(g->in, "layers", NULL, NULL), n;
	double mamba = audit_fact(g->in, "mamba_2_layers", NULL, NULL);
	const struct card_claim *x;

	for (size_t i = 0; (x = audit_claim(g->in, "tensors", i)); i++) {
		const char *what = json_text(x->what, "what", "");
		double each = audit_find(what, "mamba") ? mamba : layers, parts;

		n = json_num(x->what, "count", NAN);
		parts = n / each;
		char *claim = xasprintf("%.0f %s", n, *what ? what : "tensors");

		if (!*what && g->combined && !isnan(g->combined->tensors) &&
			(n == g->combined->tensors || x->text[json_int(x->what, "at", 0)] == '('))
			audit_say(g->in, n == g->combined->tensors ? AUDIT_RIGHT : AUDIT_WRONG,
				x->line,
				claim, json_number(n), json_number(g->combined->tensors), "the "
				"table has %.0f", g->combined->tensors);
		else if (*what && parts >= 1 && parts == floor(parts))
			audit_say(g->in, AUDIT_RIGHT, x->line, claim, json_number(n),
				json_number(parts * each), "%.0f in each of %.0f layers", parts,
				each);
		free(claim);
	}
}

/* --- ranges and limits --- */

static const struct { const char *word, *label; } families[] = {
	{ "routed", "_exps" }, { "routed", "routed" }, { "shared", "shared" },
		{ "shared", "shexp" },
	{ "feed-forward", "ffn" }, { "attention", "attn" }, { "mamba", "ssm" },
};
#define N_FAMILIES (sizeof families / sizeof families[0])

/* The word for a family of groups that the text says last; NULL. */
static const char *family_in(const char *text)
{
	const char *last = NULL, *word = NULL;

	for (size_t i = 0; i < N_FAMILIES; i++)
		for (const char *p = text; (p = audit_find(p, families[i].word)); p++)
			if (!last || p > last) {
				last = p;
				word = families[i].word;
			}
	return word;
}

static bool of_family(const struct group *x, const char *word)
{
	for (size_t i = 0; i < N_FAMILIES; i++)
		if (!strcmp(families[i].word, word) && audit_find(x->label, families[i].label))
			return !x->combined;
	return false;
}

/* What a range is of: its sentence before it, or the line: "Routed experts: sensitive. Q2_K adds
 * …" */
static const char *family_of(const struct groups *g, const struct card_claim *x)
{
	char *before = xstrndup(x->text, (size_t)json_int(x->what, "at", 0));
	const char *word = family_in(before);

	free(before);
	return word ? word : family_in(audit_line(g->in, x->line));
}

static void range_is(struct groups *g, const struct card_claim *x, double least, double most,
	const char *unit)
{
	double low = json_num(x->what, "low", NAN), high = json_num(x->what, "high", NAN);
	const char *match = x->text + json_int(x->what, "at", 0), *whose = NULL;
	int decimals = audit_decimals(match);
	double tolerance = audit_half(decimals > 2 ? 2 : decimals), other = NAN;
	char *claim = audit_words(x);

	for (size_t i = 0; i < g->n; i++)
		if (!(g->v[i].delta <= most) && audit_near(g->v[i].delta, high, tolerance)) {
			other = g->v[i].delta;
			whose = g->v[i].label;
		}
	if (audit_near(low, least, tolerance) && audit_near(high, most, tolerance))
		audit_say(g->in, AUDIT_RIGHT, x->line, claim, json_number(high), json_number(most),
			"the table has %.4g to %.4g %s", least, most, unit);
	else if (whose)
		audit_say(g->in, AUDIT_WRONG, x->line, claim, json_number(high), json_number(most),
			"the table has %+.2f %% to %+.2f %% for these groups; %+.2f %% is of %s",
			least, most, other, whose);
	else
		audit_say(g->in, AUDIT_WRONG, x->line, claim, json_number(high), json_number(most),
			"the table has %.4g to %.4g %s", least, most, unit);
	free(claim);
}

static void range(struct groups *g, const struct card_claim *x)
{
	const char *word = family_of(g, x);
	const char *behind = x->text + json_int(x->what, "at", 0) + json_int(x->what, "n", 0);
	bool price = !strncmp(behind, " per GB", 7) || !strncmp(behind, "/GB", 3);
	double least = INFINITY, most = -INFINITY;

	for (size_t i = 0; word && i < g->n; i++) {
		double v = price ? g->v[i].delta / g->v[i].saved * 1e9 : g->v[i].delta;

		if (isnan(v) || !of_family(&g->v[i], word))
			continue;
		least = fmin(least, v);
		most = fmax(most, v);
	}
	if (most >= least)
		range_is(g, x, least, most, price ? "% per GB" : "%");
}

static void threshold(struct groups *g, const struct card_claim *x)
{
	double limit = json_num(x->what, "percent", NAN);
	size_t kept_below = 0, above = 0;
	char *claim;

	for (size_t i = 0; i < g->n; i++) {
		above += (g->v[i].combined || audit_group_ships(g, &g->v[i])) &&
			g->v[i].delta > limit;
		kept_below += g->v[i].kept && g->v[i].delta <= limit;
	}
	if (!g->n)
		return;
	claim = audit_words(x);
	audit_say(g->in, above ? AUDIT_WRONG : AUDIT_RIGHT, x->line,
		claim, json_number(limit), json_integer((json_int_t)above),
		"%zu of what ships is above it, %zu of what was kept is below", above, kept_below);
	free(claim);
}

/* --- the price of a byte --- */

static void prices(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct group *x = &g->v[i];
		double low = x->delta / (x->saved_high / 1e9),
			high = x->delta / (x->saved_low / 1e9);
		bool right = x->price >= low * 0.98 - 0.06 && x->price <= high * 1.02 + 0.06;
		char *claim;

		if (isnan(x->price) || isnan(low))
			continue;
		claim = xasprintf("%s: %g %% per GB", x->label, x->price);
		audit_say(g->in, right ? AUDIT_RIGHT : AUDIT_WRONG, x->line, claim,
			json_number(x->price), json_number(x->delta / (x->saved / 1e9)), "%.2f %% "
			"/ %.3f GB is %.1f %% per GB", x->delta, x->saved / 1e9,
			x->delta / (x->saved / 1e9));
		free(claim);
	}
}

/* One digit is no size: 0.1 GB is anything from 0.05 to 0.15. */
static void coarse(struct groups *g)
{
	const struct group *c = g->combined;

	if (!c || isnan(c->saved) || c->saved_high < 2 * c->saved_low || isnan(c->delta))
		return;
	char *claim = xasprintf("%s: %.2g GB", c->label, c->saved / 1e9);

	audit_say(g->in, AUDIT_UNSUPPORTED, c->line, claim, json_number(c->saved), NULL, "one "
		"digit: anything from %.2f to %.2f GB (%.1f to %.1f %% of the file), so the price "
		"is anything from %.0f to %.0f %% per GB", c->saved_low / 1e9, c->saved_high / 1e9,
		100 * c->saved_low / g->in->bytes, 100 * c->saved_high / g->in->bytes,
		c->delta / c->saved_high * 1e9, c->delta / c->saved_low * 1e9);
	free(claim);
}

/* Cheapest and dearest among groups that were kept, per gigabyte. */
static void reversed(struct groups *g, const char *kind, size_t most)
{
	int64_t told = 0;
	const struct group *c = g->combined, *best = NULL;
	double shipped = c ? c->delta / c->saved_high * 1e9 : NAN; /* at its best */
	struct str others = STR_INIT;
	const struct card_claim *x;
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		double price = g->v[i].delta / g->v[i].saved * 1e9;

		if (g->v[i].combined || audit_group_ships(g, &g->v[i]) || isnan(price))
			continue;
		str_addf(&others, "%s%s %.1f", others.n ? ", " : "", g->v[i].label, price);
		if (price < shipped && (!best || price < best->delta / best->saved * 1e9))
			best = &g->v[i];
	}
	for (size_t i = 0; best && n < most && (x = audit_claim(g->in, kind, i)); i++) {
		char *claim = audit_words(x);

		if (x->line == told) {
			free(claim);
			continue;
		}
		told = x->line;
		audit_say(g->in, AUDIT_MISLEADING, x->line, claim, json_number(c->delta),
			json_number(best->delta / best->saved * 1e9), "per gigabyte saved it is "
			"the other way round: what ships costs %.0f %% per GB or more, what was "
			"kept %s%s", shipped,
			others.s, best->guessed ? " (sizes of routed experts from total, active "
			"and number of experts)" : "");
		free(claim);
		n++;
	}
	str_fini(&others);
}

static void file_share(struct groups *g)
{
	const struct card_claim *x = audit_claim(g->in, "file_share", 0);
	const struct group *c = g->combined;
	double stated = x ? json_num(x->what, "percent", NAN) : NAN, is;

	if (!x || !c || isnan(c->saved) || isnan(g->in->bytes))
		return;
	is = 100 * c->saved / (g->in->bytes + c->saved);
	char *claim = audit_words(x);
	bool right = audit_near(stated, is, 0.06 + is * (c->saved_high / c->saved - 1)) ||
		audit_near(stated, 100 * c->saved / g->in->bytes, 0.06 + is *
		(c->saved_high / c->saved - 1));

	audit_say(g->in, right ? AUDIT_RIGHT : AUDIT_WRONG, x->line, claim, json_number(stated),
		json_number(is), "%.3f GB of %.3f GB", c->saved / 1e9,
		(g->in->bytes + c->saved) / 1e9);
	free(claim);
}

/* --- perplexities in sentences --- */

static void perplexity(struct audit_in *in, const struct card_claim *x)
{
	double to = json_num(x->what, "to", NAN), from = json_num(x->what, "from", NAN);
	double stated = json_num(x->what, "percent", NAN), is = 100 * (to / from - 1);
	double half = audit_half(audit_decimals(x->text + json_int(x->what, "at", 0)));
	bool right = audit_near(stated, is, 0.0051 + 200 * half / from);
	bool interval = strstr(x->text, "+-") != NULL;
	/* 0.006: usual unpaired error of WikiText-2 with 280,000 tokens, relative. */
	double z = (to - from) / (0.006 * from * sqrt(2));
	char *claim = audit_words(x);

	if (right && !interval)
		audit_say(in, AUDIT_RIGHT, x->line, claim, json_number(stated), json_number(is),
			"%g / %g is %+.4f %%, %+.4f; no interval is stated: apart each has some "
			"%.2f, so z is about %.1f; paired over the same text it would be clear", to,
			from, is,
			to - from, 0.006 * from, z);
	else
		audit_say(in, right ? AUDIT_RIGHT : AUDIT_WRONG, x->line, claim,
			json_number(stated),
			json_number(is), "%g / %g is %+.4f %%, %+.4f", to, from, is, to - from);
	free(claim);
}

/* --- sources --- */

static void source(struct groups *g)
{
	const struct card_claim *x = audit_claim(g->in, "requantized", 0);
	const struct card_claim *unknown = audit_claim(g->in, "variants_unknown", 0);

	if (x && g->n && !audit_find(g->in->c->text, "f16") &&
		!audit_find(g->in->c->text, "16-bit") && !audit_find(g->in->c->text, "16 bit") &&
		!audit_find(g->in->c->text, "fp16")) {
		char *claim = audit_words(x);

		audit_say(g->in, AUDIT_UNSUPPORTED, x->line, claim, NULL, NULL, "if tensors of "
			"that file are quantized again, the error of both steps adds up; that the "
			"source was in 16 bits is not said");
		free(claim);
	}
	for (int64_t line = 1; unknown && (size_t)line <= g->in->lines.n; line++)
		if (audit_find(audit_line(g->in, line), ".gguf")) {
			audit_say(g->in, AUDIT_MISLEADING, line, "name of the "
				"file", NULL, NULL,
				"the name has no type (-Q3_K_M), so the page cannot say what it "
				"is");
			break;
		}
}

void audit_check_groups(struct audit_in *in)
{
	struct groups g = { .in = in };
	const struct card_claim *x;

	read_groups(&g);
	for (size_t i = 0; (x = audit_claim(in, "ppl_change", i)); i++)
		perplexity(in, x);
	if (!g.n)
		return;
	empty_cells(&g);
	sums(&g);
	counts(&g);
	for (size_t i = 0; (x = audit_claim(in, "group_range", i)); i++)
		range(&g, x);
	for (size_t i = 0; (x = audit_claim(in, "threshold", i)); i++)
		threshold(&g, x);
	prices(&g);
	coarse(&g);
	reversed(&g, "tolerant", 8);
	reversed(&g, "sensitive", 1);
	file_share(&g);
	source(&g);
}
