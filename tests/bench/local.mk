# `make bench` times the real thing and prints ratios; nothing here is part of `make check`.
EXTRA_PROGRAMS += tests/bench/codec
tests_bench_codec_SOURCES = tests/bench/codec.c
tests_bench_codec_LDADD = libcupel.a $(CORE_LIBS)
EXTRA_PROGRAMS += tests/bench/catalog
tests_bench_catalog_SOURCES = tests/bench/catalog.c
tests_bench_catalog_LDADD = libcupel.a $(CORE_LIBS)
