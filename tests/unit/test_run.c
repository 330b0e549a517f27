/* Whole merges: against mergekit's, on any number of threads, killed and resumed, refused. */
#include "config.h"
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "base/json.h"
#include "base/rng.h"
#include "engine/output.h"
#include "merge/task.h"
#include "scratch_models.h"

static char *dir;

static float noise(uint64_t i, unsigned which)
{
	uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u ^ (which + 1) * 0xD1B54A32D192ED03u;

	x ^= x >> 29;
	x *= 0xBF58476D1CE4E5B9u;
	x ^= x >> 32;
	return (float)((double)(uint32_t)x * 0x1p-32 - 0.5);
}

#define CONFIG "{\n  \"architectures\": [\"LlamaForCausalLM\"],\n  \"model_type\": \"llama\",\n" \
	"  \"num_hidden_layers\": 4,\n  \"scale\": NaN,\n  \"torch_dtype\": \"bfloat16\",\n" \
	"  \"vocab_size\": 600\n}\n"

/* Several windows, sizes that are no multiples of anything, some whole numbers. */
static void put_model(const char *name, unsigned which, bool same_ids)
{
	static char names[16][64];
	struct scratch_tensor v[24];
	int64_t *ids = xcalloc(3, sizeof *ids);
	size_t n = 0;

	v[n++] = scratch_tensor("model.embed_tokens.weight", DT_BF16, 600, 999, noise, which);
	for (size_t i = 0; i < 12; i++) {
		snprintf(names[i], sizeof *names, "model.layers.%zu.mlp.%s.weight", i / 3,
			(const char *const[]){"up_proj", "down_proj", "gate_proj"}[i % 3]);
		v[n++] = scratch_tensor(names[i], DT_BF16, 301 + i, 257, noise, which);
	}
	v[n++] = scratch_tensor("model.norm.weight", DT_F32, 0, 999, noise, which);
	ids[0] = 7;
	ids[1] = same_ids ? 0 : (int64_t)which;
	v[n++] = (struct scratch_tensor){ "model.position_ids", DT_I64, 1, { 3 }, ids,
		3 * sizeof *ids };
	free(scratch_model(dir, name, v, n, CONFIG));
	scratch_free(v, n);
}

