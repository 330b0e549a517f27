#include "config.h"
#include "recipe/edit.h"

#include <math.h>
#include <string.h>

const struct yaml_node *place_node(const struct yaml_node *root, const struct place *p, size_t k)
{
	const struct yaml_node *n = root;

	for (size_t i = 0; n && i < k; i++) {
		size_t at = p->v[i].index;

		if (p->v[i].key)
			n = yaml_get(n, p->v[i].key);
		else
			n = n->kind == Y_LIST && at < n->n ? n->items[at] : NULL;
	}
	return n;
}

/* ---- lines ---- */

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

static size_t line_begin(const struct recipe *r, size_t at)
{
	while (at > 0 && !is_break(r->text[at - 1]))
		at--;
	return at;
}

static size_t line_end(const struct recipe *r, size_t at)
{
	while (at < r->text_n && !is_break(r->text[at]))
		at++;
	return at;
}

static size_t past_break(const struct recipe *r, size_t at)
{
	if (at < r->text_n && r->text[at] == '\r')
		at++;
	if (at < r->text_n && r->text[at] == '\n')
		at++;
	return at;
}

/* The line break in use: that at this line's end, else the file's first. */
static const char *break_of(const struct recipe *r, size_t at)
{
	const char *first;

	if (at >= r->text_n) {
		first = strpbrk(r->text, "\r\n");
		at = first ? (size_t)(first - r->text) : r->text_n;
	}
	if (at >= r->text_n || r->text[at] == '\n')
		return "\n";
	return r->text[at + 1] == '\n' ? "\r\n" : "\r";
}

/* A literal block ends behind its last line break: back to the line itself. */
static size_t content_end(const struct recipe *r, const struct yaml_node *n)
{
	size_t end = yaml_end(n);

	while (end > n->mark.begin && is_break(r->text[end - 1]))
		end--;
	return end;
}

static size_t pair_end(const struct recipe *r, const struct yaml_pair *p)
{
	size_t end = content_end(r, p->value);

	return end > p->key->mark.end ? end : p->key->mark.end;
}

static bool blank_before(const struct recipe *r, size_t at)
{
	for (size_t i = line_begin(r, at); i < at; i++)
		if (r->text[i] != ' ')
			return false;
	return true;
}

/* ---- values ---- */

void flow_text(struct str *s, const struct yaml_node *n)
{
	bool first = true;

	switch (n->kind) {
	case Y_LIST:
		str_addc(s, '[');
		for (size_t i = 0; i < n->n; i++) {
			str_add(s, i ? ", " : "");
			flow_text(s, n->items[i]);
		}
		str_addc(s, ']');
		break;
	case Y_MAP:
		str_addc(s, '{');
		for (size_t i = 0; i < n->n; i++) {
			if (n->pairs[i].kind != Y_OWN && n->pairs[i].kind != Y_MERGED)
				continue;
			str_add(s, first ? "" : ", ");
			first = false;
			flow_text(s, n->pairs[i].key);
			str_add(s, ": ");
			flow_text(s, n->pairs[i].value);
		}
		str_addc(s, '}');
		break;
	case Y_TEXT: yaml_add_text(s, n->text); break;
	default: str_add(s, n->kind == Y_NULL ? "null" : n->text);
	}
}

/* Past the anchor and the tag that stand between a key and its value, if they do. */
static size_t past_props(const struct recipe *r, const struct yaml_node *n, size_t colon)
{
	size_t at = n->props;

	if (n->props == n->mark.begin)
		return colon;
	while (r->text[at] == '&' || r->text[at] == '!') {
		at += strcspn(r->text + at, " \t\r\n");
		if (r->text[at] == ' ' && (r->text[at + 1] == '&' || r->text[at + 1] == '!'))
			at++;
	}
	return at;
}

/* A list or map in lines of its own: its lines go, the value takes its place behind the colon, and
 * the comments that stood between stay. */
static bool replace_block(const struct recipe *r, const struct yaml_pair *p, const char *text,
	struct splice *s)
{
	size_t colon, lines = line_begin(r, p->value->mark.begin), from;

	for (colon = p->key->mark.end; colon < r->text_n && r->text[colon] == ' '; colon++)
		;
	if (r->text[colon++] != ':' || lines < colon)
		return false;
	from = past_props(r, p->value, colon);
	lines--;
	if (r->text[lines] == '\n' && lines > from && r->text[lines - 1] == '\r')
		lines--;
	s->begin = colon;
	s->end = content_end(r, p->value);
	str_addf(&s->s, " %s", text);
	if (lines > from)
		str_addn(&s->s, r->text + from, lines - from);
	return true;
}

bool splice_value(const struct recipe *r, const struct place *at, const char *text,
	struct splice *s, struct err *e)
{
	const struct yaml_node *n = place_node(r->tree, at, at->n);
	char before;

