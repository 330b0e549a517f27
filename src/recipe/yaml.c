#include "config.h"
#include "recipe/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/str.h"
#include "base/vec.h"

#define LONG_TAG "tag:yaml.org,2002:"

struct frame { /* a list or map that is still open */
	struct yaml_node *node;
	const struct yaml_node *key;          /* of the value awaited; NULL: a key or an item is */
	vec(const struct yaml_node *) items;
	vec(struct yaml_pair) pairs;
};
struct anchor {
	struct yaml_node *node;
	bool open;  /* inside it now */
};
struct build {
	yaml_parser_t parser;
	struct arena *arena;
	const char *text, *where;
	size_t n, skipped;         /* bytes before what libyaml sees: a byte order mark */
	size_t *char_at;           /* byte of every 64th character; NULL if all are one byte */
	size_t n_char_at;
	vec(size_t) lines;         /* where each line begins */
	struct mark last;          /* placed before: the next is usually on the same line */
	struct frame stack[YAML_MAX_DEPTH];
	size_t depth, nodes;
	vec(struct anchor) anchors;
	vec(struct mark) quoted;   /* scalars in quotes or blocks: there a tab is a tab */
	vec(const struct yaml_node *) roots; /* of the documents */
	struct err *err;
};

/* ---- places ---- */

static void index_text(struct build *b)
{
	size_t chars = 0;
	vec(size_t) at = { 0 };

	*vec_push(&b->lines) = 0;
	for (size_t i = 0; i < b->n; i++) {
		if (b->text[i] == '\n' || (b->text[i] == '\r' && b->text[i + 1] != '\n'))
			*vec_push(&b->lines) = i + 1;
		if (i < b->skipped || ((unsigned char)b->text[i] & 0xC0) == 0x80)
			continue;
		if (chars++ % 64 == 0)
			*vec_push(&at) = i;
	}
	b->char_at = at.v;
	b->n_char_at = at.n;
	if (chars + b->skipped == b->n) {
		vec_fini(&at);
		b->char_at = NULL;
	}
}

/* libyaml counts characters from the byte order mark on; everyone else here counts bytes. */
static size_t byte_at(const struct build *b, size_t ch)
{
	size_t at;

	if (!b->char_at)
		return ch + b->skipped < b->n ? ch + b->skipped : b->n;
	if (ch / 64 >= b->n_char_at)
		return b->n;
	at = b->char_at[ch / 64];
	for (ch %= 64; ch && at < b->n; at++)
		if (((unsigned char)b->text[at + 1] & 0xC0) != 0x80)
			ch--;
	return at;
}

static void place(struct build *b, struct mark *m)
{
	size_t lo = 0, hi = b->lines.n, from;

	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;

		if (b->lines.v[mid] <= m->begin)
			lo = mid;
		else
			hi = mid;
	}
	m->line = (int)lo + 1;
	m->column = 1;
	from = b->lines.v[lo] + (lo ? 0 : b->skipped);
	if (b->last.line == m->line && b->last.begin <= m->begin) {
		m->column = b->last.column;
		from = b->last.begin;
	}
	for (size_t i = from; i < m->begin; i++)
		m->column += ((unsigned char)b->text[i] & 0xC0) != 0x80;
	b->last = *m;
}

__attribute__((format(printf, 4, 5)))
static bool fail(struct build *b, size_t byte, const char *hint, const char *fmt, ...)
{
	struct mark m = { .begin = byte < b->n ? byte : b->n };
	char where[512], what[400];
	va_list ap;

	place(b, &m);
	snprintf(where, sizeof where, "%s:%d:%d", b->where, m.line, m.column);
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return err_set(b->err, ERR_INPUT, where, hint, "%s", what);
}

static bool parser_failed(struct build *b)
{
	const yaml_parser_t *p = &b->parser;
	size_t at = p->error == YAML_READER_ERROR ? p->problem_offset + b->skipped
		: byte_at(b, p->problem_mark.index);
	size_t s = at < b->n ? at : b->n;

	if (p->error == YAML_MEMORY_ERROR)
		return err_set(b->err, ERR_MEMORY, b->where, NULL, "out of memory");
	if (p->error == YAML_READER_ERROR)
		return fail(b, at, "recipes are plain UTF-8 text",
			"a control character is not allowed here");
	if (s < b->n && b->text[s] == '\t')
		return fail(b, s, "use spaces", "a tab cannot stand here");
	return fail(b, at, "check the indent, the colons and the quotes around this line",
		"this is not YAML: %s", p->problem ? p->problem : "it cannot be read");
}

