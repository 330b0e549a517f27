check_PROGRAMS += tests/unit/test_lineage
TESTS += tests/unit/test_lineage
tests_unit_test_lineage_SOURCES = tests/unit/test_lineage.c tests/unit/catalog_test.h
tests_unit_test_lineage_LDADD = $(UNIT_LIBS)
