/* The table of commands keeps its promises: every key is one, means one thing where it works, and every
 * row explains itself; cupelrc answers mistakes with what would be right. */
#include "config.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/vec.h"
#include "ui/command/command.h"
#include "ui/command/settings.h"
#include "ui/screen/glyph.h"
#include "ui/screen/key.h"
#include "ui/screen/style.h"

struct bound {
	uint32_t key;
	const struct command *command;
};
static vec(struct bound) all;

static void collect(void)
{
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *c = command_at(i);
		char *copy = xstrdup(c->keys), *save = NULL;

		for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
			uint32_t key = key_by_name(w);

			if (!key)
				fail_msg("%s: '%s' is no key", c->name, w);
			*vec_push(&all) = (struct bound){ key, c };
		}
		free(copy);
	}
}

static void test_one_meaning(void **state)
{
	(void)state;
	collect();
	for (size_t i = 0; i < all.n; i++)
		for (size_t k = i + 1; k < all.n; k++)
			if (all.v[i].key == all.v[k].key &&
				all.v[i].command->contexts & all.v[k].command->contexts)
				fail_msg("%s and %s have the same key in the same place",
					all.v[i].command->name, all.v[k].command->name);
	vec_fini(&all);
}

static void test_rows_explain_themselves(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *c = command_at(i);
		size_t n = strlen(c->help);

		if (n < 8 || c->help[n - 1] != '.')
			fail_msg("%s: help is a sentence", c->name);
		if (c->priority > 0 && (!*c->label || !*c->keys))
			fail_msg("%s: a hint needs a label and a key", c->name);
		assert_true(c->contexts != 0);
		assert_ptr_equal(command_by_name(c->name), c);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(command_at(k)->name, c->name);
	}
}

