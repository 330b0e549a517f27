#include "config.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "report/pattern_in.h"

#define MOST_STEPS 5000000
#define MOST_BYTES ((size_t)16 << 20)

struct bound { /* the element of a loop */
	const char *name;
	const json_t *value;
	size_t at, of;
};
struct filler {
	const json_t *data;
	struct str *out;
	struct err *e;
	vec(struct bound) bound;
	size_t steps;
};

static bool bad(struct filler *f, const struct part *x, const char *hint, const char *what)
{
	char *where = xasprintf("%s:%d", x->where, x->line);

	err_set(f->e, ERR_INPUT, where, hint, "%s", what);
	free(where);
	return false;
}

/* The names that an object has, and the one that was asked for is not among them. */
static bool unknown(struct filler *f, const struct part *x, const char *name, const json_t *in)
{
	const char *names[128], *key, *near;
	json_t *v;
	size_t n = 0;
	char *what = xasprintf("there is no value %s (in %s)", name, x->path), *hint;

	json_object_foreach((json_t *)in, key, v)
		if (n < 128)
			names[n++] = key;
	near = str_nearest(name, names, n);
	hint = near ? xasprintf("did you mean %s?", near) : NULL;
	bad(f, x, hint, what);
	free(hint);
	free(what);
	return false;
}

static bool loop_value(struct filler *f, const struct part *x, const char *name, json_t **made)
{
	const struct bound *b = f->bound.n ? &f->bound.v[f->bound.n - 1] : NULL;

	if (!b)
		return bad(f, x, NULL, "loop outside of a loop");
	if (str_eq(name, "first"))
		*made = json_boolean(b->at == 0);
	else if (str_eq(name, "last"))
		*made = json_boolean(b->at + 1 == b->of);
	else if (str_eq(name, "number"))
		*made = json_integer((json_int_t)b->at + 1);
	else
		return bad(f, x, NULL, "a loop has first, last and number");
	return true;
}

/* One component further; null of null. */
static bool step(struct filler *f, const struct part *x, const char *name, const json_t **v)
{
	const json_t *in = *v;

	if (json_is_null(in))
		return true;
	if (json_is_array(in)) {
		char *end;
		unsigned long i = strtoul(name, &end, 10);

		if (*end || !isdigit((unsigned char)*name))
			return bad(f, x, "{{for NAME in LIST}} names its elements",
				"a list has numbers only");
		*v = json_array_get(in, i);
		*v = *v ? *v : json_null();
		return true;
	}
	*v = json_object_get(in, name);
	return *v || unknown(f, x, name, json_is_object(in) ? in : NULL);
}

/* *v is borrowed from the data, or *made, a new reference, is what the path means. */
static bool find(struct filler *f, const struct part *x, const json_t **v, json_t **made)
{
	const char *p = x->path;
	size_t n = strcspn(p, ".");
	char *name = xstrndup(p, n);
	bool ok = true, first = true;

	*made = NULL;
	*v = f->data;
	if (str_eq(name, "loop") && p[n]) {
		ok = loop_value(f, x, p + n + 1, made);
		free(name);
		return ok;
	}
	while (ok) {
		size_t k = first ? f->bound.n : 0;

		while (k && !str_eq(f->bound.v[k - 1].name, name))
			k--;
		if (k)
			*v = f->bound.v[k - 1].value;
		else
			ok = step(f, x, name, v);
		first = false;
		free(name);
		name = NULL;
		p += n;
		if (!ok || !*p)
			break;
		n = strcspn(++p, ".");
		name = xstrndup(p, n);
	}
	free(name);
	return ok;
}

static void add_value(struct str *s, const json_t *v)
{
	if (json_is_string(v))
		str_add(s, json_string_value(v));
	else if (json_is_boolean(v))
		str_add(s, json_is_true(v) ? "yes" : "no");
	else if (json_is_number(v))
		json_add(s, v, 0);
}

static bool fill_value(struct filler *f, const struct part *x)
{
	const json_t *v = NULL;
	json_t *made = NULL;
	struct str text = STR_INIT, next;
	bool verbatim = false;

	if (x->path && !find(f, x, &v, &made))
		return false;
	v = made ? made : v;
	if (json_is_object(v) || json_is_array(v)) {
		json_decref(made);
		return bad(f, x, "name one of its values", "this is no single value");
	}
	str_add(&text, x->text ? x->text : "");
	if (x->path)
		add_value(&text, v);
	for (size_t i = 0; i < x->n_filters; i++) {
		const struct part_filter *a = &x->filters[i];

		next = (struct str)STR_INIT;
		str_add(&next, "");
		a->f->apply(i ? NULL : v, text.s, a->n, a->arg, &next);
		str_fini(&text);
		text = next;
		verbatim |= a->f->verbatim;
	}
	if (verbatim || x->text)
		str_add(f->out, text.s);
	else
		pattern_add_markdown(f->out, text.s);
	str_fini(&text);
	json_decref(made);
	return true;
}

static bool fill(struct filler *f, const struct parts *parts);

static bool fill_for(struct filler *f, const struct part *x)
{
	const json_t *v;
	json_t *made;
	bool ok = true;
	size_t n;

	if (!find(f, x, &v, &made))
		return false;
	json_decref(made);
	if (made || (!json_is_array(v) && !json_is_null(v)))
		return bad(f, x, NULL, "this is no list");
	n = json_array_size(v);
	for (size_t i = 0; ok && i < n; i++) {
		*vec_push(&f->bound) = (struct bound){ x->name, json_array_get(v, i), i, n };
		ok = fill(f, x->body);
		f->bound.n--;
	}
	return ok && (n || fill(f, x->other));
}

static bool holds(const json_t *v)
{
	if (json_is_string(v))
		return *json_string_value(v) != 0;
	if (json_is_number(v))
		return json_number_value(v) != 0;
	if (json_is_array(v))
		return json_array_size(v) > 0;
	if (json_is_object(v))
		return json_object_size(v) > 0;
	return json_is_true(v);
}

static bool fill_if(struct filler *f, const struct part *x)
{
	const json_t *v;
	json_t *made;
	bool yes;

	if (!find(f, x, &v, &made))
		return false;
	v = made ? made : v;
	if (x->is) {
		struct str text = STR_INIT;

		str_add(&text, "");
		add_value(&text, v);
		yes = str_eq(text.s, x->is);
		str_fini(&text);
	} else {
		yes = holds(v);
	}
	json_decref(made);
	return fill(f, yes != x->negated ? x->body : x->other);
}

static bool fill(struct filler *f, const struct parts *parts)
{
	bool ok = true;

	for (size_t i = 0; ok && i < parts->v.n; i++) {
		const struct part *x = &parts->v.v[i];

		if (++f->steps > MOST_STEPS || f->out->n > MOST_BYTES)
			return bad(f, x, "are there loops in loops?", "the card grows too long");
		if (x->kind == PART_TEXT)
			str_addn(f->out, x->text, x->n);
		else if (x->kind == PART_VALUE)
			ok = fill_value(f, x);
		else
			ok = x->kind == PART_FOR ? fill_for(f, x) : fill_if(f, x);
	}
	return ok;
}

bool pattern_render(const struct pattern *p, const json_t *data, struct str *out, struct err *e)
{
	struct err none;
	struct filler f = { .data = data, .out = out, .e = e ? e : &none };
	bool ok;

	str_add(out, "");
	ok = fill(&f, p->parts);
	vec_fini(&f.bound);
	return ok;
}
