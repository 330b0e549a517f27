/* A catalog with something in every table, for tests of what keeps it. */
#ifndef CATALOG_KEEP_H
#define CATALOG_KEEP_H
#include <math.h>
#include <sqlite3.h>
#include "catalog/cards.h"
#include "catalog_test.h"

static inline uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static inline void fill_models(struct catalog *c, int n)
{
	for (int i = 0; i < n; i++) {
		char name[64], path[64], hash[64];
		struct catalog_model m = { .name = name, .path = path, .hash = hash,
			.format = (char *)"hf", .architecture = (char *)"llama",
			.kind = (char *)(i % 3 ? "tune" : "base"), .parameters = 1000, .bytes = 2000,
			.bits = 16, .parent = i % 3 ? i - i % 3 + 1 : 0 };
		struct catalog_tensor t[20];
		char names[20][32];

		snprintf(name, sizeof name, "model-%d", i);
		snprintf(path, sizeof path, "/models/somewhere/deep/model-%d", i);
		snprintf(hash, sizeof hash, "%032x", i);
		for (int k = 0; k < 20; k++) {
			snprintf(names[k], sizeof names[k], "model.layers.%d.weight", k);
			t[k] = (struct catalog_tensor){ names[k], (char *)"BF16", (char *)"64x64",
				8192, hash };
		}
		assert_true(catalog_model_put(c, &m, NULL, NULL));
		assert_true(catalog_tensors_put(c, hash, t, 20, NULL));
	}
}

static inline void fill_runs(struct catalog *c, int n, uint64_t *seed)
{
	for (int i = 0; i < n; i++) {
		struct str recipe = STR_INIT;
		struct catalog_score s[4];
		char name[32], fact[4][48];
		int64_t id;

		str_addf(&recipe, "merge_method: nearswap # take %d\nparameters:\n  t: 0.%03d\n"
			"base_model: a\nmodels: [{model: b, parameters: {weight: %d}}]\n", i, i, i);
		for (uint32_t k = next_random(seed) % (i % 10 ? 20 : 300); k; k--)
			str_addf(&recipe, "# a line that says %u\n", next_random(seed));
		snprintf(name, sizeof name, "variant-%d", i);
		id = add_run(c, name, "linear", recipe.s);
		str_fini(&recipe);
		end_run(c, id, "done");
		for (int k = 0; k < 4; k++) {
			snprintf(fact[k], sizeof fact[k], "%d-%d-%u", i, k, next_random(seed));
			s[k] = (struct catalog_score){ .run = id, .model = 1 + i % 20,
				.task = (char *)"arc_easy", .metric = (char *)"acc",
				.value = k ? 0.5 + i * 1e-3 : 1, .stderr_ = k ? 0.01 : NAN, .n = 2376,
				.protocol = (char *)"{\"shots\": 0}", .source = (char *)"card.md",
				.line = k, .text = (char *)"| arc | 0.5 |", .fact = fact[k] };
		}
		assert_true(catalog_score_put(c, s, 4, NULL));
		if (i % 3 == 0)
			assert_true(catalog_note(c, id, "a note that somebody wrote", NULL));
		if (i % 4 == 0)
			assert_true(catalog_tag(c, id, "kept", true, NULL));
	}
}

static inline void fill_rest(struct catalog *c, uint64_t *seed)
{
	unsigned char *blob = xmalloc(20000);

	for (size_t i = 0; i < 20000; i++)
		blob[i] = (unsigned char)next_random(seed);
	for (int i = 0; i < 60; i++) {
		struct catalog_stat s = { .kind = "hist", .blob = blob,
			.n = i % 8 ? 400 : 9000 + (size_t)i * 100 };

		s.a.b[0] = (uint8_t)(i + 1), s.b.b[3] = 7;
		assert_true(catalog_stat_put(c, &s, 1, NULL));
	}
	for (int i = 0; i < 12; i++) {
		struct catalog_job j = { .what = "merge", .command = "[\"merge\"]", .folder = "/x" };
		int64_t id = catalog_job_new(c, &j, NULL);

		assert_true(id && catalog_job_end(c, id, "done", 0, "all well", NULL));
	}
	for (int i = 0; i < 10; i++) {
		char name[32], hash[40];
		struct str text = STR_INIT;
		struct catalog_edge edge[2] = { { .child = name, .parent = (char *)"base",
			.relation = (char *)"merge", .source = (char *)"card", .weight = 0.5 },
			{ .child = name, .parent = (char *)"other", .relation = (char *)"merge",
			.source = (char *)"card", .position = 1, .weight = NAN } };
		struct catalog_card card = { .name = name, .source = (char *)"README.md",
			.hash = hash, .license = (char *)"mit", .facts = (char *)"{\"tags\": []}" };
		int64_t id;
		bool added;

		snprintf(name, sizeof name, "owner/card-%d", i);
		snprintf(hash, sizeof hash, "%032x", i + 77);
		for (uint32_t k = next_random(seed) % 200; k; k--)
			str_addf(&text, "line %u of a card\n", next_random(seed));
		str_add(&text, "end");
		card.text = text.s;
		assert_true(catalog_card_put(c, &card, edge, 2, &id, &added, NULL) && added);
		str_fini(&text);
	}
	free(blob);
}

static inline void fill_answers(struct catalog *c)
{
	uint64_t keys[900];
	float values[900];

	for (size_t i = 0; i < 900; i++)
		keys[i] = i * 77777, values[i] = (float)(i % 2);
	for (int i = 0; i < 6; i++) {
		char fact[32];
		struct catalog_score s = { .task = (char *)"boolq", .metric = (char *)"acc",
			.value = 0.7, .stderr_ = NAN, .variant = (char *)"qx64", .fact = fact };
		struct catalog_answers a = { 900u - (size_t)(i / 3), keys, values };

		snprintf(fact, sizeof fact, "answered-%d", i);
		assert_true(catalog_score_put(c, &s, 1, NULL));
		assert_true(catalog_answers_put(c, fact, &a, NULL));
	}
}

static inline void fill_catalog(const char *path, uint64_t seed)
{
	struct catalog *c = open_ok(path);

	fill_models(c, 25);
	fill_runs(c, 120, &seed);
	fill_rest(c, &seed);
	fill_answers(c);
	catalog_close(c);
}

static inline int64_t ask_number(const char *path, const char *also, const char *sql)
{
	char *attach = sqlite3_mprintf("ATTACH %Q AS other", also ? also : ":memory:");
	int64_t v = -1;
	sqlite3 *db;
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, attach, NULL, NULL, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	sqlite3_free(attach);
	return v;
}
#endif
