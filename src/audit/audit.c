#include "audit/audit_in.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"

#define FINDINGS_MAX 2000

static const struct {
	const char *name;
	void (*run)(struct audit_in *in);
} checks[] = {
#define CHECK(id, help) { #id, audit_check_##id },
#include "audit/checks.def"
#undef CHECK
};
#define N_CHECKS (sizeof checks / sizeof checks[0])

const char *audit_verdict_name(enum audit_verdict v)
{
	static const char *const names[] = { "wrong", "misleading", "unsupported", "right" };

	return v < AUDIT_VERDICTS ? names[v] : "";
}

/* --- findings --- */

void audit_say(struct audit_in *in, enum audit_verdict verdict, int64_t line, const char *claim,
	json_t *stated, json_t *computed, const char *fmt, ...)
{
	struct audit *a = in->out;
	struct str message = STR_INIT, safe = STR_INIT;
	bool known = a->findings.n >= FINDINGS_MAX;
	va_list ap;

	for (size_t i = 0; !known && i < a->findings.n; i++)
		known = a->findings.v[i].line == line && a->findings.v[i].check == in->check &&
			!strcmp(a->findings.v[i].claim, claim) &&
			(stated ? json_equal(stated, a->findings.v[i].stated)
			: json_is_null(a->findings.v[i].stated));
	if (known) {
		json_decref(stated);
		json_decref(computed);
		return;
	}
	va_start(ap, fmt);
	str_vaddf(&message, fmt, ap);
	va_end(ap);
	str_add_safe(&safe, message.s, message.n);
	str_fini(&message);
	/* two excerpts of one sentence may come to the same: one answer is enough */
	for (size_t i = 0; verdict != AUDIT_RIGHT && i < a->findings.n; i++)
		known |= a->findings.v[i].line == line && a->findings.v[i].check == in->check &&
			!strcmp(a->findings.v[i].message, safe.s);
	if (known) {
		str_fini(&safe);
		json_decref(stated);
		json_decref(computed);
		return;
	}
	a->count[verdict]++;
	*vec_push(&a->findings) = (struct audit_finding){ .line = line, .verdict = verdict,
		.check = in->check, .claim = str_safe(claim), .message = str_steal(&safe),
		.stated = stated ? stated : json_null(),
		.computed = computed ? computed : json_null() };
}

static int by_line(const void *pa, const void *pb)
{
	const struct audit_finding *a = pa, *b = pb;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->verdict != b->verdict)
		return a->verdict < b->verdict ? -1 : 1;
	return strcmp(a->claim, b->claim);
}

void audit_fini(struct audit *a)
{
	for (size_t i = 0; i < a->findings.n; i++) {
		free(a->findings.v[i].claim);
		free(a->findings.v[i].message);
		json_decref(a->findings.v[i].stated);
		json_decref(a->findings.v[i].computed);
	}
	vec_fini(&a->findings);
	*a = (struct audit){ 0 };
}

json_t *audit_json(const struct audit *a, const char *path)
{
	json_t *o = json_object(), *list = json_array(), *count = json_object();

	for (size_t i = 0; i < a->findings.n; i++) {
		const struct audit_finding *x = &a->findings.v[i];
		json_t *j = json_object();

		json_object_set_new(j, "line", json_integer(x->line));
		json_object_set_new(j, "claim", json_textn(x->claim));
		json_object_set(j, "stated", x->stated);
		json_object_set(j, "computed", x->computed);
		json_object_set_new(j, "verdict", json_textn(audit_verdict_name(x->verdict)));
		json_object_set_new(j, "check", json_textn(x->check));
		json_object_set_new(j, "message", json_textn(x->message));
		json_array_append_new(list, j);
	}
	for (int v = 0; v < AUDIT_VERDICTS; v++)
		json_object_set_new(count, audit_verdict_name((enum audit_verdict)v),
			json_integer((json_int_t)a->count[v]));
	json_object_set_new(o, "card", json_textn(path));
	json_object_set_new(o, "findings", list);
	json_object_set_new(o, "counts", count);
	return o;
}

