/* codec_ggml_enc: the pair of functions that a searching encoder has in codec.h, from the table of
 * its CPU paths. Without importance everything is one row. Only for codec_ggml_enc_*.c. */
#ifndef CUPEL_TENSOR_CODEC_GGML_ENC_H
#define CUPEL_TENSOR_CODEC_GGML_ENC_H
#include <stddef.h>

typedef void search_encode_fn(const float *src, void *dst, size_t n, size_t row,
	const float *importance);

#define ENCODER_OF_PATHS(type, name) \
	static search_encode_fn *const type##_path[CPU_PATHS] = PATH_TABLE(name); \
	void encode_##type(const float *src, void *dst, size_t n) \
	{ \
		type##_path[cpu_path()](src, dst, n, n, NULL); \
	} \
	void weighted_##type(const float *src, void *dst, size_t rows, size_t row, \
		const float *importance) \
	{ \
		type##_path[cpu_path()](src, dst, rows * row, row, importance); \
	}
#endif
