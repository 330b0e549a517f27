/* json: jansson with the project's habits: limits on size and depth, Python's NaN and Infinity
 * read, getters that never crash, non-finite numbers written as null, at most 256 levels deep.
 * json_t is reference counted; functions that return one return a new reference unless they say
 * "borrowed". One thread per tree. */
#ifndef CUPEL_BASE_JSON_H
#define CUPEL_BASE_JSON_H
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

/* where names the file in messages. Duplicate keys are refused if reject_dup. Bare NaN, Infinity,
 * -Infinity outside strings are read as {"__float__": "NaN"} and so on. */
json_t *json_parse(const char *text, size_t n, const char *where, bool reject_dup, struct err *e);
json_t *json_parse_file(const char *path, size_t max_bytes, struct err *e);
/* Borrowed or default; tolerate NULL and other types. path may be dotted:
 * "text_config.vocab_size". */
json_t *json_at(const json_t *o, const char *path);
const char *json_text(const json_t *o, const char *path, const char *dflt);
int64_t json_int(const json_t *o, const char *path, int64_t dflt);
double json_num(const json_t *o, const char *path, double dflt);
bool json_flag(const json_t *o, const char *path, bool dflt);
json_t *json_number(double v);            /* null if not finite */
json_t *json_u64(uint64_t v);
json_t *json_textn(const char *s);        /* string; invalid UTF-8 is escaped; NULL → null */
/* Text: reals as the shortest decimal that reads back the same, control characters as \uXXXX,
 * key order kept. indent 0 = one line. */
void json_add(struct str *out, const json_t *j, int indent);
/* Atomic; newline at the end. */
bool json_write_file(const char *path, const json_t *j, int indent, struct err *e);
void json_print(const json_t *j);         /* stdout, indent 1, key order kept */
#endif
