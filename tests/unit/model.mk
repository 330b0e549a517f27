check_PROGRAMS += tests/unit/test_safetensors
TESTS += tests/unit/test_safetensors
tests_unit_test_safetensors_SOURCES = tests/unit/test_safetensors.c tests/unit/fixture.h
tests_unit_test_safetensors_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_role
TESTS += tests/unit/test_role
tests_unit_test_role_SOURCES = tests/unit/test_role.c tests/unit/fixture.h
tests_unit_test_role_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_gguf
TESTS += tests/unit/test_gguf
tests_unit_test_gguf_SOURCES = tests/unit/test_gguf.c tests/unit/fixture.h tests/unit/fixture_gguf.h
tests_unit_test_gguf_LDADD = $(UNIT_LIBS)
