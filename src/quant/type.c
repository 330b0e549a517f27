#include "config.h"
#include "quant/type.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/xalloc.h"
#include "tensor/encode.h"

/* What is offered, from the smallest to the largest; of GGUF, what has an encoder. */
static const enum dtype gguf_types[] = { DT_Q2_K, DT_Q3_K, DT_MXFP4, DT_IQ4_XS, DT_Q4_0, DT_IQ4_NL,
	DT_Q4_K, DT_Q4_1, DT_Q5_0, DT_Q5_K, DT_Q5_1, DT_Q6_K, DT_Q8_0, DT_F16, DT_BF16, DT_F32 };
/* Those of MLX; plain floats follow. */
static const struct {
	uint8_t bits, group;
	enum quant_mode mode;
} mlx_types[] = {
	{ 2, 64, QUANT_AFFINE }, { 2, 32, QUANT_AFFINE }, { 3, 64, QUANT_AFFINE },
	{ 3, 32, QUANT_AFFINE }, { 4, 32, QUANT_MXFP4 }, { 4, 64, QUANT_AFFINE },
	{ 4, 16, QUANT_NVFP4 }, { 4, 32, QUANT_AFFINE }, { 5, 64, QUANT_AFFINE },
	{ 5, 32, QUANT_AFFINE }, { 6, 64, QUANT_AFFINE }, { 6, 32, QUANT_AFFINE },
	{ 8, 32, QUANT_MXFP8 }, { 8, 64, QUANT_AFFINE }, { 8, 32, QUANT_AFFINE },
};
static const enum dtype mlx_floats[] = { DT_F16, DT_BF16, DT_F32 };
#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct {
	enum quant_mode mode;
	const char *name;
	uint8_t bits, group;
	enum dtype scales;
} modes[] = {
	{ QUANT_MXFP4, "mxfp4", 4, 32, DT_F8_E8M0 },
	{ QUANT_MXFP8, "mxfp8", 8, 32, DT_F8_E8M0 },
	{ QUANT_NVFP4, "nvfp4", 4, 16, DT_F8_E4M3 },
};

const char *quant_container_name(enum quant_container c)
{
	return c == QUANT_GGUF ? "gguf" : "mlx";
}

struct quant_type quant_affine(int bits, int group, enum dtype scales)
{
	return (struct quant_type){ .mode = QUANT_AFFINE, .dtype = scales, .bits = (uint8_t)bits,
		.group = (uint16_t)group };
}

struct quant_type quant_scaled(enum quant_mode mode)
{
	for (size_t i = 0; i < COUNT(modes); i++)
		if (modes[i].mode == mode)
			return (struct quant_type){ mode, modes[i].scales, modes[i].bits,
				modes[i].group };
	return quant_plain(DT_UNKNOWN);
}

bool quant_type_same(struct quant_type a, struct quant_type b)
{
	if (a.mode != b.mode)
		return false;
	return a.mode == QUANT_PLAIN ? a.dtype == b.dtype :
		a.bits == b.bits && a.group == b.group;
}

const char *quant_type_name(struct quant_type t, char *buf)
{
	const char *name = t.mode == QUANT_PLAIN ? dtype_name(t.dtype) : "affine";

	for (size_t i = 0; i < COUNT(modes); i++)
		if (modes[i].mode == t.mode)
			name = modes[i].name;
	if (t.mode == QUANT_AFFINE)
		snprintf(buf, QUANT_TYPE_NAME, "affine%ug%u", t.bits, t.group);
	else
		snprintf(buf, QUANT_TYPE_NAME, "%s", name);
	return buf;
}

/* --- names --- */

static bool affine_fits(unsigned bits, unsigned group)
{
	return bits >= 2 && bits <= 8 && bits != 7 &&
		(group == 32 || group == 64 || group == 128);
}

/* "q4", "q4-hi", "affine4", "affine4g32" */
static bool parse_affine(const char *name, unsigned group, struct quant_type *out)
{
	unsigned bits = 0, named = group ? group : 64;
	int used = 0;

	if (!strncasecmp(name, "affine", 6))
		name += 6;
	else if (*name == 'q' || *name == 'Q')
		name++;
	else
		return false;
	if (sscanf(name, "%1u%n", &bits, &used) != 1)
		return false;
	name += used;
	if (!strcasecmp(name, "-hi")) {
		named = 32;
		name += 3;
	} else if (*name == 'g' || *name == 'G') {
		used = 0;
		if (sscanf(name + 1, "%3u%n", &named, &used) != 1)
			return false;
		name += 1 + used;
	}
	if (*name || !affine_fits(bits, named))
		return false;
	*out = quant_affine((int)bits, (int)named, DT_BF16);
	return true;
}

static bool parse_mlx(const char *name, unsigned group, struct quant_type *out)
{
	for (size_t i = 0; i < COUNT(modes); i++)
		if (!strcasecmp(name, modes[i].name)) {
			*out = quant_scaled(modes[i].mode);
			return true;
		}
	return parse_affine(name, group, out);
}

