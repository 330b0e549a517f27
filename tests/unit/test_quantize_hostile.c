/* Quantizations that go wrong: killed at any point, a disk that refuses, numbers that are none,
 * tensors without elements, another process at work. */
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "engine/quant_out.h"
#include "engine/quantize.h"
#include "formula.h"
#include "golden.h"
#include "system/process.h"

static struct fixture fx;
static json_t *models;
static struct pool *pool;

static int setup(void **state)
{
	json_t *of;

	(void)state;
	fixture_init(&fx);
	models = golden_load("tests/golden/quant/files.json");
	of = json_object_get(models, "granitehybrid");
	pool = pool_new(2);
	formula_model(&fx, "hybrid", json_object_get(of, "config"),
		json_object_get(of, "tensors"));
	return of ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	pool_free(pool);
	json_decref(models);
	fixture_fini(&fx);
	return 0;
}

static bool cancel_never(void *ctx, const struct run_progress *p)
{
	(void)ctx;
	(void)p;
	return true;
}

static bool (*on_progress)(void *ctx, const struct run_progress *p) = cancel_never;

static bool write_it(const char *folder, const char *preset, struct quantize_options *o,
	struct run_result *r, struct err *e)
{
	char *path = str_join_path(fx.dir, folder);
	struct model *m = model_open(path, e);
	struct quant_spec *s = quant_spec_load(preset, e);
	struct quant_targets *t = m && s ? quant_targets_new(m, s->preset.container, e) : NULL;
	struct quant_plan *p = t ? quant_plan_make(s, t, o->imatrix != NULL, NULL, e) : NULL;
	bool ok = p && quantize_run(p, NULL, pool, o, on_progress, NULL, r, e);

	quant_plan_unref(p);
	quant_targets_unref(t);
	quant_spec_unref(s);
	model_unref(m);
	free(path);
	return ok;
}

static void must(const char *folder, const char *preset, struct quantize_options *o,
	struct run_result *r)
{
	struct err e = { 0 };

	if (!write_it(folder, preset, o, r, &e))
		fail_msg("%s %s: %s: %s", folder, preset, e.where, e.what);
}

static bool there(const char *name)
{
	char *path = str_join_path(fx.dir, name);
	bool is = file_exists(path);

	free(path);
	return is;
}

/* Files of two folders, or two files. */
static void same_bytes(const char *a, const char *b)
{
	char *x = str_join_path(fx.dir, a), *y = str_join_path(fx.dir, b);
	struct err e = { 0 };
	size_t n = 0, m = 0;
	char *p = file_read_all(x, (size_t)1 << 30, &n, &e);
	char *q = file_read_all(y, (size_t)1 << 30, &m, &e);

	if (!p || !q || n != m || memcmp(p, q, n))
		fail_msg("%s and %s differ", a, b);
	free(p);
	free(q);
	free(x);
	free(y);
}

/* --- killed --- */

