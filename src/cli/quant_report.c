/* A plan of types as a person reads it, and as JSON. */
#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/quantizing.h"

void quantizing_say(const struct quantizing *q)
{
	const struct quant_spec *s = q->plan->spec;

	for (size_t i = 0; i < q->findings.n; i++) {
		const struct finding *x = &q->findings.v[i];
		struct str line = STR_INIT, safe = STR_INIT;

		if (!s->path && str_eq(x->code, "rule-same")) /* rules that --target wrote */
			continue;
		str_addf(&line, "%s", s->path ? s->path : s->preset.name);
		if (x->line)
			str_addf(&line, ":%d", x->line);
		str_addf(&line, ": %s: %s", severity_name(x->severity), x->message);
		if (x->hint)
			str_addf(&line, "; %s", x->hint);
		str_add_safe(&safe, line.s, line.n);
		fprintf(stderr, "cupel: %s\n", safe.s);
		str_fini(&line);
		str_fini(&safe);
	}
}

/* --- JSON --- */

static void set(json_t *j, const char *key, json_t *v)
{
	json_object_set_new(j, key, v);
}

static void add_figures(json_t *j, const struct quantizing *q, const uint32_t *members, size_t n,
	bool whole)
{
	struct quant_figure f = { NAN, NAN, NAN, NAN, 0, false, 0 };

	if (q->sums)
		f = quant_figure_of(q->sums, members, n);
	set(j, "relative_error", json_number(f.relative));
	if (!whole)
		return;
	set(j, "rmse", json_number(f.rmse));
	set(j, "cosine", json_number(f.cosine));
	set(j, "interval", !q->sums || f.exact || !isfinite(f.relative) ? json_null() :
		json_pack("[f,f]", f.relative > f.half ? f.relative - f.half : 0.0,
			f.relative + f.half));
	if (q->imatrix)
		set(j, "weighted_error", json_number(f.weighted));
	set(j, "exact", json_boolean(q->sums && f.exact));
}

static json_t *group_json(const struct quantizing *q, const struct quant_group *g)
{
	char name[QUANT_TYPE_NAME];
	json_t *j = json_object();

	set(j, "group", json_textn(g->role));
	set(j, "tensors", json_integer((json_int_t)g->tensors));
	set(j, "parameters", json_u64(g->parameters));
	set(j, "type", g->mixed ? json_string("mixed") :
		json_textn(quant_type_name(g->type, name)));
	set(j, "bytes", json_u64(g->bytes));
	set(j, "bits", json_number(g->parameters ? 8.0 * (double)g->bytes /
		(double)g->parameters : 0));
	add_figures(j, q, g->v, g->tensors, true);
	return j;
}

static json_t *tensor_json(const struct quantizing *q, size_t i)
{
	const struct quant_target *x = &q->targets->v[i];
	char name[QUANT_TYPE_NAME];
	uint32_t at = (uint32_t)i;
	struct str why = STR_INIT;
	json_t *j = json_object();

	quant_plan_why(q->plan, i, &why);
	set(j, "name", json_textn(x->name));
	set(j, "role", json_textn(x->role));
	set(j, "type", json_textn(quant_type_name(q->plan->v[i].type, name)));
	set(j, "bytes", json_u64(q->plan->bytes[i]));
	add_figures(j, q, &at, 1, false);
	set(j, "why", json_textn(why.s));
	set(j, "fallback_from", q->plan->v[i].fallback ?
		json_textn(quant_type_name(q->plan->v[i].wanted, name)) : json_null());
	str_fini(&why);
	return j;
}

static json_t *finding_json(const struct finding *x)
{
	json_t *j = json_object();

	set(j, "line", x->line ? json_integer(x->line) : json_null());
	set(j, "severity", json_textn(severity_name(x->severity)));
	set(j, "code", json_textn(x->code));
	set(j, "message", json_textn(x->message));
	set(j, "hint", json_textn(x->hint));
	return j;
}

static json_t *rules_json(const struct quant_plan *p)
{
	json_t *list = json_array();

	for (size_t k = 0; k < p->spec->n_rules; k++)
		json_array_append_new(list, json_pack("{s:i, s:I, s:I}", "line",
			p->spec->rules[k].mark.line, "matched", (json_int_t)p->rules[k].matched,
			"decided", (json_int_t)p->rules[k].decided));
	return list;
}

json_t *quantizing_json(const struct quantizing *q, uint64_t context)
{
	json_t *j = json_object(), *groups = json_array(), *tensors = json_array();
	json_t *f = json_array();
	struct quant_groups g;
	uint64_t weights, kv;
	bool says = quant_plan_memory(q->plan, context, &weights, &kv);

	quant_groups_of(q->plan, &g);
	for (size_t i = 0; i < g.n; i++)
		json_array_append_new(groups, group_json(q, &g.v[i]));
	quant_groups_fini(&g);
	for (size_t i = 0; i < q->targets->n; i++)
		json_array_append_new(tensors, tensor_json(q, i));
	for (size_t i = 0; i < q->findings.n; i++)
		json_array_append_new(f, finding_json(&q->findings.v[i]));
	set(j, "container", json_string(quant_container_name(q->targets->container)));
	set(j, "preset", json_textn(q->plan->spec->preset.name));
	set(j, "bytes", json_u64(q->bytes));
	set(j, "weight_bytes", json_u64(q->plan->weight_bytes));
	set(j, "bits_per_weight", json_number(q->plan->bits_per_weight));
	add_figures(j, q, NULL, q->targets->n, true);
	set(j, "memory", json_pack("{s:o, s:o, s:o}", "context", json_u64(context), "weights",
		json_u64(weights), "cache", says ? json_u64(kv) : json_null()));
	set(j, "rules", rules_json(q->plan));
	set(j, "groups", groups);
	set(j, "tensors", tensors);
	set(j, "findings", f);
	set(j, "plan", json_textn(q->plan->spec->text));
	return j;
}

