#include "config.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "recipe/share.h"
#include "system/file.h"

#define MOST_LINES 100000

void share_fini(struct share *s)
{
	for (size_t i = 0; i < s->inputs.n; i++) {
		struct share_input *in = &s->inputs.v[i];

		for (size_t k = 0; k < in->files.n; k++) {
			free(in->files.v[k].name);
			free(in->files.v[k].sha256);
		}
		vec_fini(&in->files);
		free(in->role);
		free(in->name);
		free(in->revision);
		free(in->hash);
	}
	for (size_t i = 0; i < s->results.n; i++) {
		free(s->results.v[i].task);
		free(s->results.v[i].metric);
		free(s->results.v[i].variant);
		json_decref(s->results.v[i].protocol);
	}
	vec_fini(&s->inputs);
	vec_fini(&s->results);
	free(s->version);
	free(s->name);
	free(s->arithmetic);
	free(s->recipe_hash);
	free(s->output_hash);
	free(s->plan);
	*s = (struct share){ 0 };
}

/* --- writing --- */

/* One line whatever it holds, and blanks only one by one. */
static void add_field(struct str *out, const char *text)
{
	char *safe = str_safe(text);
	size_t begin = out->n;

	for (const char *p = safe; *p; p++)
		if (*p != ' ' || (out->n > begin && p[1] && p[1] != ' '))
			str_addc(out, *p);
	free(safe);
}

static void add_line(struct str *out, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	str_addf(out, "# %s ", label);
	add_field(out, text);
	str_addc(out, '\n');
}

static void add_number(struct str *out, double v)
{
	json_t *j = json_number(v);

	json_add(out, j, 0);
	json_decref(j);
}

static void add_input(struct str *out, const struct share_input *in)
{
	str_add(out, "#   ");
	add_field(out, in->role);
	str_addc(out, ' ');
	add_field(out, in->name);
	if (in->made) {
		str_add(out, "  made by the document of that name\n");
		return;
	}
	if (in->revision) {
		str_add(out, "  revision ");
		add_field(out, in->revision);
	}
	str_addf(out, "  hash %s\n", in->hash ? in->hash : "unknown");
	for (size_t i = 0; i < in->files.n; i++) {
		const struct share_file *f = &in->files.v[i];

		str_add(out, "#     ");
		add_field(out, f->name);
		if (f->bytes)
			str_addf(out, "  %" PRIu64 " bytes", f->bytes);
		if (f->sha256)
			str_addf(out, "  sha256 %s", f->sha256);
		str_addc(out, '\n');
	}
}

static void add_result(struct str *out, const struct share_result *r)
{
	if (!isfinite(r->value))
		return;
	str_add(out, "#   ");
	add_field(out, r->task);
	str_addc(out, ' ');
	add_field(out, r->metric);
	str_addf(out, " %s", r->estimated ? "(est) " : "");
	add_number(out, r->value);
	if (isfinite(r->stderr_)) {
		str_add(out, " \302\261 ");
		add_number(out, r->stderr_);
	}
	if (r->n)
		str_addf(out, "  n %" PRId64, r->n);
	if (json_object_size(r->protocol)) {
		struct str p = STR_INIT;

		json_add(&p, r->protocol, 0);
		str_add(out, "  ");
		add_field(out, p.s);
		str_fini(&p);
	}
	if (r->variant) {
		str_add(out, "  of ");
		add_field(out, r->variant);
	}
	str_addc(out, '\n');
}

static void add_plan(struct str *out, const char *text)
{
	str_add(out, "# plan\n");
	while (*text) {
		size_t n = strcspn(text, "\n");

		str_add(out, "#   |");
		if (n)
			str_addc(out, ' ');
		str_add_safe(out, text, n);
		str_addc(out, '\n');
		text += n + (text[n] == '\n');
	}
}

void share_write(const struct share *s, struct str *out)
{
	add_line(out, s->quantized ? "merged and quantized by cupel" : "merged by cupel",
		s->version ? s->version : "(unknown)");
	add_line(out, "name", s->name);
	if (s->has_seed)
		str_addf(out, "# seed %" PRIu64 "\n", s->seed);
	add_line(out, "arithmetic", s->arithmetic);
	add_line(out, s->quantized ? "plan hash" : "recipe hash", s->recipe_hash);
	add_line(out, s->quantized ? "hash of the quantized output" : "output hash",
		s->output_hash);
	if (s->inputs.n)
		str_add(out, "# inputs\n");
	for (size_t i = 0; i < s->inputs.n; i++)
		add_input(out, &s->inputs.v[i]);
	if (s->results.n)
		str_add(out, "# results, \302\261 is one standard error\n");
	for (size_t i = 0; i < s->results.n; i++)
		add_result(out, &s->results.v[i]);
	if (s->plan)
		add_plan(out, s->plan);
	str_add(out, "# recipe\n");
}

