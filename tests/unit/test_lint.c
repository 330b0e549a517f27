#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "golden.h"
#include "recipe/keys.h"
#include "recipe/lint.h"

static char *top_path(const char *name)
{
	const char *top = getenv("top_srcdir");

	return str_join_path(top ? top : ".", name);
}

#define L1 "models: [{model: a, parameters: {weight: 1}}]\nmerge_method: linear\n"

static struct findings lint(const char *text)
{
	struct err e = { 0 };
	struct recipe *r = recipe_parse(text, strlen(text), NULL, &e);
	struct findings f = { 0 };

	if (!r)
		fail_msg("%s: %s\n%s", e.where, e.what, text);
	lint_file(r, &f);
	recipe_unref(r);
	return f;
}

static void show(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		print_message("  %d:%d %s %s [%s] %s; %s\n", f->v[i].line, f->v[i].column,
			severity_name(f->v[i].severity), f->v[i].path, f->v[i].code, f->v[i].message,
			f->v[i].hint ? f->v[i].hint : "");
}

static const struct finding *find(const struct findings *f, int line, const char *key,
	const char *code)
{
	for (size_t i = 0; i < f->n; i++)
		if ((!line || f->v[i].line == line) && str_eq(f->v[i].key, key) && str_eq(f->v[i].code, code))
			return &f->v[i];
	return NULL;
}

static void the_recipe_of_four_models(void **state)
{
	char *path = top_path("tests/golden/recipe/card001.yml");
	struct recipe *r = recipe_load(path, NULL);
	struct findings f = { 0 };
	const struct finding *x;

	(void)state;
	assert_non_null(r);
	lint_text(r, &f);
	assert_int_equal(f.errors, 0);
	x = find(&f, 5, "weight", "base-skipped");
	assert_non_null(x);
	assert_int_equal(x->column, 7);
	assert_int_equal(x->severity, SEV_WARNING);
	assert_non_null(find(&f, 6, "density", "base-skipped"));
	x = find(&f, 33, "interpolation_factor", "unknown-parameter");
	assert_non_null(x);
	assert_string_equal(x->path, "parameters.interpolation_factor");
	assert_non_null(strstr(x->message, "no parameter of dare_ties"));
	x = find(&f, 10, "weight", "weights-sum");
	assert_non_null(x);
	assert_non_null(strstr(x->message, "effective weights sum to 0.70, not 1.00"));
	assert_non_null(strstr(x->hint, "2.39 task vectors"));
	assert_non_null(find(&f, 32, "int8_mask", "no-effect"));
	assert_int_equal(f.n, 5);
	assert_int_equal(f.warnings, 4);
	assert_true(lint_ok(r, NULL));
	findings_fini(&f);
	recipe_unref(r);
	free(path);
}

static void the_recipe_of_two_models(void **state)
{
	char *path = top_path("tests/golden/recipe/card000.yml");
	struct recipe *r = recipe_load(path, NULL);
	struct findings f = { 0 };
	const struct finding *x;

	(void)state;
	lint_text(r, &f);
	x = find(&f, 10, "name", "no-effect");
	assert_non_null(x);
	assert_non_null(strstr(x->message, "no effect here"));
	x = find(&f, 4, "weight", "weights-ratio");
	assert_non_null(x);
	assert_non_null(strstr(x->message, "1.4/0.6 means t = 0.30"));
	assert_int_equal(f.n, 2);
	findings_fini(&f);
	recipe_unref(r);
	free(path);
}

#define AB "models: [{model: a, parameters: {weight: 0.5}}, {model: b, parameters: {weight: 0.5}}]\n"
#define LINEAR AB "merge_method: linear\n"
#define SLERP "models: [{model: a}, {model: b}]\nbase_model: a\nmerge_method: slerp\n"

