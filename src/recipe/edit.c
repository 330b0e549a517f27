#include "config.h"
#include "recipe/edit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_UNSHARES 64

static bool refuse(const struct recipe *r, struct err *e, const char *hint, const char *what)
{
	return err_set(e, ERR_INPUT, r->path ? r->path : "recipe", hint, "%s", what);
}

/* ---- places ---- */

static void place_module(const struct recipe *r, int module, struct place *p)
{
	if (!r->named_modules)
		return;
	place_key(p, "modules");
	place_key(p, r->modules[module].name);
}

/* To the entry of a slice; to what holds models: where it is none of slices:. */
static void place_slice(const struct recipe *r, int slice, struct place *p)
{
	const struct recipe_slice *s = &r->slices[slice];

	place_module(r, s->module, p);
	if (!s->ranged)
		return;
	place_key(p, "slices");
	place_index(p, (size_t)slice - r->modules[s->module].first);
}

/* To an entry of models or sources, wherever the recipe has it. */
static struct place place_of_source(const struct recipe *r, int i)
{
	const struct recipe_slice *s = &r->slices[r->models[i].slice];
	struct place p = { .n = 0 };

	place_slice(r, r->models[i].slice, &p);
	place_key(&p, s->ranged ? "sources" : "models");
	place_index(&p, (size_t)i - s->first);
	return p;
}

static bool has_param(const struct recipe *r, const struct place *p, const char *param)
{
	return yaml_get(yaml_get(place_node(r->tree, p, p->n), "parameters"), param) != NULL;
}

/* Where a parameter of all is written: slice, module, or at the top. */
static struct place place_of_all(const struct recipe *r, const char *param)
{
	struct place p = { .n = 0 }, found = p;

	if (r->n_modules == 1) {
		place_module(r, 0, &p);
		if (has_param(r, &p, param))
			found = p;
	}
	if (r->n_slices == 1) {
		p.n = 0;
		place_slice(r, 0, &p);
		if (has_param(r, &p, param))
			found = p;
	}
	return found;
}

static struct place place_of_scope(const struct recipe *r, const struct recipe_target *t)
{
	struct place p = { .n = 0 };

	if (t->input >= 0)
		return place_of_source(r, t->input);
	if (t->input == RECIPE_ALL)
		return place_of_all(r, t->param);
	if (RECIPE_IS_SLICE(t->input))
		place_slice(r, RECIPE_OF_SLICE(0) - t->input, &p);
	else
		place_module(r, RECIPE_OF_MODULE(0) - t->input, &p);
	return p;
}

/* Only an entry of slices: has parameters of a slice, only a named module those of a module. */
static bool is_scope(const struct recipe *r, int scope)
{
	int slice = RECIPE_OF_SLICE(0) - scope, module = RECIPE_OF_MODULE(0) - scope;

	if (scope >= 0)
		return scope < (int)r->n_models;
	if (RECIPE_IS_SLICE(scope))
		return slice < (int)r->n_slices && r->slices[slice].ranged;
	return scope == RECIPE_ALL || (r->named_modules && module < (int)r->n_modules);
}

static bool place_of(const struct recipe *r, const struct recipe_target *t, struct place *p,
	struct err *e)
{
	const struct yaml_node *setting;

	if (!is_scope(r, t->input))
		return refuse(r, e, "list it under models to give it values of its own",
			"this input has no entry of its own");
	*p = place_of_scope(r, t);
	place_key(p, "parameters");
	place_key(p, t->param);
	setting = place_node(r->tree, p, p->n);
	if (t->filter >= 0) {
		if (setting && setting->kind == Y_LIST)
			place_index(p, (size_t)t->filter);
		else if (!setting || setting->kind != Y_MAP || t->filter > 0)
			return refuse(r, e, NULL, "there is no such filter");
		place_key(p, "value");
	}
	if (t->value >= 0)
		place_index(p, (size_t)t->value);
	return true;
}

/* ---- checking: nothing else may have changed ---- */

static bool only_this(const struct yaml_node *n, const struct place *p, size_t k)
{
	for (; n && k < p->n; k++) {
		size_t live = 0;

		for (size_t i = 0; n->kind == Y_MAP && i < n->n; i++)
			live += n->pairs[i].kind == Y_OWN || n->pairs[i].kind == Y_MERGED;
		if ((n->kind == Y_MAP && live > 1) || (n->kind == Y_LIST && n->n > 1))
			return false;
		n = p->v[k].key ? yaml_get(n, p->v[k].key)
			: n->kind == Y_LIST && n->n ? n->items[0] : NULL;
	}
	return true;
}

static bool same_but(const struct yaml_node *a, const struct yaml_node *b, const struct place *p,
	size_t k);

