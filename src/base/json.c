#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"

#define MAX_DEPTH 256 /* well under the parser's own 2048 and any stack */

/* The word of Python's json at s that JSON does not have, or NULL. */
static const char *bare_word(const char *s, size_t n)
{
	static const char *const words[] = { "NaN", "Infinity", "-Infinity" };

	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(words[i]);

		if (n >= len && memcmp(s, words[i], len) == 0)
			return words[i];
	}
	return NULL;
}

/* Length of the number at s; *whole: it is an integer. */
static size_t number_length(const char *s, size_t n, bool *whole)
{
	size_t len = 0;

	*whole = true;
	for (; len < n && s[len] && strchr("0123456789.eE+-", s[len]); len++)
		*whole &= s[len] >= '0' && s[len] <= '9';
	return len;
}

/* One pass over the text outside strings: depth, and bare words and integers beyond 64 bits (a
 * tokenizer's model_max_length of 10^30) replaced in *out, which stays untouched when there are
 * none. */
static bool prepare(const char *s, size_t n, const char *where, struct str *out, struct err *e)
{
	size_t depth = 0, line = 1, copied = 0;
	const char *word;
	size_t len;
	bool whole;

	for (size_t i = 0; i < n; i++) {
		switch (s[i]) {
		case '"':
			for (i++; i < n && s[i] != '"'; i++)
				i += s[i] == '\\';
			break;
		case '{':
		case '[':
			if (++depth > MAX_DEPTH)
				return err_set(e, ERR_INPUT, where,
					"no model file nests like this: get a good copy",
					"line %zu: JSON nested deeper than %d levels",
					line, MAX_DEPTH);
			break;
		case '}':
		case ']':
			depth -= depth > 0;
			break;
		case '\n':
			line++;
			break;
		case '0' ... '9':
			len = number_length(s + i, n - i, &whole);
			if (whole && (len > 19 || (len == 19 &&
				memcmp(s + i, "9223372036854775807", 19) > 0))) {
				str_addn(out, s + copied, i + len - copied);
				str_add(out, ".0");
				copied = i + len;
			}
			i += len - 1;
			break;
		case 'N':
		case 'I':
		case '-':
			word = bare_word(s + i, n - i);
			if (!word)
				break;
			str_addn(out, s + copied, i - copied);
			str_addf(out, "{\"__float__\":\"%s\"}", word);
			i += strlen(word) - 1;
			copied = i + 1;
			break;
		}
	}
	if (out->n)
		str_addn(out, s + copied, n - copied);
	return true;
}

json_t *json_parse(const char *text, size_t n, const char *where, bool reject_dup, struct err *e)
{
	size_t flags = JSON_DECODE_ANY | (reject_dup ? JSON_REJECT_DUPLICATES : 0);
	struct str fixed = STR_INIT;
	json_error_t je;
	json_t *j;

	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		n -= 3;
	}
	if (!prepare(text, n, where, &fixed, e)) {
		str_fini(&fixed);
		return NULL;
	}
	j = fixed.n ? json_loadb(fixed.s, fixed.n, flags, &je) : json_loadb(text, n, flags, &je);
	str_fini(&fixed);
	if (!j)
		err_set(e, json_error_code(&je) == json_error_out_of_memory ?
			ERR_MEMORY : ERR_INPUT, where,
			"the file is damaged or not JSON: get a good copy",
			"line %d, column %d: %s", je.line, je.column, je.text);
	return j;
}

/* A plain file: a pipe or a device could block or never end. NULL and a message on any failure. */
static char *read_all(const char *path, size_t max, size_t *n, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct str text = STR_INIT;
	char buf[16384];
	ssize_t got = 0;

	if (fd < 0) {
		err_errno(e, path, "open");
		return NULL;
	}
	while (text.n <= max) {
		got = read(fd, buf, sizeof buf);
		if (got <= 0)
			break;
		str_addn(&text, buf, (size_t)got);
	}
	if (got < 0)
		err_errno(e, path, "read");
	close(fd);
	*n = text.n;
	if (text.n > max)
		err_set(e, ERR_INPUT, path, "this is no file of that kind: get a good copy",
			"larger than the %zu bytes such a file may have", max);
	if (got >= 0 && text.n <= max)
		return str_steal(&text);
	str_fini(&text);
	return NULL;
}

json_t *json_parse_file(const char *path, size_t max_bytes, struct err *e)
{
	size_t n = 0;
	char *text = read_all(path, max_bytes, &n, e);
	json_t *j = NULL;

	if (text)
		j = json_parse(text, n, path, false, e);
	free(text);
	return j;
}

json_t *json_at(const json_t *o, const char *path)
{
	char key[128];

	while (o && *path) {
		size_t n = strcspn(path, ".");
		json_t *whole = json_object_get(o, path); /* a key may itself hold dots */

		if (whole || n >= sizeof key)
			return whole;
		memcpy(key, path, n);
		key[n] = '\0';
		o = json_object_get(o, key);
		path += n + (path[n] == '.');
	}
	return (json_t *)o;
}

const char *json_text(const json_t *o, const char *path, const char *dflt)
{
	const char *s = json_string_value(json_at(o, path));

	return s ? s : dflt;
}

int64_t json_int(const json_t *o, const char *path, int64_t dflt)
{
	const json_t *v = json_at(o, path);
	double d;

	if (json_is_integer(v))
		return json_integer_value(v);
	d = json_is_real(v) ? json_real_value(v) : NAN;
	return d == trunc(d) && fabs(d) < 9e18 ? (int64_t)d : dflt;
}

