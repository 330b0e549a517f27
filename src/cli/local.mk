libcupel_a_SOURCES += \
	src/cli/args.c src/cli/args.h src/cli/card_report.c src/cli/card_report.h \
	src/cli/command_line.c src/cli/command_line.h \
	src/cli/doctor_catalog.c src/cli/doctor_catalog.h \
	src/cli/diff_files.c src/cli/diff_files.h src/cli/diff_report.c src/cli/diff_report.h \
	src/cli/export.c src/cli/export.h src/cli/export_errors.c \
	src/cli/figures.c src/cli/figures.h \
	src/cli/history.c src/cli/history.h \
	src/cli/inspect.h src/cli/inspect_json.c src/cli/inspect_page.c \
	src/cli/merge_all.c src/cli/merging.c src/cli/merging.h \
	src/cli/model_rows.c src/cli/model_rows.h \
	src/cli/open.c src/cli/open_model.c \
	src/cli/quant_report.c src/cli/quantizing.c src/cli/quantizing.h \
	src/cli/quantizing_write.c src/cli/replay.c src/cli/replay_quantize.c src/cli/replay.h \
	src/cli/roff.c \
	src/cli/preview_report.c src/cli/preview_report.h \
	src/cli/show.c \
	src/cli/verb.c src/cli/verb.h src/cli/verbs.def \
	src/cli/verb_archive.c \
	src/cli/verb_audit.c \
	src/cli/verb_backup.c \
	src/cli/verb_cancel.c \
	src/cli/verb_compare.c \
	src/cli/verb_completion.c \
	src/cli/verb_demo.c \
	src/cli/verb_diff.c \
	src/cli/verb_doctor.c \
	src/cli/verb_drop.c \
	src/cli/evaluating.c src/cli/evaluating.h src/cli/verb_eval.c \
	src/cli/verb_export.c \
	src/cli/verb_help.c \
	src/cli/verb_import.c \
	src/cli/verb_inspect.c \
	src/cli/verb_jobs.c \
	src/cli/verb_lineage.c \
	src/cli/verb_lint.c \
	src/cli/verb_log.c \
	src/cli/verb_merge.c \
	src/cli/verb_methods.c \
	src/cli/verb_models.c \
	src/cli/verb_note.c \
	src/cli/verb_plan.c \
	src/cli/verb_quantize.c \
	src/cli/verb_preview.c \
	src/cli/verb_rename.c \
	src/cli/verb_replay.c \
	src/cli/verb_runs.c \
	src/cli/verb_scan.c \
	src/cli/verb_show.c \
	src/cli/verb_sql.c \
	src/cli/verb_stats.c \
	src/cli/verb_tag.c \
	src/cli/verb_types.c
