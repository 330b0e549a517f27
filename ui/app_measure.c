/* The measure sheet: a model or the recipe at work on a text, alone or against another model; Enter
 * starts it as a process of its own. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/str.h"
#include "base/vec.h"
#include "engine/recipe_model.h"
#include "infer/net.h"
#include "ui/command/settings.h"
#include "ui/shell.h"
#include "ui/widget/sheet.h"

#define CONTEXT 512

struct measuring {
	char *subject;         /* path of a model or of a recipe's file */
	struct doc *doc;       /* the recipe, or NULL */
	double flops;          /* of a token; 0 unknown */
	uint64_t token;        /* bytes, about: more entries, longer tokens */
	char *refused;         /* why it cannot be measured, or NULL */
};
static char *last_text;        /* offered the next time */

bool command_can_measure(const struct app *a)
{
	return a->view->ops->context & CTX_RECIPE ? a->doc != NULL && a->doc->plan != NULL
		: app_selected_model(a) != NULL;
}

static void measuring_free(void *ctx)
{
	struct measuring *m = ctx;

	free(m->subject);
	free(m->refused);
	free(m);
}

/* Headers only: whether it can be done, and what a token costs. */
static void look(struct measuring *m)
{
	struct err e = { 0 };
	struct model *model = m->doc ? recipe_model(m->doc->plan, m->doc->name, &e)
		: model_open(m->subject, &e);
	struct net *net = model ? net_open(model, NULL, &e) : NULL;

	if (net)
		m->flops = net_flops(net, CONTEXT);
	else
		m->refused = xasprintf("%s; %s", e.what, e.hint);
	m->token = 4;
	if (model && model->tokenizer.config_vocab_size > 0)
		m->token = model->tokenizer.config_vocab_size < 8000 ? 2 :
			model->tokenizer.config_vocab_size < 60000 ? 3 : 4;
	net_free(net);
	model_unref(model);
}

static uint64_t number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")] && strlen(s) < 10 ? strtoull(s, NULL, 10)
		: UINT64_MAX;
}

/* The cost follows from the text and how much of it is taken. */
static void estimate(struct app *a, struct sheet *s, void *ctx)
{
	struct measuring *m = ctx;
	const char *text = sheet_value(s, "text");
	uint64_t chunks = number(sheet_value(s, "chunks")), have;
	struct stat st;

	(void)a;
	if (m->refused) {
		sheet_error(s, "%s", m->refused);
		return;
	}
	if (!*text || stat(text, &st) != 0 || !S_ISREG(st.st_mode)) {
		sheet_info(s, "cost", STYLE_dim, "%s", *text ? "there is no such file" :
			"a text of some hundred kB: prose, code, what the model is for");
		return;
	}
	have = (uint64_t)st.st_size / m->token / CONTEXT;
	if (chunks == UINT64_MAX) {
		sheet_error(s, "chunks is a number; 0 takes all of the text");
		return;
	}
	chunks = chunks && chunks < have ? chunks : have;
	sheet_info(s, "cost", STYLE_normal, "about %llu chunks of %d tokens, %.3g TFLOP%s",
		(unsigned long long)chunks, CONTEXT, m->flops * (double)chunks * CONTEXT / 1e12,
		*sheet_value(s, "against") ? ", twice" : "");
}

static unsigned start(struct app *a, struct sheet *s, void *ctx)
{
	struct measuring *m = ctx;
	const char *text = sheet_value(s, "text"), *against = sheet_value(s, "against");
	const char *chunks = sheet_value(s, "chunks");
	vec(const char *) args = { 0 };
	struct err e = { 0 };
	int64_t id = 0;

	if (m->refused || number(chunks) == UINT64_MAX || !file_exists(text)) {
		estimate(a, s, m);
		if (!file_exists(text))
			sheet_error(s, *text ? "there is no such file"
				: "give a text to measure on");
		return COMMAND_REFUSED;
	}
	if (m->doc && (doc_is_dirty(m->doc) || !m->doc->path) &&
		!doc_save(m->doc, m->doc->path ? NULL : sheet_value(s, "recipe"), &e)) {
		sheet_error(s, "%s: %s; %s", e.where, e.what, e.hint);
		return COMMAND_REFUSED;
	}
	for (const char *const *w = (const char *const[]){ "eval", "--text", text, "--chunks",
		chunks, NULL }; *w; w++)
		*vec_push(&args) = *w;
	if (*against) {
		*vec_push(&args) = "--against";
		*vec_push(&args) = against;
	}
	*vec_push(&args) = "--";
	*vec_push(&args) = m->doc ? m->doc->path : m->subject;
	id = app_start_job(a, args.v, args.n, &e);
	vec_fini(&args);
	if (!id) {
		sheet_error(s, "%s: %s; %s", e.where, e.what, e.hint);
		return COMMAND_REFUSED;
	}
	free(last_text);
	last_text = xstrdup(text);
	app_say(a, "job %lld measures %s; 5 shows it, 6 %swhat comes of it", (long long)id,
		str_base(m->doc ? m->doc->path : m->subject),
		m->doc ? "with p, everything measured, " : "");
	return CHANGED_JOBS | CHANGED_DOC;
}

/* Named in the settings, measured on before, or lying beside the models. */
static const char *offered_text(void)
{
	const char *set = settings_get("measure-text");

	if (*set)
		return set;
	if (last_text)
		return last_text;
	return file_exists("wiki.test.raw") ? "wiki.test.raw" : "";
}

unsigned cmd_measure(struct app *a, const char *args)
{
	struct measuring *m = xnew(struct measuring, 1);
	struct sheet *s;
	char *title;

	if (a->view->ops->context & CTX_RECIPE)
		m->doc = a->doc;
	else
		m->subject = xstrdup(app_selected_model(a));
	look(m);
	title = xasprintf("measure %s", m->doc ? m->doc->name : str_base(m->subject));
	s = sheet_new(title, "start measuring", start, m);
	sheet_text(s, "text", *args ? args : offered_text());
	sheet_text(s, "against", "");
	sheet_text(s, "chunks", "24");
	if (m->doc && !m->doc->path) {
		char *file = xasprintf("%s%s", m->doc->name,
			str_ends(m->doc->name, ".yml") ? "" : ".yml");

		sheet_text(s, "recipe", file);
		free(file);
	} else if (m->doc) {
		sheet_info(s, "recipe", STYLE_normal, "%s%s", m->doc->path,
			doc_is_dirty(m->doc) ? "  is saved first" : "");
	}
	sheet_info(s, "", STYLE_dim, "perplexity; 24 chunks tell differences of some percent "
		"in pairs");
	sheet_on_change(s, estimate);
	sheet_on_free(s, measuring_free);
	estimate(a, s, m);
	free(title);
	return app_sheet(a, s);
}
