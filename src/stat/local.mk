libcupel_a_SOURCES += \
	src/stat/change.c \
	src/stat/change.h \
	src/stat/change_impl.h \
	src/stat/combine.c \
	src/stat/combine.h \
	src/stat/similarity.c \
	src/stat/similarity.h \
	src/stat/stats.c \
	src/stat/stats.def \
	src/stat/stats.h
libcupel_a_SOURCES += \
	src/stat/finite.c \
	src/stat/finite.h \
	src/stat/finite_impl.h \
	src/stat/histogram.c \
	src/stat/histogram.h \
	src/stat/histogram_impl.h \
	src/stat/histogram_query.c \
	src/stat/lanes.h \
	src/stat/sample.c \
	src/stat/sample.h \
	src/stat/sums.c \
	src/stat/sums.h \
	src/stat/sums_impl.h
