libcupel_a_SOURCES += \
	src/cli/args.c src/cli/args.h \
	src/cli/open.c \
	src/cli/show.c \
	src/cli/verb.c src/cli/verb.h src/cli/verbs.def \
	src/cli/verb_completion.c \
	src/cli/verb_help.c
