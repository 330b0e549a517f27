/* histogram_impl: scattering one block of finite elements for one CPU path (every_path.h). */

/* Bin key of |b-a|: its bits less one, so that a bin holds (edge, next edge] and 0 wraps to
 * the top. */
PATH_INLINE uint32_t PATH(bin_key)(float a, float b)
{
	return (f32_bits(b - a) & 0x7fffffff) - 1;
}

/* Exponent of the interval that a leaves towards b, EXPONENT_EQUAL where a = b. Moving to zero
 * from a power of two borrows from the exponent; from zero itself it wraps to EXPONENT_EQUAL,
 * and spill puts that right. */
PATH_INLINE uint8_t PATH(exponent_key)(float a, float b)
{
	uint32_t u = f32_bits(a) & 0x7fffffff, inward = (f32_bits(a) ^ f32_bits(b - a)) >> 31;

	return a == b ? EXPONENT_EQUAL : (uint8_t)((u - inward) >> 23);
}

/* What a block's elements add, and where: all arithmetic is done before the loop that scatters. */
struct PATH(found) {
	uint32_t bin[BLOCK], low[BLOCK];
	uint8_t exponent[BLOCK] __attribute__((aligned(64))); /* in no order */
};

/* Four vectors into bytes, in any order; values above 255 become 255 as long as that is their
 * low byte. */
PATH_INLINE void PATH(store_bytes)(uint8_t *to, const vu *e)
{
#if defined(PATH_AVX512)
	PATH_UNROLL
	for (int k = 0; k < 4; k++)
		_mm_storeu_si128((void *)(to + 16 * k), _mm512_cvtepi32_epi8((__m512i)e[k]));
#elif defined(PATH_AVX2)
	__m256i lo = _mm256_packus_epi32((__m256i)e[0], (__m256i)e[1]);
	__m256i hi = _mm256_packus_epi32((__m256i)e[2], (__m256i)e[3]);
	_mm256_storeu_si256((void *)to, _mm256_packus_epi16(lo, hi));
#elif defined(__x86_64__)
	__m128i lo = _mm_packs_epi32((__m128i)e[0], (__m128i)e[1]);
	__m128i hi = _mm_packs_epi32((__m128i)e[2], (__m128i)e[3]);
	_mm_storeu_si128((void *)to, _mm_packus_epi16(lo, hi));
#else
	for (int i = 0; i < 4 * PATH_LANES; i++)
		to[i] = (uint8_t)e[i / PATH_LANES][i % PATH_LANES];
#endif
}

static void PATH(find)(const float *a, const float *b, size_t n, struct PATH(found) *w)
{
	size_t i = 0;

	for (; i + 4 * PATH_LANES <= n; i += 4 * PATH_LANES) {
		vu e[4];
		PATH_UNROLL
		for (int k = 0; k < 4; k++) {
			size_t at = i + k * PATH_LANES;
			vf va = vf_load(a + at), vother = vf_load(b + at);
			vu u = (vu)va & 0x7fffffff, d = (vu)(vother - va);
			vu inward = ((vu)va ^ d) >> 31;
			vu key = (d & 0x7fffffff) - 1;
			vu bin = key >> (LOW_BITS - COPY_BITS) & (BINS - 1) << COPY_BITS;
			e[k] = (u - inward) >> 23 | ((vu)(va == vother) & EXPONENT_EQUAL);
			vu low = key & LOW_MASK;
			memcpy(w->bin + at, &bin, sizeof bin);
			memcpy(w->low + at, &low, sizeof low);
		}
		PATH(store_bytes)(w->exponent + i, e);
	}
	for (; i < n; i++) {
		uint32_t key = PATH(bin_key)(a[i], b[i]);
		w->bin[i] = key >> (LOW_BITS - COPY_BITS) & (BINS - 1) << COPY_BITS;
		w->exponent[i] = PATH(exponent_key)(a[i], b[i]);
		w->low[i] = key & LOW_MASK;
	}
}

/* How many of the bytes are `e`: each byte of a register counts up to BLOCK / PATH_BYTES, less
 * than 256. */
PATH_INLINE unsigned PATH(count_bytes)(const uint8_t *bytes, size_t n, unsigned e)
{
	vby want = (vby){ 0 } + (uint8_t)e;
	unsigned total = 0;
	size_t i = 0;
#if defined(PATH_AVX512)
	for (; i + PATH_BYTES <= n; i += PATH_BYTES)
		total += (unsigned)__builtin_popcountll(_mm512_cmpeq_epi8_mask(
			(__m512i)vby_load(bytes + i), (__m512i)want));
#else
	vby sum = { 0 };
	for (; i + PATH_BYTES <= n; i += PATH_BYTES)
		sum -= (vby)(vby_load(bytes + i) == want);
	total = vby_sum(sum);
#endif
	for (; i < n; i++)
		total += bytes[i] == e;
	return total;
}

/* Least exponent above all of the block's; EXPONENT_EQUAL wraps to nothing. */
PATH_INLINE unsigned PATH(end_of_bytes)(const uint8_t *bytes, size_t n)
{
	vby most = { 0 };
	unsigned end = 0;
	size_t i = 0;

	for (; i + PATH_BYTES <= n; i += PATH_BYTES)
		most = vby_max(most, vby_load(bytes + i) + 1);
	for (; i < n; i++)
		end = (uint8_t)(bytes[i] + 1) > end ? (uint8_t)(bytes[i] + 1) : end;
	for (int k = 0; k < PATH_BYTES; k++)
		end = most[k] > end ? most[k] : end;
	return end;
}

/* Weights lie within some ten octaves, and counting those one after the other beats
 * scattering. What is left after OCTAVES of them is rare. */
static void PATH(count_exponents)(uint64_t *count, const uint8_t *bytes, size_t n)
{
	size_t left = n - PATH(count_bytes)(bytes, n, EXPONENT_EQUAL);
	unsigned e = PATH(end_of_bytes)(bytes, n), stop = e > OCTAVES ? e - OCTAVES : 0;

	while (left && e > stop) {
		unsigned c = PATH(count_bytes)(bytes, n, --e);
		count[e] += c;
		left -= c;
	}
	for (size_t i = 0; left && i < n; i++)
		if (bytes[i] < e) {
			count[bytes[i]]++;
			left--;
		}
}

static void PATH(scatter)(struct histogram_scratch *s, const float *a, const float *b, size_t n)
{
	struct PATH(found) w;
	uint64_t *bin = s->bin[0];
	size_t i = 0;

	PATH(find)(a, b, n, &w);
	PATH(count_exponents)(s->exponent, w.exponent, n);
	for (; i + COPIES <= n; i += COPIES) {
		/* neighbours go to different copies: equal keys would wait for each other */
		PATH_UNROLL
		for (int c = 0; c < COPIES; c++) {
			size_t at = w.bin[i + c];
			(bin + c)[at] += ONE | w.low[i + c];
		}
	}
	for (; i < n; i++)
		bin[w.bin[i]] += ONE | w.low[i];
}
