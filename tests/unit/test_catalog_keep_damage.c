/* What a repair saves: pages overwritten at random (fixed seeds), files cut short, logs gone or
 * stale. A row that is on no damaged page must be there afterwards, with every value. */
#include "config.h"
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "base/vec.h"
#include "catalog/keep.h"
#include "catalog/salvage.h"
#include "catalog/schema.h"
#include "catalog_keep.h"
#include "sanitized.h"

static char *slurp(const char *path, size_t *n)
{
	char *b = file_read_all(path, 1 << 28, n, NULL);

	assert_non_null(b);
	return b;
}

static void remove_catalog(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < 3; i++) {
		char *name = xasprintf("%s%s", path, tails[i]);

		unlink(name);
		free(name);
	}
}

/* --- what should be left --- */

struct table_count { uint64_t whole, left; };

static bool same_record(const struct record *a, const struct record *b)
{
	if (a->n != b->n || a->row != b->row)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].kind != b->v[i].kind || a->v[i].i != b->v[i].i ||
			a->v[i].d != b->v[i].d || a->v[i].n != b->v[i].n ||
			(a->v[i].n && memcmp(a->v[i].b, b->v[i].b, a->v[i].n) != 0))
			return false;
	return true;
}

static void count_page(struct salvage *s, struct pages *damaged, const uint8_t *hit, uint32_t no,
	struct table_count *counts)
{
	struct page g, h = { 0 };
	struct record a, b;
	bool there;

	if (s->pages.free[no] || !page_load(&s->pages, no, &g))
		return;
	there = !hit[no] && page_load(damaged, no, &h);
	for (unsigned i = 0; g.kind != PAGE_ROWS_INNER && i < g.cells; i++) {
		assert_true(page_record(&s->pages, &g, i, &a));
		for (size_t t = 0; t < s->n_tables; t++)
			if (!s->tables[t].shadow && s->tables[t].numbered == (g.kind == PAGE_ROWS) &&
				salvage_fits(&s->tables[t], &a)) {
				counts[t].whole++;
				if (there && page_record(damaged, &h, i, &b)) {
					counts[t].left += same_record(&a, &b);
					record_fini(&b);
				}
			}
		record_fini(&a);
	}
	page_fini(&g);
	page_fini(&h);
}

/* tables: of an empty catalog, described. */
static void count_left(struct salvage *s, const char *whole, const char *path, const uint8_t *hit,
	struct table_count *counts)
{
	struct pages damaged;

	assert_true(pages_open(&s->pages, whole, NULL));
	assert_true(pages_open(&damaged, path, NULL));
	/* Both are read as the whole one is laid out. */
	damaged.size = s->pages.size;
	damaged.usable = s->pages.usable;
	damaged.n = (uint32_t)((damaged.file->id.size + damaged.size - 1) / damaged.size);
	damaged.left = UINT64_MAX;
	memset(counts, 0, s->n_tables * sizeof *counts);
	for (uint32_t no = 1; no <= s->pages.n; no++)
		count_page(s, &damaged, hit, no, counts);
	pages_close(&damaged);
	pages_close(&s->pages);
}

/* --- damage --- */

enum { ZERO, ONES, NOISE, FLIPS, N_DAMAGES };

static void damage(char *b, size_t n, uint8_t *hit, int kind, unsigned pages, bool first,
	uint64_t *seed)
{
	for (unsigned i = 0; i < pages; i++) {
		uint32_t no = first && i == 0 ? 1 : 2 + next_random(seed) % (uint32_t)(n / 4096 - 1);
		char *p = b + (size_t)(no - 1) * 4096;

		hit[no] = 1;
		if (kind == FLIPS)
			for (int k = 0; k < 12; k++)
				p[next_random(seed) % 4096] ^= (char)(1 + next_random(seed) % 255);
		else
			for (int k = 0; k < 4096; k++)
				p[k] = (char)(kind == ZERO ? 0 : kind == ONES ? 0xff :
					next_random(seed));
	}
}

/* --- after a repair --- */

