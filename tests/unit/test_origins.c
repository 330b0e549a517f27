/* origins: what files beside weights, and keys in headers, say about where a model comes from;
 * and texts that nobody meant to be read. */
#include "config.h"
#include <math.h>
#include "catalog_test.h"
#include "engine/origins.h"

static struct catalog *c;

static int setup(void **state)
{
	(void)state;
	c = open_ok(":memory:");
	return folder_setup(state);
}

static int teardown(void **state)
{
	catalog_close(c);
	return folder_teardown(state);
}

static void put(const char *name, const char *text)
{
	assert_true(file_write_all(in_folder(name), text, strlen(text), NULL));
}

/* A safetensors file of one weight with this __metadata__. */
static void put_weights(const char *metadata)
{
	char *header = xasprintf("{\"__metadata__\":{%s},\"w\":{\"dtype\":\"F32\",\"shape\":[1],"
		"\"data_offsets\":[0,4]}}", metadata);
	size_t n = strlen(header);
	char *file = xcalloc(1, n + 12);

	for (int i = 0; i < 8; i++)
		file[i] = (char)(n >> (8 * i));
	memcpy(file + 8, header, n);
	assert_true(file_write_all(in_folder("model.safetensors"), file, n + 12, NULL));
	free(header);
	free(file);
}

static struct origins read_folder(bool open)
{
	struct origins o;
	struct err e = { 0 };
	struct model *m = open ? model_open(in_folder("model.safetensors"), &e) : NULL;

	if (open && !m)
		fail_msg("%s: %s", e.where, e.what);
	origins_read(&o, test_folder, m);
	model_unref(m);
	return o;
}

static void front_matter(void **state)
{
	struct origins o;

	(void)state;
	put("README.md", "---\r\nlicense: other\r\nlicense_name: stone-research\r\ntags: [x, merge]\r\n"
		"base_model:\r\n  - \"owner/one\"\r\n  - owner/two\r\nother:\r\n- not a model\r\n---\r\n"
		"base_model: nor this\n");
	o = read_folder(false);
	assert_int_equal(o.stated.n, 2);
	assert_int_equal(o.firm, 2);
	assert_string_equal(o.stated.v[0].parent, "owner/one");
	assert_string_equal(o.stated.v[1].parent, "owner/two");
	assert_string_equal(o.license, "stone-research");
	assert_string_equal(origins_parent(&o), "owner/one");
	assert_true(o.merge);
	assert_null(o.dtype);
	origins_fini(&o);
	put("README.md", "---\nbase_model: [a/b, 'c/d' ,e]\nbase_model_relation: quantized\n---\n");
	o = read_folder(false);
	assert_int_equal(o.stated.n, 3);
	assert_string_equal(o.stated.v[1].parent, "c/d");
	assert_string_equal(o.relation, "quantized");
	assert_false(o.merge);
	origins_fini(&o);
	put("README.md", "# no front matter\nbase_model: x\n");
	o = read_folder(false);
	assert_int_equal(o.stated.n, 0);
	assert_null(origins_parent(&o));
	origins_fini(&o);
}

