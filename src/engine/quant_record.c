#include "config.h"
#include "engine/quant_record.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "engine/content.h"
#include "engine/leaves.h"
#include "import/import.h"
#include "system/process.h"

struct listed { struct catalog_input *v; size_t n, cap; };

struct hash quant_imatrix_hash(const struct imatrix *m)
{
	struct hash_stream *s = hash_stream_new();

	for (size_t i = 0; i < m->n; i++) {
		hash_stream_add(s, m->v[i].name, strlen(m->v[i].name) + 1);
		hash_stream_add(s, m->v[i].values, (size_t)m->v[i].n * sizeof(float));
	}
	return hash_stream_end(s);
}

/* --- what it reads --- */

static void list_merge(const struct plan *p, struct listed *in)
{
	struct leaves l = leaves_find(p);

	for (size_t i = 0; i < p->inputs->n; i++) {
		const struct input *x = &p->inputs->v[i];

		*vec_push(in) = (struct catalog_input){ .name = (char *)x->text,
			.path = x->made_by ? NULL : x->stored->path,
			.role = (int)i == p->inputs->base ? (char *)"base" : (char *)"input" };
	}
	for (size_t i = 0; i < l.n; i++)
		if (l.v[i].inner)
			*vec_push(in) = (struct catalog_input){ .role = (char *)"inner",
				.name = (char *)l.v[i].plan->inputs->v[l.v[i].at].text,
				.path = l.v[i].model->path };
	leaves_fini(&l);
}

static struct listed list_inputs(const struct quant_record *r, char hex[HASH_HEX_SIZE])
{
	const struct model *m = r->plan->targets->model;
	struct listed in = { 0 };

	if (r->o->merge)
		list_merge(r->o->merge, &in);
	else
		*vec_push(&in) = (struct catalog_input){ .name = (char *)m->source.label,
			.path = m->path, .role = (char *)"input" };
	if (r->o->imatrix) {
		hash_hex(quant_imatrix_hash(r->o->imatrix), hex);
		*vec_push(&in) = (struct catalog_input){ .name = (char *)r->o->imatrix->path,
			.path = realpath(r->o->imatrix->path, NULL), .hash = hex,
			.role = (char *)QUANT_ROLE_IMATRIX };
	}
	return in;
}

static void record_row(struct quant_record *r, struct err *e)
{
	const struct quant_spec *s = r->plan->spec;
	const struct plan *merge = r->o->merge;
	char hex[HASH_HEX_SIZE], imatrix[HASH_HEX_SIZE];
	struct catalog_run row = { .kind = (char *)"quantize", .name = r->out->name,
		.recipe_hash = hex, .recipe_path = (char *)(merge ? merge->recipe->path : s->path),
		.recipe_text = merge ? (char *)merge->recipe->text : NULL,
		.seed = merge ? merge->seed : 0,
		.arithmetic = merge ? (char *)plan_arithmetic(merge) : NULL,
		.method = (char *)s->preset.name, .output = r->out->path,
		.command = (char *)r->o->command, .version = (char *)PACKAGE_VERSION,
		.parent = r->o->parent_run, .started = r->started };
	struct listed in;

	in = list_inputs(r, imatrix);
	hash_hex(quant_spec_hash(s), hex);
	row.plan_text = xstrndup(s->text, s->text_n);
	r->id = catalog_run_begin(r->catalog, &row, in.v, in.n, e);
	free(row.plan_text);
	if (r->o->imatrix)
		free(in.v[in.n - 1].path);
	vec_fini(&in);
}

/* What cannot be written now is asked again when the files are there. */
void quant_record_begin(struct quant_record *r)
{
	time_t now = time(NULL);
	struct tm tm;

	strftime(r->started, sizeof r->started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	if (r->catalog)
		record_row(r, NULL);
}

/* --- what came of it --- */

void quant_record_failed(struct quant_record *r, double seconds, const struct err *e)
{
	char *text = xasprintf("%s: %s", e->where, e->what);

	if (r->id)
		catalog_run_end(r->catalog, r->id,
			e->code == ERR_CANCELLED ? "cancelled" : "failed", seconds, NULL, NULL, 0,
			0, text, NULL);
	free(text);
}

static int64_t parent_of(struct quant_record *r)
{
	size_t n = 0;
	struct catalog_model *v = catalog_models(r->catalog, &n, NULL);
	int64_t id = 0;

	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i].path, r->plan->targets->model->path))
			id = v[i].id;
	catalog_models_free(v, n);
	return id;
}

/* So that it can be said later which input changed. The output is whole: what cannot be hashed
 * stays unknown. */
