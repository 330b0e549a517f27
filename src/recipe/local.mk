libcupel_a_SOURCES +=