/* The keys of the interface: these may not move. */
static void test_fixed_keys(void **state)
{
	static const struct { const char *key, *name; unsigned context; } fixed[] = {
		{ "1", "view-models", CTX_HISTORY }, { "2", "view-tensors", CTX_MODELS },
		{ "3", "view-recipe", CTX_MODELS }, { "5", "view-jobs", CTX_MODELS },
		{ "7", "view-history", CTX_MODELS }, { "Tab", "next-pane", CTX_RECIPE },
		{ "j", "down", CTX_MODELS }, { "Up", "up", CTX_MODELS }, { "G", "last", CTX_MODELS },
		{ "Esc", "close", CTX_MODELS }, { "Space", "mark", CTX_MODELS },
		{ "v", "mark-range", CTX_HISTORY }, { "*", "invert-marks", CTX_MODELS },
		{ "+", "nudge-up", CTX_RECIPE }, { "-", "nudge-down", CTX_RECIPE },
		{ ">", "coarse-up", CTX_RECIPE }, { "<", "coarse-down", CTX_RECIPE },
		{ "=", "type-value", CTX_RECIPE }, { "u", "undo", CTX_RECIPE },
		{ "C-r", "redo", CTX_RECIPE }, { "a", "flip", CTX_RECIPE },
		{ "s", "sort", CTX_TENSORS }, { "S", "sort-reverse", CTX_TENSORS },
		{ "c", "columns", CTX_TENSORS }, { "/", "filter", CTX_TENSORS },
		{ "n", "new-recipe", CTX_MODELS }, { "r", "go-recipe", CTX_HISTORY },
		{ "B", "branch", CTX_RECIPE }, { "m", "method", CTX_RECIPE },
		{ "e", "measure", CTX_MODELS }, { "e", "measure", CTX_RECIPE },
		{ "w", "write", CTX_RECIPE }, { "x", "export", CTX_TENSORS },
		{ "x", "export-sheet", CTX_HISTORY }, { "x", "export-results", CTX_RESULTS },
		{ "6", "view-results", CTX_MODELS }, { "i", "import", CTX_RESULTS },
		{ "b", "baseline-results", CTX_RESULTS }, { "d", "beside-results", CTX_RESULTS },
		{ "f", "arrange-results", CTX_RESULTS }, { "p", "presets-results", CTX_RESULTS },
		{ "r", "go-recipe", CTX_RESULTS }, { "Enter", "open-result", CTX_RESULTS },
		{ "y", "copy", CTX_RECIPE }, { "t", "tag", CTX_HISTORY },
		{ "N", "note", CTX_HISTORY }, { "E", "edit", CTX_RECIPE },
		{ "C-s", "save", CTX_RECIPE }, { "?", "help", CTX_JOBS },
		{ ":", "palette", CTX_JOBS }, { "q", "quit", CTX_JOBS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		const struct binding *b = keymap_find(key_by_name(fixed[i].key), fixed[i].context);

		if (!b || strcmp(b->command->name, fixed[i].name))
			fail_msg("%s is %s, not %s", fixed[i].key, b ? b->command->name : "nothing",
				fixed[i].name);
	}
}

static void test_manual(void **state)
{
	struct str man = STR_INIT;

	(void)state;
	command_dump_man(&man);
	for (size_t i = 0; i < command_count(); i++) {
		struct str name = STR_INIT;

		for (const char *p = command_at(i)->name; *p; p++)
			str_addf(&name, *p == '-' ? "\\-" : "%c", *p);
		if (!strstr(man.s, name.s))
			fail_msg("%s is not in the manual", command_at(i)->name);
		str_fini(&name);
	}
	str_fini(&man);
}

/* --- cupelrc -------------------------------------------------------------------------------- */
static size_t n_bad;
static struct err last_bad;

static void bad(void *ctx, const struct err *e)
{
	(void)ctx;
	n_bad++;
	last_bad = *e;
}

static void read_bad(const char *text, const char *where, const char *hint)
{
	n_bad = 0;
	settings_read_text(text, "rc", 0, bad, NULL);
	assert_int_equal(n_bad, 1);
	if (!strstr(last_bad.where, where) || !strstr(last_bad.hint, hint))
		fail_msg("'%s' is answered with %s: %s; %s", text, last_bad.where, last_bad.what,
			last_bad.hint);
}

static void test_settings(void **state)
{
	struct str out = STR_INIT;

	(void)state;
	n_bad = 0;
	settings_read_text("# a comment\n\n set graph block \nset mouse off\r\ntheme light\n"
		"style cursor bold 214\nbind F9 filter name:x\nunbind F1", "rc", 0, bad, NULL);
	assert_int_equal(n_bad, 0);
	assert_string_equal(settings_get("graph"), "block");
	assert_false(settings_flag("mouse"));
	assert_int_equal(style_look(STYLE_cursor).fg, 214);
	assert_string_equal(keymap_find(key_by_name("F9"), CTX_MODELS)->args, "name:x");
	assert_null(keymap_find(key_by_name("F1"), CTX_MODELS));
	read_bad("\nset grpah x", "rc:2: grpah", "graph");
	read_bad("set graph wavy", "rc:1: graph", "braille");
	read_bad("style cursr bold", "cursr", "cursor");
	read_bad("style cursor pink", "pink", "black red");
	read_bad("bind F13 quit", "F13", "F12");
	read_bad("bind x qit", "qit", "quit");
	read_bad("theme nowhere", "nowhere", "themes");
	read_bad("colour x", "colour", "style");
	settings_dump(&out);
	assert_non_null(strstr(out.s, "\nset graph block\n"));
	assert_non_null(strstr(out.s, "\n#set score arc_easy\n"));
	assert_non_null(strstr(out.s, "\nbind F9 filter name:x\n"));
	assert_non_null(strstr(out.s, "\nunbind F1\n"));
	n_bad = 0;
	settings_read_text(out.s, "dump", 0, bad, NULL);          /* what it writes it can read */
	assert_int_equal(n_bad, 0);
	str_fini(&out);
}

static void test_bindings_replace(void **state)
{
	struct err e = { 0 };
	struct str keys = STR_INIT;

	(void)state;
	assert_true(keymap_bind("s", "save", &e));
	assert_string_equal(keymap_find('s', CTX_TENSORS)->command->name, "save");
	command_keys(command_by_name("sort"), false, &keys);
	assert_string_equal(keys.s ? keys.s : "", "");            /* its key was taken away */
	assert_true(keymap_bind("C-t", "accept", &e));            /* of a form: elsewhere nothing */
	assert_null(keymap_find('t' | KEY_CTRL, CTX_MODELS));
	assert_false(keymap_bind("", "save", &e));
	str_fini(&keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_meaning),
		cmocka_unit_test(test_rows_explain_themselves),
		cmocka_unit_test(test_fixed_keys),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_bindings_replace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
