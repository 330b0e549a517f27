libcupel_a_SOURCES += src/compare/bootstrap.c src/compare/compare.h \
	src/compare/significance.c src/compare/significance.h
