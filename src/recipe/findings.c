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

void findings_sort(struct findings *f)
{
	struct placed *p = xnew(struct placed, f->n + 1);

	for (size_t i = 0; i < f->n; i++)
		p[i] = (struct placed){ f->v[i], i };
	qsort(p, f->n, sizeof *p, placed_cmp);
	for (size_t i = 0; i < f->n; i++)
		f->v[i] = p[i].f;
	free(p);
}

void findings_fini(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].key);
		free(f->v[i].path);
		free(f->v[i].message);
		free(f->v[i].hint);
	}
	vec_fini(f);
	f->errors = f->warnings = 0;
}
