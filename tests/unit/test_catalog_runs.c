/* Runs and what hangs on them: recipes, inputs, tags, notes, scores, filters, and text of any
 * kind. */
#include "config.h"
#include <math.h>
#include <sys/wait.h>
#include "catalog_test.h"

static struct catalog *c;

static int open_memory(void **state)
{
	(void)state;
	c = open_ok(":memory:");
	return 0;
}

static int close_memory(void **state)
{
	(void)state;
	catalog_close(c);
	return 0;
}

#define FINDS(filter, names) do { char *f_ = runs_found(c, filter); \
	if (strcmp(f_, names) != 0) \
		fail_msg("%s finds '%s', not '%s'", (const char *)(filter), f_, names); \
	free(f_); } while (0)

static void round_trip(void **state)
{
	struct catalog_run in = { .kind = "merge", .name = "n", .recipe_text = "a: 1\n",
		.recipe_hash = "00112233445566778899aabbccddeeff", .recipe_path = "/r/a.yml",
		.method = "ties", .output = "/o", .bytes = 18446744073709551615u, .tensors = 4,
		.seed = 9223372036854775808u, .command = "merge r o", .version = "1",
		.arithmetic = "float32" };
	struct catalog_input one = { "x", "/x", NULL, "donor" }, *inputs;
	struct err e = { 0 };
	struct catalog_run *r;
	int64_t first, id;
	size_t n;

	(void)state;
	first = catalog_run_begin(c, &in, &one, 1, &e);
	in.parent = first;
	id = catalog_run_begin(c, &in, &one, 1, &e);
	assert_int_equal(id, first + 1);
	r = catalog_run_get(c, id, &e);
	assert_non_null(r);
	assert_string_equal(r->status, "running");
	assert_true(isnan(r->seconds));
	assert_string_equal(r->recipe_text, "a: 1\n");
	assert_string_equal(r->recipe_hash, in.recipe_hash);
	assert_true(r->bytes == in.bytes && r->seed == in.seed);
	assert_int_equal(r->parent, first);
	assert_null(r->tags);
	assert_null(r->note);
	assert_int_equal(strlen(r->started), 20);
	catalog_runs_free(r, 1);
	assert_true(catalog_run_input_hash(c, id, "x", "abcd", &e));
	assert_true(catalog_run_end(c, id, "done", 2.5, "/final", "1234", 10, 20, NULL, &e));
	inputs = catalog_run_inputs(c, id, &n, &e);
	assert_int_equal(n, 1);
	assert_string_equal(inputs[0].hash, "abcd");
	assert_string_equal(inputs[0].role, "donor");
	catalog_inputs_free(inputs, n);
	r = catalog_run_get(c, id, &e);
	assert_string_equal(r->status, "done");
	assert_string_equal(r->output, "/final");
	assert_true(r->seconds == 2.5 && r->bytes == 10 && r->tensors == 20);
	catalog_runs_free(r, 1);
	/* The same text is stored once. */
	json_decref(catalog_sql(c, "SELECT 1", &e));
	{
		json_t *rows = catalog_sql(c, "SELECT count(*) AS n FROM recipe", &e);

		assert_int_equal(json_int(json_array_get(rows, 0), "n", -1), 1);
		json_decref(rows);
	}
	assert_null(catalog_run_get(c, 999, &e));
	assert_non_null(strstr(e.what, "no run 999"));
	assert_false(catalog_run_end(c, 999, "done", 1, NULL, NULL, 0, 0, NULL, &e));
}

