#include "import/reading.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "catalog/task.h"

#define TEXT_MAX_BYTES 400 /* of what is kept of a line */

/* --- facts --- */

bool import_is_share(const char *task, const char *metric)
{
	return task_is_share(task, metric);
}

static char *kept(const char *text, size_t n)
{
	const char *end = memchr(text, '\n', n);

	if (end)
		n = (size_t)(end - text);
	while (n && (text[n - 1] == '\r' || text[n - 1] == ' ' || text[n - 1] == '\t'))
		n--;
	while (n && (*text == ' ' || *text == '\t')) {
		text++;
		n--;
	}
	if (n > TEXT_MAX_BYTES)
		n = TEXT_MAX_BYTES;
	struct str s = STR_INIT;
	str_add(&s, "");
	str_add_safe(&s, text, n);
	return str_steal(&s);
}

void import_unread(struct import_file *f, int64_t line, const char *text, size_t n,
	const char *fmt, ...)
{
	struct str reason = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&reason, fmt, ap);
	va_end(ap);
	*vec_push(&f->unread) = (struct import_unread){ line, kept(text, n),
		kept(reason.s, reason.n) };
	str_fini(&reason);
}

/* NULL, or why it is no figure. */
static const char *scale(struct import_figure *g)
{
	bool share = import_is_share(g->task, g->metric);

	if (!isfinite(g->value))
		return "not a finite number";
	if (g->unit == UNIT_PERCENT ||
		(share && g->unit == UNIT_BARE && fabs(g->value) > 1)) {
		g->value /= 100;
		g->stderr_ /= 100;
	}
	if (!isfinite(g->stderr_) || g->stderr_ < 0)
		g->stderr_ = NAN;
	if (share && (g->value > 1 || (g->value < 0 && strncmp(g->metric, "delta", 5))))
		return "no share of questions can be that";
	return NULL;
}

void import_fact(struct import_file *f, const struct import_figure *given, json_t *protocol)
{
	struct import_figure g = *given;
	const char *reason = scale(&g);
	const struct task *task = task_find(g.task);

	if (reason) {
		import_unread(f, g.line, g.text, g.text_n, "%s", reason);
		json_decref(protocol);
		return;
	}
	*vec_push(&f->facts) = (struct import_fact){
		.variant = g.variant && *g.variant ? str_safe(g.variant) : NULL,
		.task = str_safe(task ? task->name : g.task), .metric = str_safe(g.metric),
		.value = g.value, .stderr_ = g.stderr_, .n = g.n > 0 ? g.n : 0,
		.protocol = protocol, .estimated = g.estimated, .line = g.line,
		.text = kept(g.text, g.text_n),
	};
}

/* --- lines --- */

void import_lines_init(struct import_lines *l, const struct import_text *t)
{
	bool bom = t->n >= 3 && !memcmp(t->s, "\xef\xbb\xbf", 3);

	*l = (struct import_lines){ .p = t->s + (bom ? 3 : 0), .end = t->s + t->n };
}

bool import_lines_next(struct import_lines *l)
{
	const char *nl;

	if (l->p >= l->end)
		return false;
	nl = memchr(l->p, '\n', (size_t)(l->end - l->p));
	l->s = l->p;
	l->n = (size_t)((nl ? nl : l->end) - l->p);
	l->p = nl ? nl + 1 : l->end;
	l->line++;
	if (l->n && l->s[l->n - 1] == '\r')
		l->n--;
	return true;
}

/* --- members of JSON --- */

static void step(struct import_walk *w)
{
	w->line += *w->p == '\n';
	w->p++;
}

/* To the next byte that is none of these. */
static void pass(struct import_walk *w, const char *these)
{
	while (w->p < w->end && *w->p && strchr(these, *w->p))
		step(w);
}

static void pass_string(struct import_walk *w)
{
	step(w);
	while (w->p < w->end && *w->p != '"') {
		if (*w->p == '\\' && w->p + 1 < w->end)
			step(w);
		step(w);
	}
	if (w->p < w->end)
		step(w);
}

static void pass_value(struct import_walk *w)
{
	size_t depth = 0;

	do {
		if (w->p >= w->end)
			return;
		if (*w->p == '"') {
			pass_string(w);
			continue;
		}
		if (depth == 0 && strchr(",]} \t\r\n", *w->p))
			return;
		depth += *w->p == '{' || *w->p == '[';
		bool close = *w->p == '}' || *w->p == ']';
		step(w);
		depth -= close;
		if (close && !depth)
			return;
	} while (depth || (w->p < w->end && !strchr(",]} \t\r\n", *w->p)));
}

static void enter(struct import_walk *w)
{
	pass(w, " \t\r\n");
	if (w->p < w->end && *w->p == '{')
		step(w);
	w->at = json_object_iter(w->object);
}

void import_walk_text(struct import_walk *w, const struct import_text *t)
{
	*w = (struct import_walk){ .p = t->s, .end = t->s + t->n, .line = 1,
		.object = (json_t *)t->json };
	if (t->n >= 3 && !memcmp(t->s, "\xef\xbb\xbf", 3))
		w->p += 3;
	enter(w);
}

void import_walk_inside(struct import_walk *w, const struct import_walk *outer)
{
	struct import_walk to = *outer;

	/* From the key again: the value may begin on a later line. */
	to.p = outer->key_text;
	to.line = outer->key_line;
	pass_string(&to);
	pass(&to, " \t\r\n:");
	*w = (struct import_walk){ .p = to.p, .end = outer->end, .line = to.line,
		.object = outer->value };
	enter(w);
}

bool import_walk_next(struct import_walk *w)
{
	if (!w->at)
		return false;
	w->key = json_object_iter_key(w->at);
	w->value = json_object_iter_value(w->at);
	w->at = json_object_iter_next(w->object, w->at);
	pass(w, " \t\r\n,");
	w->key_text = w->p;
	w->key_line = w->line;
	if (w->p < w->end)
		pass_string(w);
	pass(w, " \t\r\n:");
	pass_value(w);
	w->n = (size_t)(w->p - w->key_text);
	return true;
}