static int setup(void **state)
{
	char *cache;

	(void)state;
	dir = scratch_dir();
	cache = str_join_path(dir, "cache");
	setenv("XDG_CACHE_HOME", cache, 1);
	free(cache);
	put_model("base", 0, true);
	put_model("a", 1, true);
	put_model("b", 2, true);
	put_model("other", 3, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	file_remove_tree(dir, NULL);
	free(dir);
	return 0;
}

static const char dare[] = "# a comment\nmerge_method: dare_ties\nbase_model: base\nmodels:\n"
	"- {model: a, parameters: {weight: 0.5, density: 0.6}}\n"
	"- {model: b, parameters: {weight: 0.7, density: 0.3}}\nparameters: {normalize: true}\n"
	"dtype: bfloat16\n";
static const char ties[] = "merge_method: ties\nbase_model: base\nmodels:\n"
	"- {model: a, parameters: {weight: 0.5, density: 0.6}}\n"
	"- {model: b, parameters: {weight: 0.7, density: 0.3}}\nparameters: {rescale: true}\n";
static const char rows[] = "merge_method: nuslerp\nmodels:\n"
	"- {model: a, parameters: {weight: 0.5}}\n- {model: b, parameters: {weight: 0.7}}\n"
	"parameters: {nuslerp_flatten: false}\ndtype: float16\n";

static struct plan_options arithmetic; /* of the plans that are made */

static struct plan *plan(const char *yaml, uint64_t seed, uint64_t shard_size, struct err *e)
{
	char *path = str_join_path(dir, "recipe.yml");
	struct recipe *r = recipe_parse(yaml, strlen(yaml), path, e);
	struct model_roots *roots = model_roots_new(NULL, 0);
	struct plan_options o = {.has_seed = true, .seed = seed, .shard_size = shard_size,
		.arithmetic = arithmetic.arithmetic, .rng = arithmetic.rng};
	struct inputs *in;
	struct plan *p = NULL;

	assert_non_null(r);
	in = inputs_open(r, roots, NULL, e);
	if (in)
		p = plan_make(r, in, &o, NULL, e);
	inputs_unref(in);
	recipe_unref(r);
	model_roots_free(roots);
	free(path);
	return p;
}

static bool merge_plan(struct plan *p, const struct run_options *given, const char *out,
	unsigned threads, struct run_result *r, struct err *e)
{
	struct run_options o = given ? *given : (struct run_options){0};
	char *path = str_join_path(dir, out);
	struct pool *pool = pool_new(threads);
	bool ok;

	o.output = path;
	ok = run_merge(p, NULL, pool, &o, NULL, NULL, r, e);
	pool_free(pool);
	free(path);
	return ok;
}

static struct run_result merge(const char *yaml, const char *out, unsigned threads)
{
	struct err e = {0};
	struct run_result r = {0};
	struct plan *p = plan(yaml, 11, 0, &e);

	if (!p || !merge_plan(p, NULL, out, threads, &r, &e))
		fail_msg("%s: %s", e.where, e.what);
	plan_unref(p);
	return r;
}

static char *read_out(const char *out, const char *name, size_t *n)
{
	char *folder = str_join_path(dir, out), *path = str_join_path(folder, name), *text;
	struct err e = {0};

	text = file_read_all(path, (size_t)64 << 20, n, &e);
	if (!text)
		fail_msg("%s: %s", e.where, e.what);
	free(path);
	free(folder);
	return text;
}

static bool there(const char *name)
{
	char *path = str_join_path(dir, name);
	bool is = file_exists(path);

	free(path);
	return is;
}

static void same_files(const char *one, const char *two, const char *name)
{
	size_t n, m;
	char *a = read_out(one, name, &n), *b = read_out(two, name, &m);

	if (n != m || memcmp(a, b, n))
		fail_msg("%s of %s and %s differ", name, one, two);
	free(a);
	free(b);
}

/* --- against mergekit --- */

static json_t *end_to_end(void)
{
	char *path = xasprintf("%s/tests/golden/merge/end_to_end.json", getenv("top_srcdir"));
	json_t *j = json_load_file(path, 0, NULL);

	assert_non_null(j);
	free(path);
	return j;
}

static void put_fixture(const json_t *all, const char *name)
{
	json_t *model = json_object_get(json_object_get(all, "models"), name), *t, *v;
	char *config = json_dumps(json_object_get(all, "config"), 0);
	struct scratch_tensor list[64] = {{0}};
	const char *key;
	size_t n = 0, i;

	json_object_foreach(model, key, t) {
		struct scratch_tensor *s = &list[n++];
		json_t *shape = json_object_get(t, "shape"), *values = json_object_get(t, "values");
		float *x = xcalloc(json_array_size(values), sizeof *x);

		s->name = key;
		s->rank = (int)json_array_size(shape);
		json_array_foreach(shape, i, v)
			s->shape[i] = (uint64_t)json_integer_value(v);
		json_array_foreach(values, i, v)
			x[i] = (float)json_number_value(v);
		s->dtype = DT_F32;
		s->data = x;
		s->bytes = json_array_size(values) * sizeof *x;
	}
	free(scratch_model(dir, name, list, n, config));
	scratch_free(list, n);
	free(config);
}

static struct plan *fixture_plan(const json_t *run, uint64_t seed)
{
	struct str s = STR_INIT;
	const char *yaml = json_string_value(json_object_get(run, "yaml"));
	struct err e = {0};
	struct plan *p;

	for (; *yaml; yaml++) /* {A} stands for a path */
		if (*yaml == '{' && yaml[2] == '}')
			str_addc(&s, *++yaml), yaml++;
		else
			str_addc(&s, *yaml);
	p = plan(s.s, seed, 0, &e);
	if (!p)
		fail_msg("%s: %s", e.where, e.what);
	str_fini(&s);
	return p;
}

struct compared {
	const json_t *expected;
	const char *name;
	double tolerance;
};

static bool compare_window(void *ctx, const struct plan_tensor *t, const struct merge_window *w,
	const float *merged, const float *stored, struct err *e)
{
	const struct compared *c = ctx;
	const json_t *values =
		json_object_get(json_object_get(c->expected, t->like->name), "values");
	double max = 0;

	(void)merged;
	(void)e;
	assert_int_equal(json_array_size(values), t->spec.elements);
	for (size_t i = 0; i < w->n; i++)
		max = fmax(max, fabs(json_number_value(json_array_get(values, i))));
	for (size_t i = 0; i < w->n; i++) {
		double want = (float)json_number_value(json_array_get(values, i));

		if (!(fabs((double)stored[i] - want) <= c->tolerance * max))
			fail_msg("%s %s[%zu]: %.9g, expected %.9g", c->name, t->like->name, i,
				(double)stored[i], want);
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct plan_tensor *const *x = a, *const *y = b;

	return strcmp((*x)->like->name, (*y)->like->name);
}

/* mergekit's own masks: MT19937, tensors by name, models
 * in order, densities of 1 drawing nothing. */
static void compare_all(const struct plan *p, struct compared *c, uint32_t seed)
{
	const struct plan_tensor *order[64];
	struct mt19937 g;
	struct err e = {0};

	mt19937_seed(&g, seed);
	assert_true(p->n <= 64);
	for (size_t i = 0; i < p->n; i++)
		order[i] = &p->tensors[i];
	qsort(order, p->n, sizeof *order, by_name);
	for (size_t i = 0; i < p->n; i++) {
		const struct merge_spec *s = &order[i]->spec;
		unsigned char *masks[MERGE_MAX_INPUTS] = {0};

		for (int k = 0; s->method->random && k < s->n_inputs; k++) {
			if (k == s->base || s->input[k][P_DENSITY] >= 1.0)
				continue;
			masks[k] = xcalloc(s->elements, 1);
			for (uint64_t n = 0; n < s->elements; n++)
				masks[k][n] = mt19937_uniform24(&g) < (float)s->input[k][P_DENSITY];
		}
		dare_inject((const unsigned char *const *)masks);
		assert_true(run_tensor(p, (size_t)(order[i] - p->tensors), NULL, compare_window, c,
			NULL, &e));
		dare_inject(NULL);
		for (int k = 0; k < s->n_inputs; k++)
			free(masks[k]);
	}
}

/* Of a test that failed halfway: they are not the next one's. */
static int no_masks(void **state)
{
	(void)state;
	dare_inject(NULL);
	return 0;
}

static void test_end_to_end(void **state)
{
	json_t *all = end_to_end(), *run;
	size_t i;

	(void)state;
	put_fixture(all, "A");
	put_fixture(all, "B");
	put_fixture(all, "C");
	json_array_foreach(json_object_get(all, "runs"), i, run) {
		struct plan *p = fixture_plan(run, 0);
		struct compared c = {json_object_get(run, "output"),
			json_string_value(json_object_get(run, "name")), 2e-7};

		assert_int_equal(p->n, json_object_size(c.expected));
		if (str_eq(c.name, "passthrough_stack")) /* bit for bit */
			c.tolerance = 0;
		else if (p->tensors[0].dtype == DT_BF16)
			c.tolerance = 0x1p-8; /* where float32 and its rounding fall on two sides */
		compare_all(p, &c, 42);
		plan_unref(p);
	}
	json_decref(all);
}

/* With its own arithmetic and masks, a seeded run of mergekit comes out again to the bit. */
static void test_mergekit_again(void **state)
{
	json_t *all = end_to_end(), *run;
	size_t i, runs = 0;

	(void)state;
	json_array_foreach(json_object_get(all, "runs"), i, run) {
		struct compared c = {json_object_get(run, "output"),
			json_string_value(json_object_get(run, "name")), 0.0};
		struct plan *p;
		struct err e = {0};

		if (!strstr(c.name, "dare"))
			continue;
		arithmetic = (struct plan_options){.arithmetic = ARITH_MERGEKIT,
			.rng = RNG_MERGEKIT};
		p = fixture_plan(run, 42);
		arithmetic = (struct plan_options){0};
		for (size_t t = 0; t < p->n; t++)
			assert_true(run_tensor(p, t, NULL, compare_window, &c, NULL, &e));
		plan_unref(p);
		runs++;
	}
	assert_int_equal(runs, 1);
	json_decref(all);
}

/* --- the same bytes --- */

static void test_any_number_of_threads(void **state)
{
	static const char *const recipes[] = {dare, ties, rows};

	(void)state;
	for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
		char one[32], many[32];
		struct run_result a, b;

		snprintf(one, sizeof one, "t1-%zu", i);
		a = merge(recipes[i], one, 1);
		for (unsigned threads = 2; threads <= 8; threads *= 2) {
			snprintf(many, sizeof many, "t%u-%zu", threads, i);
			b = merge(recipes[i], many, threads);
			assert_true(hash_eq(a.hash, b.hash));
			same_files(one, many, "model.safetensors");
			same_files(one, many, "cupel.json");
		}
	}
}

/* A window as run_tensor gives it is what the file holds. */
static bool window_in_file(void *ctx, const struct plan_tensor *t, const struct merge_window *w,
	const float *merged, const float *stored, struct err *e)
{
	struct model *m = ctx;
	long at = source_find(&m->source, t->like->name);
	float *x = xcalloc(w->n, sizeof *x);

	assert_true(at >= 0);
	assert_int_equal(w->first, w->index * WINDOW_ELEMS);
	assert_true(source_read(&m->source, (size_t)at, w->first, w->n, x, e));
	assert_memory_equal(x, stored, w->n * sizeof *x);
	for (size_t i = 0; i < w->n; i++)
		assert_true(fabsf(merged[i] - stored[i]) <= fabsf(merged[i]) * 0x1p-8f + 1e-7f);
	for (int k = 0; k < t->spec.n_inputs; k++)
		assert_true(isfinite(w->in[k][w->n - 1]));
	free(x);
	return true;
}

static void test_exact_preview_is_the_file(void **state)
{
	static const char *const recipes[] = {dare, ties, rows};
	struct pool *pool = pool_new(3);

	(void)state;
	for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
		struct err e = {0};
		char name[32], *path;
		struct plan *p = plan(recipes[i], 11, 0, &e);
		struct model *m;

		snprintf(name, sizeof name, "exact-%zu", i);
		merge(recipes[i], name, 2);
		path = str_join_path(dir, name);
		m = model_open(path, &e);
		assert_non_null(m);
		for (size_t t = 0; t < p->n; t++)
			assert_true(
				run_tensor(p, t, t % 2 ? pool : NULL, window_in_file, m, NULL, &e));
		model_unref(m);
		plan_unref(p);
		free(path);
	}
	pool_free(pool);
}

