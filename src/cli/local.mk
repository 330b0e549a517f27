libcupel_a_SOURCES += src/cli/verb.c src/cli/verb.h src/cli/verbs.def
