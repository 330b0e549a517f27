/* shell: the app with what only the app's own files touch: terminal, grid, overlays, message, work
 * in flight. One, on the heap of app_main. UI thread only, but for the list of finished work. */
#ifndef CUPEL_UI_SHELL_H
#define CUPEL_UI_SHELL_H
#include <pthread.h>
#include "cli/verb.h"
#include "ui/screen/key.h"
#include "ui/screen/term.h"
#include "ui/view/app.h"
#include "ui/widget/overlay.h"

struct work {
	void (*work)(void *ctx);
	unsigned (*done)(struct app *a, void *ctx);
	void (*drop)(void *ctx);
	void *ctx;
	struct shell *shell;
	bool finished;            /* under the shell's lock */
	struct work *next;
};
struct shell {
	struct app a; /* first: a struct app is a struct shell */
	struct term *term;        /* NULL: a script without a terminal */
	struct grid *grid;
	struct key_decoder keys;
	struct overlay *top;
	struct str message;
	unsigned message_style;
	bool quit;
	unsigned changed;         /* CHANGED_ bits since the last frame */
	double drawn, polled, clicked;
	int click_x, click_y;
	uint64_t catalog_version, figures;
	/* work on other threads */
	pthread_mutex_t lock;
	struct work *work;        /* under lock: all of it, oldest first */
	bool closing;             /* under lock: nothing is taken back any more */
	vec(int64_t) jobs;        /* started here */
	struct catalog *real_catalog; /* while the demo's is open */
	size_t jobs_running;
	struct str script_error;
	struct err bad_settings[16]; /* lines of cupelrc that could not be understood */
	size_t n_bad_settings;
};
static inline struct shell *shell_of(struct app *a)
{
	return (struct shell *)a;
}

/* app.c, app_draw.c, app_input.c */
unsigned shell_input(struct shell *s, const struct key_input *in);
unsigned shell_run(struct shell *s, const struct command *c, const char *args);
unsigned shell_run_line(struct shell *s, const char *line); /* "command args" */
void shell_tick(struct shell *s);     /* what happened in the background since */
void shell_draw(struct shell *s);     /* layout and draw into the grid */
void shell_push(struct shell *s, struct overlay *o);
void shell_pop(struct shell *s);      /* takes off the overlays that asked for it */
bool shell_idle(struct shell *s);     /* no background work: a script may look at the screen */
void shell_resize(struct shell *s, int w, int h);
int shell_tab_width(const struct shell *s, int digit); /* columns; 0: no such view */
/* app_work.c */
void shell_work_init(struct shell *s);
void shell_work_take(struct shell *s);
void shell_work_close(struct shell *s); /* before the pool is freed */
void shell_work_drop(struct shell *s);  /* after it */
/* app_palette.c */
struct overlay *palette_new(struct shell *s);
struct candidates;
void complete_word(struct shell *s, const char *kind, const char *before, const char *typed,
	struct candidates *out);
/* app_docs.c */
void shell_docs_demo(struct shell *s, const char *dir);
void shell_docs_tick(struct shell *s);
void shell_docs_close(struct shell *s);
unsigned shell_quit(struct shell *s);
size_t shell_doc_index(const struct app *a, const struct doc *d);
void app_restore_recipe(struct app *a, const char *path); /* opened, but not shown */
/* app_state.c */
void shell_state_save(struct shell *s);
void shell_state_load(struct shell *s);
/* app_script.c */
int script_run(struct shell *s, const char *path);
/* app_models.c */
void shell_models_start(struct shell *s, const char *const *dirs, size_t n);
void shell_models_stop(struct shell *s);
void shell_models_load(struct shell *s);
#endif