static bool killed_after(size_t steps, const char *preset, struct quantize_options *o)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct run_result r;
		struct err e = { 0 };

		pool = pool_new(2); /* threads do not survive a fork */
		quant_out_die_after(steps);
		_exit(write_it("hybrid", preset, o, &r, &e) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

/* At each of these steps, then resumed: the files of a run that nobody killed. files: the names that
 * an output "k" has, and those of the whole "w". */
static void kill_and_resume(const char *preset, uint64_t split, const char *ending,
	const char *const (*files)[2], size_t n_files, const size_t *at, size_t n)
{
	char *k = xasprintf("%s/k%s", fx.dir, ending), *w = xasprintf("%s/w%s", fx.dir, ending);
	struct quantize_options whole = { .output = w, .split = split };
	struct run_result r, s;

	must("hybrid", preset, &whole, &r);
	for (size_t i = 0; i < n; i++) {
		struct quantize_options o = { .output = k, .split = split };

		if (!killed_after(at[i], preset, &o))
			fail_msg("%s: not killed after %zu steps", preset, at[i]);
		assert_false(there(files[0][0])); /* readers begin with it */
		o.resume = true;
		must("hybrid", preset, &o, &s);
		assert_true(s.resumed + 1 >= (at[i] < r.tensors ? at[i] : r.tensors));
		assert_true(hash_eq(r.hash, s.hash));
		for (size_t f = 0; f < n_files; f++) {
			char *path = str_join_path(fx.dir, files[f][0]);

			same_bytes(files[f][0], files[f][1]);
			if (str_ends(path, ".gguf"))
				unlink(path);
			free(path);
		}
		if (!str_ends(k, ".gguf"))
			assert_true(file_remove_tree(k, NULL));
		assert_false(there(".k.gguf.cupel-tmp") || there(".k.cupel-tmp"));
	}
	free(k);
	free(w);
}

static void test_killed_gguf(void **state)
{
	static const char *const files[][2] = { { "k.gguf", "w.gguf" } };
	static const size_t at[] = { 1, 2, 30, 65, 66 };

	(void)state;
	kill_and_resume("Q5_K_M", 0, ".gguf", files, 1, at, 5);
}

/* Between the names of its parts, too. */
static void test_killed_split(void **state)
{
	static const char *const files[][2] = {
		{ "k-00001-of-00003.gguf", "w-00001-of-00003.gguf" },
		{ "k-00002-of-00003.gguf", "w-00002-of-00003.gguf" },
		{ "k-00003-of-00003.gguf", "w-00003-of-00003.gguf" } };
	static const size_t at[] = { 1, 40, 66, 67, 68 };

	(void)state;
	kill_and_resume("Q4_K_M", 1400000, ".gguf", files, 3, at, 5);
}

static void test_killed_mlx(void **state)
{
	static const char *const files[][2] = {
		{ "k/model-00001-of-00003.safetensors", "w/model-00001-of-00003.safetensors" },
		{ "k/model-00002-of-00003.safetensors", "w/model-00002-of-00003.safetensors" },
		{ "k/model-00003-of-00003.safetensors", "w/model-00003-of-00003.safetensors" },
		{ "k/model.safetensors.index.json", "w/model.safetensors.index.json" },
		{ "k/config.json", "w/config.json" } };
	static const size_t at[] = { 1, 20, 61, 62 };

	(void)state;
	kill_and_resume("q4", 1400000, "", files, 5, at, 4);
}

/* --- refused --- */

static bool shrink_limit(void *ctx, const struct run_progress *p)
{
	struct rlimit l = { 100000, RLIM_INFINITY };

	(void)ctx;
	(void)p;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
	return true;
}

/* The disk refuses a write in the middle: an error, nothing under the final name, and it goes on. */
static void test_write_fails(void **state)
{
	static const char *const presets[] = { "Q4_0", "q8" };
	struct pool *two = pool;
	struct rlimit before;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	pool = pool_new(1);
	for (int i = 0; i < 2; i++) {
		char *path = xasprintf("%s/full%d", fx.dir, i);
		struct quantize_options o = { .output = path };
		struct run_result r;
		struct err e = { 0 };

		on_progress = shrink_limit;
		assert_false(write_it("hybrid", presets[i], &o, &r, &e));
		on_progress = cancel_never;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(e.code, ERR_SPACE);
		assert_false(file_exists(path));
		o.resume = true;
		must("hybrid", presets[i], &o, &r);
		assert_true(file_exists(path));
		free(path);
	}
	pool_free(pool);
	pool = two;
}

static bool cancel_at_once(void *ctx, const struct run_progress *p)
{
	(void)ctx;
	(void)p;
	return false;
}

static void test_cancelled(void **state)
{
	char *path = str_join_path(fx.dir, "cancelled.gguf");
	struct quantize_options o = { .output = path };
	struct run_result r;
	struct err e = { 0 };

	(void)state;
	on_progress = cancel_at_once;
	assert_false(write_it("hybrid", "Q6_K", &o, &r, &e));
	on_progress = cancel_never;
	assert_int_equal(e.code, ERR_CANCELLED);
	assert_false(file_exists(path));
	atomic_store(&process_cancelled, false);
	o.resume = true;
	must("hybrid", "Q6_K", &o, &r);
	free(path);
}

static void test_locked(void **state)
{
	char *path = str_join_path(fx.dir, "busy.gguf");
	char *lock = str_join_path(fx.dir, ".busy.gguf.cupel-lock");
	struct quantize_options o = { .output = path, .force = true, .resume = true };
	struct run_result r;
	struct err e = { 0 };
	struct process_lock *mine = process_lock_take(lock, &e);

	(void)state;
	assert_non_null(mine);
	assert_false(write_it("hybrid", "Q8_0", &o, &r, &e));
	assert_false(file_exists(path));
	process_lock_drop(mine);
	must("hybrid", "Q8_0", &o, &r);
	free(lock);
	free(path);
}

/* --- numbers that are none --- */

static void copy_model(const char *to)
{
	static const char *const names[] =
		{ "config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors" };
	struct err e = { 0 };

	for (int i = 0; i < 4; i++) {
		char *a = xasprintf("%s/hybrid/%s", fx.dir, names[i]);
		char *b = xasprintf("%s/%s/%s", fx.dir, to, names[i]);
		char *dir = str_join_path(fx.dir, to);

		assert_true(file_mkdirs(dir, &e) && file_copy(a, b, &e));
		free(dir);
		free(a);
		free(b);
	}
}

/* Element `at` of a bf16 tensor becomes these bits. */
static void patch(const char *folder, const char *tensor, uint64_t at, uint16_t bits)
{
	char *path = xasprintf("%s/%s/model.safetensors", fx.dir, folder);
	struct err e = { 0 };
	size_t n;
	unsigned char *file = (unsigned char *)file_read_all(path, (size_t)1 << 30, &n, &e);
	json_t *header = json_loadb((char *)file + 8, (size_t)le64(file), 0, NULL);
	const json_t *of = json_object_get(json_object_get(header, tensor), "data_offsets");
	size_t place;

	assert_non_null(of);
	place = 8 + (size_t)le64(file) + (size_t)json_integer_value(json_array_get(of, 0));
	put_le16(file + place + 2 * at, bits);
	assert_true(file_write_all(path, file, n, &e));
	json_decref(header);
	free(file);
	free(path);
}

static void test_nonfinite(void **state)
{
	static const char *const presets[] = { "Q4_K_M", "q4", "mxfp4", "BF16" };
	static const char o_proj[] = "model.layers.2.self_attn.o_proj.weight";
	static const char norm[] = "model.norm.weight";

	(void)state;
	copy_model("broken");
	copy_model("zeros");
	patch("broken", o_proj, 5, 0x7fc0);
	patch("broken", o_proj, 65000, 0xff80);
	patch("broken", norm, 255, 0x7f80);
	patch("zeros", o_proj, 5, 0);
	patch("zeros", o_proj, 65000, 0);
	patch("zeros", norm, 255, 0);
	for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
		char *out = xasprintf("%s/nan%zu", fx.dir, i);
		struct quantize_options o = { .output = out };
		struct run_result r, s;
		struct err e = { 0 };

		assert_false(write_it("broken", presets[i], &o, &r, &e));
		assert_int_equal(e.code, ERR_INPUT);
		if (!strstr(e.what, "attn_output") && !strstr(e.what, "o_proj") &&
			!strstr(e.what, "norm"))
			fail_msg("%s: %s", presets[i], e.what);
		assert_non_null(strstr(e.hint, "--allow-nonfinite"));
		assert_false(file_exists(out));
		o.nonfinite = o.force = true;
		must("broken", presets[i], &o, &r);
		assert_int_equal(r.nonfinite, 3);
		o.nonfinite = false;
		must("zeros", presets[i], &o, &s);
		assert_int_equal(s.nonfinite, 0);
		assert_true(hash_eq(r.hash, s.hash));
		free(out);
	}
}