static void killed_after(size_t tensors, const char *out)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		output_die_after(tensors);
		merge(dare, out, 2);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_killed_and_resumed(void **state)
{
	static const size_t points[] = {1, 7, 15};
	struct run_options resume = {.resume = true}, force = {.force = true};

	(void)state;
	merge(dare, "whole", 4);
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		struct err e = {0};
		struct run_result r;
		struct plan *p;
		char out[32];

		snprintf(out, sizeof out, "kill%zu", i);
		killed_after(points[i], out);
		assert_false(there(out));
		p = plan(dare, 11, 0, &e);
		assert_false(merge_plan(p, NULL, out, 2, &r, &e)); /* neither resume nor force */
		assert_non_null(strstr(e.hint, "--resume"));
		assert_true(merge_plan(p, &resume, out, 3, &r, &e));
		assert_int_equal(r.resumed, points[i]);
		same_files("whole", out, "model.safetensors");
		same_files("whole", out, "cupel.json");
		plan_unref(p);
	}
	{ /* another seed is refused by name; --force starts anew; what is torn is done again */
		struct err e = {0};
		struct run_result r;
		struct plan *p = plan(dare, 12, 0, &e);
		char *path;

		killed_after(9, "again");
		assert_false(merge_plan(p, &resume, "again", 2, &r, &e));
		assert_non_null(strstr(e.what, "the seed"));
		plan_unref(p);
		p = plan(ties, 11, 0, &e);
		assert_false(merge_plan(p, &resume, "again", 2, &r, &e));
		assert_non_null(strstr(e.what, "the recipe"));
		plan_unref(p);
		p = plan(dare, 11, 0, &e);
		path = xasprintf("%s/.again.cupel-tmp/model.safetensors", dir);
		assert_int_equal(truncate(path, 100000), 0);
		assert_true(merge_plan(p, &resume, "again", 2, &r, &e));
		assert_true(r.resumed < 9);
		same_files("whole", "again", "model.safetensors");
		killed_after(3, "anew");
		assert_true(merge_plan(p, &force, "anew", 2, &r, &e));
		assert_int_equal(r.resumed, 0);
		assert_false(there(".anew.cupel-tmp"));
		assert_false(there(".anew.cupel-journal"));
		plan_unref(p);
		free(path);
	}
}

