/* arena: many small things with one lifetime (program, model, recipe snapshot, job).
 * The arena owns everything; arena_fini frees it at once. One thread at a time per arena. */
#ifndef CUPEL_BASE_ARENA_H
#define CUPEL_BASE_ARENA_H
#include <stddef.h>

struct arena {
	struct arena_block *head;
};
void arena_init(struct arena *a);
void arena_fini(struct arena *a);
void *arena_alloc(struct arena *a, size_t n); /* zeroed, 16-byte aligned, never NULL */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_bytes(struct arena *a, const void *p, size_t n); /* all n, and a NUL behind */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define arena_new(a, type, n) ((type *)arena_alloc((a), (n) * sizeof(type)))
#endif