double json_num(const json_t *o, const char *path, double dflt)
{
	const json_t *v = json_at(o, path);
	const char *word = json_text(v, "__float__", "");

	if (json_is_number(v))
		return json_number_value(v);
	if (strcmp(word, "NaN") == 0)
		return NAN;
	if (strcmp(word, "Infinity") == 0)
		return INFINITY;
	return strcmp(word, "-Infinity") == 0 ? -INFINITY : dflt;
}

bool json_flag(const json_t *o, const char *path, bool dflt)
{
	const json_t *v = json_at(o, path);

	return json_is_boolean(v) ? json_is_true(v) : dflt;
}

json_t *json_number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

json_t *json_u64(uint64_t v)
{
	return v <= INT64_MAX ? json_integer((json_int_t)v) : json_real((double)v);
}

json_t *json_textn(const char *s)
{
	struct str safe = STR_INIT;
	json_t *j;

	if (!s)
		return json_null();
	if (utf8_valid(s, strlen(s)))
		return json_string(s);
	str_add_safe(&safe, s, strlen(s));
	j = json_stringn(safe.s, safe.n);
	str_fini(&safe);
	return j;
}

/* Control characters as \uXXXX: still the same string, and safe on a terminal. */
static void add_string(struct str *out, const char *s, size_t n)
{
	uint32_t cp = 0;

	str_addc(out, '"');
	for (size_t i = 0, k; i < n; i += k) {
		for (k = 0; i + k < n && s[i + k] >= 0x20 && s[i + k] < 0x7f &&
			s[i + k] != '"' && s[i + k] != '\\'; k++)
			;
		if (k > 0) {
			str_addn(out, s + i, k);
			continue;
		}
		k = utf8_decode(s + i, n - i, &cp);
		if (k == 0) {
			k = 1;
			str_add(out, "\\ufffd");
		} else if (cp == '"' || cp == '\\') {
			str_addf(out, "\\%c", (int)cp);
		} else if (cp == '\n' || cp == '\t') {
			str_add(out, cp == '\n' ? "\\n" : "\\t");
		} else if (utf8_is_control(cp)) {
			str_addf(out, "\\u%04x", (unsigned)cp);
		} else {
			str_addn(out, s + i, k);
		}
	}
	str_addc(out, '"');
}

/* The shortest decimal that reads back as the same double, and always a real. */
static void add_real(struct str *out, double v)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	str_add(out, text);
	if (!strpbrk(text, ".e"))
		str_add(out, ".0");
}

static void new_line(struct str *out, int indent, int depth)
{
	if (!indent)
		return;
	str_addc(out, '\n');
	for (int i = 0; i < indent * depth; i++)
		str_addc(out, ' ');
}

static void add_value(struct str *out, const json_t *j, int indent, int depth);

static void add_members(struct str *out, const json_t *j, int indent, int depth)
{
	bool object = json_is_object(j), first = true;
	size_t n = object ? json_object_size(j) : json_array_size(j);
	void *it = object ? json_object_iter((json_t *)j) : NULL;

	str_addc(out, object ? '{' : '[');
	for (size_t i = 0; i < n; i++) {
		if (!first)
			str_add(out, indent ? "," : ", ");
		first = false;
		new_line(out, indent, depth + 1);
		if (object) {
			const char *key = json_object_iter_key(it);

			add_string(out, key, strlen(key));
			str_add(out, ": ");
			add_value(out, json_object_iter_value(it), indent, depth + 1);
			it = json_object_iter_next((json_t *)j, it);
		} else {
			add_value(out, json_array_get(j, i), indent, depth + 1);
		}
	}
	if (n)
		new_line(out, indent, depth);
	str_addc(out, object ? '}' : ']');
}

static void add_value(struct str *out, const json_t *j, int indent, int depth)
{
	switch (json_typeof(j)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		add_members(out, j, indent, depth);
		break;
	case JSON_STRING:
		add_string(out, json_string_value(j), json_string_length(j));
		break;
	case JSON_INTEGER:
		str_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
		break;
	case JSON_REAL:
		add_real(out, json_real_value(j));
		break;
	case JSON_TRUE:
		str_add(out, "true");
		break;
	case JSON_FALSE:
		str_add(out, "false");
		break;
	case JSON_NULL:
		str_add(out, "null");
		break;
	}
}

void json_add(struct str *out, const json_t *j, int indent)
{
	if (j)
		add_value(out, j, indent, 0);
	else
		str_add(out, "null");
}

static bool write_all(int fd, const char *s, size_t n)
{
	for (ssize_t k; n; s += k, n -= (size_t)k) {
		k = write(fd, s, n);
		if (k < 0 && errno == EINTR)
			k = 0;
		if (k < 0)
			return false;
	}
	return true;
}

bool json_write_file(const char *path, const json_t *j, int indent, struct err *e)
{
	const char *base = str_base(path);
	char *tmp = xasprintf("%.*s.%s.cupel-tmp", (int)(base - path), path, base);
	struct str text = STR_INIT;
	bool ok = false;
	int fd;

	json_add(&text, j, indent);
	str_addc(&text, '\n');
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0) {
		err_errno(e, path, "create");
	} else {
		ok = write_all(fd, text.s, text.n);
		if (close(fd) != 0)
			ok = false;
		if (ok && rename(tmp, path) != 0)
			ok = false;
		if (!ok) {
			err_errno(e, path, "write");
			unlink(tmp);
		}
	}
	str_fini(&text);
	free(tmp);
	return ok;
}

void json_print(const json_t *j)
{
	struct str text = STR_INIT;

	json_add(&text, j, 1);
	str_addc(&text, '\n');
	fwrite(text.s, 1, text.n, stdout);
	str_fini(&text);
}
