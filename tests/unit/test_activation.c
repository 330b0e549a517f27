/* Elementwise arithmetic of a forward pass: against float64, and the same bits on every path. */
#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "infer/activation.h"
#include "tensor/cpu.h"

#define N 1031 /* odd: every tail is met */

static float value(uint32_t i)
{
	i = i * 2654435761u + 12345;
	i ^= i >> 15;
	i *= 0x846ca68b;
	return (float)((double)(i >> 8) / 8388608 - 1);
}

static void exp_is_near(void **state)
{
	float x[4096], y[4096];
	double worst = 0;

	(void)state;
	for (int i = 0; i < 4096; i++)
		x[i] = y[i] = -87.25f + (float)i * (175.4f / 4096);
	act_exp(y, 4096);
	for (int i = 0; i < 4096; i++)
		worst = fmax(worst, fabs(y[i] / exp((double)x[i]) - 1));
	assert_true(worst < 2e-7); /* a float's half ulp is 6e-8 */
}

static void edges(void **state)
{
	float x[8] = { -INFINITY, -1000, -88, 0, 1000, INFINITY, NAN, -0.0f };

	(void)state;
	act_exp(x, 8);
	assert_true(x[0] == 0 && x[1] == 0 && x[2] == 0 && x[3] == 1 && x[7] == 1);
	assert_true(x[4] > 1e38f && x[5] > 1e38f && isnan(x[6]));
	x[0] = -1e30f;
	x[1] = 1e30f;
	x[2] = 0;
	act_silu(x, 3);
	assert_true(fabsf(x[0]) < 1e-6f && x[1] == 1e30f && x[2] == 0);
}

static void softmax_adds_up(void **state)
{
	float x[N], max, sum;
	double all, want;

	(void)state;
	for (int n = 1; n <= N; n += 103) {
		double top = -INFINITY;

		for (int i = 0; i < n; i++)
			top = fmax(top, x[i] = value((uint32_t)i) * 30);
		act_max_sum(x, (size_t)n, &max, &sum);
		assert_true(max == (float)top);
		want = all = 0;
		for (int i = 0; i < n; i++)
			want += exp((double)x[i] - top);
		assert_true(fabs(sum / want - 1) < 1e-6);
		act_softmax(x, (size_t)n);
		for (int i = 0; i < n; i++)
			all += x[i];
		assert_true(fabs(all - 1) < 1e-6);
	}
}

/* One of each, over values in and out of the usual. */
static void everything(float *out, size_t n)
{
	float x[N], y[N], z[N];

	for (size_t i = 0; i < n; i++) {
		x[i] = value((uint32_t)i) * 12;
		y[i] = value((uint32_t)i + 7777);
		z[i] = value((uint32_t)i + 99999);
	}
	memcpy(out, x, n * sizeof *x);
	act_exp(out, n);
	memcpy(out + N, x, n * sizeof *x);
	act_silu_times(out + N, y, n);
	memcpy(out + 2 * N, x, n * sizeof *x);
	act_softmax(out + 2 * N, n);
	memcpy(out + 3 * N, x, n * sizeof *x);
	act_add(out + 3 * N, y, 0.3f, n);
	act_rms(x, y, n, 1e-5, out + 4 * N);
	out[5 * N] = act_state(x, y, z, 0.9f, 0.25f, n);
	act_max_sum(x, n, &out[5 * N + 1], &out[5 * N + 2]);
	memcpy(out + 6 * N, x, n * sizeof *x);
}

static void same_on_every_path(void **state)
{
	static float first[7 * N], other[7 * N];

	(void)state;
	for (size_t n = 1; n <= N; n += 17) {
		assert_true(cpu_force(CPU_PORTABLE));
		memset(first, 0, sizeof first);
		everything(first, n);
		for (int p = CPU_PORTABLE + 1; p < CPU_PATHS; p++) {
			if (!cpu_force((enum cpu_path)p))
				continue;
			memset(other, 0, sizeof other);
			everything(other, n);
			if (memcmp(first, other, sizeof first))
				fail_msg("%s differs at %zu elements",
					cpu_path_name((enum cpu_path)p), n);
		}
	}
	cpu_force(cpu_best());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exp_is_near), cmocka_unit_test(edges),
		cmocka_unit_test(softmax_adds_up), cmocka_unit_test(same_on_every_path),
	};

	return cmocka_run_group_tests_name("activation", tests, NULL, NULL);
}
