TESTS += tests/ui/run.sh
screen_tests = \
	tests/ui/ascii.script tests/ui/ascii.screen \
	tests/ui/damaged.script tests/ui/damaged.screen \
	tests/ui/dare.script tests/ui/dare.screen \
	tests/ui/documents.script tests/ui/documents.screen \
	tests/ui/empty.script tests/ui/empty.screen \
	tests/ui/export.script tests/ui/export.screen \
	tests/ui/gradient.script tests/ui/gradient.screen \
	tests/ui/help.script tests/ui/help.screen \
	tests/ui/history.script tests/ui/history.screen tests/ui/history.csv \
	tests/ui/lineage.script tests/ui/lineage.screen tests/ui/lineage_card.md \
	tests/ui/loop.script tests/ui/loop.screen \
	tests/ui/measure.script tests/ui/measure.screen \
	tests/ui/models.script tests/ui/models.screen \
	tests/ui/mouse.script tests/ui/mouse.screen \
	tests/ui/names.script tests/ui/names.screen \
	tests/ui/narrow.script tests/ui/narrow.screen \
	tests/ui/nearswap.script tests/ui/nearswap.screen \
	tests/ui/outside.script tests/ui/outside.screen \
	tests/ui/quant.script tests/ui/quant.screen \
	tests/ui/recipe.script tests/ui/recipe.screen \
	tests/ui/results.script tests/ui/results.screen \
	tests/ui/settings.script tests/ui/settings.screen \
	tests/ui/stack.script tests/ui/stack.screen \
	tests/ui/tensors.script tests/ui/tensors.screen \
	tests/ui/wide.script tests/ui/wide.screen
EXTRA_DIST += tests/ui/run.sh $(screen_tests)

PTY_TESTS = tests/pty/first_look.sh tests/pty/recipe.sh tests/pty/resize.sh tests/pty/crash.sh \
	tests/pty/write.sh tests/pty/terminal.sh
TESTS += $(PTY_TESTS)
EXTRA_DIST += tests/pty/lib.sh $(PTY_TESTS)
