#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/merging.h"
#include "cli/replay.h"
#include "engine/content.h"
#include "engine/leaves.h"
#include "system/process.h"

static bool uses_others(const struct recipe *r)
{
	bool *used = xnew(bool, r->documents);
	size_t n = 0;

	recipe_uses(r, used);
	for (size_t i = 0; i < r->documents; i++)
		n += used[i];
	free(used);
	return n > 1;
}

/* Recipe and options of the run; a quantization may have none. */
static bool open_run(struct replay *r, struct err *e)
{
	struct plan_options o = {.has_seed = true, .seed = r->run->seed, .places = r->in,
		.n_places = r->n_in, .places_first = true};
	const char *text = r->run->recipe_text;
	struct recipe *recipe = NULL;
	bool ok;

	if (r->run->arithmetic && !plan_arithmetic_parse(r->run->arithmetic, &o))
		return err_set(e, ERR_INPUT, r->c->argv[0],
			"replay it with the cupel that made it",
			"it was computed as \"%s\", which is not known here", r->run->arithmetic);
	if (!text && !r->quantized)
		return err_set(e, ERR_INPUT, r->c->argv[0], NULL,
			"this run has no recipe to replay");
	if (text && !(recipe = recipe_parse(text, strlen(text),
		r->run->recipe_path, e)))
		return false;
	if (recipe && uses_others(recipe)) /* then every document says its seed */
		o.has_seed = false;
	if (r->quantized) {
		ok = replay_quantize_open(&r->q, r->c, r->run, r->in, r->n_in, recipe, &o, e);
		r->plan = r->q.merge ? plan_ref(r->q.merge) : NULL;
	} else {
		ok = (r->plan = merging_plan(r->c, recipe, &o, e)) != NULL;
	}
	recipe_unref(recipe);
	return ok;
}

const char *replay_recorded(const struct replay *r, const char *name)
{
	for (size_t i = 0; i < r->n_in; i++)
		if (str_eq(r->in[i].name, name))
			return r->in[i].hash;
	return NULL;
}

bool replay_changed(const struct replay *r, const struct input_now *l)
{
	const char *then = replay_recorded(r, l->name);
	char hex[HASH_HEX_SIZE];

	hash_hex(l->hash, hex);
	return then && !hash_is_zero(l->hash) && !str_eq(then, hex);
}

bool replay_any_changed(const struct replay *r)
{
	for (size_t i = 0; i < r->n_now; i++)
		if (replay_changed(r, &r->now[i]))
			return true;
	return false;
}

static void list_inputs(struct replay *r)
{
	struct leaves l = r->plan ? leaves_find(r->plan) : (struct leaves){0};

	r->n_now = r->plan ? l.n : 1;
	r->now = xnew(struct input_now, r->n_now + 1);
	for (size_t i = 0; i < l.n; i++)
		r->now[i] = (struct input_now){l.v[i].plan->inputs->v[l.v[i].at].text,
			l.v[i].model, {{0}}};
	if (!r->plan) /* the one model, by the name it has in the record */
		for (size_t i = r->n_in; i-- > 0;)
			if (str_eq(r->in[i].role, "input"))
				r->now[0] = (struct input_now){r->in[i].name, r->q.model, {{0}}};
	leaves_fini(&l);
}

bool replay_hash(struct replay *r, struct err *e)
{
	struct model **models;
	struct hash *hash;
	bool ok;

	list_inputs(r);
	models = xnew(struct model *, r->n_now + 1);
	hash = xnew(struct hash, r->n_now + 1);
	for (size_t i = 0; i < r->n_now; i++)
		models[i] = r->now[i].model;
	ok = content_hashes(models, r->n_now, cli_pool(r->c), &process_cancelled, hash, e);
	for (size_t i = 0; ok && i < r->n_now; i++)
		r->now[i].hash = hash[i];
	free(hash);
	free(models);
	return ok;
}

bool replay_open(struct replay *r, struct cli *c, int64_t id, struct err *e)
{
	memset(r, 0, sizeof *r);
	r->c = c;
	r->run = catalog_run_get(c->catalog, id, e);
	if (!r->run || !(r->in = catalog_run_inputs(c->catalog, id, &r->n_in, e)))
		return false;
	r->quantized = str_eq(r->run->kind, "quantize");
	if (!r->quantized && !str_eq(r->run->kind, "merge"))
		return err_set(e, ERR_INPUT, c->argv[0], NULL, "run %" PRId64 " wrote no model",
			id);
	return open_run(r, e);
}

void replay_close(struct replay *r)
{
	free(r->now);
	plan_unref(r->plan);
	quantizing_close(&r->q);
	catalog_inputs_free(r->in, r->n_in);
	catalog_runs_free(r->run, r->run != NULL);
}
