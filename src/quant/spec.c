/* Plan files: YAML to rules, every key at its place or refused with the nearest one. */
#include "config.h"
#include "quant/spec.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/xalloc.h"
#include "system/file.h"

#define MAX_PATTERN 256

struct reading {
	struct spec_own *o;
	const char *path;
	struct err *e;
};

static bool wrong(const struct reading *r, const struct yaml_node *at, const char *hint,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static bool wrong(const struct reading *r, const struct yaml_node *at, const char *hint,
	const char *fmt, ...)
{
	char where[512];
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	snprintf(where, sizeof where, "%s:%d:%d", r->path, at->mark.line, at->mark.column);
	err_set(r->e, ERR_INPUT, where, hint, "%s", s.s);
	str_fini(&s);
	return false;
}

static bool check_keys(const struct reading *r, const struct yaml_node *map,
	const char *const *keys, size_t n, const char *what)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml_pair *p = &map->pairs[i];
		bool known = p->kind == Y_MERGE_KEY;
		const char *near;

		for (size_t k = 0; k < n; k++)
			known |= str_eq(p->key->text, keys[k]);
		if (p->kind == Y_SHADOWED)
			return wrong(r, p->key, "remove one of the two", "%s is there twice",
				p->key->text);
		if (known)
			continue;
		near = p->key->text ? str_nearest(p->key->text, keys, n) : NULL;
		char *hint = near ? xasprintf("did you mean %s?", near) : NULL;
		wrong(r, p->key, hint, "%s has no key %s", what,
			p->key->text ? p->key->text : "of this kind");
		free(hint);
		return false;
	}
	return true;
}

/* A type of this container, at its place in the text. */
static bool read_type(const struct reading *r, const struct yaml_node *n, struct quant_type *out)
{
	const struct quant_preset *p = &r->o->s.preset;
	struct err why = { 0 };

	if (!yaml_is_scalar(n) || n->kind == Y_NULL)
		return wrong(r, n, NULL, "a type is one word");
	if (quant_type_parse(n->text, p->container, p->base.group, out, &why))
		return true;
	return wrong(r, n, why.hint, "%s", why.what);
}

/* --- rules --- */

static bool read_number(const char **s, int64_t *out)
{
	char *end;
	long v = strtol(*s, &end, 10);

	if (end == *s || v > INT_MAX || v < INT_MIN)
		return false;
	*s = end;
	*out = v;
	return true;
}

/* "0-3,36-39" into ranges; false: it is none of that. */
static bool quant_layers_parse(const char *s, struct quant_rule *r)
{
	for (;;) {
		int64_t from, to;

		s += strspn(s, " ");
		if (r->n_ranges == QUANT_MAX_RANGES || !read_number(&s, &from))
			return false;
		to = from;
		if (*s == '-') {
			s++;
			if (!read_number(&s, &to))
				return false;
		}
		if ((from < 0) == (to < 0) && to < from)
			return false;
		r->ranges[r->n_ranges].from = from;
		r->ranges[r->n_ranges++].to = to;
		s += strspn(s, " ");
		if (*s != ',')
			return !*s;
		s++;
	}
}

static bool read_layers(const struct reading *r, const struct yaml_node *n, struct quant_rule *out)
{
	static const char hint[] = "write 0-3, 0-3,36-39 or a list; -1 is the last layer";

	if (n->kind == Y_LIST) {
		for (size_t i = 0; i < n->n; i++)
			if (!yaml_is_scalar(n->items[i]) ||
				!quant_layers_parse(n->items[i]->text, out))
				return wrong(r, n->items[i], hint, "this is no range of layers");
		return n->n || wrong(r, n, hint, "an empty list of layers");
	}
	return (yaml_is_scalar(n) && n->kind != Y_NULL && quant_layers_parse(n->text, out)) ||
		wrong(r, n, hint, "this is no range of layers");
}

