#include "model/stored_as.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"

static bool is_packed(const struct tensor *t)
{
	const struct dtype_info *d = dtype_info(t->dtype);

	return t->readable && !(dtype_is_float(t->dtype) && d->encode) &&
		!(d->kind == DTYPE_INT && t->dtype != DT_UNKNOWN);
}

struct kind {
	const char *text;
	size_t n;
};

static int by_count(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->text, y->text);
}

char *stored_decoded(const struct model *m)
{
	struct { struct kind *v; size_t n, cap; } kinds = { 0 };
	struct str s = STR_INIT;

	for (size_t t = 0; t < m->source.n_tensors; t++) {
		const struct tensor *x = &m->source.tensors[t];
		size_t k = 0;

		if (!is_packed(x))
			continue;
		while (k < kinds.n && !str_eq(kinds.v[k].text, x->dtype_text))
			k++;
		if (k == kinds.n)
			*vec_push(&kinds) = (struct kind){ x->dtype_text, 0 };
		kinds.v[k].n++;
	}
	if (kinds.n)
		qsort(kinds.v, kinds.n, sizeof *kinds.v, by_count);
	for (size_t k = 0; k < kinds.n; k++)
		str_addf(&s, "%s%s (%zu%s)", k ? ", " : "", kinds.v[k].text, kinds.v[k].n,
			k ? "" : kinds.v[k].n == 1 ? " tensor" : " tensors");
	vec_fini(&kinds);
	return s.n ? str_steal(&s) : NULL;
}

enum dtype stored_dtype_main(const struct model *m)
{
	uint64_t n[DT_COUNT] = { 0 };
	enum dtype best = DT_BF16;

	for (size_t t = 0; t < m->source.n_tensors; t++) {
		const struct tensor *x = &m->source.tensors[t];

		if (dtype_is_float(x->dtype) && dtype_info(x->dtype)->encode)
			n[x->dtype] += x->elements + 1;
		else if (is_packed(x))
			n[DT_BF16] += x->elements + 1;
	}
	for (int t = 0; t < DT_COUNT; t++)
		if (n[t] > n[best])
			best = (enum dtype)t;
	return best;
}

/* --- packings that are counted, not decoded --- */

#define BY_LLAMA "make a GGUF of it with llama.cpp's convert_hf_to_gguf.py --outtype bf16, "
#define BY_MLX "make an unquantized copy with mlx_lm.convert --dequantize, "
#define BY_TRANSFORMERS "load it with transformers, call dequantize(), save it, "
#define OR_SOURCE "or name the model it was made from"

static const struct {
	const char *method, *name, *converter;
} foreign[] = {
	{ "gptq", "GPTQ", BY_LLAMA OR_SOURCE },
	{ "awq", "AWQ", BY_MLX OR_SOURCE },
	{ "exl2", "EXL2", NULL },
	{ "exl3", "EXL3", NULL },
	{ "bitsandbytes", "bitsandbytes", BY_TRANSFORMERS OR_SOURCE },
	{ "compressed-tensors", "compressed-tensors", BY_LLAMA OR_SOURCE },
};

static size_t method_of(const struct model *m)
{
	const char *method = json_text(m->config, "quantization_config.quant_method", "");
	size_t i = 0, n = sizeof foreign / sizeof *foreign;

	while (i < n && !str_eq(method, foreign[i].method))
		i++;
	return i;
}

static bool has_unread(const struct model *m)
{
	for (size_t t = 0; t < m->source.n_tensors; t++)
		if (!m->source.tensors[t].readable)
			return true;
	return false;
}

char *stored_foreign(const struct model *m)
{
	const json_t *q = json_at(m->config, "quantization_config");
	const char *method = json_text(q, "quant_method", NULL);
	size_t i = method_of(m);
	int64_t bits = json_int(q, "bits", json_int(q, "w_bit", -1));
	int64_t group = json_int(q, "group_size", json_int(q, "q_group_size", -1));
	struct str s = STR_INIT;

	if (!method || m->virtual || !has_unread(m))
		return NULL;
	str_add(&s, i < sizeof foreign / sizeof *foreign ? foreign[i].name : method);
	if (bits > 0)
		str_addf(&s, ", %" PRId64 " bits", bits);
	if (json_text(q, "format", NULL))
		str_addf(&s, ", %s", json_text(q, "format", ""));
	if (group > 0)
		str_addf(&s, " in groups of %" PRId64, group);
	return str_steal(&s);
}

/* exllamav2's convert.py: -b of the layers, -hb of the head, rows and length of the calibration. */
char *stored_recipe(const struct model *m)
{
	const json_t *q = json_at(m->config, "quantization_config");
	int64_t head = json_int(q, "head_bits", -1);
	int64_t rows = json_int(q, "calibration.rows", -1);
	int64_t length = json_int(q, "calibration.length", -1);
	const char *dataset = json_text(q, "calibration.dataset", NULL);
	struct str s = STR_INIT;

	if (m->virtual || !str_eq(json_text(q, "quant_method", ""), "exl2") ||
		json_num(q, "bits", 0) <= 0)
		return NULL;
	str_addf(&s, "python convert.py -i SOURCE -o SCRATCH -cf OUT -b %g",
		json_num(q, "bits", 0));
	if (head > 0)
		str_addf(&s, " -hb %" PRId64, head);
	if (rows > 0)
		str_addf(&s, " -r %" PRId64, rows);
	if (length > 0)
		str_addf(&s, " -l %" PRId64, length);
	if (dataset && *dataset && !str_eq(dataset, "(default)"))
		str_add(&s, " -c CALIBRATION.parquet");
	return str_steal(&s);
}

const char *stored_converter(const struct model *m)
{
	size_t i = method_of(m);

	return i < sizeof foreign / sizeof *foreign && foreign[i].converter ? foreign[i].converter
		: "name the model it was made from";
}
