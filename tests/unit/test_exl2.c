/* exl2: matrices packed by formula, bit by bit, and read back: whole, in pieces, from any place; what
 * does not fit together is refused. */
#include "fixture.h"
#include "model/stored_as.h"
#include "tensor/half.h"

#define K 208u
#define N 64u
static struct fixture fx;

/* Widths and rows of the groups; the last has rows that fill no whole number of eight words. */
static const struct { unsigned bits, rows; } groups[] = {
	{ 8, 32 }, { 6, 32 }, { 5, 32 }, { 4, 32 }, { 3, 32 }, { 2, 48 },
};
#define GROUPS (sizeof groups / sizeof *groups)

static int setup(void **state)
{
	(void)state;
	fixture_init(&fx);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_fini(&fx);
	return 0;
}

static unsigned code(unsigned row, unsigned column, unsigned bits)
{
	return (row * 2654435761u + column * 40503u + row * column * 97u) >> 7 & ((1u << bits) - 1);
}

static unsigned scale_code(size_t group, unsigned column)
{
	return (unsigned)(group * 5 + column * 7) & 15;
}

static float maximum(size_t group)
{
	return 0.75f + 0.37f * (float)group;
}

/* Input j is row j * 5 + 3 of the matrix: 5 and 208 have no common divisor. */
static unsigned row_of(unsigned j)
{
	return (j * 5 + 3) % K;
}

struct packed {
	uint32_t weight[8 + 6 + 5 + 4 + 3 + 3][N], scale[GROUPS][N / 8], inverse[K];
	uint16_t groups[GROUPS][2], max[GROUPS];
};

static unsigned pack(struct packed *p)
{
	unsigned word = 0;

	memset(p, 0, sizeof *p);
	for (size_t g = 0; g < GROUPS; g++) {
		unsigned at = 0;
		for (size_t k = 0; k < g; k++)
			at += groups[k].rows;
		p->groups[g][0] = (uint16_t)groups[g].bits;
		p->groups[g][1] = (uint16_t)word;
		p->max[g] = f32_f16(maximum(g));
		for (unsigned n = 0; n < N; n++) {
			p->scale[g][n / 8] |= scale_code(g, n) << 4 * (n % 8);
			for (unsigned b = 0; b < groups[g].rows * groups[g].bits; b++)
				if (code(at + b / groups[g].bits, n, groups[g].bits) >>
					b % groups[g].bits & 1)
					p->weight[word + b / 32][n] |= 1u << b % 32;
		}
		word += groups[g].rows * groups[g].bits / 32;
	}
	for (unsigned j = 0; j < K; j++)
		p->inverse[j] = row_of(j);
	return word;
}

/* What output n makes of input j. */
static float weight(unsigned n, unsigned j)
{
	unsigned row = row_of(j), at = 0;
	size_t g = 0;

	while (row >= at + groups[g].rows)
		at += groups[g++].rows;
	float max = f16_f32(f32_f16(f16_f32(f32_f16(maximum(g))) / 256));
	unsigned q = scale_code(g, n) + 1, middle = 1u << (groups[g].bits - 1);
	return ((float)code(row, n, groups[g].bits) - (float)middle) *
		f16_f32(f32_f16((float)(q * q) * max));
}

static void write_folder(const char *folder, const struct packed *p, unsigned words,
	const char *module, const char *config)
{
	uint64_t at[6] = { 0 };
	const void *part[] = { p->weight, p->scale, p->max, p->groups, p->inverse };
	size_t size[] = { words * sizeof *p->weight, sizeof p->scale, sizeof p->max,
		sizeof p->groups, sizeof p->inverse };
	struct str s = STR_INIT;
	unsigned char head[8];
	char *name = xasprintf("%s/output.safetensors", folder), *header;

	for (int i = 0; i < 5; i++)
		at[i + 1] = at[i] + size[i];
	header = xasprintf(
		"{\"%s.q_weight\":{\"dtype\":\"I32\",\"shape\":[%u,%u],\"data_offsets\":[%d,%d]},"
		"\"%s.q_scale\":{\"dtype\":\"I32\",\"shape\":[%zu,%u],\"data_offsets\":[%d,%d]},"
		"\"%s.q_scale_max\":{\"dtype\":\"F16\",\"shape\":[%zu],\"data_offsets\":[%d,%d]},"
		"\"%s.q_groups\":{\"dtype\":\"I16\",\"shape\":[%zu],\"data_offsets\":[%d,%d]},"
		"\"%s.q_invperm\":{\"dtype\":\"I32\",\"shape\":[%u],\"data_offsets\":[%d,%d]}}",
		module, words, N, (int)at[0], (int)at[1], module, GROUPS, N / 8, (int)at[1],
		(int)at[2], module, GROUPS, (int)at[2], (int)at[3], module, 2 * GROUPS, (int)at[3],
		(int)at[4], module, K, (int)at[4], (int)at[5]);
	put_le64(head, strlen(header));
	str_addn(&s, (char *)head, 8);
	str_add(&s, header);
	for (int i = 0; i < 5; i++)
		str_addn(&s, part[i], size[i]);
	fixture_write(&fx, name, s.s, s.n);
	free(name);
	free(header);
	str_fini(&s);
	name = xasprintf("%s/config.json", folder);
	fixture_text(&fx, name, config);
	free(name);
}

