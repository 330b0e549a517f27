# cupel(1) is man/cupel.1.in with the verbs as the program itself explains them.
man/cupel.1: $(top_srcdir)/man/cupel.1.in cupel$(EXEEXT)
	@$(MKDIR_P) man
	$(AM_V_GEN)./cupel$(EXEEXT) help --roff > $@.verbs && \
	  sed -e 's/@VERSION@/$(VERSION)/' -e '/^@VERBS@$$/{' -e 'r $@.verbs' -e 'd' -e '}' \
	    $(top_srcdir)/man/cupel.1.in > $@.tmp && rm -f $@.verbs && mv $@.tmp $@
man_MANS = man/cupel.1
EXTRA_DIST += man/cupel.1.in
CLEANFILES += man/cupel.1 man/cupel.1.verbs man/cupel.1.tmp

# Completion, written out of the same table.
completion/cupel: cupel$(EXEEXT)
	@$(MKDIR_P) completion
	$(AM_V_GEN)./cupel$(EXEEXT) completion bash > $@.tmp && mv $@.tmp $@
bashcompletiondir = $(datarootdir)/bash-completion/completions
nodist_bashcompletion_DATA = completion/cupel
CLEANFILES += completion/cupel completion/cupel.tmp
dist_man_MANS += man/cupel-catalog.7
