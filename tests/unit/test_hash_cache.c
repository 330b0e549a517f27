#include "fixture.h"

static struct fixture fx;
static const char two[] = "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
	"\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}";

static int setup(void **state)
{
	(void)state;
	fixture_init(&fx);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_fini(&fx);
	return 0;
}

static char *cache_file(void)
{
	size_t n;
	char *dir = str_join_path(fx.dir, "cupel/hashes");
	char **names = file_list(dir, &n, NULL);
	assert_non_null(names);
	assert_int_equal(n, 1);
	char *path = str_join_path(dir, names[0]);
	file_list_free(names, n);
	free(dir);
	return path;
}

static void test_hashes_are_remembered(void **state)
{
	(void)state;
	struct hash h = hash_bytes("x", 1), g = hash_bytes("y", 1), got, whole;
	fixture_safetensors(&fx, "m.safetensors", two, 8);
	struct model *m = fixture_open(&fx, "m.safetensors");
	struct hash place = model_tensor_key(m, 0);
	assert_false(model_hash_cached(m, 0, &got));
	assert_false(hash_eq(place, model_tensor_key(m, 1)));
	model_hash_store(m, 0, h);
	assert_true(model_hash_cached(m, 0, &got) && hash_eq(got, h));
	assert_true(hash_eq(model_tensor_key(m, 0), h));
	assert_false(model_hash(m, &whole));
	model_unref(m);

	m = fixture_open(&fx, "m.safetensors"); /* another program */
	assert_true(model_hash_cached(m, 0, &got) && hash_eq(got, h));
	assert_false(model_hash_cached(m, 1, &got));
	model_hash_store(m, 1, g);
	assert_true(model_hash(m, &whole));
	const char *names[] = { "a", "b" };
	struct hash both[] = { h, g };
	assert_true(hash_eq(whole, hash_model(names, both, 2)));
	model_unref(m);

	/* cut inside the last record, as after a crash: the first is still known, and the next one
	 * stored is found again */
	char *path = cache_file();
	size_t n;
	char *bytes = file_read_all(path, 4096, &n, NULL);
	assert_int_equal(n, 80);
	FILE *f = fopen(path, "wb");
	assert_int_equal(fwrite(bytes, 1, 57, f), 57);
	fclose(f);
	m = fixture_open(&fx, "m.safetensors");
	assert_true(model_hash_cached(m, 0, &got));
	assert_false(model_hash_cached(m, 1, &got));
	model_hash_store(m, 1, g);
	model_unref(m);
	m = fixture_open(&fx, "m.safetensors");
	assert_true(model_hash_cached(m, 1, &got) && hash_eq(got, g));
	model_unref(m);

	/* a damaged record is forgotten */
	bytes[3] ^= 1;
	f = fopen(path, "wb");
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
	m = fixture_open(&fx, "m.safetensors");
	assert_false(model_hash_cached(m, 0, &got));
	assert_true(model_hash_cached(m, 1, &got));
	model_unref(m);
	free(bytes);
	free(path);

	/* other bytes under the same name are another file */
	fixture_safetensors(&fx, "m.safetensors", two, 9);
	m = fixture_open(&fx, "m.safetensors");
	assert_false(model_hash_cached(m, 1, &got));
	assert_false(hash_eq(place, model_tensor_key(m, 0)));
	model_unref(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes_are_remembered),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
