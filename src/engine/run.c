#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/content.h"
#include "engine/inputs.h"
#include "engine/leaves.h"
#include "engine/output.h"
#include "engine/rate.h"
#include "engine/run.h"
#include "engine/stream.h"
#include "import/import.h"
#include "system/process.h"

typedef bool progress_fn(void *ctx, const struct run_progress *p);
struct run {
	struct plan *plan;
	struct catalog *catalog;
	struct pool *pool;
	const struct run_options *o;
	struct output *out;
	struct leaves leaves;      /* what it is made of */
	progress_fn *progress;
	void *ctx;
	int64_t id;                /* in the catalog; 0: not recorded */
	char started[24];
	double begun, told;
	uint64_t resumed;          /* bytes found done */
	uint64_t total;            /* to write, of the part or of all */
	atomic_ullong done;        /* stored bytes of the output */
	atomic_size_t at;          /* the tensor at work */
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* --- the catalog's side --- */

static void run_row(struct run *r, struct err *e)
{
	const struct plan *p = r->plan;
	char hex[HASH_HEX_SIZE], version[] = PACKAGE_VERSION;
	struct catalog_run row = {.kind = (char *)"merge", .name = r->out->name,
		.recipe_text = (char *)p->recipe->text, .recipe_hash = hex,
		.recipe_path = (char *)p->recipe->path, .method = (char *)p->recipe->method->name,
		.output = r->out->path, .seed = p->seed, .command = (char *)r->o->command,
		.version = version, .arithmetic = (char *)plan_arithmetic(p),
		.parent = r->o->parent_run, .started = r->started};
	struct catalog_input *in;
	size_t n = p->inputs->n;

	in = xnew(struct catalog_input, n + r->leaves.n);
	hash_hex(recipe_hash(p->recipe), hex);
	for (size_t i = 0; i < n; i++) {
		in[i].name = (char *)p->inputs->v[i].text;
		in[i].path = p->inputs->v[i].made_by ? NULL : p->inputs->v[i].stored->path;
		in[i].role = (int)i == p->inputs->base ? (char *)"base" : (char *)"input";
	}
	for (size_t i = 0; i < r->leaves.n; i++) {
		const struct leaf *l = &r->leaves.v[i];

		if (l->inner)
			in[n++] = (struct catalog_input){.role = (char *)"inner",
				.name = (char *)l->plan->inputs->v[l->at].text,
				.path = l->model->path};
	}
	r->id = catalog_run_begin(r->catalog, &row, in, n, e);
	free(in);
}

/* A catalog that cannot be written now (somebody holds it) does not cost a merge: it is asked again
 * when the files are there. */
static void run_begin(struct run *r)
{
	time_t now = time(NULL);
	struct tm tm;

	strftime(r->started, sizeof r->started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	if (r->catalog && !r->o->parts)
		run_row(r, NULL);
}

static void run_failed(struct run *r, const struct err *e)
{
	char text[sizeof e->where + sizeof e->what + 4];

	if (!r->id)
		return;
	snprintf(text, sizeof text, "%s: %s", e->where, e->what);
	catalog_run_end(r->catalog, r->id, e->code == ERR_CANCELLED ? "cancelled" : "failed",
		seconds() - r->begun, NULL, NULL, 0, 0, text, NULL);
}

static char *shape_of(const struct tensor *t)
{
	struct str s = STR_INIT;

	str_add(&s, "");
	for (int d = 0; d < t->rank; d++)
		str_addf(&s, "%s%" PRIu64, d ? "x" : "", t->shape[d]);
	return str_steal(&s);
}

/* The output as a model of the catalog, with what its tensors are. */
static bool record_model(struct run *r, const char *hash, struct err *e)
{
	const struct plan *p = r->plan;
	const struct model *first = p->inputs->v[inputs_first(p->inputs)].model;
	struct catalog_model m = {.name = r->out->name, .path = r->out->path,
		.format = (char *)"hf", .architecture = (char *)first->architecture,
		.kind = (char *)"merge", .hash = (char *)hash, .parameters = p->parameters,
		.bytes = r->out->shards->total, .run = r->id};
	struct catalog_tensor *v = xnew(struct catalog_tensor, p->n + 1);
	char (*hex)[HASH_HEX_SIZE] = xcalloc(p->n + 1, sizeof *hex);
	bool ok;

	m.dtype = (char *)dtype_name(output_dtype(p));
	m.bits = p->parameters ? 8.0 * (double)r->out->shards->data / (double)p->parameters : 0.0;
	for (size_t i = 0; i < p->n; i++) {
		hash_hex(r->out->tensors[i].hash, hex[i]);
		v[i] = (struct catalog_tensor){.name = (char *)p->tensors[i].like->name,
			.dtype = (char *)dtype_name(p->tensors[i].dtype),
			.shape = shape_of(p->tensors[i].like), .bytes = p->tensors[i].bytes,
			.hash = hex[i]};
	}
	ok = catalog_model_put(r->catalog, &m, NULL, e) &&
		catalog_tensors_put(r->catalog, hash, v, p->n, e) && import_adopt(r->catalog, e);
	for (size_t i = 0; i < p->n; i++)
		free(v[i].shape);
	free(v);
	free(hex);
	return ok;
}

static bool run_record(struct run *r, const struct output_facts *f, struct run_result *out,
	struct err *e)
{
	char hex[HASH_HEX_SIZE];

	if (!r->catalog || r->o->parts)
		return true;
	if (!r->id)
		run_row(r, e);
	if (!r->id)
		return false;
	for (size_t i = 0; i < r->leaves.n; i++) {
		const struct leaf *l = &r->leaves.v[i];

		hash_hex(l->hash, hex);
		if (!hash_is_zero(l->hash) && !catalog_run_input_hash(r->catalog, r->id,
			l->plan->inputs->v[l->at].text, hex, e))
			return false;
	}
	hash_hex(f->hash, hex);
	if (!catalog_run_end(r->catalog, r->id, "done", out->seconds, r->out->path, hex,
		out->bytes, out->tensors, NULL, e))
		return false;
	out->run = r->id;
	return record_model(r, hex, e);
}

/* --- progress --- */

static bool tell(struct run *r)
{
	struct run_progress p = {.total = r->total, .done = atomic_load(&r->done),
		.tensor = r->plan->tensors[atomic_load(&r->at)].like->name};
	double now = seconds();
	bool cancel = false;

	if (now - r->told < 0.1)
		return true;
	r->told = now;
	p.seconds = now - r->begun;
	p.rate = p.seconds > 0 ? (double)(p.done - r->resumed) / p.seconds : 0;
	p.left = p.rate > 0 ? (double)(p.total - p.done) / p.rate : -1;
	if (r->o->job && r->catalog)
		catalog_job_progress(r->catalog, r->o->job, p.done, p.total, p.rate, p.left,
			p.tensor,
			&cancel, NULL);
	return !cancel && (!r->progress || r->progress(r->ctx, &p));
}

static bool on_tick(void *ctx, size_t tensor)
{
	(void)tensor;
	return tell(ctx);
}

static bool on_piece(void *ctx, size_t tensor, uint64_t offset, const void *bytes, size_t n,
	struct err *e)
{
	struct run *r = ctx;

	if (!output_piece(r->out, tensor, offset, bytes, n, e))
		return false;
	atomic_fetch_add(&r->done, n);
	atomic_store(&r->at, tensor);
	return true;
}

static bool on_done(void *ctx, const struct stream_done *d, struct err *e)
{
	struct run *r = ctx;

	return output_done(r->out, d, e);
}

/* --- hashes --- */

static struct hash output_hash(const struct run *r)
{
	const struct plan *p = r->plan;
	const char **names = xnew(const char *, p->n + 1);
	struct hash *h = xnew(struct hash, p->n + 1), all;

	for (size_t i = 0; i < p->n; i++) {
		names[i] = p->tensors[i].like->name;
		h[i] = r->out->tensors[i].hash;
	}
	all = hash_model(names, h, p->n);
	free(names);
	free(h);
	return all;
}

/* --- the run --- */

/* Tensors that are not done, in the order of the files. Those done count as progress. */
static uint32_t *order_left(struct run *r, size_t *n)
{
	const struct plan *p = r->plan;
	uint32_t *order = xnew(uint32_t, p->n + 1);

	*n = 0;
	for (size_t i = 0; i < p->n; i++) {
		uint32_t t = r->out->shards->order[i];

		if (!output_mine(r->out, r->out->shards->of[t]))
			continue;
		r->total += p->tensors[t].bytes;
		if (!r->out->tensors[t].done)
			order[(*n)++] = t;
		else
			r->resumed += p->tensors[t].bytes;
	}
	atomic_store(&r->done, r->resumed);
	return order;
}

/* What a resumed run knows of its inputs from the journal. */
static void remember_hashes(const struct run *r)
{
	const struct plan *p = r->plan;

	for (size_t i = 0; i < p->n; i++)
		for (int k = 0; r->out->tensors[i].done && k < p->tensors[i].spec.n_inputs; k++)
			if (!hash_is_zero(r->out->tensors[i].input[k]))
				model_hash_store(p->inputs->v[p->tensors[i].input[k]].model,
					(size_t)p->tensors[i].source[k],
					r->out->tensors[i].input[k]);
}

static bool run_stream(struct run *r, struct err *e)
{
	struct stream_sink sink = {.piece = on_piece, .done = on_done, .tick = on_tick, .ctx = r};
	size_t n;
	uint32_t *order = order_left(r, &n);
	bool ok;

	remember_hashes(r);
	ok = stream_run(r->plan, order, n, r->pool, &sink, &process_cancelled, e);
	free(order);
	return ok;
}

/* The content of every stored model; of what a recipe makes inside nobody has the bytes. */
static bool hash_leaves(struct run *r, struct hash *input, struct err *e)
{
	struct leaves *l = &r->leaves;
	struct model **models = xnew(struct model *, l->n + 1);
	struct hash *hash = xnew(struct hash, l->n + 1);
	bool ok;

	for (size_t i = 0; i < l->n; i++)
		models[i] = l->v[i].model;
	ok = content_hashes(models, l->n, r->pool, &process_cancelled, hash, e);
	for (size_t i = 0; ok && i < l->n; i++)
		l->v[i].hash = hash[i];
	for (size_t i = 0; ok && i < r->plan->inputs->n; i++) {
		const struct leaf *own = leaves_of_input(l, i);

		input[i] = own ? own->hash : (struct hash){{0}};
	}
	free(hash);
	free(models);
	return ok;
}

static bool run_put(struct run *r, struct hash *input, struct run_result *out, struct err *e)
{
	const struct plan *p = r->plan;
	struct output_facts f = {.input = input, .leaves = &r->leaves};
	struct model **models;

	if (!hash_leaves(r, input, e))
		return false;
	models = xnew(struct model *, p->inputs->n);
	for (size_t i = 0; i < p->inputs->n; i++)
		models[i] = p->inputs->v[i].stored;
	f.donor = recipe_donor(p->recipe, models, p->inputs->n, p->inputs->base, NULL);
	free(models);
	f.hash = output_hash(r);
	f.linear = r->leaves.n && r->leaves.v[r->leaves.n - 1].inner &&
		leaves_coefficients(p, &r->leaves);
	for (size_t i = 0; i < p->n; i++)
		out->nonfinite += r->out->tensors[i].nonfinite;
	out->bytes = r->out->shards->total;
	out->tensors = p->n;
	out->resumed = r->out->resumed;
	out->seed = p->seed;
	out->hash = f.hash;
	snprintf(out->output, sizeof out->output, "%s", r->out->path);
	if (!output_files(r->out, &f, e) || !output_publish(r->out, r->o->sync, e))
		return false;
	out->seconds = seconds() - r->begun;
	out->files = r->out->shards->n;
	if (!r->o->join)
		rate_learn(p, r->resumed, out->seconds);
	run_record(r, &f, out, &out->unremembered);
	return true;
}

static bool run_finish(struct run *r, struct run_result *out, struct err *e)
{
	struct hash *input = xcalloc(r->plan->inputs->n, sizeof *input);
	bool ok = run_put(r, input, out, e);

	free(input);
	return ok;
}

/* Its files stay in the folder of the parts. */
static bool part_finish(struct run *r, struct run_result *out, struct err *e)
{
	const struct output *o = r->out;

	for (size_t i = 0; i < o->shards->n; i++) {
		if (!output_mine(o, i))
			continue;
		if (r->o->sync && fsync(o->fd[i]) != 0)
			return err_errno(e, o->path, "put it on the disk");
		out->bytes += o->shards->v[i].bytes;
		out->tensors += o->shards->v[i].n;
		out->files++;
		for (size_t k = 0; k < o->shards->v[i].n; k++)
			out->nonfinite += o->tensors[o->shards->v[i].tensors[k]].nonfinite;
	}
	out->resumed = o->resumed;
	out->seed = r->plan->seed;
	out->part = o->part;
	out->parts = o->parts;
	snprintf(out->output, sizeof out->output, "%s", o->path);
	out->seconds = seconds() - r->begun;
	return true;
}

bool run_merge(struct plan *p, struct catalog *c, struct pool *pool, const struct run_options *o,
	bool (*progress)(void *ctx, const struct run_progress *p), void *ctx,
	struct run_result *out, struct err *e)
{
	struct run r = {.plan = p, .catalog = c, .pool = pool, .o = o, .progress = progress,
		.ctx = ctx, .begun = seconds()};
	struct err why = {0};
	bool ok;

	memset(out, 0, sizeof *out);
	r.out = output_open(p, pool, o, e);
	if (!r.out)
		return false;
	r.leaves = leaves_find(p);
	run_begin(&r);
	ok = run_stream(&r, &why) &&
		(o->parts ? part_finish(&r, out, &why) : run_finish(&r, out, &why));
	if (!ok) {
		out->run = r.id;
		run_failed(&r, &why);
		if (e)
			*e = why;
	}
	leaves_fini(&r.leaves);
	output_close(r.out);
	return ok;
}