static const struct catalog_repaired *told(const struct catalog_repair *r, const char *table)
{
	static const struct catalog_repaired none;

	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i].table, table) == 0)
			return &r->v[i];
	return &none;
}

static void compare(const struct salvage *s, const struct table_count *counts, const char *whole,
	const char *path, const struct catalog_repair *r, bool invents, const char *what)
{
	for (size_t t = 0; t < s->n_tables; t++) {
		const char *name = s->tables[t].name;
		const struct catalog_repaired *v = told(r, name);
		char *sql;
		int64_t same, more;

		if (s->tables[t].shadow)
			continue;
		sql = xasprintf("SELECT count(*) FROM (SELECT * FROM main.%s INTERSECT SELECT * "
			"FROM other.%s)", name, name);
		same = ask_number(path, whole, sql);
		free(sql);
		if ((uint64_t)same + v->bereft < counts[t].left)
			fail_msg("%s: %s: %lld rows of %llu on good pages, %llu bereft", what, name,
				(long long)same, (unsigned long long)counts[t].left,
				(unsigned long long)v->bereft);
		sql = xasprintf("SELECT count(*) FROM (SELECT * FROM main.%s EXCEPT SELECT * FROM "
			"other.%s)", name, name);
		more = ask_number(path, whole, sql);
		free(sql);
		if (!invents && (uint64_t)more > v->bereft + v->pieced + r->returned)
			fail_msg("%s: %s: %lld rows that never were", what, name, (long long)more);
	}
	assert_int_equal(ask_number(path, NULL, "SELECT count(*) FROM run WHERE id NOT IN (SELECT "
		"rowid FROM run_search)"), 0);
	assert_int_equal(ask_number(path, whole, "SELECT count(*) FROM (SELECT * FROM "
		"other.recipe_value v WHERE EXISTS (SELECT 1 FROM main.recipe r JOIN other.recipe "
		"o USING (id, text) WHERE r.id = v.recipe) EXCEPT SELECT * FROM main.recipe_value)"), 0);
}

static void repaired_opens(const char *path)
{
	struct err e = { 0 };
	struct catalog *c = catalog_open(path, false, &e);
	struct catalog_run *v;
	size_t n;

	if (!c)
		fail_msg("%s: %s", e.where, e.what);
	assert_null(catalog_warning(c));
	assert_true(catalog_check(c, &e));
	v = catalog_runs(c, "linear", &n, &e);
	catalog_runs_free(v, n);
	assert_true(add_run(c, "after", "linear", "x: 1\n") > 0);
	catalog_close(c);
}

struct fixture {
	char whole[128], path[128];
	char *bytes;
	size_t n;
	struct salvage s;
	struct db d;
	struct table_count *counts;
};

static void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	snprintf(f->whole, sizeof f->whole, "%s/whole.db", test_folder);
	snprintf(f->path, sizeof f->path, "%s/hurt.db", test_folder);
	if (!file_exists(f->whole))
		fill_catalog(f->whole, 5);
	f->bytes = slurp(f->whole, &f->n);
	f->d.path = ":memory:";
	assert_int_equal(db_open(&f->d, ":memory:", SQLITE_OPEN_READWRITE), SQLITE_OK);
	assert_true(schema_migrate(&f->d, schema_steps, schema_n_steps, NULL, NULL));
	f->s.to = &f->d;
	salvage_describe(&f->s);
	f->counts = xnew(struct table_count, f->s.n_tables);
}

static void fixture_fini(struct fixture *f)
{
	for (size_t i = 0; i < f->s.n_tables; i++)
		salvage_table_fini(&f->s.tables[i]);
	free(f->s.tables);
	free(f->counts);
	free(f->bytes);
	db_close(&f->d);
}

