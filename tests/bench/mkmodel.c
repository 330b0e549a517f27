/* mkmodel: writes a family of synthetic llama models to time with: a base of normal weights (sd
 * 0.02) and fine-tunes that differ from it by normal deltas (sd 0.002), one bf16 model.safetensors
 * each.
 *
 *	mkmodel tiny|small|300m|1b|embed DIR NAME…  DIR/NAME/{config.json,model.safetensors}; the first is
 *	the base
 *
 * Every weight is a function of its place, so a family is the same wherever it is made. */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tensor/half.h"

enum { CHUNK = 1 << 20, MODELS = 9, TABLE = 1 << 16, THREADS = 4 };

struct shape {
	const char *name;
	int layers, hidden, ffn, heads, kv_heads, vocab;
};
static const struct shape shapes[] = {
	{ "tiny", 2, 128, 384, 4, 2, 1024 },
	{ "small", 8, 512, 1536, 8, 4, 8192 },   /* 59 MB: long enough to be stopped on the way */
	{ "300m", 16, 1024, 4096, 16, 4, 32768 },
	{ "1b", 16, 2048, 8192, 32, 8, 128256 }, /* Llama 3.2 1B */
	{ "embed", 1, 2048, 64, 32, 8, 128256 }, /* its embedding, nearly alone */
};

struct part { /* of the data, in file order */
	char name[96];
	uint64_t rows, columns, first; /* element index in the file */
	int norm;
};
static struct part parts[256];
static size_t n_parts;
static uint64_t n_elements;
static float quantile[TABLE];
static int fd[MODELS];
static int n_models;
static uint64_t data_start;
static atomic_uint_fast64_t next_chunk;

static void die(const char *what)
{
	fprintf(stderr, "mkmodel: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void add(const char *prefix, const char *name, uint64_t rows, uint64_t columns)
{
	struct part *p = &parts[n_parts++];

	snprintf(p->name, sizeof p->name, "%s%s.weight", prefix, name);
	p->rows = rows;
	p->columns = columns;
	p->norm = columns == 0;
	p->first = n_elements;
	n_elements += rows * (columns ? columns : 1);
}

static void lay_out(const struct shape *s)
{
	uint64_t kv = (uint64_t)s->hidden / s->heads * s->kv_heads, h = s->hidden, f = s->ffn;
	char at[64];

	add("", "model.embed_tokens", s->vocab, h);
	for (int i = 0; i < s->layers; i++) {
		snprintf(at, sizeof at, "model.layers.%d.", i);
		add(at, "input_layernorm", h, 0);
		add(at, "mlp.down_proj", h, f);
		add(at, "mlp.gate_proj", f, h);
		add(at, "mlp.up_proj", f, h);
		add(at, "post_attention_layernorm", h, 0);
		add(at, "self_attn.k_proj", kv, h);
		add(at, "self_attn.o_proj", h, h);
		add(at, "self_attn.q_proj", h, h);
		add(at, "self_attn.v_proj", kv, h);
	}
	add("", "model.norm", h, 0);
}

/* The normal distribution's quantiles in the middle of TABLE equal parts. */
static void make_table(void)
{
	for (int i = 0; i < TABLE / 2; i++) {
		double p = (i + 0.5) / TABLE, lo = -10, hi = 0;
		for (int k = 0; k < 50; k++) {
			double mid = (lo + hi) / 2;
			if (0.5 * erfc(-mid / sqrt(2)) < p)
				lo = mid;
			else
				hi = mid;
		}
		quantile[i] = (float)lo;
		quantile[TABLE - 1 - i] = (float)-lo;
	}
}

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static int is_norm(uint64_t element)
{
	size_t lo = 0, hi = n_parts;

	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;
		if (parts[mid].first <= element)
			lo = mid;
		else
			hi = mid;
	}
	return parts[lo].norm;
}

static void fill(uint64_t first, size_t n, int model, uint16_t *out)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t r = mix((first + i + 1) * 0x9e3779b97f4a7c15u);
		uint64_t d = mix(r + (uint64_t)(model / 3 + 1) * 0x9e3779b97f4a7c15u);
		float x = 0.02f * quantile[r & (TABLE - 1)];
		if (model)
			x += 0.002f * quantile[d >> 16 * (model % 3) & (TABLE - 1)];
		out[i] = f32_bf16(x);
	}
}

