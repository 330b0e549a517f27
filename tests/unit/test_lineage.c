/* lineage: the graph from runs, cards and files: names, sums down to the leaves, circles, licences,
 * and sizes that a hostile catalog may have. */
#include "config.h"
#include <math.h>
#include "catalog/cards.h"
#include "catalog_test.h"
#include "lineage/lineage.h"

static struct catalog *c;

static int setup(void **state)
{
	(void)state;
	c = open_ok(":memory:");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	catalog_close(c);
	return 0;
}

static int64_t model(const char *name, const char *license)
{
	char *path = xasprintf("/models/%s", name);
	struct catalog_model m = { .name = (char *)name, .path = path, .license = (char *)license,
		.dtype = "BF16", .state = "on disk" };
	int64_t id = 0;

	assert_true(catalog_model_put(c, &m, &id, NULL));
	free(path);
	return id;
}

/* A run that merged models of this folder into `out`, which is registered. */
static void merged(const char *out, const char *recipe, const char *const *in)
{
	struct catalog_input v[8] = { { 0 } };
	char *path = xasprintf("/models/%s", out), paths[8][64];
	struct catalog_run r = { .kind = "merge", .name = (char *)out, .method = "x",
		.recipe_text = (char *)recipe, .output = path };
	struct catalog_model m = { .name = (char *)out, .path = path };
	size_t n = 0;

	for (; in[n]; n++) {
		snprintf(paths[n], sizeof paths[n], "/models/%s", in[n]);
		v[n] = (struct catalog_input){ (char *)in[n], paths[n], NULL, "input" };
	}
	m.run = catalog_run_begin(c, &r, v, n, NULL);
	assert_true(m.run > 0);
	assert_true(catalog_run_end(c, m.run, "done", 1, path, NULL, 1, 1, NULL, NULL));
	assert_true(catalog_model_put(c, &m, NULL, NULL));
	free(path);
}

static struct lineage *load(void)
{
	struct err e = { 0 };
	struct lineage *l = lineage_load(c, &e);

	if (!l)
		fail_msg("%s: %s", e.where, e.what);
	return l;
}

static size_t at(const struct lineage *l, const char *name)
{
	size_t i = lineage_find(l, name);

	if (i == LINEAGE_NONE)
		fail_msg("no %s in the graph", name);
	return i;
}

static const struct lineage_leaf *leaf(const struct lineage *l, const struct lineage_leaf *v,
	size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(l->nodes[v[i].node].name, name))
			return &v[i];
	fail_msg("%s is no leaf", name);
	return NULL;
}

static void text_is(char *text, const char *want)
{
	assert_string_equal(text, want);
	free(text);
}

#define TWO(method, a, x, b, y) "models:\n  - model: " a "\n    parameters: {weight: " x \
	"}\n  - model: " b "\n    parameters: {weight: " y "}\nmerge_method: " method "\n"

