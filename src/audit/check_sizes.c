/* Sizes of files, bits per weight, parameters, memory: each from the others. */
#include "audit/audit_in.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"

static const struct nominal {
	const char *type;
	double low, high;
} nominals[] = {
#define NOMINAL(type, low, high) { type, low, high },
#include "audit/nominal.def"
#undef NOMINAL
};
static const struct shape {
	double billions, parameters, layers, kv_heads, head;
} shapes[] = {
#define SHAPE(billions, parameters, layers, kv, head) { billions, parameters, layers, kv, head },
#include "audit/shapes.def"
#undef SHAPE
};

static const struct nominal *nominal_of(const char *type)
{
	for (size_t i = 0; i < sizeof nominals / sizeof nominals[0]; i++)
		if (!strcasecmp(nominals[i].type, type))
			return &nominals[i];
	return NULL;
}

/* The longest type that the text names. */
static const struct nominal *nominal_in(const char *text)
{
	const struct nominal *best = NULL;

	for (size_t i = 0; i < sizeof nominals / sizeof nominals[0]; i++)
		if (audit_word(text, nominals[i].type) &&
			(!best || strlen(nominals[i].type) > strlen(best->type)))
			best = &nominals[i];
	return best;
}

/* --- the file against its type --- */

static const struct nominal *base_type(const struct audit_in *in, char **name)
{
	const char *type = json_text(in->c->quantization, "type", "");
	const struct nominal *n = nominal_of(type);
	const struct card_claim *x;

	*name = NULL;
	for (size_t i = 0; !n && (x = audit_claim(in, "ppl_change", i)); i++)
		n = nominal_in(x->text);
	for (size_t i = 0; !n && (x = audit_claim(in, "requantized", i)); i++)
		n = nominal_in(x->text);
	if (n)
		*name = xstrdup(n->type);
	return n;
}

static double group_saved(const struct audit_in *in)
{
	const struct card_table *t;
	double saved = 0;

	for (size_t k = 0; (t = audit_table(in, "sensitivity", k)); k++) {
		size_t column = audit_column_of(t, (const char *const[]){ "bytes_saved", NULL });
		const json_t *row;

		for (size_t i = 0; column != AUDIT_NONE && (row = audit_row(t, i)); i++)
			if (audit_find(audit_cell_text(row, 0), "combined") &&
				audit_cell(row, column) > 0)
				saved = audit_cell(row, column);
	}
	return saved;
}

static void against_type(struct audit_in *in)
{
	char *type;
	const struct nominal *n = base_type(in, &type);
	double saved = group_saved(in), low, high, bits, gib, slack;
	char *claim;

	if (!n || isnan(in->bytes) || isnan(in->parameters)) {
		free(type);
		return;
	}
	bits = 8 * in->bytes / in->parameters;
	gib = bits * (in->binary ? 1 : 1.073741824);
	low = (n->low - 8 * saved / in->parameters) * 0.975;
	high = (n->high - 8 * saved / in->parameters) * 1.025;
	slack = bits * (in->parameters_half / in->parameters + in->bytes_half / in->bytes);
	claim = xasprintf("%.4g %s", in->bytes / (in->binary ? 1073741824 : 1e9),
		in->binary ? "GiB" : "GB");
	if (bits + slack >= low && bits - slack <= high)
		audit_say(in, AUDIT_RIGHT, in->bytes_line, claim, json_number(in->bytes),
			json_number(bits), "%.2f bits per weight at %.4g B parameters: what %s "
			"has, less what was saved", bits, in->parameters / 1e9, type);
	else if (isnan(in->bits) || fabs(in->bits - bits) > 0.1)
		audit_say(in, AUDIT_MISLEADING, in->bytes_line, claim, json_number(in->bytes),
			json_number(bits), "%.2f bits per weight at %.4g B parameters, where %s "
			"has %.2f to %.2f (%.1f to %.1f GB)%s%.2f%s", bits, in->parameters / 1e9,
			type, n->low,
			n->high, n->low * in->parameters / 8e9, n->high * in->parameters / 8e9,
			gib >= low && gib <= high ? "; in GiB it would be "
			: "; not in GiB either (", gib,
			gib >= low && gib <= high
			? ": the unit, or the base type, is not what it says"
			: "): the base type is not what it says");
	free(claim);
	free(type);
}

/* --- parameters --- */

