#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ui/widget/table.h"

/* --- sets of ids --- */
static size_t id_place(const struct id_set *s, uint64_t id)
{
	size_t lo = 0, hi = s->ids.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->ids.v[mid] < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool id_set_has(const struct id_set *s, uint64_t id)
{
	size_t i = id_place(s, id);

	return i < s->ids.n && s->ids.v[i] == id;
}

void id_set_put(struct id_set *s, uint64_t id, bool in)
{
	size_t i = id_place(s, id);
	bool has = i < s->ids.n && s->ids.v[i] == id;

	if (in && !has) {
		*vec_push(&s->ids) = 0;
		memmove(s->ids.v + i + 1, s->ids.v + i, (s->ids.n - 1 - i) * sizeof id);
		s->ids.v[i] = id;
	} else if (!in && has) {
		memmove(s->ids.v + i, s->ids.v + i + 1, (s->ids.n - 1 - i) * sizeof id);
		s->ids.n--;
	}
}

/* --- life --- */
void table_init(struct table *t, const struct column *columns, int n,
	const struct table_source *source, void *ctx)
{
	memset(t, 0, sizeof *t);
	t->columns = columns;
	t->n_columns = n;
	t->source = source;
	t->ctx = ctx;
	t->sort = -1;
	t->empty = "nothing here";
	t->widths = xnew(int, (size_t)n);
}

void table_fini(struct table *t)
{
	row_filter_fini(&t->filter);
	vec_fini(&t->marks.ids);
	vec_fini(&t->folded.ids);
	vec_fini(&t->seen.ids);
	vec_fini(&t->mark_order);
	vec_fini(&t->shown);
	free(t->widths);
}

static uint64_t id_of(const struct table *t, size_t row)
{
	return t->source->id(t->ctx, row);
}

static long parent_of(const struct table *t, size_t row)
{
	return t->source->parent ? t->source->parent(t->ctx, row) : -1;
}

void table_cell_text(const struct table *t, size_t row, int column, struct str *out)
{
	struct table_cell c = { STR_INIT, STYLE_normal, false };

	t->source->cell(t->ctx, row, column, &c);
	if (c.text.n)
		str_addn(out, c.text.s, c.text.n);
	str_fini(&c.text);
}

bool table_column_shown(const struct table *t, int c)
{
	uint64_t bit = 1ull << c;

	return t->asked & bit || (t->columns[c].priority > 0 && !(t->hidden & bit));
}

/* --- which rows are in sight ------------------------------------------------------------------
 * Rows form a forest. build: children lists (sorted), which rows match, then a walk in order. */
struct forest {
	struct table *t;
	long *first, *next;  /* children as lists, in order */
	long root;
	bool *match, *below; /* itself; something under it */
	struct str text;
};

static const char *row_text(void *ctx, int column)
{
	struct forest *f = ((void **)ctx)[0];
	size_t row = *(size_t *)((void **)ctx)[1];

	str_clear(&f->text);
	if (column >= 0) {
		table_cell_text(f->t, row, column, &f->text);
	} else {
		for (int c = 0; c < f->t->n_columns; c++)
			if (c == 0 || f->t->columns[c].match) {
				if (c)
					str_addc(&f->text, ' ');
				table_cell_text(f->t, row, c, &f->text);
			}
	}
	return f->text.s ? f->text.s : "";
}

static double row_value(void *ctx, int column)
{
	struct forest *f = ((void **)ctx)[0];
	size_t row = *(size_t *)((void **)ctx)[1];

	return f->t->source->value ? f->t->source->value(f->t->ctx, row, column) : NAN;
}

static void find_matches(struct forest *f)
{
	struct table *t = f->t;

	for (size_t i = t->n; i-- > 0;) { /* children first: their numbers are larger */
		void *ctx[2] = { f, &i };
		struct filter_row row = { row_text, row_value, ctx };
		long p = parent_of(t, i);

		f->match[i] = !t->filter.n || row_filter_match(&t->filter, &row);
		if (p >= 0 && (f->match[i] || f->below[i]))
			f->below[p] = true;
	}
}

struct sort_key {
	long row;
	double value;
	char *text;
};

static int compare_text(const char *a, const char *b)
{
	return strcasecmp(a, b);
}

static int compare_keys(const void *pa, const void *pb)
{
	const struct sort_key *a = pa, *b = pb;
	int r = 0;

	if (a->text && b->text)
		r = compare_text(a->text, b->text);
	else if (isnan(a->value) || isnan(b->value)) /* what has no value goes last */
		r = isnan(a->value) - isnan(b->value);
	else
		r = a->value < b->value ? 1 : a->value > b->value ? -1 : 0;
	return r ? r : a->row < b->row ? -1 : 1;
}

/* Reverse keeps rows without a value at the end. */
static int compare_reverse(const void *pa, const void *pb)
{
	const struct sort_key *a = pa, *b = pb;

	if (!a->text && (isnan(a->value) || isnan(b->value)))
		return compare_keys(pa, pb);
	return a->text && compare_text(a->text, b->text) == 0 ? compare_keys(pa, pb) :
		compare_keys(pb, pa);
}

static struct sort_key *sort_keys(struct forest *f)
{
	struct table *t = f->t;
	struct sort_key *k = xnew(struct sort_key, t->n ? t->n : 1);

	for (size_t i = 0; i < t->n; i++) {
		k[i].row = (long)i;
		k[i].value = NAN;
		if (t->sort < 0) {
			k[i].value = -(double)i;
		} else if (t->columns[t->sort].number && t->source->value) {
			k[i].value = t->source->value(t->ctx, i, t->sort);
		} else {
			struct str s = STR_INIT;

			table_cell_text(t, i, t->sort, &s);
			k[i].text = str_steal(&s);
		}
	}
	if (t->n > 1)
		qsort(k, t->n, sizeof *k, t->reverse ? compare_reverse : compare_keys);
	return k;
}

/* Lists of children in the order of the sort. */
static void link_rows(struct forest *f)
{
	struct sort_key *k = sort_keys(f);

	f->root = -1;
	for (size_t i = 0; i < f->t->n; i++)
		f->first[i] = f->next[i] = -1;
	for (size_t i = f->t->n; i-- > 0;) {
		long row = k[i].row, p = parent_of(f->t, (size_t)row);
		long *head = p >= 0 ? &f->first[p] : &f->root;

		f->next[row] = *head;
		*head = row;
	}
	for (size_t i = 0; i < f->t->n; i++)
		free(k[i].text);
	free(k);
}

static bool in_sight(const struct forest *f, long row)
{
	return f->match[row] || f->below[row];
}

static bool last_in_sight(const struct forest *f, long row)
{
	for (long n = f->next[row]; n >= 0; n = f->next[n])
		if (in_sight(f, n))
			return false;
	return true;
}

/* A filter looks into folded rows: what it finds must be seen. */
static bool is_folded(const struct forest *f, long row)
{
	return id_set_has(&f->t->folded, id_of(f->t, (size_t)row)) &&
		!(f->t->filter.n && f->below[row]);
}

static void show(struct forest *f, long row, int depth, uint64_t lines)
{
	struct table_row *r = vec_push(&f->t->shown);

	r->row = (size_t)row;
	r->depth = depth;
	r->has_children = f->first[row] >= 0;
	r->folded = r->has_children && is_folded(f, row);
	r->last = last_in_sight(f, row);
	r->context = !f->match[row];
	r->lines = lines;
}

/* Depth first without recursion: a hostile tree may be deep. */
static void walk(struct forest *f)
{
	vec(struct { long row; int depth; uint64_t lines; }) stack = { 0 };

	for (long row = f->root; row >= 0; row = f->next[row]) {
		vec_push(&stack)->row = row;
		while (stack.n) {
			long at = stack.v[stack.n - 1].row;
			int depth = stack.v[stack.n - 1].depth;
			uint64_t lines = stack.v[stack.n - 1].lines;
			size_t base;

			stack.n--;
			if (!in_sight(f, at))
				continue;
			show(f, at, depth, lines);
			if (is_folded(f, at))
				continue;
			if (depth < 63 && !last_in_sight(f, at))
				lines |= 1ull << depth;
			base = stack.n;
			for (long c = f->first[at]; c >= 0; c = f->next[c]) {
				vec_reserve(&stack, stack.n + 1);
				memmove(stack.v + base + 1, stack.v + base,
					(stack.n - base) * sizeof *stack.v);
				stack.n++;
				stack.v[base].row = c;
				stack.v[base].depth = depth + 1;
				stack.v[base].lines = lines;
			}
		}
	}
	vec_fini(&stack);
}

/* New rows with children begin folded where the view wants that. */
static void fold_new_rows(struct forest *f)
{
	struct table *t = f->t;

	for (size_t i = 0; t->fold_new && i < t->n; i++) {
		uint64_t id;

		if (f->first[i] < 0)
			continue;
		id = id_of(t, i);
		if (!id_set_has(&t->seen, id)) {
			id_set_put(&t->seen, id, true);
			id_set_put(&t->folded, id, true);
		}
	}
}

static void find_cursor(struct table *t)
{
	if (!t->moved) {
		t->cursor = 0;
		t->cursor_id = 0;
	}
	for (size_t i = 0; t->moved && i < t->shown.n; i++)
		if (id_of(t, t->shown.v[i].row) == t->cursor_id) {
			t->cursor = i;
			return;
		}
	if (t->cursor >= t->shown.n)
		t->cursor = t->shown.n ? t->shown.n - 1 : 0;
	if (t->shown.n && !t->cursor_id)
		t->cursor_id = id_of(t, t->shown.v[t->cursor].row);
}

void table_refresh(struct table *t)
{
	size_t n = t->n ? t->n : 1;
	struct forest f = { .t = t, .first = xnew(long, n), .next = xnew(long, n),
		.match = xnew(bool, n), .below = xnew(bool, n) };

	t->shown.n = 0;
	find_matches(&f);
	link_rows(&f);
	fold_new_rows(&f);
	walk(&f);
	find_cursor(t);
	free(f.first);
	free(f.next);
	free(f.match);
	free(f.below);
	str_fini(&f.text);
}

void table_set_rows(struct table *t, size_t n)
{
	t->n = n;
	table_refresh(t);
}

/* --- moving --- */
static bool go(struct table *t, long to)
{
	if (!t->shown.n)
		return false;
	if (to < 0)
		to = 0;
	if ((size_t)to >= t->shown.n)
		to = (long)t->shown.n - 1;
	t->cursor = (size_t)to;
	t->cursor_id = id_of(t, t->shown.v[to].row);
	t->moved = true;
	t->before_filter = 0;
	return true;
}

long table_selected(const struct table *t)
{
	return t->cursor < t->shown.n ? (long)t->shown.v[t->cursor].row : -1;
}

void table_fold(struct table *t, uint64_t id, bool folded)
{
	id_set_put(&t->seen, id, true);
	id_set_put(&t->folded, id, folded);
	table_refresh(t);
}

static bool move_left(struct table *t)
{
	struct table_row *r;

	if (!t->shown.n)
		return false;
	r = &t->shown.v[t->cursor];
	if (r->has_children && !r->folded) {
		table_fold(t, id_of(t, r->row), true);
		return true;
	}
	for (size_t i = t->cursor; i-- > 0;)
		if (t->shown.v[i].depth < r->depth)
			return go(t, (long)i);
	return false;
}

static bool move_right(struct table *t)
{
	struct table_row *r;

	if (!t->shown.n)
		return false;
	r = &t->shown.v[t->cursor];
	if (!r->has_children)
		return false;
	if (r->folded) {
		table_fold(t, id_of(t, r->row), false);
		return true;
	}
	return go(t, (long)t->cursor + 1);
}

bool table_move(struct table *t, enum move m, int count)
{
	long page = t->area.h > 2 ? t->area.h - 2 : 1, at = (long)t->cursor;

	switch (m) {
	case MOVE_UP: return go(t, at - count);
	case MOVE_DOWN: return go(t, at + count);
	case MOVE_PAGE_UP: return go(t, at - page * count);
	case MOVE_PAGE_DOWN: return go(t, at + page * count);
	case MOVE_FIRST: return go(t, 0);
	case MOVE_LAST: return go(t, (long)t->shown.n - 1);
	case MOVE_LEFT: return move_left(t);
	default: return move_right(t);
	}
}

bool table_select(struct table *t, uint64_t id)
{
	long row = -1;

	for (size_t i = 0; i < t->n && row < 0; i++)
		if (id_of(t, i) == id)
			row = (long)i;
	if (row < 0)
		return false;
	for (long p = parent_of(t, (size_t)row); p >= 0; p = parent_of(t, (size_t)p)) {
		id_set_put(&t->seen, id_of(t, (size_t)p), true);
		id_set_put(&t->folded, id_of(t, (size_t)p), false);
	}
	t->cursor_id = id;
	t->moved = true;
	table_refresh(t);
	return true;
}

bool table_scroll(struct table *t, int rows)
{
	return go(t, (long)t->cursor + rows);
}

bool table_click(struct table *t, int x, int y)
{
	int at = t->area.x;

	if (!rect_has(t->area, x, y))
		return false;
	if (y > t->area.y)
		return t->top + (size_t)(y - t->area.y - 1) < t->shown.n &&
			go(t, (long)t->top + y - t->area.y - 1);
	for (int c = 0; c < t->n_columns; c++) {
		if (!t->widths[c])
			continue;
		if (x >= at && x <= at + t->widths[c]) {
			table_sort(t, c);
			return true;
		}
		at += t->widths[c] + 1;
	}
	return false;
}

/* --- marks --- */
static void set_mark(struct table *t, uint64_t id, bool on)
{
	bool has = id_set_has(&t->marks, id);

	id_set_put(&t->marks, id, on);
	if (on && !has)
		*vec_push(&t->mark_order) = id;
	for (size_t i = 0; !on && has && i < t->mark_order.n; i++)
		if (t->mark_order.v[i] == id) {
			memmove(t->mark_order.v + i, t->mark_order.v + i + 1,
				(t->mark_order.n - 1 - i) * sizeof id);
			t->mark_order.n--;
		}
}

void table_mark(struct table *t)
{
	if (!t->shown.n)
		return;
	set_mark(t, t->cursor_id, !id_set_has(&t->marks, t->cursor_id));
	go(t, (long)t->cursor + 1);
}

void table_mark_range(struct table *t)
{
	size_t from = t->cursor, to = t->cursor;

	if (!t->range_id) {
		t->range_id = t->cursor_id;
		return;
	}
	for (size_t i = 0; i < t->shown.n; i++)
		if (id_of(t, t->shown.v[i].row) == t->range_id)
			from = i;
	if (from > to) {
		size_t swap = from;

		from = to;
		to = swap;
	}
	for (size_t i = from; i <= to && i < t->shown.n; i++)
		set_mark(t, id_of(t, t->shown.v[i].row), true);
	t->range_id = 0;
}

void table_invert_marks(struct table *t)
{
	for (size_t i = 0; i < t->shown.n; i++) {
		uint64_t id = id_of(t, t->shown.v[i].row);

		if (!t->shown.v[i].context)
			set_mark(t, id, !id_set_has(&t->marks, id));
	}
}

size_t table_marked(const struct table *t, size_t *rows, size_t max)
{
	size_t n = 0;

	for (size_t m = 0; m < t->mark_order.n; m++)
		for (size_t i = 0; i < t->n; i++)
			if (id_of(t, i) == t->mark_order.v[m]) {
				if (n < max)
					rows[n] = i;
				n++;
				break;
			}
	if (!n && t->cursor < t->shown.n) {
		if (max)
			rows[0] = t->shown.v[t->cursor].row;
		n = 1;
	}
	return n;
}

/* --- filter, sort, columns --- */
int table_column(const struct table *t, const char *name)
{
	size_t n = strlen(name);
	int found = -1;

	for (int c = 0; c < t->n_columns; c++)
		if (strcasecmp(t->columns[c].name, name) == 0)
			return c;
	for (int c = 0; n && c < t->n_columns; c++)
		if (strncasecmp(t->columns[c].name, name, n) == 0)
			found = found == -1 ? c : -2;
	return found;
}

static int find_column(void *ctx, const char *name)
{
	return table_column(ctx, name);
}

/* The selected row does not match: the first one that does. */
static void go_to_match(struct table *t)
{
	if (t->cursor < t->shown.n && id_of(t, t->shown.v[t->cursor].row) == t->cursor_id &&
		!t->shown.v[t->cursor].context)
		return;
	for (size_t i = 0; i < t->shown.n; i++)
		if (!t->shown.v[i].context) {
			t->cursor = i;
			t->cursor_id = id_of(t, t->shown.v[i].row);
			return;
		}
}

bool table_filter(struct table *t, const char *text, struct err *e)
{
	struct filter_columns columns = { find_column, t };
	struct row_filter f;

	if (!row_filter_parse(&f, text, &columns, e))
		return false;
	if (!t->filter.n && f.n)
		t->before_filter = t->moved ? t->cursor_id : 0;
	row_filter_fini(&t->filter);
	t->filter = f;
	if (t->before_filter && !t->filter.n)
		t->cursor_id = t->before_filter;
	table_refresh(t);
	if (t->filter.n)
		go_to_match(t);
	return true;
}

void table_sort(struct table *t, int column)
{
	if (column >= 0 && column == t->sort)
		t->reverse = !t->reverse;
	else
		t->reverse = false;
	t->sort = column;
	table_refresh(t);
}

void table_toggle_column(struct table *t, int c)
{
	uint64_t bit = 1ull << c;

	if (table_column_shown(t, c)) {
		t->hidden |= bit;
		t->asked &= ~bit;
	} else {
		t->hidden &= ~bit;
		if (t->columns[c].priority <= 0)
			t->asked |= bit;
	}
}