/* --- the folder --- */

static void test_shards(void **state)
{
	struct err e = {0};
	struct run_result r;
	struct plan *p = plan(dare, 11, 700000, &e);
	struct run_options o = {.shard_size = 700000};
	size_t n;
	char *index, *path;
	struct model *m;
	json_t *j;

	(void)state;
	assert_non_null(p);
	assert_true(merge_plan(p, &o, "shards", 3, &r, &e));
	assert_int_equal(r.bytes, p->output_bytes);
	index = read_out("shards", "model.safetensors.index.json", &n);
	j = json_loads(index, 0, NULL);
	assert_int_equal(json_object_size(json_object_get(j, "weight_map")), p->n);
	json_decref(j);
	free(index);
	path = str_join_path(dir, "shards");
	m = model_open(path, &e);
	assert_non_null(m);
	assert_true(m->n_files > 3);
	assert_int_equal(m->source.n_tensors, p->n);
	assert_true(hash_eq(r.hash, merge(dare, "unsharded", 2).hash));
	model_unref(m);
	plan_unref(p);
	free(path);
}

static void test_files_beside(void **state)
{
	size_t n;
	char *text, *want;
	json_t *j;

	(void)state;
	merge(rows, "files", 2);
	text = read_out("files", "config.json", &n); /* float16 now; all else as it was, NaN too */
	want = xstrdup(CONFIG);
	memcpy(strstr(want, "\"bfloat16\""), "\"float16\" ", 10);
	*strstr(strstr(want, "\"float16\" "), " ,") = ',';
	memmove(strstr(want, ",,"), strstr(want, ",,") + 1, strlen(strstr(want, ",,")));
	assert_string_equal(text, want);
	free(text);
	free(want);
	text = read_out("files", "mergekit_config.yml", &n);
	assert_string_equal(text, rows);
	free(text);
	text = read_out("files", "cupel.json", &n);
	j = json_loads(text, 0, NULL);
	assert_non_null(j);
	assert_int_equal(json_integer_value(json_object_get(j, "seed")), 11);
	assert_int_equal(json_array_size(json_object_get(j, "inputs")), 2);
	assert_null(strstr(text, dir));
	json_decref(j);
	free(text);
	text = read_out("files", "README.md", &n);
	assert_non_null(strstr(text, "library_name: transformers"));
	assert_non_null(strstr(text, "nuslerp_flatten: false"));
	assert_null(strstr(text, dir));
	free(text);
	text = read_out("files", "model.safetensors", &n);
	assert_non_null(strstr(text + 8, "\"cupel.seed\":\"000000000000000b\""));
	free(text);
}

