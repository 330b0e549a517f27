#include "config.h"
#include "recipe/lint.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

const char *severity_name(enum severity s)
{
	static const char *const names[] = { "note", "warning", "error" };

	return names[s];
}

/* "models[0].parameters.weight" → "weight"; an index belongs to its list. */
static char *last_component(const char *path)
{
	const char *dot = strrchr(path, '.');
	const char *key = dot ? dot + 1 : path;

	return xstrndup(key, strcspn(key, "["));
}

void findings_add(struct findings *f, enum severity sev, const struct mark *at, const char *path,
	const char *code, const char *hint, const char *fmt, ...)
{
	struct finding *x = vec_push(f);
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	x->severity = sev;
	x->line = at ? at->line : 0;
	x->column = at ? at->column : 0;
	x->path = xstrdup(path ? path : "");
	x->key = last_component(x->path);
	x->code = code;
	x->hint = hint ? xstrdup(hint) : NULL;
	x->message = str_steal(&s);
	f->errors += sev == SEV_ERROR;
	f->warnings += sev == SEV_WARNING;
}

struct placed {
	struct finding f;
	size_t order;
};

/* By place; what concerns no line comes last; equal places keep the order they were found in. */
static int placed_cmp(const void *pa, const void *pb)
{
	const struct placed *a = pa, *b = pb;
	unsigned la = (unsigned)a->f.line - 1, lb = (unsigned)b->f.line - 1; /* 0 → last */

	if (la != lb)
		return la < lb ? -1 : 1;
	if (a->f.column != b->f.column)
		return a->f.column < b->f.column ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static bool says_the_same(const struct finding *a, const struct finding *b)
{
	return a->line == b->line && a->column == b->column && a->severity == b->severity
		&& str_eq(a->code, b->code) && str_eq(a->path, b->path)
		&& str_eq(a->message, b->message);
}

static void finding_free(struct finding *x)
{
	free(x->key);
	free(x->path);
	free(x->message);
	free(x->hint);
}

/* Slices that share a value share what is wrong with it. */
static void drop_repeated(struct findings *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		bool again = false;

		for (size_t k = n; k && !again && f->v[i].line && f->v[k - 1].line == f->v[i].line
		     && f->v[k - 1].column == f->v[i].column; k--)
			again = says_the_same(&f->v[k - 1], &f->v[i]);
		if (!again) {
			f->v[n++] = f->v[i];
			continue;
		}
		f->errors -= f->v[i].severity == SEV_ERROR;
		f->warnings -= f->v[i].severity == SEV_WARNING;
		finding_free(&f->v[i]);
	}
	f->n = n;
}

void findings_sort(struct findings *f)
{
	struct placed *p = xnew(struct placed, f->n + 1);

	for (size_t i = 0; i < f->n; i++)
		p[i] = (struct placed){ f->v[i], i };
	qsort(p, f->n, sizeof *p, placed_cmp);
	for (size_t i = 0; i < f->n; i++)
		f->v[i] = p[i].f;
	free(p);
	drop_repeated(f);
}

void findings_fini(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		finding_free(&f->v[i]);
	vec_fini(f);
	f->errors = f->warnings = 0;
}
