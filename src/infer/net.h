/* net: a language model as a function of tokens: the forward pass, in float32, over whatever has
 * its tensors: a folder, a file, a recipe that nobody has written. What would change the result and
 * is not known here (an architecture, a kind of rope, a soft cap, a tensor without a place) is
 * refused by name, never passed over.
 * Weights are decoded in panels of rows whose size follows from the shape alone, and every chunk is
 * multiplied by itself, so a chunk's result depends neither on threads nor on its neighbours.
 * net_open and net_free by the owner; net_run by one thread at a time, which uses the pool.
 * Formulas: llama, qwen2, qwen3, granite, granitemoe, granitemoehybrid (Mamba-2) as published. */
#ifndef CUPEL_INFER_NET_H
#define CUPEL_INFER_NET_H
#include "model/model.h"
#include "system/pool.h"

struct net;
/* Keeps a reference to m. config: what the weights are run with; NULL: m->config. */
struct net *net_open(struct model *m, const json_t *config, struct err *e);
void net_free(struct net *n);
size_t net_width(const struct net *n);      /* of a hidden state */
size_t net_longest(const struct net *n);    /* tokens it was made for; 0 unknown */
/* Multiplications of one token. */
double net_flops(const struct net *n, size_t context);

/* Hidden states behind the last norm, [chunks * context][width], of chunks that begin anew each. */
bool net_run(struct net *n, struct pool *p, const uint32_t *tokens, size_t chunks, size_t context,
	float *hidden, atomic_bool *stop, struct err *e);
/* -log p of the targets, given hidden states of `rows` tokens. */
bool net_nll(struct net *n, struct pool *p, const float *hidden, size_t rows,
	const uint32_t *targets, float *nll, struct err *e);
#endif
