AUDIT_TESTS = tests/unit/test_audit tests/unit/test_claims
check_PROGRAMS += $(AUDIT_TESTS)
TESTS += $(AUDIT_TESTS)
tests_unit_test_claims_SOURCES = tests/unit/test_claims.c
tests_unit_test_claims_LDADD = $(UNIT_LIBS)
tests_unit_test_audit_SOURCES = tests/unit/test_audit.c
tests_unit_test_audit_LDADD = $(UNIT_LIBS)

# The same expectations of other cards: make check-cards CARDS=DIR
check-cards: tests/unit/test_audit
	@test -n '$(CARDS)' || { echo 'check-cards: say which: CARDS=DIR'; exit 2; }
	$(AM_TESTS_ENVIRONMENT) tests/unit/test_audit '$(CARDS)'
.PHONY: check-cards
EXTRA_DIST += \
	tests/golden/cards/dead-keys.txt \
	tests/golden/cards/expectations \
	tests/golden/cards/generate.py \
	tests/golden/cards/mixed-bits.clean \
	tests/golden/cards/mixed-bits.txt \
	tests/golden/cards/near-swap.txt \
	tests/golden/cards/right-merge.md \
	tests/golden/cards/right-sensitivity.md \
	tests/golden/cards/right-side-by-side.md \
	tests/golden/cards/sensitivity.txt \
	tests/golden/cards/synergy.txt \
	tests/golden/cards/told/mixed-bits.md \
	tests/golden/cards/told/near-swap.md \
	tests/golden/cards/told/sensitivity.md \
	tests/golden/cards/told/synergy.md
