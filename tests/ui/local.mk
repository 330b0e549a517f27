TESTS += tests/ui/run.sh
EXTRA_DIST += tests/ui/run.sh