/* Agent4 of Agent3 and Agent2, which share a parent: 1.4/0.6 on an arc, then halves. */
static void merge_of_merges(void **state)
{
	size_t n;
	struct lineage *l;
	struct lineage_leaf *v;

	(void)state;
	model("code", NULL);
	model("sft", NULL);
	model("rust", NULL);
	merged("agent3", TWO("nuslerp", "code", "1.4", "sft", "0.6"),
		(const char *[]){ "code", "sft", NULL });
	merged("agent2", TWO("linear", "code", "1", "rust", "3"),
		(const char *[]){ "code", "rust", NULL });
	merged("agent4", TWO("linear", "agent3", "1", "agent2", "1"),
		(const char *[]){ "agent3", "agent2", NULL });
	l = load();
	assert_string_equal(lineage_made_by(l, at(l, "agent3")), "nuslerp .7/.3");
	assert_string_equal(lineage_made_by(l, at(l, "agent2")), "linear .25/.75");
	v = lineage_leaves(l, at(l, "agent4"), &n);
	assert_int_equal(n, 3);
	assert_true(fabs(leaf(l, v, n, "code")->coefficient - 0.475) < 1e-12);
	assert_true(fabs(leaf(l, v, n, "rust")->coefficient - 0.375) < 1e-12);
	assert_true(fabs(leaf(l, v, n, "sft")->coefficient - 0.15) < 1e-12);
	assert_true(leaf(l, v, n, "code")->approximate);
	assert_false(leaf(l, v, n, "rust")->approximate);
	assert_int_equal(leaf(l, v, n, "code")->paths, 2);
	text_is(lineage_leaf_text(l, leaf(l, v, n, "code")),
		"≈0.47, counted twice: 0.35 via agent3 + 0.12 via agent2");
	text_is(lineage_leaf_text(l, leaf(l, v, n, "rust")), "0.38 via agent2");
	lineage_leaves_free(v, n);
	v = lineage_doubled(l, at(l, "agent4"), &n);
	assert_int_equal(n, 1);
	assert_string_equal(l->nodes[v[0].node].name, "code");
	lineage_leaves_free(v, n);
	lineage_free(l);
}

/* A recipe that uses itself twice over: the merge within is a node that was never written. */
static void documents(void **state)
{
	static const char text[] = "name: step\n" TWO("linear", "a", "1", "b", "1")
		"---\n" TWO("linear", "step", "1", "c", "3");
	size_t n, top;
	struct lineage *l;
	struct lineage_leaf *v;

	(void)state;
	model("a", NULL);
	model("b", NULL);
	model("c", NULL);
	merged("out", text, (const char *[]){ "a", "b", "c", NULL });
	l = load();
	top = at(l, "out");
	assert_int_equal(l->first[top + 1] - l->first[top], 2);
	assert_string_equal(l->nodes[l->edges[l->first[top]].parent].state, "never written");
	v = lineage_leaves(l, top, &n);
	assert_int_equal(n, 3);
	assert_true(fabs(leaf(l, v, n, "a")->coefficient - 0.125) < 1e-12);
	assert_true(fabs(leaf(l, v, n, "c")->coefficient - 0.75) < 1e-12);
	lineage_leaves_free(v, n);
	lineage_free(l);
}

/* What is no sum says so, and where; what is below it has no number either. */
static void no_sum(void **state)
{
	size_t n;
	struct lineage *l;
	struct lineage_leaf *v;

	(void)state;
	model("a", NULL);
	model("b", NULL);
	merged("t", "models:\n  - model: b\n    parameters: {weight: 0.3, density: 0.5}\n"
		"base_model: a\nmerge_method: ties\n", (const char *[]){ "a", "b", NULL });
	merged("u", TWO("linear", "t", "1", "b", "1"), (const char *[]){ "t", "b", NULL });
	l = load();
	assert_string_equal(lineage_made_by(l, at(l, "t")), "ties .3");
	v = lineage_leaves(l, at(l, "u"), &n);
	assert_int_equal(n, 2);
	assert_true(isnan(leaf(l, v, n, "b")->coefficient));
	assert_string_equal(leaf(l, v, n, "b")->at, "t");
	text_is(lineage_leaf_text(l, leaf(l, v, n, "a")),
		"? via t");
	assert_string_equal(leaf(l, v, n, "a")->why, "its method is no sum of models");
	lineage_leaves_free(v, n);
	lineage_free(l);
}

static void card(const char *name, const char *recipe, const char *license,
	struct catalog_edge *edges, size_t n)
{
	struct catalog_card k = { .name = (char *)name, .source = "/cards/agent.txt",
		.hash = (char *)name, .text = "text", .recipe_text = (char *)recipe,
		.license = (char *)license,
		.facts = "{\"quantization\": {\"type\": \"q8-hi\"}, \"claims\": [{\"kind\": "
			"\"noncommercial\"}]}" };
	int64_t id;
	bool added;

