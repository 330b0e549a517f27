#include "config.h"
#include "ui/view/quant_doc.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "quant/best.h"
#include "quant/gguf_keys.h"

#define TYPES_MAX 64

/* --- the subject --- */

/* How much the keys take does not depend on the plan. */
static bool count_keys(struct quant_subject *s, const struct imatrix *m, struct err *e)
{
	struct quant_spec *spec = quant_spec_load("Q8_0", e);
	struct quant_plan *p = spec ? quant_plan_make(spec, s->targets[QUANT_GGUF], false, NULL, e)
		: NULL;
	struct gguf_keys keys;
	bool ok = p && gguf_keys_make(p, m, &keys, e);

	if (ok) {
		s->key_bytes = keys.n;
		gguf_keys_fini(&keys);
	}
	quant_plan_unref(p);
	quant_spec_unref(spec);
	return ok;
}

void quant_subject_open(struct quant_subject *s, struct model *model)
{
	s->model = model;
	for (int c = 0; c < 2; c++)
		s->targets[c] = quant_targets_new(model, (enum quant_container)c, &s->why[c]);
	if (!s->targets[QUANT_GGUF] && !s->targets[QUANT_MLX]) {
		s->error = s->why[QUANT_GGUF];
		return;
	}
	if (!s->targets[QUANT_GGUF])
		return;
	count_keys(s, NULL, &s->why[QUANT_GGUF]);
}

void quant_subject_fini(struct quant_subject *s)
{
	for (int c = 0; c < 2; c++)
		quant_targets_unref(s->targets[c]);
	model_unref(s->model);
	free(s->name);
	*s = (struct quant_subject){ 0 };
}

/* --- plan, rows, sizes --- */

bool quant_doc_is_open(const struct quant_doc *d)
{
	return d->plan != NULL;
}

const struct quant_spec *quant_doc_spec(const struct quant_doc *d)
{
	return d->steps.v[d->at];
}

static uint64_t file_bytes(const struct quant_doc *d, const struct quant_plan *p)
{
	struct mlx_layout *l;
	uint64_t total;

	if (p->targets->container == QUANT_GGUF)
		return quant_gguf_bytes(p, d->subject.key_bytes, 0);
	l = quant_mlx_layout(p, 0);
	total = l->total;
	quant_mlx_layout_free(l);
	return total;
}

static void rows_make(struct quant_doc *d)
{
	d->rows.n = 0;
	quant_groups_fini(&d->groups);
	quant_groups_of(d->plan, &d->groups);
	for (size_t g = 0; g < d->groups.n; g++) {
		long parent = (long)d->rows.n;

		*vec_push(&d->rows) = (struct quant_row){ QUANT_ROW_GROUP, (uint32_t)g, 0, -1 };
		for (size_t k = 0; d->groups.v[g].tensors > 1 && k < d->groups.v[g].tensors; k++)
			*vec_push(&d->rows) = (struct quant_row){ QUANT_ROW_TARGET, (uint32_t)g,
				d->groups.v[g].v[k], parent };
	}
	*vec_push(&d->rows) = (struct quant_row){ QUANT_ROW_TOTAL, 0, 0, -1 };
}

static struct quant_plan *plan_of(struct quant_doc *d, const struct quant_spec *s,
	struct findings *f, struct err *e)
{
	enum quant_container c = s->preset.container;

	if (!d->subject.targets[c]) {
		*e = d->subject.why[c];
		return NULL;
	}
	return quant_plan_make(s, d->subject.targets[c], d->imatrix && c == QUANT_GGUF, f, e);
}

/* What is compared side by side: types from small to large that the container's users know. */
static void heat_choose(struct quant_doc *d, const struct quant_spec *s)
{
	static const char *const gguf[] = { "Q2_K", "Q3_K", "IQ4_XS", "Q4_K", "Q5_K", "Q6_K",
		"Q8_0" };
	static const int bits[] = { 2, 3, 4, 5, 6, 8 };
	int group = s->preset.base.mode == QUANT_AFFINE ? s->preset.base.group : 64;

	d->n_heat = 0;
	if (s->preset.container == QUANT_GGUF) {
		for (size_t i = 0; i < sizeof gguf / sizeof *gguf; i++)
			d->heat[d->n_heat++] = quant_plain(dtype_by_name(gguf[i]));
		return;
	}
	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
		d->heat[d->n_heat++] = quant_affine(bits[i], group, d->subject.targets[QUANT_MLX]
			->floats);
	d->heat[d->n_heat++] = quant_scaled(QUANT_MXFP4);
	d->heat[d->n_heat++] = quant_scaled(QUANT_MXFP8);
}

