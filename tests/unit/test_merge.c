/* The methods against vectors of mergekit (tests/golden/merge/vectors.json), against a float64
 * evaluation of larger tensors (oracle.json), and against themselves: other instruction sets, other
 * cuts of a tensor, forced detours of the selection give the same bits. */
#include "config.h"
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/rng.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "merge/kernels.h"
#include "merge/select.h"
#include "merge/task.h"
#include "model/source.h"
#include "tensor/cpu.h"
#include "sanitized.h"

struct job { /* a spec with all it points to */
	struct merge_spec spec;
	uint64_t shape[8];
	double input[MERGE_MAX_INPUTS][P_COUNT], global[P_COUNT];
	int rng[MERGE_MAX_INPUTS];
	float *in[MERGE_MAX_INPUTS];
	unsigned char *masks[MERGE_MAX_INPUTS];
	const char *ids[MERGE_MAX_INPUTS];
	float *out;
};

static json_t *golden(const char *name)
{
	const char *top = getenv("top_srcdir");
	char *path = xasprintf("%s/tests/golden/merge/%s", top ? top : ".", name);
	json_error_t je;
	json_t *j = json_load_file(path, 0, &je);

	if (!j)
		fail_msg("%s: %s", path, je.text);
	free(path);
	return j;
}

static void job_fini(struct job *b)
{
	for (int k = 0; k < MERGE_MAX_INPUTS; k++) {
		free(b->in[k]);
		free(b->masks[k]);
	}
	free(b->out);
}

static void job_init(struct job *b, const char *method, const json_t *shape, int n_inputs, int base)
{
	size_t i;
	json_t *v;

	memset(b, 0, sizeof *b);
	b->spec = (struct merge_spec){.method = method_by_name(method), .name = "t",
		.shape = b->shape, .n_inputs = n_inputs, .base = base,
		.input = (const double(*)[P_COUNT])b->input, .global = b->global,
			.rng_index = b->rng,
		.elements = 1, .rank = (int)json_array_size(shape)};
	assert_non_null(b->spec.method);
	json_array_foreach(shape, i, v) {
		b->shape[i] = (uint64_t)json_integer_value(v);
		b->spec.elements *= b->shape[i];
	}
	for (i = 0; i < b->spec.method->n_params; i++) {
		const struct param_def *p = &b->spec.method->params[i];

		b->global[p->id] = p->dflt;
		for (int k = 0; k < n_inputs; k++)
			b->input[k][p->id] = p->dflt;
	}
	for (int k = 0; k < n_inputs; k++) {
		b->rng[k] = k;
		b->in[k] = xcalloc(b->spec.elements, sizeof(float));
	}
	b->out = xcalloc(b->spec.elements + 1, sizeof(float));
}

static double number(const json_t *v)
{
	return json_is_boolean(v) ? json_is_true(v) : json_number_value(v);
}

static void run(struct job *b)
{
	struct err e = {0};

	if (b->spec.method->check)
		assert_true(b->spec.method->check(&b->spec, &e));
	if (!merge_whole(&b->spec, (const float *const *)b->in, b->out, &e))
		fail_msg("%s: %s", e.where, e.what);
}

/* --- vectors of mergekit --- */

static void vector_init(struct job *b, const json_t *c)
{
	const json_t *inputs = json_object_get(c, "inputs"), *masks;
	const char *base = json_string_value(json_object_get(c, "base")), *key, *id;
	int non_base = 0, at = -1;
	json_t *in, *v, *o;
	size_t i, j;

	json_array_foreach(inputs, i, in)
		if (base && strcmp(base, json_string_value(json_object_get(in, "id"))) == 0)
			at = (int)i;
	job_init(b, json_string_value(json_object_get(c, "method")), json_object_get(c, "shape"),
		(int)json_array_size(inputs), at);
	json_array_foreach(inputs, i, in) {
		b->ids[i] = json_string_value(json_object_get(in, "id"));
		json_array_foreach(json_object_get(in, "values"), j, v)
			b->in[i][j] = (float)json_number_value(v);
	}
	json_object_foreach(json_object_get(c, "params"), key, v)
		b->global[method_param(b->spec.method, key)->id] = number(v);
	json_object_foreach(json_object_get(c, "input_params"), key, o)
		json_object_foreach(o, id, v)
			for (i = 0; i < (size_t)b->spec.n_inputs; i++)
				if (strcmp(b->ids[i], id) == 0)
					b->input[i][method_param(b->spec.method, key)->id] =
						number(v);
	/* masks stand in the order of the models that drop */
	masks = json_object_get(json_object_get(c, "expected"), "masks");
	for (i = 0; masks && i < (size_t)b->spec.n_inputs; i++) {
		const char *bits;

		if ((int)i == at || b->input[i][P_DENSITY] >= 1.0)
			continue;
		bits = json_string_value(json_array_get(masks, (size_t)non_base++));
		assert_non_null(bits);
		b->masks[i] = xcalloc(b->spec.elements, 1);
		for (j = 0; j < b->spec.elements; j++)
			b->masks[i][j] = bits[j] == '1';
	}
}