static bool read_roles(const struct reading *r, const struct yaml_node *n, struct quant_rule *out)
{
	size_t count = n->kind == Y_LIST ? n->n : 1;
	const char **v = arena_new(&r->o->arena, const char *, count + 1);

	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *one = n->kind == Y_LIST ? n->items[i] : n;
		if (!yaml_is_scalar(one) || one->kind == Y_NULL || !*one->text)
			return wrong(r, one, NULL, "a role is a word: attn_v, ffn_down, ffn");
		v[i] = one->text;
	}
	out->roles = v;
	out->n_roles = count;
	return count || wrong(r, n, NULL, "an empty list of roles");
}

/* POSIX matches anything within bounds of its own, but repeats of repeats grow beyond them, and
 * back references make it search for ever. */
static bool bounded(const char *s)
{
	uint64_t product = 1;

	for (; *s; s++) {
		if (*s == '\\' && s[1]) {
			if (*++s >= '1' && *s <= '9')
				return false;
		} else if (*s == '{') {
			uint64_t low = strtoul(s + 1, NULL, 10), high = low;
			const char *comma = s + strcspn(s, ",}");
			if (*comma == ',')
				high = strtoul(comma + 1, NULL, 10);
			high = high > low ? high : low;
			product *= high ? high : 1;
			if (high > 255 || product > 1000)
				return false;
		}
	}
	return true;
}

/* \d as everybody writes it. */
static char *posix_pattern(const char *s)
{
	struct str out = STR_INIT;

	for (; *s; s++) {
		if (*s == '\\' && s[1] == 'd') {
			str_add(&out, "[0-9]");
			s++;
		} else if (*s == '\\' && s[1]) {
			str_addn(&out, s++, 2);
		} else {
			str_addc(&out, *s);
		}
	}
	return str_steal(&out);
}

static bool read_match(const struct reading *r, const struct yaml_node *n, struct quant_rule *out)
{
	regex_t *re = &r->o->re[r->o->n_re];
	char why[160], *pattern;
	int rc;

	if (!yaml_is_scalar(n) || n->kind == Y_NULL || !*n->text)
		return wrong(r, n, NULL, "match is a regular expression");
	if (strlen(n->text) > MAX_PATTERN || !bounded(n->text))
		return wrong(r, n, "write it shorter, without \\1 and nested {n,m}",
			"this expression is too costly to search with");
	pattern = posix_pattern(n->text);
	rc = regcomp(re, pattern, REG_EXTENDED | REG_NOSUB);
	free(pattern);
	if (rc) {
		regerror(rc, re, why, sizeof why);
		return wrong(r, n, "extended regular expressions, as grep -E takes them", "%s",
			why);
	}
	r->o->n_re++;
	out->match = n->text;
	out->re = re;
	return true;
}

static bool read_rule(const struct reading *r, const struct yaml_node *n, struct quant_rule *out)
{
	static const char *const keys[] = { "role", "layers", "match", "type" };
	const struct yaml_node *role, *layers, *match, *type;

	if (n->kind != Y_MAP)
		return wrong(r, n, "- {role: ffn_down, type: Q6_K}", "a rule is a map");
	if (!check_keys(r, n, keys, 4, "a rule"))
		return false;
	role = yaml_get(n, "role");
	layers = yaml_get(n, "layers");
	match = yaml_get(n, "match");
	type = yaml_get(n, "type");
	out->mark = n->mark;
	if (!type)
		return wrong(r, n, "type: Q6_K", "the rule gives no type");
	if (!role && !layers && !match)
		return wrong(r, n, "role, layers and match choose tensors",
			"the rule chooses nothing");
	out->keep = yaml_is_scalar(type) && type->text && !strcasecmp(type->text, "keep");
	return (!role || read_roles(r, role, out)) && (!layers || read_layers(r, layers, out)) &&
		(!match || read_match(r, match, out)) &&
		(out->keep || read_type(r, type, &out->type));
}

static bool read_rules(const struct reading *r, const struct yaml_node *n)
{
	struct spec_own *o = r->o;
	struct quant_rule *v;

	if (!n || n->kind == Y_NULL)
		return true;
	if (n->kind != Y_LIST)
		return wrong(r, n, "begin each rule with a dash", "rules is a list");
	if (n->n > QUANT_MAX_RULES)
		return wrong(r, n, NULL, "more than %d rules", QUANT_MAX_RULES);
	v = arena_new(&o->arena, struct quant_rule, n->n + 1);
	o->re = arena_new(&o->arena, regex_t, n->n + 1);
	o->s.rules = v;
	for (size_t i = 0; i < n->n; i++, o->s.n_rules++)
		if (!read_rule(r, n->items[i], &v[i]))
			return false;
	return true;
}

