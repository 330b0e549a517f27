/* xalloc: small allocations that cannot fail (they abort through a hook that restores the
 * terminal), and checked arithmetic for sizes that come from files. Tensor-sized memory uses
 * xtry_*.
 * Any thread. The caller owns and frees with free(). */
#ifndef CUPEL_BASE_XALLOC_H
#define CUPEL_BASE_XALLOC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define xnew(type, n) ((type *)xcalloc((n), sizeof(type)))
void xalloc_on_abort(void (*hook)(void)); /* restores the terminal before the last message */
void xalloc_failed(void) __attribute__((noreturn)); /* hook, message, exit status 4 */

void *xtry_malloc(size_t n);              /* NULL on failure; 64-byte aligned; free() */

static inline bool size_mul(uint64_t a, uint64_t b, uint64_t *r)
{
	return !__builtin_mul_overflow(a, b, r);
}
static inline bool size_add(uint64_t a, uint64_t b, uint64_t *r)
{
	return !__builtin_add_overflow(a, b, r);
}
#endif
