/* Parsers against damaged files. Each round takes a good file, damages it in ways that parsers trip
 * over (bits, cut ends, absurd numbers, repeated and moved pieces), and lets the parser have it. It
 * must come back with an answer or a message, within memory, under the sanitizers without a word.
 * Rounds are drawn from a fixed seed: a failure repeats. FUZZ_ROUNDS=N for more than the usual.
 * Files in corpus/TARGET, of failures that were, go through untouched.
 *
 * With -DLIBFUZZER this is a target for clang's own fuzzer; FUZZ_TARGET names the row:
 *	clang -DLIBFUZZER -fsanitize=fuzzer,address … tests/fuzz/fuzz.c libcupel.a …
 *	FUZZ_TARGET=gguf ./a.out CORPUS */
#include "../unit/fixture_gguf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/rng.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/keep.h"
#include "engine/gather.h"
#include "import/card.h"
#include "import/import.h"
#include "infer/net.h"
#include "infer/tokenizer.h"
#include "recipe/share.h"
#include "report/pattern.h"
#include "model/lora.h"
#include "model/model.h"
#include "model/tokenizer_files.h"
#include "model/vocab_layout.h"
#include "quant/imatrix.h"
#include "quant/plan.h"
#include "recipe/effect.h"
#include "recipe/lint.h"
#include "recipe/recipe.h"
#include "system/file.h"
#include "../unit/sanitized.h"

static struct fixture fixture;

static void feed_json(const char *text, size_t n)
{
	struct err e = { 0 };
	json_t *j = json_parse(text, n, "fuzz", true, &e);
	struct str out = STR_INIT;

	if (j)
		json_add(&out, j, 1);
	str_fini(&out);
	json_decref(j);
}

/* Edits of whatever was read: each gives a recipe or a reason. */
static void edit_recipe(const struct recipe *r)
{
	static const char *const params[] = { "weight", "density", "lambda", "t" };
	static const char *const tops[] = { "merge_method", "dtype", "base_model" };
	static const int scopes[] = { RECIPE_ALL, 0, RECIPE_OF_SLICE(1), 2, RECIPE_OF_MODULE(0), 9 };

	for (size_t i = 0; i < 24; i++) {
		struct recipe_target t = { params[i % 4], scopes[i / 4 % 6], (int)(i % 3) - 1,
			(int)(i % 5) - 1 };
		struct err e = { 0 };
		struct recipe *next =
			i % 6 == 0   ? recipe_edit_remove(r, &t, &e)
			: i % 6 == 1 ? recipe_edit_text(r, &t, "[0, 0.5]", &e)
			: i % 6 == 2
				? recipe_edit_top(r, tops[i / 6 % 3], i & 8 ? "x: y" : NULL, &e)
				: recipe_edit_number(r, &t, 0.5 + (double)i, 0.1, &e);

		if (!next && !e.what[0])
			abort();
		recipe_unref(next);
	}
}

static void feed_recipe(const char *text, size_t n)
{
	struct err e = { 0 };
	struct recipe *r = recipe_parse(text, n, "fuzz.yml", &e);
	struct findings f = { 0 };
	struct lint_keys keys = { 0 };
	struct effect ef;

	if (!r)
		return;
	lint_text(r, &f);
	findings_fini(&f);
	lint_explain(r, &keys);
	lint_keys_fini(&keys);
	effect_of(r, &ef);
	effect_fini(&ef);
	recipe_hash(r);
	edit_recipe(r);
	recipe_unref(r);
}

/* Every document: named, linted, edited, and made the one that a text of its own is for. */
static void feed_documents(const char *text, size_t n)
{
	struct plan_options o = { .has_seed = true, .seed = 7 };
	struct err e = { 0 };
	struct recipe *r = recipe_parse(text, n, "fuzz.yml", &e), *all;
	struct findings f = { 0 };

	if (!r)
		return;
	lint_file(r, &f);
	findings_fini(&f);
	for (size_t i = 0; i < r->documents; i++) {
		recipe_hash(r->file[i]);
		edit_recipe(r->file[i]);
		all = recipe_gather(r->file[i], &o, &e);
		if (all && recipe_valid(r, NULL))
			recipe_valid(all, &e);
		recipe_unref(all);
	}
	recipe_unref(r);
}

static void feed_model(const char *name, const char *text, size_t n)
{
	char *path = str_join_path(fixture.dir, name);
	struct err e = { 0 };
	struct model *m = NULL;
	struct vocab_table v;
	float out[256];

	if (file_write_all(path, text, n, &e))
		m = model_open(path, &e);
	if (m && m->format == MODEL_GGUF && vocab_table_read(&v, m, &e))
		vocab_table_fini(&v);
	for (size_t t = 0; m && t < m->source.n_tensors && t < 4; t++) {
		const struct tensor *x = &m->source.tensors[t];

		if (x->readable && x->elements)
			source_read(&m->source, t, 0, x->elements < 256 ? (size_t)x->elements : 256,
				out, &e);
	}
	if (m)
		model_unref(m);
	free(path);
}

