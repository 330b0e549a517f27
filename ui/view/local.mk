libcupelui_a_SOURCES += \
	ui/view/figure_text.c ui/view/figure_text.h \
	ui/view/groups.c ui/view/groups.h \
	ui/view/knobs.c ui/view/knobs.h \
	ui/view/recipe_change.c ui/view/recipe_figures.c ui/view/recipe_panes.c \
	ui/view/recipe_strip.c \
	ui/view/quant_change.c ui/view/quant_doc.c ui/view/quant_doc.h \
	ui/view/quant_front.c ui/view/quant_panes.c \
	ui/view/view_quant.c ui/view/view_quant.h \
	ui/view/tensors_plot.c \
	ui/view/view_recipe.c ui/view/view_recipe.h \
	ui/view/view_tensors.c ui/view/view_tensors.h
libcupelui_a_SOURCES += \
	ui/view/app.h ui/view/view.h ui/view/views.def \
	ui/view/doc.c ui/view/doc.h \
	ui/view/lineage_rows.c ui/view/lineage_rows.h \
	ui/view/model_card.c ui/view/model_card.h \
	ui/view/model_graph.c ui/view/model_graph.h ui/view/model_origin.c \
	ui/view/model_origin.h ui/view/model_page.c \
	ui/view/model_scores.c ui/view/model_scores.h \
	ui/view/run_page.c ui/view/run_page.h ui/view/run_sides.c \
	ui/view/history_again.c ui/view/history_change.c ui/view/history_filter.c \
	ui/view/view_history.c ui/view/view_history.h ui/view/view_jobs.c \
	ui/view/view_models.c ui/view/view_models.h ui/view/models_commands.c
libcupelui_a_SOURCES += \
	ui/view/results_cells.c ui/view/results_commands.c ui/view/results_files.c \
	ui/view/results_make.c \
	ui/view/results_page.c ui/view/results_panes.c ui/view/results_plots.c \
	ui/view/results_table.c \
	ui/view/view_results.c ui/view/view_results.h