/* The reader of pages and SQLite agree on the whole file. */
static void reads_what_is_there(void **state)
{
	struct fixture f;
	uint8_t *hit;

	(void)state;
	fixture_init(&f);
	hit = xcalloc(f.n / 4096 + 2, 1);
	count_left(&f.s, f.whole, f.whole, hit, f.counts);
	for (size_t t = 0; t < f.s.n_tables; t++) {
		char *sql = xasprintf("SELECT count(*) FROM %s", f.s.tables[t].name);

		if (!f.s.tables[t].shadow) {
			assert_int_equal(ask_number(f.whole, NULL, sql), f.counts[t].whole);
			assert_int_equal(f.counts[t].whole, f.counts[t].left);
			/* Nothing is tested of a table that is empty. */
			assert_true(f.counts[t].whole > 0 ||
				strcmp(f.s.tables[t].name, "meta") == 0);
		}
		free(sql);
	}
	free(hit);
	fixture_fini(&f);
}

static void overwritten(void **state)
{
	struct fixture f;
	uint8_t *hit;
	char *b;

	(void)state;
	fixture_init(&f);
	hit = xmalloc(f.n / 4096 + 2);
	b = xmalloc(f.n);
	for (uint64_t round = 0; round < 48; round += SANITIZED ? 5 : 1) {
		uint64_t seed = 1000 + round;
		int kind = (int)(round % N_DAMAGES);
		unsigned pages = 1 + (unsigned)(round * round % 40);
		struct catalog_repair r;
		struct err e = { 0 };
		char what[64];

		memcpy(b, f.bytes, f.n);
		memset(hit, 0, f.n / 4096 + 2);
		damage(b, f.n, hit, kind, pages, round % 5 == 4, &seed);
		remove_catalog(f.path);
		assert_true(file_write_all(f.path, b, f.n, NULL));
		count_left(&f.s, f.whole, f.path, hit, f.counts);
		snprintf(what, sizeof what, "round %d, kind %d, %u pages", (int)round, kind, pages);
		if (!catalog_repair(f.path, &r, &e))
			fail_msg("%s: %s: %s", what, e.where, e.what);
		compare(&f.s, f.counts, f.whole, f.path, &r, kind == FLIPS, what);
		/* The damaged file is where it is said to be, byte for byte. */
		{
			size_t n;
			char *aside = slurp(r.aside, &n);

			assert_int_equal(n, f.n);
			assert_memory_equal(aside, b, n);
			free(aside);
			unlink(r.aside);
		}
		if (round % 8 == 0)
			repaired_opens(f.path);
		catalog_repair_fini(&r);
	}
	free(b);
	free(hit);
	fixture_fini(&f);
}

static void cut_short(void **state)
{
	struct fixture f;
	uint8_t *hit;

	(void)state;
	fixture_init(&f);
	hit = xmalloc(f.n / 4096 + 2);
	for (size_t part = 1; part < 10; part += SANITIZED ? 4 : 1) {
		size_t n = f.n * part / 10 + 100 * part;
		struct catalog_repair r;
		struct err e = { 0 };

		remove_catalog(f.path);
		assert_true(file_write_all(f.path, f.bytes, n, NULL));
		memset(hit, 0, f.n / 4096 + 2);
		memset(hit + n / 4096 + 1, 1, f.n / 4096 - n / 4096);
		count_left(&f.s, f.whole, f.path, hit, f.counts);
		if (!catalog_repair(f.path, &r, &e))
			fail_msg("%d tenths: %s: %s", (int)part, e.where, e.what);
		compare(&f.s, f.counts, f.whole, f.path, &r, true, "cut short");
		unlink(r.aside);
		catalog_repair_fini(&r);
	}
	repaired_opens(f.path);
	free(hit);
	fixture_fini(&f);
}

/* Every row of the models is lost, and the indices still know what they are called and where: the
 * scores stay theirs. Of runs that are lost, notes and tags bring back a row. */
