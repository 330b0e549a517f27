#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/rng.h"
#include "base/str.h"
#include "golden.h"
#include "recipe/edit.h"

static struct recipe *parse(const char *text)
{
	struct err e = { 0 };
	struct recipe *r = recipe_parse(text, strlen(text), NULL, &e);

	if (!r)
		print_message("%s: %s\n%s\n", e.where, e.what, text);
	assert_non_null(r);
	return r;
}

enum op { NUMBER, TEXT, REMOVE, TOP };
struct edit_case {
	const char *before;
	enum op op;
	struct recipe_target t;
	double value, step;
	const char *text;
	const char *after;  /* NULL: refused */
};
#define M "merge_method: ties\n"

static const struct edit_case cases[] = {
	/* numbers keep the decimals of the old value or of the step */
	{ "models:\n- model: a\n  parameters: {weight: 1.4}\n" M, NUMBER, { "weight", 0, -1, -1 }, 1.45, 0.05,
		NULL, "models:\n- model: a\n  parameters: {weight: 1.45}\n" M },
	{ "models:\n- model: a\n  parameters:\n    weight: 1.450  # note\n" M, NUMBER, { "weight", 0, -1, -1 },
		1.4, 0.05, NULL, "models:\n- model: a\n  parameters:\n    weight: 1.400  # note\n" M },
	{ "models: [{model: a, parameters: {weight: 1}}]\n" M, NUMBER, { "weight", 0, -1, -1 }, 0.1 + 0.2, 0.1,
		NULL, "models: [{model: a, parameters: {weight: 0.3}}]\n" M },
	{ "models: [{model: a, parameters: {weight: 1e-05}}]\n" M, NUMBER, { "weight", 0, -1, -1 }, 1e-4, 1e-5,
		NULL, "models: [{model: a, parameters: {weight: 1.0e-4}}]\n" M },
	{ "models: [{model: a}]\nparameters: {t: 0.0001}\n" M, NUMBER, { "t", -1, -1, -1 }, 0.00011, 1e-5, NULL,
		"models: [{model: a}]\nparameters: {t: 0.00011}\n" M },
	{ "models: [{model: a}]\nparameters:\n  t: '0.5' # q\n" M, NUMBER, { "t", -1, -1, -1 }, 0.25, 0.01, NULL,
		"models: [{model: a}]\nparameters:\n  t: '0.25' # q\n" M },
	{ "models: [{model: a}]\nparameters: {normalize: Yes}\n" M, NUMBER, { "normalize", -1, -1, -1 }, 0, 1,
		NULL, "models: [{model: a}]\nparameters: {normalize: No}\n" M },
	{ "models: [{model: a}]\nparameters: {t: !!float 1}\n" M, NUMBER, { "t", -1, -1, -1 }, 2, 1, NULL,
		"models: [{model: a}]\nparameters: {t: 2}\n" M },
	{ "models: [{model: a}]\nparameters: {t: 1}\n" M, NUMBER, { "t", -1, -1, -1 }, -0.0, 0.1, NULL,
		"models: [{model: a}]\nparameters: {t: 0.0}\n" M },
	{ "models: [{model: a}]\nparameters: {t: 1}\n" M, NUMBER, { "t", -1, -1, -1 }, INFINITY, 0.1, NULL, NULL },
	/* a gradient's value, a filter's value */
	{ "models: [{model: a, parameters: {weight: [0, 0.5, 1]}}]\n" M, NUMBER, { "weight", 0, -1, 1 }, 0.55, 0.05,
		NULL, "models: [{model: a, parameters: {weight: [0, 0.55, 1]}}]\n" M },
	{ "models: [{model: a, parameters: {weight: [0, 0.5, 1]}}]\n" M, NUMBER, { "weight", 0, -1, -1 }, 0.55,
		0.05, NULL, NULL },
	{ "models:\n- model: a\n  parameters:\n    weight:\n      - 0\n      - 0.5 # mid\n" M, NUMBER,
		{ "weight", 0, -1, 1 }, 0.6, 0.1, NULL,
		"models:\n- model: a\n  parameters:\n    weight:\n      - 0\n      - 0.6 # mid\n" M },
	{ "models:\n- model: a\n  parameters:\n    weight:\n    - filter: mlp\n      value: 0.5\n    - value: 1\n" M,
		NUMBER, { "weight", 0, 1, -1 }, 2, 1, NULL,
		"models:\n- model: a\n  parameters:\n    weight:\n    - filter: mlp\n      value: 0.5\n    - "
			"value: 2\n" M },
	{ "models: [{model: a, parameters: {weight: {filter: mlp, value: [1, 2]}}}]\n" M, NUMBER,
		{ "weight", 0, 0, 1 }, 3, 1, NULL,
		"models: [{model: a, parameters: {weight: {filter: mlp, value: [1, 3]}}}]\n" M },
	/* a missing key: one line after its last sibling, in that block's manner */
	{ "models:\n  - model: a\n    parameters:\n      weight: 1 # w\n      # more\n  - model: b\n" M, NUMBER,
		{ "density", 0, -1, -1 }, 0.5, 0.1, NULL,
		"models:\n  - model: a\n    parameters:\n      weight: 1 # w\n      density: 0.5\n      # more\n"
		"  - model: b\n" M },
	{ "models:\n  - model: a # x\n  - model: b\n" M, NUMBER, { "weight", 0, -1, -1 }, 0.5, 0.1, NULL,
		"models:\n  - model: a # x\n    parameters:\n      weight: 0.5\n  - model: b\n" M },
	{ "models:\n  - {model: a, parameters: {weight: 1, }}\n" M, NUMBER, { "density", 0, -1, -1 }, 0.5, 0.1,
		NULL, "models:\n  - {model: a, parameters: {weight: 1, density: 0.5, }}\n" M },
	{ "models: [{model: a}]\n" M, NUMBER, { "weight", 0, -1, -1 }, 0.5, 0.1, NULL,
		"models: [{model: a, parameters: {weight: 0.5}}]\n" M },
	{ "models: [{model: a, parameters: {}}]\n" M, NUMBER, { "weight", 0, -1, -1 }, 0.5, 0.1, NULL,
		"models: [{model: a, parameters: {weight: 0.5}}]\n" M },
	{ "models: [{model: a, parameters: }]\n" M, NUMBER, { "weight", 0, -1, -1 }, 0.5, 0.1, NULL,
		"models: [{model: a, parameters: {weight: 0.5}}]\n" M },
	{ "models:\n- model: a\n  parameters:\n" M, NUMBER, { "weight", 0, -1, -1 }, 0.5, 0.1, NULL,
		"models:\n- model: a\n  parameters:\n    weight: 0.5\n" M },
	{ "models:\n- model: a\n  parameters: ~ # none\n" M, NUMBER, { "weight", 0, -1, -1 }, 0.5, 0.1, NULL,
		"models:\n- model: a\n  parameters: {weight: 0.5} # none\n" M },
	{ "models:\n- model: a\n  parameters:\n    weight:\n" M, NUMBER, { "weight", 0, -1, -1 }, 0.5, 0.1, NULL,
		"models:\n- model: a\n  parameters:\n    weight: 0.5\n" M },
	{ M "models:\r\n- model: a\r\n  parameters:\r\n    weight: 1", NUMBER, { "density", 0, -1, -1 }, 0.5, 0.1,
		NULL, M "models:\r\n- model: a\r\n  parameters:\r\n    weight: 1\n    density: 0.5" },
	{ "merge_method: ties\r\nmodels:\r\n- model: a\r\n  parameters:\r\n    weight: 1", NUMBER,
		{ "lambda", -1, -1, -1 }, 0.0005, 0.0001, NULL,
		"merge_method: ties\r\nmodels:\r\n- model: a\r\n  parameters:\r\n    weight: 1\r\nparameters:\r\n"
		"  lambda: 5.0e-4" },
	{ "{models: [{model: a}], merge_method: ties}\n", NUMBER, { "lambda", -1, -1, -1 }, 0.5, 0.1, NULL,
		"{models: [{model: a}], merge_method: ties, parameters: {lambda: 0.5}}\n" },
	{ "models:\n- model: a\n" M "parameters:\n    normalize: true\n", NUMBER, { "weight", 0, -1, -1 }, 1, 1, NULL,
		"models:\n- model: a\n  parameters:\n      weight: 1\n" M "parameters:\n    normalize: true\n" },
	{ "models: [{model: a}]\nbase_model: c\n" M, NUMBER, { "weight", 1, -1, -1 }, 1, 1, NULL, NULL },
	{ "slices:\n- sources:\n  - model: a\n    layer_range: [0, 2]\n  parameters: {t: 0.5}\n" M, NUMBER,
		{ "t", -1, -1, -1 }, 0.6, 0.1, NULL,
		"slices:\n- sources:\n  - model: a\n    layer_range: [0, 2]\n  parameters: {t: 0.6}\n" M },
	{ "slices:\n- sources:\n  - model: a\n    layer_range: [0, 2]\n" M, NUMBER, { "weight", 0, -1, -1 }, 0.6,
		0.1, NULL, "slices:\n- sources:\n  - model: a\n    layer_range: [0, 2]\n    parameters:\n"
		"      weight: 0.6\n" M },
	/* what is shared is written out where it is edited, and nowhere else */
	{ "models: [{model: a, parameters: {weight: &w 0.5}}, {model: b, parameters: {weight: *w}}]\n" M, NUMBER,
		{ "weight", 1, -1, -1 }, 0.6, 0.1, NULL,
		"models: [{model: a, parameters: {weight: &w 0.5}}, {model: b, parameters: {weight: 0.6}}]\n" M },
	{ "models: [{model: a, parameters: {weight: &w 0.5}}, {model: b, parameters: {weight: *w}}]\n" M, NUMBER,
		{ "weight", 0, -1, -1 }, 0.6, 0.1, NULL,
		"models: [{model: a, parameters: {weight: &w 0.6}}, {model: b, parameters: {weight: 0.5}}]\n" M },
	{ "models:\n- model: a\n  parameters: &p\n    weight: 0.5\n    density: 1\n- model: b\n  parameters: *p\n" M,
		NUMBER, { "weight", 1, -1, -1 }, 0.6, 0.1, NULL,
		"models:\n- model: a\n  parameters: &p\n    weight: 0.5\n    density: 1\n- model: b\n"
		"  parameters: {weight: 0.6, density: 1}\n" M },
	{ "models:\n- model: a\n  parameters: &p\n    weight: 0.5\n- model: b\n  parameters: *p\n" M, NUMBER,
		{ "weight", 0, -1, -1 }, 0.6, 0.1, NULL,
		"models:\n- model: a\n  parameters: &p\n    weight: 0.6\n- model: b\n  parameters: {weight: "
			"0.5}\n" M },
	{ "x: &p {weight: 0.5, density: 1}\nmodels:\n- model: a\n  parameters:\n    <<: *p\n" M, NUMBER,
		{ "weight", 0, -1, -1 }, 0.6, 0.1, NULL,
		"x: &p {weight: 0.5, density: 1}\nmodels:\n- model: a\n  parameters:\n    <<: *p\n    weight: "
			"0.6\n" M },
	/* whole settings */
	{ "models:\n- model: a\n  parameters:\n    weight:  # along\n      # the stack\n      - 0\n      - 1 # "
		"end\n" M,
		TEXT, { "weight", 0, -1, -1 }, 0, 0, "[0, 0.5, 1]",
		"models:\n- model: a\n  parameters:\n    weight: [0, 0.5, 1]  # along\n      # the stack # end\n" M },
	{ "models:\n- model: a\n  parameters:\n    weight: 1\n" M, TEXT, { "weight", 0, -1, -1 }, 0, 0, "[0, 1]",
		"models:\n- model: a\n  parameters:\n    weight: [0, 1]\n" M },
	{ "models:\n- model: a\n  parameters:\n    weight: |\n      1\n    density: 1\n" M, TEXT,
		{ "weight", 0, -1, -1 }, 0, 0, "0.5",
		"models:\n- model: a\n  parameters:\n    weight: 0.5\n    density: 1\n" M },
	{ "models: [{model: a, parameters: {weight: 1}}]\n" M, TEXT, { "weight", 0, -1, -1 }, 0, 0,
		"1, density: 0.5", NULL },
	{ "models: [{model: a, parameters: {weight: 1}}]\n" M, TEXT, { "weight", 0, -1, -1 }, 0, 0, "[1", NULL },
	{ "models: [{model: a, parameters: {weight: 1}}]\n" M, TEXT, { "weight", 0, -1, -1 }, 0, 0, "1\nx: 2", NULL },
	/* removing takes the line */
	{ "models:\n- model: a\n  parameters:\n    weight: 1 # w\n    density: 0.5 # d\n" M, REMOVE,
		{ "weight", 0, -1, -1 }, 0, 0, NULL, "models:\n- model: a\n  parameters:\n    density: 0.5 # d\n" M },
	{ "models:\n- model: a\n  parameters:\n    weight: 1 # w\n" M, REMOVE, { "weight", 0, -1, -1 }, 0, 0, NULL,
		"models:\n- model: a\n" M },
	{ "models: [{model: a, parameters: {weight: 1, density: 2}}]\n" M, REMOVE, { "weight", 0, -1, -1 }, 0, 0,
		NULL, "models: [{model: a, parameters: {density: 2}}]\n" M },
	{ "models: [{model: a, parameters: {weight: 1, density: 2}}]\n" M, REMOVE, { "density", 0, -1, -1 }, 0, 0,
		NULL, "models: [{model: a, parameters: {weight: 1}}]\n" M },
	{ "models: [{parameters: {weight: 1, weight: 2}, model: a}]\n" M, REMOVE, { "weight", 0, -1, -1 }, 0, 0,
		NULL, "models: [{model: a}]\n" M },
	{ "models:\n- parameters:\n    weight: 1\n  model: a\n" M, REMOVE, { "weight", 0, -1, -1 }, 0, 0, NULL,
		"models:\n- model: a\n" M },
	{ "models: [{model: a, parameters: {weight: [0, 0.5, 1]}}]\n" M, REMOVE, { "weight", 0, -1, 2 }, 0, 0, NULL,
		"models: [{model: a, parameters: {weight: [0, 0.5]}}]\n" M },
	{ "models:\n- model: a\n  parameters:\n    weight:\n    - filter: mlp\n      value: 0.5\n    - value: 1\n" M,
		REMOVE, { "weight", 0, 0, -1 }, 0, 0, NULL,
		"models:\n- model: a\n  parameters:\n    weight:\n    - value: 1\n" M },
	{ "models: [{model: a}]\n" M, REMOVE, { "weight", 0, -1, -1 }, 0, 0, NULL, NULL },
	{ "models: [{model: a}]\n" M "parameters:\n  lambda: 1", REMOVE, { "lambda", -1, -1, -1 }, 0, 0, NULL,
		"models: [{model: a}]\nmerge_method: ties" },
	/* top-level keys */
	{ "models: [{model: a}]\nmerge_method: ties # m\n", TOP, { "merge_method", -1, -1, -1 }, 0, 0, "dare_ties",
		"models: [{model: a}]\nmerge_method: dare_ties # m\n" },
	{ "models: [{model: a}]\n" M, TOP, { "base_model", -1, -1, -1 }, 0, 0, "own: er/x",
		"models: [{model: a}]\n" M "base_model: 'own: er/x'\n" },
	{ "models: [{model: a}]\n" M, TOP, { "name", -1, -1, -1 }, 0, 0, "yes", "models: [{model: a}]\n" M
		"name: 'yes'\n" },
	{ "models: [{model: a}]\n" M, TOP, { "seed", -1, -1, -1 }, 0, 0, "42", "models: [{model: "
		"a}]\n" M "seed: 42\n" },
	{ "dtype: float16\nmodels: [{model: a}]\n" M, TOP, { "dtype", -1, -1, -1 }, 0, 0, NULL,
		"models: [{model: a}]\n" M },
	{ "models: [{model: a}]\nbase_model:\n  model:\n    path: x\n" M, TOP, { "base_model", -1, -1, -1 }, 0,
		0, "y",
		"models: [{model: a}]\nbase_model: y\n" M },
	{ "\xEF\xBB\xBFmodels: [{model: \xC3\xA9\xE5\xA5\xBD, parameters: {weight: 1}}] # \xE5\xA5\xBD\n" M, NUMBER,
		{ "weight", 0, -1, -1 }, 2, 1, NULL,
		"\xEF\xBB\xBFmodels: [{model: \xC3\xA9\xE5\xA5\xBD, parameters: {weight: 2}}] # \xE5\xA5\xBD\n" M },
};

