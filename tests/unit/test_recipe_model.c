/* Recipes as models: however they are read, and whatever is inside, the bits are those of the
 * intermediate written and read back. */
#include "config.h"
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "engine/leaves.h"
#include "engine/output.h"
#include "engine/overhear.h"
#include "engine/run.h"
#include "engine/stream.h"
#include "model/virtual.h"
#include "noise.h"
#include "scratch_models.h"

#define ROWS 517u
#define COLUMNS 640u /* a bit more than a window */

static char *dir;
static struct pool *pool;

static float value(uint64_t i, unsigned which)
{
	struct noise common = { (i + 1) * 0x9e3779b97f4a7c15u + which / 10 }, own = { (i + 7) * 31 + which };

	noise_bits(&own);
	return (float)(noise_normal(&common) * 0.05 + noise_normal(&own) * 0.005);
}

static int setup(void **state)
{
	(void)state;
	dir = scratch_dir();
	setenv("XDG_CACHE_HOME", dir, 1);
	pool = pool_new(3);
	for (unsigned m = 0; m < 4; m++) {
		struct scratch_tensor v[3] = {
			scratch_tensor("model.layers.0.mlp.up_proj.weight", DT_BF16, ROWS, COLUMNS, value, m),
			scratch_tensor("model.layers.0.self_attn.q_proj.weight", DT_BF16, 33, 48, value, m + 10),
			scratch_tensor("model.norm.weight", DT_F32, 0, 77, value, m + 20),
		};
		char name[2] = { (char)('a' + m), 0 };

		free(scratch_model(dir, name, v, 3, "{\"model_type\": \"llama\", \"num_hidden_layers\": 1}"));
		scratch_free(v, 3);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pool_free(pool);
	file_remove_tree(dir, NULL);
	free(dir);
	return 0;
}

static struct plan *plan_of(const char *text, struct err *e)
{
	char *path = str_join_path(dir, "r.yml");
	struct recipe *r = recipe_parse(text, strlen(text), path, e);
	struct model_roots *roots = model_roots_new(&(const char *){ dir }, 1);
	struct inputs *in = r ? inputs_open(r, roots, NULL, e) : NULL;
	struct plan *p = in ? plan_make(r, in, NULL, NULL, e) : NULL;

	inputs_unref(in);
	model_roots_free(roots);
	recipe_unref(r);
	free(path);
	return p;
}

static void write_out(struct plan *p, const char *name)
{
	char *out = str_join_path(dir, name);
	struct run_options o = { .output = out, .force = true };
	struct run_result result;
	struct err e = { 0 };

	if (!run_merge(p, NULL, pool, &o, NULL, NULL, &result, &e))
		fail_msg("%s: %s", e.where, e.what);
	free(out);
}

#define IN(name, params) "- {model: " name ", parameters: {" params "}}\n"
static const char *const inner[] = {
	"merge_method: linear\nmodels:\n" IN("a", "weight: 0.7") IN("b", "weight: 0.4") "dtype: bfloat16\n",
	"merge_method: nuslerp\nmodels:\n" IN("a", "weight: 0.7") IN("b", "weight: 0.4"),
	"merge_method: nuslerp\nmodels:\n" IN("a", "weight: 1") IN("b", "weight: 1")
		"parameters: {nuslerp_flatten: false}\ndtype: float16\n",
	"merge_method: ties\nbase_model: a\nmodels:\n" IN("b", "weight: 1, density: 0.3")
		IN("c", "weight: 0.5, density: 0.6") "dtype: float32\n",
	"merge_method: dare_ties\nbase_model: a\nmodels:\n" IN("b", "weight: 1, density: 0.3")
		IN("c", "weight: 0.5, density: 0.6") "seed: 7\n",
	"merge_method: nearswap\nbase_model: a\nmodels: [{model: b}]\nparameters: {t: 0.004}\n",
	"merge_method: model_stock\nbase_model: a\nmodels: [{model: b}, {model: c}]\ndtype: bfloat16\n",
	"merge_method: passthrough\nmodels: [{model: b}]\n",
	"merge_method: passthrough\nmodels: [{model: b, parameters: {scale: 0.5}}]\n",
};

struct reading { struct model *m; const struct model *file; unsigned seed; bool ok; };

/* Reads here and there: the same as the file has. */
static void *read_about(void *ctx)
{
	struct reading *r = ctx;
	float *x = malloc(40000 * sizeof *x), *y = malloc(40000 * sizeof *y);
	struct err e = { 0 };

	struct noise g = { r->seed };

	r->ok = true;
	for (unsigned i = 0; r->ok && i < 60; i++) {
		size_t t = (r->seed + i) % r->m->source.n_tensors;
		const struct tensor *about = &r->m->source.tensors[t];
		long at = source_find(&r->file->source, about->name);
		uint64_t first = noise_bits(&g) % (about->elements / 256 + 1) * 256;
		size_t n = (size_t)(noise_bits(&g) % 40000);

		if (first >= about->elements)
			first = 0;
		if (n > about->elements - first)
			n = (size_t)(about->elements - first);
		r->ok = at >= 0 && r->file->source.tensors[at].dtype == about->dtype &&
			source_read(&r->m->source, t, first, n, x, &e) &&
			source_read((struct source *)&r->file->source, (size_t)at, first, n, y, &e) &&
			memcmp(x, y, n * sizeof *x) == 0;
	}
	free(x);
	free(y);
	return NULL;
}

static void reads_are_those_of_the_written_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
		char *two = xasprintf("name: x\n%s---\nmodels: [{model: x, parameters: {weight: 1}}, "
			"{model: d, parameters: {weight: 1}}]\nmerge_method: linear\n", inner[i]);
		char *out = str_join_path(dir, "written");
		struct err e = { 0 };
		struct plan *alone = plan_of(inner[i], &e), *p = plan_of(two, &e);
		struct reading r[3];
		pthread_t thread[3];
		struct model *file;

		if (!alone || !p)
			fail_msg("%s: %s\n%s", e.where, e.what, two);
		assert_non_null(p->inputs->v[0].made_by);
		write_out(alone, "written");
		file = model_open(out, &e);
		assert_non_null(file);
		for (unsigned k = 0; k < 3; k++) {
			r[k] = (struct reading){ p->inputs->v[0].model, file, k + 1, false };
			assert_int_equal(pthread_create(&thread[k], NULL, read_about, &r[k]), 0);
		}
		for (unsigned k = 0; k < 3; k++)
			pthread_join(thread[k], NULL);
		if (!r[0].ok || !r[1].ok || !r[2].ok)
			fail_msg("case %zu", i);
		model_unref(file);
		plan_unref(alone);
		plan_unref(p);
		free(out);
		free(two);
	}
}