/* ---- nodes ---- */

static struct yaml_node *node_new(struct build *b, const yaml_event_t *ev, const char *anchor)
{
	struct yaml_node *n;
	size_t begin = byte_at(b, ev->start_mark.index), end = byte_at(b, ev->end_mark.index);

	if (b->nodes >= YAML_MAX_NODES) {
		fail(b, begin, NULL, "more than %d values: this is no recipe", YAML_MAX_NODES);
		return NULL;
	}
	b->nodes++;
	n = arena_new(b->arena, struct yaml_node, 1);
	n->weight = 1;
	n->props = begin;
	/* Anchor and tag come first; the content follows them. */
	while (begin < end && (b->text[begin] == '&' || b->text[begin] == '!')) {
		begin += strcspn(b->text + begin, " \t\r\n");
		begin += strspn(b->text + begin, " \t\r\n");
	}
	n->mark.begin = begin < end ? begin : end;
	n->mark.end = end;
	place(b, &n->mark);
	if (!anchor)
		return n;
	for (size_t i = 0; i < b->anchors.n; i++)
		if (strcmp(b->anchors.v[i].node->anchor, anchor) == 0) {
			fail(b, n->props, "give each a name of its own",
				"anchor &%s is defined twice", anchor);
			return NULL;
		}
	if (b->anchors.n >= YAML_MAX_ANCHORS) {
		fail(b, n->props, NULL, "more than %d anchors", YAML_MAX_ANCHORS);
		return NULL;
	}
	n->anchor = arena_strdup(b->arena, anchor);
	*vec_push(&b->anchors) = (struct anchor){ .node = n, .open = true };
	return n;
}

static void anchor_close(struct build *b, const struct yaml_node *n)
{
	for (size_t i = b->anchors.n; n->anchor && i-- > 0;)
		if (b->anchors.v[i].node == n)
			b->anchors.v[i].open = false;
}

static const struct yaml_node *alias_node(struct build *b, const yaml_event_t *ev)
{
	const char *name = (const char *)ev->data.alias.anchor;
	struct yaml_node *n = node_new(b, ev, NULL), *to = NULL;
	bool open = false;

	if (!n)
		return NULL;
	for (size_t i = 0; i < b->anchors.n; i++)
		if (strcmp(b->anchors.v[i].node->anchor, name) == 0) {
			to = b->anchors.v[i].node;
			open = b->anchors.v[i].open;
		}
	if (!to || open) {
		fail(b, n->props,
			open ? "an alias cannot stand inside what it names"
			: "define it above with &NAME",
			open ? "*%s contains itself" : "*%s is not defined", name);
		return NULL;
	}
	to->uses++;
	n->kind = to->kind;
	n->style = to->style;
	n->text = to->text;
	n->number = to->number;
	n->n = to->n;
	n->pairs = to->pairs;
	n->items = to->items;
	n->weight = to->weight;
	n->target = to;
	return n;
}

/* Explicit tags: the core ones, spelled !!int; anything else would run code or make no sense here.
 */
static bool tagged(struct build *b, struct yaml_node *n, const char *tag)
{
	static const struct { const char *tag; enum yaml_kind kind; } core[] = {
		{ "str", Y_TEXT }, { "int", Y_INT }, { "float", Y_FLOAT }, { "bool", Y_BOOL },
		{ "null", Y_NULL }, { "seq", Y_LIST }, { "map", Y_MAP },
	};
	const char *name = str_starts(tag, LONG_TAG) ? tag + strlen(LONG_TAG) : NULL;
	bool number_ok = true;

	for (size_t i = 0; name && i < sizeof core / sizeof *core; i++) {
		if (strcmp(core[i].tag, name) != 0)
			continue;
		if (n->kind >= Y_LIST || core[i].kind >= Y_LIST) {
			if (core[i].kind == n->kind)
				return true;
			break;
		}
		if (core[i].kind == Y_INT || core[i].kind == Y_FLOAT)
			number_ok = n->kind == Y_INT || n->kind == Y_FLOAT
				|| yaml_text_number(n->text, &n->number);
		else if (core[i].kind == Y_BOOL)
			number_ok =
				n->kind == Y_BOOL || yaml_resolve(n->text, &n->number) == Y_BOOL;
		if (!number_ok)
			break;
		n->kind = core[i].kind;
		return true;
	}
	return fail(b, n->props, "write the value without the tag", "tag %s cannot be used here",
		name ? name : tag);
}

