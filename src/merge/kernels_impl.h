/* kernels_impl: the bodies of kernels.h, included by kernels.c once per instruction set with
 *   KN(name)  the name of this set's function      KFN   storage class and target of each function
 *   KBYTES    width of a vector register           KMUL32(a, b)  low halves of 64-bit lanes,
 *   product
 * Loops are plain so that the compiler's vectoriser sees them; only sums and the generator are
 * written with vector types, because there the order of additions is part of the result. */
#define KD (KBYTES / 8) /* doubles, or 64-bit words, in a register */
#define KF (KBYTES / 4) /* floats */

typedef double KN(vd) __attribute__((vector_size(KBYTES)));
typedef float KN(vf) __attribute__((vector_size(KBYTES / 2)));
typedef uint64_t KN(vu) __attribute__((vector_size(KBYTES)));
typedef uint32_t KN(vw) __attribute__((vector_size(KBYTES)));
typedef float KN(vfull) __attribute__((vector_size(KBYTES)));
typedef int32_t KN(vsign) __attribute__((vector_size(KBYTES)));
/* high halves to the low places; a shuffle, because shifts share a port with multiplications */
#define KHIGH(v) (KN(vu)) __builtin_shufflevector((KN(vw))(v), (KN(vw))(v), KSWAP)

KFN void KN(scale)(float *out, const float *x, float w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = x[i] * w;
}

KFN void KN(add_scaled)(float *restrict out, const float *restrict x, float w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] += x[i] * w;
}

KFN void KN(add)(float *out, const float *a, const float *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = a[i] + b[i];
}

KFN void KN(sub)(float *out, const float *a, const float *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = a[i] - b[i];
}

KFN void KN(divide)(float *restrict out, float by, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] /= by;
}

KFN void KN(divide_each)(float *restrict out, const float *restrict by, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] /= by[i];
}

KFN void KN(mix)(float *restrict out, const float *restrict a, float sa,
	const float *restrict b, float sb, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = sa * a[i] + sb * b[i];
}

KFN void KN(mix_each)(float *restrict out, const float *restrict a, const float *restrict sa,
	const float *restrict b, const float *restrict sb, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = sa[i] * a[i] + sb[i] * b[i];
}

/* w = clamp(t / max(|a-b|, 1e-6), 0, 1); out = w b + (1-w) a, as mergekit's nearswap states it. */
KFN void KN(near)(float *restrict out, const float *restrict a, const float *restrict b, float t,
	size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float d = __builtin_fabsf(a[i] - b[i]);
		float w = t / (d > 1e-6f ? d : 1e-6f);

		w = w < 0.0f ? 0.0f : w;
		w = w > 1.0f ? 1.0f : w;
		out[i] = w * b[i] + (1.0f - w) * a[i];
	}
}

KFN void KN(dots)(const float *a, const float *b, size_t n, double acc[3][KERNEL_LANES])
{
	KN(vd) s[3][KERNEL_LANES / KD];
	size_t i;

	memcpy(s, acc, sizeof s);
	for (i = 0; i + KERNEL_LANES <= n; i += KERNEL_LANES)
		for (int l = 0; l < KERNEL_LANES / KD; l++) {
			KN(vf) fa, fb;
			KN(vd) x, y;

			memcpy(&fa, a + i + l * KD, sizeof fa);
			memcpy(&fb, b + i + l * KD, sizeof fb);
			x = KWIDE(fa);
			y = KWIDE(fb);
			s[0][l] += x * x;
			s[1][l] += y * y;
			s[2][l] += x * y;
		}
	memcpy(acc, s, sizeof s);
	for (int l = 0; i < n; i++, l++) {
		acc[0][l] += (double)a[i] * a[i];
		acc[1][l] += (double)b[i] * b[i];
		acc[2][l] += (double)a[i] * b[i];
	}
}