/* --- tensors of no size --- */

static void test_no_elements(void **state)
{
	const json_t *of = json_object_get(models, "granitehybrid");
	json_t *tensors = json_deep_copy(json_object_get(of, "tensors"));
	char *out = str_join_path(fx.dir, "odd-mlx"), *gguf = str_join_path(fx.dir, "odd.gguf");
	struct quantize_options o = { .output = out };
	struct run_result r;
	struct err e = { 0 };
	struct model *m;

	(void)state;
	json_array_append_new(tensors, json_pack("[s,[i,i]]", "model.empty.weight", 0, 256));
	json_array_append_new(tensors, json_pack("[s,[i,i]]", "model.thin.weight", 64, 0));
	json_array_append_new(tensors, json_pack("[s,[]]", "model.scalar"));
	formula_model(&fx, "odd", json_object_get(of, "config"), tensors);
	must("odd", "q4", &o, &r);
	m = fixture_open(&fx, "odd-mlx");
	assert_true(source_find(&m->source, "model.empty.weight") >= 0);
	assert_true(source_find(&m->source, "model.thin.weight") >= 0);
	assert_int_equal(m->source.tensors[source_find(&m->source, "model.scalar")].elements, 1);
	model_unref(m);
	/* GGUF has no name for what its architecture does not know: it is said which */
	o.output = gguf;
	if (!write_it("odd", "Q4_K_M", &o, &r, &e))
		assert_true(strstr(e.what, "model.") || strstr(e.where, "model."));
	json_decref(tensors);
	free(out);
	free(gguf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_gguf),
		cmocka_unit_test(test_killed_split),
		cmocka_unit_test(test_killed_mlx),
		cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_nonfinite),
		cmocka_unit_test(test_no_elements),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
