#include "config.h"
#include "engine/quantize.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "engine/quant_files.h"
#include "engine/quant_out.h"
#include "engine/quant_record.h"
#include "quant/gguf_keys.h"
#include "quant/pack.h"
#include "quant/target_read.h"
#include "tensor/encode.h"
#include "system/process.h"

#define PIECE_ELEMENTS ((uint64_t)256 * 1024)
#define COPY_BYTES ((uint64_t)4 << 20)

struct piece { /* rows of a target, or bytes of one that is copied */
	uint32_t target;
	bool copy;
	uint64_t first, n;
};
struct bench { /* one worker's buffers */
	float *x, *scratch;
	unsigned char *out;
	size_t elements, bytes;
};
struct quantize {
	const struct quant_files *files;
	const struct quant_plan *p;
	const struct quantize_options *o;
	struct catalog *catalog;
	struct quant_out *out;
	bool (*progress)(void *ctx, const struct run_progress *p);
	void *ctx;
	vec(struct piece) pieces;
	atomic_uint *left;         /* per target: pieces not done */
	atomic_ullong *nonfinite;  /* per target */
	struct bench *benches;
	pthread_mutex_t lock;      /* of the journal, the error, progress */
	atomic_bool stop;
	struct err error;
	atomic_ullong done;        /* bytes of the output */
	uint64_t resumed, total;
	struct quant_record record;
	double begun, told;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void failed(struct quantize *q, const struct err *e)
{
	pthread_mutex_lock(&q->lock);
	if (!atomic_exchange(&q->stop, true))
		q->error = *e;
	pthread_mutex_unlock(&q->lock);
}

/* --- pieces --- */

/* Its stored bytes are those of the file: quantized already, and in this type. */
static bool copied(const struct quant_plan *p, size_t target, size_t *at)
{
	const struct quant_type type = p->v[target].type;

	return type.mode == QUANT_PLAIN && dtype_info(type.dtype)->kind == DTYPE_QUANT &&
		target_verbatim(p->targets, target, at) &&
		p->targets->model->source.tensors[*at].dtype == type.dtype &&
		p->targets->model->source.tensors[*at].bytes == p->bytes[target];
}

static uint64_t rows_of_piece(const struct quant_target *t)
{
	uint64_t unit = target_unit(t), rows = t->row ? PIECE_ELEMENTS / t->row : 1;

	rows = rows / unit * unit;
	return rows ? rows : unit;
}

static void pieces_of(struct quantize *q, uint32_t target)
{
	const struct quant_target *t = &q->p->targets->v[target];
	size_t at;
	bool copy = copied(q->p, target, &at);
	uint64_t all = copy ? q->p->bytes[target] : target_rows(t);
	uint64_t step = copy ? COPY_BYTES : rows_of_piece(t);
	unsigned n = 0;

	for (uint64_t i = 0; i < all; i += step, n++)
		*vec_push(&q->pieces) = (struct piece){ target, copy, i,
			all - i < step ? all - i : step };
	atomic_init(&q->left[target], n);
}

/* --- a worker --- */

static bool bench_fit(struct bench *b, uint64_t elements, size_t bytes, struct err *e)
{
	if (b->elements >= elements && b->bytes >= bytes)
		return true;
	free(b->x);
	free(b->scratch);
	free(b->out);
	b->elements = (size_t)elements;
	b->bytes = bytes;
	b->x = xtry_malloc(b->elements * sizeof(float) + 64);
	b->scratch = xtry_malloc(b->elements * sizeof(float) + 64);
	b->out = xtry_malloc(bytes + 64);
	if (b->x && b->scratch && b->out)
		return true;
	b->elements = b->bytes = 0;
	return err_set(e, ERR_MEMORY, "quantize", "use fewer --threads", "no memory for a worker");
}

/* Counts and clears what no encoder takes. */
static uint64_t clear_nonfinite(float *x, uint64_t n)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < n; i++)
		if (!isfinite(x[i])) {
			x[i] = 0.0f;
			count++;
		}
	return count;
}

static bool check_finite(struct quantize *q, const struct piece *p, float *x, uint64_t n,
	struct err *e)
{
	const struct quant_target *t = &q->p->targets->v[p->target];
	if (encode_find_nonfinite(x, n) == n)
		return true;
	atomic_fetch_add(&q->nonfinite[p->target], clear_nonfinite(x, n));
	return q->o->nonfinite || err_set(e, ERR_INPUT, t->name,
		"--allow-nonfinite writes zeros in their place",
		"%s has weights that are not finite numbers", t->name);
}

