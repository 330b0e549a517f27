#include "config.h"
#include "recipe/effect.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

/* What a sentence needs of the recipe, evaluated once. */
struct facts {
	const struct recipe *r;
	struct effect *out;
	size_t slice, n;                   /* and its inputs */
	int base;
	const char *label[MERGE_MAX_INPUTS + 1];
	double weight[MERGE_MAX_INPUTS + 1]; /* of input i; NaN if it has none */
};

__attribute__((format(printf, 2, 3)))
static void say(struct effect *ef, const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	ef->sentences = xrealloc(ef->sentences, (ef->n_sentences + 1) * sizeof *ef->sentences);
	ef->sentences[ef->n_sentences++] = str_steal(&s);
}

static const struct recipe_ref_text *ref_of(const struct facts *f, size_t i)
{
	const struct recipe_slice *s = &f->r->slices[f->slice];

	return i < s->n_sources ? &s->sources[i].model : recipe_slice_base(f->r, f->slice);
}

/* ---- values: at the middle of the stack, for a tensor that no filter names ---- */

static bool setting_varies(const struct setting *s)
{
	if (s && s->kind == SETTING_FILTERS)
		return s->n > 1 || (s->filters[0] && strcmp(s->filters[0], "*") != 0)
			|| setting_varies(&s->values[0]);
	if (!s || s->kind != SETTING_GRADIENT)
		return false;
	for (size_t i = 1; i < s->n; i++)
		if (s->values[i].number != s->values[0].number)
			return true;
	return false;
}

static int source_of(const struct facts *f, int input)
{
	return input < 0 ? -1 : recipe_slice_source(f->r, f->slice, (size_t)input);
}

static const struct setting *written(const struct facts *f, const struct param_def *p, int input)
{
	const struct setting *s = p->scope != PARAM_GLOBAL && input >= 0
		? recipe_setting(f->r, p->name, source_of(f, input)) : NULL;

	return s ? s : recipe_slice_setting(f->r, p->name, f->slice);
}

/* NaN if the method has no such parameter or the recipe no value for it. */
static double value(const struct facts *f, const char *name, int input)
{
	const struct param_def *p = method_param(f->r->method, name);
	const struct setting *s;
	double v;

	if (!p)
		return NAN;
	s = written(f, p, input);
	if (setting_varies(s))
		f->out->varies = true;
	v = recipe_param_in(f->r, p, f->slice, source_of(f, input), "", 0.5, NULL);
	/* Filters without a rest: what the first of them says. */
	if (isnan(v) && s && s->kind == SETTING_FILTERS && s->n
	    && !setting_eval(&s->values[0], p->type, "", 0.5, &v, NULL))
		v = NAN;
	return v;
}

static double or_else(double v, double otherwise)
{
	return isnan(v) ? otherwise : v;
}

static void label_inputs(struct facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const char *text = ref_of(f, i)->text, *tail = str_base(text);

		f->label[i] = *tail ? tail : text;
		for (size_t k = 0; k < f->n; k++)
			if (k != i && str_eq(str_base(ref_of(f, k)->text), tail))
				f->label[i] = text;
	}
}

/* The other of two inputs. */
static int other_than(const struct facts *f, int base)
{
	for (size_t i = 0; i < f->n; i++)
		if ((int)i != base)
			return (int)i;
	return 0;
}

/* ---- the methods ---- */

/* "70% A + 30% B", shares of the sum. */
static void add_shares(const struct facts *f, struct str *s, double sum)
{
	for (size_t i = 0, k = 0; i < f->n; i++) {
		if (isnan(f->weight[i]))
			continue;
		str_addf(s, "%s%.4g%% %s", k++ ? " + " : "", 100.0 * f->weight[i] / sum,
			f->label[i]);
	}
}

static double weight_sum(const struct facts *f)
{
	double sum = 0.0;

	for (size_t i = 0; i < f->n; i++)
		sum += or_else(f->weight[i], 0.0);
	return sum;
}

static void say_linear(struct facts *f)
{
	bool normalize = value(f, "normalize", -1) != 0.0, any = false;
	double sum = weight_sum(f);
	struct str s = STR_INIT;

	for (size_t i = 0; i < f->n; i++)
		any = any || !isnan(f->weight[i]);
	if (!any)
		return;
	if (normalize && fabs(sum) < 1e-12) {
		say(f->out, "the weights sum to zero: normalize divides by it");
		return;
	}
	add_shares(f, &s, normalize ? sum : 1.0);
	if (normalize)
		say(f->out, "%s; only the ratio matters", s.s ? s.s : "");
	else if (fabs(sum - 1.0) > 1e-9)
		say(f->out, "%s: weights sum to %.3g, so every tensor is scaled to about %.3g%%",
			s.s ? s.s : "", sum, 100.0 * sum);
	else
		say(f->out, "%s", s.s ? s.s : "");
	str_fini(&s);
}

