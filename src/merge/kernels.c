#include "config.h"
#include <string.h>
#include "merge/kernels.h"
#include "tensor/cpu.h"

/* Debug builds too get the vectoriser: these loops are the program's inner ones. Trapping math is
 * about exception flags, which nobody reads; it keeps comparisons from being vectorised. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "no-trapping-math")
#endif

#if defined(__x86_64__)
#include <immintrin.h>
#define KMUL32(a, b) (vu_portable)_mm_mul_epu32((__m128i)(a), _mm_set1_epi64x(b))
#define KBITS(v) (uint32_t)_mm_movemask_ps((__m128)(v))
#else
#define KMUL32(a, b) (((a) & 0xffffffffu) * (uint64_t)(b))
#define KBITS(v) ((uint32_t)((v)[0] & 1) | (uint32_t)((v)[1] & 2) | (uint32_t)((v)[2] & 4) | \
	(uint32_t)((v)[3] & 8))
#endif
#define KWIDE(v) __builtin_convertvector(v, vd_portable)
#define KN(name) name##_portable
#define KNAME "portable"
#define KFN static
#define KBYTES 16
#define KEVEN 0, 2
#define KODD 1, 3
#define KQUAD 0, 1
#define KLANES 1, 2
#define KLANES32 1, 2, 4, 8
#define KSWAP 1, 0, 3, 2
#include "merge/kernels_impl.h"

#if defined(__x86_64__)
#undef KN
#undef KNAME
#undef KFN
#undef KBYTES
#undef KEVEN
#undef KODD
#undef KQUAD
#undef KLANES
#undef KLANES32
#undef KBITS
#undef KWIDE
#undef KSWAP
#undef KMUL32
#define KWIDE(v) (vd_avx2)_mm256_cvtps_pd((__m128)(v))
#define KN(name) name##_avx2
#define KNAME "avx2"
#define KFN __attribute__((target("avx2,fma"))) static
#define KBYTES 32
#define KEVEN 0, 4, 2, 6
#define KODD 1, 5, 3, 7
#define KQUAD 0, 2, 1, 3
#define KLANES 1, 2, 4, 8
#define KLANES32 1, 2, 4, 8, 16, 32, 64, 128
#define KSWAP 1, 0, 3, 2, 5, 4, 7, 6
#define KMUL32(a, b) (vu_avx2)_mm256_mul_epu32((__m256i)(a), _mm256_set1_epi64x(b))
#define KBITS(v) (uint32_t)_mm256_movemask_ps((__m256)(v))
#include "merge/kernels_impl.h"

#undef KN
#undef KNAME
#undef KFN
#undef KBYTES
#undef KEVEN
#undef KODD
#undef KQUAD
#undef KLANES
#undef KLANES32
#undef KBITS
#undef KWIDE
#undef KSWAP
#undef KMUL32
#define KWIDE(v) (vd_avx512)_mm512_cvtps_pd((__m256)(v))
#define KN(name) name##_avx512
#define KNAME "avx512"
#if defined(__clang__)
#define KFN __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))) static
#else
#define KFN __attribute__(( \
	target("avx512f,avx512bw,avx512dq,avx512vl,fma,prefer-vector-width=512"))) static
#endif
#define KBYTES 64
#define KEVEN 0, 8, 2, 10, 4, 12, 6, 14
#define KODD 1, 9, 3, 11, 5, 13, 7, 15
#define KQUAD 0, 4, 1, 5, 2, 6, 3, 7
#define KLANES 1, 2, 4, 8, 16, 32, 64, 128
#define KLANES32 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768
#define KSWAP 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14
#define KMUL32(a, b) (vu_avx512)_mm512_mul_epu32((__m512i)(a), _mm512_set1_epi64(b))
#define KBITS(v) (uint32_t)_mm512_movepi32_mask((__m512i)(v))
#include "merge/kernels_impl.h"
#endif

const struct kernels *kernels(void)
{
#if defined(__x86_64__)
	switch (cpu_path()) {
	case CPU_AVX512:
		return &set_avx512;
	case CPU_AVX2:
		return &set_avx2;
	default:
		break;
	}
#endif
	return &set_portable;
}

double kernel_fold(const double acc[KERNEL_LANES])
{
	double s[KERNEL_LANES];

	memcpy(s, acc, sizeof s);
	for (int half = KERNEL_LANES / 2; half > 0; half /= 2)
		for (int l = 0; l < half; l++)
			s[l] += s[l + half];
	return s[0];
}
