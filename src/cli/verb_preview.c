#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "cli/merging.h"
#include "cli/preview_report.h"
#include "system/process.h"

struct watch { /* lives as long as the preview: workers call until it is freed */
	struct preview *_Atomic v;
	struct figures_pass pass;
};

static void on_change(void *ctx)
{
	struct watch *w = ctx;
	struct preview_progress p;
	struct preview *v = atomic_load(&w->v);

	if (!v)
		return;
	preview_progress(v, &p);
	figures_progress(&w->pass, p.done, p.phase);
}

/* Bytes that a pass over the inputs reads. */
static uint64_t bytes_of(const struct plan *p)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < p->inputs->n; i++)
		bytes += p->inputs->v[i].model ? p->inputs->v[i].model->bytes : 0;
	return bytes;
}

/* --- JSON --- */

static enum figure_state lowest(enum figure_state a, struct figure f)
{
	return f.state == FIG_FAILED || f.state > a ? a : f.state;
}

static void set(json_t *j, struct figure f, enum stat_id s, enum figure_state *state)
{
	json_object_set_new(j, stat_info(s)->name, figure_json(f));
	*state = lowest(*state, f);
}

/* An interval is a sample's, or the bounds of a bin of the histogram. */
static void set_interval(json_t *j, struct figure f, enum stat_id s)
{
	if (f.state != FIG_SAMPLED && !(f.hi > f.lo))
		return;
	char *name = xasprintf("%s_interval", stat_info(s)->name);
	json_object_set_new(j, name, figure_interval(f));
	free(name);
}

static const enum stat_id to_input[] = { STAT_COSINE, STAT_RELATIVE_L2, STAT_ONE_MINUS_COSINE,
	STAT_MAX_ABS, STAT_DELTA_RATIO, STAT_DELTA_COSINE, STAT_INPUT_CONFLICT };
static const enum stat_id of_merge[] = { STAT_DELTA_NORM, STAT_CONFLICT, STAT_FROZEN, STAT_ROUNDING,
	STAT_ROUNDING_DELTA, STAT_MEAN_SHIFT, STAT_SWAPPED, STAT_ZEROS };

/* Figures of some tensors (NULL: all), into j. The state named is that of the norm, the cosines and
 * the distances; figures that are not known to the last bit stand with their intervals. */
static enum figure_state add_figures(json_t *j, struct preview *v, const struct plan *p,
	const size_t *tensors, size_t n, bool exact)
{
	enum figure_state state = FIG_EXACT, rest = FIG_EXACT;
	struct figure norm = preview_group(v, tensors, n, STAT_NORM, -1);
	json_t *to = json_object();

	set(j, norm, STAT_NORM, &state);
	for (size_t i = 0; i < p->inputs->n; i++) {
		json_t *one = json_object();
		struct figure cosine = preview_group(v, tensors, n, STAT_COSINE, (int)i);
		for (size_t k = 0; k < sizeof to_input / sizeof *to_input; k++) {
			struct figure f = preview_group(v, tensors, n, to_input[k], (int)i);
			set(one, f, to_input[k], k < 2 ? &state : &rest);
			if (k >= 2)
				set_interval(one, f, to_input[k]);
		}
		json_object_set_new(one, "interval", figure_interval(cosine));
		json_object_set_new(one, "relative_l2_interval",
			figure_interval(preview_group(v, tensors, n, STAT_RELATIVE_L2, (int)i)));
		json_object_set_new(to, p->inputs->v[i].text, one);
	}
	json_object_set_new(j, "norm_interval", figure_interval(norm));
	for (size_t k = 0; k < sizeof of_merge / sizeof *of_merge; k++) {
		struct figure f = preview_group(v, tensors, n, of_merge[k], -1);
		set(j, f, of_merge[k], &rest);
		set_interval(j, f, of_merge[k]);
	}
	json_object_set_new(j, "state", json_string(figure_state_name(exact && state == FIG_EXACT
		? FIG_EXACT : state)));
	json_object_set_new(j, "to", to);
	return state < rest ? state : rest;
}

static json_t *coverage_json(struct preview *v)
{
	double share[MERGE_MAX_INPUTS + 1], half[MERGE_MAX_INPUTS + 1];
	size_t n;

	if (!preview_coverage(v, share, half, &n))
		return json_null();
	json_t *j = json_object(), *values = json_array(), *widths = json_array();
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(values, json_number(share[i]));
		json_array_append_new(widths, json_number(half[i]));
	}
	json_object_set_new(j, "share", values);
	json_object_set_new(j, "half_width", widths);
	return j;
}

static json_t *swap_json(const struct curve *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(list, figures_swap(&c->v[i]));
	return list;
}

