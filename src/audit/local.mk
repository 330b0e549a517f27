libcupel_a_SOURCES += src/audit/audit.c src/audit/audit.h src/audit/audit_in.h \
	src/audit/check_base.c src/audit/check_groups.c src/audit/check_praise.c \
	src/audit/check_recipe.c src/audit/check_rows.c src/audit/check_scores.c \
	src/audit/check_shapes.c src/audit/check_sizes.c src/audit/check_statements.c \
	src/audit/check_swap.c src/audit/checks.def src/audit/groups.h \
	src/audit/mentions.c src/audit/nominal.def src/audit/scores.c src/audit/shapes.def \
	src/audit/sizes.c src/audit/tables.c
