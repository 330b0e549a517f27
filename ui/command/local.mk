libcupelui_a_SOURCES += \
	ui/command/command.c ui/command/command.h ui/command/commands.def \
	ui/command/files.c ui/command/files.h \
	ui/command/fuzzy.c ui/command/fuzzy.h \
	ui/command/settings.c ui/command/settings.h ui/command/settings.def
