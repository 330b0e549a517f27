/* journal: the list of finished tensors beside an output that is not whole yet, so that a killed
 * merge goes on where it was. A text file ".NAME.cupel-journal":
 *	cupel-journal 1
 *	version 0.1.0          what decides the bytes; another value refuses to resume, by name
 *	recipe HASH
 *	…
 *	tensor INDEX HASH NONFINITE INPUTHASH…
 * Lines are appended whole; a torn last line is as if it were not there.
 * One owner; journal_add by one thread at a time. */
#ifndef CUPEL_ENGINE_JOURNAL_H
#define CUPEL_ENGINE_JOURNAL_H
#include "engine/plan.h"

struct finished { /* what is known of a tensor of the output */
	bool done;
	struct hash hash;
	uint64_t nonfinite;
	struct hash *input;        /* per spec input, zero where unknown */
};
struct finished *finished_new(const struct plan *p);
void finished_free(struct finished *v);

struct journal;
/* A new one, or with resume the one there, whose tensors are marked in v. */
struct journal *journal_open(const char *path, const struct plan *p, uint64_t shard_size,
	unsigned parts, bool resume, struct finished *v, struct err *e);
/* That of a part: whether it is of this plan; its tensors marked too. With parts (not 0) inputs are
 * known by size and time, as every host sees them. */
bool journal_fits(const char *path, const struct plan *p, uint64_t shard_size, unsigned parts,
	struct err *e);
bool journal_load(const char *path, const struct plan *p, uint64_t shard_size, unsigned parts,
	struct finished *v, struct err *e);
bool journal_add(struct journal *j, size_t tensor, const struct finished *f, struct err *e);
void journal_close(struct journal *j);
/* Tensors that the journal at path lists; 0 if there is none. */
size_t journal_count(const char *path);
#endif