/* --- the top --- */

static bool read_flag(const struct reading *r, const char *key, bool *out)
{
	const struct yaml_node *n = yaml_get(r->o->s.tree, key);

	if (!n)
		return true;
	*out = n->kind == Y_BOOL && n->number != 0;
	return n->kind == Y_BOOL || wrong(r, n, NULL, "%s is true or false", key);
}

static bool read_option(const struct reading *r, const char *key, bool *has, enum dtype *out)
{
	const struct yaml_node *n = yaml_get(r->o->s.tree, key);
	struct quant_type t;

	*has = n != NULL;
	if (!n)
		return true;
	if (!read_type(r, n, &t))
		return false;
	*out = t.dtype;
	return true;
}

static bool read_preset(const struct reading *r)
{
	const struct yaml_node *n = yaml_get(r->o->s.tree, "preset");
	struct quant_preset *p = &r->o->s.preset;
	struct err why = { 0 };
	char name[QUANT_TYPE_NAME];

	if (!n)
		return wrong(r, r->o->s.tree, "preset: Q4_K_M", "the plan names no preset");
	if (!yaml_is_scalar(n) || n->kind == Y_NULL)
		return wrong(r, n, NULL, "a preset is one word");
	if (!quant_preset_parse(n->text, p, &why))
		return wrong(r, n, why.hint, "%s", why.what);
	if (!quant_type_writable(p->base, p->container))
		return wrong(r, n, "llama-quantize writes it; here take Q2_K or more",
			"%s is made of %s, which is read and not written", p->name,
			quant_type_name(p->base, name));
	return true;
}

static bool read_top(const struct reading *r)
{
	static const char *const keys[] = { "preset", "rules", "pure", "leave_output_tensor",
		"output_tensor_type", "token_embedding_type" };
	struct quant_policy *p = &r->o->s.policy;
	const struct yaml_node *top = r->o->s.tree;

	if (!top || top->kind != Y_MAP)
		return err_set(r->e, ERR_INPUT, r->path, "preset: Q4_K_M", "this is no plan");
	if (!check_keys(r, top, keys, 6, "a plan") || !read_preset(r))
		return false;
	for (size_t i = 2; i < 6 && r->o->s.preset.container == QUANT_MLX; i++)
		if (yaml_get(top, keys[i]))
			return wrong(r, yaml_pair(top, keys[i])->key, "write a rule",
				"%s is of llama-quantize, and %s is a preset of MLX", keys[i],
				r->o->s.preset.name);
	return read_flag(r, "pure", &p->pure) &&
		read_flag(r, "leave_output_tensor", &p->leave_output) &&
		read_option(r, "output_tensor_type", &p->has_output, &p->output) &&
		read_option(r, "token_embedding_type", &p->has_embedding, &p->embedding) &&
		read_rules(r, yaml_get(top, "rules"));
}

struct quant_spec *quant_spec_parse(const char *text, size_t n, const char *path, struct err *e)
{
	struct spec_own *o = xnew(struct spec_own, 1);
	struct reading r = { .o = o, .path = path ? path : "plan", .e = e };
	struct yaml_doc doc;

	atomic_init(&o->refs, 1);
	arena_init(&o->arena);
	o->s.path = path ? arena_strdup(&o->arena, path) : NULL;
	if (n <= YAML_MAX_BYTES) {
		o->s.text = arena_strndup(&o->arena, text, n);
		o->s.text_n = n;
	}
	if (yaml_parse(&o->arena, o->s.text ? o->s.text : "", n, r.path, &doc, e)) {
		o->s.tree = doc.root;
		if (doc.documents > 1)
			err_set(e, ERR_INPUT, r.path, "keep one", "the file holds %zu plans",
				doc.documents);
		else if (read_top(&r))
			return &o->s;
	}
	quant_spec_unref(&o->s);
	return NULL;
}