static bool same_list_but(
	const struct yaml_node *a, const struct yaml_node *b, const struct place *p, size_t k)
{
	size_t at = p->v[k].index, gone = a->n > b->n;

	if (a->n != b->n + gone || at >= a->n)
		return false;
	for (size_t i = 0; i < b->n; i++) {
		size_t old = i + (gone && i >= at);

		if (gone || i != at ? !yaml_same(a->items[old], b->items[i])
		    : !same_but(a->items[i], b->items[i], p, k + 1))
			return false;
	}
	return true;
}

static bool all_but(const struct yaml_node *a, const struct yaml_node *b, const char *key)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct yaml_pair *x = &a->pairs[i];

		if ((x->kind == Y_OWN || x->kind == Y_MERGED) && !str_eq(x->key->text, key)
		    && !yaml_same(x->value, yaml_get(b, x->key->text)))
			return false;
	}
	return true;
}

/* Equal everywhere but at the place; what holds nothing else may come and go with it. */
static bool same_but(const struct yaml_node *a, const struct yaml_node *b, const struct place *p,
	size_t k)
{
	const char *key = k < p->n ? p->v[k].key : NULL;

	if (k == p->n)
		return true;
	if (!a || a->kind == Y_NULL || !b || b->kind == Y_NULL)
		return only_this(a && a->kind != Y_NULL ? a : b, p, k);
	if (!key && a->kind == Y_LIST && b->kind == Y_LIST)
		return same_list_but(a, b, p, k);
	if (!key || a->kind != Y_MAP || b->kind != Y_MAP)
		return false;
	return all_but(a, b, key) && all_but(b, a, key)
		&& same_but(yaml_get(a, key), yaml_get(b, key), p, k + 1);
}

static bool same_others(const struct recipe *a, const struct recipe *b)
{
	bool same = a->documents == b->documents;

	for (size_t i = 0; same && i < a->documents; i++)
		same = i == a->document || yaml_same(a->file[i]->tree, b->file[i]->tree);
	return same;
}

/* ---- one edit ---- */

/* Reads the spliced text; s is used up. p NULL: the meaning may not change at all. */
static struct recipe *apply(const struct recipe *r, struct splice *s, const struct place *p,
	struct err *e)
{
	struct str text = STR_INIT;
	struct recipe *next;
	struct err why = { 0 };

	str_addn(&text, r->text, s->begin);
	str_addn(&text, s->s.s ? s->s.s : "", s->s.n);
	str_addn(&text, r->text + s->end, r->text_n - s->end);
	next = recipe_parse_document(text.s, text.n, r->path, r->document, &why);
	str_fini(&text);
	str_fini(&s->s);
	if (next && same_others(r, next) &&
		(p ? same_but(r->tree, next->tree, p, 0) : yaml_same(r->tree, next->tree)))
		return next;
	recipe_unref(next);
	refuse(r, e, "edit the text instead", next || !why.what[0]
		? "this edit would change more than the one value" : why.what);
	return NULL;
}

/* An alias of n, anywhere that bytes stand for it. */
static const struct yaml_node *alias_of(const struct yaml_node *n, const struct yaml_node *in)
{
	const struct yaml_node *found = NULL;

	if (in->target)
		return in->target == n ? in : NULL;
	for (size_t i = 0; !found && in->kind == Y_LIST && i < in->n; i++)
		found = alias_of(n, in->items[i]);
	for (size_t i = 0; !found && in->kind == Y_MAP && i < in->n; i++)
		if (in->pairs[i].kind != Y_MERGED)
			found = alias_of(n, in->pairs[i].value);
	return found;
}

/* What stands in the way of an edit at p that must change nothing else; false: nothing. */
static bool shared_at(const struct recipe *r, const struct place *p, struct splice *s)
{
	for (size_t k = 0; k <= p->n; k++) {
		const struct yaml_node *n = place_node(r->tree, p, k), *copy = NULL;
		const struct yaml_pair *pair = k && p->v[k - 1].key
			? yaml_pair(place_node(r->tree, p, k - 1), p->v[k - 1].key) : NULL;

		if (!n)
			return false;
		if (pair && pair->kind == Y_MERGED) {
			struct str text = STR_INIT;

			flow_text(&text, n);
			splice_own(r, p, k - 1, text.s, s);
			str_fini(&text);
			return true;
		}
		if (n->target)
			copy = n;
		else if (n->uses)
			copy = alias_of(n, r->tree);
		if (copy) {
			s->begin = copy->mark.begin;
			s->end = copy->mark.end;
			flow_text(&s->s, copy);
			return true;
		}
	}
	return false;
}

/* A recipe of the same meaning in which the value at p is nobody else's. New reference. */
static struct recipe *unshared(const struct recipe *r, const struct place *p, struct err *e)
{
	struct recipe *now = recipe_ref(r);
	struct splice s = { .s = STR_INIT };

