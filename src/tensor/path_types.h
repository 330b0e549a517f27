/* path_types: the vector types and unaligned loads of one CPU path; included by every_path.h
 * only. */
typedef float vf __attribute__((vector_size(PATH_BYTES)));
typedef uint32_t vu __attribute__((vector_size(PATH_BYTES)));
typedef int32_t vi __attribute__((vector_size(PATH_BYTES)));
typedef uint16_t vh __attribute__((vector_size(PATH_BYTES / 2)));
typedef uint8_t PATH(vec_b) __attribute__((vector_size(PATH_BYTES / 4)));
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
PATH_INLINE vd vd_abs(vd v)
{
	vul bits = (vul)v & INT64_MAX;
	return (vd)bits;
}
/* Of numbers; which of two zeros, or what of a NaN, is not defined. */
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