static void provenance(void **state)
{
	struct origins o;

	(void)state;
	put("README.md", "");
	put("cupel.json", "{\"kind\": \"merge\", \"inputs\": [{\"name\": \"b\", \"role\": \"base\"}, "
		"{\"name\": \"i\", \"role\": \"input\"}, {\"name\": \"x\", \"role\": \"inner\"}, 7]}");
	o = read_folder(false);
	assert_int_equal(o.made.n, 2);
	assert_string_equal(o.made.v[0].relation, "base");
	assert_string_equal(o.made.v[1].relation, "merge");
	assert_true(o.merge);
	origins_fini(&o);
	put("cupel.json", "{\"kind\": \"quantize\", \"inputs\": [{\"name\": \"s\"}]}");
	o = read_folder(false);
	assert_string_equal(o.made.v[0].relation, "quantized");
	assert_false(o.merge);
	origins_fini(&o);
	/* The recipe says more than the list: documents in it are no models. */
	put("mergekit_config.yml", "name: step\nmodels:\n- model: p\n- model: q\nmerge_method: linear\n"
		"---\nmodels:\n- model: step\n- model: r+some/lora\nbase_model: q\n"
		"merge_method: task_arithmetic\n");
	o = read_folder(false);
	assert_int_equal(o.made.n, 4);
	assert_string_equal(o.made.v[0].parent, "r");
	assert_string_equal(o.made.v[1].relation, "adapter");
	assert_string_equal(o.made.v[2].parent, "q");
	assert_string_equal(o.made.v[2].relation, "base");
	assert_string_equal(o.made.v[3].parent, "p");
	origins_fini(&o);
	put("cupel.json", "{]");
	put("mergekit_config.yml", "models: [");
	o = read_folder(false);
	assert_int_equal(o.made.n, 0);
	origins_fini(&o);
}

static void headers(void **state)
{
	struct origins o;

	(void)state;
	put("README.md", "");
	put("cupel.json", "");
	put("mergekit_config.yml", "");
	put_weights("\"modelspec.merged_from\":\"one, two,,\",\"modelspec.license\":\"mit\","
		"\"base_model\":\"owner/root\"");
	o = read_folder(true);
	assert_int_equal(o.made.n, 2);
	assert_string_equal(o.made.v[1].parent, "two");
	assert_string_equal(o.stated.v[0].parent, "owner/root");
	assert_string_equal(o.license, "mit");
	assert_string_equal(o.dtype, "F32");
	origins_fini(&o);
}

/* Into the catalog, and again: what did not change is left alone. */
static void stored(void **state)
{
	struct catalog_model m = { .name = "mine", .path = test_folder, .kind = "tune" };
	struct catalog_edge *v;
	bool changed;
	size_t n;

	(void)state;
	put("README.md", "---\nbase_model: owner/root\nlicense: mit\n---\n");
	put_weights("");
	assert_true(catalog_model_put(c, &m, &m.id, NULL));
	assert_true(origins_refresh(c, &m, &changed, NULL));
	assert_true(changed);
	v = catalog_edges(c, &n, NULL);
	assert_int_equal(n, 1);
	assert_string_equal(v[0].relation, "merge"); /* mergekit_config.yml lies there */
	assert_string_equal(v[0].source, "metadata");
	assert_int_equal(v[0].model, m.id);
	catalog_edges_free(v, n);
	m.license = "mit";
	m.dtype = "F32";
	assert_true(origins_refresh(c, &m, &changed, NULL));
	assert_false(changed);
	put("README.md", "---\nbase_model: owner/other\nlicense: mit\n---\n");
	assert_true(origins_refresh(c, &m, &changed, NULL));
	assert_true(changed);
	v = catalog_edges(c, &n, NULL);
	assert_int_equal(n, 1);
	assert_string_equal(v[0].parent, "owner/other");
	catalog_edges_free(v, n);
}

/* Pieces that mean something, in any order: nothing but a bounded list comes of it. */
static void hostile(void **state)
{
	static const char *const piece[] = { "---", "\n", "base_model:", "- ", "[", "]", ",", "a/b", " ",
		"tags:", "license:", "\r", "\"", "'", "\xff", "base_model: [a", ":", "#" };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct str s = STR_INIT;
		struct origins o;

		str_add(&s, round % 4 ? "---\n" : "");
		for (int i = 0; i < 40; i++) {
			seed = seed * 1664525 + 1013904223;
			str_add(&s, piece[(seed >> 16) % (sizeof piece / sizeof *piece)]);
		}
		put("README.md", s.s);
		o = read_folder(false);
		assert_true(o.stated.n <= 64);
		origins_fini(&o);
		str_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(front_matter),
		cmocka_unit_test(provenance),
		cmocka_unit_test(headers),
		cmocka_unit_test(stored),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
