/* Weights whose codes and scales are tensors of their own: MLX folders, gpt-oss, FP8 with scales
 * (compressed-tensors and ModelOpt: packed_ct.c; exl2: exl2.c).
 *
 *	PATH.weight U32 [.., out, words]  PATH.scales [.., out, groups]  PATH.biases    MLX
 *	PATH_blocks U8 [.., out, groups, 16]  PATH_scales U8 [.., out, groups]          gpt-oss,
 *mxfp4 PATH.weight F8 [out, in]  PATH.weight_scale_inv [out/128, in/128]               FP8 by
 *blocks
 *
 * The folded tensor stands where the codes did; its bytes are all of theirs. */
#include <stdlib.h>
#include "model/packed_in.h"

/* How one MLX module is packed. */
struct packing {
	int64_t bits, group;
	const char *mode;
};

const struct tensor *fold_sibling(struct fold *f, const char *base, size_t n, const char *end,
	long *at)
{
	str_clear(&f->key);
	str_addn(&f->key, base, n);
	str_add(&f->key, end);
	*at = source_find(&f->names, f->key.s);
	return *at < 0 || f->dead[*at] ? NULL : &f->b->tensors.v[*at];
}

static bool same_outer(const struct tensor *a, const struct tensor *b, int dims)
{
	return a->rank >= dims && b->rank >= dims &&
		!memcmp(a->shape, b->shape, (size_t)dims * sizeof *a->shape);
}

void fold_take(struct fold *f, size_t into, size_t from)
{
	struct layout *l = &f->b->layouts.v[into];

	l->span[l->n_spans++] = f->b->layouts.v[from].span[0];
	f->b->tensors.v[into].bytes += f->b->tensors.v[from].bytes;
	f->dead[from] = 1;
}

void fold_columns(struct fold *f, size_t t, uint64_t columns)
{
	struct tensor *x = &f->b->tensors.v[t];

	x->shape[x->rank - 1] = columns;
	shape_elements(x->rank, x->shape, &x->elements);
	f->b->layouts.v[t].row = columns;
	x->dtype = DT_UNKNOWN;
	x->readable = true;
}

/* --- MLX --- */

/* The module's own entry wins; what it leaves out is affine, and the rest of the model's. */
static struct packing configured(const struct fold *f, const char *path, size_t n)
{
	struct packing p = { json_int(f->global, "bits", -1), json_int(f->global, "group_size", -1),
		json_text(f->global, "mode", "affine") };
	char *key = xstrndup(path, n);
	const json_t *own = json_object_get(f->global, key);

	free(key);
	if (json_is_object(own)) {
		p.bits = json_int(own, "bits", p.bits);
		p.group = json_int(own, "group_size", p.group);
		p.mode = json_text(own, "mode", "affine");
	}
	return p;
}

static const struct {
	const char *mode;
	int bits, group;
	enum dtype code, scale;
} modes[] = {
	{ "mxfp4", 4, 32, DT_F4, DT_F8_E8M0 },
	{ "mxfp8", 8, 32, DT_F8_E4M3, DT_F8_E8M0 },
	{ "nvfp4", 4, 16, DT_F4, DT_F8_E4M3 },
};

static bool fits(const struct packing *p, uint64_t words, uint64_t groups)
{
	uint64_t in_words, in_groups;

	return p->bits > 0 && p->group > 0 && size_mul(words, 32, &in_words) &&
		size_mul(groups, (uint64_t)p->group * (uint64_t)p->bits, &in_groups) &&
		in_words == in_groups;
}

/* A width that the config speaks of. */
static bool known_width(const struct fold *f, uint64_t k)
{
	static const char *const widths[] = { "hidden_size", "intermediate_size",
		"moe_intermediate_size", "shared_intermediate_size", "text_config.hidden_size",
		"text_config.intermediate_size" };
	const json_t *c = f->b->m.config;
	int64_t heads = json_int(c, "num_attention_heads", 0), dim = json_int(c, "head_dim", 0);

	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
		if (json_int(c, widths[i], -1) == (int64_t)k)
			return true;
	return heads > 0 && heads < 1 << 20 && dim < 1 << 20 && heads * dim == (int64_t)k;
}

/* Where the config disagrees with the shapes, the shapes are right. */
static bool packing_of(struct fold *f, const struct tensor *w, const struct tensor *s,
	struct packing *p)
{
	static const int64_t groups[] = { 64, 32, 128 }, bits[] = { 4, 8, 6, 3, 5, 2 };
	uint64_t words = w->shape[w->rank - 1], n = s->shape[s->rank - 1];
	bool scaled = s->dtype == DT_U8;