struct lint_case {
	const char *text;
	enum severity severity;
	int line;
	const char *key, *code, *message, *hint; /* parts; NULL: any */
};
static const struct lint_case cases[] = {
	/* keys */
	{ LINEAR "dytpe: float16\n", SEV_WARNING, 3, "dytpe", "unknown-key", "no effect", "dtype" },
	{ LINEAR "zzz: 1\n", SEV_WARNING, 3, "zzz", "unknown-key", NULL, NULL },
	{ "models:\n- model: a\n  paramters: {weight: 1}\n  parameters: {weight: 1}\nmerge_method: linear\n",
		SEV_WARNING, 3, "paramters", "unknown-key", NULL, "parameters" },
	{ "models:\n- model: a\n  weight: 1\n  parameters: {weight: 1}\nmerge_method: linear\n", SEV_WARNING, 3,
		"weight", "misplaced-key", NULL, "under parameters" },
	{ LINEAR "pad_to_multiple_of: 8\n", SEV_WARNING, 3, "pad_to_multiple_of", "misplaced-key", NULL,
		"under tokenizer" },
	{ LINEAR "normalize: true\n", SEV_WARNING, 3, "normalize", "misplaced-key", NULL, "parameters:" },
	{ "models:\n- model: a\n  layer_range: [0, 1]\n  parameters: {weight: 1}\nmerge_method: linear\n",
		SEV_WARNING, 3, "layer_range", "misplaced-key", NULL, "sources" },
	{ LINEAR "name: x\n", SEV_WARNING, 3, "name", "no-effect", NULL, NULL },
	{ "slices:\n- sources:\n  - {model: a, layer_range: [0, 4], parameters: {weight: 1}}\n"
		"  residual_weight: 1\nmerge_method: linear\n", SEV_WARNING, 4, "residual_weight", "no-effect", NULL,
		NULL },
	{ LINEAR "dtype: float16\ndtype: bfloat16\n", SEV_WARNING, 3, "dtype", "duplicate-key", "line 4", NULL },
	{ "p: &p {weight: 0.5}\nmodels: [{model: a, parameters: *p}, {model: b, parameters: *p}]\n"
		"merge_method: linear\n", SEV_NOTE, 1, "p", "anchor-holder", NULL, NULL },
	{ "models: [{model: {model: {path: a, revison: r}}, parameters: {weight: 1}}]\nmerge_method: linear\n",
		SEV_WARNING, 1, "revison", "unknown-key", NULL, "revision" },
	{ "models: [{model: a, parameters: {weight: [{filter: m, value: 1, valeu: 2}, {value: 1}]}}]\n"
		"merge_method: linear\n", SEV_WARNING, 1, "valeu", "unknown-key", NULL, "value" },
	/* parameters */
	{ LINEAR "parameters: {densty: 1}\n", SEV_WARNING, 3, "densty", "unknown-parameter", NULL, NULL },
	{ LINEAR "parameters: {density: 1}\n", SEV_WARNING, 3, "density", "unknown-parameter", NULL, "ties" },
	{ LINEAR "parameters: {normalise: 1}\n", SEV_WARNING, 3, "normalise", "unknown-parameter", NULL,
		"normalize" },
	{ LINEAR "parameters: {blah: 1}\n", SEV_WARNING, 3, "blah", "unknown-parameter", NULL, "linear has weight" },
	{ "models: [{model: a, parameters: {weight: 1, normalize: true}}]\nmerge_method: linear\n", SEV_WARNING, 1,
		"normalize", "global-only", NULL, "top level" },
	{ "models: [{model: a, parameters: {weight: 1, density: 0.5}}]\nmerge_method: task_arithmetic\n"
		"base_model: c\n", SEV_WARNING, 1, "density", "no-effect", NULL, NULL },
	{ "models: [{model: a, parameters: {weight: abc}}]\nmerge_method: linear\n", SEV_ERROR, 1, "weight",
		"bad-value", "abc", "number" },
	{ LINEAR "parameters: {normalize: 2}\n", SEV_ERROR, 3, "normalize", "bad-value", NULL, "true or false" },
	{ "models: [{model: a, parameters: {weight: .inf}}]\nmerge_method: linear\n", SEV_ERROR, 1, "weight",
		"bad-value", NULL, "finite" },
	{ SLERP "parameters: {t: 1e-05}\n", SEV_NOTE, 4, "t", "number-as-text", "1e-05", "1.0e-5" },
	{ SLERP "parameters: {t: 010}\n", SEV_WARNING, 4, "t", "odd-number", "as 8", NULL },
	{ SLERP "parameters: {t: 0:30}\n", SEV_NOTE, 4, "t", NULL, NULL, NULL },
	{ SLERP "parameters: {t: 1:30}\n", SEV_WARNING, 4, "t", "odd-number", "as 90", NULL },
	{ SLERP "parameters: {t: yes}\n", SEV_WARNING, 4, "t", "bool-as-number", NULL, NULL },
	{ SLERP "parameters: {t: 1.5}\n", SEV_WARNING, 4, "t", "out-of-range", "beyond", NULL },
	{ "models: [{model: a, parameters: {weight: 1, density: 1.5}}]\nmerge_method: ties\nbase_model: c\n",
		SEV_WARNING, 1, "density", "out-of-range", "keeps everything", NULL },
	{ "models: [{model: a, parameters: {weight: -1}}]\nmerge_method: ties\nbase_model: c\n", SEV_NOTE, 1,
		"weight", "negative-weight", "subtracted", NULL },
	{ SLERP "parameters: {t: []}\n", SEV_WARNING, 4, "t", "empty-gradient", NULL, NULL },
	{ SLERP "parameters: {t: []}\n", SEV_ERROR, 4, "t", "missing-parameter", "an empty list is no value", NULL },
	{ SLERP "parameters: {t: [0, 1]}\n", SEV_NOTE, 4, "t", "gradient-ends", "first value, 0", NULL },
	{ LINEAR "parameters: {normalize: [true, false]}\n", SEV_NOTE, 3, "normalize", "gradient-of-switch", NULL,
		NULL },
	/* filters */
	{ SLERP "parameters: {t: [{filter: 'mlp|attn', value: 1}, {value: 0.5}]}\n", SEV_WARNING, 4, "t",
		"filter-pattern", "not a pattern", "one entry for each" },
	{ SLERP "parameters: {t: [{filter: '*.mlp', value: 1}, {value: 0.5}]}\n", SEV_WARNING, 4, "t",
		"filter-pattern", NULL, NULL },
	{ SLERP "parameters: {t: [{filter: layers.1, value: 1}, {value: 0.5}]}\n", SEV_WARNING, 4, "t",
		"filter-prefix", "layers.10", "layers.1." },
	{ SLERP "parameters: {t: [{value: 0.5}, {filter: mlp, value: 1}]}\n", SEV_WARNING, 4, "t",
		"filter-shadowed", "never reached", NULL },
	{ SLERP "parameters: {t: [{filter: mlp, value: 0.5}, {filter: mlp.up, value: 1}, {value: 1}]}\n",
		SEV_WARNING, 4, "t", "filter-shadowed", NULL, NULL },
	{ SLERP "parameters: {t: [{filter: mlp, value: 0.5}]}\n", SEV_WARNING, 4, "t", "filter-rest", NULL,
		"{value: NUMBER}" },
	/* method, base, counts */
	{ AB "merge_method: dare-ties\n", SEV_ERROR, 2, "merge_method", "unknown-method", "dare-ties",
		"did you mean dare_ties?" },
	{ AB "merge_method: frobnicate\n", SEV_ERROR, 2, "merge_method", "unknown-method", NULL, "cupel methods" },
	{ AB, SEV_ERROR, 1, "merge_method", "missing-method", NULL, NULL },
	{ AB "merge_method: ties\n", SEV_ERROR, 2, "merge_method", "missing-base", NULL, "base_model" },
	{ "models: [{model: a}]\nmerge_method: linear\n", SEV_ERROR, 1, "weight", "missing-parameter",
		"linear needs weight of a", NULL },
	{ SLERP, SEV_ERROR, 3, "t", "missing-parameter", "slerp needs t", "parameters:" },
	{ LINEAR "base_model: c\n", SEV_WARNING, 3, "base_model", "base-averaged", NULL, NULL },
	{ LINEAR "base_model: c\n", SEV_ERROR, 3, "weight", "missing-parameter", "of c", NULL },
	{ "models: [{model: a}, {model: b}, {model: c}]\nmerge_method: slerp\nbase_model: a\nparameters: {t: 1}\n",
		SEV_ERROR, 1, "models", "model-count", "exactly 2 models, the base included; the recipe has 3",
			NULL },
	{ "models: [{model: a, parameters: {weight: 1}}]\nmerge_method: nuslerp\n", SEV_ERROR, 1, "models",
		"model-count", "has 1", NULL },
	{ AB "merge_method: nuslerp\nbase_model: a\n", SEV_ERROR, 3, "base_model", "base-is-input", NULL, NULL },
	{ "models: [{model: c}]\nmerge_method: ties\nbase_model: c\n", SEV_WARNING, 1, "models",
		"nothing-to-merge", NULL, NULL },
	{ "models:\n- {model: a, parameters: {weight: 1}}\n- {model: a, parameters: {weight: 1}}\n"
		"merge_method: linear\n", SEV_ERROR, 3, "model", "duplicate-model", "line 2", NULL },
	{ "models: [{model: a+b:nan, parameters: {weight: 1}}]\nmerge_method: linear\n", SEV_ERROR, 1, "model",
		"bad-model", "finite", NULL },
	{ "slices:\n- sources: [{model: a, layer_range: [0, 2], parameters: {weight: 1}}]\nmerge_method: ties\n"
		"base_model: c\n", SEV_ERROR, 4, "base_model", "base-not-in-slice", NULL, "sources" },
	{ "slices:\n- sources: [{model: a, layer_range: [0, 2]}]\n- sources: [{model: a, layer_range: [1, 3]}]\n"
		"merge_method: slerp\nbase_model: a\nparameters: {t: 0.5}\n", SEV_ERROR, 3, "slices", "model-count",
		"the slice has 1", NULL },
	{ "slices:\n- sources: [{model: a, layer_range: [0, 2]}, {model: b, layer_range: [0, 2]}]\n"
		"- sources: [{model: b, layer_range: [0, 2]}, {model: c, layer_range: [0, 2]}]\n"
		"merge_method: slerp\nbase_model: a\nparameters: {t: 0.5}\n", SEV_ERROR, 3, "slices",
		"base-not-in-slice", "a is not among", NULL },
	{ "slices:\n- sources:\n  - {model: a, layer_range: [0, 2]}\n  - {model: a, layer_range: [1, 3]}\n"
		"merge_method: linear\nparameters: {weight: 1}\n", SEV_ERROR, 4, "model", "duplicate-model", "line 3",
		NULL },
	{ "slices:\n- sources: [{model: a, layer_range: [0, 2]}]\n  residual_weight: 0.5\n"
		"merge_method: passthrough\n", SEV_WARNING, 3, "residual_weight", "no-effect", NULL, NULL },
	{ "slices:\n- sources: [{model: a, layer_range: [0, 2], parameters: {weight: [1, 0]}},\n"
		"    {model: b, layer_range: [0, 2], parameters: {weight: [-1, 1]}}]\n"
		"merge_method: linear\n", SEV_ERROR, 2, "parameters", "breaks-rule", "sum of the weights",
		"normalize" },
	{ "models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: [{filter: mlp, "
		"value: -1}, {value: 1}]}}]\nmerge_method: linear\n", SEV_ERROR, 1, "parameters", "breaks-rule",
		"tensors with mlp", "normalize" },
	/* documents */
	{ L1 "---\n" L1, SEV_ERROR, 4, "name", "document-name", "line 1", "add name" },
	{ "name: x\n" L1 "---\nname: x\n" L1, SEV_ERROR, 5, "name", "document-name", "called x too", NULL },
	{ "name: x\n" L1 "---\nname: y\n" L1 "---\n" L1, SEV_WARNING, 5, "name", "document-unused", "y", NULL },
	{ "name: x\nmodels: [{model: y, parameters: {weight: 1}}]\nmerge_method: linear\n---\n"
		"name: y\nmodels: [{model: z, parameters: {weight: 1}}]\nmerge_method: linear\n---\n"
		"name: z\nmodels: [{model: x, parameters: {weight: 1}}]\nmerge_method: linear\n",
		SEV_ERROR, 2, "models", "document-ring", "x needs y, y needs z, z needs x", NULL },
	{ "name: x\nmodels: [{model: x, parameters: {weight: 1}}]\nmerge_method: linear\n---\n" L1,
		SEV_ERROR, 2, "models", "document-ring", "x needs x", NULL },
	/* weights */
	{ "models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: -1}}]\n"
		"merge_method: linear\n", SEV_ERROR, 1, "weight", "weights-zero", "zero", NULL },
	{ "models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: -1}}]\n"
		"merge_method: nuslerp\n", SEV_WARNING, 1, "weight", "weights-zero", "t = 0.5", NULL },
	{ "models: [{model: a, parameters: {weight: 0}}]\nmerge_method: ties\nbase_model: c\n", SEV_WARNING, 1,
		"weight", "weights-zero", "copy of the base", NULL },
	{ "models: [{model: a, parameters: {weight: 3}}, {model: b, parameters: {weight: 1}}]\n"
		"merge_method: linear\n", SEV_NOTE, 1, "weight", "weights-ratio", "3/1 means 0.75, 0.25", NULL },
	{ "models: [{model: a, parameters: {weight: 0.5}}, {model: b, parameters: {weight: 0.2}}]\n"
		"merge_method: linear\nparameters: {normalize: false}\n", SEV_WARNING, 1, "weight", "weights-sum",
		"sum to 0.70", "70%" },
	{ "models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]\n"
		"merge_method: task_arithmetic\nbase_model: c\n", SEV_NOTE, 1, "weight", "weights-sum", "2.00",
			NULL },
	/* switches, output */
	{ "models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]\n"
		"merge_method: nuslerp\nparameters: {nuslerp_row_wise: true}\n", SEV_WARNING, 3, "nuslerp_row_wise",
		"no-effect", NULL, "flatten: false" },
	{ "models: [{model: a, parameters: {weight: 1}}]\nmerge_method: ties\nbase_model: c\n"
		"parameters: {lambda: 0}\n", SEV_WARNING, 4, "lambda", "lambda-zero", NULL, NULL },
	{ "models: [{model: a, parameters: {weight: 1}}]\nmerge_method: dare_ties\nbase_model: c\n", SEV_NOTE, 2,
		"merge_method", "nothing-dropped", NULL, NULL },
	{ LINEAR "dtype: bf16\n", SEV_ERROR, 3, "dtype", "unknown-dtype", NULL, "bfloat16" },
	{ LINEAR "out_dtype: float8_e4m3fn\n", SEV_ERROR, 3, "out_dtype", "unknown-dtype", NULL, NULL },
	{ LINEAR "dtype: float32\nout_dtype: bfloat16\n", SEV_NOTE, 3, "dtype", "no-effect", NULL, NULL },
	{ LINEAR "tokenizer_source: z\n", SEV_NOTE, 3, "tokenizer_source", "vocabulary", "none of the inputs",
		NULL },
	{ LINEAR "tokenizer_source: base\n", SEV_WARNING, 3, "tokenizer_source", "vocabulary", NULL, NULL },
	{ LINEAR "tokenizer: {source: a, pad_to_multiple_of: 1}\n", SEV_NOTE, 3, "pad_to_multiple_of",
		"no-effect", NULL, NULL },
	{ LINEAR "tokenizer: {source: a, pad_to_multiple_of: 0}\n", SEV_ERROR, 3, "pad_to_multiple_of",
		"bad-value", "from 1 to", NULL },
	{ LINEAR "tokenizer: {tokens: {x: {source: z}}}\n", SEV_ERROR, 3, "x", "vocabulary",
		"none of the inputs", NULL },
	{ LINEAR "tokenizer: {tokens: {x: {source: {kind: nil}}}}\n", SEV_ERROR, 3, "source", "bad-value",
		NULL, "zero" },
	{ LINEAR "tokenizer: {tokens: {x: {source: {kind: model_token, model: a}}}}\n", SEV_ERROR, 3, "source",
		"bad-value", "token or token_id", NULL },
	{ LINEAR "tokenizer: {tokens: {x: {}}}\n", SEV_NOTE, 3, "x", "no-effect", NULL, "force" },
	{ LINEAR "tokenizer: {tokens: {x: {source: a, forced: true}}}\n", SEV_WARNING, 3, "forced",
		"unknown-key", NULL, "force" },
	{ LINEAR "tokenizer_source: a\nunsafe_truncate_embeddings: true\n", SEV_ERROR, 4,
		"unsafe_truncate_embeddings", "bad-value", "nothing left", NULL },
	{ LINEAR "chat_template: chatnl\n", SEV_ERROR, 3, "chat_template", "chat-template", NULL, "chatml" },
	{ LINEAR "chat_template: nothing\n", SEV_ERROR, 3, "chat_template", "chat-template", NULL, NULL },
	{ LINEAR "seed: 3\n", SEV_NOTE, 3, "seed", "no-effect", NULL, NULL },
};

