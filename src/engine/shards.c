#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/shards.h"

void shards_free(struct shards *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].header);
	}
	free(s->v);
	free(s->offset);
	free(s->of);
	free(s->order);
	free(s);
}

/* --- order in a file: larger elements first, so that all are aligned; then by name --- */

struct place {
	uint32_t size, index;
	const char *name;
};

static int by_file_order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void shard_order(const struct plan *p, uint32_t *order, size_t n)
{
	struct place *v = xnew(struct place, n + 1);

	for (size_t i = 0; i < n; i++) {
		const struct plan_tensor *t = &p->tensors[order[i]];

		v[i] = (struct place){dtype_info(t->dtype)->bytes, order[i], t->like->name};
	}
	qsort(v, n, sizeof *v, by_file_order);
	for (size_t i = 0; i < n; i++)
		order[i] = v[i].index;
	free(v);
}

/* --- header:  u64 length | {"__metadata__":{…},"name":{…},…} | blanks up to 8 bytes --- */

/* Facts of fixed width that are known beforehand; so the size of the file is too. */
static void add_metadata(struct str *s, const struct plan *p)
{
	char hex[HASH_HEX_SIZE];

	hash_hex(recipe_hash(p->recipe), hex);
	str_addf(s, "\"__metadata__\":{\"format\":\"pt\",\"cupel.version\":\"%s\","
		"\"cupel.recipe\":\"%s\",\"cupel.seed\":\"%016" PRIx64 "\","
		"\"cupel.arithmetic\":\"%s\"}", PACKAGE_VERSION, hex, p->seed,
		plan_arithmetic(p));
}

static void shard_header(const struct plan *p, struct shards *all, struct shard *f)
{
	struct str s = STR_INIT;
	uint64_t at = 0;

	str_addn(&s, "\0\0\0\0\0\0\0\0{", 9);
	add_metadata(&s, p);
	for (size_t i = 0; i < f->n; i++) {
		const struct plan_tensor *t = &p->tensors[f->tensors[i]];

		str_addc(&s, ',');
		str_add_quoted(&s, t->like->name);
		str_addf(&s, ":{\"dtype\":\"%s\",\"shape\":[", dtype_info(t->dtype)->st_name);
		for (int d = 0; d < t->like->rank; d++)
			str_addf(&s, "%s%" PRIu64, d ? "," : "", t->like->shape[d]);
		str_addf(&s, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", at, at + t->bytes);
		all->offset[f->tensors[i]] = at;
		at += t->bytes;
	}
	str_addc(&s, '}');
	while (s.n % 8)
		str_addc(&s, ' ');
	put_le64(s.s, s.n - 8);
	f->header_n = s.n;
	f->header = str_steal(&s);
	f->bytes = f->header_n + at;
	for (size_t i = 0; i < f->n; i++)
		all->offset[f->tensors[i]] += f->header_n;
	all->total += f->bytes;
	all->data += at;
}

struct shards *shards_make(const struct plan *p, uint64_t shard_size)
{
	struct shards *s = xnew(struct shards, 1);
	uint64_t limit = shard_size ? shard_size : SHARD_SIZE_DEFAULT, open = 0;
	size_t *begin = xnew(size_t, p->n + 2);

	s->offset = xnew(uint64_t, p->n + 1);
	s->of = xnew(uint32_t, p->n + 1);
	s->order = xnew(uint32_t, p->n + 1);
	s->n = 1;
	for (size_t i = 0; i < p->n; i++) {
		if (open > 0 &&
			(p->tensors[i].bytes > limit || open > limit - p->tensors[i].bytes)) {
			begin[s->n++] = i;
			open = 0;
		}
		open += p->tensors[i].bytes;
		s->order[i] = (uint32_t)i;
		s->of[i] = (uint32_t)s->n - 1;
	}
	begin[s->n] = p->n;
	s->v = xnew(struct shard, s->n);
	for (size_t i = 0; i < s->n; i++) {
		struct shard *f = &s->v[i];

		f->name = s->n == 1 ? xstrdup("model.safetensors") :
			xasprintf("model-%05zu-of-%05zu.safetensors", i + 1, s->n);
		f->tensors = s->order + begin[i];
		f->n = begin[i + 1] - begin[i];
		shard_order(p, s->order + begin[i], f->n);
		shard_header(p, s, f);
	}
	free(begin);
	return s;
}

char *shards_index(const struct plan *p, const struct shards *s)
{
	struct str out = STR_INIT;

	if (s->n == 1)
		return NULL;
	str_addf(&out, "{\n  \"metadata\": {\n    \"total_size\": %" PRIu64 "\n  },\n"
		"  \"weight_map\": {", s->data);
	for (size_t i = 0; i < p->n; i++) {
		str_add(&out, i ? ",\n    " : "\n    ");
		str_add_quoted(&out, p->tensors[i].like->name);
		str_add(&out, ": ");
		str_add_quoted(&out, s->v[s->of[i]].name);
	}
	str_add(&out, "\n  }\n}\n");
	return str_steal(&out);
}