static void *worker(void *arg)
{
	uint16_t *out = malloc(CHUNK * sizeof *out);
	uint64_t first;

	(void)arg;
	while ((first = atomic_fetch_add(&next_chunk, CHUNK)) < n_elements) {
		size_t n = n_elements - first < CHUNK ? (size_t)(n_elements - first) : CHUNK;
		for (int m = 0; m < n_models; m++) {
			fill(first, n, m, out);
			for (size_t i = 0; i < n; i += 64) /* parts are multiples of 64 */
				for (size_t k = i; is_norm(first + i) && k < i + 64; k++)
					out[k] = f32_bf16(1 + bf16_f32(out[k]));
			if (pwrite(fd[m], out, n * 2,
				(off_t)(data_start + first * 2)) != (ssize_t)n * 2)
				die("write");
		}
	}
	free(out);
	return NULL;
}

static char *make_header(size_t *n)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, n);

	fprintf(f, "{\"__metadata__\":{\"format\":\"pt\"}");
	for (size_t i = 0; i < n_parts; i++) {
		const struct part *p = &parts[i];
		uint64_t elements = p->rows * (p->columns ? p->columns : 1);
		fprintf(f, ",\"%s\":{\"dtype\":\"BF16\",\"shape\":[%" PRIu64, p->name, p->rows);
		if (p->columns)
			fprintf(f, ",%" PRIu64, p->columns);
		fprintf(f, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", p->first * 2,
			(p->first + elements) * 2);
	}
	fputc('}', f);
	while (fflush(f), *n % 8)
		fputc(' ', f);
	fclose(f);
	return text;
}

static void write_config(const char *dir, const struct shape *s)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/config.json", dir);
	f = fopen(path, "w");
	if (!f)
		die(path);
	fprintf(f, "{\n  \"architectures\": [\"LlamaForCausalLM\"],\n  \"model_type\": \"llama\",\n"
		"  \"hidden_size\": %d,\n  \"intermediate_size\": %d,\n  \"num_hidden_layers\": "
		"%d,\n  \"num_attention_heads\": %d,\n  \"num_key_value_heads\": %d,\n  "
		"\"vocab_size\": %d,\n  \"head_dim\": %d,\n  \"rms_norm_eps\": 1e-05,\n  "
		"\"rope_theta\": 500000.0,\n  \"max_position_embeddings\": 131072,\n  "
		"\"tie_word_embeddings\": true,\n  \"bos_token_id\": 1,\n  \"eos_token_id\": 2,\n  "
		"\"torch_dtype\": \"bfloat16\"\n}\n",
		s->hidden, s->ffn, s->layers, s->heads, s->kv_heads, s->vocab,
		s->hidden / s->heads);
	if (fclose(f) != 0)
		die(path);
}

static int open_model(const char *root, const char *name, const struct shape *s)
{
	char dir[4000], path[4096];
	uint8_t length[8];
	size_t n;
	char *header = make_header(&n);
	int out;

	snprintf(dir, sizeof dir, "%s/%s", root, name);
	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		die(dir);
	write_config(dir, s);
	snprintf(path, sizeof path, "%s/model.safetensors", dir);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	put_le64(length, n);
	if (out < 0 || pwrite(out, length, 8, 0) != 8 || pwrite(out, header, n, 8) != (ssize_t)n)
		die(path);
	data_start = 8 + n;
	free(header);
	return out;
}

int main(int argc, char **argv)
{
	const struct shape *s = NULL;
	pthread_t threads[THREADS];

	for (size_t i = 0; argc > 3 && i < sizeof shapes / sizeof *shapes; i++)
		if (strcmp(argv[1], shapes[i].name) == 0)
			s = &shapes[i];
	if (!s || argc - 3 > MODELS) {
		fprintf(stderr, "usage: mkmodel tiny|small|300m|1b|embed DIR NAME...\n");
		return 2;
	}
	lay_out(s);
	make_table();
	n_models = argc - 3;
	for (int i = 0; i < n_models; i++)
		fd[i] = open_model(argv[2], argv[3 + i], s);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, worker, NULL) != 0)
			die("thread");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < n_models; i++)
		if (close(fd[i]) != 0)
			die("close");
	return 0;
}