struct quant_spec *quant_spec_load(const char *name, struct err *e)
{
	struct quant_preset p;
	struct err why = { 0 };
	size_t n;
	char *text;

	if (quant_preset_parse(name, &p, &why)) {
		text = xasprintf("preset: %s\n", p.name);
		n = strlen(text);
	} else if (!file_exists(name)) {
		err_set(e, ERR_INPUT, name, why.hint, "%s, nor a file of that name", why.what);
		return NULL;
	} else {
		text = file_read_all(name, YAML_MAX_BYTES, &n, e);
		if (!text)
			return NULL;
	}
	struct quant_spec *s = quant_spec_parse(text, n, why.what[0] ? name : NULL, e);
	free(text);
	return s;
}

struct quant_spec *quant_spec_ref(const struct quant_spec *s)
{
	atomic_fetch_add(&((struct spec_own *)(uintptr_t)s)->refs, 1);
	return (struct quant_spec *)(uintptr_t)s;
}

void quant_spec_unref(const struct quant_spec *s)
{
	struct spec_own *o = (struct spec_own *)(uintptr_t)s;

	if (!o || atomic_fetch_sub(&o->refs, 1) > 1)
		return;
	for (size_t i = 0; i < o->n_re; i++)
		regfree(&o->re[i]);
	arena_fini(&o->arena);
	free(o);
}

bool quant_spec_save(const struct quant_spec *s, const char *path, struct err *e)
{
	return file_write_all(path, s->text, s->text_n, e);
}

/* --- what a rule matches --- */

bool quant_role_match(const char *word, const char *role)
{
	static const char *const begins[] = { "attn", "ffn", "ssm", "vision" };
	static const char *const ends[] = { "norm", "embd" };
	size_t n = strlen(word);

	if (strpbrk(word, "*?["))
		return !fnmatch(word, role, 0);
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (!strcmp(word, begins[i]))
			return !strncmp(word, role, n) && (!role[n] || role[n] == '_');
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (!strcmp(word, ends[i]))
			return str_ends(role, word);
	return !strcmp(word, role);
}

static bool in_ranges(const struct quant_rule *r, int64_t layer, int64_t layers)
{
	for (size_t i = 0; i < r->n_ranges; i++) {
		int64_t from = r->ranges[i].from, to = r->ranges[i].to;
		from += from < 0 ? layers : 0;
		to += to < 0 ? layers : 0;
		if (layer >= from && layer <= to)
			return true;
	}
	return false;
}

bool quant_rule_match(const struct quant_rule *r, const struct quant_target *t, int64_t layers)
{
	bool role = !r->n_roles;

	for (size_t i = 0; i < r->n_roles && !role; i++)
		role = quant_role_match(r->roles[i], t->role);
	if (!role || (r->n_ranges && (t->layer < 0 || !in_ranges(r, t->layer, layers))))
		return false;
	return !r->re || !regexec(r->re, t->name, 0, NULL, 0);
}

/* --- meaning --- */

static void add_rule(struct str *s, const struct quant_rule *r)
{
	char name[QUANT_TYPE_NAME];

	str_add(s, "\nrule");
	for (size_t i = 0; i < r->n_roles; i++)
		str_addf(s, " %s", r->roles[i]);
	for (size_t i = 0; i < r->n_ranges; i++)
		str_addf(s, " %lld-%lld", (long long)r->ranges[i].from,
			(long long)r->ranges[i].to);
	str_addf(s, " /%s/ %s", r->match ? r->match : "",
		r->keep ? "keep" : quant_type_name(r->type, name));
}

struct hash quant_spec_hash(const struct quant_spec *s)
{
	struct str text = STR_INIT;
	const struct quant_policy *p = &s->policy;

	str_addf(&text, "%s %d%d %s %s", s->preset.name, p->pure, p->leave_output,
		p->has_output ? dtype_name(p->output) : "-",
		p->has_embedding ? dtype_name(p->embedding) : "-");
	for (size_t i = 0; i < s->n_rules; i++)
		add_rule(&text, &s->rules[i]);
	struct hash h = hash_bytes(text.s, text.n);
	str_fini(&text);
	return h;
}
