/* gguf_read: a buffered, bounded reader of a GGUF header. The holder owns it: gread_fini; it
 * borrows the file and the err. One thread. After a failure every call returns false. */
#ifndef CUPEL_MODEL_GGUF_READ_H
#define CUPEL_MODEL_GGUF_READ_H
#include "base/json.h"
#include "system/file.h"

enum gguf_type {
	GGUF_U8, GGUF_I8, GGUF_U16, GGUF_I16, GGUF_U32, GGUF_I32, GGUF_F32, GGUF_BOOL, GGUF_STRING,
	GGUF_ARRAY, GGUF_U64, GGUF_I64, GGUF_F64, GGUF_TYPES
};
struct gread {
	const struct file *f;
	struct err *e;
	bool failed;
	uint64_t at;            /* of buf[pos] in the file */
	unsigned char *buf;
	size_t pos, n, cap;
	const char *what;       /* what is being read, for messages */
};
void gread_init(struct gread *r, const struct file *f, struct err *e);
void gread_fini(struct gread *r);
uint64_t gread_left(const struct gread *r);
bool gread_fail(struct gread *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The next n bytes, valid until the next call; NULL if the file ends before. n up to 64 MiB. */
const unsigned char *gread_take(struct gread *r, uint64_t n);
bool gread_skip(struct gread *r, uint64_t n);
uint32_t gread_u32(struct gread *r);
uint64_t gread_u64(struct gread *r);
/* u64 length and that many bytes, which must be in the file. */
const char *gread_string(struct gread *r, size_t *n);
/* A value that is no array; new reference, NULL after a failure. */
json_t *gread_scalar(struct gread *r, uint32_t type);
/* The head of an array: the type of its elements and how many, which the rest of the file has room
 * for. key: whose it is, for the message. */
bool gread_array(struct gread *r, const char *key, uint32_t *type, uint64_t *count);
/* Past them. */
bool gread_pass_elements(struct gread *r, uint32_t type, uint64_t count);
size_t gguf_type_size(uint32_t type); /* 0: string, array or unknown */
const char *gguf_type_name(uint32_t type);
#endif
