#include "compare/making.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"

/* --- how it was measured --- */

/* "0.4.9" → "0.4": below 1 a minor version may change everything. */
static void add_version(struct str *s, const char *version)
{
	size_t n = strcspn(version, ".");

	if (n == 1 && *version == '0' && version[n])
		n += 1 + strcspn(version + n + 1, ".");
	str_addc(s, ' ');
	str_addn(s, version, n);
}

static void add_tool(struct str *s, const json_t *p, const json_t *v)
{
	const char *tool = json_string_value(v);
	const char *version = json_text(p, "tool_version", json_text(p, "lm_eval_version", NULL));

	str_add(s, tool && !strcmp(tool, "mlx_lm.evaluate") ? "mlx" : tool ? tool : "");
	if (version)
		add_version(s, version);
}

static void add_shots(struct str *s, const json_t *p, const json_t *v)
{
	(void)p;
	str_addf(s, "%lld-shot", (long long)json_integer_value(v));
}

/* "chat", "none", or the digest of one. */
static void add_template(struct str *s, const json_t *p, const json_t *v)
{
	const char *text = json_string_value(v);

	(void)p;
	if (!text || !strcmp(text, "none"))
		str_add(s, "no-template");
	else
		str_addf(s, "template:%.8s", text);
}

static void add_plain(struct str *s, const json_t *p, const json_t *v)
{
	(void)p;
	if (json_is_string(v)) {
		char *safe = str_safe(json_string_value(v));

		for (char *c = safe; *c; c++)
			*c = *c == ' ' ? '_' : *c;
		str_add(s, safe);
		free(safe);
	} else if (json_is_real(v) && json_real_value(v) == rint(json_real_value(v)))
		str_addf(s, "%.0f", json_real_value(v)); /* 40.0 is 40 */
	else
		json_add(s, v, 0);
}

static void add_digest(struct str *s, const json_t *p, const json_t *v)
{
	(void)p;
	str_addf(s, "%.8s", json_is_string(v) ? json_string_value(v) : "");
}

/* In the order they are written. Keys that are not here follow as key=value. */
static const struct part {
	const char *key, *prefix;
	void (*add)(struct str *s, const json_t *p, const json_t *v);
} parts[] = {
	{ "tool", "", add_tool },
	{ "engine", "", add_plain },
	{ "method", "", add_plain },
	{ "shots", "", add_shots },
	{ "limit", "limit:", add_plain },
	{ "template", "", add_template },
	{ "context", "ctx:", add_plain },
	{ "chunks", "chunks:", add_plain },
	{ "precision", "", add_plain },
	{ "text", "text:", add_digest },
	{ "tokenizer", "tokens:", add_digest },
};

/* Of the artifact, of the row, or said elsewhere: no part of how it was measured. */
static bool aside(const char *key)
{
	static const char *const keys[] = { "quantization", "quant", "dtype", "bits", "group",
		"group_size", "filter", "tool_version", "lm_eval_version", "variant", "heading",
		"stated", "file", "note", "container", "bits_per_weight" };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (!strcmp(key, keys[i]))
			return true;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (!strcmp(key, parts[i].key))
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_others(struct str *s, const json_t *p)
{
	const char **keys = xnew(const char *, json_object_size(p) + 1), *key;
	size_t n = 0;
	json_t *v;

	json_object_foreach((json_t *)p, key, v)
		if (!aside(key) && !json_is_null(v))
			keys[n++] = key;
	qsort(keys, n, sizeof *keys, by_name);
	for (size_t i = 0; i < n; i++) {
		char *safe = str_safe(keys[i]);

		str_addf(s, "%s%s=", s->n ? " " : "", safe);
		add_plain(s, p, json_object_get(p, keys[i]));
		free(safe);
	}
	free(keys);
}

/* Files say it: nothing of it may reach a terminal as it stands. */
static char *made_safe(struct str *s)
{
	char *safe = str_safe(s->s ? s->s : "");

	str_fini(s);
	return safe;
}

char *protocol_measured(const json_t *p)
{
	struct str s = STR_INIT;

	str_add(&s, "");
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		json_t *v = json_object_get(p, parts[i].key);

		if (!v || json_is_null(v))
			continue;
		if (s.n)
			str_addc(&s, ' ');
		str_add(&s, parts[i].prefix);
		parts[i].add(&s, p, v);
	}
	add_others(&s, p);
	return made_safe(&s);
}

/* --- how it was stored --- */

