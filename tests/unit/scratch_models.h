/* scratch_models: small safetensors models in a folder of the test's own. */
#ifndef CUPEL_TESTS_SCRATCH_MODELS_H
#define CUPEL_TESTS_SCRATCH_MODELS_H
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/bytes.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "system/file.h"
#include "tensor/dtype.h"

struct scratch_tensor {
	const char *name;
	enum dtype dtype;
	int rank;
	uint64_t shape[4];
	void *data;       /* stored bytes, owned: scratch_free */
	size_t bytes;
};

static inline char *scratch_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = xasprintf("%s/cupel-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (!mkdtemp(dir))
		abort();
	return dir;
}

/* A tensor of values from fn(index), rounded to dtype. */
static inline struct scratch_tensor scratch_tensor(const char *name, enum dtype t, uint64_t rows,
	uint64_t columns, float (*fn)(uint64_t i, unsigned which), unsigned which)
{
	struct scratch_tensor s = {.name = name, .dtype = t, .rank = rows ? 2 : 1};
	uint64_t n = (rows ? rows : 1) * columns;
	float *v = xcalloc(n + 1, sizeof *v);

	s.shape[0] = rows ? rows : columns;
	s.shape[1] = columns;
	s.bytes = (size_t)(n * dtype_info(t)->bytes);
	s.data = xcalloc(s.bytes + 1, 1);
	for (uint64_t i = 0; i < n; i++)
		v[i] = fn(i, which);
	dtype_info(t)->encode(v, s.data, (size_t)n);
	free(v);
	return s;
}

static inline void scratch_free(struct scratch_tensor *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].data);
}

static inline void scratch_write(const char *dir, const char *name, const void *bytes, size_t n)
{
	char *path = str_join_path(dir, name);
	struct err e = {0};

	if (!file_write_all(path, bytes, n, &e)) {
		err_print(&e);
		abort();
	}
	free(path);
}

/* DIR/NAME with model.safetensors and config.json (none if NULL); returns its path. */
static inline char *scratch_model(const char *dir, const char *name, const struct scratch_tensor *v,
	size_t n, const char *config)
{
	char *folder = str_join_path(dir, name);
	struct str s = STR_INIT;
	uint64_t at = 0;

	if (!file_mkdirs(folder, NULL))
		abort();
	str_addn(&s, "\0\0\0\0\0\0\0\0{", 9);
	for (size_t i = 0; i < n; i++) {
		str_addf(&s, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", i ? "," : "", v[i].name,
			dtype_info(v[i].dtype)->st_name);
		for (int d = 0; d < v[i].rank; d++)
			str_addf(&s, "%s%" PRIu64, d ? "," : "", v[i].shape[d]);
		str_addf(&s, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", at, at + v[i].bytes);
		at += v[i].bytes;
	}
	str_addc(&s, '}');
	while (s.n % 8)
		str_addc(&s, ' ');
	put_le64(s.s, s.n - 8);
	for (size_t i = 0; i < n; i++)
		str_addn(&s, v[i].data, v[i].bytes);
	scratch_write(folder, "model.safetensors", s.s, s.n);
	if (config)
		scratch_write(folder, "config.json", config, strlen(config));
	str_fini(&s);
	return folder;
}
#endif
