/* Stacks of layers and modules: against mergekit's, the same bytes on any number of threads and after
 * a kill, what they make of config.json, what they refuse. */
#include "config.h"
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include "base/json.h"
#include "engine/output.h"
#include "engine/preview.h"
#include "engine/run.h"
#include "recipe/lint.h"
#include "scratch_models.h"

static char *dir;

static float noise(uint64_t i, unsigned which)
{
	return (float)((i + 1) * (which + 3) * 2654435761u % 1000) / 1000.0f;
}

static json_t *golden(void)
{
	char *path = xasprintf("%s/tests/golden/merge/stack.json", getenv("top_srcdir"));
	json_t *j = json_load_file(path, 0, NULL);

	assert_non_null(j);
	free(path);
	return j;
}

static float *unpack(const json_t *t, size_t *n)
{
	const char *hex = json_string_value(json_object_get(t, "hex"));
	float *out;

	*n = strlen(hex) / 8;
	out = xcalloc(*n, sizeof *out);
	for (size_t i = 0; i < *n; i++) {
		uint32_t bits = 0;

		for (size_t k = 0; k < 4; k++) {
			char pair[3] = { hex[8 * i + 2 * k], hex[8 * i + 2 * k + 1], 0 };

			bits |= (uint32_t)strtoul(pair, NULL, 16) << (8 * k);
		}
		memcpy(&out[i], &bits, sizeof bits);
	}
	return out;
}

static void put_golden_model(const json_t *all, const char *name)
{
	json_t *model = json_object_get(json_object_get(all, "models"), name), *t, *v;
	json_t *config = json_copy(json_object_get(all, "config"));
	struct scratch_tensor list[64] = {{0}};
	const char *key;
	char *text;
	size_t n = 0, i;

	json_object_set(config, "num_hidden_layers",
		json_object_get(json_object_get(all, "layers"), name));
	json_object_foreach(model, key, t) {
		struct scratch_tensor *s = &list[n++];
		json_t *shape = json_object_get(t, "shape");
		size_t elements;

		s->name = key;
		s->rank = (int)json_array_size(shape);
		json_array_foreach(shape, i, v)
			s->shape[i] = (uint64_t)json_integer_value(v);
		s->dtype = DT_F32;
		s->data = unpack(t, &elements);
		s->bytes = elements * sizeof(float);
	}
	text = json_dumps(config, 0);
	free(scratch_model(dir, name, list, n, text));
	scratch_free(list, n);
	free(text);
	json_decref(config);
}

/* A vision model: a language model of four layers of two kinds, a tower of two. */
static void put_vision_model(const char *name, unsigned which)
{
	static const char config[] = "{\"model_type\": \"gemma3\", \"text_config\": "
		"{\"num_hidden_layers\": 4, \"layer_types\": [\"s\", \"s\", \"s\", \"f\"], "
		"\"mlp_only_layers\": [1, 3]}, \"vision_config\": {\"num_hidden_layers\": 2}, "
		"\"eos_token_id\": [1, 2, 3, 4]}\n";
	static const char *const outer[] = { "language_model.model.embed_tokens.weight",
		"language_model.model.norm.weight",
		"vision_tower.vision_model.embeddings.patch_embedding.weight",
		"vision_tower.vision_model.post_layernorm.weight",
		"multi_modal_projector.mm_input_projection_weight" };
	static char names[6][80];
	struct scratch_tensor v[16];
	size_t n = 0;

	for (size_t i = 0; i < sizeof outer / sizeof *outer; i++)
		v[n++] = scratch_tensor(outer[i], DT_BF16, 3, 4, noise, which + (unsigned)i);
	for (size_t i = 0; i < 6; i++) {
		snprintf(names[i], sizeof *names, i < 4
			? "language_model.model.layers.%zu.mlp.up_proj.weight"
			: "vision_tower.vision_model.encoder.layers.%zu.mlp.fc1.weight", i % 4);
		v[n++] = scratch_tensor(names[i], DT_BF16, 5, 4, noise, which + 10 * (unsigned)i);
	}
	free(scratch_model(dir, name, v, n, config));
	scratch_free(v, n);
}

