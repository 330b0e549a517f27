/* Forward passes against transformers in float64: networks of every architecture, their weights made
 * up by a formula that the generator has too. float32 against float64 over 3 layers of width 64:
 * errors seen are below 2e-6; a wrong term anywhere is above 1e-3. */
#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "infer/perplexity.h"
#include "infer_test.h"
#include "tensor/cpu.h"

#define TOLERANCE 1e-5

static uint32_t scramble(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352d;
	x ^= x >> 15;
	x *= 0x846ca68b;
	return x ^ x >> 16;
}

static float made_up(const char *name, uint32_t i)
{
	uint32_t h = 2166136261u;

	for (const char *p = name; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	return (float)((double)(scramble(h + i * 2654435761u) >> 8) / 8388608 - 1);
}

static struct scratch_tensor make(const json_t *entry)
{
	const char *name = json_string_value(json_array_get(entry, 0));
	const json_t *shape = json_array_get(entry, 1);
	struct scratch_tensor t = { .name = name, .dtype = DT_F32,
		.rank = (int)json_array_size(shape) };
	bool norm = strstr(name, "norm") != NULL;
	float scale = norm || t.rank < 2 ? 0.3f : 0.2f;
	size_t n = 1;

	for (int d = 0; d < t.rank; d++)
		n *= t.shape[d] = (uint64_t)json_integer_value(json_array_get(shape, (size_t)d));
	t.bytes = n * sizeof(float);
	t.data = xcalloc(n, sizeof(float));
	for (size_t i = 0; i < n; i++)
		((float *)t.data)[i] = made_up(name, (uint32_t)i) * scale + (norm ? 1.0f : 0.0f);
	return t;
}

static struct model *make_model(const json_t *c, const char *name)
{
	const json_t *list = json_object_get(c, "tensors");
	size_t n = json_array_size(list);
	struct scratch_tensor *v = xnew(struct scratch_tensor, n);
	char *config = json_dumps(json_object_get(c, "config"), 0), *path;
	struct model *m;
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++)
		v[i] = make(json_array_get(list, i));
	path = scratch_model(folder, name, v, n, config);
	m = model_open(path, &e);
	if (!m)
		fail_msg("%s: %s", e.where, e.what);
	scratch_free(v, n);
	free(v);
	free(config);
	free(path);
	return m;
}

/* -log p of every token after the first; two chunks of the same tokens side by side. */
static float *measure(struct model *m, const json_t *c, unsigned threads, size_t *n)
{
	const json_t *list = json_object_get(c, "tokens");
	size_t T = json_array_size(list);
	uint32_t *tokens = xnew(uint32_t, 2 * T);
	struct err e = { 0 };
	struct net *net = net_open(m, NULL, &e);
	struct pool *pool = pool_new(threads);
	float *hidden, *nll = xnew(float, 2 * T);

	if (!net)
		fail_msg("%s: %s", json_string_value(json_object_get(c, "name")), e.what);
	for (size_t i = 0; i < 2 * T; i++)
		tokens[i] = (uint32_t)json_integer_value(json_array_get(list, i % T));
	hidden = xnew(float, 2 * T * net_width(net));
	assert_true(net_run(net, pool, tokens, 2, T, hidden, NULL, &e));
	for (size_t k = 0; k < 2; k++)
		assert_true(net_nll(net, pool, hidden + k * T * net_width(net), T - 1, tokens + 1,
			nll + k * (T - 1), &e));
	*n = T - 1;
	free(hidden);
	free(tokens);
	net_free(net);
	pool_free(pool);
	return nll;
}

static void as_the_reference(void **state)
{
	size_t i, n;
	json_t *c;

	(void)state;
	json_array_foreach(cases, i, c) {
		const char *name = json_string_value(json_object_get(c, "name"));
		const json_t *want = json_object_get(c, "nll");
		struct model *m = make_model(c, name);
		float *got = measure(m, c, 2, &n), *again;

		for (size_t k = 0; k < n; k++) {
			double x = json_real_value(json_array_get(want, k));

			if (!(fabs(got[k] - x) < TOLERANCE * fmax(1, x)))
				fail_msg("%s, token %zu: %.8g, not %.8g", name, k, got[k], x);
		}
		/* a chunk does not see its neighbour, nor the number of threads */
		assert_memory_equal(got, got + n, n * sizeof *got);
		again = measure(m, c, 1, &n);
		assert_memory_equal(got, again, n * sizeof *got);
		free(again);
		free(got);
		model_unref(m);
	}
	assert_int_equal(i, 11);
}

