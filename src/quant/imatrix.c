/* Importance matrices: the older file, and what both have in common.
 *
 *	entries i32 | to each: length i32, name, calls i32, values i32, f32 × values |
 *	last chunk i32 | length i32, path of the text            (both may be absent)
 *
 * A value is the mean square times calls. */
#include "config.h"
#include "quant/imatrix_read.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "base/str.h"
#include "model/gguf_read.h"
#include "system/file.h"

#define MAX_NAME 1024

static const char other_file[] = "llama-imatrix makes one: GGUF, or .dat";

float *imatrix_take(struct imatrix_own *o, uint64_t n)
{
	float *v = o->values + o->used;

	if (n > o->cap - o->used)
		return NULL;
	o->used += n;
	return v;
}

bool imatrix_sane(const struct imatrix_own *o, const char *name, const float *v, uint64_t n,
	struct err *e)
{
	for (uint64_t i = 0; i < n; i++)
		if (!isfinite(v[i]) || v[i] < 0) {
			err_set(e, ERR_INPUT, o->m.path, "collect it again",
				"column %" PRIu64 " is %g; means of squares are neither negative "
				"nor infinite", i, (double)v[i]);
			return err_at(e, "%s: %s", o->m.path, name);
		}
	return true;
}

/* --- the older file --- */

static bool read_values(struct gread *r, float *out, uint64_t n, float calls)
{
	for (uint64_t done = 0; done < n; ) {
		uint64_t part = n - done < 65536 ? n - done : 65536;
		const unsigned char *b = gread_take(r, part * 4);
		if (!b)
			return false;
		for (uint64_t i = 0; i < part; i++, b += 4) {
			uint32_t bits = le32(b);
			float v;
			memcpy(&v, &bits, sizeof v);
			out[done + i] = calls > 0 ? v / calls : v;
		}
		done += part;
	}
	return true;
}

static bool read_entry(struct imatrix_own *o, struct gread *r, struct err *e)
{
	uint32_t len = gread_u32(r);
	const unsigned char *name = NULL;

	if (!r->failed && (!len || len > MAX_NAME))
		gread_fail(r, "an entry's name of %u bytes", len);
	name = r->failed ? NULL : gread_take(r, len);
	if (name && (memchr(name, 0, len) || !utf8_valid((const char *)name, len)))
		gread_fail(r, "an entry's name that is no text");
	if (!name || r->failed)
		return false;
	struct imatrix_entry *x = vec_push(&o->entries);
	x->name = arena_strndup(&o->arena, (const char *)name, len);
	int32_t calls = (int32_t)gread_u32(r), n = (int32_t)gread_u32(r);
	if (!r->failed && (n < 1 || (uint64_t)n > gread_left(r) / 4))
		return gread_fail(r, "entry %s claims %d values", x->name, n);
	float *v = r->failed ? NULL : imatrix_take(o, (uint64_t)n);
	if (!v || !read_values(r, v, (uint64_t)n, (float)calls))
		return false;
	x->values = v;
	x->n = x->columns = (uint64_t)n;
	x->matrices = 1;
	x->tokens = -1;
	return imatrix_sane(o, x->name, v, x->n, e);
}

static void read_tail(struct imatrix_own *o, struct gread *r)
{
	if (gread_left(r) < 8)
		return;
	o->m.chunks = (int32_t)gread_u32(r);
	uint32_t len = gread_u32(r);
	const unsigned char *s = len && len <= 65536 && len <= gread_left(r) ?
		gread_take(r, len) : NULL;
	if (s && utf8_valid((const char *)s, len))
		o->m.dataset = arena_strndup(&o->arena, (const char *)s, len);
}

static bool read_legacy(struct imatrix_own *o, const struct file *f, struct err *e)
{
	struct gread r;

	gread_init(&r, f, e);
	r.what = "importance matrix";
	o->cap = (size_t)(f->id.size / 4);
	o->values = xtry_malloc(f->id.size + 4);
	if (!o->values) {
		gread_fini(&r);
		return err_set(e, ERR_MEMORY, f->path, NULL, "no memory for %" PRIu64 " bytes",
			f->id.size);
	}
	uint32_t n = f->id.size >= 4 ? gread_u32(&r) : 0;
	bool ok = n > 0 && n <= f->id.size / 16;
	if (!ok)
		err_set(e, ERR_INPUT, f->path, other_file, "this is no importance matrix");
	for (uint32_t i = 0; ok && i < n; i++)
		ok = read_entry(o, &r, e);
	if (ok)
		read_tail(o, &r);
	ok = ok && !r.failed;
	gread_fini(&r);
	return ok;
}

