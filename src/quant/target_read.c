#include "config.h"
#include "quant/target_read.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"

#define READ_ALIGN 256u /* sources are read from multiples of this */

uint64_t target_rows(const struct quant_target *t)
{
	return t->row ? t->elements / t->row : 0;
}

uint64_t target_unit(const struct quant_target *t)
{
	uint64_t rows = target_rows(t);

	return t->rope_heads && rows ? rows / t->rope_heads : 1;
}

/* Matrices that lie one after the other: experts; 1 where there are none. */
static uint64_t matrices(const struct quant_target *t)
{
	return t->n_from > 1 ? t->n_from : t->rank == 3 ? t->shape[0] : 1;
}

uint64_t target_expert(const struct quant_target *t, uint64_t row)
{
	uint64_t each = target_rows(t) / matrices(t);

	return each ? row / each : 0;
}

/* Elements [first, first+n) of a tensor, from any place. */
static bool read_from(struct source *s, size_t t, uint64_t first, uint64_t n, float *out,
	struct err *e)
{
	size_t lead = (size_t)(first % READ_ALIGN), most = READ_ALIGN - lead;
	size_t head = lead == 0 ? 0 : n < most ? (size_t)n : most;
	float edge[READ_ALIGN];

	if (head) {
		if (!source_read(s, t, first - lead, lead + head, edge, e))
			return false;
		memcpy(out, edge + lead, head * sizeof *out);
	}
	return head == n || source_read(s, t, first + head, (size_t)(n - head), out + head, e);
}

/* Rows of one matrix, in the order of the source. */
static bool read_rows(const struct quant_targets *t, const struct quant_target *x, uint64_t matrix,
	uint64_t row, uint64_t n, float *out, struct err *e)
{
	uint64_t each = target_rows(x) / matrices(x), parts = x->parts ? x->parts : 1;
	uint64_t at = x->part * each + row;

	if (x->n_from == 1)
		at += matrix * parts * each;
	return read_from(&t->model->source, x->from[x->n_from > 1 ? matrix : 0], at * x->row,
		n * x->row, out, e);
}

/* Halves of every head, row by row: 0, h/2, 1, h/2+1 … */
static bool read_heads(const struct quant_targets *t, const struct quant_target *x, uint64_t row,
	uint64_t n, float *out, struct err *e)
{
	uint64_t head = target_unit(x);
	size_t bytes = (size_t)x->row * sizeof(float);
	float *whole = xtry_malloc((size_t)head * bytes);
	bool ok = whole || err_set(e, ERR_MEMORY, x->name, NULL, "no memory for a head of %s",
		x->name);

	for (uint64_t at = 0; ok && at + head <= n; at += head) {
		ok = read_rows(t, x, 0, row + at, head, whole, e);
		for (uint64_t k = 0; ok && k < head; k++)
			memcpy(out + (at + k) * x->row,
				whole + (k % 2 * (head / 2) + k / 2) * x->row, bytes);
	}
	free(whole);
	return ok;
}

/* Frequencies' factors by llama 3's rule: short wavelengths stay, long ones are divided, between
 * them it goes over smoothly. float32 step by step; the converter's tensors divide a number by a
 * tensor as the number times the reciprocal. */
static bool rope_factors(const struct quant_targets *t, const struct quant_target *x, float *out,
	struct err *e)
{
	json_t *c = t->model->config, *r = json_at(c, "rope_parameters"), *full;
	double base = json_num(c, "rope_theta", 10000.0), low, high, old, factor;

	r = r ? r : json_at(c, "rope_scaling");
	full = json_object_get(r, "full_attention");
	r = full ? full : r;
	base = json_num(r, "rope_theta", base);
	factor = json_num(r, "factor", 8.0);
	low = json_num(r, "low_freq_factor", 1.0);
	high = json_num(r, "high_freq_factor", 4.0);
	old = json_num(r, "original_max_position_embeddings", json_num(c,
		"original_max_position_embeddings", 8192.0));
	if (!r || high == low || low <= 0 || high <= 0)
		return err_set(e, ERR_INPUT, t->model->source.label, NULL,
			"its config does not say how %s is computed", x->name);
	for (uint64_t i = 0; i < x->elements; i++) {
		float power = (float)(2 * i) / (float)(2 * x->elements);
		float freq = 1.0f / (float)pow(base, power);
		float wave = 1.0f / freq * (float)(2 * M_PI);
		float turns = 1.0f / wave * (float)old;
		float smooth = (turns - (float)low) / (float)(high - low);

		out[i] = wave < (float)(old / high) ? 1.0f
			: wave > (float)(old / low) ? (float)factor
			: 1.0f / ((1.0f - smooth) / (float)factor + smooth);
	}
	return true;
}

static void map_values(enum target_value v, float *x, uint64_t n)
{
	for (uint64_t i = 0; v == TARGET_NEGATED_EXP && i < n; i++)
		x[i] = -(float)exp((double)x[i]);
	for (uint64_t i = 0; v == TARGET_PLUS_ONE && i < n; i++)
		x[i] = x[i] + 1.0f;
}

bool target_read(const struct quant_targets *t, size_t i, uint64_t row, uint64_t n, float *out,
	struct err *e)
{
	const struct quant_target *x = &t->v[i];
	uint64_t each = target_rows(x) / (x->n_from ? matrices(x) : 1), done = 0;
	bool ok = true;

	if (x->n_from == 0)
		return rope_factors(t, x, out, e);
	if (x->rope_heads) {
		ok = read_heads(t, x, row, n, out, e);
		done = n;
	}
	while (ok && done < n) {
		uint64_t at = (row + done) % each, left = n - done;
		uint64_t run = each - at < left ? each - at : left;

		ok = read_rows(t, x, (row + done) / each, at, run, out + done * x->row, e);
		done += run;
	}
	if (ok)
		map_values(x->value, out, n * x->row);
	return ok;
}

struct hash target_key(const struct quant_targets *t, size_t i)
{
	const struct quant_target *x = &t->v[i];
	struct { uint64_t elements, row, part, parts, value, heads; } fixed = {
		x->elements, x->row, x->part, x->parts, x->value, x->rope_heads };
	struct str s = STR_INIT;
	struct hash h;

	str_addn(&s, (const char *)&fixed, sizeof fixed);
	for (size_t k = 0; k < x->n_from; k++) {
		h = model_tensor_key(t->model, x->from[k]);
		str_addn(&s, (const char *)&h, sizeof h);
	}
	if (!x->n_from)
		str_add(&s, x->name);
	h = hash_bytes(s.s, s.n);
	str_fini(&s);
	return h;
}

bool target_verbatim(const struct quant_targets *t, size_t i, size_t *at)
{
	const struct quant_target *x = &t->v[i];

	if (x->n_from != 1 || x->parts > 1 || x->rope_heads || x->value != TARGET_SAME)
		return false;
	*at = x->from[0];
	return t->model->source.tensors[*at].elements == x->elements;
}