/* More tensors at once than are kept warm, with states: they come and go. */
static void what_is_forgotten_is_found_again(void **state)
{
	struct err e = { 0 };
	struct scratch_tensor v[50];
	char *names[50], *two;
	float x[2000], first[50];
	struct plan *p;

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		names[i] = xasprintf("model.layers.%u.mlp.up_proj.weight", i);
		v[i] = scratch_tensor(names[i], DT_F32, 40, 50, value, i);
	}
	free(scratch_model(dir, "many", v, 50, "{\"model_type\": \"llama\", \"num_hidden_layers\": 50}"));
	free(scratch_model(dir, "more", v, 50, "{\"model_type\": \"llama\", \"num_hidden_layers\": 50}"));
	two = xasprintf("name: x\nmerge_method: nuslerp\nmodels:\n%s%s---\n{models: [{model: x}], "
		"merge_method: passthrough}\n", IN("many", "weight: 1"), IN("more", "weight: 2"));
	p = plan_of(two, &e);
	if (!p)
		fail_msg("%s: %s", e.where, e.what);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < 50; i++) {
			assert_true(source_read(&p->inputs->v[0].model->source, i, 256, 1744, x, &e));
			assert_true(round == 0 || first[i] == x[5]);
			first[i] = x[5];
		}
	plan_unref(p);
	free(two);
	scratch_free(v, 50);
	for (unsigned i = 0; i < 50; i++)
		free(names[i]);
}

static void what_is_inside_is_known(void **state)
{
	static const char text[] = "name: x\nmerge_method: linear\nmodels:\n" IN("a", "weight: 1") IN("b", "weight: 1")
		"---\nname: y\nmerge_method: linear\nmodels:\n" IN("x", "weight: 1") IN("c", "weight: 1")
		"---\nmerge_method: linear\nmodels:\n" IN("y", "weight: 1") IN("x", "weight: 1") IN("a", "weight: 1");
	struct err e = { 0 };
	struct plan *p = plan_of(text, &e);
	struct leaves l;
	struct recipe *other;
	char *changed;

	(void)state;
	if (!p)
		fail_msg("%s: %s", e.where, e.what);
	l = leaves_find(p);
	assert_int_equal(l.n, 3);
	assert_null(leaves_of_input(&l, 0));
	assert_ptr_equal(leaves_of_input(&l, 2), &l.v[0]);
	assert_false(l.v[0].inner);
	assert_string_equal(l.v[1].model->name, "c");
	assert_true(l.v[1].inner && l.v[2].inner);
	leaves_fini(&l);
	/* x is one model, however often it is named */
	assert_ptr_equal(p->inputs->v[1].model, p->inputs->v[0].made_by->inputs->v[0].model);
	/* inputs serve another recipe as long as what is inside is the same */
	assert_true(inputs_fit(p->inputs, p->recipe));
	changed = xstrdup(text);
	*strstr(changed, "weight: 1") = 'W';
	other = recipe_parse(changed, strlen(changed), NULL, &e);
	assert_non_null(other);
	assert_false(inputs_fit(p->inputs, other));
	recipe_unref(other);
	free(changed);
	plan_unref(p);
}

