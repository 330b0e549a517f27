/* safetensors: one file.
 *
 *	| n: u64 | JSON, n bytes | data …                          |
 *	           {"NAME": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [begin, end]}, …,
 *	            "__metadata__": {"key": "value"}}
 *
 * Offsets count from the end of the JSON. The format allows neither holes nor overlaps; a hole does
 * no harm to a reader and is noted, an overlap is refused. */
#include <stdlib.h>
#include "base/bytes.h"
#include "base/str.h"
#include "model/build.h"
#include "model/jscan.h"

#define HEADER_MAX ((uint64_t)100 << 20) /* the format's own limit */

static const char damaged[] = "the file is damaged; fetch or write it again";

struct entry {
	size_t tensor;
	uint64_t begin, end;
};
struct load {
	struct model_build *b;
	struct file *f;
	int file;
	const char *label; /* name of the file alone */
	uint64_t data;     /* where the data starts */
	struct jscan s;
	struct err *e;
	vec(struct entry) entries;
	vec(char) name;    /* of the tensor at work, NUL-terminated */
	json_t *metadata;
};

static bool wrong(struct load *l, const char *tensor, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static bool wrong(struct load *l, const char *tensor, const char *hint, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	l->s.failed = true;
	err_set(l->e, ERR_INPUT, l->f->path, hint, "%s", what);
	return tensor ? err_at(l->e, "%s: tensor %s", l->f->path, tensor) : false;
}

struct fields {
	char dtype[32];
	int rank;
	uint64_t shape[TENSOR_MAX_RANK];
	uint64_t begin, end;
	bool has_dtype, has_shape, has_offsets;
};

static bool read_shape(struct load *l, struct fields *x)
{
	uint64_t v;

	for (jscan_open(&l->s, '['); jscan_more(&l->s, ']') && jscan_u64(&l->s, &v); ) {
		if (x->rank == TENSOR_MAX_RANK)
			return wrong(
				l, l->name.v, damaged, "more than %d dimensions", TENSOR_MAX_RANK);
		x->shape[x->rank++] = v;
	}
	x->has_shape = true;
	return jscan_ok(&l->s);
}

static bool read_offsets(struct load *l, struct fields *x)
{
	uint64_t v[3] = { 0 };
	int n = 0;

	for (jscan_open(&l->s, '['); jscan_more(&l->s, ']') && jscan_u64(&l->s, &v[n]); )
		if (++n > 2)
			break;
	if (jscan_ok(&l->s) && n != 2)
		return wrong(l, l->name.v, damaged, "data_offsets is not a pair");
	x->begin = v[0];
	x->end = v[1];
	x->has_offsets = true;
	return jscan_ok(&l->s);
}

static bool read_fields(struct load *l, struct fields *x)
{
	struct jtext key, text;

	for (jscan_open(&l->s, '{'); jscan_more(&l->s, '}') && jscan_key(&l->s, &key); ) {
		if (jtext_eq(key, "dtype") && jscan_string(&l->s, &text)) {
			snprintf(x->dtype, sizeof x->dtype, "%.*s", (int)text.n, text.s);
			x->has_dtype = true;
		} else if (jtext_eq(key, "shape") && !x->has_shape) {
			read_shape(l, x);
		} else if (jtext_eq(key, "data_offsets") && !x->has_offsets) {
			read_offsets(l, x);
		} else if (jscan_ok(&l->s)) {
			jscan_fail(&l->s, "tensor %s has a key that the format does not know",
				l->name.v);
		}
	}
	if (!jscan_ok(&l->s))
		return false;
	if (!x->has_dtype || !x->has_shape || !x->has_offsets)
		return wrong(l, l->name.v, damaged, "%s is missing", !x->has_dtype ? "dtype" :
			!x->has_shape ? "shape" : "data_offsets");
	return true;
}

/* dtype × shape against the bytes claimed. A dtype nobody
 * knows is listed with the size it claims. */
static bool check_size(struct load *l, const struct fields *x, enum dtype t)
{
	const char *name = l->name.v;
	uint64_t elements, bytes;

	if (x->end < x->begin)
		return wrong(l, name, damaged, "its data ends (byte %llu) before it begins (%llu)",
			(unsigned long long)x->end, (unsigned long long)x->begin);
	if (!shape_elements(x->rank, x->shape, &elements))
		return wrong(l, name, damaged, "its shape has more elements than 64 bits count");
	if (t == DT_UNKNOWN)
		return true;
	if (!dtype_bytes(t, elements, &bytes))
		return wrong(l, name, damaged,
			"%llu elements of %s are not a whole number of bytes",
			(unsigned long long)elements, x->dtype);
	if (bytes != x->end - x->begin)
		return wrong(l, name, damaged,
			"its shape and dtype %s need %llu bytes, its data_offsets hold %llu",
			x->dtype, (unsigned long long)bytes,
			(unsigned long long)(x->end - x->begin));
	return true;
}

static bool read_tensor(struct load *l)
{
	struct fields x = { .rank = 0 };

	if (!read_fields(l, &x))
		return false;
	enum dtype t = dtype_by_safetensors(x.dtype);
	uint64_t at;
	if (!check_size(l, &x, t))
		return false;
	if (!size_add(l->data, x.end, &at) || at > l->f->id.size)
		return wrong(l, l->name.v, "fetch the file again: it is cut short or damaged",
			"its data ends at byte %llu of the data, the file has %llu",
			(unsigned long long)x.end, (unsigned long long)(l->f->id.size - l->data));
	struct tensor *n = build_tensor(l->b, l->name.v, l->name.n - 1, x.rank, x.shape,
		(struct span){ l->file, l->data + x.begin, x.end - x.begin, t });
	if (t == DT_UNKNOWN)
		n->dtype_text = arena_strdup(&l->b->arena, x.dtype);
	*vec_push(&l->entries) = (struct entry){ l->b->tensors.n - 1, x.begin, x.end };
	return true;
}

static bool read_metadata(struct load *l)
{
	struct jtext key, value;

	l->metadata = l->metadata ? l->metadata : json_object();
	for (jscan_open(&l->s, '{'); jscan_more(&l->s, '}') && jscan_key(&l->s, &key); ) {
		char *k = xstrndup(key.s, key.n);
		if (jscan_peek(&l->s) == '"' && jscan_string(&l->s, &value)) {
			char *v = xstrndup(value.s, value.n);
			json_object_set_new_nocheck(l->metadata, k, json_textn(v));
			free(v);
		} else {
			jscan_skip(&l->s);
		}
		free(k);
	}
	return jscan_ok(&l->s);
}

static bool take_name(struct load *l, struct jtext name)
{
	if (memchr(name.s, 0, name.n) || !utf8_valid(name.s, name.n))
		return jscan_fail(&l->s, "a tensor name that is not UTF-8 text");
	vec_reserve(&l->name, name.n + 1);
	memcpy(l->name.v, name.s, name.n);
	l->name.v[name.n] = 0;
	l->name.n = name.n + 1;
	return true;
}

static bool read_header(struct load *l)
{
	struct jtext name;

	for (jscan_open(&l->s, '{'); jscan_more(&l->s, '}') && jscan_key(&l->s, &name); ) {
		if (jtext_eq(name, "__metadata__") && jscan_peek(&l->s) != '{')
			jscan_skip(&l->s); /* MLX writes null where it has none */
		else if (jtext_eq(name, "__metadata__"))
			read_metadata(l);
		else if (take_name(l, name))
			read_tensor(l);
	}
	return jscan_end(&l->s);
}

static int entry_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	return x->tensor < y->tensor ? -1 : x->tensor > y->tensor;
}

