/* What each method asks of a recipe, violated once each: the plan is refused with the method, the
 * rule and what to do about it, while not one weight can be read. And that all methods are there. */
#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "engine/inputs.h"
#include "engine/run.h"
#include "recipe/lint.h"
#include "scratch_models.h"

#define CONFIG "{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\"," \
	"\"num_hidden_layers\":1,\"vocab_size\":8}"
/* Models that a recipe lists: w is what stands under each. */
#define ONE(w) "models: [{model: a" w "}]\n"
#define TWO(w) "models: [{model: a" w "}, {model: b" w "}]\n"
#define THREE(w) "models: [{model: a" w "}, {model: b" w "}, {model: c" w "}]\n"
#define P(text) ", parameters: {" text "}"
#define W P("weight: 0.5")
#define BASE "base_model: base\n"
#define T "parameters: {t: 0.5}\n"

static char *dir;

static float wave(uint64_t i, unsigned which)
{
	return (float)sin((double)(i * 7 + which * 13));
}

static int setup(void **state)
{
	static const char *const names[] = {"base", "a", "b", "c"};

	(void)state;
	dir = scratch_dir();
	for (unsigned k = 0; k < 4; k++) {
		struct scratch_tensor v[2] = {
			scratch_tensor("model.embed_tokens.weight", DT_BF16, 8, 4, wave, k),
			scratch_tensor("model.norm.weight", DT_BF16, 0, 4, wave, k),
		};

		free(scratch_model(dir, names[k], v, 2, CONFIG));
		scratch_free(v, 2);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	file_remove_tree(dir, NULL);
	free(dir);
	return 0;
}

/* A recipe that is right, and what breaks it one way at a time. */
static const struct rule {
	const char *method, *rest, *rule, *fix; /* rule NULL: nothing is broken */
} rules[] = {
	{ "linear", TWO(W), NULL, NULL },
	{ "linear", TWO(""), "weight is missing", "under the model" },
	{ "linear", "models: [{model: a" P("weight: 1") "}, {model: b" P("weight: -1") "}]\n",
		"sum of the weights", "normalize: false" },
	{ "slerp", ONE("") BASE T, NULL, NULL },
	{ "slerp", TWO("") T, "needs a base_model", "add base_model" },
	{ "slerp", TWO("") BASE T, "takes exactly 2 models", "list fewer" },
	{ "slerp", ONE("") BASE, "t is missing", "under parameters" },
	{ "nuslerp", TWO(W) BASE, NULL, NULL },
	{ "nuslerp", ONE(W) BASE, "takes exactly 2 models beside the base", "list more" },
	{ "nuslerp", THREE(W), "takes exactly 2 models", "list fewer" },
	{ "nuslerp", "models: [{model: a" W "}, {model: base" W "}]\n" BASE,
		"takes exactly 2 models beside the base", "take base_model out" },
	{ "nuslerp", TWO(""), "weight is missing", "under the model" },
	{ "multislerp", TWO(W), NULL, NULL },
	{ "multislerp", "models: [{model: base" W "}]\n" BASE, "takes at least 1 model",
		"take base_model out" },
	{ "multislerp", "models: [{model: a" P("weight: 1") "}, {model: b" P("weight: -1") "}]\n",
		"sum to 0", "normalize_weights: false" },
	{ "multislerp", TWO(""), "weight is missing", "under the model" },
	{ "karcher", TWO(""), NULL, NULL },
	{ "karcher", TWO("") "parameters: {max_iter: 2.5}\n", "2.5", "a whole number" },
	{ "passthrough", ONE(""), NULL, NULL },
	{ "passthrough", TWO(""), "takes exactly 1 model", "list fewer" },
	{ "nearswap", ONE("") BASE T, NULL, NULL },
	{ "nearswap", TWO("") T, "needs a base_model", "add base_model" },
	{ "nearswap", TWO("") BASE T, "takes exactly 2 models", "list fewer" },
	{ "nearswap", ONE("") BASE, "t is missing", "under parameters" },
	{ "arcee_fusion", ONE("") BASE, NULL, NULL },
	{ "arcee_fusion", TWO(""), "needs a base_model", "add base_model" },
	{ "arcee_fusion", TWO("") BASE, "takes exactly 2 models", "list fewer" },
	{ "model_stock", TWO("") BASE, NULL, NULL },
	{ "model_stock", THREE(""), "needs a base_model", "add base_model" },
	{ "model_stock", ONE("") BASE, "takes at least 3 models", "list more" },
	{ "sce", TWO("") BASE, NULL, NULL },
	{ "sce", TWO(""), "needs a base_model", "add base_model" },
	{ "ram", TWO("") BASE, NULL, NULL },
	{ "ram", TWO(""), "needs a base_model", "add base_model" },
	{ "ram", TWO("") BASE "parameters: {epsilon: -1}\n", "larger than epsilon", "0 or more" },
	{ "ramplus_tl", TWO("") BASE, NULL, NULL },
	{ "ramplus_tl", TWO(""), "needs a base_model", "add base_model" },
	{ "ramplus_tl", TWO("") BASE "parameters: {epsilon: -1}\n", "larger than epsilon",
		"0 or more" },
	{ "task_arithmetic", TWO(W) BASE, NULL, NULL },
	{ "task_arithmetic", TWO(W), "needs a base_model", "add base_model" },
	{ "task_arithmetic", TWO("") BASE, "weight is missing", "under the model" },
#define SPARSE(name) \
	{ name, TWO(W) BASE, NULL, NULL }, \
	{ name, TWO(W), "needs a base_model", "add base_model" }, \
	{ name, TWO("") BASE, "weight is missing", "under the model" }, \
	{ name, TWO(P("weight: 1, density: -0.1")) BASE, "a share of each task vector", \
		"density from 0 to 1" }
	SPARSE("ties"), SPARSE("dare_linear"), SPARSE("dare_ties"), SPARSE("breadcrumbs"),
	SPARSE("breadcrumbs_ties"), SPARSE("della"), SPARSE("della_linear"),
#define CRUMBS(name) \
	{ name, TWO(P("weight: 1, gamma: 1.5")) BASE, "largest changes", "gamma from 0 to 1" }
	CRUMBS("breadcrumbs"), CRUMBS("breadcrumbs_ties"),
#define RANKED(name) \
	{ name, TWO(P("weight: 1, density: 0.9")) BASE, "0.9 +- 0.15", "epsilon from 0 to below 0.1" }, \
	{ name, TWO(P("weight: 1, density: 0.5, epsilon: 0.5")) BASE, "0.5 +- 0.5", "below 0.5" }, \
	{ name, TWO(P("weight: 1, density: 0.9, epsilon: 0.05")) BASE, NULL, NULL }
	RANKED("della"), RANKED("della_linear"),
};
enum { RULES = sizeof rules / sizeof *rules };

static void cut_weights(const struct inputs *in)
{
	for (size_t i = 0; i < in->n; i++) {
		char *path = xasprintf("%s/%s/model.safetensors", dir, in->v[i].text);

		assert_int_equal(truncate(path, 8), 0);
		free(path);
	}
}

static bool no_window(void *ctx, const struct plan_tensor *t, const struct merge_window *w,
	const float *merged, const float *stored, struct err *e)
{
	(void)ctx, (void)t, (void)w, (void)merged, (void)stored, (void)e;
	fail_msg("a window of weights that are gone");
	return false;
}

/* Between the headers and the plan the weights go away: whoever wants one fails. */
static void check_rule(const struct rule *c)
{
	char *path = str_join_path(dir, "recipe.yml");
	char *yaml = xasprintf("merge_method: %s\n%s", c->method, c->rest);
	struct model_roots *roots = model_roots_new(NULL, 0);
	struct err e = {0};
	struct recipe *r = recipe_parse(yaml, strlen(yaml), path, &e);
	struct inputs *in = r ? inputs_open(r, roots, NULL, &e) : NULL;
	struct plan *p = NULL;

	if (!in)
		fail_msg("%s: %s", yaml, e.what);
	cut_weights(in);
	p = plan_make(r, in, NULL, NULL, &e);
	if (!c->rule && !p)
		fail_msg("%s: %s: %s", yaml, e.where, e.what);
	if (c->rule && (p || !strstr(e.what, c->rule) || !strstr(e.what, c->method) ||
		!strstr(e.hint, c->fix) || strchr(e.what, '\n')))
		fail_msg("%s: %s (%s)", yaml, e.what, e.hint);
	if (p) { /* the proof that nothing could be read */
		assert_false(run_tensor(p, 0, NULL, no_window, NULL, NULL, &e));
	}
	plan_unref(p);
	inputs_unref(in);
	recipe_unref(r);
	model_roots_free(roots);
	free(yaml);
	free(path);
}

static void test_contracts(void **state)
{
	for (size_t i = 0; i < RULES; i++) {
		setup(state);
		check_rule(&rules[i]);
		teardown(state);
	}
}

/* Every method that mergekit registers, and a contract of each that is tested above. */
static void test_all_methods(void **state)
{
	static const char *const names[] = {"linear", "slerp", "nuslerp", "multislerp", "karcher",
		"passthrough", "task_arithmetic", "ties", "dare_linear", "dare_ties", "breadcrumbs",
		"breadcrumbs_ties", "della", "della_linear", "sce", "ram", "ramplus_tl", "nearswap",
		"model_stock", "arcee_fusion"};
	enum { NAMES = sizeof names / sizeof *names };

	(void)state;
	assert_int_equal(NAMES, 20);
	for (size_t i = 0; i < NAMES; i++) {
		size_t right = 0, broken = 0;

		if (!method_by_name(names[i]))
			fail_msg("no method %s", names[i]);
		for (size_t k = 0; k < RULES; k++) {
			right += strcmp(rules[k].method, names[i]) == 0 && !rules[k].rule;
			broken += strcmp(rules[k].method, names[i]) == 0 && rules[k].rule;
		}
		if (!right || !broken)
			fail_msg("no contract of %s is tested", names[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contracts),
		cmocka_unit_test(test_all_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
