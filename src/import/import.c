#include "import/import.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "import/card.h"
#include "import/reading.h"
#include "recipe/share.h"
#include "system/file.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)

static const struct import_kind kinds[] = {
#define IMPORT_KIND(id, name_, title_) { name_, title_, id##_is, id##_read },
#include "import/kinds.def"
#undef IMPORT_KIND
};

const struct import_kind *import_kind_at(size_t i)
{
	return i < sizeof kinds / sizeof kinds[0] ? &kinds[i] : NULL;
}

static const char *first(const char *s)
{
	if (str_starts(s, "\xef\xbb\xbf"))
		s += 3;
	return s + strspn(s, " \t\r\n");
}

bool import_parse(struct import_file *f, const char *path, const char *text, size_t n,
	struct err *e)
{
	struct import_text t = { .path = path, .s = text, .n = n };
	const char *start = first(text);
	json_t *json = NULL;

	*f = (struct import_file){ .path = xstrdup(path) };
	if (*start == '{') {
		json = json_parse(start, n - (size_t)(start - text), path, true, e);
		if (!json)
			return false;
		t.json = json;
	}
	for (size_t i = 0; !f->kind && i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].is(&t))
			f->kind = &kinds[i];
	if (f->kind)
		f->kind->read(&t, f);
	json_decref(json);
	return f->kind || err_set(e, ERR_INPUT, path, "read are model cards, results of "
		"lm-eval and mlx_lm.evaluate, logs of llama-perplexity, shared runs, and CSV "
		"with the columns model, task, metric, value",
		"no kind of file with figures that is known here");
}

bool import_read(struct import_file *f, const char *path, struct err *e)
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

void import_file_fini(struct import_file *f)
{
	for (size_t i = 0; i < f->facts.n; i++) {
		struct import_fact *x = &f->facts.v[i];

		free(x->variant);
		free(x->task);
		free(x->metric);
		free(x->text);
		json_decref(x->protocol);
	}
	for (size_t i = 0; i < f->unread.n; i++) {
		free(f->unread.v[i].text);
		free(f->unread.v[i].reason);
	}
	if (f->shared)
		share_fini(f->shared);
	free(f->shared);
	free(f->shared_text);
	vec_fini(&f->facts);
	vec_fini(&f->unread);
	free(f->path);
	free(f->model);
	card_free(f->card);
	*f = (struct import_file){ 0 };
}
