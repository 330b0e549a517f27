/* Filters: every field and relation, numbers of recipes, scores of runs and of what they wrote. */
#include "config.h"
#include <math.h>
#include <time.h>
#include "catalog_test.h"
#include "catalog/cards.h"
#include "catalog/measured.h"
#include "catalog/schema.h"

static struct catalog *c;

static void finds(const char *filter, const char *names)
{
	char *f = runs_found(c, filter);

	if (strcmp(f, names) != 0)
		fail_msg("%s finds '%s', not '%s'", filter, f, names);
	free(f);
}

/* An error of usage that says these two things. */
static void refused(const char *filter, const char *what, const char *hint)
{
	struct err e = { 0 };
	size_t n;

	assert_null(catalog_runs(c, filter, &n, &e));
	assert_int_equal(e.code, ERR_USAGE);
	if (!strstr(e.what, what) || !strstr(e.hint, hint))
		fail_msg("%s: %s; %s", filter, e.what, e.hint);
}

static int64_t put_run(const char *name, const char *method, const char *recipe, uint64_t seed,
	const char *output, double seconds, uint64_t bytes)
{
	char hash[33];
	struct catalog_run r = { .kind = "merge", .name = (char *)name, .method = (char *)method,
		.recipe_text = (char *)recipe, .recipe_hash = hash, .output = (char *)output,
		.seed = seed };
	struct catalog_input in = { "owner/granite-3b", NULL, "abcdef", "base" };
	struct err e = { 0 };
	int64_t id;

	snprintf(hash, sizeof hash, "%032x", (unsigned)strlen(recipe));
	id = catalog_run_begin(c, &r, &in, 1, &e);
	assert_true(id > 0);
	assert_true(catalog_run_end(c, id, "done", seconds, NULL, "0f0f", bytes, 30, NULL, &e));
	return id;
}

static void put_score(int64_t run, int64_t model, const char *task, const char *metric,
	double value, bool estimated)
{
	struct catalog_score s = { .run = run, .model = model, .task = (char *)task,
		.metric = (char *)metric, .value = value, .stderr_ = NAN, .estimated = estimated };

	assert_true(catalog_score_put(c, &s, 1, NULL));
}

/* one: nearswap, its model scored; two: dare_ties, a gradient and a filter; three: linear. */
static int fill(void **state)
{
	struct catalog_model m = { .name = "one", .path = "/m/one", .bits = 4.5 };
	int64_t one, two, three, model, card;
	bool added;

	if (folder_setup(state))
		return -1;
	c = open_ok(":memory:");
	one = put_run("one", "nearswap", "merge_method: nearswap\nparameters:\n  t: 0.0001\n", 7,
		"/m/one", 9.5, 6800000000);
	two = put_run("two", "dare_ties", "models:\n- model: a\n  parameters:\n"
		"    weight: [0.2, 0.5]\n    density:\n    - {filter: mlp, value: 0.25}\n"
		"    - value: 0.4\n  interpolation_factor: 0.5\nparameters: {normalize: true}\n",
		18446744073709551615u, "/m/two", 130, 500000000);
	three = put_run("three", "linear", "models:\n- parameters: {weight: 1.4}\n", 0, "/m/three",
		4000, 1000);
	m.run = one;
	assert_true(catalog_model_put(c, &m, &model, NULL));
	assert_true(catalog_card_put(c, &(struct catalog_card){ .model = model, .name = "One",
		.source = "README.md", .hash = "c0", .text = "# One\n\nTalks like a pirate.\n" },
		NULL, 0, &card, &added, NULL));
	put_score(0, model, "arc_challenge", "acc", 0.4512, false);
	put_score(0, model, "hellaswag", "acc_norm", 0.679, false);
	put_score(two, 0, "arc_challenge", "acc", 0.39, false);
	put_score(two, 0, "arc_easy", "acc", 0.9, true);
	put_score(three, 0, "text", "perplexity", 8.31, false);
	put_score(three, 0, "My-Bench", "score", 0.2, false);
	/* registered by a scan, which knows no run */
	m = (struct catalog_model){ .name = "three", .path = "/m/three", .bits = 16 };
	assert_true(catalog_model_put(c, &m, &model, NULL));
	put_score(0, model, "boolq", "acc", 0.62, false);
	assert_true(catalog_tag(c, one, "keep", true, NULL));
	assert_true(catalog_note(c, three, "a = b, or so: stutters", NULL));
	return 0;
}

static int empty(void **state)
{
	catalog_close(c);
	return folder_teardown(state);
}

