/* golden: reading golden files in tests: JSON below $top_srcdir, base64, FNV-1a. */
#ifndef CUPEL_TESTS_GOLDEN_H
#define CUPEL_TESTS_GOLDEN_H
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline json_t *golden_load(const char *path)
{
	const char *top = getenv("top_srcdir");
	char full[4096];
	json_error_t e;
	json_t *j;

	snprintf(full, sizeof full, "%s/%s", top ? top : ".", path);
	j = json_load_file(full, 0, &e);
	if (!j)
		fprintf(stderr, "%s: %s\n", full, e.text);
	return j;
}

static inline void *golden_base64(const json_t *text, size_t *n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *s = json_string_value(text);
	uint8_t *out = malloc(strlen(s) + 4);
	uint32_t word = 0;
	int bits = 0;

	*n = 0;
	for (; *s && *s != '='; s++) {
		word = word << 6 | (uint32_t)(strchr(digits, *s) - digits);
		bits += 6;
		if (bits >= 8)
			out[(*n)++] = (uint8_t)(word >> (bits -= 8));
	}
	return out;
}

static inline uint64_t fnv1a(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3u;
	return h;
}
#define FNV1A_START 0xcbf29ce484222325u
#endif
