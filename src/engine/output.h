/* output: the folder a run writes. It grows under a temporary name beside its final one, with a
 * journal, and is renamed when whole:
 *	OUT                  absent until then (an earlier output is swapped out with --force)
 *	.OUT.cupel-tmp/      the files
 *	.OUT.cupel-journal   finished tensors
 *	.OUT.cupel-lock      who is at work
 * One owner; output_piece may be called by any thread, output_done by one at a time. */
#ifndef CUPEL_ENGINE_OUTPUT_H
#define CUPEL_ENGINE_OUTPUT_H
#include <pthread.h>
#include "engine/journal.h"
#include "engine/run.h"
#include "engine/shards.h"
#include "engine/stream.h"

struct output {
	const struct plan *plan;
	struct shards *shards;
	struct finished *tensors;  /* per plan tensor */
	size_t resumed;            /* of them found done */
	/* final path (absolute), its last component, the temporary folder */
	char *path, *name, *tmp;
	bool replace;              /* there is an earlier output at path */
	bool steps;                /* or a folder that holds nothing but steps on the way */
	/* private */
	unsigned part, parts;      /* 0: the whole */
	uint32_t *deal;            /* per shard: its part, from 0 */
	struct process_lock **locks; /* of the parts, from 1, while they are joined */
	char *journal_path;
	int *fd;
	pthread_mutex_t writing;
	struct process_lock *lock;
	struct journal *journal;
};
/* Absolute, without trailing slashes; parents need not exist. Caller frees. */
char *output_path(const char *path, struct err *e);
/* NULL: refused, with the reason. Nothing was written then. */
struct output *output_open(const struct plan *p, struct pool *pool, const struct run_options *o,
	struct err *e);
bool output_mine(const struct output *o, size_t shard); /* this process writes it */
bool output_piece(struct output *o, size_t tensor, uint64_t offset, const void *bytes, size_t n,
	struct err *e);
bool output_done(struct output *o, const struct stream_done *d, struct err *e);
/* Gives the folder its name. names: every file in it, for the check of a later --force. */
bool output_publish(struct output *o, bool sync, struct err *e);
void output_close(struct output *o); /* what is not published stays for --resume */
/* Tests: the process is killed after so many finished tensors; 0 never. */
void output_die_after(size_t tensors);

/* The files beside the weights (output_files.c): config, tokenizer, card, recipe, provenance. */
struct output_facts {
	struct hash hash;          /* of the output */
	/* per input of the plan: of the whole model; zero: unknown, or a recipe's */
	const struct hash *input;
	const struct leaves *leaves; /* with their hashes */
	bool linear;               /* and coefficients: there are recipes inside, all linear */
	int donor;                 /* whose tokenizer it gets; -1 none */
};
enum dtype output_dtype(const struct plan *p); /* that most bytes have */
/* config.json as the output will have it; NULL without an error if no input has one. Caller frees.
 */
char *output_config(const struct plan *p, size_t *n, struct err *e);
/* Of a model folder, what an output takes over where it is there; NULL-ended. */
extern const char *const donor_files[];
bool output_files(struct output *o, const struct output_facts *f, struct err *e);
bool output_put(struct output *o, const char *name, const char *text, size_t n, struct err *e);
/* output_tokenizer.c: the donor's files; with a vocabulary of the output's own, its tokens in
 * them. */
bool output_tokenizer(struct output *o, int donor, struct err *e);
/* output_vocabulary.c: what became of the rows of each input. */
json_t *output_vocabulary_json(const struct plan *p);
void output_vocabulary_card(struct str *s, const struct plan *p);
/* A config.json's vocab_size and ids of special tokens, where the recipe lays out a vocabulary.
 * from: the input it is that of. *text is replaced. */
bool output_vocabulary_ids(const struct plan *p, int from, char **text, size_t *n, struct err *e);
/* What an input may be called in an output: an absolute path is owner/name, else its last
 * component.
 * Caller frees. */
char *output_input_name(const struct plan *p, size_t i);
#endif
