#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "system/file.h"
#include "ui/command/command.h"
#include "ui/command/settings.h"
#include "ui/screen/key.h"
#include "ui/screen/style.h"

static const struct setting_row settings[] = {
#define SETTING(name, dflt, values, help) { name, dflt, values, help },
#include "ui/command/settings.def"
#undef SETTING
};
#define N_SETTINGS (sizeof settings / sizeof *settings)
static char *given[N_SETTINGS];

size_t setting_count(void)
{
	return N_SETTINGS;
}

const struct setting_row *setting_at(size_t i)
{
	return i < N_SETTINGS ? &settings[i] : NULL;
}

static long find(const char *name)
{
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (str_eq(settings[i].name, name))
			return (long)i;
	return -1;
}

const char *settings_get(const char *name)
{
	long i = find(name);

	return i < 0 ? "" : given[i] ? given[i] : settings[i].dflt;
}

bool settings_flag(const char *name)
{
	return str_eq(settings_get(name), "on");
}

/* Is value one of the words? */
static bool is_word(const char *words, const char *value)
{
	size_t n = strlen(value);

	for (const char *p = words; *p;) {
		size_t k = strcspn(p, " ");

		if (k == n && !memcmp(p, value, n))
			return true;
		p += k + (p[k] == ' ');
	}
	return false;
}

static bool theme_use(const char *name, struct err *e);

bool settings_set(const char *name, const char *value, struct err *e)
{
	long i = find(name);

	if (i < 0) {
		struct str all = STR_INIT;

		for (size_t k = 0; k < N_SETTINGS; k++)
			str_addf(&all, "%s%s", k ? " " : "settings are ", settings[k].name);
		err_set(e, ERR_INPUT, name, all.s, "no such setting");
		str_fini(&all);
		return false;
	}
	if (*settings[i].values && !is_word(settings[i].values, value) && !str_eq(name, "theme"))
		return err_set(e, ERR_INPUT, name, settings[i].values,
			"'%s' is not one of its values:", value);
	if (str_eq(name, "theme") && !str_eq(value, "auto") && !theme_use(value, e))
		return false;
	free(given[i]);
	given[i] = xstrdup(value);
	return true;
}

/* --- files --- */
static char *settings_path(void)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (base && *base)
		return str_join_path(base, "cupel/cupelrc");
	return home ? str_join_path(home, ".config/cupel/cupelrc") : xstrdup("cupelrc");
}

struct reader {
	const char *where;
	int depth, line;
	void (*bad)(void *ctx, const struct err *e);
	void *ctx;
};

static void read_file(const char *path, struct reader *r, struct err *e)
{
	size_t n;
	char *text = file_read_all(path, 1 << 20, &n, e);

	if (text)
		settings_read_text(text, path, r->depth + 1, r->bad, r->ctx);
	free(text);
}

/* A built-in theme, or share/themes/NAME. */
static bool theme_use(const char *name, struct err *e)
{
	struct reader r = { .depth = 1 };
	struct str file = STR_INIT;
	struct err local = { 0 };
	char *path;
	bool ok = true;

	if (style_theme(name))
		return true;
	str_addf(&file, "themes/%s", name);
	path = file_data_path(file.s);
	if (strchr(name, '/') || !file_exists(path)) {
		ok = err_set(e, ERR_INPUT, name,
			"themes are default light mono colour-blind and the "
			"files of share/themes",
			"no such theme");
	} else {
		style_theme("default");
		read_file(path, &r, &local);
	}
	free(path);
	str_fini(&file);
	return ok;
}

static char *word(char **p)
{
	char *w = *p + strspn(*p, " \t");
	size_t n = strcspn(w, " \t");

	*p = w + n;
	if (**p)
		*(*p)++ = 0;
	*p += strspn(*p, " \t");
	return w;
}

