#include "config.h"
#include "cli/quantizing.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/figures.h"
#include "cli/merging.h"
#include "engine/recipe_model.h"
#include "quant/best.h"
#include "system/process.h"

#define MAX_TYPES 32

/* --- what is planned for --- */

static struct model *open_recipe(struct quantizing *q, const struct quantizing_from *from,
	struct err *e)
{
	q->merge = merging_plan(q->c, from->recipe, from->merge, e);
	return q->merge ? recipe_model(q->merge, from->name, e) : NULL;
}

static bool open_imatrix(struct quantizing *q, const char *path, struct err *e)
{
	if (!path)
		return true;
	if (q->targets->container == QUANT_MLX)
		return err_set(e, ERR_USAGE, path, "choose a GGUF preset, or leave it out",
			"MLX's types make no use of an importance matrix");
	q->imatrix = imatrix_load(path, e);
	return q->imatrix && imatrix_check(q->imatrix, q->targets, &q->cover, e);
}

bool quantizing_open(struct quantizing *q, struct cli *c, const char *name, const char *plan,
	const char *imatrix, struct err *e)
{
	struct plan_options o = { 0 };
	struct quant_spec *s = quant_spec_load(plan, e);
	struct recipe *r = s && merging_is_recipe(name) ? recipe_load(name, e) : NULL;
	struct quantizing_from from = { .name = name, .recipe = r, .merge = &o, .spec = s,
		.imatrix = imatrix };
	bool ok;

	memset(q, 0, sizeof *q);
	ok = s && (r || !merging_is_recipe(name)) && quantizing_from(q, c, &from, e);
	recipe_unref(r);
	quant_spec_unref(s);
	return ok;
}

static bool file_bytes(struct quantizing *q, struct err *e)
{
	struct gguf_keys keys = { 0 };
	struct quant_layout *l = NULL;

	if (q->targets->container == QUANT_GGUF) {
		if (!gguf_keys_make(q->plan, q->imatrix, &keys, e))
			return false;
		l = quant_layout_gguf(q->plan, &keys, "model.gguf", 0, e);
		gguf_keys_fini(&keys);
	} else {
		l = quant_layout_mlx(q->plan, 0);
	}
	if (l)
		q->bytes = l->total;
	quant_layout_free(l);
	return l != NULL;
}

/* In place of the one there is: type by type again, sizes, findings. */
static bool make_plan(struct quantizing *q, const struct quant_spec *s, struct err *e)
{
	quant_plan_unref(q->plan);
	findings_fini(&q->findings);
	free(q->sums);
	q->sums = NULL;
	q->plan = quant_plan_make(s, q->targets, q->imatrix != NULL, &q->findings, e);
	return q->plan && file_bytes(q, e);
}

bool quantizing_from(struct quantizing *q, struct cli *c, const struct quantizing_from *from,
	struct err *e)
{
	memset(q, 0, sizeof *q);
	q->c = c;
	q->model = from->recipe ? open_recipe(q, from, e) : cli_model(c, from->name, e);
	if (q->model)
		q->targets = quant_targets_new(q->model, from->spec->preset.container, e);
	return q->targets && open_imatrix(q, from->imatrix, e) && make_plan(q, from->spec, e);
}

void quantizing_close(struct quantizing *q)
{
	quant_plan_unref(q->plan);
	quant_targets_unref(q->targets);
	imatrix_free(q->imatrix);
	plan_unref(q->merge);
	model_unref(q->model);
	findings_fini(&q->findings);
	free(q->sums);
}

/* --- errors --- */

struct pass {
	struct quantizing *q;
	const struct quant_type *types; /* NULL: what the plan gives */
	size_t n;
	bool exact;
	struct quant_sums *out;     /* n to a target */
	struct figures_pass progress;
	pthread_mutex_t lock;
	uint64_t done;
	struct err *e;
	bool failed;
	atomic_bool *stop;
};

/* The types that fit its rows, all in one pass over them; the others keep no rows seen, which says
 * that they are not to be had. */
static bool measure_types(struct pass *p, size_t i, struct err *e)
{
	const struct quant_target *x = &p->q->targets->v[i];
	struct quant_sums sums[MAX_TYPES];
	struct quant_type types[MAX_TYPES];
	size_t at[MAX_TYPES], n = 0;

	for (size_t k = 0; k < p->n; k++) {
		uint64_t bytes;
		types[n] = p->types ? p->types[k] : p->q->plan->v[i].type;
		if (types[n].mode == QUANT_AFFINE)
			types[n].dtype = x->keep;
		p->out[i * p->n + k] = (struct quant_sums){ .rows = 1 };
		if ((x->quantizable || !p->types) &&
			quant_type_bytes(types[n], x->elements, x->row, &bytes))
			at[n++] = k;
	}
	if (!n || !quant_measure(p->q->targets, i, types, n, p->q->imatrix, p->exact, sums, e))
		return !n;
	for (size_t k = 0; k < n; k++)
		p->out[i * p->n + at[k]] = sums[k];
	return true;
}