	*p = configured(f, w->name, strlen(w->name) - 7);
	if (scaled == (str_starts(p->mode, "mx") || str_starts(p->mode, "nv")) && fits(p, words, n))
		return true;
	for (size_t i = 0; scaled && i < sizeof modes / sizeof *modes; i++) {
		*p = (struct packing){ modes[i].bits, modes[i].group, modes[i].mode };
		if (fits(p, words, n))
			return true;
	}
	for (size_t i = 0; !scaled && i < 36; i++) { /* widths the config knows, then any */
		*p = (struct packing){ bits[i % 6], groups[i / 6 % 3], "affine" };
		if (fits(p, words, n) && (i >= 18 || known_width(f, n * (uint64_t)p->group)))
			return true;
	}
	return false;
}

bool fold_bad(struct fold *f, const struct tensor *w, const char *what)
{
	err_set(f->e, ERR_INPUT, f->b->files.v[w->file]->path,
		"convert or fetch the model again", "%s", what);
	return err_at(f->e, "%s: tensor %s", f->b->files.v[w->file]->path, w->name);
}

static bool fold_affine(struct fold *f, size_t wt, size_t st, const struct packing *p)
{
	struct tensor *w = &f->b->tensors.v[wt], *s = &f->b->tensors.v[st];
	struct layout *l = &f->b->layouts.v[wt];
	long bt;
	const struct tensor *biases = fold_sibling(f, w->name, strlen(w->name) - 7, ".biases", &bt);

	if (!biases || biases->dtype != s->dtype || biases->rank != s->rank ||
		!same_outer(biases, s, s->rank))
		return fold_bad(f, w, "its biases do not match its scales");
	l->affine = (struct affine){ (int)p->bits, (int)p->group, s->dtype };
	if (p->bits > 8 || p->group > 128 || !affine_valid(&l->affine))
		return fold_bad(f, w, "it is packed in a way MLX does not write");
	l->kind = LAYOUT_AFFINE;
	fold_columns(f, wt, s->shape[s->rank - 1] * (uint64_t)p->group);
	w->dtype_text = arena_printf(&f->b->arena, "affine%lldg%lld", (long long)p->bits,
		(long long)p->group);
	fold_take(f, wt, st);
	fold_take(f, wt, (size_t)bt);
	return true;
}

static bool fold_scaled(struct fold *f, size_t wt, size_t st, const char *mode)
{
	struct tensor *w = &f->b->tensors.v[wt];
	struct layout *l = &f->b->layouts.v[wt];

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (!str_eq(mode, modes[i].mode))
			continue;
		const struct tensor *s = &f->b->tensors.v[st];
		l->kind = LAYOUT_SCALED;
		l->scale_group = (uint64_t)modes[i].group;
		fold_columns(f, wt, s->shape[s->rank - 1] * l->scale_group);
		w->dtype_text = modes[i].mode;
		fold_take(f, wt, st);
		l->span[0].type = modes[i].code;
		l->span[1].type = modes[i].scale;
		return true;
	}
	return fold_bad(f, w, "it is packed in a mode nobody has described");
}

/* st: the tensor PATH.scales. */
static bool fold_mlx(struct fold *f, size_t st)
{
	const struct tensor *s = &f->b->tensors.v[st];
	long wt;
	const struct tensor *w = fold_sibling(f, s->name, strlen(s->name) - 7, ".weight", &wt);
	struct packing p;

	if (!w || w->dtype != DT_U32 || w->rank < 1)
		return true;
	if (w->rank != s->rank || !same_outer(w, s, s->rank - 1) || !packing_of(f, w, s, &p))
		return fold_bad(f, w, "its codes and scales are of different matrices");
	f->packed++;
	return str_eq(p.mode, "affine") ? fold_affine(f, (size_t)wt, st, &p) :
		fold_scaled(f, (size_t)wt, st, p.mode);
}

/* --- gpt-oss --- */

/* st: the tensor PATH_scales; codes lie in one more dimension of 16 bytes. */
static bool fold_blocks(struct fold *f, size_t st)
{
	const struct tensor *s = &f->b->tensors.v[st];
	size_t n = strlen(s->name) - 7;
	long wt;
	struct tensor *w = (struct tensor *)fold_sibling(f, s->name, n, "_blocks", &wt);

	if (!w || w->dtype != DT_U8 || s->dtype != DT_U8)
		return true;
	if (w->rank != s->rank + 1 || w->shape[w->rank - 1] != 16 || !same_outer(w, s, s->rank))
		return fold_bad(f, w, "its codes and scales are of different matrices");
	w->rank--;
	w->stored = w->name;
	w->name = arena_strndup(&f->b->arena, s->name, n);
	return fold_scaled(f, (size_t)wt, st, "mxfp4");
}