static bool include(const char *name, struct reader *r, struct err *e)
{
	const char *slash = strrchr(r->where, '/');
	char *dir = slash ? xstrndup(r->where, (size_t)(slash - r->where)) : xstrdup(".");
	char *path = *name == '/' ? xstrdup(name) : str_join_path(dir, name);
	struct err local = { 0 };

	if (r->depth >= 8)
		err_set(&local, ERR_INPUT, name, "a file includes itself",
			"too many files inside files");
	else
		read_file(path, r, &local);
	free(path);
	free(dir);
	if (local.code && e)
		*e = local;
	return !local.code;
}

static bool line_run(char *line, struct reader *r, struct err *e)
{
	char *verb = word(&line), *arg;

	if (!*verb || *verb == '#')
		return true;
	if (str_eq(verb, "include"))
		return include(word(&line), r, e);
	arg = word(&line);
	if (str_eq(verb, "set"))
		return settings_set(arg, line, e);
	if (str_eq(verb, "bind"))
		return keymap_bind(arg, line, e);
	if (str_eq(verb, "unbind"))
		return keymap_unbind(arg, e);
	if (str_eq(verb, "theme"))
		return settings_set("theme", arg, e);
	if (str_eq(verb, "style"))
		return style_set(arg, line, e);
	return err_set(e, ERR_INPUT, verb,
		"lines begin with set, bind, unbind, theme, style or include", "no such word here");
}

void settings_read_text(const char *text, const char *where, int depth,
	void (*bad)(void *ctx, const struct err *e), void *ctx)
{
	struct reader r = { where, depth, 0, bad, ctx };

	while (*text) {
		size_t n = strcspn(text, "\n");
		char *line = xstrndup(text, n), *end = line + n;
		struct err e = { 0 };

		while (end > line && strchr(" \t\r", end[-1]))
			*--end = 0;
		r.line++;
		if (!line_run(line, &r, &e) && bad) {
			struct err full = e;

			snprintf(full.where, sizeof full.where, "%.300s:%d: %.150s", where, r.line,
				e.where);
			bad(ctx, &full);
		}
		free(line);
		text += n + (text[n] == '\n');
	}
}

void settings_read_user(void (*bad)(void *ctx, const struct err *e), void *ctx)
{
	struct err e = { 0 };
	char *path = settings_path();
	size_t n;
	char *text;

	if (file_exists(path)) {
		text = file_read_all(path, 1 << 20, &n, &e);
		if (text)
			settings_read_text(text, path, 0, bad, ctx);
		else if (bad)
			bad(ctx, &e);
		free(text);
	}
	free(path);
}

void settings_dump(struct str *out)
{
	str_add(out, "# Settings of the cupel workbench: $XDG_CONFIG_HOME/cupel/cupelrc.\n"
		"# The program reads this file and never writes it. cupelrc(5) has every word.\n");
	for (size_t i = 0; i < N_SETTINGS; i++) {
		str_addf(out, "\n# %s\n", settings[i].help);
		if (*settings[i].values)
			str_addf(out, "# one of: %s\n", settings[i].values);
		str_addf(out, "%sset %s %s\n", given[i] ? "" : "#", settings[i].name,
			given[i] ? given[i] : settings[i].dflt);
	}
	str_add(out,
		"\n# Keys: bind KEY COMMAND [ARGUMENTS], unbind KEY. cupel-keys(7) has both.\n");
	for (size_t i = 0; i < keymap_user_count(); i++) {
		const struct binding *b = keymap_user_at(i);

		str_add(out, b->command ? "bind " : "unbind ");
		key_name(b->key, out);
		if (b->command)
			str_addf(out, " %s%s%s", b->command->name, b->args ? " " : "",
				b->args ? b->args : "");
		str_addc(out, '\n');
	}
	str_add(out, "\n# Colours: theme NAME, then style ROLE WORDS for single roles.\n");
	for (int r = 0; r < STYLE_COUNT; r++)
		str_addf(out, "#style %s %s\n", style_name((enum style_role)r),
			style_words((enum style_role)r, THEME_DEFAULT));
}
