/* Whole GGUF files against those that llama.cpp's converter and llama-quantize write: every tensor's
 * name, type, dimensions and bytes, and every key; and what happens to outputs on the way.
 *
 * Perplexities of the six small trained models, llama-perplexity -c 512 --chunks 8, were the same to
 * the last digit for our files and llama-quantize's own:
 *
 *	          Q4_K_M      Q8_0      Q6_K
 *	base     50.2237   49.7657   49.7376
 *	code     94.5222   94.7146   94.2189
 *	kjv      44.4244   44.2052   44.3715
 *	hybrid   40.3331   40.2370   40.2428
 *	qwen3    81.1744   81.1157   81.1956
 *	granite 183.9182  183.7812  183.8213 */
#include <sys/wait.h>
#include <unistd.h>
#include "engine/quant_out.h"
#include "engine/quantize.h"
#include "formula.h"
#include "gguf_raw.h"
#include "golden.h"
#include "system/process.h"

static struct fixture fx;
static json_t *golden;
static struct pool *pool;

static int setup(void **state)
{
	const char *family;
	json_t *of;

	(void)state;
	fixture_init(&fx);
	golden = golden_load("tests/golden/quant/files.json");
	pool = pool_new(2);
	json_object_foreach(golden, family, of)
		formula_model(&fx, family, json_object_get(of, "config"),
			json_object_get(of, "tensors"));
	return golden ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	pool_free(pool);
	json_decref(golden);
	fixture_fini(&fx);
	return 0;
}

/* The next tensor against [name, dimensions] and "TYPE:half of the hash". */
static void raw_check(struct raw *r, const json_t *want, const char *is, const char *file)
{
	const json_t *dims = json_array_get(want, 1);
	const char *name = json_string_value(json_array_get(want, 0));
	const struct dtype_info *d;
	uint64_t n = raw_take(r, 8), elements = 1, bytes, offset;
	size_t type = strcspn(is, ":");
	char hex[HASH_HEX_SIZE];

	if (n != strlen(name) || memcmp(r->bytes + r->at, name, n))
		fail_msg("%s: %s stands where %.*s is", file, name, (int)n, r->bytes + r->at);
	r->at += n;
	n = raw_take(r, 4);
	for (uint64_t k = 0; k < n; k++) {
		uint64_t ne = raw_take(r, 8);
		elements *= ne;
		/* llama-quantize drops trailing ones, the converter keeps them */
		assert_int_equal(ne, k < json_array_size(dims)
			? (uint64_t)json_integer_value(json_array_get(dims, k)) : 1);
	}
	d = dtype_info(dtype_by_ggml((uint32_t)raw_take(r, 4)));
	if (strlen(d->name) != type || strncmp(d->name, is, type))
		fail_msg("%s: %s is %s, not %.*s", file, name, d->name, (int)type, is);
	offset = raw_take(r, 8);
	bytes = elements / d->block * d->bytes;
	assert_true(r->data + offset + bytes <= r->n);
	hash_hex(hash_bytes(r->bytes + r->data + offset, (size_t)bytes), hex);
	if (strncmp(hex, is + type + 1, 16))
		fail_msg("%s: the bytes of %s differ", file, name);
}

struct wanted {
	const json_t *name; /* [name, dimensions] */
	const char *is;     /* "TYPE:hash …" */
};

static int by_name(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return quant_name_order(json_string_value(json_array_get(x->name, 0)),
		json_string_value(json_array_get(y->name, 0)));
}

static void check_file(const char *path, const json_t *names, const char *is,
	const json_t *keys, const char *what)
{
	size_t n = json_array_size(names);
	struct wanted *v = calloc(n, sizeof *v);
	struct raw r;

	for (size_t i = 0; i < n; i++) {
		assert_true(*is);
		v[i] = (struct wanted){ json_array_get(names, i), is };
		is += strcspn(is, " ");
		is += strspn(is, " ");
	}
	qsort(v, n, sizeof *v, by_name);
	raw_open(&r, path);
	if (r.tensors != n)
		fail_msg("%s: %d tensors for %d", what, (int)r.tensors, (int)n);
	for (size_t i = 0; i < n; i++)
		raw_check(&r, v[i].name, v[i].is, what);
	if (keys)
		raw_check_keys(&r, keys, what);
	free(v);
	raw_close(&r);
}

/* --- writing --- */

static struct quant_plan *plan_of(const char *folder, const char *preset, bool imatrix)
{
	char *path = str_join_path(fx.dir, folder);
	struct err e = { 0 };
	struct model *m = model_open(path, &e);
	struct quant_spec *s = quant_spec_load(preset, &e);
	struct quant_targets *t;
	struct quant_plan *p;

