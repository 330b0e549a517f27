libcupelui_a_SOURCES += \
	ui/app.c ui/app.h ui/shell.h \
	ui/app_commands.c ui/app_copy.c ui/app_docs.c ui/app_draw.c \
	ui/app_export.c ui/app_input.c ui/app_models.c \
	ui/app_measure.c \
	ui/app_palette.c ui/app_say.c ui/app_script.c ui/app_state.c ui/app_work.c ui/app_write.c
include $(top_srcdir)/ui/screen/local.mk
include $(top_srcdir)/ui/command/local.mk
include $(top_srcdir)/ui/widget/local.mk
include $(top_srcdir)/ui/view/local.mk
