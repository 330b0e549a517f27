#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "lineage/build.h"
#include "model/hub.h"

#define SEVERAL 64 /* candidates that are looked at; more are simply many */

static const struct catalog_model *model_of(const struct draft *d, size_t node)
{
	return node < d->n_models ? &d->models[node] : NULL;
}

static bool beside(const struct draft *d, size_t node, size_t of)
{
	const struct catalog_model *a = model_of(d, node), *b = model_of(d, of);
	size_t n = a && b ? (size_t)(str_base(a->path) - a->path) : 0;

	return n && n == (size_t)(str_base(b->path) - b->path) && !strncmp(a->path, b->path, n);
}

/* Of several of one name: the one that lies beside the child, or that is here while the others are
 * only named; copies of the same content are one. LINEAGE_NONE: it cannot be told. */
static size_t choose(const struct draft *d, const size_t *v, size_t n, size_t of)
{
	size_t near = 0, here = 0, the_near = 0, the_here = 0;
	bool same = true;

	for (size_t i = 0; i < n; i++) {
		const char *a = d->hashes.v[v[i]], *b = d->hashes.v[v[0]];

		same &= a && str_eq(a, b);
		if (beside(d, v[i], of)) {
			near++;
			the_near = v[i];
		}
		if (v[i] < d->n_models) {
			here++;
			the_here = v[i];
		}
	}
	return near == 1 ? the_near : here == 1 ? the_here : same ? v[0] : LINEAGE_NONE;
}

static size_t find_by(const struct draft *d, enum name_how how, const char *word, size_t of,
	bool *many)
{
	size_t found[SEVERAL], n = names_find(d->names, how, word, found, SEVERAL), k = 0, node;

	for (size_t i = 0; i < n; i++)
		if (found[i] != of && (how < NAME_TAIL ||
			names_agree(word, d->nodes.v[found[i]].name)))
			found[k++] = found[i];
	if (k <= 1)
		return k ? found[0] : LINEAGE_NONE;
	node = n < SEVERAL ? choose(d, found, k, of) : LINEAGE_NONE;
	*many = node == LINEAGE_NONE;
	return node;
}

/* The node that is there, or LINEAGE_NONE; *many: several. */
static size_t draft_find(const struct draft *d, const char *word, size_t of, bool *many)
{
	size_t node = LINEAGE_NONE;
	bool is_path = strchr("/~.", *word) != NULL;
	const char *at = is_path ? NULL : strchr(word, '@');

	*many = false;
	if (!*word)
		return LINEAGE_NONE;
	for (int how = NAME_PATH; node == LINEAGE_NONE && !*many && how < NAME_HOWS; how++)
		node = find_by(d, (enum name_how)how, word, of, many);
	if (node == LINEAGE_NONE && !*many && at && at > word) { /* any revision of it */
		char *plain = xstrndup(word, (size_t)(at - word));

		node = draft_find(d, plain, of, many);
		free(plain);
	}
	return node;
}

size_t draft_named(struct draft *d, const char *name, const char *path, const char *state)
{
	size_t node = d->nodes.n;
	struct lineage_node *x = vec_push(&d->nodes);

	*vec_push(&d->hashes) = NULL;
	x->name = xstrdup(name);
	x->path = path ? xstrdup(path) : NULL;
	x->state = xstrdup(state);
	if (path)
		names_add(d->names, NAME_PATH, path, node);
	return node;
}

/* What a path that is not there any more is called: owner/name in a hub's cache, else its last
 * part. */
static char *public_name(const char *word)
{
	char *name = *word == '/' || *word == '~' || *word == '.' ? hub_name_of_path(word) : NULL;
	size_t n;

	if (name)
		return name;
	if (strchr("/~.", *word))
		word = name_tail(word);
	n = strlen(word);
	while (n > 1 && word[n - 1] == '/')
		n--;
	return xstrndup(word, n);
}

static size_t make(struct draft *d, const char *word, const char *path, bool many)
{
	char *name = public_name(word);
	size_t node = draft_named(d, name, path, "elsewhere");

	d->nodes.v[node].ambiguous = many;
	if (many) /* by the word itself, so that it is found again and nothing else is */
		names_add(d->names, NAME_PATH, word, node);
	else
		names_add_all(d->names, name, node);
	free(name);
	return node;
}

/* A fuller name than the one it was first met under. */
static void learn_name(struct draft *d, size_t node, const char *word)
{
	struct lineage_node *x = &d->nodes.v[node];
	size_t n;

	if (node < d->n_models || x->ambiguous || strchr("/~.", *word) || strpbrk(word, "@+") ||
		!name_owner(word, &n) || name_owner(x->name, &n) || strchr(x->name, '/'))
		return;
	free(x->name);
	x->name = xstrdup(word);
	names_add_all(d->names, word, node);
}

/* By content and place. Two models of the same content are told apart by where they are; where
 * other content lies now, that is not what was read. */
static size_t by_content(struct draft *d, const char *path, const char *hash, size_t of)
{
	bool many = false;
	size_t there = path ? find_by(d, NAME_PATH, path, of, &many) : LINEAGE_NONE, node;
	bool other = there != LINEAGE_NONE && hash && d->hashes.v[there] &&
		!str_eq(d->hashes.v[there], hash);
	char *name;

	if (there != LINEAGE_NONE && !other)
		return there;
	node = hash ? find_by(d, NAME_HASH, hash, of, &many) : LINEAGE_NONE;
	if (node != LINEAGE_NONE || !other)
		return node;
	name = xasprintf("%s (earlier content)", d->nodes.v[there].name);
	node = draft_named(d, name, NULL, "replaced");
	names_add(d->names, NAME_HASH, hash, node);
	free(name);
	return node;
}

size_t draft_node(struct draft *d, const char *word, const char *path, const char *hash, size_t of)
{
	size_t node = by_content(d, path, hash, of);
	bool many = false;

	if (node == LINEAGE_NONE && path && *path == '/') { /* gone from there; maybe it moved */
		char *name = public_name(strchr("/~.", *word) ? path : word);

		node = draft_find(d, name, of, &many);
		if (node != LINEAGE_NONE && hash && d->hashes.v[node])
			node = LINEAGE_NONE; /* that one is known, and is another */
		free(name);
	} else if (node == LINEAGE_NONE) {
		node = draft_find(d, word, of, &many);
	}
	if (node == LINEAGE_NONE)
		return make(d, word, path, many);
	learn_name(d, node, word);
	return node;
}

size_t draft_of_row(const struct draft *d, int64_t model)
{
	for (size_t lo = 0, hi = d->n_models; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;

		if (d->rows[mid].row == model)
			return d->rows[mid].node;
		if (d->rows[mid].row < model)
			lo = mid + 1;
		else
			hi = mid;
	}
	return LINEAGE_NONE;
}
