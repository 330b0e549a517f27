#include "config.h"
#include <math.h>
#include "base/bytes.h"
#include "tensor/codec.h"
#include "tensor/codec_ggml.h"
#include "tensor/codec_ggml_enc.h"
#include "tensor/cpu.h"
#include "tensor/dtype.h"
#include "tensor/half.h"

/* Eight scales and eight offsets of 6 bits; see codec_ggml_impl.h. */
static void put_k4(uint8_t *out, const uint8_t *scale, const uint8_t *offset)
{
	for (int j = 0; j < 4; j++) {
		out[j] = (uint8_t)(scale[j] | scale[j + 4] >> 4 << 6);
		out[j + 4] = (uint8_t)(offset[j] | offset[j + 4] >> 4 << 6);
		out[j + 8] = (uint8_t)((scale[j + 4] & 15) | offset[j + 4] << 4);
	}
}

/* Sixteen levels -32 … 31 of 6 bits, stored from 0: low nibbles, then pairs of high bits. */
static void put_q3_levels(uint8_t *out, const int8_t *level)
{
	memset(out, 0, 12);
	for (int j = 0; j < 16; j++) {
		unsigned l = (unsigned)(level[j] + 32);
		out[j % 8] |= (uint8_t)((l & 15) << (j < 8 ? 0 : 4));
		out[8 + j % 4] |= (uint8_t)(l >> 4 << 2 * (j / 4));
	}
}

#define PATH_IMPL "tensor/codec_ggml_enc_k_impl.h"
#include "tensor/every_path.h"

#define ENCODER(type) ENCODER_OF_PATHS(type, type##_encode)
ENCODER(q2_k)
ENCODER(q3_k)
ENCODER(q4_k)
ENCODER(q5_k)
ENCODER(q6_k)
