#include "compare/making.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"
#include "catalog/measured.h"
#include "import/import.h"

const struct catalog_model *making_model(const struct making *m, int64_t id)
{
	for (size_t i = 0; id && i < m->n_models; i++)
		if (m->models[i].id == id)
			return &m->models[i];
	return NULL;
}

size_t making_find(const struct making *m, const struct subject *s)
{
	for (size_t i = 0; i < m->subjects.n; i++) {
		const struct subject *o = &m->subjects.v[i];

		if (s->model || o->model || s->run || o->run) {
			if (s->model == o->model && (s->model || s->run == o->run))
				return i;
		} else if (str_eq(s->word, o->word) && str_eq(s->quantization, o->quantization))
			return i;
	}
	return SIZE_MAX;
}

void making_subject_fini(struct subject *s)
{
	catalog_scores_free(s->scores, s->n_scores);
	free(s->name);
	free(s->word);
	free(s->quantization);
	free(s->stem);
	free(s->recipe);
	free(s->recipe_hash);
	free(s->hash);
	*s = (struct subject){ 0 };
}

void making_fini(struct making *m)
{
	for (size_t i = 0; i < m->subjects.n; i++)
		making_subject_fini(&m->subjects.v[i]);
	vec_fini(&m->subjects);
	catalog_models_free(m->models, m->n_models);
	catalog_edges_free(m->edges, m->n_edges);
	for (size_t i = 0; i < m->n_words; i++)
		free(m->words[i]);
	free(m->words);
	free(m->parent);
}

static bool load_scores(struct making *m, struct subject *s, struct err *e)
{
	struct catalog_measured of = { .model = s->model, .run = s->run, .word = s->word };

	s->scores = catalog_measured_scores(m->c, &of, &s->n_scores, e);
	if (!s->scores || s->n_scores || !(s->model || s->run) || !s->name)
		return s->scores != NULL;
	/* Figures came before the model did: by its name. */
	catalog_scores_free(s->scores, 0);
	of = (struct catalog_measured){ .word = s->name };
	s->scores = catalog_measured_scores(m->c, &of, &s->n_scores, e);
	return s->scores != NULL;
}

/* --- what is known of an artifact --- */

static void of_run(struct making *m, struct subject *s, int64_t id)
{
	struct catalog_run *r = id ? catalog_run_get(m->c, id, NULL) : NULL;

	if (!r)
		return;
	if (r->recipe_text || r->plan_text)
		s->recipe = xstrdup(r->recipe_text ? r->recipe_text : r->plan_text);
	if (r->recipe_hash && *r->recipe_hash)
		s->recipe_hash = xstrdup(r->recipe_hash);
	if (!s->bytes)
		s->bytes = r->bytes;
	if (!s->hash && r->output_hash && *r->output_hash)
		s->hash = xstrdup(r->output_hash);
	catalog_runs_free(r, 1);
}

/* What is quantized down to what was not: a chain of models, a run's only input. */
static int64_t root_of(const struct making *m, const struct catalog_model *model)
{
	for (int i = 0; model && i < 64 && model->parent && str_eq(model->relation, "quantized");
		i++)
		model = making_model(m, model->parent);
	return model ? model->id : 0;
}

static void of_model(struct making *m, struct subject *s)
{
	const struct catalog_model *model = making_model(m, s->model);

	if (!model)
		return;
	s->bytes = model->bytes;
	s->parameters = model->parameters;
	s->bits = model->bits > 0 ? model->bits : NAN;
	s->root = root_of(m, model);
	s->hash = model->hash ? xstrdup(model->hash) : NULL;
	if (!s->run)
		s->run = model->run;
}

/* What the card of the model says, where nothing better is known: its recipe and its size. */
static void of_card(struct making *m, struct subject *s)
{
	size_t n = 0;
	struct catalog_card *v = *s->name ? catalog_cards_named(m->c, s->name, &n, NULL) : NULL;
	const struct catalog_card *card = n ? &v[0] : NULL;
	json_t *facts = card && card->facts ? json_parse(card->facts, strlen(card->facts), "facts",
		false, NULL) : NULL;
	int64_t bytes = json_int(facts, "quantization.bytes", 0);

	if (card && card->recipe_text && !s->recipe)
		s->recipe = xstrdup(card->recipe_text);
	if (!s->bytes && bytes > 0)
		s->bytes = (uint64_t)bytes;
	if (isnan(s->bits))
		s->bits = json_num(facts, "quantization.bits_per_weight", NAN);
	json_decref(facts);
	catalog_cards_free(v, n);
}

/* A label that figures state wins over what the name or the bits say. */
static void of_storage(struct subject *s)
{
	char *named = NULL;

	s->stem = protocol_stem(s->name, &named);
	for (size_t i = 0; !s->quantization && i < s->n_scores; i++) {
		json_t *p = s->scores[i].protocol ? json_parse(s->scores[i].protocol,
			strlen(s->scores[i].protocol), "protocol", false, NULL) : NULL;

		s->quantization = protocol_quantization(p);
		json_decref(p);
	}
	if (!s->quantization && named)
		s->quantization = xstrdup(named);
	else if (!s->quantization && s->bits >= 15.5)
		s->quantization = xstrdup("");
	else if (!s->quantization && s->bits > 0)
		s->quantization = xasprintf("%.3gbpw", s->bits);
	free(named);
}

