/* str: a growing byte string, always NUL-terminated once touched, and helpers on C strings.
 * The holder owns it: str_fini, or str_steal to keep the bytes. One thread at a time. */
#ifndef CUPEL_BASE_STR_H
#define CUPEL_BASE_STR_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	char *s;
	size_t n, cap;
};
#define STR_INIT { 0 }
void str_fini(struct str *s);
void str_clear(struct str *s);
char *str_steal(struct str *s);           /* caller frees; never NULL */
void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *bytes, size_t n);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_vaddf(struct str *s, const char *fmt, va_list ap);

bool str_eq(const char *a, const char *b);          /* NULL-safe */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
const char *str_base(const char *path);             /* after the last '/' */
char *str_join_path(const char *dir, const char *name); /* caller frees */
/* Nearest of n names by edit distance, NULL if none is within a third of its length (at least
 * 2). */
const char *str_nearest(const char *word, const char *const *names, size_t n);
/* Append `bytes` with control bytes and invalid UTF-8 shown as \xNN: safe for a terminal. */
void str_add_safe(struct str *s, const char *bytes, size_t n);
char *str_safe(const char *text);                   /* caller frees */
/* The same into a fixed buffer, cut at a character; returns the bytes used. */
size_t str_safe_copy(char *dst, size_t cap, const char *src, size_t n);
bool utf8_valid(const char *s, size_t n);
/* Length of the well-formed sequence at s and its code point; 0 if it is none. */
size_t utf8_decode(const char *s, size_t n, uint32_t *cp);
bool utf8_is_control(uint32_t cp);  /* C0, C1, line separators, direction overrides */
/* Columns a text takes on a terminal; a byte that is no UTF-8 takes one. */
size_t str_width(const char *s);
/* Of its first character: the bytes, at least 1; the columns are added to *w. */
size_t str_width_one(const char *s, size_t n, size_t *w);

/* Human figures, one place. All append. */
/* As JSON writes a string: in quotes, with " \ and control characters escaped. */
void str_add_quoted(struct str *s, const char *text);
void str_add_bytes(struct str *s, uint64_t bytes);  /* "6.80 GB", "5.8 MB", "312 B"; MB = 10^6 */
void str_add_count(struct str *s, uint64_t n);      /* "3.40 B", "2.89 M" parameters */
void str_add_seconds(struct str *s, double sec);    /* "0:41", "9.1 s", "2:03:10" */
/* "128M", "5GB", "64KiB", "1000" → bytes; false if it is none of these. */
bool str_parse_size(const char *text, uint64_t *bytes);
#endif