static bool check_places(struct load *l)
{
	const struct tensor *t = l->b->tensors.v;
	const struct entry *v = l->entries.v;
	uint64_t end = 0, holes = 0, size = l->f->id.size - l->data;

	for (size_t i = 0; i < l->entries.n; i++) {
		if (v[i].begin < end)
			return wrong(l, t[v[i].tensor].name, damaged,
				"its data overlaps that of tensor %s", t[v[i - 1].tensor].name);
		holes += v[i].begin - end;
		end = v[i].end;
	}
	if (holes)
		build_note(l->b, "%s: %llu bytes between tensors belong to none", l->label,
			(unsigned long long)holes);
	if (size > end)
		build_note(l->b, "%s: %llu bytes after the last tensor belong to none", l->label,
			(unsigned long long)(size - end));
	return true;
}

/* Tensors in the order of their data, which is the order a reader wants. */
static void sort_by_place(struct load *l, size_t from)
{
	size_t n = l->entries.n;
	struct tensor *t = xnew(struct tensor, n);
	struct layout *y = xnew(struct layout, n);

	for (size_t i = 0; i < n; i++) {
		t[i] = l->b->tensors.v[l->entries.v[i].tensor];
		y[i] = l->b->layouts.v[l->entries.v[i].tensor];
	}
	memcpy(l->b->tensors.v + from, t, n * sizeof *t);
	memcpy(l->b->layouts.v + from, y, n * sizeof *y);
	free(t);
	free(y);
}

