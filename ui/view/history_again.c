/* What comes of a run once more: its recipe brought back or branched, its output made again or
 * deleted. */
#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "system/file.h"
#include "ui/view/view_history.h"

/* The run of the row at the cursor, in whatever view has such rows; 0 none. */
static int64_t run_here(struct app *a)
{
	const struct catalog_run *r;

	switch (a->view->ops->digit) {
	case 7:
		r = history_selected(a);
		return r ? r->id : 0;
	case 6:
		return app_selected_result_run(a);
	default:
		return app_selected_model_run(a);
	}
}

static unsigned no_run(struct app *a)
{
	app_say(a, "it was not made by a run of this catalog");
	return CHANGED_SCREEN;
}

/* --- its recipe --- */

/* The open recipe that came from this run, -1 none. */
static int open_doc(const struct app *a, int64_t run)
{
	for (size_t i = 0; i < a->docs.n; i++)
		if (a->docs.v[i]->from_run == run)
			return (int)i;
	return -1;
}

static unsigned bring_back(struct app *a, int64_t id, bool variant)
{
	struct err e = { 0 };
	struct catalog_run *r = catalog_run_get(a->catalog, id, &e);
	struct recipe *recipe = NULL;
	struct str name = STR_INIT;
	unsigned bits;

	if (r && !r->recipe_text)
		err_set(&e, ERR_INPUT, "run", NULL, r->plan_text
			? "it quantized a model: it has a plan and no recipe"
			: "it has no recipe");
	else if (r)
		recipe = recipe_parse(r->recipe_text, strlen(r->recipe_text), r->recipe_path, &e);
	if (!recipe) {
		catalog_runs_free(r, r ? 1 : 0);
		return app_fail(a, &e);
	}
	str_addf(&name, "run-%" PRId64, id);
	if (variant)
		str_addf(&name, "-%zu", a->docs.n + 1);
	str_add(&name, ".yml");
	bits = app_add_recipe(a, recipe, name.s, id);
	str_fini(&name);
	catalog_runs_free(r, 1);
	return bits;
}

unsigned app_open_run_recipe(struct app *a, int64_t id)
{
	int at = open_doc(a, id);

	return at >= 0 ? app_select_doc(a, (size_t)at) | app_go(a, 3) : bring_back(a, id, false);
}

unsigned cmd_go_recipe(struct app *a, const char *args)
{
	int64_t run = run_here(a);

	(void)args;
	if (a->view->ops->digit == 1) /* cards have recipes too */
		return app_open_model_recipe(a);
	return run ? app_open_run_recipe(a, run) : no_run(a);
}

/* One more, beside the one that may be open. */
unsigned cmd_branch_run(struct app *a, const char *args)
{
	int64_t run = run_here(a);

	(void)args;
	return run ? bring_back(a, run, open_doc(a, run) >= 0) : no_run(a);
}

/* --- its output --- */

static unsigned start(struct app *a, const char *const *words, size_t n, const char *says)
{
	struct err e = { 0 };
	int64_t id = app_start_job(a, words, n, &e);

	if (!id)
		return app_fail(a, &e);
	history_self(a)->job = id;
	app_say(a, "job %" PRId64 " %s; 5 shows what comes of it", id, says);
	return CHANGED_JOBS;
}

static const struct err *err_of_job(const struct catalog_job *j, struct err *e)
{
	err_set(e, ERR_INPUT, j->what, NULL, "%s", j->message && *j->message ? j->message :
		j->state);
	return e;
}

/* Where the question was asked, if one is still there. */
void history_say_job(struct history_view *v)
{
	struct err e = { 0 };
	struct catalog_job *j = v->job ? catalog_job_get(v->view.app->catalog, v->job, NULL) : NULL;

	if (!j || str_eq(j->state, "waiting") || str_eq(j->state, "running")) {
		catalog_jobs_free(j, j != NULL);
		return;
	}
	v->job = 0;
	if (str_eq(j->state, "done"))
		app_say(v->view.app, "%s", j->message && *j->message ? j->message : j->what);
	else
		app_fail(v->view.app, err_of_job(j, &e));
	catalog_jobs_free(j, 1);
}

/* Without OUT nothing is kept: the answer is whether it is the same. */
unsigned cmd_replay_run(struct app *a, const char *args)
{
	int64_t run = run_here(a);
	const char *words[3] = { "replay", NULL, args };
	char number[24];

	if (!run)
		return no_run(a);
	snprintf(number, sizeof number, "%" PRId64, run);
	words[1] = number;
	return start(a, words, *args ? 3 : 2, "makes it again");
}

struct dropping {
	int64_t run;
	bool force;
};
static struct dropping dropping; /* one question is asked at a time */

static unsigned drop_answered(struct app *a, char key, void *ctx)
{
	const struct dropping *d = ctx;
	const char *words[3] = { "drop", "--force", NULL };
	char number[24];

	if (key != 'y')
		return CHANGED_SCREEN;
	snprintf(number, sizeof number, "%" PRId64, d->run);
	words[2] = number;
	if (d->force)
		return start(a, words, 3, "drops it");
	words[1] = number;
	return start(a, words, 2, "drops it");
}

/* Who was made of it; borrowed from v. NULL: nobody. */
static const struct catalog_run *made_of(const struct catalog_run *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i].status, "done") && v[i].output &&
			(v[i].dropped || file_exists(v[i].output)))
			return &v[i];
	return NULL;
}

static void add_question(struct str *s, const struct catalog_run *r, const struct catalog_run *of)
{
	str_add(s, "drop ");
	str_add_safe(s, str_base(r->output), strlen(str_base(r->output)));
	str_add(s, " (");
	str_add_bytes(s, r->bytes);
	str_add(s, ")? ");
	if (of)
		str_addf(s, "run %" PRId64 " (%s) was made of it", of->id, of->name);
	else
		str_addf(s, "replay %" PRId64 " makes it again", r->id);
	if (!of && r->seconds > 0) {
		str_add(s, " in ");
		str_add_seconds(s, r->seconds);
	}
}

unsigned cmd_drop(struct app *a, const char *args)
{
	int64_t run = run_here(a);
	struct catalog_run *r = run ? catalog_run_get(a->catalog, run, NULL) : NULL, *users = NULL;
	const struct catalog_run *of;
	struct str question = STR_INIT;
	size_t n = 0;
	unsigned bits;

	(void)args;
	if (!r)
		return no_run(a);
	if (!r->output || !file_exists(r->output)) {
		app_say(a, r->output ? "its output is not there" : "it wrote no output");
		catalog_runs_free(r, 1);
		return CHANGED_SCREEN;
	}
	users = catalog_run_users(a->catalog, run, &n, NULL);
	of = made_of(users, users ? n : 0);
	dropping = (struct dropping){ run, of != NULL };
	add_question(&question, r, of);
	bits = app_choose(a, question.s, "yn", drop_answered, &dropping);
	str_fini(&question);
	catalog_runs_free(users, n);
	catalog_runs_free(r, 1);
	return bits;
}