	for (int i = 0; shared_at(now, p, &s); i++) {
		struct recipe *next = i < MAX_UNSHARES ? apply(now, &s, NULL, e) : NULL;

		if (i >= MAX_UNSHARES) {
			str_fini(&s.s);
			refuse(r, e, "write the values out instead of *aliases",
				"this value is shared too often");
		}
		recipe_unref(now);
		if (!next)
			return NULL;
		now = next;
		s = (struct splice){ .s = STR_INIT };
	}
	return now;
}

/* The value at p becomes text, whether it is there or not. */
static struct recipe *put(const struct recipe *r, const struct place *p, const char *text,
	struct err *e)
{
	struct recipe *own = unshared(r, p, e), *next = NULL;
	struct splice s = { .s = STR_INIT };
	const struct yaml_node *n;
	bool ok;

	if (!own)
		return NULL;
	n = place_node(own->tree, p, p->n);
	ok = n ? splice_value(own, p, text, &s, e) : splice_insert(own, p, text, &s, e);
	if (ok)
		next = apply(own, &s, p, e);
	else
		str_fini(&s.s);
	recipe_unref(own);
	return next;
}

static struct recipe *take_out(const struct recipe *r, const struct place *p, struct err *e)
{
	struct recipe *now = unshared(r, p, e);

	if (now && !place_node(now->tree, p, p->n)) {
		refuse(r, e, NULL, "it is not written here");
		recipe_unref(now);
		return NULL;
	}
	/* Again while an earlier line with the same key comes to light. */
	for (int i = 0; now; i++) {
		struct splice s = { .s = STR_INIT };
		struct recipe *next = splice_remove(now, p, &s, e) ? apply(now, &s, p, e) : NULL;
		bool again;

		recipe_unref(now);
		now = next;
		again = now && i < MAX_UNSHARES && p->v[p->n - 1].key
			&& place_node(now->tree, p, p->n);
		if (!again)
			break;
	}
	return now;
}

/* ---- what others call ---- */

struct recipe *recipe_edit_number(const struct recipe *r, const struct recipe_target *t,
	double value, double step, struct err *e)
{
	const struct param_def *def = method_param(r->method, t->param);
	const struct yaml_node *old;
	struct str s = STR_INIT;
	struct recipe *next;
	struct place p;
	char quote = '\0';

	if (!isfinite(value)) {
		refuse(r, e, NULL, "only finite numbers can be written");
		return NULL;
	}
	if (!place_of(r, t, &p, e))
		return NULL;
	old = place_node(r->tree, &p, p.n);
	if (old && !yaml_is_scalar(old)) {
		refuse(r, e, "choose one of its values", "this value is a list");
		return NULL;
	}
	if (old && (old->style == '\'' || old->style == '"') && !old->target)
		quote = old->style;
	if (quote)
		str_addc(&s, quote);
	if (def && def->type == PARAM_BOOL)
		str_add(&s, bool_text(old && old->kind != Y_NULL ? old->text : NULL, value != 0.0));
	else
		number_text(&s, old && old->kind != Y_NULL ? old->text : NULL,
			def && def->type == PARAM_INT ? nearbyint(value) : value, step);
	if (quote)
		str_addc(&s, quote);
	next = put(r, &p, s.s, e);
	str_fini(&s);
	return next;
}

struct recipe *recipe_edit_remove(const struct recipe *r, const struct recipe_target *t,
	struct err *e)
{
	struct place p;

	if (!place_of(r, t, &p, e))
		return NULL;
	/* A filter goes with its entry. */
	if (t->filter >= 0 && t->value < 0)
		p.n--;
	return take_out(r, &p, e);
}

struct recipe *recipe_edit_text(const struct recipe *r, const struct recipe_target *t,
	const char *value, struct err *e)
{
	struct place p;

	if (!*value || strpbrk(value, "\r\n")) {
		refuse(r, e, NULL, "a value is one line of text");
		return NULL;
	}
	return place_of(r, t, &p, e) ? put(r, &p, value, e) : NULL;
}

struct recipe *recipe_edit_top(const struct recipe *r, const char *key, const char *value,
	struct err *e)
{
	struct place p = { .n = 0 };
	struct str s = STR_INIT;
	struct recipe *next;
	enum yaml_kind kind;
	double number;

	place_key(&p, key);
	if (!value)
		return take_out(r, &p, e);
	kind = yaml_resolve(value, &number);
	if ((str_eq(key, "seed") && kind == Y_INT) ||
		(str_eq(key, "unsafe_truncate_embeddings") && kind == Y_BOOL))
		str_add(&s, value);
	else
		yaml_add_text(&s, value);
	next = put(r, &p, s.s, e);
	str_fini(&s);
	return next;
}
