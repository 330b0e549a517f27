/* open: how long models of real shape take to open: a 70 B llama in 100 shards, a mixture of experts
 * of 91,000 tensors in 160, both as headers over files without weights, with a vocabulary of 128,000;
 * and how many names a second are given their roles. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/bytes.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "model/model.h"
#include "model/role.h"

static char dir[] = "/tmp/cupel-open-XXXXXX";

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void must(bool ok, const struct err *e)
{
	if (ok)
		return;
	err_print(e);
	exit(1);
}

struct maker {
	struct str index, header; /* of the whole; of the shard at work */
	uint64_t at;
	int shard, shards;
	size_t tensors, each; /* written; to a shard */
	struct err e;
};

static void end_shard(struct maker *m)
{
	char name[96];
	unsigned char n[8];

	if (!m->header.n)
		return;
	str_add(&m->header, "}");
	put_le64(n, m->header.n);
	snprintf(name, sizeof name, "%s/model-%05d-of-%05d.safetensors", dir, m->shard, m->shards);
	FILE *f = fopen(name, "wb");
	if (!f || fwrite(n, 8, 1, f) != 1 || fwrite(m->header.s, m->header.n, 1, f) != 1 ||
		fflush(f) || ftruncate(fileno(f), (off_t)(8 + m->header.n + m->at)))
		exit(1);
	fclose(f);
	str_clear(&m->header);
}

static void tensor(struct maker *m, const char *name, uint64_t rows, uint64_t columns)
{
	uint64_t bytes = 2 * rows * (columns ? columns : 1);

	if (m->tensors++ % m->each == 0) {
		end_shard(m);
		m->shard++;
		m->at = 0;
	}
	str_addf(&m->header, "%s\"%s\":{\"dtype\":\"BF16\",\"shape\":[%llu", m->header.n ? "," : "{",
		name, (unsigned long long)rows);
	if (columns)
		str_addf(&m->header, ",%llu", (unsigned long long)columns);
	str_addf(&m->header, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)m->at,
		(unsigned long long)(m->at + bytes));
	m->at += bytes;
	str_addf(&m->index, "%s\"%s\":\"model-%05d-of-%05d.safetensors\"",
		m->tensors > 1 ? "," : "{\"weight_map\":{", name, m->shard, m->shards);
}

static void block(struct maker *m, int layer, int experts)
{
	static const struct {
		const char *name;
		int rows, columns;
	} parts[] = {
		{ "input_layernorm", 8192, 0 }, { "post_attention_layernorm", 8192, 0 },
		{ "self_attn.q_proj", 8192, 8192 }, { "self_attn.k_proj", 1024, 8192 },
		{ "self_attn.v_proj", 1024, 8192 }, { "self_attn.o_proj", 8192, 8192 },
	};
	static const char *const mlp[] = { "gate_proj", "up_proj", "down_proj" };
	char name[160];

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		snprintf(name, sizeof name, "model.layers.%d.%s.weight", layer, parts[i].name);
		tensor(m, name, (uint64_t)parts[i].rows, (uint64_t)parts[i].columns);
	}
	for (int x = 0; x < (experts ? experts : 1); x++)
		for (int k = 0; k < 3; k++) {
			if (experts)
				snprintf(name, sizeof name, "model.layers.%d.mlp.experts.%d.%s.weight",
					layer, x, mlp[k]);
			else
				snprintf(name, sizeof name, "model.layers.%d.mlp.%s.weight", layer, mlp[k]);
			tensor(m, name, experts ? 2048 : 28672, 8192);
		}
}

static void text_file(const char *name, const char *text, size_t n)
{
	char *path = str_join_path(dir, name);
	struct err e;

	must(file_write_all(path, text, n, &e), &e);
	free(path);
}

static void tokenizer(void)
{
	struct str s = STR_INIT;

	str_add(&s, "{\"added_tokens\":[],\"model\":{\"type\":\"BPE\",\"vocab\":{");
	for (int i = 0; i < 128000; i++)
		str_addf(&s, "%s\"token%d\":%d", i ? "," : "", i, i);
	str_add(&s, "},\"merges\":[");
	for (int i = 0; i < 280000; i++)
		str_addf(&s, "%s[\"tok%d\",\"en%d\"]", i ? "," : "", i, i);
	str_add(&s, "]}}");
	text_file("tokenizer.json", s.s, s.n);
	str_fini(&s);
}

static void make(int layers, int experts, int shards, size_t each, const char *family)
{
	struct maker m = { .shards = shards, .each = each };
	char config[200];

	tensor(&m, "model.embed_tokens.weight", 128256, 8192);
	for (int i = 0; i < layers; i++)
		block(&m, i, experts);
	tensor(&m, "model.norm.weight", 8192, 0);
	tensor(&m, "lm_head.weight", 128256, 8192);
	end_shard(&m);
	str_add(&m.index, "}}");
	text_file("model.safetensors.index.json", m.index.s, m.index.n);
	int n = snprintf(config, sizeof config, "{\"model_type\":\"%s\",\"num_hidden_layers\":%d,"
		"\"vocab_size\":128256}", family, layers);
	text_file("config.json", config, (size_t)n);
	tokenizer();
	str_fini(&m.index);
	str_fini(&m.header);
}

static void measure(const char *what)
{
	struct err e;
	double first = 0, best = 1e9;
	size_t tensors = 0, files = 0;
	uint64_t parameters = 0;

	for (int i = 0; i < 6; i++) {
		double t = now();
		struct model *m = model_open(dir, &e);
		t = now() - t;
		must(m != NULL, &e);
		tensors = m->source.n_tensors;
		files = m->n_files;
		parameters = m->parameters;
		model_unref(m);
		if (!i)
			first = t;
		else if (t < best)
			best = t;
	}
	printf("open %s: %zu tensors in %zu files, %.1f B parameters: %.1f ms, the first time "
		"%.1f ms\n", what, tensors, files, (double)parameters * 1e-9, best * 1e3, first * 1e3);
}

static void classify(void)
{
	enum { N = 30000 };
	struct tensor *v = xnew(struct tensor, N);
	struct arena a;
	double best = 1e9;

	arena_init(&a);
	for (int i = 0; i < N; i++)
		v[i].name = arena_printf(&a, "model.layers.%d.mlp.experts.%d.%s.weight", i / 768,
			i / 3 % 256, i % 3 ? "up_proj" : "gate_proj");
	for (int i = 0; i < 10; i++) {
		double t = now();
		role_classify(v, N, "deepseek_v3", false, &a);
		t = now() - t;
		best = t < best ? t : best;
	}
	printf("roles of %d names: %.1f ms, %.1f million a second\n", N, best * 1e3, N / best * 1e-6);
	arena_fini(&a);
	free(v);
}

int main(void)
{
	struct err e;

	if (!mkdtemp(dir))
		return 1;
	setenv("XDG_CACHE_HOME", dir, 1);
	make(80, 0, 100, 8, "llama");
	measure("70 B llama");
	must(file_remove_tree(dir, &e), &e);
	must(file_mkdirs(dir, &e), &e);
	make(117, 256, 160, 568, "deepseek_v3");
	measure("mixture of experts");
	must(file_remove_tree(dir, &e), &e);
	classify();
	return 0;
}