/* The run of rows that share an importance. */
static uint64_t same_expert(const struct quant_target *t, uint64_t row, uint64_t n)
{
	uint64_t run = 1, expert = target_expert(t, row);

	while (run < n && target_expert(t, row + run) == expert)
		run++;
	return run;
}

static bool put(struct quantize *q, const struct piece *p, const struct pack *from, uint64_t first,
	uint64_t n, struct err *e)
{
	const struct quant_type type = q->p->v[p->target].type;
	struct pack_bytes before = pack_bytes(type, first), size = pack_bytes(type, n);
	const unsigned char *bytes[3] = { from->codes, from->scales, from->biases };
	uint64_t skip[3] = { before.codes, before.scales, before.biases };
	uint64_t many[3] = { size.codes, size.scales, size.biases };

	for (int k = 0; k < 3; k++) {
		struct quant_place at = q->out->layout->place[p->target][k];

		at.offset += skip[k];
		if (many[k] && !quant_out_write(q->out, at, bytes[k], (size_t)many[k], e))
			return false;
	}
	atomic_fetch_add(&q->done, size.codes + size.scales + size.biases);
	return true;
}

static bool encode(struct quantize *q, const struct piece *p, struct bench *b, struct err *e)
{
	const struct quant_target *t = &q->p->targets->v[p->target];
	const struct quant_type type = q->p->v[p->target].type;
	struct pack_bytes size = pack_bytes(type, p->n * t->row);
	struct pack to;

	if (!bench_fit(b, p->n * t->row, (size_t)(size.codes + size.scales + size.biases), e) ||
		!target_read(q->p->targets, p->target, p->first, p->n, b->x, e) ||
		!check_finite(q, p, b->x, p->n * t->row, e))
		return false;
	to = (struct pack){ b->out, b->out + size.codes, b->out + size.codes + size.scales };
	for (uint64_t row = 0, run; row < p->n; row += run) {
		const float *importance = NULL;
		struct pack_bytes past = pack_bytes(type, row * t->row);
		struct pack at = { to.codes + past.codes, to.scales + past.scales,
			to.biases + past.biases };

		run = p->n - row;
		if (q->o->imatrix) {
			run = same_expert(t, p->first + row, run);
			importance = imatrix_row(q->o->imatrix, t,
				target_expert(t, p->first + row));
		}
		if (pack_rows(type, q->p->targets->floats, b->x + row * t->row, run, t->row,
			importance, b->scratch, &at))
			return err_set(e, ERR_INPUT, t->name, "choose F16 or F32 for it, or a type "
				"with larger scales",
				"%s has weights too large for the scales of its type", t->name);
	}
	return put(q, p, &to, p->first * t->row, p->n * t->row, e);
}

static bool copy(struct quantize *q, const struct piece *p, struct bench *b, struct err *e)
{
	struct quant_place at = q->out->layout->place[p->target][0];
	size_t from = 0;

	target_verbatim(q->p->targets, p->target, &from);
	at.offset += p->first;
	if (!bench_fit(b, 1, (size_t)p->n, e) ||
		!source_read_raw(&q->p->targets->model->source, from, p->first, (size_t)p->n,
		b->out, e) || !quant_out_write(q->out, at, b->out, (size_t)p->n, e))
		return false;
	atomic_fetch_add(&q->done, p->n);
	return true;
}

static bool finish_target(struct quantize *q, uint32_t target, struct err *e)
{
	struct quant_done d = { .done = true, .nonfinite = atomic_load(&q->nonfinite[target]) };
	bool ok = quant_out_hash(q->out, target, &d.hash, e);

	pthread_mutex_lock(&q->lock);
	ok = ok && quant_out_done(q->out, target, &d, e);
	pthread_mutex_unlock(&q->lock);
	return ok;
}

static void tell(struct quantize *q, uint32_t target)
{
	struct run_progress p = { .total = q->total, .done = atomic_load(&q->done),
		.tensor = q->p->targets->v[target].name };
	double now = seconds();
	bool cancel = false;

	if (pthread_mutex_trylock(&q->lock))
		return;
	if (now - q->told >= 0.1) {
		q->told = now;
		p.seconds = now - q->begun;
		p.rate = p.seconds > 0 ? (double)(p.done - q->resumed) / p.seconds : 0;
		p.left = p.rate > 0 ? (double)(p.total - p.done) / p.rate : -1;
		if (q->o->job && q->catalog)
			catalog_job_progress(q->catalog, q->o->job, p.done, p.total, p.rate, p.left,
				p.tensor, &cancel, NULL);
		if (cancel || (q->progress && !q->progress(q->ctx, &p)))
			atomic_store(&process_cancelled, true);
	}
	pthread_mutex_unlock(&q->lock);
}

