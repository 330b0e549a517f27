#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "system/file.h"
#include "ui/screen/event.h"
#include "ui/view/doc.h"

#define FOLD_SECONDS 1.0

const struct recipe *doc_recipe(const struct doc *d)
{
	return d->steps.v[d->at].recipe->file[d->document];
}

/* The same document of an earlier snapshot, or NULL. */
static const struct recipe *shown_of(const struct doc *d, const struct recipe *r)
{
	return d->document < r->documents ? r->file[d->document] : NULL;
}

const struct recipe *doc_before(const struct doc *d)
{
	return d->at ? shown_of(d, d->steps.v[d->at - 1].recipe) : NULL;
}

static bool same_text(const struct recipe *a, const struct recipe *b)
{
	return a == b || (a && b && a->text_n == b->text_n && !memcmp(a->text, b->text, a->text_n));
}

bool doc_is_dirty(const struct doc *d)
{
	return !same_text(doc_recipe(d), d->saved);
}

static void remember_file(struct doc *d)
{
	struct stat st;

	if (d->path && stat(d->path, &st) == 0) {
		d->saved_mtime = st.st_mtime * 1000000000 + st.st_mtim.tv_nsec;
		d->saved_size = st.st_size;
	}
}

static void set_saved(struct doc *d, const struct recipe *r)
{
	if (r)
		recipe_ref(r);
	if (d->saved)
		recipe_unref(d->saved);
	d->saved = r;
	remember_file(d);
}

static void set_path(struct doc *d, const char *path)
{
	char *copy = xstrdup(path);
	const char *slash = strrchr(copy, '/');

	free(d->path);
	free(d->name);
	free(d->near_dir);
	d->path = copy;
	d->name = xstrdup(str_base(copy));
	d->near_dir =
		slash ? xstrndup(copy, slash == copy ? 1 : (size_t)(slash - copy)) : xstrdup(".");
}

static struct doc *doc_begin(const struct recipe *r)
{
	struct doc *d = xnew(struct doc, 1);
	struct doc_step *s = vec_push(&d->steps);

	s->recipe = r;
	s->what = xstrdup("opened");
	d->document = r->document;
	return d;
}

struct doc *doc_load(const char *path, struct err *e)
{
	struct recipe *r = recipe_load(path, e);
	struct doc *d;

	if (!r)
		return NULL;
	d = doc_begin(r);
	set_path(d, path);
	set_saved(d, r);
	return d;
}

struct doc *doc_new(const struct recipe *r, const char *name)
{
	struct doc *d = doc_begin(r);

	d->name = xstrdup(name);
	d->near_dir = xstrdup(".");
	return d;
}

void doc_free(struct doc *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->steps.n; i++) {
		recipe_unref(d->steps.v[i].recipe);
		free(d->steps.v[i].what);
	}
	vec_fini(&d->steps);
	if (d->saved)
		recipe_unref(d->saved);
	plan_unref(d->plan);
	inputs_unref(d->inputs);
	findings_fini(&d->findings);
	effect_fini(&d->effect);
	free(d->fold_key);
	free(d->journal);
	free(d->path);
	free(d->name);
	free(d->near_dir);
	free(d);
}

/* --- steps --- */
static void drop_after(struct doc *d, size_t keep)
{
	while (d->steps.n > keep) {
		struct doc_step *s = &d->steps.v[--d->steps.n];

		recipe_unref(s->recipe);
		free(s->what);
	}
}

static bool folds(const struct doc *d, const char *key)
{
	return key && d->fold_key && str_eq(key, d->fold_key) && d->at > 0 &&
		d->at + 1 == d->steps.n && event_now() - d->folded < FOLD_SECONDS;
}

void doc_edit(struct doc *d, const struct recipe *r, const char *what, const char *merge_key)
{
	struct doc_step *s;

	if (folds(d, merge_key)) {
		s = &d->steps.v[d->at];
		recipe_unref(s->recipe);
		free(s->what);
	} else {
		drop_after(d, d->at + 1);
		s = vec_push(&d->steps);
		d->flip = d->at;
		d->at = d->steps.n - 1;
	}
	if (d->document >= r->documents)
		d->document = r->document;
	s->recipe = r->file[d->document];
	s->what = xstrdup(what);
	free(d->fold_key);
	d->fold_key = merge_key ? xstrdup(merge_key) : NULL;
	d->folded = event_now();
	d->journal_stale = true;
}

/* What changed is shown: the document of the later of the two snapshots. */
static void go(struct doc *d, size_t to)
{
	const struct recipe *now = d->steps.v[to].recipe;

	d->document = d->steps.v[to > d->at ? to : d->at].recipe->document;
	if (d->document >= now->documents)
		d->document = now->document;
	d->flip = d->at;
	d->at = to;
	d->journal_stale = true;
	free(d->fold_key);
	d->fold_key = NULL;
}

