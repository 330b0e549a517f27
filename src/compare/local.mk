libcupel_a_SOURCES += src/compare/bootstrap.c src/compare/cells.c \
	src/compare/changed.c src/compare/changed.h \
	src/compare/compare.c src/compare/compare.h src/compare/compare_json.c \
	src/compare/compare_plot.c src/compare/compare_tables.c src/compare/compare_text.c \
	src/compare/differences.c src/compare/labels.c \
	src/compare/linediff.c src/compare/linediff.h src/compare/making.h \
	src/compare/parents.c src/compare/protocol.c src/compare/recipes.c \
	src/compare/resolve.c src/compare/sentences.c \
	src/compare/significance.c src/compare/significance.h \
	src/compare/showing.c src/compare/showing.h