static void keep_metadata(struct load *l)
{
	if (!l->metadata)
		return;
	if (!l->b->m.metadata)
		l->b->m.metadata = json_object();
	json_object_update_missing(l->b->m.metadata, l->metadata);
	json_decref(l->metadata);
}

static char *read_text(struct load *l, uint64_t *n)
{
	unsigned char head[8];

	if (l->f->id.size < 8) {
		wrong(l, NULL, damaged, "%llu bytes are too few for a safetensors file",
			(unsigned long long)l->f->id.size);
		return NULL;
	}
	if (!file_pread(l->f, head, 8, 0, l->e))
		return NULL;
	*n = le64(head);
	if (*n > l->f->id.size - 8) {
		wrong(l, NULL, "it is cut short, damaged, or no safetensors file: fetch it again",
			"the header claims %llu bytes, the file has %llu", (unsigned long long)*n,
			(unsigned long long)l->f->id.size);
		return NULL;
	}
	if (*n > HEADER_MAX) {
		wrong(l, NULL, damaged, "the header claims %llu bytes; the format allows %llu",
			(unsigned long long)*n, (unsigned long long)HEADER_MAX);
		return NULL;
	}
	l->data = 8 + *n;
	char *text = xtry_malloc(*n + 1);
	if (!text) {
		err_set(l->e, ERR_MEMORY, l->f->path, NULL, "no memory for a header of %llu bytes",
			(unsigned long long)*n);
		return NULL;
	}
	if (file_pread(l->f, text, *n, 8, l->e))
		return text;
	free(text);
	return NULL;
}

bool safetensors_load(struct model_build *b, const char *path, struct err *e)
{
	struct load l = { .b = b, .e = e, .f = file_open(path, e) };
	size_t from = b->tensors.n;
	uint64_t n;

	if (!l.f)
		return false;
	l.file = build_file(b, l.f);
	l.label = str_base(l.f->path);
	char *text = read_text(&l, &n);
	if (!text)
		return false;
	jscan_init(&l.s, text, n, l.f->path, e);
	bool ok = read_header(&l);
	jscan_fini(&l.s);
	free(text);
	if (ok && l.entries.n) {
		qsort(l.entries.v, l.entries.n, sizeof *l.entries.v, entry_order);
		ok = check_places(&l);
		sort_by_place(&l, from);
	}
	keep_metadata(&l);
	vec_fini(&l.entries);
	vec_fini(&l.name);
	return ok;
}
