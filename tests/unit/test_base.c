/* base: text, figures, errors, arenas, hashes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"

static void str_grows(void **state)
{
	struct str s = STR_INIT;
	char *p;

	(void)state;
	p = str_steal(&s);
	assert_string_equal(p, "");
	free(p);
	for (int i = 0; i < 1000; i++)
		str_addf(&s, "%d,", i);
	assert_int_equal(s.n, 10 * 2 + 90 * 3 + 900 * 4);
	assert_true(str_ends(s.s, "998,999,"));
	str_clear(&s);
	str_addf(&s, "%0200d", 7);
	assert_int_equal(s.n, 200);
	str_fini(&s);
}

static void figures_read_well(void **state)
{
	static const struct {
		uint64_t n;
		const char *bytes, *count;
	} rows[] = {
		{ 0, "0 B", "0" },
		{ 999, "999 B", "999" },
		{ 1000, "1.0 kB", "1.00 k" },
		{ 999949, "999.9 kB", "1.00 M" },
		{ 999950, "1.0 MB", "1.00 M" },
		{ 5800000, "5.8 MB", "5.80 M" },
		{ 2890000, "2.9 MB", "2.89 M" },
		{ 999960000, "1.00 GB", "1.00 B" },
		{ 3400000000, "3.40 GB", "3.40 B" },
		{ 6800000000, "6.80 GB", "6.80 B" },
		{ 70553706496, "70.55 GB", "70.6 B" },
		{ 405000000000, "405.00 GB", "405 B" },
		{ 999999999999, "1.00 TB", "1.00 T" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct str s = STR_INIT;

		str_add_bytes(&s, rows[i].n);
		assert_string_equal(s.s, rows[i].bytes);
		str_clear(&s);
		str_add_count(&s, rows[i].n);
		assert_string_equal(s.s, rows[i].count);
		str_fini(&s);
	}
}

static void durations_read_well(void **state)
{
	static const struct {
		double sec;
		const char *text;
	} rows[] = { { 0, "0.0 s" }, { 9.1, "9.1 s" }, { 9.96, "0:10" }, { 41, "0:41" },
		{ 59.6, "1:00" }, { 3599.7, "1:00:00" }, { 7390, "2:03:10" }, { -1, "-" },
		{ 0.0 / 0.0, "-" }, { 1.0 / 0.0, "-" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct str s = STR_INIT;

		str_add_seconds(&s, rows[i].sec);
		assert_string_equal(s.s, rows[i].text);
		str_fini(&s);
	}
}

static void sizes_parse(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = { { "1000", 1000 }, { "18446744073709551615", UINT64_MAX }, { "0", 0 },
		{ "128M", 128000000 }, { "5GB", 5000000000 }, { "64KiB", 65536 }, { "64kB", 64000 },
		{ "1.5G", 1500000000 }, { "2 GiB", 2147483648 }, { "7B", 7 },
		{ "1TiB", 1ull << 40 } };
	static const char *const bad[] = { "", "M", "-1", "+1", "1X", "1MM", "1.M.", "0x10", " 1",
		"18446744073709551616", "99999999999T", "nan", "inf", "1e5" };
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(str_parse_size(good[i].text, &v));
		assert_int_equal(v, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(str_parse_size(bad[i], &v));
	assert_false(str_parse_size(NULL, &v));
}

static void text_is_made_safe(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain é 模型 😀", "plain é 模型 😀" },
		{ "\033[2J", "\\x1B[2J" },
		{ "a\tb\nc", "a\\x09b\\x0Ac" },
		{ "\xc2\x9b" "31m", "\\xC2\\x9B31m" },           /* C1: CSI in one character */
		{ "\xe2\x80\xae" "txt", "\\xE2\\x80\\xAEtxt" },   /* right-to-left override */
		{ "\xff\xc0\xaf", "\\xFF\\xC0\\xAF" },
		{ "\xed\xa0\x80", "\\xED\\xA0\\x80" },           /* a surrogate */
		{ "cut \xe6\xa8", "cut \\xE6\\xA8" },
		{ "\x7f", "\\x7F" },
	};
	char small[6];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *s = str_safe(rows[i].in);

		assert_string_equal(s, rows[i].out);
		free(s);
	}
	assert_int_equal(str_safe_copy(small, sizeof small, "abcdé", 6), 4); /* é would be cut */
	assert_string_equal(small, "abcd");
	assert_true(utf8_valid("\xf4\x8f\xbf\xbf", 4));
	assert_false(utf8_valid("\xf4\x90\x80\x80", 4));
	assert_false(utf8_valid("\xe0\x80\x80", 3));
}

static void nearest_names(void **state)
{
	static const char *const names[] =
		{ "--seed", "--shard-size", "--sync", "dare_ties", "linear",
		"dare_linear" };
	static const char *const short_names[] = { "code", "base" };

	(void)state;
	assert_string_equal(str_nearest("--sed", names, 6), "--seed");
	assert_string_equal(str_nearest("dare-ties", names, 6), "dare_ties");
	assert_string_equal(str_nearest("lienar", names, 6), "linear");
	assert_null(str_nearest("quantize", names, 6));
	assert_null(str_nearest("", names, 6));
	/* With half of its letters changed a short word is another one. */
	assert_null(str_nearest("nope", short_names, 2));
	assert_string_equal(str_nearest("bsae", short_names, 2), "base");
	assert_null(str_nearest("x", names, 0));
}

static void paths_join(void **state)
{
	char *p;

	(void)state;
	p = str_join_path("a", "b");
	assert_string_equal(p, "a/b");
	free(p);
	p = str_join_path("a/", "b");
	assert_string_equal(p, "a/b");
	free(p);
	p = str_join_path("a", "/b");
	assert_string_equal(p, "/b");
	free(p);
	assert_string_equal(str_base("x/y"), "y");
	assert_string_equal(str_base("y"), "y");
}

