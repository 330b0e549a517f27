#include "config.h"
#include <string.h>
#include "base/str.h"
#include "engine/rows.h"
#include "model/stack.h"
#include "model/text_part.h"

/* --- one row --- */

/* An embedding that serves as head where a model stores none. */
static long tied_head(const struct model *m, const struct tensor *like)
{
	if (!str_eq(like->role, "output") || !m->tied_head)
		return -1;
	for (size_t t = 0; t < m->source.n_tensors; t++)
		if (str_eq(m->source.tensors[t].role, "token_embd"))
			return (long)t;
	return -1;
}

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
	return a->rank == b->rank &&
		memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0;
}

static bool is_integer(const struct tensor *t)
{
	return dtype_info(t->dtype)->kind == DTYPE_INT && t->dtype != DT_UNKNOWN;
}

/* What a tensor counts as when dtypes are promoted: quantized ones as BF16, which holds more than
 * they do. */
static enum dtype counts_as(const struct tensor *t)
{
	return dtype_is_float(t->dtype) && dtype_info(t->dtype)->encode ? t->dtype : DT_BF16;
}

static void row_take(struct input_row *row, int i, const struct model *m, long at, long *source,
	struct hash *key)
{
	const struct tensor *t = &m->source.tensors[at];

	source[i] = at;
	key[i] = model_tensor_key(m, (size_t)at);
	row->promoted = dtype_promote(row->promoted, counts_as(t));
	row->quantized |= !dtype_is_float(t->dtype) && !is_integer(t);
	if (row->odd < 0 && !same_shape(t, row->like))
		row->odd = i;
	if (row->mute < 0 && !t->readable)
		row->mute = i;
	if (row->mixed < 0 && is_integer(t) != row->integer)
		row->mixed = i;
}

/* The tensor's name in source k of a slice, `offset` layers into it. */
static const char *name_in(struct rows *w, const struct input_row *row, size_t k, int64_t offset)
{
	const struct recipe_slice *s = &w->r->slices[row->slice];
	struct str name = STR_INIT;
	const char *kept;

	if (offset < 0 || k >= s->n_sources)
		return row->from->name;
	layer_name(&name, row->from->name, s->sources[k].from + offset);
	kept = str_eq(name.s, row->from->name) ? row->from->name : arena_strdup(w->arena, name.s);
	str_fini(&name);
	return kept;
}

/* n: how many inputs of the slice take part; offset: layers into it, -1 where it has no ranges or
 * the tensor stands outside the stack. */
static void row_fill(struct rows *w, struct input_row *row, size_t n, int64_t offset)
{
	long *source = arena_new(w->arena, long, w->in->n);
	struct hash *key = arena_new(w->arena, struct hash, w->in->n);
	const char **names = offset >= 0 ? arena_new(w->arena, const char *, n) : NULL;

	row->odd = row->mute = row->mixed = -1;
	row->promoted = counts_as(row->like);
	row->integer = is_integer(row->like);
	row->n_inputs = n;
	row->names = names;
	for (size_t i = 0; i < w->in->n; i++)
		source[i] = -1;
	for (size_t k = 0; k < n; k++) {
		int i = recipe_slice_input(w->r, (size_t)row->slice, k);
		const struct model *m = w->in->v[i].model;
		const char *name = name_in(w, row, k, offset);
		long at = m ? source_find(&m->source, name) : -1;

		if (names)
			names[k] = name;
		if (m && at < 0)
			at = tied_head(m, row->like);
		if (at >= 0)
			row_take(row, i, m, at, source, key);
	}
	row->source = source;
	row->key = key;
}

/* --- the tensors of a module --- */

/* The module that a tensor is merged by: the first that has it, `default` what no other has. */
static int module_claims(const struct recipe *r, const struct tensor *t)
{
	int rest = -1;

	if (!r->named_modules)
		return 0;
	for (size_t m = 0; m < r->n_modules; m++)
		if (strcmp(r->modules[m].name, "default") == 0)
			rest = (int)m;
		else if (module_has(r->modules[m].name, t))
			return (int)m;
	return rest;
}

int rows_like(const struct recipe *r, const struct inputs *in, size_t slice, size_t n)
{
	const struct recipe_slice *s = &r->slices[slice];
	int base, i;

	if (!n)
		return -1;
	recipe_slice_inputs(r, slice, &base);
	i = base >= 0 && (size_t)base < n ? s->base_input : recipe_slice_input(r, slice, 0);
	return in->v[i].model ? i : -1;
}

