# Unit tests are one cmocka program per module, listed by the fragment of that part of the house.
# A fragment adds to check_PROGRAMS and TESTS; link with $(UNIT_LIBS).
UNIT_LIBS = libcupel.a $(CORE_LIBS) $(CMOCKA_LIBS)
UI_UNIT_LIBS = libcupelui.a libcupel.a $(CORE_LIBS) $(NCURSES_LIBS) $(CMOCKA_LIBS)
AM_TESTS_ENVIRONMENT = top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' \
	CUPEL='$(abs_top_builddir)/cupel'; export top_srcdir top_builddir CUPEL;
include $(top_srcdir)/tests/unit/base.mk
include $(top_srcdir)/tests/unit/tensor.mk
include $(top_srcdir)/tests/unit/model.mk
include $(top_srcdir)/tests/unit/recipe.mk
include $(top_srcdir)/tests/unit/merge.mk
include $(top_srcdir)/tests/unit/quant.mk
include $(top_srcdir)/tests/unit/engine.mk
include $(top_srcdir)/tests/unit/catalog.mk
include $(top_srcdir)/tests/unit/import.mk
include $(top_srcdir)/tests/unit/compare.mk
include $(top_srcdir)/tests/unit/audit.mk
include $(top_srcdir)/tests/unit/report.mk
include $(top_srcdir)/tests/unit/lineage.mk
include $(top_srcdir)/tests/unit/infer.mk
include $(top_srcdir)/tests/unit/ui.mk
include $(top_srcdir)/tests/cli/local.mk
include $(top_srcdir)/tests/ui/local.mk
include $(top_srcdir)/tests/fuzz/local.mk
include $(top_srcdir)/tests/bench/local.mk

# What the sanitizer build runs: the programs that walk through memory, not the scripts.
check-sanitized:
	$(MAKE) check TESTS='$(filter tests/unit/% tests/fuzz/%,$(TESTS))'

HOUSE_TESTS = tests/layers.sh tests/style.sh
TESTS += $(HOUSE_TESTS)
EXTRA_DIST += $(HOUSE_TESTS)
.PHONY: check-sanitized

if !HAVE_CMOCKA
AM_CPPFLAGS += -I$(top_srcdir)/tests/unit/without
endif
EXTRA_DIST += tests/unit/without/cmocka.h
