libcupel_a_SOURCES += src/compare/compare.h