/* MLX packs weights into 32-bit words: the page counts words, and scales and biases. */
static double packed(const struct audit_in *in)
{
	const char *name = in->f->model ? str_base(in->f->model) : "";
	double bits = json_num(in->c->quantization, "bits", NAN);
	double group = json_num(in->c->quantization, "group", NAN);

	for (const char *p = name; isnan(bits) && (p = audit_find(p, "q")); p++)
		if ((p == name || p[-1] == '-' || p[-1] == '_') && p[1] >= '2' && p[1] <= '8' &&
			(p[2] == '-' || !p[2]))
			bits = p[1] - '0';
	for (const char *p = audit_find(name, "bit"); isnan(bits) && p && p - name > 1; p = NULL)
		bits = p[-1] >= '2' && p[-1] <= '8' ? p[-1] - '0' : p[-1] == '-' && p[-2] >= '2' &&
			p[-2] <= '8' ? p[-2] - '0' : NAN;
	if (isnan(group))
		group = audit_find(name, "-hi") ? 32 : 64;
	return isnan(bits) ? NAN : bits / 32 + 2 / group;
}

static void page_parameters(struct audit_in *in)
{
	const struct card_claim *x = audit_claim(in, "parameters", 0);
	double v = x ? json_num(x->what, "value", NAN) *
		(*json_text(x->what, "unit", "") == 'm' ? 1e6
		: 1e9) : NAN, share = packed(in), half;

	if (isnan(v) || isnan(in->parameters))
		return;
	half = audit_half(audit_decimals(x->text)) * (v >= 1e9 ? 1e9 : 1e6);
	if (fabs(v - in->parameters) <= half + in->parameters_half + 0.08 * v) {
		audit_say(in, AUDIT_RIGHT, x->line, x->text, json_number(v),
			json_number(in->parameters), "as the card says");
		if (in->recipe && in->recipe->dtype && strstr(in->recipe->dtype, "float16"))
			audit_say(in, AUDIT_RIGHT, x->line, "bytes in 16 bits", json_number(v),
				json_number(2 * v), "%.3g B parameters of two bytes: %.2f GB to "
				"write, %.1f GB to read from %zu models", v / 1e9, 2 * v / 1e9,
				2 * v / 1e9 *
				(double)in->recipe->n_inputs, in->recipe->n_inputs);
	} else if (!isnan(share) && (v + half) / share >= in->parameters - in->parameters_half &&
		(v - half) / share <= in->parameters + in->parameters_half) {
		audit_say(in, AUDIT_MISLEADING, x->line, x->text, json_number(v),
			json_number(v / share), "the page counts packed words: 32 bits hold "
			"several weights, so N parameters show as %.4g N; %.3g B are some %.2g B",
			share, v / 1e9,
			v / share / 1e9);
	} else {
		audit_say(in, v < in->parameters && audit_quantized(in) ? AUDIT_MISLEADING
			: AUDIT_WRONG, x->line, x->text, json_number(v),
			json_number(in->parameters), "the card speaks of %.3g B parameters",
			in->parameters / 1e9);
	}
}

/* --- tables and sentences with size and bits --- */

static void size_and_bits(struct audit_in *in, int64_t line, const char *what, double bytes,
	double bytes_half, double bits, double bits_half)
{
	double is = in->parameters * bits / 8;
	double tolerance = bytes_half +
		is * (bits_half / bits + in->parameters_half / in->parameters)
		+ 0.004 * is;
	bool right = audit_near(bytes, is, tolerance);
	char *claim = xasprintf("%s: %.4g GB, %.4g bits", what, bytes / 1e9, bits);

	audit_say(in, right ? AUDIT_RIGHT : AUDIT_WRONG, line, claim, json_number(bytes),
		json_number(is), "%.4g B parameters x %.4g bits / 8 = %.4g GB (%.4g GiB)%s",
		in->parameters / 1e9, bits, is / 1e9, is / 1073741824,
		!right && audit_near(bytes * 1.073741824, is, tolerance) ? ": it is stated in GiB"
		: "");
	free(claim);
}

static void rows_of_sizes(struct audit_in *in, const struct card_table *t)
{
	size_t size = audit_column_of(t, (const char *const[]){ "size", NULL });
	size_t bits = audit_column_of(t, (const char *const[]){ "bits", "bpw", NULL });
	const json_t *row;

	if (size == AUDIT_NONE || bits == AUDIT_NONE || isnan(in->parameters))
		return;
	for (size_t i = 0; (row = audit_row(t, i)); i++) {
		double v = audit_cell_number(row, size), b = audit_cell_number(row, bits);
		const char *unit = audit_unit(row, size);

		if (isnan(v) || isnan(b) || isnan(audit_bytes(1, unit)) || b < 0.5 || b > 32)
			continue;
		size_and_bits(in, audit_row_line(row), audit_cell_text(row, 0),
			audit_bytes(v, unit),
			audit_bytes(audit_half(audit_decimals(audit_stated(row, size))), unit), b,
			audit_half(audit_decimals(audit_stated(row, bits))));
	}
}