static void errors_say_what_to_do(void **state)
{
	struct err e = { 0 };
	char longer[2000];

	(void)state;
	assert_false(err_set(NULL, ERR_INPUT, "a", "b", "c"));
	assert_false(err_set(&e, ERR_INPUT, "x\033y", NULL, "bad %s", "a\nb"));
	assert_string_equal(e.where, "x\\x1By");
	assert_string_equal(e.what, "bad a\\x0Ab");
	assert_string_equal(e.hint, "");
	assert_false(err_at(&e, "line %d", 3));
	assert_string_equal(e.where, "line 3");
	assert_string_equal(e.what, "bad a\\x0Ab");
	errno = ENOSPC;
	err_errno(&e, "out", "write");
	assert_int_equal(e.code, ERR_SPACE);
	assert_string_equal(e.what, "cannot write: No space left on device");
	assert_true(e.hint[0]);
	errno = ENOMEM;
	err_errno(&e, "out", "write");
	assert_int_equal(err_exit_status(e.code), 4);
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	err_set(&e, ERR_USAGE, longer, longer, "%s", longer);
	assert_int_equal(strlen(e.where), sizeof e.where - 1);
	assert_int_equal(err_exit_status(e.code), 2);
	err_clear(&e);
	assert_int_equal(e.code, ERR_NONE);
	assert_int_equal(err_exit_status(ERR_CANCELLED), 130);
}

static void arena_keeps_everything(void **state)
{
	struct arena a;
	char *p[300], *big;

	(void)state;
	arena_init(&a);
	big = arena_alloc(&a, 3 << 20);
	assert_int_equal(big[(3 << 20) - 1], 0);
	for (int i = 0; i < 300; i++) {
		p[i] = arena_printf(&a, "%d%*s", i, i * 7, "");
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		if (i % 50 == 0)
			memset(arena_alloc(&a, 100000), 0xff, 100000);
	}
	for (int i = 0; i < 300; i++)
		assert_int_equal(atoi(p[i]), i);
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	arena_fini(&a);
}

struct pair {
	int a, b;
};

static void vectors_grow_zeroed(void **state)
{
	vec(struct pair) v = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(vec_push(&v)->b, 0);
		v.v[i].a = i;
		v.v[i].b = -1;
	}
	assert_int_equal(v.n, 100);
	assert_int_equal(v.v[99].a, 99);
	vec_fini(&v);
}

static void hashes_are_canonical(void **state)
{
	/* XXH3-128 of nothing, as its specification prints it. */
	static const char empty[] = "99aa06d3014798d86001c324468d497f";
	char hex[HASH_HEX_SIZE];
	struct hash h, back;
	struct hash_stream *s;

	(void)state;
	hash_hex(hash_bytes("", 0), hex);
	assert_string_equal(hex, empty);
	assert_int_equal(hash64_bytes("", 0), 0x2d06800538d394c2);
	assert_true(hash_parse("99AA06D3014798D86001C324468D497F", &back));
	assert_true(hash_eq(back, hash_bytes("", 0)));
	assert_false(hash_parse("99aa", &h));
	assert_false(hash_parse("99aa06d3014798d86001c324468d497g", &h));
	assert_false(hash_parse(NULL, &h));
	assert_true(hash_is_zero((struct hash){ { 0 } }));
	s = hash_stream_new();
	hash_stream_add(s, "ab", 2);
	hash_stream_add(s, "c", 1);
	assert_true(hash_eq(hash_stream_end(s), hash_bytes("abc", 3)));
}

/* The formulas of DEFINITIONS written out byte by byte. */
static void tensor_and_model_hashes(void **state)
{
	static const char *const names[] = { "b", "a" };
	uint64_t shape[2] = { 3, 5 };
	struct hash piece = hash_bytes("weights", 7), t, two[2];
	unsigned char text[5 + 16 + 16], model[2 * (2 + 16)];

	(void)state;
	memcpy(text, "BF16", 5);
	put_le64(text + 5, 3);
	put_le64(text + 13, 5);
	memcpy(text + 21, piece.b, 16);
	t = hash_tensor("BF16", shape, 2, &piece, 1);
	assert_true(hash_eq(t, hash_bytes(text, sizeof text)));
	two[0] = t;
	two[1] = piece;
	memcpy(model, "a", 2);
	memcpy(model + 2, piece.b, 16);
	memcpy(model + 18, "b", 2);
	memcpy(model + 20, t.b, 16);
	assert_true(hash_eq(hash_model(names, two, 2), hash_bytes(model, sizeof model)));
}

static void hook(void)
{
	if (write(STDOUT_FILENO, "", 0) < 0)
		_exit(99);
}

/* No memory for something small ends the program with status 4, through the hook. */
static void small_allocations_abort(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		close(STDERR_FILENO);
		xalloc_on_abort(hook);
		xalloc_failed();
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 4);
	assert_null(xtry_malloc(SIZE_MAX - 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(str_grows),
		cmocka_unit_test(figures_read_well),
		cmocka_unit_test(durations_read_well),
		cmocka_unit_test(sizes_parse),
		cmocka_unit_test(text_is_made_safe),
		cmocka_unit_test(nearest_names),
		cmocka_unit_test(paths_join),
		cmocka_unit_test(errors_say_what_to_do),
		cmocka_unit_test(arena_keeps_everything),
		cmocka_unit_test(vectors_grow_zeroed),
		cmocka_unit_test(hashes_are_canonical),
		cmocka_unit_test(tensor_and_model_hashes),
		cmocka_unit_test(small_allocations_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