static void say_nuslerp(struct facts *f)
{
	double sum = weight_sum(f), t;
	struct str s = STR_INIT;
	int last = -1;

	for (size_t i = 0; i < f->n; i++)
		if (!isnan(f->weight[i]))
			last = (int)i;
	if (last < 0)
		return;
	t = fabs(sum) < 1e-6 ? 0.5 : f->weight[last] / sum;
	if (fabs(sum) < 1e-6)
		str_addf(&s, "the weights cancel, so t = 0.500");
	else {
		add_shares(f, &s, sum);
		str_addf(&s, ": t = %.3f; only the ratio matters", t);
	}
	if (t < 0.0 || t > 1.0)
		str_add(&s, ", and it goes beyond the models");
	if (f->base >= 0)
		str_addf(&s, "; on what differs from %s", f->label[f->base]);
	say(f->out, "%s", s.s);
	str_fini(&s);
}

/* " (0 to 1 over the layers)" for gradients. */
static void add_range(struct str *s, const struct setting *t)
{
	if (t && t->kind == SETTING_FILTERS && t->n == 1)
		t = &t->values[0];
	if (!t || t->kind != SETTING_GRADIENT || !setting_varies(t))
		return;
	str_addf(s, " in the middle; along the layers");
	for (size_t i = 0; i < t->n; i++)
		str_addf(s, "%s %g", i ? "," : "", t->values[i].number);
}

static void say_slerp(struct facts *f)
{
	double t = value(f, "t", -1);
	struct str s = STR_INIT;

	if (f->base < 0 || f->n != 2 || isnan(t))
		return;
	str_addf(&s, "%.4g%% of the way from %s to %s along the arc (t = %.3f", 100.0 * t,
		f->label[f->base], f->label[other_than(f, f->base)], t);
	add_range(&s, recipe_slice_setting(f->r, "t", f->slice));
	str_addc(&s, ')');
	if (t < 0.0 || t > 1.0)
		str_add(&s, ": beyond the models");
	say(f->out, "%s", s.s);
	str_fini(&s);
}

static void say_nearswap(struct facts *f)
{
	double t = value(f, "t", -1);
	struct str s = STR_INIT;

	if (f->base < 0 || f->n != 2 || isnan(t))
		return;
	add_range(&s, recipe_slice_setting(f->r, "t", f->slice));
	say(f->out,
		"elements of %s within %g of %s become its own; all others move towards it by %g%s",
		f->label[f->base], t, f->label[other_than(f, f->base)], t, s.s ? s.s : "");
	str_fini(&s);
}

static void say_passthrough(struct facts *f)
{
	double scale = f->n ? or_else(value(f, "scale", 0), 1.0) : 1.0;

	if (f->n && scale == 1.0)
		say(f->out, "a copy of %s", f->label[0]);
	else if (f->n)
		say(f->out, "%s with every element times %.4g", f->label[0], scale);
}

/* The family on task vectors: what divides, and what is dropped. */
struct task_kind {
	const char *method;
	bool elects;    /* only those who agree in sign, and survive, divide */
	bool drops;     /* density takes elements away */
	bool random;    /* at random: then rescaling gives back exactly what dropping took */
};
static const struct task_kind task_kinds[] = {
	{ "task_arithmetic", false, false, false },
	{ "ties", true, true, false },
	{ "dare_linear", false, true, true },
	{ "dare_ties", true, true, true },
	{ "breadcrumbs", false, true, false },
	{ "breadcrumbs_ties", true, true, false },
	{ "della", true, true, true },
	{ "della_linear", false, true, true },
};

static void say_coverage(const struct facts *f, const struct task_kind *k)
{
	const struct effect *ef = f->out;
	double more = 0.0;

	for (size_t i = 2; i < ef->n_coverage; i++)
		more += ef->coverage[i];
	say(f->out,
		"of all elements %.1f%% keep the base, %.1f%% take one model alone, %.1f%% mix two "
		"or more%s",
		100.0 * ef->coverage[0], ef->n_coverage > 1 ? 100.0 * ef->coverage[1] : 0.0,
		100.0 * more, k->random ? "" : " (if the models kept independent ones)");
}

static const char *why_gain(const struct task_kind *k, bool normalize, bool rescale, double lambda)
{
	if (lambda != 1.0 && !normalize)
		return "lambda scales them";
	if (!normalize)
		return k->drops && !rescale ? "what is dropped is not given back" : "";
	if (!k->elects)
		return "normalize divides by the sum of the weights";
	return k->drops && rescale ? "survivors are rescaled and normalized"
		: "normalize divides by the weights of the survivors alone";
}

