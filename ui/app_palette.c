/* The palette: commands by name or by what their help says, then what completes their arguments. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "merge/method.h"
#include "stat/stats.h"
#include "ui/command/files.h"
#include "ui/command/fuzzy.h"
#include "ui/command/settings.h"
#include "ui/screen/style.h"
#include "ui/shell.h"
#include "ui/widget/prompt.h"

/* --- words that complete an argument --- */
struct completion {
	struct candidates *out;
	const char *before, *typed; /* the line up to the word; the word */
};

static void offer(struct completion *c, const char *word, const char *help)
{
	struct str line = STR_INIT;
	uint64_t hits;

	if (fuzzy_score(c->typed, word, "", &hits) <= 0)
		return;
	str_addf(&line, "%s%s", c->before, word);
	candidates_add(c->out, line.s, word, NULL, help, hits);
	str_fini(&line);
}

static void offer_file(void *ctx, const char *name)
{
	offer(ctx, name, NULL);
}

static void offer_files(struct completion *c)
{
	const char *slash = strrchr(c->typed, '/');
	size_t n = slash ? (size_t)(slash - c->typed) + 1 : 0;
	char *dir = n ? xstrndup(c->typed, n) : xstrdup("./");
	struct completion inner = *c;
	struct str before = STR_INIT;

	str_addf(&before, "%s%.*s", c->before, (int)n, c->typed);
	inner.before = before.s;
	inner.typed = c->typed + n;
	files_list(dir, offer_file, &inner);
	str_fini(&before);
	free(dir);
}

static void offer_setting(struct completion *c, const char *before)
{
	const char *name = before + strcspn(before, " ");
	const struct setting_row *row = NULL;

	name += strspn(name, " ");
	for (size_t i = 0; i < setting_count(); i++) {
		const struct setting_row *r = setting_at(i);

		if (!*name)
			offer(c, r->name, r->help);
		else if (strncmp(name, r->name, strlen(r->name)) == 0)
			row = r;
	}
	if (row) {
		char *copy = xstrdup(row->values), *save = NULL;

		for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
			offer(c, w, NULL);
		free(copy);
	}
}

static bool is_kind(const char *kind, const char *word)
{
	return strstr(kind, word) != NULL;
}

/* The last word of a filter of runs. */
static void offer_runs(struct shell *s, struct completion *c)
{
	size_t n;
	struct catalog_word *v = catalog_filter_words(s->a.catalog, c->typed, &n);

	for (size_t i = 0; i < n; i++) {
		struct str line = STR_INIT;

		struct str help = STR_INIT;

		str_addf(&line, "%s%s", c->before, v[i].text);
		str_addf(&help, "%s%s%s", v[i].help ? v[i].help : "", v[i].example ? ": " : "",
			v[i].example ? v[i].example : "");
		candidates_add(c->out, line.s, v[i].word, NULL, help.s, 0);
		str_fini(&line);
		str_fini(&help);
	}
	catalog_words_free(v, n);
}

void complete_word(struct shell *s, const char *kind, const char *before, const char *typed,
	struct candidates *out)
{
	struct completion c = { out, before, typed };
	const struct table *t = s->a.view->table;

	if (is_kind(kind, "METHOD"))
		for (size_t i = 0; method_at(i); i++)
			offer(&c, method_at(i)->name, method_at(i)->help);
	else if (is_kind(kind, "MODEL"))
		for (size_t i = 0; i < s->a.n_models; i++)
			offer(&c, s->a.models[i].name, s->a.models[i].path);
	else if (is_kind(kind, "COLUMN") && t)
		for (int i = 0; i < t->n_columns; i++)
			offer(&c, t->columns[i].name, t->columns[i].help);
	else if (is_kind(kind, "SETTING"))
		offer_setting(&c, before);
	else if (is_kind(kind, "THEME"))
		for (const char *const *n = style_themes(); *n; n++)
			offer(&c, *n, NULL);
	else if (is_kind(kind, "COMMAND") && strchr(before, ' ') != strrchr(before, ' '))
		for (size_t i = 0; i < command_count(); i++)
			offer(&c, command_at(i)->name, command_at(i)->help);
	else if (is_kind(kind, "STAT"))
		for (int i = 0; i < STAT_COUNT; i++)
			offer(&c, stat_info((enum stat_id)i)->name,
				stat_info((enum stat_id)i)->help);
	else if (is_kind(kind, "RUNS"))
		offer_runs(s, &c);
	else if (is_kind(kind, "FILE") || is_kind(kind, "PATH") || is_kind(kind, "DIR"))
		offer_files(&c);
}

