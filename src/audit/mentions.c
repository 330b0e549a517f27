/* Which benchmarks and which models a sentence speaks of. */
#include "audit/audit_in.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"

#define NAME_WORDS 3 /* "arc challenge", "open book qa" */

static bool is_word(char c)
{
	return isalnum((uint8_t)c) || strchr("/_-+", c) != NULL;
}

static size_t word_at(const char *s)
{
	size_t n = 0;

	while (s[n] && is_word(s[n]))
		n++;
	return n;
}

/* Bytes of the longest name of a benchmark that begins here; 0: none. */
static size_t task_at(const char *s, const struct task **task)
{
	size_t end = 0, found = 0;
	char name[64];

	for (size_t words = 0; words < NAME_WORDS; words++) {
		size_t n = word_at(s + end);
		const struct task *t;

		if (!n || end + n >= sizeof name)
			break;
		end += n;
		memcpy(name, s, end);
		name[end] = 0;
		t = task_find(name);
		if (t) {
			*task = t;
			found = end;
		}
		if (s[end] != ' ')
			break;
		end++;
	}
	return found;
}

static bool has_scores(const struct audit_in *in, const struct task *t)
{
	for (size_t i = 0; i < in->scores.n; i++)
		if (in->scores.v[i].task == t && in->scores.v[i].share)
			return true;
	return false;
}

size_t audit_tasks_in(const struct audit_in *in, const char *text, struct audit_mention *v,
	size_t max)
{
	size_t n = 0;

	for (size_t i = 0; text[i] && n < max;) {
		const struct task *t = NULL;
		size_t len = task_at(text + i, &t);

		if (len && has_scores(in, t)) {
			v[n++] = (struct audit_mention){ i, len, t, AUDIT_NONE };
			i += len;
		} else {
			size_t skip = word_at(text + i);

			i += skip ? skip : 1;
		}
	}
	return n;
}

/* --- variants --- */

/* Words of a name are cut at its marks. */
static size_t part_length(const char *s)
{
	size_t n = 0;

	while (s[n] && (isalnum((uint8_t)s[n]) || s[n] == '.'))
		n++;
	return n;
}

static bool has_part(const char *name, const char *part, size_t n)
{
	for (const char *p = name; *p;) {
		size_t len = part_length(p);

		if (len == n && !strncasecmp(p, part, n))
			return true;
		p += len ? len : 1;
	}
	return false;
}

/* Words that many names and sentences have tell nothing. */
static bool is_common(const char *s, size_t n)
{
	static const char *const words[] = { "the", "this", "of", "model", "merge", "file", "hi",
		"mlx", "gguf", "your", "base", "instruct", "it", "chat", "best", "a", "and" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i]) == n && !strncasecmp(words[i], s, n))
			return true;
	return n < 2;
}

static bool tells(const struct audit_in *in, size_t variant, const char *part, size_t n)
{
	if (is_common(part, n))
		return false;
	for (size_t i = 0; i < in->variants.n; i++)
		if (in->variants.v[i].same != in->variants.v[variant].same &&
			has_part(str_base(in->variants.v[i].name), part, n))
			return false;
	return true;
}

static size_t variant_at(const struct audit_in *in, const char *word, size_t n)
{
	for (size_t v = 0; v < in->variants.n; v++)
		if (has_part(str_base(in->variants.v[v].name), word, n) && tells(in, v, word, n))
			return in->variants.v[v].same;
	return AUDIT_NONE;
}

size_t audit_variants_in(const struct audit_in *in, const char *text, struct audit_mention *v,
	size_t max)
{
	size_t n = 0;

	for (size_t i = 0; text[i] && n < max;) {
		size_t len = part_length(text + i), variant;

		while (len && text[i + len - 1] == '.')
			len--;
		variant = len ? variant_at(in, text + i, len) : AUDIT_NONE;
		if (variant != AUDIT_NONE && (!n || v[n - 1].variant != variant ||
			v[n - 1].at + v[n - 1].n + 1 < i))
			v[n++] = (struct audit_mention){ i, len, NULL, variant };
		i += len ? len : 1;
	}
	return n;
}
