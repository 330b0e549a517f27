check_PROGRAMS += tests/unit/test_recipe tests/unit/test_effect tests/unit/test_edit tests/unit/test_lint
TESTS += tests/unit/test_recipe tests/unit/test_effect tests/unit/test_edit tests/unit/test_lint
tests_unit_test_recipe_SOURCES = tests/unit/test_recipe.c tests/unit/golden.h
tests_unit_test_recipe_LDADD = $(UNIT_LIBS)
tests_unit_test_effect_SOURCES = tests/unit/test_effect.c tests/unit/golden.h
tests_unit_test_effect_LDADD = $(UNIT_LIBS)
tests_unit_test_edit_SOURCES = tests/unit/test_edit.c tests/unit/golden.h
tests_unit_test_edit_LDADD = $(UNIT_LIBS)
tests_unit_test_lint_SOURCES = tests/unit/test_lint.c tests/unit/golden.h
tests_unit_test_lint_LDADD = $(UNIT_LIBS)
EXTRA_DIST += \
	tests/golden/recipe/card000.yml \
	tests/golden/recipe/card001.yml \
	tests/golden/recipe/generate.py \
	tests/golden/recipe/odd.yml \
	tests/golden/recipe/scalars.json \
	tests/golden/recipe/stack.yml \
	tests/golden/recipe/settings.json
check_PROGRAMS += tests/unit/test_documents
TESTS += tests/unit/test_documents
tests_unit_test_documents_SOURCES = tests/unit/test_documents.c
tests_unit_test_documents_LDADD = $(UNIT_LIBS)
