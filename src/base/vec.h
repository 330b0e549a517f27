/* vec: a growing array of any type, as three fields in any struct:
 *	struct { struct finding *v; size_t n, cap; } findings;
 *	*vec_push(&findings) = (struct finding){ … };
 * The struct that holds it owns the memory: vec_fini. One thread at a time. */
#ifndef CUPEL_BASE_VEC_H
#define CUPEL_BASE_VEC_H
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"

#define vec(type) struct { type *v; size_t n, cap; }
#define vec_reserve(a, want) do { \
	if ((size_t)(want) > (a)->cap) { \
		size_t vec_c_ = (a)->cap ? (a)->cap * 2 : 8; \
		if (vec_c_ < (size_t)(want)) vec_c_ = (size_t)(want); \
		(a)->v = xrealloc((a)->v, vec_c_ * sizeof *(a)->v); \
		(a)->cap = vec_c_; \
	} } while (0)
#define vec_push(a) (__extension__({ \
	vec_reserve((a), (a)->n + 1); \
	memset(&(a)->v[(a)->n], 0, sizeof *(a)->v); \
	&(a)->v[(a)->n++]; }))
#define vec_fini(a) do { free((a)->v); (a)->v = NULL; (a)->n = (a)->cap = 0; } while (0)
#endif
