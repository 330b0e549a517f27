#include "model/vocab_layout.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"

struct row_rule {
	uint32_t id;
	enum vocab_row_kind kind; /* ROW_OWN: none of its own: only force counts */
	int model;
	uint32_t at;
	bool force;
};
struct making {
	const struct vocab_ask *a;
	struct vocab_layout *l;
	const struct vocab_table *on;  /* the tokenizer it is built on */
	uint32_t on_rows;
	vec(struct layout_token) v;
	uint32_t *slot;                /* tokens that were added, by text */
	size_t slots, n_slots;
	struct err *e;
};

static const struct vocab_table *table_of(const struct vocab_ask *a, size_t i)
{
	return a->v[i].table ? a->v[i].table : a->v[a->first].table;
}

/* --- tokens --- */

static size_t slot_of(const struct making *w, const char *text, size_t n)
{
	size_t i = (size_t)hash64_bytes(text, n) & (w->slots - 1);

	for (; w->slot[i]; i = (i + 1) & (w->slots - 1)) {
		const struct layout_token *t = &w->v.v[w->slot[i] - 1];

		if (t->n == n && !memcmp(t->text, text, n))
			break;
	}
	return i;
}

static void slots_grow(struct making *w)
{
	if (2 * (w->v.n + 1) < w->slots)
		return;
	free(w->slot);
	w->slots = w->slots ? w->slots * 2 : 1024;
	while (w->slots < 4 * w->v.n)
		w->slots *= 2;
	w->slot = xnew(uint32_t, w->slots);
	for (size_t i = 0; i < w->v.n; i++)
		w->slot[slot_of(w, w->v.v[i].text, w->v.v[i].n)] = (uint32_t)i + 1;
}

static struct layout_token *found(const struct making *w, const char *text, size_t n)
{
	uint32_t at = w->slots ? w->slot[slot_of(w, text, n)] : 0;

	return at ? &w->v.v[at - 1] : NULL;
}

static void put(struct making *w, const struct vocab_token *t, uint32_t id, bool fresh)
{
	slots_grow(w);
	*vec_push(&w->v) = (struct layout_token){ arena_bytes(&w->l->arena, t->text, t->n), t->n,
		id, t->flags, fresh, false };
	w->slot[slot_of(w, t->text, t->n)] = (uint32_t)w->v.n;
	w->l->fresh += fresh;
	if (id >= w->l->top)
		w->l->top = id + 1;
}

static bool put_fresh(struct making *w, const struct vocab_token *t, unsigned flags)
{
	struct vocab_token k = *t;

	if (w->l->top >= VOCAB_MAX)
		return err_set(w->e, ERR_INPUT, "tokenizer", NULL,
			"the vocabularies have more than %u tokens together", VOCAB_MAX);
	k.flags = flags;
	put(w, &k, w->l->top, true);
	return true;
}

static bool begin_with(struct making *w)
{
	const struct vocab_table *t = w->on;

	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].id >= w->on_rows) {
			w->l->cut++;
			continue;
		}
		if (i && t->v[i].id == t->v[i - 1].id) {
			char *a = str_safe(t->v[i - 1].text), *b = str_safe(t->v[i].text);

			err_set(w->e, ERR_INPUT, t->from, "fetch or write the tokenizer again",
				"the tokens %.60s and %.60s have one id, %" PRIu32, a, b,
				t->v[i].id);
			free(a);
			free(b);
			return false;
		}
		put(w, &t->v[i], t->v[i].id, false);
	}
	if (w->v.n && w->l->top <= 2 * w->v.n + 65536)
		return true;
	return err_set(w->e, ERR_INPUT, t->from, "fetch or write the tokenizer again",
		w->v.n ? "%zu tokens with ids up to %" PRIu32 ": most of them would be gaps"
		: "it has %zu tokens with a row in the embedding", w->v.n, w->l->top - 1);
}

/* Tokens of different spellings that look alike are not the same, and those of one never come out
 * of the other's tokenizer. */