static void work(void *ctx, size_t i, unsigned worker)
{
	struct quantize *q = ctx;
	const struct piece *p = &q->pieces.v[i];
	struct bench *b = &q->benches[worker];
	struct err e = { 0 };

	if (atomic_load(&process_cancelled)) {
		err_set(&e, ERR_CANCELLED, q->out->path, NULL, "cancelled");
		failed(q, &e);
	} else if (!(p->copy ? copy(q, p, b, &e) : encode(q, p, b, &e)) ||
		(atomic_fetch_sub(&q->left[p->target], 1) == 1 &&
		!finish_target(q, p->target, &e))) {
		failed(q, &e);
	} else {
		tell(q, p->target);
	}
}

/* --- what must be as it was for a resumed run --- */

static char *head_of(const struct quantize *q)
{
	const struct quant_targets *t = q->p->targets;
	struct hash_stream *all = hash_stream_new();
	char plan[HASH_HEX_SIZE], sources[HASH_HEX_SIZE];

	for (size_t i = 0; i < t->n; i++) {
		struct { uint64_t bytes; struct quant_type type; } v;
		struct hash h;

		memset(&v, 0, sizeof v);
		v.bytes = q->p->bytes[i];
		v.type = q->p->v[i].type;
		hash_stream_add(all, &v, sizeof v);
		for (size_t k = 0; k < t->v[i].n_from; k++) {
			h = model_tensor_place(t->model, t->v[i].from[k]);
			hash_stream_add(all, &h, sizeof h);
		}
	}
	for (size_t i = 0; i < q->out->layout->n_files; i++)
		hash_stream_add(all, q->out->layout->files[i].header,
			q->out->layout->files[i].header_n);
	for (size_t i = 0; q->o->imatrix && i < q->o->imatrix->n; i++)
		hash_stream_add(all, q->o->imatrix->v[i].values,
			q->o->imatrix->v[i].n * sizeof(float));
	hash_hex(hash_stream_end(all), sources);
	hash_hex(quant_spec_hash(q->p->spec), plan);
	return xasprintf("cupel-quantize 1\nversion %s\nplan %s\nsources %s\n", PACKAGE_VERSION,
		plan, sources);
}

/* --- the run --- */

static void pieces_make(struct quantize *q)
{
	const struct quant_targets *t = q->p->targets;

	q->left = xcalloc(t->n + 1, sizeof *q->left);
	q->nonfinite = xcalloc(t->n + 1, sizeof *q->nonfinite);
	for (size_t i = 0; i < t->n; i++) {
		q->total += q->p->bytes[i];
		if (q->out->v[i].done)
			q->resumed += q->p->bytes[i];
		else
			pieces_of(q, (uint32_t)i);
	}
	atomic_store(&q->done, q->resumed);
}

static bool stream(struct quantize *q, struct pool *pool, struct err *e)
{
	q->benches = xnew(struct bench, pool_threads(pool) + 1);
	pieces_make(q);
	/* tensors without elements have no pieces */
	for (size_t i = 0; i < q->p->targets->n; i++)
		if (!q->out->v[i].done && !atomic_load(&q->left[i]) &&
			!finish_target(q, (uint32_t)i, e))
			return false;
	pool_for(pool, q->pieces.n, work, q, &q->stop);
	for (unsigned i = 0; i <= pool_threads(pool); i++) {
		free(q->benches[i].x);
		free(q->benches[i].scratch);
		free(q->benches[i].out);
	}
	if (!atomic_load(&q->stop))
		return true;
	*e = q->error;
	return false;
}

static struct hash whole_hash(const struct quantize *q)
{
	const struct quant_targets *t = q->p->targets;
	const char **names = xnew(const char *, t->n + 1);
	struct hash *h = xnew(struct hash, t->n + 1), all;

	for (size_t i = 0; i < t->n; i++) {
		names[i] = t->v[i].name;
		h[i] = q->out->v[i].hash;
	}
	all = hash_model(names, h, t->n);
	free(names);
	free(h);
	return all;
}

