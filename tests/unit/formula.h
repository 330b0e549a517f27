/* formula: model folders whose weights are a formula of name and place, as tests/golden/quant/
 * gen_files.py makes them too. One thread. */
#ifndef CUPEL_TESTS_FORMULA_H
#define CUPEL_TESTS_FORMULA_H
#include <math.h>
#include "fixture.h"

static inline uint32_t formula_seed(const char *name)
{
	uint32_t h = 0x811c9dc5u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x01000193u;
	return h;
}

/* An eight-bit number times a power of two, by place; one in 64 is sixteen-fold. */
static inline uint16_t formula_weight(uint32_t seed, uint32_t place)
{
	uint32_t x = place * 2654435761u + seed;

	x ^= x >> 16;
	x *= 0x7feb352du;
	x ^= x >> 15;
	x *= 0x846ca68bu;
	x ^= x >> 16;
	int down = 10 + (int)(x & 3) - (x >> 2 & 63 ? 0 : 4);
	return (uint16_t)(f32_bits(ldexpf((float)((int)(x >> 24) - 128), -down)) >> 16);
}

static inline uint64_t formula_elements(const json_t *shape)
{
	uint64_t n = 1;
	size_t i;
	json_t *d;

	json_array_foreach(shape, i, d)
		n *= (uint64_t)json_integer_value(d);
	return n;
}

/* tensors: [[name, shape]…]. folder is below the fixture's. The tokenizer is the demonstration
 * family's, found through $top_srcdir. */
static inline void formula_model(const struct fixture *fx, const char *folder, const json_t *config,
	const json_t *tensors)
{
	static const char *const copied[] = { "tokenizer.json", "tokenizer_config.json" };
	const char *top = getenv("top_srcdir");
	json_t *header = json_object(), *t;
	uint64_t at = 0, n;
	char *name, *path;
	size_t i;

	json_array_foreach(tensors, i, t) {
		uint64_t bytes = 2 * formula_elements(json_array_get(t, 1));

		json_object_set_new(header, json_string_value(json_array_get(t, 0)),
			json_pack("{s:s,s:O,s:[I,I]}", "dtype", "BF16", "shape",
			json_array_get(t, 1), "data_offsets", (json_int_t)at,
			(json_int_t)(at + bytes)));
		at += bytes;
	}
	char *text = json_dumps(header, JSON_COMPACT);
	uint64_t length = strlen(text);
	unsigned char *file = malloc(8 + length + at), *w = file + 8 + length;
	put_le64(file, length);
	memcpy(file + 8, text, length);
	json_array_foreach(tensors, i, t) {
		uint32_t seed = formula_seed(json_string_value(json_array_get(t, 0)));
		n = formula_elements(json_array_get(t, 1));
		for (uint64_t k = 0; k < n; k++, w += 2)
			put_le16(w, formula_weight(seed, (uint32_t)k));
	}
	name = xasprintf("%s/model.safetensors", folder);
	fixture_write(fx, name, file, 8 + length + at);
	free(name);
	free(file);
	free(text);
	json_decref(header);
	name = xasprintf("%s/config.json", folder);
	text = json_dumps(config, 0);
	fixture_text(fx, name, text);
	free(text);
	free(name);
	for (i = 0; i < 2; i++) {
		struct err e = { 0 };

		path = xasprintf("%s/share/demo/base/%s", top ? top : ".", copied[i]);
		name = xasprintf("%s/%s/%s", fx->dir, folder, copied[i]);
		assert_true(file_copy(path, name, &e));
		free(path);
		free(name);
	}
}
#endif
