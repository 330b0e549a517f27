#include "config.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "cli/diff_files.h"
#include "cli/diff_report.h"
#include "system/process.h"

struct watch { /* lives as long as the look: workers call until it is freed */
	struct look *_Atomic l;
	struct figures_pass pass;
};

static void on_change(void *ctx)
{
	struct watch *w = ctx;
	struct look_progress p;
	struct look *l = atomic_load(&w->l);

	if (!l)
		return;
	look_progress(l, &p);
	figures_progress(&w->pass, p.done, p.phase);
}

static const struct { const char *name; enum stat_id stat; int model; } fields[] = {
	{ "cosine", STAT_COSINE, 1 }, { "relative_l2", STAT_RELATIVE_L2, 1 },
	{ "max_abs", STAT_MAX_ABS, 1 }, { "norm_a", STAT_NORM, 0 }, { "norm_b", STAT_NORM, 1 },
	{ "sign_agreement", STAT_SIGN_AGREEMENT, 1 }, { "delta_cosine", STAT_DELTA_COSINE, 1 },
	{ "delta_ratio", STAT_DELTA_RATIO, 1 }, { "one_minus_cosine", STAT_ONE_MINUS_COSINE, 1 },
	{ "nonfinite_a", STAT_NONFINITE, 0 }, { "nonfinite_b", STAT_NONFINITE, 1 },
};

static enum figure_state add_figures(json_t *j, const struct diff *d, const size_t *rows, size_t n)
{
	enum figure_state state = FIG_EXACT;

	for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
		struct figure f = look_group(d->look, rows, n, fields[k].stat, fields[k].model);
		json_object_set_new(j, fields[k].name, figure_json(f));
		if (k < 2 && f.state != FIG_FAILED && f.state < state)
			state = f.state;
		if (k < 2)
			json_object_set_new(j, k ? "relative_l2_interval" : "interval",
				figure_interval(f));
	}
	json_object_set_new(j, "state", json_string(figure_state_name(state)));
	return state;
}

static json_t *shape_json(const struct model *m, long t)
{
	json_t *j = json_array();

	if (t < 0) {
		json_decref(j);
		return json_null();
	}
	for (int i = 0; i < m->source.tensors[t].rank; i++)
		json_array_append_new(j, json_u64(m->source.tensors[t].shape[i]));
	return j;
}

/* Tensors that only one model has, or in other shapes. */
static json_t *unmatched_json(const struct diff *d, const struct look_row *r)
{
	json_t *j = json_object();

	json_object_set_new(j, "name", json_textn(r->like->name));
	json_object_set_new(j, "a", shape_json(d->a, r->tensor[0]));
	json_object_set_new(j, "b", shape_json(d->b, r->tensor[1]));
	return j;
}

static void print_json(const struct diff *d, struct cli *c)
{
	json_t *j = json_object(), *tensors = json_array(), *unmatched = json_array();
	json_t *total = json_object(), *swap = json_array();
	enum figure_state state = FIG_EXACT;
	uint64_t elements = 0;
	size_t n = look_rows(d->look), *rows = xnew(size_t, n + 1), got = 0;

	for (size_t i = 0; i < n; i++) {
		const struct look_row *r = look_row(d->look, i);
		if (r->tensor[0] < 0 || r->tensor[1] < 0 || r->other_shape) {
			json_array_append_new(unmatched, unmatched_json(d, r));
			continue;
		}
		json_t *one = json_object();
		json_object_set_new(one, "name", json_textn(r->like->name));
		json_object_set_new(one, "role", json_textn(r->like->role));
		json_object_set_new(one, "layer", r->like->layer < 0 ? json_null()
			: json_integer(r->like->layer));
		json_object_set_new(one, "elements", json_u64(r->like->elements));
		enum figure_state s = add_figures(one, d, &i, 1);
		state = s < state ? s : state;
		elements += r->like->elements;
		rows[got++] = i;
		json_array_append_new(tensors, one);
	}
	json_object_set_new(total, "elements", json_u64(elements));
	add_figures(total, d, rows, got);
	for (size_t i = 0; i < d->n_swap; i++)
		json_array_append_new(swap, figures_swap(&d->swap[i]));
	json_object_set_new(j, "a", json_textn(c->argv[0]));
	json_object_set_new(j, "b", json_textn(c->argv[1]));
	json_object_set_new(j, "base", json_textn(cli_option(c, "--base")));
	json_object_set_new(j, "exact", json_boolean(state == FIG_EXACT));
	json_object_set_new(j, "tensors", tensors);
	json_object_set_new(j, "unmatched", unmatched);
	json_object_set_new(j, "total", total);
	json_object_set_new(j, "swap", swap);
	json_object_set(j, "files", d->files);
	json_print(j);
	json_decref(j);
	free(rows);
}

