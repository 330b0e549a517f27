libcupel_a_SOURCES += \
	src/model/build.c \
	src/model/build.h \
	src/model/fmt_hfdir.c \
	src/model/fmt_safetensors.c \
	src/model/jscan.c \
	src/model/jscan.h \
	src/model/layout.c \
	src/model/model.c \
	src/model/model.h \
	src/model/role.c \
	src/model/role.h \
	src/model/shards.c \
	src/model/source.c \
	src/model/source.h