/* A list of files: size and type, without bits. Small models have more of them in embeddings. */
static void rows_of_types(struct audit_in *in, const struct card_table *t)
{
	size_t size = audit_column_of(t, (const char *const[]){ "size", NULL });
	const json_t *row;

	if (size == AUDIT_NONE || strcmp(t->kind, "quants") != 0 || !(in->parameters > 6e9) ||
		audit_column_of(t, (const char *const[]){ "bits", "bpw", NULL }) != AUDIT_NONE)
		return;
	for (size_t i = 0; (row = audit_row(t, i)); i++) {
		const struct nominal *n = NULL;
		double bytes = audit_bytes(audit_cell_number(row, size), audit_unit(row, size)),
			bits;
		double slack = 1.03 + in->parameters_half / in->parameters;

		for (size_t c = 0; !n && c < audit_columns(t); c++)
			n = nominal_of(audit_cell_text(row, c));
		bits = 8 * bytes / in->parameters;
		if (!n || isnan(bits))
			continue;
		bool right = bits >= n->low / slack && bits <= n->high * slack;
		bool far = bits < n->low / 1.3 || bits > n->high * 1.3;
		char *claim = xasprintf("%s: %.4g GB", n->type, bytes / 1e9);

		if (right || far)
			audit_say(in, right ? AUDIT_RIGHT : AUDIT_WRONG, audit_row_line(row), claim,
				json_number(bytes), json_number(bits), "%.2f bits per weight at "
				"%.4g B parameters; %s has %.2f to %.2f", bits,
				in->parameters / 1e9, n->type,
				n->low, n->high);
		free(claim);
	}
}

/* A side by side: a row of sizes and one of bits. */
static void columns_of_sizes(struct audit_in *in, const struct card_table *t)
{
	const json_t *row, *size = NULL, *bits = NULL;

	for (size_t i = 0; (row = audit_row(t, i)); i++) {
		if (audit_word(audit_cell_text(row, 0), "size"))
			size = row;
		if (audit_find(audit_cell_text(row, 0), "bits per weight") ||
			audit_word(audit_cell_text(row, 0), "bpw"))
			bits = row;
	}
	for (size_t c = 1; size && bits && !isnan(in->parameters) && c < audit_columns(t); c++) {
		double v = audit_cell_number(size, c), b = audit_cell_number(bits, c);

		if (v > 0 && b > 0 && !isnan(audit_bytes(1, audit_unit(size, c))))
			size_and_bits(in, audit_row_line(size), audit_column(t, c),
				audit_bytes(v, audit_unit(size, c)),
				audit_bytes(audit_half(audit_decimals(
				audit_stated(size, c))), audit_unit(size, c)), b,
				audit_half(audit_decimals(audit_stated(bits, c))));
	}
}

static void sentences(struct audit_in *in)
{
	const struct card_claim *x;

	for (size_t i = 0; (x = audit_claim(in, "size_pair", i)); i++) {
		const char *unit = json_text(x->what, "unit", ""),
			*unit2 = json_text(x->what, "unit2", "");
		double a = audit_bytes(json_num(x->what, "value", NAN), unit);
		double b = audit_bytes(json_num(x->what, "value2", NAN), unit2);
		double half = audit_half(audit_decimals(x->text + json_int(x->what, "at", 0)));
		bool right = audit_near(a, b, audit_bytes(half, unit) + audit_bytes(half, unit2));
		char *claim = audit_words(x);

		audit_say(in, right ? AUDIT_RIGHT : AUDIT_WRONG, x->line, claim, json_number(b),
			json_number(a), "%.4g GB are %.4g GiB", a / 1e9, a / 1073741824);
		free(claim);
	}
	for (size_t i = 0; (x = audit_claim(in, "size_at_bits", i)) && !isnan(in->parameters);
		i++) {
		const char *unit = json_text(x->what, "unit", "");

		size_and_bits(in, x->line, "stated",
			audit_bytes(json_num(x->what, "size", NAN), unit),
			audit_bytes(0.005, unit), json_num(x->what, "bits", NAN), 0.05);
	}
	if (isnan(in->parameters) || isnan(in->bytes))
		return;
	for (size_t i = 0; (x = audit_claim(in, "bits", i)); i++)
		if (!strcmp(x->text, in->bytes_text) || json_num(x->what, "bits", NAN) == in->bits)
			size_and_bits(in, x->line, "this file", in->bytes, in->bytes_half,
				json_num(x->what, "bits", NAN), audit_half(2));
}

/* --- memory --- */

