libcupel_a_SOURCES += src/stat/stats.c