static double tolerance(const json_t *c, const struct job *b, double max)
{
	const char *method = b->spec.method->name;
	bool rescale = b->global[P_RESCALE] != 0.0;

	for (size_t i = 0; i < json_array_size(json_object_get(c, "inputs")); i++) {
		const char *t = json_string_value(json_object_get(
			json_array_get(json_object_get(c, "inputs"), i), "dtype"));

		if (strcmp(t, "bfloat16") == 0)
			return 1e-2 * max;
		if (strcmp(t, "float16") == 0)
			return 1.2e-3 * max;
	}
	if (strcmp(method, "passthrough") == 0 || strcmp(method, "task_arithmetic") == 0 ||
		((strcmp(method, "ties") == 0 || strncmp(method, "breadcrumbs", 11) == 0) &&
			!rescale))
		return 0.0;
	return 2e-7 * max;
}

static void test_vectors(void **state)
{
	json_t *all = golden("vectors.json"), *c;
	size_t n = 0, i, j;

	(void)state;
	json_array_foreach(json_object_get(all, "cases"), i, c) {
		const char *id = json_string_value(json_object_get(c, "id"));
		const json_t *expected = json_object_get(c, "expected"), *v;
		double max = 0.0, tol;
		struct job b;
		struct err e = {0};

		vector_init(&b, c);
		if (json_object_get(expected, "error")) {
			assert_false(b.spec.method->check(&b.spec, &e));
			assert_non_null(strstr(e.what, strcmp(b.spec.method->name, "linear") == 0
				? "sum of the weights" : "density +- epsilon"));
			job_fini(&b);
			continue;
		}
		dare_inject((const unsigned char *const *)b.masks);
		run(&b);
		dare_inject(NULL);
		json_array_foreach(json_object_get(expected, "values"), j, v)
			max = fmax(max, fabs(json_number_value(v)));
		tol = tolerance(c, &b, max);
		json_array_foreach(json_object_get(expected, "values"), j, v)
			if (!(fabs((double)b.out[j] - (double)(float)json_number_value(v)) <= tol))
				fail_msg("%s[%zu]: %.9g, expected %.9g", id, j, (double)b.out[j],
					json_number_value(v));
		job_fini(&b);
		n++;
	}
	assert_true(n > 100);
	json_decref(all);
}

static enum dtype work_of(const json_t *c)
{
	const json_t *inputs = json_object_get(c, "inputs");
	enum dtype all = DT_UNKNOWN;

	for (size_t i = 0; i < json_array_size(inputs); i++) {
		enum dtype one = dtype_by_torch(json_string_value(
			json_object_get(json_array_get(inputs, i), "dtype")));

		all = i ? dtype_promote(all, one) : one;
	}
	return all;
}

/* mergekit's own arithmetic: to the bit in every dtype, rescale included; but where equal
 * magnitudes meet at a cut, whose order mergekit leaves open. */
