#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/xalloc.h"
#include "report/pattern.h"

static const char data_text[] =
	"{\"name\": \"a_b*c | <d>\", \"n\": 3, \"none\": null, \"yes\": true, \"no\": false,"
	" \"empty\": [], \"x\": 0.48123, \"minus\": -0.0211, \"zero\": -0.00001,"
	" \"bytes\": 14200000000, \"path\": \"x # y\", \"fence\": \"~~~~`````\\n\","
	" \"wide\": \"\xe2\x86\x92\xe6\x97\xa5\","
	" \"rows\": [{\"t\": \"arc\", \"v\": [1, 2]}, {\"t\": \"piqa\", \"v\": []}]}";

static char *load(void *ctx, const char *name, char **where, struct err *e)
{
	(void)ctx;
	if (str_eq(name, "part")) {
		*where = xstrdup("part.md");
		return xstrdup("[{{n}}]\n{{if yes}}y{{end}}\n");
	}
	if (str_eq(name, "self") || str_eq(name, "broken")) {
		*where = xstrdup(name);
		return xstrdup(str_eq(name, "self") ? "{{include self}}{{include self}}" :
			"x\n\n{{end}}");
	}
	err_set(e, ERR_INPUT, name, NULL, "no such part");
	return NULL;
}

static char *render(const char *text, struct err *e)
{
	json_t *data = json_parse(data_text, sizeof data_text - 1, "data", true, NULL);
	struct pattern *p = pattern_parse(text, strlen(text), "t.md", load, NULL, e);
	struct str out = STR_INIT;
	bool ok = p && pattern_render(p, data, &out, e);

	assert_non_null(data);
	json_decref(data);
	pattern_free(p);
	if (ok)
		return str_steal(&out);
	str_fini(&out);
	return NULL;
}

static void fills(void **state)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "plain { } text\n", "plain { } text\n" },
		{ "{{n}} {{x}} {{yes}} {{none}}.", "3 0.48123 yes ." },
		{ "{{name}}", "a_b\\*c \\| \\<d\\>" },
		{ "{{name | raw}}", "a_b*c | <d>" },
		{ "{{name|code}}", "`a_b*c \\| <d>`" },
		{ "{{path | yaml}}", "'x # y'" },
		{ "{{fence | plain}}", "~~``\\x0A" },
		{ "{{\"{{\"}}", "{{" },
		{ "{{x | fixed 3}} {{minus | signed 3}} {{zero | signed 3}} {{x|signed 1}}",
			"0.481 -0.021 0.000 +0.5" },
		{ "{{minus | points 2}} {{minus | percent 1}} {{none|percent 1}}", "-2.11 0.0 % " },
		{ "{{bytes | bytes}} {{bytes | whole}} {{bytes|count}}",
			"14.20 GB 14200000000 14.2 B" },
		{ "[{{x | fixed 2 | right 6}}|{{n | left 4}}|{{none | or \"-\" | right 3}}]",
			"[  0.48|3   |  -]" },
		{ "[{{wide | left 5}}]", "[\xe2\x86\x92\xe6\x97\xa5  ]" },
		{ "{{for r in rows}}{{r.t}}{{if not loop.last}}, {{end}}{{end}}", "arc, piqa" },
		{ "{{for r in rows}}\n{{loop.number}} {{r.t}}:{{for v in r.v}} {{v}}{{else}} none{{end}}\n"
			"{{end}}\nend\n", "1 arc: 1 2\n2 piqa: none\nend\n" },
		{ "{{rows.0.t}} {{rows.1.t}} {{rows.7}}", "arc piqa " },
		{ "{{if yes}}a{{else}}b{{end}}{{if no}}a{{else}}b{{end}}{{if empty}}a{{else}}b{{end}}",
			"abb" },
		{ "{{if rows.0.t is \"arc\"}}A{{end}}{{if not rows.0.t is \"arc\"}}B{{end}}", "A" },
		{ "x\n  {{if none}}\ny\n{{else}}\nz\n{{end}}\n{{# remark }} ends with braces}}\nw",
			"x\nz\n ends with braces}}\nw" },
		{ "a\n{{# remark}}\nb\n{{include part}}\nc", "a\nb\n[3]\ny\nc" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err e = { 0 };
		char *got = render(cases[i].text, &e);

		if (!got)
			print_error("%s: %s: %s\n", cases[i].text, e.where, e.what);
		assert_non_null(got);
		assert_string_equal(got, cases[i].want);
		free(got);
	}
}

static void refuses(void **state)
{
	static const struct { const char *text, *where, *what; } cases[] = {
		{ "a\nb {{nme}}", "t.md:2", "there is no value nme" },
		{ "{{rows.0.q}}", "t.md:1", "there is no value q" },
		{ "{{for r in rows}}{{r.u}}{{end}}", "t.md:1", "no value u" },
		{ "\n\n{{if yes}}\n", "t.md:3", "never closed" },
		{ "x\n{{end}}\n", "t.md:2", "end without" },
		{ "{{else}}", "t.md:1", "else without" },
		{ "{{if yes}}{{else}}{{else}}{{end}}", "t.md:1", "second else" },
		{ "{{for in rows}}{{end}}", "t.md:1", "no loop" },
		{ "{{if}}{{end}}", "t.md:1", "no condition" },
		{ "{{n", "t.md:1", "without }}" },
		{ "{{}}", "t.md:1", "empty tag" },
		{ "{{n | fixd 3}}", "t.md:1", "no filter fixd" },
		{ "{{n | fixed}}", "t.md:1", "needs a number" },
		{ "{{n | fixed 900}}", "t.md:1", "no number" },
		{ "{{n | or 3}}", "t.md:1", "in quotes" },
		{ "{{n x}}", "t.md:1", "one value" },
		{ "{{rows}}", "t.md:1", "no single value" },
		{ "{{for x in n}}{{end}}", "t.md:1", "no list" },
		{ "{{loop.last}}", "t.md:1", "outside" },
		{ "{{include nothing}}", "nothing", "no such part" },
		{ "{{include self}}", "self:1", "includes itself" },
		{ "\n{{include broken}}", "broken:3", "end without" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err e = { 0 };
		char *got = render(cases[i].text, &e);

		if (got || !strstr(e.where, cases[i].where) || !strstr(e.what, cases[i].what))
			print_error("%s: %s: %s\n", cases[i].text, e.where, e.what);
		assert_null(got);
		assert_non_null(strstr(e.where, cases[i].where));
		assert_non_null(strstr(e.what, cases[i].what));
	}
}

/* Loops in loops end in a message, not in an hour. */
static void ends(void **state)
{
	struct str text = STR_INIT;
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 30; i++)
		str_addf(&text, "{{for a%d in rows}}", i);
	for (int i = 0; i < 30; i++)
		str_add(&text, "{{end}}");
	assert_null(render(text.s, &e));
	assert_non_null(strstr(e.what, "too long"));
	str_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills),
		cmocka_unit_test(refuses),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
