/* NearSwap: result = a + clamp(b - a, -t, +t). The share that is swapped whole at t is the share of
 * differences up to t: for differences with one peak at zero, share / t never rises. */
#include "audit/audit_in.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"

struct point {
	double t, full;            /* full: share of 1 */
	int64_t line;
};

static size_t points(const struct audit_in *in, struct point *v, size_t max)
{
	const struct card_table *table = audit_table(in, "swap", 0);
	const json_t *row;
	size_t n = 0;

	for (size_t i = 0; table && (row = audit_row(table, i)) && n < max; i++) {
		v[n] = (struct point){ audit_cell_number(row, 0), audit_cell_number(row, 1),
			audit_row_line(row) };
		n += v[n].t > 0 && v[n].full >= 0;
	}
	return n;
}

static void unimodal(struct audit_in *in, const struct point *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		double factor = v[i].t / v[i - 1].t, most = v[i - 1].full * factor;
		/* "~2%" may be anything from 1.5 to 2.5 */
		double slack = v[i - 1].full >= 0.015 ? 0.005 : 0.0005;
		char *claim = xasprintf("t = %g: %.3g%%", v[i].t, 100 * v[i].full);

		if (factor <= 1)
			;
		else if (v[i].full < v[i - 1].full)
			audit_say(in, AUDIT_WRONG, v[i].line, claim, json_number(v[i].full),
				json_number(v[i - 1].full), "less than at the smaller t above");
		else if (v[i].full > (v[i - 1].full + slack) * factor)
			audit_say(in, AUDIT_WRONG, v[i].line, claim, json_number(v[i].full),
				json_number(most), "from %.3g%% at t = %g, %.2f times that t can "
				"swap at most %.1f%%: differences near zero are the most frequent, "
				"so share / t never rises (here from %.0f to %.0f); or line %lld "
				"should say %.1f%%", 100 * v[i - 1].full,
				v[i - 1].t, factor, 100 * most, v[i - 1].full / v[i - 1].t,
				v[i].full / v[i].t, (long long)v[i - 1].line,
				100 * v[i].full / factor);
		else
			audit_say(in, AUDIT_RIGHT, v[i].line, claim, json_number(v[i].full),
				json_number(v[i].full), "share / t falls, as it must");
		free(claim);
	}
}

/* Passes add up: of three with 0.8 %, 1 - 0.992^3 is touched whole by one of them. */
static void passes(struct audit_in *in, const struct point *v, size_t n)
{
	const struct card_claim *per = audit_claim(in, "swap_pass", 0);
	const struct card_claim *many = audit_claim(in, "swap_passes", 0);
	double percent = per ? json_num(per->what, "percent", NAN) : NAN;
	double times = many ? json_num(many->what, "passes", NAN) : NAN;
	double all = 100 * (1 - pow(1 - percent / 100, times));

	for (size_t i = 0; i < n; i++) {
		char *claim;

		if (!audit_find(audit_line(in, v[i].line), "this model") || isnan(all) ||
			!audit_near(100 * v[i].full, percent, 1e-6) || times < 2)
			continue;
		claim = xasprintf("t = %g: %.3g%%: this model", v[i].t, 100 * v[i].full);
		audit_say(in, AUDIT_MISLEADING, v[i].line, claim, json_number(percent),
			json_number(all), "that is one pass; this model had %.0f: 1 - (1 - "
			"%.4g)^%.0f = %.2f %% if they are independent, and each weight may move by "
			"%.0f t", times,
			percent / 100, times, all, times);
		free(claim);
	}
}

static void retains(struct audit_in *in, const struct card_claim *x, const struct point *v,
	size_t n)
{
	const struct card_claim *per = audit_claim(in, "swap_pass", 0);
	double full = per ? json_num(per->what, "percent", NAN) / 100 : n ? v[0].full : NAN;
	char *claim = audit_words(x);

	if (isnan(full))
		audit_say(in, AUDIT_MISLEADING, x->line, claim, NULL, NULL, "NearSwap moves every "
			"weight that differs, by the difference or by t, whichever is less");
	else
		audit_say(in, AUDIT_MISLEADING, x->line, claim, NULL, json_number(100 * (1 - full)),
			"NearSwap moves every weight that differs, by the difference or by t, "
			"whichever is less: besides the %.3g %% that are swapped whole, the other "
			"%.1f %% move by exactly t", 100 * full, 100 * (1 - full));
	free(claim);
}

/* Half a unit of the last place of bf16 (8 bits) in [2^e, 2^(e+1)) is 2^(e-8). */
static void resolution(struct audit_in *in, const struct point *v, size_t n)
{
	double frozen;

	if (!n || audit_find(in->c->text, "float16") || audit_find(in->c->text, "bf16") ||
		audit_find(in->c->text, "fp16") || audit_find(in->c->text, "f16"))
		return;
	frozen = ldexp(1, (int)floor(log2(v[0].t)) + 1 + 8);
	audit_say(in, AUDIT_UNSUPPORTED, v[0].line, "the dtype is not stated", NULL,
		json_number(frozen), "in bfloat16 a change of t = %g is rounded away wherever the "
		"weight is %.5g or more (half a unit in the last place is %.3g there); in float16 "
		"it is not", v[0].t, frozen, frozen / 256);
}

void audit_check_swap(struct audit_in *in)
{
	struct point v[64];
	size_t n = points(in, v, 64);
	const struct card_claim *x;

	unimodal(in, v, n);
	passes(in, v, n);
	if (n || audit_find(in->c->text, "nearswap"))
		for (size_t i = 0; (x = audit_claim(in, "retains", i)); i++)
			retains(in, x, v, n);
	resolution(in, v, n);
}
