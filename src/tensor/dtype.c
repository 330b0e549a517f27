#include "config.h"
#include <string.h>
#include <strings.h>
#include "base/xalloc.h"
#include "tensor/codec.h"
#include "tensor/dtype.h"

static const struct dtype_info rows[DT_COUNT] = {
#define ROW(id, name, st, ggml, block, bytes, kind, decode, encode, weighted, ...) \
	[DT_##id] = { name, st, ggml, block, bytes, DTYPE_##kind, decode, encode, weighted },
#define DTYPE(...) ROW(__VA_ARGS__, NULL, NULL)
#include "tensor/dtypes.def"
#undef DTYPE
#undef ROW
	[DT_UNKNOWN] = { "unknown", NULL, -1, 0, 0, DTYPE_OTHER, NULL, NULL, NULL },
};

/* The first name of a dtype is torch's own; the others are its aliases. */
static const struct {
	const char *name;
	enum dtype t;
} torch_names[] = {
	{ "float32", DT_F32 },
	{ "float", DT_F32 },
	{ "float16", DT_F16 },
	{ "half", DT_F16 },
	{ "bfloat16", DT_BF16 },
	{ "float64", DT_F64 },
	{ "double", DT_F64 },
	{ "float8_e4m3fn", DT_F8_E4M3 },
	{ "float8_e5m2", DT_F8_E5M2 },
	{ "float8_e8m0fnu", DT_F8_E8M0 },
	{ "float8_e4m3fnuz", DT_F8_E4M3FNUZ },
	{ "float8_e5m2fnuz", DT_F8_E5M2FNUZ },
	{ "float4_e2m1fn_x2", DT_F4 },
	{ "complex64", DT_C64 },
	{ "cfloat", DT_C64 },
	{ "bool", DT_BOOL },
	{ "uint8", DT_U8 },
	{ "int8", DT_I8 },
	{ "uint16", DT_U16 },
	{ "int16", DT_I16 },
	{ "short", DT_I16 },
	{ "uint32", DT_U32 },
	{ "int32", DT_I32 },
	{ "int", DT_I32 },
	{ "uint64", DT_U64 },
	{ "int64", DT_I64 },
	{ "long", DT_I64 },
};
#define N_TORCH (sizeof torch_names / sizeof *torch_names)

const struct dtype_info *dtype_info(enum dtype t)
{
	return &rows[(unsigned)t < DT_COUNT ? t : DT_UNKNOWN];
}

const char *dtype_name(enum dtype t)
{
	return dtype_info(t)->name;
}

enum dtype dtype_by_name(const char *name)
{
	for (int t = 0; name && t < DT_UNKNOWN; t++)
		if (strcasecmp(rows[t].name, name) == 0)
			return t;
	return DT_UNKNOWN;
}

enum dtype dtype_by_safetensors(const char *name)
{
	for (int t = 0; name && t < DT_UNKNOWN; t++)
		if (rows[t].st_name && strcmp(rows[t].st_name, name) == 0)
			return t;
	return DT_UNKNOWN;
}

enum dtype dtype_by_ggml(uint32_t id)
{
	for (int t = 0; t < DT_UNKNOWN; t++)
		if (rows[t].ggml >= 0 && (uint32_t)rows[t].ggml == id)
			return t;
	return DT_UNKNOWN;
}

enum dtype dtype_by_torch(const char *name)
{
	if (name && strncmp(name, "torch.", 6) == 0)
		name += 6;
	for (size_t i = 0; name && i < N_TORCH; i++)
		if (strcmp(torch_names[i].name, name) == 0)
			return torch_names[i].t;
	return DT_UNKNOWN;
}

const char *dtype_torch_name(enum dtype t)
{
	for (size_t i = 0; i < N_TORCH; i++)
		if (torch_names[i].t == t)
			return torch_names[i].name;
	return NULL;
}

bool dtype_bytes(enum dtype t, uint64_t n, uint64_t *bytes)
{
	const struct dtype_info *d = dtype_info(t);

	return d->block && n % d->block == 0 && size_mul(n / d->block, d->bytes, bytes);
}

bool dtype_is_float(enum dtype t)
{
	return dtype_info(t)->kind == DTYPE_FLOAT;
}

/* torch orders its signed integers (and bool, uint8) by width; -1: it refuses to mix this type. */
static int int_width(enum dtype t)
{
	switch (t) {
	case DT_BOOL:
		return 0;
	case DT_U8:
	case DT_I8:
		return 1;
	case DT_I16:
		return 2;
	case DT_I32:
		return 3;
	case DT_I64:
		return 4;
	default:
		return -1;
	}
}

static enum dtype promote_ints(enum dtype a, enum dtype b)
{
	int wa = int_width(a), wb = int_width(b);

	if (wa < 0 || wb < 0)
		return DT_F32;
	if (wa == wb) /* U8 with I8: neither holds the other */
		return DT_I16;
	return wa > wb ? a : b;
}

static bool wide_float(enum dtype t)
{
	return t == DT_F16 || t == DT_BF16 || t == DT_F32 || t == DT_F64;
}

enum dtype dtype_promote(enum dtype a, enum dtype b)
{
	bool ia = dtype_info(a)->kind == DTYPE_INT, ib = dtype_info(b)->kind == DTYPE_INT;

	if (a == b && (ia || dtype_is_float(a)))
		return a;
	if (a == DT_F64 || b == DT_F64)
		return DT_F64;
	if (ia && ib)
		return promote_ints(a, b);
	if (ia && wide_float(b))
		return b;
	if (ib && wide_float(a))
		return a;
	return DT_F32;
}