static void every_finding_says_where_what_and_what_to_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct lint_case *c = &cases[i];
		struct findings f = lint(c->text);
		const struct finding *x = c->code ? find(&f, c->line, c->key, c->code) : NULL;

		if (c->code && (!x || x->severity != c->severity || (c->message && !strstr(x->message, c->message))
		    || (c->hint && (!x->hint || !strstr(x->hint, c->hint))))) {
			show(&f);
			fail_msg("case %zu: no %s of %s on line %d in\n%s", i, c->code, c->key, c->line, c->text);
		}
		findings_fini(&f);
	}
}

static void good_recipes_have_no_findings(void **state)
{
	static const char *const texts[] = {
		LINEAR "dtype: bfloat16\n", SLERP "parameters: {t: 0.5}\n",
		"models: [{model: a, parameters: {weight: 0.7, density: 0.5}}, {model: b, parameters: {weight: 0.3, "
		"density: 0.5}}]\nmerge_method: dare_ties\nbase_model: c\nseed: 7\n",
		"slices:\n- sources: [{model: a, layer_range: [0, 2]}, {model: b, layer_range: [0, 2]}]\n"
		"merge_method: slerp\nbase_model: a\nparameters: {t: [{filter: mlp, value: [0.5, 0.2, 0.5]}, "
			"{value: 0.5}]}\n",
		"models: [{model: a}]\nmerge_method: passthrough\n",
		"models: [{model: a}]\nmerge_method: nearswap\nbase_model: b\nparameters: {t: 0.0001}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct findings f = lint(texts[i]);

		if (f.n) {
			show(&f);
			fail_msg("%s", texts[i]);
		}
		findings_fini(&f);
	}
}

