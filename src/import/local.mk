libcupel_a_SOURCES += src/import/card.h src/import/claims.c src/import/claims.def \
	src/import/claims.h \
	src/import/import.c \
	src/import/import.h src/import/kinds.def \
	src/import/llama_perplexity.c src/import/lm_eval.c src/import/mlx_evaluate.c \
	src/import/reading.c src/import/reading.h src/import/results.c src/import/store.c \
	src/import/table_file.c src/import/task.h
