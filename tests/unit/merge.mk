check_PROGRAMS += tests/unit/test_merge
TESTS += tests/unit/test_merge
tests_unit_test_merge_SOURCES = tests/unit/test_merge.c
tests_unit_test_merge_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/merge/vectors.json tests/golden/merge/gen_vectors.py \
	tests/golden/merge/oracle.json tests/golden/merge/gen_oracle.py