/* --- reading --- */

struct line {
	const char *s;          /* behind "# " */
	size_t n;
	int64_t number;
};
enum section { TOP, INPUTS, RESULTS, PLAN };

/* What stands behind a label at the start of the line; free(), or NULL. */
static char *after(const char *s, size_t n, const char *label)
{
	size_t k = strlen(label);

	return n > k && !memcmp(s, label, k) && s[k] ? xstrndup(s + k, n - k) : NULL;
}

/* The next field of a line, to two blanks; false at its end. */
static bool field(const char **p, const char *end, const char **s, size_t *n)
{
	const char *q;

	while (*p < end && **p == ' ')
		++*p;
	if (*p == end)
		return false;
	for (q = *p; q < end && !(q[0] == ' ' && q + 1 < end && q[1] == ' '); q++)
		;
	*s = *p;
	*n = (size_t)(q - *p);
	*p = q;
	return true;
}

static char *hex(const char *s, size_t n, const char *label, size_t digits)
{
	char *text = after(s, n, label);

	if (text && strspn(text, "0123456789abcdef") == digits && !text[digits])
		return text;
	free(text);
	return NULL;
}

static void keep(char **to, char *text)
{
	free(*to);
	*to = text;
}

static void read_input(struct share *s, const struct line *l)
{
	const char *p = l->s, *end = l->s + l->n, *f, *blank;
	struct share_input in = { 0 };
	size_t n;

	if (!field(&p, end, &f, &n) || !(blank = memchr(f, ' ', n)))
		return;
	in.role = xstrndup(f, (size_t)(blank - f));
	in.name = xstrndup(blank + 1, (size_t)(f + n - blank - 1));
	while (field(&p, end, &f, &n)) {
		char *text;

		if ((text = hex(f, n, "hash ", 32)) != NULL)
			keep(&in.hash, text);
		else if ((text = after(f, n, "revision ")) != NULL)
			keep(&in.revision, text);
		in.made |= n > 5 && !memcmp(f, "made ", 5);
	}
	if (*in.role && *in.name) {
		*vec_push(&s->inputs) = in;
		return;
	}
	free(in.role);
	free(in.name);
	free(in.hash);
	free(in.revision);
}

static void read_file(struct share *s, const struct line *l)
{
	const char *p = l->s, *end = l->s + l->n, *f;
	struct share_file file = { 0 };
	size_t n;

	if (!s->inputs.n || !field(&p, end, &f, &n))
		return;
	file.name = xstrndup(f, n);
	while (field(&p, end, &f, &n)) {
		char *text = hex(f, n, "sha256 ", 64);

		if (text)
			keep(&file.sha256, text);
		else if (n > 6 && !memcmp(f + n - 6, " bytes", 6))
			file.bytes = strtoull(f, NULL, 10);
	}
	if (*file.name) {
		*vec_push(&s->inputs.v[s->inputs.n - 1].files) = file;
		return;
	}
	free(file.name);
	free(file.sha256);
}

/* "TASK METRIC [(est) ]VALUE[ ± STDERR]" */
static bool read_value(struct share_result *r, const char *text)
{
	const char *blank = strchr(text, ' '), *second = blank ? strchr(blank + 1, ' ') : NULL, *p;
	char *end;

	if (!second)
		return false;
	r->task = xstrndup(text, (size_t)(blank - text));
	r->metric = xstrndup(blank + 1, (size_t)(second - blank - 1));
	p = second + 1;
	r->estimated = str_starts(p, "(est) ");
	p += r->estimated ? 6 : 0;
	r->value = strtod(p, &end);
	r->stderr_ = NAN;
	if (end == p || !isfinite(r->value) || !*r->task || !*r->metric)
		return false;
	if (str_starts(end, " \302\261 "))
		r->stderr_ = strtod(end + 4, &end);
	return !*end;
}

