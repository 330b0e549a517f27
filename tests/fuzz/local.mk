# Deterministic rounds over damaged files; a row of the table in fuzz.c per parser.
check_PROGRAMS += tests/fuzz/fuzz
TESTS += tests/fuzz/fuzz
tests_fuzz_fuzz_SOURCES = tests/fuzz/fuzz.c tests/unit/fixture.h tests/unit/fixture_gguf.h
tests_fuzz_fuzz_LDADD = $(UNIT_LIBS)
