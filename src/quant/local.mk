libcupel_a_SOURCES += \
	src/quant/type.h src/quant/type.c src/quant/target.h src/quant/target.c \
	src/quant/target_build.h src/quant/target_gguf.c src/quant/target_mlx.c \
	src/quant/preset.h src/quant/preset.c src/quant/presets.def \
	src/quant/policy_llama.c src/quant/policy_mlx.c \
	src/quant/plan.h src/quant/plan.c src/quant/spec.h src/quant/spec.c \
	src/quant/spec_edit.c src/quant/groups.c src/quant/size.c \
	src/quant/solve.h src/quant/solve.c src/quant/best.h src/quant/best.c \
	src/quant/measure.h src/quant/measure.c \
	src/quant/imatrix.h src/quant/imatrix_read.h src/quant/imatrix.c src/quant/imatrix_gguf.c

libcupel_a_SOURCES += \
	src/quant/gguf_config.c src/quant/gguf_keys.c src/quant/gguf_keys.h src/quant/gguf_make.h \
	src/quant/gguf_put.c src/quant/gguf_put.h src/quant/gguf_tokenizer.c \
	src/quant/gguf_tokens.c src/quant/gguf_tokens.h src/quant/gguf_pre.c \
	src/quant/layout.c src/quant/layout.h src/quant/pack.c src/quant/pack.h \
	src/quant/target_read.c src/quant/target_read.h
