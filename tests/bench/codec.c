/* codec: throughput of every decoder and encoder on every CPU path: GB/s of float32, one core, data
 * in L2. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "tensor/codec_affine.h"
#include "tensor/cpu.h"
#include "tensor/dtype.h"

enum { N = 1 << 17 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct work {
	const struct dtype_info *d;
	int bits; /* MLX affine, else 0 */
	uint8_t *bytes;
	float *x;
};

static void decode(struct work *w)
{
	struct affine a = { w->bits, 64, DT_BF16 };

	if (w->bits)
		affine_decode(&a, w->bytes, w->bytes, w->bytes + N / 2, w->x, N);
	else
		w->d->decode(w->bytes, w->x, N);
}

static void encode(struct work *w)
{
	w->d->encode(w->x, w->bytes, N);
}

static double rate(void (*fn)(struct work *), struct work *w)
{
	double start = now(), end = start;
	long rounds = 0;

	fn(w);
	for (start = now(); end < start + 0.1; end = now(), rounds++)
		fn(w);
	return (double)rounds * N * sizeof(float) / (end - start) * 1e-9;
}

static void line(const char *what, void (*fn)(struct work *), struct work *w)
{
	printf("%-22s", what);
	for (int p = 0; p <= (int)cpu_best(); p++) {
		cpu_force(p);
		printf(" %8.2f", rate(fn, w));
	}
	printf("\n");
}

int main(void)
{
	struct work w = { NULL, 0, malloc(N * 8), malloc(N * sizeof(float)) };
	static const int bits[] = { 2, 3, 4, 5, 6, 8 };
	char name[64];

	printf("%-22s", "GB/s of float32");
	for (int p = 0; p <= (int)cpu_best(); p++)
		printf(" %8s", cpu_path_name(p));
	printf("\n");
	for (int i = 0; i < N * 8; i++) /* exponents near those of weights */
		w.bytes[i] = (uint8_t)(i % 2 ? 0x3c + (i * 7 >> 4) % 2 : i * 37 >> 3);
	for (int t = 0; t < DT_UNKNOWN; t++) {
		w.d = dtype_info(t);
		snprintf(name, sizeof name, "decode %s", w.d->name);
		if (w.d->decode)
			line(name, decode, &w);
	}
	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
		w.bits = bits[i];
		snprintf(name, sizeof name, "decode affine%dg64", bits[i]);
		line(name, decode, &w);
	}
	for (int t = 0; t < DT_UNKNOWN; t++) {
		w.d = dtype_info(t);
		for (int i = 0; i < N; i++)
			w.x[i] = 0.02f * (float)(i % 2001 - 1000) / 1000.0f;
		snprintf(name, sizeof name, "encode %s", w.d->name);
		if (w.d->encode && w.d->kind != DTYPE_QUANT) /* tests/bench/encode times those */
			line(name, encode, &w);
	}
	free(w.bytes);
	free(w.x);
	return 0;
}
