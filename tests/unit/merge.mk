check_PROGRAMS += tests/unit/test_merge
TESTS += tests/unit/test_merge
tests_unit_test_merge_SOURCES = tests/unit/test_merge.c tests/unit/sanitized.h
tests_unit_test_merge_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/merge/vectors.json tests/golden/merge/gen_vectors.py \
	tests/golden/merge/oracle.json tests/golden/merge/gen_oracle.py \
	tests/golden/merge/end_to_end.json tests/golden/merge/gen_end_to_end.py
