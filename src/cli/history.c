#include "config.h"
#include "cli/history.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/measured.h"
#include "system/file.h"

static bool whole_number(const char *text, int64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoll(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && errno == 0;
}

bool history_run_id(struct catalog *c, const char *text, int64_t *id, struct err *e)
{
	struct str filter = STR_INIT;
	struct catalog_run *v = NULL;
	size_t n = 0;
	bool found = false;

	if (whole_number(text, id))
		return true;
	if (!strchr(text, '"')) {
		str_addf(&filter, "archived:all name:\"%s\"", text);
		v = catalog_runs(c, filter.s, &n, e);
		str_fini(&filter);
		if (!v)
			return false;
	}
	for (size_t i = 0; i < n && !found; i++)
		if (str_eq(v[i].name, text)) {
			*id = v[i].id;
			found = true;
		}
	catalog_runs_free(v, n);
	return found || err_set(e, ERR_INPUT, text, "`cupel runs` lists them",
		"is neither the number nor the name of a run");
}

bool history_job_id(const char *text, int64_t *id, struct err *e)
{
	return whole_number(text, id) || err_set(e, ERR_USAGE, text, "`cupel jobs` lists them",
		"is not the number of a job");
}

const char *history_output(const struct catalog_run *r)
{
	if (!r->output || !*r->output || !str_eq(r->status, "done"))
		return "";
	if (r->replaced)
		return "replaced";
	return file_exists(r->output) ? "on disk" : r->dropped ? "dropped" : "gone";
}

char *history_when(const char *iso)
{
	struct tm tm = { 0 };
	char text[32] = "";
	time_t t;

	if (iso && sscanf(iso, "%d-%d-%dT%d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		&tm.tm_hour,
	    &tm.tm_min, &tm.tm_sec) == 6) {
		tm.tm_year -= 1900;
		tm.tm_mon -= 1;
		t = timegm(&tm);
		localtime_r(&t, &tm);
		strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm);
	}
	return xstrdup(text);
}

json_t *history_tags(const struct catalog_run *r)
{
	json_t *tags = json_array();

	for (const char *p = r->tags ? r->tags : ""; *p;) {
		size_t n = strcspn(p, " ");
		char *tag = xstrndup(p, n);

		json_array_append_new(tags, json_textn(tag));
		free(tag);
		p += n + (p[n] == ' ');
	}
	return tags;
}

static json_t *id_or_null(int64_t id)
{
	return id ? json_integer(id) : json_null();
}

json_t *history_run(const struct catalog_run *r)
{
	const char *where = history_output(r);
	json_t *j = json_object();

	json_object_set_new(j, "id", json_integer(r->id));
	json_object_set_new(j, "kind", json_textn(r->kind));
	json_object_set_new(j, "name", json_textn(r->name));
	json_object_set_new(j, "started", json_textn(r->started));
	json_object_set_new(j, "seconds", json_number(r->seconds));
	json_object_set_new(j, "status", json_textn(r->status));
	json_object_set_new(j, "recipe_hash", json_textn(r->recipe_hash));
	json_object_set_new(j, "recipe_path", json_textn(r->recipe_path));
	json_object_set_new(j, "method", json_textn(r->method));
	json_object_set_new(j, "output", json_textn(r->output));
	json_object_set_new(j, "output_hash", json_textn(r->output_hash));
	json_object_set_new(j, "output_state", *where ? json_string(where) : json_null());
	json_object_set_new(j, "bytes", json_u64(r->bytes));
	json_object_set_new(j, "tensors", json_u64(r->tensors));
	json_object_set_new(j, "seed", json_u64(r->seed));
	json_object_set_new(j, "parent", id_or_null(r->parent));
	json_object_set_new(j, "tags", history_tags(r));
	json_object_set_new(j, "note", json_textn(r->note));
	json_object_set_new(j, "archived", json_boolean(r->archived));
	json_object_set_new(j, "error", json_textn(r->error));
	return j;
}

