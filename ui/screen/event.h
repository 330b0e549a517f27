/* event: the one place that waits: the terminal, a pipe other threads write to, signals, a timer.
 * Owned by the application. event_wake is safe from any thread and from signal handlers; the rest
 * is the UI thread's. */
#ifndef CUPEL_UI_EVENT_H
#define CUPEL_UI_EVENT_H
#include <stdbool.h>

enum { /* what happened, as bits */
	EVENT_INPUT = 1,   /* the terminal has bytes */
	EVENT_WAKE = 2,    /* a thread has something new */
	EVENT_RESIZE = 4,
	EVENT_STOP = 8,    /* SIGTERM, SIGHUP: save what must be and go */
	EVENT_TIMEOUT = 16,
	EVENT_GONE = 32,   /* the terminal is closed */
};
struct events;
struct events *events_new(int tty); /* -1: no terminal */
void events_free(struct events *ev);
/* At most timeout_ms (-1: for ever). */
unsigned events_wait(struct events *ev, int timeout_ms);
void event_wake(void *events);      /* shaped like preview's `changed` */
double event_now(void);             /* monotonic seconds */
#endif