static void edits_are_what_a_careful_hand_would_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct edit_case *c = &cases[i];
		struct recipe *r = parse(c->before), *next = NULL;
		struct err e = { 0 };

		switch (c->op) {
		case NUMBER: next = recipe_edit_number(r, &c->t, c->value, c->step, &e); break;
		case TEXT: next = recipe_edit_text(r, &c->t, c->text, &e); break;
		case REMOVE: next = recipe_edit_remove(r, &c->t, &e); break;
		case TOP: next = recipe_edit_top(r, c->t.param, c->text, &e); break;
		}
		if (!next != !c->after)
			fail_msg("case %zu: %s\n%s", i, next ? next->text : e.what, c->before);
		if (next && strcmp(next->text, c->after) != 0)
			fail_msg("case %zu: wanted\n%s\ngot\n%s", i, c->after, next->text);
		assert_true(next || (e.code != ERR_NONE && e.what[0]));
		assert_string_equal(r->text, c->before); /* a snapshot never changes */
		recipe_unref(next);
		recipe_unref(r);
	}
}

/* ---- random edits of real-looking recipes ---- */

static uint32_t drawn;
static unsigned draw(unsigned n)
{
	float u[1];

	rng_uniform(11, 2, 0, drawn++, 1, u);
	return (unsigned)(u[0] * (float)n);
}

