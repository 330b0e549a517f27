/* Edits of a plan file: one splice of its text, checked by reading the result. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "quant/spec.h"
#include "recipe/edit.h"

/* What the splices of recipes look at. */
static struct recipe as_text(const struct quant_spec *s)
{
	return (struct recipe){ .path = s->path ? s->path : "plan", .text = s->text,
		.text_n = s->text_n, .tree = s->tree };
}

/* The spliced text as a plan; s is used up. */
static struct quant_spec *apply(const struct quant_spec *s, struct splice *p, struct err *e)
{
	struct str text = STR_INIT;
	struct quant_spec *next;

	str_addn(&text, s->text, p->begin);
	str_addn(&text, p->s.s ? p->s.s : "", p->s.n);
	str_addn(&text, s->text + p->end, s->text_n - p->end);
	next = quant_spec_parse(text.s, text.n, s->path, e);
	str_fini(&text);
	str_fini(&p->s);
	return next;
}

/* All rules but number `but` mean the same, and there are as many as wanted. */
static struct quant_spec *checked(const struct quant_spec *s, struct quant_spec *next, size_t want,
	size_t but, struct err *e)
{
	const struct yaml_node *a = yaml_get(s->tree, "rules");
	const struct yaml_node *b = next ? yaml_get(next->tree, "rules") : NULL;
	size_t gone = want < s->n_rules;
	bool same = next && next->n_rules == want &&
		!strcmp(s->preset.name, next->preset.name);

	for (size_t i = 0; same && i < want; i++) {
		size_t old = i + (gone && i >= but);
		if ((gone || i != but) && old < s->n_rules)
			same = yaml_same(a->items[old], b->items[i]);
	}
	if (same || !next)
		return next;
	quant_spec_unref(next);
	err_set(e, ERR_INPUT, s->path ? s->path : "plan", "edit the text instead",
		"this edit would change more than the one rule");
	return NULL;
}

static bool is_own(const struct quant_rule *r, const char *role, int64_t from, int64_t to)
{
	if (r->n_roles != 1 || strcmp(r->roles[0], role) || r->match)
		return false;
	return from < 0 ? !r->n_ranges :
		r->n_ranges == 1 && r->ranges[0].from == from && r->ranges[0].to == to;
}

static bool touches(const struct quant_rule *r, const char *role)
{
	for (size_t i = 0; i < r->n_roles; i++)
		if (quant_role_match(r->roles[i], role))
			return true;
	return !r->n_roles;
}

/* The rule that says just this and is not overruled by one below; -1: none. */
static long own_rule(const struct quant_spec *s, const char *role, int64_t from, int64_t to)
{
	for (size_t i = s->n_rules; i--; ) {
		if (is_own(&s->rules[i], role, from, to))
			return (long)i;
		if (touches(&s->rules[i], role))
			return -1;
	}
	return -1;
}

static struct place rule_place(size_t i)
{
	struct place p = { .n = 0 };

	place_key(&p, "rules");
	place_index(&p, i);
	return p;
}

static const char *break_of(const struct quant_spec *s)
{
	const char *at = strchr(s->text, '\n');

	return at && at > s->text && at[-1] == '\r' ? "\r\n" : "\n";
}

/* Behind the last rule, in its manner; or a list of its own at the end. */
static bool append(const struct quant_spec *s, const char *rule, struct splice *p, struct err *e)
{
	const struct yaml_node *list = yaml_get(s->tree, "rules");
	struct recipe r = as_text(s);
	struct place at = { .n = 0 };
	const char *nl = break_of(s);

	if (list && list->target)
		return err_set(e, ERR_INPUT, r.path, "edit the text instead",
			"the rules are an alias");
	if (list && list->kind == Y_LIST && list->n && list->style == 'b') {
		const struct yaml_node *last = list->items[list->n - 1];
		size_t end = yaml_end(last);
		while (end > last->mark.begin && strchr("\r\n ", s->text[end - 1]))
			end--;
		end += strcspn(s->text + end, "\r\n");
		p->begin = p->end = end;
		str_addf(&p->s, "%s%*s- %s", nl, list->mark.column - 1, "", rule);
		return true;
	}
	if (list && list->kind == Y_LIST && list->n) {
		p->begin = p->end = yaml_end(list->items[list->n - 1]);
		str_addf(&p->s, ", %s", rule);
		return true;
	}
	if (!list && s->tree->style == 'b') {
		p->begin = p->end = s->text_n;
		bool broken = s->text_n && s->text[s->text_n - 1] == '\n';
		str_addf(&p->s, "%srules:%s  - %s%s", broken ? "" : nl, nl, rule, nl);
		return true;
	}
	place_key(&at, "rules");
	char *text = xasprintf("[%s]", rule);
	bool ok = list ? splice_value(&r, &at, text, p, e) : splice_insert(&r, &at, text, p, e);
	free(text);
	return ok;
}

struct quant_spec *quant_spec_edit_type(const struct quant_spec *s, const char *role,
	int64_t from, int64_t to, const char *type, struct err *e)
{
	long own = own_rule(s, role, from, to);
	struct recipe r = as_text(s);
	struct splice p = { .s = STR_INIT };
	size_t want = s->n_rules, but = (size_t)own;
	bool ok;

	if (!type && own < 0) {
		err_set(e, ERR_INPUT, r.path, NULL, "no rule says just that");
		return NULL;
	}
	if (!type) {
		struct place at = rule_place((size_t)own);
		if (want == 1) /* the last goes with its list */
			at.n--;
		want--;
		ok = splice_remove(&r, &at, &p, e);
	} else if (own >= 0) {
		struct place at = rule_place((size_t)own);
		place_key(&at, "type");
		ok = splice_value(&r, &at, type, &p, e);
	} else {
		struct str rule = STR_INIT;
		str_add(&rule, "{role: ");
		yaml_add_text(&rule, role);
		if (from >= 0 && from == to)
			str_addf(&rule, ", layers: %lld", (long long)from);
		else if (from >= 0)
			str_addf(&rule, ", layers: %lld-%lld", (long long)from, (long long)to);
		str_addf(&rule, ", type: %s}", type);
		but = want++;
		ok = append(s, rule.s, &p, e);
		str_fini(&rule);
	}
	if (ok)
		return checked(s, apply(s, &p, e), want, but, e);
	str_fini(&p.s);
	return NULL;
}

struct quant_spec *quant_spec_edit_preset(const struct quant_spec *s, const char *preset,
	struct err *e)
{
	struct recipe r = as_text(s);
	struct splice p = { .s = STR_INIT };
	struct quant_preset check;
	struct place at = { .n = 0 };

	place_key(&at, "preset");
	if (quant_preset_parse(preset, &check, e) && splice_value(&r, &at, check.name, &p, e))
		return apply(s, &p, e);
	str_fini(&p.s);
	return NULL;
}