static void test_absolute_paths_stay_here(void **state)
{
	char *yaml = xasprintf(
		"merge_method: linear\nmodels:\n- model: %s/a # mine\n"
		"  parameters: {weight: 1}\n- {model: \"%s/b\", parameters: {weight: 1}}\n",
		dir, dir);
	size_t n;
	char *text;

	(void)state;
	merge(yaml, "absolute", 2);
	text = read_out("absolute", "mergekit_config.yml", &n);
	assert_null(strstr(text, dir));
	assert_non_null(strstr(text, "- model: a # "));
	assert_non_null(strstr(text, "# mine"));
	assert_non_null(strstr(text, "# hash "));
	free(text);
	text = read_out("absolute", "README.md", &n);
	assert_null(strstr(text, dir));
	free(text);
	text = read_out("absolute", "cupel.json", &n);
	assert_null(strstr(text, dir));
	free(text);
	free(yaml);
}

static void refused(const char *yaml, const struct run_options *o, const char *out,
	enum err_code code, const char *what)
{
	struct err e = {0};
	struct run_result r;
	struct plan *p = plan(yaml, 11, 0, &e);

	if (p)
		assert_false(merge_plan(p, o, out, 2, &r, &e));
	if (e.code != code || !strstr(e.what, what))
		fail_msg("%s: %s (%s)", e.where, e.what, err_code_name(e.code));
	plan_unref(p);
}

