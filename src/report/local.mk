libcupel_a_SOURCES += src/report/pattern.c src/report/pattern.h src/report/pattern_filters.c \
	src/report/pattern_filters.def src/report/pattern_in.h src/report/pattern_render.c \
	src/report/header.c src/report/lines.c src/report/origin.c \
	src/report/report.c src/report/report.h src/report/report_in.h src/report/scores.c \
	src/report/shared.c src/report/shared.h src/report/subject.c src/report/weights.c \
	src/report/words.c
