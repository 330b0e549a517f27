/* What a model weighs: bytes, parameters, bits, and its tensors by role and type. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "model/text_part.h"
#include "report/report_in.h"

struct group {
	const char *role, *type;
	size_t tensors;
	uint64_t parameters, bytes;
};

static int by_role(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	int c = strcmp(x->role, y->role);

	return c ? c : (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static void put_error(json_t *g, const json_t *errors)
{
	char *key = xasprintf("%s %s", json_text(g, "role", ""), json_text(g, "type", ""));
	const json_t *x = json_object_get(errors, key);

	report_put(g, "error", json_number(json_num(x, "error", NAN)));
	report_put(g, "error_half", json_number(json_num(x, "half", NAN)));
	free(key);
}

static json_t *groups(const struct model *m, const json_t *errors)
{
	vec(struct group) v = { 0 };
	json_t *list = json_array();

	for (size_t i = 0; i < m->source.n_tensors; i++) {
		const struct tensor *t = &m->source.tensors[i];
		const char *role = t->role ? t->role : "other";
		const char *type = t->dtype_text ? t->dtype_text : dtype_name(t->dtype);
		size_t k = 0;

		while (k < v.n && (strcmp(v.v[k].role, role) ||
			strcmp(v.v[k].type, type)))
			k++;
		if (k == v.n)
			*vec_push(&v) = (struct group){ .role = role, .type = type };
		v.v[k].tensors++;
		v.v[k].parameters += t->elements;
		v.v[k].bytes += t->bytes;
	}
	if (v.n)
		qsort(v.v, v.n, sizeof *v.v, by_role);
	for (size_t k = 0; k < v.n; k++) {
		json_t *g = json_object();

		report_set(g, "role", v.v[k].role);
		report_set(g, "type", v.v[k].type);
		report_put(g, "tensors", json_u64(v.v[k].tensors));
		report_put(g, "parameters", json_u64(v.v[k].parameters));
		report_put(g, "bytes", json_u64(v.v[k].bytes));
		report_put(g, "bits", json_number(v.v[k].parameters ? 8.0 *
			(double)v.v[k].bytes / (double)v.v[k].parameters : NAN));
		put_error(g, errors);
		json_array_append_new(list, g);
	}
	vec_fini(&v);
	return list;
}

static const char *format_of(const struct subject *s)
{
	const char *container = json_text(s->facts, "quantization.container", NULL);

	if (s->file)
		return s->file->format_text;
	if (s->model && s->model->format)
		return s->model->format;
	if (!container && s->run && s->run->output)
		return str_ends(s->run->output, ".gguf") ? "gguf" : "hf";
	return container;
}

/* The preset of a plan: its first key that says one. */
static char *preset_of(const struct subject *s)
{
	const char *p = s->run ? s->run->plan_text : NULL, *type;

	for (; p && *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (str_starts(p, "preset:")) {
			p += strlen("preset:");
			p += strspn(p, " \"'");
			return xstrndup(p, strcspn(p, " \"'\n#"));
		}
	type = json_text(s->facts, "quantization.type", NULL);
	return type ? xstrdup(type) : NULL;
}

/* The one file, or the folder, as a program is given it. */
static char *file_name(const struct subject *s)
{
	const char *path = s->model ? s->model->path : s->run ? s->run->output : NULL;

	return path && *path ? xstrdup(str_base(path)) : NULL;
}

void report_weights(const struct report *r, const struct subject *s, json_t *o)
{
	const struct catalog_model *m = s->model;
	const char *format = format_of(s), *arch = s->file ? s->file->architecture :
		m ? m->architecture : NULL;
	uint64_t bytes = m && m->bytes ? m->bytes : s->run ? s->run->bytes : 0, parameters;
	char *preset = preset_of(s), *file = file_name(s);
	json_t *errors = s->run && s->run->plan_text && s->file && r->ask->errors ?
		r->ask->errors(r->ask->ctx, s->run->id) : NULL;
	bool gguf = str_eq(format, "gguf"), mlx = str_eq(format, "mlx");

	parameters = m && m->parameters ? m->parameters : s->file ? s->file->parameters : 0;
	report_set(o, "format", format);
	report_put(o, "gguf", json_boolean(gguf));
	report_put(o, "mlx", json_boolean(mlx));
	report_put(o, "transformers", json_boolean(str_eq(format, "hf") ||
		str_eq(format, "safetensors")));
	report_set(o, "architecture", str_eq(arch, "unknown") ? NULL : arch);
	report_put(o, "sees", json_boolean(s->file && model_sees(s->file)));
	report_set(o, "dtype", m ? m->dtype : NULL);
	report_put(o, "bytes", bytes ? json_u64(bytes) : json_null());
	report_put(o, "parameters", parameters ? json_u64(parameters) : json_null());
	report_put(o, "bits", json_number(m && m->bits > 0 ? m->bits : bytes && parameters ?
		8.0 * (double)bytes / (double)parameters : NAN));
	report_set(o, "quantization", preset);
	report_put(o, "quantized", json_boolean((s->run && s->run->plan_text) || preset));
	report_set(o, "file", file);
	report_put(o, "groups", s->file ? groups(s->file, errors) : json_array());
	report_put(o, "errors", json_boolean(errors != NULL));
	json_decref(errors);
	free(preset);
	free(file);
}
