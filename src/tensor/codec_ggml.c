#include "config.h"
#include "base/bytes.h"
#include "tensor/codec.h"
#include "tensor/codec_ggml.h"
#include "tensor/cpu.h"
#include "tensor/dtype.h"
#include "tensor/half.h"

#define PATH_IMPL "tensor/codec_ggml_impl.h"
#include "tensor/every_path.h"

#define DECODER(type) \
	void decode_##type(const void *src, float *dst, size_t n) \
	{ \
		static dtype_decode_fn *const path[CPU_PATHS] = PATH_TABLE(type); \
		path[cpu_path()](src, dst, n); \
	}
DECODER(q4_0)
DECODER(q4_1)
DECODER(q5_0)
DECODER(q5_1)
DECODER(q8_0)
DECODER(q8_1)
DECODER(q8_k)
DECODER(q2_k)
DECODER(q3_k)
DECODER(q4_k)
DECODER(q5_k)
DECODER(q6_k)
DECODER(iq4_nl)
DECODER(iq4_xs)
DECODER(mxfp4)
DECODER(nvfp4)
DECODER(q1_0)
DECODER(q2_0)
DECODER(tq1_0)
DECODER(tq2_0)