#define CONFIG(more) "{\"model_type\":\"llama\",\"num_hidden_layers\":1," more \
	"\"quantization_config\":{\"quant_method\":\"exl2\",\"version\":\"0.2\",\"bits\":4.6," \
	"\"head_bits\":8,\"calibration\":{\"rows\":115,\"length\":2048," \
	"\"dataset\":\"(default)\"}}}"
#define MODULE "model.layers.0.self_attn.q_proj"

static void test_values(void **state)
{
	static float all[N * K], part[N * K];
	struct packed p;
	unsigned words = pack(&p);
	struct err e = { 0 };

	(void)state;
	write_folder("x", &p, words, MODULE, CONFIG(""));
	struct model *m = fixture_open(&fx, "x");
	const struct tensor *t = m->source.tensors;
	assert_int_equal(m->source.n_tensors, 1);
	assert_string_equal(t->name, MODULE ".weight");
	assert_string_equal(t->role, "attn_q");
	assert_string_equal(t->dtype_text, "exl2b4.46");
	assert_int_equal(t->shape[0], N);
	assert_int_equal(t->shape[1], K);
	assert_int_equal(t->bytes, words * N * 4 + GROUPS * (N / 2 + 2 + 4) + K * 4);
	assert_true(t->readable);
	assert_int_equal(m->parameters, N * K);
	if (!source_read(&m->source, 0, 0, N * K, all, &e))
		fail_msg("%s: %s", e.where, e.what);
	for (unsigned n = 0; n < N; n++)
		for (unsigned j = 0; j < K; j++)
			if (all[n * K + j] != weight(n, j))
				fail_msg("%u, %u: %g is %g", n, j, weight(n, j), all[n * K + j]);
	for (size_t from = 0; from < N * K; from += 256 * 7) {
		size_t n = N * K - from < 999 ? N * K - from : 999;
		assert_true(source_read(&m->source, 0, from, n, part, &e));
		assert_memory_equal(part, all + from, n * sizeof *all);
	}
	model_unref(m);
}

static void test_words(void **state)
{
	struct packed p;
	unsigned words = pack(&p);

	(void)state;
	write_folder("w", &p, words, MODULE, CONFIG(""));
	struct model *m = fixture_open(&fx, "w");
	char *decoded = stored_decoded(m), *recipe = stored_recipe(m);
	assert_string_equal(decoded, "exl2b4.46 (1 tensor)");
	assert_string_equal(recipe, "python convert.py -i SOURCE -o SCRATCH -cf OUT -b 4.6 -hb 8 "
		"-r 115 -l 2048");
	assert_null(stored_foreign(m));
	free(decoded);
	free(recipe);
	model_unref(m);
}

/* Rows that a head was filled up with are nobody's. */
static void test_head(void **state)
{
	float x[K];
	struct packed p;
	unsigned words = pack(&p);
	struct err e = { 0 };

	(void)state;
	write_folder("h", &p, words, "lm_head", CONFIG("\"vocab_size\":50,"));
	struct model *m = fixture_open(&fx, "h");
	assert_int_equal(m->source.tensors[0].shape[0], 50);
	assert_int_equal(m->parameters, 50 * K);
	assert_true(source_read(&m->source, 0, 49 * K, K, x, &e));
	for (unsigned j = 0; j < K; j++)
		assert_true(x[j] == weight(49, j));
	model_unref(m);
}

static void unreadable(const struct packed *p, unsigned words, const char *why)
{
	float x[K];
	struct err e = { 0 };

	write_folder("bad", p, words, MODULE, CONFIG(""));
	struct model *m = fixture_open(&fx, "bad");
	assert_false(source_read(&m->source, 0, 0, K, x, &e));
	if (!strstr(e.what, why))
		fail_msg("%s: %s", why, e.what);
	model_unref(m);
}

static void test_bad(void **state)
{
	struct packed p;
	unsigned words = pack(&p);

	(void)state;
	p.groups[2][0] = 7;
	unreadable(&p, words, "groups are not in order");
	pack(&p);
	p.groups[0][1] = 1;
	unreadable(&p, words, "groups are not in order");
	pack(&p);
	p.groups[3][1] = p.groups[2][1];
	unreadable(&p, words, "groups are not in order");
	pack(&p);
	p.groups[5][1] = 60000;
	unreadable(&p, words, "groups are not in order");
	pack(&p);
	p.groups[0][0] = 2;
	unreadable(&p, words, "groups are not its rows");
	pack(&p);
	unreadable(&p, words - 1, "groups are not its rows");
	pack(&p);
	p.inverse[7] = K;
	unreadable(&p, words, "inputs are not its rows");
	pack(&p);
	p.inverse[7] = UINT32_MAX;
	unreadable(&p, words, "inputs are not its rows");
	pack(&p);
	p.inverse[7] = p.inverse[8];
	unreadable(&p, words, "inputs are not its rows");
	fixture_safetensors(&fx, "odd/model.safetensors",
		"{\"m.q_weight\":{\"dtype\":\"I32\",\"shape\":[1,8],\"data_offsets\":[0,32]},"
		"\"m.q_scale\":{\"dtype\":\"I32\",\"shape\":[1,2],\"data_offsets\":[32,40]},"
		"\"m.q_scale_max\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[40,42]},"
		"\"m.q_groups\":{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[42,46]},"
		"\"m.q_invperm\":{\"dtype\":\"I32\",\"shape\":[8],\"data_offsets\":[46,78]}}", 78);
	fixture_text(&fx, "odd/config.json", CONFIG(""));
	fixture_refused(&fx, "odd", NULL, "different matrices", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
