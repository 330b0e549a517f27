/* codec_affine: MLX's affine groups: codes of 2, 3, 4, 5, 6 or 8 bits in u32 words, one scale and
 * one bias to a group of 32, 64 or 128. A pure function of borrowed bytes; any thread.
 *
 *	words   | c0 c1 c2 … |   code i in bits [i*bits, (i+1)*bits) of the row, lowest bit first;
 *	                         a group fills group*bits/32 whole words
 *	scales  | s0 s1 …    |   one to a group, likewise biases
 *	x = round_T(round_T(code * s) + b), T the type of scales and biases  */
#ifndef CUPEL_TENSOR_CODEC_AFFINE_H
#define CUPEL_TENSOR_CODEC_AFFINE_H
#include <stdbool.h>
#include <stddef.h>
#include "tensor/dtype.h"

struct affine {
	int bits;         /* 2 3 4 5 6 8 */
	int group;        /* 32 64 128 */
	enum dtype scale; /* type of scales and biases: F16 BF16 F32 */
};
bool affine_valid(const struct affine *a);
/* n elements, whole groups, from the start of a group. Words need no alignment. */
void affine_decode(const struct affine *a, const void *words, const void *scales,
	const void *biases, float *dst, size_t n);
#endif
