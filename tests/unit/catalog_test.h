/* What the tests of the catalog share: a folder of their own, runs put into it. */
#ifndef CATALOG_TEST_H
#define CATALOG_TEST_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/catalog.h"
#include "system/file.h"

static char test_folder[64];

static inline int folder_setup(void **state)
{
	(void)state;
	strcpy(test_folder, "/tmp/cupel-catalog-XXXXXX");
	return mkdtemp(test_folder) ? 0 : -1;
}

static inline int folder_teardown(void **state)
{
	(void)state;
	return file_remove_tree(test_folder, NULL) ? 0 : -1;
}

/* A name in the test's folder; one of sixteen buffers in turn. */
static inline const char *in_folder(const char *name)
{
	static char path[16][256];
	static int turn;

	turn = (turn + 1) % 16;
	snprintf(path[turn], sizeof path[turn], "%s/%s", test_folder, name);
	return path[turn];
}

static inline struct catalog *open_ok(const char *path)
{
	struct err e = { 0 };
	struct catalog *c = catalog_open(path, false, &e);

	if (!c)
		fail_msg("%s: %s; %s", e.where, e.what, e.hint);
	return c;
}

static inline int64_t add_run(struct catalog *c, const char *name, const char *method,
	const char *recipe)
{
	struct catalog_run r = { .kind = "merge", .name = (char *)name, .method = (char *)method,
		.recipe_text = (char *)recipe, .recipe_hash = "0123456789abcdef0123456789abcdef",
		.output = "/models/out", .seed = 18446744073709551615u, .bytes = 7,
		.command = "merge a b", .version = "0.1.0", .arithmetic = "float32" };
	struct catalog_input in[2] = { { "first", "/models/first", NULL, "base" },
		{ "owner/second", "/models/second", "ffffffffffffffffffffffffffffffff", NULL } };
	struct err e = { 0 };
	int64_t id = catalog_run_begin(c, &r, in, 2, &e);

	if (!id)
		fail_msg("%s: %s; %s", e.where, e.what, e.hint);
	return id;
}

static inline void end_run(struct catalog *c, int64_t id, const char *status)
{
	struct err e = { 0 };

	if (!catalog_run_end(c, id, status, 1.5, NULL, NULL, 7, 3, NULL, &e))
		fail_msg("%s: %s; %s", e.where, e.what, e.hint);
}

/* Ask and forget: an error is an answer too. */
static inline void look_for(struct catalog *c, const char *filter)
{
	struct err e = { 0 };
	size_t n;
	struct catalog_run *v = catalog_runs(c, filter, &n, &e);

	if (!v && e.code == ERR_NONE)
		fail_msg("no runs and no error: %s", filter);
	catalog_runs_free(v, n);
}

/* The names of the runs a filter finds, newest first, joined by blanks. */
static inline char *runs_found(struct catalog *c, const char *filter)
{
	struct str s = STR_INIT;
	struct err e = { 0 };
	size_t n;
	struct catalog_run *v = catalog_runs(c, filter, &n, &e);

	if (!v)
		fail_msg("%s: %s; %s", filter ? filter : "(all)", e.what, e.hint);
	str_add(&s, "");
	for (size_t i = 0; i < n; i++)
		str_addf(&s, "%s%s", i ? " " : "", v[i].name);
	catalog_runs_free(v, n);
	return str_steal(&s);
}
#endif