const char *doc_undo(struct doc *d)
{
	if (!d->at)
		return NULL;
	go(d, d->at - 1);
	return d->steps.v[d->at + 1].what;
}

const char *doc_redo(struct doc *d)
{
	if (d->at + 1 >= d->steps.n)
		return NULL;
	go(d, d->at + 1);
	return d->steps.v[d->at].what;
}

const char *doc_flip(struct doc *d)
{
	size_t to = d->flip < d->steps.n ? d->flip : d->steps.n - 1;

	if (to == d->at)
		return NULL;
	go(d, to);
	return d->steps.v[d->at].what;
}

void doc_show(struct doc *d, size_t document)
{
	if (document >= doc_recipe(d)->documents)
		return;
	d->document = document;
	free(d->fold_key);
	d->fold_key = NULL;
}

/* --- the file --- */
bool doc_save(struct doc *d, const char *path, struct err *e)
{
	if (!path && !d->path)
		return err_set(e, ERR_USAGE, d->name, "C-s asks for one, :save FILE gives one",
			"it has no file yet");
	if (path && !(d->path && str_eq(path, d->path)) && file_exists(path))
		return err_set(e, ERR_USAGE, path, "choose another name", "is there already");
	if (!recipe_save(doc_recipe(d), path ? path : d->path, e))
		return false;
	if (path)
		set_path(d, path);
	set_saved(d, doc_recipe(d));
	doc_journal_drop(d);
	return true;
}

bool doc_check_outside(struct doc *d, struct err *e)
{
	struct stat st;
	struct recipe *r;

	if (!d->path || stat(d->path, &st) < 0)
		return false;
	if (st.st_mtime * 1000000000 + st.st_mtim.tv_nsec == d->saved_mtime &&
		st.st_size == d->saved_size)
		return false;
	remember_file(d); /* a file that cannot be read is complained about once */
	r = recipe_load(d->path, e);
	if (!r)
		return false;
	set_saved(d, r);
	if (same_text(r, doc_recipe(d))) {
		recipe_unref(r);
		return false;
	}
	doc_edit(d, r, "the file changed outside", NULL);
	return true;
}

/* --- journal --- */
char *doc_state_dir(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state)
		return str_join_path(state, "cupel");
	return home ? str_join_path(home, ".local/state/cupel") : NULL;
}

/* One file for each recipe file, by the hash of its whole path; one for each unsaved recipe of this
 * process. */
static const char *journal_path(struct doc *d)
{
	char *dir = doc_state_dir(), *real = d->path ? realpath(d->path, NULL) : NULL;
	struct str s = STR_INIT;

	free(d->journal);
	d->journal = NULL;
	if (dir && real) {
		char hex[33];

		hash_hex(hash_bytes(real, strlen(real)), hex);
		str_addf(&s, "%s/journal/%.16s.yml", dir, hex);
	} else if (dir) {
		str_addf(&s, "%s/journal/new-%ld-%s.yml", dir, (long)getpid(), d->name);
		for (char *p = s.s + strlen(dir) + 9; *p; p++)
			if (*p == '/' || *p == ' ')
				*p = '-';
	}
	if (s.n)
		d->journal = str_steal(&s);
	free(real);
	free(dir);
	return d->journal;
}

void doc_journal_write(struct doc *d)
{
	const char *path = journal_path(d);
	char *dir;

	d->journal_stale = false;
	if (!path)
		return;
	if (!doc_is_dirty(d)) {
		unlink(path);
		return;
	}
	dir = xstrndup(path, (size_t)(str_base(path) - path));
	if (file_mkdirs(dir, NULL))
		file_write_all(path, doc_recipe(d)->text, doc_recipe(d)->text_n, NULL);
	free(dir);
}

void doc_journal_drop(struct doc *d)
{
	if (d->journal)
		unlink(d->journal);
	d->journal_stale = false;
}

bool doc_journal_recover(struct doc *d)
{
	const char *path = journal_path(d);
	struct recipe *r;
	size_t n = 0;
	char *text;

	if (!path || !d->path || !file_exists(path))
		return false;
	text = file_read_all(path, 16 << 20, &n, NULL);
	r = text ? recipe_parse(text, n, d->path, NULL) : NULL;
	free(text);
	if (!r)
		return false;
	if (same_text(r, doc_recipe(d))) {
		recipe_unref(r);
		unlink(path);
		return false;
	}
	doc_edit(d, r, "unsaved changes of an earlier session", NULL);
	return true;
}