/* Appends s, or forgets it where it is there already; where it is. */
static size_t append(struct making *m, struct subject *s)
{
	size_t at = making_find(m, s);

	if (at == SIZE_MAX) {
		*vec_push(&m->subjects) = *s;
		return m->subjects.n - 1;
	}
	m->subjects.v[at].asked |= s->asked;
	making_subject_fini(s);
	return at;
}

static size_t add(struct making *m, struct subject *s, struct err *e)
{
	s->bits = NAN;
	of_model(m, s);
	if (!load_scores(m, s, e)) {
		making_subject_fini(s);
		return SIZE_MAX;
	}
	of_run(m, s, s->run);
	if (!s->name)
		s->name = xstrdup(s->word ? s->word : "");
	of_card(m, s);
	of_storage(s);
	return append(m, s);
}

/* --- words of files --- */

static char *quantization_of(const struct catalog_score *s)
{
	json_t *p = s->protocol ? json_parse(s->protocol, strlen(s->protocol), "protocol", false,
		NULL) : NULL;
	char *q = protocol_quantization(p);

	json_decref(p);
	return q;
}

/* Figures of one word in several quantizations are of several artifacts: s keeps those of the
 * first, the rest is returned as another subject; false when there is none. */
static bool split(struct subject *s, struct subject *rest)
{
	char *first = NULL;
	size_t kept = 0;

	*rest = (struct subject){ .asked = s->asked, .bits = NAN };
	rest->scores = xnew(struct catalog_score, s->n_scores + 1);
	for (size_t i = 0; i < s->n_scores; i++) {
		char *q = quantization_of(&s->scores[i]);

		if (!first)
			first = q ? xstrdup(q) : NULL;
		if (q && !str_eq(q, first))
			rest->scores[rest->n_scores++] = s->scores[i];
		else
			s->scores[kept++] = s->scores[i];
		free(q);
	}
	s->n_scores = kept;
	free(s->quantization);
	s->quantization = first;
	if (rest->n_scores)
		return true;
	free(rest->scores);
	return false;
}

static size_t finish_word(struct making *m, struct subject *s, const char *word)
{
	s->word = xstrdup(word);
	s->name = xstrdup(word);
	of_card(m, s);
	of_storage(s);
	return append(m, s);
}

/* The first of those it stands for; SIZE_MAX when no file used that word. */
static size_t add_word(struct making *m, const char *word, bool asked, struct err *e)
{
	size_t first = SIZE_MAX, at;

	struct catalog_measured of = { .word = (char *)word };
	struct subject s = { .asked = asked, .bits = NAN }, rest;

	s.scores = catalog_measured_scores(m->c, &of, &s.n_scores, e);
	if (!s.scores || !s.n_scores) {
		making_subject_fini(&s);
		return SIZE_MAX;
	}
	while (split(&s, &rest)) {
		at = finish_word(m, &s, word);
		first = first == SIZE_MAX ? at : first;
		s = rest;
	}
	at = finish_word(m, &s, word);
	return first == SIZE_MAX ? at : first;
}

/* "Name-q4-hi-mlx" has the part "q4-hi". */
static bool has_part(const char *word, const char *part)
{
	size_t n = strlen(part);

	for (const char *at = word; (at = strcasestr(at, part)); at++)
		if ((at == word || strchr("-_ /:", at[-1])) && (!at[n] || strchr("-_ .:", at[n])))
			return true;
	return false;
}

static bool is_word(const char *word, const char *asked, int how)
{
	switch (how) {
	case 0:
		return !strcasecmp(word, asked);
	case 1:
		return !strcasecmp(str_base(word), str_base(asked));
	default:
		return has_part(word, asked);
	}
}

/* The file's word that is meant. NULL with *several told: none or more than one. */
static const char *nearest_word(char *const *words, size_t n, const char *asked,
	struct str *several)
{
	for (int how = 0; how < 3; how++) {
		const char *found = NULL;
		size_t count = 0;

		for (size_t i = 0; i < n; i++)
			if (is_word(words[i], asked, how)) {
				found = words[i];
				if (count++ < 3)
					str_addf(several, "%s%s", count > 1 ? ", " : "", words[i]);
			}
		if (count == 1)
			return found;
		if (count > 3)
			str_addf(several, " and %zu more", count - 3);
		if (count)
			return NULL;
		str_clear(several);
	}
	return NULL;
}

/* --- any word --- */

static bool whole_number(const char *text, int64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoll(text, &end, 10);
	return isdigit((uint8_t)*text) && !*end && !errno;
}

