#include "config.h"
#include <stdbool.h>
#include "base/bytes.h"
#include "tensor/codec.h"
#include "tensor/cpu.h"
#include "tensor/dtype.h"
#include "tensor/half.h"
#include "tensor/iq_grids.h"

#define PATH_IMPL "tensor/codec_iq_impl.h"
#include "tensor/every_path.h"

#define DECODER(type) \
	void decode_##type(const void *src, float *dst, size_t n) \
	{ \
		static dtype_decode_fn *const path[CPU_PATHS] = PATH_TABLE(type); \
		path[cpu_path()](src, dst, n); \
	}
DECODER(iq2_xxs)
DECODER(iq2_xs)
DECODER(iq2_s)
DECODER(iq3_xxs)
DECODER(iq3_s)
DECODER(iq1_s)
DECODER(iq1_m)
