/* keystroke: what an edit of a recipe costs in a preview: three models of 32 layers and their base,
 * with one weight each, with gradients and filters, and as a stack of slices. A weight changes: the
 * text is read, linted, planned, and the closed figures of every tensor are read. Sums do not
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
#include "recipe/effect.h"
#include "system/file.h"

enum { LAYERS = 32, TENSORS = 10 * LAYERS, MODELS = 4, ELEMENTS = 8192, EDITS = 200 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Of this thread: what else the machine does is left out. */
static double worked(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
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

enum form { PLAIN, VARYING, STACK, ONE_BY_ONE, FORMS };
static const char *const titles[FORMS] = { "one weight a model", "gradients and filters",
	"4 slices, gradients and filters", "120 slices of one layer" };

static void add_source(struct str *s, const char *dir, enum form form, int model, double weight)
{
	str_addf(s, "model: %s/%d.safetensors, ", dir, model);
	if (form == PLAIN || form == ONE_BY_ONE)
		str_addf(s, "parameters: {weight: %g, density: 0.4}", model == 1 ? weight : 0.3);
	else
		str_addf(s, "parameters: {weight: [{filter: gate, value: [%g, 0.5, 0.2]}, {filter: "
			"layers.1., value: 0.1}, {value: [0.4, %g, 0.1, 0.7]}], density: [0.4, 0.9]}",
			weight, weight);
}

static void add_slice(struct str *s, const char *dir, enum form form, int from, int to,
	double weight)
{
	str_add(s, "  - sources:\n");
	for (int i = 0; i < MODELS; i++) {
		str_addf(s, "    - {layer_range: [%d, %d], ", from, to);
		if (i)
			add_source(s, dir, form, i, weight);
		else
			str_addf(s, "model: %s/0.safetensors", dir);
		str_add(s, "}\n");
	}
}

static struct recipe *recipe_of(const char *dir, const char *method, enum form form,
	double weight)
{
	struct str s = STR_INIT;
	struct err e;
	struct recipe *r;

	str_addf(&s, "merge_method: %s\ndtype: bfloat16\nbase_model: %s/0.safetensors\n%s\n",
		method, dir, form < STACK ? "models:" : "slices:");
	for (int i = 1; form < STACK && i < MODELS; i++) {
		str_add(&s, "  - {");
		add_source(&s, dir, form, i, weight);
		str_add(&s, "}\n");
	}
	for (int i = 0; form == STACK && i < 4; i++)
		add_slice(&s, dir, form, 8 * i, 8 * i + 8, weight);
	for (int i = 0; form == ONE_BY_ONE && i < 120; i++)
		add_slice(&s, dir, form, i % LAYERS, i % LAYERS + 1, weight);
	r = recipe_parse(s.s, s.n, NULL, &e);
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

static double read_all(struct preview *v, size_t tensors)
{
	static const enum stat_id stats[] = { STAT_DELTA_RATIO, STAT_DELTA_COSINE, STAT_COSINE,
		STAT_ONE_MINUS_COSINE, STAT_RELATIVE_L2, STAT_NORM, STAT_DELTA_NORM };
	double sum = 0;

	for (size_t t = 0; t < tensors; t++)
		for (size_t s = 0; s < sizeof stats / sizeof *stats; s++)
			for (int i = 0; i < 3; i++)
				sum += preview_figure(v, t, stats[s], i).value;
	return sum;
}

static void lint_all(const struct recipe *r, const struct inputs *in)
{
	struct findings f = { 0 };
	struct effect ef;
	struct model *models[MODELS];

	for (size_t i = 0; i < in->n; i++)
		models[i] = in->v[i].model;
	lint_text(r, &f);
	lint_models(r, models, in->n, in->base, &f);
	findings_fini(&f);
	effect_of(r, &ef);
	effect_fini(&ef);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void edits(struct preview *v, struct inputs *in, const char *dir, enum form form)
{
	double parse = 0, lint = 0, plan = 0, show = 0, read = 0, sum = 0, all[EDITS];
	size_t tensors = 0;

	for (int i = 0; i < EDITS; i++) {
		double a = worked();
		struct recipe *r = recipe_of(dir, "task_arithmetic", form, 0.3 + 0.001 * i);
		double b = worked();
		lint_all(r, in);
		double c = worked();
		struct plan *p = plan_of(r, in);
		double d = worked();
		preview_show(v, p);
		double e = worked();
		sum += read_all(v, tensors = p->n);
		double f = worked();
		parse += b - a;
		lint += c - b;
		plan += d - c;
		show += e - d;
		read += f - e;
		all[i] = e - c;
		plan_unref(p);
		recipe_unref(r);
	}
	qsort(all, EDITS, sizeof *all, by_size);
	double us = 1e6 / EDITS;
	printf("keystroke, %s: %zu tensors of 3 models and a base: parse %.0f us, lint %.0f us, "
		"plan %.0f us, closed figures %.0f us, reading %zu of them %.0f us; plan + figures: "
		"median %.0f us, worst %.0f us (%g)\n", titles[form], tensors, parse * us, lint * us,
		plan * us, show * us, tensors * 21, read * us, all[EDITS / 2] * 1e6,
		all[EDITS - 1] * 1e6, sum);
}

static void later(struct preview *v, struct inputs *in, const char *dir)
{
	static const char *const methods[] = { "task_arithmetic", "dare_ties", "ties",
		"breadcrumbs", "sce", "ramplus_tl", "della" };
	struct err e;

	for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
		struct recipe *edit = recipe_of(dir, methods[m], PLAIN, 0.77);
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
}

static void measure(struct pool *pool, struct model_roots *roots, const char *dir, enum form form)
{
	struct err e;
	struct recipe *r = recipe_of(dir, "task_arithmetic", form, 0.5);
	struct inputs *in = inputs_open(r, roots, NULL, &e);
	struct preview *v = preview_new(pool, NULL, NULL, NULL);

	if (!in)
		die(&e);
	struct plan *p = plan_of(r, in);
	preview_show(v, p);
	if (!preview_wait(v, false, &e))
		die(&e);
	edits(v, in, dir, form);
	if (form == PLAIN)
		later(v, in, dir);
	preview_free(v);
	plan_unref(p);
	inputs_unref(in);
	recipe_unref(r);
}

int main(void)
{
	char dir[] = "/tmp/cupel-bench-XXXXXX";

	if (!mkdtemp(dir))
		return 1;
	setenv("XDG_CACHE_HOME", dir, 1);
	for (int i = 0; i < MODELS; i++) {
		char *path = xasprintf("%s/%d.safetensors", dir, i);
		write_model(path, (uint32_t)i);
		free(path);
	}
	struct model_roots *roots = model_roots_new(NULL, 0);
	struct pool *pool = pool_new(0);
	for (int form = 0; form < FORMS; form++)
		measure(pool, roots, dir, (enum form)form);
	pool_free(pool);
	model_roots_free(roots);
	file_remove_tree(dir, NULL);
	return 0;
}
