/* Model cards: every number of every table arrives with its line, and belongs to the model and the
 * task that it is of. The cards are tests/golden/cards: five with the shapes and mistakes of real
 * ones, three without mistakes. */
#include "card_test.h"

/* --- every number --- */

/* How many cells of the line are that number: as it stands there, of 1, or in bytes. */
static size_t cells_with(const struct import_file *f, int64_t line, double v)
{
	size_t n = 0, k, c;
	json_t *row, *cell;

	for (size_t i = 0; i < f->card->tables.n; i++)
		json_array_foreach(f->card->tables.v[i].rows, k, row)
		{
			if (json_int(row, "line", 0) != line)
				continue;
			json_array_foreach(json_at(row, "cells"), c, cell) n +=
				json_is_number(cell) &&
				(near(json_number_value(cell), v) ||
					near(json_number_value(cell), v / 100) ||
					near(json_number_value(cell), v * 1e9));
		}
	for (size_t i = 0; i < f->facts.n; i++) { /* "(25-Shot)" */
		json_t *shots = json_object_get(f->facts.v[i].protocol, "shots");

		n += f->facts.v[i].line == line && json_is_integer(shots) &&
		     (double)json_integer_value(shots) == v;
	}
	return n;
}

static bool text_with(const json_t *list, const char *number)
{
	json_t *x;
	size_t i;

	json_array_foreach((json_t *)list, i,
		x) if (json_is_string(x) && strstr(json_string_value(x), number)) return true;
	return false;
}

static bool words_with(const struct import_file *f, int64_t line, const char *number)
{
	json_t *row;
	size_t k;

	for (size_t i = 0; i < f->card->tables.n; i++) {
		const struct card_table *t = &f->card->tables.v[i];

		if (t->line == line && text_with(t->columns, number))
			return true;
		json_array_foreach(
			t->rows, k, row) if (json_int(row, "line", 0) == line &&
					     text_with(json_at(row, "stated"), number)) return true;
	}
	return false;
}

