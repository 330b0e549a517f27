/* Text of model cards: code pages and marks, what stands around tables, damage, and cards made to be
 * read for ever. */
#include "card_test.h"

/* --- text --- */

static void mojibake_is_put_right(void **state)
{
	struct err e = { 0 };
	struct import_file f;
	char *path = golden("mixed-bits.clean"), *clean, *lens;
	size_t n;

	(void)state;
	clean = file_read_all(path, (size_t)1 << 20, &n, &e);
	assert_non_null(clean);
	load(&f, "mixed-bits.txt");
	/* The last byte of the magnifier had no letter: which picture it was is lost. */
	lens = strstr(clean, "\xf0\x9f\x94\x8d");
	assert_non_null(lens);
	memcpy(lens, "\xef\xbf\xbd", 3);
	memmove(lens + 3, lens + 4, strlen(lens + 4) + 1);
	assert_string_equal(f.card->text, clean);
	assert_int_equal(f.card->repaired, 14);
	import_file_fini(&f);
	free(clean);
	free(path);
}

static void text_of_other_code_pages(void **state)
{
	static const struct {
		const char *in, *out;
		size_t repaired;
	} v[] = {
		{ "\xef\xbb\xbf# a\xe2\x80\x94z", "# a\xe2\x80\x94z", 0 },
		{ "# a \xe2\x80\x9c\xce\x93\xe2\x80\x9d \xce\x94\xe2\x80\x93t", NULL,
			0 }, /* Greek */
		{ "# caf\xe9 \x96 5\x80", "# caf\xc3\xa9 \xe2\x80\x93 5\xe2\x82\xac", 3 },
		/* "â€”" and "Ã—", and the same gone through it twice */
		{ "# a\xc3\xa2\xe2\x82\xac\xe2\x80\x9d"
		  "b 2\xc3\x83\xe2\x80\x94"
		  "3",
			"# a\xe2\x80\x94"
			"b 2\xc3\x97"
			"3",
			2 },
		{ "# \xc3\x83\xc2\xa2\xc3\xa2\xe2\x80\x9a\xc2\xac\xc3\xa2\xe2\x82\xac\xc2\x9d",
			"# \xe2\x80\x94", 3 },
		{ "# a\x01"
		  "b\x1b[31m\r\n\tz\xe2\x80\xae",
			"# a b [31m\n\tz ", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
		struct import_file f;

		parse(&f, v[i].in);
		assert_string_equal(f.card->text, v[i].out ? v[i].out : v[i].in);
		assert_int_equal(f.card->repaired, v[i].repaired);
		import_file_fini(&f);
	}
}

static void marks_of_cells_come_off(void **state)
{
	static const struct expected v[] = {
		{ 5, "Big-Merge-70B", "arc_challenge", 0.7338, NULL },
		{ 5, "Big-Merge-70B", "hellaswag", 0.889, NULL },
		{ 6, "other model", "arc_challenge", 0.701, NULL },
	};
	struct import_file f;

	(void)state;
	parse(&f, "# Big-Merge-70B\n\n| Model&nbsp;name | [ARC](https://a.b/c_d) | `HellaSwag` | "
		  "Notes |\n"
		  "|:--|--:|--:|---|\n| [**Big-Merge-70B**](https://x.y/z) | 73.38 | _88.9_ | a "
		  "\\| b |\n"
		  "| other<br>model | **70.1** | - | |\n");
	check(&f, v, sizeof v / sizeof v[0]);
	assert_int_equal(f.facts.n, 3);
	assert_string_equal(json_string_value(at(&f.card->tables.v[0], 0, 3)), "a | b");
	assert_true(json_is_null(at(&f.card->tables.v[0], 1, 3)));
	import_file_fini(&f);
}

static void what_lm_eval_prints(void **state)
{
	struct import_file f;

	(void)state;
	parse(&f, "# M-1\n\n|    Tasks     |Version|Filter|n-shot|Metric|   |Value |   |Stderr|\n"
		  "|--------------|------:|------|-----:|------|---|-----:|---|-----:|\n"
		  "|arc_challenge |      1|none  |    25|acc   |\xe2\x86\x91  |0.6331|\xc2\xb1  "
		  "|0.0141|\n"
		  "|              |       |none  |    25|acc_norm|\xe2\x86\x91  |0.6731|\xc2\xb1  "
		  "|0.0137|\n"
		  "|gsm8k         |      3|strict-match|     5|exact_match|\xe2\x86\x91  "
		  "|0.7|\xc2\xb1  |0.0126|\n");
	assert_int_equal(f.facts.n, 3);
	assert_string_equal(f.facts.v[1].task, "arc_challenge");
	assert_string_equal(f.facts.v[1].metric, "acc_norm");
	assert_true(f.facts.v[1].stderr_ == 0.0137);
	assert_string_equal(json_text(f.facts.v[1].protocol, "tool", ""), "lm-eval");
	assert_int_equal(json_int(f.facts.v[2].protocol, "shots", 0), 5);
	assert_string_equal(json_text(f.facts.v[2].protocol, "filter", ""), "strict-match");
	import_file_fini(&f);
}

static void figures_of_the_front_matter(void **state)
{
	struct import_file f;

	(void)state;
	parse(&f, "---\nlicense: mit\nbase_model:\n- a/B-1\n- c/D-2\nmodel-index:\n- name: E-3\n"
		  "  results:\n  - dataset:\n      name: AI2 Reasoning Challenge (25-Shot)\n"
		  "      args: {num_few_shot: 25}\n    metrics:\n    - type: acc_norm\n"
		  "      value: 73.38\n    - type: acc\n      value: .nan\n"
		  "    source: {name: Open LLM Leaderboard}\n"
		  "  - dataset: {name: WikiText, type: wikitext}\n"
		  "    metrics: [{type: perplexity, value: 6.5, stderr: 0.04}]\n---\n# E-3\n");
	assert_int_equal(f.facts.n, 2);
	assert_string_equal(f.facts.v[0].variant, "E-3");
	assert_string_equal(f.facts.v[0].metric, "acc_norm");
	assert_true(fabs(f.facts.v[0].value - 0.7338) < 1e-12);
	assert_int_equal(f.facts.v[0].line, 14);
	assert_int_equal(json_int(f.facts.v[0].protocol, "shots", 0), 25);
	assert_true(f.facts.v[1].value == 6.5 && f.facts.v[1].stderr_ == 0.04);
	assert_int_equal(f.unread.n, 1);
	assert_int_equal(f.unread.v[0].line, 16);
	parent(f.card, 0, "a/B-1", "merge", -1);
	assert_int_equal(f.card->parents.v[1].line, 5);
	import_file_fini(&f);
}

static void figures_in_html_and_in_lists(void **state)
{
	static const struct expected v[] = {
		{ 11, "a/B-7B", "arc_challenge", 0.55, NULL },
		{ 11, "C-7B-q4-mlx", "arc_challenge", 0.6, NULL },
		{ 12, "C-7B-q4-mlx", "piqa", 0.79, NULL },
		{ 19, "C-7B-q4-mlx", "arc_challenge", 0.603, NULL },
		{ 20, "C-7B-q4-mlx", "hellaswag", 0.729, NULL },
		{ 21, "C-7B-q4-mlx", "mmlu", 0.651, NULL },
	};
	struct import_file f;

	(void)state;
	parse(&f,
		"---\nbase_model: a/B-7B\n---\n# C-7B-q4-mlx\n\n\n\n\n<table class=\"x\">\n"
		"<tr><th>Benchmark</th><th>Base</th><th>This model</th></tr>\n"
		"<tr><td>ARC-C</td><td>0.55</td><td><b>0.60</b></td></tr>\n<tr>\n <td>PIQA</td>\n"
		" <td>-</td>\n <td>0.79</td>\n</tr>\n</table>\n\n- ARC-Challenge (25-shot): 60.3\n"
		"- **HellaSwag**: 72.9%\n- MMLU: 65.1 (5-shot)\n- Sentences: 3\n");
	check(&f, v, sizeof v / sizeof v[0]);
	assert_int_equal(f.facts.n, 6);
	assert_int_equal(json_int(f.facts.v[3].protocol, "shots", 0), 25);
	assert_int_equal(json_int(f.facts.v[5].protocol, "shots", 0), 5);
	import_file_fini(&f);
}

static void rows_of_several_quantizations(void **state)
{
	static const struct expected v[] = {
		{ 5, "C-7B-q4-mlx", "piqa", 0.7, "q4" },
		{ 6, "C-7B-q8-hi-mlx", "piqa", 0.8, "q8-hi" },
		{ 8, "d/E-7B", "piqa", 0.5, "q4" },
		{ 9, "d/E-7B q8", "piqa", 0.6, "q8" },
		{ 13, "C-7B-q8-hi-mlx", "text", 3.985, NULL },
	};
	struct import_file f;

	(void)state;
	parse(&f, "# C-7B-q4-mlx\n\n```\n      arc   arc/e boolq piqa\nq4    0.5,0.6,,0.7\n"
		  "q8-hi 0.5,0.6,-,0.8\nd/E-7B\nq4    0.5,0.6,0.7,0.5\nq8    0.5,0.6,0.7,0.6,0.9\n"
		  "q8    0.5,0.6,0.7,0.6\n\nQuant    Perplexity      Peak Memory\n"
		  "q8-hi    3.985 \302\261 0.026   24.84 GB\nq4    4.1 \302\261 0.03   9.8 "
		  "GB\n```\n");
	assert_int_equal(f.unread.n, 1); /* more values than tasks: none of them is placed */
	assert_int_equal(f.unread.v[0].line, 9);
	check(&f, v, 3);
	assert_int_equal(
		fact_of(&f, &(struct expected){ 10, "d/E-7B q8", "piqa", 0, NULL }) != NULL, 1);
	check(&f, v + 4, 1);
	import_file_fini(&f);
}

static void names_of_models(void **state)
{
	static const struct {
		const char *text, *name;
	} v[] = {
		{ "# merge\n\nModel tree for x/Y-3B\n", "x/Y-3B" },
		{ "# Model Card for Z-1B\n", "Z-1B" },
		{ "# [a/W-2B](https://h.example/a/W-2B)\n", "a/W-2B" },
		{ "# W-2B\n\n```python\nload(\"a/W-2B\")\n```\n", "a/W-2B" },
		{ "# A tale of W\n\n```python\nload(\"a/W-2B\")\n```\n", "a/W-2B" },
		{ "# W-2B-Q4_K_M (4.42 GB)\n", "W-2B-Q4_K_M" },
		{ "W-2B\n====\n", "W-2B" },
	};
	struct import_file f;

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
		parse(&f, v[i].text);
		assert_string_equal(f.card->name, v[i].name);
		assert_string_equal(f.model, v[i].name);
		import_file_fini(&f);
	}
}

