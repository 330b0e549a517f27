SHARE_FILES += \
	share/demo/README.md \
	share/demo/base/README.md share/demo/base/config.json \
	share/demo/base/generation_config.json share/demo/base/model.safetensors \
	share/demo/base/tokenizer.json \
	share/demo/base/tokenizer_config.json \
	share/demo/code/README.md share/demo/code/config.json \
	share/demo/code/generation_config.json share/demo/code/model.safetensors \
	share/demo/code/tokenizer.json \
	share/demo/code/tokenizer_config.json \
	share/demo/kjv/README.md share/demo/kjv/config.json share/demo/kjv/generation_config.json \
	share/demo/kjv/model.safetensors share/demo/kjv/tokenizer.json \
	share/demo/kjv/tokenizer_config.json \
	share/demo/code.txt share/demo/kjv.txt \
	share/demo/measured.csv share/demo/dare.yml share/demo/halfway.yml share/demo/nearswap.yml \
	share/demo/steps.yml share/demo/tall.yml
SHARE_FILES += share/roles/language.role share/roles/vision.role
SHARE_FILES += share/tasks/tasks
SHARE_FILES += share/cupelrc share/themes/high-contrast share/themes/solarized-dark
SHARE_FILES += \
	share/cards/_about.md share/cards/_lineage.md share/cards/_line.md share/cards/_made.md \
	share/cards/_measured.md \
	share/cards/_recipe.md share/cards/_run.md share/cards/_scores.md share/cards/_sizes.md \
	share/cards/brainwaves.md share/cards/cerebellum.md share/cards/default.md \
	share/cards/leaderboard.md share/cards/side-by-side.md
