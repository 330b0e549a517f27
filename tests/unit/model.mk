check_PROGRAMS += tests/unit/test_safetensors
TESTS += tests/unit/test_safetensors
tests_unit_test_safetensors_SOURCES = tests/unit/test_safetensors.c tests/unit/fixture.h
tests_unit_test_safetensors_LDADD = $(UNIT_LIBS)