const struct imatrix *quant_doc_importance(const struct quant_doc *d)
{
	return quant_doc_spec(d)->preset.container == QUANT_GGUF ? d->imatrix : NULL;
}

/* Every type that can be written: a choice never waits for what could have been measured. */
static void look_again(struct quant_doc *d)
{
	struct quant_type types[TYPES_MAX];
	enum quant_container c = d->plan->targets->container;
	size_t n = 0;

	heat_choose(d, quant_doc_spec(d));
	if (!d->look || d->looked != c) {
		quant_look_free(d->look);
		for (size_t i = 0; n < TYPES_MAX && quant_type_at(c, i, &types[n]); i++)
			if (!quant_type_is_float(types[n]))
				n++;
		d->look = quant_look_new(d->pool, d->catalog, d->subject.targets[c],
			quant_doc_importance(d), types, n, d->changed, d->ctx);
		d->looked = c;
	}
	quant_look_plan(d->look, d->plan);
}

/* The present snapshot's plan; false leaves everything as it was. */
static bool plan_again(struct quant_doc *d, struct err *e)
{
	struct findings f = { 0 };
	struct quant_plan *p = plan_of(d, quant_doc_spec(d), &f, e);

	if (!p) {
		findings_fini(&f);
		return false;
	}
	quant_plan_unref(d->plan);
	findings_fini(&d->findings);
	d->plan = p;
	d->findings = f;
	d->bytes = file_bytes(d, p);
	if (d->beside && d->beside->targets != p->targets)
		quant_doc_beside(d, NULL, NULL);
	rows_make(d);
	look_again(d);
	return true;
}

bool quant_doc_open(struct quant_doc *d, struct quant_subject *s, const char *preset,
	struct pool *pool, struct catalog *c, void (*changed)(void *ctx), void *ctx, struct err *e)
{
	struct quant_spec *spec = quant_spec_load(preset, e);

	quant_doc_close(d);
	d->subject = *s;
	*s = (struct quant_subject){ 0 };
	d->pool = pool;
	d->catalog = c;
	d->changed = changed;
	d->ctx = ctx;
	if (!spec)
		return false;
	*vec_push(&d->steps) = spec;
	return plan_again(d, e);
}

/* Everything is measured anew: other numbers count. */
bool quant_doc_imatrix(struct quant_doc *d, const char *path, struct err *e)
{
	struct quant_targets *t = d->subject.targets[QUANT_GGUF];
	struct imatrix_cover cover;
	struct imatrix *m = NULL, *before = d->imatrix;
	struct quant_look *look = d->look;

	if (path && (!t || quant_doc_spec(d)->preset.container != QUANT_GGUF))
		return err_set(e, ERR_INPUT, path, "choose a GGUF preset with p",
			"MLX's types make no use of an importance matrix");
	m = path ? imatrix_load(path, e) : NULL;
	if (path && (!m || !imatrix_check(m, t, &cover, e) ||
		!count_keys(&d->subject, m, e))) {
		imatrix_free(m);
		return false;
	}
	if (!m && t && !count_keys(&d->subject, NULL, e))
		return false;
	d->imatrix = m;
	d->look = NULL;
	quant_doc_beside(d, NULL, NULL);
	if (!plan_again(d, e)) {
		d->imatrix = before;
		d->look = look;
		imatrix_free(m);
		return false;
	}
	quant_look_free(look);
	imatrix_free(before);
	return true;
}

void quant_doc_close(struct quant_doc *d)
{
	quant_look_free(d->look);
	imatrix_free(d->imatrix);
	quant_plan_unref(d->plan);
	quant_plan_unref(d->beside);
	quant_groups_fini(&d->groups);
	findings_fini(&d->findings);
	for (size_t i = 0; i < d->steps.n; i++)
		quant_spec_unref(d->steps.v[i]);
	vec_fini(&d->steps);
	vec_fini(&d->rows);
	quant_subject_fini(&d->subject);
	memset(d, 0, sizeof *d);
}

/* --- steps --- */

static bool go(struct quant_doc *d, size_t to)
{
	size_t from = d->at;
	struct err e = { 0 };

	d->at = to;
	if (!plan_again(d, &e)) {
		d->at = from;
		return false;
	}
	d->before = from;
	return true;
}