KFN void KN(dots_each)(const float *restrict a, const float *restrict b, size_t n,
	double *restrict aa, double *restrict bb, double *restrict ab)
{
	for (size_t i = 0; i < n; i++) {
		double x = a[i], y = b[i];

		aa[i] += x * x;
		bb[i] += y * y;
		ab[i] += x * y;
	}
}

KFN void KN(squares)(const float *x, size_t n, double acc[KERNEL_LANES])
{
	KN(vd) s[KERNEL_LANES / KD], v;
	size_t i;

	memcpy(s, acc, sizeof s);
	for (i = 0; i + KERNEL_LANES <= n; i += KERNEL_LANES)
		for (int l = 0; l < KERNEL_LANES / KD; l++) {
			KN(vf) f;

			memcpy(&f, x + i + l * KD, sizeof f);
			v = KWIDE(f);
			s[l] += v * v;
		}
	memcpy(acc, s, sizeof s);
	for (int l = 0; i < n; i++, l++)
		acc[l] += (double)x[i] * x[i];
}

KFN void KN(distance)(const float *a, const float *b, size_t n, double acc[KERNEL_LANES])
{
	KN(vd) s[KERNEL_LANES / KD], v;
	size_t i;

	memcpy(s, acc, sizeof s);
	for (i = 0; i + KERNEL_LANES <= n; i += KERNEL_LANES)
		for (int l = 0; l < KERNEL_LANES / KD; l++) {
			KN(vf) f, g;

			memcpy(&f, a + i + l * KD, sizeof f);
			memcpy(&g, b + i + l * KD, sizeof g);
			f -= g;
			v = KWIDE(f);
			s[l] += v * v;
		}
	memcpy(acc, s, sizeof s);
	for (int l = 0; i < n; i++, l++) {
		float d = a[i] - b[i];

		acc[l] += (double)d * d;
	}
}

KFN void KN(sum_abs)(const float *x, size_t n, double acc[KERNEL_LANES])
{
	KN(vd) s[KERNEL_LANES / KD];
	size_t i;

	memcpy(s, acc, sizeof s);
	for (i = 0; i + KERNEL_LANES <= n; i += KERNEL_LANES)
		for (int l = 0; l < KERNEL_LANES / KD; l++) {
			KN(vf) v;

			memcpy(&v, x + i + l * KD, sizeof v);
			s[l] += (KN(vd))((KN(vu))KWIDE(v) & ~(1ull << 63));
		}
	memcpy(acc, s, sizeof s);
	for (int l = 0; i < n; i++, l++)
		acc[l] += __builtin_fabsf(x[i]);
}

KFN void KN(keep_from)(float *restrict x, uint32_t cut, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t u;

		memcpy(&u, &x[i], 4);
		u = (u & 0x7fffffffu) >= cut ? u : 0;
		memcpy(&x[i], &u, 4);
	}
}

KFN void KN(keep_below)(float *restrict x, uint32_t cut, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t u;

		memcpy(&u, &x[i], 4);
		u = (u & 0x7fffffffu) < cut ? u : 0;
		memcpy(&x[i], &u, 4);
	}
}

KFN uint32_t KN(keys)(uint32_t *restrict key, const float *restrict x, size_t n)
{
	uint32_t most = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t u;

		memcpy(&u, &x[i], 4);
		u &= 0x7fffffffu;
		key[i] = u;
		most = u > most ? u : most;
	}
	return most;
}

KFN size_t KN(count_less)(const uint32_t *key, uint32_t than, size_t n)
{
	size_t found = 0;

	while (n > 0) {
		size_t m = n < 65536 ? n : 65536;
		uint32_t c = 0;

		for (size_t i = 0; i < m; i++)
			c += key[i] < than;
		found += c;
		key += m;
		n -= m;
	}
	return found;
}

