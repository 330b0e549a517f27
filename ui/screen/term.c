#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>
#include <ncurses.h>
#include "base/xalloc.h"
#include "ui/screen/term.h"

struct term {
	SCREEN *screen;
	FILE *out;
	struct grid *shown;      /* what the terminal shows now */
	bool all;                /* nothing is known of it: write every cell */
	bool mouse;
	int colors;
};

/* What a fatal handler needs, without touching curses. */
static struct {
	volatile sig_atomic_t active;
	struct termios before;
	int err_fd;   /* the real stderr */
	int kept;     /* memory file that stands for it */
} panic = { .err_fd = -1, .kept = -1 };

static const char restore[] = "\033[?1000l\033[?1002l\033[?1006l\033[?2004l\033[0m\033[?1049l"
	"\033[?25h\033[?1l\033>\r";
static const char mouse_on[] = "\033[?1000h\033[?1002h\033[?1006h";
static const char mouse_off[] = "\033[?1000l\033[?1002l\033[?1006l";
static const int fatal_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

/* --- stderr while curses owns the terminal --- */
static void stderr_keep(void)
{
	fflush(stderr);
	panic.kept = memfd_create("stderr", MFD_CLOEXEC);
	panic.err_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	if (panic.kept >= 0 && panic.err_fd >= 0)
		dup2(panic.kept, STDERR_FILENO);
}

/* Only calls that a signal handler may make. */
static void stderr_replay(void)
{
	char buf[4096];
	ssize_t n;

	if (panic.err_fd < 0)
		return;
	dup2(panic.err_fd, STDERR_FILENO);
	if (panic.kept >= 0 && lseek(panic.kept, 0, SEEK_SET) == 0)
		while ((n = read(panic.kept, buf, sizeof buf)) > 0)
			if (write(STDERR_FILENO, buf, (size_t)n) < 0)
				break;
	close(panic.err_fd);
	close(panic.kept);
	panic.err_fd = panic.kept = -1;
}

static void term_panic(void)
{
	if (!panic.active)
		return;
	panic.active = 0;
	if (write(STDOUT_FILENO, restore, sizeof restore - 1) < 0) {
		/* Nothing is left to try. */
	}
	tcsetattr(STDIN_FILENO, TCSANOW, &panic.before);
	stderr_replay();
}

static void on_fatal(int sig)
{
	static const char line[] =
		"cupel: a bug ended it; unsaved recipes are offered again at the "
		"next start\n";
	bool owned = panic.active;

	term_panic();
	if (owned && write(STDERR_FILENO, line, sizeof line - 1) < 0) {
		/* Nothing is left to try. */
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_fatal(void)
{
	struct sigaction sa = { .sa_handler = on_fatal, .sa_flags = SA_RESETHAND | SA_NODEFER };

	for (size_t i = 0; i < sizeof fatal_signals / sizeof *fatal_signals; i++)
		sigaction(fatal_signals[i], &sa, NULL);
	xalloc_on_abort(term_panic);
}

/* --- open and close --- */
void term_write(struct term *t, const char *s, size_t n)
{
	fwrite(s, 1, n, t->out);
	fflush(t->out);
}

static void modes(struct term *t, bool on)
{
	if (on) {
		term_write(t, "\033[?2004h", 8);
		if (t->mouse)
			term_write(t, mouse_on, sizeof mouse_on - 1);
	} else {
		term_write(t, mouse_off, sizeof mouse_off - 1);
		term_write(t, "\033[?2004l", 8);
	}
}

static int count_colors(void)
{
	const char *no = getenv("NO_COLOR");

	if ((no && *no) || !has_colors())
		return 0;
	start_color();
	use_default_colors();
	return COLORS >= 256 ? 256 : COLORS >= 8 ? 8 : 0;
}

struct term *term_open(bool mouse, struct err *e)
{
	struct term *t;
	const char *name = getenv("TERM");
	SCREEN *screen;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		err_set(e, ERR_USAGE, "workbench",
			"give a verb: cupel help lists them; --script FILE "
			"drives the workbench without one",
			"stdin and stdout are not a terminal");
		return NULL;
	}
	tcgetattr(STDIN_FILENO, &panic.before);
	screen = newterm(name && *name ? name : "vt100", stdout, stdin);
	if (!screen) {
		err_set(e, ERR_INPUT, "TERM", "TERM=xterm-256color or TERM=vt100 usually work",
			"no terminal description for '%s'", name ? name : "");
		return NULL;
	}
	t = xnew(struct term, 1);
	t->screen = screen;
	t->out = stdout;
	t->mouse = mouse;
	t->all = true;
	raw();
	noecho();
	nonl();
	leaveok(stdscr, FALSE);
	t->colors = count_colors();
	t->shown = grid_new(COLS, LINES);
	keypad(stdscr, TRUE);
	refresh();
	panic.active = 1;
	stderr_keep();
	catch_fatal();
	modes(t, true);
	return t;
}

void term_close(struct term *t)
{
	if (!t)
		return;
	modes(t, false);
	curs_set(1);
	endwin();
	delscreen(t->screen);
	panic.active = 0;
	stderr_replay();
	grid_free(t->shown);
	free(t);
}

int term_fd(const struct term *t)
{
	(void)t;
	return STDIN_FILENO;
}

void term_size(struct term *t, int *w, int *h)
{
	*w = t->shown->w;
	*h = t->shown->h;
}

void term_resize(struct term *t, int *w, int *h)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col && ws.ws_row) {
		resizeterm(ws.ws_row, ws.ws_col);
		grid_resize(t->shown, ws.ws_col, ws.ws_row);
		term_repaint(t);
	}
	term_size(t, w, h);
}