static void findings_stand_in_the_order_of_the_text(void **state)
{
	struct findings f = lint("zz: 1\nmodels: [{model: a, parameters: {foo: 1, weight: 2, bar: 1}}]\nyy: 1\n"
		"merge_method: linear\nname: x\n");

	(void)state;
	for (size_t i = 1; i < f.n; i++)
		assert_true(f.v[i - 1].line < f.v[i].line || (f.v[i - 1].line == f.v[i].line
			&& f.v[i - 1].column <= f.v[i].column));
	findings_fini(&f);
}

static void the_first_error_stops_a_run(void **state)
{
	struct err e = { 0 };
	struct recipe *r = recipe_parse(AB "merge_method: dare-ties\n", strlen(AB "merge_method: dare-ties\n"),
		"x.yml", &e);

	(void)state;
	assert_false(lint_ok(r, &e));
	assert_string_equal(e.where, "x.yml:2:15");
	assert_string_equal(e.hint, "did you mean dare_ties?");
	assert_int_equal(e.code, ERR_INPUT);
	recipe_unref(r);
}

static void every_key_is_explained(void **state)
{
	char *path = top_path("tests/golden/recipe/card001.yml");
	struct recipe *r = recipe_load(path, NULL);
	struct lint_keys k = { 0 };
	size_t dead = 0;

	(void)state;
	lint_explain(r, &k);
	assert_int_equal(k.n, 24);
	for (size_t i = 0; i < k.n; i++) {
		dead += k.v[i].dead;
		assert_true(k.v[i].effect[0] != '\0');
		if (i)
			assert_true(k.v[i].mark.line > k.v[i - 1].mark.line
				|| k.v[i].mark.begin > k.v[i - 1].mark.begin);
	}
	assert_int_equal(dead, 4);
	assert_string_equal(k.v[3].path, "models[0].parameters.weight");
	assert_string_equal(k.v[3].value, "0.3");
	lint_keys_fini(&k);
	recipe_unref(r);
	free(path);
}