static void read_result(struct share *s, const struct line *l)
{
	const char *p = l->s, *end = l->s + l->n, *f;
	struct share_result r = { .line = l->number };
	size_t n;
	char *text;
	bool ok;

	if (!field(&p, end, &f, &n))
		return;
	text = xstrndup(f, n);
	ok = read_value(&r, text);
	free(text);
	while (ok && field(&p, end, &f, &n)) {
		if (*f == '{' && !r.protocol)
			r.protocol = json_parse(f, n, "result", false, NULL);
		else if ((text = after(f, n, "of ")) != NULL)
			keep(&r.variant, text);
		else if (n > 2 && !memcmp(f, "n ", 2))
			r.n = strtoll(f + 2, NULL, 10);
	}
	if (ok) {
		r.n = r.n > 0 ? r.n : 0;
		*vec_push(&s->results) = r;
		return;
	}
	free(r.task);
	free(r.metric);
}

static void read_top(struct share *s, const struct line *l)
{
	static const struct { const char *label; size_t at; } rows[] = {
		{ "merged and quantized by cupel ", offsetof(struct share, version) },
		{ "merged by cupel ", offsetof(struct share, version) },
		{ "name ", offsetof(struct share, name) },
		{ "arithmetic ", offsetof(struct share, arithmetic) },
		{ "plan hash ", offsetof(struct share, recipe_hash) },
		{ "recipe hash ", offsetof(struct share, recipe_hash) },
		{ "hash of the quantized output ", offsetof(struct share, output_hash) },
		{ "output hash ", offsetof(struct share, output_hash) },
	};
	char *text, *end;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if ((text = after(l->s, l->n, rows[i].label)) != NULL) {
			keep((char **)(void *)((char *)s + rows[i].at), text);
			s->quantized |= i == 0;
			return;
		}
	if ((text = after(l->s, l->n, "seed ")) != NULL) {
		errno = 0;
		s->seed = strtoull(text, &end, 10);
		s->has_seed = *text >= '0' && *text <= '9' && !*end && !errno;
		free(text);
	}
}

static void read_plan(struct str *plan, const struct line *l)
{
	size_t skip = l->n > 1 && l->s[1] == ' ' ? 2 : 1;

	str_addn(plan, l->s + skip, l->n - skip);
	str_addc(plan, '\n');
}

/* The comment behind "# " on this line; false for a line that is none. */
static bool comment(const char *p, size_t n, struct line *l)
{
	if (!n || *p != '#')
		return false;
	l->s = n > 1 && p[1] == ' ' ? p + 2 : p + 1;
	l->n = n - (size_t)(l->s - p);
	return true;
}

static bool is(const struct line *l, const char *word)
{
	size_t n = strlen(word);

	return l->n >= n && !memcmp(l->s, word, n) && (l->n == n || l->s[n] == ',');
}

static void read_line(struct share *s, struct line *l, enum section *in, struct str *plan)
{
	size_t blanks = 0;

	while (blanks < l->n && l->s[blanks] == ' ')
		blanks++;
	if (!blanks) {
		*in = is(l, "inputs") ? INPUTS : is(l, "results") ? RESULTS :
			is(l, "plan") ? PLAN : TOP;
		if (*in == TOP)
			read_top(s, l);
		return;
	}
	l->s += blanks;
	l->n -= blanks;
	if (*in == INPUTS && blanks < 4)
		read_input(s, l);
	else if (*in == INPUTS)
		read_file(s, l);
	else if (*in == RESULTS)
		read_result(s, l);
	else if (*in == PLAN && l->n && *l->s == '|')
		read_plan(plan, l);
}

bool share_read(struct share *s, const char *text, size_t n)
{
	const char *p = text, *end = text + n;
	struct line l = { .number = 0 };
	struct str plan = STR_INIT;
	enum section in = TOP;

	*s = (struct share){ 0 };
	if (n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	while (p < end && l.number < MOST_LINES) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((eol ? eol : end) - p);

		l.number++;
		len -= len && p[len - 1] == '\r';
		if (!comment(p, len, &l))
			break;
		p = eol ? eol + 1 : end;
		s->body = (size_t)(p - text);
		if (is(&l, "recipe"))
			break;
		read_line(s, &l, &in, &plan);
		if (l.number == 1 && !s->version)
			break;
	}
	if (plan.n && *plan.s)
		s->plan = str_steal(&plan);
	str_fini(&plan);
	if (s->version)
		return true;
	share_fini(s);
	return false;
}