static const char *const corpus[] = {
	"# top\nmodels:\n  - model: a  # first\n    parameters:\n      weight: 0.3 # w\n      density: 0.35\n\n"
	"  - model: b\n    parameters:\n      weight: 0.25\n      # between\n      density: 1e-05\n"
	"  - model: base\nmerge_method: dare_ties # m\nbase_model: base\nparameters:\n  normalize: true  # n\n"
	"  lambda: 1.0\ndtype: bfloat16",
	"models:\r\n- {model: a, parameters: {weight: 1.4}}\r\n- {model: b, parameters: {weight: .5, density: "
		"[0, 1, 0.5]}}\r\n"
	"# \xE5\xA5\xBD\r\nmerge_method: ties\r\nbase_model: c\r\nparameters: { lambda: 0.7 , normalize: no }\r\n",
	"x: &p {weight: 0.5, density: 0.4}\nmerge_method: dare_linear\nbase_model: base\nmodels:\n- model: a\n"
	"  parameters: *p\n- model: b\n  parameters:\n    <<: *p\n    density: 1\n- model: c\n  parameters: &q\n"
	"    weight: &w 0.25\n    density: *w\n- model: d\n  parameters: *q\nparameters: {}\n",
	"slices:\n  - sources:\n      - model: base\n        layer_range: [0, 4]\n      - model: a\n"
	"        layer_range: [0, 4]\n        parameters:\n          weight:\n            - filter: mlp\n"
	"              value: [0, 0.25,\n                1]\n            - value: 0.5\n    parameters:\n"
	"      lambda: '0.5'\nbase_model: base\nmerge_method: ties\n",
	"slices:\n- sources:\n  - {model: base, layer_range: [0, 2]}\n  - model: a\n    layer_range: [0, 2]\n"
	"    parameters: {weight: [0, 1]}\n  parameters: {density: 0.5}\n"
	"- sources: [{model: base, layer_range: [1, 3]}, {model: b, layer_range: [1, 3]}, "
	"{model: a, layer_range: [0, 2], parameters: {weight: 0.2}}]\n"
	"merge_method: ties\nbase_model: base\nparameters: {lambda: 0.7, weight: 0.4}\n",
	"modules:\n  text_decoder:\n    parameters:\n      lambda: 0.5\n    slices:\n"
	"    - sources: [{model: base, layer_range: [0, 2]}, {model: a, layer_range: [0, 2]}]\n"
	"    - base_model: c\n      sources:\n      - model: c\n        layer_range: [0, 1]\n"
	"      - model: a\n        layer_range: [2, 3]\n        parameters:\n          weight: 1\n"
	"  vision_tower:\n    models:\n    - model: a\n      parameters:\n        density:\n"
	"        - {filter: mlp, value: 0.5}\n        - value: [1, 0.5]\n"
	"base_model: base\nmerge_method: ties\nparameters:\n  weight: 0.5\n",
	"{merge_method: task_arithmetic, base_model: z, models: [{model: a, parameters: {weight: 1,},}, {model: b}]}",
};

