libcupel_a_SOURCES += src/lineage/build.h src/lineage/gather.c src/lineage/json.c \
	src/lineage/leaves.c src/lineage/licence.c src/lineage/lineage.h src/lineage/load.c \
	src/lineage/measured.c src/lineage/measured.h \
	src/lineage/names.c src/lineage/names.h src/lineage/ready.c src/lineage/resolve.c \
	src/lineage/settle.c \
	src/lineage/share.c src/lineage/walk.c
