#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "recipe/publish.h"
#include "report/shared.h"

char *shared_input_name(const struct catalog_input *in)
{
	bool path = in->name[0] == '/' || in->name[0] == '~' || in->name[0] == '.';

	return path ? publish_name(in->path ? in->path : in->name) : xstrdup(in->name);
}

char *shared_recipe_text(const struct catalog_run *r, const struct catalog_input *in, size_t n,
	struct err *e)
{
	struct publish_input *v = xnew(struct publish_input, n + 1);
	char **names = xnew(char *, n + 1), *text = NULL;

	for (size_t i = 0; i < n; i++) {
		names[i] = shared_input_name(&in[i]);
		v[i] = (struct publish_input){ in[i].name, names[i], in[i].hash };
	}
	if (r->recipe_text)
		text = recipe_publish(r->recipe_text, v, n, e);
	else if (r->plan_text)
		err_set(e, ERR_INPUT, "export", "--format plan prints its plan",
			"run %" PRId64 " quantized a model, it has no recipe", r->id);
	else
		err_set(e, ERR_INPUT, "export", NULL, "run %" PRId64 " has no recipe", r->id);
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	free(v);
	return text;
}

/* Texts of a protocol, at any depth: jansson's trees are at most 256 deep. */
static void clean(json_t *j)
{
	const char *key;
	json_t *v;
	void *next;
	size_t i;

	json_object_foreach_safe(j, next, key, v) {
		if (json_is_string(v)) {
			struct str s = STR_INIT;

			publish_text(&s, json_string_value(v));
			json_object_set_new(j, key, json_textn(s.s));
			str_fini(&s);
		} else {
			clean(v);
		}
	}
	if (json_is_array(j))
		json_array_foreach(j, i, v)
			clean(v);
}

/* A protocol (JSON text) as an object without what only this machine knows; NULL: none. */
static json_t *shared_protocol(const char *text)
{
	json_t *j = text ? json_parse(text, strlen(text), "protocol", false, NULL) : NULL;

	if (json_is_object(j)) {
		clean(j);
		return j;
	}
	json_decref(j);
	return NULL;
}

static bool add_scores(struct catalog *c, int64_t run, int64_t model, struct catalog_score **v,
	size_t *n, struct err *e)
{
	size_t more;
	struct catalog_score *found = catalog_scores(c, run, model, &more, e);

	if (!found)
		return false;
	*v = xrealloc(*v, (*n + more + 1) * sizeof **v);
	for (size_t i = 0; i < more; i++) {
		bool known = false;

		for (size_t k = 0; k < *n; k++)
			known |= (*v)[k].id == found[i].id;
		if (known)
			continue;
		(*v)[(*n)++] = found[i];
		found[i] = (struct catalog_score){ 0 };
	}
	catalog_scores_free(found, more);
	return true;
}

/* What was measured on a run's output: the scores that belong to the run, and those of the models
 * that it wrote. NULL on error; catalog_scores_free. */
static struct catalog_score *shared_scores(struct catalog *c, int64_t run, size_t *n, struct err *e)
{
	size_t n_models;
	struct catalog_model *models = catalog_models(c, &n_models, e);
	struct catalog_score *v = xnew(struct catalog_score, 1);
	bool ok;

	*n = 0;
	ok = models && add_scores(c, run, 0, &v, n, e);
	for (size_t i = 0; ok && i < n_models; i++)
		if (models[i].run == run)
			ok = add_scores(c, 0, models[i].id, &v, n, e);
	catalog_models_free(models, models ? n_models : 0);
	if (ok)
		return v;
	catalog_scores_free(v, *n);
	return NULL;
}

static char *copy(const char *s)
{
	return s && *s ? xstrdup(s) : NULL;
}

static void add_input(struct share *s, const struct catalog_input *in)
{
	struct share_input *to = vec_push(&s->inputs);

	to->role = xstrdup(in->role);
	to->name = in->path ? shared_input_name(in) : xstrdup(in->name);
	to->made = !in->path && !in->hash;
	to->hash = copy(in->hash);
	to->revision = in->path ? publish_revision(in->path) : NULL;
	if (in->path)
		share_files(to, in->path);
}

/* The variant is told where it is another name than the run's or its output's. */
static void add_result(struct share *s, const struct catalog_run *r, const struct catalog_score *x)
{
	struct share_result *to = vec_push(&s->results);
	const char *v = x->variant;
	bool own = !v || str_eq(v, r->name) || (r->output && str_eq(str_base(v),
		str_base(r->output)));

	to->task = xstrdup(x->task);
	to->metric = xstrdup(x->metric);
	to->value = x->value;
	to->stderr_ = x->stderr_;
	to->n = x->n;
	to->estimated = x->estimated;
	to->protocol = shared_protocol(x->protocol);
	to->variant = own ? NULL : publish_name(v);
}

char *shared_run(struct catalog *c, const struct catalog_run *r, const struct catalog_input *in,
	size_t n, struct err *e)
{
	char *text = shared_recipe_text(r, in, n, e);
	struct catalog_score *scores = NULL;
	struct share s = { .has_seed = true, .seed = r->seed, .quantized = r->plan_text != NULL };
	struct str out = STR_INIT;
	size_t n_scores = 0, len;

	if (text)
		scores = shared_scores(c, r->id, &n_scores, e);
	if (!scores) {
		free(text);
		return NULL;
	}
	s.version = copy(r->version);
	s.name = copy(r->name);
	s.arithmetic = copy(r->arithmetic);
	s.recipe_hash = copy(r->recipe_hash);
	s.output_hash = copy(r->output_hash);
	s.plan = copy(r->plan_text);
	for (size_t i = 0; i < n; i++)
		add_input(&s, &in[i]);
	for (size_t i = 0; i < n_scores; i++)
		add_result(&s, r, &scores[i]);
	share_write(&s, &out);
	len = strlen(text);
	str_addf(&out, "%s%s", text, len && text[len - 1] == '\n' ? "" : "\n");
	share_fini(&s);
	catalog_scores_free(scores, n_scores);
	free(text);
	return str_steal(&out);
}