	for (size_t i = 0; i < n; i++) {
		edges[i].child = (char *)name;
		edges[i].source = "card";
		edges[i].position = (int64_t)i;
		edges[i].weight = NAN;
	}
	assert_true(catalog_card_put(c, &k, edges, n, &id, &added, NULL));
}

/* A card of a quantization that gives the recipe of the merge it was made of: owners are written
 * in one place and left out in the other, letters are large and small. */
static void from_card(void **state)
{
	struct catalog_edge e[3] = { { .parent = "maker/Stone-3B-Rust", .relation = "merge" },
		{ .parent = "tuner/Stone-3B-SFT", .relation = "merge" },
		{ .parent = "stone-3b", .relation = "base" } };
	size_t n, top;
	struct lineage *l;
	struct lineage_leaf *v;
	json_t *j;

	(void)state;
	model("stone-3B-SFT", NULL);
	card("maker/Stone-3B-Agent3-q8-hi-mlx", TWO("nuslerp", "Stone-3B-Rust", "1.4",
		"tuner/Stone-3B-SFT", "0.6") "name: Stone-3B-Agent3\n", "apache-2.0", e, 3);
	l = load();
	top = at(l, "Stone-3B-Agent3-q8-hi-mlx");
	assert_int_equal(l->nodes[top].model, 0);
	assert_string_equal(l->nodes[top].license, "apache-2.0");
	assert_string_equal(l->edges[l->first[top]].relation, "quantized");
	assert_string_equal(l->edges[l->first[top]].source, "card agent.txt");
	assert_string_equal(lineage_made_by(l, top), "q8-hi");
	assert_string_equal(l->nodes[top].dtype, "q8-hi");
	assert_string_equal(l->nodes[l->edges[l->first[top]].parent].name, "Stone-3B-Agent3");
	v = lineage_leaves(l, top, &n);
	assert_int_equal(n, 2);
	assert_true(fabs(leaf(l, v, n, "maker/Stone-3B-Rust")->coefficient - 0.7) < 1e-12);
	assert_true(fabs(leaf(l, v, n, "stone-3B-SFT")->coefficient - 0.3) < 1e-12);
	lineage_leaves_free(v, n);
	j = lineage_json(l, top);
	assert_int_equal(json_array_size(json_object_get(j, "leaves")), 2);
	assert_non_null(json_string_value(json_object_get(json_array_get(json_object_get(
		json_array_get(json_object_get(j, "parents"), 0), "parents"), 0), "recipe")));
	json_decref(j);
	lineage_free(l);
	model("kjv", "mit");
	card("kjv", NULL, "cc-by-nc-4.0", e, 0);
	l = load();
	assert_string_equal(l->nodes[at(l, "kjv")].conflict,
		"its files say mit, card agent.txt says cc-by-nc-4.0");
	lineage_free(l);
	/* What stands in words counts where no licence is named. */
	e[0].parent = "maker/Stone-3B-Agent3-q8-hi-mlx";
	e[0].relation = "finetune";
	card("maker/child", NULL, NULL, e, 1);
	l = load();
	assert_string_equal(l->nodes[at(l, "maker/child")].license, "non-commercial, in words");
	assert_null(l->nodes[at(l, "maker/child")].carried);
	lineage_free(l);
}

static void state_edge(int64_t child, const char *name, const char *source,
	const char *parent, const char *relation)
{
	struct catalog_edge e = { .child = (char *)name, .parent = (char *)parent,
		.relation = (char *)relation, .weight = NAN };

	assert_true(catalog_edges_put(c, child, source, &e, 1, NULL));
}

/* The run is believed, what the file says beside it is kept apart. Several models of a name are
 * none of them, unless one lies beside. */
