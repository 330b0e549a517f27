libcupel_a_SOURCES += src/report/pattern.c src/report/pattern.h src/report/pattern_filters.c \
	src/report/pattern_filters.def src/report/pattern_in.h src/report/pattern_render.c \
	src/report/shared.c src/report/shared.h