static void say_task_sum(const struct facts *f, const struct task_kind *k, bool normalize,
	bool rescale, double lambda)
{
	const struct effect *ef = f->out;
	const char *why = why_gain(k, normalize, rescale, lambda);
	/* Trimming keeps the largest changes: what is lost has no closed form. */
	const char *where = k->drops && !k->random && !rescale ? " where they are kept" : "";

	if (fabs(ef->gain_sum - ef->weight_sum) < 0.005)
		say(f->out, "%.2f task vectors in sum%s", ef->gain_sum, where);
	else
		say(f->out, "%.2f task vectors in sum%s, not %.2f: %s", ef->gain_sum, where,
			ef->weight_sum, why);
	if (fabs(ef->gain_sum) > 1e-6 && fabs(ef->gain_sum - 1.0) >= 0.005)
		say(f->out, "lambda %.2f would make 1.00", lambda / ef->gain_sum);
}

static void say_alone(const struct facts *f, bool weights_cancel)
{
	const struct effect *ef = f->out;
	struct str s = STR_INIT;

	for (size_t i = 0; i < ef->n_gain; i++)
		str_addf(&s, "%s ×%.1f %s", i ? "," : "", ef->gain[i].alone,
			ef->gain[i].label);
	say(f->out, "a change that no other model shares counts%s%s", s.s ? s.s : "",
		weights_cancel ? ": its weight cancels" : "");
	str_fini(&s);
}

/* Weights and densities of the non-base inputs into the effect. */
static bool task_inputs(struct facts *f, const struct task_kind *k, double *w, double *d)
{
	struct effect *ef = f->out;

	ef->weight_sum = 0.0;
	for (size_t i = 0; i < f->n; i++) {
		size_t n = ef->n_gain;

		if ((int)i == f->base)
			continue;
		w[n] = f->weight[i];
		d[n] = k->drops ? or_else(value(f, "density", (int)i), 1.0) : 1.0;
		if (isnan(w[n]))
			return false;
		ef->gain[n].input = ref_of(f, i)->text;
		ef->gain[n].label = f->label[i];
		ef->gain[n].index = recipe_slice_input(f->r, f->slice, i);
		ef->gain[n].weight = w[n];
		ef->gain[n].density = d[n];
		ef->weight_sum += w[n];
		ef->n_gain++;
	}
	return ef->n_gain > 0;
}

static void say_task(struct facts *f, const struct task_kind *k)
{
	struct effect *ef = f->out;
	double w[MERGE_MAX_INPUTS + 1], d[MERGE_MAX_INPUTS + 1], g[MERGE_MAX_INPUTS + 1];
	bool normalize = or_else(value(f, "normalize", -1), 0.0) != 0.0;
	bool rescale = k->drops && or_else(value(f, "rescale", -1), 0.0) != 0.0;
	double lambda = or_else(value(f, "lambda", -1), 1.0), sum;

	if (f->base < 0 || !task_inputs(f, k, w, d) || (normalize && k->elects
	    && !effect_gains(w, d, ef->n_gain, g))) {
		ef->n_gain = 0;
		return;
	}
	sum = fabs(ef->weight_sum) < 1e-8 ? 1.0 : ef->weight_sum;
	ef->gain_sum = 0.0;
	for (size_t i = 0; i < ef->n_gain; i++) {
		double kept = fmin(fmax(d[i], 0.0), 1.0),
		       up = rescale && kept > 0.0 ? 1.0 / kept : 1.0;

		ef->gain[i].gain = lambda * (!normalize ? w[i] : k->elects ? g[i] : w[i] / sum);
		ef->gain[i].alone = lambda * up * (!normalize ? w[i] : k->elects ? w[i] != 0.0
			: w[i] / sum);
		if (k->random && !rescale)
			ef->gain[i].gain *= kept;
		if (kept == 0.0)
			ef->gain[i].gain = ef->gain[i].alone = 0.0;
		ef->gain_sum += ef->gain[i].gain;
	}
	if (k->drops) {
		ef->n_coverage = ef->n_gain + 1;
		effect_coverage(d, ef->n_gain, ef->coverage);
		say_coverage(f, k);
	}
	say_task_sum(f, k, normalize, rescale, lambda);
	if (k->drops && ef->n_gain > 1)
		say_alone(f, normalize && k->elects);
}

static const struct {
	const char *method;
	void (*say)(struct facts *f);
} sayers[] = {
	{ "linear", say_linear }, { "nuslerp", say_nuslerp }, { "slerp", say_slerp },
	{ "nearswap", say_nearswap }, { "passthrough", say_passthrough },
};

