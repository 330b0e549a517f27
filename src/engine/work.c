#include "config.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/xalloc.h"
#include "engine/work.h"
#include "model/virtual.h"

#define READ_ALIGN 256u /* sources are read from multiples of this */

struct model *work_model(const struct work *w, int k)
{
	return w->plan->inputs->v[w->t->input[k]].model;
}

const struct tensor *work_source(const struct work *w, int k)
{
	return &work_model(w, k)->source.tensors[w->t->source[k]];
}

bool work_plain(const struct model *m, const struct tensor *t)
{
	const struct dtype_info *d = dtype_info(t->dtype);
	size_t at;

	m = model_origin(m, (size_t)(t - m->source.tensors), &at);
	return m && (m->format == MODEL_HF || m->format == MODEL_SAFETENSORS) &&
		t->dtype != DT_UNKNOWN &&
		d->block == 1 && d->decode && t->bytes == t->elements * d->bytes;
}

bool work_begin(struct work *w, const struct plan *p, size_t index, struct err *e)
{
	const struct merge_spec *s = &p->tensors[index].spec;
	uint64_t unit;

	memset(w, 0, sizeof *w);
	w->plan = p;
	w->t = &p->tensors[index];
	w->index = index;
	w->m = s->method;
	w->windows = (s->elements + WINDOW_ELEMS - 1) / WINDOW_ELEMS;
	w->passes = w->m->passes && s->elements ? w->m->passes(s) : 0;
	w->window = method_window(s);
	w->pass_windows = (s->elements + w->window - 1) / w->window;
	unit = w->m->unit ? w->m->unit(s) : 1;
	w->unit = unit ? (size_t)unit : 1;
	w->state = xcalloc(1, (w->m->state_size ? w->m->state_size(s) : 0) + 1);
	if (!w->m->begin || w->m->begin(s, w->state, e))
		return true;
	work_end(w);
	return false;
}

void work_end(struct work *w)
{
	if (w->state && w->m->fini)
		w->m->fini(&w->t->spec, w->state);
	free(w->state);
	w->state = NULL;
}

/* --- buffers --- */

void desk_fini(struct desk *d)
{
	for (size_t i = 0; i < d->n_in; i++)
		free(d->in[i]);
	free(d->out);
	free(d->raw);
	memset(d, 0, sizeof *d);
}

static bool desk_fit(struct desk *d, const struct work *w, struct err *e)
{
	size_t part = w->unit > WORK_PART ? w->unit : WORK_PART;
	size_t n = (size_t)w->t->spec.n_inputs;

	if (d->part >= part && d->n_in >= n)
		return true;
	part = part > d->part ? part : d->part;
	n = n > d->n_in ? n : d->n_in;
	desk_fini(d);
	d->n_in = n;
	d->part = part;
	d->out = xtry_malloc(part * sizeof(float));
	d->raw = xtry_malloc((part + READ_ALIGN) * 8);
	for (size_t i = 0; i < n; i++)
		d->in[i] = xtry_malloc((part + READ_ALIGN) * sizeof(float));
	for (size_t i = 0; i < n; i++)
		if (!d->in[i] || !d->out || !d->raw) {
			desk_fini(d);
			return err_set(e, ERR_MEMORY, w->t->like->name, "use fewer --threads",
				"no memory for %zu inputs of a worker", n);
		}
	return true;
}

/* --- reading --- */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Workers read far apart in the same files, which the system's own read-ahead takes for disorder.
 * So where the first part of a range came slowly, from a disk, the rest of it is asked for at
 * once. */
static void ask_ahead(const struct work *w, uint64_t first, uint64_t n)
{
#ifdef HAVE_POSIX_FADVISE
	for (int k = 0; k < w->t->spec.n_inputs; k++) {
		const struct model *m = work_model(w, k);
		const struct tensor *t = work_source(w, k);
		double share = t->elements ? (double)t->bytes / (double)t->elements : 0.0;

		if (t->file >= 0 && (size_t)t->file < m->n_files)
			posix_fadvise(m->files[t->file]->fd,
				(off_t)(t->offset + (uint64_t)((double)first * share)),
				(off_t)((double)n * share), POSIX_FADV_WILLNEED);
	}
#else
	(void)w, (void)first, (void)n;
#endif
}

