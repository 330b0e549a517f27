#include "config.h"
#include <math.h>
#include "base/bytes.h"
#include "tensor/codec.h"
#include "tensor/codec_ggml.h"
#include "tensor/codec_ggml_enc.h"
#include "tensor/cpu.h"
#include "tensor/dtype.h"
#include "tensor/half.h"

/* Half way between two steps; from there on the upper one is taken. */
static const float iq4_middle[16] = { -115.5f, -93.5f, -74.0f, -57.0f, -42.0f, -28.5f, -16.0f,
	-4.5f, 7.0f, 19.0f, 31.5f, 45.5f, 61.0f, 79.0f, 101.0f, INFINITY };

#define PATH_IMPL "tensor/codec_ggml_enc_iq4_impl.h"
#include "tensor/every_path.h"

#define ENCODER(type) ENCODER_OF_PATHS(type, enc_##type)
ENCODER(iq4_nl)
ENCODER(iq4_xs)