static bool same_spelling(struct making *w, size_t i)
{
	const struct vocab_table *a = w->on, *b = table_of(w->a, i);

	if (a->spelling == b->spelling || !a->spelling || !b->spelling)
		return true;
	return err_set(w->e, ERR_INPUT, w->a->v[i].name,
		"name one model: tokenizer_source: MODEL",
		"its tokenizer spells tokens as %s, that of %s as %s: a union would hold tokens "
		"that never occur",
		vocab_spelling_name(b->spelling), w->a->v[w->a->first].name,
		vocab_spelling_name(a->spelling));
}

static bool ordinary_elsewhere(const struct making *w, const struct vocab_token *t)
{
	for (size_t i = 0; i < w->a->n; i++) {
		const struct vocab_token *k = vocab_table_find(table_of(w->a, i), t->text, t->n);

		if (k && k->id < w->a->v[i].rows && (k->flags & TOKEN_ADDED))
			return false;
	}
	return true;
}

/* First what is an ordinary token everywhere, then what anybody added. */
static bool join(struct making *w, bool added)
{
	for (size_t m = 0; m <= w->a->n; m++) {
		/* the one it is built on first: its settings of added tokens win */
		size_t i = m ? m - 1 : (size_t)w->a->first;
		const struct vocab_table *t = table_of(w->a, i);

		for (size_t k = 0; k < t->n; k++) {
			const struct vocab_token *one = &t->v[k];
			struct layout_token *have;

			if (one->id >= w->a->v[i].rows || added != !!(one->flags & TOKEN_ADDED))
				continue;
			have = found(w, one->text, one->n);
			if (have && added && !(have->flags & TOKEN_ADDED)) {
				have->flags = one->flags;
				have->promoted = true;
				w->l->promoted++;
			}
			if (have || (!added && !ordinary_elsewhere(w, one)))
				continue;
			if ((!added && !same_spelling(w, i)) || !put_fresh(w, one,
				added ? one->flags : TOKEN_ADDED | TOKEN_NORMALIZED))
				return false;
		}
	}
	return true;
}

static bool add_ruled(struct making *w)
{
	for (size_t i = 0; i < w->a->n_rules; i++) {
		const struct vocab_rule *r = &w->a->rules[i];
		struct vocab_token t = { r->token, r->n, 0, 0 };

		if (!found(w, r->token, r->n) &&
			!put_fresh(w, &t, TOKEN_ADDED | TOKEN_NORMALIZED))
			return false;
	}
	return true;
}

static int by_id(const void *a, const void *b)
{
	const struct layout_token *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void tokens_end(struct making *w)
{
	struct vocab_layout *l = w->l;
	uint8_t *taken = arena_new(&l->arena, uint8_t, l->top);
	uint64_t multiple = w->a->multiple > 1 ? w->a->multiple : 1;

	l->n = w->v.n;
	l->v = arena_new(&l->arena, struct layout_token, l->n);
	memcpy(l->v, w->v.v, l->n * sizeof *l->v);
	qsort(l->v, l->n, sizeof *l->v, by_id);
	for (size_t i = 0; i < l->n; i++)
		taken[l->v[i].id] = 1;
	l->taken = taken;
	l->gaps = l->top - l->n;
	l->rows = (uint32_t)((l->top + multiple - 1) / multiple * multiple);
}

/* --- rows --- */

static void map_rows(struct making *w)
{
	struct vocab_layout *l = w->l;
	int32_t **old = arena_new(&l->arena, int32_t *, w->a->n);

	for (size_t m = 0; m < w->a->n; m++) {
		const struct vocab_table *t = table_of(w->a, m);

		old[m] = arena_new(&l->arena, int32_t, l->top);
		memset(old[m], 0xff, l->top * sizeof *old[m]);
		for (size_t i = 0; i < l->n; i++) {
			const struct vocab_token *k = vocab_table_find(t, l->v[i].text, l->v[i].n);

			if (k && k->id < w->a->v[m].rows)
				old[m][l->v[i].id] = (int32_t)k->id;
		}
	}
	l->old = (const int32_t *const *)old;
	l->models = w->a->n;
	l->base = w->a->base;
}

static bool refuse(struct making *w, const struct vocab_rule *r, const char *hint, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));
static bool refuse(struct making *w, const struct vocab_rule *r, const char *hint, const char *fmt,
	...)
{
	char *token = str_safe(r->token), *where = xasprintf("tokenizer.tokens.%.80s", token);
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	err_set(w->e, ERR_INPUT, where, hint, "%s", s.s);
	str_fini(&s);
	free(where);
	free(token);
	return false;
}

