libcupel_a_SOURCES += \
	src/quant/type.h src/quant/type.c src/quant/target.h src/quant/target.c \
	src/quant/target_build.h src/quant/target_gguf.c src/quant/target_mlx.c \
	src/quant/preset.h src/quant/preset.c src/quant/presets.def \
	src/quant/policy_llama.c src/quant/policy_mlx.c \
	src/quant/plan.h src/quant/solve.h src/quant/imatrix.h

libcupel_a_SOURCES += \
	src/quant/gguf_config.c src/quant/gguf_keys.c src/quant/gguf_keys.h src/quant/gguf_make.h \
	src/quant/gguf_put.c src/quant/gguf_put.h src/quant/gguf_tokenizer.c \
	src/quant/layout.c src/quant/layout.h src/quant/pack.c src/quant/pack.h \
	src/quant/target_read.c src/quant/target_read.h