KFN size_t KN(count_key)(const float *x, uint32_t key, size_t n)
{
	size_t found = 0;

	while (n > 0) { /* 32-bit counters in the loop: twice the lanes */
		size_t m = n < 65536 ? n : 65536;
		uint32_t c = 0;

		for (size_t i = 0; i < m; i++) {
			uint32_t u;

			memcpy(&u, &x[i], 4);
			c += (u & 0x7fffffffu) == key;
		}
		found += c;
		x += m;
		n -= m;
	}
	return found;
}

KFN size_t KN(count_nonfinite)(const float *x, size_t n)
{
	size_t found = 0;

	while (n > 0) {
		size_t m = n < 65536 ? n : 65536;
		uint32_t c = 0;

		for (size_t i = 0; i < m; i++) {
			uint32_t u;

			memcpy(&u, &x[i], 4);
			c += (u & 0x7f800000u) == 0x7f800000u;
		}
		found += c;
		x += m;
		n -= m;
	}
	return found;
}

/* Few keys lie in the bracket: a vector says which. Keys are below 2^31, so signs do not matter. */
KFN size_t KN(collect)(const float *x, size_t n, uint32_t lo, uint32_t hi, uint32_t pivot,
	uint64_t *above, uint64_t *equal, uint32_t *out)
{
	KN(vsign) more = {0}, same = {0};
	size_t found = 0, i = 0;

	for (; i + 16 <= n; i += 16) {
		uint32_t hits = 0;

		for (int h = 0; h < 16 / KF; h++) {
			KN(vsign) key, is, in;

			memcpy(&key, x + i + h * KF, sizeof key);
			key &= 0x7fffffff;
			is = key == (int32_t)pivot;
			in = (key >= (int32_t)lo) & (key <= (int32_t)hi) & ~is;
			more += key > (int32_t)hi; /* true is -1 */
			same += is;
			hits |= KBITS(in) << (h * KF);
		}
		for (; hits; hits &= hits - 1) {
			uint32_t u;

			memcpy(&u, &x[i + (size_t)__builtin_ctz(hits)], 4);
			out[found++] = u & 0x7fffffffu;
		}
	}
	for (int l = 0; l < KF; l++) {
		*above += (uint32_t)-more[l];
		*equal += (uint32_t)-same[l];
	}
	for (; i < n; i++) {
		uint32_t u;

		memcpy(&u, &x[i], 4);
		u &= 0x7fffffffu;
		*above += u > hi;
		*equal += u == pivot;
		out[found] = u;
		found += (u - lo <= hi - lo) & (u != pivot);
	}
	return found;
}

/* Philox4x32-10 with the counter of base/rng.c, KD counters at once in 64-bit lanes. Upper halves
 * hold garbage that KMUL32 ignores. Lane 2m is counter m, lane 2m+1 counter KD/2+m, so that two
 * unpacks put the words in element order. */
KFN void KN(philox)(uint64_t quad, uint64_t seed, uint64_t name_hash, uint32_t input,
	uint32_t out[4 * KD])
{
	KN(vu) c[4], a, b, q;
	uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);

	q = (KN(vu)){KQUAD} + quad;
	c[0] = (KN(vu)){0} + (name_hash & 0xffffffffu);
	c[1] = (KN(vu)){0} + (name_hash >> 32);
	c[2] = (q >> 32 << 16) | (input & 0xffffu);
	c[3] = q;
	for (int r = 0; r < 10; r++) {
		KN(vu) p0 = KMUL32(c[0], 0xD2511F53u), p1 = KMUL32(c[2], 0xCD9E8D57u);

		c[0] = KHIGH(p1) ^ c[1] ^ k0;
		c[1] = p1;
		c[2] = KHIGH(p0) ^ c[3] ^ k1;
		c[3] = p0;
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
	a = (c[0] & 0xffffffffu) | (c[1] << 32);
	b = (c[2] & 0xffffffffu) | (c[3] << 32);
	q = __builtin_shufflevector(a, b, KEVEN);
	memcpy(out, &q, sizeof q);
	q = __builtin_shufflevector(a, b, KODD);
	memcpy(out + 2 * KD, &q, sizeof q);
}