static int setup(void **state)
{
	json_t *all = golden();
	char *cache;

	(void)state;
	dir = scratch_dir();
	cache = str_join_path(dir, "cache");
	setenv("XDG_CACHE_HOME", cache, 1);
	free(cache);
	put_golden_model(all, "A");
	put_golden_model(all, "B");
	put_golden_model(all, "C");
	put_vision_model("eye", 1);
	put_vision_model("eye2", 100);
	json_decref(all);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	file_remove_tree(dir, NULL);
	free(dir);
	return 0;
}

static struct plan *plan(const char *yaml, struct findings *f, struct err *e)
{
	char *path = str_join_path(dir, "recipe.yml");
	struct recipe *r = recipe_parse(yaml, strlen(yaml), path, e);
	struct model_roots *roots = model_roots_new(NULL, 0);
	struct inputs *in = r ? inputs_open(r, roots, NULL, e) : NULL;
	struct plan *p = in && recipe_valid(r, e) ? plan_make(r, in, NULL, f, e) : NULL;

	inputs_unref(in);
	recipe_unref(r);
	model_roots_free(roots);
	free(path);
	return p;
}

/* The output as a model. */
static struct model *merged(const char *yaml, const char *out, unsigned threads, bool resume)
{
	struct err e = {0};
	char *path = str_join_path(dir, out);
	struct run_options o = {.output = path, .force = !resume, .resume = resume};
	struct pool *pool = pool_new(threads);
	struct plan *p = plan(yaml, NULL, &e);
	struct run_result r;
	struct model *m = NULL;

	if (!p || !run_merge(p, NULL, pool, &o, NULL, NULL, &r, &e))
		fail_msg("%s: %s: %s", out, e.where, e.what);
	m = model_open(path, &e);
	assert_non_null(m);
	plan_unref(p);
	pool_free(pool);
	free(path);
	return m;
}

static const float *values(struct model *m, const char *name, size_t *n)
{
	static float v[4096];
	long at = source_find(&m->source, name);
	struct err e = {0};

	if (at < 0)
		fail_msg("no %s", name);
	*n = (size_t)m->source.tensors[at].elements;
	assert_true(*n <= 4096);
	assert_true(source_read(&m->source, (size_t)at, 0, *n, v, &e));
	return v;
}

static int64_t number(const struct model *m, const char *path)
{
	return json_integer_value(json_at(m->config, path));
}

/* --- against mergekit --- */

/* Copies and single multiplications have the same bits; angles are worked out in another width. */
static double tolerance(const char *name)
{
	return str_starts(name, "passthrough") ? 0 : str_starts(name, "one_layer") ? 2e-6 : 4e-7;
}

static void compare(struct model *m, const json_t *run)
{
	const char *name = json_string_value(json_object_get(run, "name")), *key;
	json_t *t;

	assert_int_equal(m->source.n_tensors, json_object_size(json_object_get(run, "output")));
	assert_int_equal(number(m, "num_hidden_layers"),
		json_integer_value(json_object_get(run, "layers")));
	json_object_foreach(json_object_get(run, "output"), key, t) {
		size_t n, have;
		float *want = unpack(t, &n);
		const float *x = values(m, key, &have);
		double most = 0;

		assert_int_equal(n, have);
		for (size_t i = 0; i < n; i++)
			most = fmax(most, fabs((double)want[i]));
		for (size_t i = 0; i < n; i++)
			if (!(fabs((double)x[i] - want[i]) <= tolerance(name) * most))
				fail_msg("%s %s[%zu]: %.9g, expected %.9g", name, key, i,
					(double)x[i], (double)want[i]);
		free(want);
	}
}

