INFER_TESTS = tests/unit/test_net tests/unit/test_tokens tests/unit/test_activation
check_PROGRAMS += $(INFER_TESTS)
TESTS += $(INFER_TESTS)
EXTRA_DIST += tests/golden/infer/gen_nets.py tests/golden/infer/gen_tokens.py \
	tests/golden/infer/nets.json tests/golden/infer/tokens.json
tests_unit_test_net_SOURCES = tests/unit/test_net.c tests/unit/infer_test.h \
	tests/unit/golden.h tests/unit/scratch_models.h
tests_unit_test_net_LDADD = $(UNIT_LIBS)
tests_unit_test_tokens_SOURCES = tests/unit/test_tokens.c tests/unit/infer_test.h \
	tests/unit/golden.h tests/unit/scratch_models.h
tests_unit_test_tokens_LDADD = $(UNIT_LIBS)
tests_unit_test_activation_SOURCES = tests/unit/test_activation.c
tests_unit_test_activation_LDADD = $(UNIT_LIBS)
