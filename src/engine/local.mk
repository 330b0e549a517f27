libcupel_a_SOURCES += src/engine/job.c src/engine/job.h