static void test_as_mergekit_does(void **state)
{
	json_t *all = golden(), *run;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "runs"), i, run) {
		struct model *m = merged(json_string_value(json_object_get(run, "yaml")),
			json_string_value(json_object_get(run, "name")), 2, false);

		compare(m, run);
		model_unref(m);
	}
	assert_true(i >= 7);
	json_decref(all);
}

/* --- the same bytes --- */

static const char stack[] = "merge_method: dare_ties\nbase_model: A\ndtype: bfloat16\n"
	"parameters: {weight: [1, 0.25], density: [{filter: mlp, value: 0.5}, {value: [0.9, 0.3]}]}\n"
	"slices:\n"
	"- sources: [{model: A, layer_range: [0, 2]}, {model: B, layer_range: [1, 3]}]\n"
	"- sources: [{model: A, layer_range: [1, 3]}, {model: C, layer_range: [2, 4]}]\n";

static char *whole_file(const char *out, const char *name, size_t *n)
{
	char *path = xasprintf("%s/%s/%s", dir, out, name), *text;
	struct err e = {0};

	text = file_read_all(path, (size_t)1 << 20, n, &e);
	if (!text)
		fail_msg("%s: %s", e.where, e.what);
	free(path);
	return text;
}

static void same_output(const char *one, const char *two)
{
	static const char *const files[] = { "model.safetensors", "config.json", "cupel.json" };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		size_t n, m;
		char *a = whole_file(one, files[i], &n), *b = whole_file(two, files[i], &m);

		assert_int_equal(n, m);
		assert_memory_equal(a, b, n);
		free(a);
		free(b);
	}
}

static void test_threads_and_kills_change_nothing(void **state)
{
	static const size_t points[] = { 1, 9, 20 };

	(void)state;
	/* names of one length: cupel.json tells the size of the card */
	model_unref(merged(stack, "one1", 1, false));
	model_unref(merged(stack, "four", 4, false));
	same_output("one1", "four");
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		char out[16];
		pid_t child;
		int status;

		snprintf(out, sizeof out, "kil%zu", i);
		child = fork();
		if (child == 0) {
			output_die_after(points[i]);
			model_unref(merged(stack, out, 2, false));
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		model_unref(merged(stack, out, 3, true));
		same_output("one1", out);
	}
}

static bool as_stored(void *ctx, const struct plan_tensor *t, const struct merge_window *w,
	const float *merged, const float *stored, struct err *e)
{
	size_t n;

	(void)merged;
	(void)e;
	assert_memory_equal(values(ctx, t->like->name, &n), stored, w->n * sizeof *stored);
	assert_int_equal(n, w->n);
	return true;
}

/* What an exact preview sees is what the file holds. */
static void test_preview_is_the_file(void **state)
{
	struct model *m = merged(stack, "exact", 2, false);
	struct err e = {0};
	struct plan *p = plan(stack, NULL, &e);

	(void)state;
	assert_non_null(p);
	assert_int_equal(p->n, m->source.n_tensors);
	for (size_t t = 0; t < p->n; t++)
		assert_true(run_tensor(p, t, NULL, as_stored, m, NULL, &e));
	plan_unref(p);
	model_unref(m);
}

/* What stands in both slices makes the same as models: do, where nothing restarts. */
static void test_two_halves_are_a_whole(void **state)
{
	static const char halves[] = "merge_method: linear\nparameters: {weight: 0.75}\nslices:\n"
		"- sources: [{model: A, layer_range: [0, 2]}, {model: B, layer_range: [0, 2]}]\n"
		"- sources: [{model: A, layer_range: [2, 3]}, {model: B, layer_range: [2, 3]}]\n";
	static const char whole[] = "merge_method: linear\nparameters: {weight: 0.75}\n"
		"models: [{model: A}, {model: B}]\n";
	struct model *a = merged(halves, "halves", 2, false), *b = merged(whole, "whole", 2, false);

	(void)state;
	assert_int_equal(a->source.n_tensors, b->source.n_tensors);
	for (size_t t = 0; t < b->source.n_tensors; t++) {
		size_t n, k;
		float copy[4096];

		memcpy(copy, values(a, b->source.tensors[t].name, &n), sizeof copy);
		assert_memory_equal(copy, values(b, b->source.tensors[t].name, &k),
			n * sizeof *copy);
	}
	model_unref(a);
	model_unref(b);
}

