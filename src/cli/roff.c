/* The tables of verbs, recipe keys and methods as the manual pages have them. */
#include "cli/args.h"

#include <string.h>

#include "base/str.h"
#include "merge/method.h"
#include "recipe/keys.h"
#include "recipe/lint.h"
#include "report/pattern.h"

/* A leading dot or quote and every backslash and hyphen mean something in the manual's language. */
static void text(const char *s)
{
	bool begin = true;

	for (; *s; s++) {
		if (begin && (*s == '.' || *s == '\''))
			fputs("\\&", stdout);
		begin = *s == '\n';
		if (*s == '\\')
			fputs("\\e", stdout);
		else if (*s == '-')
			fputs("\\-", stdout);
		else if (*s == '\n' && s[1] == '\n')
			fputs("\n.IP", stdout);
		else
			putchar(*s);
	}
}

static void line(const char *s)
{
	text(s);
	putchar('\n');
}

static void options(const struct verb_option *o)
{
	if (!o || !o->name)
		return;
	puts(".RS");
	for (; o->name; o++) {
		if (!o->help)
			continue;
		printf(".TP\n\\fB");
		text(o->name);
		printf("\\fP");
		if (o->arg) {
			printf(" \\fI");
			text(o->arg);
			printf("\\fP");
		}
		putchar('\n');
		line(o->help);
	}
	puts(".RE");
}

static void verbs(void)
{
	const struct verb *v;

	for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
		printf(".TP\n\\fBcupel %s\\fP", v->name);
		if (v->args && *v->args) {
			printf(" \\fI");
			text(v->args);
			printf("\\fP");
		}
		putchar('\n');
		line(v->help);
		if (v->detail) {
			puts(".IP");
			line(v->detail);
		}
		options(v->options);
	}
}

static void keys(void)
{
	const struct recipe_key *k;
	enum key_level level = LEVEL_FILTER;

	for (size_t i = 0; (k = recipe_key_at(i)) != NULL; i++) {
		if (i == 0 || k->level != level) {
			printf(".SS Keys ");
			line(key_level_name(k->level));
		}
		level = k->level;
		printf(".TP\n.B ");
		line(k->name);
		if (k->dead)
			printf("No effect: ");
		text(k->help);
		puts(".");
	}
}

static void params(const struct method *m)
{
	static const char *const scopes[] = {
		[PARAM_GLOBAL] = "for the recipe",
		[PARAM_INPUT] = "for each model",
		[PARAM_NON_BASE] = "for each model but the base",
	};

	puts(".RS");
	for (size_t i = 0; i < m->n_params; i++) {
		const struct param_def *p = &m->params[i];

		printf(".TP\n\\fB%s\\fP (%s, ", p->name, scopes[p->scope]);
		if (p->required)
			puts("required)");
		else if (p->type == PARAM_BOOL)
			printf("default %s)\n", p->dflt != 0 ? "true" : "false");
		else
			printf("default %g)\n", p->dflt);
		line(p->help);
	}
	puts(".RE");
}

static void methods(void)
{
	const struct method *m;

	for (size_t i = 0; (m = method_at(i)) != NULL; i++) {
		printf(".TP\n\\fB%s\\fP", m->name);
		if (m->paper) {
			printf(" (");
			text(m->paper);
			putchar(')');
		}
		putchar('\n');
		line(m->help);
		puts(m->base > 0 ? "Needs base_model." : m->base < 0 ? "Takes no base_model." :
			"With base_model it works on task vectors.");
		if (m->n_params)
			params(m);
	}
}

static void findings(void)
{
	const struct lint_code *k;

	for (size_t i = 0; (k = lint_code_at(i)) != NULL; i++) {
		printf(".TP\n.B ");
		line(k->name);
		text(k->help);
		puts(".");
	}
}

static void filters(void)
{
	const struct pattern_filter *f;

	for (size_t i = 0; (f = pattern_filter_at(i)) != NULL; i++) {
		printf(".TP\n.B ");
		text(f->name);
		if (f->arg)
			printf(" %s", str_eq(f->arg, "N") ? "N" : "\\(dqTEXT\\(dq");
		puts("");
		text(f->help);
		puts(".");
	}
}

bool cli_roff(const char *what)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} tables[] = { { "verbs", verbs }, { "keys", keys }, { "methods", methods },
		{ "findings", findings }, { "filters", filters } };

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		if (str_eq(what, tables[i].name)) {
			tables[i].print();
			return true;
		}
	}
	return false;
}
