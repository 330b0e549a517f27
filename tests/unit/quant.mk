QUANT_TESTS = tests/unit/test_quant_policy tests/unit/test_quant_solve tests/unit/test_quant_plan
check_PROGRAMS += $(QUANT_TESTS)
TESTS += $(QUANT_TESTS)
tests_unit_test_quant_policy_SOURCES = tests/unit/test_quant_policy.c
tests_unit_test_quant_policy_LDADD = $(UNIT_LIBS)
tests_unit_test_quant_solve_SOURCES = tests/unit/test_quant_solve.c tests/unit/fixture.h \
	tests/unit/fixture_gguf.h
tests_unit_test_quant_solve_LDADD = $(UNIT_LIBS)
tests_unit_test_quant_plan_SOURCES = tests/unit/test_quant_plan.c tests/unit/fixture.h \
	tests/unit/fixture_gguf.h
tests_unit_test_quant_plan_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/quant/policy.txt tests/golden/quant/gen_policy.py \
	tests/golden/quant/compact_policy.py tests/golden/quant/gen_mlx_sizes.py