static bool drop_piece(void *ctx, size_t tensor, uint64_t offset, const void *bytes, size_t n,
	struct err *e)
{
	(void)ctx, (void)tensor, (void)offset, (void)bytes, (void)n, (void)e;
	return true;
}

static bool drop_done(void *ctx, const struct stream_done *d, struct err *e)
{
	(void)ctx, (void)d, (void)e;
	return true;
}

/* Models inside are hashed while they are read for the merge: nobody reads them twice. */
static void what_is_inside_is_hashed_on_the_way(void **state)
{
	static const char *const names[] = { "big", "great" };
	struct stream_sink sink = { .piece = drop_piece, .done = drop_done };
	struct err e = { 0 };
	struct hash known;
	struct leaves l;
	struct plan *p;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct scratch_tensor v[2] = {
			scratch_tensor("model.layers.0.mlp.up_proj.weight", i ? DT_F32 : DT_BF16, 4111, 1031, value, i),
			scratch_tensor("model.norm.weight", DT_BF16, 0, 9, value, i),
		};

		free(scratch_model(dir, names[i], v, 2, "{\"model_type\": \"llama\", \"num_hidden_layers\": 1}"));
		scratch_free(v, 2);
	}
	p = plan_of("name: x\nmerge_method: linear\ndtype: float32\nmodels:\n" IN("big", "weight: 1")
		IN("great", "weight: 1") "---\nmerge_method: passthrough\nmodels:\n" IN("x", "scale: 0.5"), &e);
	if (!p)
		fail_msg("%s: %s", e.where, e.what);
	l = leaves_find(p);
	assert_int_equal(l.n, 2);
	assert_false(model_hash_cached(l.v[0].model, 0, &known));
	assert_true(stream_run(p, (const uint32_t[]){ 0, 1 }, 2, pool, &sink, NULL, &e));
	for (size_t i = 0; i < 2; i++) {
		struct model *m = l.v[i].model;
		const struct tensor *t = &m->source.tensors[0];
		size_t n = (size_t)((t->bytes + HASH_PIECE - 1) / HASH_PIECE);
		struct hash *piece = calloc(n, sizeof *piece);
		unsigned char *b = malloc(HASH_PIECE);

		assert_true(model_hash_cached(m, 0, &known));
		for (size_t k = 0; k < n; k++) {
			uint64_t left = t->bytes - k * HASH_PIECE;
			size_t bytes = left < HASH_PIECE ? (size_t)left : HASH_PIECE;

			assert_true(source_read_raw(&m->source, 0, k * HASH_PIECE, bytes, b, &e));
			piece[k] = hash_bytes(b, bytes);
		}
		assert_true(n > 1);
		assert_true(hash_eq(known, hash_tensor(dtype_name(t->dtype), t->shape, t->rank, piece, n)));
		free(piece);
		free(b);
	}
	leaves_fini(&l);
	plan_unref(p);
}

/* Runs in order make a hash, others nothing; pieces may come in any order. */
static void only_what_was_heard_whole_counts(void **state)
{
	struct overhear *o = overhear_new();
	char *path = str_join_path(dir, "great");
	struct err e = { 0 };
	struct model *m = model_open(path, &e);
	uint64_t bytes = m->source.tensors[0].bytes, step = 1u << 16;
	unsigned char *b = malloc(bytes);
	struct hash before, now;
	size_t n = (size_t)((bytes + HASH_PIECE - 1) / HASH_PIECE);

	(void)state;
	assert_true(source_read_raw(&m->source, 0, 0, bytes, b, &e));
	assert_true(model_hash_cached(m, 0, &before));
	model_unref(m);
	setenv("XDG_CACHE_HOME", path, 1); /* nothing is known there */
	m = model_open(path, &e);
	assert_false(model_hash_cached(m, 0, &now));
	for (int round = 0; round < 2; round++) {
		for (size_t k = n; k-- > 0;) /* the last piece first */
			for (uint64_t at = k * HASH_PIECE; at < bytes && at < (k + 1) * HASH_PIECE; at += step) {
				if (round == 0 && k == 1 && at % HASH_PIECE == 3 * step)
					continue; /* a hole */
				overhear(o, m, 0, at, b + at, bytes - at < step ? (size_t)(bytes - at) : (size_t)step);
			}
		assert_int_equal(model_hash_cached(m, 0, &now), round);
	}
	assert_true(hash_eq(before, now));
	setenv("XDG_CACHE_HOME", dir, 1);
	model_unref(m);
	overhear_free(o);
	free(path);
	free(b);
}

