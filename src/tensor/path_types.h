/* path_types: the vector types and unaligned loads of one CPU path; included by every_path.h
 * only. */
typedef float vf __attribute__((vector_size(PATH_BYTES)));
typedef uint32_t vu __attribute__((vector_size(PATH_BYTES)));
typedef int32_t vi __attribute__((vector_size(PATH_BYTES)));
typedef uint16_t vh __attribute__((vector_size(PATH_BYTES / 2)));
typedef uint8_t PATH(vec_b) __attribute__((vector_size(PATH_BYTES / 4)));
typedef uint8_t vby __attribute__((vector_size(PATH_BYTES)));
typedef double vd __attribute__((vector_size(PATH_BYTES)));
typedef uint64_t vul __attribute__((vector_size(PATH_BYTES)));
typedef float vfd __attribute__((vector_size(PATH_BYTES / 2)));
typedef uint32_t vud __attribute__((vector_size(PATH_BYTES / 2)));

PATH_INLINE vf vf_load(const void *p)
{
	vf v;
	memcpy(&v, p, sizeof v);
	return v;
}
PATH_INLINE void vf_store(void *p, vf v)
{
	memcpy(p, &v, sizeof v);
}
PATH_INLINE vu vu_load(const void *p)
{
	vu v;
	memcpy(&v, p, sizeof v);
	return v;
}
PATH_INLINE vh vh_load(const void *p)
{
	vh v;
	memcpy(&v, p, sizeof v);
	return v;
}
PATH_INLINE void vh_store(void *p, vh v)
{
	memcpy(p, &v, sizeof v);
}
PATH_INLINE vfd vfd_load(const void *p)
{
	vfd v;
	memcpy(&v, p, sizeof v);
	return v;
}
PATH_INLINE vd vd_load(const void *p)
{
	vd v;
	memcpy(&v, p, sizeof v);
	return v;
}
PATH_INLINE void vd_store(void *p, vd v)
{
	memcpy(p, &v, sizeof v);
}
/* PATH_LANES / 2 floats, exactly. */
PATH_INLINE vd vd_load_floats(const float *p)
{
#if defined(PATH_AVX512)
	return (vd)_mm512_cvtps_pd(_mm256_loadu_ps(p));
#elif defined(PATH_AVX2)
	return (vd)_mm256_cvtps_pd(_mm_loadu_ps(p));
#elif defined(__x86_64__)
	return (vd)_mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64((const void *)p)));
#else
	return __builtin_convertvector(vfd_load(p), vd);
