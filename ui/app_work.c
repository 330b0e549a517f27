/* Work on other threads: a list of what is done, announced through the pipe the loop waits on. A
 * piece of work belongs to the app from app_work to its done or drop, whether it begins or not. */
#include "config.h"
#include <stdlib.h>
#include "ui/shell.h"

void shell_work_init(struct shell *s)
{
	pthread_mutex_init(&s->lock, NULL);
}

static void run(void *ctx)
{
	struct work *w = ctx;
	struct shell *s = w->shell;

	w->work(w->ctx);
	pthread_mutex_lock(&s->lock);
	w->finished = true;
	if (!s->closing)
		event_wake(s->a.events);
	pthread_mutex_unlock(&s->lock);
}

void app_work(struct app *a, void (*work)(void *ctx), unsigned (*done)(struct app *a, void *ctx),
	void (*drop)(void *ctx), void *ctx)
{
	struct shell *s = shell_of(a);
	struct work *w = xnew(struct work, 1), **end = &s->work;

	*w = (struct work){ work, done, drop, ctx, s, false, NULL };
	pthread_mutex_lock(&s->lock);
	while (*end)
		end = &(*end)->next;
	*end = w;
	pthread_mutex_unlock(&s->lock);
	pool_submit(a->pool, 0, run, w);
}

/* The first that is finished, off the list. */
static struct work *take(struct shell *s)
{
	struct work *w = NULL;

	pthread_mutex_lock(&s->lock);
	for (struct work **p = &s->work; *p && !w; p = &(*p)->next)
		if ((*p)->finished) {
			w = *p;
			*p = w->next;
			break;
		}
	pthread_mutex_unlock(&s->lock);
	return w;
}

void shell_work_take(struct shell *s)
{
	struct work *w;

	while ((w = take(s))) {
		app_changed(&s->a, w->done(&s->a, w->ctx));
		free(w);
	}
}

void shell_work_close(struct shell *s)
{
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_mutex_unlock(&s->lock);
}

void shell_work_drop(struct shell *s)
{
	while (s->work) {
		struct work *w = s->work;

		s->work = w->next;
		if (w->drop)
			w->drop(w->ctx);
		free(w);
	}
}
