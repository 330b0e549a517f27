libcupel_a_SOURCES += \
	src/tensor/codec.h \
	src/tensor/codec_affine.c \
	src/tensor/codec_affine.h \
	src/tensor/codec_affine_impl.h \
	src/tensor/codec_float.c \
	src/tensor/codec_float_impl.h \
	src/tensor/codec_ggml.c \
	src/tensor/codec_ggml_impl.h \
	src/tensor/codec_iq.c \
	src/tensor/codec_iq_impl.h \
	src/tensor/codec_mlx.c \
	src/tensor/codec_mlx.h \
	src/tensor/codec_mlx_impl.h \
	src/tensor/cpu.c \
	src/tensor/cpu.h \
	src/tensor/dtype.c \
	src/tensor/dtype.h \
	src/tensor/dtypes.def \
	src/tensor/every_path.h \
	src/tensor/half.h \
	src/tensor/iq_grids.h \
	src/tensor/path_types.h \
	src/tensor/tensor.h
