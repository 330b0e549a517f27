#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "cli/inspect.h"
#include "cli/verb.h"
#include "model/lora.h"
#include "model/stored_as.h"

uint64_t inspect_context(const struct model *m, uint64_t asked)
{
	int64_t most = json_int(m->config, "max_position_embeddings",
		json_int(m->config, "text_config.max_position_embeddings", 8192));

	return asked ? asked : most > 0 && most < 8192 ? (uint64_t)most : 8192;
}

static void line(const char *label, const struct str *s)
{
	if (!s->n)
		return;
	char *safe = str_safe(s->s);
	printf("  %-13s %s\n", label, safe);
	free(safe);
}

/* The config's value, at its top or in the part about text. */
static const json_t *value(const struct model *m, const char *key)
{
	char nested[96];
	const json_t *v = json_at(m->config, key);

	snprintf(nested, sizeof nested, "text_config.%s", key);
	return v ? v : json_at(m->config, nested);
}

static void add_value(struct str *s, const struct model *m, const char *key, const char *label)
{
	const json_t *v = value(m, key);

	if (json_is_integer(v))
		str_addf(s, "%s%s %" JSON_INTEGER_FORMAT, s->n ? ", " : "", label,
			json_integer_value(v));
	else if (json_is_real(v))
		str_addf(s, "%s%s %g", s->n ? ", " : "", label, json_real_value(v));
	else if (json_is_string(v))
		str_addf(s, "%s%s %s", s->n ? ", " : "", label, json_string_value(v));
}

static void container(const struct model *m)
{
	struct str s = STR_INIT;

	str_addf(&s, "%s, %zu file%s, ", m->format_text, m->n_files, m->n_files == 1 ? "" : "s");
	str_add_bytes(&s, m->bytes);
	if (m->partial)
		str_addf(&s, ", %s", m->partial);
	line("container", &s);
	str_clear(&s);
	str_add(&s, m->architecture);
	if (m->arch_class)
		str_addf(&s, " (%s)", m->arch_class);
	if (m->layers >= 0)
		str_addf(&s, ", %" PRId64 " layers", m->layers);
	if (m->tied_head)
		str_add(&s, ", head tied to the embedding");
	line("architecture", &s);
	str_clear(&s);
	str_add_count(&s, m->parameters);
	str_addf(
		&s, ", %zu tensors, %.2f bits per weight", m->source.n_tensors, m->bits_per_weight);
	line("parameters", &s);
	str_fini(&s);
}

/* How weights lie that are not plain numbers. */
static void packing(const struct model *m)
{
	char *foreign = stored_foreign(m), *decoded = stored_decoded(m);
	char *recipe = stored_recipe(m);
	struct str s = STR_INIT;

	if (foreign)
		str_addf(&s, "%s: not decoded; for a merge %s", foreign, stored_converter(m));
	else if (decoded)
		str_addf(&s, "%s: decoded for a merge", decoded);
	if (s.n)
		line("packing", &s);
	str_clear(&s);
	if (recipe) {
		str_add(&s, recipe);
		line("made by", &s);
	}
	str_fini(&s);
	free(recipe);
	free(foreign);
	free(decoded);
}

/* Of a folder that holds an adapter alone: what it does, or why it cannot be applied. */
static void adapter(const struct model *m)
{
	struct str s = STR_INIT;
	struct err e = { 0 };
	struct lora *l;
	char *text;

	if (m->virtual || !lora_is(m->path))
		return;
	l = lora_open(m->path, &e);
	text = l ? lora_text(l) : xasprintf("%s; %s", e.what, e.hint);
	str_add(&s, text);
	line("adapter", &s);
	str_clear(&s);
	if (l && lora_facts(l)->base) {
		str_add(&s, lora_facts(l)->base);
		line("trained on", &s);
	}
	if (l && lora_facts(l)->caution) {
		str_clear(&s);
		str_add(&s, lora_facts(l)->caution);
		line("caution", &s);
	}
	str_fini(&s);
	free(text);
	lora_free(l);
}

