/* GGUF, versions 2 and 3, whole or in parts.
 *
 *	| "GGUF" | version u32 | tensors i64 | keys i64 |
 *	| key: string, type u32, value | …            string: length u64, bytes; array: type u32,
 *count | info: name, rank u32, ne u64 × rank, type u32, offset u64 | …               u64, elements
 *	| zeros to the alignment | data: each tensor at data + offset |
 *
 * ne counts the fastest dimension first: the reverse of a shape. A part of a split file has its own
 * header; the model's keys are in the first. */
#include <stdlib.h>
#include "base/bytes.h"
#include "base/str.h"
#include "model/gguf.h"
#include "model/gguf_read.h"
#include "model/hash_cache.h"
#include "model/vocab.h"

#define MAX_KEY 65536
#define MAX_NAME 1024
#define MAX_LISTED 1024 /* a longer array is kept as a count */
#define MAX_ALIGNMENT (1u << 24)

static const char damaged[] = "the file is damaged or cut short; fetch it again";

struct part {
	struct model_build *b;
	struct err *e;
	struct file *f;
	int file;
	struct gread r;
	uint64_t n_tensors, n_keys;
	json_t *keys;
	uint32_t alignment;
	uint64_t data;
	size_t from;             /* first of its tensors in `all` */
};
struct gguf {
	vec(struct tensor) all;  /* as they stand in the files, names as stored */
	struct vocab vocab;
	json_t *facts;           /* about the vocabulary, remembered from before; or NULL */
};

