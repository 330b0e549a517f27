/* keystroke: what an edit of a recipe costs in a preview: three models of 300 tensors and their
 * base. A weight changes; plan, closed figures of every tensor, and reading them all. Sums do not
 * depend on the sizes of tensors, so small ones stand for 3 B parameters. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/bytes.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/preview.h"
#include "system/file.h"

enum { TENSORS = 300, MODELS = 4, ELEMENTS = 8192, EDITS = 400 };

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

static uint32_t noise(uint32_t *s)
{
	*s = *s * 1664525u + 1013904223u;
	return *s >> 16;
}

static void write_model(const char *path, uint32_t seed)
{
	struct str s = STR_INIT, head = STR_INIT;
	uint32_t base = 1;
	uint8_t size[8];
	struct err e;

	for (int t = 0; t < TENSORS; t++)
		str_addf(&head,
			"%s\"model.layers.%d.%s.weight\":{\"dtype\":\"F32\",\"shape\":[32,%d],"
			"\"data_offsets\":[%d,%d]}", t ? "," : "{", t / 10,
			(const char *[]){ "q", "k", "v", "o", "gate", "up", "down", "n1", "n2",
			"n3" }[t % 10],
			ELEMENTS / 32, t * ELEMENTS * 4, (t + 1) * ELEMENTS * 4);
	str_addc(&head, '}');
	while (head.n % 8)
		str_addc(&head, ' ');
	put_le64(size, head.n);
	str_addn(&s, (const char *)size, 8);
	str_addn(&s, head.s, head.n);
	for (int i = 0; i < TENSORS * ELEMENTS; i++) {
		float x = ((float)noise(&base) - 32768) * 1e-6f;
		x += seed ? ((float)noise(&seed) - 32768) * 1e-8f : 0;
		str_addn(&s, (const char *)&x, 4);
	}
	if (!file_write_all(path, s.s, s.n, &e))
		die(&e);
	str_fini(&s);
	str_fini(&head);
}

static struct recipe *recipe_of(const char *dir, const char *method, double weight)
{
	struct str s = STR_INIT;
	struct err e;

	str_addf(&s, "merge_method: %s\ndtype: bfloat16\nbase_model: %s/0.safetensors\n"
		"models:\n", method, dir);
	for (int i = 1; i < MODELS; i++)
		str_addf(&s,
			"  - model: %s/%d.safetensors\n    parameters: {weight: %g, density: "
			"0.4}\n", dir, i,
			i == 1 ? weight : 0.3);
	struct recipe *r = recipe_parse(s.s, s.n, NULL, &e);
	if (!r)
		die(&e);
	str_fini(&s);
	return r;
}

static struct plan *plan_of(const struct recipe *r, struct inputs *in)
{
	struct err e;
	struct findings f = { 0 };
	struct plan *p = plan_make(r, in, &(struct plan_options){ 0 }, &f, &e);

	if (!p)
		die(&e);
	findings_fini(&f);
	return p;
}

static double read_all(struct preview *v)
{
	static const enum stat_id stats[] = { STAT_DELTA_RATIO, STAT_DELTA_COSINE, STAT_COSINE,
		STAT_ONE_MINUS_COSINE, STAT_RELATIVE_L2, STAT_NORM, STAT_DELTA_NORM };
	double sum = 0;

	for (size_t t = 0; t < TENSORS; t++)
		for (size_t s = 0; s < sizeof stats / sizeof *stats; s++)
			for (int i = 0; i < 3; i++)
				sum += preview_figure(v, t, stats[s], i).value;
	return sum;
}

static void edits(struct preview *v, struct inputs *in, const char *dir)
{
	double parse = 0, plan = 0, show = 0, read = 0, worst = 0, sum = 0;

	for (int i = 0; i < EDITS; i++) {
		double a = now();
		struct recipe *r = recipe_of(dir, "task_arithmetic", 0.3 + 0.001 * i);
		double b = now();
		struct plan *p = plan_of(r, in);
		double c = now();
		preview_show(v, p);
		double d = now();
		sum += read_all(v);
		double e = now();
		parse += b - a;
		plan += c - b;
		show += d - c;
		read += e - d;
		worst = e - b > worst ? e - b : worst;
		plan_unref(p);
		recipe_unref(r);
	}
	double us = 1e6 / EDITS;
	printf("keystroke, 300 tensors of 3 models and a base: parse %.0f us, plan %.0f us, closed "
		"figures %.0f us, reading 6300 of them %.0f us; worst plan + figures %.0f us "
		"(%g)\n", parse * us,
		plan * us, show * us, read * us, worst * 1e6, sum);
}

int main(void)
{
	char dir[] = "/tmp/cupel-bench-XXXXXX";
	struct err e;

	if (!mkdtemp(dir))
		return 1;
	setenv("XDG_CACHE_HOME", dir, 1);
	for (int i = 0; i < MODELS; i++) {
		char *path = xasprintf("%s/%d.safetensors", dir, i);
		write_model(path, (uint32_t)i);
		free(path);
	}
	struct model_roots *roots = model_roots_new(NULL, 0);
	struct recipe *r = recipe_of(dir, "task_arithmetic", 0.5);
	struct inputs *in = inputs_open(r, roots, NULL, &e);
	if (!in)
		die(&e);
	struct pool *pool = pool_new(0);
	struct preview *v = preview_new(pool, NULL, NULL, NULL);
	struct plan *p = plan_of(r, in);
	preview_show(v, p);
	if (!preview_wait(v, false, &e))
		die(&e);
	edits(v, in, dir);
	static const char *const methods[] = { "task_arithmetic", "dare_ties", "ties",
		"breadcrumbs", "sce", "ramplus_tl", "della" };
	for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
		struct recipe *edit = recipe_of(dir, methods[m], 0.77);
		struct plan *q = plan_of(edit, in);
		double a = now();
		preview_show(v, q);
		if (!preview_wait(v, false, &e))
			die(&e);
		printf("sampled figures of an edit, %s: %.1f ms later\n", methods[m],
			(now() - a) * 1e3);
		plan_unref(q);
		recipe_unref(edit);
	}
	preview_free(v);
	pool_free(pool);
	plan_unref(p);
	inputs_unref(in);
	recipe_unref(r);
	model_roots_free(roots);
	file_remove_tree(dir, NULL);
	return 0;
}
