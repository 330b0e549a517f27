libcupel_a_SOURCES += src/catalog/answers.c src/catalog/cards.c src/catalog/cards.h \
	src/catalog/catalog.c src/catalog/catalog.h src/catalog/db.c \
	src/catalog/db.h src/catalog/filter.c src/catalog/filter.h src/catalog/jobs.c \
	src/catalog/lineage.c src/catalog/backup.c src/catalog/check.c src/catalog/keep.h \
	src/catalog/pages.c src/catalog/pages.h src/catalog/repair.c src/catalog/salvage.c \
	src/catalog/salvage_index.c \
	src/catalog/salvage.h src/catalog/salvage_table.c \
	src/catalog/models.c src/catalog/notes.c src/catalog/runs.c src/catalog/schema.c \
	src/catalog/schema.h src/catalog/scores.c src/catalog/sql.c src/catalog/statistics.c
libcupel_a_SOURCES += src/catalog/filter_field.c src/catalog/filter_in.h \
	src/catalog/filter_value.c src/catalog/filter_words.c src/catalog/filter_words.h \
	src/catalog/recipe_values.c src/catalog/task.c src/catalog/task.h

# The schema is share/schema; the program carries a copy and needs no file.
SCHEMA_SQL = $(top_srcdir)/share/schema/001.sql $(top_srcdir)/share/schema/002.sql \
	$(top_srcdir)/share/schema/003.sql
schemadir = $(pkgdatadir)/schema
dist_schema_DATA = share/schema/001.sql share/schema/002.sql share/schema/003.sql
EXTRA_DIST += src/catalog/embed.awk
nodist_libcupel_a_SOURCES = src/catalog/schema_sql.h
BUILT_SOURCES = src/catalog/schema_sql.h
CLEANFILES += src/catalog/schema_sql.h
AM_CPPFLAGS += -I$(top_builddir)/src
src/catalog/schema_sql.h: $(SCHEMA_SQL) $(top_srcdir)/src/catalog/embed.awk
	$(AM_V_GEN)$(MKDIR_P) src/catalog && \
	$(AWK) -f $(top_srcdir)/src/catalog/embed.awk $(SCHEMA_SQL) >$@.tmp && mv $@.tmp $@
src/catalog/schema.$(OBJEXT): src/catalog/schema_sql.h
libcupel_a_SOURCES += src/catalog/measured.c src/catalog/measured.h
