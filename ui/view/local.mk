libcupelui_a_SOURCES +=
