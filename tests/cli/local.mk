# Scripts that run the program. tests/cli/lib.sh has what they share.
CLI_TESTS = tests/cli/front.sh tests/cli/demo.sh tests/cli/eval.sh tests/cli/examples.sh
CLI_TESTS += tests/cli/models.sh tests/cli/lineage.sh
CLI_TESTS += tests/cli/adapter.sh tests/cli/vision.sh tests/cli/kinds.sh
CLI_TESTS += tests/cli/catalog.sh tests/cli/find.sh tests/cli/jobs.sh
CLI_TESTS += tests/cli/compare.sh tests/cli/samples.sh tests/cli/import.sh tests/cli/import_cards.sh
CLI_TESTS += tests/cli/audit.sh
CLI_TESTS += tests/cli/keep.sh
CLI_TESTS += tests/cli/lint.sh
CLI_TESTS += tests/cli/share.sh tests/cli/export_card.sh
CLI_TESTS += tests/cli/documents.sh
CLI_TESTS += tests/cli/merge.sh tests/cli/mergekit.sh
CLI_TESTS += tests/cli/parts.sh
CLI_TESTS += tests/cli/tokenizer.sh
CLI_TESTS += tests/cli/preview.sh
CLI_TESTS += tests/cli/stack.sh
CLI_TESTS += tests/cli/plan.sh tests/cli/quantize.sh tests/cli/quantize_runs.sh
check_PROGRAMS += tests/cli/fill_catalog tests/cli/hold_catalog
tests_cli_hold_catalog_SOURCES = tests/cli/hold_catalog.c
tests_cli_hold_catalog_LDADD = $(CORE_LIBS)
tests_cli_fill_catalog_SOURCES = tests/cli/fill_catalog.c
tests_cli_fill_catalog_LDADD = libcupel.a $(CORE_LIBS)
TESTS += $(CLI_TESTS)
EXTRA_DIST += $(CLI_TESTS) tests/cli/lib.sh
EXTRA_DIST += \
	tests/golden/vision/gemma3/chat_template.json \
	tests/golden/vision/gemma3/config.json \
	tests/golden/vision/gemma3/model.safetensors \
	tests/golden/vision/gemma3/preprocessor_config.json \
	tests/golden/vision/gemma3/processor_config.json \
	tests/golden/vision/gemma3text/config.json \
	tests/golden/vision/gemma3text/model.safetensors \
	tests/golden/vision/generate.py \
	tests/golden/vision/llama/config.json \
	tests/golden/vision/llama/model.safetensors \
	tests/golden/vision/llava/chat_template.json \
	tests/golden/vision/llava/config.json \
	tests/golden/vision/llava/model.safetensors \
	tests/golden/vision/llava/preprocessor_config.json \
	tests/golden/vision/llava/processor_config.json \
	tests/golden/vision/other/config.json \
	tests/golden/vision/other/model.safetensors \
	tests/golden/vision/qwen2/config.json \
	tests/golden/vision/qwen2/model.safetensors \
	tests/golden/vision/qwen2vl/chat_template.json \
	tests/golden/vision/qwen2vl/config.json \
	tests/golden/vision/qwen2vl/model.safetensors \
	tests/golden/vision/qwen2vl/preprocessor_config.json \
	tests/golden/vision/qwen2vl/processor_config.json
EXTRA_DIST += \
	tests/golden/import/choice.log \
	tests/golden/import/cut.log \
	tests/golden/import/divergence.log \
	tests/golden/import/eval_maker_new_0.4.13_00_tiny \
	tests/golden/import/eval_maker_tiny-merge_0.4.9_05_arc_easy_boolq \
	tests/golden/import/generate.sh \
	tests/golden/import/hellaswag.log \
	tests/golden/import/contents.csv \
	tests/golden/import/contents.json \
	tests/golden/import/leaderboard.csv \
	tests/golden/import/llama_mixed.log \
	tests/golden/import/llama_runs.log \
	tests/golden/import/lm_eval_tables.txt \
	tests/golden/import/mlx_perplexity.txt \
	tests/golden/import/results_groups.json \
	tests/golden/import/results_template.json \
	tests/golden/import/results_torn.json \
	tests/golden/import/perplexity.log \
	tests/golden/import/points.csv \
	tests/golden/import/results_2026-05-01T10-00-00.json \
	tests/golden/import/wide.csv \
	tests/golden/import/winogrande.log
EXTRA_DIST += tests/golden/import/samples/generate.py \
	tests/golden/import/samples/maker__tiny-a/results_2026-03-01T12-00-00.123456.json \
	tests/golden/import/samples/maker__tiny-a/samples_arc_easy_2026-03-01T12-00-00.123456.jsonl \
	tests/golden/import/samples/maker__tiny-a/samples_gsm8k_2026-03-01T12-00-00.123456.jsonl \
	tests/golden/import/samples/maker__tiny-b/results_2026-03-02T12-00-00.123456.json \
	tests/golden/import/samples/maker__tiny-b/samples_arc_easy_2026-03-02T12-00-00.123456.jsonl \
	tests/golden/import/samples/maker__tiny-b/samples_gsm8k_2026-03-02T12-00-00.123456.jsonl \
	tests/golden/import/samples/maker__tiny-c/samples_arc_easy_2026-03-03T12-00-00.123456.jsonl \
	tests/golden/import/samples/maker__tiny-c/samples_gsm8k_2026-03-03T12-00-00.123456.jsonl