static void test_mergekit_bits(void **state)
{
	json_t *all = golden("vectors.json"), *c;
	size_t n = 0, i, j;

	(void)state;
	json_array_foreach(json_object_get(all, "cases"), i, c) {
		const char *id = json_string_value(json_object_get(c, "id"));
		const json_t *expected = json_object_get(c, "expected"), *v;
		struct job b;

		if (!method_by_name(json_string_value(json_object_get(c, "method")))->mergekit ||
			json_object_get(expected, "error") || strstr(id, "equal_magnitudes"))
			continue;
		vector_init(&b, c);
		b.spec.arithmetic = ARITH_MERGEKIT;
		b.spec.work = work_of(c);
		dare_inject((const unsigned char *const *)b.masks);
		run(&b);
		dare_inject(NULL);
		json_array_foreach(json_object_get(expected, "values"), j, v)
			if (b.out[j] != (float)json_number_value(v))
				fail_msg("%s[%zu]: %.9g, expected %.9g", id, j, (double)b.out[j],
					json_number_value(v));
		job_fini(&b);
		n++;
	}
	assert_true(n > 60);
	json_decref(all);
}

/* Every method of the table has vectors. */
static void test_rows_have_vectors(void **state)
{
	json_t *all = golden("vectors.json"), *c;

	(void)state;
	for (size_t m = 0; m < method_count(); m++) {
		const struct method *row = method_at(m);
		size_t i, n = 0;

		json_array_foreach(json_object_get(all, "cases"), i, c)
			n += strcmp(json_string_value(json_object_get(c, "method")), row->name) ==
				0;
		assert_true(n > 3);
		assert_non_null(row->apply);
		assert_true(strlen(row->help) > 40);
		for (size_t p = 0; p < row->n_params; p++) {
			assert_true(row->params[p].step > 0.0);
			assert_true(row->params[p].min < row->params[p].max);
			assert_ptr_equal(method_param(row, row->params[p].name), &row->params[p]);
		}
	}
	json_decref(all);
}

/* --- the float64 oracle --- */

static uint32_t scramble(uint32_t x)
{
	x = (x ^ (x >> 16)) * 0x7FEB352Du;
	x = (x ^ (x >> 15)) * 0x846CA68Bu;
	return x ^ (x >> 16);
}

static double value(uint64_t i, unsigned which)
{
	return scramble(scramble((uint32_t)i) + which * 7919u + 1u) * 0x1p-32 - 0.5;
}

static void oracle_init(struct job *b, const json_t *c)
{
	bool coarse = json_is_true(json_object_get(c, "coarse"));
	const char *key;
	json_t *v, *o;
	size_t j;
	int n = (int)json_integer_value(json_object_get(c, "inputs"));

	job_init(b, json_string_value(json_object_get(c, "method")), json_object_get(c, "shape"), n,
		(int)json_integer_value(json_object_get(c, "base")));
	for (uint64_t i = 0; i < b->spec.elements; i++) {
		double base = (double)(float)(value(i, 0) * 0.2);

		base = coarse ? rint(base * 1024.0) / 1024.0 : base;
		b->in[0][i] = (float)base;
		for (int k = 1; k < n; k++) {
			double d = value(i, (unsigned)k) * 0.02;

			b->in[k][i] = (float)(base + (coarse ? rint(d * 1024.0) / 1024.0 : d));
		}
	}
	json_object_foreach(json_object_get(c, "params"), key, v) {
		const struct param_def *p = method_param(b->spec.method, key);

		if (strcmp(key, "seed") == 0)
			b->spec.seed = strtoull(json_string_value(v), NULL, 16);
		else if (strcmp(key, "name_hash") == 0)
			b->spec.name_hash = strtoull(json_string_value(v), NULL, 16);
		else if (!json_is_array(v))
			b->global[p->id] = json_number_value(v);
		else
			json_array_foreach(v, j, o)
				b->input[j + (b->spec.base >= 0)][p->id] = json_number_value(o);
	}
}