static void effect_of_slice(const struct recipe *r, size_t slice, struct effect *out)
{
	struct facts f = { .r = r, .out = out, .slice = slice };

	f.n = recipe_slice_inputs(r, slice, &f.base);
	memset(out, 0, sizeof *out);
	out->weight_sum = out->gain_sum = NAN;
	if (!r->method || f.n > MERGE_MAX_INPUTS)
		return;
	label_inputs(&f);
	for (size_t i = 0; i < f.n; i++)
		f.weight[i] = value(&f, "weight", (int)i);
	for (size_t i = 0; i < sizeof sayers / sizeof *sayers; i++)
		if (str_eq(sayers[i].method, r->method_name))
			sayers[i].say(&f);
	for (size_t i = 0; i < sizeof task_kinds / sizeof *task_kinds; i++)
		if (str_eq(task_kinds[i].method, r->method_name))
			say_task(&f, &task_kinds[i]);
}

/* "layers 0-11: " of the output, "vision_tower, layers 0-3: "; empty for whole models. */
static void add_layers(struct str *s, const struct recipe *r, size_t slice)
{
	const struct recipe_slice *l = &r->slices[slice];
	const struct recipe_module *m = &r->modules[l->module];
	int64_t first, n = recipe_slice_layers(r, slice, &first);

	if (r->n_modules > 1)
		str_addf(s, "%s%s", m->name, l->ranged ? ", " : ": ");
	if (n)
		str_addf(s, n == 1 ? "layer %lld: " : "layers %lld-%lld: ", (long long)first,
			(long long)(first + n - 1));
}

/* "(its layers 8-11)", where they are not the same numbers for all. */
static void add_origin(struct str *s, const struct recipe_slice *l)
{
	if (l->ranged && l->n_sources == 1)
		str_addf(s, l->sources[0].to - l->sources[0].from == 1 ? ", its layer %lld"
			: ", its layers %lld-%lld", (long long)l->sources[0].from,
			(long long)l->sources[0].to - 1);
}

#define SAY_SLICES 12

static void say_slice(struct effect *out, const struct recipe *r, size_t slice,
	const struct effect *of)
{
	for (size_t i = 0; i < of->n_sentences; i++) {
		struct str s = STR_INIT;

		if (i == 0)
			add_layers(&s, r, slice);
		str_add(&s, of->sentences[i]);
		if (i == 0 && str_eq(r->method_name, "passthrough"))
			add_origin(&s, &r->slices[slice]);
		say(out, "%s", s.s);
		str_fini(&s);
	}
}

/* Figures of the first slice, sentences of all of them. */
static void effect_of_stack(const struct recipe *r, struct effect *out)
{
	char **own;
	size_t n;

	effect_of_slice(r, 0, out);
	own = out->sentences;
	n = out->n_sentences;
	out->sentences = NULL;
	out->n_sentences = 0;
	for (size_t s = 0; s < r->n_slices && s < SAY_SLICES; s++) {
		struct effect of;

		effect_of_slice(r, s, &of);
		say_slice(out, r, s, &of);
		out->varies = out->varies || of.varies;
		effect_fini(&of);
	}
	if (r->n_slices > SAY_SLICES)
		say(out, "and %zu more slices", r->n_slices - SAY_SLICES);
	for (size_t i = 0; i < n; i++)
		free(own[i]);
	free(own);
}

void effect_of(const struct recipe *r, struct effect *out)
{
	if (r->n_slices > 1)
		effect_of_stack(r, out);
	else
		effect_of_slice(r, 0, out);
	if (out->varies && out->n_sentences)
		say(out, "values change over the layers or by filter: these figures are for the "
			"middle layer%s, and for tensors that no filter names",
			r->n_slices > 1 ? " of each slice" : "");
}

void effect_fini(struct effect *ef)
{
	for (size_t i = 0; i < ef->n_sentences; i++)
		free(ef->sentences[i]);
	free(ef->sentences);
	memset(ef, 0, sizeof *ef);
}

json_t *effect_json(const struct effect *ef)
{
	json_t *j = json_object(), *coverage = json_array(), *gain = json_object(),
	       *text = json_array();

	for (size_t i = 0; i < ef->n_coverage; i++)
		json_array_append_new(coverage, json_number(ef->coverage[i]));
	for (size_t i = 0; i < ef->n_gain; i++)
		json_object_set_new(gain, ef->gain[i].input, json_number(ef->gain[i].gain));
	for (size_t i = 0; i < ef->n_sentences; i++)
		json_array_append_new(text, json_textn(ef->sentences[i]));
	json_object_set_new(j, "coverage", coverage);
	json_object_set_new(j, "gain", gain);
	json_object_set_new(j, "sentences", text);
	return j;
}
