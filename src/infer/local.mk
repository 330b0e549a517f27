libcupel_a_SOURCES += src/infer/activation.c src/infer/activation.h src/infer/activation_impl.h \
	src/infer/blas.c src/infer/blas.h \
	src/infer/net.c src/infer/net.h src/infer/net_attention.c src/infer/net_feed.c \
	src/infer/net_in.h src/infer/net_mamba.c src/infer/net_multiply.c src/infer/net_open.c \
	src/infer/perplexity.c src/infer/perplexity.h src/infer/split.c src/infer/split.h \
	src/infer/tokenizer.c src/infer/tokenizer.h src/infer/tokenizer_in.h \
	src/infer/tokenizer_read.c
