TESTS += tests/ui/run.sh
EXTRA_DIST += tests/ui/run.sh \
	tests/ui/dare.script tests/ui/dare.screen \
	tests/ui/gradient.script tests/ui/gradient.screen \
	tests/ui/nearswap.script tests/ui/nearswap.screen \
	tests/ui/recipe.script tests/ui/recipe.screen \
	tests/ui/tensors.script tests/ui/tensors.screen