bool quant_doc_edit(struct quant_doc *d, struct quant_spec *s, struct err *e)
{
	size_t from = d->at;

	if (!s)
		return false;
	while (d->steps.n > d->at + 1)
		quant_spec_unref(d->steps.v[--d->steps.n]);
	*vec_push(&d->steps) = s;
	d->at = d->steps.n - 1;
	if (plan_again(d, e)) {
		d->before = from;
		return true;
	}
	d->at = from;
	quant_spec_unref(d->steps.v[--d->steps.n]);
	return false;
}

void quant_doc_begin(struct quant_doc *d)
{
	for (size_t i = 0; i < d->steps.n; i++)
		if (i != d->at)
			quant_spec_unref(d->steps.v[i]);
	d->steps.v[0] = d->steps.v[d->at];
	d->steps.n = 1;
	d->at = d->before = 0;
}

bool quant_doc_undo(struct quant_doc *d)
{
	return d->at > 0 && go(d, d->at - 1);
}

bool quant_doc_redo(struct quant_doc *d)
{
	return d->at + 1 < d->steps.n && go(d, d->at + 1);
}

bool quant_doc_flip(struct quant_doc *d)
{
	return d->before != d->at && d->before < d->steps.n && go(d, d->before);
}

bool quant_doc_beside(struct quant_doc *d, const char *preset, struct err *e)
{
	struct quant_spec *s = preset ? quant_spec_load(preset, e) : NULL;
	struct quant_plan *p = NULL;

	if (preset && !s)
		return false;
	if (s && s->preset.container != quant_doc_spec(d)->preset.container)
		err_set(e, ERR_INPUT, preset, NULL, "it is a plan for %s files",
			quant_container_name(s->preset.container));
	else if (s)
		p = plan_of(d, s, NULL, e);
	quant_spec_unref(s);
	if (preset && !p)
		return false;
	quant_plan_unref(d->beside);
	d->beside = p;
	d->beside_bytes = p ? file_bytes(d, p) : 0;
	return true;
}

/* --- changing one type --- */

bool quant_row_changes(const struct quant_doc *d, const struct quant_row *r)
{
	return r->kind == QUANT_ROW_GROUP ? d->groups.v[r->group].quantizable
		: r->kind == QUANT_ROW_TARGET && d->plan->targets->v[r->target].quantizable;
}

bool quant_doc_type(struct quant_doc *d, const struct quant_row *r, const char *type,
	struct err *e)
{
	const struct quant_group *g = &d->groups.v[r->group];
	int64_t layer = -1;

	if (!quant_row_changes(d, r))
		return err_set(e, ERR_INPUT, r->kind == QUANT_ROW_TOTAL ? "TOTAL" : g->role, NULL,
			"it stays as it is: nothing of it is quantized");
	if (r->kind == QUANT_ROW_TARGET)
		layer = d->plan->targets->v[r->target].layer;
	return quant_doc_edit(d, quant_spec_edit_type(quant_doc_spec(d), g->role, layer, layer,
		type, e), e);
}

static struct quant_type type_of(const struct quant_doc *d, const struct quant_row *r)
{
	return d->plan->v[r->kind == QUANT_ROW_TARGET ? r->target
		: d->groups.v[r->group].v[0]].type;
}

bool quant_doc_nudge(struct quant_doc *d, const struct quant_row *r, int by, struct err *e)
{
	const struct quant_target *x;
	struct quant_type now, t, best = { 0 };
	char name[QUANT_TYPE_NAME];
	double gap = INFINITY;
	uint64_t bytes;

	if (!quant_row_changes(d, r))
		return quant_doc_type(d, r, "", e);
	now = type_of(d, r);
	x = &d->plan->targets->v[r->kind == QUANT_ROW_TARGET ? r->target
		: d->groups.v[r->group].v[0]];
	/* the next of the types side by side; what fits the rows */
	for (size_t i = 0; i < d->n_heat; i++) {
		double more = (quant_type_bits(d->heat[i]) - quant_type_bits(now)) * by;

		t = d->heat[i];
		if (more > 1e-9 && more < gap && quant_type_bytes(t, x->elements, x->row, &bytes)) {
			gap = more;
			best = t;
		}
	}
	if (isinf(gap))
		return err_set(e, ERR_INPUT, d->groups.v[r->group].role, "= takes any type",
			by > 0 ? "there is no larger one of the usual types"
			: "there is no smaller one of the usual types");
	return quant_doc_type(d, r, quant_type_name(best, name), e);
}

/* --- a budget --- */

