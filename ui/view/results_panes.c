/* What the Results view draws around its table: what is compared, and what came of it in words. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/view/view_results.h"

/* --- the line above the table --- */

/* "Qwen3-8B-Hybrid-" of names that begin alike, up to a sign that parts words. */
static size_t common_stem(const struct comparison *c)
{
	const char *first = str_base(c->variants[0].name);
	size_t n = strlen(first), end = 0;

	for (size_t i = 1; i < c->n_variants; i++) {
		const char *other = str_base(c->variants[i].name);
		size_t k = 0;

		while (k < n && first[k] == other[k])
			k++;
		n = k;
	}
	for (size_t i = 0; i < n; i++)
		if (strchr("-_. ", first[i]))
			end = i;
	return end >= 4 ? end : 0;
}

static void add_protocol(const struct comparison *c, struct str *s)
{
	const char *one = c->n_variants ? c->variants[0].protocol : NULL;

	for (size_t i = 1; i < c->n_variants; i++)
		if (!str_eq(one, c->variants[i].protocol)) {
			str_add(s, " · protocols differ");
			return;
		}
	if (one)
		str_addf(s, " · %s", one);
}

/* What the ± is: paired differences are narrower than what n alone allows to say. */
static const char *spread_words(const struct comparison *c) /* for the end of the line */
{
	bool paired, bound;

	results_spreads(c, &paired, &bound);
	return paired && bound ? "± is 1 SE, ≤ a bound" : paired ? "± is 1 SE, paired" :
		bound ? "± is 1 SE, a bound" : "± is 1 SE";
}

static void add_label(struct str *s, const char *label)
{
	str_add(s, " · against ");
	text_fit(s, label, 30, CUT_MIDDLE);
}

static void add_against(const struct results_view *v, struct str *s)
{
	const struct comparison *c = v->c;

	if (c->n_variants < 2)
		str_addf(s, " · %s", c->n_variants ? c->variants[0].label : "");
	else if (c->synergy)
		str_add(s, " · against the best measured parent");
	else if (c->baseline < c->n_variants)
		add_label(s, c->variants[c->baseline].label);
	else
		str_add(s, " · each against each");
}

void results_draw_head(const struct results_view *v, struct grid *g)
{
	const struct comparison *c = v->c;
	struct str s = STR_INIT;
	size_t stem, count = 0; /* bytes of what gives way first: rows can be counted */
	int w = 0;

	if (!c || !c->n_variants) {
		str_add(&s, v->making ? "comparing …" : "nothing was measured yet");
	} else {
		/* of a few, what their names have in common; of many, why these */
		stem = c->n_variants > 1 && (!v->what || c->n_variants <= RESULTS_BESIDE) ?
			common_stem(c) : 0;
		if (v->arrangement != RESULTS_TASKS)
			str_addf(&s, "%zu variants · ", c->n_variants);
		count = s.n;
		if (stem)
			str_addn(&s, str_base(c->variants[0].name), stem);
		else
			str_add(&s, v->what ? v->what : "");
		add_against(v, &s);
		if (v->only)
			str_add(&s, " · only differences");
		if (v->left_out)
			str_addf(&s, " · p shows %zu more rows", v->left_out);
		if (v->across)
			str_add(&s, " · ≠ across protocols");
		add_protocol(c, &s);
		w = text_width(spread_words(c));
		grid_text(g, v->head.x + v->head.w - 1 - w, v->head.y, STYLE_dim, spread_words(c));
		w += 2;
	}
	if (text_width(s.s) <= v->head.w - 2 - w)
		count = 0;
	grid_fit(g, v->head.x + 1, v->head.y, v->head.w - 2 - w, STYLE_dim, s.s + count, CUT_END);
	str_fini(&s);
}

/* --- words --- */

struct wrapping {
	struct grid *g;        /* NULL: only counted */
	struct rect r;
	int lines;
};

