libcupel_a_SOURCES += \
	src/quant/type.h src/quant/type.c src/quant/target.h src/quant/target.c \
	src/quant/target_build.h src/quant/target_gguf.c src/quant/target_mlx.c \
	src/quant/preset.h src/quant/preset.c src/quant/presets.def \
	src/quant/policy_llama.c src/quant/policy_mlx.c \
	src/quant/plan.h src/quant/solve.h src/quant/imatrix.h

libcupel_a_SOURCES += \
	src/quant/target_read.c src/quant/target_read.h
