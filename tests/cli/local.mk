# Scripts that run the program. tests/cli/lib.sh has what they share.
CLI_TESTS = tests/cli/front.sh tests/cli/demo.sh tests/cli/examples.sh
CLI_TESTS += tests/cli/models.sh
CLI_TESTS += tests/cli/adapter.sh
CLI_TESTS += tests/cli/catalog.sh tests/cli/jobs.sh
CLI_TESTS += tests/cli/lint.sh
CLI_TESTS += tests/cli/documents.sh
CLI_TESTS += tests/cli/merge.sh
CLI_TESTS += tests/cli/preview.sh
CLI_TESTS += tests/cli/stack.sh
check_PROGRAMS += tests/cli/fill_catalog
tests_cli_fill_catalog_SOURCES = tests/cli/fill_catalog.c
tests_cli_fill_catalog_LDADD = libcupel.a $(CORE_LIBS)
TESTS += $(CLI_TESTS)
EXTRA_DIST += $(CLI_TESTS) tests/cli/lib.sh
