/* gguf_raw: a GGUF file as bytes, without the program's own reader; its keys as tests/golden/quant/
 * gguf_keys.py records those of llama.cpp's converter. One thread. */
#ifndef CUPEL_TESTS_GGUF_RAW_H
#define CUPEL_TESTS_GGUF_RAW_H
#include "base/hash.h"
#include "fixture.h"
#include "system/file.h"

struct raw {
	unsigned char *bytes;
	size_t n, at, data; /* at: of the first tensor, when opened */
	uint64_t tensors;
	json_t *keys;
};

static inline uint64_t raw_take(struct raw *r, size_t n)
{
	uint64_t v = 0;

	assert_true(r->at + n <= r->n);
	memcpy(&v, r->bytes + r->at, n);
	r->at += n;
	return v;
}

static inline const char *raw_text(struct raw *r, size_t *n)
{
	const char *text;

	*n = raw_take(r, 8);
	text = (const char *)r->bytes + r->at;
	assert_true(*n <= r->n - r->at);
	r->at += *n;
	return text;
}

static inline json_t *raw_hash(struct raw *r, size_t from)
{
	char hex[HASH_HEX_SIZE];

	hash_hex(hash_bytes(r->bytes + from, r->at - from), hex);
	return json_string(hex);
}

/* u8 i8 u16 i16 u32 i32 f32 bool text array u64 i64 f64 */
static inline json_t *raw_plain(struct raw *r, uint64_t type)
{
	static const size_t size[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };
	uint64_t v;
	float f;

	assert_true(type <= 12 && size[type]);
	v = raw_take(r, size[type]);
	if (type == 6) {
		memcpy(&f, &v, sizeof f);
		return json_real(f);
	}
	return type == 7 ? json_boolean(v) : json_integer((json_int_t)v);
}

static inline json_t *raw_value(struct raw *r, uint64_t type)
{
	size_t n, from;
	json_t *v = json_pack("[i]", (int)type);

	if (type == 8) {
		const char *text = raw_text(r, &n);
		if (n <= 64) {
			json_array_append_new(v, json_stringn(text, n));
		} else {
			json_array_append_new(v, json_integer((json_int_t)n));
			json_array_append_new(v, raw_hash(r, r->at - n));
		}
	} else if (type == 9) {
		uint64_t of = raw_take(r, 4), count = raw_take(r, 8);
		from = r->at;
		for (uint64_t i = 0; i < count; i++)
			if (of == 8)
				raw_text(r, &n);
			else
				json_decref(raw_plain(r, of));
		json_array_append_new(v, json_integer((json_int_t)of));
		json_array_append_new(v, json_integer((json_int_t)count));
		json_array_append_new(v, raw_hash(r, from));
	} else {
		json_array_append_new(v, raw_plain(r, type));
	}
	return v;
}

static inline void raw_open(struct raw *r, const char *path)
{
	struct err e = { 0 };
	uint64_t keys;
	size_t infos, n;

	memset(r, 0, sizeof *r);
	r->bytes = (unsigned char *)file_read_all(path, (size_t)1 << 30, &r->n, &e);
	assert_non_null(r->bytes);
	assert_memory_equal(r->bytes, "GGUF\3\0\0\0", 8);
	r->at = 8;
	r->tensors = raw_take(r, 8);
	keys = raw_take(r, 8);
	r->keys = json_object();
	while (keys--) {
		const char *text = raw_text(r, &n);
		char *key = xstrndup(text, n);
		if (json_object_get(r->keys, key))
			fail_msg("%s stands twice", key);
		json_object_set_new(r->keys, key, raw_value(r, raw_take(r, 4)));
		free(key);
	}
	infos = r->at;
	for (uint64_t i = 0; i < r->tensors; i++) {
		r->at += raw_take(r, 8);
		r->at += raw_take(r, 4) * 8 + 12;
	}
	r->data = (r->at + 31) / 32 * 32;
	r->at = infos;
}

static inline void raw_close(struct raw *r)
{
	free(r->bytes);
	json_decref(r->keys);
}

static inline bool raw_same(const json_t *a, const json_t *b)
{
	size_t n = json_array_size(a);

	if (n != json_array_size(b))
		return false;
	for (size_t i = 0; i < n; i++) {
		const json_t *x = json_array_get(a, i), *y = json_array_get(b, i);
		if (json_is_number(x) && json_is_number(y)
			? (float)json_number_value(x) != (float)json_number_value(y)
			: !json_equal(x, y))
			return false;
	}
	return true;
}

/* Every key as the converter has it, none besides, but for what names the file. */
static inline void raw_check_keys(const struct raw *r, const json_t *want, const char *what)
{
	const char *key;
	int wrong = 0;
	json_t *v;

	json_object_foreach((json_t *)want, key, v)
		if (!raw_same(v, json_object_get(r->keys, key))) {
			char *a = json_dumps(v, JSON_COMPACT);
			char *b = json_dumps(json_object_get(r->keys, key), JSON_COMPACT);
			print_message("%s: %s is %s, not %s\n", what, key, b ? b : "absent", a);
			free(a);
			free(b);
			wrong++;
		}
	json_object_foreach(r->keys, key, v)
		if (!json_object_get(want, key) && strncmp(key, "general.", 8)) {
			print_message("%s: %s is too much\n", what, key);
			wrong++;
		}
	assert_int_equal(wrong, 0);
}
#endif