static bool wrong(struct part *p, const char *tensor, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static bool wrong(struct part *p, const char *tensor, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	err_set(p->e, ERR_INPUT, p->f->path, damaged, "%s", what);
	return tensor ? err_at(p->e, "%s: tensor %s", p->f->path, tensor) : false;
}

static bool read_counts(struct part *p)
{
	const unsigned char *h = p->f->id.size < 24 ? NULL : gread_take(&p->r, 24);

	if (!h)
		return !p->r.failed ? wrong(p, NULL, "too short for a GGUF file") : false;
	uint32_t version = le32(h + 4);
	p->n_tensors = le64(h + 8);
	p->n_keys = le64(h + 16);
	if (memcmp(h, "GGUF", 4))
		return wrong(p, NULL, "it does not begin with GGUF");
	if (version && !(version & 0xFFFF))
		return err_set(p->e, ERR_INPUT, p->f->path, "convert it on a machine of its kind",
			"a big-endian GGUF file");
	if (version < 2 || version > 3)
		return err_set(p->e, ERR_INPUT, p->f->path,
			version > 3 ? "a newer cupel may read it" : "convert the model again",
			"GGUF version %u; versions 2 and 3 are read", version);
	uint64_t left = gread_left(&p->r);
	if (p->n_keys > left / 13 || p->n_tensors > left / 24)
		return wrong(p, NULL, "it claims %llu keys and %llu tensors in %llu bytes",
			(unsigned long long)p->n_keys, (unsigned long long)p->n_tensors,
			(unsigned long long)p->f->id.size);
	return true;
}

/* One element: into the list, or where there is none the vocabulary. */
static void read_element(struct part *p, struct gguf *g, uint32_t type, uint64_t i, json_t *list)
{
	size_t n;

	if (list) {
		json_t *v = gread_scalar(&p->r, type);
		if (v)
			json_array_append_new(list, v);
	} else {
		const char *s = gread_string(&p->r, &n);
		if (s)
			vocab_add(&g->vocab, s, n, (int64_t)i);
	}
}

static json_t *read_array(struct part *p, struct gguf *g, const char *key)
{
	uint32_t type;
	uint64_t count;
	if (!gread_array(&p->r, key, &type, &count))
		return NULL;
	bool tokens = !strcmp(key, "tokenizer.ggml.tokens") && type == GGUF_STRING;
	bool listed = !tokens && count <= MAX_LISTED;
	json_t *list = listed ? json_array() :
		json_pack("{s:s, s:o}", "array", gguf_type_name(type), "count", json_u64(count));
	if (!listed && (!tokens || g->facts))
		gread_pass_elements(&p->r, type, count);
	else
		for (uint64_t i = 0; !p->r.failed && i < count; i++)
			read_element(p, g, type, i, listed ? list : NULL);
	return list;
}

static bool read_key(struct part *p, struct gguf *g)
{
	size_t n;
	const char *s = gread_string(&p->r, &n);

	if (s && (!n || n > MAX_KEY || memchr(s, 0, n) || !utf8_valid(s, n)))
		gread_fail(&p->r, "a key whose name is %s",
			!n            ? "empty"
			: n > MAX_KEY ? "too long"
				      : "no text");
	if (p->r.failed)
		return false;
	char *key = xstrndup(s, n);
	uint32_t type = gread_u32(&p->r);
	if (!p->r.failed && type >= GGUF_TYPES)
		gread_fail(&p->r, "key %s has unknown type %u", key, type);
	json_t *v = p->r.failed ? NULL : type == GGUF_ARRAY ? read_array(p, g, key) :
		gread_scalar(&p->r, type);
	if (!p->r.failed && json_object_get(p->keys, key))
		gread_fail(&p->r, "key %s is there twice", key);
	if (p->r.failed)
		json_decref(v);
	else
		json_object_set_new_nocheck(p->keys, key, v);
	free(key);
	return !p->r.failed;
}

static bool read_alignment(struct part *p)
{
	const json_t *a = json_object_get(p->keys, "general.alignment");
	int64_t v = a ? json_int(a, "", -1) : 32;

	if (v <= 0 || v > MAX_ALIGNMENT || (v & (v - 1)))
		return wrong(p, NULL,
			"general.alignment is %lld, which is no power of two up to %u",
			(long long)v, MAX_ALIGNMENT);
	p->alignment = (uint32_t)v;
	return true;
}

static bool read_name(struct part *p, char *name)
{
	size_t n;
	const char *s = gread_string(&p->r, &n);

	if (!s)
		return false;
	if (!n || n >= MAX_NAME || memchr(s, 0, n) || !utf8_valid(s, n))
		return gread_fail(&p->r, "a tensor whose name is %s", !n ? "empty" :
			n >= MAX_NAME ? "too long" : "no text");
	memcpy(name, s, n);
	name[n] = 0;
	return true;
}

static bool read_info(struct part *p, struct gguf *g)
{
	char name[MAX_NAME];
	struct tensor t = { .layer = -1, .expert = -1, .file = p->file };
	uint64_t dims[4];

	if (!read_name(p, name))
		return false;
	uint32_t rank = gread_u32(&p->r);
	if (!p->r.failed && rank > 4)
		return gread_fail(
			&p->r, "tensor %s has %u dimensions; the format has at most 4", name, rank);
	for (uint32_t i = 0; i < rank; i++)
		dims[i] = gread_u64(&p->r);
	uint32_t type = gread_u32(&p->r);
	t.offset = gread_u64(&p->r);
	if (p->r.failed)
		return false;
	t.rank = (int)rank;
	for (uint32_t i = 0; i < rank; i++)
		t.shape[i] = dims[rank - 1 - i];
	t.dtype = dtype_by_ggml(type);
	t.name = t.stored = arena_strdup(&p->b->arena, name);
	t.dtype_text = t.dtype != DT_UNKNOWN ? dtype_name(t.dtype) :
		arena_printf(&p->b->arena, "ggml-%u", type);
	if (!shape_elements(t.rank, t.shape, &t.elements))
		return wrong(p, name, "its shape has more elements than 64 bits count");
	if (t.dtype != DT_UNKNOWN && rank && t.shape[rank - 1] % dtype_info(t.dtype)->block)
		return wrong(p, name, "its rows of %llu elements are no whole blocks of %s",
			(unsigned long long)t.shape[rank - 1], t.dtype_text);
	if (t.dtype != DT_UNKNOWN && !dtype_bytes(t.dtype, t.elements, &t.bytes))
		return wrong(p, name, "its %llu elements of %s overflow a file",
			(unsigned long long)t.elements, t.dtype_text);
	*vec_push(&g->all) = t;
	return true;
}

static int by_offset(const void *a, const void *b)
{
	const struct tensor *x = *(struct tensor *const *)a, *y = *(struct tensor *const *)b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

static bool check_place(struct part *p, struct tensor *t, const struct tensor *next,
	uint64_t size, uint64_t *end, uint64_t *holes)
{
	uint64_t stop;

	if (t->offset % p->alignment)
		return wrong(p, t->name, "its data at %llu is not aligned to %u",
			(unsigned long long)t->offset, p->alignment);
	if (t->offset < *end)
		return wrong(p, t->name, "its data overlaps that of the tensor before it");
	if (t->dtype == DT_UNKNOWN && t->offset <= size)
		t->bytes = (next ? next->offset : size) - t->offset;
	if (!size_add(t->offset, t->bytes, &stop) || stop > size)
		return wrong(p, t->name,
			"its data ends at byte %llu of the data, the file has %llu",
			(unsigned long long)stop, (unsigned long long)size);
	*holes += t->offset - *end;
	uint64_t pad = stop % p->alignment;
	*end = pad ? stop + (p->alignment - pad) : stop;
	return true;
}

static bool check_places(struct part *p, struct gguf *g)
{
	size_t n = g->all.n - p->from;
	struct tensor **order = xnew(struct tensor *, n + 1);
	uint64_t size = p->f->id.size > p->data ? p->f->id.size - p->data : 0, end = 0, holes = 0;
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		order[i] = &g->all.v[p->from + i];
	qsort(order, n, sizeof *order, by_offset);
	for (size_t i = 0; ok && i < n; i++)
		ok = check_place(p, order[i], order[i + 1], size, &end, &holes);
	for (size_t i = 0; ok && i < n; i++)
		order[i]->offset += p->data;
	if (ok && holes)
		build_note(p->b, "%s: %llu bytes between tensors belong to none",
			str_base(p->f->path), (unsigned long long)holes);
	free(order);
	return ok;
}

static bool read_all(struct part *p, struct gguf *g)
{
	if (!read_counts(p))
		return false;
	p->r.what = "keys";
	for (uint64_t i = 0; i < p->n_keys; i++)
		if (!read_key(p, g))
			return false;
	if (!read_alignment(p))
		return false;
	p->r.what = "list of tensors";
	for (uint64_t i = 0; i < p->n_tensors; i++)
		if (!read_info(p, g))
			return false;
	uint64_t pad = p->r.at % p->alignment;
	p->data = p->r.at + (pad ? p->alignment - pad : 0);
	return check_places(p, g);
}

/* One file: its tensors are appended to g, its keys returned (new reference). */
static json_t *part_load(struct model_build *b, struct gguf *g, const char *path, struct err *e)
{
	struct part p = { .b = b, .e = e, .f = file_open(path, e), .from = g->all.n };

	if (!p.f)
		return NULL;
	p.file = build_file(b, p.f);
	p.keys = json_object();
	gread_init(&p.r, p.f, e);
	bool ok = read_all(&p, g);
	gread_fini(&p.r);
	if (ok)
		return p.keys;
	json_decref(p.keys);
	return NULL;
}

/* "PREFIX-00002-of-00007.gguf": the length of PREFIX, and the 7. */
static size_t split_prefix(const char *path, int *count)
{
	size_t n = strlen(path);
	int i, of;
	char end;

	*count = 0;
	if (n < 20 || sscanf(path + n - 20, "-%5d-of-%5d.ggu%c", &i, &of, &end) != 3 || end != 'f')
		return 0;
	*count = of > 0 ? of : 0;
	return n - 20;
}

static bool check_part(struct model_build *b, const json_t *keys, const char *path, int i,
	int count, struct err *e)
{
	int64_t no = json_int(keys, "split.no", -1), of = json_int(keys, "split.count", -1);

	if (i == 0) {
		b->m.metadata = json_incref((json_t *)keys);
		if (count <= 1 || of < 0)
			return true;
	}
	if (no == i && of == count)
		return true;
	return err_set(e, ERR_INPUT, path, "rename the parts as they were, or fetch them again",
		"by its name it is part %d of %d, by its keys %lld of %lld", i + 1, count,
		(long long)no + 1, (long long)of);
}

static bool load_parts(struct model_build *b, struct gguf *g, const char *path, struct err *e)
{
	int count, here = 0;
	size_t prefix = split_prefix(path, &count);
	bool ok = true;

	for (int i = 0; ok && i < (count ? count : 1); i++) {
		char *name = count ? xasprintf("%.*s-%05d-of-%05d.gguf", (int)prefix, path, i + 1,
			count) : xstrdup(path);
		if (i == 0 && count && !file_exists(name)) {
			ok = err_set(e, ERR_INPUT, name, "fetch the missing part beside the others",
				"the first part, which describes the model, is missing");
		} else if (file_exists(name)) {
			if (i == 0)
				g->facts = facts_get(name);
			json_t *keys = part_load(b, g, name, e);
			ok = keys && check_part(b, keys, name, i, count, e);
			json_decref(keys);
			here++;
		}
		free(name);
	}
	if (ok && here < count)
		b->m.partial = arena_printf(&b->arena, "partial %d/%d", here, count);
	int64_t want = json_int(b->m.metadata, "split.tensors.count", -1);
	if (ok && count > 1 && here == count && want >= 0 && (uint64_t)want != g->all.n)
		build_note(b, "the first part announces %lld tensors, the parts hold %zu",
			(long long)want, g->all.n);
	return ok;
}

/* What the tokens come to: counted and hashed once, remembered for the file. */
static json_t *vocabulary(struct gguf *g, int64_t eos)
{
	char hex[HASH_HEX_SIZE];
	size_t n, count = g->vocab.entries.n;
	const char *text = NULL;

	if (g->facts || !count)
		return json_incref(g->facts);
	if (eos >= 0 && (size_t)eos < count)
		text = g->vocab.entries.v[eos].text; /* before the hash sorts them */
	json_t *facts = json_object();
	json_object_set_new(facts, "entries", json_u64(count));
	json_object_set_new(facts, "eos_token", json_textn(text));
	hash_hex(vocab_hash(&g->vocab, &n), hex);
	json_object_set_new(facts, "hash", json_string(hex));
	return facts;
}

static void tokenizer_facts(struct model_build *b, struct gguf *g)
{
	struct model_tokenizer *t = &b->m.tokenizer;
	const json_t *m = b->m.metadata;
	const char *path = b->files.v[0]->path;

	t->kind = json_text(m, "tokenizer.ggml.model", NULL);
	t->bos_id = json_int(m, "tokenizer.ggml.bos_token_id", -1);
	t->eos_id = json_int(m, "tokenizer.ggml.eos_token_id", -1);
	t->chat_template = json_text(m, "tokenizer.chat_template", NULL);
	if (t->chat_template)
		t->chat_template_from = str_base(b->m.path);
	json_t *facts = vocabulary(g, t->eos_id);
	if (facts) {
		const char *eos = json_text(facts, "eos_token", NULL);
		t->vocab_size = json_int(facts, "entries", -1);
		hash_parse(json_text(facts, "hash", ""), &t->vocab_hash);
		t->eos_token = eos ? arena_strdup(&b->arena, eos) : NULL;
		if (!g->facts)
			facts_put(path, facts);
	}
	json_decref(facts);
}

bool gguf_load(struct model_build *b, const char *path, struct err *e)
{
	struct gguf g = { .all.n = 0 };
	bool tied = true;

	vocab_init(&g.vocab);
	b->m.format = MODEL_GGUF;
	bool ok = load_parts(b, &g, path, e);
	if (ok) {
		const struct gguf_arch *a = gguf_arch(b);
		for (size_t i = 0; i < g.all.n; i++)
			tied &= strcmp(g.all.v[i].name, "output.weight") != 0;
		b->m.config = gguf_config(b, a, tied);
		gguf_name_tensors(b, a, g.all.v, g.all.n);
		tokenizer_facts(b, &g);
	}
	vec_fini(&g.all);
	vocab_fini(&g.vocab);
	json_decref(g.facts);
	return ok;
}