/* --- text --- */

static void add_error(struct str *s, const struct quantizing *q, const uint32_t *members, size_t n)
{
	struct quant_figure f = q->sums ? quant_figure_of(q->sums, members, n) :
		(struct quant_figure){ .relative = NAN };

	if (!isfinite(f.relative))
		str_add(s, "·");
	else if (f.exact || f.relative == 0)
		str_addf(s, "%.3g%%", 100 * f.relative);
	else
		str_addf(s, "%.3g%% ±%.2g", 100 * f.relative, 100 * f.half);
}

static void row(struct table_out *t, const struct quantizing *q, const char *name, size_t tensors,
	uint64_t parameters, uint64_t bytes, const char *type, const uint32_t *members)
{
	struct str count = STR_INIT, size = STR_INIT, error = STR_INIT;
	char n[24], bits[24];

	snprintf(n, sizeof n, "%zu", tensors);
	snprintf(bits, sizeof bits, "%.2f",
		parameters ? 8.0 * (double)bytes / (double)parameters : 0);
	str_add_count(&count, parameters);
	str_add_bytes(&size, bytes);
	add_error(&error, q, members, tensors);
	table_row(t, (const char *[]){ name, n, count.s, type, bits, size.s, error.s });
	str_fini(&count);
	str_fini(&size);
	str_fini(&error);
}

static void print_groups(const struct quantizing *q)
{
	static const char *const headers[] = { "GROUP", ">TENSORS", ">PARAMETERS", "TYPE", ">BITS",
		">SIZE", ">REL.ERR" };
	struct table_out *t = table_new(headers, 7);
	struct quant_groups g;
	char name[QUANT_TYPE_NAME];
	uint64_t all = 0;

	quant_groups_of(q->plan, &g);
	for (size_t i = 0; i < g.n; i++) {
		all += g.v[i].parameters;
		row(t, q, g.v[i].role, g.v[i].tensors, g.v[i].parameters, g.v[i].bytes,
			g.v[i].mixed ? "mixed" : quant_type_name(g.v[i].type, name), g.v[i].v);
	}
	quant_groups_fini(&g);
	row(t, q, "TOTAL", q->targets->n, all, q->plan->weight_bytes, "", NULL);
	table_print(t);
}

static void print_tensors(const struct quantizing *q)
{
	static const char *const headers[] = { "TENSOR", "TYPE", ">SIZE", ">REL.ERR", "WHY" };
	struct table_out *t = table_new(headers, 5);
	char name[QUANT_TYPE_NAME];

	for (size_t i = 0; i < q->targets->n; i++) {
		struct str size = STR_INIT, error = STR_INIT, why = STR_INIT;
		uint32_t at = (uint32_t)i;

		str_add_bytes(&size, q->plan->bytes[i]);
		add_error(&error, q, &at, 1);
		quant_plan_why(q->plan, i, &why);
		table_row(t, (const char *[]){ q->targets->v[i].name,
			quant_type_name(q->plan->v[i].type, name), size.s, error.s, why.s });
		str_fini(&size);
		str_fini(&error);
		str_fini(&why);
	}
	table_print(t);
}

static void print_head(const struct quantizing *q, uint64_t context)
{
	struct str s = STR_INIT;
	uint64_t weights, kv;
	bool says = quant_plan_memory(q->plan, context, &weights, &kv);
	char *name = str_safe(q->model->name);

	printf("%s as %s\n", name, q->plan->spec->preset.name);
	free(name);
	str_addf(&s, "  writes        %s, ", q->targets->container == QUANT_GGUF ?
		"one GGUF file" : "an MLX folder");
	str_add_bytes(&s, q->bytes);
	str_addf(&s, " (%" PRIu64 " bytes), %.3f bits per weight", q->bytes,
		q->plan->bits_per_weight);
	puts(s.s);
	str_fini(&s);
	printf("  memory        %.3g GiB weights", (double)weights / (double)(1 << 30));
	if (says)
		printf(" + %.3g GiB for %" PRIu64 " tokens", (double)kv / (double)(1 << 30),
			context);
	putchar('\n');
	if (q->imatrix)
		printf("  importance    of %zu of %zu tensors%s\n", q->cover.found, q->cover.wanted,
			q->cover.partial ? ", some experts unseen" : "");
}

static void print_rules(const struct quantizing *q)
{
	const struct quant_spec *s = q->plan->spec;

	for (size_t k = 0; s->path && k < s->n_rules; k++)
		printf("  line %-8d  matches %zu tensors, decides %zu\n", s->rules[k].mark.line,
			q->plan->rules[k].matched, q->plan->rules[k].decided);
}

void quantizing_print(const struct quantizing *q, uint64_t context, bool tensors)
{
	print_head(q, context);
	print_rules(q);
	putchar('\n');
	if (tensors)
		print_tensors(q);
	else
		print_groups(q);
}