static void feed_safetensors(const char *text, size_t n)
{
	feed_model("model.safetensors", text, n);
}

static void feed_gguf(const char *text, size_t n)
{
	feed_model("model.gguf", text, n);
}

/* The index of a folder of two shards; feed_model would open the file, here the folder is. */
static void feed_index(const char *text, size_t n)
{
	struct err e = { 0 };
	char *path = str_join_path(fixture.dir, "shards/model.safetensors.index.json");
	struct model *m = NULL;

	if (file_write_all(path, text, n, &e))
		m = model_open(path, &e);
	if (!m && !e.what[0])
		abort();
	model_unref(m);
	free(path);
}

static char *make_index(size_t *n)
{
	static const char header[] = "{\"%s\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}";
	static const char index[] = "{\"metadata\":{\"total_size\":8},\"weight_map\":{"
		"\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"model-00002-of-00002.safetensors\"}}";
	char text[128];

	for (int i = 0; i < 2; i++) {
		char *name = xasprintf("shards/model-0000%d-of-00002.safetensors", i + 1);
		snprintf(text, sizeof text, header, i ? "b" : "a");
		fixture_safetensors(&fixture, name, text, 4);
		free(name);
	}
	*n = strlen(index);
	return xstrdup(index);
}

/* An adapter of which one file is damaged and the other good, laid over a model and read. */
static void feed_adapter(const char *name, const char *text, size_t n, const char *other)
{
	const char *top = getenv("top_srcdir");
	char *golden = xasprintf("%s/tests/golden/lora", top ? top : ".");
	char *base = str_join_path(golden, "llama"), *good = xasprintf("%s/rich/%s", golden, other);
	char *dir = str_join_path(fixture.dir, "adapter"), *path = str_join_path(dir, name);
	char *beside = str_join_path(dir, other);
	struct err e = { 0 };
	struct model *m = model_open(base, &e), *x = NULL;
	float out[256];

	if (m && file_mkdirs(dir, &e) && file_copy(good, beside, &e) &&
		file_write_all(path, text, n, &e)) {
		x = lora_apply(m, dir, 0.5, "fuzz", NULL, NULL, &e);
		if (!x && !e.what[0])
			abort();
	}
	for (size_t t = 0; x && t < x->source.n_tensors; t++)
		source_read(&x->source, t, 0, x->source.tensors[t].elements < 256 ?
			(size_t)x->source.tensors[t].elements : 256, out, &e);
	model_unref(x);
	model_unref(m);
	free(golden);
	free(base);
	free(good);
	free(dir);
	free(path);
	free(beside);
}

static void feed_lora(const char *text, size_t n)
{
	feed_adapter("adapter_model.safetensors", text, n, "adapter_config.json");
}

static void feed_lora_config(const char *text, size_t n)
{
	feed_adapter("adapter_config.json", text, n, "adapter_model.safetensors");
}

/* config.json of a folder whose weights are packed as MLX does. */
static void feed_config(const char *text, size_t n)
{
	struct err e = { 0 };
	char *path = str_join_path(fixture.dir, "mlx/config.json"), *slash;
	struct model *m = NULL;
	uint64_t weights, cache;

	if (file_write_all(path, text, n, &e)) {
		slash = strrchr(path, '/');
		*slash = 0;
		m = model_open(path, &e);
	}
	if (!m && !e.what[0])
		abort();
	if (m)
		model_memory(m, 1 << 20, &weights, &cache);
	model_unref(m);
	free(path);
}

static char *make_config(size_t *n)
{
	static const char config[] = "{\"model_type\":\"qwen3_moe\",\"num_hidden_layers\":2,"
		"\"num_attention_heads\":4,\"head_dim\":16,\"sliding_window\":7,\"vocab_size\":64,"
		"\"layer_types\":[\"mamba\",\"sliding_attention\"],\"eos_token_id\":[1,2],"
		"\"quantization\":{\"group_size\":32,\"bits\":4,\"mode\":\"affine\",\"p\":false,"
		"\"q\":{\"bits\":8}},\"quantization_config\":{\"quant_method\":\"gptq\",\"bits\":4,"
		"\"weight_block_size\":[128,128]},\"text_config\":{\"model_type\":\"qwen3\"}}";

	fixture_safetensors(&fixture, "mlx/model.safetensors",
		"{\"p.weight\":{\"dtype\":\"U32\",\"shape\":[2,8],\"data_offsets\":[0,64]},"
		"\"p.scales\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[64,72]},"
		"\"p.biases\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[72,80]},"
		"\"l.qweight\":{\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[80,96]}}", 96);
	*n = strlen(config);
	return xstrdup(config);
}