static double place(int64_t layer, int64_t layers)
{
	return layer < 0 ? 0.0 : layers <= 1 || layer >= layers - 1 ? 1.0
		: (double)layer / (double)(layers - 1);
}

static struct input_row *row_new(struct rows *w, const struct tensor *from, int slice, double t)
{
	struct input_row *row = vec_push(&w->v);

	*row = (struct input_row){ .like = from, .from = from, .slice = slice, .t = t };
	return row;
}

/* Only the first has it, as the one of them that sees, and it is no part of its language model. */
static bool copied_alone(const struct rows *w, const struct input_row *row, int first)
{
	if (row->n_inputs < 2 || text_part_has(row->like->name)
	    || !model_sees(w->in->v[first].model))
		return false;
	for (size_t k = 0; k < row->n_inputs; k++) {
		int i = recipe_slice_input(w->r, (size_t)row->slice, k);

		if (i != first && (!w->in->v[i].model || row->source[i] >= 0
			|| model_sees(w->in->v[i].model)))
			return false;
	}
	return true;
}

/* Whole models: each part of a model has a stack of its own, gradients run along each. */
static void whole_rows(struct rows *w, size_t slice)
{
	size_t n = recipe_slice_inputs(w->r, slice, NULL);
	int whom = rows_like(w->r, w->in, slice, n);
	const struct model *m = whom >= 0 ? w->in->v[whom].model : NULL;
	const char *part = NULL;
	int64_t depth = 0;

	for (size_t t = 0; m && t < m->source.n_tensors; t++) {
		const struct tensor *x = &m->source.tensors[t];
		const char *of = module_of(x);
		struct input_row *row;

		if (module_claims(w->r, x) != w->r->slices[slice].module)
			continue;
		if (of != part)
			depth = module_depth(part = of, m);
		row = row_new(w, x, (int)slice, place(module_layer(of, x), depth));
		row_fill(w, row, n, -1);
		if (whom == inputs_first(w->in) && copied_alone(w, row, whom)) {
			row->kept = true;
			row->slice = -1;
			row->n_inputs = 0;
		}
	}
}

/* What stands before the layers comes from the first slice's sources, what stands behind them from
 * the last one's: as many of them as the first slice has, as mergekit pairs them. */
static void outer_rows(struct rows *w, const struct recipe_module *mod, bool ends)
{
	size_t first = mod->first, slice = ends ? first + mod->n - 1 : first,
	       n = w->r->slices[slice].n_sources, most = w->r->slices[first].n_sources;
	int whom;

	n = n > most ? most : n;
	whom = rows_like(w->r, w->in, slice, n);
	const struct source *s = whom >= 0 ? &w->in->v[whom].model->source : NULL;
	for (size_t t = 0; s && t < s->n_tensors; t++) {
		const struct tensor *x = &s->tensors[t];

		if (module_claims(w->r, x) == w->r->slices[slice].module
		    && module_layer(mod->name, x) < 0 && module_ends(mod->name, x) == ends)
			row_fill(w, row_new(w, x, (int)slice, 0.0), n, -1);
	}
}

static const struct tensor *renamed(struct rows *w, const struct tensor *x, int64_t layer)
{
	struct tensor *out = arena_new(w->arena, struct tensor, 1);
	struct str name = STR_INIT;

	layer_name(&name, x->name, layer);
	*out = *x;
	out->name = arena_strdup(w->arena, name.s);
	if (x->layer >= 0)
		out->layer = (int)layer;
	str_fini(&name);
	return out;
}

/* out: the number of the slice's first layer in the output. */
static void slice_rows(struct rows *w, size_t slice, int64_t out)
{
	const struct recipe_slice *s = &w->r->slices[slice];
	const char *module = w->r->modules[s->module].name;
	int whom = rows_like(w->r, w->in, slice, s->n_sources);
	const struct recipe_input *of = NULL;

	for (size_t k = 0; k < s->n_sources && !of; k++)
		if (s->sources[k].input == whom)
			of = &s->sources[k];
	/* A range may ask for any number of layers: the plan refuses what is not there. */
	int64_t depth = of ? module_depth(module, w->in->v[whom].model) : 0;
	int64_t end = of && of->to < depth ? of->to : depth;
	for (int64_t layer = of ? of->from : 0; layer < end; layer++)
		for (size_t t = 0; t < w->in->v[whom].model->source.n_tensors; t++) {
			const struct tensor *x = &w->in->v[whom].model->source.tensors[t];
			int64_t at = layer - of->from;
			struct input_row *row;

			if (module_layer(module, x) != layer
			    || module_claims(w->r, x) != s->module)
				continue;
			row = row_new(w, x, (int)slice, place(at, of->to - of->from));
			if (out + at != layer)
				row->like = renamed(w, x, out + at);
			row_fill(w, row, s->n_sources, at);
		}
}

