# Pages with tables: the text, and what the program itself says of verbs, keys and methods.
MAN_TABLES = sed -e 's/@VERSION@/$(VERSION)/' \
	-e '/^@VERBS@$$/{' -e 'r man/verbs.roff' -e 'd' -e '}' \
	-e '/^@KEYS@$$/{' -e 'r man/keys.roff' -e 'd' -e '}' \
	-e '/^@METHODS@$$/{' -e 'r man/methods.roff' -e 'd' -e '}' \
	-e '/^@FINDINGS@$$/{' -e 'r man/findings.roff' -e 'd' -e '}' \
	-e '/^@FILTERS@$$/{' -e 'r man/filters.roff' -e 'd' -e '}' \
	-e '/^@EXAMPLES@$$/{' -e 'r man/examples.roff' -e 'd' -e '}'
man/tables.stamp: cupel$(EXEEXT) $(top_srcdir)/man/examples
	@$(MKDIR_P) man
	$(AM_V_GEN)for t in verbs keys methods findings filters; do \
	  ./cupel$(EXEEXT) help --roff $$t > man/$$t.roff || exit 1; done
	@sed -e 's/\\/\\e/g' -e 's/-/\\-/g' $(top_srcdir)/man/examples > man/examples.roff
	@touch $@
man/cupel.1: $(top_srcdir)/man/cupel.1.in man/tables.stamp
	$(AM_V_GEN)$(MAN_TABLES) $(top_srcdir)/man/cupel.1.in > $@.tmp && mv $@.tmp $@
man/cupel-recipe.5: $(top_srcdir)/man/cupel-recipe.5.in man/tables.stamp
	$(AM_V_GEN)$(MAN_TABLES) $(top_srcdir)/man/cupel-recipe.5.in > $@.tmp && mv $@.tmp $@
man/cupel-card.5: $(top_srcdir)/man/cupel-card.5.in man/tables.stamp
	$(AM_V_GEN)$(MAN_TABLES) $(top_srcdir)/man/cupel-card.5.in > $@.tmp && mv $@.tmp $@
man_MANS = man/cupel.1 man/cupel-recipe.5 man/cupel-card.5
EXTRA_DIST += man/cupel.1.in man/cupel-recipe.5.in man/cupel-card.5.in man/examples
CLEANFILES += $(man_MANS) man/verbs.roff man/keys.roff man/methods.roff \
	man/findings.roff man/filters.roff man/examples.roff man/tables.stamp

# Completion, written out of the same table.
completion/cupel: cupel$(EXEEXT)
	@$(MKDIR_P) completion
	$(AM_V_GEN)./cupel$(EXEEXT) completion bash > $@.tmp && mv $@.tmp $@
bashcompletiondir = $(datarootdir)/bash-completion/completions
nodist_bashcompletion_DATA = completion/cupel
CLEANFILES += completion/cupel completion/cupel.tmp
dist_man_MANS += man/cupel-catalog.7

# cupel-keys(7) is the table of commands, as the program itself explains it.
man/cupel-keys.7: cupel$(EXEEXT)
	@$(MKDIR_P) man
	$(AM_V_GEN)./cupel$(EXEEXT) --dump-keys > $@.tmp && mv $@.tmp $@
man_MANS += man/cupel-keys.7
CLEANFILES += man/cupel-keys.7 man/cupel-keys.7.tmp
dist_man_MANS += man/cupelrc.5