/* --- FP8 with scales --- */

static bool is_f8(enum dtype t)
{
	return t == DT_F8_E4M3 || t == DT_F8_E5M2;
}

static uint64_t block_size(const struct fold *f, int axis, uint64_t whole, uint64_t parts)
{
	const json_t *sizes = json_at(f->b->m.config, "quantization_config.weight_block_size");
	int64_t said = json_int(json_array_get(sizes, (size_t)axis), "", -1);

	if (parts <= 1)
		return whole;
	if (parts == whole)
		return 1;
	if (said > 0 && (whole + (uint64_t)said - 1) / (uint64_t)said == parts)
		return (uint64_t)said;
	return (whole + 127) / 128 == parts ? 128 : 0;
}

/* Whole numbers around a zero of their own: named, not decoded. */
static bool uneven(struct fold *f, const char *scale, size_t ending)
{
	long at;

	return fold_sibling(f, scale, strlen(scale) - ending, ".weight_zero_point", &at) != NULL;
}

/* st: PATH.weight_scale_inv or PATH.weight_scale, by blocks, rows, or one for all. */
static bool fold_fp8(struct fold *f, size_t st, size_t ending)
{
	const struct tensor *s = &f->b->tensors.v[st];
	long wt;
	struct tensor *w = (struct tensor *)fold_sibling(f, s->name, strlen(s->name) - ending,
		".weight", &wt);

	if (w && w->dtype == DT_U8 && s->dtype == DT_F8_E4M3)
		return fold_modelopt(f, (size_t)wt, st);
	if (w && w->dtype == DT_I8 && uneven(f, s->name, ending))
		return true;
	if (!w || (!is_f8(w->dtype) && w->dtype != DT_I8) || w->rank != 2 || !w->elements ||
		!s->readable || s->rank > 2 || !dtype_is_float(s->dtype))
		return true;
	uint64_t rows = s->rank ? s->shape[0] : 1, columns = s->rank > 1 ? s->shape[1] : 1;
	struct layout *l = &f->b->layouts.v[wt];
	l->group = block_size(f, 0, w->shape[0], rows);
	l->scale_group = block_size(f, 1, w->shape[1], columns);
	if (!l->group || !l->scale_group)
		return fold_bad(f, w, "its scales are of no block size known");
	l->kind = LAYOUT_BLOCKS;
	const char *kind = w->dtype == DT_I8 ? "int8" : "fp8";
	if (rows <= 1 && columns <= 1)
		w->dtype_text = kind;
	else
		w->dtype_text = arena_printf(&f->b->arena, "%sb%llux%llu", kind,
			(unsigned long long)l->group, (unsigned long long)l->scale_group);
	w->dtype = DT_UNKNOWN;
	w->readable = true;
	fold_take(f, (size_t)wt, st);
	fold_drop_inputs(f, w->name, strlen(w->name) - 7);
	return true;
}

/* --- packings that are named and counted, not decoded --- */

static const char *const foreign[] = { "gptq", "awq", "exl2", "exl3", "bitsandbytes",
	"compressed-tensors", "modelopt", "hqq", "aqlm", "quip", "eetq", "quanto", "torchao",
	"vptq", "auto-round", "intel/auto-round", "fbgemm_fp8", "higgs", "spqr" };

static const char *foreign_method(const struct model_build *b)
{
	const char *m = json_text(b->m.config, "quantization_config.quant_method", NULL);

	for (size_t i = 0; m && i < sizeof foreign / sizeof *foreign; i++)
		if (str_eq(m, foreign[i]))
			return foreign[i];
	return NULL;
}

/* Codes are integers that mean nothing by themselves: they are listed, not read. */
static void name_foreign(struct model_build *b, const char *method)
{
	size_t n = 0;

	for (size_t i = 0; i < b->tensors.n; i++) {
		struct tensor *t = &b->tensors.v[i];
		if (t->dtype == DT_UNKNOWN || dtype_info(t->dtype)->kind != DTYPE_INT)
			continue;
		t->readable = false;
		n++;
	}
	if (n)
		build_note(b,
			"packed by %s: %zu tensors of codes are listed and not decoded; for a "
			"merge take the unquantized model",
			method, n);
}