static const char *const names[] = { "weight", "density", "lambda", "normalize", "rescale" };

/* Every parameter of every input of every slice at a few tensors and layers: the meaning of the recipe, in
 * numbers. input: the entry of models; -1 the whole slice. */
struct meant {
	double v;
	const char *name;
	int input, slice;
};

static size_t meaning(const struct recipe *r, struct meant *out)
{
	static const char *const tensors[] = { "model.layers.0.mlp.w", "model.layers.3.attn.w" };
	size_t n = 0;

	for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
		const struct param_def *d = method_param(r->method, names[k]);

		for (size_t s = 0; d && s < r->n_slices; s++)
			for (int i = -1; i < (int)recipe_slice_inputs(r, s, NULL); i++)
				for (size_t t = 0; t < 10; t++) {
					int at = i < 0 ? -1 : recipe_slice_source(r, s, (size_t)i);

					assert_true(n < 4096);
					out[n++] = (struct meant){ recipe_param_in(r, d, s, at, tensors[t / 5],
						(double)(t % 5) / 4.0, NULL), names[k], at, (int)s };
				}
	}
	return n;
}

/* Whether an edit of a scope may change what is meant there. */
static bool governs(const struct recipe *r, int scope, const struct meant *m)
{
	if (scope >= 0)
		return m->input == scope;
	if (RECIPE_IS_SLICE(scope))
		return m->slice == RECIPE_OF_SLICE(0) - scope;
	return scope == RECIPE_ALL || r->slices[m->slice].module == RECIPE_OF_MODULE(0) - scope;
}

