/* An output made in parts: shares of equal size, a part that is killed and made again, two
 * processes at the same part, and always the bytes of one run. */
#include "config.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "base/xalloc.h"
#include "engine/inputs.h"
#include "engine/output.h"
#include "engine/parts.h"
#include "engine/run.h"
#include "model/roots.h"
#include "scratch_models.h"
#include "system/process.h"

static char *dir;

static struct plan *plan_of(void)
{
	char *path = xasprintf("%s/share/demo/dare.yml", getenv("top_srcdir"));
	struct plan_options o = { .has_seed = true, .seed = 3, .shard_size = 500000 };
	struct model_roots *roots = model_roots_new(NULL, 0);
	struct err e = { 0 };
	struct recipe *r = recipe_load(path, &e);
	struct inputs *in = r ? inputs_open(r, roots, NULL, &e) : NULL;
	struct plan *p = in ? plan_make(r, in, &o, NULL, &e) : NULL;

	if (!p)
		fail_msg("%s: %s", e.where, e.what);
	inputs_unref(in);
	recipe_unref(r);
	model_roots_free(roots);
	free(path);
	return p;
}

static bool make(const char *out, unsigned part, unsigned parts, struct run_result *r,
	struct err *e)
{
	char *path = str_join_path(dir, out);
	struct run_options o = { .output = path, .shard_size = 500000, .part = part,
		.parts = parts, .join = part && !parts };
	struct pool *pool = pool_new(2);
	struct plan *p = plan_of();
	bool ok;

	o.part = parts ? part : 0;
	ok = run_merge(p, NULL, pool, &o, NULL, NULL, r, e);
	plan_unref(p);
	pool_free(pool);
	free(path);
	return ok;
}

static bool join(const char *out, struct run_result *r, struct err *e)
{
	return make(out, 1, 0, r, e);
}

static void must(bool ok, const struct err *e)
{
	if (!ok)
		fail_msg("%s: %s", e->where, e->what);
}

/* The hash of the whole, made at once. */
static struct hash at_once(void)
{
	struct run_result r;
	struct err e = { 0 };

	must(make("whole/m", 0, 0, &r, &e), &e);
	return r.hash;
}

static void shares_are_even(void **state)
{
	struct shard v[40] = { { 0 } };
	struct shards s = { .v = v, .n = 40 };
	uint64_t all = 0, most = 0;

	(void)state;
	for (size_t i = 0; i < s.n; i++) {
		v[i].bytes = 1000 + (i * 7919) % 977;
		most = v[i].bytes > most ? v[i].bytes : most;
		all += v[i].bytes;
	}
	for (unsigned n = 1; n <= 40; n++) {
		uint32_t *part = parts_deal(&s, n), *again = parts_deal(&s, n);
		uint64_t load[40] = { 0 };

		assert_memory_equal(part, again, s.n * sizeof *part);
		for (size_t i = 0; i < s.n; i++)
			load[part[i]] += v[i].bytes;
		for (unsigned k = 0; k < n; k++) {
			assert_true(load[k] > 0);
			assert_true(load[k] <= all / n + most);
		}
		free(part);
		free(again);
	}
}

/* After so many tensors. */
static void killed(const char *out, unsigned part, unsigned parts, size_t tensors)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct run_result r;
		struct err e;

		output_die_after(tensors);
		make(out, part, parts, &r, &e);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void killed_and_made_again(void **state)
{
	struct run_result r;
	struct err e = { 0 };

	(void)state;
	killed("killed", 2, 3, 1);
	must(make("killed", 1, 3, &r, &e), &e);
	assert_int_equal(r.resumed, 0);
	killed("killed", 2, 3, 2);
	must(make("killed", 3, 3, &r, &e), &e);
	assert_false(join("killed", &r, &e));
	assert_non_null(strstr(e.what, "part 2 of 3 is not whole"));
	err_clear(&e);
	must(make("killed", 2, 3, &r, &e), &e);
	assert_true(r.resumed >= 2 && r.resumed < r.tensors);
	must(make("killed", 2, 3, &r, &e), &e); /* once more does no harm */
	assert_int_equal(r.resumed, r.tensors);
	must(join("killed", &r, &e), &e);
	assert_true(hash_eq(r.hash, at_once()));
}

static void two_at_one_part(void **state)
{
	char *lock = xasprintf("%s/.two.cupel-parts/.part-1-of-2.lock", dir);
	struct process_lock *other;
	struct run_result r;
	struct err e = { 0 };
	pid_t child[4];
	int status, done = 0;

	(void)state;
	must(make("two", 2, 2, &r, &e), &e);
	other = process_lock_take(lock, &e);
	assert_non_null(other);
	assert_false(make("two", 1, 2, &r, &e));
	assert_false(join("two", &r, &e));
	process_lock_drop(other);
	for (int i = 0; i < 4; i++) {
		child[i] = fork();
		if (child[i] == 0)
			_exit(make("two", 1, 2, &r, &e) ? 0 : 1);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_true(WIFEXITED(status));
		done += WEXITSTATUS(status) == 0;
	}
	assert_true(done >= 1);
	err_clear(&e);
	must(join("two", &r, &e), &e);
	assert_int_equal(r.tensors, 38);
	free(lock);
}

static int set_up(void **state)
{
	(void)state;
	dir = scratch_dir();
	setenv("XDG_CACHE_HOME", dir, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	file_remove_tree(dir, NULL);
	free(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_even),
		cmocka_unit_test(killed_and_made_again),
		cmocka_unit_test(two_at_one_part),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
