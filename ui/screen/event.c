#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "base/xalloc.h"
#include "ui/screen/event.h"

struct events {
	int tty;
	int wake[2];
	atomic_bool woken; /* one byte in the pipe is enough */
};

/* Signals only write here; the loop reads. */
static int signal_pipe[2] = { -1, -1 };

static void on_signal(int sig)
{
	int saved = errno;
	char c = sig == SIGWINCH ? 'w' : 's';

	if (write(signal_pipe[1], &c, 1) < 0) {
		/* The pipe is full: the loop has enough to read already. */
	}
	errno = saved;
}

static bool pipe_open(int fd[2])
{
	if (pipe(fd) < 0)
		return false;
	for (int i = 0; i < 2; i++) {
		fcntl(fd[i], F_SETFL, O_NONBLOCK);
		fcntl(fd[i], F_SETFD, FD_CLOEXEC);
	}
	return true;
}

struct events *events_new(int tty)
{
	static const int signals[] = { SIGWINCH, SIGTERM, SIGHUP };
	struct events *ev = xnew(struct events, 1);
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	ev->tty = tty;
	if (!pipe_open(ev->wake))
		ev->wake[0] = ev->wake[1] = -1;
	if (signal_pipe[0] < 0 && pipe_open(signal_pipe))
		for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
			sigaction(signals[i], &sa, NULL);
	return ev;
}

void events_free(struct events *ev)
{
	if (!ev)
		return;
	for (int i = 0; i < 2; i++)
		if (ev->wake[i] >= 0)
			close(ev->wake[i]);
	free(ev);
}

void event_wake(void *events)
{
	struct events *ev = events;

	if (atomic_exchange(&ev->woken, true))
		return;
	if (write(ev->wake[1], "w", 1) < 0) {
		/* Full: the loop wakes anyway. */
	}
}

static unsigned drain_signals(void)
{
	unsigned bits = 0;
	char buf[64];
	ssize_t n;

	while ((n = read(signal_pipe[0], buf, sizeof buf)) > 0)
		for (ssize_t i = 0; i < n; i++)
			bits |= buf[i] == 'w' ? EVENT_RESIZE : EVENT_STOP;
	return bits;
}

unsigned events_wait(struct events *ev, int timeout_ms)
{
	struct pollfd p[3] = { { .fd = ev->wake[0], .events = POLLIN },
		{ .fd = signal_pipe[0], .events = POLLIN }, { .fd = ev->tty, .events = POLLIN } };
	unsigned bits = 0;
	char buf[16];
	int n = poll(p, 3, timeout_ms);

	if (n == 0)
		return EVENT_TIMEOUT;
	if (n < 0)
		return errno == EINTR ? drain_signals() : EVENT_TIMEOUT;
	if (p[0].revents) {
		atomic_store(&ev->woken, false);
		while (read(ev->wake[0], buf, sizeof buf) > 0)
			bits |= EVENT_WAKE;
	}
	if (p[1].revents)
		bits |= drain_signals();
	if (p[2].revents & POLLIN)
		bits |= EVENT_INPUT;
	else if (p[2].revents & (POLLHUP | POLLERR | POLLNVAL))
		bits |= EVENT_GONE;
	return bits;
}

double event_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
