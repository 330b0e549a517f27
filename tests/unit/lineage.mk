check_PROGRAMS += tests/unit/test_lineage
TESTS += tests/unit/test_lineage
tests_unit_test_lineage_SOURCES = tests/unit/test_lineage.c tests/unit/catalog_test.h
tests_unit_test_lineage_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_origins
TESTS += tests/unit/test_origins
tests_unit_test_origins_SOURCES = tests/unit/test_origins.c tests/unit/catalog_test.h
tests_unit_test_origins_LDADD = $(UNIT_LIBS)