/* Of the kinds that name a row, which it is. */
static bool resolve(struct making *w, const struct vocab_rule *r, struct row_rule *to)
{
	const struct vocab_member *m = &w->a->v[r->model];
	const struct vocab_token *k;
	const char *text = r->kind == RULE_TOKEN ? r->text : r->token;

	to->kind = ROW_OF;
	to->model = r->model;
	if (r->kind == RULE_ID) {
		to->at = (uint32_t)r->id;
		return r->id < m->rows || refuse(w, r, NULL,
			"token_id %" PRId64 " is beyond the %" PRIu32 " rows of %s", r->id, m->rows,
			m->name);
	}
	k = vocab_table_find(table_of(w->a, (size_t)r->model), text, strlen(text));
	to->at = k ? k->id : 0;
	if (k && k->id < m->rows)
		return true;
	return refuse(w, r, "name a token it has, or {kind: zero}", "%s has no row for %s", m->name,
		text);
}

/* Some model takes the row: it lacks the token, or has to. */
static bool needed(const struct vocab_layout *l, uint32_t id, bool force)
{
	for (size_t m = 0; m < l->models; m++)
		if (l->old[m][id] < 0)
			return true;
	return force;
}

static int by_row(const void *a, const void *b)
{
	const struct row_rule *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static bool rules_make(struct making *w)
{
	struct vocab_layout *l = w->l;
	struct row_rule *v = arena_new(&l->arena, struct row_rule, w->a->n_rules + 1);

	for (size_t i = 0; i < w->a->n_rules; i++) {
		const struct vocab_rule *r = &w->a->rules[i];

		v[i].id = found(w, r->token, r->n)->id;
		v[i].force = r->force;
		v[i].model = -1;
		v[i].kind = r->kind == RULE_ZERO ? ROW_ZERO : ROW_OWN;
		if (r->kind != RULE_DEFAULT && r->kind != RULE_ZERO &&
			needed(l, v[i].id, r->force) && !resolve(w, r, &v[i]))
			return false;
	}
	qsort(v, w->a->n_rules, sizeof *v, by_row);
	l->rules = v;
	l->n_rules = w->a->n_rules;
	return true;
}

static void key_make(struct vocab_layout *l)
{
	struct hash_stream *s = hash_stream_new();
	uint32_t fixed[4] = { l->top, l->rows, (uint32_t)l->models, (uint32_t)l->base };

	hash_stream_add(s, fixed, sizeof fixed);
	hash_stream_add(s, l->taken, l->top);
	for (size_t m = 0; m < l->models; m++)
		hash_stream_add(s, l->old[m], l->top * sizeof *l->old[m]);
	for (size_t i = 0; i < l->n_rules; i++) {
		uint32_t r[5] = { l->rules[i].id, (uint32_t)l->rules[i].kind,
			(uint32_t)l->rules[i].model, l->rules[i].at, l->rules[i].force };

		hash_stream_add(s, r, sizeof r);
	}
	l->key = hash_stream_end(s);
}

struct vocab_layout *vocab_layout_make(const struct vocab_ask *a, struct err *e)
{
	struct vocab_layout *l = xnew(struct vocab_layout, 1);
	struct making w = { .a = a, .l = l, .e = e };
	bool ok;

	arena_init(&l->arena);
	atomic_init(&l->refs, 1);
	w.on = a->join ? table_of(a, (size_t)a->first) : a->of;
	w.on_rows = a->join ? a->v[a->first].rows : a->of_rows;
	l->limit = w.on_rows;
	ok = begin_with(&w) && (!a->join || (join(&w, false) && join(&w, true))) && add_ruled(&w);
	if (ok) {
		tokens_end(&w);
		map_rows(&w);
		ok = rules_make(&w);
	}
	if (ok)
		key_make(l);
	vec_fini(&w.v);
	free(w.slot);
	if (ok)
		return l;
	vocab_layout_unref(l);
	return NULL;
}

struct vocab_layout *vocab_layout_ref(struct vocab_layout *l)
{
	atomic_fetch_add(&l->refs, 1);
	return l;
}

void vocab_layout_unref(struct vocab_layout *l)
{
	if (!l || atomic_fetch_sub(&l->refs, 1) > 1)
		return;
	arena_fini(&l->arena);
	free(l);
}

/* --- asking --- */

static const struct row_rule *rule_of(const struct vocab_layout *l, uint32_t row)
{
	size_t lo = 0, hi = l->n_rules;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->rules[mid].id < row)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < l->n_rules && l->rules[lo].id == row ? &l->rules[lo] : NULL;
}

