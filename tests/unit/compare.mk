COMPARE_TESTS = tests/unit/test_significance tests/unit/test_compare \
	tests/unit/test_linediff
check_PROGRAMS += $(COMPARE_TESTS)
TESTS += $(COMPARE_TESTS)
EXTRA_DIST += tests/golden/compare/generate.py tests/golden/compare/significance.json
tests_unit_test_significance_SOURCES = tests/unit/test_significance.c tests/unit/golden.h
tests_unit_test_significance_LDADD = $(UNIT_LIBS)
tests_unit_test_compare_SOURCES = tests/unit/test_compare.c tests/unit/compare_test.h \
	tests/unit/catalog_test.h tests/unit/golden.h
tests_unit_test_compare_LDADD = $(UNIT_LIBS)
tests_unit_test_linediff_SOURCES = tests/unit/test_linediff.c tests/unit/catalog_test.h
tests_unit_test_linediff_LDADD = $(UNIT_LIBS)