static void filters(void **state)
{
	int64_t a, b, d;
	struct err e = { 0 };

	(void)state;
	a = add_run(c, "alpha", "dare_ties",
		"models:\n- model: owner/Llama-3.2-3B\n# sweet spot\n");
	end_run(c, a, "done");
	b = add_run(c, "beta-two", "linear", "models:\n- model: other/Qwen3\n");
	end_run(c, b, "failed");
	d = add_run(c, "gamma", "dare_linear", "x: 1\n");
	end_run(c, d, "done");
	assert_true(catalog_note(c, a, "stutters at 100% \"temperature\"; it's odd", &e));
	assert_true(catalog_note(c, b, "na\xc3\xafve caf\xc3\xa9", &e));
	assert_true(catalog_tag(c, a, "good", true, &e));
	assert_true(catalog_tag(c, d, "good", true, &e));
	assert_true(catalog_tag(c, d, "goodish", true, &e));

	FINDS(NULL, "gamma beta-two alpha");
	FINDS("", "gamma beta-two alpha");
	FINDS("  \t ", "gamma beta-two alpha");
	FINDS("llama", "alpha");
	FINDS("LLA", "alpha");
	FINDS("llama-3.2", "alpha");
	FINDS("weet spot", "");
	FINDS("sweet spot", "alpha");
	FINDS("\"sweet spot\"", "alpha");
	FINDS("\"spot sweet\"", "");
	FINDS("-llama", "gamma beta-two");
	FINDS("tag:good", "gamma alpha");
	FINDS("tag:GOOD", "gamma alpha");
	FINDS("tag:goo", "");
	FINDS("-tag:good", "beta-two");
	FINDS("tag:good -tag:goodish", "alpha");
	FINDS("method:dare", "gamma alpha");
	FINDS("method:DARE_T", "alpha");
	FINDS("status:done method:dare_l", "gamma");
	FINDS("-status:done", "beta-two");
	FINDS("kind:merge", "gamma beta-two alpha");
	FINDS("kind:quant", "");
	FINDS("name:TWO", "beta-two");
	FINDS("input:second", "gamma beta-two alpha");
	FINDS("input:ffff", "gamma beta-two alpha");
	FINDS("recipe:0123", "gamma beta-two alpha");
	FINDS("recipe:123", "");
	FINDS("note:stutters", "alpha");
	FINDS("cafe", "beta-two"); /* accents do not matter */
	FINDS("na\xc3\xafve", "beta-two");
	FINDS("2", "beta-two alpha"); /* the number of the one, and 3.2-3B */
	FINDS("id:3", "gamma");
	FINDS("/models/out", "gamma beta-two alpha");
	FINDS("100%", "alpha");
	FINDS("%", "alpha");

	assert_true(catalog_archive(c, b, true, &e));
	FINDS("", "gamma alpha");
	FINDS("archived:yes", "beta-two");
	FINDS("archived:all", "gamma beta-two alpha");
	FINDS("-archived:yes", "gamma alpha");
	assert_true(catalog_archive(c, b, false, &e));
	FINDS("", "gamma beta-two alpha");

	assert_true(catalog_rename(c, b, "delta", &e));
	FINDS("beta", "");
	FINDS("delta", "delta");
	assert_true(catalog_tag(c, d, "good", false, &e));
	FINDS("tag:good", "alpha");
	FINDS("good", "gamma alpha"); /* goodish begins with it */
}

