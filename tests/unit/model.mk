check_PROGRAMS += tests/unit/test_safetensors
TESTS += tests/unit/test_safetensors
tests_unit_test_safetensors_SOURCES = tests/unit/test_safetensors.c tests/unit/fixture.h
tests_unit_test_safetensors_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_role
TESTS += tests/unit/test_role
tests_unit_test_role_SOURCES = tests/unit/test_role.c tests/unit/fixture.h
tests_unit_test_role_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_gguf
TESTS += tests/unit/test_gguf
tests_unit_test_gguf_SOURCES = tests/unit/test_gguf.c tests/unit/fixture.h tests/unit/fixture_gguf.h
tests_unit_test_gguf_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_tokenizer_files
TESTS += tests/unit/test_tokenizer_files
tests_unit_test_tokenizer_files_SOURCES = tests/unit/test_tokenizer_files.c tests/unit/fixture.h
tests_unit_test_tokenizer_files_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_roots
TESTS += tests/unit/test_roots
tests_unit_test_roots_SOURCES = tests/unit/test_roots.c tests/unit/fixture.h
tests_unit_test_roots_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_hash_cache
TESTS += tests/unit/test_hash_cache
tests_unit_test_hash_cache_SOURCES = tests/unit/test_hash_cache.c tests/unit/fixture.h
tests_unit_test_hash_cache_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_virtual
TESTS += tests/unit/test_virtual
tests_unit_test_virtual_SOURCES = tests/unit/test_virtual.c tests/unit/fixture.h
tests_unit_test_virtual_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_lora
TESTS += tests/unit/test_lora
tests_unit_test_lora_SOURCES = tests/unit/test_lora.c tests/unit/fixture.h
tests_unit_test_lora_LDADD = $(UNIT_LIBS)
EXTRA_DIST += \
	tests/golden/lora/both.safetensors \
	tests/golden/lora/conv1d.safetensors \
	tests/golden/lora/conv1d/adapter_config.json \
	tests/golden/lora/conv1d/adapter_model.safetensors \
	tests/golden/lora/generate.py \
	tests/golden/lora/gpt2/config.json \
	tests/golden/lora/gpt2/model.safetensors \
	tests/golden/lora/half.safetensors \
	tests/golden/lora/llama/config.json \
	tests/golden/lora/llama/model.safetensors \
	tests/golden/lora/mlx.safetensors \
	tests/golden/lora/mlx/adapter_config.json \
	tests/golden/lora/mlx/adapters.safetensors \
	tests/golden/lora/plain.safetensors \
	tests/golden/lora/plain/adapter_config.json \
	tests/golden/lora/plain/adapter_model.safetensors \
	tests/golden/lora/rich.safetensors \
	tests/golden/lora/rich/adapter_config.json \
	tests/golden/lora/rich/adapter_model.safetensors

check_PROGRAMS += tests/unit/test_kinds
TESTS += tests/unit/test_kinds
tests_unit_test_kinds_SOURCES = tests/unit/test_kinds.c tests/unit/fixture.h tests/unit/golden.h
tests_unit_test_kinds_LDADD = $(UNIT_LIBS)
EXTRA_DIST += \
	tests/golden/kinds/awq/config.json \
	tests/golden/kinds/awq/model.safetensors \
	tests/golden/kinds/base/config.json \
	tests/golden/kinds/base/model.safetensors \
	tests/golden/kinds/fp8/config.json \
	tests/golden/kinds/fp8/model.safetensors \
	tests/golden/kinds/fp8ct/config.json \
	tests/golden/kinds/fp8ct/model.safetensors \
	tests/golden/kinds/generate.py \
	tests/golden/kinds/gguf.gguf \
	tests/golden/kinds/gptoss/config.json \
	tests/golden/kinds/gptoss/model.safetensors \
	tests/golden/kinds/gptq/config.json \
	tests/golden/kinds/gptq/model.safetensors \
	tests/golden/kinds/int4ct/config.json \
	tests/golden/kinds/int4ct/model.safetensors \
	tests/golden/kinds/int8ct/config.json \
	tests/golden/kinds/int8ct/model.safetensors \
	tests/golden/kinds/kinds.json \
	tests/golden/kinds/mlx/config.json \
	tests/golden/kinds/mlx/model.safetensors \
	tests/golden/kinds/modelopt/config.json \
	tests/golden/kinds/modelopt/model.safetensors \
	tests/golden/kinds/nvfp4ct/config.json \
	tests/golden/kinds/nvfp4ct/model.safetensors \
	tests/golden/kinds/untied.gguf \
	tests/golden/kinds/untied/config.json \
	tests/golden/kinds/untied/model.safetensors

check_PROGRAMS += tests/unit/test_exl2
TESTS += tests/unit/test_exl2
tests_unit_test_exl2_SOURCES = tests/unit/test_exl2.c tests/unit/fixture.h
tests_unit_test_exl2_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_packed
TESTS += tests/unit/test_packed
tests_unit_test_packed_SOURCES = tests/unit/test_packed.c tests/unit/fixture.h tests/unit/golden.h
tests_unit_test_packed_LDADD = $(UNIT_LIBS)

EXTRA_DIST += \
	tests/golden/model/generate.py \
	tests/golden/model/mlx.json \
	tests/golden/model/mlx/config.json \
	tests/golden/model/mlx/model.safetensors \
	tests/golden/model/types.gguf \
	tests/golden/model/types.json