static void measure_one(void *ctx, size_t i, unsigned worker)
{
	struct pass *p = ctx;
	const struct quant_target *x = &p->q->targets->v[i];
	struct err e = { 0 };
	bool ok = measure_types(p, i, &e);

	(void)worker;
	pthread_mutex_lock(&p->lock);
	if (!ok && !p->failed) {
		*p->e = e;
		p->failed = true;
	}
	p->done += x->elements;
	double done = (double)p->done / (double)(p->q->targets->parameters + 1);
	pthread_mutex_unlock(&p->lock);
	figures_progress(&p->progress, done < 1 ? done : 1, x->name);
}

static bool measure(struct quantizing *q, const struct quant_type *types, size_t n, bool exact,
	struct quant_sums *out, struct err *e)
{
	struct pass p = { .q = q, .types = types, .n = n, .exact = exact, .out = out, .e = e };

	pthread_mutex_init(&p.lock, NULL);
	process_catch_signals();
	figures_begin(&p.progress, q->model->bytes);
	pool_for(cli_pool(q->c), q->targets->n, measure_one, &p, &process_cancelled);
	cli_progress_end();
	pthread_mutex_destroy(&p.lock);
	if (atomic_load(&process_cancelled))
		return err_set(e, ERR_CANCELLED, q->model->source.label, NULL, "cancelled");
	return !p.failed;
}

bool quantizing_measure(struct quantizing *q, bool exact, struct err *e)
{
	if (!q->sums)
		q->sums = xnew(struct quant_sums, q->targets->n + 1);
	return measure(q, NULL, 1, exact, q->sums, e);
}

/* --- a budget --- */

/* What the file takes besides its weights does not depend on their types, but for the digits of
 * offsets in MLX's headers. */
static bool under(struct quantizing *q, const struct quant_errors *x, uint64_t target, bool is_bits,
	struct err *e)
{
	uint32_t pad = q->targets->container == QUANT_GGUF && !is_bits ? 32 : 1;
	struct quant_spec *start = quant_spec_ref(q->plan->spec);
	uint64_t over = is_bits ? 0 : q->bytes - q->plan->weight_bytes, least = 0;
	bool exact, ok = true;

	if (pad > 1) /* padding is the solver's to count */
		over = q->bytes - (quant_gguf_bytes(q->plan, 0, pad) -
			quant_gguf_layout(q->plan, 0, pad, NULL));
	for (int round = 0; round < 8 && ok; round++) {
		uint64_t budget = target > over ? target - over : 0;
		struct quant_spec *s = quant_best(q->plan, x, budget, pad, &exact, &least, e);
		if (!s) {
			struct str min = STR_INIT;
			str_add_bytes(&min, least + over);
			if (least + over > target)
				err_set(e, ERR_INPUT, "--target", "allow more",
					"the smallest types take %s (%" PRIu64 " bytes)", min.s,
					least + over);
			str_fini(&min);
			ok = false;
			break;
		}
		ok = make_plan(q, s, e);
		quant_spec_unref(s);
		uint64_t now = is_bits ? q->plan->weight_bytes : q->bytes;
		if (!ok || now <= target)
			break;
		over += now - target;
		if (round == 7 || over > target)
			ok = err_set(e, ERR_INPUT, "--target", "allow a little more",
				"no plan found that stays below");
		else
			ok = make_plan(q, start, e);
	}
	quant_spec_unref(start);
	return ok;
}

bool quantizing_target(struct quantizing *q, const char *text, bool exact, struct err *e)
{
	struct quant_type types[MAX_TYPES];
	struct quant_errors x = { .types = types };
	struct quant_sums *sums;
	uint64_t target;
	bool is_bits, ok;
	double *v;

	if (!solve_target(text, q->targets->parameters, &target, &is_bits, e))
		return false;
	x.n_types = quant_best_types(q->targets, types, MAX_TYPES);
	sums = xnew(struct quant_sums, q->targets->n * x.n_types + 1);
	x.v = v = xnew(double, q->targets->n * x.n_types + 1);
	/* First with no errors at all: what cannot be done is said before anything is read. */
	for (size_t i = 0; i < q->targets->n * x.n_types; i++)
		v[i] = (double)(i % x.n_types);
	struct quant_spec *spec = quant_spec_ref(q->plan->spec);
	ok = under(q, &x, target, is_bits, e) && make_plan(q, spec, e) &&
		measure(q, types, x.n_types, exact, sums, e);
	quant_spec_unref(spec);
	for (size_t i = 0; ok && i < q->targets->n * x.n_types; i++)
		v[i] = quant_error_of(&sums[i]);
	ok = ok && under(q, &x, target, is_bits, e);
	free(sums);
	free(v);
	return ok;
}
