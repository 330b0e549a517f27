#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *out;

void log_open(void)
{
	const char *path = getenv("CUPEL_LOG");

	if (!path || !*path)
		return;
	pthread_mutex_lock(&lock);
	if (!out)
		out = fopen(path, "ae");
	pthread_mutex_unlock(&lock);
}

void log_line(const char *fmt, ...)
{
	struct str text = STR_INIT, safe = STR_INIT;
	struct timespec now;
	va_list ap;

	if (!out)
		return;
	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	str_add_safe(&safe, text.s, text.n);
	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&lock);
	fprintf(out, "%lld.%06ld %s\n", (long long)now.tv_sec, now.tv_nsec / 1000, safe.s);
	fflush(out);
	pthread_mutex_unlock(&lock);
	str_fini(&text);
	str_fini(&safe);
}