static struct hash made(struct plan *p, const char *name, unsigned threads, bool resume, uint64_t *resumed)
{
	char *out = str_join_path(dir, name);
	struct run_options o = { .output = out, .resume = resume };
	struct pool *own = pool_new(threads); /* a child has none of its parent's threads */
	struct run_result result;
	struct err e = { 0 };

	if (!run_merge(p, NULL, own, &o, NULL, NULL, &result, &e))
		fail_msg("%s: %s", e.where, e.what);
	pool_free(own);
	free(out);
	*resumed = result.resumed;
	return result.hash;
}

/* Killed on the way and gone on with; with a weight inside changed meanwhile, refused. */
static void a_killed_merge_goes_on(void **state)
{
	static const char text[] = "name: x\nmerge_method: ties\nbase_model: a\nmodels:\n"
		IN("b", "weight: 1, density: 0.3") IN("c", "weight: 0.5, density: 0.6") "dtype: bfloat16\n"
		"---\nmerge_method: linear\nmodels:\n" IN("x", "weight: 0.25") IN("d", "weight: 1");
	struct err e = { 0 };
	struct plan *p = plan_of(text, &e), *other;
	struct run_options o = { .resume = true };
	struct run_result result;
	struct hash whole, again;
	uint64_t resumed;
	char *changed = xstrdup(text);
	pid_t child;
	int status;

	(void)state;
	assert_non_null(p);
	whole = made(p, "whole", 3, false, &resumed);
	child = fork();
	if (child == 0) {
		output_die_after(1);
		made(p, "killed", 2, false, &resumed);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	memcpy(strstr(changed, "0.3"), "0.4", 3);
	other = plan_of(changed, &e);
	assert_non_null(other);
	o.output = str_join_path(dir, "killed");
	assert_false(run_merge(other, NULL, pool, &o, NULL, NULL, &result, &e));
	assert_non_null(strstr(e.what, "the recipe"));
	again = made(p, "killed", 1, true, &resumed);
	assert_true(resumed >= 1 && resumed < 3);
	assert_true(hash_eq(whole, again));
	free((char *)(uintptr_t)o.output);
	plan_unref(other);
	plan_unref(p);
	free(changed);
}

static void write_text(const char *name, const char *text)
{
	scratch_write(dir, name, text, strlen(text));
}

static void files_are_recipes_too(void **state)
{
	struct err e = { 0 };
	struct plan *p;

	(void)state;
	write_text("in.yml", "merge_method: linear\nmodels:\n" IN("a", "weight: 1") IN("b", "weight: 1"));
	p = plan_of("merge_method: linear\nmodels:\n" IN("in.yml", "weight: 1") IN("c", "weight: 1"), &e);
	if (!p)
		fail_msg("%s: %s", e.where, e.what);
	assert_non_null(p->inputs->v[0].made_by);
	plan_unref(p);
	/* a ring over files, found before anything is read */
	write_text("p.yml", "merge_method: passthrough\nmodels: [{model: q.yml}]\n");
	write_text("q.yml", "merge_method: passthrough\nmodels: [{model: p.yml}]\n");
	err_clear(&e);
	assert_null(plan_of("merge_method: passthrough\nmodels: [{model: p.yml}]\n", &e));
	assert_non_null(strstr(e.what, "circular dependency"));
	assert_non_null(strstr(e.what, "p.yml needs"));
	/* what is wrong inside says where */
	write_text("bad.yml", "merge_method: linear\nmodels: [{model: a}]\nparameters: {weight: [}\n");
	err_clear(&e);
	assert_null(plan_of("merge_method: passthrough\nmodels: [{model: bad.yml}]\n", &e));
	assert_non_null(strstr(e.where, "bad.yml:3"));
	err_clear(&e);
	assert_null(plan_of("merge_method: passthrough\nmodels: [{model: none.yml}]\n", &e));
	assert_non_null(strstr(e.where, "none.yml"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_are_those_of_the_written_file),
		cmocka_unit_test(what_is_forgotten_is_found_again),
		cmocka_unit_test(what_is_inside_is_known),
		cmocka_unit_test(what_is_inside_is_hashed_on_the_way),
		cmocka_unit_test(only_what_was_heard_whole_counts),
		cmocka_unit_test(a_killed_merge_goes_on),
		cmocka_unit_test(files_are_recipes_too),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