	assert_non_null(m);
	if (!s)
		fail_msg("%s: %s", preset, e.what);
	t = quant_targets_new(m, s->preset.container, &e);
	if (!t)
		fail_msg("%s: %s", folder, e.what);
	p = quant_plan_make(s, t, imatrix, NULL, &e);
	assert_non_null(p);
	quant_targets_unref(t);
	quant_spec_unref(s);
	model_unref(m);
	free(path);
	return p;
}

static bool write_it(const char *folder, const char *preset, struct quantize_options *o,
	struct run_result *r, struct err *e)
{
	struct quant_plan *p = plan_of(folder, preset, o->imatrix != NULL);
	uint64_t size = quantize_size(p, o, e);
	bool ok = quantize_run(p, NULL, pool, o, NULL, NULL, r, e);

	if (ok) {
		assert_int_equal(r->bytes, size);
		assert_int_equal(r->tensors, p->targets->n);
	}
	quant_plan_unref(p);
	return ok;
}

static void test_files_as_llama_cpp_writes_them(void **state)
{
	char *out = str_join_path(fx.dir, "x.gguf");
	const char *family, *file;
	json_t *of, *tensors;

	(void)state;
	json_object_foreach(golden, family, of)
		json_object_foreach(json_object_get(of, "files"), file, tensors) {
			struct quantize_options o = { .output = out, .force = true };
			struct run_result r;
			struct err e = { 0 };
			struct file_id id;
			char *what = xasprintf("%s %s", family, file);

			if (!strchr(file, ' ')) {
				if (!write_it(family, file, &o, &r, &e))
					fail_msg("%s: %s: %s", what, e.where, e.what);
				check_file(out, json_object_get(of, "names"),
					json_string_value(tensors), str_eq(file, "BF16")
					? json_object_get(of, "keys") : NULL, what);
				assert_true(file_stat_id(out, &id) && id.size == r.bytes);
			}
			free(what);
		}
	free(out);
}

