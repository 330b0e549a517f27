libcupelui_a_SOURCES += \
	ui/view/figure_text.c ui/view/figure_text.h \
	ui/view/groups.c ui/view/groups.h \
	ui/view/knobs.c ui/view/knobs.h \
	ui/view/recipe_change.c ui/view/recipe_figures.c ui/view/recipe_panes.c \
	ui/view/tensors_plot.c \
	ui/view/view_recipe.c ui/view/view_recipe.h \
	ui/view/view_tensors.c ui/view/view_tensors.h