static void draw_part(void *ctx, const char *s, size_t n)
{
	struct wrapping *w = ctx;
	char *part;

	if (w->g && w->lines < w->r.h) {
		part = xstrndup(s, n);
		grid_text(w->g, w->r.x, w->r.y + w->lines, STYLE_normal, part);
		free(part);
	}
	w->lines++;
}

/* The signs that stand beside figures in rows of variants, as far as they do. */
static void add_legend(const struct results_view *v, struct str *out)
{
	static const struct { const char *signs[2], *words; } of[] = {
		{ { "▲", "▼" }, "▲▼ real" },
		{ { "▵", "▿" }, "▵▿ suggestive" },
		{ { "=", "=" }, "= tells nothing" },
		{ { "!", "!" }, "! below guessing" },
		{ { "≠", "≠" }, "≠ measured otherwise" },
	};
	bool seen[sizeof of / sizeof *of] = { false }, estimates = false;

	for (size_t i = 0; i < v->c->n_rows; i++)
		for (size_t k = 0; k < v->c->n_variants; k++) {
			const char *sign = results_mark(v, i, k);

			estimates |= v->c->rows[i].cells[k].estimated;
			for (size_t j = 0; j < sizeof of / sizeof *of; j++)
				seen[j] |= str_eq(sign, of[j].signs[0]) ||
					str_eq(sign, of[j].signs[1]);
		}
	for (size_t j = 0; j < sizeof of / sizeof *of; j++)
		if (seen[j])
			str_addf(out, "%s  ", of[j].words);
	str_addf(out, "%s%s", estimates ? "~ estimate  " : "",
		v->c->baseline < v->c->n_variants ? "◂ baseline" : "");
}

/* Where there are many, those about the variant under the cursor come first: they begin with its
 * name. */
static void each_sentence(const struct results_view *v, struct wrapping *wrap)
{
	size_t at = v->c->n_variants > RESULTS_BESIDE ? results_variant_at(v) : SIZE_MAX;
	const char *name = at != SIZE_MAX ? v->c->variants[at].label : "";

	for (int here = 1; here >= 0; here--)
		for (size_t i = 0; i < v->c->n_sentences; i++)
			if ((*name && str_starts(v->c->sentences[i], name) &&
				v->c->sentences[i][strlen(name)] == ':') == here)
				text_wrap(v->c->sentences[i], wrap->r.w - 2, draw_part, wrap);
}

int results_words_height(const struct results_view *v, int w, int most)
{
	struct wrapping wrap = { .r = { 0, 0, w, most } };

	if (v->c)
		each_sentence(v, &wrap);
	if (v->c && v->arrangement == RESULTS_VARIANTS)
		wrap.lines++;
	return wrap.lines < most ? wrap.lines : most;
}

static void draw_words(const struct results_view *v, struct grid *g)
{
	struct wrapping wrap = { .g = g, .r = v->words };
	struct str s = STR_INIT;

	wrap.r.x++;
	if (v->arrangement == RESULTS_VARIANTS && v->words.h > 0) {
		add_legend(v, &s);
		grid_fit(g, wrap.r.x, wrap.r.y, v->words.w - 2, STYLE_dim, s.s, CUT_END);
		str_fini(&s);
		wrap.lines++;
	}
	each_sentence(v, &wrap);
}

void results_draw_panes(const struct results_view *v, struct grid *g)
{
	struct rect r = v->pane, left;

	if (!v->c || !v->c->n_variants)
		return;
	if (v->arrangement == RESULTS_SIZES) {
		results_draw_front(v, g, r);
	} else if (v->arrangement == RESULTS_VARIANTS) {
		if (r.w >= 120 && r.h >= 8 && results_sizes(v->c) > 1) {
			left = rect_left(&r, r.w / 2);
			results_draw_values(v, g, left);
			results_draw_front(v, g, r);
		} else {
			results_draw_values(v, g, r);
		}
	} else if (v->wide) {
		if (v->beside.w)
			results_draw_beside(v, g);
		results_draw_front(v, g, r);
	} else {
		results_draw_differences(v, g, r);
	}
	draw_words(v, g);
}
