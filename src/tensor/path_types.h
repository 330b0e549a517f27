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
/* Of numbers; which of two zeros, or what of a NaN, is not defined. */
PATH_INLINE vf vf_max(vf a, vf b)
{
#if defined(PATH_AVX512)
	return (vf)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(PATH_AVX2)
	return (vf)_mm256_max_ps((__m256)a, (__m256)b);
#else
	vu more = (vu)(a > b);
	return (vf)((more & (vu)a) | (~more & (vu)b));
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