#endif
}
PATH_INLINE vd vd_abs(vd v)
{
	vul bits = (vul)v & INT64_MAX;
	return (vd)bits;
}
PATH_INLINE vf vf_abs(vf v)
{
	return (vf)((vu)v & 0x7fffffff);
}
/* a > b ? a : b, so b where one is a NaN and b of two zeros. */
PATH_INLINE vf vf_max(vf a, vf b)
{
#if defined(PATH_AVX512)
	return (vf)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(PATH_AVX2)
	return (vf)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
	return (vf)_mm_max_ps((__m128)a, (__m128)b);
#else
	vu more = (vu)(a > b);
	return (vf)((more & (vu)a) | (~more & (vu)b));
#endif
}
/* a < b ? a : b */
PATH_INLINE vf vf_min(vf a, vf b)
{
#if defined(PATH_AVX512)
	return (vf)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(PATH_AVX2)
	return (vf)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
	return (vf)_mm_min_ps((__m128)a, (__m128)b);
#else
	vu less = (vu)(a < b);
	return (vf)((less & (vu)a) | (~less & (vu)b));
#endif
}
PATH_INLINE vf vf_sqrt(vf v)
{
#if defined(PATH_AVX512)
	return (vf)_mm512_sqrt_ps((__m512)v);
#elif defined(PATH_AVX2)
	return (vf)_mm256_sqrt_ps((__m256)v);
#elif defined(__x86_64__)
	return (vf)_mm_sqrt_ps((__m128)v);
#else
	for (int i = 0; i < PATH_LANES; i++)
		v[i] = __builtin_sqrtf(v[i]);
	return v;
#endif
}
PATH_INLINE vd vd_max(vd a, vd b)
{
#if defined(PATH_AVX512)
	return (vd)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif defined(PATH_AVX2)
	return (vd)_mm256_max_pd((__m256d)a, (__m256d)b);
#else
	vul more = (vul)(a > b);
	return (vd)((more & (vul)a) | (~more & (vul)b));
#endif
}
PATH_INLINE vby vby_load(const void *p)
{
	vby v;
	memcpy(&v, p, sizeof v);
	return v;
}
PATH_INLINE vby vby_max(vby a, vby b)
{
#if defined(PATH_AVX512)
	return (vby)_mm512_max_epu8((__m512i)a, (__m512i)b);
#elif defined(PATH_AVX2)
	return (vby)_mm256_max_epu8((__m256i)a, (__m256i)b);
#else
	vby more = (vby)(a > b);
	return (more & a) | (~more & b);
#endif
}
PATH_INLINE unsigned vby_sum(vby v)
{
	unsigned sum = 0;
#if defined(PATH_AVX512)
	v = (vby)_mm512_sad_epu8((__m512i)v, _mm512_setzero_si512());
#elif defined(PATH_AVX2)
	v = (vby)_mm256_sad_epu8((__m256i)v, _mm256_setzero_si256());
#elif defined(__x86_64__)
	v = (vby)_mm_sad_epu8((__m128i)v, _mm_setzero_si128());
#else
	for (int i = 0; i < PATH_BYTES; i++)
		sum += v[i];
	return sum;
#endif
	for (int i = 0; i < PATH_BYTES / 8; i++)
		sum += (unsigned)((vul)v)[i];
	return sum;
}
/* yes where the mask is all ones, no where it is zero */
PATH_INLINE vu vu_pick(vi mask, vu yes, vu no)
{
	return ((vu)mask & yes) | (~(vu)mask & no);
}
/* The low 16 bits of each lane. */
PATH_INLINE void vu_store_low16(void *p, vu v)
{
	vh h = __builtin_convertvector(v, vh);
	memcpy(p, &h, sizeof h);
}
/* PATH_LANES bytes, one to a lane. */
PATH_INLINE vu vu_load_bytes(const void *p)
{
#if defined(PATH_AVX512)
	__m128i b;
	memcpy(&b, p, sizeof b);
	return (vu)_mm512_cvtepu8_epi32(b);
#elif defined(PATH_AVX2)
	return (vu)_mm256_cvtepu8_epi32(_mm_loadl_epi64(p));
#else
	PATH(vec_b) b;
	memcpy(&b, p, sizeof b);
	return __builtin_convertvector(b, vu);
#endif
}
PATH_INLINE vf vf_pick(vi mask, vf yes, vf no)
{
	return (vf)vu_pick(mask, (vu)yes, (vu)no);
}
/* Bit i is set where lane i of a mask is. */
PATH_INLINE uint32_t vi_bits(vi mask)
{
#if defined(PATH_AVX512)
	return _mm512_movepi32_mask((__m512i)mask);
#elif defined(PATH_AVX2)
	return (uint32_t)_mm256_movemask_ps((__m256)mask);
#elif defined(__x86_64__)
	return (uint32_t)_mm_movemask_ps((__m128)mask);
#else
	uint32_t bits = 0;
	for (int i = 0; i < PATH_LANES; i++)
		bits |= (uint32_t)(mask[i] & 1) << i;
	return bits;
#endif
}
/* The integer part; INT32_MIN where it does not fit, and of a NaN. */
PATH_INLINE vi vf_truncate(vf v)
{
#if defined(PATH_AVX512)
	return (vi)_mm512_cvttps_epi32((__m512)v);
#elif defined(PATH_AVX2)
	return (vi)_mm256_cvttps_epi32((__m256)v);
#elif defined(__x86_64__)
	return (vi)_mm_cvttps_epi32((__m128)v);
#else
	vi fits = (v < 0x1p31f) & (v >= -0x1p31f);
	vi whole = __builtin_convertvector((vf)((vu)v & (vu)fits), vi);
	return (vi)vu_pick(fits, (vu)whole, (vu){ 0 } + 0x80000000u);
#endif
}
/* The low byte of each lane. */
PATH_INLINE void vi_store_bytes(uint8_t *p, vi v)
{
#if defined(PATH_AVX512)
	_mm_storeu_si128((void *)p, _mm512_cvtepi32_epi8((__m512i)v));
#elif defined(PATH_AVX2)
	const __m256i low = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
		-1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1);
	__m256i b = _mm256_shuffle_epi8((__m256i)v, low);
	_mm_storel_epi64((void *)p,
		_mm_or_si128(_mm256_castsi256_si128(b), _mm256_extracti128_si256(b, 1)));
