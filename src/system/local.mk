libcupel_a_SOURCES += \
	src/system/file.c src/system/file.h src/system/folder.c \
	src/system/line_file.c src/system/line_file.h \
	src/system/lock.c \
	src/system/pool.c src/system/pool.h \
	src/system/process.c src/system/process.h