uint64_t packed_elements(const struct model_build *b, size_t t)
{
	static const char *const scales[] = { ".qzeros", ".scales", ".g_idx", ".q_scale",
		".q_scale_max", ".q_groups", ".q_invperm", ".q_perm", ".absmax", ".quant_map",
		".nested_absmax", ".nested_quant_map", ".SCB", ".weight_scale", ".weight_scale_2",
		".weight_global_scale", ".weight_zero_point", ".weight_shape", ".input_scale",
		".input_global_scale", ".weight_g_idx" };
	const struct tensor *x = &b->tensors.v[t];
	const char *method = foreign_method(b);
	uint64_t bits = (uint64_t)json_int(b->m.config, "quantization_config.bits", 4);

	if (!method)
		return x->elements;
	if (strstr(x->name, ".quant_state."))
		return 0;
	for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
		if (str_ends(x->name, scales[i]))
			return 0;
	if (str_ends(x->name, ".qweight") && bits > 0 && bits <= 32)
		return x->elements * 32 / bits;
	if (str_ends(x->name, ".q_weight") && x->rank == 2) {
		char *key = xasprintf("%.*s.q_invperm", (int)(strlen(x->name) - 9), x->name);
		long perm = source_find(&b->m.source, key);
		free(key);
		return perm < 0 ? x->elements : b->tensors.v[perm].elements * x->shape[1];
	}
	if (str_ends(x->name, ".weight_packed"))
		return x->elements * (x->dtype == DT_U8 ? 2 : 8);
	return x->dtype == DT_U8 && str_ends(x->name, ".weight") ? x->elements * 2 : x->elements;
}

/* --- all together --- */

static bool fold_one(struct fold *f, size_t i)
{
	const struct tensor *t = &f->b->tensors.v[i];

	if (f->dead[i] || !t->rank)
		return f->dead[i] || !str_ends(t->name, ".weight_scale") || fold_fp8(f, i, 13);
	if (str_ends(t->name, ".scales"))
		return fold_mlx(f, i);
	if (str_ends(t->name, "_scales"))
		return fold_blocks(f, i);
	if (str_ends(t->name, ".weight_scale_inv"))
		return fold_fp8(f, i, 17);
	if (str_ends(t->name, ".weight_packed"))
		return fold_compressed(f, i);
	if (str_ends(t->name, ".q_weight"))
		return fold_exl2(f, i);
	return !str_ends(t->name, ".weight_scale") || fold_fp8(f, i, 13);
}

static void compact(struct fold *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->b->tensors.n; i++) {
		if (f->dead[i])
			continue;
		f->b->tensors.v[n] = f->b->tensors.v[i];
		f->b->layouts.v[n++] = f->b->layouts.v[i];
	}
	f->b->tensors.n = f->b->layouts.n = n;
}

/* MLX turns a convolution's kernel [C, 1, k] into [C, k,
 * 1]: the same numbers in the same places. */
static void conv_shapes(struct model_build *b)
{
	for (size_t i = 0; i < b->tensors.n; i++) {
		struct tensor *t = &b->tensors.v[i];
		if (t->rank != 3 || t->shape[2] != 1 || !str_ends(t->name, ".conv1d.weight"))
			continue;
		t->shape[2] = t->shape[1];
		t->shape[1] = 1;
		b->layouts.v[i].row = t->shape[2];
	}
}

bool packed_fold(struct model_build *b, struct err *e)
{
	struct fold f = { .b = b, .e = e, .global = json_object_get(b->m.config, "quantization") };
	const char *method = foreign_method(b);
	bool ok = true;

	f.names = (struct source){ .tensors = b->tensors.v, .n_tensors = b->tensors.n };
	f.dead = xcalloc(b->tensors.n + 1, 1);
	source_index_init(&f.names);
	for (size_t i = 0; ok && i < b->tensors.n; i++)
		ok = fold_one(&f, i);
	source_index_fini(&f.names);
	str_fini(&f.key);
	if (ok)
		compact(&f);
	free(f.dead);
	if (ok && (f.packed || str_eq(json_text(b->m.metadata, "format", ""), "mlx"))) {
		conv_shapes(b);
		mlx_names(b);
		if (b->m.format == MODEL_HF)
			b->m.format = MODEL_MLX;
	}
	if (ok && method)
		name_foreign(b, method);
	return ok;
}
