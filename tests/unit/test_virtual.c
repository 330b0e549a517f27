/* A model made of another one: a tensor passed on and a tensor computed. */
#include "fixture.h"
#include "model/virtual.h"

static struct fixture fx;
static int freed;
static const char two[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
	"\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}";

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

static bool count_up(void *ctx, size_t t, uint64_t first, size_t n, float *out, struct err *e)
{
	(void)ctx, (void)e;
	for (size_t i = 0; i < n; i++)
		out[i] = (float)(100 * t + first + i);
	return true;
}

static struct hash count_key(void *ctx, size_t t)
{
	(void)ctx;
	return hash_bytes(&t, sizeof t);
}

static void count_free(void *ctx)
{
	assert_ptr_equal(ctx, &freed);
	freed++;
}

static const struct virtual_ops counting = { count_up, count_key, count_free };

static struct model *make(struct model *from, const char *second, struct err *e)
{
	struct virtual_tensor v[2] = { { .about = from->source.tensors[0], .origin = from, .at = 0 },
		{ .about = from->source.tensors[1] } };

	v[1].about.name = second;
	return model_virtual(&(struct virtual_about){ .like = from, .label = "a+b" }, v, 2,
		&counting, &freed, e);
}

static void test_reads_and_keys(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct hash h = hash_bytes("x", 1), got;
	unsigned char raw[8], same[8];
	float v[2], w[2];
	size_t at = 9;

	fixture_safetensors(&fx, "m.safetensors", two, 16);
	struct model *m = fixture_open(&fx, "m.safetensors"), *x = make(m, "c", &e);
	assert_non_null(x);
	assert_string_equal(x->name, "a+b");
	assert_int_equal(source_find(&x->source, "c"), 1);
	assert_int_equal(source_find(&x->source, "b"), -1);
	assert_ptr_equal(model_origin(x, 0, &at), m);
	assert_int_equal(at, 0);
	assert_null(model_origin(x, 1, &at));
	assert_true(source_read(&x->source, 0, 0, 2, v, &e) &&
		source_read(&m->source, 0, 0, 2, w, &e) && !memcmp(v, w, sizeof v));
	assert_true(source_read(&x->source, 1, 1, 1, v, &e) && v[0] == 101.0f);
	assert_true(source_read_raw(&x->source, 0, 0, 8, raw, &e) &&
		source_read_raw(&m->source, 0, 0, 8, same, &e) && !memcmp(raw, same, 8));
	assert_false(source_read_raw(&x->source, 1, 0, 8, raw, &e));
	assert_non_null(strstr(e.what, "computed"));

	/* contents are known of what is stored, and kept with it */
	assert_true(hash_eq(model_tensor_place(x, 0), model_tensor_place(m, 0)));
	model_hash_store(x, 0, h);
	assert_true(model_hash_cached(m, 0, &got) && hash_eq(got, h));
	assert_true(hash_eq(model_tensor_key(x, 0), h));
	model_hash_store(x, 1, h);
	assert_false(model_hash_cached(x, 1, &got));
	assert_true(hash_eq(model_tensor_key(x, 1), model_tensor_place(x, 1)));

	model_unref(m); /* the virtual one holds it */
	assert_true(source_read(&x->source, 0, 0, 2, w, &e));
	assert_int_equal(freed, 0);
	model_unref(x);
	assert_int_equal(freed, 1);
}

static void test_one_name_twice(void **state)
{
	(void)state;
	struct err e = { 0 };
	int before = freed;

	fixture_safetensors(&fx, "n.safetensors", two, 16);
	struct model *m = fixture_open(&fx, "n.safetensors");
	assert_null(make(m, "a", &e));
	assert_non_null(strstr(e.what, "twice"));
	assert_int_equal(freed, before + 1);
	model_unref(m);
}

static struct hash no_key(void *ctx, size_t t)
{
	(void)ctx;
	fail_msg("tensor %zu is not computed here", t);
	return (struct hash){ { 0 } };
}

static const struct virtual_ops passing = { count_up, no_key, NULL };

/* What is computed further below keeps its key; that of who passes it on is not asked. */
static void test_passed_on_and_computed_below(void **state)
{
	struct err e = { 0 };
	float v[2];
	size_t at;

	(void)state;
	fixture_safetensors(&fx, "m.safetensors", two, 16);
	struct model *m = fixture_open(&fx, "m.safetensors"), *x = make(m, "c", &e);
	struct virtual_tensor t[2] = { { .about = x->source.tensors[1], .origin = x, .at = 1 },
		{ .about = x->source.tensors[0], .origin = x, .at = 0 } };
	struct model *y = model_virtual(&(struct virtual_about){ .like = x, .label = "y" }, t, 2, &passing,
		NULL, &e);

	assert_non_null(y);
	assert_null(model_origin(y, 0, &at));
	assert_true(hash_eq(model_tensor_place(y, 0), model_tensor_place(x, 1)));
	assert_true(hash_eq(model_tensor_place(y, 1), model_tensor_place(m, 0)));
	assert_true(source_read(&y->source, 0, 0, 2, v, &e) && v[0] == 100.0f);
	model_unref(y);
	model_unref(x);
	model_unref(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_and_keys),
		cmocka_unit_test(test_passed_on_and_computed_below),
		cmocka_unit_test(test_one_name_twice),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
