/* How long the files will be, and where everything stands in them.
 *
 * GGUF: magic, version, two counts (24 bytes), keys, then to each tensor
 *	name u64+bytes | dimensions u32 | ne u64 each | type u32 | offset u64
 * and the data, each tensor padded to the alignment, after padding to it. */
#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "base/vec.h"
#include "quant/plan.h"

static uint64_t pad(uint64_t n, uint32_t alignment)
{
	return n + (alignment - n % alignment) % alignment;
}

uint64_t quant_gguf_layout(const struct quant_plan *p, uint64_t kv_bytes, uint32_t alignment,
	uint64_t *offsets)
{
	uint32_t a = alignment ? alignment : 32;
	uint64_t head = 24 + kv_bytes, at = 0;

	for (size_t i = 0; i < p->targets->n; i++) {
		const struct quant_target *t = &p->targets->v[i];
		uint64_t dims = t->rank ? (uint64_t)t->rank : 1;

		head += 8 + strlen(t->name) + 4 + 8 * dims + 4 + 8;
		if (offsets)
			offsets[i] = at;
		at += pad(p->bytes[i], a);
	}
	return pad(head, a);
}

uint64_t quant_gguf_bytes(const struct quant_plan *p, uint64_t kv_bytes, uint32_t alignment)
{
	uint64_t total = quant_gguf_layout(p, kv_bytes, alignment, NULL);

	for (size_t i = 0; i < p->targets->n; i++)
		total += pad(p->bytes[i], alignment ? alignment : 32);
	return total;
}

/* --- MLX: arrays --- */

struct arrays {
	struct mlx_array *v;
	size_t n, cap;
};

static struct mlx_array *add_array(struct arrays *v, const struct quant_plan *p, size_t i,
	char *name, const char *dtype, uint64_t last, int what)
{
	const struct quant_target *t = &p->targets->v[i];
	struct mlx_array *a = vec_push(v);

	*a = (struct mlx_array){ .name = name, .st_dtype = dtype, .rank = t->rank,
		.target = (uint32_t)i, .what = (uint8_t)what };
	memcpy(a->shape, t->shape, sizeof a->shape);
	if (t->rank)
		a->shape[t->rank - 1] = last;
	return a;
}

static uint64_t array_elements(const struct mlx_array *a)
{
	uint64_t n = 1;

	for (int i = 0; i < a->rank; i++)
		n *= a->shape[i];
	return n;
}

static void add_module(struct arrays *v, const struct quant_plan *p, size_t i)
{
	static const char *const ends[] = { "weight", "scales", "biases" };
	const struct quant_target *t = &p->targets->v[i];
	struct quant_type type = p->v[i].type;
	bool affine = type.mode == QUANT_AFFINE;
	const struct dtype_info *d = dtype_info(type.dtype);
	struct mlx_array *a;
	size_t n;

	if (type.mode == QUANT_PLAIN) {
		a = add_array(v, p, i, xstrdup(t->name), d->st_name, t->row, 0);
		a->bytes = p->bytes[i];
		return;
	}
	const char *module = quant_target_module(t, &n);
	for (int what = 0; what < (affine ? 3 : 2); what++) {
		char *name = xasprintf("%.*s.%s", (int)n, module, ends[what]);
		a = add_array(v, p, i, name, !what ? "U32" : affine ? d->st_name : "U8",
			what ? t->row / type.group : t->row * type.bits / 32, what);
		a->bytes = array_elements(a) * (!what ? 4 : d->bytes);
	}
}

/* --- MLX: files --- */

/* Larger elements first, so that all are aligned; then by name. */
static uint32_t element_size(const struct mlx_array *a)
{
	return dtype_info(dtype_by_safetensors(a->st_dtype))->bytes;
}

static int by_file_order(const void *pa, const void *pb)
{
	const struct mlx_array *a = pa, *b = pb;
	uint32_t x = element_size(a), y = element_size(b);

	if (a->shard != b->shard)
		return a->shard < b->shard ? -1 : 1;
	return x != y ? (x > y ? -1 : 1) : strcmp(a->name, b->name);
}