static int any_scope(const struct recipe *r)
{
	unsigned slice = draw((unsigned)r->n_slices), module = draw((unsigned)r->n_modules);

	switch (draw(5)) {
	case 0: return RECIPE_ALL;
	case 1: return r->slices[slice].ranged ? RECIPE_OF_SLICE(slice) : RECIPE_ALL;
	case 2: return r->named_modules ? RECIPE_OF_MODULE(module) : RECIPE_ALL;
	default: return (int)draw((unsigned)r->n_models);
	}
}

static bool same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b)) || fabs(a - b) < 1e-9 * fmax(1.0, fabs(a));
}

/* A scalar that is written: edit it, and only what it governs may change; the bytes around it stay. */
static void random_edit(const struct recipe *r, struct recipe **next)
{
	static struct meant before[4096], after[4096];
	struct recipe_target t = { names[draw(5)], any_scope(r), -1, -1 };
	const struct param_def *d = method_param(r->method, t.param);
	const struct setting *s = recipe_setting(r, t.param, t.input);
	double value = d && d->type == PARAM_BOOL ? draw(2) : draw(400) / 100.0 - 1.0;
	struct err e = { 0 };
	size_t n = meaning(r, before), head = 0, tail = 0;
	unsigned op = draw(8);

	if (s && s->kind == SETTING_FILTERS) {
		t.filter = (int)draw((unsigned)s->n);
		s = &s->values[t.filter];
	}
	if (s && s->kind == SETTING_GRADIENT)
		t.value = (int)draw((unsigned)s->n);
	*next = op == 0 ? recipe_edit_remove(r, &t, &e) : recipe_edit_number(r, &t, value, 0.01, &e);
	if (!*next) {
		assert_true(e.what[0] != '\0');
		assert_true(op == 0 || strstr(e.what, "more than the one")); /* a number can always be put */
		assert_true(op == 0);
		return;
	}
	assert_int_equal(meaning(*next, after), n);
	for (size_t i = 0; i < n; i++)
		if (!str_eq(before[i].name, t.param) || !governs(r, t.input, &before[i]))
			if (!same(before[i].v, after[i].v))
				fail_msg("%s of %d changed from %g to %g with %s of %d\n%s\n---\n%s",
					before[i].name, before[i].input, before[i].v, after[i].v, t.param,
					t.input, r->text, (*next)->text);
	if (op != 0 && t.filter < 0 && t.value < 0) {
		const struct setting *now = recipe_setting(*next, t.param, t.input);

		assert_true(now && same(now->number, value));
	}
	while (head < r->text_n && r->text[head] == (*next)->text[head])
		head++;
	while (tail < r->text_n - head && tail < (*next)->text_n - head
	       && r->text[r->text_n - 1 - tail] == (*next)->text[(*next)->text_n - 1 - tail])
		tail++;
	/* One scalar, one line, or one alias written out: never a rewrite. */
	assert_true(r->text_n - head - tail < 120 && (*next)->text_n - head - tail < 120);
}