static bool full_precision(const char *word)
{
	static const char *const words[] = { "bf16", "fp16", "f16", "bfloat16", "float16", "f32",
		"fp32", "float32", "none", "full", "unquantized" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (!strcasecmp(word, words[i]))
			return true;
	return false;
}

static char *lower(const char *s, size_t n)
{
	struct str part = STR_INIT;
	char *out;

	str_addn(&part, s, n);
	out = made_safe(&part);

	for (char *c = out; *c; c++)
		*c = (char)tolower((uint8_t)*c);
	return out;
}

char *protocol_quantization(const json_t *p)
{
	const char *q = json_text(p, "quantization", json_text(p, "quant", NULL));

	if (!q)
		return NULL;
	return full_precision(q) ? xstrdup("") : lower(q, strlen(q));
}

/* "q8", "qx63", "iq4", "mxfp8", "8bit", "4.6bpw", "awq" … */
static bool says_bits(const char *w, size_t n)
{
	static const char *const words[] = { "mxfp4", "mxfp8", "nvfp4", "awq", "gptq", "exl2",
		"exl3", "int4", "int8", "fp8", "nf4", "bf16", "fp16", "f16", "f32", "fp32" };
	size_t digits;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i]) == n && !strncasecmp(w, words[i], n))
			return true;
	if (n > 3 && *w == 'b' && memchr(w, '.', n)) /* b4.6 */
		return strspn(w + 1, "0123456789.") == n - 1;
	if (n > 3 && (!strncasecmp(w + n - 3, "bit", 3) || !strncasecmp(w + n - 3, "bpw", 3)))
		return strspn(w, "0123456789.") == n - 3;
	if (n > 1 && (*w == 'i' || *w == 'I'))
		w++, n--;
	if (n < 2 || (*w != 'q' && *w != 'Q'))
		return false;
	w++, n--;
	if (n > 1 && (*w == 'x' || *w == 'X'))
		w++, n--;
	digits = strspn(w, "0123456789");
	return digits >= 1 && digits <= 2 && (digits == n || (digits + 1 == n && strchr("xmnp",
		w[digits])));
}

/* What only stands beside bits: containers, sizes of groups, variants of a type. */
static bool beside_bits(const char *w, size_t n)
{
	static const char *const words[] = { "mlx", "gguf", "hi", "lo", "k", "m", "s", "l", "xl",
		"xs", "xxs", "nl", "0", "1", "imat", "imatrix", "i1", "dwq", "h8", "hb8" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i]) == n && !strncasecmp(w, words[i], n))
			return true;
	return false;
}

static bool is_container(const char *w, size_t n)
{
	return (n == 3 && !strncasecmp(w, "mlx", 3)) || (n == 4 && !strncasecmp(w, "gguf", 4));
}

/* Up to a dash; a point is a part of "4.6bpw" and "Qwen2.5", not of "Chat.Q4_K_M.gguf". */
static size_t word_length(const char *w)
{
	size_t n = 0;

	while (w[n] && !strchr("-_ ", w[n]) && !(w[n] == '.' && n && !(isdigit((uint8_t)w[n - 1]) &&
		isdigit((uint8_t)w[n + 1]))))
		n++;
	return n ? n : (w[0] == '.');
}

char *protocol_stem(const char *name, char **quantization)
{
	const char *base = str_base(name), *end, *cut, *first = NULL, *last = NULL;
	struct { struct { const char *s; size_t n; } *v; size_t n, cap; } words = { 0 };

	*quantization = NULL;
	if (!*base)
		base = name;
	end = cut = base + strlen(base);
	for (const char *w = base; w < end;) {
		size_t n = word_length(w);

		if (n) {
			vec_push(&words);
			words.v[words.n - 1].s = w;
			words.v[words.n - 1].n = n;
		}
		w += n + (w + n < end);
	}
	for (size_t i = words.n; i > 1; i--) {
		const char *w = words.v[i - 1].s;
		size_t n = words.v[i - 1].n;
		bool bits = says_bits(w, n);

		if (!bits && !beside_bits(w, n))
			break;
		if (bits)
			first = w;
		if (!last && !is_container(w, n))
			last = w + n;
		if (bits || is_container(w, n))
			cut = w - 1;
	}
	if (first && last > first) {
		*quantization = lower(first, (size_t)(last - first));
		if (full_precision(*quantization))
			**quantization = 0;
	}
	vec_fini(&words);
	return lower(base, (size_t)(cut - base));
}

/* --- what texts have in common --- */

static bool has_word(const char *text, const char *word, size_t n)
{
	for (const char *w = text; *w; w += strcspn(w, " "), w += *w == ' ')
		if (strcspn(w, " ") == n && !strncmp(w, word, n))
			return true;
	return false;
}

char *protocol_shared(char *const *texts, size_t n)
{
	struct str s = STR_INIT;

	for (const char *w = n ? texts[0] : ""; *w; w += strcspn(w, " "), w += *w == ' ') {
		size_t len = strcspn(w, " "), i;

		for (i = 1; i < n && has_word(texts[i], w, len); i++)
			;
		if (i < n)
			continue;
		if (s.n)
			str_addc(&s, ' ');
		str_addn(&s, w, len);
	}
	return s.n ? str_steal(&s) : NULL;
}
