/* catalog: how long a person waits for 5,000 runs with 100,000 results and 1,000 models: open, list,
 * filter, show, close; and what statistics cost. With a name, only that catalog is made. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/catalog.h"
#include "catalog/measured.h"
#include "compare/compare.h"
#include "lineage/lineage.h"
#include "system/file.h"

enum { RUNS = 5000, MODELS = 1000, TASKS = 20, STATS = 1800, BLOB = 10000, ROUNDS = 7 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const struct err *e)
{
	err_print(e);
	exit(1);
}

static struct catalog *open_it(const char *path)
{
	struct err e = { 0 };
	struct catalog *c = catalog_open(path, false, &e);

	if (!c)
		die(&e);
	return c;
}

static void fill(struct catalog *c)
{
	static const char *const methods[] =
		{ "linear", "nuslerp", "ties", "dare_ties", "nearswap" };
	struct err e = { 0 };

	for (int i = 0; i < RUNS; i++) {
		const char *method = methods[i % 5];
		char *name = xasprintf("variant-%d", i),
			*output = xasprintf("/models/variant-%d", i);
		struct str text = STR_INIT;
		struct catalog_input in[4] =
			{ { (char *)"owner/base", (char *)"/models/base", NULL, NULL },
			{ (char *)"owner/a", (char *)"/models/a", NULL, NULL },
			{ (char *)"owner/b", (char *)"/models/b", NULL, NULL },
			{ (char *)"owner/c", (char *)"/models/c", NULL, NULL } };
		struct catalog_run r =
			{ .kind = (char *)"merge", .name = name, .method = (char *)method,
			.output = output, .command = (char *)"merge r.yml out" };
		int64_t id;

		for (int k = 0; k < 12; k++)
			str_addf(&text, "- model: owner/model-%d # what was meant by this line of "
				"the recipe\n  parameters: {weight: 0.%d, density: 0.5}\n",
				(i * k) % 97, i % 10);
		r.recipe_text = text.s;
		id = catalog_run_begin(c, &r, in, 4, &e);
		if (!id || !catalog_run_end(c, id, "done", 9.5, NULL, NULL, 6800000000, 300, NULL,
			&e) ||
		    (i % 3 == 0 && !catalog_note(c, id, "sweet spot of this family", &e)) ||
		    (i % 4 == 0 && !catalog_tag(c, id, "good", true, &e)))
			die(&e);
		str_fini(&text);
		free(output);
		free(name);
	}
}

/* One model for every fifth run, and twenty results of it or of the run. */
static void measure(struct catalog *c)
{
	static const char *const tasks[TASKS] = { "arc_challenge", "arc_easy", "boolq", "hellaswag",
		"openbookqa", "piqa", "winogrande", "gsm8k", "truthfulqa_mc1", "truthfulqa_mc2",
		"ifeval", "humaneval", "mbpp", "commonsense_qa", "social_iqa", "lambada_openai",
		"wikitext", "mmlu", "bbh", "musr" };
	struct err e = { 0 };

	for (int i = 0; i < RUNS; i++) {
		struct catalog_score v[TASKS] = { 0 };
		int64_t model = 0;

		if (i % (RUNS / MODELS) == 0) {
			char *path = xasprintf("/models/variant-%d", i),
				*name = xasprintf("variant-%d", i);
			struct catalog_model m = { .name = name, .path = path, .kind = (char *)"merge",
				.run = i + 1, .parameters = 3400000000, .bytes = 6800000000,
				.bits = 16 };

			if (!catalog_model_put(c, &m, &model, &e))
				die(&e);
			free(name);
			free(path);
		}
		for (int k = 0; k < TASKS; k++)
			v[k] = (struct catalog_score){ .run = model ? 0 : i + 1, .model = model,
				.task = (char *)tasks[k], .metric = (char *)(k == 16 ? "perplexity" :
				k == 3 ? "acc_norm" : "acc"), .value = k == 16 ? 8.0 + i % 100 / 50.0 :
				0.3 + (i * 7 + k * 13) % 400 / 1000.0, .stderr_ = 0.01, .n = 1000,
				.protocol = (char *)"{\"shots\": 0, \"tool\": \"lm-eval\"}" };
		if (!catalog_score_put(c, v, TASKS, &e))
			die(&e);
	}
}

/* A question of the catalog, with opening. */
static void timed(const char *path, const char *what, size_t (*ask)(struct catalog *c))
{
	double best = 1e9, best_ask = 1e9;
	size_t n = 0;

	for (int k = 0; k < ROUNDS; k++) {
		double t = now(), opened;
		struct catalog *c = open_it(path);

		opened = now();
		n = ask(c);
		best_ask = now() - opened < best_ask ? now() - opened : best_ask;
		catalog_close(c);
		best = now() - t < best ? now() - t : best;
	}
	printf("%-34s %5zu       %6.1f ms with opening, %6.1f ms without\n", what, n, best * 1e3,
		best_ask * 1e3);
}

static size_t ask_models(struct catalog *c)
{
	size_t n;

	catalog_models_free(catalog_models(c, &n, NULL), 0);
	return n;
}

static size_t ask_lineage(struct catalog *c)
{
	struct lineage *l = lineage_load(c, NULL);
	size_t n = l ? l->n_edges : 0;

	lineage_free(l);
	return n;
}

static size_t ask_scores(struct catalog *c)
{
	size_t n;

	catalog_scores_free(catalog_scores(c, 42, 0, &n, NULL), 0);
	return n;
}

