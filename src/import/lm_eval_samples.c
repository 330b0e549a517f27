/* A line of lm-eval's samples (0.4): { "doc_id": 0, "doc": {…}, "target": "1", "arguments": {…},
 * "resps": [[["-4.1", "False"]], …], "filtered_resps": [["-4.1", "False"], …], "filter": "none",
 * "metrics": ["acc"], "doc_hash": "…", "prompt_hash": "…", "target_hash": "…", "acc": 1.0 }; older
 * ones lack filter, metrics and the hashes. The lines of all filters of a task are in one file. */
#include "import/samples.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "catalog/task.h"
#include "system/file.h"

#define LINE_MAX_BYTES ((size_t)64 << 20)
#define BLOCK_BYTES ((size_t)1 << 20)
#define ANSWERS_MAX 20000000u /* questions of a file */
#define METRICS_MAX 64
#define UNREAD_MAX 1000   /* lines that are listed one by one */

struct answer {
	uint64_t key;
	uint32_t place;            /* in the file: the first of equal keys counts */
	float value;
};
struct measure {
	char *metric, *filter;
	struct { struct answer *v; size_t n, cap; } answers;
};
struct samples {
	struct import_file *f;     /* for what is unread */
	char *task;
	vec(struct measure) measures;
	int64_t lines;
	size_t unread;
};

/* --- names --- */

bool samples_is_path(const char *path)
{
	return str_starts(str_base(path), "samples_") && str_ends(path, ".jsonl");
}

/* Where "_TIME.jsonl" begins, or NULL. Times have no underline, tasks may. */
static const char *time_of(const char *base)
{
	const char *last = strrchr(base, '_');

	return last && last > base + strlen("samples_") - 1 &&
		strspn(last + 1, "0123456789") == 4 ? last + 1 : NULL;
}

static char *task_of(const char *path)
{
	const char *base = str_base(path), *time = time_of(base), *from = base +
		strlen("samples_");
	const struct task *known;
	char *word, *task;

	if (!samples_is_path(path))
		return NULL;
	word = time ? xstrndup(from, (size_t)(time - 1 - from)) : xstrndup(from, strlen(from) -
		strlen(".jsonl"));
	known = task_find(word);
	task = known ? xstrdup(known->name) : str_safe(word);
	free(word);
	return task;
}

/* "…/maker__tiny/samples_…": lm-eval writes __ for what no folder may be named with. */
static char *variant_of(const char *path)
{
	char *folder = file_folder(path), *real = realpath(folder, NULL);
	const char *base = str_base(real ? real : folder);
	struct str s = STR_INIT;

	str_add(&s, "");
	for (; *base; base++)
		if (base[0] == '_' && base[1] == '_') {
			str_addc(&s, '/');
			base++;
		} else
			str_addc(&s, *base);
	free(folder);
	free(real);
	return str_steal(&s);
}

/* --- one line --- */

