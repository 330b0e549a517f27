libcupel_a_SOURCES += \
	src/quant/type.h src/quant/target.h src/quant/preset.h src/quant/presets.def \
	src/quant/plan.h src/quant/solve.h src/quant/imatrix.h

libcupel_a_SOURCES += \
	src/quant/target_read.c src/quant/target_read.h