static size_t ask_model_scores(struct catalog *c)
{
	size_t n;

	catalog_scores_free(catalog_scores(c, 0, 7, &n, NULL), 0);
	return n;
}

static size_t ask_run(struct catalog *c)
{
	struct catalog_run *r = catalog_run_get(c, 4321, NULL);
	size_t n = r != NULL;

	catalog_runs_free(r, n);
	return n;
}

static size_t compare_n(struct catalog *c, size_t n)
{
	static const char *const words[] = { "variant-5", "variant-10", "variant-15", "variant-20",
		"variant-25", "variant-30", "variant-35", "variant-40" };
	struct comparison *x = compare_make(c, &(struct compare_ask){ .words = words, .n = n },
		NULL);
	size_t rows = x ? x->n_rows : 0;

	compare_free(x);
	return rows;
}

static size_t ask_compare_two(struct catalog *c)
{
	return compare_n(c, 2);
}

static size_t ask_compare_eight(struct catalog *c)
{
	return compare_n(c, 8);
}

static size_t ask_measured(struct catalog *c)
{
	size_t n;
	struct catalog_measured *v = catalog_measured(c, &n, NULL);

	catalog_measured_free(v, n);
	return n;
}

static size_t ask_column(struct catalog *c)
{
	size_t n;

	free(catalog_run_values(c, "arc", &n));
	return n;
}

static size_t ask_best(struct catalog *c)
{
	json_t *rows = catalog_sql(c, "SELECT task, metric, max(value) AS best, model_name FROM "
		"scores WHERE NOT estimated GROUP BY task, metric", NULL);
	size_t n = json_array_size(rows);

	json_decref(rows);
	return n;
}

static void list(const char *path, const char *filter)
{
	double best = 1e9, best_list = 1e9;
	size_t n = 0;

	for (int k = 0; k < ROUNDS; k++) {
		struct err e = { 0 };
		double t = now(), opened, listed;
		struct catalog *c = open_it(path);
		struct catalog_run *v;

		opened = now();
		v = catalog_runs(c, filter, &n, &e);
		if (!v)
			die(&e);
		listed = now();
		catalog_runs_free(v, n);
		catalog_close(c);
		best = listed - t < best ? listed - t : best;
		best_list = listed - opened < best_list ? listed - opened : best_list;
	}
	printf("%-34s %5zu runs  %6.1f ms with opening, %6.1f ms without\n",
		*filter ? filter : "(all)", n,
		best * 1e3, best_list * 1e3);
}

static void statistics(struct catalog *c)
{
	char *blob = xcalloc(1, BLOB);
	struct catalog_stat *v = xnew(struct catalog_stat, STATS);
	struct err e = { 0 };
	double t = now(), put, got;

	for (int i = 0; i < STATS; i++)
		v[i] = (struct catalog_stat){ "pair", hash_bytes(&i, sizeof i), { { 1 } },
			{ { 0 } }, blob,
			BLOB };
	if (!catalog_stat_put(c, v, STATS, &e))
		die(&e);
	put = now();
	for (int i = 0; i < STATS; i++) {
		size_t n;

		free(catalog_stat_get(c, "pair", v[i].a, v[i].b, v[i].base, &n));
	}
	got = now();
	printf("%d statistics of %d bytes: put %.1f ms, got %.1f ms\n", STATS, BLOB,
		(put - t) * 1e3,
		(got - put) * 1e3);
	free(v);
	free(blob);
}

static void questions(const char *path)
{
	static const char *const filters[] = { "", "sweet", "method:dare tag:good -sweet",
		"input:owner/b name:99", "weight<0.1", "weight=0.2 density>0.4", "arc>0.45",
		"arc>45% method:nuslerp tag:good", "hellaswag.acc_norm>0.6 or ppl<8.1",
		"started<3d size>5G", "bits<17", "disk:yes", "note:spot", "recipe:3 or 99",
		"- 0." };

	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
		list(path, filters[i]);
	timed(path, "all models", ask_models);
	timed(path, "the graph of lineage: edges", ask_lineage);
	timed(path, "the results of a run", ask_scores);
	timed(path, "the results of a model", ask_model_scores);
	timed(path, "one run whole", ask_run);
	timed(path, "one task's result of every run", ask_column);
	timed(path, "who has results", ask_measured);
	timed(path, "two variants compared", ask_compare_two);
	timed(path, "eight variants compared", ask_compare_eight);
	timed(path, "sql: the best of each task", ask_best);
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/cupel-bench-XXXXXX", *path;
	struct catalog *c;
	double t;

	if (argc < 2 && !mkdtemp(folder))
		return 1;
	path = argc < 2 ? str_join_path(folder, "catalog.db") : xstrdup(argv[1]);
	c = open_it(path);
	t = now();
	fill(c);
	printf("%d runs written, each with 3 commits: %.2f ms a run\n", RUNS,
		(now() - t) / RUNS * 1e3);
	t = now();
	measure(c);
	printf("%d results written, %d a commit: %.2f ms a commit\n", RUNS * TASKS, TASKS,
		(now() - t) / RUNS * 1e3);
	catalog_close(c);
	questions(path);
	if (argc < 2) {
		c = open_it(path);
		statistics(c);
		catalog_close(c);
		list(path, "");
		file_remove_tree(folder, NULL);
	}
	free(path);
	return 0;
}
