check_PROGRAMS += tests/unit/test_catalog_open
TESTS += tests/unit/test_catalog_open
tests_unit_test_catalog_open_SOURCES = tests/unit/test_catalog_open.c tests/unit/catalog_test.h
tests_unit_test_catalog_open_LDADD = $(UNIT_LIBS)
