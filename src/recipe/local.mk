libcupel_a_SOURCES += \
	src/recipe/yaml.c src/recipe/yaml.h src/recipe/yaml_scalar.c src/recipe/yaml_tree.c \
	src/recipe/keys.c src/recipe/keys.h src/recipe/keys.def src/recipe/build.c \
	src/recipe/build.h src/recipe/build_setting.c src/recipe/build_ref.c \
	src/recipe/build_tokenizer.c src/recipe/build_stack.c \
	src/recipe/vocabulary.c src/recipe/vocabulary.h \
	src/recipe/template.c src/recipe/template.h \
	src/recipe/recipe.c src/recipe/setting.c src/recipe/canon.c src/recipe/recipe.h \
	src/recipe/edit.c src/recipe/edit.h src/recipe/splice.c src/recipe/number.c \
	src/recipe/findings.c src/recipe/codes.c src/recipe/codes.def src/recipe/donor.c \
	src/recipe/documents.c \
	src/recipe/lint.c src/recipe/lint.h src/recipe/lint_in.h src/recipe/lint_keys.c \
	src/recipe/lint_params.c src/recipe/lint_meaning.c src/recipe/lint_output.c \
	src/recipe/lint_models.c src/recipe/lint_inputs.c \
	src/recipe/lint_values.c src/recipe/effect.c \
	src/recipe/effect_gain.c \
	src/recipe/effect.h src/recipe/publish.c src/recipe/publish.h \
	src/recipe/share.c src/recipe/share.h src/recipe/share_look.c \
	src/recipe/open.c src/recipe/open.h
