/* The parts of a forward pass. Internal to infer/net*.c. */
#ifndef CUPEL_INFER_NET_IN_H
#define CUPEL_INFER_NET_IN_H
#include <pthread.h>
#include "infer/net.h"

enum net_role { /* rows of roles[] in net_open.c */
	N_ATTN_NORM, N_Q, N_K, N_V, N_O, N_Q_BIAS, N_K_BIAS, N_V_BIAS, N_O_BIAS, N_Q_NORM, N_K_NORM,
	N_FFN_NORM, N_GATE, N_UP, N_DOWN, N_GATE_BIAS, N_UP_BIAS, N_DOWN_BIAS,
	N_ROUTER, N_EXPERTS_IN, N_EXPERTS_OUT, N_SHARED_IN, N_SHARED_OUT,
	N_SSM_IN, N_SSM_CONV, N_SSM_CONV_BIAS, N_SSM_DT, N_SSM_A, N_SSM_D, N_SSM_NORM, N_SSM_OUT,
	NET_ROLES
};
struct net_layer {
	bool mamba;
	long at[NET_ROLES];            /* tensors of the source; -1: it has none */
};
struct net {
	struct model *model;
	size_t layers, width, heads, kv_heads, head, inner, vocabulary, longest;
	double eps;
	float embedding_scale, residual_scale, score_scale, logit_scale;
	bool rope;
	size_t turned;                 /* of a head's dimensions, how many are turned */
	double *angle;                 /* [turned / 2] a position */
	size_t experts, experts_used, expert_inner, shared_inner;
	struct { size_t heads, head, state, groups, conv; double least, most; } ssm;
	size_t widest;                 /* columns of any matrix */
	struct net_layer *layer;
	long embedding, norm, output;  /* output: the embedding where they are tied */
};

/* One batch of chunks on its way. */
struct net_work {
	struct net *net;
	struct pool *pool;
	size_t chunks, context;        /* tokens: chunks * context */
	float *h, *normed, *out;       /* [tokens][width] */
	float *a, *b, *c;              /* [tokens][as wide as anything in between] */
	size_t wide;
	float *cosine, *sine;          /* [context][turned / 2] */
	float **room;                  /* a panel of weights to each thread */
	atomic_bool *stop, failed;
	pthread_mutex_t lock;          /* around e */
	struct err *e;
};
bool net_failed(struct net_work *w, const struct err *e); /* false; the first one is kept */

/* Y[tokens][ldy] = X[tokens][ldx] W^T (+ bias) for `rows` rows of the tensor from row0 on, of so
 * many columns each; a tensor of experts is rows one below the other. bias -1: none. */
struct net_product {
	long tensor, bias;
	size_t row0, rows, columns;
	const float *x;
	size_t ldx;
	float *y;
	size_t ldy;
	/* [chunks + 1]: which rows of x and y are of which chunk; NULL: `context` to each */
	const size_t *of_chunk;
};
bool net_multiply(struct net_work *w, const struct net_product *p);
/* How many rows of a matrix are decoded at once; what holds them, in floats, for any number of
 * rows; they themselves, in it. */
size_t net_panel_rows(size_t rows, size_t columns);
size_t net_room(size_t columns);
float *net_rows(struct net *n, long tensor, size_t row0, size_t rows, size_t columns, float *room,
	struct err *e);
float *net_vector(struct net *n, long tensor, size_t n_elements, struct err *e); /* free() */

/* normed -> out */
bool net_attention(struct net_work *w, const struct net_layer *l);
bool net_mamba(struct net_work *w, const struct net_layer *l);
bool net_feed_forward(struct net_work *w, const struct net_layer *l);
#endif