static void print_json(struct preview *v, const struct plan *p, const char *path, bool exact,
	const struct curve *curve)
{
	json_t *j = json_object(), *tensors = json_array(), *total = json_object();
	enum figure_state state = FIG_EXACT;
	struct preview_progress at;
	struct effect effect;

	preview_progress(v, &at);
	for (size_t i = 0; i < p->n; i++) {
		json_t *one = json_object();
		json_object_set_new(one, "name", json_textn(p->tensors[i].like->name));
		json_object_set_new(one, "role", json_textn(p->tensors[i].like->role));
		json_object_set_new(one, "layer", p->tensors[i].like->layer < 0 ? json_null()
			: json_integer(p->tensors[i].like->layer));
		json_object_set_new(one, "elements", json_u64(p->tensors[i].like->elements));
		enum figure_state s = add_figures(one, v, p, &i, 1, exact);
		state = s < state ? s : state;
		json_array_append_new(tensors, one);
	}
	add_figures(total, v, p, NULL, 0, exact);
	effect_of(p->recipe, &effect);
	json_object_set_new(j, "recipe", json_textn(path));
	json_object_set_new(j, "method", json_textn(p->recipe->method->name));
	json_object_set_new(j, "exact", json_boolean(state == FIG_EXACT));
	json_object_set_new(j, "output_bytes", json_u64(p->output_bytes));
	json_object_set_new(j, "parameters", json_u64(p->parameters));
	json_object_set_new(j, "seed", json_u64(p->seed));
	json_object_set_new(j, "base", json_textn(p->inputs->figure_base_name));
	json_object_set_new(j, "nonfinite", json_u64(at.nonfinite));
	json_object_set_new(j, "tensors", tensors);
	json_object_set_new(j, "total", total);
	json_object_set_new(j, "effect", effect_json(&effect));
	json_object_set_new(j, "coverage", coverage_json(v));
	json_object_set_new(j, "swap", swap_json(curve));
	effect_fini(&effect);
	json_print(j);
	json_decref(j);
}

/* --- the verb --- */

static bool make_curve(struct preview *v, const struct plan *p, bool exact, const double *t,
	size_t n,
	struct curve *out, struct err *e)
{
	int other = report_swap_input(p);

	out->v = xnew(struct swap_point, n + 1);
	if (other < 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		out->v[out->n].t = t[i];
		out->n += exact || preview_swap(v, NULL, 0, other, t[i], &out->v[out->n]);
	}
	return !exact || preview_swap_exact(v, other, out->v, out->n, e);
}

static bool look_at(struct cli *c, struct plan *p, bool exact, const double *t, size_t n_t,
	struct err *e)
{
	struct curve curve = { 0 };

	struct watch w = { .pass = { 0 } };
	struct preview *v = preview_new(cli_pool(c), c->catalog, on_change, &w);

	process_catch_signals();
	figures_begin(&w.pass, bytes_of(p));
	preview_show(v, p);
	atomic_store(&w.v, v);
	bool ok = preview_wait(v, exact, e) && make_curve(v, p, exact, t, n_t, &curve, e);
	atomic_store(&w.v, NULL);
	cli_progress_end();
	if (ok && c->json)
		print_json(v, p, c->argv[0], exact, &curve);
	else if (ok)
		report_preview(v, p, c->argv[0], &curve);
	preview_free(v);
	free(curve.v);
	return ok;
}

static int run(struct cli *c, struct err *e)
{
	struct plan_options o = { 0 };
	struct recipe *r = NULL;
	struct plan *p = NULL;
	size_t n_t = 0;
	double *t = figures_list(cli_option(c, "--t"), &n_t, e);
	bool ok = t && cli_option_u64(c, "--seed", &o.seed, e) && merging_options(c, &o, e);

	o.has_seed = cli_option(c, "--seed") != NULL;
	if (ok && (r = merging_recipe(c->argv[0], cli_option(c, "--document"), e)))
		p = merging_plan(c, r, &o, e);
	ok = p && look_at(c, p, cli_option(c, "--exact") != NULL, t, n_t, e);
	plan_unref(p);
	recipe_unref(r);
	free(t);
	return ok ? 0 : err_exit_status(e->code);
}

static const struct verb_option options[] = {
	{ "--exact", NULL, false, "stream every tensor as it would be stored; exact figures only" },
	{ "--document", "NAME", false, "of a file with several recipes, this one" },
	{ "--t", "LIST", false, "points of the NearSwap curve: 0.0001,0.0003" },
	{ "--seed", "N", false, "seed of random methods instead of the recipe's" },
	MERGING_OPTIONS,
	{ 0 },
};
const struct verb verb_preview = {
	.name = "preview",
	.args = "RECIPE",
	.help = "what the merge would be; nothing is written",
	.detail = "Reads the inputs once, remembers their sums in the catalog, and shows what the "
		"recipe does to each role: how far the merge moves from the base and in whose "
		"direction, where the inputs pull against each other, what rounding to the output "
		"dtype undoes. Figures with a closed form are of the merge before rounding; others "
		"come from a sample and show a 95 % interval; --exact computes the tensors as they "
		"would be stored.",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
