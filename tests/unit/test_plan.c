/* Plans: values of parameters at tensors, dtypes, what does not fit, what is left out. */
#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <time.h>
#include "engine/inputs.h"
#include "engine/shards.h"
#include "scratch_models.h"

#define CONFIG "{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\"," \
	"\"num_hidden_layers\":3,\"vocab_size\":8,\"torch_dtype\":\"bfloat16\"}"

#define TIED "{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\"," \
	"\"num_hidden_layers\":3,\"vocab_size\":8,\"tie_word_embeddings\":true}"
#define DEEP "{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\"," \
	"\"num_hidden_layers\":4,\"vocab_size\":8}"

static char *dir;

static float wave(uint64_t i, unsigned which)
{
	return (float)sin((double)(i * 7 + which * 13));
}

static size_t usual(struct scratch_tensor *v, unsigned which, enum dtype t, uint64_t vocab)
{
	size_t n = 0;

	v[n++] = scratch_tensor("model.embed_tokens.weight", t, vocab, 4, wave, which);
	v[n++] = scratch_tensor("model.layers.0.mlp.up_proj.weight", t, 6, 4, wave, which);
	v[n++] = scratch_tensor("model.layers.0.self_attn.q_proj.weight", t, 4, 4, wave, which);
	v[n++] = scratch_tensor("model.layers.1.mlp.up_proj.weight", t, 6, 4, wave, which);
	v[n++] = scratch_tensor("model.layers.1.self_attn.q_proj.weight", t, 4, 4, wave, which);
	v[n++] = scratch_tensor("model.layers.2.mlp.up_proj.weight", t, 6, 4, wave, which);
	v[n++] = scratch_tensor("model.layers.2.self_attn.q_proj.weight", t, 4, 4, wave, which);
	v[n++] = scratch_tensor("model.norm.weight", t, 0, 4, wave, which);
	return n;
}

static void put(const char *name, const struct scratch_tensor *v, size_t n, const char *config)
{
	free(scratch_model(dir, name, v, n, config));
}

static void put_usual(const char *name, unsigned which, enum dtype t, uint64_t vocab)
{
	struct scratch_tensor v[16];
	size_t n = usual(v, which, t, vocab);

	put(name, v, n, CONFIG);
	scratch_free(v, n);
}

static void put_usual_with(const char *name, unsigned which, const char *config, const char *more)
{
	struct scratch_tensor v[16];
	size_t n = usual(v, which, DT_BF16, 8);

	if (more)
		v[n++] = scratch_tensor(more, DT_BF16, 8, 4, wave, which);
	put(name, v, n, config);
	scratch_free(v, n);
}

static int setup(void **state)
{
	struct scratch_tensor v[16];
	size_t n;
	int64_t *ids;
	char *data;

	(void)state;
	dir = scratch_dir();
	data = xasprintf("%s/share", getenv("top_srcdir") ? getenv("top_srcdir") : ".");
	setenv("CUPEL_DATA", data, 1);
	free(data);
	put_usual("base", 0, DT_BF16, 8);
	put_usual("a", 1, DT_BF16, 8);
	put_usual("b", 2, DT_BF16, 8);
	put_usual("half", 3, DT_F16, 8);
	put_usual("wide", 4, DT_BF16, 10);
	n = usual(v, 5, DT_BF16, 8); /* lacks the norm, has a bias and whole numbers */
	free(v[n - 1].data);
	v[n - 1] = scratch_tensor("model.layers.0.mlp.up_proj.bias", DT_BF16, 0, 6, wave, 5);
	put("odd", v, n, CONFIG);
	scratch_free(v, n);
	n = usual(v, 6, DT_BF16, 8);
	ids = xcalloc(4, sizeof *ids);
	v[n++] = (struct scratch_tensor){ "model.position_ids", DT_I64, 1, { 4 }, ids,
		4 * sizeof *ids };
	put("ids", v, n, CONFIG);
	scratch_free(v, n);
	put_usual_with("tied", 7, TIED, NULL);
	put_usual_with("untied", 8, CONFIG, "lm_head.weight");
	put_usual_with("deep", 9, DEEP, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	file_remove_tree(dir, NULL);
	free(dir);
	return 0;
}

/* The plan of a recipe whose models are folders of dir. f may be NULL. */
static struct plan *plan(const char *yaml, struct findings *f, struct err *e)
{
	char *path = str_join_path(dir, "recipe.yml");
	struct recipe *r = recipe_parse(yaml, strlen(yaml), path, e);
	struct model_roots *roots = model_roots_new(NULL, 0);
	struct inputs *in;
	struct plan *p = NULL;

	assert_non_null(r);
	in = inputs_open(r, roots, NULL, e);
	if (in)
		p = plan_make(r, in, NULL, f, e);
	inputs_unref(in);
	recipe_unref(r);
	model_roots_free(roots);
	free(path);
	return p;
}

static const struct plan_tensor *find(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->tensors[i].like->name, name) == 0)
			return &p->tensors[i];
	fail_msg("no %s", name);
	return NULL;
}

