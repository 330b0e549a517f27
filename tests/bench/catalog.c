/* catalog: how long a person waits for 5,000 runs: open, list, filter, close; and what statistics
 * cost. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/catalog.h"
#include "system/file.h"

enum { RUNS = 5000, STATS = 1800, BLOB = 10000, ROUNDS = 7 };

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

int main(void)
{
	char folder[] = "/tmp/cupel-bench-XXXXXX", *path;
	struct catalog *c;
	double t;

	if (!mkdtemp(folder))
		return 1;
	path = str_join_path(folder, "catalog.db");
	c = open_it(path);
	t = now();
	fill(c);
	printf("%d runs written, each with 3 commits: %.2f ms a run\n", RUNS,
		(now() - t) / RUNS * 1e3);
	catalog_close(c);
	list(path, "");
	list(path, "sweet");
	list(path, "method:dare tag:good -sweet");
	list(path, "input:owner/b name:99");
	c = open_it(path);
	statistics(c);
	catalog_close(c);
	list(path, "");
	file_remove_tree(folder, NULL);
	free(path);
	return 0;
}