/* --- many --- */

static void test_a_hundred_and_twenty_slices(void **state)
{
	static const char *const models[] = { "A", "B", "C" };
	struct str s = STR_INIT;
	struct model *m;

	(void)state;
	str_add(&s, "merge_method: passthrough\nslices:\n");
	for (size_t i = 0; i < 120; i++)
		str_addf(&s, "- sources: [{model: %s, layer_range: [%zu, %zu]}]\n", models[i % 3],
			i % 2, i % 2 + 1);
	m = merged(s.s, "many", 4, false);
	assert_int_equal(m->layers, 120);
	assert_int_equal(m->source.n_tensors, 120 * 9 + 3);
	for (size_t i = 0; i < 120; i += 17) {
		char *name = xasprintf("model.layers.%zu.mlp.up_proj.weight", i);
		char *from = xasprintf("model.layers.%zu.mlp.up_proj.weight", i % 2);
		char *path = str_join_path(dir, models[i % 3]);
		struct model *in = model_open(path, NULL);
		size_t n;
		float copy[4096];

		memcpy(copy, values(m, name, &n), sizeof copy);
		assert_memory_equal(copy, values(in, from, &n), n * sizeof *copy);
		model_unref(in);
		free(path);
		free(from);
		free(name);
	}
	model_unref(m);
	str_fini(&s);
}

/* --- modules --- */

static void same_values(struct model *a, const char *x, struct model *b, const char *y)
{
	size_t n, k;
	float copy[4096];

	memcpy(copy, values(a, x, &n), sizeof copy);
	assert_memory_equal(copy, values(b, y, &k), n * sizeof *copy);
}

static void test_modules_of_a_vision_model(void **state)
{
	static const char yaml[] = "merge_method: passthrough\nmodules:\n"
		"  text_decoder:\n    slices:\n"
		"    - sources: [{model: eye, layer_range: [0, 4]}]\n"
		"    - sources: [{model: eye2, layer_range: [2, 4]}]\n"
		"  vision_tower:\n    models: [{model: eye2}]\n";
	struct model *m = merged(yaml, "seen", 2, false), *one, *two;
	char *path = str_join_path(dir, "eye"), *path2 = str_join_path(dir, "eye2");
	json_t *types, *dense;

	(void)state;
	one = model_open(path, NULL);
	two = model_open(path2, NULL);
	assert_int_equal(number(m, "text_config.num_hidden_layers"), 6);
	assert_int_equal(number(m, "vision_config.num_hidden_layers"), 2);
	types = json_at(m->config, "text_config.layer_types");
	assert_int_equal(json_array_size(types), 6);
	assert_string_equal(json_string_value(json_array_get(types, 4)), "s");
	assert_string_equal(json_string_value(json_array_get(types, 5)), "f");
	dense = json_at(m->config, "text_config.mlp_only_layers"); /* 1 3, and 3 again as 5 */
	assert_int_equal(json_array_size(dense), 3);
	assert_int_equal(json_integer_value(json_array_get(dense, 2)), 5);
	assert_int_equal(json_array_size(json_at(m->config, "eos_token_id")), 4);
	same_values(m, "language_model.model.layers.5.mlp.up_proj.weight", two,
		"language_model.model.layers.3.mlp.up_proj.weight");
	same_values(m, "language_model.model.embed_tokens.weight", one,
		"language_model.model.embed_tokens.weight");
	same_values(m, "language_model.model.norm.weight", two,
		"language_model.model.norm.weight");
	same_values(m, "vision_tower.vision_model.encoder.layers.1.mlp.fc1.weight", two,
		"vision_tower.vision_model.encoder.layers.1.mlp.fc1.weight");
	/* in no module of the recipe: kept, from the first */
	same_values(m, "multi_modal_projector.mm_input_projection_weight", one,
		"multi_modal_projector.mm_input_projection_weight");
	model_unref(m);
	/* Without modules: the layers are those of the language model, the tower is the first's. */
	m = merged("merge_method: passthrough\nslices:\n"
		"- sources: [{model: eye, layer_range: [0, 2]}]\n"
		"- sources: [{model: eye2, layer_range: [1, 4]}]\n", "seen2", 2, false);
	assert_int_equal(number(m, "text_config.num_hidden_layers"), 5);
	assert_int_equal(number(m, "vision_config.num_hidden_layers"), 2);
	same_values(m, "vision_tower.vision_model.post_layernorm.weight", one,
		"vision_tower.vision_model.post_layernorm.weight");
	same_values(m, "language_model.model.norm.weight", two,
		"language_model.model.norm.weight");
	model_unref(m);
	model_unref(one);
	model_unref(two);
	free(path);
	free(path2);
}

