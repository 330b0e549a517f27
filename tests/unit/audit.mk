EXTRA_DIST += \
	tests/golden/cards/dead-keys.txt \
	tests/golden/cards/generate.py \
	tests/golden/cards/mixed-bits.clean \
	tests/golden/cards/mixed-bits.txt \
	tests/golden/cards/near-swap.txt \
	tests/golden/cards/right-merge.md \
	tests/golden/cards/right-sensitivity.md \
	tests/golden/cards/right-side-by-side.md \
	tests/golden/cards/sensitivity.txt \
	tests/golden/cards/synergy.txt