/* ---- with models ---- */

static struct model fake(const char *name, const char *template, uint64_t vocabulary)
{
	struct model m = { .name = name, .architecture = "llama", .layers = 2 };

	m.tokenizer.kind = "BPE";
	m.tokenizer.vocab_size = 100;
	m.tokenizer.eos_id = m.tokenizer.eos_generation = 2;
	m.tokenizer.chat_template = template;
	m.tokenizer.vocab_hash = hash_bytes(&vocabulary, sizeof vocabulary);
	return m;
}

static struct recipe *three(const char *more)
{
	char *text = xasprintf("models: [{model: x/a, parameters: {weight: 1}}, {model: x/b, parameters: "
		"{weight: 1}}]\nmerge_method: ties\nbase_model: x/base\n%s", more);
	struct recipe *r = recipe_parse(text, strlen(text), NULL, NULL);

	free(text);
	return r;
}

static void the_donor_is_the_first_with_a_template(void **state)
{
	struct model a = fake("a", "{{a}}", 1), b = fake("b", "{{b}}", 1), base = fake("base", NULL, 1);
	struct model *inputs[] = { &a, &b, &base };
	struct recipe *r = three("");
	char *why;

	(void)state;
	assert_int_equal(recipe_donor(r, inputs, 3, 2, &why), 0);
	assert_string_equal(why, "tokenizer and chat template come from a: the base base has no chat template");
	free(why);
	base.tokenizer.chat_template = "{{base}}";
	assert_int_equal(recipe_donor(r, inputs, 3, 2, NULL), 2);
	base.tokenizer.chat_template = NULL;
	a.tokenizer.vocab_hash = (struct hash){ { 9 } };
	assert_int_equal(recipe_donor(r, inputs, 3, 2, &why), 1); /* never one of another vocabulary */
	free(why);
	b.tokenizer.chat_template = NULL;
	assert_int_equal(recipe_donor(r, inputs, 3, 2, &why), 2);
	assert_non_null(strstr(why, "another vocabulary"));
	free(why);
	inputs[2] = NULL;
	assert_int_equal(recipe_donor(r, inputs, 3, 2, NULL), 0);
	inputs[0] = inputs[1] = NULL;
	assert_int_equal(recipe_donor(r, inputs, 3, 2, &why), -1);
	free(why);
	recipe_unref(r);
}