/* What would change the result and is not computed is refused by name. */
static void what_is_not_known(void **state)
{
	static const struct { const char *key, *value, *said; } odd[] = {
		{ "model_type", "\"gemma3_text\"", "gemma3_text" },
		{ "hidden_act", "\"gelu\"", "gelu" },
		{ "final_logit_softcapping", "30.0", "final_logit_softcapping" },
		{ "rope_parameters", "{\"rope_type\": \"yarn\", \"factor\": 4.0}", "yarn" },
		{ "num_attention_heads", "3", "" },
		{ "num_hidden_layers", "2", "model.layers.2." },
		{ "num_hidden_layers", "4", "model.layers.3." },
		{ "num_hidden_layers", "-1", "num_hidden_layers" },
		{ "hidden_size", "1e99", "hidden_size" },
		{ "intermediate_size", "97", "mlp." },
		{ "head_dim", "15", "" },
	};
	struct model *m = make_model(json_array_get(cases, 0), "odd");

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		json_t *config = json_deep_copy(json_object_get(json_array_get(cases, 0),
			"config"));
		struct err e = { 0 };

		json_object_set_new(config, odd[i].key, json_loads(odd[i].value, JSON_DECODE_ANY,
			NULL));
		if (net_open(m, config, &e))
			fail_msg("%s %s was taken", odd[i].key, odd[i].value);
		if (!strstr(e.what, odd[i].said))
			fail_msg("%s: %s", odd[i].key, e.what);
		json_decref(config);
	}
	model_unref(m);
}

/* A model of the first case in which this tensor is NaN throughout. */
static struct model *damaged(const char *tensor)
{
	json_t *c = json_array_get(cases, 0);
	struct model *m = make_model(c, "broken");
	long t = source_find(&m->source, tensor);
	uint64_t offset = m->source.tensors[t].offset;
	size_t count = m->source.tensors[t].elements, n;
	char *path = xasprintf("%s/broken/model.safetensors", folder), *bytes;
	struct err e = { 0 };

	model_unref(m);
	bytes = file_read_all(path, 1 << 24, &n, NULL);
	for (size_t i = 0; i < count; i++)
		memcpy(bytes + offset + 4 * i, "\0\0\xc0\x7f", 4);
	assert_true(file_write_all(path, bytes, n, NULL));
	free(bytes);
	free(path);
	path = str_join_path(folder, "broken");
	m = model_open(path, &e);
	assert_non_null(m);
	free(path);
	return m;
}

/* Where they come from is said, and no figure is made of them. */
static void not_finite(void **state)
{
	static const struct { const char *tensor, *said; } odd[] = {
		{ "model.layers.1.mlp.up_proj.weight", "layer 1" },
		{ "lm_head.weight", "head" },
	};
	uint32_t tokens[4] = { 1, 2, 3, 4 }, beyond[4] = { 1, 2, 96, 4 };
	struct pool *pool = pool_new(1);
	float hidden[64 * 4], nll[3];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct model *m = damaged(odd[i].tensor);
		struct net *net = net_open(m, NULL, NULL);
		struct err e = { 0 };

		assert_non_null(net);
		assert_false(net_run(net, pool, tokens, 1, 4, hidden, NULL, &e) &&
			net_nll(net, pool, hidden, 3, tokens + 1, nll, &e));
		assert_non_null(strstr(e.what, odd[i].said));
		assert_non_null(strstr(e.what, "not finite"));
		assert_false(net_run(net, pool, beyond, 1, 4, hidden, NULL, &e));
		assert_non_null(strstr(e.what, "96"));
		net_free(net);
		model_unref(m);
	}
	pool_free(pool);
}

static int setup(void **state)
{
	return infer_setup(state, "tests/golden/infer/nets.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_reference),
		cmocka_unit_test(what_is_not_known),
		cmocka_unit_test(not_finite),
	};

	return cmocka_run_group_tests_name("net", tests, setup, infer_teardown);
}
