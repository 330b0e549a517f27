#include "config.h"
#include "base/bytes.h"
#include "base/xalloc.h"
#include "tensor/cpu.h"
#include "tensor/encode.h"

#define PATH_IMPL "tensor/encode_impl.h"
#include "tensor/every_path.h"

typedef bool nonfinite_fn(const float *x, size_t n);

/* Where the binary16 scales of a block stand; -1: there is none. */
static const struct {
	enum dtype t;
	int scale[2];
} scales[] = {
	{ DT_Q4_0, { 0, -1 } }, { DT_Q4_1, { 0, 2 } }, { DT_Q5_0, { 0, -1 } },
	{ DT_Q5_1, { 0, 2 } }, { DT_Q8_0, { 0, -1 } }, { DT_Q1_0, { 0, -1 } },
	{ DT_Q2_0, { 0, -1 } }, { DT_Q2_K, { 80, 82 } }, { DT_Q3_K, { 108, -1 } },
	{ DT_Q4_K, { 0, 2 } }, { DT_Q5_K, { 0, 2 } }, { DT_Q6_K, { 208, -1 } },
	{ DT_IQ4_NL, { 0, -1 } }, { DT_IQ4_XS, { 0, -1 } }, { DT_TQ1_0, { 52, -1 } },
	{ DT_TQ2_0, { 64, -1 } },
};
enum { N_SCALES = sizeof scales / sizeof *scales, STRIDE = 1 << 12 };

bool encode_possible(enum dtype t, uint64_t row)
{
	const struct dtype_info *d = dtype_info(t);

	return d->encode && d->block && row % d->block == 0;
}

size_t encode_find_nonfinite(const float *x, size_t n)
{
	static nonfinite_fn *const path[CPU_PATHS] = PATH_TABLE(nonfinite);
	size_t i = 0, part;

	for (; i < n; i += part) {
		part = n - i < STRIDE ? n - i : STRIDE;
		if (path[cpu_path()](x + i, part))
			break;
	}
	while (i < n && (f32_bits(x[i]) & 0x7f800000) != 0x7f800000)
		i++;
	return i;
}

uint64_t encode_overflows(enum dtype t, const void *stored, uint64_t blocks)
{
	const uint8_t *b = stored;
	uint32_t bytes = dtype_info(t)->bytes;
	uint64_t n = 0;
	int row = 0;

	while (row < N_SCALES && scales[row].t != t)
		row++;
	for (uint64_t i = 0; i < blocks && row < N_SCALES; i++, b += bytes) {
		bool over = false;
		for (int k = 0; k < 2 && scales[row].scale[k] >= 0; k++)
			over |= (le16(b + scales[row].scale[k]) & 0x7c00) == 0x7c00;
		n += over;
	}
	b = stored; /* a power of two in a byte, of which 255 would be no number */
	for (uint64_t i = 0; i < blocks && t == DT_MXFP4; i++, b += bytes)
		n += *b == 255;
	return n;
}

static void encode_plain(const struct encode *c, const float *src, void *dst, size_t rows,
	size_t row)
{
	const struct dtype_info *d = dtype_info(c->dtype);

	if (c->importance && d->weighted)
		d->weighted(src, dst, rows, row, c->importance);
	else
		d->encode(src, dst, rows * row);
}

/* One row in which the number at `bad` is the first that is not finite. */
static void encode_mended(const struct encode *c, const float *src, void *dst, size_t row,
	size_t bad, uint64_t at, struct encode_count *count)
{
	float *copy = xmalloc(row * sizeof *copy);

	memcpy(copy, src, row * sizeof *copy);
	while (bad < row) {
		if (count->nonfinite++ == 0)
			count->first = at + bad;
		copy[bad] = 0;
		bad += encode_find_nonfinite(copy + bad, row - bad);
	}
	encode_plain(c, copy, dst, 1, row);
	free(copy);
}

/* Rows are looked at in parts that stay in a core's cache until they are encoded. */
bool encode_rows(const struct encode *c, const float *src, void *dst, size_t rows, size_t row,
	uint64_t at, struct encode_count *count)
{
	const struct dtype_info *d = dtype_info(c->dtype);
	size_t bytes = row / d->block * d->bytes, part;
	uint8_t *out = dst;

	if (d->kind != DTYPE_QUANT) {
		d->encode(src, dst, rows * row);
		return true;
	}
	for (size_t r = 0; r < rows && row; r += part) {
		const float *x = src + r * row;
		size_t most = 16 * STRIDE / row, good;
		part = most < 1 ? 1 : most > rows - r ? rows - r : most;
		good = encode_find_nonfinite(x, part * row);
		if (good < part * row && c->nonfinite == ENCODE_REFUSE) {
			count->nonfinite++;
			count->first = at + r * row + good;
			return false;
		}
		encode_plain(c, x, out, good / row, row);
		if (good < part * row) {
			part = good / row + 1;
			encode_mended(c, x + (part - 1) * row, out + (part - 1) * bytes, row,
				good % row, at + (r + part - 1) * row, count);
		}
		count->overflow += encode_overflows(c->dtype, out, part * (row / d->block));
		out += part * bytes;
	}
	return true;
}