	if (!n)
		return err_set(
			e, ERR_INPUT, r->path ? r->path : "recipe", NULL, "there is no such value");
	if (n->style == 'b' && !n->target) {
		const struct yaml_node *map = place_node(r->tree, at, at->n - 1);
		const struct yaml_pair *p =
			at->v[at->n - 1].key ? yaml_pair(map, at->v[at->n - 1].key) : NULL;

		return (p && replace_block(r, p, text, s)) ||
		       err_set(e, ERR_INPUT, r->path ? r->path : "recipe", "edit the text instead",
			       "this block cannot be replaced by itself");
	}
	s->begin = n->mark.begin;
	s->end = content_end(r, n);
	if (memchr(r->text + n->props, '!', n->mark.begin - n->props))
		s->begin = n->props; /* a tag would speak of the old value */
	before = s->begin ? r->text[s->begin - 1] : ' ';
	if (s->begin == s->end && before != ' ')
		str_add(&s->s, before == ':' || before == '-' ? " " : ": ");
	str_add(&s->s, text);
	return true;
}

/* ---- inserting ---- */

static const struct yaml_pair *last_own(const struct yaml_node *map)
{
	for (size_t i = map->n; i-- > 0;)
		if (map->pairs[i].kind != Y_MERGED)
			return &map->pairs[i];
	return NULL;
}

static const struct yaml_pair *first_own(const struct yaml_node *map)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->pairs[i].kind != Y_MERGED)
			return &map->pairs[i];
	return NULL;
}

static int indent_of(const struct yaml_node *map)
{
	const struct yaml_pair *p = first_own(map);

	return p ? p->key->mark.column - 1 : 0;
}

/* How deep the file nests maps in maps; 2 if it never does. */
static int indent_step(const struct yaml_node *n)
{
	int step = 0;

	if (n->target || n->style != 'b')
		return 0;
	for (size_t i = 0; !step && n->kind == Y_LIST && i < n->n; i++)
		step = indent_step(n->items[i]);
	for (size_t i = 0; !step && n->kind == Y_MAP && i < n->n; i++) {
		const struct yaml_node *v = n->pairs[i].value;

		if (n->pairs[i].kind == Y_MERGED)
			continue;
		if (v->kind == Y_MAP && v->style == 'b' && !v->target && first_own(v))
			step = indent_of(v) - indent_of(n);
		if (step <= 0)
			step = indent_step(v);
	}
	return step > 0 ? step : 0;
}

/* "\n    key:" and, for the steps after it, one level deeper each. */
static void add_lines(struct str *s, const char *newline, int indent, int step,
	const struct place *at, size_t k, const char *text)
{
	for (; k < at->n; k++, indent += step) {
		str_addf(s, "%s%*s", newline, indent, "");
		yaml_add_text(s, at->v[k].key);
		str_addc(s, ':');
	}
	str_addf(s, " %s", text);
}

static void add_flow(struct str *s, const struct place *at, size_t k, const char *text)
{
	size_t open = at->n - k - 1;

	for (; k < at->n; k++) {
		yaml_add_text(s, at->v[k].key);
		str_add(s, k + 1 < at->n ? ": {" : ": ");
	}
	str_add(s, text);
	while (open--)
		str_addc(s, '}');
}

/* map exists and lacks step k. */
static void insert_into(const struct recipe *r, const struct yaml_node *map, const struct place *at,
	size_t k, const char *text, struct splice *s)
{
	const struct yaml_pair *last = last_own(map);
	int step = indent_step(r->tree);

	if (map->style == 'f') {
		s->begin = last ? pair_end(r, last) : map->mark.begin + 1;
		str_add(&s->s, last ? ", " : "");
		add_flow(&s->s, at, k, text);
	} else {
		s->begin = line_end(r, pair_end(r, last));
		add_lines(
			&s->s, break_of(r, s->begin), indent_of(map), step ? step : 2, at, k, text);
	}
	s->end = s->begin;
}

/* "parameters:" with nothing behind it: the first key goes below, or into braces. */
static void fill_empty(const struct recipe *r, const struct yaml_node *parent,
	const struct yaml_node *empty, const struct place *at, size_t k, const char *text,
	struct splice *s)
{
	int step = indent_step(r->tree);

	s->begin = empty->mark.begin;
	s->end = empty->mark.end;
	if (parent->style == 'b' && s->begin == s->end) {
		s->begin = s->end = line_end(r, s->begin);
		add_lines(&s->s, break_of(r, s->begin), indent_of(parent) + (step ? step : 2),
			step ? step : 2, at, k, text);
		return;
	}
	if (s->begin == s->end && r->text[s->begin - 1] != ' ')
		str_addc(&s->s, ' ');
	str_addc(&s->s, '{');
	add_flow(&s->s, at, k, text);
	str_addc(&s->s, '}');
}

void splice_own(const struct recipe *r, const struct place *at, size_t k, const char *text,
	struct splice *s)
{
	struct place prefix = *at;

	prefix.n = k + 1;
	insert_into(r, place_node(r->tree, at, k), &prefix, k, text, s);
}

