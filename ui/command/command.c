#include "config.h"
#include <string.h>
#include "base/vec.h"
#include "ui/command/command.h"
#include "ui/screen/key.h"

static const struct { const char *id; struct command c; } rows[] = {
#define COMMAND(id, keys, contexts, label, priority, args, enabled, help, cli) \
	{ #id, { NULL, keys, contexts, label, priority, args, help, cli, command_##enabled, \
		cmd_##id } },
#include "ui/command/commands.def"
#undef COMMAND
};
#define N_ROWS (sizeof rows / sizeof *rows)

static struct command commands[N_ROWS];
static vec(struct binding) defaults, user;

bool command_always(const struct app *a)
{
	(void)a;
	return true;
}

static void bind_words(const struct command *c, const char *keys)
{
	char *copy = xstrdup(keys), *save = NULL;

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		*vec_push(&defaults) = (struct binding){ key_by_name(w), c, NULL };
	free(copy);
}

static void load(void)
{
	if (commands[0].name)
		return;
	for (size_t i = 0; i < N_ROWS; i++) {
		char *name = xstrdup(rows[i].id);

		for (char *p = name; *p; p++)
			if (*p == '_')
				*p = '-';
		commands[i] = rows[i].c;
		commands[i].name = name;
		bind_words(&commands[i], commands[i].keys);
	}
}

size_t command_count(void)
{
	return N_ROWS;
}

const struct command *command_at(size_t i)
{
	load();
	return i < N_ROWS ? &commands[i] : NULL;
}

const struct command *command_by_name(const char *name)
{
	load();
	for (size_t i = 0; i < N_ROWS; i++)
		if (str_eq(commands[i].name, name))
			return &commands[i];
	return NULL;
}

bool command_is_enabled(const struct command *c, const struct app *a)
{
	return c->enabled(a);
}

/* --- keys --- */
const struct binding *keymap_find(uint32_t key, unsigned context)
{
	load();
	for (size_t i = user.n; i-- > 0;)
		if (user.v[i].key == key && (!user.v[i].command ||
			user.v[i].command->contexts & context))
			return user.v[i].command ? &user.v[i] : NULL;
	for (size_t i = 0; i < defaults.n; i++)
		if (defaults.v[i].key == key && defaults.v[i].command->contexts & context)
			return &defaults.v[i];
	return NULL;
}

static bool check_key(const char *name, uint32_t *key, struct err *e)
{
	*key = key_by_name(name);
	if (*key)
		return true;
	return err_set(e, ERR_INPUT, name,
		"keys are a letter, C-x, M-x, S-Tab, Enter, Esc, Tab, Space, "
		"BS, Up, Down, Left, Right, PgUp, PgDn, Home, End, Ins, Del, F1 to F12",
		"no such key");
}

bool keymap_bind(const char *key_text, const char *line, struct err *e)
{
	const char *rest = strchr(line, ' ');
	char *name = rest ? xstrndup(line, (size_t)(rest - line)) : xstrdup(line);
	const struct command *c = command_by_name(name);
	uint32_t key;
	bool ok;

	ok = check_key(key_text, &key, e);
	if (ok && !c) {
		const char *names[N_ROWS];

		for (size_t i = 0; i < N_ROWS; i++)
			names[i] = commands[i].name;
		ok = err_set(e, ERR_INPUT, name, str_nearest(name, names, N_ROWS),
			"no such command; nearest:");
	}
	free(name);
	if (!ok)
		return false;
	while (rest && *rest == ' ')
		rest++;
	*vec_push(&user) = (struct binding){ key, c, rest && *rest ? xstrdup(rest) : NULL };
	return true;
}

bool keymap_unbind(const char *key_text, struct err *e)
{
	uint32_t key;

	if (!check_key(key_text, &key, e))
		return false;
	*vec_push(&user) = (struct binding){ key, NULL, NULL };
	return true;
}

size_t keymap_user_count(void)
{
	return user.n;
}

const struct binding *keymap_user_at(size_t i)
{
	return &user.v[i];
}

static bool in_force(const struct binding *b)
{
	return keymap_find(b->key, b->command->contexts) == b;
}

void command_keys(const struct command *c, bool first_only, struct str *out)
{
	bool any = false;

	load();
	for (int pass = 0; pass < 2; pass++) {
		const struct binding *v = pass ? defaults.v : user.v;
		size_t n = pass ? defaults.n : user.n;

		for (size_t i = 0; i < n; i++) {
			if (v[i].command != c || !in_force(&v[i]))
				continue;
			if (any)
				str_addc(out, ' ');
			key_name(v[i].key, out);
			any = true;
			if (first_only)
				return;
		}
	}
}

/* --- the manual --- */
static const struct { unsigned bit; const char *name; } sections[] = {
	{ CTX_VIEWS, "In every view" }, { CTX_MODELS, "Models" }, { CTX_TENSORS, "Tensors" },
	{ CTX_RECIPE, "Recipe" }, { CTX_QUANT, "Quant" }, { CTX_JOBS, "Jobs" },
	{ CTX_RESULTS, "Results" }, { CTX_HISTORY, "History" }, { CTX_SHEET, "In a sheet" },
	{ CTX_HELP, "In the list of keys" }, { CTX_PROMPT, "In a line being typed" },
};

static bool in_section(const struct command *c, unsigned bit)
{
	bool everywhere = (c->contexts & CTX_VIEWS) == CTX_VIEWS;

	if (bit == CTX_VIEWS)
		return everywhere;
	return (c->contexts & bit) && !(everywhere && bit & CTX_VIEWS);
}

static void man_text(struct str *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '-')
			str_add(out, "\\-");
		else if (*s == '\\')
			str_add(out, "\\e");
		else
			str_addc(out, *s);
	}
}

static void man_row(struct str *out, const struct command *c)
{
	struct str keys = STR_INIT;

	command_keys(c, false, &keys);
	str_add(out, ".TP\n.B ");
	man_text(out, keys.n ? keys.s : ":");
	if (!keys.n)
		man_text(out, c->name);
	str_add(out, "\n");
	man_text(out, c->help);
	str_add(out, "\n.RB ( \":");
	man_text(out, c->name);
	str_add(out, "\" \"");
	if (*c->args)
		str_addc(out, ' ');
	man_text(out, c->args);
	if (*c->cli) {
		str_add(out, "; \" \"cupel ");
		man_text(out, c->cli);
		str_add(out, "\" )\n");
	} else {
		str_add(out, ")\"\n");
	}
	str_fini(&keys);
}

void command_dump_man(struct str *out)
{
	load();
	str_add(out, ".\\\" Made from ui/command/commands.def by cupel \\-\\-dump\\-keys.\n"
		     ".TH CUPEL\\-KEYS 7 \"\" cupel\n.SH NAME\ncupel\\-keys \\- keys and commands "
		     "of the "
		     "cupel workbench\n.SH DESCRIPTION\nA letter means one thing in every view, or "
		     "nothing "
		     "there. Every command can be called by name after\n.BR : ,\nbound to another "
		     "key in\n"
		     ".BR cupelrc (5),\nand used in a script\n.RB ( \"cupel \\-\\-script\" ).\n");
	for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
		bool any = false;

		for (size_t i = 0; i < N_ROWS; i++) {
			if (!in_section(&commands[i], sections[s].bit))
				continue;
			if (!any)
				str_addf(out, ".SH \"%s\"\n", sections[s].name);
			any = true;
			man_row(out, &commands[i]);
		}
	}
	str_add(out, ".SH \"SEE ALSO\"\n.BR cupel (1),\n.BR cupelrc (5)\n");
}
