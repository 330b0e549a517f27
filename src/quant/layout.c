#include "config.h"
#include "quant/layout.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "base/str.h"
#include "base/xalloc.h"

#define ALIGNMENT 32u
#define NAME_MAX_BYTES 63 /* of a tensor, in GGUF */

static void add_u16(struct str *s, uint16_t v)
{
	str_addn(s, (const char *)&v, sizeof v);
}

static void add_u32(struct str *s, uint32_t v)
{
	str_addn(s, (const char *)&v, sizeof v);
}

static void add_u64(struct str *s, uint64_t v)
{
	str_addn(s, (const char *)&v, sizeof v);
}

static void add_text(struct str *s, const char *text)
{
	add_u64(s, strlen(text));
	str_add(s, text);
}

static uint64_t aligned(uint64_t n)
{
	return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static struct quant_layout *layout_new(const struct quant_plan *p, size_t files)
{
	struct quant_layout *l = xnew(struct quant_layout, 1);

	l->container = p->targets->container;
	l->n_files = files;
	l->files = xnew(struct quant_file, files);
	l->place = xcalloc(p->targets->n + 1, sizeof *l->place);
	return l;
}

void quant_layout_free(struct quant_layout *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_files; i++) {
		free(l->files[i].name);
		free(l->files[i].header);
	}
	free(l->files);
	free(l->place);
	free(l->index);
	free(l);
}

/* --- GGUF: part by part --- */

/* Which part each target is in; returns how many there are. */
static uint32_t parts_of(const struct quant_plan *p, uint64_t split, uint32_t *part)
{
	uint64_t in_part = 0;
	uint32_t at = 0;

	for (size_t i = 0; i < p->targets->n; i++) {
		uint64_t bytes = aligned(p->bytes[i]);

		if (split && in_part && in_part + bytes > split) {
			at++;
			in_part = 0;
		}
		in_part += bytes;
		part[i] = at;
	}
	return at + 1;
}

/*	tensor  | name | dimensions | ne, innermost first | type | offset |	*/
static void add_info(struct str *s, const struct quant_target *t, enum dtype type, uint64_t offset)
{
	add_text(s, t->name);
	add_u32(s, (uint32_t)(t->rank ? t->rank : 1));
	for (int d = t->rank; d-- > 0; )
		add_u64(s, t->shape[d]);
	if (!t->rank)
		add_u64(s, 1);
	add_u32(s, (uint32_t)dtype_info(type)->ggml);
	add_u64(s, offset);
}

static void add_split_keys(struct str *s, uint32_t number, uint32_t count, size_t tensors)
{
	add_text(s, "split.no");
	add_u32(s, 2); /* u16 */
	add_u16(s, (uint16_t)number);
	add_text(s, "split.count");
	add_u32(s, 2);
	add_u16(s, (uint16_t)count);
	add_text(s, "split.tensors.count");
	add_u32(s, 5); /* i32 */
	add_u32(s, (uint32_t)tensors);
}

static void part_make(const struct quant_plan *p, const struct gguf_keys *k, const uint32_t *part,
	uint32_t number, struct quant_layout *l)
{
	struct quant_file *f = &l->files[number];
	struct str s = STR_INIT, infos = STR_INIT;
	uint64_t at = 0, tensors = 0, keys = number == 0 ? k->count : 0;

	for (size_t i = 0; i < p->targets->n; i++) {
		if (part[i] != number)
			continue;
		add_info(&infos, &p->targets->v[i], p->v[i].type.dtype, at);
		l->place[i][0] = (struct quant_place){ number, at };
		at += aligned(p->bytes[i]);
		tensors++;
	}
	str_add(&s, "GGUF");
	add_u32(&s, 3);
	add_u64(&s, tensors);
	add_u64(&s, keys + (l->n_files > 1 ? 3 : 0));
	if (number == 0)
		str_addn(&s, (const char *)k->bytes, k->n);
	if (l->n_files > 1)
		add_split_keys(&s, number, (uint32_t)l->n_files, p->targets->n);
	str_addn(&s, infos.s, infos.n);
	while (s.n % ALIGNMENT)
		str_addc(&s, 0);
	f->header_n = s.n;
	f->header = (unsigned char *)str_steal(&s);
	f->bytes = f->header_n + at;
	str_fini(&infos);
	for (size_t i = 0; i < p->targets->n; i++)
		if (part[i] == number)
			l->place[i][0].offset += f->header_n;
}

static char *part_name(const char *name, uint32_t number, size_t count)
{
	size_t stem = strlen(name) - (str_ends(name, ".gguf") ? 5 : 0);

	return count == 1 ? xstrdup(name)
		: xasprintf("%.*s-%05u-of-%05zu.gguf", (int)stem, name, number + 1, count);
}

struct quant_layout *quant_layout_gguf(const struct quant_plan *p, const struct gguf_keys *keys,
	const char *name, uint64_t split, struct err *e)
{
	uint32_t *part = xnew(uint32_t, p->targets->n + 1), parts = parts_of(p, split, part);
	struct quant_layout *l = NULL;

	for (size_t i = 0; i < p->targets->n; i++)
		if (strlen(p->targets->v[i].name) > NAME_MAX_BYTES) {
			err_set(e, ERR_INPUT, p->targets->v[i].name, NULL,
				"a GGUF holds no tensor names of more than %d bytes",
				NAME_MAX_BYTES);
			goto out;
		}
	if (parts > UINT16_MAX) {
		err_set(e, ERR_USAGE, "--split", "allow larger files",
			"%u files are more than a split GGUF can count", parts);
		goto out;
	}
	l = layout_new(p, parts);
	for (uint32_t i = 0; i < parts; i++) {
		l->files[i].name = part_name(name, i, parts);
		part_make(p, keys, part, i, l);
		l->total += l->files[i].bytes;
	}
out:
	free(part);
	return l;
}

/* --- MLX: what quant_mlx_layout says, as places --- */

struct quant_layout *quant_layout_mlx(const struct quant_plan *p, uint64_t shard_bytes)
{
	struct mlx_layout *m = quant_mlx_layout(p, shard_bytes);
	struct quant_layout *l = layout_new(p, m->n_shards);

	for (size_t i = 0; i < m->n_shards; i++) {
		struct quant_file *f = &l->files[i];

		f->name = xstrdup(m->shards[i].name);
		f->header_n = m->shards[i].header_n;
		f->header = xmalloc(f->header_n + 1);
		memcpy(f->header, m->shards[i].header, f->header_n);
		f->bytes = m->shards[i].bytes;
	}
	for (size_t i = 0; i < m->n; i++)
		l->place[m->v[i].target][m->v[i].what] =
			(struct quant_place){ m->v[i].shard, m->v[i].offset };
	l->total = m->total;
	l->index = quant_mlx_index(p, m);
	quant_mlx_layout_free(m);
	return l;
}