/* --- both --- */

static int by_name(const void *a, const void *b)
{
	const struct imatrix_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static bool finish(struct imatrix_own *o, struct err *e)
{
	if (!o->entries.n)
		return err_set(e, ERR_INPUT, o->m.path, other_file, "it has no entries");
	qsort(o->entries.v, o->entries.n, sizeof *o->entries.v, by_name);
	for (size_t i = 1; i < o->entries.n; i++)
		if (!strcmp(o->entries.v[i - 1].name, o->entries.v[i].name))
			return err_set(e, ERR_INPUT, o->m.path, "collect it again",
				"%s is there twice", o->entries.v[i].name);
	o->m.v = o->entries.v;
	o->m.n = o->entries.n;
	return true;
}

struct imatrix *imatrix_load(const char *path, struct err *e)
{
	struct file *f = file_open(path, e);
	char magic[4] = "";
	bool ok;

	if (!f)
		return NULL;
	struct imatrix_own *o = xnew(struct imatrix_own, 1);
	arena_init(&o->arena);
	o->m.path = arena_strdup(&o->arena, path);
	o->m.chunks = -1;
	ok = f->id.size < 4 || file_pread(f, magic, 4, 0, e);
	if (ok && !memcmp(magic, "GGUF", 4))
		ok = imatrix_read_gguf(o, path, e);
	else if (ok)
		ok = read_legacy(o, f, e);
	file_close(f);
	if (ok && finish(o, e))
		return &o->m;
	imatrix_free(&o->m);
	return NULL;
}

void imatrix_free(struct imatrix *m)
{
	struct imatrix_own *o = (struct imatrix_own *)m;

	if (!o)
		return;
	vec_fini(&o->entries);
	free(o->values);
	arena_fini(&o->arena);
	free(o);
}

const struct imatrix_entry *imatrix_find(const struct imatrix *m, const char *name)
{
	struct imatrix_entry key = { .name = name };

	return m->n ? bsearch(&key, m->v, m->n, sizeof *m->v, by_name) : NULL;
}

/* Matrices of a target: experts, 1 without. */
static uint64_t matrices(const struct quant_target *t)
{
	uint64_t n = 1;

	for (int i = 0; i < t->rank - 2; i++)
		n *= t->shape[i];
	return n;
}

static bool is_optional(const struct quant_target *t)
{
	return !strcmp(t->role, "token_embd") || !strcmp(t->role, "output");
}

bool imatrix_check(const struct imatrix *m, const struct quant_targets *t,
	struct imatrix_cover *out, struct err *e)
{
	static const char hint[] = "take the one that was collected with this model";
	bool *used = xnew(bool, m->n + 1), ok = true;

	*out = (struct imatrix_cover){ 0 };
	for (size_t i = 0; ok && i < t->n; i++) {
		const struct quant_target *x = &t->v[i];
		const struct imatrix_entry *y = imatrix_find(m, x->name);

		if (y)
			used[y - m->v] = true;
		if (!x->quantizable || (is_optional(x) && (!y || y->n != x->row)))
			continue;
		out->wanted += !is_optional(x);
		if (!y) {
			out->first_missing = out->first_missing ? out->first_missing : x->name;
			out->missing++;
			continue;
		}
		out->found++;
		out->partial += y->unseen > 0;
		if (y->n != x->row * matrices(x))
			ok = err_set(e, ERR_INPUT, m->path, hint,
				"%s has %" PRIu64 " columns there, %" PRIu64 " in the model: it is "
				"of another model", x->name, y->n, x->row * matrices(x));
	}
	for (size_t i = 0; i < m->n; i++)
		if (!used[i]) {
			out->first_extra = out->first_extra ? out->first_extra : m->v[i].name;
			out->extra++;
		}
	free(used);
	if (ok && out->wanted && !out->found)
		ok = err_set(e, ERR_INPUT, m->path, hint,
			"none of its %zu entries is of a tensor of this model", m->n);
	return ok;
}

const float *imatrix_row(const struct imatrix *m, const struct quant_target *t, uint64_t expert)
{
	const struct imatrix_entry *y = imatrix_find(m, t->name);

	if (!y || !t->row || y->n != t->row * matrices(t) || expert >= matrices(t))
		return NULL;
	return y->values + expert * t->row;
}