struct vocab_row vocab_layout_row(const struct vocab_layout *l, uint64_t members, int model,
	uint32_t row)
{
	const struct row_rule *r;
	int have = 0, last = -1;

	if (row >= l->top || !l->taken[row])
		return (struct vocab_row){ ROW_PAD, -1, 0 };
	r = rule_of(l, row);
	if (l->old[model][row] >= 0 && !(r && r->force))
		return (struct vocab_row){ ROW_OWN, model, (uint32_t)l->old[model][row] };
	if (r && r->kind != ROW_OWN)
		return (struct vocab_row){ r->kind, r->model, r->at };
	for (int m = 0; m < (int)l->models; m++)
		if (members >> m & 1 && l->old[m][row] >= 0) {
			last = m;
			have++;
		}
	if (have > 1 && l->base >= 0 && members >> l->base & 1 && l->old[l->base][row] >= 0)
		last = l->base, have = 1;
	if (have == 1)
		return (struct vocab_row){ ROW_OF, last, (uint32_t)l->old[last][row] };
	return (struct vocab_row){ have ? ROW_MEAN : ROW_ZERO, -1, 0 };
}

bool vocab_layout_check(const struct vocab_layout *l, uint64_t members,
	const struct vocab_member *v, const char *tensor, struct err *e)
{
	for (size_t i = 0; i < l->n_rules; i++)
		if (l->rules[i].kind == ROW_OF && !(members >> l->rules[i].model & 1))
			return err_set(e, ERR_INPUT, tensor,
				"take the row from a model that has it",
				"a token's rule takes a row of %s, which has no such tensor",
				v[l->rules[i].model].name);
	return true;
}

bool vocab_layout_same(const struct vocab_layout *l, int model, uint32_t rows)
{
	if (l->rows != rows || l->top != rows)
		return false;
	for (size_t i = 0; i < l->n_rules; i++)
		if (l->rules[i].force)
			return false;
	for (uint32_t r = 0; r < l->top; r++)
		if (l->old[model][r] != (int32_t)r)
			return false;
	return true;
}

struct vocab_counts vocab_layout_count(const struct vocab_layout *l, uint64_t members, int model)
{
	struct vocab_counts c = { 0 };

	for (uint32_t r = 0; r < l->rows; r++)
		switch (vocab_layout_row(l, members, model, r).kind) {
		case ROW_OWN:
			c.own++;
			break;
		case ROW_ZERO:
			c.zero++;
			break;
		case ROW_OF:
			c.of++;
			break;
		case ROW_MEAN:
			c.mean++;
			break;
		case ROW_PAD:
			c.pad++;
			break;
		}
	return c;
}
