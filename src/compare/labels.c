#include "compare/making.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"

static const char breaks[] = "-_ ";

/* Bytes of the first part with what parts it from the next; 0: it is the last. */
static size_t first_part(const char *s)
{
	size_t n = strcspn(s, breaks);

	return s[n] ? n + 1 : 0;
}

/* What all begin with, in whole parts. */
static size_t shared_start(char *const *names, size_t n)
{
	size_t shared = 0;

	for (;;) {
		size_t next = first_part(names[0] + shared);

		if (!next)
			return shared;
		for (size_t i = 1; i < n; i++)
			if (strncasecmp(names[0], names[i], shared + next) ||
				!names[i][shared + next])
				return shared;
		shared += next;
	}
}

/* Where the last part before `end` begins. */
static size_t last_part(const char *s, size_t end)
{
	while (end && strchr(breaks, s[end - 1]))
		end--;
	while (end && !strchr(breaks, s[end - 1]))
		end--;
	return end;
}

static void cut_end(char *s, const char *end)
{
	if (str_ends(s, end) && strlen(s) > strlen(end))
		s[strlen(s) - strlen(end)] = 0;
}

static bool alone(char *const *v, size_t n, size_t i)
{
	for (size_t k = 0; k < n; k++)
		if (k != i && !strcmp(v[k], v[i]))
			return false;
	return true;
}

static char *longer(const struct subject *s, const char *label, int how)
{
	if (how == 0 && s->quantization && *s->quantization && !strcasestr(label, s->quantization))
		return xasprintf("%s %s", label, s->quantization);
	if (how == 1)
		return xstrdup(s->name);
	return s->run ? xasprintf("%s #%" PRId64, label, s->run) : xstrdup(label);
}

void making_labels(struct making *m)
{
	size_t n = m->subjects.n, shared;
	char **v = xnew(char *, n + 1);

	for (size_t i = 0; i < n; i++) {
		const char *name = m->subjects.v[i].name;

		v[i] = str_safe(*str_base(name) ? str_base(name) : name);
		cut_end(v[i], ".safetensors");
		cut_end(v[i], ".gguf");
		cut_end(v[i], "-gguf");
		cut_end(v[i], "-GGUF");
		cut_end(v[i], "-mlx");
	}
	shared = n > 1 ? shared_start(v, n) : 0;
	for (size_t i = 0; i < n; i++)
		if (strlen(v[i]) < shared + 2) /* "a" says little */
			shared = last_part(v[i], shared);
	for (size_t i = 0; i < n; i++)
		memmove(v[i], v[i] + shared, strlen(v[i] + shared) + 1);
	for (int how = 0; how < 3; how++) {
		bool *clear = xnew(bool, n + 1);

		for (size_t i = 0; i < n; i++)
			clear[i] = alone(v, n, i);
		for (size_t i = 0; i < n; i++) {
			char *more = clear[i] ? NULL : longer(&m->subjects.v[i], v[i], how);

			if (!more)
				continue;
			free(v[i]);
			v[i] = str_safe(more);
			free(more);
		}
		free(clear);
	}
	for (size_t i = 0; i < n; i++)
		m->out->variants[i].label = v[i];
	free(v);
}