/* A stated list is counted with --exact; otherwise the curve comes from the histogram or the
 * sample. */
static bool make_curve(struct diff *d, struct cli *c, enum dtype type, struct err *e)
{
	const char *list = cli_option(c, "--t");
	bool exact = cli_option(c, "--exact") != NULL;
	double *t = figures_list(list, &d->n_swap, e);

	if (!t)
		return false;
	d->swap = xnew(struct swap_point, d->n_swap);
	for (size_t i = 0; i < d->n_swap; i++)
		d->swap[i] =
			(struct swap_point){ t[i], figure_none(), figure_none(), figure_none() };
	free(t);
	if (exact && list)
		return look_swap_exact(d->look, cli_pool(c), 1, type, d->swap, d->n_swap, e);
	for (size_t i = 0; i < d->n_swap; i++)
		look_swap(d->look, NULL, 0, 1, d->swap[i].t, type, &d->swap[i]);
	return true;
}

static bool compare(struct diff *d, struct cli *c, enum dtype type, struct watch *w, struct err *e)
{
	struct model *models[2] = { d->a, d->b };
	struct err ignored = { 0 };

	process_catch_signals();
	figures_begin(&w->pass, d->a->bytes + d->b->bytes + (d->base ? d->base->bytes : 0));
	/* the catalog only spares reading: without one it is read again */
	d->look = look_new(cli_pool(c), cli_catalog(c, &ignored), models, 2, d->base, on_change,
		w);
	atomic_store(&w->l, d->look);
	bool ok = look_wait(d->look, cli_option(c, "--exact") != NULL, e) &&
		make_curve(d, c, type, e);
	atomic_store(&w->l, NULL);
	cli_progress_end();
	return ok;
}

static bool read_type(struct cli *c, enum dtype *type, struct err *e)
{
	const char *name = cli_option(c, "--dtype");

	*type = DT_UNKNOWN; /* A's own */
	if (!name)
		return true;
	*type = dtype_by_torch(name);
	if (*type == DT_UNKNOWN)
		*type = dtype_by_name(name);
	if (*type == DT_UNKNOWN || !dtype_is_float(*type))
		return err_set(e, ERR_USAGE, "--dtype", "give bfloat16, float16 or float32",
			"`%s` is no type that weights are rounded to", name);
	return true;
}

static int run(struct cli *c, struct err *e)
{
	const char *base = cli_option(c, "--base");
	struct diff d = { 0 };
	struct watch w = { .pass = { 0 } };
	enum dtype type;
	bool ok = read_type(c, &type, e);

	ok = ok && (d.a = cli_model(c, c->argv[0], e)) && (d.b = cli_model(c, c->argv[1], e))
		&& (!base || (d.base = cli_model(c, base, e)));
	if (ok) {
		d.files = diff_files(d.a, d.b);
		ok = compare(&d, c, type, &w, e);
	}
	if (ok && c->json)
		print_json(&d, c);
	else if (ok)
		report_diff(&d);
	look_free(d.look);
	free(d.swap);
	json_decref(d.files);
	model_unref(d.a);
	model_unref(d.b);
	model_unref(d.base);
	return ok ? 0 : err_exit_status(e->code);
}

static const struct verb_option options[] = {
	{ "--base", "MODEL", false, "what both were trained from: compares their moves from it" },
	{ "--exact", NULL, false, "read every weight instead of a sample" },
	{ "--t", "LIST", false, "points of the swap curve: 0.0001,0.0003; counted with --exact" },
	{ "--dtype", "TYPE", false, "output type for `frozen` (default: A's)" },
	{ 0 },
};
const struct verb verb_diff = {
	.name = "diff",
	.args = "A B",
	.help = "how two models differ: weights by role and layer, moves from a base, files",
	.detail = "Tensors are matched by their Hugging Face names, whatever the containers: a "
		"GGUF file, a folder and an MLX folder compare. Without --exact figures come from "
		"a sample and show a 95 % interval, unless the catalog already knows the pair. The "
		"swap curve says what share of A's weights NearSwap towards B would swap fully at "
		"t, how far weights move on average, and how many moves the output type cannot "
		"hold.",
	.min_args = 2,
	.max_args = 2,
	.options = options,
	.run = run,
};
