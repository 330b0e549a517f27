/* What can be said of a model in sentences that are true by construction, what its recipe's linter
 * warns of, and how it can be made again. */
#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "merge/method.h"
#include "recipe/effect.h"
#include "recipe/lint.h"
#include "recipe/publish.h"
#include "report/report_in.h"
#include "report/shared.h"

static void say(json_t *list, struct str *s)
{
	if (s->n)
		json_array_append_new(list, json_textn(s->s));
	str_fini(s);
}

/* "A, B and C" */
static void add_names(struct str *s, const json_t *list)
{
	size_t n = json_array_size(list), i;
	json_t *o;

	json_array_foreach((json_t *)list, i, o)
		str_addf(s, "%s%s", !i ? "" : i + 1 == n ? " and " : ", ",
			json_text(o, "name", "?"));
}

static const char *method_title(const char *name)
{
	const struct method *m = name ? method_by_name(name) : NULL;

	return m ? m->title : name;
}

static void add_base(struct str *s, const json_t *o)
{
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(o, "parents"), i, p)
		if (json_flag(p, "base", false)) {
			str_addf(s, ", with %s as the base", json_text(p, "name", "?"));
			return;
		}
}

static void say_merge(const struct subject *s, const json_t *o, json_t *list)
{
	const json_t *merged = json_object_get(o, "merged");
	const char *method = s->recipe ? s->recipe->method_name : s->run ? s->run->method : NULL;
	const char *title = method_title(method);
	struct str text = STR_INIT;

	if (json_array_size(merged))
		str_addf(&text, "%s is a merge of ", s->name);
	else
		str_addf(&text, "%s is a merge", s->name);
	add_names(&text, merged);
	if (title)
		str_addf(&text, " by %s", title);
	add_base(&text, o);
	if (s->run && s->run->plan_text)
		str_addf(&text, ", and was quantized as it was merged%s%s",
			json_text(o, "quantization", NULL) ? ", to " : "",
			json_text(o, "quantization", ""));
	str_addf(&text, "%s%s.", s->run ? ", made with cupel " : "",
		s->run && s->run->version ? s->run->version : "");
	say(list, &text);
}

static void say_quantized(const struct subject *s, const json_t *o, json_t *list)
{
	const char *type = json_text(o, "quantization", NULL);
	struct str text = STR_INIT;

	str_addf(&text, "%s is a quantization of ", s->name);
	add_names(&text, json_object_get(o, "parents"));
	str_addf(&text, "%s%s%s%s.", type ? " to " : "", type ? type : "",
		s->run ? ", made with cupel " : "",
		s->run && s->run->version ? s->run->version : "");
	say(list, &text);
}

static void say_derived(const struct subject *s, const json_t *o, const char *relation,
	json_t *list)
{
	struct str text = STR_INIT;

	str_addf(&text, "%s is %s of ", s->name, str_eq(relation, "adapter") ? "an adapter" :
		"a fine-tune");
	add_names(&text, json_object_get(o, "parents"));
	str_addc(&text, '.');
	say(list, &text);
}

/* The leaves are the parents: what the recipe does says it all. */
static bool direct(const json_t *o)
{
	const json_t *leaves = json_object_get(o, "leaves"), *merged = json_object_get(o, "merged");
	json_t *a, *b;
	size_t i, k;

	json_array_foreach((json_t *)leaves, i, a) {
		bool found = false;

		json_array_foreach((json_t *)merged, k, b)
			found |= str_eq(json_text(a, "name", "?"), json_text(b, "name", ""));
		if (!found)
			return false;
	}
	return true;
}

/* "70 % A + 30 % B", where all of it is such a sum. */
static void say_sum(const json_t *o, json_t *list)
{
	const json_t *leaves = json_object_get(o, "leaves");
	struct str text = STR_INIT;
	json_t *leaf;
	size_t i, n = 0;

	if (json_array_size(leaves) < 2 || direct(o))
		return;
	json_array_foreach((json_t *)leaves, i, leaf) {
		double share = json_num(leaf, "share", NAN);

		if (!isfinite(share) || json_flag(leaf, "near", false)) {
			str_fini(&text);
			return;
		}
		if (fabs(share) < 1e-9)
			continue;
		str_addf(&text, "%s%.4g %% %s", !n ? share < 0 ? "-" : "" : share < 0 ? " - " :
			" + ", fabs(share) * 100, json_text(leaf, "name", "?"));
		n++;
	}
	if (n) {
		char *sum = str_steal(&text);

		str_addf(&text, "But for rounding, its weights are %s.", sum);
		free(sum);
	}
	say(list, &text);
}