static bool finish(struct quantize *q, struct run_result *r, struct err *e)
{
	const struct quant_layout *l = q->out->layout;
	struct quantize_file index = { .name = "model.safetensors.index.json", .bytes = l->index };

	r->hash = whole_hash(q);
	r->bytes = l->total;
	r->tensors = q->p->targets->n;
	r->resumed = q->out->resumed;
	for (size_t i = 0; i < q->p->targets->n; i++)
		r->nonfinite += q->out->v[i].nonfinite;
	if (l->container == QUANT_GGUF && l->n_files > 1)
		snprintf(r->output, sizeof r->output, "%.*s%s",
			(int)(str_base(q->out->path) - q->out->path), q->out->path,
			l->files[0].name);
	else
		snprintf(r->output, sizeof r->output, "%s", q->out->path);
	index.n = l->index ? strlen(l->index) : 0;
	if (l->index && !quant_out_put(q->out, &index, e))
		return false;
	for (size_t i = 0; i < q->files->v.n; i++)
		if (!quant_out_put(q->out, &q->files->v.v[i], e))
			return false;
	if (!quant_out_publish(q->out, q->o->sync, e))
		return false;
	r->seconds = seconds() - q->begun;
	r->seed = q->o->merge ? q->o->merge->seed : 0;
	quant_record_end(&q->record, r, &r->unremembered);
	return true;
}

static bool run_with(struct quantize *q, const struct quant_layout *l, struct pool *pool,
	struct run_result *out, struct err *e)
{
	struct err why = { 0 };
	char *head;
	bool ok;

	q->out = &(struct quant_out){ .layout = l };
	head = head_of(q);
	q->out = quant_out_open(q->p, l, q->o, head, e);
	free(head);
	if (!q->out)
		return false;
	q->record = (struct quant_record){ .catalog = q->catalog, .pool = pool, .plan = q->p,
		.out = q->out, .o = q->o };
	quant_record_begin(&q->record);
	ok = stream(q, pool, &why) && finish(q, out, &why);
	if (!ok) {
		out->run = q->record.id;
		quant_record_failed(&q->record, seconds() - q->begun, &why);
		if (e)
			*e = why;
	}
	quant_out_close(q->out);
	return ok;
}

static bool writable(const struct quant_plan *p, struct err *e)
{
	char name[QUANT_TYPE_NAME];
	size_t at;

	for (size_t i = 0; i < p->targets->n; i++) {
		struct quant_type t = p->v[i].type;

		if (!quant_type_writable(t, p->targets->container) && !copied(p, i, &at) &&
			dtype_info(t.dtype)->kind != DTYPE_INT)
			return err_set(e, ERR_INPUT, p->targets->v[i].name,
				"`cupel types` lists what can be written",
				"%s cannot be written, only read", quant_type_name(t, name));
	}
	return true;
}

static struct quant_layout *layout_of(const struct quant_plan *p, const struct quantize_options *o,
	struct err *e)
{
	struct gguf_keys keys;
	struct quant_layout *l;

	if (!writable(p, e))
		return NULL;
	if (p->targets->container == QUANT_MLX)
		return quant_layout_mlx(p, o->split);
	if (!gguf_keys_make(p, o->imatrix, &keys, e))
		return NULL;
	l = quant_layout_gguf(p, &keys, str_base(o->output), o->split, e);
	gguf_keys_fini(&keys);
	return l;
}

uint64_t quantize_size(const struct quant_plan *p, const struct quantize_options *o, struct err *e)
{
	struct quant_layout *l = layout_of(p, o, e);
	uint64_t total = l ? l->total : 0;

	quant_layout_free(l);
	return total;
}

bool quantize_run(struct quant_plan *p, struct catalog *c, struct pool *pool,
	const struct quantize_options *o,
	bool (*progress)(void *ctx, const struct run_progress *p), void *ctx,
	struct run_result *out, struct err *e)
{
	struct quant_files files = { 0 };
	struct quantize q = { .p = p, .o = o, .catalog = c, .files = &files, .progress = progress,
		.ctx = ctx, .begun = seconds() };
	struct quant_layout *l = layout_of(p, o, e);
	bool ok;

	memset(out, 0, sizeof *out);
	pthread_mutex_init(&q.lock, NULL);
	ok = l && (p->targets->container == QUANT_GGUF ||
		quant_files_make(p, l, str_base(o->output), &files, e)) &&
		run_with(&q, l, pool, out, e);
	quant_files_fini(&files);
	vec_fini(&q.pieces);
	free(q.left);
	free(q.nonfinite);
	free(q.benches);
	pthread_mutex_destroy(&q.lock);
	quant_layout_free(l);
	return ok;
}