static void back_in_part(void **state)
{
	static const char *const tables[] = { "model", "run" };
	struct catalog_repair r;
	struct fixture f;
	struct err e = { 0 };
	uint32_t root;

	(void)state;
	fixture_init(&f);
	for (int i = 0; i < 2; i++) {
		char *sql = xasprintf("SELECT rootpage FROM sqlite_schema WHERE name = '%s'", tables[i]);
		struct page g;

		remove_catalog(f.path);
		assert_true(file_write_all(f.path, f.bytes, f.n, NULL));
		root = (uint32_t)ask_number(f.whole, NULL, sql);
		free(sql);
		assert_true(pages_open(&f.s.pages, f.path, NULL));
		assert_true(page_load(&f.s.pages, root, &g));
		for (unsigned k = 0; page_is_inner(&g) && k <= g.cells; k++)
			memset(f.bytes + (page_child(&f.s.pages, &g, k) - 1) * (size_t)4096, 0xff, 4096);
		memset(f.bytes + (root - 1) * (size_t)4096, 0xff, 4096);
		page_fini(&g);
		pages_close(&f.s.pages);
		assert_true(file_write_all(f.path, f.bytes, f.n, NULL));
		if (!catalog_repair(f.path, &r, &e))
			fail_msg("%s", e.what);
		assert_int_equal(told(&r, "model")->pieced, 25);
		assert_int_equal(told(&r, "model")->lost, 0);
		assert_int_equal(ask_number(f.path, f.whole, "SELECT count(*) FROM main.model a JOIN "
			"other.model b ON a.id = b.id AND a.path = b.path AND a.name = b.name AND "
			"a.hash = b.hash"), 25);
		assert_int_equal(ask_number(f.path, f.whole, "SELECT count(*) FROM (SELECT * FROM "
			"main.score EXCEPT SELECT * FROM other.score)"), 0);
		assert_int_equal(told(&r, "run")->lost, i ? 120 : 0);
		assert_int_equal(r.returned, i ? 120 : 0);
		assert_int_equal(ask_number(f.path, f.whole, "SELECT count(*) FROM main.run a JOIN "
			"other.run b USING (id, name, output)"), 120);
		repaired_opens(f.path);
		catalog_repair_fini(&r);
	}
	fixture_fini(&f);
}

/* --- the log --- */

/* A writer dies with everything in its log. */
static void leave_log(const char *path, const char *log)
{
	struct catalog *c;
	pid_t child;

	remove_catalog(path);
	c = open_ok(path);
	for (int i = 0; i < 5; i++)
		end_run(c, add_run(c, "before", "linear", "x: 1\n"), "done");
	catalog_close(c);
	child = fork();
	if (child == 0) {
		c = catalog_open(path, false, NULL);
		for (int i = 0; i < 20; i++)
			end_run(c, add_run(c, "in the log", "linear", "x: 2\n"), "done");
		kill(getpid(), SIGKILL);
	}
	waitpid(child, NULL, 0);
	assert_true(file_exists(log));
}

static int64_t runs_in(const char *path)
{
	return ask_number(path, NULL, "SELECT count(*) FROM run");
}

static void logs(void **state)
{
	const char *path = in_folder("log.db"), *log = in_folder("log.db-wal");
	const char *index = in_folder("log.db-shm");
	struct catalog_repair r;
	struct err e = { 0 };
	struct stat st;
	size_t n;
	char *b;

	(void)state;
	/* Its index is garbage: it is made anew. */
	leave_log(path, log);
	assert_true(file_write_all(index, "garbage that is no index of a log", 33, NULL));
	catalog_close(open_ok(path));
	assert_int_equal(runs_in(path), 25);
	/* It is gone: what was taken in before is there, and whole. */
	leave_log(path, log);
	unlink(log);
	repaired_opens(path);
	assert_int_equal(runs_in(path), 6);
	/* Cut in the middle of a page of it. */
	leave_log(path, log);
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(truncate(log, st.st_size / 2 + 100), 0);
	repaired_opens(path);
	assert_in_range(runs_in(path), 7, 25);
	/* The file is destroyed, and the log with the newest state of every page is not: a repair
	 * takes it in, and one damaged page in it costs what is on that page. */
	leave_log(path, log);
	b = slurp(path, &n);
	memset(b + 4096, 0xff, n - 4096);
	assert_true(file_write_all(path, b, n, NULL));
	free(b);
	b = slurp(log, &n);
	assert_true(n > 40 * 4120);
	memset(b + 32 + 3 * 4120 + 24, 0x55, 4096);
	assert_true(file_write_all(log, b, n, NULL));
	free(b);
	if (!catalog_repair(path, &r, &e))
		fail_msg("%s: %s", e.where, e.what);
	assert_true(told(&r, "run")->saved >= 20);
	{
		char *name = xasprintf("%s-wal", r.aside);

		assert_true(file_exists(name));
		free(name);
	}
	catalog_repair_fini(&r);
	repaired_opens(path);
}