static bool aside(const char *key)
{
	static const char *const keys[] = { "doc_id", "doc", "target", "arguments", "resps",
		"filtered_resps", "filter", "metrics", "doc_hash", "prompt_hash", "target_hash",
		"task", "task_name", "bypass" };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

/* The question as it was asked: its number, its text and its prompt. So who was asked with another
 * prompt was asked something else. */
static bool key_of(const json_t *o, uint64_t *key)
{
	json_t *id = json_object_get(o, "doc_id"), *doc = json_object_get(o, "doc");
	const char *hash = json_text(o, "doc_hash", NULL);
	struct str s = STR_INIT;

	if (!json_is_integer(id) && !hash)
		return false;
	str_addf(&s, "%" PRId64 "\n", json_is_integer(id) ? (int64_t)json_integer_value(id) : -1);
	if (hash)
		str_add(&s, hash);
	else if (doc)
		json_add(&s, doc, 0);
	str_addf(&s, "\n%s", json_text(o, "prompt_hash", ""));
	*key = hash64_bytes(s.s, s.n);
	str_fini(&s);
	return true;
}

static struct measure *measure(struct samples *s, const char *metric, const char *filter)
{
	struct measure *m;

	for (size_t i = 0; i < s->measures.n; i++)
		if (!strcmp(s->measures.v[i].metric, metric) &&
			!strcmp(s->measures.v[i].filter, filter))
			return &s->measures.v[i];
	if (s->measures.n == METRICS_MAX)
		return NULL;
	m = vec_push(&s->measures);
	m->metric = xstrdup(metric);
	m->filter = xstrdup(filter);
	return m;
}

static void unread(struct samples *s, const char *text, size_t n, const char *why)
{
	if (s->unread++ < UNREAD_MAX)
		import_unread(s->f, s->lines, text, n, "%s", why);
}

static void read_sample(struct samples *s, const json_t *o, const char *text, size_t n)
{
	const char *filter = json_text(o, "filter", "none"), *name;
	size_t found = 0;
	uint64_t key;
	json_t *v;

	if (!key_of(o, &key)) {
		unread(s, text, n, "says no question: neither doc_id nor doc_hash");
		return;
	}
	json_object_foreach((json_t *)o, name, v) {
		double value = json_is_boolean(v) ? json_is_true(v) : json_number_value(v);
		struct measure *m;

		if (aside(name) || !(json_is_number(v) || json_is_boolean(v)) || !isfinite(value))
			continue;
		found++;
		m = measure(s, name, filter);
		if (m && m->answers.n < ANSWERS_MAX)
			*vec_push(&m->answers) = (struct answer){ key, (uint32_t)m->answers.n,
				(float)value };
	}
	if (!found)
		unread(s, text, n, "no metric with a number");
}

static void read_line(struct samples *s, const char *text, size_t n)
{
	struct err e = { 0 };
	json_t *o;

	s->lines++;
	while (n && strchr(" \t\r", text[n - 1]))
		n--;
	if (!n)
		return;
	o = json_parse(text, n, "line", false, &e);
	if (json_is_object(o))
		read_sample(s, o, text, n);
	else
		unread(s, text, n, o ? "not an object" : e.what);
	json_decref(o);
}

/* --- the whole file --- */

/* What is left when all lines are read. */
static void samples_end(struct samples *s)
{
	if (s->unread > UNREAD_MAX)
		import_unread(s->f, s->lines, "", 0, "and %zu more lines", s->unread - UNREAD_MAX);
}

static void cut_line(struct samples *s, struct str *line, bool *too_long)
{
	if (*too_long) {
		s->lines++;
		unread(s, line->s, line->n, "longer than 64 MiB");
	} else
		read_line(s, line->s ? line->s : "", line->n);
	str_clear(line);
	*too_long = false;
}

static void take_block(struct samples *s, struct str *line, bool *too_long, const char *p, size_t n)
{
	while (n) {
		const char *nl = memchr(p, '\n', n);
		size_t k = nl ? (size_t)(nl - p) : n;

		if (line->n + k > LINE_MAX_BYTES)
			*too_long = true;
		else
			str_addn(line, p, k);
		if (nl)
			cut_line(s, line, too_long);
		k += nl != NULL;
		p += k;
		n -= k;
	}
}

static bool stream(struct samples *s, const char *path, struct err *e)
{
	struct file *file = file_open(path, e);
	char *block = file ? xmalloc(BLOCK_BYTES) : NULL;
	struct str line = STR_INIT;
	bool too_long = false, ok = file != NULL;

	for (uint64_t at = 0; ok && at < file->id.size;) {
		uint64_t left = file->id.size - at;
		size_t n = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;

		ok = file_pread(file, block, n, at, e);
		if (ok)
			take_block(s, &line, &too_long, block, n);
		at += n;
	}
	if (ok && (line.n || too_long))
		cut_line(s, &line, &too_long);
	samples_end(s);
	str_fini(&line);
	free(block);
	if (file)
		file_close(file);
	return ok;
}

static void samples_fini(struct samples *s)
{
	for (size_t i = 0; i < s->measures.n; i++) {
		free(s->measures.v[i].metric);
		free(s->measures.v[i].filter);
		vec_fini(&s->measures.v[i].answers);
	}
	vec_fini(&s->measures);
	free(s->task);
}

/* --- answers of a figure --- */

static int by_key(const void *a, const void *b)
{
	const struct answer *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* Sorted, each question once. */
static void settle(struct measure *m)
{
	size_t left = 0;

	qsort(m->answers.v, m->answers.n, sizeof *m->answers.v, by_key);
	for (size_t i = 0; i < m->answers.n; i++)
		if (!left || m->answers.v[left - 1].key != m->answers.v[i].key)
			m->answers.v[left++] = m->answers.v[i];
	m->answers.n = left;
}

/* Mean, and the standard error of it by the sample's deviation. */
static double mean_of(const struct measure *m, double *stderr_)
{
	double n = (double)m->answers.n, sum = 0, squares = 0;

	for (size_t i = 0; i < m->answers.n; i++)
		sum += m->answers.v[i].value;
	for (size_t i = 0; i < m->answers.n; i++) {
		double d = m->answers.v[i].value - sum / n;

		squares += d * d;
	}
	*stderr_ = n > 1 ? sqrt(squares / (n - 1) / n) : NAN;
	return sum / n;
}

static void attach(struct import_file *f, size_t fact, const struct measure *m)
{
	struct import_answers *a = vec_push(&f->answers);

	a->fact = fact;
	a->a.n = m->answers.n;
	a->a.keys = xnew(uint64_t, m->answers.n);
	a->a.values = xnew(float, m->answers.n);
	for (size_t i = 0; i < m->answers.n; i++) {
		a->a.keys[i] = m->answers.v[i].key;
		a->a.values[i] = m->answers.v[i].value;
	}
}

static size_t fact_of(const struct import_file *f, const struct samples *s, const struct measure *m)
{
	for (size_t i = 0; i < f->facts.n; i++) {
		const struct import_fact *x = &f->facts.v[i];

		if (str_eq(x->task, s->task) && str_eq(x->metric, m->metric) &&
			str_eq(json_text(x->protocol, "filter", "none"), m->filter) &&
			!x->estimated)
			return i;
	}
	return SIZE_MAX;
}

/* Each measure goes to the figure that is its mean; what is another sum of answers stays apart. */
static void attach_all(struct import_file *f, struct samples *s, const char *path)
{
	for (size_t i = 0; i < s->measures.n; i++) {
		struct measure *m = &s->measures.v[i];
		size_t at = fact_of(f, s, m);
		double se, mean;

		settle(m);
		mean = mean_of(m, &se);
		if (at == SIZE_MAX)
			continue;
		/* Whole files agree to the last digit; a damaged line changes a mean by less. */
		if (fabs(mean - f->facts.v[at].value) <= 1e-6 + (f->facts.v[at].n == (int64_t)
			m->answers.n ? 0 : fabs(se)))
			attach(f, at, m);
		else if (import_is_share(s->task, m->metric))
			import_unread(f, 1, str_base(path), strlen(str_base(path)), "%s of %zu "
				"answers is %.4g, not %.4g as in the results: they are of another "
				"run",
				m->metric, m->answers.n, mean, f->facts.v[at].value);
	}
}

/* --- without results --- */

static void compute(struct import_file *f, struct samples *s, const char *path)
{
	char *variant = variant_of(path);

	f->model = xstrdup(variant);
	for (size_t i = 0; i < s->measures.n; i++) {
		struct measure *m = &s->measures.v[i];
		struct import_figure g = { .variant = variant, .task = s->task,
			.metric = m->metric, .unit = UNIT_FRACTION, .line = 1 };
		json_t *protocol = json_pack("{s:s}", "tool", "lm-eval");
		size_t before = f->facts.n;
		char *text;

		settle(m);
		g.value = mean_of(m, &g.stderr_);
		g.n = (int64_t)m->answers.n;
		text = xasprintf("%s: mean of %zu answers", m->metric, m->answers.n);
		g.text = text;
		g.text_n = strlen(text);
		if (strcmp(m->filter, "none"))
			json_object_set_new(protocol, "filter", json_textn(m->filter));
		if (import_is_share(s->task, m->metric))
			import_fact(f, &g, protocol);
		else
			json_decref(protocol);
		if (f->facts.n > before)
			attach(f, before, m);
		free(text);
	}
	free(variant);
}

/* Facts of other tasks go. */
static void keep_task(struct import_file *f, const char *task)
{
	size_t left = 0;

	for (size_t i = 0; i < f->facts.n; i++)
		if (str_eq(f->facts.v[i].task, task))
			f->facts.v[left++] = f->facts.v[i];
		else
			import_fact_fini(&f->facts.v[i]);
	f->facts.n = left;
}

static char *results_of(const char *path)
{
	const char *time = time_of(str_base(path));
	char *folder, *name, *results;

	if (!time)
		return NULL;
	folder = file_folder(path);
	name = xasprintf("results_%.*s.json", (int)(strlen(time) - strlen(".jsonl")), time);
	results = str_join_path(folder, name);
	free(folder);
	free(name);
	if (file_exists(results))
		return results;
	free(results);
	return NULL;
}

/* Figures from the results beside it: true if there are any of the task. */
static bool by_results(struct import_file *f, const char *path, const char *task)
{
	char *results = results_of(path);
	struct import_file r;

	if (!results)
		return false;
	if (import_read_alone(&r, results, NULL)) {
		keep_task(&r, task);
		if (r.facts.n) {
			f->facts.v = r.facts.v;
			f->facts.n = r.facts.n;
			f->facts.cap = r.facts.cap;
			f->model = r.model;
			f->of = results;
			memset(&r.facts, 0, sizeof r.facts);
			r.model = NULL;
			results = NULL;
		}
	}
	import_file_fini(&r);
	free(results);
	return f->of != NULL;
}

bool samples_read_file(struct import_file *f, const struct import_kind *kind, const char *path,
	struct err *e)
{
	struct samples s = { .f = f, .task = task_of(path) };
	bool ok;

	*f = (struct import_file){ .path = xstrdup(path), .kind = kind };
	ok = stream(&s, path, e);
	if (ok && by_results(f, path, s.task))
		attach_all(f, &s, path);
	else if (ok)
		compute(f, &s, path);
	samples_fini(&s);
	return ok;
}

void samples_beside(struct import_file *f)
{
	const char *base = str_base(f->path), *time = base + strlen("results_");
	char *folder, **names, *end;
	size_t n;

	if (!str_starts(base, "results_") || !str_ends(base, ".json"))
		return;
	folder = file_folder(f->path);
	end = xasprintf("_%.*sl", (int)strlen(time), time); /* .json → .jsonl */
	names = file_list(folder, &n, NULL);
	for (size_t i = 0; names && i < n; i++) {
		char *path = str_join_path(folder, names[i]);
		struct samples s = { .f = f };
		struct err e = { 0 };

		if (samples_is_path(path) && str_ends(path, end)) {
			s.task = task_of(path);
			if (stream(&s, path, &e))
				attach_all(f, &s, path);
			else
				import_unread(f, 1, names[i], strlen(names[i]), "%s", e.what);
			samples_fini(&s);
		}
		free(path);
	}
	file_list_free(names, names ? n : 0);
	free(folder);
	free(end);
}

bool samples_store(const struct import_file *f, char *const *facts, struct catalog *c,
	struct err *e)
{
	for (size_t i = 0; i < f->answers.n; i++) {
		const struct import_answers *a = &f->answers.v[i];

		if (facts[a->fact] && a->a.n && !catalog_answers_put(c, facts[a->fact], &a->a, e))
			return false;
	}
	return true;
}

/* --- the same of a text in memory --- */

bool lm_eval_samples_is(const struct import_text *t)
{
	const char *s = t->s + strspn(t->s, " \t\r\n");

	return !t->json && *s == '{' && (samples_is_path(t->path) || str_starts(s, "{\"doc_id\""));
}

void lm_eval_samples_read(const struct import_text *t, struct import_file *f)
{
	struct samples s = { .f = f, .task = task_of(t->path) };
	struct import_lines l;

	import_lines_init(&l, t);
	while (import_lines_next(&l))
		read_line(&s, l.s, l.n);
	samples_end(&s);
	if (s.task)
		compute(f, &s, t->path);
	else
		import_unread(f, 1, t->s, t->n, "the name of the file says no task: lm-eval writes "
			"samples_TASK_TIME.jsonl");
	samples_fini(&s);
}