/* Errors as far as they are known: what is not cannot be chosen. */
static double *errors_of(const struct quant_doc *d, const struct quant_type *types, size_t n)
{
	const struct quant_targets *t = d->plan->targets;
	double *v = xnew(double, t->n * n + 1);
	struct quant_sums s;

	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < n; k++)
			v[i * n + k] = quant_look_sample(d->look, i, types[k], &s)
				? quant_error_of(&s) : NAN;
	return v;
}

bool quant_doc_target(struct quant_doc *d, const char *size, struct err *e)
{
	struct quant_type types[TYPES_MAX];
	struct quant_errors x = { .types = types };
	const struct quant_targets *t = d->plan->targets;
	uint64_t target, over, least = 0, budget;
	bool is_bits, exact, ok = false;
	double *v, left;

	if (!solve_target(size, t->parameters, &target, &is_bits, e))
		return false;
	if (quant_look_progress(d->look, &left) < 1.0)
		return err_set(e, ERR_INPUT, size, "ask again in a moment",
			"the errors are still being measured");
	x.n_types = quant_best_types(t, types, TYPES_MAX);
	x.v = v = errors_of(d, types, x.n_types);
	over = is_bits ? 0 : d->bytes - d->plan->weight_bytes;
	/* headers grow by a few digits at most: then once more with what they took */
	for (int round = 0; round < 4 && !ok; round++) {
		struct quant_spec *s;

		budget = target > over ? target - over : 0;
		s = quant_best(d->plan, &x, budget, t->container == QUANT_GGUF && !is_bits ? 32 : 1,
			&exact, &least, e);
		if (!s || !quant_doc_edit(d, s, e))
			break;
		ok = (is_bits ? d->plan->weight_bytes : d->bytes) <= target;
		if (!ok) {
			over += (is_bits ? d->plan->weight_bytes : d->bytes) - target;
			quant_doc_undo(d);
		}
	}
	free(v);
	return ok;
}

/* --- what a row says --- */

const uint32_t *quant_row_targets(const struct quant_doc *d, const struct quant_row *r, size_t *n)
{
	if (r->kind == QUANT_ROW_TARGET) {
		*n = 1;
		return &r->target;
	}
	*n = r->kind == QUANT_ROW_TOTAL ? d->plan->targets->n : d->groups.v[r->group].tensors;
	return r->kind == QUANT_ROW_TOTAL ? d->groups.members : d->groups.v[r->group].v;
}

struct quant_figure quant_row_error(const struct quant_doc *d, const struct quant_row *r,
	const struct quant_plan *p, const struct quant_type *type)
{
	size_t n;
	const uint32_t *v = quant_row_targets(d, r, &n);

	return quant_look_figure(d->look, p, v, n, type);
}

uint64_t quant_row_bytes(const struct quant_doc *d, const struct quant_row *r,
	const struct quant_plan *p)
{
	uint64_t sum = 0;
	size_t n;
	const uint32_t *v = quant_row_targets(d, r, &n);

	if (r->kind == QUANT_ROW_TOTAL)
		return p == d->plan ? d->bytes : d->beside_bytes;
	for (size_t k = 0; k < n; k++)
		sum += p->bytes[v[k]];
	return sum;
}

uint64_t quant_row_parameters(const struct quant_doc *d, const struct quant_row *r)
{
	uint64_t sum = 0;
	size_t n;
	const uint32_t *v = quant_row_targets(d, r, &n);

	for (size_t k = 0; k < n; k++)
		sum += d->plan->targets->v[v[k]].elements;
	return sum;
}

void quant_row_type(const struct quant_doc *d, const struct quant_row *r,
	const struct quant_plan *p, struct str *out)
{
	size_t n, same, most = 0, kinds = 0;
	const uint32_t *v = quant_row_targets(d, r, &n);
	struct quant_type best = { 0 };
	char name[QUANT_TYPE_NAME];

	if (r->kind == QUANT_ROW_TOTAL)
		return;
	for (size_t k = 0; k < n; k++) {
		bool first = true;

		same = 0;
		for (size_t j = 0; j < n; j++) {
			bool eq = quant_type_same(p->v[v[j]].type, p->v[v[k]].type);

			same += eq;
			first = first && !(eq && j < k);
		}
		kinds += first;
		if (same > most) {
			most = same;
			best = p->v[v[k]].type;
		}
	}
	str_add(out, quant_type_name(best, name));
	if (kinds > 1)
		str_addf(out, " +%zu", kinds - 1);
}
