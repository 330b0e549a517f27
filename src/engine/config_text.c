#include "config.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "engine/config_text.h"

struct member {
	size_t key, key_n;         /* inside the quotes */
	size_t begin, value, end;  /* of the key's quote, of its value */
};
struct object {
	vec(struct member) v;
	size_t end;                /* of the closing brace */
	bool whole;
};

static size_t skip_blanks(const char *s, size_t i, size_t n)
{
	while (i < n && strchr(" \t\r\n", s[i]) && s[i])
		i++;
	return i;
}

static size_t skip_string(const char *s, size_t i, size_t n)
{
	for (i++; i < n && s[i] != '"'; i++)
		i += s[i] == '\\';
	return i < n ? i + 1 : n;
}

static size_t skip_value(const char *s, size_t i, size_t n)
{
	size_t depth = 0;

	do {
		if (s[i] == '"') {
			i = skip_string(s, i, n);
			continue;
		}
		if (s[i] == '{' || s[i] == '[')
			depth++;
		else if (s[i] == '}' || s[i] == ']')
			depth--;
		else if (depth == 0)
			return i + strcspn(s + i, ",}] \t\r\n");
		i++;
	} while (i < n && depth > 0);
	return i;
}

/* The members of the object whose brace stands at i. */
static struct object members(const char *s, size_t i, size_t n)
{
	struct object o = {0};

	for (i = skip_blanks(s, i + 1, n); i < n && s[i] == '"';) {
		struct member *m = vec_push(&o.v);

		m->begin = i;
		m->key = i + 1;
		i = skip_string(s, i, n);
		m->key_n = i - m->key - 1;
		i = skip_blanks(s, i, n);
		if (i >= n || s[i] != ':')
			return o;
		m->value = skip_blanks(s, i + 1, n);
		if (m->value >= n)
			return o;
		m->end = skip_value(s, m->value, n);
		i = skip_blanks(s, m->end, n);
		if (i < n && s[i] == ',')
			i = skip_blanks(s, i + 1, n);
	}
	o.whole = i < n && s[i] == '}';
	o.end = i;
	return o;
}

/* Where the one object of a text begins and ends; false if there is none, or not all of it. */
static bool whole_object(const char *text, size_t n, size_t *begin, size_t *end)
{
	struct object o;

	*begin = skip_blanks(text, 0, n);
	if (*begin >= n || text[*begin] != '{')
		return false;
	o = members(text, *begin, n);
	*end = o.end;
	vec_fini(&o.v);
	return o.whole;
}

static bool is(const char *s, const struct member *m, const char *key)
{
	return strlen(key) == m->key_n && strncmp(s + m->key, key, m->key_n) == 0;
}

static bool is_dtype(const char *s, const struct member *m)
{
	return (is(s, m, "dtype") || is(s, m, "torch_dtype")) && s[m->value] == '"';
}

static bool is_quantization(const char *s, const struct member *m)
{
	return is(s, m, "quantization") || is(s, m, "quantization_config");
}

static bool is_part(const char *s, const struct member *m)
{
	return m->key_n > 7 && strncmp(s + m->key + m->key_n - 7, "_config", 7) == 0 &&
		s[m->value] == '{';
}

static void edit(const char *s, size_t i, size_t n, const char *dtype, bool top, struct str *out)
{
	struct object o = members(s, i, n);
	bool has = false, any = false;
	size_t last = i + 1; /* text up to here was copied or dropped */

	for (size_t k = 0; k < o.v.n; k++)
		has |= is_dtype(s, &o.v.v[k]);
	str_addn(out, s + i, 1);
	for (size_t k = 0; k < o.v.n; k++) {
		struct member *m = &o.v.v[k];

		if (is_quantization(s, m)) {
			last = m->end;
			continue;
		}
		if (!any) {
			str_addn(out, s + i + 1, o.v.v[0].begin - i - 1);
			if (top && !has) {
				str_addf(out, "\"torch_dtype\": \"%s\",", dtype);
				str_addn(out, s + i + 1, o.v.v[0].begin - i - 1);
			}
		} else {
			const struct member *before = &o.v.v[k - 1];

			str_addn(out, s + before->end, m->begin - before->end);
		}
		any = true;
		str_addn(out, s + m->begin, m->value - m->begin);
		if (is_dtype(s, m))
			str_addf(out, "\"%s\"", dtype);
		else if (top && is_part(s, m))
			edit(s, m->value, m->end, dtype, false, out);
		else
			str_addn(out, s + m->value, m->end - m->value);
		last = m->end;
	}
	str_addn(out, s + last, o.end - last + 1);
	vec_fini(&o.v);
}