static void words(void **state)
{
	struct catalog_model twin = { .name = "base", .path = "/elsewhere/base" };
	struct lineage *l;
	int64_t id;
	size_t i;

	(void)state;
	model("base", NULL);
	assert_true(catalog_model_put(c, &twin, NULL, NULL));
	state_edge(model("tune", NULL), "tune", "metadata", "base", "finetune");
	merged("out", TWO("linear", "base", "1", "tune", "1"),
		(const char *[]){ "base", "tune", NULL });
	l = load();
	i = at(l, "tune");
	assert_string_equal(l->nodes[l->edges[l->first[i]].parent].path, "/models/base");
	assert_string_equal(l->nodes[l->edges[l->first[i]].parent].name, "models/base");
	assert_int_equal(lineage_find(l, "base"), LINEAGE_NONE);
	assert_int_not_equal(lineage_find(l, "/elsewhere/base"), LINEAGE_NONE);
	assert_int_equal(lineage_find(l, "/nowhere/tune"), LINEAGE_NONE);
	assert_int_equal(lineage_find(l, "maker/tune"), at(l, "tune"));
	id = l->nodes[at(l, "out")].model;
	lineage_free(l);
	state_edge(id, "out", "metadata", "owner/other", "merge");
	l = load();
	i = at(l, "out");
	assert_int_equal(lineage_find(l, "maker/other"), LINEAGE_NONE);
	assert_int_equal(l->first[i + 1] - l->first[i], 2);
	assert_int_equal(l->n_also, 1);
	assert_string_equal(l->nodes[l->also[0].parent].name, "owner/other");
	lineage_free(l);
	twin.path = "/third/tune";
	twin.name = "lost";
	assert_true(catalog_model_put(c, &twin, &id, NULL));
	state_edge(id, "lost", "metadata", "base", "finetune");
	l = load();
	i = l->edges[l->first[at(l, "lost")]].parent;
	assert_true(l->nodes[i].ambiguous);
	assert_int_equal(l->nodes[i].model, 0);
	lineage_free(l);
}

/* a from b from c from a, the last only by a file: that is left out, not what runs did. */
static void circles(void **state)
{
	struct lineage *l;
	struct lineage_leaf *v;
	size_t n;

	(void)state;
	merged("a", TWO("linear", "b", "1", "x", "1"), (const char *[]){ "b", "x", NULL });
	merged("b", TWO("linear", "c", "1", "x", "1"), (const char *[]){ "c", "x", NULL });
	state_edge(model("c", NULL), "c", "metadata", "a", "finetune");
	state_edge(model("self", NULL), "self", "metadata", "/models/self", "finetune");
	l = load();
	assert_int_equal(l->n_broken, 1);
	assert_int_equal(l->first[at(l, "c") + 1] - l->first[at(l, "c")], 0);
	v = lineage_leaves(l, at(l, "a"), &n);
	assert_int_equal(n, 2);
	lineage_leaves_free(v, n);
	assert_true(lineage_descends(l, at(l, "a"), at(l, "c")));
	assert_false(lineage_descends(l, at(l, "c"), at(l, "a")));
	lineage_free(l);
}

static void licences(void **state)
{
	struct lineage *l;

	(void)state;
	model("free", "apache-2.0");
	model("closed", "cc-by-nc-4.0");
	model("lama", "llama3.2");
	merged("one", TWO("linear", "free", "1", "closed", "1"),
		(const char *[]){ "free", "closed", NULL });
	merged("two", TWO("linear", "one", "1", "lama", "1"),
		(const char *[]){ "one", "lama", NULL });
	model("two", "mit");
	model("one", NULL);
	l = load();
	assert_string_equal(l->nodes[at(l, "two")].carried, "non-commercial use only "
		"(cc-by-nc-4.0) from closed; terms of its own (llama3.2) from lama");
	assert_string_equal(l->nodes[at(l, "two")].conflict,
		"it says mit, but cc-by-nc-4.0 of closed allows no commercial use");
	assert_null(l->nodes[at(l, "one")].conflict);
	assert_null(l->nodes[at(l, "free")].carried);
	lineage_free(l);
}