/* Another file's log beside it: whatever is done, nothing crashes and nothing is thrown away. */
static void foreign_log(void **state)
{
	const char *path = in_folder("theirs.db"), *log = in_folder("theirs.db-wal");
	const char *other = in_folder("ours.db"), *other_log = in_folder("ours.db-wal");
	struct catalog_repair r;
	struct catalog *c;
	struct err e = { 0 };

	(void)state;
	leave_log(path, log);
	leave_log(other, other_log);
	c = open_ok(other);
	for (int i = 0; i < 40; i++)
		end_run(c, add_run(c, "more", "linear", "x: 3\n"), "done");
	catalog_close(c);
	assert_true(file_copy(log, other_log, NULL));
	c = catalog_open(other, false, &e);
	catalog_close(c);
	if (catalog_repair(other, &r, &e)) {
		assert_true(file_exists(r.aside));
		catalog_repair_fini(&r);
	}
	c = catalog_open(other, false, &e);
	assert_non_null(c);
	catalog_close(c);
}

/* --- what is no catalog, or nothing at all --- */

static void not_ours(const char *path, const char *word)
{
	struct catalog_repair r;
	struct err e = { 0 };
	size_t n, n_after;
	char *b = slurp(path, &n), *after;

	assert_false(catalog_repair(path, &r, &e));
	if (!strstr(e.what, word))
		fail_msg("'%s' is not in: %s", word, e.what);
	after = slurp(path, &n_after);
	assert_true(n == n_after && memcmp(b, after, n) == 0);
	free(b);
	free(after);
}

static void no_catalog(void **state)
{
	static const char text[] = "SQLite format 3 is what my diary is called";
	const char *path = in_folder("foreign.db");
	struct fixture f;
	struct catalog *c;
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE note (id INTEGER PRIMARY KEY, x); INSERT "
		"INTO note VALUES (1, 'theirs')", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	not_ours(path, "another program");
	assert_true(file_write_all(in_folder("text.db"), text, sizeof text, NULL));
	not_ours(in_folder("text.db"), "no row of a catalog");
	assert_true(file_write_all(in_folder("empty.db"), "", 0, NULL));
	not_ours(in_folder("empty.db"), "no row of a catalog");
	/* A newer version's is left to that. */
	fixture_init(&f);
	path = in_folder("newer.db");
	f.bytes[60 + 3] = 99;
	assert_true(file_write_all(path, f.bytes, f.n, NULL));
	not_ours(path, "newer version");
	fixture_fini(&f);
	/* Nor is one that is in use touched. */
	path = in_folder("in-use.db");
	c = open_ok(path);
	end_run(c, add_run(c, "one", "linear", "x: 1\n"), "done");
	{
		struct catalog_repair r;
		struct err e = { 0 };

		assert_false(catalog_repair(path, &r, &e));
		assert_non_null(strstr(e.what, "open in another program"));
	}
	catalog_close(c);
}

/* --- the check --- */

static void expect_fault(const char *path, const char *word)
{
	struct catalog_checked k;
	struct err e = { 0 };
	bool found = false;

	if (!catalog_examine(path, &k, &e))
		fail_msg("%s: %s", word, e.what);
	for (size_t i = 0; i < k.n; i++)
		found = found || strstr(k.v[i].text, word);
	if (!found)
		fail_msg("not found: %s%s%s", word, k.n ? ", but: " : "", k.n ? k.v[0].text : "");
	catalog_checked_fini(&k);
}

