#include "config.h"
#include "recipe/publish.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "recipe/yaml.h"

struct change { /* bytes of the text, and what stands there instead */
	size_t begin, end;
	char *with;
};
struct publisher {
	const char *text;
	size_t n;
	const struct publish_input *inputs;
	size_t n_inputs;
	vec(struct change) changes;
};

/* …/models--OWNER--NAME/snapshots/REVISION[/…]: where the hub's cache keeps a model. */
static const char *hub_part(const char *path, const char **end)
{
	const char *p = strstr(path, "/models--");

	if (!p)
		return NULL;
	p += strlen("/models--");
	*end = p + strcspn(p, "/");
	return *end > p ? p : NULL;
}

char *publish_name(const char *path)
{
	const char *end, *hub = hub_part(path, &end), *dash;
	size_t n = strlen(path);

	if (hub) {
		dash = strstr(hub, "--");
		if (!dash || dash >= end)
			return xstrndup(hub, (size_t)(end - hub));
		return xasprintf("%.*s/%.*s", (int)(dash - hub), hub, (int)(end - dash - 2),
			dash + 2);
	}
	while (n > 1 && path[n - 1] == '/')
		n--;
	for (const char *p = n ? path + n - 1 : path; p > path; p--)
		if (p[-1] == '/')
			return xstrndup(p, (size_t)(path + n - p));
	return xstrndup(path, n);
}

char *publish_revision(const char *path)
{
	static const char snapshots[] = "/snapshots/";
	const char *end, *hub = hub_part(path, &end);

	if (!hub || !str_starts(end, snapshots))
		return NULL;
	end += sizeof snapshots - 1;
	return end[0] && end[0] != '/' ? xstrndup(end, strcspn(end, "/")) : NULL;
}

static bool begins_word(const char *text, const char *p)
{
	return p == text || strchr(" \t\n\r\"'`()[]{}<>|=,:;", p[-1]);
}

void publish_text(struct str *out, const char *text)
{
	static const char ends[] = " \t\n\r\"'`()[]{}<>|,;";

	str_add(out, "");
	for (const char *p = text; *p;) {
		bool root = begins_word(text, p) && ((p[0] == '/' && p[1] && p[1] != '/' &&
			!strchr(ends, p[1])) || (p[0] == '~' && p[1] == '/'));
		bool drive = begins_word(text, p) && isalpha((unsigned char)p[0]) && p[1] == ':' &&
			p[2] == '\\';
		size_t n = strcspn(p, ends);
		char *path, *name;

		bool url = str_starts(p, "file:///");

		if (!root && !drive && !url) {
			str_addc(out, *p++);
			continue;
		}
		path = xstrndup(p, n);
		for (char *q = path; drive && *q; q++)
			*q = *q == '\\' ? '/' : *q;
		name = publish_name(path);
		str_add(out, name);
		free(name);
		free(path);
		p += n;
	}
}

static bool is_absolute(const char *s)
{
	return s[0] == '/' || (s[0] == '~' && (s[1] == '/' || !s[1])) || str_starts(s, "file://");
}

static const struct publish_input *input_of(const struct publisher *p, const char *text)
{
	for (size_t i = 0; i < p->n_inputs; i++)
		if (str_eq(p->inputs[i].text, text))
			return &p->inputs[i];
	return NULL;
}

/* PATH[@REVISION][+ADAPTER[@REVISION][:SCALE]…]: each path by its name, the rest as it is. */
static void add_public(struct str *s, const char *text, const char *known)
{
	while (*text) {
		size_t n = strcspn(text, "@+");
		char *path = xstrndup(text, n), *name;

		name = !is_absolute(path) ? xstrdup(path) :
			known ? xstrdup(known) : publish_name(path);
		str_add(s, name);
		free(name);
		free(path);
		known = NULL;
		text += n;
		n = *text == '@' ? strcspn(text, "+") : 0;
		str_addn(s, text, n);
		text += n;
		if (*text == '+')
			str_addc(s, *text++);
	}
}

static bool has_path(const char *text)
{
	const char *plus = text;

	if (is_absolute(text))
		return true;
	while ((plus = strchr(plus, '+')) != NULL)
		if (is_absolute(++plus))
			return true;
	return false;
}

/* Where a comment behind the line that `at` is in can stand. */
static size_t line_end(const struct publisher *p, size_t at)
{
	while (at < p->n && p->text[at] != '\n' && p->text[at] != '\r')
		at++;
	return at;
}

static void publish_scalar(struct publisher *p, const struct yaml_node *node)
{
	const struct publish_input *in = input_of(p, node->text);
	struct str name = STR_INIT, with = STR_INIT;
	size_t end;

	if (!strchr("p'\"", node->style) || node->target || !has_path(node->text))
		return;
	add_public(&name, node->text, in ? in->name : NULL);
	yaml_add_text(&with, name.s ? name.s : "");
	*vec_push(&p->changes) = (struct change){ node->mark.begin, node->mark.end,
		str_steal(&with) };
	if (in && in->hash) {
		end = line_end(p, node->mark.end);
		*vec_push(&p->changes) = (struct change){ end, end,
			xasprintf(" # hash %s", in->hash) };
	}
	str_fini(&name);
}

/* Depth is bounded by the parser. An alias is written where its anchor stands. */
static void publish_node(struct publisher *p, const struct yaml_node *node)
{
	if (!node || node->target)
		return;
	if (node->kind == Y_TEXT)
		publish_scalar(p, node);
	for (size_t i = 0; node->kind == Y_LIST && i < node->n; i++)
		publish_node(p, node->items[i]);
	for (size_t i = 0; node->kind == Y_MAP && i < node->n; i++)
		if (node->pairs[i].kind == Y_OWN || node->pairs[i].kind == Y_SHADOWED)
			publish_node(p, node->pairs[i].value);
}

static int by_place(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

static char *apply(struct publisher *p)
{
	struct str out = STR_INIT;
	size_t at = 0;

	if (p->changes.n)
		qsort(p->changes.v, p->changes.n, sizeof *p->changes.v, by_place);
	str_add(&out, "");
	for (size_t i = 0; i < p->changes.n; i++) {
		struct change *c = &p->changes.v[i];

		if (c->begin >= at) {
			str_addn(&out, p->text + at, c->begin - at);
			str_add(&out, c->with);
			at = c->end;
		}
		free(c->with);
	}
	str_addn(&out, p->text + at, p->n - at);
	return str_steal(&out);
}

char *recipe_publish(const char *text, const struct publish_input *v, size_t n, struct err *e)
{
	struct publisher p = { .text = text, .n = strlen(text), .inputs = v, .n_inputs = n };
	struct yaml_doc doc;
	struct arena a;
	char *out = NULL;

	arena_init(&a);
	if (yaml_parse(&a, text, p.n, "recipe", &doc, e)) {
		for (size_t i = 0; i < doc.documents; i++)
			publish_node(&p, doc.roots[i]);
		out = apply(&p);
	}
	vec_fini(&p.changes);
	arena_fini(&a);
	return out;
}