/* One bit an element, set where it is kept. */
KFN void KN(draw)(uint8_t *bits, size_t n, uint64_t first, uint64_t seed, uint64_t name_hash,
	uint32_t input, uint32_t below)
{
	for (size_t i = 0; i < n; i += 4 * KD) {
		KN(vw) u[2];
		uint32_t mask = 0;

		KN(philox)((first + i) / 4, seed, name_hash, input, (uint32_t *)u);
		for (int h = 0; h < 2; h++) {
			KN(vsign) kept = (KN(vsign))(u[h] >> 8) < (int32_t)below;

			mask |= KBITS(kept) << (h * KF);
		}
		/* 8, 16 or 32 at a time */
		memcpy(bits + i / 8, &mask, n - i < 4 * KD ? (n - i + 7) / 8 : KD / 2);
	}
}

KFN void KN(numbers)(uint32_t *out, size_t n, uint64_t first, uint64_t seed, uint64_t name_hash,
	uint32_t input)
{
	for (size_t i = 0; i < n; i += 4 * KD) {
		KN(vw) u[2];

		KN(philox)((first + i) / 4, seed, name_hash, input, (uint32_t *)u);
		u[0] >>= 8;
		u[1] >>= 8;
		memcpy(out + i, u, sizeof u);
	}
}

KFN void KN(bits_below)(uint8_t *bits, const uint32_t *x, const uint32_t *below, size_t n)
{
	size_t i = 0;

	for (; i + 16 <= n; i += 16) {
		uint32_t mask = 0;

		for (int h = 0; h < 16 / KF; h++) {
			KN(vsign) a, b;

			memcpy(&a, x + i + h * KF, sizeof a);
			memcpy(&b, below + i + h * KF, sizeof b);
			a = a < b;
			mask |= KBITS(a) << (h * KF);
		}
		memcpy(bits + i / 8, &mask, 2);
	}
	for (; i < n; i++) {
		if (i % 8 == 0)
			bits[i / 8] = 0;
		bits[i / 8] |= (uint8_t)((x[i] < below[i]) << i % 8);
	}
}

/* out = (x - base where its bit is set, else 0) times a, times b. */
KFN void KN(keep_bits)(float *out, const float *x, const float *base, const uint8_t *bits, float fa,
	float fb, size_t n)
{
	size_t i = 0;

	for (; i + 16 <= n; i += 16) {
		const KN(vsign) lane = {KLANES32};
		uint16_t b;

		memcpy(&b, bits + i / 8, 2);
		for (int l = 0; l < 16 / KF; l++) {
			KN(vfull) d, less;
			KN(vsign) kept = (lane & (int32_t)(b >> (l * KF))) != 0;

			memcpy(&d, x + i + l * KF, sizeof d);
			memcpy(&less, base + i + l * KF, sizeof less);
			d -= less;
			d = (KN(vfull))((KN(vsign))d & kept) * fa * fb;
			memcpy(out + i + l * KF, &d, sizeof d);
		}
	}
	for (; i < n; i++) {
		float d = bits[i / 8] >> i % 8 & 1 ? x[i] - base[i] : 0.0f;

		out[i] = d * fa * fb;
	}
}

