# `make bench` times the real thing and prints ratios; nothing here is part of `make check`.
bench_tools = tests/bench/catalog tests/bench/codec tests/bench/encode tests/bench/keystroke \
	tests/bench/open tests/bench/sums \
	tests/bench/timed
EXTRA_PROGRAMS += $(bench_tools)
CLEANFILES += $(bench_tools)
tests_bench_catalog_SOURCES = tests/bench/catalog.c
tests_bench_catalog_LDADD = libcupel.a $(CORE_LIBS)
tests_bench_codec_SOURCES = tests/bench/codec.c
tests_bench_codec_LDADD = libcupel.a $(CORE_LIBS)
tests_bench_encode_SOURCES = tests/bench/encode.c
tests_bench_encode_LDADD = libcupel.a $(CORE_LIBS)
tests_bench_keystroke_SOURCES = tests/bench/keystroke.c
tests_bench_keystroke_LDADD = libcupel.a $(CORE_LIBS)
tests_bench_open_SOURCES = tests/bench/open.c
tests_bench_open_LDADD = libcupel.a $(CORE_LIBS)
# Tests of the command line need a model of some size, too.
check_PROGRAMS += tests/bench/mkmodel
tests_bench_mkmodel_SOURCES = tests/bench/mkmodel.c
tests_bench_mkmodel_LDADD = $(PTHREAD_LIBS) $(MATH_LIBS)
tests_bench_sums_SOURCES = tests/bench/sums.c
tests_bench_sums_LDADD = libcupel.a $(CORE_LIBS)
tests_bench_timed_SOURCES = tests/bench/timed.c
EXTRA_DIST += tests/bench/run.sh tests/bench/quantize.sh tests/bench/accuracy.py

.PHONY: bench
bench: cupel $(bench_tools) tests/bench/mkmodel$(EXEEXT)
	tests/bench/codec
	tests/bench/encode
	tests/bench/sums
	tests/bench/catalog
	tests/bench/keystroke
	tests/bench/open
	$(SHELL) $(srcdir)/tests/bench/run.sh $(abs_builddir)
	$(SHELL) $(srcdir)/tests/bench/quantize.sh $(abs_builddir) $(abs_srcdir)/share/demo/base

# The error of every method's file against float64, beside mergekit's: needs a python that has it.
.PHONY: bench-accuracy
bench-accuracy: cupel
	dir=$$(mktemp -d) && { $(PEER_PYTHON) $(srcdir)/tests/bench/accuracy.py ./cupel $$dir; s=$$?; \
	rm -rf $$dir; exit $$s; }
