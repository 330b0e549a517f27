check_PROGRAMS += tests/unit/test_catalog_open tests/unit/test_catalog_runs \
	tests/unit/test_catalog_store tests/unit/test_catalog_many
TESTS += tests/unit/test_catalog_open tests/unit/test_catalog_runs \
	tests/unit/test_catalog_store tests/unit/test_catalog_many
tests_unit_test_catalog_open_SOURCES = tests/unit/test_catalog_open.c tests/unit/catalog_test.h
tests_unit_test_catalog_open_LDADD = $(UNIT_LIBS)
tests_unit_test_catalog_runs_SOURCES = tests/unit/test_catalog_runs.c tests/unit/catalog_test.h
tests_unit_test_catalog_runs_LDADD = $(UNIT_LIBS)
tests_unit_test_catalog_store_SOURCES = tests/unit/test_catalog_store.c tests/unit/catalog_test.h
tests_unit_test_catalog_store_LDADD = $(UNIT_LIBS)
tests_unit_test_catalog_many_SOURCES = tests/unit/test_catalog_many.c tests/unit/catalog_test.h
tests_unit_test_catalog_many_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_publish
TESTS += tests/unit/test_publish
tests_unit_test_publish_SOURCES = tests/unit/test_publish.c
tests_unit_test_publish_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_catalog_man
TESTS += tests/unit/test_catalog_man
tests_unit_test_catalog_man_SOURCES = tests/unit/test_catalog_man.c tests/unit/catalog_test.h
tests_unit_test_catalog_man_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_job
TESTS += tests/unit/test_job
tests_unit_test_job_SOURCES = tests/unit/test_job.c tests/unit/catalog_test.h
tests_unit_test_job_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_catalog_cards
TESTS += tests/unit/test_catalog_cards
tests_unit_test_catalog_cards_SOURCES = tests/unit/test_catalog_cards.c tests/unit/catalog_test.h
tests_unit_test_catalog_cards_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_catalog_measured
TESTS += tests/unit/test_catalog_measured
tests_unit_test_catalog_measured_SOURCES = tests/unit/test_catalog_measured.c \
	tests/unit/catalog_test.h
tests_unit_test_catalog_measured_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_catalog_filter
TESTS += tests/unit/test_catalog_filter
tests_unit_test_catalog_filter_SOURCES = tests/unit/test_catalog_filter.c tests/unit/catalog_test.h
tests_unit_test_catalog_filter_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_catalog_plans
TESTS += tests/unit/test_catalog_plans
tests_unit_test_catalog_plans_SOURCES = tests/unit/test_catalog_plans.c tests/unit/catalog_test.h
tests_unit_test_catalog_plans_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_catalog_keep_damage
TESTS += tests/unit/test_catalog_keep_damage
tests_unit_test_catalog_keep_damage_SOURCES = tests/unit/test_catalog_keep_damage.c \
	tests/unit/catalog_test.h tests/unit/catalog_keep.h
tests_unit_test_catalog_keep_damage_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_catalog_keep
TESTS += tests/unit/test_catalog_keep
tests_unit_test_catalog_keep_SOURCES = tests/unit/test_catalog_keep.c tests/unit/catalog_test.h \
	tests/unit/catalog_keep.h tests/unit/crash_vfs.h
tests_unit_test_catalog_keep_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/catalog/generate.sh tests/golden/catalog/v1.sql \
	tests/golden/catalog/v2.sql