char *config_with_dtype(const char *text, size_t n, const char *dtype)
{
	struct str out = STR_INIT;
	size_t i, end;

	if (!whole_object(text, n, &i, &end))
		return NULL;
	str_addn(&out, text, i);
	edit(text, i, n, dtype, true, &out);
	str_addn(&out, text + end + 1, n - end - 1);
	return str_steal(&out);
}

struct replacing {
	config_value_fn *fn;
	void *ctx;
	size_t count;
};

static void replace(const char *s, size_t i, size_t n, const char *part, struct replacing *r,
	struct str *out)
{
	struct object o = members(s, i, n);
	size_t last = i;

	for (size_t k = 0; k < o.v.n; k++) {
		const struct member *m = &o.v.v[k];
		char *key = xstrndup(s + m->key, m->key_n);
		struct str value = STR_INIT;

		str_addn(out, s + last, m->value - last);
		last = m->end;
		if (!*part && is_part(s, m)) {
			replace(s, m->value, m->end, key, r, out);
		} else if (r->fn(r->ctx, part, key, s + m->value, m->end - m->value, &value)) {
			str_addn(out, value.s, value.n);
			r->count++;
		} else {
			str_addn(out, s + m->value, m->end - m->value);
		}
		str_fini(&value);
		free(key);
	}
	str_addn(out, s + last, o.end - last + 1);
	vec_fini(&o.v);
}

char *config_replaced(const char *text, size_t n, config_value_fn *fn, void *ctx)
{
	struct replacing r = { fn, ctx, 0 };
	struct str out = STR_INIT;
	size_t i, end;

	if (!whole_object(text, n, &i, &end))
		return NULL;
	str_addn(&out, text, i);
	replace(text, i, n, "", &r, &out);
	str_addn(&out, text + end + 1, n - end - 1);
	if (r.count)
		return str_steal(&out);
	str_fini(&out);
	return NULL;
}

struct one_value {
	const char *key, *value;
};

static bool is_the_one(void *ctx, const char *part, const char *key, const char *value, size_t n,
	struct str *out)
{
	const struct one_value *v = ctx;

	(void)value, (void)n;
	if (!str_eq(key, v->key) || (*part && !str_eq(part, "text_config")))
		return false;
	str_add(out, v->value);
	return true;
}

/* As the first member, on a line like that of the one it comes before. */
static char *with_first(const char *text, size_t n, const char *key, const char *value)
{
	size_t i = skip_blanks(text, 0, n);
	struct str out = STR_INIT;
	struct object o;
	bool whole, any;

	if (i >= n || text[i] != '{')
		return NULL;
	o = members(text, i, n);
	whole = o.whole;
	any = o.v.n > 0;
	vec_fini(&o.v);
	if (!whole)
		return NULL;
	str_addn(&out, text, i + 1);
	if (any)
		str_addn(&out, text + i + 1, skip_blanks(text, i + 1, n) - i - 1);
	str_addf(&out, "\"%s\": %s%s", key, value, any ? "," : "");
	str_addn(&out, text + i + 1, n - i - 1);
	return str_steal(&out);
}

char *config_with_value(const char *text, size_t n, const char *key, const char *value, bool add)
{
	struct one_value v = { key, value };
	char *out = config_replaced(text, n, is_the_one, &v);

	return out || !add ? out : with_first(text, n, key, value);
}