/* --- commands --- */
struct scored {
	const struct command *command;
	int score;
	uint64_t hits;
};

static int by_score(const void *pa, const void *pb)
{
	const struct scored *a = pa, *b = pb;

	return a->score != b->score ? b->score - a->score : a->command < b->command ? -1 : 1;
}

/* The view a command is run in: the one on the screen if it can be, else the first that has it. */
static const struct view *view_of(const struct shell *s, const struct command *c)
{
	if (c->contexts & s->a.view->ops->context)
		return s->a.view;
	for (int i = 0; i < APP_VIEWS; i++)
		if (s->a.views[i] && c->contexts & s->a.views[i]->ops->context)
			return s->a.views[i];
	return NULL;
}

static void offer_commands(struct shell *s, const char *typed, struct candidates *out)
{
	struct scored *v = xnew(struct scored, command_count());
	size_t n = 0;

	for (size_t i = 0; i < command_count(); i++) {
		const struct command *c = command_at(i);
		uint64_t hits;
		int score = fuzzy_score(typed, c->name, c->help, &hits);

		if (score <= 0 || !(c->contexts & CTX_VIEWS) || !view_of(s, c))
			continue;
		if (!(c->contexts & s->a.view->ops->context))
			score = score > 3 ? score / 2
					  : score; /* of another view: after those of this one */
		else if (!command_is_enabled(c, &s->a))
			score = score > 3 ? score * 2 / 3
					  : score; /* still found: it says what it would need */
		v[n++] = (struct scored){ c, score, hits };
	}
	if (n > 1)
		qsort(v, n, sizeof *v, by_score);
	for (size_t i = 0; i < n; i++) {
		struct str label = STR_INIT, keys = STR_INIT, line = STR_INIT, help = STR_INIT;
		const struct command *c = v[i].command;
		const struct view *where = view_of(s, c);

		str_addf(&help, "%s%s%s", where == s->a.view ? "" : where->ops->title,
			where == s->a.view ? "" : ": ", c->help);
		str_addf(&label, "%s%s%s", c->name, *c->args ? " " : "", c->args);
		str_addf(&line, "%s%s", c->name, *c->args ? " " : "");
		command_keys(c, true, &keys);
		candidates_add(out, line.s, label.s, keys.s, help.s, v[i].hits);
		str_fini(&help);
		str_fini(&label);
		str_fini(&keys);
		str_fini(&line);
	}
	free(v);
}

static void fill(struct app *a, const char *text, struct candidates *out, void *ctx)
{
	size_t n = strcspn(text, " ");
	const struct command *c;
	char *name, *before;
	const char *last;

	(void)ctx;
	if (!text[n]) {
		offer_commands(shell_of(a), text, out);
		return;
	}
	name = xstrndup(text, n);
	c = command_by_name(name);
	free(name);
	if (!c)
		return;
	last = strrchr(text, ' ') + 1;
	before = xstrndup(text, (size_t)(last - text));
	complete_word(shell_of(a), c->args, before, last, out);
	free(before);
}

/* A command that needs an argument is completed, not run without it. */
static bool takes(struct app *a, const char *text, void *ctx)
{
	size_t n = strcspn(text, " ");
	char *name = xstrndup(text, n);
	const struct command *c = command_by_name(name);

	(void)a;
	(void)ctx;
	free(name);
	return !c || !*c->args || c->args[0] == '[' || text[n + strspn(text + n, " ")];
}

/* Where it said nothing itself: the key that does the same next time. */
static void name_key(struct shell *s, const struct command *c)
{
	struct str keys = STR_INIT;

	command_keys(c, true, &keys);
	if (keys.n && !s->message.n && !s->quit)
		app_say(&s->a, "%s: %s does the same", c->name, keys.s);
	str_fini(&keys);
}

/* A command of another view is run there. */
static unsigned done(struct app *a, const char *text, void *ctx)
{
	char *name = xstrndup(text, strcspn(text, " "));
	const struct command *c = command_by_name(name);
	const struct view *v = c ? view_of(shell_of(a), c) : NULL;
	unsigned bits = 0;

	(void)ctx;
	free(name);
	if (v && v != a->view) {
		bits = app_go(a, v->ops->digit);
		shell_tick(shell_of(a)); /* it learns what changed while nobody looked */
	}
	if (*text)
		bits |= shell_run_line(shell_of(a), text);
	if (c)
		name_key(shell_of(a), c);
	return bits;
}

struct overlay *palette_new(struct shell *s)
{
	struct prompt_ops ops = { done, NULL, NULL, fill, takes, true, NULL };

	return prompt_new(&s->a, ":", NULL, "palette", &ops, NULL);
}