/* Up to three names of the container that begin alike, else the nearest. */
static void near_types(const char *name, enum quant_container c, struct str *s)
{
	char names[COUNT(gguf_types) + COUNT(mlx_types) + COUNT(mlx_floats)][QUANT_TYPE_NAME];
	const char *list[COUNT(names)], *nearest;
	struct quant_type t;
	size_t n = 0, found = 0;
	char upper[QUANT_TYPE_NAME] = "";

	for (size_t i = 0; i < sizeof upper - 1 && name[i]; i++)
		upper[i] = (char)(c == QUANT_GGUF ? toupper((unsigned char)name[i]) :
			tolower((unsigned char)name[i]));
	while (quant_type_at(c, n, &t)) {
		list[n] = quant_type_name(t, names[n]);
		n++;
	}
	for (size_t len = strlen(upper); !found && len > 1; len--)
		for (size_t i = 0; i < n && found < 4; i++)
			if (!strncasecmp(upper, list[i], len))
				str_addf(s, "%s%s", found++ ? ", " : "", list[i]);
	nearest = found ? NULL : str_nearest(upper, list, n);
	if (nearest)
		str_add(s, nearest);
	for (size_t i = 0; !s->n && i < n; i++)
		str_addf(s, "%s%s", i ? ", " : "", list[i]);
}

bool quant_type_parse(const char *name, enum quant_container c, unsigned group,
	struct quant_type *out, struct err *e)
{
	enum dtype t = dtype_by_name(name);
	struct quant_type other;

	if (t == DT_UNKNOWN && dtype_by_torch(name) != DT_UNKNOWN)
		t = dtype_by_torch(name);
	/* MXFP4 and NVFP4 are names in both. */
	if (c == QUANT_MLX && parse_mlx(name, group, out))
		return true;
	if (t != DT_UNKNOWN) {
		*out = quant_plain(t);
		if (quant_type_writable(*out, c))
			return true;
	}
	struct str near = STR_INIT;
	near_types(name, c, &near);
	char *hint = xasprintf("take one of: %s", near.s);
	bool elsewhere = c == QUANT_GGUF ? parse_mlx(name, 0, &other) :
		t != DT_UNKNOWN && quant_type_writable(quant_plain(t), QUANT_GGUF);
	if (elsewhere)
		err_set(e, ERR_INPUT, name, hint, "%s is a type of %s files, the plan writes %s",
			name, c == QUANT_GGUF ? "MLX" : "GGUF", c == QUANT_GGUF ? "GGUF" : "MLX");
	else if (t != DT_UNKNOWN)
		err_set(e, ERR_INPUT, name, hint, "%s is read, and not written", dtype_name(t));
	else
		err_set(e, ERR_INPUT, name, hint, "there is no type %s", name);
	free(hint);
	str_fini(&near);
	return false;
}

bool quant_type_writable(struct quant_type t, enum quant_container c)
{
	struct quant_type one;

	if (c == QUANT_MLX && t.mode == QUANT_AFFINE)
		return affine_fits(t.bits, t.group);
	for (size_t i = 0; quant_type_at(c, i, &one); i++)
		if (quant_type_same(one, t))
			return true;
	return false;
}

bool quant_type_at(enum quant_container c, size_t i, struct quant_type *out)
{
	for (size_t k = 0; c == QUANT_GGUF && k < COUNT(gguf_types); k++)
		if (encode_possible(gguf_types[k], dtype_info(gguf_types[k])->block) && !i--) {
			*out = quant_plain(gguf_types[k]);
			return true;
		}
	if (c == QUANT_GGUF)
		return false;
	if (i >= COUNT(mlx_types) + COUNT(mlx_floats))
		return false;
	if (i >= COUNT(mlx_types))
		*out = quant_plain(mlx_floats[i - COUNT(mlx_types)]);
	else if (mlx_types[i].mode == QUANT_AFFINE)
		*out = quant_affine(mlx_types[i].bits, mlx_types[i].group, DT_BF16);
	else
		*out = quant_scaled(mlx_types[i].mode);
	return true;
}

/* --- sizes --- */

uint32_t quant_type_block(struct quant_type t)
{
	return t.mode == QUANT_PLAIN ? dtype_info(t.dtype)->block : t.group;
}

bool quant_type_bytes(struct quant_type t, uint64_t elements, uint64_t row, uint64_t *bytes)
{
	uint32_t block = quant_type_block(t);
	uint64_t bits, scales;

	if (!block || (elements && (!row || row % block || elements % row)))
		return false;
	if (t.mode == QUANT_PLAIN)
		return dtype_bytes(t.dtype, elements, bytes);
	/* A row's codes are whole words of 32 bits. */
	if (!size_mul(elements, t.bits, &bits) || (row * t.bits) % 32)
		return false;
	scales = elements / block * (t.mode == QUANT_AFFINE ? 2 : 1) * dtype_info(t.dtype)->bytes;
	return size_add(bits / 8, scales, bytes);
}

double quant_type_bits(struct quant_type t)
{
	const struct dtype_info *d = dtype_info(t.dtype);

	if (t.mode == QUANT_PLAIN)
		return d->block ? 8.0 * d->bytes / d->block : 0.0;
	return t.bits + 8.0 * d->bytes * (t.mode == QUANT_AFFINE ? 2 : 1) / t.group;
}

bool quant_type_is_float(struct quant_type t)
{
	return t.mode == QUANT_PLAIN && dtype_is_float(t.dtype);
}