static void the_recipe_may_name_the_donor(void **state)
{
	struct model a = fake("a", "{{a}}", 1), b = fake("b", NULL, 1), base = fake("base", NULL, 1);
	struct model *inputs[] = { &a, &b, &base };
	struct recipe *r = three("tokenizer_source: x/b\n"), *q = three("tokenizer: {source: base}\n");

	(void)state;
	assert_int_equal(recipe_donor(r, inputs, 3, 2, NULL), 1);
	assert_int_equal(recipe_donor(q, inputs, 3, 2, NULL), 2);
	b.tokenizer.vocab_hash = (struct hash){ { 9 } };
	assert_int_equal(recipe_donor(r, inputs, 3, 2, NULL), 1); /* rows are laid out for it */
	recipe_unref(r);
	recipe_unref(q);
}

static void models_are_compared_before_a_weight_is_read(void **state)
{
	struct model a = fake("a", "{{a}}", 1), b = fake("b", "{{b}}", 2), base = fake("base", NULL, 1);
	struct model *inputs[] = { &a, &b, &base };
	struct recipe *r = three("parameters: {density: [{filter: attn, value: 1}, {filter: mpl, value: 1}]}\n");
	struct tensor ours[] = { { .name = "model.embed_tokens.weight", .role = "token_embd", .rank = 2,
		.shape = { 100, 8 }, .dtype = DT_BF16 }, { .name = "model.layers.0.mlp.up_proj.weight",
		.role = "ffn_up", .rank = 2, .shape = { 8, 8 }, .dtype = DT_BF16 } };
	struct tensor theirs[] = { ours[0], ours[1] };
	struct findings f = { 0 };
	const struct finding *x;

	(void)state;
	theirs[0].shape[0] = 102;
	theirs[0].dtype = DT_F16;
	a.source.tensors = base.source.tensors = ours;
	b.source.tensors = theirs;
	a.source.n_tensors = b.source.n_tensors = base.source.n_tensors = 2;
	source_index_init(&a.source);
	source_index_init(&b.source);
	source_index_init(&base.source);
	base.config = json_pack("{s:f, s:i, s:b}", "rope_theta", 500000.0, "num_hidden_layers", 2,
		"tie_word_embeddings", 1);
	a.config = json_pack("{s:{s:f}, s:i, s:b}", "rope_parameters", "rope_theta", 10000.0,
		"num_hidden_layers", 3, "tie_word_embeddings", 1);
	a.tokenizer.eos_id = 7;
	b.partial = "partial 1/2";
	lint_models(r, inputs, 3, 2, &f);
	x = find(&f, 1, "model", "config");
	assert_true(x && x->severity == SEV_ERROR && strstr(x->message, "num_hidden_layers is 2 in x/base and 3 in"));
	assert_true(f.n > 6);
	assert_non_null(find(&f, 1, "model", "partial"));
	assert_non_null(find(&f, 1, "model", "vocabulary"));
	x = find(&f, 1, "model", "shape");
	assert_true(x && strstr(x->message, "100×8 in x/base and 102×8 in x/b"));
	x = find(&f, 0, "models", "donor");
	assert_true(x && strstr(x->message, "come from a"));
	x = find(&f, 0, "models", "eos");
	assert_true(x && x->severity == SEV_WARNING && strstr(x->message, "token 7"));
	x = find(&f, 4, "density", "filter-unmatched");
	assert_true(x && strstr(x->message, "attn"));
	assert_non_null(find(&f, 0, "merge_method", "mixed-dtypes"));
	for (size_t i = 0; i < f.n; i++)
		if (str_eq(f.v[i].code, "filter-unmatched") && strstr(f.v[i].message, "mpl"))
			assert_string_equal(f.v[i].hint, "did you mean mlp?");
	findings_fini(&f);
	source_index_fini(&a.source);
	source_index_fini(&b.source);
	source_index_fini(&base.source);
	json_decref(a.config);
	json_decref(base.config);
	recipe_unref(r);
}

