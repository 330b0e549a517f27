#include "config.h"
#include "lineage/names.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/hash.h"
#include "base/str.h"

void names_fini(struct names *n)
{
	vec_fini(&n->v);
	free(n->heads);
	arena_fini(&n->text);
	*n = (struct names){ 0 };
}

const char *name_tail(const char *name)
{
	size_t n = strlen(name);

	while (n && name[n - 1] == '/')
		n--;
	while (n && name[n - 1] != '/')
		n--;
	return name + n;
}

const char *name_owner(const char *name, size_t *n)
{
	const char *slash = strchr(name, '/');

	if (!slash || slash == name || strchr(slash + 1, '/') || !slash[1] || *name == '.' ||
		*name == '~')
		return NULL;
	*n = (size_t)(slash - name);
	return name;
}

bool names_agree(const char *a, const char *b)
{
	size_t n, m;
	const char *x = name_owner(a, &n), *y = name_owner(b, &m);

	return !x || !y || (n == m && !strncasecmp(x, y, n));
}

/* The form of a word that is compared, in a buffer of its length. */
static size_t form(enum name_how how, const char *word, char *out)
{
	const char *from = how >= NAME_TAIL ? name_tail(word) : word;
	size_t n = strlen(from);

	while (n && from[n - 1] == '/')
		n--;
	for (size_t i = 0; i < n; i++)
		out[i] = how == NAME_FLAT && from[i] == '/' ? '_' :
			how == NAME_FOLDED ? (char)tolower((unsigned char)from[i]) : from[i];
	out[n] = 0;
	return n;
}

static uint64_t key_of(enum name_how how, const char *s, size_t n)
{
	return hash64_bytes(s, n) + (uint64_t)how * 0x9e3779b97f4a7c15u;
}

static void grow(struct names *n)
{
	n->n_heads = n->n_heads ? n->n_heads * 2 : 1024;
	free(n->heads);
	n->heads = xnew(size_t, n->n_heads);
	for (size_t i = 0; i < n->v.n; i++) {
		size_t *head = &n->heads[n->v.v[i].key & (n->n_heads - 1)];

		n->v.v[i].next = *head;
		*head = i + 1;
	}
}

void names_add(struct names *n, enum name_how how, const char *text, size_t node)
{
	char *s = arena_alloc(&n->text, strlen(text) + 1);
	size_t len = form(how, text, s);
	struct name_entry *x;
	size_t *head;

	if (!len)
		return;
	if (n->v.n >= n->n_heads / 2)
		grow(n);
	x = vec_push(&n->v);
	*x = (struct name_entry){ .key = key_of(how, s, len), .node = node, .text = s };
	head = &n->heads[x->key & (n->n_heads - 1)];
	x->next = *head;
	*head = n->v.n;
}

void names_add_all(struct names *n, const char *name, size_t node)
{
	for (int how = NAME_FULL; how < NAME_HOWS; how++)
		names_add(n, (enum name_how)how, name, node);
}

size_t names_find(const struct names *n, enum name_how how, const char *word, size_t *out,
	size_t max)
{
	char small[512], *s = strlen(word) < sizeof small ? small : xmalloc(strlen(word) + 1);
	size_t len = form(how, word, s), found = 0;
	uint64_t key = key_of(how, s, len);
	size_t at = len && n->n_heads ? n->heads[key & (n->n_heads - 1)] : 0;

	for (; at && found < max; at = n->v.v[at - 1].next) {
		const struct name_entry *x = &n->v.v[at - 1];
		bool twice = false;

		if (x->key != key || strcmp(x->text, s))
			continue;
		for (size_t i = 0; i < found; i++)
			twice |= out[i] == x->node;
		if (!twice)
			out[found++] = x->node;
	}
	if (s != small)
		free(s);
	return found;
}
