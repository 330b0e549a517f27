/* Work on other threads: a list of what is done, announced through the pipe the loop waits on. */
#include "config.h"
#include <stdlib.h>
#include "ui/shell.h"

void shell_work_init(struct shell *s)
{
	pthread_mutex_init(&s->lock, NULL);
}

static void discard(struct work *w)
{
	if (w->drop)
		w->drop(w->ctx);
	free(w);
}

static void run(void *ctx)
{
	struct work *w = ctx;
	struct shell *s = w->shell;
	bool closing;

	w->work(w->ctx);
	pthread_mutex_lock(&s->lock);
	closing = s->closing;
	if (!closing) {
		w->next = s->finished;
		s->finished = w;
		event_wake(s->a.events);
	}
	pthread_mutex_unlock(&s->lock);
	if (closing)
		discard(w);
}

void app_work(struct app *a, void (*work)(void *ctx), unsigned (*done)(struct app *a, void *ctx),
	void (*drop)(void *ctx), void *ctx)
{
	struct shell *s = shell_of(a);
	struct work *w = xnew(struct work, 1);

	*w = (struct work){ work, done, drop, ctx, s, NULL };
	s->working++;
	pool_submit(a->pool, 0, run, w);
}

void shell_work_take(struct shell *s)
{
	struct work *list, *in_order = NULL;

	pthread_mutex_lock(&s->lock);
	list = s->finished;
	s->finished = NULL;
	pthread_mutex_unlock(&s->lock);
	while (list) {
		struct work *w = list;

		list = w->next;
		w->next = in_order;
		in_order = w;
	}
	while (in_order) {
		struct work *w = in_order;

		in_order = w->next;
		s->working--;
		app_changed(&s->a, w->done(&s->a, w->ctx));
		free(w);
	}
}

void shell_work_close(struct shell *s)
{
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_mutex_unlock(&s->lock);
	while (s->finished) {
		struct work *w = s->finished;

		s->finished = w->next;
		discard(w);
	}
}