static bool add_inputs(struct catalog *c, const struct catalog_run *r, json_t *j, struct err *e)
{
	size_t n;
	struct catalog_input *v = catalog_run_inputs(c, r->id, &n, e);
	json_t *list = json_array();

	for (size_t i = 0; v && i < n; i++) {
		json_t *in = json_object();

		json_object_set_new(in, "name", json_textn(v[i].name));
		json_object_set_new(in, "role", json_textn(v[i].role));
		json_object_set_new(in, "hash", json_textn(v[i].hash));
		json_object_set_new(in, "path", json_textn(v[i].path));
		json_array_append_new(list, in);
	}
	json_object_set_new(j, "inputs", list);
	catalog_inputs_free(v, n);
	return v != NULL;
}

static void add_outputs(const struct catalog_run *r, json_t *j)
{
	const char *where = history_output(r);
	json_t *list = json_array(), *out = json_object();

	json_object_set_new(out, "path", json_textn(r->output));
	json_object_set_new(out, "hash", json_textn(r->output_hash));
	json_object_set_new(out, "bytes", json_u64(r->bytes));
	json_object_set_new(out, "tensors", json_u64(r->tensors));
	json_object_set_new(out, "state", *where ? json_string(where) : json_null());
	if (r->output)
		json_array_append(list, out);
	json_decref(out);
	json_object_set_new(j, "outputs", list);
}

static json_t *protocol(const char *text)
{
	json_t *j = text ? json_parse(text, strlen(text), "protocol", false, NULL) : NULL;

	return j ? j : json_null();
}

struct catalog_score *history_results(struct catalog *c, int64_t run, size_t *n, struct err *e)
{
	struct catalog_measured of = { .run = run };
	struct catalog_score *v = catalog_measured_scores(c, &of, n, e);

	for (size_t i = 0; v && i < *n / 2; i++) { /* newest first they come */
		struct catalog_score swap = v[i];

		v[i] = v[*n - 1 - i];
		v[*n - 1 - i] = swap;
	}
	return v;
}

static bool add_results(struct catalog *c, const struct catalog_run *r, json_t *j, struct err *e)
{
	size_t n;
	struct catalog_score *v = history_results(c, r->id, &n, e);
	json_t *list = json_array();

	for (size_t i = 0; v && i < n; i++) {
		json_t *s = json_object();

		json_object_set_new(s, "task", json_textn(v[i].task));
		json_object_set_new(s, "metric", json_textn(v[i].metric));
		json_object_set_new(s, "value", json_number(v[i].value));
		json_object_set_new(s, "stderr", json_number(v[i].stderr_));
		json_object_set_new(s, "n", id_or_null(v[i].n));
		json_object_set_new(s, "estimated", json_boolean(v[i].estimated));
		json_object_set_new(s, "protocol", protocol(v[i].protocol));
		json_object_set_new(s, "source", json_textn(v[i].source));
		json_array_append_new(list, s);
	}
	json_object_set_new(j, "results", list);
	catalog_scores_free(v, n);
	return v != NULL;
}

static bool add_notes(struct catalog *c, const struct catalog_run *r, json_t *j, struct err *e)
{
	size_t n;
	struct catalog_note *v = catalog_notes(c, r->id, &n, e);
	json_t *list = json_array();

	for (size_t i = 0; v && i < n; i++) {
		json_t *note = json_object();

		json_object_set_new(note, "created", json_textn(v[i].created));
		json_object_set_new(note, "text", json_textn(v[i].text));
		json_array_append_new(list, note);
	}
	json_object_set_new(j, "notes", list);
	catalog_notes_free(v, n);
	return v != NULL;
}

json_t *history_whole(struct catalog *c, const struct catalog_run *r, struct err *e)
{
	json_t *row = history_run(r), *j = json_object();

	json_object_set_new(j, "run", json_integer(r->id));
	json_object_update_missing(j, row);
	json_decref(row);
	json_object_set_new(j, "version", json_textn(r->version));
	json_object_set_new(j, "arithmetic", json_textn(r->arithmetic));
	json_object_set_new(j, "command", json_textn(r->command));
	json_object_set_new(j, "recipe_text", json_textn(r->recipe_text));
	json_object_set_new(j, "plan_text", json_textn(r->plan_text));
	add_outputs(r, j);
	if (add_inputs(c, r, j, e) && add_results(c, r, j, e) && add_notes(c, r, j, e))
		return j;
	json_decref(j);
	return NULL;
}

int history_print(json_t *j)
{
	json_print(j);
	json_decref(j);
	return 0;
}
