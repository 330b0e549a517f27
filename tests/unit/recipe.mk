check_PROGRAMS += tests/unit/test_recipe
TESTS += tests/unit/test_recipe
tests_unit_test_recipe_SOURCES = tests/unit/test_recipe.c tests/unit/golden.h
tests_unit_test_recipe_LDADD = $(UNIT_LIBS)
EXTRA_DIST += \
	tests/golden/recipe/generate.py \
	tests/golden/recipe/scalars.json \
	tests/golden/recipe/settings.json