/* Sums of |x - base|: of all, and of those whose bit is set. First at a multiple of 16. */
KFN void KN(sum_bits)(const float *x, const float *base, const uint8_t *bits, size_t n,
	double whole[KERNEL_LANES], double kept[KERNEL_LANES])
{
	KN(vd) s[2][KERNEL_LANES / KD];
	size_t i = 0;

	memcpy(s[0], whole, sizeof s[0]);
	memcpy(s[1], kept, sizeof s[1]);
	for (; i + 16 <= n; i += 16) {
		uint16_t b;

		memcpy(&b, bits + i / 8, 2);
		for (int l = 0; l < KERNEL_LANES / KD; l++) {
			const KN(vu) lane = (KN(vu)){KLANES} << (l * KD);
			KN(vf) f, g;
			KN(vu) d;

			memcpy(&f, x + i + l * KD, sizeof f);
			memcpy(&g, base + i + l * KD, sizeof g);
			f -= g;
			d = (KN(vu))KWIDE(f) & ~(1ull << 63);
			s[0][l] += (KN(vd))d;
			s[1][l] += (KN(vd))(d & (KN(vu))((lane & b) != 0));
		}
	}
	memcpy(whole, s[0], sizeof s[0]);
	memcpy(kept, s[1], sizeof s[1]);
	for (int l = 0; i < n; i++, l++) {
		double d = __builtin_fabsf(x[i] - base[i]);

		whole[l] += d;
		kept[l] += bits[i / 8] >> i % 8 & 1 ? d : 0.0;
	}
}

/* An element agrees if it is strictly on the elected side. */
KFN void KN(elect)(const float *restrict rows, const float *restrict weights, int k,
	float *restrict mixed, float *restrict div, size_t n)
{
	size_t i = 0;

	for (; i + KF <= n; i += KF) {
		KN(vfull) sum = {0}, m = {0}, w = {0}, d;
		KN(vsign) up, agrees;

		for (int r = 0; r < k; r++) {
			memcpy(&d, rows + (size_t)r * KERNEL_CHUNK + i, sizeof d);
			sum += d;
		}
		up = sum >= 0.0f;
		for (int r = 0; r < k; r++) {
			memcpy(&d, rows + (size_t)r * KERNEL_CHUNK + i, sizeof d);
			agrees = ((d > 0.0f) & up) | ((d < 0.0f) & ~up);
			m += (KN(vfull))((KN(vsign))d & agrees);
			w += (KN(vfull))((KN(vsign))((KN(vfull)){0} + weights[r]) & agrees);
		}
		agrees = w == 0.0f;
		w = (KN(vfull))(((KN(vsign))w & ~agrees) | (
			(KN(vsign))((KN(vfull)){0} + 1.0f) & agrees));
		memcpy(mixed + i, &m, sizeof m);
		memcpy(div + i, &w, sizeof w);
	}
	for (; i < n; i++) {
		float sum = 0.0f;

		mixed[i] = div[i] = 0.0f;
		for (int r = 0; r < k; r++)
			sum += rows[(size_t)r * KERNEL_CHUNK + i];
		for (int r = 0; r < k; r++) {
			float d = rows[(size_t)r * KERNEL_CHUNK + i];
			bool agrees = sum >= 0.0f ? d > 0.0f : d < 0.0f;

			mixed[i] += agrees ? d : 0.0f;
			div[i] += agrees ? weights[r] : 0.0f;
		}
		div[i] = div[i] == 0.0f ? 1.0f : div[i];
	}
}

KFN void KN(elect_weighted)(const float *restrict rows, const float *restrict weights, int k,
	float *restrict mixed, float *restrict div, size_t n)
{
	size_t i = 0;

	for (; i + KF <= n; i += KF) {
		KN(vfull) sum = {0}, m = {0}, w = {0}, x;
		KN(vsign) up, agrees;

		for (int r = 0; r < k; r++) {
			memcpy(&x, rows + (size_t)r * KERNEL_CHUNK + i, sizeof x);
			sum += x;
		}
		up = sum >= 0.0f;
		for (int r = 0; r < k; r++) {
			memcpy(&x, rows + (size_t)r * KERNEL_CHUNK + i, sizeof x);
			agrees = ((x > 0.0f) & up) | ((x < 0.0f) & ~up);
			m += (KN(vfull))((KN(vsign))(x * weights[r]) & agrees);
			w += (KN(vfull))((KN(vsign))((KN(vfull)){0} + weights[r]) & agrees);
		}
		memcpy(mixed + i, &m, sizeof m);
		memcpy(div + i, &w, sizeof w);
	}
	for (; i < n; i++) {
		float sum = 0.0f;

		mixed[i] = div[i] = 0.0f;
		for (int r = 0; r < k; r++)
			sum += rows[(size_t)r * KERNEL_CHUNK + i];
		for (int r = 0; r < k; r++) {
			float x = rows[(size_t)r * KERNEL_CHUNK + i];
			bool agrees = sum >= 0.0f ? x > 0.0f : x < 0.0f;

			mixed[i] += agrees ? x * weights[r] : 0.0f;
			div[i] += agrees ? weights[r] : 0.0f;
		}
	}
}

