/* results_TIME.json of lm-eval 0.4: results, groups, n-shot, versions, n-samples, config. */
#include "import/reading.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "system/file.h"

bool lm_eval_is(const struct import_text *t)
{
	json_t *results = json_object_get(t->json, "results");

	return json_is_object(results) && (json_object_get(t->json, "config") ||
		json_object_get(t->json, "versions") || import_results_is(results));
}

/* "pretrained=a/b,dtype=auto" or {"pretrained": "a/b"}: the value, free(), or NULL. */
static char *argument(const json_t *args, const char *name)
{
	const char *s = json_string_value(args);
	size_t n = strlen(name);

	if (json_is_object(args))
		return json_text(args, name, NULL) ? xstrdup(json_text(args, name, "")) : NULL;
	for (; s && *s; s += strcspn(s, ","), s += *s == ',')
		if (!strncmp(s, name, n) && s[n] == '=')
			return xstrndup(s + n + 1, strcspn(s + n + 1, ","));
	return NULL;
}

/* What was measured, an adapter named as cupel does. */
static char *model_of(const json_t *all)
{
	const json_t *args = json_at(all, "config.model_args");
	char *base = argument(args, "pretrained"), *peft = argument(args, "peft"), *both;
	const char *name = json_text(all, "model_name", NULL);

	if (!base)
		base = argument(args, "model");
	if (!base && name)
		base = xstrdup(name);
	if (!base || !peft) {
		free(peft);
		return base;
	}
	both = xasprintf("%s+%s", base, peft);
	free(base);
	free(peft);
	return both;
}

static void set_text(json_t *o, const char *key, const char *value)
{
	if (value && *value)
		json_object_set_new(o, key, json_textn(value));
}

/* "temperature=0.7,top_p=0.9", or an object of the same. */
static void set_generation(json_t *p, const json_t *given)
{
	struct str s = STR_INIT;

	if (json_is_object(given) && json_object_size(given)) {
		json_add(&s, given, 0);
		set_text(p, "generation", s.s);
	} else {
		set_text(p, "generation", json_string_value(given));
	}
	str_fini(&s);
}

static json_t *protocol(const json_t *all)
{
	json_t *p = json_object(), *limit = json_at(all, "config.limit");
	const json_t *args = json_at(all, "config.model_args");
	char *dtype = argument(args, "dtype");

	json_object_set_new(p, "tool", json_string("lm-eval"));
	set_text(p, "tool_version", json_text(all, "lm_eval_version", NULL));
	set_text(p, "engine", json_text(all, "config.model", json_text(all, "model_source", NULL)));
	set_text(p, "dtype", dtype ? dtype : json_text(all, "config.model_dtype", NULL));
	if (json_is_number(limit))
		json_object_set(p, "limit", limit);
	if (json_text(all, "chat_template_sha", NULL))
		set_text(p, "template", json_text(all, "chat_template_sha", NULL));
	else if (json_object_get(all, "chat_template"))
		json_object_set_new(p, "template", json_string(
			json_text(all, "chat_template", NULL) ? "chat" : "none"));
	if (json_at(all, "config.gen_kwargs"))
		set_generation(p, json_at(all, "config.gen_kwargs"));
	if (!str_eq(json_text(all, "config.model_revision", "main"), "main"))
		set_text(p, "revision", json_text(all, "config.model_revision", NULL));
	if (json_flag(all, "fewshot_as_multiturn", false))
		json_object_set_new(p, "multiturn", json_true());
	if (json_text(all, "system_instruction_sha", NULL))
		set_text(p, "system", json_text(all, "system_instruction_sha", NULL));
	free(dtype);
	return p;
}

/* Where the file itself does not say it (any more): it lies in a folder called owner__model. */
static char *model_of_folder(const char *path)
{
	char *folder = file_folder(path), *name = xstrdup(str_base(folder)), *at, *both = NULL;

	at = strstr(name, "__");
	if (str_starts(str_base(path), "results_") && at && at > name && at[2]) {
		*at = '\0';
		both = xasprintf("%s/%s", name, at + 2);
	}
	free(folder);
	free(name);
	return both;
}

void lm_eval_read(const struct import_text *t, struct import_file *f)
{
	json_t *base = protocol(t->json);
	struct import_results r = { .all = t->json, .base = base };
	struct import_walk w, inner;

	f->model = model_of(t->json);
	if (!f->model)
		f->model = model_of_folder(t->path);
	r.variant = f->model;
	import_walk_text(&w, t);
	while (import_walk_next(&w)) {
		r.group = !strcmp(w.key, "groups");
		if (!r.group && strcmp(w.key, "results"))
			continue;
		if (json_is_object(w.value)) {
			import_walk_inside(&inner, &w);
			import_results(f, inner, &r);
		} else if (!json_is_null(w.value))
			import_unread(f, w.key_line, w.key_text, w.n, "not an object of tasks");
	}
	json_decref(base);
}