/* Whatever is typed is text: never syntax of the index, never of SQL. */
static void filters_are_text(void **state)
{
	static const char *const nasty[] =
		{ "\"", "\"\"", "'", "''", "*", "a*", "(", ")", "(a OR b)",
		"AND", "OR", "NOT", "NEAR(a b)", "name : x", "^a", "a^2", "+", "-", "--", "---x",
		"a\"b\"c",
		"\"unclosed", "-\"unclosed", "{name}", "name:\"", "tag:'",
		"tag:';DROP TABLE run;--",
		"'; DROP TABLE run; --", "x') OR 1=1 --", "\\", "%", "_", "?1", "@a", ":", "a:",
		"\x01\x1b[31m",
		"\xff\xfe", "\xe2\x82", "\xf0\x9f\x98\x80", "id:1 OR 1=1", "id:-1",
		"id:99999999999999999999",
		"999999999999999999999999", "NULL", "col:", "tag:", "-tag:", "\x7f" };
	struct err e = { 0 };
	size_t n;

	(void)state;
	end_run(c, add_run(c, "only", "linear", "x: 1\n"), "done");
	for (size_t i = 0; i < sizeof nasty / sizeof *nasty; i++) {
		struct catalog_run *v = catalog_runs(c, nasty[i], &n, &e);

		if (!v && e.code != ERR_USAGE)
			fail_msg("%s: %s", nasty[i], e.what);
		catalog_runs_free(v, n);
	}
	FINDS("", "only");
	FINDS("'; DROP TABLE run; --", "");
	FINDS("\"x') OR 1=1 --\"", "");
	FINDS("id:2 OR 2=2", "");
	/* A long one, and one of a thousand words. */
	{
		char *text = xcalloc(100001, 1);

		memset(text, 'x', 100000);
		FINDS(text, "");
		for (size_t i = 0; i < 2000; i += 2)
			text[i] = '-';
		text[2000] = 0;
		for (size_t i = 1; i < 2000; i += 2)
			text[i] = ' ';
		look_for(c, text);
		free(text);
	}
	assert_null(catalog_runs(c, "tga:x", &n, &e));
	assert_int_equal(e.code, ERR_USAGE);
	assert_non_null(strstr(e.hint, "did you mean tag?"));
	assert_null(catalog_runs(c, "archived:maybe", &n, &e));
	FINDS("\"tga:x\"", "");
}

static void many_terms(void **state)
{
	struct str s = STR_INIT;
	struct err e = { 0 };
	size_t n;

	(void)state;
	end_run(c, add_run(c, "only", "linear", "x: 1\n"), "done");
	for (int i = 0; i < 5000; i++)
		str_addf(&s, "w%d ", i);
	/* More than SQLite takes. */
	assert_null(catalog_runs(c, s.s, &n, &e));
	assert_int_equal(e.code, ERR_USAGE);
	str_fini(&s);
	FINDS("only", "only");
}

static void any_text(void **state)
{
	static const char *const texts[] =
		{ "na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\xa6\x99",
		"\x1b[2J\x07\x01\x7f", "line\nline\r\n\ttab", "\xff\xfe\x80 not UTF-8", "'\"`;--",
		"" };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int64_t id = add_run(c, texts[i], "linear", texts[i]);
		struct catalog_run *r;
		struct catalog_note *notes;
		size_t n;

		assert_true(catalog_note(c, id, texts[i], &e));
		assert_true(catalog_rename(c, id, texts[i], &e));
		end_run(c, id, "done");
		r = catalog_run_get(c, id, &e);
		assert_string_equal(r->name, texts[i]);
		assert_string_equal(r->note, texts[i]);
		assert_string_equal(r->recipe_text, texts[i]);
		catalog_runs_free(r, 1);
		notes = catalog_notes(c, id, &n, &e);
		assert_int_equal(n, 1);
		assert_string_equal(notes[0].text, texts[i]);
		catalog_notes_free(notes, n);
	}
	FINDS("\xe6\x97\xa5\xe6\x9c\xac", texts[0]);
	FINDS("\xf0\x9f\xa6\x99", texts[0]);
}

static void notes_and_tags(void **state)
{
	int64_t id = add_run(c, "n", "linear", "x: 1\n");
	char *huge = xcalloc((17 << 20) + 1, 1);
	struct err e = { 0 };
	struct catalog_note *notes;
	struct catalog_run *r;
	size_t n;

	(void)state;
	end_run(c, id, "done");
	memset(huge, 'a', 17 << 20);
	assert_false(catalog_note(c, id, huge, &e));
	huge[1 << 20] = '\0';
	assert_true(catalog_note(c, id, huge, &e));
	assert_true(catalog_note(c, id, "later", &e));
	notes = catalog_notes(c, id, &n, &e);
	assert_int_equal(n, 2);
	assert_string_equal(notes[0].text, "later");
	assert_int_equal(strlen(notes[1].text), 1 << 20);
	catalog_notes_free(notes, n);
	free(huge);
	assert_false(catalog_note(c, 99, "text", &e));
	assert_non_null(strstr(e.what, "no run 99"));
	assert_false(catalog_tag(c, 99, "x", true, &e));
	assert_false(catalog_rename(c, 99, "x", &e));
	assert_false(catalog_archive(c, 99, true, &e));
	assert_false(catalog_tag(c, id, "two words", true, &e));
	assert_int_equal(e.code, ERR_USAGE);
	assert_false(catalog_tag(c, id, "", true, &e));
	assert_false(catalog_tag(c, id, "\x1b", true, &e));
	assert_false(catalog_tag(c, id, "-x", true, &e));
	assert_false(catalog_tag(c, id, "\xff", true, &e));
	assert_true(catalog_tag(c, id, "b", true, &e));
	assert_true(catalog_tag(c, id, "a", true, &e));
	assert_true(catalog_tag(c, id, "a", true, &e));
	assert_true(catalog_tag(c, id, "never-there", false, &e));
	r = catalog_run_get(c, id, &e);
	assert_string_equal(r->tags, "a b");
	assert_string_equal(r->note, "later");
	catalog_runs_free(r, 1);
}