/* --- what is said --- */

static const struct finding *said(const struct findings *f, const char *code)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->v[i].code, code))
			return &f->v[i];
	return NULL;
}

static void test_what_is_left_out_is_said(void **state)
{
	static const char yaml[] = "merge_method: passthrough\nslices:\n"
		"- sources: [{model: A, layer_range: [0, 1]}]\n"
		"- sources: [{model: C, layer_range: [1, 2]}]\n"
		"- sources: [{model: B, layer_range: [2, 3]}]\n";
	struct findings f = {0};
	struct err e = {0};
	struct plan *p = plan(yaml, &f, &e);

	(void)state;
	assert_non_null(p);
	assert_int_equal(f.errors + f.warnings, 0);
	assert_non_null(said(&f, "unused-layers"));
	assert_string_equal(said(&f, "unused-layers")->message,
		"no slice takes layers 1-2 of A: 18 tensors");
	assert_non_null(strstr(said(&f, "unused-tensors")->message, "model.norm.weight"));
	assert_string_equal(p->tensors[0].like->name, "model.embed_tokens.weight");
	assert_null(p->ignored[0]);
	plan_unref(p);
	findings_fini(&f);
}

static void test_names_of_inputs_and_outputs(void **state)
{
	/* weight goes by the name in the model, t by that of the output */
	static const char yaml[] = "merge_method: linear\nparameters: {normalize: [{filter: "
		"layers.3., value: false}, {value: true}]}\nslices:\n"
		"- sources: [{model: A, layer_range: [0, 2], parameters: {weight: 1}}]\n"
		"- sources: [{model: C, layer_range: [2, 4], parameters: {weight: [{filter: "
		"layers.2., value: 5}, {value: 7}]}}]\n";
	struct err e = {0};
	struct plan *p = plan(yaml, NULL, &e);

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_tensor *t = &p->tensors[i];
		int layer = t->like->layer;
		double w = layer < 0 ? (t->slice ? 7 : 1) : layer < 2 ? 1 : layer == 2 ? 5 : 7;

		assert_true(t->spec.input[0][P_WEIGHT] == w);
		assert_true((t->spec.global[P_NORMALIZE] != 0) == (layer != 3));
		assert_true(t->t == (layer % 2 == 1 ? 1.0 : 0.0));
	}
	plan_unref(p);
}