/* The importance that the golden files were made with, in the older format. */
static char *write_imatrix(const json_t *tensors)
{
	char *path = str_join_path(fx.dir, "i.dat");
	FILE *f = fopen(path, "wb");
	int32_t n = 0, word;
	json_t *t;
	size_t i;

	assert_non_null(f);
	fwrite(&n, 4, 1, f);
	json_array_foreach(tensors, i, t) {
		const char *name = json_string_value(json_array_get(t, 0));
		const json_t *dims = json_array_get(t, 1);
		int32_t columns = (int32_t)json_integer_value(json_array_get(dims, 0));
		int32_t many = json_array_size(dims) > 2
			? (int32_t)json_integer_value(json_array_get(dims, 2)) : 1;

		if (!str_starts(name, "blk.") || !str_ends(name, ".weight") ||
			json_array_size(dims) < 2)
			continue;
		n++;
		fwrite(&(int32_t){ (int32_t)strlen(name) }, 4, 1, f);
		fwrite(name, 1, strlen(name), f);
		fwrite(&(int32_t){ 1 }, 4, 1, f);
		word = columns * many;
		fwrite(&word, 4, 1, f);
		for (int32_t k = 0; k < word; k++) {
			float v = (float)(k % 31) + (float)(1 + formula_seed(name) % 5);
			fwrite(&v, 4, 1, f);
		}
	}
	rewind(f);
	fwrite(&n, 4, 1, f);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void test_files_with_importance(void **state)
{
	char *out = str_join_path(fx.dir, "i.gguf");
	const char *family, *file;
	json_t *of, *tensors;
	int seen = 0;

	(void)state;
	json_object_foreach(golden, family, of) {
		json_t *files = json_object_get(of, "files");
		char *path = write_imatrix(json_object_get(of, "names"));
		struct err e = { 0 };
		struct imatrix *im = imatrix_load(path, &e);

		assert_non_null(im);
		json_object_foreach(files, file, tensors) {
			struct quantize_options o = { .output = out, .force = true, .imatrix = im };
			char *preset = xstrndup(file, strcspn(file, " "));
			char *what = xasprintf("%s %s", family, file);
			struct run_result r;

			if (strchr(file, ' ')) {
				if (!write_it(family, preset, &o, &r, &e))
					fail_msg("%s: %s: %s", what, e.where, e.what);
				check_file(out, json_object_get(of, "names"),
					json_string_value(tensors), NULL, what);
				seen++;
			}
			free(preset);
			free(what);
		}
		imatrix_free(im);
		free(path);
	}
	assert_int_equal(seen, 20);
	free(out);
}

static void test_any_number_of_threads(void **state)
{
	char *a = str_join_path(fx.dir, "a.gguf"), *b = str_join_path(fx.dir, "b.gguf");
	struct quantize_options o = { .output = a };
	struct pool *two = pool;
	struct run_result r, s;
	struct err e = { 0 };

	(void)state;
	pool = pool_new(1);
	assert_true(write_it("granitehybrid", "Q4_K_M", &o, &r, &e));
	pool_free(pool);
	pool = pool_new(7);
	o.output = b;
	assert_true(write_it("granitehybrid", "Q4_K_M", &o, &s, &e));
	pool_free(pool);
	pool = two;
	assert_true(hash_eq(r.hash, s.hash));
	free(a);
	free(b);
}

/* The weights of all parts are those of the one file. */
static void test_split(void **state)
{
	char *out = str_join_path(fx.dir, "split.gguf");
	char *first = str_join_path(fx.dir, "split-00001-of-00003.gguf");
	struct quantize_options o = { .output = out, .split = 1400000 };
	struct run_result r;
	struct model *whole, *parts;
	struct err e = { 0 };
	char *one = str_join_path(fx.dir, "a.gguf");

	(void)state;
	assert_true(write_it("granitehybrid", "Q4_K_M", &o, &r, &e));
	assert_string_equal(r.output, first);
	whole = model_open(one, &e);
	parts = model_open(first, &e);
	if (!parts)
		fail_msg("%s: %s", e.where, e.what);
	assert_int_equal(parts->n_files, 3);
	assert_int_equal(parts->source.n_tensors, whole->source.n_tensors);
	for (size_t t = 0; t < whole->source.n_tensors; t++) {
		size_t n = (size_t)whole->source.tensors[t].elements;
		float *x = calloc(n, 4), *y = calloc(n, 4);
		long at = source_find(&parts->source, whole->source.tensors[t].name);

		assert_true(at >= 0);
		assert_true(source_read(&whole->source, t, 0, n, x, &e) &&
			source_read(&parts->source, (size_t)at, 0, n, y, &e));
		assert_memory_equal(x, y, n * 4);
		free(x);
		free(y);
	}
	model_unref(whole);
	model_unref(parts);
	free(out);
	free(first);
	free(one);
}

static void test_never_overwrites(void **state)
{
	char *out = str_join_path(fx.dir, "a.gguf");
	struct quantize_options o = { .output = out };
	struct run_result r;
	struct err e = { 0 };

	(void)state;
	assert_false(write_it("llama", "Q8_0", &o, &r, &e));
	assert_non_null(strstr(e.what, "already"));
	fixture_text(&fx, "notes.gguf", "not a model");
	free(out);
	out = str_join_path(fx.dir, "notes.gguf");
	o = (struct quantize_options){ .output = out, .force = true };
	assert_false(write_it("llama", "Q8_0", &o, &r, &e));
	assert_non_null(strstr(e.what, "no GGUF"));
	free(out);
}

/* Killed in the middle, then resumed: the same file; nothing under its name before. */
static void test_kill_and_resume(void **state)
{
	char *out = str_join_path(fx.dir, "k.gguf"), *whole = str_join_path(fx.dir, "a.gguf");
	struct quantize_options o = { .output = out };
	struct run_result r;
	struct err e = { 0 };
	char *x, *y;
	size_t n, m;
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		pool = pool_new(2); /* threads do not survive a fork */
		quant_out_die_after(9);
		write_it("granitehybrid", "Q4_K_M", &o, &r, &e);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_false(file_exists(out));
	assert_false(write_it("granitehybrid", "Q4_K_M", &o, &r, &e));
	assert_non_null(strstr(e.what, "unfinished"));
	o.resume = true;
	assert_false(write_it("granitehybrid", "Q4_K_S", &o, &r, &e));
	assert_non_null(strstr(e.what, "cannot resume"));
	assert_true(write_it("granitehybrid", "Q4_K_M", &o, &r, &e));
	assert_true(r.resumed >= 8);
	x = file_read_all(out, (size_t)1 << 30, &n, &e);
	y = file_read_all(whole, (size_t)1 << 30, &m, &e);
	assert_int_equal(n, m);
	assert_memory_equal(x, y, n);
	free(x);
	free(y);
	free(out);
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_as_llama_cpp_writes_them),
		cmocka_unit_test(test_files_with_importance),
		cmocka_unit_test(test_any_number_of_threads),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_never_overwrites),
		cmocka_unit_test(test_kill_and_resume),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
