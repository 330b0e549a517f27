check_PROGRAMS += tests/unit/test_dtype tests/unit/test_codec
TESTS += tests/unit/test_dtype tests/unit/test_codec
tests_unit_test_dtype_SOURCES = tests/unit/test_dtype.c tests/unit/golden.h
tests_unit_test_dtype_LDADD = $(UNIT_LIBS)
tests_unit_test_codec_SOURCES = tests/unit/test_codec.c tests/unit/golden.h
tests_unit_test_codec_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_encode
TESTS += tests/unit/test_encode
tests_unit_test_encode_SOURCES = tests/unit/test_encode.c tests/unit/golden.h
tests_unit_test_encode_LDADD = $(UNIT_LIBS)
EXTRA_DIST += \
	tests/golden/tensor/blocks.json \
	tests/golden/tensor/blocks.py \
	tests/golden/tensor/floats.json \
	tests/golden/tensor/generate.py \
	tests/golden/tensor/quant.json
check_PROGRAMS += tests/unit/test_sums tests/unit/test_histogram
TESTS += tests/unit/test_sums tests/unit/test_histogram
tests_unit_test_sums_SOURCES = tests/unit/test_sums.c tests/unit/noise.h
tests_unit_test_sums_LDADD = $(UNIT_LIBS)
tests_unit_test_histogram_SOURCES = tests/unit/test_histogram.c tests/unit/noise.h
tests_unit_test_histogram_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_sample
TESTS += tests/unit/test_sample
tests_unit_test_sample_SOURCES = tests/unit/test_sample.c tests/unit/noise.h
tests_unit_test_sample_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_codec_mlx
TESTS += tests/unit/test_codec_mlx
tests_unit_test_codec_mlx_SOURCES = tests/unit/test_codec_mlx.c tests/unit/golden.h
tests_unit_test_codec_mlx_LDADD = $(UNIT_LIBS)
EXTRA_DIST += \
	tests/golden/tensor/generate_grids.py \
	tests/golden/tensor/generate_mlx.py \
	tests/golden/tensor/mlx_encode.json

check_PROGRAMS += tests/unit/test_codec_iq
TESTS += tests/unit/test_codec_iq
tests_unit_test_codec_iq_SOURCES = tests/unit/test_codec_iq.c tests/unit/golden.h
tests_unit_test_codec_iq_LDADD = $(UNIT_LIBS)
EXTRA_DIST += \
	tests/golden/tensor/generate_iq.py \
	tests/golden/tensor/iq.json