static const struct yaml_node *scalar_node(struct build *b, const yaml_event_t *ev)
{
	const char *tag = (const char *)ev->data.scalar.tag;
	struct yaml_node *n = node_new(b, ev, (const char *)ev->data.scalar.anchor);

	if (!n)
		return NULL;
	n->text = arena_strndup(
		b->arena, (const char *)ev->data.scalar.value, ev->data.scalar.length);
	if (memchr(ev->data.scalar.value, '\0', ev->data.scalar.length)) {
		fail(b, n->props, NULL, "a NUL character cannot be used");
		return NULL;
	}
	n->kind = Y_TEXT;
	switch (ev->data.scalar.style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE: n->style = '\''; break;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE: n->style = '"'; break;
	case YAML_LITERAL_SCALAR_STYLE: n->style = '|'; break;
	case YAML_FOLDED_SCALAR_STYLE: n->style = '>'; break;
	default:
		n->style = 'p';
		n->kind = yaml_resolve(n->text, &n->number);
	}
	if (n->style != 'p')
		*vec_push(&b->quoted) = n->mark;
	anchor_close(b, n);
	if (tag && strcmp(tag, "!") != 0 && !tagged(b, n, tag))
		return NULL;
	return n;
}

static const struct yaml_node *open_node(struct build *b, const yaml_event_t *ev)
{
	bool list = ev->type == YAML_SEQUENCE_START_EVENT;
	const char *tag = (const char *)(list ? ev->data.sequence_start.tag
		: ev->data.mapping_start.tag);
	bool flow = list ? ev->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
		: ev->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	struct yaml_node *n = node_new(b, ev, (const char *)(list ? ev->data.sequence_start.anchor
		: ev->data.mapping_start.anchor));

	if (!n)
		return NULL;
	if (b->depth == YAML_MAX_DEPTH) {
		fail(b, n->props, NULL, "nested more than %d deep", YAML_MAX_DEPTH);
		return NULL;
	}
	n->kind = list ? Y_LIST : Y_MAP;
	n->style = flow ? 'f' : 'b';
	if (tag && strcmp(tag, "!") != 0 && !tagged(b, n, tag))
		return NULL;
	b->stack[b->depth++] = (struct frame){ .node = n };
	return n;
}

/* ---- maps: duplicates and merges ---- */

struct candidate {
	const struct yaml_node *key;
	size_t order, pair;   /* pair: index among the own, SIZE_MAX - i of the merged */
};

static int candidate_cmp(const void *pa, const void *pb)
{
	const struct candidate *a = pa, *b = pb;
	int c = strcmp(a->key->text, b->key->text);

	return c ? c : a->order < b->order ? -1 : 1;
}

struct pair_list {
	struct yaml_pair *v;
	size_t n, cap;
};

static bool merge_one(struct build *b, const struct yaml_node *from, struct pair_list *merged)
{
	if (from->kind != Y_MAP)
		return fail(b, from->mark.begin, "<<: takes a map, or a list of maps",
			"only a map can be merged");
	b->nodes += from->n;
	if (b->nodes > YAML_MAX_NODES)
		return fail(b, from->mark.begin, NULL, "merged keys make more than %d values",
			YAML_MAX_NODES);
	for (size_t i = 0; i < from->n; i++)
		if (from->pairs[i].kind == Y_OWN || from->pairs[i].kind == Y_MERGED)
			*vec_push(merged) = (struct yaml_pair){ .kind = Y_MERGED,
				.key = from->pairs[i].key, .value = from->pairs[i].value };
	return true;
}

/* In the order of rising precedence: of a list of maps the first wins, and each << over the one
 * above. */
