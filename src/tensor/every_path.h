/* every_path: compiles one file of kernels once for each CPU path. A .c file writes
 *
 *	#define PATH_IMPL "tensor/codec_float_impl.h"
 *	#include "tensor/every_path.h"
 *
 * and the kernels in it are `static` functions named PATH(name): name_portable, name_avx2,
 * name_avx512. PATH_TABLE(name) lists them for indexing with cpu_path().
 *
 * Inside, PATH_BYTES is the width of a vector register and these vector types exist (compiler
 * vector extensions, so arithmetic is written with operators and means one IEEE operation per
 * lane):
 *	vf, vu, vi    float, uint32_t, int32_t; PATH_LANES of them
 *	vh            uint16_t, PATH_LANES of them (half a register)
 *	vby           uint8_t, PATH_BYTES of them
 *	vd, vul       double, uint64_t; PATH_LANES / 2 of them
 *	vfd, vud      float, uint32_t; as many as doubles (half a register)
 * A comparison yields vi with -1 for true. Nothing is contracted or reassociated, so every
 * path gives the same bits as long as a kernel keeps its own order of additions.
 *
 * May be included many times; no include guard. Constant code; any thread. */
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#ifndef CUPEL_TENSOR_EVERY_PATH_ONCE
#define CUPEL_TENSOR_EVERY_PATH_ONCE
#define PATH_PASTE_(a, b) a##_##b
#define PATH_PASTE(a, b) PATH_PASTE_(a, b)
#define PATH(name) PATH_PASTE(name, PATH_SUFFIX)
#define PATH_LANES (PATH_BYTES / 4)
#define PATH_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define PATH_UNROLL _Pragma("unroll")
#else
#define PATH_UNROLL _Pragma("GCC unroll 16")
#endif
#define vf PATH(vec_f)
#define vu PATH(vec_u)
#define vi PATH(vec_i)
#define vh PATH(vec_h)
#define vd PATH(vec_d)
#define vby PATH(vec_by)
#define vul PATH(vec_ul)
#define vfd PATH(vec_fd)
#define vud PATH(vec_ud)
#define vf_load PATH(load_f)
#define vf_store PATH(store_f)
#define vu_load PATH(load_u)
#define vh_load PATH(load_h)
#define vh_store PATH(store_h)
#define vfd_load PATH(load_fd)
#define vby_load PATH(load_by)
#define vby_max PATH(max_by)
#define vby_sum PATH(sum_by)
#define vu_pick PATH(pick_u)
#define vf_abs PATH(abs_f)
#define vf_max PATH(max_f)
#define vd_load PATH(load_d)
#define vd_load_floats PATH(load_floats_d)
#define vd_store PATH(store_d)
#define vd_abs PATH(abs_d)
#define vd_max PATH(max_d)
#define vu_store_low16 PATH(store_low16)
#define vu_load_bytes PATH(load_bytes)
#define vf_min PATH(min_f)
#define vf_pick PATH(pick_f)
#define vf_sqrt PATH(sqrt_f)
#define vf_most PATH(most_f)
#define vf_least PATH(least_f)
#define vf_truncate PATH(truncate_f)
#define vf_turn PATH(turn_f)
#define vi_bits PATH(bits_i)
#define vi_store_bytes PATH(low_bytes)
#if defined(__x86_64__)
#define PATH_TABLE(name) { name##_portable, name##_avx2, name##_avx512 }
#else
#define PATH_TABLE(name) { name##_portable, name##_portable, name##_portable }
#endif
#endif

#define PATH_SUFFIX portable
#define PATH_BYTES 16
#include "tensor/path_types.h"
#include PATH_IMPL
#undef PATH_SUFFIX
#undef PATH_BYTES

#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,f16c")
#endif
#define PATH_AVX2 1
#define PATH_SUFFIX avx2
#define PATH_BYTES 32
#include "tensor/path_types.h"
#include PATH_IMPL
#undef PATH_SUFFIX
#undef PATH_BYTES
#undef PATH_AVX2
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push( \
	__attribute__((target("avx2,f16c,popcnt,avx512f,avx512bw,avx512dq,avx512vl"))), \
	apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,f16c,popcnt,avx512f,avx512bw,avx512dq,avx512vl")
#endif
#define PATH_AVX512 1
#define PATH_SUFFIX avx512
#define PATH_BYTES 64
#include "tensor/path_types.h"
#include PATH_IMPL
#undef PATH_SUFFIX
#undef PATH_BYTES
#undef PATH_AVX512
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
#undef PATH_IMPL
