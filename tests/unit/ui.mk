UI_TESTS = tests/unit/test_ui_screen tests/unit/test_ui_table
check_PROGRAMS += $(UI_TESTS)
TESTS += $(UI_TESTS)
tests_unit_test_ui_screen_SOURCES = tests/unit/test_ui_screen.c
tests_unit_test_ui_screen_LDADD = $(UI_UNIT_LIBS)
tests_unit_test_ui_table_SOURCES = tests/unit/test_ui_table.c
tests_unit_test_ui_table_LDADD = $(UI_UNIT_LIBS)