static void what_is_damaged_is_listed_and_the_rest_arrives(void **state)
{
	struct import_file f;

	(void)state;
	parse(&f, "---\nlicense: mit\ntags: [a, b\nlanguage: en\n---\n# M-1\n\n| Task | M-1 "
		  "|\n|--|--|\n"
		  "| arc | 0.5 | 0.6 |\n| piqa | 1.5e999 |\n| boolq | 0.7 |\n");
	assert_string_equal(f.card->license, "mit");
	assert_int_equal(json_array_size(f.card->languages), 1);
	assert_int_equal(f.unread.n, 2);
	assert_int_equal(f.unread.v[0].line, 3);
	assert_int_equal(f.unread.v[1].line, 10);
	assert_int_equal(f.facts.n, 2);
	import_file_fini(&f);
}

static void prose_is_no_card(void **state)
{
	static const char *const texts[] = { "nothing\n", "Dear all,\n\nthis is a letter.\n",
		"a\tb\n1\t2\n" };
	struct import_file f;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_false(import_parse(&f, "text.txt", texts[i], strlen(texts[i]), &e));
		import_file_fini(&f);
	}
}

static void a_log_inside_a_card_is_no_log(void **state)
{
	struct import_file f;

	(void)state;
	parse(&f,
		"---\nlicense: mit\n---\n# M-1\n\n```\nFinal estimate: PPL = 6.5 +/- 0.03\n```\n");
	assert_string_equal(f.card->license, "mit");
	import_file_fini(&f);
	parse(&f, "---\ntags: [x]\n---\nmodel,task,metric,value\nm,piqa,acc,0.5\n");
	import_file_fini(&f);
}

