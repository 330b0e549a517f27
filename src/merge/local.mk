libcupel_a_SOURCES += \
	src/merge/method.c src/merge/method.h src/merge/methods.def \
	src/merge/merge_linear.c \
	src/merge/merge_slerp.c \
	src/merge/merge_nuslerp.c \
	src/merge/merge_task_arithmetic.c \
	src/merge/merge_ties.c \
	src/merge/merge_dare_linear.c \
	src/merge/merge_dare_ties.c \
	src/merge/merge_breadcrumbs.c \
	src/merge/merge_breadcrumbs_ties.c \
	src/merge/merge_della.c \
	src/merge/merge_della_linear.c \
	src/merge/merge_ram.c \
	src/merge/merge_ramplus_tl.c \
	src/merge/merge_sce.c \
	src/merge/merge_nearswap.c \
	src/merge/merge_passthrough.c \
	src/merge/merge_arcee_fusion.c \
	src/merge/merge_multislerp.c src/merge/merge_karcher.c src/merge/merge_model_stock.c \
	src/merge/blend.c src/merge/blend.h \
	src/merge/kernels.c src/merge/kernels.h src/merge/kernels_impl.h \
	src/merge/kernels_many.h src/merge/kernels_mergekit.h src/merge/kernels_soft.h \
	src/merge/select.c src/merge/select.h \
	src/merge/task.c src/merge/trim.c src/merge/dare.c src/merge/della.c src/merge/ram.c \
	src/merge/task.h \
	src/merge/masks.c src/merge/masks.h src/merge/rescale.c src/merge/rescale.h \
	src/merge/rounding.c src/merge/rounding.h src/merge/torch_sum.c src/merge/torch_sum.h \
	src/merge/whole.c
