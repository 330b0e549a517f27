libcupel_a_SOURCES += \
	src/tensor/codec.h \
	src/tensor/codec_affine.c \
	src/tensor/codec_affine.h \
	src/tensor/codec_affine_impl.h \
	src/tensor/codec_float.c \
	src/tensor/codec_float_impl.h \
	src/tensor/codec_ggml.c \
	src/tensor/codec_ggml.h \
	src/tensor/codec_ggml_enc.c src/tensor/codec_ggml_enc.h \
	src/tensor/codec_ggml_enc_impl.h \
	src/tensor/codec_ggml_enc_iq4.c \
	src/tensor/codec_ggml_enc_iq4_impl.h \
	src/tensor/codec_ggml_enc_k.c \
	src/tensor/codec_ggml_enc_k_impl.h \
	src/tensor/codec_ggml_fit_impl.h \
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
	src/tensor/encode.c \
	src/tensor/encode.h \
	src/tensor/encode_impl.h \
	src/tensor/every_path.h \
	src/tensor/half.h \
	src/tensor/iq_grids.h \
	src/tensor/lowrank.c \
	src/tensor/lowrank.h \
	src/tensor/lowrank_impl.h \
	src/tensor/path_types.h \
	src/tensor/tensor.h
