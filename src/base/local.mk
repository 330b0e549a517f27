libcupel_a_SOURCES += \
	src/base/arena.c src/base/arena.h \
	src/base/bytes.h \
	src/base/err.c src/base/err.h \
	src/base/hash.c src/base/hash.h \
	src/base/json.c src/base/json.h \
	src/base/log.c src/base/log.h \
	src/base/mt_jump.c src/base/mt_jump.h \
	src/base/rng.c src/base/rng.h \
	src/base/str.c src/base/str.h \
	src/base/vec.h \
	src/base/xalloc.c src/base/xalloc.h
