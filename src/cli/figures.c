#include "config.h"
#include "cli/figures.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/vec.h"

static void add_percent(struct str *s, double v)
{
	v *= 100;
	double m = fabs(v);
	str_addf(s, m >= 10 || m == 0 ? "%.1f%%" : m >= 0.1 ? "%.2f%%" : "%.2g%%", v);
}

static void add_value(struct str *s, double v, enum stat_id stat)
{
	const char *unit = stat_info(stat)->unit;

	if (str_eq(unit, "%"))
		add_percent(s, v);
	else if (str_eq(unit, "count"))
		str_addf(s, "%.0f", v);
	else if (stat == STAT_ONE_MINUS_COSINE)
		str_addf(s, v >= 0.01 || v == 0 ? "%.4f" : "%.2e", v);
	else if (str_eq(unit, "1"))
		str_addf(s, "%.4f", v);
	else
		str_addf(s, fabs(v) >= 1e-3 || v == 0 ? "%.4g" : "%.3e", v);
}

static void add_width(struct str *s, double half, enum stat_id stat)
{
	str_add(s, cli_utf8() ? " ±" : " +-");
	if (!isfinite(half)) {
		str_addc(s, '?'); /* all sampled blocks alike: no width to tell */
		return;
	}
	half *= str_eq(stat_info(stat)->unit, "%") ? 100 : 1;
	str_addf(s, half >= 10 && half < 1e4 ? "%.0f" : "%.1g", half);
}

static void figure_add(struct str *s, struct figure f, enum stat_id stat)
{
	if (f.state == FIG_NONE || f.state == FIG_FAILED || !isfinite(f.value)) {
		str_add(s, cli_utf8() ? "·" : "-");
		return;
	}
	add_value(s, f.value, stat);
	double half = fmax(f.hi - f.value, f.value - f.lo);
	if (f.state == FIG_SAMPLED || half > 1e-3 * fabs(f.value))
		add_width(s, half, stat);
}

char *figure_words(struct figure f, enum stat_id stat)
{
	struct str s = STR_INIT;

	figure_add(&s, f, stat);
	return str_steal(&s);
}

json_t *figure_json(struct figure f)
{
	return f.state == FIG_NONE || f.state == FIG_FAILED ? json_null() : json_number(f.value);
}

json_t *figure_interval(struct figure f)
{
	if (f.state != FIG_SAMPLED && !(f.hi > f.lo))
		return json_null();
	json_t *j = json_array();
	json_array_append_new(j, json_number(f.lo));
	json_array_append_new(j, json_number(f.hi));
	return j;
}

double *figures_list(const char *text, size_t *n, struct err *e)
{
	static const double usual[] = { 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2 };
	vec(double) v = { 0 };

	if (!text) {
		*n = sizeof usual / sizeof *usual;
		return memcpy(xmalloc(sizeof usual), usual, sizeof usual);
	}
	for (const char *p = text; ; p++) {
		char *end;
		double t = strtod(p, &end);
		if (end == p || (*end && *end != ',') || !(t >= 0) || isinf(t) || v.n >= 10000) {
			err_set(e, ERR_USAGE, "--t", "give thresholds as 0.0001,0.0003,0.001",
				"cannot read `%s`", text);
			vec_fini(&v);
			return NULL;
		}
		*vec_push(&v) = t;
		p = end;
		if (!*p)
			break;
	}
	*n = v.n;
	return v.v;
}

json_t *figures_swap(const struct swap_point *p)
{
	json_t *j = json_object();

	json_object_set_new(j, "t", json_number(p->t));
	json_object_set_new(j, "full", figure_json(p->full));
	json_object_set_new(j, "mean_shift", figure_json(p->mean_shift));
	json_object_set_new(j, "frozen", figure_json(p->frozen));
	json_object_set_new(j, "interval", figure_interval(p->full));
	json_object_set_new(j, "mean_shift_interval", figure_interval(p->mean_shift));
	json_object_set_new(j, "frozen_interval", figure_interval(p->frozen));
	json_object_set_new(j, "state", json_string(figure_state_name(p->full.state)));
	return j;
}

void figures_swap_table(const struct swap_point *p, size_t n)
{
	static const char *const headers[] =
		{ ">T", ">SWAPPED", ">MOVED", ">MEAN SHIFT", ">FROZEN" };
	struct table_out *t = table_new(headers, 5);

	for (size_t i = 0; i < n; i++) {
		struct figure moved = p[i].full;
		moved.value = 1 - p[i].full.value;
		moved.lo = 1 - p[i].full.hi;
		moved.hi = 1 - p[i].full.lo;
		char *cells[5] = { xasprintf("%g", p[i].t), figure_words(p[i].full, STAT_SWAPPED),
			figure_words(moved, STAT_MOVED),
			figure_words(p[i].mean_shift, STAT_MEAN_SHIFT),
			figure_words(p[i].frozen, STAT_FROZEN) };
		table_row(t, (const char *const *)cells);
		for (int k = 0; k < 5; k++)
			free(cells[k]);
	}
	table_print(t);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void figures_begin(struct figures_pass *p, uint64_t bytes)
{
	p->bytes = bytes;
	p->began = now();
}

void figures_progress(struct figures_pass *p, double done, const char *what)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	double seconds = now() - p->began, bytes = done * (double)p->bytes;
	double rate = seconds > 0 ? bytes / seconds : 0;

	if (pthread_mutex_trylock(&lock) != 0)
		return; /* another worker says it */
	cli_progress((uint64_t)bytes, p->bytes, rate,
		rate > 0 ? ((double)p->bytes - bytes) / rate : -1, what);
	pthread_mutex_unlock(&lock);
}
