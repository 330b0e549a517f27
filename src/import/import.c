#include "import/import.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "import/card.h"
#include "import/reading.h"
#include "import/samples.h"
#include "recipe/share.h"
#include "system/file.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)

static const struct import_kind kinds[] = {
#define IMPORT_KIND(id, name_, title_) { name_, title_, id##_is, id##_read },
#include "import/kinds.def"
#undef IMPORT_KIND
};

static const char *first(const char *s)
{
	if (str_starts(s, "\xef\xbb\xbf"))
		s += 3;
	return s + strspn(s, " \t\r\n");
}

static void read_as(struct import_file *f, const struct import_text *t)
{
	for (size_t i = 0; !f->kind && i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].is(t))
			f->kind = &kinds[i];
	if (f->kind)
		f->kind->read(t, f);
}

/* What a text that breaks off holds; false with e as it is if that is nothing of use. */
static bool read_torn(struct import_file *f, const char *path, const char *text, size_t n)
{
	struct import_text t = { .path = path };
	int64_t line = 1;
	json_t *json;
	size_t cut, left;
	char *whole = import_torn(text, n, &cut);

	if (!whole)
		return false;
	t.s = whole;
	t.n = strlen(whole);
	t.json = json = json_parse(whole, t.n, path, true, NULL);
	if (json)
		read_as(f, &t);
	json_decref(json);
	free(whole);
	cut += strspn(text + cut, " \t\r\n,");
	for (size_t i = 0; i < cut; i++)
		line += text[i] == '\n';
	left = n - cut;
	if (f->kind)
		import_unread(f, line, text + cut, left, "the file breaks off here, or is "
			"damaged: nothing after this was read");
	return f->kind != NULL;
}

bool import_parse(struct import_file *f, const char *path, const char *text, size_t n,
	struct err *e)
{
	struct import_text t = { .path = path, .s = text, .n = n };
	const char *start = first(text);
	json_t *json = NULL;

	*f = (struct import_file){ .path = xstrdup(path) };
	if (!*start && (size_t)(start - text) == n)
		return err_set(e, ERR_INPUT, path, "fetch or save it again", "it is empty");
	if (*start == '{' && !lm_eval_samples_is(&t)) {
		t.json = json = json_parse(start, n - (size_t)(start - text), path, true, e);
		if (!json && !read_torn(f, path, start, n - (size_t)(start - text)))
			return false;
		if (!json) {
			err_clear(e);
			return true;
		}
	}
	read_as(f, &t);
	json_decref(json);
	return f->kind || err_set(e, ERR_INPUT, path, "read are model cards, results of "
		"lm-eval (with its samples) and mlx_lm, logs of llama-perplexity, shared runs, "
		"and CSV with the columns model, task, metric, value",
		"no kind of file with figures that is known here");
}

bool import_read_alone(struct import_file *f, const char *path, struct err *e)
{
	size_t n;
	char *text = file_read_all(path, FILE_MAX_BYTES, &n, e);
	bool ok;

	*f = (struct import_file){ 0 };
	if (!text)
		return false;
	ok = import_parse(f, path, text, n, e);
	free(text);
	return ok;
}

static const struct import_kind *kind_named(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

bool import_read(struct import_file *f, const char *path, struct err *e)
{
	if (samples_is_path(path)) /* may be larger than memory */
		return samples_read_file(f, kind_named("lm-eval samples"), path, e);
	if (!import_read_alone(f, path, e))
		return false;
	if (!strcmp(f->kind->name, "lm-eval"))
		samples_beside(f);
	return true;
}

void import_fact_fini(struct import_fact *x)
{
	free(x->variant);
	free(x->task);
	free(x->metric);
	free(x->text);
	json_decref(x->protocol);
}

void import_file_fini(struct import_file *f)
{
	for (size_t i = 0; i < f->facts.n; i++)
		import_fact_fini(&f->facts.v[i]);
	for (size_t i = 0; i < f->answers.n; i++)
		catalog_answers_fini(&f->answers.v[i].a);
	for (size_t i = 0; i < f->unread.n; i++) {
		free(f->unread.v[i].text);
		free(f->unread.v[i].reason);
	}
	if (f->shared)
		share_fini(f->shared);
	free(f->shared);
	free(f->shared_text);
	vec_fini(&f->facts);
	vec_fini(&f->answers);
	vec_fini(&f->unread);
	free(f->path);
	free(f->of);
	free(f->model);
	card_free(f->card);
	*f = (struct import_file){ 0 };
}
