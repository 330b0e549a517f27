libcupel_a_SOURCES += src/lineage/lineage.h