static size_t check_line(const struct import_file *f, const char *name, int64_t line, char *numbers)
{
	char *all = xasprintf(" %s ", numbers), *save = NULL;
	size_t count = 0;

	for (char *w = strtok_r(numbers, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *whole = xasprintf(" %s ", w);
		size_t times = 0;

		count++;
		for (const char *p = all; (p = strstr(p, whole)); p++)
			times++;
		if (*w == '(') {
			w[strlen(w) - 1] = 0;
			if (!words_with(f, line, w + 1))
				fail_msg(
					"%s:%lld: %s did not arrive", name, (long long)line, w + 1);
		} else if (cells_with(f, line, strtod(w, NULL)) < times) {
			fail_msg("%s:%lld: %s did not arrive", name, (long long)line, w);
		}
		free(whole);
	}
	free(all);
	return count;
}

static void every_number_of_every_table_arrives(void **state)
{
	struct err e = { 0 };
	char *path = golden("numbers"), *save = NULL, name[64] = "";
	size_t n, count = 0;
	char *text = file_read_all(path, (size_t)1 << 20, &n, &e);
	struct import_file f = { 0 };

	(void)state;
	assert_non_null(text);
	for (char *s = strtok_r(text, "\n", &save); s; s = strtok_r(NULL, "\n", &save)) {
		char *line = strchr(s, '\t'), *numbers = line ? strchr(line + 1, '\t') : NULL;

		if (*s == '#')
			continue;
		assert_non_null(numbers);
		*line++ = *numbers++ = 0;
		if (strcmp(name, s) != 0) {
			import_file_fini(&f);
			snprintf(name, sizeof name, "%s", s);
			load(&f, name);
		}
		count += check_line(&f, name, strtoll(line, NULL, 10), numbers);
	}
	assert_int_equal(count, 296);
	import_file_fini(&f);
	free(text);
	free(path);
}

/* --- figures --- */

#define SCOUT "tidewater/quarrystone-4.1-3B-Scout3-q8-hi-mlx"
#define CODE "tidewater/quarrystone-4.1-3B-Fortran-Lua-Ocaml"
#define SFT "marlowkeane/Quarrystone-4.1-3B-SFT-Clio-Opal-Reasoning-Fastpack"
#define BASE "quarrystone-4.1-3b"

static void rows_belong_to_the_model_above_them(void **state)
{
	static const struct expected v[] = {
		{ 15, SCOUT, "arc_challenge", 0.481, "q8-hi" },
		{ 15, SCOUT, "winogrande", 0.650, "q8-hi" },
		{ 21, CODE, "arc_challenge", 0.468, "q8-hi" },
		{ 21, CODE, "boolq", 0.835, "q8-hi" },
		{ 24, SFT, "arc_challenge", 0.404, "mxfp8" },
		{ 24, SFT, "openbookqa", 0.368, "mxfp8" },
		{ 29, BASE, "arc_easy", 0.581, "mxfp8" },
		{ 29, BASE, "winogrande", 0.559, "mxfp8" },
	};
	struct import_file f;
	size_t of_code = 0;

	(void)state;
	load(&f, "synergy.txt");
	check(&f, v, sizeof v / sizeof v[0]);
	for (size_t i = 0; i < f.facts.n; i++) /* three values, not seven with four of them moved */
		of_code += f.facts.v[i].line == 21;
	assert_int_equal(of_code, 3);
	json_t *cells = json_at(json_array_get(f.card->tables.v[1].rows, 0), "cells");
	assert_int_equal(json_array_size(cells), 8);
	for (size_t i = 4; i < 8; i++)
		assert_true(json_is_null(json_array_get(cells, i)));
	import_file_fini(&f);
}

static void columns_are_known_by_what_they_repeat(void **state)
{
	static const struct expected v[] = {
		{ 45, BASE, "arc_challenge", 0.406, "mxfp8" },
		{ 45, SFT, "arc_challenge", 0.404, "mxfp8" },
		{ 45, CODE, "arc_challenge", 0.468, "q8-hi" },
		{ 45, SCOUT, "arc_challenge", 0.481, "q8-hi" },
		{ 48, SCOUT, "hellaswag", 0.679, "q8-hi" },
		{ 48, CODE, "hellaswag", 0.642, NULL },
	};
	static const char *const heads[] = { "Metric Pillar", "Base Quarrystone", "Clio-Opal SFT",
		"Your Code Model", "Scout3 Merge", "The Synergy Delta" };
	struct import_file f;
	const struct card_table *t;
	size_t estimates = 0;

	(void)state;
	load(&f, "synergy.txt");
	check(&f, v, sizeof v / sizeof v[0]);
	t = &f.card->tables.v[3];
	assert_int_equal(t->line, 44);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(json_string_value(json_array_get(t->columns, i)), heads[i]);
	for (size_t i = 0; i < f.facts.n; i++) {
		estimates += f.facts.v[i].estimated;
		assert_true(!f.facts.v[i].estimated || f.facts.v[i].value == 0.642);
		assert_true(f.facts.v[i].value > 0.1); /* no difference became a result */
	}
	assert_int_equal(estimates, 1);
	assert_int_equal(f.facts.n, 40);
	import_file_fini(&f);
}

static void quantizations_of_one_model_are_told_apart(void **state)
{
	static const struct expected v[] = {
		{ 27, "Merino3-8B-AYAY-V2-Hybrid-qx63-hi-mlx", "arc_challenge", 0.396, "qx63-hi" },
		{ 27, "Merino3-8B-AYAY-V2-Hybrid-q4-hi-mlx", "arc_challenge", 0.390, "q4-hi" },
		{ 29, "Merino3-8B-AYAY-V2-Hybrid-q4-hi-mlx", "boolq", 0.622, "q4-hi" },
		{ 33, "Merino3-8B-AYAY-V2-Hybrid-qx63-hi-mlx", "winogrande", 0.649, "qx63-hi" },
	};
	static const struct expected touchstone[] = {
		{ 21, "harrowgate/Caravel-2-8B-Instruct", "wikitext", 6.1710, NULL },
		{ 24, "harrowgate/Caravel-2-8B-Instruct Q4_K_M", "wikitext", 6.2340, "Q4_K_M" },
		{ 25, "Caravel-2-8B-Instruct-Touchstone-Q4_K_M.gguf", "wikitext", 6.3188, NULL },
		{ 66, "harrowgate/Caravel-2-8B-Instruct Q4_K_M", "hellaswag", 0.781, NULL },
		{ 66, "Caravel-2-8B-Instruct-Touchstone-Q4_K_M.gguf", "hellaswag", 0.779, NULL },
	};
	struct import_file f;

	(void)state;
	load(&f, "mixed-bits.txt");
	check(&f, v, sizeof v / sizeof v[0]);
	assert_int_equal(f.facts.n, 14);
	import_file_fini(&f);
	load(&f, "right-sensitivity.md");
	check(&f, touchstone, sizeof touchstone / sizeof touchstone[0]);
	assert_int_equal(f.facts.n, 11);
	import_file_fini(&f);
}

static void points_become_fractions_with_shots(void **state)
{
	static const struct expected v[] = {
		{ 71, "SextetMarigold-70B-t0.0001-b4.6-h8-exl2", "average", 0.7686, NULL },
		{ 72, "SextetMarigold-70B-t0.0001-b4.6-h8-exl2", "arc_challenge", 0.7338, NULL },
		{ 77, "SextetMarigold-70B-t0.0001-b4.6-h8-exl2", "gsm8k", 0.6861, NULL },
	};
	struct import_file f;

	(void)state;
	load(&f, "near-swap.txt");
	check(&f, v, sizeof v / sizeof v[0]);
	assert_string_equal(f.facts.v[1].metric, "acc_norm");
	assert_int_equal(json_int(f.facts.v[1].protocol, "shots", -1), 25);
	assert_string_equal(json_text(f.facts.v[1].protocol, "tool", ""), "open-llm-leaderboard");
	import_file_fini(&f);
}

/* --- structure --- */

static void columns_are(const struct card_table *t, const char *joined)
{
	struct str s = STR_INIT;
	json_t *x;
	size_t i;

	json_array_foreach(t->columns, i, x)
		str_addf(&s, "%s%s", i ? " " : "", json_string_value(x));
	assert_string_equal(s.s, joined);
	str_fini(&s);
}

static void tables_of_groups_keep_their_holes(void **state)
{
	struct import_file f;
	const struct card_table *t;

	(void)state;
	load(&f, "sensitivity.txt");
	t = table(&f, "sensitivity", 0);
	columns_are(t, "group tensors delta_percent bytes_saved");
	assert_int_equal(json_array_size(t->rows), 4);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(json_integer_value(at(t, i, 1)), 40);
		assert_true(json_is_null(at(t, i, 2)) && json_is_null(at(t, i, 3)));
	}
	assert_true(json_real_value(at(t, 3, 2)) == 1.9);
	assert_int_equal(json_integer_value(at(t, 3, 3)), 100000000);
	t = table(&f, "sensitivity", 1);
	columns_are(t, "group delta_percent verdict");
	assert_string_equal(json_string_value(at(t, 4, 0)), "ssm_in (Mamba input)");
	assert_true(json_real_value(at(t, 4, 1)) == 12.85);
	assert_string_equal(json_string_value(at(t, 4, 2)), "Keep at Q3_K");
	assert_true(json_num(f.card->facts, "context.value", 0) == 131072);
	assert_true(json_num(f.card->facts, "experts_used.value", 0) == 10);
	assert_true(json_num(f.card->facts, "parameters.value", 0) == 32e9);
	assert_int_equal(json_int(f.card->facts, "parameters.line", 0), 48);
	assert_int_equal(json_int(f.card->quantization, "bytes", 0), 14200000000);
	assert_string_equal(f.card->name, "saltmarsh/Basanite-4.0-H-Small-Alembic-GGUF");
	import_file_fini(&f);
}