static void say_effect(const struct subject *s, json_t *list)
{
	struct effect ef;

	if (!s->recipe || !s->recipe->method || s->recipe->n_problems)
		return;
	effect_of(s->recipe, &ef);
	for (size_t i = 0; i < ef.n_sentences; i++) {
		struct str text = STR_INIT;
		const char *t = ef.sentences[i];

		if (!*t)
			continue;
		str_addc(&text, *t >= 'a' && *t <= 'z' ? (char)(*t - 32) : *t);
		str_add(&text, t + 1);
		if (!strchr(".:;!", t[strlen(t) - 1]))
			str_addc(&text, '.');
		say(list, &text);
	}
	effect_fini(&ef);
}

/* --- caveats --- */

static json_t *caveats(const struct subject *s)
{
	struct findings f = { 0 };
	json_t *list = json_array();

	if (s->recipe)
		lint_file(s->recipe, &f);
	findings_sort(&f);
	for (size_t i = 0; i < f.n; i++) {
		const struct finding *x = &f.v[i];
		json_t *o;

		if (x->severity == SEV_NOTE)
			continue;
		o = json_object();
		report_put(o, "line", x->line ? json_integer(x->line) : json_null());
		report_set(o, "severity", severity_name(x->severity));
		report_set(o, "code", x->code);
		report_set(o, "message", x->message);
		report_set(o, "hint", x->hint);
		json_array_append_new(list, o);
	}
	findings_fini(&f);
	return list;
}

/* --- how it can be made again --- */

static json_t *inputs(const struct subject *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_in; i++) {
		const struct catalog_input *in = &s->in[i];
		char *name = shared_input_name(in);
		char *revision = in->path ? publish_revision(in->path) : NULL;
		json_t *o = json_object();

		report_set(o, "role", in->role);
		report_set(o, "name", name);
		report_set(o, "revision", revision);
		report_set(o, "hash", in->hash);
		json_array_append_new(list, o);
		free(revision);
		free(name);
	}
	return list;
}

static json_t *provenance(const struct subject *s)
{
	const struct catalog_run *r = s->run;
	json_t *o = json_object();
	char seed[24];

	snprintf(seed, sizeof seed, "%" PRIu64, r ? r->seed : 0);
	report_put(o, "known", json_boolean(r != NULL));
	report_set(o, "cupel", r ? r->version : NULL);
	report_set(o, "method", r ? r->method : NULL);
	report_set(o, "seed", r && r->recipe_text ? seed : NULL);
	report_set(o, "arithmetic", r ? r->arithmetic : NULL);
	report_set(o, r && r->plan_text ? "plan_hash" : "recipe_hash", r ? r->recipe_hash : NULL);
	report_set(o, r && r->plan_text ? "recipe_hash" : "plan_hash", NULL);
	report_set(o, "output_hash", r && r->output_hash ? r->output_hash :
		s->model ? s->model->hash : NULL);
	report_put(o, "inputs", inputs(s));
	return o;
}

void report_words(const struct report *r, const struct subject *s, json_t *o)
{
	const char *relation = json_text(o, "relation", NULL);
	json_t *list = json_array();

	(void)r;
	if (str_eq(relation, "merge"))
		say_merge(s, o, list);
	else if (str_eq(relation, "quantized"))
		say_quantized(s, o, list);
	else if (relation && json_array_size(json_object_get(o, "parents")))
		say_derived(s, o, relation, list);
	if (str_eq(relation, "merge")) {
		say_sum(o, list);
		say_effect(s, list);
	}
	report_put(o, "is_merge", json_boolean(str_eq(relation, "merge") &&
		json_array_size(json_object_get(o, "merged"))));
	report_put(o, "sentences", list);
	report_put(o, "caveats", caveats(s));
	report_put(o, "provenance", provenance(s));
	report_set(o, "recipe", s->recipe_text);
	report_set(o, "plan", s->run ? s->run->plan_text : NULL);
	report_set(o, "method", s->recipe ? s->recipe->method_name : s->run ? s->run->method :
		NULL);
}