static bool merge_all(struct build *b, const struct pair_list *own, struct pair_list *merged)
{
	for (size_t i = 0; i < own->n; i++) {
		const struct yaml_node *v = own->v[i].value;

		if (own->v[i].kind != Y_MERGE_KEY)
			continue;
		if (v->kind != Y_LIST) {
			if (!merge_one(b, v, merged))
				return false;
			continue;
		}
		for (size_t j = v->n; j-- > 0;)
			if (!merge_one(b, v->items[j], merged))
				return false;
	}
	return true;
}

/* Marks the own pairs that a later one shadows and appends the merged ones that count. */
static void pairs_settle(struct pair_list *own, const struct pair_list *merged)
{
	struct candidate *c = xnew(struct candidate, own->n + merged->n + 1);
	size_t n = 0, n_own = own->n;

	for (size_t i = 0; i < merged->n; i++, n++)
		c[n] = (struct candidate){ merged->v[i].key, n, SIZE_MAX - i };
	for (size_t i = 0; i < n_own; i++)
		if (own->v[i].kind == Y_OWN) {
			c[n] = (struct candidate){ own->v[i].key, n, i };
			n++;
		}
	qsort(c, n, sizeof *c, candidate_cmp);
	for (size_t i = n, last = n; i-- > 0;) {
		bool wins = last == n || strcmp(c[i].key->text, c[last].key->text) != 0;

		if (wins)
			last = i;
		if (c[i].pair < n_own && !wins) {
			own->v[c[i].pair].kind = Y_SHADOWED;
			own->v[c[i].pair].winner = c[last].key;
		} else if (c[i].pair >= n_own && wins)
			*vec_push(own) = merged->v[SIZE_MAX - c[i].pair];
	}
	free(c);
}

static bool map_close(struct build *b, struct frame *f)
{
	struct pair_list own = { f->pairs.v, f->pairs.n, f->pairs.cap }, merged = { 0 };
	struct yaml_node *n = f->node;
	struct yaml_pair *kept;

	f->pairs.v = NULL;
	if (!merge_all(b, &own, &merged)) {
		vec_fini(&own);
		vec_fini(&merged);
		return false;
	}
	if (own.n > 1 || merged.n)
		pairs_settle(&own, &merged);
	n->n = own.n;
	kept = arena_new(b->arena, struct yaml_pair, own.n + 1);
	if (own.n)
		memcpy(kept, own.v, own.n * sizeof *kept);
	n->pairs = kept;
	for (size_t i = 0; i < own.n; i++)
		n->weight += own.v[i].key->weight + own.v[i].value->weight;
	vec_fini(&own);
	vec_fini(&merged);
	return true;
}

static void list_close(struct build *b, struct frame *f)
{
	const struct yaml_node **kept =
		arena_new(b->arena, const struct yaml_node *, f->items.n + 1);

	f->node->n = f->items.n;
	for (size_t i = 0; i < f->items.n; i++) {
		kept[i] = f->items.v[i];
		f->node->weight += kept[i]->weight;
	}
	f->node->items = kept;
	vec_fini(&f->items);
}

static bool close_node(struct build *b, const yaml_event_t *ev)
{
	struct frame *f = &b->stack[--b->depth];
	struct yaml_node *n = f->node;
	bool ok = true;

	if (n->kind == Y_LIST)
		list_close(b, f);
	else
		ok = map_close(b, f);
	if (!ok)
		return false;
	n->mark.end = n->style == 'f' ? byte_at(b, ev->end_mark.index) : yaml_end(n);
	anchor_close(b, n);
	if (n->weight > YAML_MAX_NODES)
		return fail(b, n->props, NULL, "its aliases expand to more than %d values",
			YAML_MAX_NODES);
	return true;
}