static void lists_of_t_are_tables(void **state)
{
	struct import_file f;
	const struct card_table *t;

	(void)state;
	load(&f, "near-swap.txt");
	t = table(&f, "swap", 0);
	columns_are(t, "t full note");
	assert_int_equal(json_array_size(t->rows), 6);
	assert_true(json_real_value(at(t, 1, 0)) == 0.0003);
	assert_true(json_real_value(at(t, 1, 1)) == 0.02);
	assert_true(json_is_null(at(t, 1, 2)));
	assert_string_equal(json_string_value(at(t, 2, 2)), "NorthGale-70B");
	t = table(&f, "quants", 0);
	columns_are(t, "type misc author");
	assert_string_equal(json_string_value(at(t, 3, 1)), "Full Set");
	assert_true(json_is_null(at(t, 0, 1)));
	assert_true(json_real_value(at(t, 4, 1)) == 2.5);
	assert_true(json_num(f.card->quantization, "bits_per_weight", 0) == 4.6);
	assert_int_equal(json_int(f.card->quantization, "head_bits", 0), 8);
	assert_int_equal(f.unread.n, 1); /* the list of models that is announced and missing */
	assert_int_equal(f.unread.v[0].line, 10);
	import_file_fini(&f);
}

static void recipes_and_parents_are_found(void **state)
{
	struct import_file f;

	(void)state;
	load(&f, "dead-keys.txt");
	assert_int_equal(f.card->recipe_line, 19);
	assert_true(str_starts(f.card->recipe, "# Which models take part"));
	assert_true(str_ends(f.card->recipe, "a fair trade of precision for memory.\n"));
	assert_non_null(strstr(f.card->recipe, "interpolation_factor: 0.7  #"));
	assert_int_equal(f.card->parents.n, 4);
	parent(f.card, 0, "fennimore/Caravel-3.2-3B", "base", -1);
	parent(f.card, 3, "Ostrander/caravel-3.2-3b-musing", "merge", 0.2);
	assert_true(json_num(f.card->facts, "hub_parameters.value", 0) == 3.21e9);
	import_file_fini(&f);
	load(&f, "synergy.txt");
	assert_int_equal(f.card->recipe_line, 80);
	assert_true(str_starts(f.card->recipe, "models:\n"));
	assert_true(str_ends(f.card->recipe, "name: quarrystone-4.1-3B-Scout3\n"));
	assert_int_equal(f.card->parents.n, 2);
	parent(f.card, 0, CODE, "merge", 1.4); /* the recipe leaves the owner out */
	parent(f.card, 1, SFT, "merge", 0.6);
	import_file_fini(&f);
	load(&f, "mixed-bits.txt");
	parent(f.card, 0, "AYAY-LAB/Merino3-8B-AYAY-V2-Hybrid", "quantized", -1);
	assert_string_equal(f.card->license, "apache-2.0");
	assert_string_equal(f.card->library, "mlx");
	assert_string_equal(f.card->pipeline, "text-generation");
	assert_int_equal(json_array_size(f.card->languages), 2);
	assert_string_equal(json_text(f.card->quantization, "type", ""), "qx63-hi");
	assert_int_equal(json_int(f.card->quantization, "group", 0), 32);
	assert_string_equal(json_text(f.card->quantization, "tool", ""), "mlx-lm 0.26.4");
	import_file_fini(&f);
}

