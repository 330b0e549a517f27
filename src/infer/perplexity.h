/* perplexity: how well a model foretells a text. Its tokens are cut into chunks of `context`; each
 * begins anew (with the token that the tokenizer puts in front of a text, if any, in place of
 * its first), and its second half is scored: positions context / 2 … context - 2 foretell the next
 * token, as llama-perplexity does. nll is in nats per scored token.
 * One thread, which uses the pool. perplexity_fini releases a result. */
#ifndef CUPEL_INFER_PERPLEXITY_H
#define CUPEL_INFER_PERPLEXITY_H
#include "infer/net.h"

struct perplexity_ask {
	const uint32_t *tokens;
	size_t n;
	int64_t bos;               /* -1 none */
	size_t context;            /* 512 */
	size_t chunks;             /* at most; 0: all of the text */
	atomic_bool *stop;
	/* after every batch; chunk: means of so far */
	void (*progress)(void *ctx, const double *chunk, size_t done, size_t of);
	void *ctx;
};
struct perplexity {
	double *chunk;             /* mean nll of each */
	size_t chunks, context;
	uint64_t tokens;           /* scored */
	double nll, perplexity;
	double stderr_;            /* of the perplexity, chunks as units; NaN for one chunk */
	double stderr_tokens;      /* the same with tokens as units */
};
/* How many whole chunks a text of n tokens has; 0: too short. */
size_t perplexity_chunks(size_t n, size_t context, size_t most);
bool perplexity_measure(struct perplexity *r, struct net *n, struct pool *p,
	const struct perplexity_ask *ask, struct err *e);
void perplexity_fini(struct perplexity *r);

/* Of b against a over the same chunks: exp(mean difference) - 1, in percent, with its standard
 * error. */
struct perplexity_paired { double delta_percent, stderr_; };
struct perplexity_paired perplexity_pair(const double *a, const double *b, size_t chunks);
#endif
