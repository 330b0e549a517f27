/* What a quantization cost each group of tensors, measured again on a sample of its source. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "cli/export.h"
#include "cli/replay.h"

/* The figures would be another model's if an input had changed since, or nobody can tell. */
static bool inputs_are_known(const struct replay *r)
{
	bool all = r->n_in > 0;

	for (size_t i = 0; all && i < r->n_in; i++) {
		const struct catalog_input *in = &r->in[i];
		struct err ignored = { 0 };
		struct model *m;
		char hex[HASH_HEX_SIZE];
		struct hash h;

		if (str_eq(in->role, "imatrix") || str_eq(in->role, "donor") ||
			(!in->path && !in->hash))
			continue;
		m = in->path && in->hash ? model_open(in->path, &ignored) : NULL;
		all = m && model_hash(m, &h);
		if (all)
			hash_hex(h, hex);
		all = all && str_eq(hex, in->hash);
		model_unref(m);
	}
	return all;
}

static char *key_of(const struct quantizing *q, size_t i)
{
	char name[QUANT_TYPE_NAME];

	return xasprintf("%s %s", q->targets->v[i].role, quant_type_name(q->plan->v[i].type, name));
}

static json_t *figures(const struct quantizing *q)
{
	json_t *o = json_object();
	uint32_t *members = xnew(uint32_t, q->targets->n + 1);

	for (size_t i = 0; i < q->targets->n; i++) {
		char *key = key_of(q, i);
		struct quant_figure f;
		size_t n = 0;

		if (json_object_get(o, key)) {
			free(key);
			continue;
		}
		for (size_t k = i; k < q->targets->n; k++) {
			char *other = key_of(q, k);

			if (str_eq(key, other))
				members[n++] = (uint32_t)k;
			free(other);
		}
		f = quant_figure_of(q->sums, members, n);
		json_object_set_new(o, key, json_pack("{s:o, s:o}", "error",
			json_number(f.relative), "half", json_number(f.exact ? NAN : f.half)));
		free(key);
	}
	free(members);
	return o;
}

json_t *export_errors(void *ctx, int64_t run)
{
	struct cli *c = ctx;
	struct replay r;
	struct err ignored = { 0 };
	json_t *o = NULL;

	if (replay_open(&r, c, run, &ignored) && r.quantized && inputs_are_known(&r) &&
		quantizing_measure(&r.q, false, &ignored))
		o = figures(&r.q);
	replay_close(&r);
	return o;
}