KFN void KN(variance)(const float *restrict rows, int k, float *restrict out, size_t n)
{
	size_t i = 0;

	for (; i + KD <= n; i += KD) {
		KN(vd) mean = {0}, sum = {0}, d;
		KN(vf) x;

		for (int r = 0; r < k; r++) {
			memcpy(&x, rows + (size_t)r * KERNEL_CHUNK + i, sizeof x);
			mean += KWIDE(x);
		}
		mean /= (double)k;
		for (int r = 0; r < k; r++) {
			memcpy(&x, rows + (size_t)r * KERNEL_CHUNK + i, sizeof x);
			d = KWIDE(x) - mean;
			sum += d * d;
		}
		sum /= (double)k;
		for (int l = 0; l < KD; l++)
			out[i + l] = (float)sum[l];
	}
	for (; i < n; i++) {
		double mean = 0.0, sum = 0.0;

		for (int r = 0; r < k; r++)
			mean += (double)rows[(size_t)r * KERNEL_CHUNK + i];
		mean /= k;
		for (int r = 0; r < k; r++) {
			double d = (double)rows[(size_t)r * KERNEL_CHUNK + i] - mean;

			sum += d * d;
		}
		out[i] = (float)(sum / k);
	}
}

KFN void KN(mask)(float *restrict x, const float *restrict by, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = by[i] != 0.0f ? x[i] : 0.0f;
}

KFN void KN(floor_each)(float *restrict x, float least, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = x[i] < least ? least : x[i];
}

#include "merge/kernels_many.h"

#include "merge/kernels_soft.h"

#include "merge/kernels_mergekit.h"

static const struct kernels KN(set) = {
	.name = KNAME,
	.scale = KN(scale),
	.add_scaled = KN(add_scaled),
	.add = KN(add),
	.sub = KN(sub),
	.divide = KN(divide),
	.divide_each = KN(divide_each),
	.fma = KN(fma),
	.mt_refill = KN(mt_refill),
	.mt_keep = KN(mt_keep),
	.mt_numbers = KN(mt_numbers),
	.mix = KN(mix),
	.mix_each = KN(mix_each),
	.near = KN(near),
	.dots = KN(dots),
	.dots_each = KN(dots_each),
	.squares = KN(squares),
	.distance = KN(distance),
	.sum_abs = KN(sum_abs),
	.keep_from = KN(keep_from),
	.keep_below = KN(keep_below),
	.keys = KN(keys),
	.count_less = KN(count_less),
	.count_key = KN(count_key),
	.collect = KN(collect),
	.draw = KN(draw),
	.numbers = KN(numbers),
	.bits_below = KN(bits_below),
	.keep_bits = KN(keep_bits),
	.sum_bits = KN(sum_bits),
	.elect = KN(elect),
	.elect_weighted = KN(elect_weighted),
	.variance = KN(variance),
	.mask = KN(mask),
	.floor_each = KN(floor_each),
	.mix_moves = KN(mix_moves),
	.count_moves = KN(count_moves),
	.add_moves = KN(add_moves),
	.exp_below = KN(exp_below),
	.divergence = KN(divergence),
	.most = KN(most),
	.sub_abs = KN(sub_abs),
	.take_from = KN(take_from),
	.count_nonfinite = KN(count_nonfinite),
};
#undef KD
#undef KF
#undef KHIGH