static double cache_per_token(const struct audit_in *in, bool *guessed)
{
	double layers = audit_fact(in, "layers", NULL, NULL);
	double heads = audit_fact(in, "kv_heads", NULL, NULL),
		head = audit_fact(in, "head_size", NULL,
		NULL);

	*guessed = false;
	if (isnan(head))
		head = audit_fact(in, "hidden_size", NULL, NULL) /
			audit_fact(in, "attention_heads", NULL, NULL);
	if (!isnan(layers) && !isnan(heads) && !isnan(head))
		return 2 * 2 * layers * heads * head; /* keys and values of two bytes */
	*guessed = true;
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
		if (round(in->parameters / 1e9) == shapes[i].billions)
			return 4 * shapes[i].layers * shapes[i].kv_heads * shapes[i].head;
	return NAN;
}

static void fits(struct audit_in *in, const struct card_claim *x, double memory, double context,
	double cache_bits)
{
	const double gib = 1073741824;
	double bits = in->bits, weights = in->bytes;
	bool guessed, right;
	double token = cache_per_token(in, &guessed) * cache_bits / 16, cache, all;
	char *claim, *rest;

	if (isnan(weights))
		weights = in->parameters * bits / 8;
	if (isnan(weights) || isnan(memory))
		return;
	cache = isnan(context) ? 0 : context * 1024 * token;
	if (isnan(cache))
		return;
	all = weights + cache;
	right = all <= memory * gib;
	claim = xasprintf("%g GB%s", memory, isnan(context) ? "" : " with ");
	if (!isnan(context)) {
		char *longer = xasprintf("%s%gK of context", claim, context);

		free(claim);
		claim = longer;
	}
	rest = isnan(context) ? xstrdup("") : xasprintf(", cache %.1f GiB (%.0f KiB a token%s%s)",
		cache / gib, token / 1024, cache_bits < 16 ? " in 8 bits" : "", guessed ?
		", as models of that size have" : "");
	audit_say(in, right ? AUDIT_RIGHT : AUDIT_WRONG, x->line, claim, json_number(memory),
		json_number(all / gib), "weights %.1f GB = %.1f GiB%s: %.1f GiB in all",
		weights / 1e9,
		weights / gib, rest, all / gib);
	free(rest);
	free(claim);
}

static void memory(struct audit_in *in)
{
	const struct card_claim *x, *first = NULL;

	for (size_t i = 0; (x = audit_claim(in, "fits", i)); i++) {
		first = first ? first : x;
		fits(in, x, json_num(x->what, "memory", NAN), json_num(x->what, "context", NAN),
			16);
	}
	for (size_t i = 0; first && (x = audit_claim(in, "fits_cache", i)); i++)
		fits(in, x, json_num(first->what, "memory", NAN), json_num(x->what, "context", NAN),
			json_num(x->what, "bits", 16));
}

/* --- compared without a size --- */

/* "6/3-bit" in groups of 32: two more half bits for scale and bias of each group. */
static void sizes_missing(struct audit_in *in)
{
	const char *name = in->f->model ? str_base(in->f->model) : "";
	const char *text = in->c->text ? in->c->text : "";
	double extra = 32 / (audit_find(name, "-hi") ? 32.0 : 64.0);

	if (!audit_find(name, "-qx") || isnan(in->parameters) || in->variants.n < 2 ||
		audit_find(text, "bpw") || audit_find(text, "bits per weight") ||
		audit_word(text, "GB"))
		return;
	for (int64_t line = 1; (size_t)line <= in->lines.n; line++) {
		const char *s = audit_line(in, line);

		if (!audit_find(s, "-bit") || !audit_find(s, " vs "))
			continue;
		audit_say(in, AUDIT_UNSUPPORTED, line, "bits without sizes", NULL, NULL, "neither "
			"size nor bits per weight are stated, so the trade is not: with groups of "
			"%g a weight of 3 bits costs %.1f, one of 4 bits %.1f (%.2f GB), one of 6 "
			"bits %.1f", 32 / extra,
			3 + extra, 4 + extra, in->parameters * (4 + extra) / 8e9, 6 + extra);
		return;
	}
}

void audit_check_sizes(struct audit_in *in)
{
	const struct card_claim *x;

	against_type(in);
	page_parameters(in);
	for (size_t i = 0; i < in->c->tables.n; i++) {
		rows_of_sizes(in, &in->c->tables.v[i]);
		rows_of_types(in, &in->c->tables.v[i]);
		columns_of_sizes(in, &in->c->tables.v[i]);
	}
	sentences(in);
	memory(in);
	sizes_missing(in);
	if (isnan(in->bytes) && !isnan(in->bits) && !isnan(in->parameters) &&
		(x = audit_claim(in, "bits", 0)))
		audit_say(in, AUDIT_RIGHT, x->line, "bits per weight", json_number(in->bits),
			json_number(in->parameters * in->bits / 8), "some %.4g B parameters at %g "
			"bits are %.2f GB, %.1f GiB", in->parameters / 1e9, in->bits,
			in->parameters * in->bits / 8e9,
			in->parameters * in->bits / 8 / 1073741824);
}