static void feed_vocab(const char *text, size_t n)
{
	struct err e = { 0 };
	struct vocab v;
	const char *kind;
	int64_t added = 0;
	size_t entries;

	vocab_init(&v);
	if (!tokenizer_json_read(&v, text, n, "fuzz", &kind, &added, &e) && !e.what[0])
		abort();
	vocab_hash(&v, &entries);
	tokenizer_model_read(&v, (const unsigned char *)text, n);
	vocab_fini(&v);
}

/* One of three models has the damaged tokenizer: in every place a vocabulary is laid out for all. */
static void feed_layout(const char *text, size_t n)
{
	static const char good[] = "{\"added_tokens\":[{\"id\":3,\"content\":\"<s>\"}],"
		"\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"<s>\":2}}}";
	struct vocab_table t[3];
	struct vocab_member m[3];
	struct vocab_rule rules[] = { { "a", 1, RULE_ID, 1, NULL, 2, true },
		{ "new", 3, RULE_TOKEN, 0, "b", 0, false } };
	struct err e = { 0 };

	for (int i = 0; i < 3; i++) {
		vocab_table_init(&t[i]);
		if (!vocab_read_json(&t[i], i ? good : text, i ? strlen(good) : n, "fuzz", &e) &&
			!e.what[0])
			abort();
		vocab_table_end(&t[i]);
		m[i] = (struct vocab_member){ "fuzz", &t[i], 300 };
	}
	for (int i = 0; i < 6; i++) {
		struct vocab_ask a = { .v = m, .n = 3, .first = i % 3, .base = i % 2 ? i % 3 : -1,
			.join = i < 3, .of = &t[i % 3], .of_rows = i % 2 ? 300 : UINT32_MAX,
			.rules = rules, .n_rules = 2, .multiple = 7 };
		struct vocab_layout *l = vocab_layout_make(&a, &e);

		for (int k = 0; l && k < 3; k++)
			vocab_layout_count(l, 5, k);
		vocab_layout_unref(l);
	}
	for (int i = 0; i < 3; i++)
		vocab_table_fini(&t[i]);
	vocab_table_init(&t[0]);
	vocab_read_pieces(&t[0], (const unsigned char *)text, n, "fuzz", &e);
	vocab_table_end(&t[0]);
	vocab_table_fini(&t[0]);
}

/* A golden case of src/infer: its member, as text. */
static char *infer_case(const char *file, size_t at, const char *member, size_t *n)
{
	const char *top = getenv("top_srcdir");
	char *path = xasprintf("%s/tests/golden/infer/%s", top ? top : ".", file), *text;
	json_t *cases = json_load_file(path, 0, NULL);

	text = json_dumps(json_object_get(json_array_get(cases, at), member), JSON_COMPACT);
	*n = strlen(text);
	json_decref(cases);
	free(path);
	return text;
}

/* The files of a model that are not being damaged: its tensors, as a golden case lists them. */
static void infer_model(const char *folder)
{
	size_t n, i, at = 0;
	char *text = infer_case("nets.json", 9, "tensors", &n);
	char *name = xasprintf("%s/model.safetensors", folder);
	json_t *tensors = json_loads(text, 0, NULL), *t, *d;
	struct str header = STR_INIT;

	str_add(&header, "{");
	json_array_foreach(tensors, i, t) {
		size_t k, bytes = 4;
		char *shape = json_dumps(json_array_get(t, 1), JSON_COMPACT);

		json_array_foreach(json_array_get(t, 1), k, d)
			bytes *= (size_t)json_integer_value(d);
		str_addf(&header, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":"
			"[%zu,%zu]}", i ? "," : "", json_string_value(json_array_get(t, 0)), shape,
			at, at + bytes);
		at += bytes;
		free(shape);
	}
	str_add(&header, "}");
	fixture_safetensors(&fixture, name, header.s, at);
	str_fini(&header);
	json_decref(tensors);
	free(name);
	free(text);
}

static char *make_net(size_t *n)
{
	infer_model("net");
	return infer_case("nets.json", 9, "config", n);
}

static void feed_net(const char *text, size_t n)
{
	char *folder = str_join_path(fixture.dir, "net"), *path = str_join_path(folder,
		"config.json");
	struct err e = { 0 };
	struct model *m = file_write_all(path, text, n, &e) ? model_open(folder, &e) : NULL;
	struct net *net = m ? net_open(m, NULL, &e) : NULL;

	if (!net && !e.what[0])
		abort();
	if (net && !(net_flops(net, 8) >= 0))
		abort();
	net_free(net);
	model_unref(m);
	free(path);
	free(folder);
}