/* What must agree between models that are to be merged. */
static void sizes(const struct model *m)
{
	struct str s = STR_INIT;

	add_value(&s, m, "hidden_size", "hidden");
	add_value(&s, m, "num_attention_heads", "heads");
	add_value(&s, m, "num_key_value_heads", "for keys and values");
	add_value(&s, m, "head_dim", "head size");
	add_value(&s, m, "intermediate_size", "feed-forward");
	add_value(&s, m, "num_local_experts", "experts");
	add_value(&s, m, "num_experts", "experts");
	add_value(&s, m, "n_routed_experts", "experts");
	add_value(&s, m, "num_experts_per_tok", "of them used");
	line("sizes", &s);
	str_clear(&s);
	add_value(&s, m, "max_position_embeddings", "context");
	add_value(&s, m, value(m, "rope_theta") ? "rope_theta" : "rope_parameters.rope_theta",
		"rope theta");
	add_value(&s, m, "rope_scaling.rope_type", "rope scaling");
	add_value(&s, m, "sliding_window", "window");
	add_value(&s, m, "rms_norm_eps", "eps");
	add_value(&s, m, "layer_norm_eps", "eps");
	line("positions", &s);
	str_fini(&s);
}

static void add_gib(struct str *s, uint64_t bytes)
{
	str_addf(s, "%.3g GiB", (double)bytes / (double)(1 << 30));
}

static void memory(const struct model *m, uint64_t context)
{
	struct str s = STR_INIT;
	uint64_t weights, kv;
	bool says = model_memory(m, context, &weights, &kv);

	add_gib(&s, weights);
	str_add(&s, " weights");
	if (says) {
		str_add(&s, " + ");
		add_gib(&s, kv);
		str_addf(&s, " for %" PRIu64 " tokens", context);
	}
	line("memory", &s);
	str_fini(&s);
}

static void tokenizer(const struct model *m)
{
	const struct model_tokenizer *t = &m->tokenizer;
	struct str s = STR_INIT;
	char hex[HASH_HEX_SIZE];

	if (!t->kind)
		str_add(&s, "none beside the weights");
	else
		str_add(&s, t->kind);
	if (t->vocab_size >= 0) {
		hash_hex(t->vocab_hash, hex);
		str_addf(&s, ", %" PRId64 " entries", t->vocab_size);
		if (t->added >= 0)
			str_addf(&s, " (%" PRId64 " added)", t->added);
		str_addf(&s, ", hash %.12s", hex);
	}
	if (t->config_vocab_size >= 0)
		str_addf(&s, "; the config says %" PRId64, t->config_vocab_size);
	line("tokenizer", &s);
	str_clear(&s);
	if (t->eos_id >= 0)
		str_addf(&s, "%" PRId64 " by config", t->eos_id);
	if (t->eos_generation >= 0)
		str_addf(&s, "%s%" PRId64 " by generation_config", s.n ? ", " : "",
			t->eos_generation);
	if (t->eos_token)
		str_addf(&s, "%s%s by the tokenizer", s.n ? ", " : "", t->eos_token);
	line("end of text", &s);
	str_clear(&s);
	if (t->chat_template)
		str_addf(&s, "%zu bytes, in %s", strlen(t->chat_template), t->chat_template_from);
	else
		str_add(&s, "none");
	line("chat template", &s);
	str_fini(&s);
}

static void content(const struct hash *whole)
{
	struct str s = STR_INIT;
	char hex[HASH_HEX_SIZE];

	if (whole) {
		hash_hex(*whole, hex);
		str_add(&s, hex);
	} else {
		str_add(&s, "not read yet; --hash reads it all");
	}
	line("hash", &s);
	str_fini(&s);
}

/* --- roles --- */

struct group {
	const char *role, *dtype;
	const struct tensor *like;
	size_t tensors;
	uint64_t elements, bytes;
	bool many_dtypes, many_shapes;
};

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
	return a->rank == b->rank &&
	       !memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape);
}

static void add_shape(struct str *s, const struct tensor *t)
{
	for (int i = 0; i < t->rank; i++)
		str_addf(s, "%s%" PRIu64, i ? "x" : "", t->shape[i]);
	if (!t->rank)
		str_add(s, "scalar");
}

/* From the embedding through the layers to the head, whatever the file's order. */
static int role_rank(const char *role)
{
	static const char *const order[] = { "token_embd", "attn_", "post_attention", "ssm_",
		"ffn_", "post_ffw", "exp_probs", "nextn_", "", "vision", "audio", "output_norm",
		"output" };
	int n = sizeof order / sizeof *order, any = 8;

	for (int i = n - 1; i >= 0; i--)
		if (*order[i] && str_starts(role, order[i]))
			return i;
	return any;
}

