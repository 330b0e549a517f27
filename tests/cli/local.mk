# Scripts that run the program. tests/cli/lib.sh has what they share.
CLI_TESTS = tests/cli/front.sh
TESTS += $(CLI_TESTS)
EXTRA_DIST += $(CLI_TESTS) tests/cli/lib.sh
