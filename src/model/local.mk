libcupel_a_SOURCES += \
	src/model/build.c \
	src/model/build.h \
	src/model/fmt_gguf.c \
	src/model/fmt_hfdir.c \
	src/model/fmt_safetensors.c \
	src/model/gguf.h \
	src/model/gguf_config.c \
	src/model/gguf_names.c \
	src/model/gguf_read.c \
	src/model/gguf_read.h \
	src/model/jscan.c \
	src/model/jscan.h \
	src/model/layout.c \
	src/model/model.c \
	src/model/model.h \
	src/model/role.c \
	src/model/role.h \
	src/model/shards.c \
	src/model/source.c \
	src/model/source.h \
	src/model/vocab.c \
	src/model/vocab.h