static void random_edits_touch_one_value(void **state)
{
	(void)state;
	for (size_t c = 0; c < sizeof corpus / sizeof *corpus; c++)
		for (int run = 0; run < 12; run++) {
			struct recipe *r = parse(corpus[c]);

			for (int step = 0; step < 12; step++) {
				struct recipe *next = NULL;

				random_edit(r, &next);
				if (!next)
					continue;
				recipe_unref(r);
				r = next;
			}
			recipe_unref(r);
		}
}

static void numbers_are_spelled_as_yaml_reads_them(void **state)
{
	static const struct { const char *old; double value, step; const char *want; } spelled[] = {
		{ "1.4", 1.45, 0.05, "1.45" }, { "1.45", 1.4, 0.05, "1.40" }, { NULL, 1e-4, 1e-5, "1.0e-4" },
		{ "1e-5", 1.1e-5, 1e-6, "1.1e-5" }, { "2", 3, 1, "3" }, { "2", 2.5, 1, "2.5" },
		{ NULL, 0.05, 0.05, "0.05" }, { "0.5", 0.123456, 0.01, "0.123456" }, { "1e-5", 0, 1e-5, "0.0" },
		{ "010", 9, 1, "9" }, { "1_000", 1001, 1, "1001" }, { "0.30", -0.3, 0.1, "-0.30" },
		{ "1.0", 1e20, 1, "1.0e+20" }, { "1", 1.0 / 3.0, 0, "0.333333333" }, { "1:30", 91, 1, "91" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof spelled / sizeof *spelled; i++) {
		struct str s = STR_INIT;
		double back;

		number_text(&s, spelled[i].old, spelled[i].value, spelled[i].step);
		assert_string_equal(s.s, spelled[i].want);
		assert_true(yaml_resolve(s.s, &back) == Y_INT || yaml_resolve(s.s, &back) == Y_FLOAT);
		assert_true(fabs(back - spelled[i].value) <= 1e-9 * fabs(spelled[i].value));
		str_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_are_what_a_careful_hand_would_do),
		cmocka_unit_test(random_edits_touch_one_value),
		cmocka_unit_test(numbers_are_spelled_as_yaml_reads_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
