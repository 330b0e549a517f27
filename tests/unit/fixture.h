/* fixture: throw-away folders and hand-made model files for the tests of readers.
 * The folder is removed by fixture_fini; paths returned belong to the caller. One thread. */
#ifndef CUPEL_TESTS_FIXTURE_H
#define CUPEL_TESTS_FIXTURE_H
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "model/model.h"

struct fixture {
	char dir[128];
};

static inline void fixture_init(struct fixture *f)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(f->dir, sizeof f->dir, "%s/cupel-test-XXXXXX",
		tmp && strlen(tmp) < 90 ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	setenv("XDG_CACHE_HOME", f->dir, 1); /* nothing is left in the real one */
}

static inline void fixture_fini(struct fixture *f)
{
	struct err e;
	err_clear(&e);
	assert_true(file_remove_tree(f->dir, &e));
}

static inline char *fixture_path(const struct fixture *f, const char *name)
{
	char *path = str_join_path(f->dir, name);
	char *slash = strrchr(path, '/');
	struct err e;
	err_clear(&e);
	*slash = 0;
	assert_true(file_mkdirs(path, &e));
	*slash = '/';
	return path;
}

static inline void fixture_write(const struct fixture *f, const char *name, const void *p, size_t n)
{
	char *path = fixture_path(f, name);
	FILE *out = fopen(path, "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(p, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
	free(path);
}

static inline void fixture_text(const struct fixture *f, const char *name, const char *text)
{
	fixture_write(f, name, text, strlen(text));
}

/* A safetensors file with this header and n bytes of data counting 0, 1, 2 … */
static inline void fixture_safetensors(
	const struct fixture *f, const char *name, const char *header, size_t n)
{
	struct str s = STR_INIT;
	unsigned char head[8];

	put_le64(head, strlen(header));
	str_addn(&s, (char *)head, 8);
	str_add(&s, header);
	for (size_t i = 0; i < n; i++)
		str_addc(&s, (char)i);
	fixture_write(f, name, s.s, s.n);
	str_fini(&s);
}

/* Opening must fail, saying where, what and what to do;
 * each is a part of the text, NULL if free. */
static inline void fixture_refused(const struct fixture *f, const char *name, const char *where,
	const char *what, const char *hint)
{
	char *path = str_join_path(f->dir, name);
	struct err e;

	err_clear(&e);
	assert_null(model_open(path, &e));
	if (!strstr(e.where, where ? where : name) || !strstr(e.what, what) ||
		(hint && !strstr(e.hint, hint)) || !*e.hint)
		fail_msg("%s: got \"%s\": \"%s\"; \"%s\"", name, e.where, e.what, e.hint);
	free(path);
}

static inline struct model *fixture_open(const struct fixture *f, const char *name)
{
	char *path = str_join_path(f->dir, name);
	struct err e;

	err_clear(&e);
	struct model *m = model_open(path, &e);
	if (!m)
		fail_msg("%s: %s; %s", e.where, e.what, e.hint);
	free(path);
	return m;
}

static inline bool has_note(const struct model *m, const char *part)
{
	for (size_t i = 0; m->notes[i]; i++)
		if (strstr(m->notes[i], part))
			return true;
	return false;
}
#endif