static void test_values_follow_layers_and_filters(void **state)
{
	struct err e = {0};
	struct plan *p = plan("merge_method: slerp\nbase_model: base\nmodels:\n- model: base\n"
		"- model: a\nparameters:\n  t:\n  - {filter: mlp, value: [0, 1]}\n"
		"  - value: [0.2, 0.4, 0.8]\n", NULL, &e);

	(void)state;
	assert_non_null(p);
	assert_int_equal(p->n, 8);
	assert_float_equal(find(p, "model.embed_tokens.weight")->spec.global[P_T], 0.2, 0);
	assert_float_equal(find(p, "model.norm.weight")->spec.global[P_T], 0.2, 0);
	assert_float_equal(find(p, "model.layers.1.mlp.up_proj.weight")->spec.global[P_T], 0.5, 0);
	assert_float_equal(find(p, "model.layers.2.mlp.up_proj.weight")->spec.global[P_T], 1.0, 0);
	assert_float_equal(
		find(p, "model.layers.1.self_attn.q_proj.weight")->spec.global[P_T], 0.4, 0);
	assert_int_equal(find(p, "model.norm.weight")->dtype, DT_BF16);
	assert_int_equal(find(p, "model.norm.weight")->spec.base, 0);
	plan_unref(p);
}

static void test_stored_dtype(void **state)
{
	static const struct { const char *head; enum dtype want; } cases[] = {
		{ "", DT_F32 }, { "dtype: float16\n", DT_F16 },
		{ "dtype: float32\nout_dtype: bfloat16\n", DT_BF16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = {0};
		char *yaml = xasprintf("%smerge_method: linear\nmodels:\n"
			"- {model: a, parameters: {weight: 1}}\n"
			"- {model: half, parameters: {weight: 1}}\n", cases[i].head);
		struct plan *p = plan(yaml, NULL, &e);
		uint64_t size = 0;
		struct shards *s;

		assert_non_null(p);
		assert_int_equal(p->tensors[0].dtype, cases[i].want);
		s = shards_make(p, 0);
		assert_int_equal(s->n, 1);
		assert_int_equal(s->total, p->output_bytes);
		for (size_t k = 0; k < p->n; k++)
			size += p->tensors[k].bytes;
		assert_int_equal(s->data, size);
		shards_free(s);
		plan_unref(p);
		free(yaml);
	}
}

static void test_shards_are_greedy(void **state)
{
	struct err e = {0};
	struct plan *p = plan("merge_method: passthrough\nmodels: [{model: a}]\n", NULL, &e);
	struct shards *s;
	char *index;

	(void)state;
	assert_non_null(p);
	s = shards_make(p, 100); /* 64, 48+32, 48+32, 48+32+8 bytes */
	assert_int_equal(s->n, 4);
	assert_string_equal(s->v[3].name, "model-00004-of-00004.safetensors");
	assert_int_equal(s->v[3].n, 3);
	assert_int_equal(s->v[0].header_n % 8, 0);
	index = shards_index(p, s);
	assert_non_null(
		strstr(index, "\"model.norm.weight\": \"model-00004-of-00004.safetensors\""));
	assert_non_null(strstr(index, "\"total_size\": 312"));
	free(index);
	shards_free(s);
	plan_unref(p);
}

static void refused(const char *yaml, const char *where, const char *what, const char *hint)
{
	struct err e = {0};
	struct findings f = {0};
	struct plan *p = plan(yaml, &f, &e);

	assert_null(p);
	if (!strstr(e.where, where) || !strstr(e.what, what) || !strstr(e.hint, hint))
		fail_msg("%s: %s; %s", e.where, e.what, e.hint);
	assert_int_equal(e.code, ERR_INPUT);
	findings_fini(&f);
}

static void test_refusals(void **state)
{
	(void)state;
	refused("merge_method: linear\nmodels:\n- {model: a, parameters: {weight: 1}}\n"
		"- {model: wide, parameters: {weight: 1}}\n",
		"model.embed_tokens.weight", "vocabularies differ: 8 x 4 in a, 10 x 4 in wide",
		"tokenizer: {source: union}");
	refused("merge_method: linear\nmodels:\n- {model: a, parameters: {weight: 1}}\n"
		"- {model: b, parameters: {weight: -1}}\n",
		"model.", "sum of the weights", "normalize");
	refused("merge_method: dare-ties\nbase_model: base\nmodels: [{model: a}]\n",
		"merge_method", "no method \"dare-ties\"", "dare_ties");
	refused("merge_method: ties\nmodels: [{model: a, parameters: {weight: 1}}]\n",
		"merge_method", "ties needs a base_model", "base_model");
	refused("merge_method: slerp\nbase_model: base\nparameters: {t: 0.5}\n"
		"models: [{model: a}, {model: b}]\n",
		"merge_method", "slerp takes exactly 2 models, the base among them; here are 3",
		"fewer");
	refused("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: gone, "
		"parameters: {weight: 1}}]\n", "gone", "", "");
	refused("merge_method: passthrough\ndtype: int8\nmodels: [{model: a}]\n", "dtype",
		"\"int8\"", "bfloat16");
	refused("merge_method: passthrough\nchat_template: chatnl\nmodels: [{model: a}]\n",
		"chat_template", "\"chatnl\"", "chatml");
	refused("merge_method: linear\nmodels: [{model: a}]\n", "", "weight", "");
	refused("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: deep, "
		"parameters: {weight: 1}}]\n", "deep", "it has 4 layers, a has 3", "slices:");
	refused("merge_method: linear\nmodels: [{model: a+lora, parameters: {weight: 1}}, {model: b, "
		"parameters: {weight: 1}}]\n", "lora", "no such model", "path");
	refused("merge_method: passthrough\nslices:\n- sources: [{model: a, layer_range: [0, 2]}]\n"
		"- sources: [{model: b, layer_range: [1, 4]}]\n", "slices[1]",
		"[1, 4] goes beyond the last layer: b has 3 layers, 0 to 2", "range");
	refused("merge_method: passthrough\nslices:\n- sources: [{model: a, layer_range: [0, 999999999]}]\n",
		"slices[0]", "a has 3 layers", "range");
	refused("merge_method: slerp\nbase_model: a\nparameters: {t: 0.5}\nslices:\n"
		"- sources: [{model: a, layer_range: [0, 2]}, {model: b, layer_range: [0, 2]}]\n"
		"- sources: [{model: b, layer_range: [0, 2]}, {model: odd, layer_range: [0, 2]}]\n",
		"slices[1]", "base a among", "sources");
	refused("merge_method: linear\nparameters: {weight: 1}\nslices:\n"
		"- sources: [{model: a, layer_range: [0, 2]}, {model: a, layer_range: [1, 3]}]\n",
		"slices[0]", "listed already", "one entry");
	refused("merge_method: passthrough\nmodules: {vision_tower: {models: [{model: a}]}}\n",
		"modules", "no module vision_tower: it has default, text_decoder", "");
}

/* What one model lacks is made from the others; what only another has is left out, and said. */
static void test_missing_and_extra(void **state)
{
	struct err e = {0};
	struct findings f = {0};
	struct plan *p =
		plan("merge_method: linear\nmodels:\n- {model: a, parameters: {weight: 1}}\n"
		     "- {model: odd, parameters: {weight: 3}}\n",
			&f, &e);
	const struct plan_tensor *t;

	(void)state;
	assert_non_null(p);
	t = find(p, "model.norm.weight");
	assert_int_equal(t->spec.n_inputs, 1);
	assert_int_equal(t->input[0], 0);
	assert_string_equal(p->ignored[0], "model.layers.0.mlp.up_proj.bias");
	assert_null(p->ignored[1]);
	assert_int_equal(f.warnings, 2);
	assert_int_equal(f.errors, 0);
	plan_unref(p);
	findings_fini(&f);

	/* a pairwise method copies the side that has it */
	p = plan("merge_method: slerp\nbase_model: a\nparameters: {t: 0.5}\n"
		"models: [{model: odd}, {model: a}]\n", NULL, &e);
	assert_non_null(p);
	t = find(p, "model.norm.weight");
	assert_string_equal(t->spec.method->name, "passthrough");
	assert_int_equal(t->input[0], 1);
	plan_unref(p);
}

/* The output has a head of its own if the model that gives the config has. */
static void test_heads(void **state)
{
	struct err e = {0};
	struct findings f = {0};
	struct plan *p = plan("merge_method: linear\nmodels:\n- {model: tied, parameters: {weight: 1}}\n"
		"- {model: untied, parameters: {weight: 3}}\n", &f, &e);
	const struct plan_tensor *t;

	(void)state;
	assert_non_null(p);
	assert_int_equal(p->n, 8);
	assert_string_equal(p->ignored[0], "lm_head.weight");
	assert_int_equal(f.warnings, 0); /* a note */
	plan_unref(p);
	findings_fini(&f);
	p = plan("merge_method: linear\nmodels:\n- {model: untied, parameters: {weight: 1}}\n"
		"- {model: tied, parameters: {weight: 3}}\n", NULL, &e);
	assert_non_null(p);
	assert_int_equal(p->n, 9);
	t = find(p, "lm_head.weight");
	assert_int_equal(t->spec.n_inputs, 2);
	assert_string_equal(p->inputs->v[1].model->source.tensors[t->source[1]].name,
		"model.embed_tokens.weight");
	plan_unref(p);
}

static void test_integers_are_not_merged(void **state)
{
	struct err e = {0};
	struct plan *p = plan("merge_method: linear\ndtype: float32\nmodels:\n"
			      "- {model: ids, parameters: {weight: 1}}\n",
		NULL, &e);
	const struct plan_tensor *t;

	(void)state;
	assert_non_null(p);
	t = find(p, "model.position_ids");
	assert_true(t->verbatim);
	assert_int_equal(t->dtype, DT_I64);
	assert_int_equal(t->bytes, 32);
	plan_unref(p);
}

static void test_keys_tell_what_changed(void **state)
{
	static const char format[] = "merge_method: linear\nmodels:\n- {model: a, parameters: "
				     "{weight: [{filter: mlp, value: %s}, {value: 1}]}}\n- {model: "
				     "b, parameters: {weight: 1}}\n";
	struct err e = {0};
	char *one = xasprintf(format, "2"), *two = xasprintf(format, "3");
	struct plan *p = plan(one, NULL, &e), *q = plan(two, NULL, &e), *same = plan(one, NULL, &e);

	(void)state;
	assert_non_null(p);
	assert_non_null(q);
	for (size_t i = 0; i < p->n; i++) {
		bool mlp = strstr(p->tensors[i].like->name, "mlp") != NULL;

		assert_true(hash_eq(p->tensors[i].key, q->tensors[i].key) != mlp);
		assert_true(hash_eq(p->tensors[i].key, same->tensors[i].key));
	}
	plan_unref(p);
	plan_unref(q);
	plan_unref(same);
	free(one);
	free(two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_follow_layers_and_filters),
		cmocka_unit_test(test_stored_dtype),
		cmocka_unit_test(test_shards_are_greedy),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_missing_and_extra),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_integers_are_not_merged),
		cmocka_unit_test(test_keys_tell_what_changed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