static int by_rank(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	int d = role_rank(x->role) - role_rank(y->role);

	return d ? d : strcmp(x->role, y->role);
}

static void role_row(struct table_out *out, const struct group *g, uint64_t all)
{
	struct str count = STR_INIT, bytes = STR_INIT, shape = STR_INIT;
	char tensors[24], share[16];

	snprintf(tensors, sizeof tensors, "%zu", g->tensors);
	snprintf(share, sizeof share, "%.1f%%", all ? 100.0 * (double)g->bytes / (double)all : 0.0);
	str_add_count(&count, g->elements);
	str_add_bytes(&bytes, g->bytes);
	if (g->many_shapes)
		str_add(&shape, "several");
	else
		add_shape(&shape, g->like);
	table_row(out, (const char *[]){ g->role, tensors, count.s, bytes.s, share,
		g->many_dtypes ? "several" : g->dtype, shape.s });
	str_fini(&count);
	str_fini(&bytes);
	str_fini(&shape);
}

static void roles(const struct model *m)
{
	static const char *const headers[] = { "ROLE", ">TENSORS", ">PARAMETERS", ">SIZE", ">SHARE",
		"TYPE", "SHAPE" };
	struct table_out *out = table_new(headers, 7);
	vec(struct group) groups = { 0 };

	for (size_t i = 0; i < m->source.n_tensors; i++) {
		const struct tensor *t = &m->source.tensors[i];
		size_t k = 0;
		while (k < groups.n && strcmp(groups.v[k].role, t->role))
			k++;
		if (k == groups.n)
			*vec_push(&groups) = (struct group){
				.role = t->role, .dtype = t->dtype_text, .like = t
			};
		struct group *g = &groups.v[k];
		g->tensors++;
		g->elements += t->elements;
		g->bytes += t->bytes;
		g->many_dtypes |= !str_eq(g->dtype, t->dtype_text);
		g->many_shapes |= !same_shape(g->like, t);
	}
	if (groups.n)
		qsort(groups.v, groups.n, sizeof *groups.v, by_rank);
	for (size_t i = 0; i < groups.n; i++)
		role_row(out, &groups.v[i], m->bytes);
	table_print(out);
	vec_fini(&groups);
}

static void all_tensors(const struct model *m)
{
	static const char *const headers[] = { "TENSOR", "ROLE", ">LAYER", "TYPE", "SHAPE", ">SIZE",
		"HASH" };
	struct table_out *out = table_new(headers, 7);

	for (size_t i = 0; i < m->source.n_tensors; i++) {
		const struct tensor *t = &m->source.tensors[i];
		struct str shape = STR_INIT, bytes = STR_INIT;
		char layer[24] = "", hex[HASH_HEX_SIZE] = "";
		struct hash h;
		if (t->layer >= 0)
			snprintf(layer, sizeof layer, "%d", t->layer);
		if (model_hash_cached(m, i, &h))
			hash_hex(h, hex);
		add_shape(&shape, t);
		str_add_bytes(&bytes, t->bytes);
		table_row(out, (const char *[]){ t->name, t->role, layer, t->dtype_text, shape.s,
			bytes.s, hex });
		str_fini(&shape);
		str_fini(&bytes);
	}
	table_print(out);
}

void inspect_page(const struct model *m, uint64_t context, const struct hash *whole, bool tensors)
{
	char *name = str_safe(m->name), *path = str_safe(m->path);

	printf("%s%s%s%s\n", name, str_eq(name, path) ? "" : "  (", str_eq(name, path) ? "" : path,
		str_eq(name, path) ? "" : ")");
	free(name);
	free(path);
	container(m);
	packing(m);
	adapter(m);
	sizes(m);
	memory(m, context);
	tokenizer(m);
	content(whole);
	for (size_t i = 0; m->notes[i]; i++) {
		char *note = str_safe(m->notes[i]);
		printf("  note          %s\n", note);
		free(note);
	}
	putchar('\n');
	if (tensors)
		all_tensors(m);
	else
		roles(m);
}