/* Shared ancestors once with what is above them, then by name; the forest has every model once. */
static void trees(void **state)
{
	struct lineage *l;
	struct lineage_row *v;
	size_t n, shared = 0, *parent;
	bool *shown;

	(void)state;
	state_edge(model("code", NULL), "code", "metadata", "maker/root", "finetune");
	state_edge(model("sft", NULL), "sft", "metadata", "maker/root", "finetune");
	merged("one", TWO("linear", "code", "1", "sft", "1"),
		(const char *[]){ "code", "sft", NULL });
	merged("two", TWO("linear", "one", "1", "code", "1"),
		(const char *[]){ "one", "code", NULL });
	l = load();
	v = lineage_walk(l, at(l, "two"), 100, &n);
	for (size_t i = 0; i < n; i++)
		shared += v[i].shared;
	assert_int_equal(n, 7);
	assert_int_equal(shared, 1);
	assert_true(v[n - 1].shared);
	free(v);
	free(lineage_walk(l, at(l, "two"), 2, &n));
	assert_int_equal(n, 2);
	parent = xnew(size_t, l->n_nodes);
	shown = xnew(bool, l->n_nodes);
	lineage_forest(l, parent, shown);
	assert_true(shown[at(l, "maker/root")]); /* it holds two that are here */
	assert_int_equal(parent[at(l, "one")], at(l, "maker/root"));
	assert_int_equal(parent[at(l, "two")], at(l, "maker/root"));
	assert_int_equal(parent[at(l, "code")], at(l, "maker/root"));
	free(parent);
	free(shown);
	lineage_free(l);
}

/* A chain as long as a stack would not bear, and ways whose number has no name. */
static void hostile(void **state)
{
	enum { LONG = 50000, LADDER = 200 };
	struct catalog_edge *v = xnew(struct catalog_edge, LONG + 2 * LADDER);
	char (*name)[24] = xcalloc(LONG + LADDER + 2, sizeof *name);
	struct lineage *l;
	struct lineage_leaf *leaves;
	size_t n = 0, top;
	json_t *j;

	(void)state;
	for (size_t i = 0; i <= LONG + LADDER + 1; i++)
		snprintf(name[i], sizeof name[i], "n/%zu", i);
	for (size_t i = 0; i < LONG; i++)
		v[n++] = (struct catalog_edge){ .child = name[i], .parent = name[i + 1],
			.relation = i % 2 ? "merge" : "quantized", .source = "metadata" };
	for (size_t i = LONG + 1; i < LONG + LADDER; i++)
		for (size_t k = 0; k < 2; k++)
			v[n++] = (struct catalog_edge){ .child = name[i], .position = (int64_t)k,
				.parent = name[i + 1 + k], .relation = "merge",
				.source = "metadata" };
	assert_true(catalog_edges_put(c, 0, "metadata", v, n, NULL));
	l = load();
	leaves = lineage_leaves(l, at(l, "n/0"), &n);
	assert_int_equal(n, 1);
	lineage_leaves_free(leaves, n);
	top = at(l, name[LONG + 1]);
	leaves = lineage_leaves(l, top, &n);
	assert_int_equal(n, 2);
	assert_true(leaves[0].paths > 1u << 30);
	lineage_leaves_free(leaves, n);
	j = lineage_json(l, top);
	assert_non_null(j);
	json_decref(j);
	j = lineage_json(l, at(l, "n/0"));
	json_decref(j);
	lineage_free(l);
	free(v);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(merge_of_merges, setup, teardown),
		cmocka_unit_test_setup_teardown(documents, setup, teardown),
		cmocka_unit_test_setup_teardown(no_sum, setup, teardown),
		cmocka_unit_test_setup_teardown(from_card, setup, teardown),
		cmocka_unit_test_setup_teardown(words, setup, teardown),
		cmocka_unit_test_setup_teardown(circles, setup, teardown),
		cmocka_unit_test_setup_teardown(licences, setup, teardown),
		cmocka_unit_test_setup_teardown(trees, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile, setup, teardown),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
