/* What a word on the command line means, and what the catalog and the files know of it. */
#include "config.h"
#include <errno.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "import/import.h"
#include "recipe/publish.h"
#include "report/report_in.h"
#include "report/shared.h"

char *report_public_name(const char *name)
{
	bool path = *name == '/' || *name == '~' || *name == '.';

	return path ? publish_name(name) : xstrdup(name);
}

static bool same_name(const char *a, const char *b)
{
	return a && b && (!strcasecmp(a, b) || !strcasecmp(str_base(a), str_base(b)));
}

const char *report_measured_word(const struct report *r, int64_t model, int64_t run,
	const char *name)
{
	for (size_t i = 0; i < r->n_measured; i++) {
		const struct catalog_measured *m = &r->measured[i];

		if ((model && m->model == model) || (run && m->run == run) ||
			(m->word && name && !strcasecmp(m->word, name)))
			return m->word ? m->word : name;
	}
	for (size_t i = 0; i < r->n_measured; i++)
		if (r->measured[i].word && same_name(r->measured[i].word, name))
			return r->measured[i].word;
	return NULL;
}

/* --- rows of the catalog --- */

static const struct catalog_model *model_row(const struct report *r, int64_t id)
{
	for (size_t i = 0; id && i < r->n_models; i++)
		if (r->models[i].id == id)
			return &r->models[i];
	return NULL;
}

static const struct catalog_model *model_of_run(const struct report *r, int64_t run)
{
	for (size_t i = 0; run && i < r->n_models; i++)
		if (r->models[i].run == run)
			return &r->models[i];
	return NULL;
}

static int64_t run_named(struct catalog *c, const char *name)
{
	size_t n;
	struct catalog_run *v = catalog_runs(c, "archived:all", &n, NULL);
	int64_t id = 0;

	for (size_t i = 0; v && i < n && !id; i++)
		if (*name && str_eq(v[i].name, name))
			id = v[i].id;
	catalog_runs_free(v, v ? n : 0);
	return id;
}