static void make_header(const struct quant_plan *p, struct mlx_layout *l, struct mlx_shard *f)
{
	char hex[HASH_HEX_SIZE];
	struct str s = STR_INIT;
	uint64_t at = 0;

	hash_hex(quant_spec_hash(p->spec), hex);
	str_addn(&s, "\0\0\0\0\0\0\0\0", 8);
	str_addf(&s, "{\"__metadata__\":{\"format\":\"mlx\",\"cupel.version\":\"%s\","
		"\"cupel.plan\":\"%s\"}", PACKAGE_VERSION, hex);
	for (size_t i = f->from; i < f->from + f->n; i++) {
		const struct mlx_array *a = &l->v[i];

		str_addc(&s, ',');
		str_add_quoted(&s, a->name);
		str_addf(&s, ":{\"dtype\":\"%s\",\"shape\":[", a->st_dtype);
		for (int d = 0; d < a->rank; d++)
			str_addf(&s, "%s%" PRIu64, d ? "," : "", a->shape[d]);
		str_addf(&s, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", at, at + a->bytes);
		at += a->bytes;
	}
	str_addc(&s, '}');
	while (s.n % 8)
		str_addc(&s, ' ');
	put_le64(s.s, s.n - 8);
	f->header_n = s.n;
	f->header = str_steal(&s);
	f->bytes = f->header_n + at;
	at = f->header_n;
	for (size_t i = f->from; i < f->from + f->n; at += l->v[i++].bytes)
		l->v[i].offset = at;
	l->total += f->bytes;
	l->data += f->bytes - f->header_n;
}

/* A file is closed when the next array would take it over the limit. */
static size_t deal_out(struct arrays *v, uint64_t limit)
{
	uint64_t open = 0;
	uint32_t shard = 0;

	for (size_t i = 0; i < v->n; i++) {
		if (open && (v->v[i].bytes > limit || open > limit - v->v[i].bytes)) {
			shard++;
			open = 0;
		}
		open += v->v[i].bytes;
		v->v[i].shard = shard;
	}
	return shard + 1;
}

struct mlx_layout *quant_mlx_layout(const struct quant_plan *p, uint64_t shard_bytes)
{
	struct mlx_layout *l = xnew(struct mlx_layout, 1);
	struct arrays v = { 0 };
	size_t at = 0;

	for (size_t i = 0; i < p->targets->n; i++)
		add_module(&v, p, i);
	l->n_shards = deal_out(&v, shard_bytes ? shard_bytes : MLX_SHARD_BYTES);
	if (v.n)
		qsort(v.v, v.n, sizeof *v.v, by_file_order);
	l->v = v.v;
	l->n = v.n;
	l->shards = xnew(struct mlx_shard, l->n_shards);
	for (size_t k = 0; k < l->n_shards; k++) {
		struct mlx_shard *f = &l->shards[k];

		f->name = l->n_shards == 1 ? xstrdup("model.safetensors") :
			xasprintf("model-%05zu-of-%05zu.safetensors", k + 1, l->n_shards);
		f->from = at;
		while (at < l->n && l->v[at].shard == k)
			at++;
		f->n = at - f->from;
		make_header(p, l, f);
	}
	return l;
}

void quant_mlx_layout_free(struct mlx_layout *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	for (size_t i = 0; i < l->n_shards; i++) {
		free(l->shards[i].name);
		free(l->shards[i].header);
	}
	free(l->v);
	free(l->shards);
	free(l);
}

static int by_name(const void *a, const void *b)
{
	const struct mlx_array *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

char *quant_mlx_index(const struct quant_plan *p, const struct mlx_layout *l)
{
	const struct mlx_array **v = xnew(const struct mlx_array *, l->n + 1);
	struct str out = STR_INIT;

	for (size_t i = 0; i < l->n; i++)
		v[i] = &l->v[i];
	if (l->n)
		qsort(v, l->n, sizeof *v, by_name);
	str_addf(&out, "{\n    \"metadata\": {\n        \"total_size\": %" PRIu64 ",\n"
		"        \"total_parameters\": %" PRIu64 "\n    },\n    \"weight_map\": {",
		l->data, p->targets->parameters);
	for (size_t i = 0; i < l->n; i++) {
		str_add(&out, i ? ",\n        " : "\n        ");
		str_add_quoted(&out, v[i]->name);
		str_add(&out, ": ");
		str_add_quoted(&out, l->shards[v[i]->shard].name);
	}
	str_add(&out, "\n    }\n}\n");
	free(v);
	return str_steal(&out);
}

static json_t *config_entry(struct quant_type t, bool mode)
{
	char name[QUANT_TYPE_NAME];
	json_t *j = json_pack("{s:i, s:i}", "group_size", (int)t.group, "bits", (int)t.bits);

	if (mode)
		json_object_set_new(j, "mode", json_string(t.mode == QUANT_AFFINE ? "affine"
			: quant_type_name(t, name)));
	return j;
}

/* As mlx_lm writes it: a recipe that names bits itself says so of every module, and leaves 4 as the
 * rest; what a model wants in 8 bits has no mode, which means affine. */
json_t *quant_mlx_config(const struct quant_plan *p)
{
	const struct quant_preset *preset = &p->spec->preset;
	struct quant_type base = preset->base;
	json_t *j;

	if (preset->kind == MLX_MIXED)
		base.bits = 4;
	j = config_entry(base, true);
	for (size_t i = 0; i < p->targets->n; i++) {
		struct quant_type t = p->v[i].type;
		bool own = preset->kind == MLX_UNIFORM && p->v[i].why == QUANT_MIXED;
		size_t n;

		if (t.mode == QUANT_PLAIN ||
			(preset->kind != MLX_MIXED && quant_type_same(t, base)))
			continue;
		char *module = xstrdup(quant_target_module(&p->targets->v[i], &n));
		module[n] = 0;
		json_object_set_new_nocheck(j, module, config_entry(t, !own));
		free(module);
	}
	return j;
}
