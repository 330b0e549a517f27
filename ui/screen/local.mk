libcupelui_a_SOURCES += \
	ui/screen/clip.c ui/screen/clip.h \
	ui/screen/event.c ui/screen/event.h \
	ui/screen/glyph.c ui/screen/glyph.h \
	ui/screen/grid.c ui/screen/grid.h \
	ui/screen/key.c ui/screen/key.h \
	ui/screen/style.c ui/screen/style.h ui/screen/styles.def \
	ui/screen/term.c ui/screen/term.h \
	ui/screen/width.c ui/screen/width.h