/* A merge makes a missing tensor from the others, but only of models of one family. */
static void missing_tensors_are_named(void **state)
{
	struct model a = fake("a", NULL, 1), b = fake("b", NULL, 1), base = fake("base", NULL, 1);
	struct model *inputs[] = { &a, &b, &base };
	struct recipe *r = three("");
	struct tensor all[] = { { .name = "model.norm.weight", .role = "output_norm", .rank = 1,
		.shape = { 8 }, .dtype = DT_BF16 }, { .name = "model.x.weight", .role = "", .rank = 1,
		.shape = { 8 }, .dtype = DT_BF16 } };

	(void)state;
	a.source.tensors = b.source.tensors = base.source.tensors = all;
	a.source.n_tensors = base.source.n_tensors = 2;
	b.source.n_tensors = 1;
	source_index_init(&a.source);
	source_index_init(&b.source);
	source_index_init(&base.source);
	for (int pass = 0; pass < 3; pass++) {
		struct findings f = { 0 };

		b.architecture = pass == 1 ? "other" : "llama";
		b.partial = pass == 2 ? "partial 1/2" : NULL;
		lint_models(r, inputs, 3, 2, &f);
		const struct finding *x = find(&f, 1, "model", "missing-tensor");
		assert_true(pass == 2 ? !x : x && x->severity == (pass ? SEV_ERROR : SEV_WARNING) &&
			strstr(x->message, "lacks 1 of the 2 tensors") &&
			strstr(x->message, "model.x.weight"));
		findings_fini(&f);
	}
	source_index_fini(&a.source);
	source_index_fini(&b.source);
	source_index_fini(&base.source);
	recipe_unref(r);
}

