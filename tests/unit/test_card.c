/* Model cards: every number of every table arrives with its line, and belongs to the model and the
 * task that it is of. The cards are tests/golden/cards: five with the shapes and mistakes of real
 * ones, three without mistakes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "import/card.h"
#include "import/import.h"
#include "system/file.h"

static char *golden(const char *name)
{
	const char *top = getenv("top_srcdir");

	return xasprintf("%s/tests/golden/cards/%s", top ? top : ".", name);
}

static void load(struct import_file *f, const char *name)
{
	struct err e = { 0 };
	char *path = golden(name);

	if (!import_read(f, path, &e))
		fail_msg("%s: %s", path, e.what);
	assert_non_null(f->card);
	free(path);
}

static void parse(struct import_file *f, const char *text)
{
	struct err e = { 0 };

	if (!import_parse(f, "README.md", text, strlen(text), &e))
		fail_msg("%s", e.what);
	assert_non_null(f->card);
}

/* --- every number --- */

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-12 * fabs(b) + 1e-15;
}

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

struct expected {
	int64_t line;
	const char *variant, *task;
	double value;
	const char *quantization; /* of its protocol, or NULL */
};

static const struct import_fact *fact_of(const struct import_file *f, const struct expected *x)
{
	for (size_t i = 0; i < f->facts.n; i++) {
		const struct import_fact *y = &f->facts.v[i];

		if (y->line == x->line && !strcmp(y->task, x->task) &&
			str_eq(y->variant, x->variant))
			return y;
	}
	return NULL;
}

static void check(const struct import_file *f, const struct expected *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct import_fact *x = fact_of(f, &v[i]);

		if (!x)
			fail_msg("line %lld: no %s of %s", (long long)v[i].line, v[i].task,
				v[i].variant);
		if (fabs(x->value - v[i].value) > 1e-12)
			fail_msg("line %lld: %s is %g", (long long)v[i].line, v[i].task, x->value);
		if (v[i].quantization)
			assert_string_equal(
				json_text(x->protocol, "quantization", ""), v[i].quantization);
	}
}

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

static const struct card_table *table(const struct import_file *f, const char *kind, size_t nth)
{
	for (size_t i = 0; i < f->card->tables.n; i++)
		if (!strcmp(f->card->tables.v[i].kind, kind) && nth-- == 0)
			return &f->card->tables.v[i];
	fail_msg("no table of %s", kind);
	return NULL;
}

static json_t *at(const struct card_table *t, size_t row, size_t column)
{
	return json_array_get(json_at(json_array_get(t->rows, row), "cells"), column);
}

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

static void parent(
	const struct card *c, size_t i, const char *name, const char *relation, double weight)
{
	assert_true(i < c->parents.n);
	assert_string_equal(c->parents.v[i].name, name);
	assert_string_equal(c->parents.v[i].relation, relation);
	assert_true(weight < 0 ? isnan(c->parents.v[i].weight) : c->parents.v[i].weight == weight);
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
		cmocka_unit_test(every_number_of_every_table_arrives),
		cmocka_unit_test(rows_belong_to_the_model_above_them),
		cmocka_unit_test(columns_are_known_by_what_they_repeat),
		cmocka_unit_test(quantizations_of_one_model_are_told_apart),
		cmocka_unit_test(points_become_fractions_with_shots),
		cmocka_unit_test(tables_of_groups_keep_their_holes),
		cmocka_unit_test(lists_of_t_are_tables),
		cmocka_unit_test(recipes_and_parents_are_found),
		cmocka_unit_test(several_documents_keep_their_lines),
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