static void test_refusals(void **state)
{
	struct run_options force = {.force = true};
	char *folder = str_join_path(dir, "there");

	(void)state;
	merge(rows, "there", 2);
	refused(rows, NULL, "there", ERR_INPUT, "there already");
	scratch_write(folder, "notes.txt", "mine", 4);
	refused(rows, &force, "there", ERR_INPUT, "notes.txt");
	assert_true(there("there/notes.txt"));
	refused(rows, &force, "a", ERR_INPUT, "where the input a lies");
	scratch_write(dir, "file", "x", 1);
	refused(rows, NULL, "file", ERR_INPUT, "there already");
	refused(rows, NULL, "file/inside", ERR_INPUT, "cannot create the folder");
	refused(rows, NULL, "..", ERR_USAGE, "no name");
	refused("merge_method: linear\nmodels:\n- {model: a, parameters: {weight: 1}}\n"
		"- {model: other, parameters: {weight: 1}}\n", NULL, "ids", ERR_INPUT,
		"a and other hold different ones");
	assert_false(there("ids"));
	free(folder);
}

static void test_force_replaces_whole(void **state)
{
	struct run_options force = {.force = true};
	struct err e = {0};
	struct run_result r;
	struct plan *p = plan(dare, 11, 0, &e);

	(void)state;
	merge(rows, "replaced", 2);
	assert_true(merge_plan(p, &force, "replaced", 2, &r, &e));
	same_files("replaced", "whole", "model.safetensors");
	assert_false(there(".replaced.cupel-tmp"));
	assert_false(there(".replaced.cupel-old"));
	plan_unref(p);
}

/* NaN and infinity are counted, and the merge goes on. */
static void test_nonfinite(void **state)
{
	struct scratch_tensor v[1];
	struct run_result r;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		v[0] = scratch_tensor("model.norm.weight", DT_F32, 0, 1000, noise, k);
		((float *)v[0].data)[3] = k ? NAN : 1.0f;
		((float *)v[0].data)[4] = k ? 1.0f : -INFINITY;
		free(scratch_model(dir, k ? "nan1" : "nan0", v, 1, CONFIG));
		scratch_free(v, 1);
	}
	r = merge("merge_method: slerp\nbase_model: nan0\nmodels: [{model: nan1}]\n"
		"parameters: {t: 0.5}\n", "nonfinite", 2);
	assert_int_equal(r.nonfinite, 2);
}

