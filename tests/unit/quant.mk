check_PROGRAMS += tests/unit/test_quant_policy
TESTS += tests/unit/test_quant_policy
tests_unit_test_quant_policy_SOURCES = tests/unit/test_quant_policy.c
tests_unit_test_quant_policy_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/quant/policy.txt tests/golden/quant/gen_policy.py \
	tests/golden/quant/compact_policy.py