static int64_t run_named(struct making *m, const char *name)
{
	struct str filter = STR_INIT;
	struct catalog_run *v = NULL;
	int64_t id = 0;
	size_t n = 0;

	if (!strchr(name, '"')) {
		str_addf(&filter, "archived:all name:\"%s\"", name);
		v = catalog_runs(m->c, filter.s, &n, NULL);
	}
	for (size_t i = 0; i < n && !id; i++)
		if (str_eq(v[i].name, name))
			id = v[i].id;
	catalog_runs_free(v, v ? n : 0);
	str_fini(&filter);
	return id;
}

static size_t add_run(struct making *m, int64_t id, bool asked, struct err *e)
{
	struct catalog_run *r = catalog_run_get(m->c, id, e);
	struct subject s = { .run = id, .asked = asked };

	if (!r)
		return SIZE_MAX;
	for (size_t i = 0; i < m->n_models && !s.model; i++)
		if (m->models[i].run == id)
			s.model = m->models[i].id;
	if (r->name && *r->name)
		s.name = xstrdup(r->name);
	else if (making_model(m, s.model))
		s.name = xstrdup(making_model(m, s.model)->name);
	else
		s.name = xasprintf("run %" PRId64, id);
	catalog_runs_free(r, 1);
	return add(m, &s, e);
}

static void unknown(const struct making *m, char *const *words, size_t n, const char *word,
	const char *several, struct err *e)
{
	const char **names = xnew(const char *, n + m->n_models + 1), *near;
	struct str hint = STR_INIT;

	for (size_t i = 0; i < n; i++)
		names[i] = str_base(words[i]);
	for (size_t i = 0; i < m->n_models; i++)
		names[n + i] = str_base(m->models[i].name);
	near = str_nearest(str_base(word), names, n + m->n_models);
	if (several)
		str_addf(&hint, "say more of it: %s", several);
	else if (near)
		str_addf(&hint, "is it %s? `cupel models` and `cupel runs` list what is here",
			near);
	else
		str_add(&hint, "`cupel models` and `cupel runs` list what is here, `cupel import "
			"FILE` takes in figures of others");
	err_set(e, ERR_INPUT, word, hint.s, several ? "more than one has that name" :
		"neither a model, nor a run, nor named in a file of figures");
	str_fini(&hint);
	free(names);
}

/* A model that only a card tells of, without figures. */
static size_t add_card(struct making *m, const char *word, bool asked)
{
	size_t n = 0, at = SIZE_MAX;
	struct catalog_card *v = catalog_cards_named(m->c, word, &n, NULL);
	struct subject s = { .asked = asked, .bits = NAN };

	if (n) {
		s.scores = xnew(struct catalog_score, 1);
		at = finish_word(m, &s, v[0].name);
	}
	catalog_cards_free(v, n);
	return at;
}

/* Those of files, read once: false with a message if they cannot be. */
static bool load_words(struct making *m, struct err *e)
{
	if (!m->words)
		m->words = catalog_measured_words(m->c, &m->n_words, e);
	return m->words != NULL;
}

static size_t resolve_far(struct making *m, const char *word, bool asked, struct err *e)
{
	struct str several = STR_INIT;
	size_t at = SIZE_MAX;
	const char *found;

	if (!load_words(m, e))
		return SIZE_MAX;
	found = nearest_word(m->words, m->n_words, word, &several);
	if (found)
		at = add_word(m, found, asked, e);
	else if (!several.n)
		at = add_card(m, word, asked);
	if (at == SIZE_MAX && asked && (!e || e->code == ERR_NONE))
		unknown(m, m->words, m->n_words, word, several.n ? several.s : NULL, e);
	str_fini(&several);
	return at;
}

/* "owner/Name" is what another file calls "Name", if only one is called so. */
size_t making_parent(struct making *m, const char *word, struct err *e)
{
	size_t at = making_exactly(m, word, e);
	const char *found = NULL;

	if (at != SIZE_MAX || !load_words(m, e))
		return at;
	for (size_t i = 0; i < m->n_words; i++)
		if (!strcasecmp(str_base(m->words[i]), str_base(word))) {
			if (found)
				return SIZE_MAX;
			found = m->words[i];
		}
	return found ? add_word(m, found, false, e) : SIZE_MAX;
}

size_t making_exactly(struct making *m, const char *word, struct err *e)
{
	int64_t id = import_model(m->models, m->n_models, word);
	struct subject s = { .model = id };

	if (!id)
		return add_word(m, word, false, e);
	s.name = xstrdup(making_model(m, id)->name);
	return add(m, &s, e);
}

size_t making_resolve(struct making *m, const char *word, bool asked, struct err *e)
{
	int64_t id = import_model(m->models, m->n_models, word);
	struct subject s = { .asked = asked };
	size_t at;

	if (!id && whole_number(word, &s.run))
		return add_run(m, s.run, asked, e);
	if (id) {
		s.model = id;
		s.name = xstrdup(making_model(m, id)->name);
		return add(m, &s, e);
	}
	at = add_word(m, word, asked, e);
	if (at != SIZE_MAX || (e && e->code != ERR_NONE))
		return at;
	id = run_named(m, word);
	return id ? add_run(m, id, asked, e) : resolve_far(m, word, asked, e);
}