static void of_the_run(void **state)
{
	(void)state;
	finds("method:nearswap t<0.001 tag:keep arc>0.45", "one");
	finds("seconds>1m", "three two");
	finds("seconds:1m..1h", "two");
	finds("time<=9.5", "one");
	finds("size>5G", "one");
	finds("size>=500M size<6.8GB", "two");
	finds("bytes:..1000", "three");
	finds("size<1G", "three two"); /* not what wrote nothing */
	finds("bits<5", "one");
	finds("bits=16", "three");
	finds("tensors=30", "three two one");
	finds("seed:7", "one");
	finds("seed=18446744073709551615", "two");
	finds("seed>9000000000000000000", "two");
	finds("seed!=7", "three two");
	finds("method=dare", "");
	finds("method:dare", "two");
	finds("method=DARE_TIES", "two");
	finds("method!=linear", "two one");
	finds("-method=linear", "two one");
	finds("name=two", "two");
	finds("name!=two", "three one");
	finds("tag=keep", "one");
	finds("tag!=keep", "three two");
	finds("input:granite", "three two one");
	finds("input=granite", "");
	finds("input:abcd -input:bcd", "three two one");
	finds("hash:0f", "three two one");
	finds("id>1", "three two");
	finds("id:1..2", "two one");
	finds("from:1", "");
	finds("-from:1", "three two one"); /* what is unknown is not excluded */
	finds("disk:no", "three two one");
	finds("disk:yes", "");
	finds("status!=failed", "three two one");
	finds("note:stutters", "three");
	finds("\"a = b\"", "three");
	finds("pirate", "one"); /* says the card of what it wrote */
	finds("-pirate", "three two");
}

static void of_the_recipe(void **state)
{
	(void)state;
	finds("t<0.001", "one");
	finds("t=1e-4", "one");
	finds("t>0.001", "");
	finds("weight>0.4", "three two");
	finds("weight:0.1..0.3", "two");
	finds("weight=0.5", "two");
	finds("weight!=0.5", "three");
	finds("density=0.25", "two");
	finds("density=0.4", "two");
	refused("value=0.4", "no field value", ""); /* it is the filter's, not the recipe's */
	finds("density>30%", "two");
	finds("interpolation_factor=0.5", "two"); /* a key without effect is a key */
	finds("normalize=true", "two");
	finds("lambda<1", "");                     /* known to methods, in no recipe here */
	finds("-weight>1", "two one");
}

static void of_scores(void **state)
{
	(void)state;
	finds("arc>0.45", "one");
	finds("arc>45", "one");
	finds("arc>45%", "one");
	finds("arc_challenge<0.45", "two");
	finds("arc=0.45", "one");
	finds("arc=45.1", "one");
	finds("arc=0.46", "");
	finds("arc:0.38..0.46", "two one");
	finds("arc!=0.45", "two");
	finds("arc_easy>0", "");                   /* an estimate is no result */
	finds("hellaswag.acc_norm>67", "one");
	finds("hellaswag.acc>0", "");
	finds("hella>0.6", "one");
	finds("boolq<0.63", "three");              /* of the model at its output's path */
	finds("perplexity<9", "three");
	finds("ppl>9", "");
	finds("text<8.4", "three");
	finds("my-bench>0.1", "three");            /* in any case */
	finds("MY-B>0.1", "three");
	finds("piqa>0", "");                       /* known, and never measured */
}

static void when(void **state)
{
	char text[64], day[32];
	time_t now = time(NULL);
	struct tm tm;

	(void)state;
	localtime_r(&now, &tm);
	strftime(day, sizeof day, "%Y-%m-%d", &tm);
	finds("started<3d", "three two one");
	finds("started>3d", "");
	finds("started:2h", "three two one");
	finds("started:3d..7d", "");
	finds("started:..7d", "three two one");
	finds("started:7d..", "");
	finds("started>2020-01-01 started<2999", "three two one");
	finds("started>=2999-12", "");
	snprintf(text, sizeof text, "started:%.4s", day);
	finds(text, "three two one");
	snprintf(text, sizeof text, "started<=%s", day);
	finds(text, "three two one");
	snprintf(text, sizeof text, "started>%s", day);
	finds(text, "");
	snprintf(text, sizeof text, "started:2020-01..%s", day);
	finds(text, "three two one");
	finds("started:2020..2021", "");
}

static void joined(void **state)
{
	(void)state;
	finds("name:one or name:two", "two one");
	finds("(name:one or name:two) t<1", "one");
	finds("name:one or name:two t<1", "one");
	finds("-(name:one or name:two)", "three");
	finds("name:one OR (name:three and seed:0)", "three one");
	finds("((one))", "one");
	finds("\"or\"", "three");
	finds("a) b", "three");
	refused("(one", "a ( without", "put one behind");
	refused("or one", "or stands", "quotes");
	refused("one or", "or stands", "quotes");
	refused("one or or two", "or stands", "quotes");
	refused("((((((((((((((((((((((one", "parentheses", "fewer");
}