static void test_oracle(void **state)
{
	json_t *all = golden("oracle.json"), *c, *at;
	size_t i, j;

	(void)state;
	json_array_foreach(json_object_get(all, "cases"), i, c) {
		const json_t *ex = json_object_get(c, "expected");
		double max = json_number_value(json_object_get(ex, "max")), sum = 0, norm = 0, want;
		const char *name = json_string_value(json_object_get(c, "method"));
		struct job b;

		oracle_init(&b, c);
		run(&b);
		json_array_foreach(json_object_get(ex, "at"), j, at) {
			double got = (double)b.out[json_integer_value(at)];

			want = json_number_value(json_array_get(json_object_get(ex, "values"), j));
			if (!(fabs(got - want) <= 3e-7 * max))
				fail_msg("case %zu %s[%lld]: %.9g, expected %.9g", i, name,
					(long long)json_integer_value(at), got, want);
		}
		for (uint64_t n = 0; n < b.spec.elements; n++) {
			sum += (double)b.out[n];
			norm += (double)b.out[n] * (double)b.out[n];
		}
		want = json_number_value(json_object_get(ex, "norm"));
		if (!(fabs(sqrt(norm) - want) <= 1e-6 * want))
			fail_msg("case %zu %s: norm %.12g, expected %.12g", i, name, sqrt(norm),
				want);
		want = json_number_value(json_object_get(ex, "sum"));
		if (!(fabs(sum - want) <= 1e-7 * max * (double)b.spec.elements))
			fail_msg("case %zu %s: sum %.12g, expected %.12g", i, name, sum, want);
		job_fini(&b);
	}
	json_decref(all);
}

/* --- the same bits --- */

/* The steps as a run takes them: windows folded in order, parts of `cut` elements. */
static void run_in_parts(const struct job *b, size_t cut, float *out)
{
	const struct merge_spec *s = &b->spec;
	const struct method *m = s->method;
	void *state = xcalloc(1, (m->state_size ? m->state_size(s) : 0) + 1);
	size_t unit = m->unit ? (size_t)m->unit(s) : 1, step;
	const uint64_t window = method_window(s);
	const float *at[MERGE_MAX_INPUTS];
	struct merge_window w = {.in = at};

	cut = cut < unit ? unit : cut / unit * unit;
	step = unit > 1 ? cut : cut / 16 * 16;
	if (m->begin)
		assert_true(m->begin(s, state, NULL));
	for (int pass = 0; m->passes && pass < m->passes(s); pass++) {
		size_t size = m->partial_size(s, state, pass);
		void *partial = malloc(size + 1);
		bool any = false;

		for (w.index = 0; w.index * window < s->elements; w.index++) {
			size_t span = m->span ? m->span(s, state, pass, w.index) : SIZE_MAX, n;

			n = (size_t)(s->elements - w.index * window);
			n = n < window ? n : (size_t)window;
			n = n < span ? n : span;
			if (!n)
				continue;
			memset(partial, m->open ? 0xEE : 0, size);
			if (m->open)
				m->open(s, state, pass, partial);
			for (size_t p = 0; p < n; p += w.n) {
				w.first = w.index * window + p;
				w.n = n - p < step ? n - p : step;
				for (int k = 0; k < s->n_inputs; k++)
					at[k] = b->in[k] + w.first;
				m->observe(s, state, pass, &w, partial);
			}
			if (m->close)
				m->close(s, state, pass, partial);
			m->fold(s, state, pass, partial, w.index);
			any = true;
		}
		if (any)
			assert_true(m->settle(s, state, pass, NULL));
		free(partial);
	}
	for (w.first = 0; w.first < s->elements; w.first += w.n) {
		w.n = s->elements - w.first < cut ? (size_t)(s->elements - w.first) : cut;
		for (int k = 0; k < s->n_inputs; k++)
			at[k] = b->in[k] + w.first;
		m->apply(s, state, &w, out + w.first);
	}
	if (m->fini)
		m->fini(s, state);
	free(state);
}

static void same_bits(const struct job *b, const char *how, size_t i)
{
	float *out = xcalloc(b->spec.elements, sizeof *out);
	struct err e = {0};

	assert_true(merge_whole(&b->spec, (const float *const *)b->in, out, &e));
	if (memcmp(out, b->out, b->spec.elements * sizeof *out))
		fail_msg("oracle case %zu (%s): %s differs", i, b->spec.method->name, how);
	free(out);
}