void term_repaint(struct term *t)
{
	t->all = true;
}

int term_colors(const struct term *t)
{
	return t->colors;
}

void term_mouse(struct term *t, bool on)
{
	t->mouse = on;
	term_write(t, on ? mouse_on : mouse_off, on ? sizeof mouse_on - 1 : sizeof mouse_off - 1);
}

void term_suspend(struct term *t)
{
	modes(t, false);
	def_prog_mode();
	endwin();
	panic.active = 0;
	stderr_replay();
}

void term_resume(struct term *t)
{
	int w, h;

	reset_prog_mode();
	stderr_keep();
	panic.active = 1;
	modes(t, true);
	clearok(stdscr, TRUE);
	term_resize(t, &w, &h);
}

/* --- drawing --- */
/* 256 colours on a terminal of 8: the nearest corner of the cube. */
static int to8(int c, attr_t *attrs)
{
	int r, g, b;

	if (c < 0)
		return -1;
	if (c < 16) {
		if (c >= 8)
			*attrs |= A_BOLD;
		return c & 7;
	}
	if (c >= 232) {
		if (c < 244)
			*attrs |= A_DIM;
		return COLOR_WHITE;
	}
	c -= 16;
	r = c / 36;
	g = c / 6 % 6;
	b = c % 6;
	if (r == g && g == b)
		return r > 1 ? COLOR_WHITE : COLOR_BLACK;
	return (r >= 2 && r * 2 > (g > b ? g : b) ? 1 : 0) |
	       (g >= 2 && g * 2 > (r > b ? r : b) ? 2 : 0) |
	       (b >= 2 && b * 2 > (r > g ? r : g) ? 4 : 0);
}

static void set_style(const struct term *t, unsigned style, attr_t *attrs, int *pair)
{
	struct style_look l = style_look(style);

	*attrs = A_NORMAL;
	if (l.attrs & ATTR_BOLD)
		*attrs |= A_BOLD;
	if (l.attrs & ATTR_DIM)
		*attrs |= A_DIM;
	if (l.attrs & ATTR_REVERSE)
		*attrs |= A_REVERSE;
	if (l.attrs & ATTR_UNDERLINE)
		*attrs |= A_UNDERLINE;
	if (l.attrs & ATTR_ITALIC)
		*attrs |= A_ITALIC;
	*pair = 0;
	if (!t->colors)
		return;
	if (t->colors < 256) {
		l.fg = to8(l.fg, attrs);
		l.bg = to8(l.bg, attrs);
	}
	if (l.fg >= 0 || l.bg >= 0)
		*pair = alloc_pair(l.fg, l.bg);
	if (*pair < 0)
		*pair = 0;
}

/* The characters curses gets for a cell: one that takes columns and its marks. What terminals
 * disagree about (joined emoji, flags, variants) is reduced to what all of them show at the same
 * width. */
static int cell_wide(const struct cell *c, wchar_t out[CCHARW_MAX + 1])
{
	const char *s = cell_text(c), *end = s + strlen(s);
	mbstate_t st;
	int n = 0, width = 0;

	memset(&st, 0, sizeof st);
	while (s < end && n < CCHARW_MAX) {
		wchar_t wc;
		size_t k = mbrtowc(&wc, s, (size_t)(end - s), &st);
		int w;

		if (k == (size_t)-1 || k == (size_t)-2 || k == 0)
			break;
		s += k;
		w = wcwidth(wc);
		if (wc == 0x200d || wc == 0xfe0f || (n > 0 && w != 0))
			break;
		if (w < 0)
			break;
		out[n++] = wc;
		width += w;
	}
	out[n] = 0;
	if (n && width == c->width)
		return width;
	out[0] = c->width == 2 && width == 1 && n ? out[0] : L'?';
	out[1] = 0;
	return 1;
}

static void put_cell(const struct term *t, int x, int y, const struct cell *c)
{
	wchar_t wide[CCHARW_MAX + 1];
	attr_t attrs;
	cchar_t cc;
	int pair, w;

	set_style(t, c->style, &attrs, &pair);
	w = cell_wide(c, wide);
	if (setcchar(&cc, wide, attrs, 0, &pair) == ERR)
		return;
	mvadd_wch(y, x, &cc);
	if (w < c->width) { /* a blank holds the second column */
		setcchar(&cc, L" ", attrs, 0, &pair);
		mvadd_wch(y, x + 1, &cc);
	}
}

static bool same(const struct cell *a, const struct cell *b)
{
	return a->ch == b->ch && a->style == b->style && a->width == b->width;
}

void term_present(struct term *t, const struct grid *g)
{
	int w = g->w < t->shown->w ? g->w : t->shown->w,
	    h = g->h < t->shown->h ? g->h : t->shown->h;

	if (t->all)
		erase();
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++) {
			const struct cell *c = &g->cells[y * g->w + x];
			struct cell *old = &t->shown->cells[y * t->shown->w + x];

			if (!t->all && same(c, old))
				continue;
			if (c->width)
				put_cell(t, x, y, c);
			*old = *c;
		}
	t->all = false;
	curs_set(g->cursor_shown ? 1 : 0);
	if (g->cursor_x >= 0)
		move(g->cursor_y < h ? g->cursor_y : h - 1, g->cursor_x < w ? g->cursor_x : w - 1);
	refresh();
}
