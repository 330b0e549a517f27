/* memo_work: the inside of memo.h, shared by memo.c (queue), passes.c (reading), samples.c and
 * memo_store.c (catalog). Nobody else includes it. */
#ifndef CUPEL_ENGINE_MEMO_WORK_H
#define CUPEL_ENGINE_MEMO_WORK_H
#include "base/vec.h"
#include "engine/memo.h"

enum { WAITS_LOAD, IN_LOAD, DONE_LOAD };
struct window_part {               /* what one window adds; folded in window order */
	struct window_part *next;
	uint64_t window;
	struct norm_sums *norm;
	struct pair_sums *pair;
	struct sign_sums *sign;
	struct conflict_sums conflict;
};
struct slot_work {
	pthread_mutex_t lock;          /* sums under construction */
	struct slot_sums *sums;
	struct window_part *waiting;   /* parts ahead of their turn, in window order */
	uint64_t folded;
	/* under the memo's lock */
	int load;
	bool sampling;
	uint64_t next;                 /* window to hand out */
	unsigned long used;            /* number of the last memo_use that named it */
	uint64_t bytes;                /* stored bytes of all vectors */
};
struct model_samples { /* sampled blocks of one model, from the cache or just read */
	struct model *model;
	pthread_mutex_t lock;
	bool loaded, dirty;
	size_t want;                   /* blocks per tensor that the byte limit allows */
	float **x;                     /* per tensor; NULL not yet */
	uint32_t *blocks;              /* how many were asked for when x was read */
	vec(float *) extra;            /* read at other places; in use, not cached */
};
struct worker_buffers {            /* of one step; kept for the next */
	struct worker_buffers *next;
	size_t vectors;
	float *floats;                 /* vectors × SUMS_PIECE */
	struct histogram_scratch **scratch;
};
struct memo {
	struct catalog *catalog;
	pthread_mutex_t lock;
	vec(struct slot *) slots;      /* all that are known */
	struct slot **table;           /* the same by key */
	size_t n_table;
	struct slot **use, **focus;
	size_t n_use, n_focus;
	size_t at[MEMO_SUMS + 1];      /* where in use each phase looks first */
	size_t over;                   /* use before this is summed or failed */
	unsigned long uses;
	vec(struct model_samples *) samples;
	struct worker_buffers *buffers;
	vec(struct slot *) unsaved;    /* summed here, not yet in the catalog */
	int64_t saved_ns, finished_ns;
	bool read;
	char error[256];
};
struct slot_sums *slot_sums_new(size_t n);
void slot_sums_free(struct slot_sums *s);
void slot_sums_settle(struct slot_sums *s);

bool passes_sample(struct memo *m, struct slot *s, struct err *e);
bool passes_window(struct memo *m, struct slot *s, uint64_t window, bool *last, struct err *e);
void passes_free_buffers(struct memo *m);
/* Rows of rare tokens hardly move and frequent ones do: the vocabulary asks for four times the
 * blocks. */
size_t samples_want(const struct tensor *t, size_t blocks);
struct model_samples *samples_of(struct memo *m, struct model *model);
const float *samples_get(struct model_samples *ms, size_t tensor, const struct sample *at,
	size_t want, struct err *e);
void samples_save(struct model_samples *ms);
void samples_free(struct model_samples *ms);
/* renamed: they were found under places and belong under keys. */
bool memo_store_load(struct catalog *c, struct slot *s, bool *renamed);
void memo_store_save(struct catalog *c, struct slot *const *s, size_t n);
#endif
