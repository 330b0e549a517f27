libcupel_a_SOURCES += src/import/adopt.c src/import/card.c src/import/card.h \
	src/import/card_blank.c src/import/card_figures.c src/import/card_front.c \
	src/import/card_grid.c src/import/card_grid.h src/import/card_table.c \
	src/import/card_html.c src/import/card_index.c \
	src/import/card_lists.c src/import/card_reading.h \
	src/import/card_recipe.c \
	src/import/card_repair.c src/import/card_scores.c src/import/card_source.c \
	src/import/card_store.c src/import/card_text.c src/import/card_value.c \
	src/import/card_variant.c src/import/claims.c src/import/claims.def \
	src/import/claims.h src/import/import.c src/import/import.h src/import/kinds.def \
	src/import/llama_perplexity.c src/import/lm_eval.c src/import/lm_eval_samples.c \
	src/import/samples.h src/import/lm_eval_table.c src/import/mlx_evaluate.c \
	src/import/mlx_perplexity.c src/import/torn.c \
	src/import/reading.c src/import/reading.h src/import/results.c src/import/store.c \
	src/import/table_file.c
libcupel_a_SOURCES += src/import/shared_recipe.c
libcupel_a_SOURCES += src/import/card_repeat.c
libcupel_a_SOURCES += src/import/leaderboard.c
