CARD_TESTS = tests/unit/test_card tests/unit/test_card_text
check_PROGRAMS += $(CARD_TESTS)
TESTS += $(CARD_TESTS)
tests_unit_test_card_SOURCES = tests/unit/test_card.c tests/unit/card_test.h
tests_unit_test_card_LDADD = $(UNIT_LIBS)
tests_unit_test_card_text_SOURCES = tests/unit/test_card_text.c tests/unit/card_test.h
tests_unit_test_card_text_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/cards/numbers