#elif defined(__x86_64__)
	__m128i b = _mm_and_si128((__m128i)v, _mm_set1_epi32(255));
	b = _mm_packus_epi16(_mm_packs_epi32(b, b), b);
	int four = _mm_cvtsi128_si32(b);
	memcpy(p, &four, 4);
#else
	for (int i = 0; i < PATH_LANES; i++)
		p[i] = (uint8_t)v[i];
#endif
}
/* The largest and the smallest lane; of numbers, and which of two zeros is not defined. */
PATH_INLINE float vf_most(vf v)
{
#if defined(PATH_AVX512)
	return _mm512_reduce_max_ps((__m512)v);
#elif defined(__x86_64__)
#if defined(PATH_AVX2)
	__m128 m = _mm_max_ps(_mm256_castps256_ps128((__m256)v),
		_mm256_extractf128_ps((__m256)v, 1));
#else
	__m128 m = (__m128)v;
#endif
	m = _mm_max_ps(m, _mm_movehl_ps(m, m));
	return _mm_cvtss_f32(_mm_max_ss(m, _mm_shuffle_ps(m, m, 1)));
#else
	float m = v[0];
	for (int i = 1; i < PATH_LANES; i++)
		m = v[i] > m ? v[i] : m;
	return m;
#endif
}
PATH_INLINE float vf_least(vf v)
{
	return -vf_most(-v);
}
/* Turns a square: lane k of out[i] is row[k][from + i]. A round interleaves each vector of the
 * first half of the list with its partner in the second; log2(PATH_LANES) rounds make rows
 * columns. */
PATH_INLINE void vf_turn(const float *const row[PATH_LANES], size_t from, vf out[PATH_LANES])
{
	vf a[PATH_LANES], b[PATH_LANES];

	PATH_UNROLL
	for (int i = 0; i < PATH_LANES; i++)
		a[i] = vf_load(row[i] + from);
	PATH_UNROLL
	for (int n = 1; n < PATH_LANES; n *= 2) {
		PATH_UNROLL
		for (int i = 0; i < PATH_LANES / 2; i++) {
			vf u = a[i], v = a[i + PATH_LANES / 2];
#if PATH_BYTES == 64
			b[2 * i] = __builtin_shufflevector(u, v, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20,
				5, 21, 6, 22, 7, 23);
			b[2 * i + 1] = __builtin_shufflevector(u, v, 8, 24, 9, 25, 10, 26, 11, 27,
				12, 28, 13, 29, 14, 30, 15, 31);
#elif PATH_BYTES == 32
			b[2 * i] = __builtin_shufflevector(u, v, 0, 8, 1, 9, 2, 10, 3, 11);
			b[2 * i + 1] = __builtin_shufflevector(u, v, 4, 12, 5, 13, 6, 14, 7, 15);
#else
			b[2 * i] = __builtin_shufflevector(u, v, 0, 4, 1, 5);
			b[2 * i + 1] = __builtin_shufflevector(u, v, 2, 6, 3, 7);
#endif
		}
		PATH_UNROLL
		for (int i = 0; i < PATH_LANES; i++)
			a[i] = b[i];
	}
	PATH_UNROLL
	for (int i = 0; i < PATH_LANES; i++)
		out[i] = a[i];
}
