libcupel_a_SOURCES += src/stat/stats.c
libcupel_a_SOURCES += \
	src/stat/finite.c \
	src/stat/finite.h \
	src/stat/finite_impl.h \
	src/stat/histogram.c \
	src/stat/histogram.h \
	src/stat/histogram_impl.h \
	src/stat/histogram_query.c \
	src/stat/lanes.h \
	src/stat/sums.c \
	src/stat/sums.h \
	src/stat/sums_impl.h