static void refusals(void **state)
{
	(void)state;
	refused("mehtod:x", "no field mehtod", "did you mean method");
	refused("wieght>1", "no field wieght", "did you mean weight");
	refused("hellaswga>1", "no field hellaswga", "did you mean hellaswag");
	refused("zzzzzz:1", "no field zzzzzz", "fields are tag");
	refused("arc_>1", "no field arc_", "did you mean arc_challenge or arc_easy");
	refused("t<", "nothing stands behind t<", "t<");
	refused("tag:", "nothing stands behind tag:", "tag:keep");
	refused("t<many", "t<many", "a number");
	refused("size>3X", "size>3X", "a size");
	refused("size>nan", "size>nan", "a size");
	refused("started>soon", "started>soon", "a date");
	refused("started>2026-13", "none of its values", "a date");
	refused("started>2026-1", "none of its values", "a date");
	refused("seconds<1..2", "none of its values", "a duration");
	refused("name<x", "name is text", "use :");
	refused("disk:maybe", "disk:maybe", "disk:yes, disk:no");
	refused("id:inf", "none of its values", "a number");
}

/* The words that may complete what is typed, joined by blanks; at most ten. */
static char *words(const char *typed)
{
	struct str s = STR_INIT;
	size_t n;
	struct catalog_word *v = catalog_filter_words(c, typed, &n);

	str_add(&s, "");
	for (size_t i = 0; i < n && i < 10; i++)
		str_addf(&s, "%s%s", i ? "|" : "", v[i].text);
	catalog_words_free(v, n);
	return str_steal(&s);
}

static void completes(const char *typed, const char *to)
{
	char *w = words(typed);

	if (strcmp(w, to) != 0)
		fail_msg("%s becomes '%s', not '%s'", typed, w, to);
	free(w);
}

static void completion(void **state)
{
	(void)state;
	completes("see", "seed:");
	completes("one siz", "one size<");
	completes("-ta", "-tag:");
	completes("(na", "(name:");
	completes("tag:", "tag:keep");
	completes("one tag:k", "one tag:keep");
	completes("method:n", "method:nearswap");
	completes("archived:", "archived:yes|archived:no|archived:all");
	completes("arc", "archived:|arc_challenge>|arc_easy>");
	completes("weig", "weight=");
	completes("perp", "perplexity<");
	completes("seconds>", "");
	completes("\"see", "");
	completes("nothing-like-it", "");
}

static void sql(const char *text)
{
	struct db *d = db_writing(c, NULL);

	assert_true(db_done(d, db_script(d, text, NULL), NULL));
}

static void values(void **state)
{
	size_t n;
	struct catalog_value *v = catalog_run_values(c, "arc", &n);

	(void)state;
	assert_int_equal(n, 2);
	assert_true(catalog_value_of(v, n, 1) == 0.4512);
	assert_true(catalog_value_of(v, n, 2) == 0.39);
	assert_true(isnan(catalog_value_of(v, n, 3)));
	free(v);
	v = catalog_run_values(c, "boolq", &n);
	assert_int_equal(n, 1);
	assert_true(catalog_value_of(v, n, 3) == 0.62);
	free(v);
	v = catalog_run_values(c, "arc_easy", &n); /* estimated */
	assert_int_equal(n, 0);
	free(v);
}

/* Written over with other weights: what was measured before stays with those before. */
static void written_over(void **state)
{
	struct catalog_model m = { .name = "same place", .path = "/m/place" };
	struct catalog_run r = { .kind = "merge", .name = "first", .output = "/m/place" };
	struct catalog_measured of = { 0 };
	int64_t first, second, again, model;
	struct catalog_value *v;
	size_t n;

	(void)state;
	first = catalog_run_begin(c, &r, NULL, 0, NULL);
	assert_true(catalog_run_end(c, first, "done", 1, NULL, "aaaa", 1, 1, NULL, NULL));
	m.run = first;
	m.hash = "aaaa";
	assert_true(catalog_model_put(c, &m, &model, NULL));
	put_score(0, model, "winogrande", "acc", 0.7, false);
	r.name = "second";
	second = catalog_run_begin(c, &r, NULL, 0, NULL);
	assert_true(catalog_run_end(c, second, "done", 1, NULL, "bbbb", 1, 1, NULL, NULL));
	m.run = second;
	m.hash = "bbbb";
	assert_true(catalog_model_put(c, &m, &model, NULL));
	sql("UPDATE run SET started = '2999-01-01T00:00:00Z' WHERE name = 'second'");
	finds("winogrande>0.5", "first");
	r.name = "again";
	again = catalog_run_begin(c, &r, NULL, 0, NULL);
	assert_true(catalog_run_end(c, again, "done", 1, NULL, "aaaa", 1, 1, NULL, NULL));
	sql("UPDATE run SET started = '2999-01-02T00:00:00Z' WHERE name = 'again'");
	finds("winogrande>0.5", "again first");
	v = catalog_run_values(c, "winogrande", &n);
	assert_int_equal(n, 2);
	assert_true(isnan(catalog_value_of(v, n, second)));
	free(v);
	for (int i = 0; i < 2; i++) {
		struct catalog_score *scores;

		of.run = i ? second : first;
		scores = catalog_measured_scores(c, &of, &n, NULL);
		assert_int_equal(n, !i);
		catalog_scores_free(scores, n);
	}
}

