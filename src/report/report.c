#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "report/pattern.h"
#include "report/report_in.h"
#include "system/file.h"

/* --- data --- */

static void let_go(struct report *r)
{
	for (size_t i = 0; i < r->v.n; i++)
		report_subject_fini(&r->v.v[i]);
	vec_fini(&r->v);
	compare_free(r->cmp);
	lineage_free(r->lineage);
	catalog_measured_free(r->measured, r->n_measured);
	catalog_models_free(r->models, r->n_models);
}

static bool gather(struct report *r, struct err *e)
{
	r->models = catalog_models(r->c, &r->n_models, e);
	r->measured = r->models ? catalog_measured(r->c, &r->n_measured, e) : NULL;
	r->lineage = r->measured ? lineage_load(r->c, e) : NULL;
	if (!r->lineage)
		return false;
	for (size_t i = 0; i < r->ask->n; i++)
		if (!report_subject(r, r->ask->words[i], e))
			return false;
	return report_compare(r, e);
}

static json_t *subject_json(const struct report *r, const struct subject *s)
{
	json_t *o = json_object();

	report_set(o, "name", s->name);
	report_set(o, "short", str_base(s->name));
	report_set(o, "label", s->variant != SIZE_MAX ? r->cmp->variants[s->variant].label :
		str_base(s->name));
	report_weights(r, s, o);
	report_origin(r, s, o);
	report_words(r, s, o);
	report_sensitivity(r, s, o);
	return o;
}

/* "A against B", "A, B and C" */
static char *title_of(const struct report *r)
{
	struct str s = STR_INIT;

	for (size_t i = 0; i < r->v.n; i++)
		str_addf(&s, "%s%s", !i ? "" : r->v.n == 2 ? " against " : i + 1 == r->v.n ?
			" and " : ", ", r->v.v[i].name);
	return str_steal(&s);
}

static json_t *whole(const struct report *r)
{
	json_t *o = json_object(), *subjects = json_array();
	char *title = title_of(r), *header;

	report_set(o, "cupel", PACKAGE_VERSION);
	report_set(o, "title", title);
	report_put(o, "several", json_boolean(r->v.n > 1));
	for (size_t i = 0; i < r->v.n; i++)
		json_array_append_new(subjects, subject_json(r, &r->v.v[i]));
	report_put(o, "subjects", subjects);
	json_object_set(o, "subject", json_array_get(subjects, 0));
	report_scores(r, o);
	report_lines(r, o);
	header = report_header(r, o);
	report_set(o, "header", header);
	free(header);
	free(title);
	return o;
}

json_t *report_data(struct catalog *c, const struct report_ask *ask, struct err *e)
{
	struct report r = { .c = c, .ask = ask };
	json_t *o = NULL;

	if (!ask->n)
		err_set(e, ERR_USAGE, "export", NULL, "a card is about at least one model");
	else if (gather(&r, e))
		o = whole(&r);
	let_go(&r);
	return o;
}

/* --- layouts --- */

#define LAYOUTS "cards"

static char *user_folder(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (config && *config)
		return xasprintf("%s/cupel/" LAYOUTS, config);
	return home && *home ? xasprintf("%s/.config/cupel/" LAYOUTS, home) : NULL;
}

static bool is_name(const char *s)
{
	return *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_-")];
}

/* The user's own comes first. */
static char *layout_path(const char *name)
{
	char *folder = user_folder();
	char *path = folder ? xasprintf("%s/%s.md", folder, name) : NULL, *rel;

	free(folder);
	if (path && file_exists(path))
		return path;
	free(path);
	rel = xasprintf(LAYOUTS "/%s.md", name);
	path = file_data_path(rel);
	free(rel);
	return path;
}

static void add_names(const char *folder, struct str *seen, char ***v, size_t *n)
{
	size_t files = 0;
	char **names = folder && file_is_dir(folder) ? file_list(folder, &files, NULL) : NULL;

	for (size_t i = 0; names && i < files; i++) {
		char *name = str_ends(names[i], ".md") ?
			xstrndup(names[i], strlen(names[i]) - 3) : NULL;
		char *mark = name ? xasprintf("\n%s\n", name) : NULL;

		if (name && is_name(name) && *name != '_' && !strstr(seen->s, mark)) {
			str_add(seen, mark);
			*v = xrealloc(*v, (*n + 1) * sizeof **v);
			(*v)[(*n)++] = xstrdup(name);
		}
		free(mark);
		free(name);
	}
	file_list_free(names, files);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **report_layouts(size_t *n)
{
	char *own = user_folder(), *shipped = file_data_path(LAYOUTS), **v = xnew(char *, 1);
	struct str seen = STR_INIT;

	*n = 0;
	str_add(&seen, "\n");
	add_names(own, &seen, &v, n);
	add_names(shipped, &seen, &v, n);
	qsort(v, *n, sizeof *v, by_text);
	str_fini(&seen);
	free(own);
	free(shipped);
	return v;
}

static bool no_layout(const char *name, struct err *e)
{
	struct str hint = STR_INIT;
	size_t n;
	char **v = report_layouts(&n);

	str_add(&hint, "there are");
	for (size_t i = 0; i < n; i++) {
		str_addf(&hint, "%s %s", i ? "," : "", v[i]);
		free(v[i]);
	}
	free(v);
	err_set(e, ERR_INPUT, name, hint.s, "no layout of a card has this name");
	str_fini(&hint);
	return false;
}

static char *load(void *ctx, const char *name, char **where, struct err *e)
{
	char *path, *text = NULL;
	size_t n;

	(void)ctx;
	if (!is_name(name)) {
		no_layout(name, e);
		return NULL;
	}
	path = layout_path(name);
	if (file_exists(path))
		text = file_read_all(path, PATTERN_MAX_BYTES, &n, e);
	else
		no_layout(name, e);
	if (text)
		*where = path;
	else
		free(path);
	return text;
}

/* Parts that had nothing to say leave no gap; inside of fences all stays as it is. */
static char *without_gaps(const char *text)
{
	struct str out = STR_INIT;
	size_t fence = 0, empty = 0;
	char mark = 0;

	str_add(&out, "");
	while (*text) {
		size_t n = strcspn(text, "\n"), blanks = strspn(text, " ");
		const char *p = text + blanks;
		size_t run = *p == '`' || *p == '~' ? strspn(p, *p == '`' ? "`" : "~") : 0;

		if (fence && run >= fence && *p == mark && blanks + run == n) {
			fence = 0;
		} else if (!fence && run >= 3) {
			fence = run;
			mark = *p;
		}
		empty = n || fence ? 0 : empty + 1;
		if (empty < 2)
			str_addn(&out, text, n + (text[n] == '\n'));
		text += n + (text[n] == '\n');
	}
	return str_steal(&out);
}

char *report_card(struct catalog *c, const struct report_ask *ask, struct err *e)
{
	char *where = NULL, *text = load(NULL, ask->layout ? ask->layout : "default", &where, e);
	struct pattern *p = text ? pattern_parse(text, strlen(text), where, load, NULL, e) : NULL;
	json_t *data = p ? report_data(c, ask, e) : NULL;
	struct str out = STR_INIT;
	bool ok = data && pattern_render(p, data, &out, e);

	json_decref(data);
	pattern_free(p);
	free(text);
	free(where);
	char *card = ok ? without_gaps(out.s) : NULL;

	str_fini(&out);
	return card;
}
