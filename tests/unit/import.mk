check_PROGRAMS += tests/unit/test_card
TESTS += tests/unit/test_card
tests_unit_test_card_SOURCES = tests/unit/test_card.c
tests_unit_test_card_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/cards/numbers