static void users(void **state)
{
	struct catalog_run r = { .kind = "merge", .name = "child" };
	struct catalog_input by_path = { "x", "/m/two", NULL, NULL },
		by_hash = { "y", "/elsewhere", "0f0f", NULL };
	struct catalog_run *v;
	int64_t a, b;
	size_t n;

	(void)state;
	a = catalog_run_begin(c, &r, &by_path, 1, NULL);
	b = catalog_run_begin(c, &r, &by_hash, 1, NULL);
	v = catalog_run_users(c, 2, &n, NULL);
	assert_int_equal(n, 2);
	assert_true(v[0].id == b && v[1].id == a);
	catalog_runs_free(v, n);
	v = catalog_run_users(c, 3, &n, NULL); /* of the same content */
	assert_int_equal(n, 1);
	assert_true(v[0].id == b);
	catalog_runs_free(v, n);
	v = catalog_run_users(c, a, &n, NULL);
	assert_int_equal(n, 0);
	catalog_runs_free(v, n);
}

static size_t cards(const char *filter)
{
	size_t n;
	struct catalog_card *v = catalog_cards_found(c, filter, &n, NULL);

	catalog_cards_free(v, n);
	return n;
}

static void cards_found(void **state)
{
	(void)state;
	assert_int_equal(cards("pirate"), 1);
	assert_int_equal(cards("talks pirat"), 1);
	assert_int_equal(cards("\"like a pirate\""), 1);
	assert_int_equal(cards("pirate parrot"), 0);
	assert_int_equal(cards("-parrot"), 0);
	assert_int_equal(cards("pirate method:linear"), 0);
	assert_int_equal(cards("pirate or parrot"), 0);
	assert_int_equal(cards(""), 0);
	assert_int_equal(cards("(pirate"), 0);
}

/* What an older catalog holds is found by its numbers too. */
static void migrated(void **state)
{
	struct db d = { .path = in_folder("old.db") };
	struct catalog *old;
	struct catalog_run *v;
	size_t n;

	(void)state;
	assert_int_equal(db_open(&d, in_folder("old.db"), SQLITE_OPEN_READWRITE |
		SQLITE_OPEN_CREATE), SQLITE_OK);
	assert_true(schema_migrate(&d, schema_steps, 2, NULL, NULL));
	assert_true(db_script(&d, "INSERT INTO recipe (text_hash, text) VALUES (x'00', "
		"'merge_method: nearswap\nparameters: {t: 0.0001}\n'), (x'01', 'not: [yaml'); "
		"INSERT INTO run (kind, name, status, recipe) VALUES ('merge', 'old', 'done', 1), "
		"('merge', 'odd', 'done', 2)", NULL));
	db_close(&d);
	old = open_ok(in_folder("old.db"));
	v = catalog_runs(old, "t<0.001", &n, NULL);
	assert_int_equal(n, 1);
	assert_string_equal(v[0].name, "old");
	catalog_runs_free(v, n);
	catalog_close(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_the_run), cmocka_unit_test(of_the_recipe),
		cmocka_unit_test(of_scores), cmocka_unit_test(when), cmocka_unit_test(joined),
		cmocka_unit_test(refusals), cmocka_unit_test(completion),
		cmocka_unit_test(values), cmocka_unit_test(users),
		cmocka_unit_test(written_over),
		cmocka_unit_test(cards_found), cmocka_unit_test(migrated),
	};
	const char *top = getenv("top_srcdir");
	char *share = str_join_path(top ? top : "..", "share");

	setenv("CUPEL_DATA", share, 0);
	free(share);
	return cmocka_run_group_tests_name("catalog_filter", tests, fill, empty);
}