/* Elements [first, first+n) of every input; at[k] points at the first. */
static bool read_part(const struct work *w, uint64_t first, size_t n, struct desk *d,
	const float **at, work_bytes_fn *bytes, void *ctx, struct err *e)
{
	size_t lead = (size_t)(first % READ_ALIGN);

	for (int k = 0; k < w->t->spec.n_inputs; k++) {
		struct model *m = work_model(w, k);
		const struct tensor *t = work_source(w, k);
		size_t index = (size_t)w->t->source[k], size = dtype_info(t->dtype)->bytes;

		at[k] = d->in[k];
		if (bytes && work_plain(m, t)) {
			if (!source_read_raw(&m->source, index, first * size, n * size, d->raw, e))
				return false;
			bytes(ctx, k, first, n, d->raw);
			dtype_info(t->dtype)->decode(d->raw, d->in[k], n);
			continue;
		}
		if (!source_read(&m->source, index, first - lead, n + lead, d->in[k], e))
			return false;
		at[k] += lead;
	}
	return true;
}

/* --- kernels --- */

size_t work_span(const struct work *w, int pass, uint64_t window)
{
	uint64_t left = w->t->spec.elements - window * w->window;
	size_t n = (size_t)(left < w->window ? left : w->window), span = n;

	if (w->m->span)
		span = w->m->span(&w->t->spec, w->state, pass, window);
	return span < n ? span : n;
}

/* Elements of a part: whole units. */
static size_t part_step(const struct work *w)
{
	return w->unit > WORK_PART ? w->unit : WORK_PART / w->unit * w->unit;
}

bool work_observe(const struct work *w, int pass, uint64_t window, void *partial, struct desk *d,
	struct err *e)
{
	const struct merge_spec *s = &w->t->spec;
	size_t span = work_span(w, pass, window), step = part_step(w);
	const float *at[MERGE_MAX_INPUTS];
	struct merge_window part = {.index = window, .in = at};
	double begun = seconds();

	if (!desk_fit(d, w, e))
		return false;
	if (w->m->open)
		w->m->open(s, w->state, pass, partial);
	else
		memset(partial, 0, w->m->partial_size(s, w->state, pass));
	for (size_t done = 0; done < span; done += part.n) {
		part.first = window * w->window + done;
		part.n = span - done < step ? span - done : step;
		if (!read_part(w, part.first, part.n, d, at, NULL, NULL, e))
			return false;
		if (done == 0 && span > part.n && seconds() - begun > 2e-3)
			ask_ahead(w, part.first + part.n, span - part.n);
		w->m->observe(s, w->state, pass, &part, partial);
	}
	if (w->m->close)
		w->m->close(s, w->state, pass, partial);
	return true;
}

bool work_apply(const struct work *w, uint64_t first, uint64_t n, struct desk *d, work_part_fn *fn,
	work_bytes_fn *bytes, void *ctx, struct err *e)
{
	const struct merge_spec *s = &w->t->spec;
	uint64_t at = first / w->unit * w->unit, end = first + n;
	size_t step = part_step(w);
	const float *in[MERGE_MAX_INPUTS];
	struct merge_window part = {.in = in};
	double begun = seconds();

	if (!desk_fit(d, w, e))
		return false;
	for (; at < end; at += part.n) {
		uint64_t skip, stop;

		part.first = at;
		part.n = s->elements - at < step ? (size_t)(s->elements - at) : step;
		/* whole units, but none beyond the one that holds the end */
		if (at + part.n > end)
			part.n = (size_t)((end - at + w->unit - 1) / w->unit * w->unit);
		part.index = at / WINDOW_ELEMS;
		if (!read_part(w, at, part.n, d, in, bytes, ctx, e))
			return false;
		if (at <= first && end > at + part.n && seconds() - begun > 2e-3)
			ask_ahead(w, at + part.n, end - at - part.n);
		w->m->apply(s, w->state, &part, d->out);
		skip = at < first ? first - at : 0;
		stop = at + part.n > end ? end - at : part.n;
		for (int k = 0; k < s->n_inputs; k++)
			in[k] += skip;
		if (stop > skip && !fn(ctx, at + skip, (size_t)(stop - skip), in, d->out + skip, e))
			return false;
	}
	return true;
}
