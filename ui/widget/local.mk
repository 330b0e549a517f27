libcupelui_a_SOURCES += \
	ui/widget/filter.c ui/widget/filter.h \
	ui/widget/footer.c ui/widget/footer.h \
	ui/widget/help.c ui/widget/help.h \
	ui/widget/menu.c ui/widget/menu.h \
	ui/widget/overlay.c ui/widget/overlay.h \
	ui/widget/plot.c ui/widget/plot.h \
	ui/widget/prompt.c ui/widget/prompt.h \
	ui/widget/sheet.c ui/widget/sheet.h \
	ui/widget/slider.c ui/widget/slider.h \
	ui/widget/table.c ui/widget/table_draw.c ui/widget/table_export.c ui/widget/table.h
