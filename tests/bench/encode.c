/* encode: time of every quantizing encoder on every CPU path, ns per element, one core, 1 MiB of
 * normal weights in rows of 4096; with importance where the format heeds it. When $PEER_GGML is the
 * path of a libggml-base.so, its quantizer runs on the same data: its time, how many times less the
 * best path takes, and whether the bytes are the same. */
#include "config.h"
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tensor/cpu.h"
#include "tensor/dtype.h"

enum { N = 1 << 18, ROW = 4096, ROUNDS = 7 };
typedef size_t peer_fn(int type, const float *src, void *dst, int64_t start, int64_t rows,
	int64_t row, const float *importance);

static float x[N], importance[ROW];
static uint8_t mine[N * 2], theirs[N * 2];
static peer_fn *peer;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double encode(const struct dtype_info *d, const float *w)
{
	double least = 1e18;

	for (int i = 0; i < ROUNDS; i++) {
		double start = now(), t;
		if (w)
			d->weighted(x, mine, N / ROW, ROW, w);
		else
			d->encode(x, mine, N);
		t = now() - start;
		least = t < least ? t : least;
	}
	return least / N;
}

static double peer_encode(const struct dtype_info *d, const float *w)
{
	double least = 1e18;

	for (int i = 0; i < 3; i++) {
		double start = now(), t;
		peer(d->ggml, x, theirs, 0, N / ROW, ROW, w);
		t = now() - start;
		least = t < least ? t : least;
	}
	return least / N;
}

static void line(const struct dtype_info *d, const float *w)
{
	double best = 0, t;

	printf("%-8s%-12s", d->name, w ? " importance" : "");
	for (int p = 0; p <= (int)cpu_best(); p++) {
		cpu_force(p);
		best = encode(d, w);
		printf(" %8.3f", best);
	}
	if (peer) {
		size_t bytes = N / d->block * d->bytes;
		t = peer_encode(d, w);
		printf(" %8.2f %7.1f  %s", t, t / best,
			memcmp(mine, theirs, bytes) == 0 ? "same bytes" : "OTHER BYTES");
	}
	printf("\n");
}

static float normal(uint64_t *s)
{
	float sum = 0;

	for (int k = 0; k < 12; k++) {
		*s = *s * 6364136223846793005u + 1442695040888963407u;
		sum += (float)(int32_t)(*s >> 32) * 0x1p-32f;
	}
	return sum;
}

int main(void)
{
	const char *path = getenv("PEER_GGML");
	void *lib = path ? dlopen(path, RTLD_NOW) : NULL;
	uint64_t seed = 1;

	if (lib)
		*(void **)&peer = dlsym(lib, "ggml_quantize_chunk");
	if (path && !peer)
		fprintf(stderr, "%s has no quantizer: %s\n", path, dlerror());
	for (int i = 0; i < N; i++)
		x[i] = 0.02f * normal(&seed);
	for (int i = 0; i < ROW; i++)
		importance[i] = 0.01f + powf(normal(&seed), 2);
	printf("%-20s", "ns per element");
	for (int p = 0; p <= (int)cpu_best(); p++)
		printf(" %8s", cpu_path_name(p));
	printf("%s\n", peer ? "     ggml  faster" : "   (PEER_GGML=libggml-base.so compares)");
	for (int t = 0; t < DT_UNKNOWN; t++) {
		const struct dtype_info *d = dtype_info(t);
		if (d->kind == DTYPE_QUANT && d->encode && d->ggml >= 0)
			line(d, NULL);
		if (d->kind == DTYPE_QUANT && d->weighted)
			line(d, importance);
	}
	if (lib)
		dlclose(lib);
	return 0;
}