static void module_rows(struct rows *w, const struct recipe_module *mod)
{
	int64_t out = 0;

	if (!w->r->slices[mod->first].ranged) {
		whole_rows(w, mod->first);
		return;
	}
	outer_rows(w, mod, false);
	for (size_t s = mod->first; s < mod->first + mod->n; s++) {
		const struct recipe_slice *sl = &w->r->slices[s];

		slice_rows(w, s, out);
		out += sl->n_sources ? sl->sources[0].to - sl->sources[0].from : 0;
	}
	outer_rows(w, mod, true);
}

/* Tensors of modules that the recipe does not name: those of the model the output is like. */
static void copied_rows(struct rows *w)
{
	int whom = inputs_first(w->in);
	const struct model *m = w->in->v[whom].model;

	for (size_t t = 0; m && t < m->source.n_tensors; t++) {
		struct input_row *row;
		long *source;
		struct hash *key;

		if (module_claims(w->r, &m->source.tensors[t]) >= 0)
			continue;
		row = row_new(w, &m->source.tensors[t], -1, 0.0);
		row_fill(w, row, 0, -1);
		source = (long *)(uintptr_t)row->source;
		key = (struct hash *)(uintptr_t)row->key;
		row_take(row, whom, m, (long)t, source, key);
	}
}

/* --- what is left over --- */

static bool in_range(const struct rows *w, int input, const struct tensor *t)
{
	for (size_t i = 0; i < w->r->n_models; i++) {
		const struct recipe_input *in = &w->r->models[i];
		const char *module = w->r->modules[w->r->slices[in->slice].module].name;
		int layer = module_layer(module, t);

		if (in->input == input && (!in->has_range || (layer >= in->from && layer < in->to)))
			return true;
	}
	return false;
}

static enum extra_kind kind_of(const struct rows *w, int input, const struct tensor *t,
	const struct source *names)
{
	const struct model *first = w->in->v[inputs_first(w->in)].model;
	bool elsewhere = source_find(names, t->name) >= 0;

	if (str_eq(t->role, "output") && first && first->tied_head && !elsewhere)
		return EXTRA_HEAD;
	if (!recipe_stacks(w->r) || in_range(w, input, t))
		return elsewhere ? EXTRA_OTHERS : EXTRA_TENSOR;
	return module_layer(module_of(t), t) >= 0 ? EXTRA_LAYER
		: elsewhere ? EXTRA_OTHERS : EXTRA_TENSOR;
}

/* The output's names, to be asked for. */
static void index_names(struct rows *w, struct source *names)
{
	struct tensor *v = arena_new(w->arena, struct tensor, w->v.n + 1);

	for (size_t i = 0; i < w->v.n; i++)
		v[i].name = w->v.v[i].like->name;
	*names = (struct source){ .tensors = v, .n_tensors = w->v.n };
	w->twice = source_index_init(names);
}

static void extras_find(struct rows *w)
{
	struct source names;

	index_names(w, &names);
	for (size_t i = 0; i < w->in->n; i++) {
		const struct source *s = w->in->v[i].model ? &w->in->v[i].model->source : NULL;
		bool *used = xcalloc((s ? s->n_tensors : 0) + 1, sizeof *used);

		for (size_t k = 0; s && k < w->v.n; k++)
			if (w->v.v[k].source[i] >= 0)
				used[w->v.v[k].source[i]] = true;
		for (size_t t = 0; s && t < s->n_tensors; t++)
			if (!used[t])
				*vec_push(&w->extras) = (struct input_extra){ .input = (int)i,
					.name = s->tensors[t].name,
					.layer = module_layer(module_of(&s->tensors[t]),
						&s->tensors[t]),
					.kind = kind_of(w, (int)i, &s->tensors[t], &names) };
		free(used);
	}
	source_index_fini(&names);
}

void rows_make(struct rows *w)
{
	w->twice = -1;
	for (size_t m = 0; m < w->r->n_modules; m++)
		module_rows(w, &w->r->modules[m]);
	copied_rows(w);
	extras_find(w);
}

void rows_fini(struct rows *w)
{
	vec_fini(&w->v);
	vec_fini(&w->extras);
}