/* Tensors of no element and of one, alone in their files. */
static void test_tiny_tensors(void **state)
{
	static const char *const methods[] = {"nuslerp", "ties", "dare_linear", "nearswap",
		"della", "arcee_fusion"};

	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		struct scratch_tensor v[3] = {{0}};
		char name[16];

		v[0] = scratch_tensor("empty", DT_BF16, 0, 0, noise, k);
		v[1] = scratch_tensor("scalar", DT_BF16, 0, 1, noise, k);
		v[1].rank = 0;
		v[2] = scratch_tensor("thin", DT_BF16, 5, 1, noise, k);
		snprintf(name, sizeof name, "tiny%u", k);
		free(scratch_model(dir, name, v, 3, CONFIG));
		scratch_free(v, 3);
	}
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		bool pair = i == 3 || i == 5;
		char out[32], *yaml = xasprintf("merge_method: %s\nbase_model: tiny0\nmodels:\n"
			"- {model: tiny1, parameters: {weight: 1, density: 0.5}}\n%s"
			"parameters: {t: 0.1, nuslerp_flatten: false, nuslerp_row_wise: true}\n",
			methods[i], pair ? "" : "- {model: tiny2, parameters: {weight: 1}}\n");

		snprintf(out, sizeof out, "tiny-%zu", i);
		assert_int_equal(merge(yaml, out, 3).tensors, 3);
		free(yaml);
	}
}

struct cancel { size_t calls; };

static bool cancel_soon(void *ctx, const struct run_progress *p)
{
	struct cancel *c = ctx;

	assert_true(p->done <= p->total);
	c->calls++;
	return false;
}

static void test_cancelled(void **state)
{
	struct err e = {0};
	struct run_result r;
	struct cancel c = {0};
	struct plan *p = plan(dare, 11, 0, &e);
	struct pool *pool = pool_new(1);
	char *path = str_join_path(dir, "cancelled");
	struct run_options o = {.output = path};

	(void)state;
	assert_false(run_merge(p, NULL, pool, &o, cancel_soon, &c, &r, &e));
	assert_int_equal(e.code, ERR_CANCELLED);
	assert_int_equal(c.calls, 1);
	assert_false(there("cancelled"));
	o.resume = true;
	assert_true(run_merge(p, NULL, pool, &o, NULL, NULL, &r, &e));
	same_files("cancelled", "whole", "model.safetensors");
	pool_free(pool);
	plan_unref(p);
	free(path);
}

static bool shrink_limit(void *ctx, const struct run_progress *p)
{
	struct rlimit l = {200000, RLIM_INFINITY};

	(void)ctx;
	(void)p;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
	return true;
}

/* The disk refuses a write in the middle: an error, nothing under the final name, and it goes on. */
static void test_write_fails(void **state)
{
	struct err e = {0};
	struct run_result r;
	struct rlimit before;
	struct plan *p = plan(dare, 11, 0, &e);
	struct pool *pool = pool_new(1);
	char *path = str_join_path(dir, "fails");
	struct run_options o = {.output = path};

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_false(run_merge(p, NULL, pool, &o, shrink_limit, NULL, &r, &e));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(e.what, "cannot write"));
	assert_false(there("fails"));
	assert_true(there(".fails.cupel-tmp"));
	o.resume = true;
	assert_true(run_merge(p, NULL, pool, &o, NULL, NULL, &r, &e));
	same_files("fails", "whole", "model.safetensors");
	pool_free(pool);
	plan_unref(p);
	free(path);
}

static void test_estimate(void **state)
{
	struct err e = {0};
	struct run_estimate est;
	struct plan *p = plan(dare, 11, 0, &e);

	(void)state;
	assert_true(run_estimate(p, NULL, 4, &est, &e));
	assert_true(str_ends(est.output, "/recipe-dare_ties-1"));
	assert_true(!est.exists && est.fits && est.bytes == p->output_bytes && est.seconds > 0);
	assert_true(run_estimate(p, dir, 4, &est, &e));
	assert_true(est.exists);
	plan_unref(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_end_to_end, no_masks),
		cmocka_unit_test(test_mergekit_again),
		cmocka_unit_test(test_any_number_of_threads),
		cmocka_unit_test(test_exact_preview_is_the_file),
		cmocka_unit_test(test_killed_and_resumed),
		cmocka_unit_test(test_shards),
		cmocka_unit_test(test_files_beside),
		cmocka_unit_test(test_absolute_paths_stay_here),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_force_replaces_whole),
		cmocka_unit_test(test_nonfinite),
		cmocka_unit_test(test_tiny_tensors),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_estimate),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