static void test_same_bits(void **state)
{
	static const size_t cuts[] = {16, 1040, 4096, 100000};
	json_t *all = golden("oracle.json"), *c;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "cases"), i, c) {
		struct job b;
		float *out;
		bool few;

		oracle_init(&b, c);
		run(&b);
		few = SANITIZED && b.spec.elements > 200000; /* one way each, another by case */
		for (int path = CPU_PORTABLE; path <= (int)cpu_best(); path++) {
			if (few && (int)(i % ((size_t)cpu_best() + 1)) != path)
				continue;
			assert_true(cpu_force(path));
			same_bits(&b, cpu_path_name(path), i);
		}
		for (int how = 1; how <= 2; how++) {
			if (few && (int)(i % 2) + 1 != how)
				continue;
			select_force(how);
			same_bits(&b, "a forced selection", i);
		}
		select_force(0);
		out = xcalloc(b.spec.elements + 1, sizeof *out);
		for (size_t k = i % 2; k < sizeof cuts / sizeof *cuts; k += 2) {
			if (few && k != i % (sizeof cuts / sizeof *cuts))
				continue;
			run_in_parts(&b, cuts[k], out);
			if (memcmp(out, b.out, b.spec.elements * sizeof *out))
				fail_msg("oracle case %zu (%s): parts of %zu differ", i,
					b.spec.method->name, cuts[k]);
		}
		free(out);
		job_fini(&b);
	}
	json_decref(all);
}

/* --- selection and generator --- */