/* Hands a finished or opened node to what it stands in. */
static bool attach(struct build *b, size_t depth, const struct yaml_node *n)
{
	struct frame *f;
	struct yaml_pair pair = { .kind = Y_OWN, .value = n };

	if (depth == 0) {
		*vec_push(&b->roots) = n;
		return true;
	}
	f = &b->stack[depth - 1];
	if (f->node->kind == Y_LIST) {
		*vec_push(&f->items) = n;
		return true;
	}
	if (!f->key) {
		if (!yaml_is_scalar(n))
			return fail(
				b, n->mark.begin, "write KEY: VALUE", "a key must be a plain word");
		f->key = n;
		return true;
	}
	pair.key = f->key;
	if (f->key->style == 'p' && strcmp(f->key->text, "<<") == 0)
		pair.kind = Y_MERGE_KEY;
	*vec_push(&f->pairs) = pair;
	f->key = NULL;
	return true;
}

static bool take(struct build *b, const yaml_event_t *ev)
{
	const struct yaml_node *n = NULL;
	size_t depth = b->depth;

	switch (ev->type) {
	case YAML_SCALAR_EVENT: n = scalar_node(b, ev); break;
	case YAML_ALIAS_EVENT: n = alias_node(b, ev); break;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT: n = open_node(b, ev); break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: return close_node(b, ev);
	default: return true;
	}
	return n && attach(b, depth, n);
}

/* All documents share the limits; each has anchors of its own. */
static bool read_events(struct build *b, struct yaml_doc *out)
{
	for (;;) {
		yaml_event_t ev;
		enum yaml_event_type_e type;
		bool ok;

		if (!yaml_parser_parse(&b->parser, &ev))
			return parser_failed(b);
		type = ev.type;
		if (type == YAML_DOCUMENT_START_EVENT) {
			out->documents++;
			b->anchors.n = 0;
		}
		ok = take(b, &ev);
		yaml_event_delete(&ev);
		if (!ok)
			return false;
		if (type == YAML_STREAM_END_EVENT)
			return true;
	}
}

/* libyaml takes tabs between words; PyYAML, and so mergekit, takes them only in quotes, blocks and
 * comments. */
static bool no_tabs(struct build *b)
{
	size_t next = 0;

	for (size_t i = 0; i < b->n; i++) {
		if (next < b->quoted.n && i == b->quoted.v[next].begin) {
			i = b->quoted.v[next].end;
			next++;
		}
		while (next < b->quoted.n && b->quoted.v[next].begin < i)
			next++;
		if (b->text[i] == '#' && (i == 0 || strchr(" \t\r\n", b->text[i - 1])))
			i += strcspn(b->text + i, "\r\n");
		else if (b->text[i] == '\t')
			return fail(b, i, "use spaces", "a tab cannot stand here");
	}
	return true;
}

static const struct yaml_node *const *roots_keep(const struct build *b)
{
	const struct yaml_node **v = arena_new(b->arena, const struct yaml_node *, b->roots.n + 1);

	for (size_t i = 0; i < b->roots.n; i++)
		v[i] = b->roots.v[i];
	return v;
}

bool yaml_parse(struct arena *a, const char *text, size_t n, const char *where,
	struct yaml_doc *out, struct err *e)
{
	struct build b = {
		.arena = a, .text = text, .n = n, .where = where ? where : "recipe", .err = e};
	bool ok;

	*out = (struct yaml_doc){ 0 };
	if (n > YAML_MAX_BYTES)
		return err_set(e, ERR_INPUT, b.where,
			"a recipe is a page of text: is this the right file?",
			"%zu MB are more than the %zu MB a recipe may have", n / 1000000,
			YAML_MAX_BYTES >> 20);
	if (!utf8_valid(text, n))
		return err_set(e, ERR_INPUT, b.where, "save it as UTF-8", "the text is not UTF-8");
	b.skipped = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	index_text(&b);
	if (!yaml_parser_initialize(&b.parser))
		return err_set(e, ERR_MEMORY, b.where, NULL, "out of memory");
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)text + b.skipped,
		n - b.skipped);
	ok = read_events(&b, out) && no_tabs(&b);
	out->roots = roots_keep(&b);
	out->root = out->roots[0];
	yaml_parser_delete(&b.parser);
	for (size_t i = 0; i < b.depth; i++) {
		vec_fini(&b.stack[i].items);
		vec_fini(&b.stack[i].pairs);
	}
	vec_fini(&b.roots);
	vec_fini(&b.anchors);
	vec_fini(&b.quoted);
	vec_fini(&b.lines);
	free(b.char_at);
	return ok;
}