bool splice_insert(const struct recipe *r, const struct place *at, const char *text,
	struct splice *s, struct err *e)
{
	const struct yaml_node *map, *next;
	size_t k = 0;

	/* The deepest step that is there, and all that is to come must be keys. */
	while (k + 1 < at->n && place_node(r->tree, at, k + 1)
	       && place_node(r->tree, at, k + 1)->kind != Y_NULL)
		k++;
	map = place_node(r->tree, at, k);
	next = place_node(r->tree, at, k + 1);
	for (size_t i = k; i < at->n; i++)
		if (!at->v[i].key)
			map = NULL;
	if (map && map->kind == Y_MAP && !next) {
		insert_into(r, map, at, k, text, s);
		return true;
	}
	if (map && map->kind == Y_MAP && next->kind == Y_NULL && k + 1 < at->n) {
		fill_empty(r, map, next, at, k + 1, text, s);
		return true;
	}
	return err_set(
		e, ERR_INPUT, r->path ? r->path : "recipe", NULL, "nothing can be added here");
}

/* ---- removing ---- */

/* Whole lines from the one of begin to the one of end, or what makes them vanish at the file's end.
 */
static void take_lines(const struct recipe *r, size_t begin, size_t end, struct splice *s)
{
	s->begin = line_begin(r, begin);
	s->end = past_break(r, line_end(r, end));
	if (s->end == line_end(r, end) && s->begin > 0) { /* no break behind: take the one before */
		s->begin--;
		if (s->begin && r->text[s->begin] == '\n' && r->text[s->begin - 1] == '\r')
			s->begin--;
	}
}

/* In braces or brackets: the entry and the comma to its neighbour. */
static void take_flow(size_t before_end, size_t begin, size_t end, size_t next, struct splice *s)
{
	s->begin = next || !before_end ? begin : before_end;
	s->end = next ? next : end;
}

static bool remove_pair(const struct recipe *r, const struct yaml_node *map, const char *key,
	struct splice *s)
{
	size_t i, before = 0, next = 0;
	const struct yaml_pair *p = NULL;

	for (i = 0; i < map->n; i++) {
		if (map->pairs[i].kind == Y_MERGED)
			continue;
		if (!p && map->pairs[i].kind != Y_MERGE_KEY && str_eq(map->pairs[i].key->text, key))
			p = &map->pairs[i];
		else if (!p)
			before = pair_end(r, &map->pairs[i]);
		else if (!next)
			next = map->pairs[i].key->props;
	}
	if (!p)
		return false;
	if (map->style == 'f' && !before && !next) {
		s->begin = map->mark.begin + 1;
		s->end = map->mark.end - 1;
	} else if (map->style == 'f') {
		take_flow(before, p->key->props, pair_end(r, p), next, s);
	} else if (blank_before(r, p->key->props)) {
		take_lines(r, p->key->props, pair_end(r, p), s);
	} else { /* behind a dash: the next key moves up to it */
		s->begin = p->key->props;
		s->end = next;
	}
	return s->end >= s->begin;
}

static bool remove_item(const struct recipe *r, const struct yaml_node *list, size_t i,
	struct splice *s)
{
	const struct yaml_node *n = list->items[i];
	size_t dash = n->props;

	if (list->style == 'f') {
		take_flow(i ? content_end(r, list->items[i - 1]) : 0, n->props, content_end(r, n),
			i + 1 < list->n ? list->items[i + 1]->props : 0, s);
		return true;
	}
	while (dash > line_begin(r, n->props) && r->text[dash - 1] == ' ')
		dash--;
	if (!dash || r->text[dash - 1] != '-' || !blank_before(r, dash - 1))
		return false;
	take_lines(r, dash - 1, content_end(r, n), s);
	return true;
}

static size_t own_keys(const struct yaml_node *map, const char *other_than)
{
	size_t n = 0;

	for (size_t i = 0; i < map->n; i++)
		n += map->pairs[i].kind != Y_MERGED &&
		     (map->pairs[i].kind == Y_MERGE_KEY ||
			     !str_eq(map->pairs[i].key->text, other_than));
	return n;
}

bool splice_remove(const struct recipe *r, const struct place *at, struct splice *s, struct err *e)
{
	struct place up = *at;

	/* What would be left empty goes with it. */
	for (; up.n; up.n--) {
		const struct yaml_node *parent = place_node(r->tree, &up, up.n - 1);
		const struct step *last = &up.v[up.n - 1];

		if (!parent || !place_node(r->tree, &up, up.n))
			break;
		if (last->key && own_keys(parent, last->key) == 0 && up.n > 1)
			continue;
		if (!last->key && parent->n == 1)
			continue;
		if (last->key ? remove_pair(r, parent, last->key, s)
		    : remove_item(r, parent, last->index, s))
			return true;
		break;
	}
	return err_set(e, ERR_INPUT, r->path ? r->path : "recipe", "edit the text instead",
		"this cannot be taken out by itself");
}
