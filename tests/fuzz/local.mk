# Deterministic rounds over damaged files; a row of the table in fuzz.c per parser.
check_PROGRAMS += tests/fuzz/fuzz
TESTS += tests/fuzz/fuzz
tests_fuzz_fuzz_SOURCES = tests/fuzz/fuzz.c tests/unit/fixture.h tests/unit/fixture_gguf.h \
	tests/unit/sanitized.h
tests_fuzz_fuzz_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/fuzz/corpus/config/huge tests/fuzz/corpus/gguf/heads \
	tests/fuzz/corpus/index/folders tests/fuzz/corpus/safetensors/names \
	tests/fuzz/corpus/safetensors/product tests/fuzz/corpus/vocabulary/length \
	tests/fuzz/corpus/vocabulary/nested