const struct card_claim *audit_claim(const struct audit_in *in, const char *kind, size_t nth)
{
	for (size_t i = 0; i < in->c->claims.n; i++)
		if (!strcmp(in->c->claims.v[i].kind, kind) && !nth--)
			return &in->c->claims.v[i];
	return NULL;
}

/* --- text --- */

const char *audit_line(const struct audit_in *in, int64_t line)
{
	return line >= 1 && (size_t)line <= in->lines.n ? in->lines.v[line - 1] : "";
}

int audit_decimals(const char *s)
{
	int most = 0;

	for (; *s; s++) {
		int n = 0;

		if (*s != '.' || !isdigit((uint8_t)s[1]))
			continue;
		while (isdigit((uint8_t)s[n + 1]))
			n++;
		s += n;
		if (n > most)
			most = n;
	}
	return most < 9 ? most : 9;
}

double audit_half(int decimals)
{
	return 0.5 * pow(10, -decimals);
}

bool audit_near(double a, double b, double tolerance)
{
	return fabs(a - b) <= tolerance + 1e-9 * (1 + fabs(a) + fabs(b));
}

const char *audit_find(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (; *text; text++)
		if (!strncasecmp(text, word, n))
			return text;
	return NULL;
}

bool audit_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = audit_find(p, word)); p++)
		if ((p == text || !isalnum((uint8_t)p[-1])) && !isalnum((uint8_t)p[n]))
			return true;
	return false;
}

char *audit_words(const struct card_claim *x)
{
	size_t len = strlen(x->text), at = (size_t)json_int(x->what, "at", 0);
	size_t n = (size_t)json_int(x->what, "n", 0);

	if (len <= 100)
		return xstrdup(x->text);
	if (at > len)
		at = len;
	/* Some words around it. */
	size_t from = at > 50 ? at - 50 : 0, to = at + n + 30 < len ? at + n + 30 : len;

	while (from && x->text[from - 1] != ' ')
		from--;
	while (to < len && x->text[to] != ' ')
		to++;
	return xasprintf("%s%.*s%s", from ? "… " : "", (int)(to - from), x->text + from,
		to < len ? " …" : "");
}

static void cut_lines(struct audit_in *in)
{
	char *p = in->copy = xstrndup(in->c->text ? in->c->text : "", in->c->n);

	while (*p) {
		char *nl = strchr(p, '\n');

		vec_reserve(&in->lines, in->lines.n + 1);
		in->lines.v[in->lines.n++] = p;
		if (!nl)
			break;
		*nl = 0;
		p = nl + 1;
	}
}

/* --- all of it --- */

void audit_scores_make(struct audit_in *in);
void audit_scores_fini(struct audit_in *in);
void audit_sizes_make(struct audit_in *in);

void audit_card(const struct import_file *f, const struct audit_known *known, struct audit *out)
{
	struct audit_in in = { .f = f, .c = f->card, .known = known, .out = out };

	*out = (struct audit){ 0 };
	if (!f->card)
		return;
	cut_lines(&in);
	if (f->card->recipe)
		in.recipe = recipe_parse(f->card->recipe, strlen(f->card->recipe), NULL, NULL);
	if (in.recipe)
		effect_of(in.recipe, &in.effect);
	audit_scores_make(&in);
	audit_sizes_make(&in);
	for (size_t i = 0; i < N_CHECKS; i++) {
		in.check = checks[i].name;
		checks[i].run(&in);
	}
	if (out->findings.n)
		qsort(out->findings.v, out->findings.n, sizeof *out->findings.v, by_line);
	audit_scores_fini(&in);
	if (in.recipe)
		effect_fini(&in.effect);
	recipe_unref(in.recipe);
	vec_fini(&in.lines);
	free(in.copy);
}