static char *make_tokens(size_t *n)
{
	fixture_safetensors(&fixture, "tok/model.safetensors",
		"{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4);
	fixture_write(&fixture, "tok/config.json", "{\"model_type\":\"llama\"}", 22);
	return infer_case("tokens.json", 3, "file", n);
}

static void feed_tokens(const char *text, size_t n)
{
	static const char odd[] = "it's 12\xff <|end|>\n  <|user|> \xe2\x82 end";
	char *folder = str_join_path(fixture.dir, "tok"), *path = str_join_path(folder,
		"tokenizer.json");
	struct err e = { 0 };
	struct model *m = file_write_all(path, text, n, &e) ? model_open(folder, &e) : NULL;
	struct tokenizer *t = m ? tokenizer_open(m, &e) : NULL;
	struct tokens ids = { 0 };

	if (!t && !e.what[0])
		abort();
	for (int special = 0; t && special < 2; special++)
		if (!tokenizer_encode(t, odd, sizeof odd - 1, special, &ids, &e) && !e.what[0])
			abort();
	for (size_t i = 0; i < ids.n; i++)
		if (!tokenizer_bytes(t, ids.v[i], &n))
			abort();
	free(ids.v);
	tokenizer_free(t);
	model_unref(m);
	free(path);
	free(folder);
}

/* A plan file: read, changed, laid over the demonstration's model. */
static void feed_plan(const char *text, size_t n)
{
	static struct model *m;
	const char *top = getenv("top_srcdir");
	struct err e = { 0 };
	struct quant_spec *s = quant_spec_parse(text, n, "fuzz.yml", &e), *next;
	struct findings f = { 0 };

	if (!s) {
		if (!e.what[0])
			abort();
		return;
	}
	for (int i = 0; i < 4; i++) {
		next = quant_spec_edit_type(s, i % 2 ? "ffn_up" : "attn_v", i / 2 - 1, i / 2 - 1,
			i == 3 ? NULL : s->preset.container == QUANT_GGUF ? "Q8_0" : "q8", &e);
		quant_spec_unref(next);
	}
	if (!m) {
		char *path = xasprintf("%s/share/demo/base", top ? top : ".");
		m = model_open(path, &e);
		free(path);
	}
	struct quant_targets *t = m ? quant_targets_new(m, s->preset.container, &e) : NULL;
	struct quant_plan *p = t ? quant_plan_make(s, t, false, &f, &e) : NULL;
	if (p)
		quant_gguf_bytes(p, 0, 0);
	findings_fini(&f);
	quant_plan_unref(p);
	quant_targets_unref(t);
	quant_spec_unref(s);
}

/* A shared run: as a recipe with its comments; what was read is written and read the same. */
static void feed_shared(const char *text, size_t n)
{
	struct str once = STR_INIT, twice = STR_INIT;
	struct share a, b;

	if (!share_read(&a, text, n))
		return;
	share_write(&a, &once);
	if (!share_read(&b, once.s, once.n))
		abort();
	share_write(&b, &twice);
	if (strcmp(once.s, twice.s) != 0) {
		fprintf(stderr, "%s--\n%s", once.s, twice.s);
		abort();
	}
	share_fini(&a);
	share_fini(&b);
	str_fini(&once);
	str_fini(&twice);
}

/* A layout: read, and filled in with what has no names. */
static void feed_pattern(const char *text, size_t n)
{
	struct err e = { 0 };
	struct pattern *p = pattern_parse(text, n, "fuzz", NULL, NULL, &e);
	json_t *data = json_pack("{s:b, s:[{s:[{s:f}]}], s:[]}", "measured", 1, "rows", "cells",
		"value", 0.5, "pairs");
	struct str out = STR_INIT;

	if (!p && !e.what[0])
		abort();
	if (p && !pattern_render(p, data, &out, &e) && !e.what[0])
		abort();
	str_fini(&out);
	json_decref(data);
	pattern_free(p);
}

/* Figures of other programs: every kind has a look, every fact is sound. */
static void feed_import_as(const char *path, const char *text, size_t n)
{
	struct import_file f;
	struct err e = { 0 };

	if (!import_parse(&f, path, text, n, &e) && !e.what[0])
		abort();
	for (size_t i = 0; i < f.facts.n; i++)
		if (!(f.facts.v[i].value - f.facts.v[i].value == 0) || f.facts.v[i].line < 1)
			abort();
	for (size_t i = 0; i < f.answers.n; i++)
		if (!f.answers.v[i].a.n || f.answers.v[i].fact >= f.facts.n)
			abort();
	import_file_fini(&f);
}

static void feed_import(const char *text, size_t n)
{
	feed_import_as("eval_fuzz_0.4.9_05_x", text, n);
}

static void feed_samples(const char *text, size_t n)
{
	feed_import_as("samples_arc_easy_2026-03-01T12-00-00.jsonl", text, n);
}

/* Computed again: every finding has a text that is safe to print. */
static void feed_audit(const struct import_file *f)
{
	struct audit a;

	audit_card(f, NULL, &a);
	for (size_t i = 0; i < a.findings.n; i++) {
		const struct audit_finding *x = &a.findings.v[i];

		if (x->line < 0 || !utf8_valid(x->message, strlen(x->message)) ||
			!utf8_valid(x->claim, strlen(x->claim)))
			abort();
	}
	audit_fini(&a);
}

static void feed_card(const char *text, size_t n)
{
	struct import_file f;
	struct err e = { 0 };

	if (!import_parse(&f, "README.md", text, n, &e) && !e.what[0])
		abort();
	for (size_t i = 0; i < f.facts.n; i++)
		if (!(f.facts.v[i].value - f.facts.v[i].value == 0) || f.facts.v[i].line < 1)
			abort();
	if (f.card && (!utf8_valid(f.card->text, f.card->n) || strlen(f.card->text) != f.card->n))
		abort();
	if (f.card)
		feed_audit(&f);
	import_file_fini(&f);
}

static char *make_card_index(size_t *n)
{
	static const char card[] = "---\nlicense: mit\nbase_model: [a/B-1, c/D-2]\nlanguage: en\n"
		"model-index:\n- name: E-3\n  results:\n  - dataset: {name: MMLU (5-Shot), type: "
		"mmlu, args: {num_few_shot: 5}}\n    metrics: [{type: acc, value: 73.4}, {type: f1, "
		"value: 0.2}]\n---\n# E-3\n\n```yaml\nmerge_method: linear\nmodels:\n  - model: "
		"a/B-1\n    parameters: {weight: 0.3}\n---\nname: x\n```\n|Tasks|n-shot|Metric|Value|"
		"|Stderr|\n|--|--|--|--|--|--|\n|arc_easy|0|acc|0.5|\302\261|0.1|\n\n<table><tr>"
		"<th>Task<th>E-3</tr>\n<tr><td>piqa</td><td>0.7</table>\n\n- boolq (5-shot): 60.1\n";

	*n = strlen(card);
	return xstrdup(card);
}

/* A catalog with a run, a note and a model in it. */
static char *make_catalog(size_t *n)
{
	char *path = str_join_path(fixture.dir, "fuzz.db"), *bytes;
	struct catalog *c = catalog_open(path, false, NULL);
	struct catalog_run r = { .kind = "merge", .recipe_text = "t: 0.1\n" };
	struct catalog_model m = { .path = "/m" };
	int64_t id = catalog_run_begin(c, &r, NULL, 0, NULL);

	catalog_note(c, id, "a note", NULL);
	catalog_model_put(c, &m, NULL, NULL);
	catalog_close(c);
	bytes = file_read_all(path, 1 << 24, n, NULL);
	free(path);
	return bytes;
}

static void feed_catalog(const char *text, size_t n)
{
	char *path = str_join_path(fixture.dir, "fuzz.db"), *log = xasprintf("%s-wal", path);
	struct catalog_repair r;
	struct catalog_checked k;
	struct err e = { 0 };

	/* Half of it as the file, the rest as its log, or all as the file. */
	unlink(log);
	file_write_all(path, text, n, NULL);
	if (n % 3 == 0)
		file_write_all(log, text + n / 2, n - n / 2, NULL);
	if (catalog_examine(path, &k, &e))
		catalog_checked_fini(&k);
	err_clear(&e);
	if (catalog_repair(path, &r, &e)) {
		struct catalog *c = catalog_open(path, false, &e);

		if (!c)
			abort(); /* what comes of a repair is a catalog */
		catalog_close(c);
		unlink(r.aside);
		catalog_repair_fini(&r);
	} else if (!e.what[0]) {
		abort();
	}
	free(path);
	free(log);
}

static char *make_plan(size_t *n)
{
	static const char plan[] = "preset: Q4_K_M\nrules:\n  - role: [ffn_down, attn*]\n"
		"    layers: 0-1,-1\n    type: Q6_K\n  - {match: 'blk\\.\\d{1,3}\\.(ffn|a).*', type: Q5_K}\n"
		"  - role: embd\n    type: keep\npure: false\noutput_tensor_type: Q8_0\n";

	*n = strlen(plan);
	return xstrdup(plan);
}

/* A filter is an answer or wrong usage: nothing that is typed may reach SQLite as SQL. */
static void feed_filter(const char *text, size_t n)
{
	static struct catalog *c;
	struct catalog_run r = { .kind = "merge", .name = "only", .method = "linear",
		.recipe_text = "parameters: {weight: 0.5}\n" };
	struct catalog_score s = { .run = 1, .task = "arc_challenge", .metric = "acc",
		.value = 0.5, .stderr_ = 0.01 };
	struct err e = { 0 };
	struct catalog_word *words;
	struct catalog_run *v;
	size_t found;

	(void)n;
	if (!c) {
		c = catalog_open(":memory:", false, &e);
		if (!c || !catalog_run_begin(c, &r, NULL, 0, &e) ||
			!catalog_score_put(c, &s, 1, &e))
			abort();
	}
	v = catalog_runs(c, text, &found, &e);
	if (!v && e.code != ERR_USAGE)
		abort();
	catalog_runs_free(v, v ? found : 0);
	words = catalog_filter_words(c, text, &found);
	catalog_words_free(words, found);
}

static char *make_filter(size_t *n)
{
	static const char filter[] = "method:nearswap (t<0.001 or weight:0.1..0.5) -tag:keep "
		"arc>45% started<3d size>=1.5G name!=\"a b\" seed=7 disk:no hellaswag.acc<.7";

	*n = strlen(filter);
	return xstrdup(filter);
}

static void feed_imatrix(const char *text, size_t n)
{
	char *path = str_join_path(fixture.dir, "fuzz.imatrix");
	struct err e = { 0 };
	struct imatrix *m = file_write_all(path, text, n, &e) ? imatrix_load(path, &e) : NULL;

	if (!m && !e.what[0])
		abort();
	for (size_t i = 0; m && i < m->n; i++)
		if (!imatrix_find(m, m->v[i].name) || !(m->v[i].values[m->v[i].n - 1] >= 0))
			abort();
	imatrix_free(m);
	free(path);
}

static char *make_imatrix(size_t *n)
{
	static const float values[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct str s = STR_INIT;

	put32(&s, 2);
	for (int i = 0; i < 2; i++) {
		put32(&s, 6);
		str_add(&s, i ? "b.w.ei" : "a.w.ei");
		put32(&s, 3);
		put32(&s, 8);
		str_addn(&s, (const char *)values, sizeof values);
	}
	put32(&s, 5);
	put32(&s, 4);
	str_add(&s, "text");
	*n = s.n;
	return str_steal(&s);
}

static char *make_imatrix_gguf(size_t *n)
{
	static const float values[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	char *path = str_join_path(fixture.dir, "good.gguf"), *text;
	struct gguf_file g;
	struct err e = { 0 };

	gguf_init(&g);
	gguf_text(&g, "general.type", "imatrix");
	gguf_u32(&g, "imatrix.chunk_count", 3);
	gguf_f32(&g, "a.weight.in_sum2", (uint64_t[]){ 2, 4, 0 }, values);
	gguf_f32(&g, "a.weight.counts", (uint64_t[]){ 2, 1, 0 }, values);
	gguf_write(&g, &fixture, "good.gguf");
	gguf_fini(&g);
	text = file_read_all(path, (size_t)1 << 20, n, &e);
	free(path);
	return text;
}

/* A small model with keys of several types, an array of tokens and two tensors. */
static char *make_gguf(size_t *n)
{
	static const float values[64] = { 1, 2, 3 };
	struct gguf_file g;
	struct err e = { 0 };
	char *path = str_join_path(fixture.dir, "good.gguf"), *text;

	gguf_init(&g);
	gguf_text(&g, "general.architecture", "llama");
	gguf_text(&g, "general.name", "fuzz");
	gguf_u32(&g, "general.alignment", 32);
	gguf_u32(&g, "llama.block_count", 1);
	gguf_u32(&g, "llama.attention.head_count", 2);
	gguf_key_begin(&g, "tokenizer.ggml.tokens", 9);
	put32(&g.keys, 8);
	put64(&g.keys, 3);
	put_text(&g.keys, "a");
	put_text(&g.keys, "b");
	put_text(&g.keys, "ab");
	gguf_key_begin(&g, "tokenizer.ggml.token_type", 9);
	put32(&g.keys, 5);
	put64(&g.keys, 3);
	put32(&g.keys, 1);
	put32(&g.keys, 3);
	put32(&g.keys, 4);
	gguf_text(&g, "tokenizer.ggml.model", "gpt2");
	gguf_f32(&g, "blk.0.attn_q.weight", (uint64_t[]){ 8, 8, 0 }, values);
	gguf_f32(&g, "output_norm.weight", (uint64_t[]){ 8, 0 }, values);
	gguf_write(&g, &fixture, "good.gguf");
	gguf_fini(&g);
	text = file_read_all(path, (size_t)1 << 20, n, &e);
	free(path);
	return text;
}

#ifndef LIBFUZZER
/* One word of chance, from a counter: round r, draw d. */
static uint32_t draw(uint64_t target, uint32_t r, uint32_t d)
{
	uint32_t out[4];

	philox4x32((uint32_t[]){ (uint32_t)target, (uint32_t)(target >> 32), r, d },
		(uint32_t[]){ 1, 2 }, out);
	return out[0];
}

static void damage(struct str *s, uint64_t target, uint32_t r)
{
	static const char *const pieces[] = { "18446744073709551615", "-1", "9223372036854775808",
		"1e999", "[[[[[[[[", "{\"a\":", "\xff\xfe", "\n\t ", "&a *a", "\"\\u0000\"", ": - ",
		"0" };
	uint32_t d = 0, times = 1 + draw(target, r, d++) % 6;

	for (uint32_t i = 0; i < times && s->n > 0; i++) {
		size_t at = draw(target, r, d++) % s->n, n = draw(target, r, d++) % 64;
		uint32_t how = draw(target, r, d++) % 7, pick = draw(target, r, d++);
		char *tail;

		if (n > s->n - at)
			n = s->n - at;
		switch (how) {
		case 0:
			s->s[at] ^= (char)(1 << pick % 8);
			break;
		case 1:
			s->s[at] = (char)pick;
			break;
		case 2: /* cut short */
			s->n = at;
			break;
		case 3: /* a piece away */
			memmove(s->s + at, s->s + at + n, s->n - at - n);
			s->n -= n;
			break;
		case 4: /* a piece of another place over it */
			if (pick % s->n + n <= s->n)
				memmove(s->s + at, s->s + pick % s->n, n);
			break;
		default: /* something absurd put in */
			tail = xmalloc(s->n - at + 1);
			n = s->n - at;
			memcpy(tail, s->s + at, n);
			s->n = at;
			str_add(s, pieces[pick % (sizeof pieces / sizeof pieces[0])]);
			str_addn(s, tail, n);
			free(tail);
			break;
		}
	}
	str_addn(s, "", 0);
}
#endif

/* A row: what is fed to it, from which good file, how much of it, how many rounds. */
static const struct target {
	const char *name, *file;
	char *(*make)(size_t *n); /* where there is no file */
	size_t keep;              /* bytes that are used, 0 = all: headers are what matters */
	unsigned rounds;
	void (*feed)(const char *text, size_t n);
} targets[] = {
	{ "json", "share/demo/base/config.json", NULL, 0, 20000, feed_json },
	{ "tokenizer", "share/demo/base/tokenizer.json", NULL, 4096, 3000, feed_json },
	{ "recipe", "share/demo/dare.yml", NULL, 0, 3000, feed_recipe },
	{ "stack", "tests/golden/recipe/stack.yml", NULL, 0, 3000, feed_recipe },
	{ "documents", "share/demo/steps.yml", NULL, 0, 3000, feed_documents },
	{ "odd recipe", "tests/golden/recipe/odd.yml", NULL, 0, 3000, feed_recipe },
	{ "safetensors", "share/demo/base/model.safetensors", NULL, 8192, 3000, feed_safetensors },
	{ "gguf", NULL, make_gguf, 0, 6000, feed_gguf },
	{ "gguf types", "tests/golden/model/types.gguf", NULL, 0, 1000, feed_gguf },
	{ "mlx", "tests/golden/model/mlx/model.safetensors", NULL, 4096, 1000, feed_safetensors },
	{ "int4", "tests/golden/kinds/int4ct/model.safetensors", NULL, 0, 500, feed_safetensors },
	{ "nvfp4", "tests/golden/kinds/nvfp4ct/model.safetensors", NULL, 0, 500, feed_safetensors },
	{ "modelopt", "tests/golden/kinds/modelopt/model.safetensors", NULL, 0, 500,
		feed_safetensors },
	{ "index", NULL, make_index, 0, 4000, feed_index },
	{ "config", NULL, make_config, 0, 4000, feed_config },
	{ "adapter", "tests/golden/lora/rich/adapter_model.safetensors", NULL, 0, 1000, feed_lora },
	{ "adapter config", "tests/golden/lora/rich/adapter_config.json", NULL, 0, 1000,
		feed_lora_config },
	{ "layout", "tests/golden/tokenizer/b/tokenizer.json", NULL, 0, 3000, feed_layout },
	{ "net", NULL, make_net, 0, 600, feed_net },
	{ "tokens", NULL, make_tokens, 0, 300, feed_tokens },
	{ "plan", NULL, make_plan, 0, 3000, feed_plan },
	{ "filter", NULL, make_filter, 0, 3000, feed_filter },
	{ "catalog", NULL, make_catalog, 0, 60, feed_catalog },
	{ "imatrix", NULL, make_imatrix, 0, 4000, feed_imatrix },
	{ "imatrix gguf", NULL, make_imatrix_gguf, 0, 3000, feed_imatrix },
	{ "lm-eval", "tests/golden/import/results_2026-05-01T10-00-00.json", NULL, 0, 6000,
		feed_import },
	{ "samples", "tests/golden/import/samples/maker__tiny-a/samples_gsm8k_2026-03-01T12-00-00."
		"123456.jsonl", NULL, 0, 3000, feed_samples },
	{ "perplexity log", "tests/golden/import/divergence.log", NULL, 0, 6000, feed_import },
	{ "hellaswag log", "tests/golden/import/hellaswag.log", NULL, 0, 2000, feed_import },
	{ "leaderboard data", "tests/golden/import/contents.csv", NULL, 0, 3000, feed_import },
	{ "leaderboard rows", "tests/golden/import/contents.json", NULL, 0, 3000, feed_import },
	{ "csv", "tests/golden/import/points.csv", NULL, 0, 6000, feed_import },
	{ "card", "tests/golden/cards/synergy.txt", NULL, 0, 300, feed_card },
	{ "card groups", "tests/golden/cards/sensitivity.txt", NULL, 0, 200, feed_card },
	{ "card mojibake", "tests/golden/cards/mixed-bits.txt", NULL, 0, 200, feed_card },
	{ "card markdown", "tests/golden/cards/right-merge.md", NULL, 0, 300, feed_card },
	{ "card recipe", "tests/golden/cards/dead-keys.txt", NULL, 0, 200, feed_card },
	{ "card swap", "tests/golden/cards/near-swap.txt", NULL, 0, 200, feed_card },
	{ "card sizes", "tests/golden/cards/right-sensitivity.md", NULL, 0, 200, feed_card },
	{ "card index", NULL, make_card_index, 0, 600, feed_card },
	{ "leaderboard", "tests/golden/import/contents.csv", NULL, 0, 3000, feed_import },
	{ "torn JSON", "tests/golden/import/results_torn.json", NULL, 0, 6000, feed_import },
	{ "llama logs", "tests/golden/import/llama_runs.log", NULL, 0, 3000, feed_import },
	{ "lm-eval tables", "tests/golden/import/lm_eval_tables.txt", NULL, 0, 6000, feed_import },
	{ "mlx perplexity", "tests/golden/import/mlx_perplexity.txt", NULL, 0, 3000, feed_import },
	{ "shared run", "tests/golden/recipe/shared.yml", NULL, 0, 4000, feed_shared },
	{ "layout of a card", "share/cards/_scores.md", NULL, 0, 6000, feed_pattern },
	{ "vocabulary", "share/demo/base/tokenizer.json", NULL, 8192, 5000, feed_vocab },
};

#ifndef LIBFUZZER

/* Files that once made trouble. */
static void feed_corpus(const struct target *t, const char *top)
{
	char *dir = xasprintf("%s/tests/fuzz/corpus/%s", top, t->name);
	size_t n = 0, len;
	char **names = file_is_dir(dir) ? file_list(dir, &n, NULL) : NULL;

	for (size_t i = 0; names && i < n; i++) {
		char *path = str_join_path(dir, names[i]), *text = file_read_all(path, (size_t)1 << 20,
			&len, NULL);

		if (text)
			t->feed(text, len);
		free(text);
		free(path);
	}
	file_list_free(names, n);
	free(dir);
}

static bool run(const struct target *t, const char *top)
{
	char *path = t->file ? str_join_path(top, t->file) : NULL;
	const char *more = getenv("FUZZ_ROUNDS");
	unsigned rounds = more ? (unsigned)strtoul(more, NULL, 10) : t->rounds;
	uint64_t key = hash64_bytes(t->name, strlen(t->name));
	struct err e = { 0 };
	struct str s = STR_INIT;
	size_t n;
	char *good = path ? file_read_all(path, (size_t)64 << 20, &n, &e) : t->make(&n);

	free(path);
	if (!good) {
		err_print(&e);
		return false;
	}
	if (t->keep && n > t->keep)
		n = t->keep;
	feed_corpus(t, top);
	for (unsigned r = 0; r < rounds; r++) {
		str_clear(&s);
		str_addn(&s, good, n);
		if (r)
			damage(&s, key, r);
		t->feed(s.s, s.n);
	}
	printf("ok: %s, %u rounds\n", t->name, rounds);
	fflush(stdout);
	str_fini(&s);
	free(good);
	return true;
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	/* No parser may want a machine's worth of memory, or minutes, for a small file. */
	struct rlimit memory = { (rlim_t)4 << 30, (rlim_t)4 << 30 }, seconds = { 240, 240 };
	bool ok = true;

	if (!SANITIZED) /* which needs address space of its own */
		setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CPU, &seconds);
	fixture_init(&fixture);
	for (size_t i = 0; ok && i < sizeof targets / sizeof targets[0]; i++) {
		if (argc < 2 || strcmp(argv[1], targets[i].name) == 0)
			ok = run(&targets[i], top ? top : ".");
	}
	fixture_fini(&fixture);
	return !ok;
}

#else

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct target *t;
	const char *name = getenv("FUZZ_TARGET");
	size_t ignored, count = sizeof targets / sizeof targets[0];

	if (!t) {
		fixture_init(&fixture);
		for (t = targets; t < targets + count - 1 && name && strcmp(t->name, name) != 0; t++)
			;
		if (t->make)
			free(t->make(&ignored)); /* what stands beside its file */
	}
	char *text = xmalloc(n + 1); /* parsers are handed text that ends in 0 */
	memcpy(text, data, n);
	text[n] = 0;
	t->feed(text, n);
	free(text);
	return 0;
}

#endif
