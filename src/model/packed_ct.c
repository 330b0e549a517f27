/* compressed-tensors and ModelOpt: codes, scales and what all scales are multiplied by.
 *
 *	PATH.weight_packed I32 [out, in/8]  PATH.weight_scale [out, groups]
 *		PATH.weight_shape I64 [2]; four bits a code (or eight: in/4), lowest first,
 *		w = (code - 8) scale
 *	PATH.weight_packed U8 [out, in/2]  PATH.weight_scale F8_E4M3 [out, in/16]
 *		PATH.weight_global_scale F32: w = e2m1 (scale / global)            nvfp4
 *	PATH.weight_packed U8 [out, in/2]  PATH.weight_scale U8 [out, in/32]   mxfp4
 *	PATH.weight U8 [out, in/2]  PATH.weight_scale F8_E4M3 [out, in/16]
 *		PATH.weight_scale_2 F32: w = e2m1 (scale * scale_2)                ModelOpt's nvfp4
 *
 * Zero points and reordered columns are left as they are, which names them as not decoded. */
#include <math.h>
#include <string.h>
#include "base/bytes.h"
#include "model/packed_in.h"

/* A number that is stored as a tensor of one element. */
static bool one_number(struct fold *f, long t, float *v)
{
	const struct tensor *x = &f->b->tensors.v[t];
	const struct span *s = &f->b->layouts.v[t].span[0];
	unsigned char raw[4];

	if (x->dtype != DT_F32 || x->elements != 1 ||
		!file_pread(f->b->files.v[s->file], raw, 4, s->offset, f->e))
		return fold_bad(f, x, "it is not one number");
	memcpy(v, raw, 4);
	return (isfinite(*v) && *v != 0.0f) || fold_bad(f, x, "it is no scale");
}

static void kill_one(struct fold *f, const char *path, size_t n, const char *end)
{
	long at;

	if (fold_sibling(f, path, n, end, &at))
		f->dead[at] = 1;
}

void fold_drop_inputs(struct fold *f, const char *path, size_t n)
{
	static const char *const ends[] = { ".input_scale", ".input_global_scale",
		".input_zero_point" };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		kill_one(f, path, n, ends[i]);
}

/* Four-bit floats with a scale to `group`, and one for all in `of_all` if that is there. */
static bool fold_floats(struct fold *f, size_t wt, size_t st, const char *mode, uint64_t group,
	enum dtype scale, const char *of_all, bool over)
{
	struct tensor *w = &f->b->tensors.v[wt];
	const struct tensor *s = &f->b->tensors.v[st];
	struct layout *l = &f->b->layouts.v[wt];
	size_t n = strlen(s->name) - strlen(".weight_scale");
	uint64_t columns;
	long all;

	if (w->rank != 2 || s->rank != 2 || w->shape[0] != s->shape[0] ||
		!size_mul(s->shape[1], group, &columns) || columns != w->shape[1] * 2 || !columns)
		return fold_bad(f, w, "its codes and scales are of different matrices");
	l->kind = LAYOUT_SCALED;
	l->scale_group = group;
	fold_columns(f, wt, columns);
	w->dtype_text = mode;
	fold_take(f, wt, st);
	l->span[0].type = DT_F4;
	l->span[1].type = scale;
	if (of_all && fold_sibling(f, f->b->tensors.v[st].name, n, of_all, &all)) {
		if (!one_number(f, all, over ? &l->scale_over : &l->scale_by))
			return false;
		fold_take(f, wt, (size_t)all);
	}
	fold_drop_inputs(f, f->b->tensors.v[st].name, n);
	return true;
}

bool fold_modelopt(struct fold *f, size_t wt, size_t st)
{
	return fold_floats(f, wt, st, "nvfp4", 16, DT_F8_E4M3, ".weight_scale_2", false);
}

/* Rows and columns that the packed codes stand for; false, without a message, where they say
 * nothing that fits. */
static bool true_shape(struct fold *f, long t, uint64_t shape[2])
{
	const struct tensor *x = &f->b->tensors.v[t];
	const struct span *s = &f->b->layouts.v[t].span[0];
	unsigned char raw[16];

	if (x->dtype != DT_I64 || x->elements != 2 ||
		!file_pread(f->b->files.v[s->file], raw, sizeof raw, s->offset, f->e))
		return false;
	shape[0] = le64(raw);
	shape[1] = le64(raw + 8);
	return true;
}

static bool fold_integers(struct fold *f, size_t wt, size_t st, long shape_t)
{
	struct tensor *w = &f->b->tensors.v[wt], *s = &f->b->tensors.v[st];
	struct layout *l = &f->b->layouts.v[wt];
	uint64_t shape[2], bits, room;

	if (!true_shape(f, shape_t, shape))
		return fold_bad(f, w, "its weight_shape is no shape");
	if (w->rank != 2 || s->rank != 2 || shape[0] != w->shape[0] || s->shape[0] != shape[0] ||
		!shape[1] || !s->shape[1] || shape[1] % s->shape[1] ||
		!size_mul(w->shape[1], 32, &room) || shape[1] > room)
		return fold_bad(f, w, "its codes and scales are of different matrices");
	bits = room / shape[1];
	if ((bits != 4 && bits != 8) || bits * shape[1] != room || !dtype_is_float(s->dtype))
		return true; /* rows with padding, odd widths: not decoded */
	l->kind = LAYOUT_SCALED;
	l->code_bits = (uint8_t)bits;
	l->scale_group = shape[1] / s->shape[1];
	fold_columns(f, wt, shape[1]);
	w->dtype_text = arena_printf(&f->b->arena, "int%llug%llu", (unsigned long long)bits,
		(unsigned long long)l->scale_group);
	fold_take(f, wt, st);
	f->dead[shape_t] = 1;
	return true;
}

bool fold_compressed(struct fold *f, size_t wt)
{
	struct tensor *w = &f->b->tensors.v[wt];
	size_t n = strlen(w->name) - strlen(".weight_packed");
	const char *path = w->name;
	long st, shape, other;
	const struct tensor *s = fold_sibling(f, path, n, ".weight_scale", &st);
	bool ok = true;

	if (!s || fold_sibling(f, path, n, ".weight_zero_point", &other) ||
		fold_sibling(f, path, n, ".weight_g_idx", &other))
		return true;
	if (w->dtype == DT_U8 && s->dtype == DT_F8_E4M3)
		ok = fold_floats(f, wt, (size_t)st, "nvfp4", 16, DT_F8_E4M3,
			".weight_global_scale", true);
	else if (w->dtype == DT_U8 && s->dtype == DT_U8)
		ok = fold_floats(f, wt, (size_t)st, "mxfp4", 32, DT_F8_E8M0, NULL, false);
	else if (w->dtype == DT_I32 && fold_sibling(f, path, n, ".weight_shape", &shape))
		ok = fold_integers(f, wt, (size_t)st, shape);
	if (!ok || w->dtype != DT_UNKNOWN)
		return ok;
	w->stored = w->name;
	w->name = arena_printf(&f->b->arena, "%.*s.weight", (int)n, path);
	fold_drop_inputs(f, path, n);
	return true;
}
