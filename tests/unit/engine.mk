check_PROGRAMS += tests/unit/test_preview tests/unit/test_preview_closed
TESTS += tests/unit/test_preview tests/unit/test_preview_closed
tests_unit_test_preview_SOURCES = tests/unit/test_preview.c tests/unit/preview_test.h \
	tests/unit/fixture.h tests/unit/sanitized.h
tests_unit_test_preview_LDADD = $(UNIT_LIBS)
tests_unit_test_preview_closed_SOURCES = tests/unit/test_preview_closed.c \
	tests/unit/preview_test.h tests/unit/fixture.h
tests_unit_test_preview_closed_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/engine/generate.py tests/golden/engine/figures.json \
	tests/golden/engine/base.safetensors tests/golden/engine/one.safetensors \
	tests/golden/engine/two.safetensors
check_PROGRAMS += tests/unit/test_plan
TESTS += tests/unit/test_plan
tests_unit_test_plan_SOURCES = tests/unit/test_plan.c tests/unit/scratch_models.h
tests_unit_test_plan_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_run
TESTS += tests/unit/test_run
tests_unit_test_run_SOURCES = tests/unit/test_run.c tests/unit/scratch_models.h
tests_unit_test_run_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_contracts
TESTS += tests/unit/test_contracts
tests_unit_test_contracts_SOURCES = tests/unit/test_contracts.c tests/unit/scratch_models.h
tests_unit_test_contracts_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_multi
TESTS += tests/unit/test_multi
tests_unit_test_multi_SOURCES = tests/unit/test_multi.c tests/unit/scratch_models.h
tests_unit_test_multi_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/merge/documents.json tests/golden/merge/gen_documents.py
check_PROGRAMS += tests/unit/test_recipe_model
TESTS += tests/unit/test_recipe_model
tests_unit_test_recipe_model_SOURCES = tests/unit/test_recipe_model.c tests/unit/noise.h \
	tests/unit/scratch_models.h
tests_unit_test_recipe_model_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_stack
TESTS += tests/unit/test_stack
tests_unit_test_stack_SOURCES = tests/unit/test_stack.c tests/unit/scratch_models.h
tests_unit_test_stack_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/merge/stack.json tests/golden/merge/gen_stack.py
check_PROGRAMS += tests/unit/test_vocab
TESTS += tests/unit/test_vocab
tests_unit_test_vocab_SOURCES = tests/unit/test_vocab.c tests/unit/fixture.h \
	tests/unit/fixture_gguf.h tests/unit/golden.h
tests_unit_test_vocab_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/tokenizer/generate.py tests/golden/tokenizer/expected.json \
	tests/golden/tokenizer/a/config.json \
	tests/golden/tokenizer/a/generation_config.json \
	tests/golden/tokenizer/a/model.safetensors \
	tests/golden/tokenizer/a/tokenizer.json \
	tests/golden/tokenizer/a/tokenizer_config.json \
	tests/golden/tokenizer/b/config.json \
	tests/golden/tokenizer/b/generation_config.json \
	tests/golden/tokenizer/b/model.safetensors \
	tests/golden/tokenizer/b/tokenizer.json \
	tests/golden/tokenizer/b/tokenizer_config.json \
	tests/golden/tokenizer/c/config.json \
	tests/golden/tokenizer/c/generation_config.json \
	tests/golden/tokenizer/c/model.safetensors \
	tests/golden/tokenizer/c/tokenizer.json \
	tests/golden/tokenizer/c/tokenizer_config.json \
	tests/golden/tokenizer/d/config.json \
	tests/golden/tokenizer/d/generation_config.json \
	tests/golden/tokenizer/d/model.safetensors \
	tests/golden/tokenizer/d/tokenizer.json \
	tests/golden/tokenizer/d/tokenizer_config.json

check_PROGRAMS += tests/unit/test_quantize
TESTS += tests/unit/test_quantize
tests_unit_test_quantize_SOURCES = tests/unit/test_quantize.c tests/unit/fixture.h \
	tests/unit/formula.h tests/unit/gguf_raw.h tests/unit/golden.h
tests_unit_test_quantize_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_quantize_hostile
TESTS += tests/unit/test_quantize_hostile
tests_unit_test_quantize_hostile_SOURCES = tests/unit/test_quantize_hostile.c \
	tests/unit/fixture.h tests/unit/formula.h tests/unit/golden.h
tests_unit_test_quantize_hostile_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_quantize_mlx
TESTS += tests/unit/test_quantize_mlx
tests_unit_test_quantize_mlx_SOURCES = tests/unit/test_quantize_mlx.c tests/unit/fixture.h \
	tests/unit/formula.h tests/unit/golden.h
tests_unit_test_quantize_mlx_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/quant/mlx_files.json tests/golden/quant/gen_mlx_files.py
EXTRA_DIST += \
	tests/golden/quant/files.json \
	tests/golden/quant/gen_files.py tests/golden/quant/gguf_keys.py
check_PROGRAMS += tests/unit/test_gguf_tokens
TESTS += tests/unit/test_gguf_tokens
tests_unit_test_gguf_tokens_SOURCES = tests/unit/test_gguf_tokens.c tests/unit/fixture.h \
	tests/unit/formula.h tests/unit/gguf_raw.h tests/unit/golden.h
tests_unit_test_gguf_tokens_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/quant/gen_tokens.py tests/golden/quant/tokens.json
check_PROGRAMS += tests/unit/test_preview_is_run
TESTS += tests/unit/test_preview_is_run
tests_unit_test_preview_is_run_SOURCES = tests/unit/test_preview_is_run.c \
	tests/unit/preview_test.h tests/unit/scratch_models.h
tests_unit_test_preview_is_run_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_parts
TESTS += tests/unit/test_parts
tests_unit_test_parts_SOURCES = tests/unit/test_parts.c tests/unit/scratch_models.h
tests_unit_test_parts_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_mergekit
TESTS += tests/unit/test_mergekit
tests_unit_test_mergekit_SOURCES = tests/unit/test_mergekit.c tests/unit/scratch_models.h
tests_unit_test_mergekit_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/golden/merge/gen_mergekit.py tests/golden/merge/mergekit.json