static void broken_promises(void **state)
{
	static const struct { const char *sql, *word; } breaks[] = {
		{ "DELETE FROM run WHERE id = 7", "inputs of runs: 2 belong to runs that are not" },
		{ "DELETE FROM run_search WHERE rowid = 5", "1 runs cannot be found by their words" },
		{ "DELETE FROM run_search_content WHERE id = 5", "runs" },
		{ "UPDATE run_search_content SET c0 = 'elsewhere' WHERE id = 5", "words in runs" },
		{ "INSERT INTO run_search (rowid, name) VALUES (999, 'x')", "not there" },
		{ "DELETE FROM card_search WHERE rowid = 1", "1 cards cannot be found" },
		{ "UPDATE score SET protocol = '{' WHERE id = 3", "1 scores have a protocol that" },
		{ "UPDATE card SET facts = 'x' WHERE id = 1", "1 cards have facts that" },
		{ "UPDATE job SET command = 'x' WHERE id = 1", "1 jobs have a command" },
		{ "UPDATE score SET run = NULL, model = NULL WHERE id = 3", "1 scores say of nothing" },
		{ "UPDATE question_set SET n = n + 1 WHERE id = 1", "1 sets of questions" },
		{ "UPDATE answer SET data = x'00' WHERE score = (SELECT min(score) FROM answer)",
		  "1 scores have more or fewer answers" },
		{ "UPDATE recipe SET text = 'other' WHERE id = 2", "1 recipes are not what" },
		{ "UPDATE run SET status = 'odd' WHERE id = 2", "1 runs have a state" },
		{ "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'run'", "given again" },
		{ "UPDATE stat SET a = x'00' WHERE id = 1", "1 statistics are stored" },
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
		char *message = NULL;
		sqlite3 *db;

		remove_catalog(f.path);
		assert_true(file_write_all(f.path, f.bytes, f.n, NULL));
		assert_int_equal(sqlite3_open(f.path, &db), SQLITE_OK);
		sqlite3_exec(db, "DROP TRIGGER run_search_gone", NULL, NULL, NULL);
		if (sqlite3_exec(db, breaks[i].sql, NULL, NULL, &message) != SQLITE_OK)
			fail_msg("%s: %s", breaks[i].sql, message);
		sqlite3_close(db);
		expect_fault(f.path, breaks[i].word);
		/* Held by another program it is looked at all the same. */
		if (strstr(breaks[i].word, "words in")) {
			assert_int_equal(sqlite3_open(f.path, &db), SQLITE_OK);
			assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
				SQLITE_OK);
			catalog_patience(1);
			expect_fault(f.path, breaks[i].word);
			catalog_patience(10000);
			sqlite3_close(db);
		}
	}
	fixture_fini(&f);
}

/* A text whose hash is another is kept, and says so. */
static void marked_recipe(void **state)
{
	struct catalog_repair r;
	struct catalog_run *run;
	struct catalog *c;
	struct fixture f;
	struct err e = { 0 };
	sqlite3 *db;

	(void)state;
	fixture_init(&f);
	remove_catalog(f.path);
	assert_true(file_write_all(f.path, f.bytes, f.n, NULL));
	assert_int_equal(sqlite3_open(f.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE recipe SET text = replace(text, 'nearswap', "
		"'nearswag') WHERE id = 2", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_true(catalog_repair(f.path, &r, &e));
	assert_int_equal(told(&r, "recipe")->saved, 119);
	assert_int_equal(told(&r, "recipe")->pieced, 1);
	assert_int_equal(told(&r, "recipe")->lost, 0);
	catalog_repair_fini(&r);
	repaired_opens(f.path);
	c = open_ok(f.path);
	run = catalog_run_get(c, 2, &e);
	assert_non_null(run);
	assert_true(strncmp(run->recipe_text, "# damaged in the catalog", 24) == 0);
	assert_non_null(strstr(run->recipe_text, "nearswag"));
	catalog_runs_free(run, 1);
	catalog_close(c);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_there),
		cmocka_unit_test(overwritten),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(back_in_part),
		cmocka_unit_test(marked_recipe),
		cmocka_unit_test(logs),
		cmocka_unit_test(foreign_log),
		cmocka_unit_test(no_catalog),
		cmocka_unit_test(broken_promises),
	};

	return cmocka_run_group_tests_name("catalog_keep_damage", tests, folder_setup,
		folder_teardown);
}