/* --- hostile --- */

static void every_beginning_of_a_card_is_read(void **state)
{
	static const char *const names[] = { "synergy.txt", "mixed-bits.txt", "near-swap.txt",
		"sensitivity.txt", "right-sensitivity.md" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct err e = { 0 };
		char *path = golden(names[i]);
		size_t n;
		char *text = file_read_all(path, (size_t)1 << 20, &n, &e);

		assert_non_null(text);
		for (size_t k = 0; k < n; k += 97) {
			char *cut = xstrndup(text, k);
			struct import_file f;

			import_parse(&f, "README.md", cut, k, &e);
			import_file_fini(&f);
			free(cut);
		}
		free(text);
		free(path);
	}
}

static void repeat(struct str *s, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_add(s, text);
}

static void absurd_cards_end_soon(void **state)
{
	struct import_file f;
	struct str s = STR_INIT;

	(void)state;
	/* a table of a million rows */
	str_add(&s, "# M-1\n\n| Model | arc | piqa |\n|--|--|--|\n");
	repeat(&s, "| x | 0.5 | 0.6 |\n", 300000);
	parse(&f, s.s);
	assert_int_equal(json_array_size(f.card->tables.v[0].rows), 5000);
	assert_int_equal(f.unread.n, 1);
	import_file_fini(&f);
	/* as many tables as there are lines, each with many columns */
	str_clear(&s);
	str_add(&s, "# M-1\n\n");
	for (size_t i = 0; i < 2000; i++)
		str_add(&s, "Task a b c d e f g h i j k l m n o p q r s\narc 1 2 3 4 5 6 7 8 9 1 2 "
			    "3\n\n");
	parse(&f, s.s);
	assert_true(f.card->tables.n <= 500);
	import_file_fini(&f);
	/* recipes, lines of scores and lists without end */
	str_clear(&s);
	str_add(&s, "# M-1\n\n");
	repeat(&s, "```yaml\nmerge_method: linear\nmodels:\n  - model: a/B-1\n```\n", 20000);
	parse(&f, s.s);
	assert_int_equal(f.card->parents.n, 1);
	import_file_fini(&f);
	str_clear(&s);
	str_add(&s, "# M-1\n\n");
	repeat(&s, "arc boolq piqa\nq8 0.5,0.6,0.7\n", 20000);
	repeat(&s, "- arc: 0.5\n", 20000);
	parse(&f, s.s);
	assert_int_equal(f.card->tables.n, 500);
	import_file_fini(&f);
	/* one line, of everything that opens something */
	str_clear(&s);
	str_add(&s, "# M-1\n\n");
	repeat(&s, "[(<&#**`_|", 200000);
	parse(&f, s.s);
	import_file_fini(&f);
	str_clear(&s);
	str_add(&s, "# M-1\n\n");
	for (size_t i = 0; i < 2000; i++) {
		repeat(&s, "[(<&|", 300);
		str_addc(&s, '\n');
	}
	parse(&f, s.s);
	import_file_fini(&f);
	/* YAML that is deep, and that grows when it is expanded */
	str_clear(&s);
	str_add(&s, "---\ntags: ");
	repeat(&s, "[", 100000);
	str_add(&s, "\na: &a [x, x, x, x, x, x, x, x, x]\n");
	for (char c = 'b'; c < 'z'; c++)
		str_addf(&s, "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c, c - 1, c - 1,
			c - 1, c - 1, c - 1, c - 1, c - 1);
	str_add(&s, "base_model: *y\nlicense: mit\n---\n# M-1\n");
	parse(&f, s.s);
	assert_true(f.unread.n > 0);
	import_file_fini(&f);
	str_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mojibake_is_put_right),
		cmocka_unit_test(text_of_other_code_pages),
		cmocka_unit_test(marks_of_cells_come_off),
		cmocka_unit_test(what_lm_eval_prints),
		cmocka_unit_test(figures_of_the_front_matter),
		cmocka_unit_test(figures_in_html_and_in_lists),
		cmocka_unit_test(rows_of_several_quantizations),
		cmocka_unit_test(names_of_models),
		cmocka_unit_test(what_is_damaged_is_listed_and_the_rest_arrives),
		cmocka_unit_test(prose_is_no_card),
		cmocka_unit_test(a_log_inside_a_card_is_no_log),
		cmocka_unit_test(every_beginning_of_a_card_is_read),
		cmocka_unit_test(absurd_cards_end_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
