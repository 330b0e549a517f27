#include "config.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/rate.h"
#include "engine/run.h"
#include "engine/output.h"
#include "engine/stream.h"

#define RATE_GUESS 1e9

static char *rate_path(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache && *cache == '/')
		return xasprintf("%s/cupel/merge-rate", cache);
	return home && *home == '/' ? xasprintf("%s/.cache/cupel/merge-rate", home) : NULL;
}

static uint64_t rate_bytes(const struct plan *p)
{
	uint64_t sum = p->output_bytes;

	for (size_t i = 0; i < p->n; i++)
		for (int k = 0; k < p->tensors[i].spec.n_inputs; k++)
			sum += p->inputs->v[p->tensors[i].input[k]].model->source
				.tensors[p->tensors[i].source[k]].bytes;
	return sum;
}

static double rate_known(void)
{
	char *path = rate_path(), *text = NULL;
	double rate = 0;
	size_t n;

	if (path && file_exists(path))
		text = file_read_all(path, 64, &n, NULL);
	if (text)
		rate = strtod(text, NULL);
	free(text);
	free(path);
	return rate > 1e6 && rate < 1e12 ? rate : RATE_GUESS;
}

/* Short and resumed runs say little. */
void rate_learn(const struct plan *p, uint64_t resumed, double seconds)
{
	uint64_t bytes = rate_bytes(p);
	char *path = rate_path(), text[64];

	if (path && !resumed && bytes > 100000000 && seconds > 0) {
		char *dir = xstrndup(path, (size_t)(str_base(path) - path - 1));
		int n = snprintf(text, sizeof text, "%.0f\n", (double)bytes / seconds);

		if (file_mkdirs(dir, NULL))
			file_write_all(path, text, (size_t)n, NULL);
		free(dir);
	}
	free(path);
}

/* --- the write sheet --- */

/* RECIPE-METHOD-N beside the recipe, the first that is free. */
static char *free_name(const struct recipe *r)
{
	const char *path = r->path ? r->path : "recipe", *base = str_base(path);
	const char *dot = strrchr(base, '.');
	int stem = (int)(dot && dot > base ? dot - base : (long)strlen(base));

	for (int n = 1;; n++) {
		char *name = xasprintf("%.*s%.*s-%s-%d", (int)(base - path), path, stem, base,
			r->method->name, n);

		if (!file_exists(name))
			return name;
		free(name);
	}
}

bool run_estimate(const struct plan *p, const char *output, unsigned threads,
	struct run_estimate *out, struct err *e)
{
	char *name = output && *output ? xstrdup(output) : free_name(p->recipe);
	char *path = output_path(name, e);

	memset(out, 0, sizeof *out);
	free(name);
	if (!path)
		return false;
	snprintf(out->output, sizeof out->output, "%s", path);
	out->exists = file_exists(path);
	out->bytes = p->output_bytes;
	out->memory = stream_memory(p, threads ? threads : pool_default_threads());
	out->seconds = (double)rate_bytes(p) / rate_known();
	if (!file_free_space(path, &out->free_bytes))
		out->free_bytes = 0;
	out->fits = out->free_bytes >= out->bytes + ((uint64_t)16 << 20);
	free(path);
	return true;
}
