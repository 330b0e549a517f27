libcupel_a_SOURCES += \
	src/engine/cache_prune.c \
	src/engine/cache_prune.h \
	src/engine/job.c \
	src/engine/job.h \
	src/engine/look.c \
	src/engine/look.h \
	src/engine/look_figure.c \
	src/engine/look_work.h \
	src/engine/memo.c \
	src/engine/memo.h \
	src/engine/memo_store.c \
	src/engine/memo_work.h \
	src/engine/pair_figure.c \
	src/engine/pair_figure.h \
	src/engine/passes.c \
	src/engine/preview.c \
	src/engine/preview.h \
	src/engine/preview_closed.c \
	src/engine/preview_exact.c \
	src/engine/preview_figure.c \
	src/engine/preview_sample.c \
	src/engine/preview_work.h \
	src/engine/pump.c \
	src/engine/pump.h \
	src/engine/samples.c
