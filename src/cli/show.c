/* How answers look: tables, wrapped text, progress, colour. */
#include "cli/verb.h"

#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/vec.h"

bool cli_color(FILE *f)
{
	const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
	const char *term = getenv("TERM");

	if (no && *no)
		return false;
	if (force && *force && strcmp(force, "0") != 0)
		return true;
	return isatty(fileno(f)) && term && strcmp(term, "dumb") != 0;
}

bool cli_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Safe for the terminal and, where the locale has only ASCII, one '?' a character. */
static char *shown(const char *text)
{
	char *safe = str_safe(text ? text : ""), *out = safe;
	uint32_t cp;

	if (cli_utf8())
		return safe;
	for (size_t i = 0, k; safe[i]; i += k) {
		k = utf8_decode(safe + i, strlen(safe + i), &cp);
		*out++ = cp < 0x80 ? (char)cp : '?';
	}
	*out = '\0';
	return safe;
}

struct table_out {
	size_t columns;
	size_t *width;
	bool *right;
	vec(char *) cells; /* row after row, the header first */
};

static void add_cells(struct table_out *t, const char *const *cells)
{
	for (size_t i = 0; i < t->columns; i++) {
		char *text = shown(cells[i]);
		size_t w = str_width(text);

		if (w > t->width[i])
			t->width[i] = w;
		*vec_push(&t->cells) = text;
	}
}

struct table_out *table_new(const char *const *headers, size_t n)
{
	struct table_out *t = xnew(struct table_out, 1);
	const char **text = xnew(const char *, n);

	t->columns = n;
	t->width = xnew(size_t, n);
	t->right = xnew(bool, n);
	for (size_t i = 0; i < n; i++) {
		t->right[i] = headers[i][0] == '>';
		text[i] = headers[i] + t->right[i];
	}
	add_cells(t, text);
	free(text);
	return t;
}

void table_row(struct table_out *t, const char *const *cells)
{
	add_cells(t, cells);
}

static void print_row(const struct table_out *t, char *const *cells)
{
	size_t last = t->columns, gap = 0;

	while (last > 0 && !cells[last - 1][0])
		last--;
	for (size_t i = 0; i < last; i++) {
		size_t pad = t->width[i] - str_width(cells[i]);

		for (size_t k = gap + (t->right[i] ? pad : 0); k; k--)
			putchar(' ');
		fputs(cells[i], stdout);
		gap = 2 + (t->right[i] ? 0 : pad);
	}
}

void table_print(struct table_out *t)
{
	bool bold = cli_color(stdout);

	for (size_t i = 0; i + t->columns <= t->cells.n && t->columns; i += t->columns) {
		if (i == 0 && bold)
			fputs("\033[1m", stdout);
		print_row(t, t->cells.v + i);
		puts(i == 0 && bold ? "\033[0m" : "");
	}
	for (size_t i = 0; i < t->cells.n; i++)
		free(t->cells.v[i]);
	vec_fini(&t->cells);
	free(t->width);
	free(t->right);
	free(t);
}

/* Words from column `at` on; a line is begun with `indent` blanks. */
static void wrap(FILE *f, const char *text, size_t at, size_t indent, size_t columns)
{
	while (*text) {
		size_t blank = strspn(text, " "), n = strcspn(text + blank, " \n"), w;
		char *word = xstrndup(text + blank, n);

		w = str_width(word);
		if (n && at > indent && at + 1 + w > columns) {
			fputc('\n', f);
			at = 0;
		}
		if (n && at <= indent)
			at += (size_t)fprintf(f, "%*s", (int)(indent - at), "") + w;
		else if (n)
			at += (size_t)fprintf(f, " ") + w;
		fputs(word, f);
		free(word);
		text += blank + n;
		if (*text == '\n') {
			fputc('\n', f);
			at = 0;
			text++;
		}
	}
	if (at)
		fputc('\n', f);
}

void cli_wrap(FILE *f, const char *text, size_t indent, size_t columns)
{
	wrap(f, text, 0, indent, columns);
}

void cli_item(FILE *f, const char *name, const char *text, size_t indent, size_t columns)
{
	size_t at = (size_t)fprintf(f, "  %s", name);

	if (at + 2 > indent) {
		fputc('\n', f);
		at = 0;
	}
	wrap(f, text, at, indent, columns);
}

static struct {
	bool drawn;
	double last; /* when something was last shown, seconds */
} progress;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static size_t tty_columns(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col)
		return w.ws_col;
	return 80;
}

static void progress_text(struct str *s, uint64_t done, uint64_t total, double rate, double left)
{
	str_addf(s, " %3.0f %%  ", total ? 100.0 * (double)done / (double)total : 0.0);
	str_add_bytes(s, done);
	str_add(s, " of ");
	str_add_bytes(s, total);
	if (rate > 0 && isfinite(rate)) {
		str_add(s, "  ");
		str_add_bytes(s, (uint64_t)rate);
		str_add(s, "/s");
	}
	if (left >= 0 && isfinite(left)) {
		str_add(s, "  ");
		str_add_seconds(s, left);
		str_add(s, " left");
	}
}

/* "[####......]  45 %  …  blk.3.attn_q", cut to one line. */
static void draw_bar(uint64_t done, uint64_t total, const char *figures, const char *what)
{
	size_t room = tty_columns() - 1, cells = 24, full;
	size_t used = cells + 2 + str_width(figures);

	full = total ? (size_t)((double)done / (double)total * (double)cells + 0.5) : 0;
	if (full > cells)
		full = cells;
	if (used > room) {
		fprintf(stderr, "\r\033[K%.*s", (int)room, figures + 1);
		return;
	}
	fputs("\r\033[K[", stderr);
	for (size_t i = 0; i < cells; i++)
		fputc(i < full ? '#' : '.', stderr);
	fprintf(stderr, "]%s", figures);
	if (what && used + 2 + str_width(what) <= room)
		fprintf(stderr, "  %s", what);
}

void cli_progress(uint64_t done, uint64_t total, double rate, double left, const char *what)
{
	const char *term = getenv("TERM");
	bool tty = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	struct str figures = STR_INIT;
	double t = now();
	char *name;

	if (progress.last == 0 && !tty)
		progress.last = t; /* what is over in a moment needs no line */
	if (t - progress.last < (tty ? 0.1 : 5.0))
		return;
	progress.last = t;
	progress.drawn = tty;
	progress_text(&figures, done, total, rate, left);
	name = shown(what);
	if (tty)
		draw_bar(done, total, figures.s, name);
	else
		fprintf(stderr, "cupel:%s  %s\n", figures.s, name);
	free(name);
	str_fini(&figures);
}

void cli_progress_end(void)
{
	if (progress.drawn)
		fputs("\r\033[K", stderr);
	progress.drawn = false;
	progress.last = 0;
}