static bool whole_number(const char *text, int64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoll(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && !errno;
}

/* The newest card about a model, or under a name. */
static bool find_card(struct report *r, struct subject *s, struct err *e)
{
	size_t n;
	int64_t id = 0;
	struct catalog_card *v = catalog_cards(r->c, 0, &n, e);

	for (size_t i = 0; v && i < n && !id; i++)
		if (s->model ? v[i].model == s->model->id : same_name(v[i].name, s->word))
			id = v[i].id;
	catalog_cards_free(v, v ? n : 0);
	if (!v)
		return false;
	if (id)
		s->card = catalog_card_get(r->c, id, e);
	if (s->card && s->card->facts)
		s->facts = json_parse(s->card->facts, strlen(s->card->facts), "card", false, NULL);
	return !id || s->card;
}

static bool load_run(struct report *r, struct subject *s, int64_t id, struct err *e)
{
	s->run = catalog_run_get(r->c, id, e);
	if (s->run)
		s->in = catalog_run_inputs(r->c, id, &s->n_in, e);
	return s->in != NULL;
}

/* A run that measured made nothing: its card is that of the model it measured. */
static bool measured_by(const struct report *r, struct subject *s, struct err *e)
{
	int64_t id = s->run->id;

	if (!str_eq(s->run->kind, "eval"))
		return true;
	if (s->run->recipe_text)
		return err_set(e, ERR_INPUT, s->word, "`cupel merge` writes it, and what it wrote "
			"has a card", "run %lld measured a recipe that was not written",
			(long long)id);
	for (size_t i = 0; i < r->n_models && !s->model; i++)
		if (s->n_in && str_eq(r->models[i].path, s->in[0].path))
			s->model = &r->models[i];
	catalog_inputs_free(s->in, s->n_in);
	catalog_runs_free(s->run, 1);
	s->run = NULL;
	s->in = NULL;
	s->n_in = 0;
	return s->model || err_set(e, ERR_INPUT, s->word, "name the model; `cupel models` lists "
		"them", "run %lld made no model, and what it measured is none here", (long long)id);
}

/* --- what follows --- */

static void find_recipe(struct subject *s)
{
	struct err ignored = { 0 };

	if (s->run && s->run->recipe_text)
		s->recipe_text = shared_recipe_text(s->run, s->in, s->n_in, &ignored);
	else if (s->card && s->card->recipe_text)
		s->recipe_text = recipe_publish(s->card->recipe_text, NULL, 0, &ignored);
	if (s->recipe_text)
		s->recipe = recipe_parse(s->recipe_text, strlen(s->recipe_text), NULL, &ignored);
}

static void find_name(struct subject *s)
{
	const char *own = s->model ? s->model->name : NULL;

	if (s->run && s->run->name && *s->run->name && !(own && strchr(own, '/')))
		own = s->run->name;
	if (!own && s->run && s->run->output && *s->run->output)
		own = str_base(s->run->output);
	if (!own && s->card)
		own = s->card->name;
	s->name = own ? report_public_name(own) : s->run ?
		xasprintf("run %lld", (long long)s->run->id) : report_public_name(s->word);
}

static void find_node(const struct report *r, struct subject *s)
{
	s->node = SIZE_MAX;
	for (size_t i = 0; r->lineage && i < r->lineage->n_nodes; i++) {
		const struct lineage_node *x = &r->lineage->nodes[i];

		if ((s->model && x->model == s->model->id) || (!s->model && s->run &&
			x->run == s->run->id))
			s->node = i;
	}
	if (s->node == SIZE_MAX && r->lineage)
		s->node = lineage_find(r->lineage, s->name);
}

static bool fill(struct report *r, struct subject *s, struct err *e)
{
	struct err ignored = { 0 };

	if (!s->run && s->model && s->model->run && !load_run(r, s, s->model->run, e))
		return false;
	if (s->run && !s->model)
		s->model = model_of_run(r, s->run->id);
	if (!find_card(r, s, e))
		return false;
	if (s->model && !str_eq(s->model->state, "dropped"))
		s->file = model_open(s->model->path, &ignored);
	find_name(s);
	find_recipe(s);
	find_node(r, s);
	return true;
}

static bool unknown(const struct report *r, const char *word, struct err *e)
{
	const char **names = xnew(const char *, r->n_models + r->n_measured + 1), *near;
	size_t n = 0;
	char *hint;

	for (size_t i = 0; i < r->n_models; i++)
		names[n++] = r->models[i].name;
	for (size_t i = 0; i < r->n_measured; i++)
		if (r->measured[i].word)
			names[n++] = r->measured[i].word;
	near = str_nearest(word, names, n);
	hint = near ? xasprintf("is it %s? `cupel runs` and `cupel models` list what is here", near)
		: xstrdup("`cupel runs` and `cupel models` list what is here");
	free(names);
	err_set(e, ERR_INPUT, word, hint, "neither a run, nor a model, nor named in a file of "
		"figures");
	free(hint);
	return false;
}

bool report_subject(struct report *r, const char *word, struct err *e)
{
	int64_t model = import_model(r->models, r->n_models, word), run = 0;
	struct subject *s = vec_push(&r->v);

	s->word = word;
	s->variant = SIZE_MAX;
	s->model = model_row(r, model);
	if (!model && (whole_number(word, &run) || (run = run_named(r->c, word)) != 0) &&
		!(load_run(r, s, run, e) && measured_by(r, s, e)))
		return false;
	if (!fill(r, s, e))
		return false;
	return s->model || s->run || s->card || report_measured_word(r, 0, 0, word) ||
		unknown(r, word, e);
}

void report_subject_fini(struct subject *s)
{
	free(s->name);
	free(s->recipe_text);
	recipe_unref(s->recipe);
	catalog_runs_free(s->run, s->run != NULL);
	catalog_inputs_free(s->in, s->n_in);
	catalog_cards_free(s->card, s->card != NULL);
	json_decref(s->facts);
	model_unref(s->file);
}