/* Which layers are sparse follows from a number: four layers on, it still does; one on, not. */
static void test_rules_of_the_config(void **state)
{
	static const char config[] = "{\"model_type\": \"qwen3_moe\", \"num_hidden_layers\": 4, "
		"\"decoder_sparse_step\": 2}\n";
	static char names[4][64];
	struct scratch_tensor v[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(names[i], sizeof *names, "model.layers.%zu.mlp.up_proj.weight", i);
		v[i] = scratch_tensor(names[i], DT_BF16, 5, 4, noise, (unsigned)i);
	}
	free(scratch_model(dir, "sparse", v, 4, config));
	scratch_free(v, 4);
	for (int first = 1; first < 3; first++) {
		char *yaml = xasprintf("merge_method: passthrough\nslices:\n"
			"- sources: [{model: sparse, layer_range: [0, 4]}]\n"
			"- sources: [{model: sparse, layer_range: [%d, 4]}]\n", first);
		struct findings f = {0};
		struct err e = {0};
		struct plan *p = plan(yaml, &f, &e);

		assert_non_null(p);
		assert_true((said(&f, "config-rule") != NULL) == (first == 1));
		plan_unref(p);
		findings_fini(&f);
		free(yaml);
	}
}

static void test_layers_of_another_kind(void **state)
{
	static const char *const what[] = { "another shape than in the layers of A",
		"qwen3 model, and the layers of A, a llama model, have no attn_q_norm" };
	static const char *const names[] = { "model.layers.0.mlp.up_proj.weight",
		"model.layers.0.self_attn.q_norm.weight" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct scratch_tensor v = scratch_tensor(names[i], DT_F32, 7, 4, noise, 1);
		char *config = xasprintf("{\"model_type\": \"%s\", \"num_hidden_layers\": 1}",
			i ? "qwen3" : "llama"), *yaml;
		struct err e = {0};

		free(scratch_model(dir, "stranger", &v, 1, config));
		scratch_free(&v, 1);
		yaml = xasprintf("merge_method: passthrough\nslices:\n"
			"- sources: [{model: A, layer_range: [0, 1]}]\n"
			"- sources: [{model: stranger, layer_range: [0, 1]}]\n");
		assert_null(plan(yaml, NULL, &e));
		assert_non_null(strstr(e.what, what[i]));
		assert_non_null(strstr(e.where, "recipe.yml:4:3: slices[1]"));
		free(yaml);
		free(config);
	}
}

/* Figures are of each slice's own base: what is copied from it has not moved. */
static void test_figures_of_each_base(void **state)
{
	static const char yaml[] = "merge_method: task_arithmetic\nparameters: {weight: 0.5}\nslices:\n"
		"- base_model: A\n  sources: [{model: A, layer_range: [0, 2]}, {model: B, layer_range: [0, 2]}]\n"
		"- base_model: C\n  sources: [{model: C, layer_range: [2, 4]}, {model: B, layer_range: [1, 3]}]\n";
	struct err e = {0};
	struct plan *p = plan(yaml, NULL, &e);
	struct pool *pool = pool_new(2);
	struct preview *v = preview_new(pool, NULL, NULL, NULL);

	(void)state;
	assert_non_null(p);
	preview_show(v, p);
	assert_true(preview_wait(v, false, &e));
	for (size_t i = 0; i < p->n; i++) {
		struct figure f = preview_figure(v, i, STAT_DELTA_RATIO, 1);

		/* half of what B is away from the base, whichever that is */
		assert_true(p->tensors[i].input[p->tensors[i].spec.base] == (p->tensors[i].slice ? 2 : 0));
		assert_true(fabs(f.value - 0.5) < 1e-5);
	}
	preview_free(v);
	pool_free(pool);
	plan_unref(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_mergekit_does),
		cmocka_unit_test(test_threads_and_kills_change_nothing),
		cmocka_unit_test(test_preview_is_the_file),
		cmocka_unit_test(test_two_halves_are_a_whole),
		cmocka_unit_test(test_a_hundred_and_twenty_slices),
		cmocka_unit_test(test_modules_of_a_vision_model),
		cmocka_unit_test(test_what_is_left_out_is_said),
		cmocka_unit_test(test_names_of_inputs_and_outputs),
		cmocka_unit_test(test_rules_of_the_config),
		cmocka_unit_test(test_layers_of_another_kind),
		cmocka_unit_test(test_figures_of_each_base),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