static void record_hashes(struct quant_record *r)
{
	struct leaves l = { 0 };
	struct model *own = r->plan->targets->model, **models;
	const char **names;
	struct hash *hash;
	char hex[HASH_HEX_SIZE];
	size_t n = 1;

	if (r->o->merge) {
		l = leaves_find(r->o->merge);
		n = l.n;
	}
	models = xnew(struct model *, n + 1);
	names = xnew(const char *, n + 1);
	hash = xnew(struct hash, n + 1);
	for (size_t i = 0; i < n; i++) {
		models[i] = r->o->merge ? l.v[i].model : own;
		names[i] = r->o->merge ? l.v[i].plan->inputs->v[l.v[i].at].text
			: own->source.label;
	}
	if (content_hashes(models, n, r->pool, &process_cancelled, hash, NULL))
		for (size_t i = 0; i < n; i++) {
			hash_hex(hash[i], hex);
			if (!hash_is_zero(hash[i]) && !catalog_run_input_hash(r->catalog, r->id,
				names[i], hex, NULL))
				break; /* who holds the catalog now does so for the next too */
		}
	free(models);
	free(names);
	free(hash);
	leaves_fini(&l);
}

static bool record_tensors(const struct quant_record *r, const char *hash, struct err *e)
{
	const struct quant_targets *t = r->plan->targets;
	struct catalog_tensor *v = xnew(struct catalog_tensor, t->n + 1);
	char (*hex)[HASH_HEX_SIZE] = xcalloc(t->n + 1, sizeof *hex);
	char (*type)[QUANT_TYPE_NAME] = xcalloc(t->n + 1, sizeof *type);
	bool ok;

	for (size_t i = 0; i < t->n; i++) {
		struct str shape = STR_INIT;

		str_add(&shape, "");
		for (int d = 0; d < t->v[i].rank; d++)
			str_addf(&shape, "%s%" PRIu64, d ? "x" : "", t->v[i].shape[d]);
		hash_hex(r->out->v[i].hash, hex[i]);
		v[i] = (struct catalog_tensor){ .name = (char *)t->v[i].name,
			.dtype = (char *)quant_type_name(r->plan->v[i].type, type[i]),
			.shape = str_steal(&shape), .bytes = r->plan->bytes[i], .hash = hex[i] };
	}
	ok = catalog_tensors_put(r->catalog, hash, v, t->n, e);
	for (size_t i = 0; i < t->n; i++)
		free(v[i].shape);
	free(v);
	free(hex);
	free(type);
	return ok;
}

/* The type that most bytes have; of the first so many types. */
static const char *main_type(const struct quant_record *r, char name[QUANT_TYPE_NAME])
{
	struct { size_t at; uint64_t bytes; } seen[32];
	size_t n = 0, best = 0;

	for (size_t i = 0; i < r->plan->targets->n; i++) {
		size_t k = 0;

		while (k < n && !quant_type_same(r->plan->v[seen[k].at].type, r->plan->v[i].type))
			k++;
		if (k == n && n < 32) {
			seen[n].at = i;
			seen[n++].bytes = 0;
		}
		if (k < n)
			seen[k].bytes += r->plan->bytes[i];
	}
	for (size_t k = 0; k < n; k++)
		if (seen[k].bytes > seen[best].bytes)
			best = k;
	return n ? quant_type_name(r->plan->v[seen[best].at].type, name) : NULL;
}

bool quant_record_end(struct quant_record *r, struct run_result *out, struct err *e)
{
	const struct quant_targets *t = r->plan->targets;
	char hex[HASH_HEX_SIZE], type[QUANT_TYPE_NAME];
	struct catalog_model m = { .name = r->out->name, .path = r->out->path,
		.format = (char *)quant_container_name(t->container),
		.architecture = (char *)t->family, .kind = (char *)"quant", .hash = hex,
		.parameters = t->parameters, .bytes = out->bytes,
		.bits = r->plan->bits_per_weight, .relation = (char *)"quantized" };

	if (!r->catalog)
		return true;
	if (!r->id)
		record_row(r, e);
	if (!r->id)
		return false;
	m.run = r->id;
	m.dtype = (char *)main_type(r, type);
	record_hashes(r);
	hash_hex(out->hash, hex);
	if (!record_tensors(r, hex, e))
		return false;
	m.parent = t->model->virtual ? 0 : parent_of(r);
	if (r->out->layout->n_files > 1 && t->container == QUANT_GGUF)
		m.path = (char *)out->output;
	if (!catalog_run_end(r->catalog, r->id, "done", out->seconds, m.path, hex, out->bytes,
		out->tensors, NULL, e))
		return false;
	out->run = r->id;
	return catalog_model_put(r->catalog, &m, NULL, e) && import_adopt(r->catalog, e);
}
