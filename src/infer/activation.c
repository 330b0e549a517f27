#include "config.h"
#include "infer/activation.h"
#include <math.h>
#include "tensor/cpu.h"

#define PATH_IMPL "infer/activation_impl.h"
#include "tensor/every_path.h"

#define DISPATCH(name, result, args, call) \
	result name args \
	{ \
		static result (*const path[CPU_PATHS]) args = PATH_TABLE(name##_n); \
		path[cpu_path()] call; \
	}
DISPATCH(act_exp, void, (float *x, size_t n), (x, n))
DISPATCH(act_silu, void, (float *x, size_t n), (x, n))
DISPATCH(act_silu_times, void, (float *gate, const float *up, size_t n), (gate, up, n))
DISPATCH(act_softmax, void, (float *x, size_t n), (x, n))
DISPATCH(act_max_sum, void, (const float *x, size_t n, float *max, float *sum), (x, n, max, sum))
DISPATCH(act_add, void, (float *h, const float *x, float scale, size_t n), (h, x, scale, n))

float act_state(float *s, const float *b, const float *c, float keep, float add, size_t n)
{
	static float (*const path[CPU_PATHS])(float *, const float *, const float *, float, float,
		size_t) = PATH_TABLE(act_state_n);

	return path[cpu_path()](s, b, c, keep, add, n);
}

void act_rms(const float *x, const float *weight, size_t n, double eps, float *out)
{
	double lane[16] = { 0 };
	float scale;

	for (size_t i = 0; i < n; i++)
		lane[i % 16] += (double)x[i] * x[i];
	for (int width = 8; width; width /= 2)
		for (int k = 0; k < width; k++)
			lane[k] += lane[k + width];
	scale = (float)(1 / sqrt(lane[0] / (double)n + eps));
	for (size_t i = 0; i < n; i++)
		out[i] = x[i] * scale * weight[i];
}
