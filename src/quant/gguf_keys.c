#include "config.h"
#include "quant/gguf_keys.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "model/gguf_read.h"
#include "quant/gguf_make.h"
#include "system/file.h"

#define KEYS_MAX ((uint64_t)1 << 20)
#define IMATRIX_TEXT 127 /* bytes that llama-quantize keeps of a name */

/* --- a GGUF source: its own words, but for those that are about the file --- */

static bool about_the_file(const char *key, size_t n)
{
	static const char *const own[] = { "general.file_type", "general.quantization_version",
		"general.alignment" };

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strlen(own[i]) == n && !memcmp(own[i], key, n))
			return true;
	return (n > 6 && !memcmp(key, "split.", 6)) ||
		(n > 17 && !memcmp(key, "quantize.imatrix.", 17));
}

static bool value_skip(struct gread *r, uint32_t type)
{
	size_t size = gguf_type_size(type), n;

	if (type == GGUF_STRING)
		return gread_string(r, &n) != NULL;
	if (size)
		return gread_skip(r, size);
	if (type != GGUF_ARRAY)
		return gread_fail(r, "a value of the unknown type %u", type);
	type = gread_u32(r);
	uint64_t count = gread_u64(r);
	size = gguf_type_size(type);
	if (size)
		return !r->failed && count <= gread_left(r) / size && gread_skip(r, count * size);
	if (type != GGUF_STRING)
		return gread_fail(r, "an array of the type %u", type);
	for (uint64_t i = 0; i < count; i++)
		if (!gread_string(r, &n))
			return false;
	return !r->failed;
}

static bool copy_keys(struct gguf_put *p, const struct file *f, struct err *e)
{
	struct gread r;
	uint64_t keys;

	gread_init(&r, f, e);
	gread_skip(&r, 16); /* magic, version, tensors */
	keys = gread_u64(&r);
	for (uint64_t i = 0; !r.failed && i < keys && i < KEYS_MAX; i++) {
		uint64_t from = r.at;
		size_t n = 0;
		const char *key = gread_string(&r, &n);
		bool skip = key && about_the_file(key, n);
		uint32_t type = gread_u32(&r);

		if (!value_skip(&r, type) || skip)
			continue;
		size_t bytes = (size_t)(r.at - from);
		unsigned char *raw = xtry_malloc(bytes);
		if (!raw)
			r.failed = !err_set(e, ERR_MEMORY, f->path, NULL, "no memory for its keys");
		else if (file_pread(f, raw, bytes, from, e))
			put_raw(p, raw, bytes, 1);
		else
			r.failed = true;
		free(raw);
	}
	bool ok = !r.failed;
	gread_fini(&r);
	return ok;
}

static bool from_file(struct gguf_put *p, const struct quant_targets *t, struct err *e)
{
	struct file *f = file_open(t->model->path, e);
	bool ok = f && copy_keys(p, f, e);

	file_close(f);
	return ok;
}

/* --- a folder: its config and tokenizer --- */

static bool from_folder(struct gguf_put *p, const struct quant_targets *t, struct err *e)
{
	const char *slash = strrchr(t->model->name, '/');

	put_text(p, "general.architecture", p->arch);
	put_text(p, "general.type", "model");
	put_text(p, "general.name", slash ? slash + 1 : t->model->name);
	return gguf_put_config(p, t, e) && gguf_put_tokenizer(p, t, e);
}

static void put_cut(struct gguf_put *p, const char *key, const char *text)
{
	char *cut = xstrndup(text, IMATRIX_TEXT);

	put_text(p, key, cut);
	free(cut);
}

static void put_imatrix(struct gguf_put *p, const struct imatrix *m)
{
	put_cut(p, "quantize.imatrix.file", str_base(m->path));
	if (m->dataset)
		put_cut(p, "quantize.imatrix.dataset", str_base(m->dataset));
	put_u32(p, "quantize.imatrix.entries_count", m->n);
	if (m->chunks >= 0)
		put_u32(p, "quantize.imatrix.chunks_count", (uint64_t)m->chunks);
}

bool gguf_keys_make(const struct quant_plan *plan, const struct imatrix *imatrix,
	struct gguf_keys *out, struct err *e)
{
	const struct quant_targets *t = plan->targets;
	struct gguf_put p = { .arch = t->architecture };
	bool ok = t->model->format == MODEL_GGUF ? from_file(&p, t, e) : from_folder(&p, t, e);

	if (ok) {
		put_u32(&p, "general.quantization_version", 2);
		put_u32(&p, "general.file_type", (uint64_t)plan->spec->preset.ftype);
		if (imatrix)
			put_imatrix(&p, imatrix);
	}
	out->count = p.count;
	out->n = p.s.n;
	out->bytes = (unsigned char *)str_steal(&p.s);
	if (!ok)
		gguf_keys_fini(out);
	return ok;
}

void gguf_keys_fini(struct gguf_keys *k)
{
	free(k->bytes);
	*k = (struct gguf_keys){ 0 };
}