static void scores(void **state)
{
	int64_t id = add_run(c, "n", "linear", "x: 1\n");
	struct catalog_score in[2] = {
		{ .run = id, .task = "arc", .metric = "acc", .value = 0.5, .stderr_ = NAN,
			.n = 1172 },
		{ .run = id, .task = "text", .metric = "perplexity", .value = NAN, .stderr_ = 0.1,
		  .estimated = true, .protocol = "{\"shots\":0}", .source = "card.md" } }, *v;
	struct err e = { 0 };
	size_t n;

	(void)state;
	assert_true(catalog_score_put(c, in, 2, &e));
	v = catalog_scores(c, id, 0, &n, &e);
	assert_int_equal(n, 2);
	assert_true(v[0].value == 0.5 && isnan(v[0].stderr_) && v[0].n == 1172 && !v[0].estimated);
	assert_true(isnan(v[1].value) && v[1].estimated);
	assert_string_equal(v[1].source, "card.md");
	catalog_scores_free(v, n);
	catalog_scores_free(catalog_scores(c, 99, 0, &n, &e), 0);
	assert_int_equal(n, 0);
}

/* A run whose process died is found stopped, in its own catalog file. */
static void run_of_the_dead(void **state)
{
	struct catalog *d = open_ok(in_folder("dead.db"));
	struct err e = { 0 };
	struct catalog_run *r;
	pid_t child;

	(void)state;
	catalog_close(d);
	child = fork();
	if (child == 0) {
		d = catalog_open(in_folder("dead.db"), false, NULL);
		add_run(d, "lost", "linear", "x: 1\n");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	d = open_ok(in_folder("dead.db"));
	add_run(d, "alive", "linear", "x: 1\n");
	r = catalog_run_get(d, 1, &e);
	assert_string_equal(r->status, "stopped");
	catalog_runs_free(r, 1);
	r = catalog_run_get(d, 2, &e);
	assert_string_equal(r->status, "running");
	catalog_runs_free(r, 1);
	catalog_close(d);
}

static void replaced_outputs(void **state)
{
	size_t n;
	struct catalog_run *v;

	(void)state;
	end_run(c, add_run(c, "first", "linear", "x: 1\n"), "done");
	end_run(c, add_run(c, "second", "linear", "x: 1\n"), "failed");
	v = catalog_runs(c, "", &n, NULL);
	assert_false(v[1].replaced);
	catalog_runs_free(v, n);
	end_run(c, add_run(c, "third", "linear", "x: 1\n"), "done");
	v = catalog_runs(c, "", &n, NULL);
	assert_true(v[2].replaced);
	assert_false(v[0].replaced);
	catalog_runs_free(v, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_memory, close_memory)
		TEST(round_trip),
		TEST(filters),
		TEST(filters_are_text),
		TEST(many_terms),
		TEST(any_text),
		TEST(notes_and_tags),
		TEST(scores),
		TEST(replaced_outputs),
		cmocka_unit_test(run_of_the_dead),
	};

	return cmocka_run_group_tests_name("catalog_runs", tests, folder_setup, folder_teardown);
}
