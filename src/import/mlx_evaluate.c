/* What mlx_lm.evaluate leaves: lm-eval's results alone. The model, lm-eval's version and the shots
 * stand in the file's name: eval_owner_model_0.4.9[_05]_task_task */
#include "import/reading.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"

bool mlx_evaluate_is(const struct import_text *t)
{
	const char *task;
	json_t *row;

	if (!json_is_object(t->json) || !json_object_size(t->json))
		return false;
	json_object_foreach((json_t *)t->json, task, row)
		if (!json_is_object(row))
			return false;
	return import_results_is(t->json);
}

/* Bytes of "0.4.9" at s, 0 if no version stands there. */
static size_t version(const char *s)
{
	size_t n = strspn(s, "0123456789."), dots = 0;

	for (size_t i = 0; i < n; i++)
		dots += s[i] == '.';
	return dots == 2 && isdigit((uint8_t)*s) && (s[n] == '_' || !s[n]) ? n : 0;
}

static char *from_name(const char *path, json_t *p)
{
	const char *name = str_base(path), *at;
	size_t n = 0;

	if (!str_starts(name, "eval_"))
		return NULL;
	name += strlen("eval_");
	for (at = strchr(name, '_'); at && !(n = version(at + 1)); at = strchr(at + 1, '_'))
		;
	if (!at || at == name)
		return NULL;
	char *tool = xstrndup(at + 1, n), *model = xstrndup(name, (size_t)(at - name));
	at += 1 + n;
	json_object_set_new(p, "lm_eval_version", json_textn(tool));
	free(tool);
	if (at[0] == '_' && strspn(at + 1, "0123456789") == 2 && (at[3] == '_' || !at[3]))
		json_object_set_new(p, "shots", json_integer(strtol(at + 1, NULL, 10)));
	return model;
}

void mlx_evaluate_read(const struct import_text *t, struct import_file *f)
{
	json_t *base = json_object();
	struct import_results r = { .base = base };
	struct import_walk w;

	json_object_set_new(base, "tool", json_string("mlx_lm.evaluate"));
	f->model = from_name(t->path, base);
	r.variant = f->model;
	import_walk_text(&w, t);
	import_results(f, w, &r);
	json_decref(base);
}