static int larger(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* ties of one model with weight 1 keeps exactly the k largest, equal ones by lowest index. */
static void check_kept(const struct job *b, uint64_t keep)
{
	uint64_t n = b->spec.elements, above = 0, equal;
	uint32_t *keys = xcalloc(n, sizeof *keys), *order = xcalloc(n, sizeof *order);

	for (uint64_t i = 0; i < n; i++) {
		float d = b->in[1][i] - b->in[0][i];

		memcpy(&keys[i], &d, 4);
		keys[i] &= 0x7fffffffu;
		order[i] = keys[i];
	}
	qsort(order, n, sizeof *order, larger);
	for (uint64_t i = 0; i < n; i++)
		above += keys[i] > order[keep - 1];
	equal = keep - above;
	for (uint64_t i = 0; i < n; i++) {
		bool kept = keys[i] > order[keep - 1];

		if (keys[i] == order[keep - 1] && equal > 0) {
			kept = true;
			equal--;
		}
		if (keys[i] && (b->out[i] != b->in[0][i]) != kept)
			fail_msg("element %llu of %llu, keep %llu", (unsigned long long)i,
				(unsigned long long)n, (unsigned long long)keep);
	}
	free(keys);
	free(order);
}

static void test_selection(void **state)
{
	static const double densities[] = {0.00001, 0.1, 0.5, 0.9, 0.99999};

	(void)state;
	for (int shape = 0; shape < 5; shape++) {
		json_t *dims = json_pack("[i]", (int[]){1, 1000, 600000, 600000, 5000}[shape]);
		struct job b;

		job_init(&b, "ties", dims, 2, 0);
		b.input[1][P_WEIGHT] = 1.0;
		for (uint64_t i = 0; i < b.spec.elements; i++) {
			/* shape 3: nearly all equal, the rest sorted: the sample is far off */
			b.in[1][i] = shape == 3 ? (i % 997 ? 0.25f : (float)i) : (float)value(i, 3);
			if (shape == 2 || shape == 4)
				b.in[1][i] = rintf(b.in[1][i] * 20.0f) / 16.0f;
		}
		for (size_t k = 0; k < sizeof densities / sizeof *densities; k++)
			for (int how = 0; how <= 2; how++) {
				uint64_t keep = (uint64_t)(densities[k] * (double)b.spec.elements);

				select_force(how);
				b.input[1][P_DENSITY] = densities[k];
				run(&b);
				check_kept(&b, keep ? keep : 1);
			}
		select_force(0);
		job_fini(&b);
		json_decref(dims);
	}
}

static void test_draw_is_the_generator(void **state)
{
	enum { N = 1000 };
	float u[N];
	uint8_t bits[N / 8 + 2];

	(void)state;
	rng_uniform(77, 0x0123456789ABCDEFu, 3, 4096, N, u);
	for (int path = CPU_PORTABLE; path <= (int)cpu_best(); path++)
		for (size_t n = N - 40; n <= N; n++) {
			assert_true(cpu_force(path));
			memset(bits, 0xAA, sizeof bits);
			kernels()->draw(bits, n, 4096, 77, 0x0123456789ABCDEFu, 3, 5000000);
			for (size_t i = 0; i < n; i++)
				assert_true((bits[i / 8] >> i % 8 & 1) == (u[i] < 5000000 * 0x1p-24f));
			assert_int_equal(bits[(n + 7) / 8], 0xAA);
		}
}

static void test_kernels_on_odd_sizes(void **state)
{
	float a[100], b[100], want[100], got[100];
	double acc[3][KERNEL_LANES], ref[3][KERNEL_LANES];

	(void)state;
	for (int i = 0; i < 100; i++) {
		a[i] = (float)value((uint64_t)i, 1);
		b[i] = (float)value((uint64_t)i, 2);
	}
	for (size_t n = 0; n <= 100; n++) {
		memset(ref, 0, sizeof ref);
		for (size_t i = 0; i < n; i++) {
			want[i] = 0.3f * a[i];
			want[i] += 0.7f * b[i];
			ref[0][i % 16] += (double)a[i] * (double)a[i];
			ref[1][i % 16] += (double)b[i] * (double)b[i];
			ref[2][i % 16] += (double)a[i] * (double)b[i];
		}
		for (int path = CPU_PORTABLE; path <= (int)cpu_best(); path++) {
			assert_true(cpu_force(path));
			memset(acc, 0, sizeof acc);
			kernels()->mix(got, a, 0.3f, b, 0.7f, n);
			kernels()->dots(a, b, n, acc);
			assert_memory_equal(got, want, n * sizeof *got);
			assert_memory_equal(acc, ref, sizeof acc);
		}
	}
}

/* The kernels that take all inputs at once, in plain C. */
static void plain_moves(float *const *x, const float *base, size_t i, float *mixed, float *added,
	uint64_t *lone, uint64_t *shared)
{
	static const float by[3] = {0.3f, -0.7f, 1.1f};
	float d[3], mix = 0.0f, sum = 0.0f;
	int count = 0;

	for (int r = 0; r < 3; r++) {
		d[r] = x[r][i] - base[i];
		mix += d[r] * by[r];
		count += fabsf(d[r]) > 0.5f;
	}
	for (int r = 0; r < 3; r++) {
		bool active = fabsf(d[r]) > 0.5f;
		float v = active ? d[r] : 0.0f;

		lone[r] += active && count == 1;
		shared[r] += active && count > 1;
		sum += count > 1 ? v / (float)count : v * by[r];
	}
	*mixed = mix + base[i];
	*added = sum + base[i];
}

static void test_kernels_of_all_inputs(void **state)
{
	static const float by[3] = {0.3f, -0.7f, 1.1f};
	float room[4][100], *x[3] = {room[1], room[2], room[3]}, *base = room[0];
	float mixed[100], added[100], got[100];
	uint64_t lone[3], shared[3], n_lone[3], n_shared[3];

	(void)state;
	for (int k = 0; k < 4; k++)
		for (int i = 0; i < 100; i++)
			room[k][i] = (float)value((uint64_t)i, (uint64_t)k + 1);
	for (size_t n = 0; n <= 100; n++) {
		memset(lone, 0, sizeof lone);
		memset(shared, 0, sizeof shared);
		for (size_t i = 0; i < n; i++)
			plain_moves(x, base, i, &mixed[i], &added[i], lone, shared);
		for (int path = CPU_PORTABLE; path <= (int)cpu_best(); path++) {
			const float *const in[3] = {x[0], x[1], x[2]};

			assert_true(cpu_force(path));
			kernels()->mix_moves(got, in, by, 3, base, n);
			assert_memory_equal(got, mixed, n * sizeof *got);
			kernels()->add_moves(got, in, 3, base, 0.5f, by, n);
			assert_memory_equal(got, added, n * sizeof *got);
			memset(n_lone, 0, sizeof n_lone);
			memset(n_shared, 0, sizeof n_shared);
			kernels()->count_moves(in, 3, base, 0.5f, n, n_lone, n_shared);
			assert_memory_equal(n_lone, lone, sizeof lone);
			assert_memory_equal(n_shared, shared, sizeof shared);
		}
	}
	assert_true(lone[0] > 0 && shared[0] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_mergekit_bits),
		cmocka_unit_test(test_rows_have_vectors),
		cmocka_unit_test(test_oracle),
		cmocka_unit_test(test_same_bits),
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_draw_is_the_generator),
		cmocka_unit_test(test_kernels_on_odd_sizes),
		cmocka_unit_test(test_kernels_of_all_inputs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