static void several_documents_keep_their_lines(void **state)
{
	struct import_file f;

	(void)state;
	parse(&f, "# Two-Step-7B\n\n```yaml\nname: first\nmerge_method: linear\nmodels:\n"
		  "  - model: a/Model-1\n    parameters: {weight: 1}\n```\n\nthen\n\n"
		  "```yaml\nmodels:\n  - model: first\n  - model: /data/b-Model-2\nmerge_method: "
		  "slerp\n"
		  "base_model: first\nparameters: {t: 0.5}\n```\n");
	assert_int_equal(f.card->recipe_line, 4);
	const char *second = strstr(f.card->recipe, "  - model: first");
	int64_t line = 4;
	assert_non_null(second);
	for (const char *p = f.card->recipe; p < second; p++)
		line += *p == '\n';
	assert_int_equal(line, 15);
	assert_non_null(strstr(f.card->recipe, "\n---\n"));
	assert_int_equal(f.card->parents.n, 2); /* the first document is none */
	parent(f.card, 0, "a/Model-1", "merge", 1);
	parent(f.card, 1, "b-Model-2", "merge", -1);
	import_file_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_of_every_table_arrives),
		cmocka_unit_test(rows_belong_to_the_model_above_them),
		cmocka_unit_test(columns_are_known_by_what_they_repeat),
		cmocka_unit_test(quantizations_of_one_model_are_told_apart),
		cmocka_unit_test(points_become_fractions_with_shots),
		cmocka_unit_test(tables_of_groups_keep_their_holes),
		cmocka_unit_test(lists_of_t_are_tables),
		cmocka_unit_test(recipes_and_parents_are_found),
		cmocka_unit_test(several_documents_keep_their_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
