/* A script drives the workbench from inside, without a terminal. One thing a line:
 *	key + + C-r Enter     keys by name
 *	type TEXT             letters, as if typed
 *	paste TEXT
 *	click X Y, wheel X Y up|down
 *	resize 60x16
 *	:wait-idle            until no work is left in the background
 *	:screen-save FILE, :quit, :any-command ARGS
 *	# …                   a comment
 * A command that does not exist, or a wait that lasts too long, ends it with exit status 1. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ui/shell.h"

#define PATIENCE 120.0 /* seconds a wait may last before the script fails */

static void settle(struct shell *s)
{
	shell_tick(s);
	shell_draw(s);
}

static bool wait_idle(struct shell *s, struct err *e)
{
	double start = event_now();

	while (!shell_idle(s)) {
		if (event_now() - start > PATIENCE)
			return err_set(
				e, ERR_NO, ":wait-idle", NULL, "still busy after %.0f s", PATIENCE);
		events_wait(s->a.events, 20);
		settle(s); /* views ask for more as figures come */
	}
	s->polled = 0; /* what the last of it left in the catalog */
	settle(s);
	return true;
}

static bool press(struct shell *s, char *names, struct err *e)
{
	char *save = NULL;

	for (char *w = strtok_r(names, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		struct key_input in = { .type = INPUT_KEY, .key = key_by_name(w) };

		if (!in.key)
			return err_set(e, ERR_USAGE, w, "cupel-keys(7) names them", "no such key");
		shell_input(s, &in);
		settle(s);
	}
	return true;
}

static void type_text(struct shell *s, const char *text)
{
	while (*text && !s->quit) {
		uint32_t cp;
		size_t n = utf8_decode(text, strlen(text), &cp);
		struct key_input in = { .type = INPUT_KEY, .key = n ? cp : '?' };

		shell_input(s, &in);
		text += n ? n : 1;
	}
	settle(s);
}

static void mouse(struct shell *s, const char *args, bool wheel)
{
	struct key_input in = { .type = INPUT_MOUSE };
	char word[8] = "";

	sscanf(args, "%d %d %7s", &in.x, &in.y, word);
	in.button = !wheel ? MOUSE_LEFT : str_eq(word, "up") ? MOUSE_WHEEL_UP : MOUSE_WHEEL_DOWN;
	shell_input(s, &in);
	settle(s);
}

static bool run_line(struct shell *s, char *line, struct err *e)
{
	char *args = line + strcspn(line, " ");
	int w, h;

	if (*args)
		*args++ = 0;
	if (!*line || *line == '#')
		return true;
	if (str_eq(line, "key"))
		return press(s, args, e);
	if (str_eq(line, "type")) {
		type_text(s, args);
		return true;
	}
	if (str_eq(line, "paste")) {
		struct key_input in = { .type = INPUT_PASTE, .text = args };

		shell_input(s, &in);
		settle(s);
		return true;
	}
	if (str_eq(line, "click") || str_eq(line, "wheel")) {
		mouse(s, args, *line == 'w');
		return true;
	}
	if (str_eq(line, "resize") && sscanf(args, "%dx%d", &w, &h) == 2) {
		shell_resize(s, w, h);
		settle(s);
		return true;
	}
	if (str_eq(line, ":wait-idle"))
		return wait_idle(s, e);
	if (*line != ':')
		return err_set(e, ERR_USAGE, line,
			"key, type, paste, click, wheel, resize, :command",
			"no such line in a script");
	if (*args)
		args[-1] = ' ';
	str_clear(&s->script_error);
	app_changed(&s->a, shell_run_line(s, line + 1));
	settle(s);
	return !s->script_error.n || err_set(e, ERR_USAGE, line, NULL, "%s", s->script_error.s);
}

int script_run(struct shell *s, const char *path)
{
	struct err e = { 0 };
	size_t n = 0;
	char *text = file_read_all(path, 1 << 20, &n, &e);
	int number = 0;

	if (!text) {
		err_print(&e);
		return err_exit_status(e.code);
	}
	settle(s);
	for (char *p = text; p && *p && !s->quit;) {
		char *end = strchr(p, '\n');

		number++;
		if (end)
			*end = 0;
		if (!run_line(s, p, &e)) {
			char *where = xstrdup(e.where);

			err_at(&e, "%.300s:%d: %.100s", path, number, where);
			err_print(&e);
			free(where);
			break;
		}
		p = end ? end + 1 : NULL;
	}
	free(text);
	return e.code ? 1 : 0;
}