/* The words of findings are a promise to scripts: each is in the table that the manual prints. */
static void every_finding_is_in_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct findings f = lint(cases[i].text);

		for (size_t k = 0; k < f.n; k++) {
			bool found = false;

			for (size_t c = 0; lint_code_at(c); c++)
				found |= str_eq(lint_code_at(c)->name, f.v[k].code);
			if (!found)
				fail_msg("%s is not in codes.def", f.v[k].code);
		}
		findings_fini(&f);
	}
}

/* Its examples, between .EX and .EE, must pass the linter without a warning. */
static void examples_of_the_manual_are_good(void **state)
{
	char *path = top_path("man/cupel-recipe.5.in"), line[1024];
	FILE *in = fopen(path, "r");
	struct str s = STR_INIT;
	size_t examples = 0;
	bool inside = false;

	(void)state;
	assert_non_null(in);
	while (fgets(line, sizeof line, in)) {
		if (str_eq(line, ".EX\n")) {
			inside = true;
		} else if (str_eq(line, ".EE\n")) {
			if (s.s && strstr(s.s, "merge_method")) {
				struct findings f = lint(s.s);

				examples++;
				if (f.errors || f.warnings) {
					show(&f);
					fail_msg("%s", s.s);
				}
				findings_fini(&f);
			}
			str_clear(&s);
			inside = false;
		} else if (inside) {
			for (char *p = line; *p; p++)
				if (p[0] == '\\' && (p[1] == '-' || p[1] == '&')) {
					if (p++[1] == '-')
						str_addc(&s, '-');
				} else {
					str_addc(&s, *p);
				}
		}
	}
	assert_true(examples >= method_count());
	fclose(in);
	str_fini(&s);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_recipe_of_four_models),
		cmocka_unit_test(the_recipe_of_two_models),
		cmocka_unit_test(every_finding_says_where_what_and_what_to_do),
		cmocka_unit_test(good_recipes_have_no_findings),
		cmocka_unit_test(findings_stand_in_the_order_of_the_text),
		cmocka_unit_test(the_first_error_stops_a_run),
		cmocka_unit_test(every_key_is_explained),
		cmocka_unit_test(the_donor_is_the_first_with_a_template),
		cmocka_unit_test(the_recipe_may_name_the_donor),
		cmocka_unit_test(models_are_compared_before_a_weight_is_read),
		cmocka_unit_test(missing_tensors_are_named),
		cmocka_unit_test(every_finding_is_in_the_table),
		cmocka_unit_test(examples_of_the_manual_are_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
